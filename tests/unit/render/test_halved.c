/* SPDX-License-Identifier: MIT */
/*
 * A JPEG photo of far more pixels than the canvas can show is decoded at a fraction of its size.
 * What is seen is the same, within 50 dB, as of a PNG of all its pixels, however it is turned,
 * fitted and moved; and it is done only where it is promised to be.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "media.h"
#include "render/scene.h"

enum {
    W = 64,
    H = 96,
    FRAMES = 10
};

#define LEAST_DB 50.0

static const uint32_t seed = 5;

static uint8_t *natural_rgb(int32_t width, int32_t height)
{
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    assert_non_null(rgb);
    for (int32_t i = 0; i < width * height; i++) {
        uint32_t pixel = test_pixel_natural(i % width, i / width, &seed);
        for (int c = 0; c < 3; c++) {
            rgb[3 * i + c] = (uint8_t)(pixel >> (16 - 8 * c));
        }
    }
    return rgb;
}

/* All pixels of the JPEG, turned as it is. */
static test_file png_of(const test_file *jpeg, int32_t orientation)
{
    hy_diag diag = {0};
    test_photo photo;
    assert_ok(test_decode(jpeg, &photo, &diag), &diag);
    test_file plain =
        test_make_picture("png", "rgb24", photo.rows, photo.info.width, photo.info.height, NULL);
    test_file exif = test_make_exif((uint32_t)orientation, false);
    test_file png = test_png_with_chunk(&plain, "eXIf", exif.data, exif.size);
    test_file_free(&plain);
    test_file_free(&exif);
    test_photo_free(&photo);
    return png;
}

static hydra_frame *frame_of(const test_file *file, const hydra_image_options *options, int64_t n)
{
    hydra_compose *c = test_compose(1, W, H, 25, 1);
    assert_compose_ok(c, hydra_compose_add_image_memory(c, file->data, file->size, "a", options));
    hydra_frame *frame = test_frame(c, n, 25, 1);
    hydra_compose_free(c);
    return frame;
}

/* Of one plane of W * H samples and two of a quarter of that: the worst. */
static double worst_psnr(const hydra_frame *a, const hydra_frame *b)
{
    static const int starts[] = {0, W * H, W * H * 5 / 4, W * H * 3 / 2};
    size_t size;
    const uint8_t *p = hydra_frame_data(a, &size);
    const uint8_t *q = hydra_frame_data(b, &size);
    double worst = 99;
    for (int plane = 0; plane < 3; plane++) {
        double square = 0;
        for (int i = starts[plane]; i < starts[plane + 1]; i++) {
            square += (p[i] - q[i]) * (p[i] - q[i]);
        }
        double mean = square / (starts[plane + 1] - starts[plane]);
        worst = mean > 0 ? fmin(worst, 10 * log10(255.0 * 255.0 / mean)) : worst;
    }
    return worst;
}

static double compare(const test_file *jpeg, const test_file *png, int32_t fit)
{
    hydra_image_options o;
    hydra_image_options_init(&o);
    o.fit = fit;
    o.backdrop = HYDRA_BACKDROP_BLUR;
    o.duration_us = FRAMES * 1000000 / 25;
    double worst = 99;
    for (int64_t n = 0; n < FRAMES; n += FRAMES - 1) {
        hydra_frame *reduced = frame_of(jpeg, &o, n);
        hydra_frame *whole = frame_of(png, &o, n);
        worst = fmin(worst, worst_psnr(reduced, whole));
        hydra_frame_free(reduced);
        hydra_frame_free(whole);
    }
    return worst;
}

/* Each size in the form that is worst for it, 4:2:0 and odd sizes among them. */
static void halved_photos_look_the_same(void **state)
{
    (void)state;
    static const struct {
        int32_t width;
        int32_t height;
        int32_t fit;
        test_jpeg how;
    } cases[] = {
        {801, 603, HYDRA_FIT_COVER, {.horizontal = 2, .vertical = 2}},
        {603, 801, HYDRA_FIT_COVER, {.orientation = 6}},
        {901, 1207, HYDRA_FIT_CONTAIN, {.horizontal = 2, .vertical = 1, .orientation = 3}},
        {1999, 1801, HYDRA_FIT_COVER, {.horizontal = 2, .vertical = 2, .progressive = true}},
        {1801, 1999, HYDRA_FIT_FILL, {.orientation = 8}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t orientation = cases[i].how.orientation > 0 ? cases[i].how.orientation : 1;
        uint8_t *rgb = natural_rgb(cases[i].width, cases[i].height);
        test_file jpeg = test_make_jpeg(rgb, cases[i].width, cases[i].height, &cases[i].how);
        test_file png = png_of(&jpeg, orientation);
        double worst = compare(&jpeg, &png, cases[i].fit);
        print_message("%d x %d: at least %.1f dB\n", (int)cases[i].width, (int)cases[i].height,
                      worst);
        assert_true(worst >= LEAST_DB);
        assert_true(worst < 99); /* it was reduced: the same to the bit would be a wonder */
        test_file_free(&jpeg);
        test_file_free(&png);
        free(rgb);
    }
}

static int32_t halvings_of(int32_t side, int32_t most)
{
    hy_project project;
    hy_project_init(&project);
    project.width = 100;
    project.height = 100;
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.motion = HYDRA_MOTION_NONE;
    hy_photo_info info = {.width = side,
                          .height = 3 * side,
                          .orientation = 1,
                          .rows = {.channels = 3, .bits = 8},
                          .max_halvings = most};
    hy_shot shot;
    hy_asset_spec spec;
    hy_prepare_plan(&project, &options, &info, &shot, &spec);
    hy_project_free(&project);
    return spec.halvings;
}

static void only_large_photos_are_halved(void **state)
{
    (void)state;
    assert_int_equal(halvings_of(490, 2), 0);
    assert_int_equal(halvings_of(510, 2), 1);
    assert_int_equal(halvings_of(1390, 2), 1);
    assert_int_equal(halvings_of(1410, 2), 2);
    assert_int_equal(halvings_of(9000, 2), 2);
    assert_int_equal(halvings_of(9000, 0), 0); /* formats that cannot */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halved_photos_look_the_same),
        cmocka_unit_test(only_large_photos_are_halved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
