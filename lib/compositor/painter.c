/* SPDX-License-Identifier: MIT */
/* RGB pixels to planar 4:2:0 with chroma low-passed [1 2 1] across and [1 1] down at its siting. */
#include "painter.h"

#include "color.h"
#include "scratch.h"

hydra_status hy_painter_init(hy_painter *painter, int32_t width, int32_t height, hy_meter *meter,
                             hy_diag *diag)
{
    *painter = (hy_painter){0};
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
 * one once for each neighbour. Column -1 is column 0 again. */
static void add_chroma(const hy_painter *painter, int32_t x, int32_t y, hy_rgba64 pixel)
{
    int32_t columns = painter->picture->width / 2;
    int32_t j = x / 2;
    ptrdiff_t at = (ptrdiff_t)(y / 2) * columns + j;
    int32_t u = hy_chroma_u_of(pixel);
    int32_t v = hy_chroma_v_of(pixel);
    int32_t weight = x % 2 ? 1 : x ? 2 : 3;
    add(painter->sums[0] + at, weight * u);
    add(painter->sums[1] + at, weight * v);
    if (x % 2 && j + 1 < columns) {
        add(painter->sums[0] + at + 1, u);
        add(painter->sums[1] + at + 1, v);
    }
}

void hy_painter_run(hy_painter *painter, hy_run run, const hy_rgba64 *pixels, int32_t count)
{
    const hy_picture *picture = painter->picture;
    ptrdiff_t at = run.y * picture->stride[0] + run.x;
    ptrdiff_t step = run.dy * picture->stride[0] + run.dx;
    for (int32_t i = 0; i < count; i++) {
        picture->plane[0][at + i * step] = hy_luma_of(pixels[i]);
        add_chroma(painter, run.x + i * run.dx, run.y + i * run.dy, pixels[i]);
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
