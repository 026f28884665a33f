/* SPDX-License-Identifier: MIT */
/*
 * Every table of kernels against references written from the formulas in kernels.h with nothing
 * but 64-bit sums and explicit floor divisions.
 *
 *   checkasm            run the tests
 *   checkasm --bench    print speeds instead
 */
#include "checkasm.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

const int32_t counts[] = {0,  1,  2,  3,  7,  8,   15,  16,  17,  31,  32,
                          33, 47, 63, 64, 65, 127, 128, 129, 257, 540, MAX_COUNT};
const int count_total = (int)(sizeof counts / sizeof *counts);

int tables(table out[4])
{
    static const table all[] = {{"c", NULL}, {"avx2", NULL}, {"avx512", NULL}, {"neon", NULL}};
    static const int32_t levels[] = {HYDRA_SIMD_NONE, HYDRA_SIMD_AVX2, HYDRA_SIMD_AVX512,
                                     HYDRA_SIMD_NEON};
    int count = 0;
    for (int i = 0; i < 4; i++) {
        const hy_kernels *kernels = hy_kernels_of(levels[i]);
        if (kernels && hy_simd_level(levels[i]) == levels[i]) {
            out[count++] = (table){all[i].name, kernels};
        }
    }
    return count;
}

#define PLACE_BYTES ((size_t)1 << 20)

static uint8_t *place_end(place_of which)
{
    static uint8_t *ends[PLACES];
    if (!ends[which]) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        uint8_t *start = mmap(NULL, PLACE_BYTES + page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(start != MAP_FAILED);
        assert_int_equal(mprotect(start + PLACE_BYTES, page, PROT_NONE), 0);
        ends[which] = start + PLACE_BYTES;
    }
    return ends[which];
}

void *place(place_of which, size_t bytes)
{
    assert_true(bytes + GUARD <= PLACE_BYTES);
    uint8_t *start = place_end(which) - bytes;
    memset(start - GUARD, 0x55, bytes + GUARD);
    return start;
}

void assert_guarded(place_of which, size_t bytes)
{
    const uint8_t *start = place_end(which) - bytes;
    for (int i = 1; i <= GUARD; i++) {
        assert_int_equal(start[-i], 0x55);
    }
}

int64_t floor_shift(int64_t value, int bits)
{
    int64_t unit = (int64_t)1 << bits;
    int64_t quotient = value / unit;
    return value % unit < 0 ? quotient - 1 : quotient;
}

int64_t cut(int64_t value, int64_t max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

void random_coef(uint64_t *state, int16_t *coef, int32_t taps)
{
    int32_t sum = 0;
    for (int32_t k = 0; k < taps; k++) {
        coef[k] = (int16_t)((int64_t)(test_random(state) % 4096) - 1300);
        coef[k] = (int16_t)(coef[k] / (1 + taps / 8));
        sum += coef[k];
    }
    coef[test_random(state) % (uint64_t)taps] += (int16_t)(HY_COEF_ONE - sum);
}

int32_t random_sample(uint64_t *state, int32_t low, int32_t high, bool extreme)
{
    uint64_t r = test_random(state) >> 8;
    if (extreme) {
        return r & 1 ? low : high;
    }
    return low + (int32_t)(r % (uint64_t)(high - low + 1));
}

void random_rows(uint64_t *state, const int16_t **rows, int32_t taps, int32_t count, bool extreme)
{
    int16_t *samples = place(PLACE_ROWS, (size_t)taps * (size_t)count * sizeof *samples);
    for (int32_t i = 0; i < taps * count; i++) {
        samples[i] = (int16_t)random_sample(state, -2600, 20400, extreme);
    }
    for (int32_t k = 0; k < taps; k++) {
        rows[k] = samples + (k + 3) % taps * count;
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter_h8),    cmocka_unit_test(test_filter_v8),
        cmocka_unit_test(test_widen_narrow), cmocka_unit_test(test_blend8),
        cmocka_unit_test(test_split_rgb8),   cmocka_unit_test(test_yuv_of),
        cmocka_unit_test(test_filter_h14),   cmocka_unit_test(test_filter_v14),
    };
    if (argc > 1 && strcmp(argv[1], "--bench") == 0) {
        return bench_run();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
