/* SPDX-License-Identifier: MIT */
/*
 * How much of a photo is prepared, and at what size: enough for one asset pixel per canvas pixel in
 * the closest view, and no more than the photo has. The two directions are planned alike.
 */
#include "timeline.h"

#include <math.h>

/* Asset pixels kept around the views where the photo has them: the filter reaches there. */
#define MARGIN_PX 4

/* Sizes that are whole but for rounding stay whole. */
#define TINY 1e-6

/* One direction of a placement. */
typedef struct span {
    double at;
    double size;
    int32_t pixels;
} span;

static int32_t even_near(double pixels)
{
    int32_t even = 2 * (int32_t)floor(pixels / 2 + 0.5);
    return even > 2 ? even : 2;
}

static int32_t even_above(double pixels)
{
    int32_t even = 2 * (int32_t)ceil((pixels - TINY) / 2);
    return even > 2 ? even : 2;
}

/* Grow [low, high) outward to whole photo pixels, an even number of them where the photo allows:
 * the asset is then a copy of the photo's own pixels, without a resample. */
static void align(double *low, double *high, double limit)
{
    *low = floor(*low);
    *high = ceil(*high);
    if ((int32_t)(*high - *low) % 2 == 0) {
        return;
    }
    if (*high < limit) {
        *high += 1;
    } else if (*low > 0) {
        *low -= 1;
    }
}

/* A view that never moves: exactly what is shown, at the size at which it is shown. */
static span place_still(double at, double size, double scale, int32_t canvas)
{
    return (span){at, size, scale < 1 ? canvas : even_near(size)};
}

static span place_moving(double low, double high, double scale, double limit)
{
    low -= MARGIN_PX / scale;
    high += MARGIN_PX / scale;
    low = low > 0 ? low : 0;
    high = high < limit ? high : limit;
    if (scale == 1) {
        align(&low, &high, limit);
    }
    return (span){low, high - low, even_above((high - low) * scale)};
}

/* A canvas with the photo on it, all of it: its backdrop does not depend on what is shown. */
static span place_canvas(double size, double scale)
{
    return (span){0, size, even_above(size * scale)};
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

void hy_placement_plan(const hydra_image_options *options, const hy_stage *stage, int32_t canvas_w,
                       int32_t canvas_h, hy_placement *out)
{
    const hy_rect *a = &stage->start;
    const hy_rect *b = &stage->end;
    bool still = a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
    double scale_x = smaller(canvas_w / smaller(a->w, b->w), stage->detail);
    double scale_y = smaller(canvas_h / smaller(a->h, b->h), stage->detail);
    span x;
    span y;
    if (options->fit == HYDRA_FIT_CONTAIN) {
        x = place_canvas(stage->width, scale_x);
        y = place_canvas(stage->height, scale_y);
    } else if (still) {
        x = place_still(a->x, a->w, scale_x, canvas_w);
        y = place_still(a->y, a->h, scale_y, canvas_h);
    } else {
        x = place_moving(smaller(a->x, b->x), larger(a->x + a->w, b->x + b->w), scale_x,
                         stage->width);
        y = place_moving(smaller(a->y, b->y), larger(a->y + a->h, b->y + b->h), scale_y,
                         stage->height);
    }
    *out = (hy_placement){
        .region = {x.at, y.at, x.size, y.size},
        .width = x.pixels,
        .height = y.pixels,
        .scale_x = x.pixels / x.size,
        .scale_y = y.pixels / y.size,
    };
}
