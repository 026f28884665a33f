/* SPDX-License-Identifier: MIT */
/*
 * From photo to frame against a chain of its own in double precision, made from docs/compositor.md:
 * the photo to an asset with a cubic that is widened by the shrinkage, RGB to YUV 4:2:0, and a
 * cubic again at the places that the camera's view asks for. Nothing is rounded on the way.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"

enum {
    W = 240,
    H = 320,
    PHOTO_W = 660, /* of the canvas's shape: the base view is all of it */
    PHOTO_H = 880,
    ASSET_W = 300, /* the canvas at a zoom of 1.25 */
    ASSET_H = 400,
    FRAMES = 30
};
static const double zoom = 0.25;
static const uint32_t seed = 2;

typedef struct plane {
    int width;
    int height;
    double *samples;
} plane;

static plane plane_new(int width, int height)
{
    plane p = {width, height, calloc((size_t)width * (size_t)height, sizeof(double))};
    assert_non_null(p.samples);
    return p;
}

static double cubic(double u)
{
    u = fabs(u);
    if (u < 1) {
        return (1.5 * u - 2.5) * u * u + 1;
    }
    return u < 2 ? ((-0.5 * u + 2.5) * u - 4) * u + 2 : 0;
}

/* `count` samples `step` apart at place `at` (in samples), with a cubic `factor` times as wide. */
static double filter(const double *samples, int step, int count, double at, double factor)
{
    double sum = 0;
    double weights = 0;
    for (int k = (int)floor(at - 2 * factor); k <= (int)ceil(at + 2 * factor); k++) {
        int inside = k < 0 ? 0 : k >= count ? count - 1 : k;
        double weight = cubic((k - at) / factor);
        sum += weight * samples[(ptrdiff_t)inside * step];
        weights += weight;
    }
    return sum / weights;
}

/* Output (x, y) is what lies at (start_x + x * step_x, start_y + y * step_y). */
static plane resample(const plane *in, int width, int height, double start_x, double step_x,
                      double start_y, double step_y)
{
    plane across = plane_new(width, in->height);
    plane out = plane_new(width, height);
    for (int y = 0; y < in->height; y++) {
        for (int x = 0; x < width; x++) {
            across.samples[y * width + x] =
                filter(in->samples + (ptrdiff_t)y * in->width, 1, in->width, start_x + x * step_x,
                       fmax(1, step_x));
        }
    }
    for (int x = 0; x < width; x++) {
        for (int y = 0; y < height; y++) {
            out.samples[y * width + x] = filter(across.samples + x, width, in->height,
                                                start_y + y * step_y, fmax(1, step_y));
        }
    }
    free(across.samples);
    return out;
}

static plane shrink_channel(int shift)
{
    plane photo = plane_new(PHOTO_W, PHOTO_H);
    for (int y = 0; y < PHOTO_H; y++) {
        for (int x = 0; x < PHOTO_W; x++) {
            photo.samples[y * PHOTO_W + x] = test_pixel_natural(x, y, &seed) >> shift & 255;
        }
    }
    double step_x = (double)PHOTO_W / ASSET_W;
    double step_y = (double)PHOTO_H / ASSET_H;
    plane asset =
        resample(&photo, ASSET_W, ASSET_H, step_x / 2 - 0.5, step_x, step_y / 2 - 0.5, step_y);
    for (int i = 0; i < ASSET_W * ASSET_H; i++) {
        asset.samples[i] = fmin(fmax(asset.samples[i], 0), 255);
    }
    free(photo.samples);
    return asset;
}

/* BT.709, limited range. */
static void to_yuv(const plane rgb[3], plane yuv[3])
{
    for (int i = 0; i < ASSET_W * ASSET_H; i++) {
        double r = rgb[0].samples[i];
        double g = rgb[1].samples[i];
        double b = rgb[2].samples[i];
        double y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        yuv[0].samples[i] = 16 + y * 219 / 255;
        yuv[1].samples[i] = 128 + (b - y) / 1.8556 * 224 / 255;
        yuv[2].samples[i] = 128 + (r - y) / 1.5748 * 224 / 255;
    }
}

/* Chroma beside the even columns, between two rows. */
static plane halve(const plane *full)
{
    plane half = plane_new(full->width / 2, full->height / 2);
    for (int y = 0; y < half.height; y++) {
        for (int x = 0; x < half.width; x++) {
            double sum = 0;
            for (int row = 2 * y; row < 2 * y + 2; row++) {
                const double *p = full->samples + (ptrdiff_t)row * full->width + 2 * x;
                sum += 2 * p[0] + p[1] + p[x == 0 ? 0 : -1];
            }
            half.samples[y * half.width + x] = sum / 8;
        }
    }
    return half;
}

static void make_asset(plane yuv[3])
{
    plane rgb[3];
    plane full[3];
    for (int c = 0; c < 3; c++) {
        rgb[c] = shrink_channel(16 - 8 * c);
        full[c] = plane_new(ASSET_W, ASSET_H);
    }
    to_yuv(rgb, full);
    yuv[0] = full[0];
    yuv[1] = halve(&full[1]);
    yuv[2] = halve(&full[2]);
    for (int c = 0; c < 3; c++) {
        free(rgb[c].samples);
    }
    free(full[1].samples);
    free(full[2].samples);
}

/* A plane of the frame at which the picture is `size` times as large as at the start, centred. */
static plane draw(const plane *asset, bool chroma, double size)
{
    double scale = (double)ASSET_W / W / size; /* asset pixels per canvas pixel */
    double left = (ASSET_W - W * scale) / 2;
    double top = (ASSET_H - H * scale) / 2;
    if (!chroma) {
        return resample(asset, W, H, 0.5 * scale + left - 0.5, scale, 0.5 * scale + top - 0.5,
                        scale);
    }
    /* Sample k lies at 2k + 1/2 across and 2k + 1 down. */
    return resample(asset, W / 2, H / 2, (0.5 * scale + left - 0.5) / 2, scale,
                    (scale + top - 1) / 2, scale);
}

static double psnr(const plane *expected, const uint8_t *got)
{
    double square = 0;
    int count = expected->width * expected->height;
    for (int i = 0; i < count; i++) {
        double d = got[i] - fmin(fmax(expected->samples[i], 0), 255);
        square += d * d;
    }
    return 10 * log10(255.0 * 255.0 * count / square);
}

static void frames_are_exact(void **state)
{
    (void)state;
    hydra_image_options o;
    hydra_image_options_init(&o);
    o.motion = HYDRA_MOTION_ZOOM_IN;
    o.easing = HYDRA_EASING_LINEAR;
    o.motion_amount = zoom;
    o.duration_us = 1000000;
    hydra_compose *c = test_compose(1, W, H, FRAMES, 1);
    test_add_picture(c, PHOTO_W, PHOTO_H, test_pixel_natural, &seed, &o);
    plane asset[3];
    make_asset(asset);
    static const int64_t numbers[] = {0, 7, 16, FRAMES - 1};
    for (int i = 0; i < 4; i++) {
        hydra_frame *frame = test_frame(c, numbers[i], FRAMES, 1);
        const uint8_t *got = hydra_frame_data(frame, NULL);
        double db[3];
        for (int k = 0; k < 3; k++) {
            plane expected = draw(&asset[k], k > 0, 1 + zoom * (double)numbers[i] / (FRAMES - 1));
            db[k] = psnr(&expected, got);
            got += expected.width * expected.height;
            free(expected.samples);
        }
        print_message("frame %d: Y %.1f, U %.1f, V %.1f dB\n", (int)numbers[i], db[0], db[1],
                      db[2]);
        assert_true(db[0] >= 50 && db[1] >= 50 && db[2] >= 50);
        hydra_frame_free(frame);
    }
    for (int k = 0; k < 3; k++) {
        free(asset[k].samples);
    }
    hydra_compose_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(frames_are_exact)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
