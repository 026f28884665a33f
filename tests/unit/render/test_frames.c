/* SPDX-License-Identifier: MIT */
/* The promise on frames: the same for any thread count, level of vector instructions and order of
 * asking. */
#include <stdlib.h>
#include <string.h>

#include "compose.h"

#define WIDTH  144
#define HEIGHT 256
#define FRAMES 81
#define BYTES  ((size_t)WIDTH * HEIGHT * 3 / 2)

/* Every kind of layer: moves, fits, fades in both modes. */
static hydra_compose *mixed(int32_t threads, int32_t simd)
{
    hydra_compose *c = test_compose_simd(simd, threads, WIDTH, HEIGHT, 30, 1);
    static const int32_t motions[] = {HYDRA_MOTION_ZOOM_IN, HYDRA_MOTION_PAN_LEFT,
                                      HYDRA_MOTION_RECT, HYDRA_MOTION_NONE};
    static const int32_t fits[] = {HYDRA_FIT_COVER, HYDRA_FIT_COVER, HYDRA_FIT_CONTAIN,
                                   HYDRA_FIT_FILL};
    for (uint32_t i = 0; i < 4; i++) {
        hydra_image_options image;
        hydra_image_options_init(&image);
        image.duration_us = 800000;
        image.motion = motions[i];
        image.fit = fits[i];
        image.backdrop = HYDRA_BACKDROP_BLUR;
        image.start = (hydra_rect){0.1, 0.2, 0.5, 0.5};
        test_add_picture(c, 600 - 90 * (int32_t)i, 300 + 80 * (int32_t)i, test_pixel_natural, &i,
                         &image);
    }
    hydra_transition_options fade;
    hydra_transition_options_init(&fade);
    fade.duration_us = 250000;
    assert_compose_ok(c, hydra_compose_set_transition(c, HYDRA_ALL_CUTS, &fade));
    fade.mode = HYDRA_HOLD;
    assert_compose_ok(c, hydra_compose_set_transition(c, 1, &fade));
    return c;
}

static void raw_hashes(int32_t threads, int32_t simd, uint64_t hashes[FRAMES])
{
    hydra_compose *c = mixed(threads, simd);
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.encoder = HYDRA_ENCODER_RAW;
    assert_compose_ok(c, hydra_compose_render_memory(c, &options));
    const void *data = NULL;
    size_t size = 0;
    assert_int_equal(hydra_compose_output(c, &data, &size), HYDRA_OK);
    const uint8_t *at = memchr(data, '\n', size);
    assert_non_null(at);
    at++;
    for (int n = 0; n < FRAMES; n++) {
        assert_memory_equal(at, "FRAME\n", 6);
        hashes[n] = test_hash(at + 6, BYTES);
        at += 6 + BYTES;
    }
    assert_ptr_equal(at, (const uint8_t *)data + size);
    hydra_compose_free(c);
}

static void test_any_thread_count(void **state)
{
    (void)state;
    static uint64_t expected[FRAMES];
    static uint64_t hashes[FRAMES];
    raw_hashes(1, HYDRA_SIMD_AUTO, expected);
    static const int32_t threads[] = {2, 3, 8};
    for (size_t i = 0; i < 3; i++) {
        raw_hashes(threads[i], HYDRA_SIMD_AUTO, hashes);
        assert_memory_equal(hashes, expected, sizeof expected);
    }
    /* The frames do differ from each other. */
    for (int n = 1; n < FRAMES / 2; n++) {
        assert_int_not_equal(expected[n], expected[n - 1]);
    }
}

/* A level that this CPU lacks falls back without a word. */
static void test_any_level(void **state)
{
    (void)state;
    static uint64_t expected[FRAMES];
    static uint64_t hashes[FRAMES];
    raw_hashes(2, HYDRA_SIMD_NONE, expected);
    for (int32_t simd = HYDRA_SIMD_AUTO; simd <= HYDRA_SIMD_NEON; simd++) {
        raw_hashes(2, simd, hashes);
        assert_memory_equal(hashes, expected, sizeof expected);
    }
}

static void test_any_order(void **state)
{
    (void)state;
    static uint64_t expected[FRAMES];
    raw_hashes(2, HYDRA_SIMD_AUTO, expected);
    hydra_compose *c = mixed(3, HYDRA_SIMD_AUTO);
    uint64_t random = 99;
    for (int i = 0; i < 40; i++) {
        int64_t n = (int64_t)(test_random(&random) % FRAMES);
        hydra_frame *frame = test_frame(c, n, 30, 1);
        size_t size;
        const void *data = hydra_frame_data(frame, &size);
        assert_int_equal(size, BYTES);
        assert_int_equal(test_hash(data, size), expected[n]);
        hydra_frame_free(frame);
    }
    hydra_compose_free(c);
}

static double mean_luma(hydra_compose *c, int64_t n)
{
    hydra_frame *frame = test_frame(c, n, 30, 1);
    const uint8_t *luma = hydra_frame_data(frame, NULL);
    double sum = 0;
    for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
        sum += luma[i];
    }
    hydra_frame_free(frame);
    return sum / WIDTH / HEIGHT;
}

/* No dip of brightness: in the middle of a crossfade, the mean of both pictures. */
static void test_crossfade_keeps_brightness(void **state)
{
    (void)state;
    hydra_compose *c = test_compose(2, WIDTH, HEIGHT, 30, 1);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 1000000;
    image.motion = HYDRA_MOTION_NONE;
    for (uint32_t seed = 1; seed <= 2; seed++) {
        test_add_picture(c, 300, 500, test_pixel_natural, &seed, &image);
    }
    hydra_transition_options fade;
    hydra_transition_options_init(&fade);
    assert_compose_ok(c, hydra_compose_set_transition(c, 0, &fade));
    double before = mean_luma(c, 14);
    double after = mean_luma(c, 30);
    /* 15 frames of fade, from 15 to 29: frame 22 is the middle. */
    double middle = mean_luma(c, 22);
    assert_true(middle > (before + after) / 2 - 0.3 && middle < (before + after) / 2 + 0.3);
    hydra_compose_free(c);
}

/* Photos are dropped when past: the peak does not grow with their number. */
static void test_memory_is_bounded_by_what_is_visible(void **state)
{
    (void)state;
    int64_t peak[2];
    for (int round = 0; round < 2; round++) {
        hydra_compose *c = test_compose(2, WIDTH, HEIGHT, 30, 1);
        hydra_image_options image;
        hydra_image_options_init(&image);
        image.duration_us = 200000;
        for (uint32_t seed = 0; seed < (round ? 60u : 6u); seed++) {
            test_add_picture(c, 200, 360, test_pixel_natural, &seed, &image);
        }
        hydra_render_options options;
        hydra_render_options_init(&options);
        options.encoder = HYDRA_ENCODER_RAW;
        assert_compose_ok(c, hydra_compose_render_memory(c, &options));
        hydra_result result = {.struct_size = sizeof result};
        assert_int_equal(hydra_compose_result(c, &result), HYDRA_OK);
        peak[round] = result.pool_peak_bytes;
        hydra_compose_free(c);
    }
    assert_true(peak[1] <= peak[0] + peak[0] / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_thread_count),
        cmocka_unit_test(test_any_level),
        cmocka_unit_test(test_any_order),
        cmocka_unit_test(test_crossfade_keeps_brightness),
        cmocka_unit_test(test_memory_is_bounded_by_what_is_visible),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
