/* SPDX-License-Identifier: MIT */
/* The kernels of assets. */
#include "checkasm.h"

static void check_h14(const hy_kernels *kernels, uint64_t *state, int32_t taps, int32_t count,
                      bool extreme)
{
    static int32_t first[MAX_COUNT];
    static int16_t coef[MAX_COUNT * MAX_TAPS];
    int32_t end = taps;
    for (int32_t i = 0; i < count; i++) {
        first[i] = i + (int32_t)(test_random(state) % MAX_COUNT);
        end = first[i] + taps > end ? first[i] + taps : end;
        random_coef(state, coef + (ptrdiff_t)i * taps, taps);
    }
    int16_t *src = place(PLACE_SRC, (size_t)end * sizeof *src);
    for (int32_t i = 0; i < end; i++) {
        src[i] = (int16_t)random_sample(state, 0, HY_WHITE14, extreme);
    }
    size_t bytes = (size_t)count * sizeof(int16_t);
    int16_t *dst = place(PLACE_DST, bytes);
    kernels->filter_h14(dst, src, first, coef, taps, count);
    for (int32_t i = 0; i < count; i++) {
        int64_t sum = 1 << 13;
        for (int32_t k = 0; k < taps; k++) {
            sum += (int64_t)src[first[i] + k] * coef[i * taps + k];
        }
        assert_int_equal(dst[i], (int16_t)floor_shift(sum, 14));
    }
    assert_guarded(PLACE_DST, bytes);
}

void test_filter_h14(void **unused)
{
    static const int32_t all_taps[] = {4, 8, 16, 24, 32, 40, 64};
    (void)unused;
    uint64_t state = 2;
    table all[4];
    int total = tables(all);
    for (int run = 0; run < 7 * count_total * total; run++) {
        check_h14(all[run / 7 / count_total].kernels, &state, all_taps[run % 7],
                  counts[run / 7 % count_total], run % 2);
    }
}

static void check_v14(const hy_kernels *kernels, uint64_t *state, int32_t taps, int32_t count,
                      bool extreme)
{
    const int16_t *rows[MAX_TAPS];
    int16_t coef[MAX_TAPS];
    random_rows(state, rows, taps, count, extreme);
    random_coef(state, coef, taps);
    size_t bytes = (size_t)count * sizeof(int16_t);
    int16_t *dst = place(PLACE_DST, bytes);
    kernels->filter_v14(dst, rows, coef, taps, count);
    for (int32_t i = 0; i < count; i++) {
        int64_t sum = 1 << 13;
        for (int32_t k = 0; k < taps; k++) {
            sum += (int64_t)rows[k][i] * coef[k];
        }
        assert_int_equal(dst[i], cut(floor_shift(sum, 14), HY_WHITE14));
    }
    assert_guarded(PLACE_DST, bytes);
}

void test_filter_v14(void **unused)
{
    static const int32_t all_taps[] = {1, 2, 3, 4, 6, 8, 11, 64};
    (void)unused;
    uint64_t state = 4;
    table all[4];
    int total = tables(all);
    for (int run = 0; run < 8 * count_total * total; run++) {
        check_v14(all[run / 8 / count_total].kernels, &state, all_taps[run % 8],
                  counts[run / 8 % count_total], run % 2);
    }
}
