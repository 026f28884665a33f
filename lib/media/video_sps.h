/* SPDX-License-Identifier: MIT */
/* Private to media/: what the sequence parameter set of a stream says, whatever its codec. */
#ifndef HY_VIDEO_SPS_H
#define HY_VIDEO_SPS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/core.h"

#include "bits.h"

/* Colours as in ITU-T H.273, 2 = not told. */
typedef struct hy_video_sps {
    int32_t profile_idc;
    int32_t level_idc; /* H.264: level x 10; HEVC: level x 30 */
    int32_t chroma_format_idc;
    int32_t bit_depth;
    int32_t width; /* after cropping */
    int32_t height;
    bool full_range;
    int32_t primaries;
    int32_t transfer;
    int32_t matrix;
    int64_t rate_num; /* frames per second, not reduced; 0 = not told */
    int64_t rate_den;
    int32_t reorder; /* HEVC: most pictures that come before one that is shown earlier */
} hy_video_sps;

/* What is so when a parameter set does not say it. */
#define HY_VIDEO_SPS_UNTOLD                                                                        \
    ((hy_video_sps){                                                                               \
        .chroma_format_idc = 1, .bit_depth = 8, .primaries = 2, .transfer = 2, .matrix = 2})

/* With what both codecs' video usability information begins: shape of the pixels, overscan, range
 * and colours, place of the chroma. */
void hy_video_sps_read_look(hy_bits *bits, hy_video_sps *sps);

/* What a file says around its stream. */
typedef struct hy_video_look {
    hy_rate rate;
    int32_t primaries;
    int32_t transfer;
    int32_t matrix;
} hy_video_look;

/* Drivers leave things out, or round: what a stream does not tell, and a rate that is the file's
 * but for rounding, becomes what the file says. What it tells otherwise stays. */
void hy_video_sps_complete(hy_video_sps *sps, const hy_video_look *file);

#endif
