/* SPDX-License-Identifier: MIT */
/*
 * The hot loops in C. Loops are short, free of branches and marked restrict so that the compiler
 * turns them into vector code; vertical filters run over blocks whose results stay in the nearest
 * cache.
 */
#include "kernels.h"

#include "compositor/color.h"

/* Samples whose 32-bit sums are kept on the stack at a time. */
#define BLOCK 256

static inline int32_t clip(int32_t value, int32_t max)
{
    value = value < 0 ? 0 : value;
    return value > max ? max : value;
}

static void filter_h8_4(const hy_h8 *h, int16_t *restrict dst, const uint8_t *restrict src)
{
    const int32_t *restrict first = h->first;
    const int16_t *restrict coef = h->coef;
    for (int32_t i = 0; i < h->count; i++) {
        const uint8_t *s = src + first[i];
        const int16_t *c = coef + 4 * (int64_t)i;
        int32_t sum = s[0] * c[0] + s[1] * c[1] + s[2] * c[2] + s[3] * c[3];
        dst[i] = (int16_t)((sum + 128) >> 8);
    }
}

static void filter_h8(const hy_h8 *h, int16_t *restrict dst, const uint8_t *restrict src)
{
    const int16_t *restrict coef = h->coef;
    for (int32_t i = 0; i < h->count; i++) {
        const uint8_t *s = src + h->first[i];
        int32_t sum = 128;
        for (int32_t k = 0; k < h->taps; k++) {
            sum += s[k] * coef[k];
        }
        dst[i] = (int16_t)(sum >> 8);
        coef += h->taps;
    }
}

static void prepare_h8(hy_h8 *h)
{
    h->run = h->taps == 4 ? filter_h8_4 : filter_h8;
}

static void blend8(uint8_t *restrict dst, const uint8_t *restrict src, int32_t alpha, int32_t count)
{
    const int32_t rest = 65536 - alpha;
    for (int32_t i = 0; i < count; i++) {
        dst[i] = (uint8_t)((dst[i] * rest + src[i] * alpha + 32768) >> 16);
    }
}

static void filter_v8_4(uint8_t *restrict dst, const int16_t *const *rows,
                        const int16_t *restrict coef, int32_t at, int32_t count)
{
    const int16_t *restrict r0 = rows[0] + at;
    const int16_t *restrict r1 = rows[1] + at;
    const int16_t *restrict r2 = rows[2] + at;
    const int16_t *restrict r3 = rows[3] + at;
    const int16_t c0 = coef[0];
    const int16_t c1 = coef[1];
    const int16_t c2 = coef[2];
    const int16_t c3 = coef[3];
    for (int32_t i = 0; i < count; i++) {
        int32_t sum = r0[i] * c0 + r1[i] * c1 + r2[i] * c2 + r3[i] * c3;
        dst[i] = (uint8_t)clip((sum + (1 << 19)) >> 20, 255);
    }
}

/* sum[i] = bias + sum over k of rows[k][at + i] * coef[k] */
static void sum_rows(int32_t *restrict sum, int32_t bias, const int16_t *const *rows,
                     const int16_t *restrict coef, int32_t taps, int32_t at, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        sum[i] = bias;
    }
    int32_t k = 0;
    for (; k + 1 < taps; k += 2) {
        const int16_t *restrict a = rows[k] + at;
        const int16_t *restrict b = rows[k + 1] + at;
        const int16_t ca = coef[k];
        const int16_t cb = coef[k + 1];
        for (int32_t i = 0; i < count; i++) {
            sum[i] += a[i] * ca + b[i] * cb;
        }
    }
    if (k < taps) {
        const int16_t *restrict a = rows[k] + at;
        const int16_t ca = coef[k];
        for (int32_t i = 0; i < count; i++) {
            sum[i] += a[i] * ca;
        }
    }
}

static void filter_v8_any(uint8_t *restrict dst, const int16_t *const *rows,
                          const int16_t *restrict coef, int32_t taps, int32_t at, int32_t count)
{
    int32_t sum[BLOCK];
    sum_rows(sum, 1 << 19, rows, coef, taps, at, count);
    for (int32_t i = 0; i < count; i++) {
        dst[i] = (uint8_t)clip(sum[i] >> 20, 255);
    }
}

static void filter_v8(uint8_t *restrict dst, const int16_t *const *rows,
                      const int16_t *restrict coef, int32_t taps, int32_t alpha, int32_t count)
{
    uint8_t block[BLOCK];
    for (int32_t at = 0; at < count; at += BLOCK) {
        int32_t n = count - at < BLOCK ? count - at : BLOCK;
        uint8_t *out = alpha == 65536 ? dst + at : block;
        if (taps == 4) {
            filter_v8_4(out, rows, coef, at, n);
        } else {
            filter_v8_any(out, rows, coef, taps, at, n);
        }
        if (out == block) {
            blend8(dst + at, block, alpha, n);
        }
    }
}

static void widen8(int16_t *restrict dst, const uint8_t *restrict src, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        dst[i] = (int16_t)(src[i] * 64);
    }
}

static void narrow8(uint8_t *restrict dst, const int16_t *restrict src, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        dst[i] = (uint8_t)clip((src[i] + 32) >> 6, 255);
    }
}

static void split_rgb8(int16_t *restrict dst, ptrdiff_t pitch, const uint8_t *restrict src,
                       int32_t count)
{
    for (int c = 0; c < 3; c++) {
        for (int32_t i = 0; i < count; i++) {
            dst[c * pitch + i] = (int16_t)(src[(ptrdiff_t)3 * i + c] * 64);
        }
    }
}

static void yuv_of(uint8_t *restrict y, int16_t *restrict u, int16_t *restrict v,
                   const hy_rgba64 *restrict pixels, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        y[i] = hy_luma_of(pixels[i]);
        u[i] = hy_chroma_u_of(pixels[i]);
        v[i] = hy_chroma_v_of(pixels[i]);
    }
}

static void filter_h14_4(int16_t *restrict dst, const int16_t *restrict src,
                         const int32_t *restrict first, const int16_t *restrict coef, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        const int16_t *s = src + first[i];
        const int16_t *c = coef + 4 * (int64_t)i;
        int32_t sum = s[0] * c[0] + s[1] * c[1] + s[2] * c[2] + s[3] * c[3];
        dst[i] = (int16_t)((sum + (1 << 13)) >> 14);
    }
}

static void filter_h14(int16_t *restrict dst, const int16_t *restrict src,
                       const int32_t *restrict first, const int16_t *restrict coef, int32_t taps,
                       int32_t count)
{
    if (taps == 4) {
        filter_h14_4(dst, src, first, coef, count);
        return;
    }
    const int32_t steps = taps / HY_TAPS_STEP;
    for (int32_t i = 0; i < count; i++) {
        const int16_t *s = src + first[i];
        int32_t sum = 0;
        for (int32_t k = 0; k < steps * HY_TAPS_STEP; k++) {
            sum += s[k] * coef[k];
        }
        dst[i] = (int16_t)((sum + (1 << 13)) >> 14);
        coef += taps;
    }
}

static void filter_v14(int16_t *restrict dst, const int16_t *const *rows,
                       const int16_t *restrict coef, int32_t taps, int32_t count)
{
    int32_t sum[BLOCK];
    for (int32_t at = 0; at < count; at += BLOCK) {
        int32_t n = count - at < BLOCK ? count - at : BLOCK;
        sum_rows(sum, 1 << 13, rows, coef, taps, at, n);
        for (int32_t i = 0; i < n; i++) {
            dst[at + i] = (int16_t)clip(sum[i] >> 14, HY_WHITE14);
        }
    }
}

const hy_kernels hy_kernels_c = {
    .name = "plain C",
    .prepare_h8 = prepare_h8,
    .filter_v8 = filter_v8,
    .widen8 = widen8,
    .narrow8 = narrow8,
    .blend8 = blend8,
    .split_rgb8 = split_rgb8,
    .yuv_of = yuv_of,
    .filter_h14 = filter_h14,
    .filter_v14 = filter_v14,
};
