/* SPDX-License-Identifier: MIT */
/*
 * Profiles to sRGB: what is expected comes from Little CMS in floating point, from formulas, or
 * from how the profile was made. The profiles are made here and put into files in memory.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lcms2.h>

#include "media.h"
#include "support.h"

#define W 32
#define H 32

/* ---- Profiles ---- */

static test_file save_profile(cmsHPROFILE profile)
{
    assert_non_null(profile);
    cmsUInt32Number size = 0;
    assert_true(cmsSaveProfileToMem(profile, NULL, &size));
    test_file file = {malloc(size), size};
    assert_non_null(file.data);
    assert_true(cmsSaveProfileToMem(profile, file.data, &size));
    cmsCloseProfile(profile);
    return file;
}

static test_file make_rgb_profile(const cmsCIExyYTRIPLE *primaries, cmsToneCurve *curve)
{
    cmsCIExyY d65 = {0.3127, 0.3290, 1};
    cmsToneCurve *curves[3] = {curve, curve, curve};
    test_file file = save_profile(cmsCreateRGBProfile(&d65, primaries, curves));
    cmsFreeToneCurve(curve);
    return file;
}

static test_file make_adobe_rgb(void)
{
    static const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
    return make_rgb_profile(&primaries, cmsBuildGamma(NULL, 563.0 / 256));
}

static cmsToneCurve *srgb_curve(void)
{
    static const cmsFloat64Number p[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    return cmsBuildParametricToneCurve(NULL, 4, p);
}

static test_file make_display_p3(void)
{
    static const cmsCIExyYTRIPLE primaries = {{0.68, 0.32, 1}, {0.265, 0.69, 1}, {0.15, 0.06, 1}};
    return make_rgb_profile(&primaries, srgb_curve());
}

static test_file make_grey_profile(double gamma)
{
    cmsToneCurve *curve = cmsBuildGamma(NULL, gamma);
    test_file file = save_profile(cmsCreateGrayProfile(cmsD50_xyY(), curve));
    cmsFreeToneCurve(curve);
    return file;
}

/* Ink to Lab as an ideal printer would show it: linear light (1-C)(1-K), and so on. */
static cmsInt32Number mix_ink(const cmsUInt16Number in[], cmsUInt16Number out[], void *user)
{
    (void)user;
    double white = (65535 - in[3]) / 65535.0;
    cmsCIEXYZ xyz = {0, 0, 0};
    static const double columns[3][3] = {/* sRGB's primaries, adapted to D50 */
                                         {0.4361, 0.2225, 0.0139},
                                         {0.3851, 0.7169, 0.0971},
                                         {0.1431, 0.0606, 0.7141}};
    for (int c = 0; c < 3; c++) {
        double light = (65535 - in[c]) / 65535.0 * white;
        xyz.X += columns[c][0] * light;
        xyz.Y += columns[c][1] * light;
        xyz.Z += columns[c][2] * light;
    }
    cmsCIELab lab;
    cmsXYZ2Lab(NULL, &lab, &xyz);
    cmsFloat2LabEncoded(out, &lab);
    return TRUE;
}

static test_file make_ink_profile(void)
{
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsSetProfileVersion(profile, 4.3);
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 4, 3);
    cmsStage *lut = cmsStageAllocCLut16bit(NULL, 17, 4, 3, NULL);
    assert_non_null(lut);
    assert_true(cmsStageSampleCLut16bit(lut, mix_ink, NULL, 0));
    assert_true(cmsPipelineInsertStage(pipeline, cmsAT_BEGIN, lut));
    /* Curves on both sides, straight: the file format asks for them. */
    assert_true(
        cmsPipelineInsertStage(pipeline, cmsAT_BEGIN, cmsStageAllocToneCurves(NULL, 4, NULL)));
    assert_true(
        cmsPipelineInsertStage(pipeline, cmsAT_END, cmsStageAllocToneCurves(NULL, 3, NULL)));
    assert_true(cmsWriteTag(profile, cmsSigAToB0Tag, pipeline));
    assert_true(cmsWriteTag(profile, cmsSigAToB1Tag, pipeline));
    assert_true(cmsWriteTag(profile, cmsSigMediaWhitePointTag, cmsD50_XYZ()));
    cmsPipelineFree(pipeline);
    return save_profile(profile);
}

/* ---- Files with a profile ---- */

/* JPEG, PNG and WebP with the profile; returns how many. */
static int make_files(const test_file *icc, test_file files[3])
{
    uint8_t *rgb = test_gradient(W, H);
    uint8_t bgra[W * H * 4];
    for (int i = 0; i < W * H; i++) {
        memcpy(bgra + 4 * i, rgb + 3 * i, 3);
        bgra[4 * i + 3] = 255;
    }
    files[0] = test_make_jpeg(rgb, W, H, &(test_jpeg){.icc = icc->data, .icc_size = icc->size});
    test_file png = test_make_picture("png", "rgb24", rgb, W, H, NULL);
    files[1] = test_png_with_icc(&png, icc->data, icc->size);
    test_file webp = test_make_picture("libwebp", "bgra", bgra, W, H, "quality=90");
    files[2] = test_webp_extended(&webp, W, H, false, icc, NULL);
    test_file_free(&png);
    test_file_free(&webp);
    free(rgb);
    return 3;
}

static void assert_close(uint16_t value, double expected, double tolerance)
{
    if (fabs(value - expected * 65535) > tolerance * 65535) {
        fail_msg("%d instead of %d of 65535", value, (int)(expected * 65535));
    }
}

/* The transform of `icc` in every kind of file against Little CMS in floating point. */
static void check_rgb_profile(const test_file *icc)
{
    cmsHPROFILE in = cmsOpenProfileFromMem(icc->data, (cmsUInt32Number)icc->size);
    cmsHPROFILE out = cmsCreate_sRGBProfile();
    cmsHTRANSFORM exact =
        cmsCreateTransform(in, TYPE_RGB_DBL, out, TYPE_RGB_DBL, INTENT_RELATIVE_COLORIMETRIC,
                           cmsFLAGS_BLACKPOINTCOMPENSATION | cmsFLAGS_NOOPTIMIZE);
    test_file files[3];
    int count = make_files(icc, files);
    for (int f = 0; f < count; f++) {
        hy_color *color;
        hy_diag diag = {0};
        assert_ok(test_color_of(&files[f], &color, &diag), &diag);
        assert_non_null(color);
        uint64_t seed = 7;
        for (int i = 0; i < 2000; i++) {
            uint64_t random = test_random(&seed);
            hy_rgba64 pixel = {(uint16_t)random, (uint16_t)(random >> 16), (uint16_t)(random >> 32),
                               (uint16_t)(random >> 48)};
            uint16_t alpha = pixel.a;
            double rgb[3] = {pixel.r / 65535.0, pixel.g / 65535.0, pixel.b / 65535.0};
            cmsDoTransform(exact, rgb, rgb, 1);
            hy_color_convert(color, &pixel, 1);
            assert_close(pixel.r, fmin(fmax(rgb[0], 0), 1), 0.1 / 255);
            assert_close(pixel.g, fmin(fmax(rgb[1], 0), 1), 0.1 / 255);
            assert_close(pixel.b, fmin(fmax(rgb[2], 0), 1), 0.1 / 255);
            assert_int_equal(pixel.a, alpha);
        }
        hy_color_free(color);
        test_file_free(&files[f]);
    }
    cmsDeleteTransform(exact);
    cmsCloseProfile(in);
    cmsCloseProfile(out);
}

static void converts_rgb_profiles(void **state)
{
    (void)state;
    test_file icc = make_adobe_rgb();
    check_rgb_profile(&icc);
    test_file_free(&icc);
    icc = make_display_p3();
    check_rgb_profile(&icc);
    test_file_free(&icc);
}

/* A known number: Adobe RGB (0.5, 0.5, 0.5) has the light 0.5^2.2, which sRGB writes as 0.4985. */
static void keeps_greys_of_adobe_rgb(void **state)
{
    (void)state;
    test_file icc = make_adobe_rgb();
    test_file files[3];
    int count = make_files(&icc, files);
    hy_color *color;
    hy_diag diag = {0};
    assert_ok(test_color_of(&files[0], &color, &diag), &diag);
    for (int i = 0; i <= 16; i++) {
        uint16_t level = (uint16_t)(i * 65535 / 16);
        double light = pow(level / 65535.0, 563.0 / 256);
        double srgb = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055;
        hy_rgba64 pixel = {level, level, level, 1234};
        hy_color_convert(color, &pixel, 1);
        assert_close(pixel.r, srgb, 0.6 / 255);
        assert_close(pixel.g, srgb, 0.6 / 255);
        assert_close(pixel.b, srgb, 0.6 / 255);
        assert_int_equal(pixel.a, 1234);
    }
    hy_color_free(color);
    for (int f = 0; f < count; f++) {
        test_file_free(&files[f]);
    }
    test_file_free(&icc);
}

static void needs_nothing_for_srgb(void **state)
{
    (void)state;
    test_file profiles[2] = {save_profile(cmsCreate_sRGBProfile()), {0}};
    static const cmsCIExyYTRIPLE bt709 = {{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
    profiles[1] = make_rgb_profile(&bt709, srgb_curve());
    for (int i = 0; i < 2; i++) {
        test_file files[3];
        int count = make_files(&profiles[i], files);
        for (int f = 0; f < count; f++) {
            hy_color *color;
            hy_diag diag = {0};
            assert_ok(test_color_of(&files[f], &color, &diag), &diag);
            assert_null(color);
            test_file_free(&files[f]);
        }
        test_file_free(&profiles[i]);
    }
    hy_color_free(NULL);
}

static test_file make_grey_jpeg(const test_file *icc)
{
    uint8_t grey[W * H] = {0};
    return test_make_jpeg(
        grey, W, H, &(test_jpeg){.kind = TEST_JPEG_GREY, .icc = icc->data, .icc_size = icc->size});
}

static void converts_grey_profiles(void **state)
{
    (void)state;
    test_file icc = make_grey_profile(1.8);
    test_file file = make_grey_jpeg(&icc);
    hy_color *color;
    hy_diag diag = {0};
    assert_ok(test_color_of(&file, &color, &diag), &diag);
    assert_non_null(color);
    for (int i = 0; i <= 32; i++) {
        uint16_t level = (uint16_t)(i * 65535 / 32);
        double light = pow(level / 65535.0, 1.8);
        double srgb = light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055;
        hy_rgba64 pixel = {level, level, level, 77};
        hy_color_convert(color, &pixel, 1);
        assert_close(pixel.r, srgb, 0.6 / 255);
        assert_int_equal(pixel.r, pixel.g);
        assert_int_equal(pixel.r, pixel.b);
        assert_int_equal(pixel.a, 77);
    }
    hy_color_free(color);
    test_file_free(&file);
    test_file_free(&icc);
}

static void converts_ink_profiles(void **state)
{
    (void)state;
    test_file icc = make_ink_profile();
    uint8_t ink[W * H * 4] = {0};
    test_file file = test_make_jpeg(
        ink, W, H, &(test_jpeg){.kind = TEST_JPEG_CMYK, .icc = icc.data, .icc_size = icc.size});
    hy_color *color;
    hy_diag diag = {0};
    assert_ok(test_color_of(&file, &color, &diag), &diag);
    assert_non_null(color);
    /* 0 = full ink: paper, black, and the inks alone. */
    hy_rgba64 pixels[6] = {{65535, 65535, 65535, 65535}, {65535, 65535, 65535, 0},
                           {0, 65535, 65535, 65535},     {65535, 0, 65535, 65535},
                           {65535, 65535, 0, 65535},     {65535, 65535, 65535, 32768}};
    hy_color_convert(color, pixels, 6);
    static const double expected[6][3] = {{1, 1, 1}, {0, 0, 0}, {0, 1, 1},
                                          {1, 0, 1}, {1, 1, 0}, {0.7354, 0.7354, 0.7354}};
    for (int i = 0; i < 6; i++) {
        assert_close(pixels[i].r, expected[i][0], 0.02);
        assert_close(pixels[i].g, expected[i][1], 0.02);
        assert_close(pixels[i].b, expected[i][2], 0.02);
        assert_int_equal(pixels[i].a, 65535);
    }
    hy_color_free(color);
    test_file_free(&file);
    test_file_free(&icc);
}

/* The profile belongs to other channels than the photo has: as if it were not there. */
static void ignores_profiles_that_do_not_suit(void **state)
{
    (void)state;
    test_file grey = make_grey_profile(1.8);
    test_file ink = make_ink_profile();
    test_file rgb = make_adobe_rgb();
    test_file lab = save_profile(cmsCreateLab4Profile(NULL));
    test_file link = save_profile(cmsCreateInkLimitingDeviceLink(cmsSigCmykData, 250));
    uint8_t samples[W * H * 4] = {0};
    test_file files[] = {
        test_make_jpeg(samples, W, H, &(test_jpeg){.icc = grey.data, .icc_size = grey.size}),
        test_make_jpeg(samples, W, H, &(test_jpeg){.icc = ink.data, .icc_size = ink.size}),
        test_make_jpeg(samples, W, H, &(test_jpeg){.icc = lab.data, .icc_size = lab.size}),
        make_grey_jpeg(&rgb),
        test_make_jpeg(samples, W, H,
                       &(test_jpeg){.kind = TEST_JPEG_YCCK, .icc = rgb.data, .icc_size = rgb.size}),
        test_make_jpeg(
            samples, W, H,
            &(test_jpeg){.kind = TEST_JPEG_CMYK, .icc = link.data, .icc_size = link.size}),
        test_make_jpeg(samples, W, H, NULL),
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        hy_color *color;
        hy_diag diag = {0};
        assert_ok(test_color_of(&files[i], &color, &diag), &diag);
        assert_null(color);
        test_file_free(&files[i]);
    }
    test_file_free(&grey);
    test_file_free(&ink);
    test_file_free(&rgb);
    test_file_free(&lab);
    test_file_free(&link);
}

/* ---- Damage ---- */

static void assert_damaged(test_file *file)
{
    hy_color *color;
    hy_diag diag = {0};
    assert_failed(test_color_of(file, &color, &diag), HYDRA_ERR_FORMAT, &diag, "photo: ");
    if (!strstr(diag.text, "colour profile")) {
        fail_msg("%s", diag.text);
    }
    assert_null(color);
    test_file_free(file);
}

static void refuses_damaged_profiles(void **state)
{
    (void)state;
    test_file icc = make_adobe_rgb();
    test_file cut = {icc.data, icc.size / 2};
    test_file files[3];
    int count = make_files(&cut, files);
    for (int i = 0; i < count; i++) {
        assert_damaged(&files[i]);
    }
    test_file junk = {icc.data, 100};
    memset(icc.data, 'x', 100);
    count = make_files(&junk, files);
    for (int i = 0; i < count; i++) {
        assert_damaged(&files[i]);
    }
    test_file_free(&icc);
}

/* A profile whose tags for the transform are gone can be opened, but not used. */
static void refuses_profiles_without_content(void **state)
{
    (void)state;
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL);
    cmsSetProfileVersion(profile, 4.3);
    cmsSetDeviceClass(profile, cmsSigDisplayClass);
    cmsSetColorSpace(profile, cmsSigRgbData);
    cmsSetPCS(profile, cmsSigXYZData);
    test_file icc = save_profile(profile);
    test_file files[3];
    int count = make_files(&icc, files);
    for (int i = 0; i < count; i++) {
        assert_damaged(&files[i]);
    }
    test_file_free(&icc);
}

/* Two segments of a profile in APP2, of which one is missing. */
static void refuses_incomplete_segments(void **state)
{
    (void)state;
    test_file icc = make_adobe_rgb();
    uint8_t *rgb = test_gradient(W, H);
    test_file file = test_make_jpeg(rgb, W, H, &(test_jpeg){.icc = icc.data, .icc_size = icc.size});
    uint8_t *segment = memmem(file.data, file.size, "ICC_PROFILE\0\1\1", 14);
    assert_non_null(segment);
    segment[13] = 2;
    assert_damaged(&file);
    free(rgb);
    test_file_free(&icc);
}

static void refuses_bad_png_profiles(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    test_file png = test_make_picture("png", "rgb24", rgb, W, H, NULL);
    static const struct {
        const char *body;
        size_t size;
    } bad[] = {{"name", 4}, {"name\0", 5}, {"name\0\1zzzz", 10}, {"name\0\0zzzz", 10}, {"", 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_file file = test_png_with_chunk(&png, "iCCP", bad[i].body, bad[i].size);
        assert_damaged(&file);
    }
    test_file icc = make_adobe_rgb();
    test_file once = test_png_with_icc(&png, icc.data, icc.size);
    test_file twice = test_png_with_icc(&once, icc.data, icc.size);
    assert_damaged(&twice);
    test_file_free(&once);
    test_file_free(&icc);
    /* 64 MiB of zeros in 64 KiB */
    size_t size = (size_t)64 << 20;
    uint8_t *zeros = calloc(size, 1);
    assert_non_null(zeros);
    test_file bomb = test_png_with_icc(&png, zeros, size);
    assert_true(bomb.size < 200000);
    assert_damaged(&bomb);
    free(zeros);
    test_file_free(&png);
    free(rgb);
}

/* Bits turned over anywhere in a profile: an error, or some transform. */
static void survives_flipped_bits(void **state)
{
    (void)state;
    test_file profiles[3] = {make_adobe_rgb(), make_grey_profile(2), make_ink_profile()};
    uint64_t seed = 99;
    for (int round = 0; round < 150; round++) {
        test_file *icc = &profiles[round % 3];
        uint8_t *copy = hy_memdup(icc->data, icc->size);
        for (int n = 0; n < 4; n++) {
            uint64_t random = test_random(&seed);
            size_t end = n < 2 && icc->size > 300 ? 300 : icc->size;
            copy[random % end] ^= (uint8_t)(1 << (random >> 40 & 7));
        }
        uint8_t samples[W * H * 4] = {0};
        static const test_jpeg_kind kinds[3] = {TEST_JPEG_YCBCR, TEST_JPEG_GREY, TEST_JPEG_CMYK};
        test_file file = test_make_jpeg(
            samples, W, H,
            &(test_jpeg){.kind = kinds[round % 3], .icc = copy, .icc_size = icc->size});
        hy_color *color;
        hy_diag diag = {0};
        hydra_status status = test_color_of(&file, &color, &diag);
        assert_true(status == HYDRA_OK || status == HYDRA_ERR_FORMAT);
        if (color) {
            hy_rgba64 pixels[2] = {{1, 2, 3, 4}, {60000, 50000, 40000, 30000}};
            hy_color_convert(color, pixels, 2);
        }
        hy_color_free(color);
        test_file_free(&file);
        hy_free(copy);
    }
    for (int i = 0; i < 3; i++) {
        test_file_free(&profiles[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts_rgb_profiles),
        cmocka_unit_test(keeps_greys_of_adobe_rgb),
        cmocka_unit_test(needs_nothing_for_srgb),
        cmocka_unit_test(converts_grey_profiles),
        cmocka_unit_test(converts_ink_profiles),
        cmocka_unit_test(ignores_profiles_that_do_not_suit),
        cmocka_unit_test(refuses_damaged_profiles),
        cmocka_unit_test(refuses_profiles_without_content),
        cmocka_unit_test(refuses_incomplete_segments),
        cmocka_unit_test(refuses_bad_png_profiles),
        cmocka_unit_test(survives_flipped_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
