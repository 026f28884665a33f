/* SPDX-License-Identifier: MIT */
/* Assets: what becomes of a photo's pixels, in every row format; colour callback; transparency. */
#include "build.h"

static void exact_yuv(const double rgb[3], double yuv[3])
{
    double y = 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
    yuv[0] = 16 + 219 * y / 255;
    yuv[1] = 128 + 224 * (rgb[2] - y) / 1.8556 / 255;
    yuv[2] = 128 + 224 * (rgb[0] - y) / 1.5748 / 255;
}

/* One sample of the picture that RGB pixels make, in doubles; `at` gives pixel x, y in 0..255. */
typedef void pixel_fn(const photo *p, int32_t x, int32_t y, double rgb[3]);

static double exact_sample(const photo *p, pixel_fn *at, int plane, int32_t i, int32_t j)
{
    double rgb[3];
    double yuv[3];
    double sum = 0;
    if (plane == 0) {
        at(p, i, j, rgb);
        exact_yuv(rgb, yuv);
        return yuv[0];
    }
    for (int32_t dy = 0; dy < 2; dy++) {
        for (int32_t dx = -1; dx < 2; dx++) {
            int32_t x = 2 * i + dx;
            at(p, x < 0 ? 0 : x, 2 * j + dy, rgb);
            exact_yuv(rgb, yuv);
            sum += yuv[plane] * (dx ? 1 : 2) / 8;
        }
    }
    return sum;
}

/* At 1:1 every sample is the exact value, rounded once. */
static void check_exact(const hy_asset_spec *spec, const photo *p, pixel_fn *at, double tolerance)
{
    hy_picture *asset = build(spec, p);
    for (int plane = 0; plane < 3; plane++) {
        int32_t width = hy_plane_width(asset, plane);
        for (int32_t i = 0; i < width * hy_plane_height(asset, plane); i++) {
            double exact = exact_sample(p, at, plane, i % width, i / width);
            double error = asset_sample(asset, plane, i % width, i / width) - exact;
            assert_true(fabs(error) <= 0.5 + tolerance);
        }
    }
    hy_picture_free(asset);
}

static void rgb_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    for (int c = 0; c < 3; c++) {
        rgb[c] = pixel_at(p, x, y)[c];
    }
}

static void test_one_to_one_is_exact(void **unused)
{
    (void)unused;
    photo p = noise_photo(58, 42, 3, 8, 1);
    hy_asset_spec spec = spec_of(&p, 1, 58, 42);
    check_exact(&spec, &p, rgb_at, 0.02);
    free(p.data);
}

static void shifted_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    rgb_at(p, x + 7, y + 3, rgb);
}

static void test_whole_crop_is_exact(void **unused)
{
    (void)unused;
    photo p = noise_photo(58, 42, 3, 8, 2);
    hy_asset_spec spec = spec_of(&p, 1, 40, 30);
    spec.source = (hy_rect){7, 3, 40, 30};
    check_exact(&spec, &p, shifted_at, 0.02);
    free(p.data);
}

static uint16_t sample16(const photo *p, int32_t x, int32_t y, int channel)
{
    uint16_t value;
    memcpy(&value, pixel_at(p, x, y) + 2 * channel, sizeof value);
    return value;
}

static void rgb16_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    for (int c = 0; c < 3; c++) {
        rgb[c] = sample16(p, x, y, c) / 257.0;
    }
}

static void grey_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    rgb[0] = rgb[1] = rgb[2] = pixel_at(p, x, y)[0];
}

static void grey16_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    rgb[0] = rgb[1] = rgb[2] = sample16(p, x, y, 0) / 257.0;
}

/* The background in the tests with transparency: 0x204080. */
static void blend(double rgb[3], double alpha)
{
    static const double background[3] = {0x20, 0x40, 0x80};
    for (int c = 0; c < 3; c++) {
        rgb[c] = rgb[c] * alpha + background[c] * (1 - alpha);
    }
}

static void grey_alpha_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    grey_at(p, x, y, rgb);
    blend(rgb, pixel_at(p, x, y)[1] / 255.0);
}

static void rgba_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    rgb_at(p, x, y, rgb);
    blend(rgb, pixel_at(p, x, y)[3] / 255.0);
}

static void rgba16_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    rgb16_at(p, x, y, rgb);
    blend(rgb, sample16(p, x, y, 3) / 65535.0);
}

static void cmyk_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    for (int c = 0; c < 3; c++) {
        rgb[c] = pixel_at(p, x, y)[c] * (pixel_at(p, x, y)[3] / 255.0);
    }
}

static void cmyk16_at(const photo *p, int32_t x, int32_t y, double rgb[3])
{
    for (int c = 0; c < 3; c++) {
        rgb[c] = sample16(p, x, y, c) / 257.0 * (sample16(p, x, y, 3) / 65535.0);
    }
}

static void test_every_row_format(void **unused)
{
    static const struct {
        int32_t channels;
        int32_t bits;
        bool cmyk;
        pixel_fn *at;
    } cases[] = {
        {1, 8, false, grey_at},    {1, 16, false, grey16_at}, {2, 8, false, grey_alpha_at},
        {3, 8, false, rgb_at},     {3, 16, false, rgb16_at},  {4, 8, false, rgba_at},
        {4, 16, false, rgba16_at}, {4, 8, true, cmyk_at},     {4, 16, true, cmyk16_at},
    };
    (void)unused;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        photo p = noise_photo(38, 26, cases[i].channels, cases[i].bits, 30 + i);
        p.format.cmyk = cases[i].cmyk;
        hy_asset_spec spec = spec_of(&p, 1, 38, 26);
        spec.background_rgb = 0x204080;
        check_exact(&spec, &p, cases[i].at, 0.05);
        free(p.data);
    }
}

static void test_grey_alpha16(void **unused)
{
    (void)unused;
    photo narrow = noise_photo(38, 26, 2, 8, 50);
    photo wide = photo_new(38, 26, 2, 16);
    for (int i = 0; i < 38 * 26 * 2; i++) {
        uint16_t value = (uint16_t)(narrow.data[i] * 257);
        memcpy(wide.data + 2 * i, &value, sizeof value);
    }
    hy_picture *a = build_free(spec_of(&narrow, 1, 20, 14), narrow);
    hy_picture *b = build_free(spec_of(&wide, 1, 20, 14), wide);
    assert_int_equal(largest_difference(a, b), 0);
    hy_picture_free(a);
    hy_picture_free(b);
}

/* The colour of invisible pixels must not bleed into their neighbours. */
static void test_transparent_pixels_have_no_colour(void **unused)
{
    (void)unused;
    photo p = photo_new(400, 300, 4, 8);
    for (int32_t i = 0; i < 400 * 300; i++) {
        bool visible = (i % 400 / 5 + i / 400 / 5) % 2;
        memcpy(p.data + 4 * i, visible ? "\x00\xff\x00\xff" : "\xff\x00\x00\x00", 4);
    }
    hy_asset_spec spec = spec_of(&p, 1, 94, 66);
    spec.background_rgb = 0x00ff00;
    hy_picture *asset = build(&spec, &p);
    assert_plain(asset, 0, 0, 94, 66, 0x00ff00);
    hy_picture_free(asset);
    free(p.data);
}

static void test_fully_transparent_photo(void **unused)
{
    (void)unused;
    photo p = photo_new(30, 30, 4, 8);
    memset(p.data, 200, 30 * 30 * 4);
    for (int32_t i = 0; i < 900; i++) {
        p.data[4 * i + 3] = 0;
    }
    hy_asset_spec spec = spec_of(&p, 1, 40, 20);
    spec.background_rgb = 0x123456;
    hy_picture *asset = build(&spec, &p);
    assert_plain(asset, 0, 0, 40, 20, 0x123456);
    hy_picture_free(asset);
    free(p.data);
}

/* ---- The colour callback ---- */

typedef struct color_log {
    int64_t pixels;
    hy_rgba64 last;
} color_log;

static void log_and_swap(void *user, hy_rgba64 *pixels, int32_t count)
{
    color_log *log = user;
    log->pixels += count;
    log->last = pixels[count - 1];
    for (int32_t i = 0; i < count; i++) {
        uint16_t r = pixels[i].r;
        pixels[i].r = pixels[i].b;
        pixels[i].b = r;
    }
}

static void test_color_callback(void **unused)
{
    (void)unused;
    color_log log = {0};
    photo p = plain_photo(200, 100, 0x3366cc);
    hy_asset_spec spec = spec_of(&p, 1, 50, 40);
    spec.color = log_and_swap;
    spec.color_user = &log;
    hy_picture *asset = build_free(spec, p);
    assert_int_equal(log.pixels, 50 * 40); /* of the small picture, not of the photo */
    assert_int_equal(log.last.r, 0x3333);
    assert_int_equal(log.last.g, 0x6666);
    assert_int_equal(log.last.b, 0xcccc);
    assert_int_equal(log.last.a, 0xffff);
    assert_plain(asset, 0, 0, 50, 40, 0xcc6633);
    hy_picture_free(asset);
}

/* The callback sees straight colours, and alpha as it is. */
static void test_color_callback_with_alpha(void **unused)
{
    (void)unused;
    color_log log = {0};
    photo p = photo_new(60, 60, 4, 8);
    for (int32_t i = 0; i < 3600; i++) {
        memcpy(p.data + 4 * i, "\xff\x00\x80\x80", 4);
    }
    hy_asset_spec spec = spec_of(&p, 1, 20, 20);
    spec.color = log_and_swap;
    spec.color_user = &log;
    spec.background_rgb = 0xffffff;
    hy_picture *asset = build_free(spec, p);
    assert_int_equal(log.last.r, 0xffff);
    assert_int_equal(log.last.g, 0);
    assert_true(abs(log.last.b - 0x8080) <= 8);
    assert_int_equal(log.last.a, 0x8080);
    assert_plain(asset, 0, 0, 20, 20, 0xbf7fff);
    hy_picture_free(asset);
}

static void ink_to_rgb(void *user, hy_rgba64 *pixels, int32_t count)
{
    (void)user;
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(pixels[i].a, 0x4040); /* K */
        pixels[i] = (hy_rgba64){pixels[i].r, pixels[i].g, pixels[i].b, 65535};
    }
}

static void test_color_callback_with_ink(void **unused)
{
    (void)unused;
    photo p = photo_new(40, 40, 4, 8);
    p.format.cmyk = true;
    for (int32_t i = 0; i < 1600; i++) {
        memcpy(p.data + 4 * i, "\xd0\x90\x20\x40", 4);
    }
    hy_asset_spec spec = spec_of(&p, 1, 20, 20);
    spec.color = ink_to_rgb;
    hy_picture *asset = build_free(spec, p);
    assert_plain(asset, 0, 0, 20, 20, 0xd09020);
    hy_picture_free(asset);
}

/* The same bits on every machine and from every version of the code. */
static void test_assets_are_reproducible(void **unused)
{
    static const uint64_t golden[5] = {0xe30b7451eb30884c, 0x1488f395be61c1e7, 0x3044e85ceb6e9aa5,
                                       0x21b327aa94ca3d62, 0x42a834883802c4b1};
    (void)unused;
    for (int i = 0; i < 5; i++) {
        photo p = noise_photo(i == 4 ? 3000 : 310, 230, i < 4 ? i + 1 : 4, i % 2 ? 16 : 8, 60);
        p.format.cmyk = i == 4;
        hy_asset_spec spec = spec_of(&p, 1 + i * 3 % 8, 90, 120);
        spec.target = (hy_rect){5, 30, 80, 61};
        spec.background_rgb = 0x308050;
        spec.backdrop_rgb = 0x102030;
        spec.blur = i > 1;
        hy_picture *asset = build_free(spec, p);
        uint64_t hash = test_hash_picture(asset);
        if (hash != golden[i]) {
            fail_msg("asset %d: hash 0x%016llx", i, (unsigned long long)hash);
        }
        hy_picture_free(asset);
    }
}

/* ---- Misuse ---- */

static void assert_refused(hy_asset_spec spec)
{
    hy_diag diag = {0};
    hy_asset_builder *builder = NULL;
    assert_failed(hy_asset_builder_new(&spec, NULL, &builder, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "asset of");
    assert_null(builder);
}

#define REFUSE(field, value)                                                                       \
    do {                                                                                           \
        hy_asset_spec bad_ = good;                                                                 \
        bad_.field = (value);                                                                      \
        assert_refused(bad_);                                                                      \
    } while (0)

static void test_senseless_specs(void **unused)
{
    (void)unused;
    photo p = photo_new(100, 50, 3, 8);
    const hy_asset_spec good = spec_of(&p, 1, 40, 20);
    REFUSE(width, 41);
    REFUSE(width, 0);
    REFUSE(width, 1 << 20);
    REFUSE(height, -2);
    REFUSE(height, 21);
    REFUSE(height, 1 << 20);
    REFUSE(photo_width, 0);
    REFUSE(photo_height, 0);
    REFUSE(photo_width, INT32_MAX);
    REFUSE(photo_height, INT32_MAX);
    REFUSE(orientation, 6); /* the source does not fit the turned photo */
    REFUSE(rows.channels, 5);
    REFUSE(rows.channels, 0);
    REFUSE(rows.bits, 12);
    REFUSE(rows.cmyk, true);
    REFUSE(source.x, 2);
    REFUSE(source.w, 0);
    REFUSE(source.w, (double)NAN);
    REFUSE(source.h, (double)INFINITY);
    REFUSE(source.y, -1.5);
    REFUSE(target.x, 0.5);
    REFUSE(target.x, 2);
    REFUSE(target.y, -2);
    REFUSE(target.w, 0);
    REFUSE(target.w, 42);
    REFUSE(target.h, (double)NAN);
    hy_asset_spec bad = good;
    bad.orientation = 0;
    assert_refused(bad);
    bad.orientation = 9;
    assert_refused(bad);
    free(p.data);
}

static void test_rows_missing_and_too_many(void **unused)
{
    (void)unused;
    hy_diag diag = {0};
    hy_asset_builder *builder = NULL;
    hy_picture *asset = NULL;
    photo p = plain_photo(30, 30, 0x808080);
    hy_asset_spec spec = spec_of(&p, 1, 20, 20);
    assert_ok(hy_asset_builder_new(&spec, NULL, &builder, &diag), &diag);
    hy_asset_builder_rows(builder, p.data, 90, 29);
    assert_failed(hy_asset_builder_finish(builder, &asset, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "29 of 30 rows");
    assert_null(asset);
    hy_diag_clear(&diag);
    hy_asset_builder_rows(builder, p.data, 90, 30);
    assert_ok(hy_asset_builder_finish(builder, &asset, &diag), &diag);
    assert_plain(asset, 0, 0, 20, 20, 0x808080);
    hy_picture_free(asset);
    assert_failed(hy_asset_builder_finish(builder, &asset, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "before");
    hy_asset_builder_free(builder);
    hy_asset_builder_free(NULL);
    free(p.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_to_one_is_exact),
        cmocka_unit_test(test_whole_crop_is_exact),
        cmocka_unit_test(test_every_row_format),
        cmocka_unit_test(test_grey_alpha16),
        cmocka_unit_test(test_transparent_pixels_have_no_colour),
        cmocka_unit_test(test_fully_transparent_photo),
        cmocka_unit_test(test_color_callback),
        cmocka_unit_test(test_color_callback_with_alpha),
        cmocka_unit_test(test_color_callback_with_ink),
        cmocka_unit_test(test_assets_are_reproducible),
        cmocka_unit_test(test_senseless_specs),
        cmocka_unit_test(test_rows_missing_and_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
