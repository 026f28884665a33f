/* SPDX-License-Identifier: MIT */
/* Levels of vector instructions: which one is taken, and that all of them give the same pixels. */
#include <stdlib.h>

#include "build.h"
#include "compositor/kernels/kernels.h"
#include "draw.h"

static const int32_t levels[] = {HYDRA_SIMD_NONE, HYDRA_SIMD_AVX2, HYDRA_SIMD_AVX512,
                                 HYDRA_SIMD_NEON, HYDRA_SIMD_AUTO};
#define LEVELS ((int)(sizeof levels / sizeof *levels))

static void test_levels_are_limits(void **unused)
{
    (void)unused;
    int32_t best = hy_simd_level(HYDRA_SIMD_AUTO);
    assert_int_equal(hy_simd_level(HYDRA_SIMD_NONE), HYDRA_SIMD_NONE);
    assert_int_equal(hy_simd_level(best), best);
    for (int i = 0; i < LEVELS; i++) {
        int32_t level = hy_simd_level(levels[i]);
        assert_true(level == HYDRA_SIMD_NONE || level <= best);
        assert_true(level == HYDRA_SIMD_NONE || levels[i] == HYDRA_SIMD_AUTO || level <= levels[i]);
        assert_int_equal(hy_simd_level(level), level);
        assert_non_null(hy_kernels_choose(levels[i]));
        /* What has no table falls to one below. */
        assert_ptr_equal(hy_kernels_choose(levels[i]), hy_kernels_choose(level));
    }
    assert_ptr_equal(hy_kernels_choose(HYDRA_SIMD_NONE), &hy_kernels_c);
    assert_null(hy_kernels_of(HYDRA_SIMD_AUTO));
#if defined(__x86_64__)
    assert_int_equal(hy_simd_level(HYDRA_SIMD_NEON), HYDRA_SIMD_NONE);
    assert_true(best == HYDRA_SIMD_NONE || hy_kernels_of(HYDRA_SIMD_AVX2));
#endif
}

static uint64_t draw_hash(int32_t simd, int32_t width, int32_t height, const hy_display_list *list,
                          const hy_picture *const *assets)
{
    hy_diag diag = {0};
    hy_compositor *compositor = NULL;
    hy_picture *frame = picture_new(width, height);
    assert_ok(hy_compositor_cpu_new(width, height, simd, NULL, &compositor, &diag), &diag);
    compositor->ops->draw(compositor, list, assets, frame);
    compositor->ops->draw(compositor, list, assets, frame); /* used scratch changes nothing */
    uint64_t hash = test_hash_picture(frame);
    hy_compositor_free(compositor);
    hy_picture_free(frame);
    return hash;
}

static int32_t random_between(uint64_t *state, int32_t low, int32_t high)
{
    return low + (int32_t)(test_random(state) % (uint64_t)(high - low + 1));
}

/* Enlarged, about as is, somewhat and much shrunk; sometimes moved by whole pixels, mirrored never.
 */
static hy_axis random_axis(uint64_t *state)
{
    static const double scales[] = {0.1, 0.5, 0.97, 1.0, 1.01, 1.24, 1.3, 1.6, 1.9, 2.4, 3.5, 80};
    double scale = scales[test_random(state) % 12];
    double offset = random_between(state, -400, 400) / (test_random(state) % 2 ? 1.0 : 7.0);
    return axis_of(scale, offset);
}

static hy_display_list random_list(uint64_t *state)
{
    static const int32_t alphas[] = {HY_ALPHA_ONE, HY_ALPHA_ONE, 0, 1, 20000, 32768, 65535};
    hy_display_list list = {.count = random_between(state, 1, HY_MAX_OPS)};
    for (int32_t i = 0; i < list.count; i++) {
        list.ops[i] = image_op(random_between(state, 0, 2), alphas[test_random(state) % 7],
                               random_axis(state), random_axis(state));
        if (test_random(state) % 6 == 0) {
            list.ops[i].kind = HY_OP_FILL;
            list.ops[i].yuv[0] = (uint8_t)random_between(state, 0, 255);
        }
    }
    return list;
}

static void test_frames_are_equal(void **unused)
{
    static const int32_t sizes[][2] = {{2, 2}, {30, 18}, {64, 34}, {66, 40}, {130, 50}, {334, 70}};
    (void)unused;
    uint64_t state = 11;
    for (int run = 0; run < 240; run++) {
        hy_picture *assets[3] = {
            noise_new(2 * random_between(&state, 1, 300), 2 * random_between(&state, 1, 60), 3),
            noise_new(400, 90, 4),
            noise_new(2 * random_between(&state, 1, 20), 2 * random_between(&state, 1, 9), 5),
        };
        hy_display_list list = random_list(&state);
        const int32_t *size = sizes[run % 6];
        const hy_picture *const table[3] = {assets[0], assets[1], assets[2]};
        uint64_t expected = draw_hash(HYDRA_SIMD_NONE, size[0], size[1], &list, table);
        for (int i = 0; i < LEVELS; i++) {
            uint64_t hash = draw_hash(levels[i], size[0], size[1], &list, table);
            if (hash != expected) {
                fail_msg("level %d differs on run %d", (int)levels[i], run);
            }
        }
        for (int i = 0; i < 3; i++) {
            hy_picture_free(assets[i]);
        }
    }
}

/* One of each kind of row, shrunk by little, by much (blocks) and not at all, in all directions. */
static void test_assets_are_equal(void **unused)
{
    (void)unused;
    for (int run = 0; run < 64; run++) {
        int32_t channels = 1 + run % 4;
        photo p = noise_photo(97 + 61 * (run % 5), 83 + 150 * (run % 3), channels, run % 2 ? 16 : 8,
                              (uint64_t)run + 1);
        p.format.cmyk = channels == 4 && run % 8 == 7;
        hy_asset_spec spec =
            spec_of(&p, 1 + run % 8, run % 7 ? 2 * (20 + run) : 6, run % 9 ? 88 : 4);
        spec.blur = run % 3 == 0;
        if (spec.blur && spec.width > 40 && spec.height > 40) {
            spec.target = (hy_rect){8, 4, spec.width - 17, spec.height - 9};
        }
        uint64_t expected = 0;
        for (int i = 0; i < LEVELS; i++) {
            spec.simd = levels[i];
            hy_picture *asset = build(&spec, &p);
            uint64_t hash = test_hash_picture(asset);
            expected = i == 0 ? hash : expected;
            if (hash != expected) {
                fail_msg("level %d differs on run %d", (int)levels[i], run);
            }
            hy_picture_free(asset);
        }
        free(p.data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_are_limits),
        cmocka_unit_test(test_frames_are_equal),
        cmocka_unit_test(test_assets_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
