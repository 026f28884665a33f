/* SPDX-License-Identifier: MIT */
/* hydra_encoder_bench: its options, its figures, its end by deadline. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"

/* A short one that costs next to nothing. */
static hydra_bench_options short_options(int32_t encoder)
{
    hydra_bench_options options;
    hydra_bench_options_init(&options);
    options.encoder = encoder;
    options.width_px = 320;
    options.height_px = 240;
    options.duration_us = 50000;
    return options;
}

static void assert_refused(const hydra_bench_options *options, const char *text)
{
    hydra_bench_result result = {.struct_size = sizeof result, .frames = 7};
    assert_int_equal(hydra_encoder_bench(NULL, options, &result), HYDRA_ERR_ARGUMENT);
    if (!strstr(result.reason, text)) {
        fail_msg("\"%s\" does not say \"%s\"", result.reason, text);
    }
    assert_int_equal(result.frames, 0);
}

#define assert_field_refused(field, value, text)                                                   \
    do {                                                                                           \
        hydra_bench_options wrong = short_options(HYDRA_ENCODER_RAW);                              \
        wrong.field = (value);                                                                     \
        assert_refused(&wrong, text);                                                              \
    } while (0)

static void options_have_ranges(void **state)
{
    (void)state;
    assert_field_refused(struct_size, 0, "struct_size");
    assert_field_refused(encoder, 99, "encoder 99");
    assert_field_refused(codec, 2, "codec 2");
    assert_field_refused(codec, -1, "codec -1");
    assert_field_refused(profile, HYDRA_PROFILE_BEST + 1, "profile");
    assert_field_refused(profile, -1, "profile");
    assert_field_refused(width_px, 62, "62 x 240");
    assert_field_refused(width_px, 321, "even");
    assert_field_refused(height_px, 4098, "even, 64..4096");
    assert_field_refused(fps_num, 121, "1..120");
    assert_field_refused(fps_den, 0, "fps_den");
    assert_field_refused(duration_us, 0, "duration_us");
    assert_field_refused(duration_us, 600000001, "duration_us");
    assert_field_refused(deadline_us, -1, "deadline_us");
    assert_field_refused(threads, 129, "threads");
    assert_field_refused(threads, -1, "threads");
}

static void result_must_be_set_up(void **state)
{
    (void)state;
    hydra_bench_options options = short_options(HYDRA_ENCODER_RAW);
    hydra_bench_result result = {.struct_size = 0};
    assert_int_equal(hydra_encoder_bench(NULL, &options, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_encoder_bench(NULL, &options, &result), HYDRA_ERR_ARGUMENT);
}

static void assert_figures(const hydra_bench_options *options)
{
    hydra_bench_result result = {.struct_size = sizeof result};
    hydra_status status = hydra_encoder_bench(NULL, options, &result);
    assert_string_equal(result.reason, "");
    assert_int_equal(status, HYDRA_OK);
    assert_int_equal(result.encoder, options->encoder);
    assert_true(result.frames > 0 && result.bytes >= result.frames);
    assert_true(result.encode_s * 1e6 >= (double)options->duration_us);
    assert_true(fabs(result.frames_per_s * result.encode_s - (double)result.frames) < 0.5);
    assert_true(result.first_packet_s > 0);
    assert_true(result.cpu_ms_per_frame > 0);
    assert_int_equal(result.finding, HYDRA_PROBE_OK);
}

static void every_picture_comes_out(void **state)
{
    (void)state;
    hydra_bench_options options = short_options(HYDRA_ENCODER_RAW);
    hydra_bench_result result = {.struct_size = sizeof result};
    assert_figures(&options);
    assert_int_equal(hydra_encoder_bench(NULL, &options, &result), HYDRA_OK);
    assert_int_equal(result.bytes, result.frames * 320 * 240 * 3 / 2);
}

static void encoders_of_this_build_are_measured(void **state)
{
    (void)state;
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        hydra_encoder_info info = {.struct_size = sizeof info};
        assert_int_equal(hydra_encoder_probe(NULL, i, &info), HYDRA_OK);
        hydra_bench_options options = short_options(info.encoder);
        options.profile = HYDRA_PROFILE_DRAFT;
        for (options.codec = 0; options.codec <= HYDRA_CODEC_HEVC; options.codec++) {
            if (!(info.codecs >> options.codec & 1)) {
                continue;
            }
            if (info.available) {
                assert_figures(&options);
            }
        }
    }
}

static void codec_must_suit_the_encoder(void **state)
{
    (void)state;
    hydra_bench_options options = short_options(HYDRA_ENCODER_X264);
    options.codec = HYDRA_CODEC_HEVC;
    assert_refused(&options, "does not make HEVC");
}

static void excluded_gpu_is_a_finding(void **state)
{
    (void)state;
    hydra_context_options with;
    hydra_context *context = NULL;
    hydra_context_options_init(&with);
    with.gpu = "none";
    assert_int_equal(hydra_context_new(&with, &context), HYDRA_OK);
    hydra_bench_options options = short_options(HYDRA_ENCODER_NVENC);
    hydra_bench_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_encoder_bench(context, &options, &result), HYDRA_ERR_UNSUPPORTED);
    assert_true(result.finding == HYDRA_PROBE_NOT_BUILT ||
                result.finding == HYDRA_PROBE_SWITCHED_OFF);
    assert_non_null(strstr(result.reason, "encoder nvenc"));
    hydra_context_free(context);
}

static void deadline_ends_it(void **state)
{
    (void)state;
    hydra_bench_options options = short_options(HYDRA_ENCODER_RAW);
    hydra_bench_result result = {.struct_size = sizeof result};
    options.duration_us = 600000000;
    options.deadline_us = 30000;
    assert_int_equal(hydra_encoder_bench(NULL, &options, &result), HYDRA_ERR_DEADLINE);
    assert_true(result.reason[0] != '\0');
    assert_int_equal(result.frames, 0);
}

static void policy_ends_it(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_context_options with;
    hydra_context *context = NULL;
    hydra_policy_init(&policy);
    hydra_context_options_init(&with);
    policy.max_render_us = 30000;
    with.policy = &policy;
    assert_int_equal(hydra_context_new(&with, &context), HYDRA_OK);
    hydra_bench_options options = short_options(HYDRA_ENCODER_RAW);
    hydra_bench_result result = {.struct_size = sizeof result};
    options.duration_us = 600000000;
    options.deadline_us = 599000000;
    assert_int_equal(hydra_encoder_bench(context, &options, &result), HYDRA_ERR_DEADLINE);
    hydra_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_have_ranges),
        cmocka_unit_test(result_must_be_set_up),
        cmocka_unit_test(every_picture_comes_out),
        cmocka_unit_test(encoders_of_this_build_are_measured),
        cmocka_unit_test(codec_must_suit_the_encoder),
        cmocka_unit_test(excluded_gpu_is_a_finding),
        cmocka_unit_test(deadline_ends_it),
        cmocka_unit_test(policy_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
