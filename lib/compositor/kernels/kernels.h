/* SPDX-License-Identifier: MIT */
/*
 * The hot loops, behind one table of function pointers. The C versions are the definition; any
 * other version gives the same bits. `>>` of a negative number rounds toward minus infinity.
 * Buffers of one call never overlap; `count` may be 0.
 */
#ifndef HY_COMPOSITOR_KERNELS_H
#define HY_COMPOSITOR_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include <hydra/context.h>

#include "core/core.h"

/* Filter coefficients have 14 fractional bits: their sum is HY_COEF_ONE. */
#define HY_COEF_BITS 14
#define HY_COEF_ONE  (1 << HY_COEF_BITS)
/* White of a photo on its way through the asset builder: 255 * 64. */
#define HY_WHITE14 16320
/* The tap number of filter_h14 is a multiple of this, except that it may be 4. */
#define HY_TAPS_STEP 8

/* Rows that filters write are padded: `count` rounded up to this may be overwritten. */
#define HY_ROW_PAD 64
static inline int32_t hy_padded(int32_t count)
{
    return (count + HY_ROW_PAD - 1) / HY_ROW_PAD * HY_ROW_PAD;
}

/* A horizontal filter of frames, which is made once and run over many rows. */
typedef struct hy_h8 {
    const int32_t *first; /* per output: its first source sample */
    const int16_t *coef;  /* `taps` per output; each within +-32639 */
    int32_t taps;
    int32_t count;
    int32_t size; /* of the source row; first[i] + taps <= size */
    void *work;   /* hy_h8_work_bytes, aligned to 64 bytes; made by prepare_h8 */
    /* Made by prepare_h8. dst is padded, of the kind and place of hy_kernels' other rows:
     * dst[i] = (sum over k < taps of src[first[i] + k] * coef[taps * i + k] + 128) >> 8 */
    void (*run)(const struct hy_h8 *h, int16_t *dst, const uint8_t *src);
} hy_h8;

/* Filters of more taps than this are run from `first` and `coef`. */
#define HY_PACKED_TAPS 8
/* Room for the rearranged filter: per output at most 8 bytes of places, 16 of coefficients and its
 * share of a group's head. */
static inline int32_t hy_h8_work_bytes(int32_t taps, int32_t count)
{
    return taps <= HY_PACKED_TAPS ? hy_padded(count) * 26 : 0;
}

typedef struct hy_kernels {
    const char *name; /* for people */
    /* Frames, horizontally, 8 bits to 8.6: choose `run` for a filter and fill `work`. */
    void (*prepare_h8)(hy_h8 *h);
    /* Frames, vertically, 8.6 to 8 bits, laid over dst as blend8 does:
     * src[i] = (sum over k < taps of rows[k][i] * coef[k] + 2^19) >> 20, cut to 0..255 */
    void (*filter_v8)(uint8_t *dst, const int16_t *const *rows, const int16_t *coef, int32_t taps,
                      int32_t alpha, int32_t count);
    /* A horizontal filter whose only coefficient is 1: dst[i] = src[i] * 64 */
    void (*widen8)(int16_t *dst, const uint8_t *src, int32_t count);
    /* A vertical filter whose only coefficient is 1: dst[i] = (src[i] + 32) >> 6, cut to 0..255 */
    void (*narrow8)(uint8_t *dst, const int16_t *src, int32_t count);
    /* dst[i] = (dst[i] * (65536 - alpha) + src[i] * alpha + 32768) >> 16, alpha 0..65536 */
    void (*blend8)(uint8_t *dst, const uint8_t *src, int32_t alpha, int32_t count);

    /* Photos, 8-bit RGB to 14-bit planes: dst[c * pitch + i] = src[3 * i + c] * 64 for c = 0, 1, 2
     */
    void (*split_rgb8)(int16_t *dst, ptrdiff_t pitch, const uint8_t *src, int32_t count);
    /* Photos, sRGB to YUV; u and v have HY_CHROMA_BITS: hy_luma_of, hy_chroma_u_of, hy_chroma_v_of
     */
    void (*yuv_of)(uint8_t *y, int16_t *u, int16_t *v, const hy_rgba64 *pixels, int32_t count);
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
extern const hy_kernels hy_kernels_avx2;
extern const hy_kernels hy_kernels_avx512;
extern const hy_kernels hy_kernels_neon;

/* The table of a level that this CPU has, HYDRA_SIMD_NONE or higher; NULL = not built for it. */
const hy_kernels *hy_kernels_of(int32_t level);
/* The best table at or below `highest`, HYDRA_SIMD_...: never NULL. */
const hy_kernels *hy_kernels_choose(int32_t highest);

#endif
