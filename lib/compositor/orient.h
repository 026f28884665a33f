/* SPDX-License-Identifier: MIT */
/* EXIF orientation as geometry: where stored rows and rectangles go when a photo stands upright. */
#ifndef HY_COMPOSITOR_ORIENT_H
#define HY_COMPOSITOR_ORIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/core.h"

/* Upright = stored, its axes swapped if `transpose`, then mirrored. */
typedef struct hy_turn {
    bool transpose;
    bool flip_x; /* left-right in the upright picture */
    bool flip_y;
} hy_turn;

/* A box of whole pixels. */
typedef struct hy_box {
    int32_t x;
    int32_t y;
    int32_t w;
    int32_t h;
} hy_box;

/* Pixel i of a run is at x + i * dx, y + i * dy. One of dx, dy is 0, the other 1 or -1. */
typedef struct hy_run {
    int32_t x;
    int32_t y;
    int32_t dx;
    int32_t dy;
} hy_run;

/* orientation: EXIF, 1..8. */
hy_turn hy_turn_of(int32_t orientation);
/* The stored rectangle that becomes `upright` in an upright picture of width x height. */
hy_rect hy_turn_to_stored(hy_turn turn, hy_rect upright, double width, double height);
/* Where stored row `row` of a picture goes whose upright form fills `box`. */
hy_run hy_turn_row(hy_turn turn, hy_box box, int32_t row);
/* The pixels [*from, *until) of the first `count` of a run that lie inside `box`; equal if none. */
void hy_run_inside(hy_run run, int32_t count, hy_box box, int32_t *from, int32_t *until);

#endif
