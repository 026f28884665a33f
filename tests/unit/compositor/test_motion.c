/* SPDX-License-Identifier: MIT */
/*
 * Slow moves must not tremble: a smooth marker is filmed on an analytic path and found again in
 * every frame; the second difference of the deviation is what an eye would see as trembling.
 */
#include <stdlib.h>
#include <string.h>

#include "draw.h"

#define LIMIT 0.02 /* px / frame^2, RMS */

typedef struct path {
    int32_t width; /* canvas */
    int32_t height;
    int32_t frames; /* of the whole move */
    int32_t drawn;  /* of them, from the middle */
    int32_t plane;
    double zoom; /* 0.05: the view shrinks by 5 % */
    double pan;  /* 0.03: the view moves by 3 % of its size */
} path;

/* A Gaussian hill at x, y (samples of the plane) on an even ground. */
static hy_picture *marker_new(int32_t width, int32_t height, int plane, double x, double y)
{
    hy_picture *p = picture_new(width, height);
    memset(p->plane[0], 16, p->bytes);
    for (int32_t j = 0; j < hy_plane_height(p, plane); j++) {
        for (int32_t i = 0; i < hy_plane_width(p, plane); i++) {
            double d2 = (i - x) * (i - x) + (j - y) * (j - y);
            p->plane[plane][j * p->stride[plane] + i] = (uint8_t)llrint(16 + 215 * exp(-d2 / 60));
        }
    }
    return p;
}

/* Where the hill is: the centre of its mass. */
static void find_marker(const hy_picture *p, int plane, double *x, double *y)
{
    double mass = 0;
    double sum_x = 0;
    double sum_y = 0;
    for (int32_t j = 0; j < hy_plane_height(p, plane); j++) {
        for (int32_t i = 0; i < hy_plane_width(p, plane); i++) {
            double value = sample_at(p, plane, i, j) - 16;
            mass += value;
            sum_x += value * i;
            sum_y += value * j;
        }
    }
    *x = sum_x / mass;
    *y = sum_y / mass;
}

/* Canvas to asset at frame n: a = scale * c + offset, per axis. */
typedef struct view {
    double scale;
    double offset_x;
    double offset_y;
} view;

static view view_at(const path *p, int32_t n)
{
    double u = (double)n / (p->frames - 1);
    double e = u * u * (3 - 2 * u);
    view v = {.scale = 1.05 / (1 + p->zoom * e)};
    double spare = 1.05 - v.scale;
    v.offset_x = spare * p->width * 0.5 + p->pan * p->width * (e - 0.5);
    v.offset_y = spare * p->height * 0.37;
    return v;
}

/* Sample number of the canvas's plane that shows sample `at` of the asset's. */
static double shown_at(double at, double scale, double offset, double centre, int plane)
{
    if (plane == 0) {
        return (at + 0.5 - offset) / scale - 0.5;
    }
    return ((2 * at + centre - offset) / scale - centre) / 2;
}

static double rms_second_difference(const double *deviation, int32_t count)
{
    double sum = 0;
    for (int32_t i = 1; i + 1 < count; i++) {
        double second = deviation[i + 1] - 2 * deviation[i] + deviation[i - 1];
        sum += second * second;
    }
    return sqrt(sum / (count - 2));
}

static void check_path(const path *p)
{
    hy_diag diag = {0};
    int32_t step = p->plane ? 2 : 1;
    double at_x = p->width * 0.62 / step;
    double at_y = p->height * 0.41 / step;
    hy_picture *asset =
        marker_new(p->width * 21 / 20 / 2 * 2, p->height * 21 / 20 / 2 * 2, p->plane, at_x, at_y);
    hy_picture *frame = picture_new(p->width, p->height);
    const hy_picture *assets[] = {asset};
    double *dx = calloc((size_t)p->drawn, sizeof *dx);
    double *dy = calloc((size_t)p->drawn, sizeof *dy);
    hy_compositor *compositor = NULL;
    assert_true(dx && dy);
    assert_ok(hy_compositor_cpu_new(p->width, p->height, HYDRA_SIMD_AUTO, NULL, &compositor, &diag),
              &diag);
    for (int32_t i = 0; i < p->drawn; i++) {
        view v = view_at(p, (p->frames - p->drawn) / 2 + i);
        hy_op op =
            image_op(0, HY_ALPHA_ONE, axis_of(v.scale, v.offset_x), axis_of(v.scale, v.offset_y));
        hy_display_list list = {1, {op}};
        compositor->ops->draw(compositor, &list, assets, frame);
        find_marker(frame, p->plane, &dx[i], &dy[i]);
        dx[i] -= shown_at(at_x, v.scale, v.offset_x, 0.5, p->plane);
        dy[i] -= shown_at(at_y, v.scale, v.offset_y, 1.0, p->plane);
        assert_true(fabs(dx[i]) < 0.02 && fabs(dy[i]) < 0.02);
    }
    assert_true(rms_second_difference(dx, p->drawn) <= LIMIT);
    assert_true(rms_second_difference(dy, p->drawn) <= LIMIT);
    hy_compositor_free(compositor);
    hy_picture_free(frame);
    hy_picture_free(asset);
    free(dx);
    free(dy);
}

static void test_slow_zoom(void **unused)
{
    (void)unused;
    check_path(&(path){270, 480, 600, 600, 0, 0.05, 0});
}

static void test_slow_pan(void **unused)
{
    (void)unused;
    check_path(&(path){270, 480, 600, 600, 0, 0, 0.03});
}

static void test_slow_zoom_and_pan_of_colour(void **unused)
{
    (void)unused;
    check_path(&(path){270, 480, 600, 600, 1, 0.05, 0.01});
    check_path(&(path){270, 480, 600, 100, 2, 0, 0.03});
}

static void test_full_size(void **unused)
{
    (void)unused;
    check_path(&(path){1080, 1920, 600, 24, 0, 0.05, 0});
    check_path(&(path){1080, 1920, 600, 24, 0, 0, 0.03});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slow_zoom),
        cmocka_unit_test(test_slow_pan),
        cmocka_unit_test(test_slow_zoom_and_pan_of_colour),
        cmocka_unit_test(test_full_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
