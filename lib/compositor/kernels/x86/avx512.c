/* SPDX-License-Identifier: MIT */
/*
 * Frames and assets with AVX-512 (F, BW, VL, VBMI, VNNI). Across, 32 outputs are a group: one load
 * of 64 source bytes, one permutation per 16 outputs that lays out 4 taps each, and dot products of
 * bytes. For these a coefficient is split into high * 256 + low, both signed bytes; the high part
 * passes the rounding shift unharmed. Ends of rows are masked.
 */
#include <immintrin.h>
#include <stdbool.h>

#include "avx2.h"

#define GROUP  32
#define WINDOW 64 /* source bytes of a group */
#define QUAD   4  /* taps of one dot product */

/* Vector v, place p of a group is output 4 * v + 8 * (p / 4) + p % 4: as packing leaves them. */
typedef struct group {
    uint8_t spread[2][16][QUAD]; /* permutation: the source bytes of each output */
    struct {
        int8_t high[16][QUAD];
        int8_t low[16][QUAD];
    } coef[][2]; /* per four taps: vectors of outputs */
} group;

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static int32_t quads_of(int32_t taps)
{
    return (taps + QUAD - 1) / QUAD;
}

static size_t group_bytes(int32_t taps)
{
    return sizeof(group) + (size_t)quads_of(taps) * 256;
}

/* Windows come behind the groups: one per group. */
static int32_t *windows_of(const hy_h8 *h)
{
    int32_t groups = (h->count + GROUP - 1) / GROUP;
    return (int32_t *)((uint8_t *)h->work + (size_t)groups * group_bytes(h->taps));
}

/* Where the taps of output i begin once there are four or eight of them: not so far right that they
 * end behind the row. */
static int32_t start_of(const hy_h8 *h, int32_t i)
{
    return smaller(h->first[i], h->size - QUAD * quads_of(h->taps));
}

/* False: a source sample lies outside the window. */
static bool place_output(const hy_h8 *h, group *g, int32_t window, int32_t i)
{
    const int v = i >> 2 & 1;
    const int p = (i >> 3 & 3) * 4 + (i & 3);
    const int32_t start = i < h->count ? start_of(h, i) : window;
    const int32_t at = start - window;
    if (at < 0 || at + QUAD > WINDOW) {
        return false;
    }
    for (int32_t k = 0; k < QUAD * quads_of(h->taps); k++) {
        int32_t tap = i < h->count ? k - (h->first[i] - start) : -1;
        int32_t c = tap >= 0 && tap < h->taps ? h->coef[(ptrdiff_t)i * h->taps + tap] : 0;
        int32_t high = (c + 128) >> 8;
        g->coef[k / QUAD][v].high[p][k % QUAD] = (int8_t)high;
        g->coef[k / QUAD][v].low[p][k % QUAD] = (int8_t)(c - high * 256);
        g->spread[v][p][k % QUAD] = (uint8_t)(at + k % QUAD);
    }
    return true;
}

static bool pack(const hy_h8 *h)
{
    int32_t *windows = windows_of(h);
    int32_t groups = (h->count + GROUP - 1) / GROUP;
    int32_t last = h->size - WINDOW - QUAD * (quads_of(h->taps) - 1); /* that may be read */
    for (int32_t i = 0; i < groups * GROUP; i++) {
        group *g = (group *)((uint8_t *)h->work + (size_t)(i / GROUP) * group_bytes(h->taps));
        if (i % GROUP == 0) {
            windows[i / GROUP] = smaller(start_of(h, i), last);
        }
        if (!place_output(h, g, windows[i / GROUP], i)) {
            return false;
        }
    }
    return true;
}

/* ((sum of byte * coefficient) + 128) >> 8, 16 outputs. */
static inline __m512i shifted_sum(__m512i high, __m512i low)
{
    return _mm512_add_epi32(high, _mm512_srai_epi32(low, 8));
}

static inline __attribute__((always_inline)) void run_quads(const hy_h8 *h, int16_t *dst,
                                                            const uint8_t *src, int quads)
{
    const int32_t *window = windows_of(h);
    const uint8_t *packed = h->work;
    const __m512i half = _mm512_set1_epi32(128);
    for (int32_t i = 0; i < h->count; i += GROUP) {
        const group *g = (const group *)packed;
        const uint8_t *from = src + *window++;
        const __m512i spread_x = _mm512_loadu_si512(g->spread[0]);
        const __m512i spread_y = _mm512_loadu_si512(g->spread[1]);
        __m512i high_x = _mm512_setzero_si512();
        __m512i high_y = high_x;
        __m512i low_x = half;
        __m512i low_y = half;
        for (int k = 0; k < quads; k++) {
            __m512i bytes = _mm512_loadu_si512(from + (ptrdiff_t)QUAD * k);
            __m512i x = _mm512_permutexvar_epi8(spread_x, bytes);
            __m512i y = _mm512_permutexvar_epi8(spread_y, bytes);
            high_x = _mm512_dpbusd_epi32(high_x, x, _mm512_loadu_si512(g->coef[k][0].high));
            low_x = _mm512_dpbusd_epi32(low_x, x, _mm512_loadu_si512(g->coef[k][0].low));
            high_y = _mm512_dpbusd_epi32(high_y, y, _mm512_loadu_si512(g->coef[k][1].high));
            low_y = _mm512_dpbusd_epi32(low_y, y, _mm512_loadu_si512(g->coef[k][1].low));
        }
        __m512i words = _mm512_packs_epi32(shifted_sum(high_x, low_x), shifted_sum(high_y, low_y));
        _mm512_storeu_si512(dst + i, words);
        packed += sizeof(group) + (size_t)quads * 256;
    }
}

static void run4(const hy_h8 *h, int16_t *dst, const uint8_t *src)
{
    run_quads(h, dst, src, 1);
}

static void run8(const hy_h8 *h, int16_t *dst, const uint8_t *src)
{
    run_quads(h, dst, src, 2);
}

static void prepare_h8(hy_h8 *h)
{
    bool is_packed = h->taps >= 4 && h->taps <= HY_PACKED_TAPS && h->count > 0 &&
                     h->size >= WINDOW + QUAD && pack(h);
    if (!is_packed) {
        hy_avx2_prepare_h8(h);
        return;
    }
    h->run = h->taps == 4 ? run4 : run8;
}

static inline __m512i pair_of(int16_t a, int16_t b)
{
    return _mm512_set1_epi32((int32_t)((uint32_t)(uint16_t)a | (uint32_t)(uint16_t)b << 16));
}

/* 32 columns of rows a and b, times a pair of coefficients, on top of two sums. */
static inline void add_pair(__m512i *low, __m512i *high, __m512i a, __m512i b, __m512i coef)
{
    *low = _mm512_dpwssd_epi32(*low, _mm512_unpacklo_epi16(a, b), coef);
    *high = _mm512_dpwssd_epi32(*high, _mm512_unpackhi_epi16(a, b), coef);
}

/* Columns at .. at + 31 of all rows, weighted: (half + sum) >> bits as words. */
static inline __attribute__((always_inline)) __m512i sum32(const int16_t *const *rows,
                                                           const int16_t *coef, int32_t taps,
                                                           int32_t at, int bits, __mmask32 mask)
{
    __m512i low = _mm512_set1_epi32(1 << (bits - 1));
    __m512i high = low;
    int32_t k = 0;
    for (; k + 1 < taps; k += 2) {
        add_pair(&low, &high, _mm512_maskz_loadu_epi16(mask, rows[k] + at),
                 _mm512_maskz_loadu_epi16(mask, rows[k + 1] + at), pair_of(coef[k], coef[k + 1]));
    }
    if (k < taps) {
        add_pair(&low, &high, _mm512_maskz_loadu_epi16(mask, rows[k] + at), _mm512_setzero_si512(),
                 pair_of(coef[k], 0));
    }
    return _mm512_packs_epi32(_mm512_srai_epi32(low, bits), _mm512_srai_epi32(high, bits));
}

/* The lowest `count` bits, 0..32. */
static inline __mmask32 first_of(int32_t count)
{
    return count >= 32 ? 0xffffffffU : count <= 0 ? 0 : (1U << count) - 1;
}

/* Laying over, as in avx2.c: the heavier one of the two is the base, and -weight fits 16 bits. */
typedef enum laying {
    LAY_ALONE, /* alpha is 1 */
    LAY_ON_SRC,
    LAY_ON_DST
} laying;

/* The rounding bit is the highest one of the product's low half. */
static inline __m512i lean(__m512i base, __m512i other, __m512i factor)
{
    __m512i difference = _mm512_sub_epi16(base, other);
    __m512i high = _mm512_mulhi_epi16(difference, factor);
    __m512i round = _mm512_srli_epi16(_mm512_mullo_epi16(difference, factor), 15);
    return _mm512_add_epi16(_mm512_add_epi16(base, high), round);
}

static inline __attribute__((always_inline)) __m512i lay(__m512i src, const uint8_t *dst,
                                                         __mmask32 mask, __m512i factor, laying how)
{
    __m512i below = _mm512_cvtepu8_epi16(_mm256_maskz_loadu_epi8(mask, dst));
    src = _mm512_min_epi16(_mm512_max_epi16(src, _mm512_setzero_si512()), _mm512_set1_epi16(255));
    return how == LAY_ON_SRC ? lean(src, below, factor) : lean(below, src, factor);
}

/* 64 columns, those in `mask`, of a vertical filter, laid over those of dst. */
static inline __attribute__((always_inline)) void filter64(uint8_t *dst, const int16_t *const *rows,
                                                           const int16_t *coef, int32_t taps,
                                                           __m512i factor, laying how, int32_t at,
                                                           __mmask64 mask)
{
    const __m512i order = _mm512_setr_epi64(0, 2, 4, 6, 1, 3, 5, 7);
    const __mmask32 low_mask = (__mmask32)mask;
    const __mmask32 high_mask = (__mmask32)(mask >> 32);
    __m512i low = sum32(rows, coef, taps, at, 20, low_mask);
    __m512i high = sum32(rows, coef, taps, at + 32, 20, high_mask);
    if (how != LAY_ALONE) {
        low = lay(low, dst + at, low_mask, factor, how);
        high = lay(high, dst + at + 32, high_mask, factor, how);
    }
    __m512i bytes = _mm512_permutexvar_epi64(order, _mm512_packus_epi16(low, high));
    _mm512_mask_storeu_epi8(dst + at, mask, bytes);
}

static inline __attribute__((always_inline)) void
filter_v8(uint8_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
          __m512i factor, laying how, int32_t count)
{
    int32_t i = 0;
    for (; i + 64 <= count; i += 64) {
        filter64(dst, rows, coef, taps, factor, how, i, ~(__mmask64)0);
    }
    if (i < count) {
        filter64(dst, rows, coef, taps, factor, how, i, ((__mmask64)1 << (count - i)) - 1);
    }
}

static inline __attribute__((always_inline)) void filter_v8_laid(uint8_t *dst,
                                                                 const int16_t *const *rows,
                                                                 const int16_t *coef, int32_t taps,
                                                                 int32_t alpha, int32_t count)
{
    if (alpha == 65536) {
        filter_v8(dst, rows, coef, taps, _mm512_setzero_si512(), LAY_ALONE, count);
    } else if (alpha > 32768) {
        __m512i factor = _mm512_set1_epi16((int16_t)(alpha - 65536));
        filter_v8(dst, rows, coef, taps, factor, LAY_ON_SRC, count);
    } else {
        __m512i factor = _mm512_set1_epi16((int16_t)-alpha);
        filter_v8(dst, rows, coef, taps, factor, LAY_ON_DST, count);
    }
}

static void filter_v8_any(uint8_t *dst, const int16_t *const *rows, const int16_t *coef,
                          int32_t taps, int32_t alpha, int32_t count)
{
    if (taps == 4) {
        const int16_t *const four[4] = {rows[0], rows[1], rows[2], rows[3]};
        const int16_t of[4] = {coef[0], coef[1], coef[2], coef[3]};
        filter_v8_laid(dst, four, of, 4, alpha, count);
    } else {
        filter_v8_laid(dst, rows, coef, taps, alpha, count);
    }
}

static void filter_v14(int16_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
                       int32_t count)
{
    const __m512i white = _mm512_set1_epi16(HY_WHITE14);
    for (int32_t i = 0; i < count; i += 32) {
        __mmask32 mask = first_of(count - i);
        __m512i words = sum32(rows, coef, taps, i, 14, mask);
        words = _mm512_min_epi16(_mm512_max_epi16(words, _mm512_setzero_si512()), white);
        _mm512_mask_storeu_epi16(dst + i, mask, words);
    }
}

const hy_kernels hy_kernels_avx512 = {
    .name = "AVX-512",
    .prepare_h8 = prepare_h8,
    .filter_v8 = filter_v8_any,
    .widen8 = hy_avx2_widen8,
    .narrow8 = hy_avx2_narrow8,
    .blend8 = hy_avx2_blend8,
    .split_rgb8 = hy_avx2_split_rgb8,
    .yuv_of = hy_avx2_yuv_of,
    .filter_h14 = hy_avx2_filter_h14,
    .filter_v14 = filter_v14,
};
