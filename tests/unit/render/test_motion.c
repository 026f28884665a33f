/* SPDX-License-Identifier: MIT */
/* Smoothness of whole renders: a marker on the photo is tracked in every composed frame and held
 * against the path that the header promises, computed here from its words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"

#define WIDTH   540
#define HEIGHT  960
#define PHOTO_W 700
#define PHOTO_H 1300
#define SIGMA   9.0
#define BYTES   ((size_t)WIDTH * HEIGHT * 3 / 2)

static const double marker_x = 260.4;
static const double marker_y = 520.7;

static uint32_t marker(int32_t x, int32_t y, const void *user)
{
    (void)user;
    double dx = x + 0.5 - marker_x;
    double dy = y + 0.5 - marker_y;
    uint32_t v = (uint32_t)lround(30 + 200 * exp(-(dx * dx + dy * dy) / (2 * SIGMA * SIGMA)));
    return v << 16 | v << 8 | v;
}

typedef struct path {
    double x;
    double y;
} path;

/* Collects frames from a y4m stream and tracks the marker near where it should be. */
typedef struct tracker {
    int64_t header; /* bytes before the first frame, 0 = not known yet */
    uint8_t *frame;
    int64_t frames;
    path *expected;
    path *found;
    int64_t capacity;
} tracker;

static path centroid(const uint8_t *luma, path near)
{
    double sum = 0;
    double sx = 0;
    double sy = 0;
    int radius = 26;
    for (int y = (int)near.y - radius; y <= (int)near.y + radius; y++) {
        for (int x = (int)near.x - radius; x <= (int)near.x + radius; x++) {
            /* A smooth round window about the expected place: pixels do not pop in and out. */
            double dx = x + 0.5 - near.x;
            double dy = y + 0.5 - near.y;
            double r = sqrt(dx * dx + dy * dy) / radius;
            if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT || r >= 1) {
                continue;
            }
            double weight = (luma[y * WIDTH + x] - 41.77) * pow(1 - r * r, 2);
            sum += weight;
            sx += weight * dx;
            sy += weight * dy;
        }
    }
    return (path){near.x + sx / sum, near.y + sy / sum};
}

static int32_t take(void *user, int64_t offset, const void *data, size_t size)
{
    tracker *t = user;
    const uint8_t *bytes = data;
    for (size_t done = 0; done < size;) {
        if (t->header == 0) {
            const uint8_t *end = memchr(bytes, '\n', size);
            assert_non_null(end);
            t->header = end - bytes + 1;
            done = (size_t)t->header;
            continue;
        }
        int64_t at = offset + (int64_t)done - t->header;
        int64_t n = at / (int64_t)(BYTES + 6);
        size_t in_frame = (size_t)(at % (int64_t)(BYTES + 6));
        size_t count = BYTES + 6 - in_frame;
        count = count < size - done ? count : size - done;
        memcpy(t->frame + in_frame, bytes + done, count);
        done += count;
        if (in_frame + count == BYTES + 6) {
            assert_true(n == t->frames && n < t->capacity);
            t->found[n] = centroid(t->frame + 6, t->expected[n]);
            t->frames++;
        }
    }
    return 0;
}

/* RMS of the second difference of (found - expected), and the largest plain difference. */
static void compare(const tracker *t, double *tremble, double *offset)
{
    double sum = 0;
    *offset = 0;
    for (int64_t n = 0; n < t->frames; n++) {
        double d[2] = {0, 0};
        for (int k = 0; k < 3 && n >= 2; k++) {
            double weight = k == 1 ? -2 : 1;
            d[0] += weight * (t->found[n - k].x - t->expected[n - k].x);
            d[1] += weight * (t->found[n - k].y - t->expected[n - k].y);
        }
        sum += d[0] * d[0] + d[1] * d[1];
        *offset = fmax(*offset,
                       hypot(t->found[n].x - t->expected[n].x, t->found[n].y - t->expected[n].y));
    }
    *tremble = sqrt(sum / (double)(t->frames - 2));
}

typedef struct view {
    double x, y, w, h;
} view;

static double ease(int32_t easing, double u)
{
    switch (easing) {
    case HYDRA_EASING_SMOOTHSTEP:
        return u * u * (3 - 2 * u);
    case HYDRA_EASING_IN:
        return u * u * u;
    case HYDRA_EASING_OUT:
        return 1 - pow(1 - u, 3);
    case HYDRA_EASING_IN_OUT:
        return u < 0.5 ? 4 * u * u * u : 1 - 4 * pow(1 - u, 3);
    default:
        return u;
    }
}

/* The whole fitted picture: 9:16 as large as it goes into the photo, in the middle. */
static const view base = {0, (PHOTO_H - PHOTO_W * 16 / 9.0) / 2, PHOTO_W, PHOTO_W * 16 / 9.0};

static view zoomed(double magnification)
{
    double w = base.w / magnification;
    double h = base.h / magnification;
    return (view){PHOTO_W / 2.0 - w / 2, PHOTO_H / 2.0 - h / 2, w, h};
}

/* Two rectangles of the base view's shape, neither concentric nor with a corner in common. */
static const hydra_rect from = {0.05, 0.08, 0.8, 0.8 * PHOTO_W * 16 / 9.0 / PHOTO_H};
static const hydra_rect to = {0.15, 0.2, 0.6, 0.6 * PHOTO_W * 16 / 9.0 / PHOTO_H};

/* Magnification is linear in e, and the view's place goes as its size does. */
static view between(double e)
{
    double w = 1 / ((1 - e) / from.width + e / to.width);
    double k = (from.width - w) / (from.width - to.width);
    return (view){(from.x + k * (to.x - from.x)) * PHOTO_W,
                  (from.y + k * (to.y - from.y)) * PHOTO_H, w * PHOTO_W, w * PHOTO_W * 16 / 9.0};
}

static view expected_view(const hydra_image_options *o, double e)
{
    double pan = o->motion_amount > 0 ? o->motion_amount : 0.03;
    double zoom = o->motion_amount > 0 ? o->motion_amount : 0.05;
    view v = base;
    switch (o->motion) {
    case HYDRA_MOTION_ZOOM_IN:
        return zoomed(1 + zoom * e);
    case HYDRA_MOTION_ZOOM_OUT:
        return zoomed(1 + zoom * (1 - e));
    case HYDRA_MOTION_PAN_LEFT:
    case HYDRA_MOTION_PAN_RIGHT:
        /* No room at the sides: the view shrinks until it can move by its share. */
        v = zoomed(1 + pan);
        v.x = (o->motion == HYDRA_MOTION_PAN_LEFT ? 1 - e : e) * (PHOTO_W - v.w);
        return v;
    case HYDRA_MOTION_PAN_UP:
    case HYDRA_MOTION_PAN_DOWN:
        v.y += (o->motion == HYDRA_MOTION_PAN_UP ? 0.5 - e : e - 0.5) * pan * v.h;
        return v;
    case HYDRA_MOTION_RECT:
        return between(e);
    default:
        return v;
    }
}

static void check_motion(int32_t motion, int32_t easing, double amount, int64_t seconds)
{
    hydra_image_options o;
    hydra_image_options_init(&o);
    o.motion = motion;
    o.easing = easing;
    o.motion_amount = amount;
    o.start = from;
    o.end = to;
    o.duration_us = seconds * 1000000;
    int64_t frames = seconds * 30;
    tracker t = {.capacity = frames};
    t.frame = malloc(BYTES + 6);
    t.expected = calloc((size_t)frames, sizeof *t.expected);
    t.found = calloc((size_t)frames, sizeof *t.found);
    assert_true(t.frame && t.expected && t.found);
    for (int64_t n = 0; n < frames; n++) {
        view v = expected_view(&o, ease(easing, (double)n / (double)(frames - 1)));
        t.expected[n].x = (marker_x - v.x) / v.w * WIDTH;
        t.expected[n].y = (marker_y - v.y) / v.h * HEIGHT;
    }
    hydra_compose *c = test_compose(2, WIDTH, HEIGHT, 30, 1);
    test_add_picture(c, PHOTO_W, PHOTO_H, marker, NULL, &o);
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.encoder = HYDRA_ENCODER_RAW;
    hydra_writer writer = {sizeof writer, 0, &t, take, NULL};
    assert_compose_ok(c, hydra_compose_render_writer(c, &writer, &options));
    assert_int_equal(t.frames, frames);
    double tremble;
    double offset;
    compare(&t, &tremble, &offset);
    print_message("motion %d, easing %d, %d s: tremble %.4f px/frame^2, offset %.3f px\n",
                  (int)motion, (int)easing, (int)seconds, tremble, offset);
    assert_true(tremble <= 0.02);
    assert_true(offset <= 0.1);
    hydra_compose_free(c);
    free(t.frame);
    free(t.expected);
    free(t.found);
}

static void test_presets(void **state)
{
    (void)state;
    for (int32_t motion = HYDRA_MOTION_NONE; motion <= HYDRA_MOTION_RECT; motion++) {
        check_motion(motion, HYDRA_EASING_SMOOTHSTEP, HYDRA_AUTO, 4);
    }
}

static void test_easings(void **state)
{
    (void)state;
    for (int32_t easing = HYDRA_EASING_LINEAR; easing <= HYDRA_EASING_IN_OUT; easing++) {
        check_motion(HYDRA_MOTION_ZOOM_IN, easing, 0.2, 3);
    }
}

static void test_long_and_slow(void **state)
{
    (void)state;
    for (int32_t motion = HYDRA_MOTION_ZOOM_IN; motion <= HYDRA_MOTION_RECT; motion++) {
        check_motion(motion, HYDRA_EASING_SMOOTHSTEP, HYDRA_AUTO, 20);
    }
    check_motion(HYDRA_MOTION_PAN_RIGHT, HYDRA_EASING_LINEAR, HYDRA_AUTO, 20);
    check_motion(HYDRA_MOTION_PAN_UP, HYDRA_EASING_LINEAR, 0.01, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets),
        cmocka_unit_test(test_easings),
        cmocka_unit_test(test_long_and_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
