/* SPDX-License-Identifier: MIT */
/* Colours: RGB to YUV and back, against BT.709 in doubles. */
#include "build.h"

static const uint32_t patches[8] = {0xffffff, 0xffff00, 0x00ffff, 0x00ff00,
                                    0xff00ff, 0xff0000, 0x0000ff, 0x000000};

static void exact_yuv(uint32_t rgb, double yuv[3])
{
    double r = (rgb >> 16 & 255) / 255.0;
    double g = (rgb >> 8 & 255) / 255.0;
    double b = (rgb & 255) / 255.0;
    double y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    yuv[0] = 16 + 219 * y;
    yuv[1] = 128 + 224 * (b - y) / 1.8556;
    yuv[2] = 128 + 224 * (r - y) / 1.5748;
}

static void test_yuv_from_rgb(void **unused)
{
    (void)unused;
    uint64_t state = 21;
    for (int n = 0; n < 50000; n++) {
        uint32_t rgb = n < 8 ? patches[n] : (uint32_t)(test_random(&state) >> 40);
        uint8_t yuv[3];
        double exact[3];
        hy_yuv_from_rgb(rgb, yuv);
        exact_yuv(rgb, exact);
        for (int i = 0; i < 3; i++) {
            assert_true(fabs(yuv[i] - exact[i]) < 0.52);
        }
    }
}

static void test_greys_have_no_colour(void **unused)
{
    (void)unused;
    for (uint32_t v = 0; v < 256; v++) {
        uint8_t yuv[3];
        hy_yuv_from_rgb(v * 0x010101, yuv);
        assert_int_equal(yuv[0], (int)floor(16 + 219 * v / 255.0 + 0.5));
        assert_int_equal(yuv[1], 128);
        assert_int_equal(yuv[2], 128);
    }
}

static int distance(const uint8_t *rgb, uint32_t expected)
{
    int worst = 0;
    for (int i = 0; i < 3; i++) {
        int difference = abs(rgb[i] - (int)(expected >> (16 - 8 * i) & 255));
        worst = difference > worst ? difference : worst;
    }
    return worst;
}

/* Photo -> asset -> RGB. */
static int round_trip(uint32_t rgb)
{
    uint8_t out[8 * 8 * 3];
    photo p = plain_photo(20, 10, rgb);
    hy_picture *asset = build_free(spec_of(&p, 1, 8, 8), p);
    int worst = 0;
    hy_picture_to_rgb24(asset, out, 24);
    for (int i = 0; i < 64; i++) {
        int difference = distance(out + 3 * i, rgb);
        worst = difference > worst ? difference : worst;
    }
    hy_picture_free(asset);
    return worst;
}

static void test_patches_survive(void **unused)
{
    static const uint32_t more[] = {0x808080, 0x404040, 0xc0c0c0, 0xe0ac69, 0x87ceeb, 0x228b22};
    (void)unused;
    for (int i = 0; i < 8; i++) {
        assert_true(round_trip(patches[i]) <= 1);
    }
    for (int i = 0; i < 6; i++) {
        assert_true(round_trip(more[i]) <= 1);
    }
}

/* 8 bits of limited range cannot hold every colour to one level, but to two. */
static void test_any_colour_survives(void **unused)
{
    (void)unused;
    uint64_t state = 22;
    for (int n = 0; n < 3000; n++) {
        assert_true(round_trip((uint32_t)(test_random(&state) >> 40)) <= 2);
    }
}

/* Chroma at luma pixel x, y by linear interpolation between its sites. */
static double chroma_at(const hy_picture *p, int plane, int32_t x, int32_t y)
{
    double at_x = x / 2.0;
    double at_y = y / 2.0 - 0.25;
    double sum = 0;
    for (int k = 0; k < 4; k++) {
        int32_t i = (int32_t)floor(at_x) + k % 2;
        int32_t j = (int32_t)floor(at_y) + k / 2;
        double weight = (1 - fabs(at_x - i)) * (1 - fabs(at_y - j));
        i = i < p->width / 2 ? i : p->width / 2 - 1;
        j = j < 0 ? 0 : j < p->height / 2 ? j : p->height / 2 - 1;
        sum += weight * asset_sample(p, plane, i, j);
    }
    return sum - 128;
}

static void test_rgb24_interpolates_chroma(void **unused)
{
    (void)unused;
    hy_diag diag = {0};
    hy_picture *p = NULL;
    uint64_t state = 23;
    static uint8_t rgb[30 * 100];
    assert_ok(hy_picture_new(26, 30, NULL, &p, &diag), &diag);
    for (size_t i = 0; i < p->bytes; i++) {
        p->plane[0][i] = (uint8_t)(test_random(&state) >> 20);
    }
    memset(rgb, 0xee, sizeof rgb);
    hy_picture_to_rgb24(p, rgb, 100);
    for (int32_t i = 0; i < 26 * 30; i++) {
        int32_t x = i % 26;
        int32_t y = i / 26;
        double luma = (asset_sample(p, 0, x, y) - 16) * 255.0 / 219;
        double u = chroma_at(p, 1, x, y) * 255 / 224;
        double v = chroma_at(p, 2, x, y) * 255 / 224;
        double exact[3] = {luma + 1.5748 * v,
                           luma - 0.2126 * 1.5748 / 0.7152 * v - 0.0722 * 1.8556 / 0.7152 * u,
                           luma + 1.8556 * u};
        for (int c = 0; c < 3; c++) {
            double expected = exact[c] < 0 ? 0 : exact[c] > 255 ? 255 : exact[c];
            assert_true(fabs(rgb[y * 100 + 3 * x + c] - expected) < 0.51);
        }
        assert_int_equal(rgb[y * 100 + 26 * 3], 0xee);
    }
    hy_picture_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_yuv_from_rgb),
        cmocka_unit_test(test_greys_have_no_colour),
        cmocka_unit_test(test_patches_survive),
        cmocka_unit_test(test_any_colour_survives),
        cmocka_unit_test(test_rgb24_interpolates_chroma),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
