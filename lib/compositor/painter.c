/* SPDX-License-Identifier: MIT */
/* RGB pixels to planar 4:2:0 with chroma low-passed [1 2 1] across and [1 1] down at its siting. */
#include "painter.h"

#include <string.h>

#include "color.h"
#include "scratch.h"

/* Pixels that are converted at a time. */
#define BLOCK 256

static size_t sum_samples(int32_t width, int32_t height)
{
    return (size_t)width / 2 * ((size_t)height / 2);
}

/* Chroma rows that a strip may touch: one more than half of its rows, where it starts with the
 * second one of a sample. */
static size_t strip_samples(int32_t height)
{
    return (size_t)HY_STRIP_COLUMNS * (size_t)(height / 2 + 1);
}

int64_t hy_painter_bytes(int32_t width, int32_t height, bool turned)
{
    size_t strip = HY_STRIP_COLUMNS * (size_t)height + 2 * strip_samples(height) * sizeof(int16_t);
    return (int64_t)(2 * sum_samples(width, height) * sizeof(int16_t) + (turned ? strip : 0));
}

hydra_status hy_painter_init(hy_painter *painter, const hy_kernels *kernels, int32_t width,
                             int32_t height, hy_turn turn, hy_meter *meter, hy_diag *diag)
{
    *painter = (hy_painter){.kernels = kernels};
    hydra_status status = hy_picture_new(width, height, meter, &painter->picture, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    bool complete = true;
    for (int i = 0; i < 2; i++) {
        painter->sums[i] =
            hy_scratch_new(meter, sum_samples(width, height), sizeof *painter->sums[i]);
        complete = complete && painter->sums[i];
    }
    hy_strip *strip = &painter->strip;
    if (complete && turn.transpose) {
        strip->leftward = turn.flip_x;
        strip->luma = hy_scratch_new(meter, HY_STRIP_COLUMNS, (size_t)height);
        strip->chroma[0] = hy_scratch_new(meter, strip_samples(height), sizeof(int16_t));
        strip->chroma[1] = hy_scratch_new(meter, strip_samples(height), sizeof(int16_t));
        complete = strip->luma && strip->chroma[0] && strip->chroma[1];
    }
    return complete ? HYDRA_OK : hy_meter_fail(meter, diag);
}

void hy_painter_clear(hy_painter *painter)
{
    hy_picture_free(painter->picture);
    hy_scratch_free(painter->sums[0]);
    hy_scratch_free(painter->sums[1]);
    hy_scratch_free(painter->strip.luma);
    hy_scratch_free(painter->strip.chroma[0]);
    hy_scratch_free(painter->strip.chroma[1]);
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

static void paint_level(const hy_painter *painter, hy_run run, const uint8_t *luma,
                        int16_t chroma[2][BLOCK], int32_t count)
{
    const int32_t columns = painter->picture->width / 2;
    uint8_t *to = painter->picture->plane[0] + run.y * painter->picture->stride[0] + run.x;
    for (int32_t i = 0; i < count; i++) {
        to[i * run.dx] = luma[i];
    }
    for (int plane = 0; plane < 2; plane++) {
        int16_t *sums = painter->sums[plane] + (ptrdiff_t)(run.y / 2) * columns;
        if (run.dx == 1) {
            add_level(sums, columns, run.x, chroma[plane], count);
            continue;
        }
        for (int32_t i = 0; i < count; i++) {
            int32_t x = run.x - i;
            add_chroma(sums + x / 2, columns, x, chroma[plane][i]);
        }
    }
}

/* Put the waiting columns into the picture, row by row. */
static void flush_strip(hy_painter *painter)
{
    hy_strip *strip = &painter->strip;
    const hy_picture *picture = painter->picture;
    const int32_t columns = picture->width / 2;
    const int32_t rows = strip->columns > 0 ? strip->rows : 0;
    const int32_t first = strip->leftward ? HY_STRIP_COLUMNS - strip->columns : 0;
    for (int32_t i = 0; i < rows; i++) {
        memcpy(picture->plane[0] + (strip->y + i) * picture->stride[0] + strip->x,
               strip->luma + (ptrdiff_t)i * HY_STRIP_COLUMNS + first, (size_t)strip->columns);
    }
    for (int plane = 0; plane < 2 && rows > 0; plane++) {
        const int16_t *from = strip->chroma[plane] + first;
        for (int32_t j = strip->y / 2; j <= (strip->y + rows - 1) / 2; j++) {
            add_level(painter->sums[plane] + (ptrdiff_t)j * columns, columns, strip->x, from,
                      strip->columns);
            from += HY_STRIP_COLUMNS;
        }
        memset(strip->chroma[plane], 0,
               strip_samples(picture->height) * sizeof *strip->chroma[plane]);
    }
    strip->columns = 0;
}

/* The place in the strip for a run of `count` pixels: beside the columns that wait if it continues
 * them, otherwise at the start of a new strip. */
static int32_t strip_column(hy_painter *painter, hy_run run, int32_t count)
{
    hy_strip *strip = &painter->strip;
    const int32_t y = run.dy > 0 ? run.y : run.y - (count - 1);
    const int32_t next = strip->leftward ? strip->x - 1 : strip->x + strip->columns;
    const bool joins =
        strip->columns < HY_STRIP_COLUMNS && run.x == next && strip->y == y && strip->rows == count;
    if (!joins) {
        flush_strip(painter);
        strip->y = y;
        strip->rows = count;
    }
    strip->x = strip->columns == 0 || strip->leftward ? run.x : strip->x;
    strip->columns++;
    return strip->leftward ? HY_STRIP_COLUMNS - strip->columns : strip->columns - 1;
}

static void paint_column(hy_painter *painter, int32_t column, hy_run run, const uint8_t *luma,
                         int16_t chroma[2][BLOCK], int32_t count)
{
    const hy_strip *strip = &painter->strip;
    for (int32_t i = 0; i < count; i++) {
        ptrdiff_t y = run.y + i * run.dy;
        ptrdiff_t j = y / 2 - strip->y / 2;
        strip->luma[(y - strip->y) * HY_STRIP_COLUMNS + column] = luma[i];
        add(strip->chroma[0] + j * HY_STRIP_COLUMNS + column, chroma[0][i]);
        add(strip->chroma[1] + j * HY_STRIP_COLUMNS + column, chroma[1][i]);
    }
}

void hy_painter_run(hy_painter *painter, hy_run run, const hy_rgba64 *pixels, int32_t count)
{
    uint8_t luma[BLOCK];
    int16_t chroma[2][BLOCK];
    int32_t column = run.dy && count > 0 ? strip_column(painter, run, count) : 0;
    for (int32_t at = 0; at < count; at += BLOCK) {
        hy_run part = {run.x + at * run.dx, run.y + at * run.dy, run.dx, run.dy};
        int32_t n = count - at < BLOCK ? count - at : BLOCK;
        painter->kernels->yuv_of(luma, chroma[0], chroma[1], pixels + at, n);
        if (run.dy) {
            paint_column(painter, column, part, luma, chroma, n);
        } else {
            paint_level(painter, part, luma, chroma, n);
        }
    }
}

hy_picture *hy_painter_finish(hy_painter *painter)
{
    hy_picture *picture = painter->picture;
    int32_t columns = picture->width / 2;
    flush_strip(painter);
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
