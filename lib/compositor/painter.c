/* SPDX-License-Identifier: MIT */
/* RGB pixels to planar 4:2:0 with chroma low-passed [1 2 1] across and [1 1] down at its siting. */
#include "painter.h"

#include "color.h"
#include "scratch.h"

/* Pixels that are converted at a time. */
#define BLOCK 256

hydra_status hy_painter_init(hy_painter *painter, const hy_kernels *kernels, int32_t width,
                             int32_t height, hy_meter *meter, hy_diag *diag)
{
    *painter = (hy_painter){.kernels = kernels};
    hydra_status status = hy_picture_new(width, height, meter, &painter->picture, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    size_t samples = (size_t)width / 2 * ((size_t)height / 2);
    for (int i = 0; i < 2; i++) {
        painter->sums[i] = hy_scratch_new(meter, samples, sizeof *painter->sums[i]);
        if (!painter->sums[i]) {
            return hy_meter_fail(meter, diag);
        }
    }
    return HYDRA_OK;
}

void hy_painter_clear(hy_painter *painter)
{
    hy_picture_free(painter->picture);
    hy_scratch_free(painter->sums[0]);
    hy_scratch_free(painter->sums[1]);
    *painter = (hy_painter){0};
}

static void add(int16_t *sum, int32_t value)
{
    *sum = (int16_t)(*sum + value);
}

/* Chroma sample j lies at luma column 2j: an even column counts twice for its own sample, an odd
 * one once for each neighbour. Column -1 is column 0 again. `sum`: that of column x / 2. */
static void add_chroma(int16_t *sum, int32_t columns, int32_t x, int16_t value)
{
    int32_t weight = x % 2 ? 1 : x ? 2 : 3;
    add(sum, weight * value);
    if (x % 2 && x / 2 + 1 < columns) {
        add(sum + 1, value);
    }
}

/* The same for pairs of an even and an odd column, the first of which is not column 0. `rights` of
 * the odd ones have a sample to their right. */
static void add_pairs(int16_t *sums, const int16_t *restrict values, int32_t pairs, int32_t rights)
{
    for (int32_t p = 0; p < pairs; p++) {
        add(sums + p, 2 * values[2 * p] + values[2 * p + 1]);
    }
    for (int32_t p = 0; p < rights; p++) {
        add(sums + p + 1, values[2 * p + 1]);
    }
}

/* A run to the right from column x. */
static void add_level(int16_t *sums, int32_t columns, int32_t x, const int16_t *values,
                      int32_t count)
{
    int32_t i = 0;
    while (i < count && (x + i == 0 || (x + i) % 2)) { /* up to the first pair */
        add_chroma(sums + (x + i) / 2, columns, x + i, values[i]);
        i++;
    }
    int32_t pairs = (count - i) / 2;
    int32_t j = (x + i) / 2;
    add_pairs(sums + j, values + i, pairs, j + pairs < columns ? pairs : pairs - 1);
    i += 2 * pairs;
    if (i < count) {
        add_chroma(sums + (x + i) / 2, columns, x + i, values[i]);
    }
}

/* A run of any other direction. Of a column, two pixels in a row mostly share their samples. */
static void add_other(int16_t *sums, int32_t columns, hy_run run, const int16_t *values,
                      int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        int32_t y = run.y + i * run.dy;
        int16_t value = values[i];
        if (run.dy && i + 1 < count && (y + run.dy) / 2 == y / 2) {
            value = (int16_t)(value + values[++i]);
        }
        int32_t x = run.x + i * run.dx;
        add_chroma(sums + (ptrdiff_t)(y / 2) * columns + x / 2, columns, x, value);
    }
}

static void paint_block(const hy_painter *painter, hy_run run, const hy_rgba64 *pixels,
                        int32_t count)
{
    uint8_t luma[BLOCK];
    int16_t chroma[2][BLOCK];
    const hy_picture *picture = painter->picture;
    const int32_t columns = picture->width / 2;
    uint8_t *to = picture->plane[0] + run.y * picture->stride[0] + run.x;
    const ptrdiff_t step = run.dy * picture->stride[0] + run.dx;
    painter->kernels->yuv_of(luma, chroma[0], chroma[1], pixels, count);
    for (int32_t i = 0; i < count; i++) {
        to[i * step] = luma[i];
    }
    for (int plane = 0; plane < 2; plane++) {
        int16_t *sums = painter->sums[plane];
        if (run.dx == 1) {
            add_level(sums + (ptrdiff_t)(run.y / 2) * columns, columns, run.x, chroma[plane],
                      count);
        } else {
            add_other(sums, columns, run, chroma[plane], count);
        }
    }
}

void hy_painter_run(hy_painter *painter, hy_run run, const hy_rgba64 *pixels, int32_t count)
{
    for (int32_t at = 0; at < count; at += BLOCK) {
        hy_run part = {run.x + at * run.dx, run.y + at * run.dy, run.dx, run.dy};
        int32_t rest = count - at;
        paint_block(painter, part, pixels + at, rest < BLOCK ? rest : BLOCK);
    }
}

hy_picture *hy_painter_finish(hy_painter *painter)
{
    hy_picture *picture = painter->picture;
    int32_t columns = picture->width / 2;
    for (int plane = 1; plane < 3; plane++) {
        const int16_t *sums = painter->sums[plane - 1];
        for (int32_t y = 0; y < picture->height / 2; y++) {
            uint8_t *row = picture->plane[plane] + y * picture->stride[plane];
            for (int32_t x = 0; x < columns; x++) {
                row[x] = hy_chroma_round(sums[x]);
            }
            sums += columns;
        }
    }
    painter->picture = NULL;
    return picture;
}
