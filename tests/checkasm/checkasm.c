/* SPDX-License-Identifier: MIT */
/*
 * Every table of kernels against references written from the formulas in kernels.h with nothing
 * but 64-bit sums and explicit floor divisions; random and extreme input, all small lengths, and
 * guard samples behind the output.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "compositor/kernels/kernels.h"
#include "support.h"

#define MAX_COUNT 700
#define MAX_TAPS  64
#define GUARD     64

typedef struct table {
    const char *name;
    const hy_kernels *kernels;
} table;

static const table tables[] = {{"c", &hy_kernels_c}};
#define TABLES ((int)(sizeof tables / sizeof *tables))

static const int32_t counts[] = {0, 1, 2, 3, 7, 8, 15, 16, 31, 33, 64, 257, 540, MAX_COUNT};
#define COUNTS ((int)(sizeof counts / sizeof *counts))

static int64_t floor_shift(int64_t value, int bits)
{
    int64_t unit = (int64_t)1 << bits;
    int64_t quotient = value / unit;
    return value % unit < 0 ? quotient - 1 : quotient;
}

static int64_t cut(int64_t value, int64_t max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

/* Coefficients that sum to one, as wild as a cubic can be. */
static void random_coef(uint64_t *state, int16_t *coef, int32_t taps)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < taps; k++) {
        coef[k] = (int16_t)((int64_t)(test_random(state) % 4096) - 1300);
        coef[k] = (int16_t)(coef[k] / (1 + taps / 8));
        sum += coef[k];
    }
    coef[test_random(state) % (uint64_t)taps] += (int16_t)(HY_COEF_ONE - sum);
}

/* Random, or one of the ends only: where sums are largest. */
static int32_t random_sample(uint64_t *state, int32_t low, int32_t high, bool extreme)
{
    uint64_t r = test_random(state) >> 8;
    if (extreme) {
        return r & 1 ? low : high;
    }
    return low + (int32_t)(r % (uint64_t)(high - low + 1));
}

static void test_filter_h8(void **unused)
{
    static const int32_t all_taps[] = {1, 2, 3, 4, 6, 8, 10, 14, 64};
    (void)unused;
    uint64_t state = 1;
    static uint8_t src[2 * MAX_COUNT + MAX_TAPS];
    static int32_t first[MAX_COUNT];
    static int16_t coef[MAX_COUNT * MAX_TAPS];
    static int16_t dst[MAX_COUNT + GUARD];
    for (int run = 0; run < 9 * COUNTS * TABLES; run++) {
        int32_t taps = all_taps[run % 9];
        int32_t count = counts[run / 9 % COUNTS];
        for (size_t i = 0; i < sizeof src; i++) {
            src[i] = (uint8_t)random_sample(&state, 0, 255, run % 2);
        }
        for (int32_t i = 0; i < count; i++) {
            first[i] = i + (int32_t)(test_random(&state) % MAX_COUNT);
            random_coef(&state, coef + i * taps, taps);
        }
        memset(dst, 0x55, sizeof dst);
        tables[run / 9 / COUNTS].kernels->filter_h8(dst, src, first, coef, taps, count);
        for (int32_t i = 0; i < count; i++) {
            int64_t sum = 128;
            for (int32_t k = 0; k < taps; k++) {
                sum += (int64_t)src[first[i] + k] * coef[i * taps + k];
            }
            assert_int_equal(dst[i], floor_shift(sum, 8));
        }
        assert_int_equal(dst[count], 0x5555);
    }
}

static void test_filter_h14(void **unused)
{
    static const int32_t all_taps[] = {4, 8, 16, 24, 64};
    (void)unused;
    uint64_t state = 2;
    static int16_t src[2 * MAX_COUNT + MAX_TAPS];
    static int32_t first[MAX_COUNT];
    static int16_t coef[MAX_COUNT * MAX_TAPS];
    static int16_t dst[MAX_COUNT + GUARD];
    for (int run = 0; run < 5 * COUNTS * TABLES; run++) {
        int32_t taps = all_taps[run % 5];
        int32_t count = counts[run / 5 % COUNTS];
        for (size_t i = 0; i < sizeof src / sizeof *src; i++) {
            src[i] = (int16_t)random_sample(&state, 0, HY_WHITE14, run % 2);
        }
        for (int32_t i = 0; i < count; i++) {
            first[i] = i + (int32_t)(test_random(&state) % MAX_COUNT);
            random_coef(&state, coef + i * taps, taps);
        }
        memset(dst, 0x55, sizeof dst);
        tables[run / 5 / COUNTS].kernels->filter_h14(dst, src, first, coef, taps, count);
        for (int32_t i = 0; i < count; i++) {
            int64_t sum = 1 << 13;
            for (int32_t k = 0; k < taps; k++) {
                sum += (int64_t)src[first[i] + k] * coef[i * taps + k];
            }
            assert_int_equal(dst[i], (int16_t)floor_shift(sum, 14));
        }
        assert_int_equal(dst[count], 0x5555);
    }
}

static int16_t lines[MAX_TAPS][MAX_COUNT];

static void random_rows(uint64_t *state, const int16_t **rows, int32_t taps, bool extreme)
{
    for (int32_t k = 0; k < taps; k++) {
        rows[k] = lines[(k * 7 + 3) % MAX_TAPS]; /* a ring's rows come in any order */
    }
    for (int32_t k = 0; k < MAX_TAPS; k++) {
        for (int32_t i = 0; i < MAX_COUNT; i++) {
            lines[k][i] = (int16_t)random_sample(state, -2600, 20400, extreme);
        }
    }
}

static int64_t sum_rows(const int16_t *const *rows, const int16_t *coef, int32_t taps, int32_t i)
{
    int64_t sum = 0;
    for (int32_t k = 0; k < taps; k++) {
        sum += (int64_t)rows[k][i] * coef[k];
    }
    return sum;
}

static void test_filter_v8(void **unused)
{
    static const int32_t all_taps[] = {1, 2, 3, 4, 6, 8, 11, 64};
    (void)unused;
    uint64_t state = 3;
    const int16_t *rows[MAX_TAPS];
    int16_t coef[MAX_TAPS];
    static uint8_t dst[MAX_COUNT + GUARD];
    for (int run = 0; run < 8 * COUNTS * TABLES; run++) {
        int32_t taps = all_taps[run % 8];
        int32_t count = counts[run / 8 % COUNTS];
        random_rows(&state, rows, taps, run % 2);
        random_coef(&state, coef, taps);
        memset(dst, 0x55, sizeof dst);
        tables[run / 8 / COUNTS].kernels->filter_v8(dst, rows, coef, taps, count);
        for (int32_t i = 0; i < count; i++) {
            int64_t sum = sum_rows(rows, coef, taps, i);
            assert_int_equal(dst[i], cut(floor_shift(sum + (1 << 19), 20), 255));
        }
        assert_int_equal(dst[count], 0x55);
    }
}

static void test_filter_v14(void **unused)
{
    static const int32_t all_taps[] = {1, 2, 3, 4, 6, 8, 11, 64};
    (void)unused;
    uint64_t state = 4;
    const int16_t *rows[MAX_TAPS];
    int16_t coef[MAX_TAPS];
    static int16_t dst[MAX_COUNT + GUARD];
    for (int run = 0; run < 8 * COUNTS * TABLES; run++) {
        int32_t taps = all_taps[run % 8];
        int32_t count = counts[run / 8 % COUNTS];
        random_rows(&state, rows, taps, run % 2);
        random_coef(&state, coef, taps);
        memset(dst, 0x55, sizeof dst);
        tables[run / 8 / COUNTS].kernels->filter_v14(dst, rows, coef, taps, count);
        for (int32_t i = 0; i < count; i++) {
            int64_t sum = sum_rows(rows, coef, taps, i);
            assert_int_equal(dst[i], cut(floor_shift(sum + (1 << 13), 14), HY_WHITE14));
        }
        assert_int_equal(dst[count], 0x5555);
    }
}

static void test_widen_narrow(void **unused)
{
    (void)unused;
    static uint8_t bytes[MAX_COUNT];
    static int16_t wide[MAX_COUNT + GUARD];
    static uint8_t back[MAX_COUNT + GUARD];
    uint64_t state = 5;
    for (int run = 0; run < COUNTS * TABLES; run++) {
        const hy_kernels *kernels = tables[run / COUNTS].kernels;
        int32_t count = counts[run % COUNTS];
        for (int32_t i = 0; i < count; i++) {
            bytes[i] = (uint8_t)test_random(&state);
        }
        memset(wide, 0x55, sizeof wide);
        memset(back, 0x55, sizeof back);
        kernels->widen8(wide, bytes, count);
        assert_int_equal(wide[count], 0x5555);
        for (int32_t i = 0; i < count; i++) {
            assert_int_equal(wide[i], bytes[i] * 64);
            wide[i] = (int16_t)random_sample(&state, -2600, 20400, run % 2);
        }
        kernels->narrow8(back, wide, count);
        assert_int_equal(back[count], 0x55);
        for (int32_t i = 0; i < count; i++) {
            assert_int_equal(back[i], cut(floor_shift(wide[i] + 32, 6), 255));
        }
    }
}

static void test_blend8(void **unused)
{
    static const int32_t alphas[] = {0, 1, 32767, 32768, 40000, 65535, 65536};
    (void)unused;
    static uint8_t src[MAX_COUNT];
    static uint8_t before[MAX_COUNT];
    static uint8_t dst[MAX_COUNT + GUARD];
    uint64_t state = 6;
    for (int run = 0; run < 7 * COUNTS * TABLES; run++) {
        int32_t alpha = alphas[run % 7];
        int32_t count = counts[run / 7 % COUNTS];
        memset(dst, 0x55, sizeof dst);
        for (int32_t i = 0; i < count; i++) {
            src[i] = (uint8_t)random_sample(&state, 0, 255, run % 2);
            before[i] = (uint8_t)random_sample(&state, 0, 255, run % 2);
            dst[i] = before[i];
        }
        tables[run / 7 / COUNTS].kernels->blend8(dst, src, alpha, count);
        for (int32_t i = 0; i < count; i++) {
            int64_t sum = (int64_t)before[i] * (65536 - alpha) + (int64_t)src[i] * alpha + 32768;
            assert_int_equal(dst[i], sum / 65536);
        }
        assert_int_equal(dst[count], 0x55);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter_h8),    cmocka_unit_test(test_filter_h14),
        cmocka_unit_test(test_filter_v8),    cmocka_unit_test(test_filter_v14),
        cmocka_unit_test(test_widen_narrow), cmocka_unit_test(test_blend8),
    };
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        return bench_run();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
