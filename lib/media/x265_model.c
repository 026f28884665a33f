/* SPDX-License-Identifier: MIT */
/*
 * x265's memory: pictures that wait (with a small copy each for the lookahead), pictures that were
 * encoded (with what each block of them was) and something for each frame that is worked on at
 * once.
 */
#include "x265_model.h"

#include "encoder_av.h"

#define BASE_BYTES 4300000.0

#define WAITING_WEIGHT 1.0
#define KEPT_WEIGHT    1.0

/* x264 at its crf less this makes about as many bits, of photos that a camera moves over. */
#define CRF_DIFFERENCE 1.0

int32_t hy_x265_frame_threads(int32_t threads)
{
    return threads >= 16 ? 4 : threads >= 8 ? 3 : threads >= 4 ? 2 : 1;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double memory_bytes(const hy_x265_shape *shape, const hy_encoder_config *config,
                           int64_t frames)
{
    double luma = (double)(config->width + 160) * (config->height + 160);
    double at_once = hy_x265_frame_threads(config->threads);
    double waiting = smaller(shape->lookahead + shape->bframes + at_once, (double)frames);
    double kept = smaller(shape->refs + at_once + 1, (double)frames);
    return BASE_BYTES + WAITING_WEIGHT * waiting * luma * 2.5 + KEPT_WEIGHT * kept * luma * 2.5;
}

void hy_x265_estimate(const hy_x265_shape *shape, const hy_encoder_config *config, double crf,
                      int64_t frames, hy_encoder_cost *cost)
{
    double pixels = (double)config->width * config->height * (double)frames;
    *cost = (hy_encoder_cost){
        .memory_bytes = (int64_t)memory_bytes(shape, config, frames),
        .output_bytes = hy_encoder_typical_bytes(config, crf + CRF_DIFFERENCE, frames),
        .seconds = pixels / shape->pixels_per_s,
    };
}
