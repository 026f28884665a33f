/* SPDX-License-Identifier: MIT */
/* The kernels of assets. */
#include "checkasm.h"

void test_split_rgb8(void **unused)
{
    (void)unused;
    uint64_t state = 7;
    table all[4];
    int total = tables(all);
    for (int run = 0; run < 3 * count_total * total; run++) {
        int32_t count = counts[run / 3 % count_total];
        ptrdiff_t pitch = count + run % 3 * 5;
        uint8_t *src = place(PLACE_SRC, 3 * (size_t)count);
        for (int32_t i = 0; i < 3 * count; i++) {
            src[i] = (uint8_t)random_sample(&state, 0, 255, run % 3 == 2);
        }
        size_t bytes = (size_t)(2 * pitch + count) * sizeof(int16_t);
        int16_t *dst = place(PLACE_DST, bytes);
        all[run / 3 / count_total].kernels->split_rgb8(dst, pitch, src, count);
        for (ptrdiff_t i = 0; i < 2 * pitch + count; i++) {
            bool is_gap = i % (pitch ? pitch : 1) >= count;
            assert_int_equal(dst[i], is_gap ? 0x5555 : src[3 * (i % pitch) + i / pitch] * 64);
        }
        assert_guarded(PLACE_DST, bytes);
    }
}

static void check_yuv(const hy_kernels *kernels, uint64_t *state, int32_t count, bool extreme)
{
    hy_rgba64 *pixels = place(PLACE_SRC, (size_t)count * sizeof *pixels);
    for (int32_t i = 0; i < count; i++) {
        pixels[i] = (hy_rgba64){(uint16_t)random_sample(state, 0, 65535, extreme),
                                (uint16_t)random_sample(state, 0, 65535, extreme),
                                (uint16_t)random_sample(state, 0, 65535, extreme),
                                (uint16_t)test_random(state)};
    }
    uint8_t *y = place(PLACE_DST, (size_t)count);
    int16_t *u = place(PLACE_ROWS, (size_t)count * sizeof *u);
    int16_t *v = place(PLACE_BEFORE, (size_t)count * sizeof *v);
    kernels->yuv_of(y, u, v, pixels, count);
    for (int32_t i = 0; i < count; i++) {
        int64_t r = pixels[i].r;
        int64_t g = pixels[i].g;
        int64_t b = pixels[i].b;
        int64_t luma = 11919 * r + 40098 * g + 4048 * b + (16 << 24) + (1 << 23);
        assert_int_equal(y[i], floor_shift(luma, 24));
        assert_int_equal(u[i], floor_shift(-6570 * r - 22102 * g + 28672 * b + (1 << 18), 19));
        assert_int_equal(v[i], floor_shift(28672 * r - 26043 * g - 2629 * b + (1 << 18), 19));
    }
    assert_guarded(PLACE_DST, (size_t)count);
    assert_guarded(PLACE_ROWS, (size_t)count * sizeof *u);
    assert_guarded(PLACE_BEFORE, (size_t)count * sizeof *v);
}

void test_yuv_of(void **unused)
{
    (void)unused;
    uint64_t state = 8;
    table all[4];
    int total = tables(all);
    for (int run = 0; run < 4 * count_total * total; run++) {
        check_yuv(all[run / 4 / count_total].kernels, &state, counts[run / 4 % count_total],
                  run % 4 == 3);
    }
}

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
