/* SPDX-License-Identifier: MIT */
/* Single colours to YUV, and pictures back to RGB for people to look at. */
#include "color.h"

#include "compositor.h"

void hy_yuv_from_rgb(uint32_t rgb, uint8_t yuv[3])
{
    hy_rgba64 pixel = hy_rgba64_of(rgb);
    yuv[0] = hy_luma_of(pixel);
    yuv[1] = hy_chroma_round(HY_CHROMA_WEIGHT * hy_chroma_u_of(pixel));
    yuv[2] = hy_chroma_round(HY_CHROMA_WEIGHT * hy_chroma_v_of(pixel));
}

static uint8_t clip_fraction(int32_t value)
{
    value = (value + 32768) >> 16;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* luma 16..235; u and v eight times the samples, without their offset of 128. */
static void put_rgb(uint8_t *rgb, int32_t luma, int32_t u, int32_t v)
{
    int32_t y = 76309 * (luma - 16); /* 255 / 219 * 2^16 */
    rgb[0] = clip_fraction(y + 14686 * v);
    rgb[1] = clip_fraction(y - 1747 * u - 4366 * v);
    rgb[2] = clip_fraction(y + 17305 * u);
}

/* Chroma at column j of a luma row that lies between two chroma rows: the near one weighs 3. */
static int32_t mix_rows(const uint8_t *near, const uint8_t *far, int32_t j)
{
    return 3 * near[j] + far[j] - 4 * 128;
}

static void convert_row(const hy_picture *p, int32_t y, uint8_t *rgb)
{
    int32_t columns = p->width / 2;
    int32_t rows = p->height / 2;
    int32_t i = y / 2;
    int32_t other = y % 2 ? i + 1 : i - 1;
    other = other < 0 ? 0 : other >= rows ? rows - 1 : other;
    const uint8_t *luma = p->plane[0] + y * p->stride[0];
    const uint8_t *near_u = p->plane[1] + i * p->stride[1];
    const uint8_t *near_v = p->plane[2] + i * p->stride[2];
    const uint8_t *far_u = p->plane[1] + other * p->stride[1];
    const uint8_t *far_v = p->plane[2] + other * p->stride[2];
    for (int32_t j = 0; j < columns; j++) {
        int32_t right = j + 1 < columns ? j + 1 : j;
        int32_t u = mix_rows(near_u, far_u, j);
        int32_t v = mix_rows(near_v, far_v, j);
        put_rgb(rgb, luma[2 * j], 2 * u, 2 * v);
        put_rgb(rgb + 3, luma[2 * j + 1], u + mix_rows(near_u, far_u, right),
                v + mix_rows(near_v, far_v, right));
        rgb += 6;
    }
}

void hy_picture_to_rgb24(const hy_picture *picture, uint8_t *rgb, ptrdiff_t stride_bytes)
{
    for (int32_t y = 0; y < picture->height; y++) {
        convert_row(picture, y, rgb + y * stride_bytes);
    }
}
