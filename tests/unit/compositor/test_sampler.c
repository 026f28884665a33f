/* SPDX-License-Identifier: MIT */
/* Filter tables: positions, exact sums, symmetry, continuity, borders, hostile input. */
#include <math.h>
#include <stdlib.h>

#include "compositor/kernels/kernels.h"
#include "compositor/sampler.h"
#include "support.h"

#define ONE HY_FIXED_ONE

static int64_t fixed(double value)
{
    return (int64_t)llrint(value * (double)ONE);
}

/* Catmull-Rom from its definition. */
static double cubic(double x)
{
    x = fabs(x);
    if (x < 1) {
        return (1.5 * x - 2.5) * x * x + 1;
    }
    return x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}

static double random_unit(uint64_t *state)
{
    return (double)(test_random(state) >> 11) / 9007199254740992.0;
}

/* A sampler over a plane so large that no border is near sample 0. */
static hy_sampler open_sampler(double scale, double position, bool is_asset)
{
    hy_sampler sampler;
    hy_line line = {.start = fixed(position), .step = fixed(scale)};
    if (is_asset) {
        hy_sampler_asset(&sampler, line, 1 << 20);
    } else {
        hy_sampler_frame(&sampler, line, 1 << 20);
    }
    return sampler;
}

static void test_tap_count(void **unused)
{
    static const struct {
        double scale;
        int32_t frame;
        int32_t asset;
    } cases[] = {{0.001, 4, 4},  {1, 4, 4},      {1.25, 4, 6},   {1.2501, 6, 6},
                 {1.8, 6, 8},    {2, 8, 8},      {2.5, 8, 10},   {8, 26, 32},
                 {64, 206, 256}, {65, 206, 256}, {1e4, 206, 256}};
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(open_sampler(cases[i].scale, 1000, false).taps, cases[i].frame);
        assert_int_equal(open_sampler(cases[i].scale, 1000, true).taps, cases[i].asset);
    }
}

/* Every coefficient within a unit of the definition, the settled one within a few. */
static void check_against_definition(const hy_sampler *sampler, double position, double width)
{
    int16_t coef[HY_MAX_TAPS];
    double weight[HY_MAX_TAPS];
    double total = 0;
    int32_t sum = 0;
    double worst = 0;
    int32_t first = hy_sampler_at(sampler, 0, coef);
    double at = floor(position * 65536) / 65536;
    for (int32_t k = 0; k < sampler->taps; k++) {
        weight[k] = cubic((first + k - at) / width);
        total += weight[k];
        sum += coef[k];
    }
    assert_int_equal(sum, HY_COEF_ONE);
    for (int32_t k = 0; k < sampler->taps; k++) {
        double error = fabs(coef[k] - weight[k] / total * HY_COEF_ONE);
        worst = error > worst ? error : worst;
    }
    assert_true(worst <= 2 + 0.15 * sampler->taps);
    assert_true(cubic((first - 1 - at) / width) == 0);
    assert_true(cubic((first + sampler->taps - at) / width) == 0);
}

static void test_coefficients_match_the_definition(void **unused)
{
    (void)unused;
    uint64_t state = 11;
    for (int i = 0; i < 20000; i++) {
        double scale = i % 3 ? random_unit(&state) * 1.3 : random_unit(&state) * 20;
        double position = 5000 + random_unit(&state) * 100;
        bool is_asset = i % 2;
        hy_sampler sampler = open_sampler(scale, position, is_asset);
        double width = is_asset ? scale : scale / 1.25;
        check_against_definition(&sampler, position, width > 1 ? width : 1);
    }
    /* The widest filters. */
    hy_sampler widest = open_sampler(64, 5000.3, true);
    check_against_definition(&widest, 5000.3, 64);
    widest = open_sampler(1000, 5000.3, false);
    check_against_definition(&widest, 5000.3, 64 / 1.25);
}

static void test_mirrored_positions_mirror_the_filter(void **unused)
{
    (void)unused;
    uint64_t state = 12;
    for (int i = 0; i < 5000; i++) {
        double scale = random_unit(&state) * (i % 2 ? 1.25 : 8);
        int32_t phase = (int32_t)(test_random(&state) % 65535) + 1;
        hy_sampler left = open_sampler(scale, 100 + phase / 65536.0, false);
        hy_sampler right = open_sampler(scale, 100 - phase / 65536.0, false);
        int16_t a[HY_MAX_TAPS];
        int16_t b[HY_MAX_TAPS];
        int32_t first_a = hy_sampler_at(&left, 0, a);
        int32_t first_b = hy_sampler_at(&right, 0, b);
        assert_int_equal(first_a + first_b + left.taps - 1, 200);
        for (int32_t k = 0; k < left.taps; k++) {
            assert_true(abs(a[k] - b[left.taps - 1 - k]) <= (left.taps == 4 ? 0 : 1));
        }
    }
}

/* Coefficient of source sample `s`, 0 outside the taps. */
static int coef_at(const hy_sampler *sampler, int32_t s)
{
    int16_t coef[HY_MAX_TAPS];
    int32_t first = hy_sampler_at(sampler, 0, coef);
    return s >= first && s < first + sampler->taps ? coef[s - first] : 0;
}

static void check_near(double scale_a, double position_a, double scale_b, double position_b)
{
    hy_sampler a = open_sampler(scale_a, position_a, false);
    hy_sampler b = open_sampler(scale_b, position_b, false);
    for (int32_t s = 480; s < 520; s++) {
        assert_true(abs(coef_at(&a, s) - coef_at(&b, s)) <= 4);
    }
}

static void test_no_jump(void **unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        double position = 500 + i / 1000.0;
        check_near(1.25, position, 1.2501, position);  /* 4 taps become 6 */
        check_near(1.875, position, 1.8751, position); /* 6 become 8 */
        double scale = 0.9 + i / 400.0;
        check_near(scale, 500.99999, scale, 501.00001); /* the first tap moves on */
        check_near(scale, position, scale, position + 1 / 65536.0);
    }
}

/* The same filter with every tap's index clamped, tap by tap. */
static void check_folding(hy_line line, int32_t size, int32_t i)
{
    hy_sampler near_border;
    hy_sampler open;
    int16_t coef[HY_MAX_TAPS];
    int16_t full[HY_MAX_TAPS];
    int64_t expected[64] = {0};
    hy_line moved = {.start = line.start + 100000 * ONE, .step = line.step};
    hy_sampler_frame(&near_border, line, size);
    hy_sampler_frame(&open, moved, 1 << 20);
    int32_t first = hy_sampler_at(&near_border, i, coef);
    int32_t at = hy_sampler_at(&open, i, full) - 100000;
    for (int32_t k = 0; k < open.taps; k++) {
        int32_t s = at + k < 0 ? 0 : at + k >= size ? size - 1 : at + k;
        expected[s] += full[k];
    }
    assert_true(first >= 0 && first + near_border.taps <= size);
    for (int32_t s = 0; s < size; s++) {
        bool used = s >= first && s < first + near_border.taps;
        assert_int_equal(used ? coef[s - first] : 0, expected[s]);
    }
}

static void test_borders_repeat(void **unused)
{
    (void)unused;
    uint64_t state = 13;
    for (int n = 0; n < 4000; n++) {
        int32_t size = 1 + (int32_t)(test_random(&state) % 60);
        hy_line line = {.start = fixed(random_unit(&state) * 90 - 20),
                        .step = fixed(random_unit(&state) * (n % 2 ? 1.2 : 9))};
        check_folding(line, size, (int32_t)(test_random(&state) % 8));
    }
}

/* The formulas of display.h, from the geometry: canvas position to asset position to sample. */
static void test_positions(void **unused)
{
    (void)unused;
    uint64_t state = 14;
    for (int n = 0; n < 2000; n++) {
        double scale = random_unit(&state) * 3;
        double offset = random_unit(&state) * 4000 - 1000;
        hy_axis axis = {.scale = fixed(scale), .offset = fixed(offset)};
        hy_line luma = hy_line_of(axis, HY_SITING_LUMA);
        hy_line across = hy_line_of(axis, HY_SITING_CHROMA_X);
        hy_line down = hy_line_of(axis, HY_SITING_CHROMA_Y);
        for (int i = 0; i < 4000; i += 371) {
            const double unit = (double)ONE;
            double at = scale * (i + 0.5) + offset;
            assert_true(fabs((double)(luma.start + luma.step * i) / unit - (at - 0.5)) < 1e-5);
            at = scale * (2 * i + 0.5) + offset;
            double j = (double)(across.start + across.step * i) / unit;
            assert_true(fabs(j - (at - 0.5) / 2) < 1e-5);
            at = scale * (2 * i + 1) + offset;
            j = (double)(down.start + down.step * i) / unit;
            assert_true(fabs(j - (at - 1) / 2) < 1e-5);
        }
    }
}

static void test_shifts(void **unused)
{
    (void)unused;
    int32_t shift = 0;
    hy_sampler sampler = open_sampler(1, 7, false);
    assert_true(hy_sampler_is_shift(&sampler, &shift));
    assert_int_equal(shift, 7);
    sampler = open_sampler(1, -3, false);
    assert_true(hy_sampler_is_shift(&sampler, &shift));
    assert_int_equal(shift, -3);
    sampler = open_sampler(1, 7 + 1 / 65536.0, false);
    assert_false(hy_sampler_is_shift(&sampler, &shift));
    sampler = open_sampler(1 + 1e-9, 7, false);
    assert_false(hy_sampler_is_shift(&sampler, &shift));
}

/* No overflow, no tap outside the plane, whatever the numbers. */
static void test_hostile_numbers(void **unused)
{
    static const int64_t extremes[] = {INT64_MIN, INT64_MIN / 2, -1,       0, 1,
                                       ONE,       INT64_MAX / 2, INT64_MAX};
    (void)unused;
    for (int n = 0; n < 8 * 8 * 3; n++) {
        hy_axis axis = {.scale = extremes[n % 8], .offset = extremes[n / 8 % 8]};
        hy_sampler sampler;
        int16_t coef[HY_MAX_TAPS];
        hy_sampler_frame(&sampler, hy_line_of(axis, (hy_siting)(n / 64)), 77);
        for (int32_t i = 0; i < 32768; i += 4681) {
            int32_t first = hy_sampler_at(&sampler, i, coef);
            assert_true(first >= 0 && first + sampler.taps <= 77);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tap_count),
        cmocka_unit_test(test_coefficients_match_the_definition),
        cmocka_unit_test(test_mirrored_positions_mirror_the_filter),
        cmocka_unit_test(test_no_jump),
        cmocka_unit_test(test_borders_repeat),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_shifts),
        cmocka_unit_test(test_hostile_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
