/* SPDX-License-Identifier: MIT */
/*
 * The hot loops, behind one table of function pointers. The C versions are the definition; any
 * other version gives the same bits. `>>` of a negative number rounds toward minus infinity.
 * Buffers of one call never overlap; `count` may be 0.
 */
#ifndef HY_COMPOSITOR_KERNELS_H
#define HY_COMPOSITOR_KERNELS_H

#include <stdint.h>

/* Filter coefficients have 14 fractional bits: their sum is HY_COEF_ONE. */
#define HY_COEF_BITS 14
#define HY_COEF_ONE  (1 << HY_COEF_BITS)
/* White of a photo on its way through the asset builder: 255 * 64. */
#define HY_WHITE14 16320
/* The tap number of filter_h14 is a multiple of this, except that it may be 4. */
#define HY_TAPS_STEP 8

typedef struct hy_kernels {
    /* Frames, horizontally, 8 bits to 8.6:
     * dst[i] = (sum over k < taps of src[first[i] + k] * coef[taps * i + k] + 128) >> 8 */
    void (*filter_h8)(int16_t *dst, const uint8_t *src, const int32_t *first, const int16_t *coef,
                      int32_t taps, int32_t count);
    /* Frames, vertically, 8.6 to 8 bits:
     * dst[i] = (sum over k < taps of rows[k][i] * coef[k] + 2^19) >> 20, cut to 0..255 */
    void (*filter_v8)(uint8_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
                      int32_t count);
    /* filter_h8 where the only coefficient is 1: dst[i] = src[i] * 64 */
    void (*widen8)(int16_t *dst, const uint8_t *src, int32_t count);
    /* filter_v8 where the only coefficient is 1: dst[i] = (src[i] + 32) >> 6, cut to 0..255 */
    void (*narrow8)(uint8_t *dst, const int16_t *src, int32_t count);
    /* dst[i] = (dst[i] * (65536 - alpha) + src[i] * alpha + 32768) >> 16, alpha 0..65536 */
    void (*blend8)(uint8_t *dst, const uint8_t *src, int32_t alpha, int32_t count);

    /* Assets, horizontally; samples 0..HY_WHITE14:
     * dst[i] = (sum over k < taps of src[first[i] + k] * coef[taps * i + k] + 2^13) >> 14 */
    void (*filter_h14)(int16_t *dst, const int16_t *src, const int32_t *first, const int16_t *coef,
                       int32_t taps, int32_t count);
    /* Assets, vertically:
     * dst[i] = (sum over k < taps of rows[k][i] * coef[k] + 2^13) >> 14, cut to 0..HY_WHITE14 */
    void (*filter_v14)(int16_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
                       int32_t count);
} hy_kernels;

extern const hy_kernels hy_kernels_c;

#endif
