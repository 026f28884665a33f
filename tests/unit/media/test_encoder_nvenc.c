/* SPDX-License-Identifier: MIT */
/*
 * The NVENC backend on the stand-in driver: times, pictures decoded again, what a GPU lacks, and
 * failures at every stage, which all end in time, with their class, and without a leak.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include <libavcodec/avcodec.h>
#include <libavutil/log.h>

#include "gpu_case.h"

#define WIDTH  320
#define HEIGHT 240
#define FRAMES 40
#define CUT    17

static const hy_rate rate_30 = {30, 1};

static hy_encoder_config config_for(hy_gpu *gpu, int32_t codec, hy_rate rate, int32_t profile)
{
    return (hy_encoder_config){.codec = codec,
                               .width = WIDTH,
                               .height = HEIGHT,
                               .rate = rate,
                               .profile = profile,
                               .crf = HYDRA_AUTO,
                               .threads = 1,
                               .gpu = gpu};
}

static hy_encoder_config default_config(hy_gpu *gpu)
{
    return config_for(gpu, HYDRA_CODEC_H264, rate_30, HYDRA_PROFILE_DEFAULT);
}

/* Soft shapes that move. */
static void draw(hy_picture *picture, int64_t n)
{
    for (int plane = 0; plane < 3; plane++) {
        for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
            uint8_t *row = picture->plane[plane] + y * picture->stride[plane];
            for (int32_t x = 0; x < hy_plane_width(picture, plane); x++) {
                int64_t u = ((plane ? 2 : 1) * x + 3 * n) & 127;
                int64_t v = ((plane ? 2 : 1) * y + n) & 127;
                row[x] = (uint8_t)(60 + 40 * plane + (u < 64 ? u : 127 - u) / 2 +
                                   (v < 64 ? v : 127 - v) / 2);
            }
        }
    }
}

static hy_picture *new_picture(int32_t width, int32_t height)
{
    hy_diag diag = {0};
    hy_picture *picture = NULL;
    assert_ok(hy_picture_new(width, height, NULL, &picture, &diag), &diag);
    return picture;
}

static hy_encoder *open_encoder(const hy_encoder_config *config)
{
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    assert_ok(hy_encoder_nvenc.open(config, &encoder, &diag), &diag);
    return encoder;
}

/* ---- A run: pictures in, packets decoded ---- */

typedef struct run {
    hy_encoder *encoder;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    int64_t packets;
    int64_t shown;
    int64_t first_pts;
    int64_t last_dts;
    int64_t keys;
    double worst_psnr;
    bool reordered;
    bool cut_is_key;
} run;

static double frame_psnr(const AVFrame *frame, const hy_picture *picture, int plane)
{
    double sum = 0.0;
    for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
        for (int32_t x = 0; x < hy_plane_width(picture, plane); x++) {
            int difference = frame->data[plane][y * frame->linesize[plane] + x] -
                             picture->plane[plane][y * picture->stride[plane] + x];
            sum += (double)difference * difference;
        }
    }
    double mse = sum / hy_plane_height(picture, plane) / hy_plane_width(picture, plane);
    return 10.0 * log10(255.0 * 255.0 / (mse + 1e-9));
}

static void check_frame(run *r)
{
    assert_int_equal(r->frame->pts, r->shown);
    assert_int_equal(r->frame->width, WIDTH);
    assert_int_equal(r->frame->height, HEIGHT);
    assert_int_equal(r->frame->color_range, AVCOL_RANGE_MPEG);
    assert_int_equal(r->frame->color_primaries, AVCOL_PRI_BT709);
    assert_int_equal(r->frame->color_trc, AVCOL_TRC_BT709);
    assert_int_equal(r->frame->colorspace, AVCOL_SPC_BT709);
    hy_picture *expected = new_picture(WIDTH, HEIGHT);
    draw(expected, r->shown);
    for (int plane = 0; plane < 3; plane++) {
        r->worst_psnr = fmin(r->worst_psnr, frame_psnr(r->frame, expected, plane));
    }
    hy_picture_free(expected);
    r->shown++;
}

static void decode(run *r, const hy_packet *packet)
{
    if (packet) {
        assert_int_equal(av_new_packet(r->packet, (int)packet->size), 0);
        memcpy(r->packet->data, packet->data, packet->size);
        r->packet->pts = packet->pts;
        r->packet->dts = packet->dts;
    }
    assert_int_equal(avcodec_send_packet(r->decoder, packet ? r->packet : NULL), 0);
    av_packet_unref(r->packet);
    while (avcodec_receive_frame(r->decoder, r->frame) >= 0) {
        check_frame(r);
    }
}

/* Units of samples have lengths that add up, and belong into samples. */
static void check_units(const hy_encoder_config *config, const hy_packet *packet)
{
    size_t at = 0;
    while (at < packet->size) {
        const uint8_t *unit = packet->data + at;
        size_t size =
            (size_t)unit[0] << 24 | (size_t)unit[1] << 16 | (size_t)unit[2] << 8 | unit[3];
        int type = config->codec == HYDRA_CODEC_HEVC ? unit[4] >> 1 & 0x3f : unit[4] & 0x1f;
        assert_true(size > 0 && size <= packet->size - at - 4);
        assert_true(config->codec == HYDRA_CODEC_HEVC ? type < 32 || type > 35
                                                      : type < 7 || type > 9);
        at += 4 + size;
    }
}

static void take(run *r, const hy_encoder_config *config)
{
    for (;;) {
        hy_diag diag = {0};
        hy_packet packet;
        bool got;
        assert_ok(r->encoder->ops->receive(r->encoder, &packet, &got, &diag), &diag);
        if (!got) {
            return;
        }
        if (r->packets == 0) {
            r->first_pts = packet.pts;
            assert_true(packet.key);
        } else {
            assert_true(packet.dts > r->last_dts);
        }
        assert_true(packet.dts <= packet.pts);
        assert_int_equal(packet.duration, 1);
        r->reordered = r->reordered || packet.dts != packet.pts;
        r->cut_is_key = r->cut_is_key || (packet.key && packet.pts == CUT);
        r->keys += packet.key;
        r->last_dts = packet.dts;
        r->packets++;
        check_units(config, &packet);
        decode(r, &packet);
    }
}

static run encode_all(const hy_encoder_config *config)
{
    hy_diag diag = {0};
    run r = {.worst_psnr = 100, .packet = av_packet_alloc(), .frame = av_frame_alloc()};
    r.encoder = open_encoder(config);
    r.decoder = avcodec_alloc_context3(avcodec_find_decoder(
        config->codec == HYDRA_CODEC_HEVC ? AV_CODEC_ID_HEVC : AV_CODEC_ID_H264));
    assert_true(avcodec_parameters_to_context(r.decoder, r.encoder->stream->codec) >= 0);
    assert_int_equal(r.decoder->extradata[0], 1); /* a record, not a byte stream */
    if (config->codec == HYDRA_CODEC_HEVC) {
        assert_int_equal(r.decoder->profile, FF_PROFILE_HEVC_MAIN);
    } else if (config->profile !=
               HYDRA_PROFILE_DRAFT) { /* there the stand-in needs no more than Main */
        assert_int_equal(r.decoder->profile, FF_PROFILE_H264_HIGH);
    }
    assert_true(r.decoder->level > 0);
    assert_int_equal(avcodec_open2(r.decoder, NULL, NULL), 0);
    hy_picture *picture = new_picture(WIDTH, HEIGHT);
    for (int64_t n = 0; n < FRAMES; n++) {
        draw(picture, n);
        assert_ok(r.encoder->ops->send(r.encoder, picture, n, n == 0 || n == CUT, &diag), &diag);
        memset(picture->plane[0], 0x55, picture->bytes); /* it is ours again */
        take(&r, config);
    }
    assert_ok(r.encoder->ops->send(r.encoder, NULL, FRAMES, false, &diag), &diag);
    take(&r, config);
    decode(&r, NULL);
    hy_picture_free(picture);
    r.encoder->ops->close(r.encoder);
    avcodec_free_context(&r.decoder);
    av_packet_free(&r.packet);
    av_frame_free(&r.frame);
    return r;
}

static void assert_run(const run *r)
{
    assert_int_equal(r->packets, FRAMES);
    assert_int_equal(r->shown, FRAMES);
    assert_int_equal(r->first_pts, 0);
    assert_true(r->cut_is_key);
    if (r->worst_psnr < 35.0) {
        fail_msg("PSNR %d dB", (int)r->worst_psnr);
    }
}

static void every_profile_and_rate_keeps_time(void **state)
{
    (void)state;
    static const hy_rate rates[] = {{24000, 1001}, {30000, 1001}, {30, 1}, {60000, 1001}, {25, 1}};
    hy_gpu *gpu = gpu_new(NULL, 3);
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        for (int32_t profile = HYDRA_PROFILE_DRAFT; profile <= HYDRA_PROFILE_BEST; profile++) {
            hy_encoder_config config = config_for(gpu, HYDRA_CODEC_H264, rates[i], profile);
            run r = encode_all(&config);
            assert_run(&r);
            assert_int_equal(r.reordered, profile != HYDRA_PROFILE_DRAFT);
        }
    }
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

static void hevc_is_coded_too(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    for (int32_t profile = HYDRA_PROFILE_DRAFT; profile <= HYDRA_PROFILE_BEST; profile++) {
        hy_encoder_config config = config_for(gpu, HYDRA_CODEC_HEVC, rate_30, profile);
        run r = encode_all(&config);
        assert_run(&r);
    }
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

/* ---- Settings: what the driver was asked for ---- */

static char *traced(const hy_encoder_config *config)
{
    char *folder = test_folder_new();
    char *path = test_path(folder, "trace");
    assert_int_equal(control("trace %s", path), 0);
    hy_encoder *encoder = open_encoder(config);
    encoder->ops->close(encoder);
    assert_int_equal(control("trace"), 0);
    size_t size;
    uint8_t *lines = test_read_file(path, &size);
    char *text = strndup((const char *)lines, size);
    assert_non_null(text);
    free(lines);
    free(path);
    test_folder_free(folder);
    return text;
}

static void assert_settings(const hy_encoder_config *config, const char *const *settings)
{
    char *text = traced(config);
    for (; *settings; settings++) {
        if (!strstr(text, *settings)) {
            fail_msg("\"%s\" is missing in %s", *settings, strstr(text, "  init"));
        }
    }
    free(text);
}

static void profiles_have_their_settings(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = default_config(gpu);
    config.width = 1080;
    config.height = 1920;
    static const char *const standard[] = {
        "init h264 1080x1920 30/1 p4 tuning 1 gop 60 intervalP 4 bref 1",
        "average 0 max 12000000 vbv 0 cq 21.0", "aq 1/8 taq 0 lookahead 0/0 multipass 0", NULL};
    assert_settings(&config, standard);
    config.profile = HYDRA_PROFILE_DRAFT;
    static const char *const draft[] = {"p1 tuning 1 gop 60 intervalP 1 bref 0",
                                        "max 0 vbv 0 cq 24.0", "aq 0/", NULL};
    assert_settings(&config, draft);
    config.profile = HYDRA_PROFILE_QUALITY;
    static const char *const quality[] = {"p5 tuning 1", "max 16000000 vbv 0 cq 19.0",
                                          "taq 1 lookahead 1/", "multipass 0", NULL};
    assert_settings(&config, quality);
    config.profile = HYDRA_PROFILE_BEST;
    static const char *const best[] = {"p7 tuning 1", "multipass 1", NULL};
    assert_settings(&config, best);
    config.profile = HYDRA_PROFILE_DEFAULT;
    config.rate = (hy_rate){60, 1}; /* peaks grow with pixels and rate */
    static const char *const fast[] = {"60/1 p4", "gop 120", "max 24000000", NULL};
    assert_settings(&config, fast);
    hy_gpu_unref(gpu);
}

static void options_replace_the_profile(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = default_config(gpu);
    config.crf = 27.5;
    static const char *const crf[] = {"p4 tuning", "max 0 vbv 0 cq 27.128", NULL};
    assert_settings(&config, crf);
    config.crf = 0;
    static const char *const finest[] = {"cq 1.0", NULL};
    assert_settings(&config, finest);
    config.crf = HYDRA_AUTO;
    config.preset = "veryfast";
    static const char *const veryfast[] = {"p2 tuning", "cq 21.0", NULL};
    assert_settings(&config, veryfast);
    config.preset = "placebo";
    static const char *const placebo[] = {"p7 tuning", NULL};
    assert_settings(&config, placebo);
    config.preset = NULL;
    config.bitrate_kbps = 4000;
    static const char *const bitrate[] = {"rate 1 average 4000000 max 6000000 vbv 8000000 cq 0.0",
                                          NULL};
    assert_settings(&config, bitrate);
    hy_gpu_unref(gpu);
}

/* ---- What a GPU lacks ---- */

static void missing_parts_are_given_up(void **state)
{
    static const char *const caps[] = {
        "caps BREF=0",
        "caps TEMPORAL_AQ=0",
        "caps LOOKAHEAD=0",
        "caps NUM_MAX_BFRAMES=0",
        "caps BREF=0,TEMPORAL_AQ=0,LOOKAHEAD=0,NUM_MAX_BFRAMES=0",
    };
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++) {
        assert_int_equal(standin_reset(state), 0);
        assert_int_equal(control("%s", caps[i]), 0);
        hy_gpu *gpu = gpu_new(NULL, 3);
        hy_encoder_config config =
            config_for(gpu, HYDRA_CODEC_H264, rate_30, HYDRA_PROFILE_QUALITY);
        run r = encode_all(&config);
        assert_run(&r);
        assert_int_equal(r.reordered, i < 3);
        hy_gpu_unref(gpu);
        assert_nothing_left();
    }
}

static void assert_open_fails(hy_encoder_config *config, int32_t finding, hydra_status status,
                              const char *part)
{
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    int32_t found = -1;
    config->finding = &found;
    assert_failed(hy_encoder_nvenc.open(config, &encoder, &diag), status, &diag, part);
    assert_int_equal(found, finding);
    assert_null(encoder);
    config->finding = NULL;
}

typedef struct open_case {
    const char *setting;
    int32_t codec;
    int32_t width;
    int32_t finding;
    hydra_status status;
    const char *part;
} open_case;

static void opens_fail_with_a_class(void **state)
{
    static const open_case cases[] = {
        {"gpus NVIDIA A100:8.0:nonvenc", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_NO_ENCODER,
         HYDRA_ERR_UNSUPPORTED, "GPU 0 (NVIDIA A100) has no encoder for H.264: A100, A30, H100"},
        {"caps hevc.CODEC=0", HYDRA_CODEC_HEVC, WIDTH, HYDRA_PROBE_NO_ENCODER,
         HYDRA_ERR_UNSUPPORTED, "no encoder for HEVC"},
        {"fault nvEncOpenEncodeSessionEx@1+=OUT_OF_MEMORY", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_BUSY, HYDRA_ERR_BUSY, "GeForce"},
        {"vram_mb 1", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_NO_MEMORY, HYDRA_ERR_ENCODER,
         "no video memory left"},
        {"fault nvEncCreateInputBuffer@1+=OUT_OF_MEMORY", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_NO_MEMORY, HYDRA_ERR_ENCODER, "no video memory left"},
        {"caps", HYDRA_CODEC_H264, 64, HYDRA_PROBE_NOT_SUPPORTED, HYDRA_ERR_UNSUPPORTED,
         "encodes H.264 of 145 x 49 to 4096 x 4096 pixels, not 64 x 240"},
        {"caps", HYDRA_CODEC_H264, 4098, HYDRA_PROBE_NOT_SUPPORTED, HYDRA_ERR_UNSUPPORTED,
         "not 4098 x 240"},
        {"fault nvEncInitializeEncoder@1+=UNSUPPORTED_PARAM", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_OLD_DRIVER, HYDRA_ERR_UNSUPPORTED, "older than the installed FFmpeg"},
        {"fault nvEncInitializeEncoder@1+=INVALID_PARAM", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_NOT_SUPPORTED, HYDRA_ERR_UNSUPPORTED, "GPU 0: Tesla T4: opening"},
        {"fault nvEncInitializeEncoder@1+=GENERIC", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_FAILED,
         HYDRA_ERR_ENCODER, "GPU 0: Tesla T4: opening"},
        {"fault nvEncOpenEncodeSessionEx@1+=DEVICE_NOT_EXIST", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_LOST, HYDRA_ERR_ENCODER, "was lost (NVENC error 5)"},
        {"fault nvEncInitializeEncoder=lost", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_LOST,
         HYDRA_ERR_ENCODER, "was lost"},
        {"fault nvEncInitializeEncoder=hang", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_STALLED,
         HYDRA_ERR_ENCODER, "gave no answer"},
        {"fault cuCtxCreate_v2=hang", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_STALLED,
         HYDRA_ERR_ENCODER, "gave no answer"},
        {"api 11.0", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_OLD_DRIVER, HYDRA_ERR_UNSUPPORTED,
         "470.57.02"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const open_case *c = &cases[i];
        assert_int_equal(standin_reset(state), 0);
        assert_int_equal(control("hang_ms 2000"), 0);
        assert_int_equal(control("%s", c->setting), 0);
        hy_gpu *gpu = gpu_new_for(c->finding);
        hy_encoder_config config = config_for(gpu, c->codec, rate_30, HYDRA_PROFILE_DEFAULT);
        config.width = c->width;
        double start = seconds();
        assert_open_fails(&config, c->finding, c->status, c->part);
        assert_true(seconds() - start < 10);
        hy_gpu_unref(gpu);
        if (c->finding == HYDRA_PROBE_LOST || c->finding == HYDRA_PROBE_STALLED) {
            (void)test_only_own_threads();
            assert_int_equal(control("release"), 0);
            (void)usleep(200000);
            assert_int_equal(control("purge"), 0); /* what is lost is left alone */
        }
        assert_nothing_left();
    }
}

static void another_gpu_takes_over(void **state)
{
    static const char *const firsts[] = {
        "gpus NVIDIA A100:8.0:nonvenc;Tesla T4:7.5",
        "gpus Tesla T4:7.5;Tesla T4:7.5\nfault nvEncOpenEncodeSessionEx@1=OUT_OF_MEMORY;"
        "nvEncOpenEncodeSessionEx@2=OUT_OF_MEMORY",
    };
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        assert_int_equal(standin_reset(state), 0);
        const char *end = strchr(firsts[i], '\n');
        if (end) {
            assert_int_equal(control("%.*s", (int)(end - firsts[i]), firsts[i]), 0);
            assert_int_equal(control("%s", end + 1), 0);
        } else {
            assert_int_equal(control("%s", firsts[i]), 0);
        }
        hy_gpu *gpu = gpu_new(NULL, 3);
        hy_gpu_device device;
        hy_encoder_config config = default_config(gpu);
        hy_encoder *encoder = open_encoder(&config);
        assert_true(hy_gpu_device_at(gpu, 1, &device));
        assert_int_equal(device.sessions, 1);
        assert_true(hy_gpu_device_at(gpu, 0, &device));
        assert_int_equal(device.sessions, 0);
        encoder->ops->close(encoder);
        int64_t opened = count("nvEncOpenEncodeSessionEx");
        encoder = open_encoder(&config); /* what has no encoder is not asked again */
        assert_int_equal(count("nvEncOpenEncodeSessionEx") - opened, 1);
        encoder->ops->close(encoder);
        hy_gpu_unref(gpu);
        assert_nothing_left();
    }
}

static void what_passes_is_waited_for(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = default_config(gpu);
    /* The session and the question after it, four times. */
    assert_int_equal(control("fault nvEncOpenEncodeSessionEx@1=10;nvEncOpenEncodeSessionEx@2=10;"
                             "nvEncOpenEncodeSessionEx@3=10;nvEncOpenEncodeSessionEx@4=10"),
                     0);
    config.gpu_wait_us = 20000000;
    hy_encoder *encoder = open_encoder(&config);
    encoder->ops->close(encoder);
    /* With fewer pictures inside there is room, without any wait. */
    config.gpu_wait_us = 0;
    assert_int_equal(control("reset"), 0);
    assert_int_equal(control("fault nvEncCreateInputBuffer@12=OUT_OF_MEMORY"), 0);
    encoder = open_encoder(&config);
    encoder->ops->close(encoder);
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

static void a_wait_can_be_cancelled(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 1);
    hy_encoder_config config = default_config(gpu);
    hy_encoder *first = open_encoder(&config);
    assert_open_fails(&config, HYDRA_PROBE_BUSY, HYDRA_ERR_BUSY, "sessions");
    hy_cancel cancel;
    hy_cancel_init(&cancel, 100000);
    config.cancel = &cancel;
    config.gpu_wait_us = INT64_MAX;
    double start = seconds();
    assert_open_fails(&config, HYDRA_PROBE_OK, HYDRA_ERR_DEADLINE, "deadline");
    assert_true(seconds() - start < 10);
    first->ops->close(first);
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

typedef struct job {
    hy_gpu *gpu;
    pthread_t thread;
    run result;
} job;

static void *run_job(void *user)
{
    job *j = user;
    hy_encoder_config config = default_config(j->gpu);
    config.gpu_wait_us = 60000000;
    j->result = encode_all(&config);
    return NULL;
}

static void jobs_share_one_session(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 1);
    assert_int_equal(control("max_sessions 1"), 0);
    job jobs[3];
    for (int i = 0; i < 3; i++) {
        jobs[i].gpu = gpu;
        assert_int_equal(pthread_create(&jobs[i].thread, NULL, run_job, &jobs[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
        assert_run(&jobs[i].result);
    }
    assert_int_equal(count("nvEncOpenEncodeSessionEx"), 3); /* nobody was turned away */
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

/* ---- Failures while it codes ---- */

static void a_moment_of_work_elsewhere_is_no_failure(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = default_config(gpu);
    assert_int_equal(control("fault nvEncEncodePicture@20=ENCODER_BUSY"), 0);
    run r = encode_all(&config);
    assert_run(&r);
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

typedef struct coding_case {
    const char *fault;
    int32_t finding;
    const char *part;
} coding_case;

/* Send pictures until one fails, or all are out; what failed is in `diag`. */
static hydra_status code_until_failure(hy_encoder *encoder, hy_diag *diag)
{
    hy_picture *picture = new_picture(WIDTH, HEIGHT);
    hydra_status status = HYDRA_OK;
    for (int64_t n = 0; status == HYDRA_OK && n <= FRAMES; n++) {
        bool got = true;
        hy_packet packet;
        draw(picture, n);
        status = encoder->ops->send(encoder, n < FRAMES ? picture : NULL, n, n == 0, diag);
        while (status == HYDRA_OK && got) {
            status = encoder->ops->receive(encoder, &packet, &got, diag);
        }
    }
    hy_picture_free(picture); /* also while a lane may still read it */
    return status;
}

static void failures_have_a_class(void **state)
{
    static const coding_case cases[] = {
        {"fault nvEncEncodePicture@1=GENERIC", HYDRA_PROBE_FAILED, "GPU 0 (Tesla T4): nvenc"},
        {"fault nvEncEncodePicture@20=DEVICE_NOT_EXIST", HYDRA_PROBE_FAILED, "frame 19"},
        {"fault nvEncEncodePicture@20+=ENCODER_BUSY", HYDRA_PROBE_FAILED, "still in use"},
        {"fault nvEncEncodePicture@40=GENERIC", HYDRA_PROBE_FAILED, "frame 39"},
        {"fault nvEncEncodePicture@41=GENERIC", HYDRA_PROBE_FAILED, "nvenc"},
        {"fault nvEncLockBitstream@1=INVALID_PARAM", HYDRA_PROBE_FAILED, "nvenc"},
        {"fault nvEncLockBitstream@40=GENERIC", HYDRA_PROBE_FAILED, "nvenc"},
        {"fault nvEncLockInputBuffer@3=GENERIC", HYDRA_PROBE_FAILED, "frame 2"},
        {"fault nvEncEncodePicture@1=lost", HYDRA_PROBE_LOST, "was lost"},
        {"fault nvEncEncodePicture@25=lost", HYDRA_PROBE_LOST, "Xid"},
        {"fault nvEncLockInputBuffer@25=lost", HYDRA_PROBE_LOST, "Xid"},
        {"fault nvEncLockBitstream@40=lost", HYDRA_PROBE_LOST, "was lost"},
        {"fault cuCtxPushCurrent_v2@50+=CUDA_ECC", HYDRA_PROBE_LOST, "ECC"},
        {"fault nvEncEncodePicture@1=hang", HYDRA_PROBE_STALLED, "gave no answer"},
        {"fault nvEncLockBitstream@10=hang", HYDRA_PROBE_STALLED, "gave no answer"},
        {"fault nvEncLockBitstream@40=hang", HYDRA_PROBE_STALLED, "gave no answer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const coding_case *c = &cases[i];
        hy_diag diag = {0};
        hy_gpu_fault fault;
        assert_int_equal(standin_reset(state), 0);
        assert_int_equal(control("hang_ms 2000"), 0);
        hy_gpu *gpu = gpu_new_for(c->finding);
        hy_encoder_config config = default_config(gpu);
        hy_encoder *encoder = open_encoder(&config);
        assert_int_equal(control("%s", c->fault), 0);
        double start = seconds();
        assert_failed(code_until_failure(encoder, &diag), HYDRA_ERR_ENCODER, &diag, c->part);
        assert_int_equal(encoder->finding, c->finding);
        encoder->ops->close(encoder);
        assert_true(seconds() - start < 10);
        assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_H264, &fault), c->finding);
        bool gone = c->finding == HYDRA_PROBE_LOST || c->finding == HYDRA_PROBE_STALLED;
        assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_HEVC, &fault),
                         gone ? c->finding : HYDRA_PROBE_OK);
        hy_gpu_unref(gpu);
        if (gone) {
            assert_int_equal(control("release"), 0);
            double end = seconds() + 10;
            while (!test_only_own_threads() && seconds() < end) {
                (void)usleep(1000);
            }
            assert_int_equal(control("purge"), 0); /* what is lost is left alone */
        }
        assert_nothing_left();
    }
}

static void a_close_that_hangs_is_left_behind(void **state)
{
    (void)state;
    hy_gpu_fault fault;
    hy_gpu *gpu = gpu_new_for(HYDRA_PROBE_STALLED);
    hy_encoder_config config = default_config(gpu);
    hy_encoder *encoder = open_encoder(&config);
    assert_int_equal(control("fault nvEncDestroyEncoder=hang"), 0);
    double start = seconds();
    encoder->ops->close(encoder);
    assert_true(seconds() - start < 5);
    assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_H264, &fault), HYDRA_PROBE_STALLED);
    assert_int_equal(control("release"), 0);
    hy_gpu_unref(gpu);
    double end = seconds() + 10;
    while (!test_only_own_threads() && seconds() < end) {
        (void)usleep(1000);
    }
    assert_int_equal(control("purge"), 0);
    assert_nothing_left();
}

/* A job that is cancelled while the GPU works gives it a second; the GPU is not to blame. */
static void a_cancelled_job_leaves_soon(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_gpu_fault fault;
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = default_config(gpu);
    hy_cancel cancel;
    hy_cancel_init(&cancel, 300000);
    config.cancel = &cancel;
    hy_encoder *encoder = open_encoder(&config);
    assert_int_equal(control("fault nvEncLockBitstream@3=hang"), 0);
    double start = seconds();
    assert_failed(code_until_failure(encoder, &diag), HYDRA_ERR_DEADLINE, &diag, "deadline");
    assert_int_equal(encoder->finding, HYDRA_PROBE_OK);
    encoder->ops->close(encoder);
    assert_true(seconds() - start < 10);
    assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_H264, &fault), HYDRA_PROBE_OK);
    assert_int_equal(control("release"), 0);
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

/* ---- Silence, speed ---- */

static int lines;

static void count_visible_lines(void *object, int level, const char *format, va_list args)
{
    const AVClass *class = object ? *(const AVClass **)object : NULL;
    if (class && class->log_level_offset_offset) {
        level += *(const int *)((const char *)object + class->log_level_offset_offset);
    }
    (void)format;
    (void)args;
    if (level <= AV_LOG_VERBOSE) { /* libavutil's own line about a library is below */
        lines++;
    }
}

static void a_default_host_sees_no_log_line(void **state)
{
    hy_diag diag = {0};
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = default_config(gpu);
    lines = 0;
    av_log_set_callback(count_visible_lines);
    hy_encoder *encoder = open_encoder(&config);
    assert_ok(code_until_failure(encoder, &diag), &diag);
    encoder->ops->close(encoder);
    assert_int_equal(control("caps BREF=0"), 0);
    encoder = open_encoder(&config);
    assert_int_equal(control("fault nvEncEncodePicture@60=lost"), 0);
    assert_int_equal(code_until_failure(encoder, &diag), HYDRA_ERR_ENCODER);
    encoder->ops->close(encoder);
    hy_gpu_unref(gpu);
    assert_int_equal(standin_reset(state), 0);
    assert_int_equal(control("gpus NVIDIA A100:8.0:nonvenc"), 0);
    gpu = gpu_new(NULL, 3);
    config.gpu = gpu;
    assert_open_fails(&config, HYDRA_PROBE_NO_ENCODER, HYDRA_ERR_UNSUPPORTED, "A100");
    hy_gpu_unref(gpu);
    av_log_set_callback(av_log_default_callback);
    assert_int_equal(lines, 0);
}

/* Pictures are there as fast as they are taken: then the GPU sets the pace. */
static double fraction_of_rate(hy_gpu *gpu, double fps)
{
    hy_diag diag = {0};
    hy_encoder_config config = default_config(gpu);
    hy_encoder *encoder = open_encoder(&config);
    double start = seconds();
    assert_ok(code_until_failure(encoder, &diag), &diag);
    double taken = seconds() - start;
    encoder->ops->close(encoder);
    return FRAMES / fps / taken;
}

static void the_gpu_has_always_work(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    assert_int_equal(control("encoder null"), 0);
    assert_int_equal(control("fps 80"), 0);
    double best = 0;
    for (int i = 0; i < 10 && best < 0.95; i++) { /* the CPU may have other things to do */
        best = fmax(best, fraction_of_rate(gpu, 80));
    }
    assert_true(best >= 0.95);
    hy_gpu_unref(gpu);
}

/* ---- Probing ---- */

static void a_probe_encodes(void **state)
{
    (void)state;
    assert_int_equal(control("encoder null"), 0);
    hy_gpu_fault fault;
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = default_config(gpu);
    assert_int_equal(hy_gpu_probe(gpu, 0, &config, &fault), HYDRA_PROBE_OK);
    assert_true(count("nvEncLockInputBuffer") >= 3);
    int64_t calls = count("calls");
    assert_int_equal(hy_gpu_probe(gpu, 0, &config, &fault), HYDRA_PROBE_OK);
    assert_int_equal(count("calls"), calls);
    config.codec = HYDRA_CODEC_HEVC;
    assert_int_equal(control("fault nvEncLockBitstream@10=GENERIC"), 0);
    assert_int_equal(hy_gpu_probe(gpu, 0, &config, &fault), HYDRA_PROBE_FAILED);
    assert_fault(&fault, HYDRA_PROBE_FAILED, "nvenc");
    assert_int_equal(hy_gpu_probe(gpu, 0, &config, &fault), HYDRA_PROBE_FAILED);
    assert_int_equal(hy_gpu_probe(gpu, 1, &config, &fault), HYDRA_PROBE_FAILED);
    assert_fault(&fault, HYDRA_PROBE_FAILED, "no GPU 1");
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

static void a_probe_of_a_busy_gpu_is_not_kept(void **state)
{
    (void)state;
    hy_gpu_fault fault;
    hy_gpu *gpu = gpu_new(NULL, 1);
    hy_encoder_config config = default_config(gpu);
    hy_encoder *encoder = open_encoder(&config);
    assert_int_equal(hy_gpu_probe(gpu, 0, &config, &fault), HYDRA_PROBE_BUSY);
    encoder->ops->close(encoder);
    assert_int_equal(hy_gpu_probe(gpu, 0, &config, &fault), HYDRA_PROBE_OK);
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

/* ---- Wrong use, costs ---- */

static void wrong_use_is_refused(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = default_config(gpu);
    config.profile = 4;
    assert_open_fails(&config, HYDRA_PROBE_OK, HYDRA_ERR_ARGUMENT, "profile 4");
    config = default_config(gpu);
    config.width = 241;
    assert_open_fails(&config, HYDRA_PROBE_OK, HYDRA_ERR_ARGUMENT, "241 x 240");
    config = default_config(NULL);
    assert_open_fails(&config, HYDRA_PROBE_SWITCHED_OFF, HYDRA_ERR_UNSUPPORTED, "no GPU");
    config = default_config(gpu);
    hy_encoder *encoder = open_encoder(&config);
    hy_picture *picture = new_picture(64, 64);
    assert_failed(encoder->ops->send(encoder, picture, 0, true, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "64 x 64");
    assert_int_equal(encoder->finding, HYDRA_PROBE_OK);
    hy_picture_free(picture);
    hy_diag_clear(&diag);
    picture = new_picture(WIDTH, HEIGHT);
    hydra_status status = HYDRA_OK;
    for (int64_t n = 0; status == HYDRA_OK; n++) { /* without ever receiving */
        draw(picture, n);
        status = encoder->ops->send(encoder, picture, n, false, &diag);
        assert_true(n < 200);
    }
    assert_failed(status, HYDRA_ERR_INTERNAL, &diag, "before a packet was received");
    hy_picture_free(picture);
    encoder->ops->close(encoder);
    hy_encoder_nvenc.close(NULL);
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

static void costs_follow_the_settings(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_cost draft;
    hy_encoder_cost best;
    hy_encoder_config config = default_config(NULL);
    config.profile = HYDRA_PROFILE_DRAFT;
    assert_ok(hy_encoder_nvenc.estimate(&config, 300, &draft, &diag), &diag);
    config.profile = HYDRA_PROFILE_BEST;
    assert_ok(hy_encoder_nvenc.estimate(&config, 300, &best, &diag), &diag);
    assert_true(draft.seconds > 0 && draft.seconds < best.seconds);
    assert_true(draft.output_bytes > 0 && draft.output_bytes < best.output_bytes);
    assert_true(draft.memory_bytes > 0 && draft.memory_bytes < best.memory_bytes);
    config.bitrate_kbps = 800;
    assert_ok(hy_encoder_nvenc.estimate(&config, 300, &best, &diag), &diag);
    assert_int_equal(best.output_bytes, 1000000);
    config.width = 3;
    assert_failed(hy_encoder_nvenc.estimate(&config, 300, &best, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "3 x 240");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_profile_and_rate_keeps_time, standin_reset),
        cmocka_unit_test_setup(hevc_is_coded_too, standin_reset),
        cmocka_unit_test_setup(profiles_have_their_settings, standin_reset),
        cmocka_unit_test_setup(options_replace_the_profile, standin_reset),
        cmocka_unit_test_setup(missing_parts_are_given_up, standin_reset),
        cmocka_unit_test_setup(opens_fail_with_a_class, standin_reset),
        cmocka_unit_test_setup(another_gpu_takes_over, standin_reset),
        cmocka_unit_test_setup(what_passes_is_waited_for, standin_reset),
        cmocka_unit_test_setup(a_wait_can_be_cancelled, standin_reset),
        cmocka_unit_test_setup(jobs_share_one_session, standin_reset),
        cmocka_unit_test_setup(a_moment_of_work_elsewhere_is_no_failure, standin_reset),
        cmocka_unit_test_setup(failures_have_a_class, standin_reset),
        cmocka_unit_test_setup(a_close_that_hangs_is_left_behind, standin_reset),
        cmocka_unit_test_setup(a_cancelled_job_leaves_soon, standin_reset),
        cmocka_unit_test_setup(a_default_host_sees_no_log_line, standin_reset),
        cmocka_unit_test_setup(the_gpu_has_always_work, standin_reset),
        cmocka_unit_test_setup(a_probe_encodes, standin_reset),
        cmocka_unit_test_setup(a_probe_of_a_busy_gpu_is_not_kept, standin_reset),
        cmocka_unit_test_setup(wrong_use_is_refused, standin_reset),
        cmocka_unit_test(costs_follow_the_settings),
    };
    return cmocka_run_group_tests(tests, standin_open, NULL);
}
