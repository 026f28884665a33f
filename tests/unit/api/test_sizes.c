/* SPDX-License-Identifier: MIT */
/* Programs that were built against older or newer headers: their structs are shorter or longer. */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "compose.h"

/* hydra_context_options as they were at first. */
typedef struct first_options {
    uint32_t struct_size;
    int32_t threads;
    const hydra_policy *policy;
    int64_t memory_budget_bytes;
} first_options;

static void test_context_options_from_before_simd(void **state)
{
    (void)state;
    first_options *old = malloc(sizeof *old); /* on the heap: the sanitizers watch what is read */
    assert_non_null(old);
    *old = (first_options){sizeof *old, 3, NULL, 12345};
    const hydra_context_options *given = (const void *)old;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(given, &context), HYDRA_OK);
    assert_int_equal(hy_pool_threads(context->pool), 3);
    assert_int_equal(context->budget.total_bytes, 12345);
    assert_int_equal(context->simd, HYDRA_SIMD_AUTO);
    hydra_context_free(context);
    old->struct_size--;
    assert_int_equal(hydra_context_new(given, &context), HYDRA_ERR_ARGUMENT);
    free(old);
}

/* Longer by fields that this library does not know: they are neither read nor written. */
#define NEWER(type)                                                                                \
    struct {                                                                                       \
        type own;                                                                                  \
        uint8_t future[16];                                                                        \
    }

#define FUTURE 0xa5
#define MAKE_NEWER(newer)                                                                          \
    (memset(&(newer).own, 0, sizeof(newer).own), memset((newer).future, FUTURE, 16),               \
     (void)((newer).own.struct_size = sizeof(newer)))

static bool is_untouched(const uint8_t future[16])
{
    for (int i = 0; i < 16; i++) {
        if (future[i] != FUTURE) {
            return false;
        }
    }
    return true;
}

#define assert_newer(newer)                                                                        \
    do {                                                                                           \
        assert_int_equal((newer).own.struct_size, sizeof(newer));                                  \
        assert_true(is_untouched((newer).future));                                                 \
    } while (0)

static hydra_compose *small_video(void)
{
    hydra_compose *c = test_compose(1, 64, 64, 10, 1);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 200000;
    uint32_t red = 0xff0000;
    test_add_picture(c, 32, 32, test_pixel_color, &red, &image);
    return c;
}

static void test_results_for_newer_programs(void **state)
{
    (void)state;
    NEWER(hydra_encoder_info) info;
    NEWER(hydra_estimate) estimate;
    NEWER(hydra_result) result;
    NEWER(hydra_attempt) attempt;
    NEWER(hydra_issue) issue;
    MAKE_NEWER(info);
    MAKE_NEWER(estimate);
    MAKE_NEWER(result);
    MAKE_NEWER(attempt);
    MAKE_NEWER(issue);
    hydra_compose *c = small_video();
    hydra_render_options raw;
    hydra_render_options_init(&raw);
    raw.encoder = HYDRA_ENCODER_RAW;
    assert_int_equal(hydra_encoder_probe(NULL, 0, &info.own), HYDRA_OK);
    assert_true(info.own.name[0] != '\0');
    assert_newer(info);
    assert_compose_ok(c, hydra_compose_estimate(c, &raw, &estimate.own));
    assert_int_equal(estimate.own.frames, 2);
    assert_newer(estimate);
    assert_compose_ok(c, hydra_compose_render_memory(c, &raw));
    assert_int_equal(hydra_compose_result(c, &result.own), HYDRA_OK);
    assert_int_equal(result.own.frames, 2);
    assert_newer(result);
    assert_int_equal(hydra_compose_attempt(c, 0, &attempt.own), HYDRA_OK);
    assert_string_equal(attempt.own.name, "raw");
    assert_newer(attempt);
    assert_int_equal(hydra_compose_load_json(c, "{}", 2), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_issue(c, 0, &issue.own), HYDRA_OK);
    assert_int_equal(issue.own.status, HYDRA_ERR_ARGUMENT);
    assert_newer(issue);
    hydra_compose_free(c);
}

static void test_jobs_of_newer_programs(void **state)
{
    (void)state;
    NEWER(hydra_render_options) raw;
    NEWER(hydra_event) event;
    NEWER(hydra_result) result;
    MAKE_NEWER(raw);
    MAKE_NEWER(event);
    MAKE_NEWER(result);
    hydra_compose *c = small_video();
    hydra_render_options_init(&raw.own);
    raw.own.struct_size = sizeof raw;
    raw.own.encoder = HYDRA_ENCODER_RAW;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.y4m");
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, path, &raw.own, &render));
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_OK);
    assert_int_equal(hydra_render_next_event(render, &event.own), HYDRA_OK);
    assert_int_not_equal(event.own.kind, HYDRA_EVENT_NONE);
    assert_int_equal(event.own.frames, 2);
    assert_newer(event);
    assert_int_equal(hydra_render_result(render, &result.own), HYDRA_OK);
    assert_string_equal(result.own.container, "y4m");
    assert_newer(result);
    hydra_render_free(render);
    hydra_compose_free(c);
    free(path);
    test_folder_free(folder);
}

static void test_benches_of_newer_programs(void **state)
{
    (void)state;
    NEWER(hydra_bench_options) raw;
    NEWER(hydra_bench_result) result;
    MAKE_NEWER(raw);
    MAKE_NEWER(result);
    hydra_bench_options_init(&raw.own);
    raw.own.struct_size = sizeof raw;
    raw.own.encoder = HYDRA_ENCODER_RAW;
    raw.own.width_px = 64;
    raw.own.height_px = 64;
    raw.own.duration_us = 1;
    assert_int_equal(hydra_encoder_bench(NULL, &raw.own, &result.own), HYDRA_OK);
    assert_int_equal(result.own.encoder, HYDRA_ENCODER_RAW);
    assert_true(result.own.frames > 0);
    assert_newer(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context_options_from_before_simd),
        cmocka_unit_test(test_results_for_newer_programs),
        cmocka_unit_test(test_jobs_of_newer_programs),
        cmocka_unit_test(test_benches_of_newer_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
