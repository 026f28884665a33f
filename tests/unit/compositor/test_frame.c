/* SPDX-License-Identifier: MIT */
/*
 * Frames: exact where the definition allows only one answer, and close to a double-precision
 * reference, written from the geometry, everywhere else.
 */
#include <stdlib.h>
#include <string.h>

#include "draw.h"

static void assert_same(const hy_picture *a, const hy_picture *b)
{
    for (int plane = 0; plane < 3; plane++) {
        for (int32_t y = 0; y < hy_plane_height(a, plane); y++) {
            assert_memory_equal(a->plane[plane] + y * a->stride[plane],
                                b->plane[plane] + y * b->stride[plane],
                                (size_t)hy_plane_width(a, plane));
        }
    }
}

static void assert_uniform(const hy_picture *p, int y, int u, int v)
{
    const int expected[3] = {y, u, v};
    for (int plane = 0; plane < 3; plane++) {
        for (int32_t i = 0; i < hy_plane_width(p, plane) * hy_plane_height(p, plane); i++) {
            int32_t width = hy_plane_width(p, plane);
            assert_int_equal(sample_at(p, plane, i % width, i / width), expected[plane]);
        }
    }
}

static void test_identity_is_a_copy(void **unused)
{
    (void)unused;
    hy_picture *asset = noise_new(126, 90, 1);
    const hy_picture *assets[] = {NULL, asset};
    hy_display_list list = {1, {image_op(1, HY_ALPHA_ONE, axis_of(1, 0), axis_of(1, 0))}};
    hy_picture *frame = draw_new(126, 90, &list, assets);
    assert_same(frame, asset);
    hy_picture_free(frame);
    hy_picture_free(asset);
}

/* Whole even offsets move every plane by whole samples, past the borders too. */
static void test_translations_are_exact(void **unused)
{
    static const int32_t moves[] = {0, 2, 14, -2, -30, 60, -62, 64, 200, -200};
    (void)unused;
    hy_picture *asset = noise_new(64, 80, 2);
    const hy_picture *assets[] = {asset};
    for (int n = 0; n < 100; n++) {
        int32_t dx = moves[n % 10];
        int32_t dy = moves[n / 10];
        hy_display_list list = {1, {image_op(0, HY_ALPHA_ONE, axis_of(1, dx), axis_of(1, dy))}};
        hy_picture *frame = draw_new(50, 70, &list, assets);
        for (int plane = 0; plane < 3; plane++) {
            int32_t step = plane ? 2 : 1;
            for (int32_t i = 0; i < hy_plane_width(frame, plane) * hy_plane_height(frame, plane);
                 i++) {
                int32_t x = i % hy_plane_width(frame, plane);
                int32_t y = i / hy_plane_width(frame, plane);
                assert_int_equal(sample_at(frame, plane, x, y),
                                 sample_clamped(asset, plane, x + dx / step, y + dy / step));
            }
        }
        hy_picture_free(frame);
    }
    hy_picture_free(asset);
}

/* Axes that move by whole samples take shortcuts. A step that is longer by 2^-32 moves none of
 * these few samples by 1/65536, but goes through the filters. */
static void test_shortcuts_change_nothing(void **unused)
{
    (void)unused;
    hy_picture *asset = noise_new(96, 96, 3);
    const hy_picture *assets[] = {asset};
    for (int n = 0; n < 16; n++) {
        hy_axis whole = axis_of(1, n * 4 - 30);
        hy_axis slow = whole;
        hy_axis part = axis_of(1.03, n * 1.7);
        slow.scale += 1;
        hy_display_list lists[2] = {
            {1, {image_op(0, HY_ALPHA_ONE, n % 3 == 1 ? part : whole, n % 3 == 2 ? part : whole)}},
            {1, {image_op(0, HY_ALPHA_ONE, n % 3 == 1 ? part : slow, n % 3 == 2 ? part : slow)}},
        };
        hy_picture *fast = draw_new(80, 80, &lists[0], assets);
        hy_picture *filtered = draw_new(80, 80, &lists[1], assets);
        assert_same(fast, filtered);
        hy_picture_free(fast);
        hy_picture_free(filtered);
    }
    hy_picture_free(asset);
}

/* ---- The double-precision reference ---- */

static double cubic(double x)
{
    x = fabs(x);
    if (x < 1) {
        return 1.5 * x * x * x - 2.5 * x * x + 1;
    }
    return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0;
}

/* One value of a line of `size` samples that are `step` apart, at real sample number `at`. */
static double resample(const double *line, int32_t size, int32_t step, double at, double width)
{
    double sum = 0;
    double total = 0;
    for (double s = ceil(at - 2 * width); s <= at + 2 * width; s++) {
        double weight = cubic((s - at) / width);
        int32_t i = s < 0 ? 0 : s >= size ? size - 1 : (int32_t)s;
        sum += weight * line[i * step];
        total += weight;
    }
    return sum / total;
}

/* Sample number of the asset's plane under sample i of the canvas's. */
static double source_position(hy_axis axis, int plane, bool across, int32_t i)
{
    double scale = (double)axis.scale / (double)HY_FIXED_ONE;
    double offset = (double)axis.offset / (double)HY_FIXED_ONE;
    if (plane == 0) {
        return scale * (i + 0.5) + offset - 0.5;
    }
    double centre = across ? 0.5 : 1.0; /* of a chroma sample, from its first luma pixel's edge */
    return (scale * (2 * i + centre) + offset - centre) / 2;
}

static double filter_width(hy_axis axis)
{
    double width = (double)axis.scale / (double)HY_FIXED_ONE / 1.25;
    return width > 1 ? width : 1;
}

static void reference_plane(const hy_op *op, const hy_picture *asset, int plane, double *out,
                            int32_t width, int32_t height)
{
    int32_t w = hy_plane_width(asset, plane);
    int32_t h = hy_plane_height(asset, plane);
    double *line = malloc(sizeof *line * (size_t)w);
    double *across = malloc(sizeof *across * (size_t)width * (size_t)h);
    assert_non_null(line);
    assert_non_null(across);
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++) {
            line[x] = sample_at(asset, plane, x, y);
        }
        for (int32_t x = 0; x < width; x++) {
            double at = source_position(op->x, plane, true, x);
            across[y * width + x] = resample(line, w, 1, at, filter_width(op->x));
        }
    }
    double alpha = op->alpha / 65536.0;
    for (int32_t i = 0; i < width * height; i++) {
        double at = source_position(op->y, plane, false, i / width);
        double value = resample(across + i % width, h, width, at, filter_width(op->y));
        value = value < 0 ? 0 : value > 255 ? 255 : value;
        out[i] += (value - out[i]) * alpha;
    }
    free(line);
    free(across);
}

static double psnr(const hy_display_list *list, const hy_picture *const *assets,
                   const hy_picture *frame, int plane)
{
    int32_t width = hy_plane_width(frame, plane);
    int32_t height = hy_plane_height(frame, plane);
    double *expected = calloc((size_t)width * (size_t)height, sizeof *expected);
    assert_non_null(expected);
    for (int32_t i = 0; i < list->count; i++) {
        const hy_op *op = &list->ops[i];
        reference_plane(op, assets[op->asset], plane, expected, width, height);
    }
    double sum = 0;
    for (int32_t i = 0; i < width * height; i++) {
        double error = sample_at(frame, plane, i % width, i / width) - expected[i];
        sum += error * error;
    }
    free(expected);
    return 10 * log10(255.0 * 255 * width * height / (sum + 1e-9));
}

static void check_psnr(const hy_display_list *list, const hy_picture *const *assets)
{
    hy_picture *frame = draw_new(160, 200, list, assets);
    for (int plane = 0; plane < 3; plane++) {
        double quality = psnr(list, assets, frame, plane);
        if (quality < 55) {
            fail_msg("plane %d: %d dB", plane, (int)quality);
        }
    }
    hy_picture_free(frame);
}

static double random_between(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(test_random(state) >> 11) / 9007199254740992.0;
}

static void test_close_to_the_reference(void **unused)
{
    (void)unused;
    uint64_t state = 4;
    hy_picture *small = scene_new(170, 212, 5);
    hy_picture *large = scene_new(1000, 900, 6);
    const hy_picture *assets[] = {small, large};
    for (int n = 0; n < 24; n++) {
        double zoom =
            n % 4 == 0 ? random_between(&state, 0.2, 0.9) : random_between(&state, 0.95, 1.06);
        double shrink = random_between(&state, 1, n % 2 ? 2 : 8);
        hy_op near = image_op(0, HY_ALPHA_ONE, axis_of(zoom, random_between(&state, -3, 9)),
                              axis_of(zoom * 1.01, random_between(&state, -3, 9)));
        hy_op far = image_op(1, HY_ALPHA_ONE, axis_of(shrink, random_between(&state, -40, 99)),
                             axis_of(shrink * 0.9, random_between(&state, -40, 99)));
        hy_display_list one = {1, {near}};
        hy_display_list other = {1, {far}};
        hy_display_list both = {2, {near, far}};
        both.ops[1].alpha = (int32_t)random_between(&state, 1, 65535);
        check_psnr(&one, assets);
        check_psnr(&other, assets);
        check_psnr(&both, assets);
    }
    hy_picture_free(small);
    hy_picture_free(large);
}

/* ---- Operations ---- */

static void test_fill_and_order(void **unused)
{
    (void)unused;
    hy_op red = {.kind = HY_OP_FILL, .alpha = HY_ALPHA_ONE, .yuv = {63, 102, 240}};
    hy_op blue = {.kind = HY_OP_FILL, .alpha = HY_ALPHA_ONE, .yuv = {32, 240, 118}};
    hy_display_list list = {2, {red, blue}};
    hy_picture *frame = draw_new(34, 18, &list, NULL);
    assert_uniform(frame, 32, 240, 118);
    hy_picture_free(frame);
    list.ops[1].alpha = 32768;
    frame = draw_new(34, 18, &list, NULL);
    assert_uniform(frame, 48, 171, 179); /* halves are rounded up */
    hy_picture_free(frame);
    list.ops[1].alpha = 0;
    frame = draw_new(34, 18, &list, NULL);
    assert_uniform(frame, 63, 102, 240);
    hy_picture_free(frame);
}

static void test_nothing_below_is_black(void **unused)
{
    (void)unused;
    hy_display_list list = {0};
    hy_picture *frame = draw_new(34, 18, &list, NULL);
    assert_uniform(frame, 16, 128, 128);
    hy_picture_free(frame);
    list.count = 1;
    list.ops[0] = (hy_op){.kind = HY_OP_FILL, .alpha = 16384, .yuv = {216, 28, 228}};
    frame = draw_new(34, 18, &list, NULL);
    assert_uniform(frame, 66, 103, 153);
    hy_picture_free(frame);
}

/* Hidden and invisible images are not even looked at. */
static void test_hidden_images_are_skipped(void **unused)
{
    (void)unused;
    hy_picture *asset = noise_new(40, 40, 7);
    const hy_picture *assets[] = {NULL, asset};
    hy_axis same = axis_of(1, 0);
    hy_display_list list = {3,
                            {image_op(0, HY_ALPHA_ONE, same, same),
                             image_op(1, HY_ALPHA_ONE, same, same), image_op(0, 0, same, same)}};
    hy_picture *frame = draw_new(40, 40, &list, assets);
    assert_same(frame, asset);
    hy_picture_free(frame);
    hy_picture_free(asset);
}

static double mean(const hy_picture *p, int plane)
{
    double sum = 0;
    int32_t width = hy_plane_width(p, plane);
    int32_t count = width * hy_plane_height(p, plane);
    for (int32_t i = 0; i < count; i++) {
        sum += sample_at(p, plane, i % width, i / width);
    }
    return sum / count;
}

static void test_crossfade_keeps_the_mean(void **unused)
{
    (void)unused;
    hy_picture *a = scene_new(150, 150, 8);
    hy_picture *b = noise_new(150, 150, 9);
    const hy_picture *assets[] = {a, b};
    hy_op first = image_op(0, HY_ALPHA_ONE, axis_of(1.02, 1), axis_of(1.02, 1));
    hy_op second = image_op(1, HY_ALPHA_ONE, axis_of(0.9, 3), axis_of(0.9, 3));
    hy_display_list alone[2] = {{1, {first}}, {1, {second}}};
    hy_display_list middle = {2, {first, second}};
    middle.ops[1].alpha = HY_ALPHA_ONE / 2;
    hy_picture *frames[3] = {draw_new(140, 140, &alone[0], assets),
                             draw_new(140, 140, &alone[1], assets),
                             draw_new(140, 140, &middle, assets)};
    for (int plane = 0; plane < 3; plane++) {
        double expected = (mean(frames[0], plane) + mean(frames[1], plane)) / 2;
        /* Halves are rounded up: a quarter of a level on average. */
        assert_true(fabs(mean(frames[2], plane) - expected - 0.25) < 0.1);
    }
    for (int i = 0; i < 3; i++) {
        hy_picture_free(frames[i]);
    }
    hy_picture_free(a);
    hy_picture_free(b);
}

/* What a compositor drew before leaves no trace; and today's frames are tomorrow's. */
/* Each layer drawn alone, then laid over the others by the formula, sample by sample. */
static void lay_over(hy_picture *frame, const hy_picture *layer, int64_t alpha)
{
    for (int plane = 0; plane < 3; plane++) {
        for (int32_t y = 0; y < hy_plane_height(frame, plane); y++) {
            uint8_t *dst = frame->plane[plane] + y * frame->stride[plane];
            const uint8_t *src = layer->plane[plane] + y * layer->stride[plane];
            for (int32_t x = 0; x < hy_plane_width(frame, plane); x++) {
                dst[x] = (uint8_t)((dst[x] * (65536 - alpha) + src[x] * alpha + 32768) / 65536);
            }
        }
    }
}

/* Among them lists whose filters are too wide to be held all at once. */
static void test_layers_are_laid_over_exactly(void **unused)
{
    static const double scales[] = {0.7, 1.0, 1.02, 1.3, 40, 80};
    (void)unused;
    hy_picture *asset = noise_new(300, 420, 21);
    const hy_picture *assets[] = {asset};
    uint64_t state = 22;
    for (int run = 0; run < 24; run++) {
        hy_display_list list = {.count = HY_MAX_OPS};
        hy_picture *expected = NULL;
        for (int i = 0; i < HY_MAX_OPS; i++) {
            double scale = run < 6 ? scales[run] : scales[test_random(&state) % 6];
            double offset = (double)(test_random(&state) % 50) / (run % 3 + 1);
            int32_t alpha = i ? (int32_t)(test_random(&state) % 65536) : HY_ALPHA_ONE;
            list.ops[i] =
                image_op(0, HY_ALPHA_ONE, axis_of(scale, offset), axis_of(scale, offset / 2));
            hy_display_list alone = {1, {list.ops[i]}};
            hy_picture *layer = draw_new(150, 140, &alone, assets);
            list.ops[i].alpha = alpha;
            if (expected) {
                lay_over(expected, layer, alpha);
                hy_picture_free(layer);
            } else {
                expected = layer;
            }
        }
        hy_picture *frame = draw_new(150, 140, &list, assets);
        assert_int_equal(test_hash_picture(frame), test_hash_picture(expected));
        hy_picture_free(frame);
        hy_picture_free(expected);
    }
    hy_picture_free(asset);
}

static void test_frames_are_reproducible(void **unused)
{
    static const uint64_t golden[4] = {0x736051e0400ad8a5, 0x1f7caf32a48dbb49, 0xe169fcff5aefb9e0,
                                       0xf38e3186768900a1};
    (void)unused;
    hy_diag diag = {0};
    hy_picture *asset = noise_new(300, 200, 10);
    const hy_picture *assets[] = {asset};
    hy_display_list lists[4];
    uint64_t hashes[4];
    hy_compositor *compositor = NULL;
    hy_picture *frame = picture_new(120, 90);
    for (int i = 0; i < 4; i++) {
        double scale = 0.7 + 0.77 * i;
        hy_op op = image_op(0, HY_ALPHA_ONE - 9000 * (i % 2), axis_of(scale, i), axis_of(scale, 3));
        lists[i] = (hy_display_list){1, {op}};
        hy_picture *fresh = draw_new(120, 90, &lists[i], assets);
        hashes[i] = test_hash_picture(fresh);
        hy_picture_free(fresh);
    }
    assert_ok(hy_compositor_cpu_new(120, 90, HYDRA_SIMD_AUTO, NULL, &compositor, &diag), &diag);
    for (int i = 0; i < 16; i++) {
        int n = i * 7 % 4;
        compositor->ops->draw(compositor, &lists[n], assets, frame);
        assert_true(test_hash_picture(frame) == hashes[n]);
    }
    for (int i = 0; i < 4; i++) {
        if (hashes[i] != golden[i]) {
            fail_msg("frame %d: hash 0x%016llx", i, (unsigned long long)hashes[i]);
        }
    }
    hy_compositor_free(compositor);
    hy_picture_free(frame);
    hy_picture_free(asset);
}

/* Beyond the largest scale the filter stays, the geometry goes on. */
static void test_extreme_scales(void **unused)
{
    static const double scales[] = {1e-9, 0.001, 30, 64, 65, 500, 32000};
    (void)unused;
    hy_picture *asset = picture_new(2000, 66);
    memset(asset->plane[0], 99, asset->bytes);
    const hy_picture *assets[] = {asset};
    for (int n = 0; n < 49; n++) {
        hy_display_list list = {1,
                                {image_op(0, HY_ALPHA_ONE, axis_of(scales[n % 7], n * 31 - 700),
                                          axis_of(scales[n / 7], n - 20))}};
        hy_picture *frame = draw_new(64, 64, &list, assets);
        assert_uniform(frame, 99, 99, 99);
        hy_picture_free(frame);
    }
    hy_picture_free(asset);
}

static void test_smallest_pictures(void **unused)
{
    (void)unused;
    hy_picture *asset = picture_new(2, 2);
    memset(asset->plane[0], 50, asset->bytes);
    const hy_picture *assets[] = {asset};
    for (int n = 1; n < 40; n++) {
        hy_axis axis = axis_of(n * 0.21, n * 0.1 - 1);
        hy_display_list list = {1, {image_op(0, HY_ALPHA_ONE, axis, axis)}};
        hy_picture *frame = draw_new(n * 2, 2, &list, assets);
        assert_uniform(frame, 50, 50, 50);
        hy_picture_free(frame);
    }
    hy_picture_free(asset);
}

static void test_bad_sizes(void **unused)
{
    static const int32_t bad[][2] = {{0, 2}, {2, 0},     {-2, 2},   {3, 2},
                                     {2, 5}, {32770, 2}, {2, 65536}};
    (void)unused;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hy_diag diag = {0};
        hy_compositor *compositor = NULL;
        assert_failed(
            hy_compositor_cpu_new(bad[i][0], bad[i][1], HYDRA_SIMD_AUTO, NULL, &compositor, &diag),
            HYDRA_ERR_INTERNAL, &diag, "canvas");
        assert_null(compositor);
    }
    hy_compositor_free(NULL);
}

static void test_memory_is_counted(void **unused)
{
    (void)unused;
    hy_diag diag = {0};
    hy_meter meter = {0};
    hy_compositor *compositor = NULL;
    assert_ok(hy_compositor_cpu_new(1080, 1920, HYDRA_SIMD_AUTO, &meter, &compositor, &diag),
              &diag);
    /* What the estimate of a render takes it to be, and the head of one block. */
    assert_int_equal(atomic_load(&meter.current_bytes),
                     hy_compositor_cpu_bytes(1080, 1920) + HY_ALIGN);
    assert_true(atomic_load(&meter.current_bytes) < 1 << 20);
    hy_compositor_free(compositor);
    assert_int_equal(atomic_load(&meter.current_bytes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_is_a_copy),
        cmocka_unit_test(test_translations_are_exact),
        cmocka_unit_test(test_shortcuts_change_nothing),
        cmocka_unit_test(test_close_to_the_reference),
        cmocka_unit_test(test_fill_and_order),
        cmocka_unit_test(test_nothing_below_is_black),
        cmocka_unit_test(test_hidden_images_are_skipped),
        cmocka_unit_test(test_crossfade_keeps_the_mean),
        cmocka_unit_test(test_layers_are_laid_over_exactly),
        cmocka_unit_test(test_frames_are_reproducible),
        cmocka_unit_test(test_extreme_scales),
        cmocka_unit_test(test_smallest_pictures),
        cmocka_unit_test(test_bad_sizes),
        cmocka_unit_test(test_memory_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
