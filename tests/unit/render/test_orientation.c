/* SPDX-License-Identifier: MIT */
/* Turned photos from the file to the frame: the same as photos whose pixels were turned before. And
 * what becomes of a render when the blocks that say so, or the colour profile, are damaged. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "media.h"

enum {
    PHOTO_W = 150, /* upright */
    PHOTO_H = 110,
    W = 64,
    H = 96,
    FRAMES = 10
};

static const uint32_t seed = 11;

/* Where pixel x, y of the upright photo is stored; EXIF 2.3, tag 274. */
static void stored_place(int orientation, int x, int y, int *sx, int *sy)
{
    const int right = PHOTO_W - 1 - x;
    const int below = PHOTO_H - 1 - y;
    switch (orientation) {
    case 2:
        *sx = right, *sy = y;
        break;
    case 3:
        *sx = right, *sy = below;
        break;
    case 4:
        *sx = x, *sy = below;
        break;
    case 5:
        *sx = y, *sy = x;
        break;
    case 6:
        *sx = y, *sy = right;
        break;
    case 7:
        *sx = below, *sy = right;
        break;
    case 8:
        *sx = below, *sy = x;
        break;
    default:
        *sx = x, *sy = y;
        break;
    }
}

/* A PNG that is stored turned and says so. */
static test_file turned_png(int orientation)
{
    int width = orientation >= 5 ? PHOTO_H : PHOTO_W;
    int height = orientation >= 5 ? PHOTO_W : PHOTO_H;
    uint8_t *rgb = malloc((size_t)PHOTO_W * PHOTO_H * 3);
    assert_non_null(rgb);
    for (int y = 0; y < PHOTO_H; y++) {
        for (int x = 0; x < PHOTO_W; x++) {
            int sx;
            int sy;
            stored_place(orientation, x, y, &sx, &sy);
            uint32_t pixel = test_pixel_natural(x, y, &seed);
            for (int c = 0; c < 3; c++) {
                rgb[(sy * width + sx) * 3 + c] = (uint8_t)(pixel >> (16 - 8 * c));
            }
        }
    }
    test_file plain = test_make_picture("png", "rgb24", rgb, width, height, NULL);
    test_file exif = test_make_exif((uint32_t)orientation, orientation % 2);
    test_file png = test_png_with_chunk(&plain, "eXIf", exif.data, exif.size);
    test_file_free(&plain);
    test_file_free(&exif);
    free(rgb);
    return png;
}

static hydra_image_options moving(int32_t fit)
{
    hydra_image_options o;
    hydra_image_options_init(&o);
    o.fit = fit;
    o.backdrop = HYDRA_BACKDROP_BLUR;
    o.motion = HYDRA_MOTION_RECT;
    o.start = (hydra_rect){0.05, 0.1, 0.7, 0.6};
    o.end = (hydra_rect){0.4, 0.3, 0.5, 0.55};
    o.duration_us = FRAMES * 1000000 / 25;
    return o;
}

static double psnr(const hydra_frame *a, const hydra_frame *b)
{
    size_t size;
    const uint8_t *p = hydra_frame_data(a, &size);
    const uint8_t *q = hydra_frame_data(b, &size);
    double square = 0;
    for (size_t i = 0; i < size; i++) {
        square += (p[i] - q[i]) * (p[i] - q[i]);
    }
    return square == 0 ? 99 : 10 * log10(255.0 * 255.0 * (double)size / square);
}

static double check_turned(int orientation, int32_t fit)
{
    hydra_image_options o = moving(fit);
    hydra_compose *expected = test_compose(1, W, H, 25, 1);
    hydra_compose *got = test_compose(1, W, H, 25, 1);
    test_add_picture(expected, PHOTO_W, PHOTO_H, test_pixel_natural, &seed, &o);
    test_file png = turned_png(orientation);
    assert_compose_ok(got, hydra_compose_add_image_memory(got, png.data, png.size, "turned", &o));
    test_file_free(&png);
    double worst = 99;
    for (int64_t n = 0; n < FRAMES; n += FRAMES / 2 - 1) {
        hydra_frame *a = test_frame(expected, n, 25, 1);
        hydra_frame *b = test_frame(got, n, 25, 1);
        worst = fmin(worst, psnr(a, b));
        hydra_frame_free(a);
        hydra_frame_free(b);
    }
    hydra_compose_free(expected);
    hydra_compose_free(got);
    return worst;
}

static void turned_photos_are_shown_upright(void **state)
{
    (void)state;
    static const int32_t fits[] = {HYDRA_FIT_COVER, HYDRA_FIT_CONTAIN, HYDRA_FIT_FILL};
    for (int f = 0; f < 3; f++) {
        double worst = 99;
        for (int orientation = 1; orientation <= 8; orientation++) {
            double here = check_turned(orientation, fits[f]);
            if (here < 50) {
                fail_msg("orientation %d, fit %d: %.1f dB", orientation, (int)fits[f], here);
            }
            worst = fmin(worst, here);
        }
        print_message("fit %d: at least %.1f dB\n", (int)fits[f], worst);
    }
}

static void show(hydra_compose *c, const test_file *file, const char *name)
{
    hydra_image_options o = moving(HYDRA_FIT_COVER);
    assert_compose_ok(c, hydra_compose_add_image_memory(c, file->data, file->size, name, &o));
}

/* An EXIF block full of nonsense does not matter: the photo is shown as stored. */
static void damaged_exif_is_ignored(void **state)
{
    (void)state;
    test_file plain = turned_png(1);
    test_file exif = test_make_exif(6, false);
    hydra_compose *good = test_compose(1, W, H, 25, 1);
    show(good, &plain, "plain");
    hydra_frame *expected = test_frame(good, 3, 25, 1);
    uint64_t random = 9;
    for (int round = 0; round < 20; round++) {
        test_file bad = {0};
        test_file_append(&bad, exif.data, exif.size);
        bad.data[4 + test_random(&random) % 4] = 0xf0; /* its directory is far outside */
        test_file png = test_png_with_chunk(&plain, "eXIf", bad.data, bad.size);
        hydra_compose *c = test_compose(1, W, H, 25, 1);
        show(c, &png, "damaged");
        hydra_frame *frame = test_frame(c, 3, 25, 1);
        assert_true(psnr(expected, frame) == 99);
        size_t size;
        (void)test_render(c, &size);
        hydra_frame_free(frame);
        hydra_compose_free(c);
        test_file_free(&png);
        test_file_free(&bad);
    }
    hydra_frame_free(expected);
    hydra_compose_free(good);
    test_file_free(&plain);
    test_file_free(&exif);
}

/* Colours that nobody can tell are not guessed. */
static void damaged_profile_is_an_error(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(40, 30);
    uint8_t icc[200];
    memset(icc, 0x5a, sizeof icc);
    test_file jpeg = test_make_jpeg(rgb, 40, 30, &(test_jpeg){.icc = icc, .icc_size = sizeof icc});
    hydra_compose *c = test_compose(2, W, H, 25, 1);
    show(c, &jpeg, "odd.jpg");
    assert_compose_fails(c, hydra_compose_render_memory(c, NULL), HYDRA_ERR_FORMAT, "odd.jpg");
    assert_non_null(strstr(hydra_compose_error(c), "profile"));
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_compose_result(c, &result), HYDRA_ERR_STATE);
    hydra_compose_free(c);
    test_file_free(&jpeg);
    free(rgb);
}

int main(void)
{
    hydra_silence_ffmpeg();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turned_photos_are_shown_upright),
        cmocka_unit_test(damaged_exif_is_ignored),
        cmocka_unit_test(damaged_profile_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
