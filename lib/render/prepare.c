/* SPDX-License-Identifier: MIT */
/* From a source to an asset: read, recognise, place, decode, convert; once per photo. */
#include <math.h>
#include <string.h>

#include "render/estimate.h"
#include "render/remote.h"
#include "render/scene.h"

/* Handed on at once: between them the job may be cancelled. */
#define STRIP_ROWS 64

/*
 * From these shrink factors on, a photo is decoded at half or a quarter of its size, which leaves
 * 2.5 or 3.5 of its pixels for each of the asset. What the decoder's coarser averages do to the
 * highest frequencies is then filtered out: the asset stays within 50 dB of one made from all
 * pixels.
 */
#define HALF_FROM    5.0
#define QUARTER_FROM 14.0

/* What one preparation holds on its way, so that one place can let go of it. */
typedef struct preparation {
    const hy_cancel *cancel;
    hy_diag *diag;
    hy_reader *reader;
    uint8_t *bytes;
    hy_photo *photo;
    hy_color *color;
    hy_asset_builder *builder;
    hy_budget *turn; /* taken with hy_budget_look_begin; NULL = not */
} preparation;

static void preparation_free(preparation *p)
{
    hy_asset_builder_free(p->builder);
    hy_color_free(p->color);
    hy_photo_close(p->photo);
    hy_free(p->bytes);
    hy_reader_close(p->reader);
    if (p->turn) {
        hy_budget_look_end(p->turn);
    }
}

static bool is_turned(int32_t orientation)
{
    return orientation >= 5; /* EXIF 5..8 exchange width and height */
}

/* Cover and fill: the stage is the photo, so the asset's region is a part of it. */
static void show_region(const hy_placement *placement, hy_asset_spec *spec)
{
    spec->source = placement->region;
    spec->target = (hy_rect){0, 0, placement->width, placement->height};
}

static double clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* One axis of the contained photo, `size` in the middle of the canvas: the whole asset pixels that
 * come nearest to it, at least one. */
static void contain_axis(double canvas, double size, double scale, int32_t asset, double *target,
                         double *target_size)
{
    double first = (canvas - size) / 2 * scale;
    double from = clamp(floor(first + 0.5), 0, asset - 1);
    double to = clamp(floor(first + size * scale + 0.5), from + 1, asset);
    *target = from;
    *target_size = to - from;
}

/* Contain: the asset is the canvas with the whole photo, as large as it fits, in the middle. */
static void show_contained(const hy_project *project, const hy_placement *placement,
                           int32_t photo_w, int32_t photo_h, hy_asset_spec *spec)
{
    double scale = fmin((double)project->width / photo_w, (double)project->height / photo_h);
    double w = photo_w * scale;
    double h = photo_h * scale;
    spec->source = (hy_rect){0, 0, photo_w, photo_h};
    contain_axis(project->width, w, placement->scale_x, placement->width, &spec->target.x,
                 &spec->target.w);
    contain_axis(project->height, h, placement->scale_y, placement->height, &spec->target.y,
                 &spec->target.h);
}

/* By the axis on which fewer pixels of the photo make one of the asset. */
static int32_t choose_halvings(const hy_photo_info *info, const hy_asset_spec *spec)
{
    double shrink = fmin(spec->source.w / spec->target.w, spec->source.h / spec->target.h);
    int32_t halvings = shrink >= QUARTER_FROM ? 2 : shrink >= HALF_FROM ? 1 : 0;
    return halvings < info->max_halvings ? halvings : info->max_halvings;
}

void hy_prepare_plan(const hy_project *project, const hydra_image_options *options,
                     const hy_photo_info *info, hy_shot *shot, hy_asset_spec *spec)
{
    bool turned = is_turned(info->orientation);
    int32_t photo_w = turned ? info->height : info->width;
    int32_t photo_h = turned ? info->width : info->height;
    hy_stage_plan(options, project->width, project->height, photo_w, photo_h, &shot->stage);
    hy_placement_plan(options, &shot->stage, project->width, project->height, &shot->placement);
    *spec = (hy_asset_spec){
        .width = shot->placement.width,
        .height = shot->placement.height,
        .photo_width = info->width,
        .photo_height = info->height,
        .rows = info->rows,
        .orientation = info->orientation,
        .background_rgb = project->background_rgb,
        .backdrop_rgb = options->backdrop_rgb == HYDRA_AUTO ? project->background_rgb
                                                            : (uint32_t)options->backdrop_rgb,
        .blur = options->fit == HYDRA_FIT_CONTAIN && options->backdrop == HYDRA_BACKDROP_BLUR,
    };
    if (options->fit == HYDRA_FIT_CONTAIN) {
        show_contained(project, &shot->placement, photo_w, photo_h, spec);
    } else {
        show_region(&shot->placement, spec);
    }
    spec->halvings = choose_halvings(info, spec);
}

static hydra_status open_photo(preparation *p, const hy_job *job, int32_t index, hy_diag *diag)
{
    size_t size = 0;
    hydra_status status = hy_job_open_image(job, index, &p->reader, diag);
    if (status == HYDRA_OK) {
        status = hy_reader_load(p->reader, &p->bytes, &size, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_photo_open(p->bytes, size, p->reader->name, job->policy, &p->photo, diag);
    }
    return status;
}

/* The share of its job covers a remote photo as it was assumed; of those that take more, one at a
 * time is prepared. */
static hydra_status wait_for_turn(preparation *p, const hy_job *job, int32_t index, hy_diag *diag)
{
    bool assumed = job->budget && job->project->images[index].source.url;
    int64_t file_bytes = p->reader->size;
    if (!assumed ||
        file_bytes + hy_photo_work_bytes(p->photo, file_bytes) <= hy_remote_decode_bytes(job)) {
        return HYDRA_OK;
    }
    hydra_status status = hy_budget_look_begin(job->budget, job->cancel, diag);
    p->turn = status == HYDRA_OK ? job->budget : NULL;
    return status;
}

/* An hy_rows_fn. */
static hydra_status take_rows(void *user, const void *rows, ptrdiff_t stride_bytes, int32_t count)
{
    const preparation *p = user;
    hydra_status status = hy_cancel_check(p->cancel, p->diag);
    for (int32_t y = 0; status == HYDRA_OK && y < count; y += STRIP_ROWS) {
        int32_t strip = count - y < STRIP_ROWS ? count - y : STRIP_ROWS;
        hy_asset_builder_rows(p->builder, (const uint8_t *)rows + y * stride_bytes, stride_bytes,
                              strip);
        status = hy_cancel_check(p->cancel, p->diag);
    }
    return status;
}

hydra_status hy_prepare_image(const hy_job *job, int32_t index, hy_meter *meter, hy_shot *shot,
                              hy_picture **picture, hy_diag *diag)
{
    const hy_project_image *image = &job->project->images[index];
    preparation p = {.cancel = job->cancel, .diag = diag};
    hy_asset_spec spec;
    hydra_status status = open_photo(&p, job, index, diag);
    if (status == HYDRA_OK) {
        status = wait_for_turn(&p, job, index, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_color_new(p.photo, &p.color, diag);
    }
    if (status == HYDRA_OK) {
        hy_prepare_plan(job->project, &image->options, hy_photo_info_of(p.photo), shot, &spec);
        hy_photo_halve(p.photo, spec.halvings);
        spec.simd = job->simd;
        spec.color = p.color ? hy_color_convert : NULL;
        spec.color_user = p.color;
        status = hy_asset_builder_new(&spec, meter, &p.builder, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_photo_decode(p.photo, take_rows, &p, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_asset_builder_finish(p.builder, picture, diag);
    }
    preparation_free(&p);
    hy_remote_done(job->remote, index);
    return status;
}
