/* SPDX-License-Identifier: MIT */
/*
 * The NVENC backend on the stand-in driver: times, pictures decoded again, what the driver is asked
 * for, what a GPU may lack, silence, speed.
 */
#include <stdlib.h>

#include <libavutil/log.h>

#include "nvenc_case.h"

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

static void short_clips_are_whole(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    for (int32_t codec = HYDRA_CODEC_H264; codec <= HYDRA_CODEC_HEVC; codec++) {
        for (int64_t frames = 1; frames <= 6; frames++) {
            hy_encoder_config config = config_for(gpu, codec, rate_30, HYDRA_PROFILE_DEFAULT);
            run r = encode_some(&config, frames);
            assert_int_equal(r.packets, frames);
            assert_int_equal(r.shown, frames);
            assert_int_equal(r.first_pts, 0);
        }
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
        "init h264 1080x1920 30/1 p4 tuning 1 gop 60 intervalP 4 bref 2 level 0\n",
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

static void who_waits_for_the_gpu_sleeps(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = default_config(gpu);
    static const char *const blocking[] = {"  context flags 4\n", NULL};
    assert_settings(&config, blocking);
    hy_gpu_unref(gpu);
}

/* The driver wants a group of pictures that is longer than a B frame's. */
static void slow_videos_have_fewer_b_frames(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_encoder_config config = config_for(gpu, HYDRA_CODEC_H264, rate_30, HYDRA_PROFILE_QUALITY);
    config.rate = (hy_rate){3, 1};
    static const char *const three[] = {"gop 6 intervalP 4 bref 2", "taq 1 lookahead 1/", NULL};
    assert_settings(&config, three);
    config.rate = (hy_rate){2, 1};
    static const char *const two[] = {"gop 4 intervalP 3 bref 2", "taq 1 lookahead 1/", NULL};
    assert_settings(&config, two);
    config.rate = (hy_rate){1, 1};
    static const char *const one[] = {"gop 2 intervalP 1 bref 0", "taq 1 lookahead 1/", NULL};
    assert_settings(&config, one);
    for (int32_t fps = 1; fps <= 3; fps++) {
        config.rate = (hy_rate){fps, 1};
        run r = encode_all(&config);
        assert_run(&r);
    }
    hy_gpu_unref(gpu);
    assert_nothing_left();
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
        cmocka_unit_test_setup(short_clips_are_whole, standin_reset),
        cmocka_unit_test_setup(profiles_have_their_settings, standin_reset),
        cmocka_unit_test_setup(who_waits_for_the_gpu_sleeps, standin_reset),
        cmocka_unit_test_setup(slow_videos_have_fewer_b_frames, standin_reset),
        cmocka_unit_test_setup(options_replace_the_profile, standin_reset),
        cmocka_unit_test_setup(missing_parts_are_given_up, standin_reset),
        cmocka_unit_test_setup(a_default_host_sees_no_log_line, standin_reset),
        cmocka_unit_test_setup(the_gpu_has_always_work, standin_reset),
        cmocka_unit_test_setup(wrong_use_is_refused, standin_reset),
        cmocka_unit_test(costs_follow_the_settings),
    };
    return cmocka_run_group_tests(tests, standin_open, NULL);
}
