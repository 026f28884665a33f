/* SPDX-License-Identifier: MIT */
/* HEIC and AVIF: colours, alpha, depth, grids, orientation, profiles; or the refusal without. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lcms2.h>

#include "media.h"
#include "support.h"

#if HY_HAVE_HEIF

#define W 96
#define H 64

static test_photo decode_ok(const test_file *file)
{
    test_photo photo;
    hy_diag diag = {0};
    assert_ok(test_decode(file, &photo, &diag), &diag);
    return photo;
}

static void assert_similar(double difference, double tolerance)
{
    if (difference > tolerance) {
        fail_msg("differs by %d/1000", (int)(difference * 1000));
    }
}

static void decodes_8_bits(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    for (int av1 = 0; av1 < 2; av1++) {
        test_file file = test_make_heif(rgb, W, H, &(test_heif){.av1 = av1 != 0});
        test_photo photo = decode_ok(&file);
        assert_string_equal(photo.info.format, av1 ? "AVIF" : "HEIC");
        assert_int_equal(photo.info.width, W);
        assert_int_equal(photo.info.height, H);
        assert_int_equal(photo.info.orientation, 1);
        assert_int_equal(photo.info.rows.channels, 3);
        assert_int_equal(photo.info.rows.bits, 8);
        assert_similar(test_difference(photo.rows, rgb, (size_t)W * H * 3), 1.5);
        test_photo_free(&photo);
        test_file_free(&file);
    }
    free(rgb);
}

/* Four patches: black, white, red, blue-green. */
static void keeps_patches(void **state)
{
    (void)state;
    static const uint8_t colours[4][3] = {{0, 0, 0}, {255, 255, 255}, {255, 0, 0}, {0, 128, 255}};
    uint8_t rgb[W * H * 3];
    for (int i = 0; i < W * H; i++) {
        memcpy(rgb + 3 * i, colours[(i % W >= W / 2) + 2 * (i / W >= H / 2)], 3);
    }
    for (int av1 = 0; av1 < 2; av1++) {
        test_file file = test_make_heif(rgb, W, H, &(test_heif){.av1 = av1 != 0});
        test_photo photo = decode_ok(&file);
        for (int i = 0; i < W * H; i++) {
            int x = i % W;
            int y = i / W;
            if (abs(x - W / 2) > 4 && abs(y - H / 2) > 4) {
                for (int c = 0; c < 3; c++) {
                    assert_in_range(abs(photo.rows[3 * i + c] - rgb[3 * i + c]), 0, 4);
                }
            }
        }
        test_photo_free(&photo);
        test_file_free(&file);
    }
}

static uint8_t *make_rgba(const uint8_t *rgb, bool premultiplied)
{
    uint8_t *rgba = malloc((size_t)W * H * 4);
    assert_non_null(rgba);
    for (int i = 0; i < W * H; i++) {
        int alpha = 100 + i % W;
        for (int c = 0; c < 3; c++) {
            int value = rgb[3 * i + c];
            rgba[4 * i + c] = (uint8_t)(premultiplied ? value * alpha / 255 : value);
        }
        rgba[4 * i + 3] = (uint8_t)alpha;
    }
    return rgba;
}

static void decodes_alpha(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    uint8_t *straight = make_rgba(rgb, false);
    for (int i = 0; i < 4; i++) {
        bool premultiplied = i >= 2;
        uint8_t *rgba = make_rgba(rgb, premultiplied);
        test_file file = test_make_heif(
            rgba, W, H,
            &(test_heif){.av1 = i % 2 != 0, .alpha = true, .premultiplied = premultiplied});
        test_photo photo = decode_ok(&file);
        assert_int_equal(photo.info.rows.channels, 4);
        assert_similar(test_difference(photo.rows, straight, (size_t)W * H * 4), 2);
        test_photo_free(&photo);
        test_file_free(&file);
        free(rgba);
    }
    free(straight);
    free(rgb);
}

/* 12 bits, alpha too. */
static void decodes_deep_alpha(void **state)
{
    (void)state;
    uint16_t samples[W * H * 4];
    for (int n = 0; n < W * H; n++) {
        samples[4 * n] = (uint16_t)(n % W * 4095 / (W - 1));
        samples[4 * n + 1] = 2048;
        samples[4 * n + 2] = (uint16_t)(n / W * 4095 / (H - 1));
        samples[4 * n + 3] = (uint16_t)(1000 + 10 * (n % W));
    }
    for (int av1 = 0; av1 < 2; av1++) {
        test_file file =
            test_make_heif(samples, W, H, &(test_heif){.av1 = av1 != 0, .bits = 12, .alpha = true});
        test_photo photo = decode_ok(&file);
        assert_int_equal(photo.info.rows.bits, 16);
        assert_int_equal(photo.info.rows.channels, 4);
        const uint16_t *rows = (const void *)photo.rows;
        double sum = 0;
        for (int n = 0; n < W * H * 4; n++) {
            sum += fabs(rows[n] - samples[n] * 65535.0 / 4095);
        }
        assert_similar(sum / (W * H * 4) / 257, 1.5);
        test_photo_free(&photo);
        test_file_free(&file);
    }
}

static void decodes_deep_samples(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        int bits = i == 0 ? 10 : 12; /* libheif 1.15 cannot write AVIF of 10 */
        int top = (1 << bits) - 1;
        uint16_t samples[W * H * 3];
        for (int n = 0; n < W * H; n++) {
            samples[3 * n] = (uint16_t)(n % W * top / (W - 1));
            samples[3 * n + 1] = (uint16_t)(n / W * top / (H - 1));
            samples[3 * n + 2] = (uint16_t)(top / 2);
        }
        test_file file = test_make_heif(samples, W, H, &(test_heif){.av1 = i == 2, .bits = bits});
        test_photo photo = decode_ok(&file);
        assert_int_equal(photo.info.rows.bits, 16);
        assert_int_equal(photo.info.rows.channels, 3);
        const uint16_t *rows = (const void *)photo.rows;
        double sum = 0;
        for (int n = 0; n < W * H * 3; n++) {
            sum += fabs(rows[n] - samples[n] * 65535.0 / top);
        }
        assert_similar(sum / (W * H * 3) / 257, 1.5);
        test_photo_free(&photo);
        test_file_free(&file);
    }
}

/* A file of FFmpeg's, as cameras make them: 4:2:0, limited range. */
static void decodes_avif_of_10_bits(void **state)
{
    (void)state;
    uint16_t yuv[W * H * 3 / 2];
    for (int i = 0; i < W * H * 3 / 2; i++) {
        yuv[i] = i < W * H ? (uint16_t)(i % W < W / 2 ? 64 : 502) : 512;
    }
    test_file file = test_make_avif10(yuv, W, H);
    test_photo photo = decode_ok(&file);
    assert_string_equal(photo.info.format, "AVIF");
    assert_int_equal(photo.info.rows.bits, 16);
    const uint16_t *rows = (const void *)photo.rows;
    for (int i = 0; i < W * H * 3; i++) {
        int x = i / 3 % W;
        if (abs(x - W / 2) > 4) {
            assert_in_range(abs(rows[i] - (x < W / 2 ? 0 : 32768)), 0, 300);
        }
    }
    test_photo_free(&photo);
    test_file_free(&file);
}

/* The file's own rotation is applied: what comes is upright. */
static void turns_upright(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    for (int32_t orientation = 1; orientation <= 8; orientation++) {
        test_file file = test_make_heif(rgb, W, H, &(test_heif){.orientation = orientation});
        test_photo photo = decode_ok(&file);
        bool turned = orientation >= 5;
        assert_int_equal(photo.info.orientation, 1);
        assert_int_equal(photo.info.width, turned ? H : W);
        assert_int_equal(photo.info.height, turned ? W : H);
        /* Where the stored top left corner goes (EXIF 2.3, figure of tag 274). */
        bool right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
        bool bottom = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
        size_t x = right ? (size_t)photo.info.width - 1 : 0;
        size_t y = bottom ? (size_t)photo.info.height - 1 : 0;
        const uint8_t *corner = photo.rows + y * photo.row_bytes + 3 * x;
        assert_similar(test_difference(corner, rgb, 3), 6);
        test_photo_free(&photo);
        test_file_free(&file);
    }
    free(rgb);
}

/* As phones store photos: tiles, the last ones cut off. */
static void puts_grids_together(void **state)
{
    (void)state;
    static const uint8_t levels[6] = {20, 60, 100, 140, 180, 220};
    test_file file = test_make_heif_grid(3, 2, levels, 170, 100);
    test_photo photo = decode_ok(&file);
    assert_string_equal(photo.info.format, "HEIC");
    assert_int_equal(photo.info.width, 170);
    assert_int_equal(photo.info.height, 100);
    for (size_t y = 0; y < 100; y++) {
        for (size_t x = 0; x < 170; x++) {
            int expected = levels[y / 64 * 3 + x / 64];
            for (size_t c = 0; c < 3; c++) {
                int value = photo.rows[y * photo.row_bytes + 3 * x + c];
                assert_in_range(abs(value - expected), 0, 3);
            }
        }
    }
    test_photo_free(&photo);
    test_file_free(&file);
}

/* ---- Colour ---- */

static test_file make_with(test_heif how)
{
    uint8_t *rgb = test_gradient(W, H);
    test_file file = test_make_heif(rgb, W, H, &how);
    free(rgb);
    return file;
}

static void reads_numbered_primaries(void **state)
{
    (void)state;
    static const struct {
        int32_t primaries;
        int32_t transfer;
        bool needed;
        hy_rgba64 in;
        double out[3]; /* of 255 */
    } cases[] = {
        {1, 13, false, {0, 0, 0, 0}, {0}},
        {1, 1, false, {0, 0, 0, 0}, {0}},
        {1, 6, false, {0, 0, 0, 0}, {0}},
        {2, 2, false, {0, 0, 0, 0}, {0}},
        /* Display P3 of 0.5, 0.25, 0.75 */
        {12, 13, true, {32768, 16384, 49151, 9}, {137.149, 59.195, 198.148}},
        {12, 1, true, {32768, 32768, 32768, 9}, {127.5, 127.5, 127.5}},
        {9, 13, true, {65535, 65535, 65535, 9}, {255, 255, 255}},
        /* linear light 0.2140 is 0.5 in sRGB */
        {1, 8, true, {14027, 14027, 14027, 9}, {127.5, 127.5, 127.5}},
        /* 0.5^2.2 = 0.2176 is 0.5038; 0.5^2.8 = 0.1436 is 0.4149 */
        {2, 4, true, {32768, 32768, 32768, 9}, {128.48, 128.48, 128.48}},
        {1, 5, true, {32768, 32768, 32768, 9}, {105.81, 105.81, 105.81}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_file file = make_with((test_heif){
            .av1 = true, .primaries = cases[i].primaries, .transfer = cases[i].transfer});
        hy_color *color;
        hy_diag diag = {0};
        assert_ok(test_color_of(&file, &color, &diag), &diag);
        if (!cases[i].needed != !color) {
            fail_msg("case %zu", i);
        }
        if (color) {
            hy_rgba64 pixel = cases[i].in;
            hy_color_convert(color, &pixel, 1);
            double got[3] = {pixel.r / 257.0, pixel.g / 257.0, pixel.b / 257.0};
            for (int c = 0; c < 3; c++) {
                if (fabs(got[c] - cases[i].out[c]) > 0.1) {
                    fail_msg("case %zu: %d/1000 in channel %d", i, (int)(got[c] * 1000), c);
                }
            }
            assert_int_equal(pixel.a, 9);
        }
        hy_color_free(color);
        test_file_free(&file);
    }
}

static void refuses_hdr(void **state)
{
    (void)state;
    static const int32_t transfers[] = {16, 18, 9};
    for (int i = 0; i < 3; i++) {
        test_file file = make_with((test_heif){.primaries = 9, .transfer = transfers[i]});
        hy_color *color;
        hy_diag diag = {0};
        assert_failed(test_color_of(&file, &color, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                      i < 2 ? "photo: an HDR photo" : "photo: HEIC with transfer curve 9");
        test_file_free(&file);
    }
}

static void reads_profiles(void **state)
{
    (void)state;
    static const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
    cmsCIExyY d65 = {0.3127, 0.3290, 1};
    cmsToneCurve *curve = cmsBuildGamma(NULL, 2.2);
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&d65, &primaries, curves);
    cmsUInt32Number size = 0;
    assert_true(cmsSaveProfileToMem(profile, NULL, &size));
    uint8_t *icc = malloc(size);
    assert_true(cmsSaveProfileToMem(profile, icc, &size));
    for (int av1 = 0; av1 < 2; av1++) {
        test_file file = make_with((test_heif){.av1 = av1 != 0, .icc = icc, .icc_size = size});
        hy_color *color;
        hy_diag diag = {0};
        assert_ok(test_color_of(&file, &color, &diag), &diag);
        assert_non_null(color);
        hy_rgba64 green = {0, 65535, 0, 0};
        hy_color_convert(color, &green, 1);
        assert_int_equal(green.g, 65535);
        assert_int_equal(green.r, 0);
        hy_color_free(color);
        test_file_free(&file);
    }
    icc[36] = 'x'; /* its signature */
    test_file file = make_with((test_heif){.icc = icc, .icc_size = size});
    hy_color *color;
    hy_diag diag = {0};
    assert_failed(test_color_of(&file, &color, &diag), HYDRA_ERR_FORMAT, &diag, "colour profile");
    test_file_free(&file);
    free(icc);
    cmsFreeToneCurve(curve);
    cmsCloseProfile(profile);
}

/* ---- Limits ---- */

static void holds_sizes_against_the_policy(void **state)
{
    (void)state;
    static const uint8_t levels[4] = {20, 60, 100, 140};
    test_file files[2] = {make_with((test_heif){.av1 = true}),
                          test_make_heif_grid(2, 2, levels, 128, 128)};
    for (int i = 0; i < 2; i++) {
        hydra_policy policy;
        hydra_policy_init(&policy);
        hy_photo *photo;
        hy_diag diag = {0};
        policy.max_image_side_px = 95;
        assert_failed(hy_photo_open(files[i].data, files[i].size, "photo", &policy, &photo, &diag),
                      HYDRA_ERR_LIMIT, &diag, "photo: ");
        assert_null(photo);
        diag = (hy_diag){0};
        hydra_policy_init(&policy);
        policy.max_image_pixels = 6143;
        assert_failed(hy_photo_open(files[i].data, files[i].size, "photo", &policy, &photo, &diag),
                      HYDRA_ERR_LIMIT, &diag, "max_image_pixels = 6143");
        test_file_free(&files[i]);
    }
}

/* The header says 64 x 64, the grid inside 16384 x 16384. */
/* No extent, or one of no bytes, where libheif writes one. */
static void refuses_a_picture_without_data(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        size_t size;
    } fields[] = {{20, 2}, {26, 4}};
    uint8_t *rgb = test_gradient(W, H);
    for (int i = 0; i < 2; i++) {
        test_file file = test_make_heif(rgb, W, H, &(test_heif){.av1 = true});
        uint8_t *iloc = memmem(file.data, file.size, "iloc", 4);
        assert_non_null(iloc);
        assert_int_equal(iloc[21], 1);
        memset(iloc + fields[i].offset, 0, fields[i].size);
        test_photo photo;
        hy_diag diag = {0};
        assert_failed(test_decode(&file, &photo, &diag), HYDRA_ERR_FORMAT, &diag,
                      "a picture without data");
        test_file_free(&file);
    }
    free(rgb);
}

static void refuses_a_grid_larger_than_its_header(void **state)
{
    (void)state;
    static const uint8_t levels[4] = {20, 60, 100, 140};
    test_file file = test_make_heif_grid(2, 2, levels, 128, 128);
    uint8_t *grid = memmem(file.data, file.size, "idat", 4);
    assert_non_null(grid);
    memcpy(grid + 4 + 4, "\x40\0\x40\0", 4);
    test_photo photo;
    hy_diag diag = {0};
    hydra_status status = test_decode(&file, &photo, &diag);
    assert_true(status == HYDRA_ERR_LIMIT || status == HYDRA_ERR_FORMAT);
    test_file_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_8_bits),
        cmocka_unit_test(keeps_patches),
        cmocka_unit_test(decodes_alpha),
        cmocka_unit_test(decodes_deep_samples),
        cmocka_unit_test(decodes_deep_alpha),
        cmocka_unit_test(decodes_avif_of_10_bits),
        cmocka_unit_test(turns_upright),
        cmocka_unit_test(puts_grids_together),
        cmocka_unit_test(reads_numbered_primaries),
        cmocka_unit_test(refuses_hdr),
        cmocka_unit_test(reads_profiles),
        cmocka_unit_test(holds_sizes_against_the_policy),
        cmocka_unit_test(refuses_a_grid_larger_than_its_header),
        cmocka_unit_test(refuses_a_picture_without_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void says_what_to_do(void **state)
{
    (void)state;
    static const char *const heads[] = {"\0\0\0\x20"
                                        "ftypavif\0\0\0\0",
                                        "\0\0\0\x20"
                                        "ftypheic\0\0\0\0"};
    for (int i = 0; i < 2; i++) {
        test_file file = {0};
        test_file_append(&file, heads[i], 16);
        test_photo photo;
        hy_diag diag = {0};
        assert_failed(test_decode(&file, &photo, &diag), HYDRA_ERR_UNSUPPORTED, &diag, "heif");
        test_file_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(says_what_to_do)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
