/* SPDX-License-Identifier: MIT */
/* Contained photos whose views show a part of the canvas: the same picture as the whole, closer. */
#include <math.h>
#include <stdlib.h>

#include "compose.h"

enum {
    W = 320,
    H = 320,
    PHOTO_W = 480,
    PHOTO_H = 120
};

static uint32_t soft(int32_t x, int32_t y, const void *user)
{
    (void)user;
    double px = (double)x / PHOTO_W;
    double py = (double)y / PHOTO_H;
    uint32_t r = (uint32_t)(40 + 170 * px);
    uint32_t g = (uint32_t)(200 - 120 * px * py);
    uint32_t b = (uint32_t)(60 + 120 * py);
    return r << 16 | g << 8 | b;
}

/* The first frame as RGB. */
static hydra_frame *show(hydra_rect from, hydra_rect to, int32_t backdrop)
{
    hydra_image_options o;
    hydra_image_options_init(&o);
    o.fit = HYDRA_FIT_CONTAIN;
    o.backdrop = backdrop;
    o.backdrop_rgb = 0x3060a0;
    o.motion = HYDRA_MOTION_RECT;
    o.start = from;
    o.end = to;
    hydra_compose *c = test_compose(1, W, H, 30, 1);
    test_add_picture(c, PHOTO_W, PHOTO_H, soft, NULL, &o);
    hydra_frame *frame = NULL;
    assert_compose_ok(c, hydra_compose_frame(c, 0, HYDRA_FRAME_RGB24, &frame));
    hydra_compose_free(c);
    return frame;
}

/* Sample of the whole view at a place of the part, between its pixels. */
static double lookup(const uint8_t *rgb, double x, double y, int c)
{
    int left = (int)fmin(fmax(floor(x - 0.5), 0), W - 2);
    int top = (int)fmin(fmax(floor(y - 0.5), 0), H - 2);
    double fx = fmin(fmax(x - 0.5 - left, 0), 1);
    double fy = fmin(fmax(y - 0.5 - top, 0), 1);
    const uint8_t *p = rgb + ((size_t)top * W + (size_t)left) * 3 + c;
    return (1 - fy) * ((1 - fx) * p[0] + fx * p[3]) +
           fy * ((1 - fx) * p[W * 3] + fx * p[W * 3 + 3]);
}

static void check_part(hydra_rect part, hydra_rect end)
{
    const hydra_rect all = {0, 0, 1, 1};
    hydra_frame *whole = show(all, all, HYDRA_BACKDROP_BLUR);
    hydra_frame *close = show(part, end, HYDRA_BACKDROP_BLUR);
    const uint8_t *expected = hydra_frame_data(whole, NULL);
    const uint8_t *got = hydra_frame_data(close, NULL);
    double square = 0;
    for (int y = 0; y < H; y++) {
        for (int x = 0; x < W; x++) {
            for (int c = 0; c < 3; c++) {
                double d = got[(y * W + x) * 3 + c] -
                           lookup(expected, (part.x + (x + 0.5) / W * part.width) * W,
                                  (part.y + (y + 0.5) / H * part.height) * H, c);
                square += d * d;
            }
        }
    }
    double psnr = 10 * log10(255.0 * 255.0 * W * H * 3 / square);
    print_message("part at %.2f, %.2f: %.1f dB\n", part.x, part.y, psnr);
    assert_true(psnr > 38);
    hydra_frame_free(whole);
    hydra_frame_free(close);
}

static void a_part_is_a_crop_of_the_whole(void **state)
{
    (void)state;
    static const hydra_rect parts[] = {
        {0.25, 0.25, 0.5, 0.5}, /* photo and backdrop */
        {0, 0, 0.3, 0.3},       /* backdrop */
        {0.5, 0.05, 0.5, 0.5},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        check_part(parts[i], parts[i]);
        check_part(parts[i], (hydra_rect){0.4, 0.4, 0.2, 0.2});
    }
}

/* Above the photo, below it, and up to one pixel beside it. */
static void a_view_of_the_backdrop_is_flat(void **state)
{
    (void)state;
    static const hydra_rect views[] = {
        {0, 0, 0.3, 0.3}, {0.7, 0.7, 0.3, 0.3}, {0.2, 0, 0.36, 0.36}};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        hydra_frame *frame = show(views[i], views[i], HYDRA_BACKDROP_COLOR);
        size_t size;
        const uint8_t *rgb = hydra_frame_data(frame, &size);
        for (size_t k = 0; k < size; k++) {
            assert_int_equal(rgb[k], rgb[k % 3]);
        }
        assert_in_range(rgb[0] + 2, 0x30, 0x30 + 4);
        assert_in_range(rgb[2] + 2, 0xa0, 0xa0 + 4);
        hydra_frame_free(frame);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_part_is_a_crop_of_the_whole),
        cmocka_unit_test(a_view_of_the_backdrop_is_flat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
