/* SPDX-License-Identifier: MIT */
/* The blurred backdrop: repeated box blurs of a miniature come close to a Gaussian. */
#include "backdrop.h"

#include <string.h>

#include "kernels/kernels.h"
#include "scratch.h"
#include "stored.h"

/* Four 5-pixel boxes have a variance of 4 * (25 - 1) / 12 = 8: on a miniature 70 pixels wide their
 * standard deviation is 4 % of the width. */
#define MINIATURE_WIDTH 70
#define BOX_REACH       2
#define BOX_SIZE        (2 * BOX_REACH + 1)
#define BOX_PASSES      4

struct hy_backdrop {
    int32_t channels;
    int32_t width; /* of the miniature, as stored */
    int32_t height;
    int16_t *miniature; /* planes, rows, samples, without gaps */
    int16_t *line;      /* a row or column of it */
    hy_resizer *collector;
    hy_resizer *enlarger;
};

static void keep_row(void *user, const int16_t *samples, int32_t row)
{
    hy_backdrop *b = user;
    for (int32_t c = 0; c < b->channels; c++) {
        int16_t *dst = b->miniature + ((ptrdiff_t)c * b->height + row) * b->width;
        memcpy(dst, samples + (ptrdiff_t)c * b->width, (size_t)b->width * sizeof *dst);
    }
}

/* The largest centred part of `rect` that has the shape of width x height. */
static hy_rect cover(hy_rect rect, double width, double height)
{
    hy_rect part = rect;
    if (rect.w * height > rect.h * width) {
        part.w = rect.h * width / height;
        part.x = rect.x + (rect.w - part.w) / 2;
    } else {
        part.h = rect.w * height / width;
        part.y = rect.y + (rect.h - part.h) / 2;
    }
    return part;
}

static hydra_status new_resizers(hy_backdrop *b, const hy_asset_spec *spec, hy_meter *meter,
                                 hy_resized_fn *emit, void *user, hy_diag *diag)
{
    hy_turn turn = hy_turn_of(spec->orientation);
    hy_rect upright = cover(spec->source, spec->width, spec->height);
    hy_resize_spec collect = {
        .src_width = hy_stored_width(spec),
        .src_height = hy_stored_height(spec),
        .channels = b->channels,
        .source = hy_stored_rect(spec, upright),
        .width = b->width,
        .height = b->height,
        .simd = spec->simd,
        .emit = keep_row,
        .user = b,
    };
    hydra_status status = hy_resizer_new(&collect, meter, &b->collector, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_resize_spec enlarge = {
        .src_width = b->width,
        .src_height = b->height,
        .channels = b->channels,
        .source = {.w = b->width, .h = b->height},
        .width = turn.transpose ? spec->height : spec->width,
        .height = turn.transpose ? spec->width : spec->height,
        .simd = spec->simd,
        .emit = emit,
        .user = user,
    };
    return hy_resizer_new(&enlarge, meter, &b->enlarger, diag);
}

/* In proportion, but no higher than the asset, which matters when that is a narrow strip. */
static int32_t miniature_height(const hy_asset_spec *spec)
{
    int32_t height = (MINIATURE_WIDTH * spec->height + spec->width / 2) / spec->width;
    height = height > spec->height ? spec->height : height;
    return height > 0 ? height : 1;
}

hydra_status hy_backdrop_new(const hy_asset_spec *spec, hy_meter *meter, hy_resized_fn *emit,
                             void *user, hy_backdrop **out, hy_diag *diag)
{
    *out = NULL;
    hy_backdrop *b = hy_calloc(1, sizeof *b);
    if (!b) {
        return hy_fail_memory(diag);
    }
    int32_t height = miniature_height(spec);
    bool transpose = hy_turn_of(spec->orientation).transpose;
    b->channels = spec->rows.channels;
    b->width = transpose ? height : MINIATURE_WIDTH;
    b->height = transpose ? MINIATURE_WIDTH : height;
    size_t samples = (size_t)b->channels * (size_t)b->width * (size_t)b->height;
    hydra_status status = HYDRA_OK;
    b->miniature = hy_scratch_new(meter, samples + HY_TAPS_STEP, sizeof *b->miniature);
    b->line = hy_scratch_new(meter, (size_t)b->width + (size_t)b->height, sizeof *b->line);
    if (!b->miniature || !b->line) {
        status = hy_meter_fail(meter, diag);
        goto fail;
    }
    status = new_resizers(b, spec, meter, emit, user, diag);
    if (status != HYDRA_OK) {
        goto fail;
    }
    *out = b;
    return HYDRA_OK;
fail:
    hy_backdrop_free(b);
    return status;
}

void hy_backdrop_free(hy_backdrop *backdrop)
{
    if (!backdrop) {
        return;
    }
    hy_scratch_free(backdrop->miniature);
    hy_scratch_free(backdrop->line);
    hy_resizer_free(backdrop->collector);
    hy_resizer_free(backdrop->enlarger);
    hy_free(backdrop);
}

hy_resizer *hy_backdrop_collector(hy_backdrop *backdrop)
{
    return backdrop->collector;
}

/* One box blur of `count` samples that are `step` apart. Beyond the ends the end samples go on, so
 * that borders do not darken. */
static void blur_line(int16_t *samples, ptrdiff_t step, int32_t count, int16_t *line)
{
    for (int32_t i = 0; i < count; i++) {
        line[i] = samples[i * step];
    }
    for (int32_t i = 0; i < count; i++) {
        int32_t sum = BOX_SIZE / 2;
        for (int32_t k = i - BOX_REACH; k <= i + BOX_REACH; k++) {
            sum += line[k < 0 ? 0 : k >= count ? count - 1 : k];
        }
        samples[i * step] = (int16_t)(sum / BOX_SIZE);
    }
}

static void blur_plane(hy_backdrop *b, int16_t *plane)
{
    for (int pass = 0; pass < BOX_PASSES; pass++) {
        for (int32_t y = 0; y < b->height; y++) {
            blur_line(plane + (ptrdiff_t)y * b->width, 1, b->width, b->line);
        }
        for (int32_t x = 0; x < b->width; x++) {
            blur_line(plane + x, b->width, b->height, b->line);
        }
    }
}

void hy_backdrop_finish(hy_backdrop *backdrop)
{
    hy_backdrop *b = backdrop;
    const ptrdiff_t plane = (ptrdiff_t)b->width * b->height;
    for (int32_t c = 0; c < b->channels; c++) {
        blur_plane(b, b->miniature + c * plane);
    }
    for (int32_t y = 0; y < b->height; y++) {
        hy_source_row row = {.samples = b->miniature + (ptrdiff_t)y * b->width, .pitch = plane};
        hy_resizer_push(b->enlarger, row, y);
    }
}
