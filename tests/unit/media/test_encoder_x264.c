/* SPDX-License-Identifier: MIT */
/* The x264 backend: times, key frames, settings, borrowed pictures, and pictures decoded again. */
#include <libavutil/log.h>

#include "media/h264.h"

#include "clip.h"
#include "stream.h"

#define FRAMES 75
#define CUT    37

static const hy_rate rate_30 = {30, 1};

static hy_encoder *open_encoder(const hy_encoder_config *config)
{
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    assert_ok(hy_encoder_x264.open(config, &encoder, &diag), &diag);
    return encoder;
}

/* ---- Times and key frames ---- */

static void every_profile_and_rate_keeps_time(void **state)
{
    (void)state;
    static const hy_rate rates[] = {{24, 1},       {25, 1},       {30, 1},  {24000, 1001},
                                    {30000, 1001}, {60000, 1001}, {120, 1}, {7, 1}};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        for (int32_t profile = HYDRA_PROFILE_DRAFT; profile <= HYDRA_PROFILE_BEST; profile++) {
            hy_encoder_config config = clip_config(rates[r], profile);
            hy_encoder *encoder = open_encoder(&config);
            clip_packets packets = clip_encode(encoder, FRAMES, CUT);
            stream_check_times(&packets, FRAMES);
            stream_check_keys(&packets, CUT, hy_encoder_gop_frames(rates[r]));
            clip_packets_free(&packets);
            encoder->ops->close(encoder);
        }
    }
}

static void cuts_may_be_neighbours(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    hy_encoder *encoder = open_encoder(&config);
    clip_packets packets = {NULL, 0};
    for (int64_t n = 0; n < 30; n++) {
        hy_picture *picture = clip_picture(n);
        assert_ok(encoder->ops->send(encoder, picture, n, n >= 10 && n < 14, &diag), &diag);
        hy_picture_free(picture);
        clip_receive(encoder, &packets);
    }
    assert_ok(encoder->ops->send(encoder, NULL, 0, false, &diag), &diag);
    clip_receive(encoder, &packets);
    stream_check_times(&packets, 30);
    for (size_t i = 0; i < packets.count; i++) {
        int64_t n = packets.list[i].pts;
        assert_int_equal(packets.list[i].key, n == 0 || (n >= 10 && n < 14));
    }
    clip_packets_free(&packets);
    encoder->ops->close(encoder);
}

static void one_frame_is_enough(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config((hy_rate){1, 4}, HYDRA_PROFILE_BEST);
    config.threads = 3;
    hy_encoder *encoder = open_encoder(&config);
    clip_packets packets = clip_encode(encoder, 1, 0);
    stream_check_times(&packets, 1);
    assert_true(packets.list[0].key);
    clip_packets_free(&packets);
    encoder->ops->close(encoder);
}

/* ---- Settings ---- */

/* x264 writes its settings as text into the first packet. */
static bool has_setting(const clip_packets *packets, const char *setting)
{
    return memmem(packets->list[0].data, packets->list[0].size, setting, strlen(setting)) != NULL;
}

static clip_packets encode_with(const hy_encoder_config *config, hy_video_sps *sps)
{
    hy_encoder *encoder = open_encoder(config);
    const AVCodecParameters *codec = encoder->stream->codec;
    assert_true(hy_h264_read_sps(codec->extradata, (size_t)codec->extradata_size, sps));
    clip_packets packets = clip_encode(encoder, 12, 6);
    encoder->ops->close(encoder);
    return packets;
}

static void assert_settings(const hy_encoder_config *config, const char *const *settings)
{
    hy_video_sps sps;
    clip_packets packets = encode_with(config, &sps);
    for (; *settings; settings++) {
        if (!has_setting(&packets, *settings)) {
            fail_msg("setting \"%s\" is missing in %.*s", *settings, (int)packets.list[0].size - 25,
                     (const char *)packets.list[0].data + 25);
        }
    }
    /* The same whatever the tuning: how the result plays. */
    static const char *const always[] = {"8x8dct=1", "scenecut=0", "keyint=60", "keyint_min=1"};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        if (!has_setting(&packets, always[i])) {
            fail_msg("setting \"%s\" is missing in %.*s", always[i], (int)packets.list[0].size - 25,
                     (const char *)packets.list[0].data + 25);
        }
    }
    assert_int_equal(sps.profile_idc, 100);
    assert_int_equal(sps.level_idc, 11);
    assert_int_equal(sps.chroma_format_idc, 1);
    assert_int_equal(sps.bit_depth, 8);
    assert_int_equal(sps.width, CLIP_WIDTH);
    assert_int_equal(sps.height, CLIP_HEIGHT);
    assert_false(sps.full_range);
    assert_int_equal(sps.primaries, 1);
    assert_int_equal(sps.transfer, 1);
    assert_int_equal(sps.matrix, 1);
    assert_int_equal(sps.rate_num, sps.rate_den * 30);
    clip_packets_free(&packets);
}

static void profiles_have_their_tuning(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    static const char *const standard[] = {
        "mbtree=1",  "open_gop=0",      "bframes=3", "b_adapt=0", "me=dia",           "ref=1",
        "rc=crf",    "weightp=0",       "subme=1",   "crf=18.2 ", "deblock=1:-1:-1 ", "aq=3:0.60",
        "trellis=0", "rc_lookahead=20", NULL};
    assert_settings(&config, standard);
    config.profile = HYDRA_PROFILE_DRAFT;
    static const char *const draft[] = {"crf=21.0", "subme=0",   "bframes=5",       "me=dia",
                                        "mbtree=1", "aq=3:0.60", "rc_lookahead=10", NULL};
    assert_settings(&config, draft);
    config.profile = HYDRA_PROFILE_QUALITY;
    static const char *const quality[] = {"crf=18.5",  "subme=2",   "trellis=1",       "ref=1",
                                          "aq=3:0.60", "bframes=3", "rc_lookahead=40", NULL};
    assert_settings(&config, quality);
    config.profile = HYDRA_PROFILE_BEST;
    static const char *const best[] = {"crf=18.0", "subme=8", "rc_lookahead=50", NULL};
    assert_settings(&config, best);
}

static void preset_replaces_the_tuning(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    config.preset = "veryfast";
    static const char *const veryfast[] = {"crf=20.0", "subme=2", "bframes=3", "mbtree=1", NULL};
    assert_settings(&config, veryfast);
    config.preset = "ultrafast"; /* by itself not High profile */
    config.crf = 30.0;
    static const char *const ultrafast[] = {"crf=30.0", "subme=0", "cabac=0", NULL};
    assert_settings(&config, ultrafast);
    config.preset = NULL;
    config.crf = 0.0; /* a value, not "the default"; below 1 x264 would leave High for lossless */
    static const char *const finest[] = {"crf=1.0", NULL};
    assert_settings(&config, finest);
    config.crf = 5.5;
    static const char *const crf[] = {"crf=5.5", "bframes=3", NULL};
    assert_settings(&config, crf);
    config.crf = HYDRA_AUTO;
    config.bitrate_kbps = 123;
    static const char *const bitrate[] = {"rc=abr", "bitrate=123", "bframes=3", NULL};
    assert_settings(&config, bitrate);
}

static void references_fit_the_level(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_BEST);
    config.width = 1080;
    config.height = 1920;
    config.preset = "veryslow"; /* 16 references; level 4.0 holds four */
    hy_encoder *encoder = open_encoder(&config);
    const AVCodecParameters *codec = encoder->stream->codec;
    hy_video_sps sps;
    assert_true(hy_h264_read_sps(codec->extradata, (size_t)codec->extradata_size, &sps));
    assert_int_equal(sps.level_idc, 40);
    assert_int_equal(sps.width, 1080);
    assert_int_equal(sps.height, 1920);
    hy_picture *picture = NULL;
    clip_packets packets = {NULL, 0};
    assert_ok(hy_picture_new(1080, 1920, NULL, &picture, &diag), &diag);
    clip_draw(picture, 0);
    assert_ok(encoder->ops->send(encoder, picture, 0, true, &diag), &diag);
    assert_ok(encoder->ops->send(encoder, NULL, 0, false, &diag), &diag);
    clip_receive(encoder, &packets);
    assert_true(has_setting(&packets, " ref=4 "));
    clip_packets_free(&packets);
    hy_picture_free(picture);
    encoder->ops->close(encoder);
}

static void truncated_headers_are_refused(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    hy_encoder *encoder = open_encoder(&config);
    const AVCodecParameters *codec = encoder->stream->codec;
    uint8_t copy[256];
    hy_video_sps sps;
    size_t size = (size_t)codec->extradata_size;
    size_t sps_end = 8 + codec->extradata[7];
    assert_true(size <= sizeof copy && sps_end < size);
    for (size_t cut = 0; cut < sps_end; cut++) {
        assert_false(hy_h264_read_sps(codec->extradata, cut, &sps));
    }
    /* Damage: never a crash, and with zeros for a body never a success. */
    uint64_t random = 1;
    for (int i = 0; i < 2000; i++) {
        memcpy(copy, codec->extradata, size);
        copy[8 + test_random(&random) % (sps_end - 8)] ^= (uint8_t)(1U << test_random(&random) % 8);
        (void)hy_h264_read_sps(copy, size, &sps);
    }
    memset(copy + 12, 0, sps_end - 12);
    assert_false(hy_h264_read_sps(copy, size, &sps));
    encoder->ops->close(encoder);
}

/* ---- Pictures ---- */

/* clip_encode overwrites its one picture after each send. Here each frame has its own. */
static void pictures_may_be_overwritten_after_send(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    hy_encoder *encoder = open_encoder(&config);
    clip_packets reused = clip_encode(encoder, 40, 20);
    encoder->ops->close(encoder);
    encoder = open_encoder(&config);
    hy_picture *pictures[40];
    clip_packets kept = {NULL, 0};
    for (int64_t n = 0; n < 40; n++) {
        pictures[n] = clip_picture(n >= 20 ? n + 50 : n);
        assert_ok(encoder->ops->send(encoder, pictures[n], n, n == 0 || n == 20, &diag), &diag);
        clip_receive(encoder, &kept);
    }
    assert_ok(encoder->ops->send(encoder, NULL, 0, false, &diag), &diag);
    clip_receive(encoder, &kept);
    assert_true(stream_same_packets(&reused, &kept));
    for (int n = 0; n < 40; n++) {
        hy_picture_free(pictures[n]);
    }
    clip_packets_free(&reused);
    clip_packets_free(&kept);
    encoder->ops->close(encoder);
}

static void pictures_come_back(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DRAFT); /* the worst of them */
    config.threads = 2;
    hy_encoder *encoder = open_encoder(&config);
    clip_packets packets = clip_encode(encoder, FRAMES, CUT);
    stream_check_pictures(encoder, &packets, FRAMES, CUT, 34.0);
    clip_packets_free(&packets);
    encoder->ops->close(encoder);
}

/* ---- Wrong use ---- */

static void bad_configs_are_refused(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    config.profile = 4;
    assert_failed(hy_encoder_x264.open(&config, &encoder, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "profile 4");
    hy_diag_clear(&diag);
    config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    config.height = 191;
    assert_failed(hy_encoder_x264.open(&config, &encoder, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "128 x 191");
    hy_diag_clear(&diag);
    config.height = 16386;
    assert_failed(hy_encoder_x264.open(&config, &encoder, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "2 to 16384 pixels");
    hy_diag_clear(&diag);
    config = clip_config((hy_rate){0, 1}, HYDRA_PROFILE_DEFAULT); /* libavcodec's own refusal */
    assert_failed(hy_encoder_x264.open(&config, &encoder, &diag), HYDRA_ERR_ENCODER, &diag,
                  "x264: opening the encoder failed");
    assert_null(encoder);
}

static void wrong_use_is_refused(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DRAFT);
    config.width = 64;
    hy_encoder *encoder = open_encoder(&config);
    hy_picture *picture = clip_picture(0);
    assert_failed(encoder->ops->send(encoder, picture, 0, true, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "128 x 192");
    encoder->ops->close(encoder);
    hy_encoder_x264.close(NULL);
    config = clip_config(rate_30, HYDRA_PROFILE_DRAFT);
    encoder = open_encoder(&config);
    hydra_status status = HYDRA_OK;
    int64_t n = 0;
    hy_diag_clear(&diag);
    while (status == HYDRA_OK) { /* without ever receiving */
        status = encoder->ops->send(encoder, picture, n++, false, &diag);
        assert_true(n < 200);
    }
    assert_failed(status, HYDRA_ERR_INTERNAL, &diag, "before a packet was received");
    clip_packets packets = {NULL, 0};
    clip_receive(encoder, &packets);
    hy_diag_clear(&diag);
    assert_ok(encoder->ops->send(encoder, NULL, 0, false, &diag), &diag);
    assert_failed(encoder->ops->send(encoder, picture, n, false, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "after the end");
    clip_packets_free(&packets);
    hy_picture_free(picture);
    encoder->ops->close(encoder); /* with packets left inside */
}

/* ---- Silence ---- */

static int lines;

static void count_visible_lines(void *object, int level, const char *format, va_list args)
{
    const AVClass *class = object ? *(const AVClass **)object : NULL;
    if (class && class->log_level_offset_offset) {
        level += *(const int *)((const char *)object + class->log_level_offset_offset);
    }
    (void)format;
    (void)args;
    if (level <= AV_LOG_TRACE) {
        lines++;
    }
}

static void a_default_host_sees_no_log_line(void **state)
{
    (void)state;
    lines = 0;
    av_log_set_callback(count_visible_lines);
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    hy_encoder *encoder = open_encoder(&config);
    clip_packets packets = clip_encode(encoder, 12, 6);
    encoder->ops->close(encoder);
    av_log_set_callback(av_log_default_callback);
    clip_packets_free(&packets);
    assert_int_equal(lines, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_profile_and_rate_keeps_time),
        cmocka_unit_test(cuts_may_be_neighbours),
        cmocka_unit_test(one_frame_is_enough),
        cmocka_unit_test(profiles_have_their_tuning),
        cmocka_unit_test(preset_replaces_the_tuning),
        cmocka_unit_test(references_fit_the_level),
        cmocka_unit_test(truncated_headers_are_refused),
        cmocka_unit_test(pictures_may_be_overwritten_after_send),
        cmocka_unit_test(pictures_come_back),
        cmocka_unit_test(bad_configs_are_refused),
        cmocka_unit_test(wrong_use_is_refused),
        cmocka_unit_test(a_default_host_sees_no_log_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
