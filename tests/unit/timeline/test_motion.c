/* SPDX-License-Identifier: MIT */
/* Easing curves and the way from one view to another. */
#include <math.h>

#include "timeline_support.h"

static void near(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        fail_msg("%.17g is not %.17g", actual, expected);
    }
}

static void easing_values(void **state)
{
    (void)state;
    static const struct {
        int32_t easing;
        double at_quarter;
        double at_half;
    } cases[] = {
        {HYDRA_EASING_LINEAR, 0.25, 0.5},   {HYDRA_EASING_SMOOTHSTEP, 0.15625, 0.5},
        {HYDRA_EASING_IN, 0.015625, 0.125}, {HYDRA_EASING_OUT, 0.578125, 0.875},
        {HYDRA_EASING_IN_OUT, 0.0625, 0.5},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int32_t easing = cases[i].easing;
        assert_true(hy_ease(easing, 0) == 0);
        assert_true(hy_ease(easing, 1) == 1);
        assert_true(hy_ease(easing, 0.25) == cases[i].at_quarter);
        assert_true(hy_ease(easing, 0.5) == cases[i].at_half);
        double before = 0;
        for (int n = 1; n <= 5000; n++) {
            double e = hy_ease(easing, n / 5000.0);
            assert_true(e >= before && e <= 1);
            before = e;
        }
    }
}

static void symmetric_easings(void **state)
{
    (void)state;
    static const int32_t easings[] = {HYDRA_EASING_SMOOTHSTEP, HYDRA_EASING_IN_OUT};
    for (size_t i = 0; i < COUNT(easings); i++) {
        for (int n = 0; n <= 500; n++) {
            double u = n / 500.0;
            near(hy_ease(easings[i], u) + hy_ease(easings[i], 1 - u), 1, 1e-15);
        }
    }
    near(hy_ease(HYDRA_EASING_OUT, 0.3), 1 - hy_ease(HYDRA_EASING_IN, 0.7), 1e-15);
}

static void magnification_is_linear(void **state)
{
    (void)state;
    const hy_stage stage = {1000, 1000, 1, {0, 0, 1000, 1000}, {300, 200, 250, 250}};
    for (int n = 0; n <= 100; n++) {
        double e = n / 100.0;
        hy_rect view = hy_view_at(&stage, e);
        near(1000 / view.w, 1 + 3 * e, 1e-12);
        near(view.w, view.h, 1e-9);
        /* The point that both views have in the same place (400, 266.67 of the stage, at 40 % and
         * 26.67 % of each view) never leaves it. */
        near((400 - view.x) / view.w, 0.4, 1e-12);
        near((800 / 3.0 - view.y) / view.h, 0.8 / 3, 1e-12);
    }
}

static void shared_corner_stays_put(void **state)
{
    (void)state;
    const hy_stage stage = {1920, 1080, 1, {0, 0, 1920, 1080}, {960, 540, 960, 540}};
    for (int n = 0; n <= 100; n++) {
        hy_rect view = hy_view_at(&stage, n / 100.0);
        near(view.x + view.w, 1920, 1e-9);
        near(view.y + view.h, 1080, 1e-9);
    }
}

static void ends_are_exact(void **state)
{
    (void)state;
    const hy_stage stage = {
        4000, 3000, 1, {1.0 / 3, 2.0 / 3, 1687.3, 2999.3}, {800.1, 0.7, 999.9, 1777.6}};
    hy_rect first = hy_view_at(&stage, 0);
    hy_rect last = hy_view_at(&stage, 1);
    assert_memory_equal(&first, &stage.start, sizeof first);
    assert_memory_equal(&last, &stage.end, sizeof last);
}

static void still_view_never_trembles(void **state)
{
    (void)state;
    const hy_rect view = {1.0 / 3, 2.0 / 7, 1687.3, 2999.1};
    const hy_stage stage = {4000, 3000, 1, view, view};
    for (int n = 0; n <= 1000; n++) {
        hy_rect now = hy_view_at(&stage, n / 1000.0);
        assert_memory_equal(&now, &view, sizeof view);
    }
}

/* Views that stick out by more than rounding could ever do are still brought inside. */
static void views_are_kept_inside(void **state)
{
    (void)state;
    const hy_stage stage = {100, 50, 1, {-1, -1, 102, 53}, {60, 10, 41, 41}};
    for (int n = 0; n <= 100; n++) {
        hy_rect view = hy_view_at(&stage, n / 100.0);
        assert_true(view.x >= 0 && view.x + view.w <= 100);
        assert_true(view.y >= 0 && view.y + view.h <= 50);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(easing_values),           cmocka_unit_test(symmetric_easings),
        cmocka_unit_test(magnification_is_linear), cmocka_unit_test(shared_corner_stays_put),
        cmocka_unit_test(ends_are_exact),          cmocka_unit_test(still_view_never_trembles),
        cmocka_unit_test(views_are_kept_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
