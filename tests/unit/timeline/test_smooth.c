/* SPDX-License-Identifier: MIT */
/*
 * No trembling. A marker on the photo is followed through the fixed-point coordinates of 20 s of
 * frames and held against the path that compose.h describes, computed here in long double from the
 * magnification and the fixed point of the motion instead of by interpolating views. Deviations are
 * in canvas pixels or, where a small photo is enlarged, in the photo's own.
 */
#include <math.h>

#include "timeline_support.h"

#define SECONDS      20
#define MAX_FRAMES   (SECONDS * 60)
#define SECOND_LIMIT 1e-6L /* px per frame^2 */

typedef struct film {
    int32_t motion, fit, easing;
    int32_t canvas_w, canvas_h, photo_w, photo_h, fps;
} film;

static long double eased(int32_t easing, long double u)
{
    switch (easing) {
    case HYDRA_EASING_SMOOTHSTEP:
        return 3 * u * u - 2 * u * u * u;
    case HYDRA_EASING_IN:
        return u * u * u;
    case HYDRA_EASING_OUT:
        return 1 - (1 - u) * (1 - u) * (1 - u);
    case HYDRA_EASING_IN_OUT:
        return u < 0.5L ? 4 * u * u * u : 1 - 4 * (1 - u) * (1 - u) * (1 - u);
    default:
        return u;
    }
}

/* Where the stage point p is on a canvas axis at eased progress e, when the view goes from
 * [a, a + wa) to [b, b + wb): its distance from the point that stands still grows with the
 * magnification; without one, all points move alike. */
static long double analytic(long double p, long double a, long double wa, long double b,
                            long double wb, long double e, long double canvas)
{
    if (wa == wb) {
        return (p - (a + (b - a) * e)) / wa * canvas;
    }
    long double still = (a * wb - b * wa) / (wb - wa);
    long double magnification = canvas * ((1 - e) / wa + e / wb);
    long double still_on_canvas = (still - a) / wa * canvas;
    return still_on_canvas + (p - still) * magnification;
}

/* Where the display list puts the stage point p. */
static long double shown(long double p, const hy_axis *axis, double region_at, double scale)
{
    long double asset = (p - region_at) * scale;
    return (asset * HY_FIXED_ONE - axis->offset) / axis->scale;
}

/* Largest second difference of the deviation along one axis. */
static long double tremble(const long double *deviation, int64_t frames)
{
    long double most = 0;
    for (int64_t n = 1; n + 1 < frames; n++) {
        long double second = deviation[n - 1] - 2 * deviation[n] + deviation[n + 1];
        most = fmaxl(most, fabsl(second));
    }
    return most;
}

static long double film_tremble(const film *f)
{
    static long double dx[MAX_FRAMES];
    static long double dy[MAX_FRAMES];
    hy_project project;
    hy_project_init(&project);
    hydra_image_options options = image_options(SECONDS * INT64_C(1000000));
    options.motion = f->motion;
    options.fit = f->fit;
    options.easing = f->easing;
    options.focus_x = 0.37;
    options.focus_y = 0.61;
    options.start = (hydra_rect){0.05, 0.1, 0.6, 0.6};
    options.end = (hydra_rect){0.3, 0.21, 0.55, 0.62};
    add_image(&project, "a.jpg", &options);
    set_rate(&project, f->fps, 1);
    project.width = f->canvas_w;
    project.height = f->canvas_h;
    hy_plan plan = plan_of(&project);
    hy_shot shot;
    hy_stage_plan(&options, f->canvas_w, f->canvas_h, f->photo_w, f->photo_h, &shot.stage);
    hy_placement_plan(&options, &shot.stage, f->canvas_w, f->canvas_h, &shot.placement);
    const hy_rect *a = &shot.stage.start;
    const hy_rect *b = &shot.stage.end;
    /* Of the points that are never out of sight, the one farthest from the exact centre. */
    long double px = fminl(a->x + a->w, b->x + b->w);
    long double py = fminl(a->y + a->h, b->y + b->h);
    long double unit_x = fminl(1, b->w * shot.placement.scale_x / f->canvas_w);
    long double unit_y = fminl(1, b->h * shot.placement.scale_y / f->canvas_h);
    assert_int_equal(plan.frames, SECONDS * f->fps);
    for (int64_t n = 0; n < plan.frames; n++) {
        long double e = eased(f->easing, (long double)n / (long double)(plan.frames - 1));
        hy_display_list list;
        hy_display_build(&plan, &project, &shot, n, &list);
        const hy_op *op = &list.ops[0];
        dx[n] = unit_x * (shown(px, &op->x, shot.placement.region.x, shot.placement.scale_x) -
                          analytic(px, a->x, a->w, b->x, b->w, e, f->canvas_w));
        dy[n] = unit_y * (shown(py, &op->y, shot.placement.region.y, shot.placement.scale_y) -
                          analytic(py, a->y, a->h, b->y, b->h, e, f->canvas_h));
        /* Not only smooth but in place. */
        assert_true(fabsl(dx[n]) < 1e-5L && fabsl(dy[n]) < 1e-5L);
    }
    long double most = fmaxl(tremble(dx, plan.frames), tremble(dy, plan.frames));
    hy_plan_free(&plan);
    hy_project_free(&project);
    return most;
}

static void expect_smooth(int32_t canvas_w, int32_t canvas_h, int32_t photo_w, int32_t photo_h,
                          int32_t fps)
{
    for (int32_t motion = HYDRA_MOTION_NONE; motion <= HYDRA_MOTION_RECT; motion++) {
        for (int32_t fit = HYDRA_FIT_COVER; fit <= HYDRA_FIT_FILL; fit++) {
            for (int32_t easing = HYDRA_EASING_LINEAR; easing <= HYDRA_EASING_IN_OUT; easing++) {
                film f = {motion, fit, easing, canvas_w, canvas_h, photo_w, photo_h, fps};
                long double most = film_tremble(&f);
                if (!(most < SECOND_LIMIT)) {
                    fail_msg("motion %d, fit %d, easing %d: %.3Lg px/frame^2", (int)motion,
                             (int)fit, (int)easing, most);
                }
            }
        }
    }
}

static void portrait_of_a_landscape_photo(void **state)
{
    (void)state;
    expect_smooth(1080, 1920, 4032, 3024, 30);
}

static void sixty_frames_per_second(void **state)
{
    (void)state;
    expect_smooth(1920, 1080, 3024, 4032, 60);
}

static void small_photo_on_a_large_canvas(void **state)
{
    (void)state;
    expect_smooth(3840, 2160, 1201, 799, 24);
}

static void huge_photo(void **state)
{
    (void)state;
    expect_smooth(1080, 1080, 32768, 6000, 25);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(portrait_of_a_landscape_photo),
        cmocka_unit_test(sixty_frames_per_second),
        cmocka_unit_test(small_photo_on_a_large_canvas),
        cmocka_unit_test(huge_photo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
