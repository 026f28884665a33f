/* SPDX-License-Identifier: MIT */
/*
 * Fills a picture with RGB pixels in runs of any direction and order. Luma is final at once; the
 * chroma of each pixel is added to the samples that it belongs to and rounded when all are there.
 * Every pixel of the picture must be painted exactly once.
 */
#ifndef HY_COMPOSITOR_PAINTER_H
#define HY_COMPOSITOR_PAINTER_H

#include "core/core.h"
#include "kernels/kernels.h"
#include "orient.h"

/* Columns that came one after the other, until they go into the picture together: written alone,
 * each of their pixels would touch a cache line of its own. Rows are HY_STRIP_COLUMNS wide. */
#define HY_STRIP_COLUMNS 16
typedef struct hy_strip {
    uint8_t *luma;
    int16_t *chroma[2]; /* of both rows of a chroma sample together */
    bool leftward;      /* columns come from right to left and fill it so */
    int32_t x;          /* of its first column */
    int32_t columns;    /* 0 = nothing is waiting */
    int32_t y;
    int32_t rows;
} hy_strip;

typedef struct hy_painter {
    const hy_kernels *kernels;
    hy_picture *picture;
    int16_t *sums[2]; /* of U and V, one per chroma sample, rows without gaps */
    hy_strip strip;
} hy_painter;

/* turn: of the photo, whose rows become runs down or up where it is transposed. */
hydra_status hy_painter_init(hy_painter *painter, const hy_kernels *kernels, int32_t width,
                             int32_t height, hy_turn turn, hy_meter *meter, hy_diag *diag);
/* What it allocates beside the picture. */
int64_t hy_painter_bytes(int32_t width, int32_t height, bool turned);
/* The run must lie inside the picture. */
void hy_painter_run(hy_painter *painter, hy_run run, const hy_rgba64 *pixels, int32_t count);
/* Hand out the picture. */
hy_picture *hy_painter_finish(hy_painter *painter);
/* Also right after a failed init and after finish. */
void hy_painter_clear(hy_painter *painter);

#endif
