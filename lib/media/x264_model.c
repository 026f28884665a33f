/* SPDX-License-Identifier: MIT */
/*
 * x264's memory: pictures that wait (with a small copy each for the lookahead), pictures that were
 * encoded (with three more luma planes, shifted by half a pixel) and something for each thread.
 * How many there are follows from the settings, as in x264_encoder_open; the weights were fitted
 * to the peak of the resident set over 180 encodes, 320x568 to 4096x4096, 1 to 16 threads.
 */
#include "x264_model.h"

#include "encoder_av.h"
#include "h264.h"

#define BASE_BYTES 4300000.0

/* Fitted weights; in theory about 1. */
#define WAITING_WEIGHT 1.02
#define KEPT_WEIGHT    0.56
#define THREAD_WEIGHT  1.19
#define COSTS_WEIGHT   0.8

/* Encoded pictures that are held for other reasons than being references. */
#define OTHER_PICTURES 3

/* x264 asks for pages of this size for large buffers, and each thread has one that it begins. */
#define HUGE_PAGE_BYTES 2.1e6

#define PADDING_PX 32

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* Bytes of a plane with its border, rows padded to 64. */
static double plane_bytes(int32_t width, int32_t height)
{
    int32_t stride = (width + 2 * PADDING_PX + 63) / 64 * 64;
    return (double)stride * (height + 2 * PADDING_PX);
}

/* Frames that come in before the first goes out. */
static int32_t delay_frames(const hy_x264_shape *shape, int32_t threads)
{
    int32_t delay = shape->bframes;
    if (shape->optimal) {
        delay = 4 * (delay > 3 ? delay : 3);
    }
    delay = shape->lookahead > delay ? shape->lookahead : delay;
    /* Frame threads, and a lookahead that runs beside them. */
    return threads > 1 ? delay + threads + shape->bframes : delay;
}

static double memory_bytes(const hy_x264_shape *shape, const hy_encoder_config *config,
                           int64_t frames)
{
    int32_t columns = (config->width + 15) / 16;
    int32_t rows = (config->height + 15) / 16;
    double blocks = (double)columns * rows;
    double luma = plane_bytes(columns * 16, rows * 16);
    double lowres = 4 * plane_bytes(columns * 8, rows * 8);
    double b = shape->bframes;
    /* Vectors and costs of every way to place B frames around it. */
    double costs = 16 * (b + 1) + 40 + COSTS_WEIGHT * 2 * (b + 2) * (b + 2);
    double waiting = luma * 1.5 + lowres + blocks * costs;
    /* Without planes between the samples; more where B frames are kept too (measured). */
    double whole = shape->bframes == 0 ? 1.5 : 3.0;
    double kept = luma * (shape->subpel ? 4.5 : whole) + blocks * 94;

    int32_t level =
        hy_h264_level(config->width, config->height, config->rate, config->bitrate_kbps);
    int32_t room = hy_h264_level_frames(level, config->width, config->height);
    /* libavcodec keeps to the level; the B pyramid takes HY_H264_DPB_FRAMES. */
    double refs = smaller(shape->refs, room);
    refs = b > 1 ? larger(refs, HY_H264_DPB_FRAMES) : refs;
    double threads = smaller(config->threads, (double)frames);
    double pictures = KEPT_WEIGHT * refs + THREAD_WEIGHT * (threads + OTHER_PICTURES);
    pictures = smaller(pictures, (double)frames);
    double delay = smaller(delay_frames(shape, config->threads), (double)frames);
    return BASE_BYTES + WAITING_WEIGHT * delay * waiting + pictures * kept +
           config->threads * smaller(HUGE_PAGE_BYTES, luma);
}

void hy_x264_estimate(const hy_x264_shape *shape, const hy_encoder_config *config, double crf,
                      int64_t frames, hy_encoder_cost *cost)
{
    double pixels = (double)config->width * config->height * (double)frames;
    *cost = (hy_encoder_cost){
        .memory_bytes = (int64_t)memory_bytes(shape, config, frames),
        .output_bytes = hy_encoder_typical_bytes(config, crf, frames),
        .seconds = pixels / shape->pixels_per_s,
    };
}
