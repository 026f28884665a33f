/* SPDX-License-Identifier: MIT */
/* Where motions start and end, for every fit and preset. */
#include <math.h>

#include "timeline_support.h"

static void expect_view(const hy_rect *view, double x, double y, double w, double h)
{
    if (!(fabs(view->x - x) < 1e-9 && fabs(view->y - y) < 1e-9 && fabs(view->w - w) < 1e-9 &&
          fabs(view->h - h) < 1e-9)) {
        fail_msg("view %.12g %.12g %.12g %.12g, expected %.12g %.12g %.12g %.12g", view->x, view->y,
                 view->w, view->h, x, y, w, h);
    }
}

static hydra_image_options motion_options(int32_t motion, int32_t fit)
{
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.motion = motion;
    options.fit = fit;
    return options;
}

static void cover_shows_the_most_around_the_focus(void **state)
{
    (void)state;
    static const struct {
        int32_t canvas_w, canvas_h, photo_w, photo_h;
        double focus_x, focus_y;
        hy_rect view;
    } cases[] = {
        {1080, 1920, 4000, 3000, 0.5, 0.5, {1156.25, 0, 1687.5, 3000}},
        {1080, 1920, 4000, 3000, 0, 0, {0, 0, 1687.5, 3000}},
        {1080, 1920, 4000, 3000, 1, 1, {2312.5, 0, 1687.5, 3000}},
        {1080, 1920, 4000, 3000, 0.25, 0.9, {156.25, 0, 1687.5, 3000}},
        {1920, 1080, 3000, 4000, 0.5, 0.5, {0, 1156.25, 3000, 1687.5}},
        {1920, 1080, 3000, 4000, 0.5, 0.1, {0, 0, 3000, 1687.5}},
        {1080, 1080, 300, 300, 0.7, 0.2, {0, 0, 300, 300}},
        {64, 4096, 1, 1, 0.5, 0.5, {0.4921875, 0, 0.015625, 1}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hydra_image_options options = motion_options(HYDRA_MOTION_NONE, HYDRA_FIT_COVER);
        options.focus_x = cases[i].focus_x;
        options.focus_y = cases[i].focus_y;
        hy_stage stage;
        hy_stage_plan(&options, cases[i].canvas_w, cases[i].canvas_h, cases[i].photo_w,
                      cases[i].photo_h, &stage);
        const hy_rect *view = &cases[i].view;
        assert_true(stage.width == cases[i].photo_w && stage.height == cases[i].photo_h);
        assert_true(stage.detail == 1);
        expect_view(&stage.start, view->x, view->y, view->w, view->h);
        assert_memory_equal(&stage.start, &stage.end, sizeof stage.start);
    }
}

static void fill_and_contain_show_the_whole_stage(void **state)
{
    (void)state;
    hy_stage stage;
    hydra_image_options options = motion_options(HYDRA_MOTION_NONE, HYDRA_FIT_FILL);
    hy_stage_plan(&options, 1080, 1920, 4000, 3000, &stage);
    expect_view(&stage.start, 0, 0, 4000, 3000);
    options.fit = HYDRA_FIT_CONTAIN;
    hy_stage_plan(&options, 1080, 1920, 4000, 3000, &stage);
    assert_true(stage.width == 1080 && stage.height == 1920);
    expect_view(&stage.end, 0, 0, 1080, 1920);
}

static void contain_knows_the_detail_of_the_photo(void **state)
{
    (void)state;
    static const struct {
        int32_t canvas_w, canvas_h, photo_w, photo_h;
        double detail;
    } cases[] = {
        {1000, 2000, 4000, 3000, 4},      {1000, 2000, 3000, 4000, 3}, {1000, 2000, 100, 100, 1},
        {1000, 2000, 30000, 6000, 4.096}, {4096, 64, 14000, 14000, 2},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hydra_image_options options = motion_options(HYDRA_MOTION_NONE, HYDRA_FIT_CONTAIN);
        hy_stage stage;
        hy_stage_plan(&options, cases[i].canvas_w, cases[i].canvas_h, cases[i].photo_w,
                      cases[i].photo_h, &stage);
        assert_true(fabs(stage.detail - cases[i].detail) < 1e-12);
    }
}

static void zoom_holds_the_focus(void **state)
{
    (void)state;
    static const int32_t fits[] = {HYDRA_FIT_COVER, HYDRA_FIT_CONTAIN, HYDRA_FIT_FILL};
    static const double points[] = {0, 0.2, 0.5, 0.9, 1};
    for (size_t i = 0; i < COUNT(fits) * COUNT(points) * COUNT(points); i++) {
        hydra_image_options options = motion_options(HYDRA_MOTION_ZOOM_IN, fits[i % COUNT(fits)]);
        options.motion_amount = 0.25;
        options.focus_x = points[i / COUNT(fits) % COUNT(points)];
        options.focus_y = points[i / COUNT(fits) / COUNT(points)];
        hy_stage in;
        hy_stage_plan(&options, 1080, 1920, 4000, 3000, &in);
        double x = options.focus_x * in.width;
        double y = options.focus_y * in.height;
        assert_true(fabs(in.start.w / in.end.w - 1.25) < 1e-12);
        assert_true(fabs(in.start.h / in.end.h - 1.25) < 1e-12);
        assert_true(fabs((x - in.start.x) / in.start.w - (x - in.end.x) / in.end.w) < 1e-12);
        assert_true(fabs((y - in.start.y) / in.start.h - (y - in.end.y) / in.end.h) < 1e-12);

        options.motion = HYDRA_MOTION_ZOOM_OUT;
        hy_stage out;
        hy_stage_plan(&options, 1080, 1920, 4000, 3000, &out);
        assert_memory_equal(&out.start, &in.end, sizeof in.end);
        assert_memory_equal(&out.end, &in.start, sizeof in.end);
    }
}

static void automatic_amounts(void **state)
{
    (void)state;
    hy_stage stage;
    hydra_image_options options = motion_options(HYDRA_MOTION_ZOOM_IN, HYDRA_FIT_COVER);
    hy_stage_plan(&options, 1000, 1000, 2000, 2000, &stage);
    expect_view(&stage.end, 1000 - 1000 / 1.05, 1000 - 1000 / 1.05, 2000 / 1.05, 2000 / 1.05);
    options.motion = HYDRA_MOTION_PAN_RIGHT;
    hy_stage_plan(&options, 1000, 1000, 4000, 2000, &stage);
    expect_view(&stage.start, 970, 0, 2000, 2000);
    expect_view(&stage.end, 1030, 0, 2000, 2000);
}

static const struct {
    int32_t motion, fit;
    int32_t photo_w, photo_h;
    double focus, amount;
    hy_rect start, end;
} pan_cases[] = {
    /* Enough photo beside the view: full size, centred on the focus, shifted inside. */
    {HYDRA_MOTION_PAN_LEFT,
     HYDRA_FIT_COVER,
     4000,
     1000,
     0.5,
     0.5,
     {1750, 0, 1000, 1000},
     {1250, 0, 1000, 1000}},
    {HYDRA_MOTION_PAN_RIGHT,
     HYDRA_FIT_COVER,
     4000,
     1000,
     0.5,
     0.5,
     {1250, 0, 1000, 1000},
     {1750, 0, 1000, 1000}},
    {HYDRA_MOTION_PAN_RIGHT,
     HYDRA_FIT_COVER,
     4000,
     1000,
     0,
     0.5,
     {0, 0, 1000, 1000},
     {500, 0, 1000, 1000}},
    {HYDRA_MOTION_PAN_RIGHT,
     HYDRA_FIT_COVER,
     4000,
     1000,
     1,
     0.5,
     {2500, 0, 1000, 1000},
     {3000, 0, 1000, 1000}},
    {HYDRA_MOTION_PAN_UP,
     HYDRA_FIT_COVER,
     1000,
     4000,
     1,
     1,
     {0, 3000, 1000, 1000},
     {0, 2000, 1000, 1000}},
    {HYDRA_MOTION_PAN_DOWN,
     HYDRA_FIT_COVER,
     1000,
     4000,
     0.5,
     1,
     {0, 1000, 1000, 1000},
     {0, 2000, 1000, 1000}},
    {HYDRA_MOTION_PAN_DOWN,
     HYDRA_FIT_COVER,
     1000,
     2000,
     0.5,
     1,
     {0, 0, 1000, 1000},
     {0, 1000, 1000, 1000}},
    /* Not enough: the view shrinks, its way is the whole stage. */
    {HYDRA_MOTION_PAN_RIGHT,
     HYDRA_FIT_COVER,
     1200,
     1000,
     0.5,
     0.5,
     {0, 100, 800, 800},
     {400, 100, 800, 800}},
    {HYDRA_MOTION_PAN_LEFT,
     HYDRA_FIT_COVER,
     1000,
     4000,
     0.5,
     0.25,
     {200, 1600, 800, 800},
     {0, 1600, 800, 800}},
    {HYDRA_MOTION_PAN_UP,
     HYDRA_FIT_COVER,
     4000,
     1000,
     0.25,
     4,
     {900, 800, 200, 200},
     {900, 0, 200, 200}},
    {HYDRA_MOTION_PAN_DOWN,
     HYDRA_FIT_FILL,
     4000,
     1000,
     0.9,
     0.25,
     {400, 0, 3200, 800},
     {400, 200, 3200, 800}},
    {HYDRA_MOTION_PAN_LEFT,
     HYDRA_FIT_CONTAIN,
     4000,
     1000,
     0.9,
     0.25,
     {200, 100, 800, 800},
     {0, 100, 800, 800}},
};

static void pans(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pan_cases); i++) {
        hydra_image_options options = motion_options(pan_cases[i].motion, pan_cases[i].fit);
        options.focus_x = pan_cases[i].focus;
        options.focus_y = pan_cases[i].focus;
        options.motion_amount = pan_cases[i].amount;
        hy_stage stage;
        hy_stage_plan(&options, 1000, 1000, pan_cases[i].photo_w, pan_cases[i].photo_h, &stage);
        const hy_rect *start = &pan_cases[i].start;
        const hy_rect *end = &pan_cases[i].end;
        expect_view(&stage.start, start->x, start->y, start->w, start->h);
        expect_view(&stage.end, end->x, end->y, end->w, end->h);
    }
}

static void free_rectangles(void **state)
{
    (void)state;
    static const struct {
        int32_t fit;
        hydra_rect rect;
        hy_rect view; /* on a canvas of 1000 x 500, of a photo of 2000 x 2000 */
    } cases[] = {
        {HYDRA_FIT_COVER, {0, 0, 1, 1}, {0, 500, 2000, 1000}},
        {HYDRA_FIT_COVER, {0.25, 0.25, 0.5, 0.25}, {500, 500, 1000, 500}},
        {HYDRA_FIT_COVER, {0.4, 0.4, 0.2, 0.2}, {600, 800, 800, 400}},
        {HYDRA_FIT_COVER, {0, 0.4, 0.2, 0.2}, {0, 800, 800, 400}},
        {HYDRA_FIT_COVER, {0.9, 0.9, 0.1, 0.1}, {1600, 1800, 400, 200}},
        {HYDRA_FIT_COVER, {1, 1, 1, 1}, {0, 1000, 2000, 1000}},
        {HYDRA_FIT_COVER, {0, 0, 0.5, 0.125}, {0, 0, 1000, 500}},
        {HYDRA_FIT_COVER, {0.5, 0.5, 1e-300, 1e-300}, {999, 999.5, 2, 1}},
        {HYDRA_FIT_FILL, {0.5, 0, 0.5, 0.25}, {1000, 0, 1000, 1000}},
        {HYDRA_FIT_CONTAIN, {0, 0.5, 0.5, 0.5}, {0, 250, 500, 250}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hydra_image_options options = motion_options(HYDRA_MOTION_RECT, cases[i].fit);
        options.start = cases[i].rect;
        hy_stage stage;
        hy_stage_plan(&options, 1000, 500, 2000, 2000, &stage);
        const hy_rect *view = &cases[i].view;
        expect_view(&stage.start, view->x, view->y, view->w, view->h);
        options.end = cases[i].rect;
        hy_stage_plan(&options, 1000, 500, 2000, 2000, &stage);
        assert_memory_equal(&stage.start, &stage.end, sizeof stage.start);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cover_shows_the_most_around_the_focus),
        cmocka_unit_test(fill_and_contain_show_the_whole_stage),
        cmocka_unit_test(contain_knows_the_detail_of_the_photo),
        cmocka_unit_test(zoom_holds_the_focus),
        cmocka_unit_test(automatic_amounts),
        cmocka_unit_test(pans),
        cmocka_unit_test(free_rectangles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
