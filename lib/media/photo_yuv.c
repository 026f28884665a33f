/* SPDX-License-Identifier: MIT */
/*
 * YUV 4:2:0 of lossy WebP to RGB: BT.601, limited range (RFC 6386, section 9.2), each chroma sample
 * in the middle of its four pixels. Own integers instead of swscale: the same bits on every
 * machine and with every FFmpeg.
 */
#include "photo.h"

/* 16.16 fixed point: 255/219, and the BT.601 coefficients times 255/224. */
#define Y_GAIN  76309
#define V_TO_R  104597
#define U_TO_G  25675
#define V_TO_G  53279
#define U_TO_B  132201
#define HALF    32768
#define CHROMAS 2

static uint8_t clip(int32_t fixed)
{
    int32_t value = fixed >> 16;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* The two chroma rows (or columns) that position `i` lies between: the near one weighs 3/4. */
static void neighbours(int32_t i, int32_t count, int32_t *near, int32_t *far)
{
    *near = i / 2;
    *far = i % 2 ? *near + 1 : *near - 1;
    if (*far < 0 || *far >= count) {
        *far = *near;
    }
}

void hy_yuv420_row(const AVFrame *frame, int32_t y, int32_t channels, uint8_t *out)
{
    int32_t columns = (frame->width + 1) / 2;
    int32_t above;
    int32_t beside;
    neighbours(y, (frame->height + 1) / 2, &above, &beside);
    const uint8_t *near_row[CHROMAS];
    const uint8_t *far_row[CHROMAS];
    for (int i = 0; i < CHROMAS; i++) {
        near_row[i] = frame->data[1 + i] + (ptrdiff_t)above * frame->linesize[1 + i];
        far_row[i] = frame->data[1 + i] + (ptrdiff_t)beside * frame->linesize[1 + i];
    }
    const uint8_t *luma = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
    const uint8_t *alpha =
        frame->data[3] ? frame->data[3] + (ptrdiff_t)y * frame->linesize[3] : NULL;
    for (int32_t x = 0; x < frame->width; x++, out += channels) {
        int32_t near;
        int32_t far;
        neighbours(x, columns, &near, &far);
        int32_t chroma[CHROMAS];
        for (int i = 0; i < CHROMAS; i++) {
            int32_t sum = 9 * near_row[i][near] + 3 * near_row[i][far] + 3 * far_row[i][near] +
                          far_row[i][far];
            chroma[i] = ((sum + 8) >> 4) - 128;
        }
        int32_t light = Y_GAIN * (luma[x] - 16) + HALF;
        out[0] = clip(light + V_TO_R * chroma[1]);
        out[1] = clip(light - U_TO_G * chroma[0] - V_TO_G * chroma[1]);
        out[2] = clip(light + U_TO_B * chroma[0]);
        if (channels == 4) {
            out[3] = alpha ? alpha[x] : 255;
        }
    }
}
