/* SPDX-License-Identifier: MIT */
/*
 * Assets with AVX2. Colours are weighted with pairs of products. Across, the taps of four outputs
 * are multiplied each in registers of its own and only then added up; down, rows are interleaved in
 * pairs.
 */
#include <immintrin.h>

#include "avx2.h"

static inline __m256i load(const void *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

static inline void store(void *at, __m256i value)
{
    _mm256_storeu_si256((__m256i *)at, value);
}

static inline __m128i load_half(const void *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

/* ---- Rows of a photo, and the result's pixels ---- */

/* Two windows of 16 bytes, 24 apart: 8 pixels begin at each. */
static inline __m256i load_windows(const uint8_t *at)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load_half(at)), load_half(at + 24), 1);
}

/* Channel c of 16 pixels times 64: of every 8 pixels, 5 lie in the first 16 of their 24 bytes and
 * the others in the last 16. Bytes become the high halves of words. */
static inline __m256i channel16(__m256i first, __m256i last, int c)
{
    const __m128i five = _mm_setr_epi8(-1, (char)c, -1, (char)(c + 3), -1, (char)(c + 6), -1,
                                       (char)(c + 9), -1, (char)(c + 12), -1, -1, -1, -1, -1, -1);
    const __m128i three = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, (char)(c + 7),
                                        -1, (char)(c + 10), -1, (char)(c + 13));
    __m256i words = _mm256_or_si256(_mm256_shuffle_epi8(first, _mm256_broadcastsi128_si256(five)),
                                    _mm256_shuffle_epi8(last, _mm256_broadcastsi128_si256(three)));
    return _mm256_srli_epi16(words, 2);
}

void hy_avx2_split_rgb8(int16_t *dst, ptrdiff_t pitch, const uint8_t *src, int32_t count)
{
    if (count < 16) {
        hy_kernels_c.split_rgb8(dst, pitch, src, count);
        return;
    }
    for (int32_t i = 0; i < count; i += 16) {
        int32_t at = i < count - 16 ? i : count - 16;
        const uint8_t *from = src + (ptrdiff_t)3 * at;
        __m256i first = load_windows(from);
        __m256i last = load_windows(from + 8);
        store(dst + at, channel16(first, last, 0));
        store(dst + pitch + at, channel16(first, last, 1));
        store(dst + 2 * pitch + at, channel16(first, last, 2));
    }
}

/* The same four words for every pixel. */
static inline __m256i weights(int16_t r, int16_t g, int16_t b, int16_t a)
{
    return _mm256_setr_epi16(r, g, b, a, r, g, b, a, r, g, b, a, r, g, b, a);
}

/* Weighted sums of 8 pixels, in order but for the halves: 0, 1, 4, 5, 2, 3, 6, 7. */
static inline __m256i weigh(__m256i low, __m256i high, __m256i by)
{
    return _mm256_hadd_epi32(_mm256_madd_epi16(low, by), _mm256_madd_epi16(high, by));
}

/* Eight 32-bit numbers in the order of weigh as 16-bit ones in the right order. */
static inline __m128i ordered16(__m256i sums)
{
    sums = _mm256_permute4x64_epi64(sums, 0xd8);
    return _mm_packs_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
}

static inline __m128i chroma8(__m256i low, __m256i high, __m256i by)
{
    __m256i sums = _mm256_add_epi32(weigh(low, high, by), _mm256_set1_epi32(1 << 18));
    return ordered16(_mm256_srai_epi32(sums, 19));
}

/*
 * Samples are made signed by taking 32768 off. That cancels out in chroma, whose weights sum to 0;
 * to luma it is added again. Green's weight there does not fit 16 bits: two halves of it are
 * applied to red, green | green, blue.
 */
static inline void yuv8(uint8_t *y, int16_t *u, int16_t *v, const hy_rgba64 *pixels)
{
    const __m256i sign = _mm256_set1_epi16(-32768);
    const __m256i twice = _mm256_setr_epi8(0, 1, 2, 3, 2, 3, 4, 5, 8, 9, 10, 11, 10, 11, 12, 13, 0,
                                           1, 2, 3, 2, 3, 4, 5, 8, 9, 10, 11, 10, 11, 12, 13);
    const uint32_t back = (11919U + 40098U + 4048U) << 15;
    const __m256i bias = _mm256_set1_epi32((int32_t)(back + (16U << 24) + (1U << 23)));
    __m256i low = _mm256_xor_si256(load(pixels), sign);
    __m256i high = _mm256_xor_si256(load(pixels + 4), sign);
    __m256i luma = weigh(_mm256_shuffle_epi8(low, twice), _mm256_shuffle_epi8(high, twice),
                         weights(11919, 20049, 20049, 4048));
    __m128i words = ordered16(_mm256_srli_epi32(_mm256_add_epi32(luma, bias), 24));
    _mm_storel_epi64((__m128i *)y, _mm_packus_epi16(words, words));
    _mm_storeu_si128((__m128i *)u, chroma8(low, high, weights(-6570, -22102, 28672, 0)));
    _mm_storeu_si128((__m128i *)v, chroma8(low, high, weights(28672, -26043, -2629, 0)));
}

void hy_avx2_yuv_of(uint8_t *y, int16_t *u, int16_t *v, const hy_rgba64 *pixels, int32_t count)
{
    if (count < 8) {
        hy_kernels_c.yuv_of(y, u, v, pixels, count);
        return;
    }
    for (int32_t i = 0; i < count; i += 8) {
        int32_t at = i < count - 8 ? i : count - 8;
        yuv8(y + at, u + at, v + at, pixels + at);
    }
}

/* ---- Resizing ---- */

/* Sums of 8 of the products of one output; the taps are a multiple of HY_TAPS_STEP. */
static inline __attribute__((always_inline)) __m256i dot(const int16_t *src, const int16_t *coef,
                                                         int32_t taps)
{
    __m256i sum = _mm256_setzero_si256();
    int32_t k = 0;
    for (; k + 16 <= taps; k += 16) {
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load(src + k), load(coef + k)));
    }
    if (k < taps) {
        __m128i last = _mm_madd_epi16(load_half(src + k), load_half(coef + k));
        sum = _mm256_add_epi32(sum, _mm256_zextsi128_si256(last));
    }
    return sum;
}

/* Outputs i .. i + 3 as sums of 32 bits. */
static inline __attribute__((always_inline)) __m128i dot4(const int16_t *src, const int32_t *first,
                                                          const int16_t *coef, int32_t taps)
{
    __m256i s0 = dot(src + first[0], coef, taps);
    __m256i s1 = dot(src + first[1], coef + taps, taps);
    __m256i s2 = dot(src + first[2], coef + 2 * (ptrdiff_t)taps, taps);
    __m256i s3 = dot(src + first[3], coef + 3 * (ptrdiff_t)taps, taps);
    __m256i four = _mm256_hadd_epi32(_mm256_hadd_epi32(s0, s1), _mm256_hadd_epi32(s2, s3));
    __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
    return _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << 13)), 14);
}

static inline __attribute__((always_inline)) void filter_h14(int16_t *dst, const int16_t *src,
                                                             const int32_t *first,
                                                             const int16_t *coef, int32_t taps,
                                                             int32_t count)
{
    for (int32_t i = 0; i < count; i += 8) {
        int32_t at = i < count - 8 ? i : count - 8;
        const int16_t *c = coef + (ptrdiff_t)at * taps;
        __m128i low = dot4(src, first + at, c, taps);
        __m128i high = dot4(src, first + at + 4, c + 4 * (ptrdiff_t)taps, taps);
        _mm_storeu_si128((__m128i *)(dst + at), _mm_packs_epi32(low, high));
    }
}

/* The tap numbers of common shrink factors get loops of their own. */
void hy_avx2_filter_h14(int16_t *dst, const int16_t *src, const int32_t *first, const int16_t *coef,
                        int32_t taps, int32_t count)
{
    if (count < 8 || taps % HY_TAPS_STEP != 0) {
        hy_kernels_c.filter_h14(dst, src, first, coef, taps, count);
        return;
    }
    switch (taps) {
    case 8:
        filter_h14(dst, src, first, coef, 8, count);
        break;
    case 16:
        filter_h14(dst, src, first, coef, 16, count);
        break;
    case 24:
        filter_h14(dst, src, first, coef, 24, count);
        break;
    case 32:
        filter_h14(dst, src, first, coef, 32, count);
        break;
    default:
        filter_h14(dst, src, first, coef, taps, count);
        break;
    }
}

static inline __m256i pair_of(int16_t a, int16_t b)
{
    return _mm256_set1_epi32((int32_t)((uint32_t)(uint16_t)a | (uint32_t)(uint16_t)b << 16));
}

static inline void add_pair(__m256i *low, __m256i *high, __m256i a, __m256i b, __m256i coef)
{
    *low = _mm256_add_epi32(*low, _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), coef));
    *high = _mm256_add_epi32(*high, _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), coef));
}

static inline __m256i sum16(const int16_t *const *rows, const int16_t *coef, int32_t taps,
                            int32_t at)
{
    __m256i low = _mm256_set1_epi32(1 << 13);
    __m256i high = low;
    int32_t k = 0;
    for (; k + 1 < taps; k += 2) {
        add_pair(&low, &high, load(rows[k] + at), load(rows[k + 1] + at),
                 pair_of(coef[k], coef[k + 1]));
    }
    if (k < taps) {
        add_pair(&low, &high, load(rows[k] + at), _mm256_setzero_si256(), pair_of(coef[k], 0));
    }
    return _mm256_packs_epi32(_mm256_srai_epi32(low, 14), _mm256_srai_epi32(high, 14));
}

void hy_avx2_filter_v14(int16_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
                        int32_t count)
{
    if (count < 16) {
        hy_kernels_c.filter_v14(dst, rows, coef, taps, count);
        return;
    }
    const __m256i white = _mm256_set1_epi16(HY_WHITE14);
    for (int32_t i = 0; i < count; i += 16) {
        int32_t at = i < count - 16 ? i : count - 16;
        __m256i words = _mm256_max_epi16(sum16(rows, coef, taps, at), _mm256_setzero_si256());
        store(dst + at, _mm256_min_epi16(words, white));
    }
}
