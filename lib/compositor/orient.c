/* SPDX-License-Identifier: MIT */
/* EXIF orientation: tables and coordinate changes. */
#include "orient.h"

hy_turn hy_turn_of(int32_t orientation)
{
    /* EXIF names the visual side of stored row 0 and of stored column 0. */
    static const hy_turn turns[8] = {
        {false, false, false}, /* 1: top, left */
        {false, true, false},  /* 2: top, right */
        {false, true, true},   /* 3: bottom, right */
        {false, false, true},  /* 4: bottom, left */
        {true, false, false},  /* 5: left, top */
        {true, true, false},   /* 6: right, top */
        {true, true, true},    /* 7: right, bottom */
        {true, false, true},   /* 8: left, bottom */
    };
    return turns[orientation - 1];
}

hy_rect hy_turn_to_stored(hy_turn turn, hy_rect upright, double width, double height)
{
    hy_rect r = upright;
    r.x = turn.flip_x ? width - upright.x - upright.w : upright.x;
    r.y = turn.flip_y ? height - upright.y - upright.h : upright.y;
    return turn.transpose ? (hy_rect){.x = r.y, .y = r.x, .w = r.h, .h = r.w} : r;
}

hy_run hy_turn_row(hy_turn turn, hy_box box, int32_t row)
{
    int32_t across = turn.transpose ? row : 0;
    int32_t down = turn.transpose ? 0 : row;
    hy_run run = {
        .x = turn.flip_x ? box.x + box.w - 1 - across : box.x + across,
        .y = turn.flip_y ? box.y + box.h - 1 - down : box.y + down,
    };
    if (turn.transpose) {
        run.dy = turn.flip_y ? -1 : 1;
    } else {
        run.dx = turn.flip_x ? -1 : 1;
    }
    return run;
}

static int32_t clamp(int32_t value, int32_t max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

void hy_run_inside(hy_run run, int32_t count, hy_box box, int32_t *from, int32_t *until)
{
    bool level = run.dx != 0;
    int32_t across = level ? run.y - box.y : run.x - box.x;
    int32_t along = level ? box.x - run.x : box.y - run.y; /* to the box's first pixel */
    int32_t length = level ? box.w : box.h;
    int32_t step = run.dx + run.dy;
    int32_t begin = step > 0 ? along : -(along + length - 1);
    *from = clamp(begin, count);
    *until = clamp(begin + length, count);
    if (across < 0 || across >= (level ? box.h : box.w)) {
        *until = *from;
    }
}
