/* SPDX-License-Identifier: MIT */
/* Colour from photo to decoded video: eight patches. */
#ifndef TEST_PATCHES_H
#define TEST_PATCHES_H

#include <math.h>

#include "compose.h"

static const uint32_t patches_rgb[8] = {0xffffff, 0x000000, 0xd02030, 0x20b040,
                                        0x2040d0, 0xe0c020, 0x808080, 0xc89878};

static inline uint32_t patches_at(int32_t x, int32_t y, const void *user)
{
    (void)user;
    return patches_rgb[x / 64 + 4 * (y / 64)];
}

static inline int32_t patches_levels(double value)
{
    return (int32_t)lround(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* ITU-R BT.709, limited range, in double. */
static inline void patches_check(void *user, int64_t n, uint8_t *const plane[3],
                                 const int stride[3])
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
            patches_levels(luma + 1.5748 * cr),
            patches_levels(luma - 0.2126 * 1.5748 / 0.7152 * cr - 0.0722 * 1.8556 / 0.7152 * cb),
            patches_levels(luma + 1.8556 * cb)};
        for (int channel = 0; channel < 3; channel++) {
            int want = (int)(patches_rgb[i] >> (16 - 8 * channel) & 255);
            int error = got[channel] > want ? got[channel] - want : want - got[channel];
            *worst = error > *worst ? error : *worst;
        }
    }
}

/* Render them, decode, and tell by how many levels the worst is off. */
static inline int patches_render(const hydra_render_options *options)
{
    hydra_compose *c = test_compose(2, 256, 128, 30, 1);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.motion = HYDRA_MOTION_NONE;
    image.duration_us = 500000;
    test_add_picture(c, 256, 128, patches_at, NULL, &image);
    assert_compose_ok(c, hydra_compose_render_memory(c, options));
    const void *mp4 = NULL;
    size_t size;
    assert_int_equal(hydra_compose_output(c, &mp4, &size), HYDRA_OK);
    int worst = 0;
    test_video video;
    test_decode_video(mp4, size, patches_check, &worst, &video);
    assert_int_equal(video.frames, 15);
    test_video_free(&video);
    hydra_compose_free(c);
    return worst;
}

#endif
