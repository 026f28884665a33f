/* SPDX-License-Identifier: MIT */
/*
 * Area-correct resizing of a picture that comes row by row and is never held as a whole. Samples
 * are planar, 14 bits (0..HY_WHITE14). Where it shrinks by 16 or more, blocks of pixels are
 * averaged first, so that the work and memory per row stay bounded for any ratio.
 */
#ifndef HY_COMPOSITOR_RESIZE_H
#define HY_COMPOSITOR_RESIZE_H

#include "core/core.h"

/* A finished row: channel c of pixel i is samples[c * width + i]. Rows come in order. */
typedef void hy_resized_fn(void *user, const int16_t *samples, int32_t row);

typedef struct hy_resize_spec {
    int32_t src_width;
    int32_t src_height;
    int32_t channels;
    hy_rect source; /* in pixels of the source; beyond its borders they are repeated */
    int32_t width;  /* of the result */
    int32_t height;
    int32_t simd; /* HYDRA_SIMD_..., the highest level to use */
    hy_resized_fn *emit;
    void *user;
} hy_resize_spec;

/* One row of the source: channel c of column x is samples[c * pitch + x - column]. Behind the last
 * column that the resizer needs, HY_TAPS_STEP more samples must be readable; they do not count. */
typedef struct hy_source_row {
    const int16_t *samples;
    ptrdiff_t pitch;
    int32_t column;
} hy_source_row;

/* Rows or columns [first, end). */
typedef struct hy_range {
    int32_t first;
    int32_t end;
} hy_range;

typedef struct hy_resizer hy_resizer;

hydra_status hy_resizer_new(const hy_resize_spec *spec, hy_meter *meter, hy_resizer **out,
                            hy_diag *diag);
/* What it needs of the source. */
hy_range hy_resizer_columns(const hy_resizer *resizer);
hy_range hy_resizer_rows(const hy_resizer *resizer);
/* The needed rows, in order; others do nothing. Calls `emit` for each row that is complete. */
void hy_resizer_push(hy_resizer *resizer, hy_source_row row, int32_t y);
void hy_resizer_free(hy_resizer *resizer);
/* An upper bound of what hy_resizer_new allocates. */
int64_t hy_resizer_bytes(const hy_resize_spec *spec);

#endif
