/* SPDX-License-Identifier: MIT */
/* What x265 will take, from its settings: private to media/. */
#ifndef HY_X265_MODEL_H
#define HY_X265_MODEL_H

#include "media.h"

/* Of a preset: what decides how many pictures are held at once, and the speed. */
typedef struct hy_x265_shape {
    int32_t lookahead;   /* frames that rate control looks ahead */
    int32_t bframes;     /* at most in a row */
    double pixels_per_s; /* on one CPU of 2020, measured */
} hy_x265_shape;

/* How many frames x265 works on at once, with so many threads. */
int32_t hy_x265_frame_threads(int32_t threads);

void hy_x265_estimate(const hy_x265_shape *shape, const hy_encoder_config *config, double crf,
                      int64_t frames, hy_encoder_cost *cost);

#endif
