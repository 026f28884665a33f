/* SPDX-License-Identifier: MIT */
/*
 * The display list: what one frame shows, as plain data. Made by timeline/, executed by a
 * compositor, the same on every machine. Operations are drawn in order, each over the ones before.
 *
 * Coordinates are continuous: canvas pixel x covers x..x+1, its centre is x + 1/2. An image
 * operation shows, at canvas position X, the asset's position  scale * X + offset  (per axis,
 * 32.32 fixed point, luma pixels of the asset). From that a compositor derives, exactly:
 *   luma      sample i of the canvas:   (scale*i + scale/2 + offset) - 1/2
 *   chroma x  sample j (at X = 2j+1/2): scale*j + scale/4 + offset/2 - 1/4
 *   chroma y  sample j (at Y = 2j+1):   scale*j + scale/2 + offset/2 - 1/2
 * as sample numbers of the asset's own plane (divisions round toward minus infinity), cut to
 * 1/65536 of a sample (>> 16) before the filter phase is taken.
 */
#ifndef HY_DISPLAY_H
#define HY_DISPLAY_H

#include <stdint.h>

/* 32.32 fixed point. */
#define HY_FIXED_ONE ((int64_t)1 << 32)
/* Opacity is 0..65536. */
#define HY_ALPHA_ONE 65536

typedef enum hy_op_kind {
    HY_OP_FILL, /* the whole canvas in one colour */
    HY_OP_IMAGE /* the whole canvas from an asset */
} hy_op_kind;

typedef struct hy_axis {
    int64_t scale;  /* asset pixels per canvas pixel, 32.32, > 0 */
    int64_t offset; /* asset pixels, 32.32 */
} hy_axis;

typedef struct hy_op {
    hy_op_kind kind;
    int32_t asset;  /* HY_OP_IMAGE: index into the table given to the compositor */
    int32_t alpha;  /* 0..HY_ALPHA_ONE */
    uint8_t yuv[3]; /* HY_OP_FILL */
    hy_axis x;
    hy_axis y;
} hy_op;

#define HY_MAX_OPS 4

typedef struct hy_display_list {
    int32_t count;
    hy_op ops[HY_MAX_OPS];
} hy_display_list;

#endif
