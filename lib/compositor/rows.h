/* SPDX-License-Identifier: MIT */
/*
 * Rows of a photo on their way in (interleaved, any format -> planar, 14 bits, alpha multiplied
 * in) and out (-> hy_rgba64). 14 bits: 0..HY_WHITE14, an 8-bit sample times 64.
 */
#ifndef HY_COMPOSITOR_ROWS_H
#define HY_COMPOSITOR_ROWS_H

#include "core/core.h"
#include "kernels/kernels.h"

bool hy_row_format_is_valid(const hy_row_format *format);
bool hy_row_format_has_alpha(const hy_row_format *format);

/* `count` pixels from column `column`. Channel c of pixel i becomes samples[c * pitch + i]. */
void hy_rows_unpack(const hy_kernels *kernels, const hy_row_format *format, const void *row,
                    int32_t column, int32_t count, int16_t *samples, ptrdiff_t pitch);

/* Channel c of pixel i is samples[c * count + i]; alpha is divided out again. */
void hy_rows_pack(const hy_row_format *format, const int16_t *samples, int32_t count,
                  hy_rgba64 *pixels);

/* Ink to light without a profile: light = paper * (1 - ink) * (1 - black). */
void hy_rows_mix_ink(hy_rgba64 *pixels, int32_t count);
/* Lay the pixels over a colour; they are opaque afterwards. */
void hy_rows_flatten(hy_rgba64 *pixels, int32_t count, hy_rgba64 background);

#endif
