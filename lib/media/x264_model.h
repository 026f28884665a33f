/* SPDX-License-Identifier: MIT */
/* What x264 will take, from its settings: private to media/. */
#ifndef HY_X264_MODEL_H
#define HY_X264_MODEL_H

#include "media.h"

/* Of a preset: what decides how many pictures are held at once, and the speed. */
typedef struct hy_x264_shape {
    int32_t lookahead; /* frames that macroblock-tree rate control looks ahead; 0 = it is off */
    int32_t bframes;
    int32_t refs;
    bool optimal;        /* B frames are chosen by the slow search */
    bool subpel;         /* motion between samples; encoded pictures are kept with planes for it */
    double pixels_per_s; /* on one CPU of 2020, measured */
} hy_x264_shape;

void hy_x264_estimate(const hy_x264_shape *shape, const hy_encoder_config *config, double crf,
                      int64_t frames, hy_encoder_cost *cost);

#endif
