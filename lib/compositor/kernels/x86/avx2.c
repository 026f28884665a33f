/* SPDX-License-Identifier: MIT */
/*
 * Frames with AVX2. Across, 16 outputs are a group: each half of the registers takes the 16 source
 * bytes that its 8 outputs lie in, spreads them to pairs of taps and multiplies pair by pair, so
 * nothing is gathered. Down, rows are interleaved in pairs. Ends of rows are done as one more
 * vector that overlaps the one before, or in C.
 */
#include "avx2.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define GROUP  16
#define WINDOW 16 /* source bytes of half a group */

/* Vector v, place p of a group is output 4 * v + 8 * (p / 4) + p % 4: as packing leaves them. */
typedef struct group {
    uint32_t spread[2][8]; /* shuffle: two neighbouring bytes, each widened to 16 bits */
    int16_t coef[][2][16]; /* per pair of taps: vectors of pairs */
} group;

static size_t group_bytes(int32_t taps)
{
    return sizeof(group) + (size_t)taps / 2 * 64;
}

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* The first source sample of outputs i .. i + 7; past the end any that may be read. */
static int32_t window_of(const hy_h8 *h, int32_t i)
{
    return i < h->count ? smaller(h->first[i], h->size - h->taps + 2 - WINDOW) : 0;
}

/* False: a source sample lies outside the window. */
static bool place_output(const hy_h8 *h, group *g, int32_t window, int32_t i)
{
    int32_t at = i < h->count ? h->first[i] - window : 0;
    if (at < 0 || at + 1 >= WINDOW) {
        return false;
    }
    int v = i >> 2 & 1;
    int p = (i >> 3 & 1) * 4 + (i & 3);
    g->spread[v][p] = (uint32_t)at | (uint32_t)(at + 1) << 16 | 0x80008000U;
    for (int32_t pair = 0; pair < h->taps / 2; pair++) {
        int16_t *coef = g->coef[pair][v] + (ptrdiff_t)2 * p;
        const int16_t *from = h->coef + (ptrdiff_t)i * h->taps + (ptrdiff_t)2 * pair;
        coef[0] = i < h->count ? from[0] : 0;
        coef[1] = i < h->count ? from[1] : 0;
    }
    return true;
}

/* Windows come behind the groups: two per group. */
static int32_t *windows_of(const hy_h8 *h)
{
    int32_t groups = (h->count + GROUP - 1) / GROUP;
    return (int32_t *)((uint8_t *)h->work + (size_t)groups * group_bytes(h->taps));
}

static bool pack(const hy_h8 *h)
{
    int32_t *windows = windows_of(h);
    int32_t groups = (h->count + GROUP - 1) / GROUP;
    for (int32_t i = 0; i < groups * GROUP; i++) {
        group *g = (group *)((uint8_t *)h->work + (size_t)(i / GROUP) * group_bytes(h->taps));
        if (i % 8 == 0) {
            windows[i / 8] = window_of(h, i);
        }
        if (!place_output(h, g, windows[i / 8], i)) {
            return false;
        }
    }
    return true;
}

static inline __m256i load_halves(const uint8_t *low, const uint8_t *high)
{
    __m128i first = _mm_loadu_si128((const __m128i *)low);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(first),
                                   _mm_loadu_si128((const __m128i *)high), 1);
}

static inline __m256i load(const void *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

static inline __attribute__((always_inline)) void run_pairs(const hy_h8 *h, int16_t *dst,
                                                            const uint8_t *src, int pairs)
{
    const int32_t *window = windows_of(h);
    const uint8_t *packed = h->work;
    const __m256i half = _mm256_set1_epi32(128);
    for (int32_t i = 0; i < h->count; i += GROUP) {
        const group *g = (const group *)packed;
        const uint8_t *low = src + window[0];
        const uint8_t *high = src + window[1];
        const __m256i spread_x = load(g->spread[0]);
        const __m256i spread_y = load(g->spread[1]);
        __m256i x = half;
        __m256i y = half;
        for (int k = 0; k < pairs; k++) {
            __m256i bytes = load_halves(low + 2 * k, high + 2 * k);
            __m256i in_x = _mm256_shuffle_epi8(bytes, spread_x);
            __m256i in_y = _mm256_shuffle_epi8(bytes, spread_y);
            x = _mm256_add_epi32(x, _mm256_madd_epi16(in_x, load(g->coef[k][0])));
            y = _mm256_add_epi32(y, _mm256_madd_epi16(in_y, load(g->coef[k][1])));
        }
        __m256i words = _mm256_packs_epi32(_mm256_srai_epi32(x, 8), _mm256_srai_epi32(y, 8));
        _mm256_storeu_si256((__m256i *)(dst + i), words);
        packed += sizeof(group) + (size_t)pairs * 64;
        window += 2;
    }
}

static void run4(const hy_h8 *h, int16_t *dst, const uint8_t *src)
{
    run_pairs(h, dst, src, 2);
}

static void run6(const hy_h8 *h, int16_t *dst, const uint8_t *src)
{
    run_pairs(h, dst, src, 3);
}

static void run8(const hy_h8 *h, int16_t *dst, const uint8_t *src)
{
    run_pairs(h, dst, src, 4);
}

void hy_avx2_prepare_h8(hy_h8 *h)
{
    bool is_packed = (h->taps == 4 || h->taps == 6 || h->taps == 8) &&
                     h->size >= WINDOW + h->taps - 2 && pack(h);
    if (!is_packed) {
        hy_kernels_c.prepare_h8(h);
        return;
    }
    h->run = h->taps == 4 ? run4 : h->taps == 6 ? run6 : run8;
}

/* Rows a and b of 16 columns, times a pair of coefficients, on top of two sums. */
static inline void add_pair(__m256i *low, __m256i *high, __m256i a, __m256i b, __m256i coef)
{
    *low = _mm256_add_epi32(*low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), coef));
    *high = _mm256_add_epi32(*high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), coef));
}

static inline __m256i pair_of(int16_t a, int16_t b)
{
    return _mm256_set1_epi32((int32_t)((uint32_t)(uint16_t)a | (uint32_t)(uint16_t)b << 16));
}

static inline __m256i sum16(const int16_t *const *rows, const int16_t *coef, int32_t taps,
                            int32_t at)
{
    __m256i low = _mm256_set1_epi32(1 << 19);
    __m256i high = low;
    int32_t k = 0;
    for (; k + 1 < taps; k += 2) {
        add_pair(&low, &high, load(rows[k] + at), load(rows[k + 1] + at),
                 pair_of(coef[k], coef[k + 1]));
    }
    if (k < taps) {
        add_pair(&low, &high, load(rows[k] + at), _mm256_setzero_si256(), pair_of(coef[k], 0));
    }
    return _mm256_packs_epi32(_mm256_srai_epi32(low, 20), _mm256_srai_epi32(high, 20));
}

/* Two vectors of words as bytes, cut to 0..255, in order. */
static inline __m256i bytes_of(__m256i low, __m256i high)
{
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(low, high), 0xd8);
}

/* How a source is laid over what is there. The heavier one of the two is the base, to which a part
 * of the difference is added: base + ((base - other) * -weight + 32768 >> 16) is the same number as
 * blend8's, and -weight, -32768..0, fits 16 bits. */
typedef enum laying {
    LAY_ALONE, /* alpha is 1 */
    LAY_ON_SRC,
    LAY_ON_DST
} laying;

static inline laying laying_of(int32_t alpha)
{
    return alpha == 65536 ? LAY_ALONE : alpha > 32768 ? LAY_ON_SRC : LAY_ON_DST;
}

static inline __m256i factor_of(int32_t alpha)
{
    return _mm256_set1_epi16((int16_t)(alpha > 32768 ? alpha - 65536 : -alpha));
}

/* The rounding bit is the highest one of the product's low half. */
static inline __m256i lean(__m256i base, __m256i other, __m256i factor)
{
    __m256i difference = _mm256_sub_epi16(base, other);
    __m256i high = _mm256_mulhi_epi16(difference, factor);
    __m256i round = _mm256_srli_epi16(_mm256_mullo_epi16(difference, factor), 15);
    return _mm256_add_epi16(_mm256_add_epi16(base, high), round);
}

static inline __m256i lay(__m256i src, __m256i dst, __m256i factor, laying how)
{
    return how == LAY_ON_SRC ? lean(src, dst, factor) : lean(dst, src, factor);
}

/* Words of 16 bytes. */
static inline __m256i widened(const uint8_t *at)
{
    return _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)at));
}

static inline __m256i cut8(__m256i words)
{
    return _mm256_min_epi16(_mm256_max_epi16(words, _mm256_setzero_si256()),
                            _mm256_set1_epi16(255));
}

/* A vertical filter of 32 columns, laid over those of dst. */
static inline __attribute__((always_inline)) __m256i
filtered32(const uint8_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
           __m256i factor, laying how, int32_t at)
{
    __m256i low = sum16(rows, coef, taps, at);
    __m256i high = sum16(rows, coef, taps, at + 16);
    if (how != LAY_ALONE) {
        low = lay(cut8(low), widened(dst + at), factor, how);
        high = lay(cut8(high), widened(dst + at + 16), factor, how);
    }
    return bytes_of(low, high);
}

/* The last vector overlaps the one before; it is made first, from what dst holds then. */
static inline __attribute__((always_inline)) void
filter_v8(uint8_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
          __m256i factor, laying how, int32_t count)
{
    const int32_t end = count - 32;
    const __m256i last = filtered32(dst, rows, coef, taps, factor, how, end);
    for (int32_t i = 0; i < end; i += 32) {
        _mm256_storeu_si256((__m256i *)(dst + i),
                            filtered32(dst, rows, coef, taps, factor, how, i));
    }
    _mm256_storeu_si256((__m256i *)(dst + end), last);
}

static inline __attribute__((always_inline)) void filter_v8_laid(uint8_t *dst,
                                                                 const int16_t *const *rows,
                                                                 const int16_t *coef, int32_t taps,
                                                                 int32_t alpha, int32_t count)
{
    const __m256i factor = factor_of(alpha);
    switch (laying_of(alpha)) {
    case LAY_ALONE:
        filter_v8(dst, rows, coef, taps, factor, LAY_ALONE, count);
        break;
    case LAY_ON_SRC:
        filter_v8(dst, rows, coef, taps, factor, LAY_ON_SRC, count);
        break;
    case LAY_ON_DST:
        filter_v8(dst, rows, coef, taps, factor, LAY_ON_DST, count);
        break;
    }
}

static void filter_v8_any(uint8_t *dst, const int16_t *const *rows, const int16_t *coef,
                          int32_t taps, int32_t alpha, int32_t count)
{
    if (count < 32) {
        hy_kernels_c.filter_v8(dst, rows, coef, taps, alpha, count);
    } else if (taps == 4) {
        const int16_t *const four[4] = {rows[0], rows[1], rows[2], rows[3]};
        const int16_t of[4] = {coef[0], coef[1], coef[2], coef[3]};
        filter_v8_laid(dst, four, of, 4, alpha, count);
    } else {
        filter_v8_laid(dst, rows, coef, taps, alpha, count);
    }
}

void hy_avx2_widen8(int16_t *dst, const uint8_t *src, int32_t count)
{
    if (count < 16) {
        hy_kernels_c.widen8(dst, src, count);
        return;
    }
    for (int32_t i = 0; i < count; i += 16) {
        int32_t at = smaller(i, count - 16);
        _mm256_storeu_si256((__m256i *)(dst + at), _mm256_slli_epi16(widened(src + at), 6));
    }
}

static inline __m256i narrow16(const int16_t *src)
{
    return _mm256_srai_epi16(_mm256_adds_epi16(load(src), _mm256_set1_epi16(32)), 6);
}

void hy_avx2_narrow8(uint8_t *dst, const int16_t *src, int32_t count)
{
    if (count < 32) {
        hy_kernels_c.narrow8(dst, src, count);
        return;
    }
    for (int32_t i = 0; i < count; i += 32) {
        int32_t at = smaller(i, count - 32);
        __m256i bytes = bytes_of(narrow16(src + at), narrow16(src + at + 16));
        _mm256_storeu_si256((__m256i *)(dst + at), bytes);
    }
}

static inline __m256i blended32(const uint8_t *dst, const uint8_t *src, __m256i factor, laying how)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i d = load(dst);
    __m256i s = load(src);
    return _mm256_packus_epi16(
        lay(_mm256_unpacklo_epi8(s, zero), _mm256_unpacklo_epi8(d, zero), factor, how),
        lay(_mm256_unpackhi_epi8(s, zero), _mm256_unpackhi_epi8(d, zero), factor, how));
}

static inline __attribute__((always_inline)) void blend8(uint8_t *dst, const uint8_t *src,
                                                         __m256i factor, laying how, int32_t count)
{
    const int32_t end = count - 32;
    const __m256i last = blended32(dst + end, src + end, factor, how);
    for (int32_t i = 0; i < end; i += 32) {
        _mm256_storeu_si256((__m256i *)(dst + i), blended32(dst + i, src + i, factor, how));
    }
    _mm256_storeu_si256((__m256i *)(dst + end), last);
}

void hy_avx2_blend8(uint8_t *dst, const uint8_t *src, int32_t alpha, int32_t count)
{
    if (alpha == 65536) {
        memcpy(dst, src, (size_t)count);
    } else if (count < 32) {
        hy_kernels_c.blend8(dst, src, alpha, count);
    } else if (laying_of(alpha) == LAY_ON_SRC) {
        blend8(dst, src, factor_of(alpha), LAY_ON_SRC, count);
    } else {
        blend8(dst, src, factor_of(alpha), LAY_ON_DST, count);
    }
}

const hy_kernels hy_kernels_avx2 = {
    .name = "AVX2",
    .prepare_h8 = hy_avx2_prepare_h8,
    .filter_v8 = filter_v8_any,
    .widen8 = hy_avx2_widen8,
    .narrow8 = hy_avx2_narrow8,
    .blend8 = hy_avx2_blend8,
    .split_rgb8 = hy_avx2_split_rgb8,
    .yuv_of = hy_avx2_yuv_of,
    .filter_h14 = hy_avx2_filter_h14,
    .filter_v14 = hy_avx2_filter_v14,
};
