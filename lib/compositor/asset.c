/* SPDX-License-Identifier: MIT */
/*
 * The asset builder: rows of a photo in, a picture out. The photo is resized as it is stored and
 * only the small result is turned upright, so neither the photo nor a copy of it is ever in memory.
 */
#include <math.h>

#include "backdrop.h"
#include "color.h"
#include "compositor.h"
#include "kernels/kernels.h"
#include "orient.h"
#include "painter.h"
#include "resize.h"
#include "rows.h"
#include "scratch.h"
#include "stored.h"

/* Beyond any policy; keeps products within 64 bits. */
#define MAX_ASSET_SIDE 32768
#define MAX_PHOTO_SIDE (1 << 20)

struct hy_asset_builder {
    hy_asset_spec spec;
    hy_turn turn;
    hy_box target;
    const hy_kernels *kernels;
    hy_painter painter;
    hy_resizer *photo;
    hy_backdrop *backdrop; /* NULL = one colour */
    int32_t next_row;      /* of the photo */
    hy_range columns;      /* of the photo that are needed */
    ptrdiff_t pitch;       /* samples per channel of `row` */
    int16_t *row;          /* one row of the photo, planar */
    hy_rgba64 *pixels;     /* one row or column of the asset */
};

static bool is_whole(double value, double low, double high)
{
    return value >= low && value <= high && value == floor(value);
}

static bool is_target_valid(const hy_asset_spec *s)
{
    return is_whole(s->target.x, 0, s->width - 1) && is_whole(s->target.y, 0, s->height - 1) &&
           is_whole(s->target.w, 1, s->width - s->target.x) &&
           is_whole(s->target.h, 1, s->height - s->target.y);
}

/* Calculated rectangles may overlap the photo's borders a little. */
static bool is_source_valid(const hy_asset_spec *s)
{
    bool transpose = hy_turn_of(s->orientation).transpose;
    double width = transpose ? s->photo_height : s->photo_width;
    double height = transpose ? s->photo_width : s->photo_height;
    return s->source.w > 0 && s->source.h > 0 && s->source.x >= -1 && s->source.y >= -1 &&
           s->source.x + s->source.w <= width + 1 && s->source.y + s->source.h <= height + 1;
}

static bool is_valid(const hy_asset_spec *s)
{
    return s->width > 0 && s->width <= MAX_ASSET_SIDE && s->width % 2 == 0 && s->height > 0 &&
           s->height <= MAX_ASSET_SIDE && s->height % 2 == 0 && s->photo_width > 0 &&
           s->photo_width <= MAX_PHOTO_SIDE && s->photo_height > 0 &&
           s->photo_height <= MAX_PHOTO_SIDE && s->halvings >= 0 && s->halvings <= 3 &&
           s->orientation >= 1 && s->orientation <= 8 && hy_row_format_is_valid(&s->rows) &&
           is_source_valid(s) && is_target_valid(s);
}

/* Samples of the resizers to opaque sRGB pixels. */
static void to_pixels(hy_asset_builder *b, const int16_t *samples, int32_t count)
{
    hy_rows_pack(&b->spec.rows, samples, count, b->pixels);
    if (b->spec.color) {
        b->spec.color(b->spec.color_user, b->pixels, count);
    } else if (b->spec.rows.cmyk) {
        hy_rows_mix_ink(b->pixels, count);
    }
    if (hy_row_format_has_alpha(&b->spec.rows)) {
        hy_rows_flatten(b->pixels, count, hy_rgba64_of(b->spec.background_rgb));
    }
}

/* An hy_resized_fn: a row of the photo goes into the target. */
static void paint_photo(void *user, const int16_t *samples, int32_t row)
{
    hy_asset_builder *b = user;
    int32_t count = b->turn.transpose ? b->target.h : b->target.w;
    to_pixels(b, samples, count);
    hy_painter_run(&b->painter, hy_turn_row(b->turn, b->target, row), b->pixels, count);
}

/* Paint b->pixels along `run`, but not where the photo is. */
static void paint_around(hy_asset_builder *b, hy_run run, int32_t count)
{
    int32_t from;
    int32_t until;
    hy_run_inside(run, count, b->target, &from, &until);
    hy_painter_run(&b->painter, run, b->pixels, from);
    run.x += until * run.dx;
    run.y += until * run.dy;
    hy_painter_run(&b->painter, run, b->pixels + until, count - until);
}

static hy_box whole_asset(const hy_asset_builder *b)
{
    return (hy_box){.w = b->spec.width, .h = b->spec.height};
}

/* An hy_resized_fn: a row of the backdrop. */
static void paint_backdrop(void *user, const int16_t *samples, int32_t row)
{
    hy_asset_builder *b = user;
    int32_t count = b->turn.transpose ? b->spec.height : b->spec.width;
    to_pixels(b, samples, count);
    paint_around(b, hy_turn_row(b->turn, whole_asset(b), row), count);
}

static void paint_plain_backdrop(hy_asset_builder *b)
{
    for (int32_t i = 0; i < b->spec.width; i++) {
        b->pixels[i] = hy_rgba64_of(b->spec.backdrop_rgb);
    }
    for (int32_t y = 0; y < b->spec.height; y++) {
        paint_around(b, (hy_run){.y = y, .dx = 1}, b->spec.width);
    }
}

static hy_resize_spec photo_resize(const hy_asset_spec *s, hy_asset_builder *user)
{
    hy_turn turn = hy_turn_of(s->orientation);
    bool transpose = turn.transpose;
    return (hy_resize_spec){
        .src_width = hy_stored_width(s),
        .src_height = hy_stored_height(s),
        .channels = s->rows.channels,
        .source = hy_stored_rect(s, s->source),
        .width = (int32_t)(transpose ? s->target.h : s->target.w),
        .height = (int32_t)(transpose ? s->target.w : s->target.h),
        .simd = s->simd,
        .emit = paint_photo,
        .user = user,
    };
}

int64_t hy_asset_builder_bytes(const hy_asset_spec *spec)
{
    hy_resize_spec resize = photo_resize(spec, NULL);
    int64_t picture = (int64_t)hy_picture_bytes(spec->width, spec->height);
    int64_t longest = spec->width > spec->height ? spec->width : spec->height;
    int64_t rows = 2 * (int64_t)hy_stored_width(spec) * spec->rows.channels + 8 * longest;
    /* A backdrop is made from a miniature: two resizers of little more than their rows. */
    int64_t backdrop = spec->blur ? 2 * hy_resizer_bytes(&resize) + 64 * longest : 0;
    int64_t painter =
        hy_painter_bytes(spec->width, spec->height, hy_turn_of(spec->orientation).transpose);
    return picture + painter + hy_resizer_bytes(&resize) + rows + backdrop;
}

/* The row buffer holds the columns that either resizer needs, and the filter's overhang. */
static bool allocate_rows(hy_asset_builder *b, hy_meter *meter)
{
    b->columns = hy_resizer_columns(b->photo);
    if (b->backdrop) {
        hy_range more = hy_resizer_columns(hy_backdrop_collector(b->backdrop));
        b->columns.first = more.first < b->columns.first ? more.first : b->columns.first;
        b->columns.end = more.end > b->columns.end ? more.end : b->columns.end;
    }
    b->pitch = b->columns.end - b->columns.first + HY_TAPS_STEP;
    int32_t longest = b->spec.width > b->spec.height ? b->spec.width : b->spec.height;
    b->row =
        hy_scratch_new(meter, (size_t)b->pitch * (size_t)b->spec.rows.channels, sizeof *b->row);
    b->pixels = hy_scratch_new(meter, (size_t)longest, sizeof *b->pixels);
    return b->row && b->pixels;
}

static hydra_status prepare(hy_asset_builder *b, hy_meter *meter, hy_diag *diag)
{
    const hy_asset_spec *s = &b->spec;
    hydra_status status =
        hy_painter_init(&b->painter, b->kernels, s->width, s->height, b->turn, meter, diag);
    if (status == HYDRA_OK) {
        hy_resize_spec resize = photo_resize(s, b);
        status = hy_resizer_new(&resize, meter, &b->photo, diag);
    }
    bool is_filled = b->target.w == s->width && b->target.h == s->height;
    if (status == HYDRA_OK && s->blur && !is_filled) {
        status = hy_backdrop_new(s, meter, paint_backdrop, b, &b->backdrop, diag);
    }
    if (status == HYDRA_OK && !allocate_rows(b, meter)) {
        status = hy_meter_fail(meter, diag);
    }
    return status;
}

hydra_status hy_asset_builder_new(const hy_asset_spec *spec, hy_meter *meter,
                                  hy_asset_builder **out, hy_diag *diag)
{
    *out = NULL;
    if (!is_valid(spec)) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "asset of %d x %d from a photo of %d x %d",
                       (int)spec->width, (int)spec->height, (int)spec->photo_width,
                       (int)spec->photo_height);
    }
    hy_asset_builder *b = hy_calloc(1, sizeof *b);
    if (!b) {
        return hy_fail_memory(diag);
    }
    b->spec = *spec;
    b->kernels = hy_kernels_choose(spec->simd);
    b->turn = hy_turn_of(spec->orientation);
    b->target = (hy_box){(int32_t)spec->target.x, (int32_t)spec->target.y, (int32_t)spec->target.w,
                         (int32_t)spec->target.h};
    hydra_status status = prepare(b, meter, diag);
    if (status != HYDRA_OK) {
        hy_asset_builder_free(b);
        return status;
    }
    *out = b;
    return HYDRA_OK;
}

void hy_asset_builder_free(hy_asset_builder *builder)
{
    if (!builder) {
        return;
    }
    hy_painter_clear(&builder->painter);
    hy_resizer_free(builder->photo);
    hy_backdrop_free(builder->backdrop);
    hy_scratch_free(builder->row);
    hy_scratch_free(builder->pixels);
    hy_free(builder);
}

static bool needs_row(const hy_resizer *resizer, int32_t y)
{
    hy_range rows = hy_resizer_rows(resizer);
    return y >= rows.first && y < rows.end;
}

static void take_row(hy_asset_builder *b, const void *data, int32_t y)
{
    hy_resizer *collector = b->backdrop ? hy_backdrop_collector(b->backdrop) : NULL;
    if (!needs_row(b->photo, y) && !(collector && needs_row(collector, y))) {
        return;
    }
    hy_rows_unpack(b->kernels, &b->spec.rows, data, b->columns.first,
                   b->columns.end - b->columns.first, b->row, b->pitch);
    hy_source_row row = {.samples = b->row, .pitch = b->pitch, .column = b->columns.first};
    hy_resizer_push(b->photo, row, y);
    if (collector) {
        hy_resizer_push(collector, row, y);
    }
}

void hy_asset_builder_rows(hy_asset_builder *builder, const void *rows, ptrdiff_t stride_bytes,
                           int32_t count)
{
    hy_asset_builder *b = builder;
    for (int32_t i = 0; i < count && b->next_row < hy_stored_height(&b->spec); i++) {
        take_row(b, (const uint8_t *)rows + i * stride_bytes, b->next_row);
        b->next_row++;
    }
}

hydra_status hy_asset_builder_finish(hy_asset_builder *builder, hy_picture **out, hy_diag *diag)
{
    hy_asset_builder *b = builder;
    *out = NULL;
    if (b->next_row < hy_stored_height(&b->spec)) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%d of %d rows of a photo", (int)b->next_row,
                       (int)hy_stored_height(&b->spec));
    }
    if (!b->painter.picture) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "the asset was handed out before");
    }
    if (b->backdrop) {
        hy_backdrop_finish(b->backdrop);
    } else {
        paint_plain_backdrop(b);
    }
    *out = hy_painter_finish(&b->painter);
    return HYDRA_OK;
}
