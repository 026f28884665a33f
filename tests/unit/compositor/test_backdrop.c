/* SPDX-License-Identifier: MIT */
/* The blurred backdrop: smooth, as bright as the photo, no dark edges, wide enough a blur. */
#include "build.h"

static void test_plain_photo_has_a_plain_backdrop(void **unused)
{
    (void)unused;
    photo p = plain_photo(640, 360, 0xb07030);
    hy_asset_spec spec = spec_of(&p, 1, 180, 320);
    spec.target = (hy_rect){0, 110, 180, 101};
    spec.blur = true;
    hy_picture *asset = build_free(spec, p);
    assert_plain(asset, 0, 0, 180, 320, 0xb07030);
    hy_picture_free(asset);
}

static hy_picture *blurred(photo p, int32_t width, int32_t height)
{
    hy_asset_spec spec = spec_of(&p, 1, width, height);
    spec.target = (hy_rect){width - 1, height - 1, 1, 1};
    spec.blur = true;
    return build_free(spec, p);
}

/* A vertical step spreads like a Gaussian of 4 % of the asset's width. */
static void check_step(int32_t width, int32_t height)
{
    photo p = photo_new(1200, 600, 1, 8);
    for (int32_t i = 0; i < 1200 * 600; i++) {
        p.data[i] = i % 1200 < 600 ? 0 : 255;
    }
    hy_picture *asset = blurred(p, width, height);
    double mean = 0;
    double square = 0;
    for (int32_t x = 0; x + 1 < width; x++) {
        double slope =
            (asset_sample(asset, 0, x + 1, height / 3) - asset_sample(asset, 0, x, height / 3)) /
            219.0;
        mean += slope * (x + 1);
        square += slope * (x + 1) * (x + 1);
        assert_true(slope >= 0); /* no ringing */
    }
    double sigma = sqrt(square - mean * mean);
    assert_true(fabs(mean - width / 2.0) < 0.3);
    assert_true(fabs(sigma / width - 0.04) < 0.003);
    hy_picture_free(asset);
}

static void test_blur_width(void **unused)
{
    (void)unused;
    check_step(270, 480);
    check_step(1080, 1080);
    check_step(640, 360);
}

/* Noise of coarse blocks: the backdrop has neither blocks nor steps. */
static void test_backdrop_is_smooth(void **unused)
{
    (void)unused;
    uint64_t state = 3;
    uint8_t levels[30 * 30];
    for (int i = 0; i < 900; i++) {
        levels[i] = (uint8_t)(test_random(&state) >> 30);
    }
    photo p = photo_new(900, 900, 1, 8);
    for (int32_t i = 0; i < 900 * 900; i++) {
        p.data[i] = levels[i % 900 / 30 + i / 900 / 30 * 30];
    }
    hy_picture *asset = blurred(p, 540, 960);
    for (int32_t y = 1; y < 958; y++) {
        for (int32_t x = 1; x < 538; x++) {
            int here = asset_sample(asset, 0, x, y);
            int across = asset_sample(asset, 0, x - 1, y) + asset_sample(asset, 0, x + 1, y);
            int down = asset_sample(asset, 0, x, y - 1) + asset_sample(asset, 0, x, y + 1);
            assert_true(abs(across - 2 * here) <= 2 && abs(down - 2 * here) <= 2);
        }
    }
    hy_picture_free(asset);
}

/* The middle of the photo covers the asset: nothing is squeezed, the sides are cut off. */
static void test_backdrop_covers(void **unused)
{
    (void)unused;
    photo p = photo_new(1000, 500, 3, 8);
    for (int32_t i = 0; i < 1000 * 500; i++) {
        int32_t x = i % 1000;
        set_pixel(&p, x, i / 1000, x < 225 ? 0xff0000 : x < 775 ? 0x00ff00 : 0x0000ff);
    }
    hy_picture *asset = blurred(p, 200, 200);
    uint8_t green[3];
    hy_yuv_from_rgb(0x00ff00, green);
    for (int plane = 0; plane < 3; plane++) {
        int32_t middle = hy_plane_width(asset, plane) / 2;
        assert_int_equal(asset_sample(asset, plane, middle, middle), green[plane]);
        assert_true(abs(asset_sample(asset, plane, 0, middle) - green[plane]) <= 2);
    }
    hy_picture_free(asset);
}

/* Transparent photos: their backdrop lies over the background colour. */
static void test_backdrop_of_a_transparent_photo(void **unused)
{
    (void)unused;
    photo p = photo_new(100, 100, 2, 8);
    hy_asset_spec spec = spec_of(&p, 1, 60, 100);
    spec.target = (hy_rect){0, 20, 60, 60};
    spec.background_rgb = 0x8040c0;
    spec.blur = true;
    hy_picture *asset = build_free(spec, p);
    assert_plain(asset, 0, 0, 60, 100, 0x8040c0);
    hy_picture_free(asset);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_photo_has_a_plain_backdrop),
        cmocka_unit_test(test_blur_width),
        cmocka_unit_test(test_backdrop_is_smooth),
        cmocka_unit_test(test_backdrop_covers),
        cmocka_unit_test(test_backdrop_of_a_transparent_photo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
