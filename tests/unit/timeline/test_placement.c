/* SPDX-License-Identifier: MIT */
/* Which part of a photo is prepared, and how large. */
#include <math.h>

#include "timeline_support.h"

typedef struct placement_case {
    int32_t fit, motion;
    double amount;
    int32_t canvas_w, canvas_h, photo_w, photo_h;
    hy_rect region;
    int32_t width, height;
} placement_case;

static hy_placement place(const placement_case *c, hy_stage *stage)
{
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.fit = c->fit;
    options.motion = c->motion;
    options.motion_amount = c->amount;
    options.start = (hydra_rect){0.25, 0.25, 0.5, 0.5};
    options.end = options.start;
    hy_stage_plan(&options, c->canvas_w, c->canvas_h, c->photo_w, c->photo_h, stage);
    hy_placement placement;
    hy_placement_plan(&options, stage, c->canvas_w, c->canvas_h, &placement);
    return placement;
}

static void expect_placement(const placement_case *c)
{
    hy_stage stage;
    hy_placement placement = place(c, &stage);
    const hy_rect *region = &placement.region;
    assert_int_equal(placement.width, c->width);
    assert_int_equal(placement.height, c->height);
    if (!(fabs(region->x - c->region.x) < 1e-9 && fabs(region->y - c->region.y) < 1e-9 &&
          fabs(region->w - c->region.w) < 1e-9 && fabs(region->h - c->region.h) < 1e-9)) {
        fail_msg("region %.12g %.12g %.12g %.12g", region->x, region->y, region->w, region->h);
    }
    assert_true(placement.scale_x == placement.width / region->w);
    assert_true(placement.scale_y == placement.height / region->h);
}

#define COVER   HYDRA_FIT_COVER
#define CONTAIN HYDRA_FIT_CONTAIN
#define FILL    HYDRA_FIT_FILL

static void still_views(void **state)
{
    (void)state;
    static const placement_case cases[] = {
        /* The photo has more pixels than the canvas, as many, fewer. */
        {COVER,
         HYDRA_MOTION_NONE,
         1,
         1080,
         1920,
         4000,
         3000,
         {1156.25, 0, 1687.5, 3000},
         1080,
         1920},
        {COVER, HYDRA_MOTION_NONE, 1, 1080, 1920, 1080, 1920, {0, 0, 1080, 1920}, 1080, 1920},
        {COVER, HYDRA_MOTION_NONE, 1, 1080, 1920, 540, 960, {0, 0, 540, 960}, 540, 960},
        {COVER, HYDRA_MOTION_NONE, 1, 1080, 1080, 333, 401, {0, 34, 333, 333}, 334, 334},
        {COVER, HYDRA_MOTION_NONE, 1, 64, 64, 1, 1, {0, 0, 1, 1}, 2, 2},
        {FILL, HYDRA_MOTION_NONE, 1, 1000, 1000, 4000, 300, {0, 0, 4000, 300}, 1000, 300},
        {CONTAIN, HYDRA_MOTION_NONE, 1, 1000, 500, 10, 10, {0, 0, 1000, 500}, 1000, 500},
        {CONTAIN, HYDRA_MOTION_NONE, 1, 1000, 500, 9000, 9000, {0, 0, 1000, 500}, 1000, 500},
        /* A part of the canvas, and still all of it is prepared: twice as large where the photo
         * has so much detail. */
        {CONTAIN, HYDRA_MOTION_RECT, 1, 1000, 500, 9000, 9000, {0, 0, 1000, 500}, 2000, 1000},
        {CONTAIN, HYDRA_MOTION_RECT, 1, 1000, 500, 1201, 10, {0, 0, 1000, 500}, 1202, 602},
        {CONTAIN, HYDRA_MOTION_RECT, 1, 1000, 500, 10, 10, {0, 0, 1000, 500}, 1000, 500},
        {COVER, HYDRA_MOTION_RECT, 1, 1000, 500, 1200, 600, {300, 150, 600, 300}, 600, 300},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_placement(&cases[i]);
    }
}

static void moving_views(void **state)
{
    (void)state;
    static const placement_case cases[] = {
        /* Large photo, 2 photo pixels per canvas pixel at the closest: 1000 * 1.25 asset pixels for
         * the base view of 2500, and 4 more on each side where there is more photo. */
        {COVER, HYDRA_MOTION_ZOOM_IN, 0.25, 1000, 1000, 2500, 2500, {0, 0, 2500, 2500}, 1250, 1250},
        {COVER,
         HYDRA_MOTION_ZOOM_IN,
         0.25,
         1000,
         1000,
         4500,
         2500,
         {992, 0, 2516, 2500},
         1258,
         1250},
        /* Small photo: its own pixels, whole ones, an even number of them. */
        {COVER, HYDRA_MOTION_ZOOM_IN, 0.25, 1000, 1000, 500, 500, {0, 0, 500, 500}, 500, 500},
        {COVER, HYDRA_MOTION_ZOOM_IN, 0.25, 1000, 1000, 700, 500, {96, 0, 508, 500}, 508, 500},
        {COVER, HYDRA_MOTION_ZOOM_IN, 0.25, 1000, 1000, 701, 501, {96, 0, 510, 501}, 510, 502},
        {COVER, HYDRA_MOTION_ZOOM_IN, 0.25, 1000, 1000, 505, 501, {0, 0, 505, 501}, 506, 502},
        {COVER, HYDRA_MOTION_PAN_RIGHT, 4, 1000, 1000, 1, 1, {0, 0, 1, 1}, 2, 2},
        /* Fill: each direction by itself. */
        {FILL, HYDRA_MOTION_ZOOM_OUT, 0.25, 1000, 1000, 2500, 300, {0, 0, 2500, 300}, 1250, 300},
        /* Contain: as large as the closest view needs, unless the photo has no more to show. */
        {CONTAIN, HYDRA_MOTION_ZOOM_IN, 0.5, 1000, 500, 4000, 2000, {0, 0, 1000, 500}, 1500, 750},
        {CONTAIN, HYDRA_MOTION_ZOOM_IN, 0.5, 1000, 500, 1200, 600, {0, 0, 1000, 500}, 1200, 600},
        {CONTAIN, HYDRA_MOTION_ZOOM_IN, 0.5, 1000, 500, 100, 60, {0, 0, 1000, 500}, 1000, 500},
        {CONTAIN, HYDRA_MOTION_ZOOM_IN, 4, 4096, 64, 14000, 14000, {0, 0, 4096, 64}, 8192, 128},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        expect_placement(&cases[i]);
    }
}

/* A region of whole pixels that cannot be even inside the photo grows to the left. */
static void alignment_at_the_right_edge(void **state)
{
    (void)state;
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.motion = HYDRA_MOTION_PAN_RIGHT;
    options.focus_x = 1;
    options.motion_amount = 0.01;
    hy_stage stage;
    hy_placement placement;
    hy_stage_plan(&options, 1000, 1000, 605, 500, &stage);
    hy_placement_plan(&options, &stage, 1000, 1000, &placement);
    /* Views from 100 to 605; with the margin from 96: 509 pixels, so 95 to 605. */
    assert_true(placement.region.x == 95 && placement.region.w == 510);
    assert_int_equal(placement.width, 510);
    assert_true(placement.scale_x == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(still_views),
        cmocka_unit_test(moving_views),
        cmocka_unit_test(alignment_at_the_right_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
