/* SPDX-License-Identifier: MIT */
/*
 * One operation on the planes of one kind, row by row: luma alone, or U and V, which lie at the
 * same places and so share their filters. Source rows are filtered across once, into a ring that
 * holds no more of them than the filter down has taps.
 */
#ifndef HY_COMPOSITOR_PASS_H
#define HY_COMPOSITOR_PASS_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "sampler.h"

/* Work memory that the passes of a frame share: handed out from the front, then all taken back. */
typedef struct hy_arena {
    uint8_t *memory;
    size_t size;
    size_t used;
} hy_arena;

typedef struct hy_pass {
    const hy_kernels *kernels;
    const hy_op *op;
    const hy_picture *asset; /* NULL = a fill */
    hy_picture *dst;
    int first_plane; /* 0, or 1 and the next one */
    int planes;
    int32_t width; /* of the output planes */
    int32_t height;
    hy_sampler x;
    hy_sampler y;
    int32_t shift_x;
    int32_t shift_y;
    bool is_shift_x;
    bool is_shift_y;
    int32_t next;          /* the first source row that is not in the ring yet */
    hy_h8 across;          /* unless is_shift_x */
    int16_t *ring;         /* row r is in slot r % taps; a slot has a row of each plane */
    ptrdiff_t ring_stride; /* samples from row to row of the ring */
    uint8_t *line;         /* two rows: shifted; of a see-through operation */
} hy_pass;

/* The most that one pass takes of the arena, on a canvas of that width. */
size_t hy_pass_bytes(int32_t canvas_width);

/* Set up the pass of `op` on luma (first_plane 0) or chroma (1). asset: NULL for a fill. False: the
 * arena has no room for it beside the others; then nothing is taken. */
bool hy_pass_init(hy_pass *pass, hy_arena *arena, const hy_kernels *kernels, const hy_op *op,
                  const hy_picture *asset, hy_picture *dst, int first_plane);

/* Draw row y over what dst holds there. Rows come in order, each once. */
void hy_pass_row(hy_pass *pass, int32_t y);

#endif
