/* SPDX-License-Identifier: MIT */
/*
 * Where a camera motion starts and ends. The base view is what a still photo shows; zooms go from
 * it to a closer view, pans pass over it, and free rectangles are brought to its shape. Every view
 * is computed to lie inside the stage, so no border can ever show.
 */
#include "timeline.h"

#define DEFAULT_ZOOM 0.05
#define DEFAULT_PAN  0.03

/* A free rectangle is at most so many times smaller than the base view: closer, a single pixel of
 * the photo covers the canvas and the 32.32 coordinates of a display list lose their precision. */
#define MAX_MAGNIFICATION 1000

/* Longest side of a photo laid on a canvas for a close view. A canvas is at most half of it. */
#define MAX_CONTAIN_SIDE 8192

static double clamp(double value, double low, double high)
{
    if (value > high) {
        value = high;
    }
    return value < low ? low : value;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static hy_rect whole_stage(const hy_stage *stage)
{
    return (hy_rect){0, 0, stage->width, stage->height};
}

/* A view of a size that fits, as near to a place as the stage allows. */
static hy_rect placed_view(const hy_stage *stage, double x, double y, double w, double h)
{
    return (hy_rect){clamp(x, 0, stage->width - w), clamp(y, 0, stage->height - h), w, h};
}

/* The largest view of the canvas's shape, its centre as near to the focus point as possible. */
static hy_rect covering_view(const hydra_image_options *options, int32_t canvas_w, int32_t canvas_h,
                             const hy_stage *stage)
{
    double w = stage->width;
    double h = stage->height;
    if (w * canvas_h > h * canvas_w) {
        w = h * canvas_w / canvas_h;
    } else {
        h = w * canvas_h / canvas_w;
    }
    return placed_view(stage, options->focus_x * stage->width - w / 2,
                       options->focus_y * stage->height - h / 2, w, h);
}

/* The view 1 + amount times closer than `base` that shows the focus point in the same place. */
static hy_rect closer_view(const hydra_image_options *options, const hy_stage *stage,
                           const hy_rect *base, double amount)
{
    double fraction_x = clamp((options->focus_x * stage->width - base->x) / base->w, 0, 1);
    double fraction_y = clamp((options->focus_y * stage->height - base->y) / base->h, 0, 1);
    double w = base->w / (1 + amount);
    double h = base->h / (1 + amount);
    return placed_view(stage, base->x + fraction_x * (base->w - w),
                       base->y + fraction_y * (base->h - h), w, h);
}

/* One direction of a pan: the path of a view of `size` around `at`, shifted into the stage. */
static void pan_path(double at, double size, double amount, double limit, double *low, double *high)
{
    double travel = amount * size;
    *low = clamp(at - travel / 2, 0, limit - size - travel);
    *high = clamp(*low + travel, 0, limit - size);
}

/* `low` is the view farther left or up. Where the stage is too short for the way, the view shrinks
 * until view and way fill it together. */
static void plan_pan(const hy_stage *stage, const hy_rect *base, double amount, bool horizontal,
                     hy_rect *low, hy_rect *high)
{
    double limit = horizontal ? stage->width : stage->height;
    double size = horizontal ? base->w : base->h;
    double share = clamp(limit / (1 + amount) / size, 0, 1);
    double w = base->w * share;
    double h = base->h * share;
    hy_rect view =
        placed_view(stage, base->x + (base->w - w) / 2, base->y + (base->h - h) / 2, w, h);
    *low = view;
    *high = view;
    if (horizontal) {
        pan_path(view.x, view.w, amount, limit, &low->x, &high->x);
    } else {
        pan_path(view.y, view.h, amount, limit, &low->y, &high->y);
    }
}

/* A rectangle in fractions of the stage, grown about its centre to the shape of the base view. */
static hy_rect free_view(const hydra_rect *rect, const hy_stage *stage, const hy_rect *base)
{
    double centre_x = (rect->x + rect->width / 2) * stage->width;
    double centre_y = (rect->y + rect->height / 2) * stage->height;
    double share =
        larger(rect->width * stage->width / base->w, rect->height * stage->height / base->h);
    share = clamp(share, 1.0 / MAX_MAGNIFICATION, 1);
    double w = base->w * share;
    double h = base->h * share;
    return placed_view(stage, centre_x - w / 2, centre_y - h / 2, w, h);
}

static double amount_of(const hydra_image_options *options, double automatic)
{
    return options->motion_amount == HYDRA_AUTO ? automatic : options->motion_amount;
}

static void plan_views(const hydra_image_options *options, const hy_rect *base, hy_stage *stage)
{
    double zoom = amount_of(options, DEFAULT_ZOOM);
    double pan = amount_of(options, DEFAULT_PAN);
    stage->start = *base;
    stage->end = *base;
    switch (options->motion) {
    case HYDRA_MOTION_ZOOM_IN:
        stage->end = closer_view(options, stage, base, zoom);
        break;
    case HYDRA_MOTION_ZOOM_OUT:
        stage->start = closer_view(options, stage, base, zoom);
        break;
    case HYDRA_MOTION_PAN_LEFT:
        plan_pan(stage, base, pan, true, &stage->end, &stage->start);
        break;
    case HYDRA_MOTION_PAN_RIGHT:
        plan_pan(stage, base, pan, true, &stage->start, &stage->end);
        break;
    case HYDRA_MOTION_PAN_UP:
        plan_pan(stage, base, pan, false, &stage->end, &stage->start);
        break;
    case HYDRA_MOTION_PAN_DOWN:
        plan_pan(stage, base, pan, false, &stage->start, &stage->end);
        break;
    case HYDRA_MOTION_RECT:
        stage->start = free_view(&options->start, stage, base);
        stage->end = free_view(&options->end, stage, base);
        break;
    default:
        break;
    }
}

void hy_stage_plan(const hydra_image_options *options, int32_t canvas_w, int32_t canvas_h,
                   int32_t photo_w, int32_t photo_h, hy_stage *out)
{
    hy_rect base;
    if (options->fit == HYDRA_FIT_CONTAIN) {
        /* How many pixels the photo has for one of the canvas; its edges and its backdrop are worth
         * the canvas's own resolution in any case. */
        double photo_detail = larger((double)photo_w / canvas_w, (double)photo_h / canvas_h);
        double most = MAX_CONTAIN_SIDE / larger(canvas_w, canvas_h);
        *out = (hy_stage){.width = canvas_w, .height = canvas_h};
        out->detail = clamp(photo_detail, 1, most);
        base = whole_stage(out);
    } else {
        *out = (hy_stage){.width = photo_w, .height = photo_h, .detail = 1};
        base = options->fit == HYDRA_FIT_FILL ? whole_stage(out)
                                              : covering_view(options, canvas_w, canvas_h, out);
    }
    plan_views(options, &base, out);
}
