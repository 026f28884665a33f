/* SPDX-License-Identifier: MIT */
/* Colour from photo to decoded video: eight patches within two levels. */
#include <math.h>
#include <string.h>

#include "compose.h"

static const uint32_t patches[8] = {0xffffff, 0x000000, 0xd02030, 0x20b040,
                                    0x2040d0, 0xe0c020, 0x808080, 0xc89878};

static uint32_t patch_at(int32_t x, int32_t y, const void *user)
{
    (void)user;
    return patches[x / 64 + 4 * (y / 64)];
}

static int32_t levels(double value)
{
    return (int32_t)lround(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* ITU-R BT.709, limited range, in double. */
static void check_patches(void *user, int64_t n, uint8_t *const plane[3], const int stride[3])
{
    int *worst = user;
    (void)n;
    for (int i = 0; i < 8; i++) {
        int x = i % 4 * 64 + 32;
        int y = i / 4 * 64 + 32;
        double luma = (plane[0][y * stride[0] + x] - 16) * 255 / 219.0;
        double cb = (plane[1][y / 2 * stride[1] + x / 2] - 128) * 255 / 224.0;
        double cr = (plane[2][y / 2 * stride[2] + x / 2] - 128) * 255 / 224.0;
        int32_t got[3] = {
            levels(luma + 1.5748 * cr),
            levels(luma - 0.2126 * 1.5748 / 0.7152 * cr - 0.0722 * 1.8556 / 0.7152 * cb),
            levels(luma + 1.8556 * cb)};
        for (int channel = 0; channel < 3; channel++) {
            int want = (int)(patches[i] >> (16 - 8 * channel) & 255);
            int error = got[channel] > want ? got[channel] - want : want - got[channel];
            *worst = error > *worst ? error : *worst;
        }
    }
}

static void test_patches_survive(void **state)
{
    (void)state;
    hydra_compose *c = test_compose(2, 256, 128, 30, 1);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.motion = HYDRA_MOTION_NONE;
    image.duration_us = 500000;
    test_add_picture(c, 256, 128, patch_at, NULL, &image);
    for (int32_t profile = HYDRA_PROFILE_DRAFT; profile <= HYDRA_PROFILE_BEST; profile++) {
        hydra_render_options options;
        hydra_render_options_init(&options);
        options.profile = profile;
        assert_compose_ok(c, hydra_compose_render_memory(c, &options));
        const void *mp4 = NULL;
        size_t size;
        assert_int_equal(hydra_compose_output(c, &mp4, &size), HYDRA_OK);
        int worst = 0;
        test_video video;
        test_decode_video(mp4, size, check_patches, &worst, &video);
        assert_int_equal(video.frames, 15);
        test_video_free(&video);
        print_message("profile %d: worst patch is off by %d levels\n", (int)profile, worst);
        assert_true(worst <= 2);
    }
    hydra_compose_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patches_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
