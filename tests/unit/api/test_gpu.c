/* SPDX-License-Identifier: MIT */
/* Encoders and GPUs as a host without a usable GPU sees them; tests/nvenc has the others. */
#include <stdlib.h>
#include <string.h>

#include "compose.h"

static hydra_context *context_with_gpu(const char *gpu)
{
    hydra_context_options options;
    hydra_context *context = NULL;
    hydra_context_options_init(&options);
    options.gpu = gpu;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    return context;
}

static void gpus_are_named_in_some_forms_only(void **state)
{
    (void)state;
    static const char *const good[] = {
        "none", "0", "7", "999", "GPU-8932f937", "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6"};
    static const char *const bad[] = {
        "",         "None",
        "all",      "-1",
        " 0",       "0x1",
        "1000",     "GPU-",
        "GPU-",     "GPU-89 32",
        "gpu-8932", "GPU-g",
        "MIG-89A2", "GPU-0123456789012345678901234567890123456789012345678901234567890123"};
    hydra_context_options options;
    hydra_context_options_init(&options);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        hydra_context_free(context_with_gpu(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hydra_context *context = (hydra_context *)state;
        options.gpu = bad[i];
        assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
        assert_null(context);
    }
}

static void sessions_have_a_range(void **state)
{
    (void)state;
    static const struct {
        int32_t sessions;
        hydra_status status;
    } cases[] = {{-1, HYDRA_ERR_ARGUMENT},
                 {0, HYDRA_OK},
                 {1, HYDRA_OK},
                 {64, HYDRA_OK},
                 {65, HYDRA_ERR_ARGUMENT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hydra_context_options options;
        hydra_context *context = NULL;
        hydra_context_options_init(&options);
        options.gpu_sessions = cases[i].sessions;
        assert_int_equal(hydra_context_new(&options, &context), cases[i].status);
        hydra_context_free(context);
    }
}

static void null_is_refused(void **state)
{
    (void)state;
    hydra_gpu_info info = {.struct_size = 0};
    assert_int_equal(hydra_gpu_count(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_gpu_probe(NULL, 0, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_gpu_probe(NULL, 0, &info), HYDRA_ERR_ARGUMENT);
}

static void there_is_no_gpu_beyond_the_last(void **state)
{
    (void)state;
    hydra_gpu_info info = {.struct_size = sizeof info, .index = 77};
    hydra_context *context = context_with_gpu(NULL);
    int32_t count = -1;
    assert_int_equal(hydra_gpu_count(context, &count), HYDRA_OK);
    assert_true(count >= 0);
    assert_int_equal(hydra_gpu_probe(context, count, &info), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_gpu_probe(context, -1, &info), HYDRA_ERR_ARGUMENT);
    assert_int_equal(info.index, 77);
    hydra_context_free(context);
}

static void encoders_on_a_gpu_can_be_excluded(void **state)
{
    (void)state;
    hydra_context *context = context_with_gpu("none");
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        hydra_encoder_info info = {.struct_size = sizeof info};
        assert_int_equal(hydra_encoder_probe(context, i, &info), HYDRA_OK);
        assert_int_equal(info.on_gpu, info.encoder == HYDRA_ENCODER_NVENC);
        assert_int_equal(info.available, info.finding == HYDRA_PROBE_OK);
        assert_int_equal(info.available, info.reason[0] == '\0');
        if (info.on_gpu) {
            assert_true(info.finding == HYDRA_PROBE_SWITCHED_OFF ||
                        info.finding == HYDRA_PROBE_NOT_BUILT);
        }
    }
    hydra_context_free(context);
}

static void encoders_tell_what_they_make(void **state)
{
    (void)state;
    static const struct {
        int32_t encoder;
        uint32_t codecs;
    } known[] = {{HYDRA_ENCODER_NVENC, 1U << HYDRA_CODEC_H264 | 1U << HYDRA_CODEC_HEVC},
                 {HYDRA_ENCODER_X264, 1U << HYDRA_CODEC_H264},
                 {HYDRA_ENCODER_X265, 1U << HYDRA_CODEC_HEVC},
                 {HYDRA_ENCODER_RAW, 0}};
    hydra_context *context = context_with_gpu("none");
    assert_int_equal(hydra_encoder_count(), sizeof known / sizeof *known);
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        hydra_encoder_info info = {.struct_size = sizeof info};
        assert_int_equal(hydra_encoder_probe(context, i, &info), HYDRA_OK);
        assert_int_equal(info.encoder, known[i].encoder);
        assert_int_equal(info.codecs, known[i].codecs);
    }
    hydra_context_free(context);
}

static void findings_have_names(void **state)
{
    (void)state;
    assert_string_equal(hydra_finding_name(HYDRA_PROBE_OK), "HYDRA_PROBE_OK");
    assert_string_equal(hydra_finding_name(HYDRA_PROBE_NO_VIDEO), "HYDRA_PROBE_NO_VIDEO");
    assert_string_equal(hydra_finding_name(14), "HYDRA_PROBE_SWITCHED_OFF");
    for (int32_t i = 0; i <= HYDRA_PROBE_SWITCHED_OFF; i++) {
        assert_memory_equal(hydra_finding_name(i), "HYDRA_PROBE_", 12);
    }
    assert_string_equal(hydra_finding_name(-1), "HYDRA_UNKNOWN");
    assert_string_equal(hydra_finding_name(HYDRA_PROBE_SWITCHED_OFF + 1), "HYDRA_UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpus_are_named_in_some_forms_only),
        cmocka_unit_test(sessions_have_a_range),
        cmocka_unit_test(null_is_refused),
        cmocka_unit_test(there_is_no_gpu_beyond_the_last),
        cmocka_unit_test(encoders_on_a_gpu_can_be_excluded),
        cmocka_unit_test(encoders_tell_what_they_make),
        cmocka_unit_test(findings_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
