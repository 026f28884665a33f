/* SPDX-License-Identifier: MIT */
/* What the tests of frames share: pictures with content, display lists, a compositor per draw. */
#ifndef HY_TEST_DRAW_H
#define HY_TEST_DRAW_H

#include <math.h>

#include "compositor/compositor.h"
#include "support.h"

static inline hy_picture *picture_new(int32_t width, int32_t height)
{
    hy_diag diag = {0};
    hy_picture *picture = NULL;
    assert_ok(hy_picture_new(width, height, NULL, &picture, &diag), &diag);
    return picture;
}

static inline hy_axis axis_of(double scale, double offset)
{
    return (hy_axis){.scale = (int64_t)llrint(scale * (double)HY_FIXED_ONE),
                     .offset = (int64_t)llrint(offset * (double)HY_FIXED_ONE)};
}

static inline hy_op image_op(int32_t asset, int32_t alpha, hy_axis x, hy_axis y)
{
    return (hy_op){.kind = HY_OP_IMAGE, .asset = asset, .alpha = alpha, .x = x, .y = y};
}

/* Draw into a new picture that is full of a colour that nothing else has. */
static inline hy_picture *draw_new(int32_t width, int32_t height, const hy_display_list *list,
                                   const hy_picture *const *assets)
{
    hy_diag diag = {0};
    hy_compositor *compositor = NULL;
    hy_picture *frame = picture_new(width, height);
    for (size_t i = 0; i < frame->bytes; i++) {
        frame->plane[0][i] = 77;
    }
    assert_ok(hy_compositor_cpu_new(width, height, HYDRA_SIMD_AUTO, NULL, &compositor, &diag),
              &diag);
    compositor->ops->draw(compositor, list, assets, frame);
    hy_compositor_free(compositor);
    return frame;
}

static inline uint8_t sample_at(const hy_picture *p, int plane, int32_t x, int32_t y)
{
    return p->plane[plane][y * p->stride[plane] + x];
}

/* Sample nearest to a place that may be outside. */
static inline uint8_t sample_clamped(const hy_picture *p, int plane, int64_t x, int64_t y)
{
    int64_t w = hy_plane_width(p, plane);
    int64_t h = hy_plane_height(p, plane);
    x = x < 0 ? 0 : x >= w ? w - 1 : x;
    y = y < 0 ? 0 : y >= h ? h - 1 : y;
    return sample_at(p, plane, (int32_t)x, (int32_t)y);
}

/* Noise in every sample. */
static inline hy_picture *noise_new(int32_t width, int32_t height, uint64_t seed)
{
    hy_picture *p = picture_new(width, height);
    for (size_t i = 0; i < p->bytes; i++) {
        p->plane[0][i] = (uint8_t)(test_random(&seed) >> 24);
    }
    return p;
}

/* Waves of several lengths, hard edges and a little noise, like a photograph. */
static inline hy_picture *scene_new(int32_t width, int32_t height, uint64_t seed)
{
    hy_picture *p = picture_new(width, height);
    double angle = (double)(test_random(&seed) % 628) / 100.0;
    for (int plane = 0; plane < 3; plane++) {
        int32_t step = plane ? 2 : 1;
        for (int32_t y = 0; y < hy_plane_height(p, plane); y++) {
            for (int32_t x = 0; x < hy_plane_width(p, plane); x++) {
                double u = x * step * cos(angle) + y * step * sin(angle);
                double v = y * step * cos(angle) - x * step * sin(angle);
                double value = 126 + 40 * sin(u / 23) + 25 * sin(v / 9 + plane) + 12 * sin(u / 3.1);
                value += (int)floor(u / 61 + v / 97) % 2 ? 22 : -22;
                value += (double)(test_random(&seed) % 9) - 4;
                value = value < 16 ? 16 : value > 240 ? 240 : value;
                p->plane[plane][y * p->stride[plane] + x] = (uint8_t)value;
            }
        }
    }
    return p;
}

#endif
