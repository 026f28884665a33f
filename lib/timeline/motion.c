/* SPDX-License-Identifier: MIT */
/* Camera motion: from the time a photo has been on screen to the part of it that is seen. Only
 * + - * / on doubles, whose results IEEE 754 fixes to the bit. */
#include "timeline.h"

double hy_ease(int32_t easing, double u)
{
    double rest = 1 - u;
    switch (easing) {
    case HYDRA_EASING_SMOOTHSTEP:
        return u * u * (3 - 2 * u);
    case HYDRA_EASING_IN:
        return u * u * u;
    case HYDRA_EASING_OUT:
        return 1 - rest * rest * rest;
    case HYDRA_EASING_IN_OUT:
        return u < 0.5 ? 4 * u * u * u : 1 - 4 * rest * rest * rest;
    default:
        return u;
    }
}

/* Exact at both ends, and constant when the ends are equal. */
static double mix(double from, double to, double k)
{
    return k < 1 ? from + (to - from) * k : to;
}

/* Rounding may carry a view over the edge by the last bit of a double. */
static void keep_inside(double *at, double *size, double limit)
{
    if (*size > limit) {
        *size = limit;
    }
    if (*at > limit - *size) {
        *at = limit - *size;
    }
    if (*at < 0) {
        *at = 0;
    }
}

hy_rect hy_view_at(const hy_stage *stage, double e)
{
    const hy_rect *start = &stage->start;
    const hy_rect *end = &stage->end;
    /* A magnification that is linear in e makes the width 1 / ((1-e)/w0 + e/w1); k is how far that
     * width is on the way from w0 to w1. Position goes the same way, so all points that both views
     * share move on straight lines. */
    double k = e * start->w / ((1 - e) * end->w + e * start->w);
    hy_rect view = {
        mix(start->x, end->x, k),
        mix(start->y, end->y, k),
        mix(start->w, end->w, k),
        mix(start->h, end->h, k),
    };
    keep_inside(&view.x, &view.w, stage->width);
    keep_inside(&view.y, &view.h, stage->height);
    return view;
}
