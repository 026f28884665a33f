/* SPDX-License-Identifier: MIT */
/* Assets: orientation, area-correct shrinking, extreme shapes, random specs, memory. */
#include "build.h"

/* Where stored pixel x, y of a w x h photo stands upright, from the EXIF standard's words: which
 * visual sides stored row 0 and stored column 0 are. */
static void upright_place(int orientation, int32_t w, int32_t h, int32_t x, int32_t y, int32_t *ux,
                          int32_t *uy)
{
    static const char *const sides[8] = {"tl", "tr", "br", "bl", "lt", "rt", "rb", "lb"};
    const char *side = sides[orientation - 1];
    int32_t right = w - 1 - x;
    int32_t up = h - 1 - y;
    switch (side[0]) {
    case 't':
        *uy = y;
        break;
    case 'b':
        *uy = up;
        break;
    case 'l':
        *ux = y;
        break;
    default:
        *ux = up;
    }
    switch (side[1]) {
    case 'l':
        *ux = x;
        break;
    case 'r':
        *ux = right;
        break;
    case 't':
        *uy = x;
        break;
    default:
        *uy = right;
    }
}

/* The photo that looks like `upright` when shown with `orientation`. */
static photo stored_form(const photo *upright, int orientation)
{
    bool turned = orientation > 4;
    photo p = photo_new(turned ? upright->height : upright->width,
                        turned ? upright->width : upright->height, upright->format.channels, 8);
    for (int32_t i = 0; i < p.width * p.height; i++) {
        int32_t ux = 0;
        int32_t uy = 0;
        upright_place(orientation, p.width, p.height, i % p.width, i / p.width, &ux, &uy);
        memcpy(pixel_at(&p, i % p.width, i / p.width), pixel_at(upright, ux, uy),
               pixel_bytes(upright));
    }
    return p;
}

/* An asset from the upright photo and one from its stored form must agree. */
static int turn_difference(const photo *upright, int orientation, hy_asset_spec spec)
{
    photo stored = stored_form(upright, orientation);
    hy_picture *expected = build(&spec, upright);
    spec.orientation = orientation;
    spec.photo_width = stored.width;
    spec.photo_height = stored.height;
    hy_picture *turned = build_free(spec, stored);
    int difference = largest_difference(expected, turned);
    hy_picture_free(expected);
    hy_picture_free(turned);
    return difference;
}

static void test_orientations(void **unused)
{
    (void)unused;
    photo upright = noise_photo(74, 46, 3, 8, 1);
    for (int orientation = 1; orientation <= 8; orientation++) {
        hy_asset_spec spec = spec_of(&upright, 1, 74, 46);
        assert_int_equal(turn_difference(&upright, orientation, spec), 0);
        spec = spec_of(&upright, 1, 30, 20);
        spec.source = (hy_rect){20, 11, 30, 20}; /* off the centre */
        assert_int_equal(turn_difference(&upright, orientation, spec), 0);
        spec = spec_of(&upright, 1, 40, 34);
        spec.source = (hy_rect){3.3, 2.7, 63.1, 40.4};
        assert_true(turn_difference(&upright, orientation, spec) <= 1);
        spec.target = (hy_rect){5, 2, 21, 30};
        assert_true(turn_difference(&upright, orientation, spec) <= 1);
        spec.blur = true;
        assert_true(turn_difference(&upright, orientation, spec) <= 1);
    }
    free(upright.data);
}

/* ---- Shrinking ---- */

/* Every sample of the luma plane within `tolerance` of `level`, `margin` from the borders. */
static void assert_level(const hy_picture *p, double level, double tolerance, int32_t margin)
{
    for (int32_t y = margin; y < p->height - margin; y++) {
        for (int32_t x = margin; x < p->width - margin; x++) {
            assert_true(fabs(asset_sample(p, 0, x, y) - level) <= tolerance);
        }
    }
}

static void test_checkerboard_becomes_grey(void **unused)
{
    static const int32_t widths[] = {300, 256, 200, 150, 100, 64, 37, 36, 20, 10};
    (void)unused;
    photo p = photo_new(602, 400, 1, 8);
    for (int32_t i = 0; i < 602 * 400; i++) {
        p.data[i] = (i % 602 + i / 602) % 2 ? 255 : 0;
    }
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        hy_asset_spec spec = spec_of(&p, 1, (widths[i] + 1) / 2 * 2, 24);
        hy_picture *asset = build(&spec, &p);
        assert_level(asset, 125.5, 1.5, 2);
        hy_picture_free(asset);
    }
    free(p.data);
}

static void test_thin_lines_keep_their_mean(void **unused)
{
    (void)unused;
    photo p = photo_new(997, 1003, 1, 8);
    double sum = 0;
    for (int32_t i = 0; i < 997 * 1003; i++) {
        p.data[i] = i % 997 % 11 == 3 || i / 997 % 17 == 5 ? 255 : 20;
        sum += p.data[i];
    }
    double level = 16 + 219 * sum / (997.0 * 1003) / 255;
    for (int32_t size = 20; size <= 620; size += 60) {
        hy_asset_spec spec = spec_of(&p, 1, size, size);
        hy_picture *asset = build(&spec, &p);
        assert_true(fabs(plane_mean(asset, 0) - level) < 0.5);
        hy_picture_free(asset);
    }
    free(p.data);
}

/* A zone plate: rings that get finer outward. What the asset cannot show must become grey. */
static void test_zone_plate_does_not_alias(void **unused)
{
    (void)unused;
    const int32_t size = 1200;
    photo p = photo_new(size, size, 1, 8);
    for (int32_t i = 0; i < size * size; i++) {
        double x = i % size - size / 2.0;
        double y = (double)(i / size) - size / 2.0;
        /* Half a turn per pixel at x or y = size / 2. */
        p.data[i] = (uint8_t)llrint(127.5 + 127.5 * cos(3.14159265 * (x * x + y * y) / size));
    }
    for (int32_t shrink = 3; shrink <= 20; shrink += 17) {
        hy_asset_spec spec = spec_of(&p, 1, size / shrink, size / shrink);
        hy_picture *asset = build(&spec, &p);
        int32_t edge = size / shrink / 16; /* far out, all rings are finer than two pixels */
        double sum = 0;
        for (int32_t i = 0; i < asset->width * edge; i++) {
            double d = asset_sample(asset, 0, i % asset->width, i / asset->width) - 125.5;
            sum += d * d;
        }
        assert_true(sqrt(sum / (asset->width * edge)) < 6);
        hy_picture_free(asset);
    }
    free(p.data);
}

static double cubic(double x)
{
    x = fabs(x);
    if (x < 1) {
        return 1.5 * x * x * x - 2.5 * x * x + 1;
    }
    return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}

/* `count` real positions along `size` samples, `stride` apart, by the widened cubic in doubles. */
static void resample(const double *line, int32_t size, int32_t stride, double origin, double step,
                     int32_t count, double *out, int32_t out_stride)
{
    double width = step > 1 ? step : 1;
    for (int32_t n = 0; n < count; n++) {
        double at = origin + (n + 0.5) * step - 0.5;
        double sum = 0;
        double total = 0;
        for (double k = ceil(at - 2 * width); k <= at + 2 * width; k++) {
            int32_t i = k < 0 ? 0 : k >= size ? size - 1 : (int32_t)k;
            sum += cubic((k - at) / width) * line[i * stride];
            total += cubic((k - at) / width);
        }
        out[n * out_stride] = sum / total;
    }
}

/* Luma of a grey photo, resized in doubles, against an asset; dB. */
static double resize_psnr(const photo *p, const hy_asset_spec *spec)
{
    hy_picture *asset = build(spec, p);
    int32_t w = spec->width;
    double *line = malloc(sizeof *line * (size_t)p->width);
    double *across = malloc(sizeof *across * (size_t)w * (size_t)p->height);
    double *column = malloc(sizeof *column * (size_t)spec->height);
    assert_true(line && across && column);
    for (int32_t y = 0; y < p->height; y++) {
        for (int32_t x = 0; x < p->width; x++) {
            line[x] = pixel_at(p, x, y)[0];
        }
        resample(line, p->width, 1, spec->source.x, spec->source.w / w, w, across + y * w, 1);
    }
    double sum = 0;
    for (int32_t x = 0; x < w; x++) {
        resample(across + x, p->height, w, spec->source.y, spec->source.h / spec->height,
                 spec->height, column, 1);
        for (int32_t y = 0; y < spec->height; y++) {
            double value = column[y] < 0 ? 0 : column[y] > 255 ? 255 : column[y];
            double error = asset_sample(asset, 0, x, y) - (16 + 219 * value / 255);
            sum += error * error;
        }
    }
    free(line);
    free(across);
    free(column);
    hy_picture_free(asset);
    return 10 * log10(255.0 * 255 * w * spec->height / sum);
}

/* Also where blocks are averaged first, from 16 on. */
static void test_resize_matches_the_filter(void **unused)
{
    static const double shrinks[] = {0.4, 1, 1.7, 2, 3.3, 7.9, 15.9, 16, 23.5, 31};
    (void)unused;
    photo p = noise_photo(900, 700, 1, 8, 9);
    for (int32_t i = 0; i < 900 * 700; i++) { /* noise on waves and a few edges */
        double wave = sin(i % 900 / 37.0) + cos(i / 900 / 29.0) + (i % 900 > 333);
        p.data[i] = (uint8_t)(p.data[i] / 8 + 80 + 36 * wave);
    }
    for (size_t i = 0; i < sizeof shrinks / sizeof *shrinks; i++) {
        hy_asset_spec spec = spec_of(&p, 1, 20, 16);
        spec.source = (hy_rect){101.3, 77.7, 20 * shrinks[i], 16 * shrinks[i]};
        assert_true(resize_psnr(&p, &spec) > (shrinks[i] < 16 ? 55 : 48));
    }
    free(p.data);
}

/* ---- Placement ---- */

static void test_contain_on_a_colour(void **unused)
{
    (void)unused;
    photo p = plain_photo(300, 100, 0xff8000);
    hy_asset_spec spec = spec_of(&p, 1, 80, 60);
    spec.target = (hy_rect){0, 20, 80, 26};
    spec.backdrop_rgb = 0x2040a0;
    hy_picture *asset = build_free(spec, p);
    assert_plain(asset, 0, 0, 80, 20, 0x2040a0);
    assert_plain(asset, 0, 20, 80, 46, 0xff8000);
    assert_plain(asset, 0, 46, 80, 60, 0x2040a0);
    hy_picture_free(asset);
}

/* Odd borders: every pixel is painted once, mixed chroma lies between the two colours. */
static void test_contain_at_odd_places(void **unused)
{
    (void)unused;
    photo p = plain_photo(30, 30, 0xff0000);
    hy_asset_spec spec = spec_of(&p, 1, 40, 40);
    spec.target = (hy_rect){7, 9, 21, 13};
    spec.backdrop_rgb = 0x0000ff;
    hy_picture *asset = build_free(spec, p);
    uint8_t inner[3];
    uint8_t outer[3];
    hy_yuv_from_rgb(0xff0000, inner);
    hy_yuv_from_rgb(0x0000ff, outer);
    for (int32_t i = 0; i < 1600; i++) {
        bool inside = i % 40 >= 7 && i % 40 < 28 && i / 40 >= 9 && i / 40 < 22;
        assert_int_equal(asset_sample(asset, 0, i % 40, i / 40), inside ? inner[0] : outer[0]);
    }
    assert_int_equal(asset_sample(asset, 2, 10, 8), inner[2]);
    assert_int_equal(asset_sample(asset, 2, 2, 2), outer[2]);
    /* Sample 4, 4: columns 7, 8, 9, rows 8, 9; of the 8 shares, 4 are red. */
    assert_int_equal(asset_sample(asset, 2, 4, 4), (inner[2] + outer[2] + 1) / 2);
    hy_picture_free(asset);
}

/* ---- Extremes ---- */

static void check_plain_shape(int32_t photo_w, int32_t photo_h, int32_t w, int32_t h, bool blur)
{
    photo p = plain_photo(photo_w, photo_h, 0x60a030);
    for (int orientation = 1; orientation <= 8; orientation += 5) {
        hy_asset_spec spec = spec_of(&p, orientation, w, h);
        spec.blur = blur;
        spec.target.h = blur ? 1 : h;
        hy_picture *asset = build(&spec, &p);
        assert_plain(asset, 0, 0, w, h, 0x60a030);
        hy_picture_free(asset);
    }
    free(p.data);
}

static void test_extreme_shapes(void **unused)
{
    (void)unused;
    for (int blur = 0; blur < 2; blur++) {
        check_plain_shape(1, 1, 64, 96, blur);
        check_plain_shape(2, 1, 2, 2, blur);
        check_plain_shape(1, 3000, 64, 64, blur);
        check_plain_shape(100000, 1, 64, 64, blur);
        check_plain_shape(1, 100000, 64, 4, blur);
        check_plain_shape(3, 50000, 1000, 2, blur);
        check_plain_shape(50000, 3, 2, 1000, blur);
        check_plain_shape(7, 5, 700, 300, blur);
    }
}

static double random_unit(uint64_t *state)
{
    return (double)(test_random(state) >> 11) / 9007199254740992.0;
}

static hy_asset_spec random_spec(uint64_t *state, const photo *p)
{
    int32_t w = 2 + (int32_t)(test_random(state) % 40) * 2;
    int32_t h = 2 + (int32_t)(test_random(state) % 40) * 2;
    hy_asset_spec s = spec_of(p, 1 + (int32_t)(test_random(state) % 8), w, h);
    double x = random_unit(state) * s.source.w;
    double y = random_unit(state) * s.source.h;
    double shrink = test_random(state) % 5 ? random_unit(state) : 1e-7;
    s.source = (hy_rect){x, y, (s.source.w - x) * shrink + 1e-9, (s.source.h - y) * shrink + 1e-9};
    s.target.x = (double)(test_random(state) % (uint64_t)w);
    s.target.y = (double)(test_random(state) % (uint64_t)h);
    s.target.w = 1 + (double)(test_random(state) % (uint64_t)(w - s.target.x));
    s.target.h = 1 + (double)(test_random(state) % (uint64_t)(h - s.target.y));
    s.blur = test_random(state) % 2;
    return s;
}

/* Random specs on random photos: no crash, no overflow, values in range. */
static void test_random_specs(void **unused)
{
    (void)unused;
    uint64_t state = 77;
    for (int n = 0; n < 600; n++) {
        int32_t channels = 1 + (int32_t)(test_random(&state) % 4);
        int32_t w = 1 + (int32_t)(test_random(&state) % (n % 10 ? 90 : 3000));
        int32_t h = 1 + (int32_t)(test_random(&state) % (n % 9 ? 90 : 3000));
        photo p = noise_photo(w, h, channels, test_random(&state) % 2 ? 16 : 8, state);
        p.format.cmyk = channels == 4 && test_random(&state) % 2;
        hy_picture *asset = build_free(random_spec(&state, &p), p);
        for (int plane = 0; plane < 3; plane++) {
            int32_t width = hy_plane_width(asset, plane);
            for (int32_t i = 0; i < width * hy_plane_height(asset, plane); i++) {
                int value = asset_sample(asset, plane, i % width, i / width);
                assert_true(value >= 16 && value <= (plane ? 240 : 235));
            }
        }
        hy_picture_free(asset);
    }
}

/* A 100 MP photo: the builder holds a few MB beside the asset, whatever the ratio. */
static void check_memory(int32_t photo_w, int32_t photo_h, int32_t w, int32_t h, bool blur)
{
    hy_diag diag = {0};
    hy_meter meter = {0};
    hy_asset_builder *builder = NULL;
    hy_asset_spec spec = {
        .width = w,
        .height = h,
        .photo_width = photo_w,
        .photo_height = photo_h,
        .rows = {.channels = 4, .bits = 16},
        .orientation = 6,
        .source = {.w = photo_h, .h = photo_w},
        .target = {.w = w, .h = h / 2},
        .blur = blur,
    };
    assert_ok(hy_asset_builder_new(&spec, &meter, &builder, &diag), &diag);
    long long asset_bytes = (long long)w * h * 3 / 2;
    assert_true(atomic_load(&meter.peak_bytes) < asset_bytes * 2 + (6 << 20));
    hy_asset_builder_free(builder);
    assert_int_equal(atomic_load(&meter.current_bytes), 0);
}

static void test_memory_is_bounded(void **unused)
{
    (void)unused;
    check_memory(12288, 8192, 1134, 2016, false);
    check_memory(12288, 8192, 1134, 2016, true);
    check_memory(32768, 32768, 64, 64, true);
    check_memory(32768, 3000, 4096, 2, false);
    check_memory(100, 32768, 2, 4096, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_orientations),
        cmocka_unit_test(test_checkerboard_becomes_grey),
        cmocka_unit_test(test_thin_lines_keep_their_mean),
        cmocka_unit_test(test_zone_plate_does_not_alias),
        cmocka_unit_test(test_resize_matches_the_filter),
        cmocka_unit_test(test_contain_on_a_colour),
        cmocka_unit_test(test_contain_at_odd_places),
        cmocka_unit_test(test_extreme_shapes),
        cmocka_unit_test(test_random_specs),
        cmocka_unit_test(test_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
