/* SPDX-License-Identifier: MIT */
/*
 * The NVENC backend where the driver fails: at open, while it codes, at the end. Each failure ends
 * in time, with its class, and without a leak, but for what is lost with a device. And probing.
 */
#include <pthread.h>

#include "nvenc_case.h"

/* ---- Opening ---- */

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
        {"fault nvEncOpenEncodeSessionEx@1+=INCOMPATIBLE_CLIENT_KEY", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_BUSY, HYDRA_ERR_BUSY, "GeForce"},
        {"vram_mb 1", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_NO_MEMORY, HYDRA_ERR_ENCODER,
         "no video memory left"},
        {"fault nvEncCreateInputBuffer@1+=OUT_OF_MEMORY", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_NO_MEMORY, HYDRA_ERR_ENCODER, "no video memory left"},
        {"caps", HYDRA_CODEC_H264, 64, HYDRA_PROBE_NOT_SUPPORTED, HYDRA_ERR_UNSUPPORTED,
         "encodes H.264 of 145 x 49 to 4096 x 4096 pixels, not 64 x 240"},
        {"caps", HYDRA_CODEC_H264, 4098, HYDRA_PROBE_NOT_SUPPORTED, HYDRA_ERR_UNSUPPORTED,
         "not 4098 x 240: take a size"},
        {"fault nvEncInitializeEncoder@1+=UNSUPPORTED_PARAM", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_OLD_DRIVER, HYDRA_ERR_UNSUPPORTED, "older than the installed FFmpeg"},
        {"fault nvEncInitializeEncoder@1+=INVALID_PARAM", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_NOT_SUPPORTED, HYDRA_ERR_UNSUPPORTED, "GPU 0 (Tesla T4) refuses"},
        {"fault nvEncInitializeEncoder@1+=GENERIC", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_FAILED,
         HYDRA_ERR_ENCODER, "GPU 0 (Tesla T4) does not open"},
        {"fault nvEncOpenEncodeSessionEx@1+=DEVICE_NOT_EXIST", HYDRA_CODEC_H264, WIDTH,
         HYDRA_PROBE_LOST, HYDRA_ERR_ENCODER, "was lost (NVENC error 5)"},
        {"fault nvEncOpenEncodeSessionEx@1+=GENERIC", HYDRA_CODEC_H264, WIDTH, HYDRA_PROBE_FAILED,
         HYDRA_ERR_ENCODER, "error 20): update the NVIDIA driver; a container or sandbox"},
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
            clear_lost();
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
    assert_open_fails(&config, HYDRA_PROBE_OK, HYDRA_ERR_DEADLINE,
                      "not finished before its deadline; encoder nvenc waited: every session");
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

/* ---- Coding ---- */

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

static void failures_have_a_class(void **state)
{
    static const coding_case cases[] = {
        {"fault nvEncEncodePicture@1=GENERIC", HYDRA_PROBE_FAILED,
         "GPU 0 (Tesla T4) did not encode ("},
        {"fault nvEncEncodePicture@20=DEVICE_NOT_EXIST", HYDRA_PROBE_FAILED, "did not encode"},
        {"fault nvEncEncodePicture@20+=ENCODER_BUSY", HYDRA_PROBE_FAILED,
         "(Device or resource busy)"},
        {"fault nvEncEncodePicture@40=GENERIC", HYDRA_PROBE_FAILED, "did not encode"},
        {"fault nvEncEncodePicture@41=GENERIC", HYDRA_PROBE_FAILED, "did not encode"},
        {"fault nvEncEncodePicture@20=OUT_OF_MEMORY", HYDRA_PROBE_NO_MEMORY, "no video memory"},
        {"fault nvEncLockBitstream@1=INVALID_PARAM", HYDRA_PROBE_FAILED, "did not encode"},
        {"fault nvEncLockBitstream@40=GENERIC", HYDRA_PROBE_FAILED, "did not encode"},
        {"fault nvEncLockInputBuffer@3=GENERIC", HYDRA_PROBE_FAILED, "did not encode"},
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
        assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_H264, &fault),
                         c->finding == HYDRA_PROBE_NO_MEMORY ? HYDRA_PROBE_OK : c->finding);
        bool gone = c->finding == HYDRA_PROBE_LOST || c->finding == HYDRA_PROBE_STALLED;
        assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_HEVC, &fault),
                         gone ? c->finding : HYDRA_PROBE_OK);
        hy_gpu_unref(gpu);
        if (gone) {
            clear_lost();
        }
        assert_nothing_left();
    }
}

/* Half of the pictures that the encoder would have are room enough. */
static void little_memory_is_enough(void **state)
{
    static const struct {
        int32_t profile;
        int least_mb;
    } cases[] = {{HYDRA_PROFILE_DRAFT, 4}, {HYDRA_PROFILE_DEFAULT, 14}, {HYDRA_PROFILE_BEST, 14}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(standin_reset(state), 0);
        assert_int_equal(control("vram_mb %d", cases[i].least_mb), 0);
        hy_gpu *gpu = gpu_new(NULL, 3);
        hy_encoder_config config = config_for(gpu, HYDRA_CODEC_H264, rate_30, cases[i].profile);
        config.width = 1280; /* 1.4 MB each */
        config.height = 720;
        hy_encoder *encoder = open_encoder(&config);
        encoder->ops->close(encoder);
        hy_gpu_unref(gpu);
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
    hy_gpu_unref(gpu);
    clear_lost();
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(opens_fail_with_a_class, standin_reset),
        cmocka_unit_test_setup(another_gpu_takes_over, standin_reset),
        cmocka_unit_test_setup(what_passes_is_waited_for, standin_reset),
        cmocka_unit_test_setup(a_wait_can_be_cancelled, standin_reset),
        cmocka_unit_test_setup(jobs_share_one_session, standin_reset),
        cmocka_unit_test_setup(a_moment_of_work_elsewhere_is_no_failure, standin_reset),
        cmocka_unit_test_setup(failures_have_a_class, standin_reset),
        cmocka_unit_test_setup(little_memory_is_enough, standin_reset),
        cmocka_unit_test_setup(a_close_that_hangs_is_left_behind, standin_reset),
        cmocka_unit_test_setup(a_cancelled_job_leaves_soon, standin_reset),
        cmocka_unit_test_setup(a_probe_encodes, standin_reset),
        cmocka_unit_test_setup(a_probe_of_a_busy_gpu_is_not_kept, standin_reset),
    };
    return cmocka_run_group_tests(tests, standin_open, NULL);
}
