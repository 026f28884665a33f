/* SPDX-License-Identifier: MIT */
/*
 * sRGB to BT.709 limited range in integers. The 8-bit rounding of luma happens here, that of
 * chroma when all pixels that share a sample have been added up.
 */
#ifndef HY_COMPOSITOR_COLOR_H
#define HY_COMPOSITOR_COLOR_H

#include <stdint.h>

#include "core/core.h"

/* Chroma of one pixel: signed, HY_CHROMA_BITS fractional bits, so +-112 * 32 = +-3584. A chroma
 * sample is the sum of weights 1, 2, 1 by 1, 1 over six pixels: 8 of these still fit 16 bits. */
#define HY_CHROMA_BITS   5
#define HY_CHROMA_WEIGHT 8

/* 219 / 65535 * 2^24 * {0.2126, 0.7152, 0.0722}; 65535 times their sum is 219 * 2^24. */
static inline uint8_t hy_luma_of(hy_rgba64 p)
{
    uint32_t sum = 11919U * p.r + 40098U * p.g + 4048U * p.b;
    return (uint8_t)((sum + (16U << 24) + (1U << 23)) >> 24);
}

/* 224 / 65535 * 2^5 * 2^19 * {-0.114572, -0.385428, 0.5}; they sum to 0: grey has no colour. */
static inline int16_t hy_chroma_u_of(hy_rgba64 p)
{
    int32_t sum = -6570 * p.r - 22102 * p.g + 28672 * p.b;
    return (int16_t)((sum + (1 << 18)) >> 19);
}

/* 224 / 65535 * 2^5 * 2^19 * {0.5, -0.454153, -0.045847} */
static inline int16_t hy_chroma_v_of(hy_rgba64 p)
{
    int32_t sum = 28672 * p.r - 26043 * p.g - 2629 * p.b;
    return (int16_t)((sum + (1 << 18)) >> 19);
}

/* A chroma sample from the weighted sum of its pixels. */
static inline uint8_t hy_chroma_round(int32_t sum)
{
    return (uint8_t)(128 + ((sum + (HY_CHROMA_WEIGHT << HY_CHROMA_BITS) / 2) >> 8));
}

static inline hy_rgba64 hy_rgba64_of(uint32_t rgb)
{
    return (hy_rgba64){
        .r = (uint16_t)((rgb >> 16 & 255) * 257),
        .g = (uint16_t)((rgb >> 8 & 255) * 257),
        .b = (uint16_t)((rgb & 255) * 257),
        .a = 65535,
    };
}

#endif
