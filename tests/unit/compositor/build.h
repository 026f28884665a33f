/* SPDX-License-Identifier: MIT */
/* What the tests of the asset builder share: specs, one-call building, photos in memory. */
#ifndef HY_TEST_BUILD_H
#define HY_TEST_BUILD_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compositor/compositor.h"
#include "support.h"

/* A photo in memory, interleaved, rows without gaps. */
typedef struct photo {
    int32_t width;
    int32_t height;
    hy_row_format format;
    uint8_t *data;
} photo;

static inline photo photo_new(int32_t width, int32_t height, int32_t channels, int32_t bits)
{
    photo p = {width, height, {.channels = channels, .bits = bits}, NULL};
    p.data = calloc((size_t)width * (size_t)height, (size_t)channels * (size_t)bits / 8);
    assert_non_null(p.data);
    return p;
}

static inline size_t pixel_bytes(const photo *p)
{
    return (size_t)(p->format.channels * p->format.bits / 8);
}

static inline uint8_t *pixel_at(const photo *p, int32_t x, int32_t y)
{
    return p->data + ((size_t)y * (size_t)p->width + (size_t)x) * pixel_bytes(p);
}

static inline void set_pixel(const photo *p, int32_t x, int32_t y, uint32_t rgb)
{
    uint8_t *at = pixel_at(p, x, y);
    at[0] = (uint8_t)(rgb >> 16);
    at[1] = (uint8_t)(rgb >> 8);
    at[2] = (uint8_t)rgb;
}

static inline photo noise_photo(int32_t width, int32_t height, int32_t channels, int32_t bits,
                                uint64_t seed)
{
    photo p = photo_new(width, height, channels, bits);
    size_t bytes = (size_t)width * (size_t)height * pixel_bytes(&p);
    for (size_t i = 0; i < bytes; i++) {
        p.data[i] = (uint8_t)(test_random(&seed) >> 16);
    }
    return p;
}

static inline photo plain_photo(int32_t width, int32_t height, uint32_t rgb)
{
    photo p = photo_new(width, height, 3, 8);
    for (int32_t i = 0; i < width * height; i++) {
        set_pixel(&p, i % width, i / width, rgb);
    }
    return p;
}

/* The whole photo, stretched over the whole asset. */
static inline hy_asset_spec spec_of(const photo *p, int32_t orientation, int32_t width,
                                    int32_t height)
{
    bool turned = orientation > 4;
    return (hy_asset_spec){
        .width = width,
        .height = height,
        .photo_width = p->width,
        .photo_height = p->height,
        .rows = p->format,
        .orientation = orientation,
        .source = {.w = turned ? p->height : p->width, .h = turned ? p->width : p->height},
        .target = {.w = width, .h = height},
    };
}

/* Rows are pushed in portions of 1, 2, 3, ... */
static inline hy_picture *build(const hy_asset_spec *spec, const photo *p)
{
    hy_diag diag = {0};
    hy_meter meter = {0};
    hy_asset_builder *builder = NULL;
    hy_picture *picture = NULL;
    ptrdiff_t stride = (ptrdiff_t)((size_t)p->width * pixel_bytes(p));
    assert_ok(hy_asset_builder_new(spec, &meter, &builder, &diag), &diag);
    for (int32_t y = 0, count = 1; y < p->height; y += count, count++) {
        count = count < p->height - y ? count : p->height - y;
        hy_asset_builder_rows(builder, p->data + y * stride, stride, count);
    }
    assert_ok(hy_asset_builder_finish(builder, &picture, &diag), &diag);
    hy_asset_builder_free(builder);
    assert_int_equal(atomic_load(&meter.current_bytes), picture->bytes);
    picture->meter = NULL;
    return picture;
}

static inline hy_picture *build_free(hy_asset_spec spec, photo p)
{
    hy_picture *picture = build(&spec, &p);
    free(p.data);
    return picture;
}

static inline uint8_t asset_sample(const hy_picture *p, int plane, int32_t x, int32_t y)
{
    return p->plane[plane][y * p->stride[plane] + x];
}

static inline double plane_mean(const hy_picture *p, int plane)
{
    double sum = 0;
    int32_t width = hy_plane_width(p, plane);
    int32_t count = width * hy_plane_height(p, plane);
    for (int32_t i = 0; i < count; i++) {
        sum += asset_sample(p, plane, i % width, i / width);
    }
    return sum / count;
}

/* Largest difference between two pictures of one size. */
static inline int largest_difference(const hy_picture *a, const hy_picture *b)
{
    int worst = 0;
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (int plane = 0; plane < 3; plane++) {
        int32_t width = hy_plane_width(a, plane);
        for (int32_t i = 0; i < width * hy_plane_height(a, plane); i++) {
            int difference = abs(asset_sample(a, plane, i % width, i / width) -
                                 asset_sample(b, plane, i % width, i / width));
            worst = difference > worst ? difference : worst;
        }
    }
    return worst;
}

static inline void assert_plain(const hy_picture *p, int32_t x0, int32_t y0, int32_t x1, int32_t y1,
                                uint32_t rgb)
{
    uint8_t yuv[3];
    hy_yuv_from_rgb(rgb, yuv);
    for (int plane = 0; plane < 3; plane++) {
        int32_t unit = plane ? 2 : 1;
        for (int32_t y = y0 / unit; y < y1 / unit; y++) {
            for (int32_t x = x0 / unit; x < x1 / unit; x++) {
                assert_int_equal(asset_sample(p, plane, x, y), yuv[plane]);
            }
        }
    }
}

#endif
