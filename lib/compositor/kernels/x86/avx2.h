/* SPDX-License-Identifier: MIT */
/* AVX2 kernels that the table for AVX-512 uses too, where wider registers bring nothing. */
#ifndef HY_KERNELS_AVX2_H
#define HY_KERNELS_AVX2_H

#include "compositor/kernels/kernels.h"

void hy_avx2_prepare_h8(hy_h8 *h);
void hy_avx2_widen8(int16_t *dst, const uint8_t *src, int32_t count);
void hy_avx2_narrow8(uint8_t *dst, const int16_t *src, int32_t count);
void hy_avx2_blend8(uint8_t *dst, const uint8_t *src, int32_t alpha, int32_t count);
void hy_avx2_split_rgb8(int16_t *dst, ptrdiff_t pitch, const uint8_t *src, int32_t count);
void hy_avx2_yuv_of(uint8_t *y, int16_t *u, int16_t *v, const hy_rgba64 *pixels, int32_t count);
void hy_avx2_filter_h14(int16_t *dst, const int16_t *src, const int32_t *first, const int16_t *coef,
                        int32_t taps, int32_t count);
void hy_avx2_filter_v14(int16_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
                        int32_t count);

#endif
