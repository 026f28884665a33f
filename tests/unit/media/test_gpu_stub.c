/* SPDX-License-Identifier: MIT */
/* What a build without NVENC says; the stubs are compiled in here under other names. */
#define hy_encoder_nvenc stub_encoder
#define hy_gpu_new       stub_gpu_new
#define hy_gpu_ref       stub_gpu_ref
#define hy_gpu_unref     stub_gpu_unref
#define hy_gpu_count     stub_gpu_count
#define hy_gpu_device_at stub_gpu_device_at
#define hy_gpu_available stub_gpu_available
#define hy_gpu_probe     stub_gpu_probe

#include "media/encoder_nvenc_stub.c" /* NOLINT(bugprone-suspicious-include) */
#include "media/gpu_stub.c"           /* NOLINT(bugprone-suspicious-include) */

#include "clip.h"

static void stub_says_why_and_what_to_do(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    hy_encoder_cost cost;
    hy_encoder_config config = clip_config((hy_rate){30, 1}, HYDRA_PROFILE_DEFAULT);
    assert_int_equal(stub_encoder.id, HYDRA_ENCODER_NVENC);
    assert_non_null(strstr(stub_encoder.probe(), "-Dnvenc=enabled"));
    assert_failed(stub_encoder.open(&config, &encoder, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                  "encoder nvenc: left out of this build");
    assert_null(encoder);
    hy_diag_clear(&diag);
    assert_failed(stub_encoder.estimate(&config, 1, &cost, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                  "left out");
}

static void there_is_no_gpu(void **state)
{
    (void)state;
    hy_diag diag = {0};
    const hy_gpu_options options = {.session_limit = 1};
    hy_gpu_fault fault;
    hy_gpu_device device;
    int32_t count = 1;
    hy_gpu *gpu = NULL;
    hy_encoder_config config = clip_config((hy_rate){30, 1}, HYDRA_PROFILE_DEFAULT);
    assert_ok(stub_gpu_new(&options, &gpu, &diag), &diag);
    assert_int_equal(stub_gpu_count(gpu, &count, &fault), HYDRA_PROBE_NOT_BUILT);
    assert_int_equal(count, 0);
    assert_non_null(strstr(fault.text, "-Dnvenc=enabled"));
    assert_int_equal(stub_gpu_available(gpu, HYDRA_CODEC_H264, &fault), HYDRA_PROBE_NOT_BUILT);
    assert_int_equal(stub_gpu_probe(gpu, 0, &config, &fault), HYDRA_PROBE_NOT_BUILT);
    assert_false(stub_gpu_device_at(gpu, 0, &device));
    assert_ptr_equal(stub_gpu_ref(gpu), gpu);
    stub_gpu_unref(gpu);
    stub_gpu_unref(gpu);
    stub_gpu_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stub_says_why_and_what_to_do),
        cmocka_unit_test(there_is_no_gpu),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
