/* SPDX-License-Identifier: MIT */
/*
 * Frames and assets with NEON, which every 64-bit ARM has. Across, 8 outputs are a group: for each
 * tap, 16 source bytes are loaded one further on and the same table picks the 8 that are
 * multiplied, so nothing is gathered. Ends of rows are done as one more vector that overlaps the
 * one before, or in C.
 */
#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "compositor/kernels/kernels.h"

#define GROUP  8
#define WINDOW 16 /* source bytes that a group reads for one tap */

typedef struct group {
    uint8_t pick[GROUP]; /* the first source byte of each output, from the window's start */
    int16_t coef[][GROUP];
} group;

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static size_t group_bytes(int32_t taps)
{
    return sizeof(group) + (size_t)taps * GROUP * sizeof(int16_t);
}

/* Windows come behind the groups: one per group. */
static int32_t *windows_of(const hy_h8 *h)
{
    int32_t groups = (h->count + GROUP - 1) / GROUP;
    return (int32_t *)((uint8_t *)h->work + (size_t)groups * group_bytes(h->taps));
}

/* False: a source sample lies outside the window. */
static bool place_output(const hy_h8 *h, group *g, int32_t window, int32_t i)
{
    int32_t at = i < h->count ? h->first[i] - window : 0;
    if (at < 0 || at >= WINDOW) {
        return false;
    }
    g->pick[i % GROUP] = (uint8_t)at;
    for (int32_t k = 0; k < h->taps; k++) {
        g->coef[k][i % GROUP] = i < h->count ? h->coef[(ptrdiff_t)i * h->taps + k] : 0;
    }
    return true;
}

static bool pack(const hy_h8 *h)
{
    int32_t *windows = windows_of(h);
    int32_t groups = (h->count + GROUP - 1) / GROUP;
    int32_t last = h->size - WINDOW - (h->taps - 1); /* that may be read */
    for (int32_t i = 0; i < groups * GROUP; i++) {
        group *g = (group *)((uint8_t *)h->work + (size_t)(i / GROUP) * group_bytes(h->taps));
        if (i % GROUP == 0) {
            windows[i / GROUP] = smaller(h->first[i], last);
        }
        if (!place_output(h, g, windows[i / GROUP], i)) {
            return false;
        }
    }
    return true;
}

static inline __attribute__((always_inline)) void run_taps(const hy_h8 *h, int16_t *dst,
                                                           const uint8_t *src, int32_t taps)
{
    const int32_t *window = windows_of(h);
    const uint8_t *packed = h->work;
    for (int32_t i = 0; i < h->count; i += GROUP) {
        const group *g = (const group *)packed;
        const uint8_t *from = src + *window++;
        const uint8x8_t pick = vld1_u8(g->pick);
        int32x4_t low = vdupq_n_s32(128);
        int32x4_t high = low;
        for (int32_t k = 0; k < taps; k++) {
            uint8x8_t bytes = vqtbl1_u8(vld1q_u8(from + k), pick);
            int16x8_t words = vreinterpretq_s16_u16(vmovl_u8(bytes));
            int16x8_t coef = vld1q_s16(g->coef[k]);
            low = vmlal_s16(low, vget_low_s16(words), vget_low_s16(coef));
            high = vmlal_high_s16(high, words, coef);
        }
        vst1q_s16(dst + i, vcombine_s16(vshrn_n_s32(low, 8), vshrn_n_s32(high, 8)));
        packed += group_bytes(taps);
    }
}

static void run4(const hy_h8 *h, int16_t *dst, const uint8_t *src)
{
    run_taps(h, dst, src, 4);
}

static void run_any(const hy_h8 *h, int16_t *dst, const uint8_t *src)
{
    run_taps(h, dst, src, h->taps);
}

static void prepare_h8(hy_h8 *h)
{
    bool is_packed = h->taps <= HY_PACKED_TAPS && h->size >= WINDOW + h->taps - 1 && pack(h);
    if (!is_packed) {
        hy_kernels_c.prepare_h8(h);
        return;
    }
    h->run = h->taps == 4 ? run4 : run_any;
}

/* Sums of 8 columns. */
typedef struct sums {
    int32x4_t low;
    int32x4_t high;
} sums;

static inline __attribute__((always_inline)) sums
sum_rows(const int16_t *const *rows, const int16_t *coef, int32_t taps, int32_t at, int32_t bias)
{
    sums s = {vdupq_n_s32(bias), vdupq_n_s32(bias)};
    for (int32_t k = 0; k < taps; k++) {
        int16x8_t row = vld1q_s16(rows[k] + at);
        s.low = vmlal_n_s16(s.low, vget_low_s16(row), coef[k]);
        s.high = vmlal_high_n_s16(s.high, row, coef[k]);
    }
    return s;
}

/* base + (difference * -weight + 32768 >> 16): the number of blend8, with the heavier one of the
 * two as the base, so that -weight, -32768..0, fits 16 bits. */
static inline int16x8_t lean(int16x8_t base, int16x8_t other, int16_t factor)
{
    int16x8_t difference = vsubq_s16(base, other);
    int32x4_t low = vmull_n_s16(vget_low_s16(difference), factor);
    int32x4_t high = vmull_high_n_s16(difference, factor);
    return vaddq_s16(base, vrshrn_high_n_s32(vrshrn_n_s32(low, 16), high, 16));
}

static inline uint8x8_t laid(uint8x8_t src, uint8x8_t dst, int32_t alpha)
{
    int16x8_t s = vreinterpretq_s16_u16(vmovl_u8(src));
    int16x8_t d = vreinterpretq_s16_u16(vmovl_u8(dst));
    return vqmovun_s16(alpha > 32768 ? lean(s, d, (int16_t)(alpha - 65536))
                                     : lean(d, s, (int16_t)-alpha));
}

static inline __attribute__((always_inline)) uint8x8_t filtered8(const uint8_t *dst,
                                                                 const int16_t *const *rows,
                                                                 const int16_t *coef, int32_t taps,
                                                                 int32_t alpha, int32_t at)
{
    sums s = sum_rows(rows, coef, taps, at, 1 << 19);
    int16x8_t words =
        vcombine_s16(vqmovn_s32(vshrq_n_s32(s.low, 20)), vqmovn_s32(vshrq_n_s32(s.high, 20)));
    uint8x8_t bytes = vqmovun_s16(words);
    return alpha == 65536 ? bytes : laid(bytes, vld1_u8(dst + at), alpha);
}

/* The last vector overlaps the one before; it is made first, from what dst holds then. */
static inline __attribute__((always_inline)) void filter_v8_of(uint8_t *dst,
                                                               const int16_t *const *rows,
                                                               const int16_t *coef, int32_t taps,
                                                               int32_t alpha, int32_t count)
{
    const int32_t end = count - 8;
    const uint8x8_t last = filtered8(dst, rows, coef, taps, alpha, end);
    for (int32_t i = 0; i < end; i += 8) {
        vst1_u8(dst + i, filtered8(dst, rows, coef, taps, alpha, i));
    }
    vst1_u8(dst + end, last);
}

static void filter_v8(uint8_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
                      int32_t alpha, int32_t count)
{
    if (count < 8) {
        hy_kernels_c.filter_v8(dst, rows, coef, taps, alpha, count);
    } else if (taps == 4) {
        const int16_t *const four[4] = {rows[0], rows[1], rows[2], rows[3]};
        const int16_t of[4] = {coef[0], coef[1], coef[2], coef[3]};
        filter_v8_of(dst, four, of, 4, alpha, count);
    } else {
        filter_v8_of(dst, rows, coef, taps, alpha, count);
    }
}

static void widen8(int16_t *dst, const uint8_t *src, int32_t count)
{
    int32_t i = 0;
    for (; i + 8 <= count; i += 8) {
        vst1q_s16(dst + i, vreinterpretq_s16_u16(vshll_n_u8(vld1_u8(src + i), 6)));
    }
    hy_kernels_c.widen8(dst + i, src + i, count - i);
}

static void narrow8(uint8_t *dst, const int16_t *src, int32_t count)
{
    int32_t i = 0;
    for (; i + 8 <= count; i += 8) {
        vst1_u8(dst + i, vqrshrun_n_s16(vld1q_s16(src + i), 6));
    }
    hy_kernels_c.narrow8(dst + i, src + i, count - i);
}

static void blend8(uint8_t *dst, const uint8_t *src, int32_t alpha, int32_t count)
{
    int32_t i = 0;
    if (alpha == 65536) {
        memcpy(dst, src, (size_t)count);
        return;
    }
    for (; i + 8 <= count; i += 8) {
        vst1_u8(dst + i, laid(vld1_u8(src + i), vld1_u8(dst + i), alpha));
    }
    hy_kernels_c.blend8(dst + i, src + i, alpha, count - i);
}

static void split_rgb8(int16_t *dst, ptrdiff_t pitch, const uint8_t *src, int32_t count)
{
    int32_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint8x8x3_t rgb = vld3_u8(src + (ptrdiff_t)3 * i);
        for (int c = 0; c < 3; c++) {
            vst1q_s16(dst + c * pitch + i, vreinterpretq_s16_u16(vshll_n_u8(rgb.val[c], 6)));
        }
    }
    hy_kernels_c.split_rgb8(dst + i, pitch, src + (ptrdiff_t)3 * i, count - i);
}

static inline uint16x4_t luma4(uint16x4_t r, uint16x4_t g, uint16x4_t b)
{
    uint32x4_t sum = vdupq_n_u32((16U << 24) + (1U << 23));
    sum = vmlal_n_u16(sum, r, 11919);
    sum = vmlal_n_u16(sum, g, 40098);
    return vmovn_u32(vshrq_n_u32(vmlal_n_u16(sum, b, 4048), 24));
}

/* (plus * a - minus * b - least * c + 2^18) >> 19 */
static inline int16x4_t chroma4(uint16x4_t a, uint16_t plus, uint16x4_t b, uint16_t minus,
                                uint16x4_t c, uint16_t least)
{
    uint32x4_t sum = vmlsl_n_u16(vmlsl_n_u16(vmull_n_u16(a, plus), b, minus), c, least);
    return vmovn_s32(vrshrq_n_s32(vreinterpretq_s32_u32(sum), 19));
}

static void yuv_of(uint8_t *y, int16_t *u, int16_t *v, const hy_rgba64 *pixels, int32_t count)
{
    int32_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint16x8x4_t p = vld4q_u16(&pixels[i].r);
        uint16x4_t r[2] = {vget_low_u16(p.val[0]), vget_high_u16(p.val[0])};
        uint16x4_t g[2] = {vget_low_u16(p.val[1]), vget_high_u16(p.val[1])};
        uint16x4_t b[2] = {vget_low_u16(p.val[2]), vget_high_u16(p.val[2])};
        vst1_u8(y + i, vmovn_u16(vcombine_u16(luma4(r[0], g[0], b[0]), luma4(r[1], g[1], b[1]))));
        for (int half = 0; half < 2; half++) {
            vst1_s16(u + i + 4 * half, chroma4(b[half], 28672, g[half], 22102, r[half], 6570));
            vst1_s16(v + i + 4 * half, chroma4(r[half], 28672, g[half], 26043, b[half], 2629));
        }
    }
    hy_kernels_c.yuv_of(y + i, u + i, v + i, pixels + i, count - i);
}

static void filter_h14(int16_t *dst, const int16_t *src, const int32_t *first, const int16_t *coef,
                       int32_t taps, int32_t count)
{
    if (taps % HY_TAPS_STEP != 0) {
        hy_kernels_c.filter_h14(dst, src, first, coef, taps, count);
        return;
    }
    for (int32_t i = 0; i < count; i++) {
        const int16_t *s = src + first[i];
        int32x4_t low = vdupq_n_s32(0);
        int32x4_t high = low;
        for (int32_t k = 0; k < taps; k += HY_TAPS_STEP) {
            int16x8_t samples = vld1q_s16(s + k);
            int16x8_t c = vld1q_s16(coef + k);
            low = vmlal_s16(low, vget_low_s16(samples), vget_low_s16(c));
            high = vmlal_high_s16(high, samples, c);
        }
        dst[i] = (int16_t)((vaddvq_s32(vaddq_s32(low, high)) + (1 << 13)) >> 14);
        coef += taps;
    }
}

static inline int16x8_t filtered14(const int16_t *const *rows, const int16_t *coef, int32_t taps,
                                   int32_t at)
{
    sums s = sum_rows(rows, coef, taps, at, 1 << 13);
    int16x8_t words = vcombine_s16(vqshrn_n_s32(s.low, 14), vqshrn_n_s32(s.high, 14));
    return vminq_s16(vmaxq_s16(words, vdupq_n_s16(0)), vdupq_n_s16(HY_WHITE14));
}

static void filter_v14(int16_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
                       int32_t count)
{
    if (count < 8) {
        hy_kernels_c.filter_v14(dst, rows, coef, taps, count);
        return;
    }
    for (int32_t i = 0; i < count; i += 8) {
        int32_t at = smaller(i, count - 8);
        vst1q_s16(dst + at, filtered14(rows, coef, taps, at));
    }
}

const hy_kernels hy_kernels_neon = {
    .name = "NEON",
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
