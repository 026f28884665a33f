/* SPDX-License-Identifier: MIT */
/*
 * Assets with AVX2. Across, the taps of four outputs are multiplied each in registers of its own
 * and only then added up; down, rows are interleaved in pairs.
 */
#include <immintrin.h>

#include "avx2.h"

static inline __m256i load(const void *at)
{
    return _mm256_loadu_si256((const __m256i *)at);
}

static inline __m128i load_half(const void *at)
{
    return _mm_loadu_si128((const __m128i *)at);
}

/* Sums of 8 of the products of one output; the taps are a multiple of HY_TAPS_STEP. */
static inline __m256i dot(const int16_t *src, const int16_t *coef, int32_t taps)
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

void hy_avx2_filter_h14(int16_t *dst, const int16_t *src, const int32_t *first, const int16_t *coef,
                        int32_t taps, int32_t count)
{
    int32_t i = 0;
    for (; taps % HY_TAPS_STEP == 0 && i + 4 <= count; i += 4) {
        const int16_t *c = coef + (ptrdiff_t)i * taps;
        __m256i s0 = dot(src + first[i], c, taps);
        __m256i s1 = dot(src + first[i + 1], c + taps, taps);
        __m256i s2 = dot(src + first[i + 2], c + 2 * (ptrdiff_t)taps, taps);
        __m256i s3 = dot(src + first[i + 3], c + 3 * (ptrdiff_t)taps, taps);
        __m256i four = _mm256_hadd_epi32(_mm256_hadd_epi32(s0, s1), _mm256_hadd_epi32(s2, s3));
        __m128i sum =
            _mm_add_epi32(_mm256_castsi256_si128(four), _mm256_extracti128_si256(four, 1));
        sum = _mm_srai_epi32(_mm_add_epi32(sum, _mm_set1_epi32(1 << 13)), 14);
        _mm_storel_epi64((__m128i *)(dst + i), _mm_packs_epi32(sum, sum));
    }
    hy_kernels_c.filter_h14(dst + i, src, first + i, coef + (ptrdiff_t)i * taps, taps, count - i);
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
        _mm256_storeu_si256((__m256i *)(dst + at), _mm256_min_epi16(words, white));
    }
}
