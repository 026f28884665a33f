/* SPDX-License-Identifier: MIT */
/* Choice of the H.264 level from Annex A, table A-1. */
#include "h264.h"

typedef struct level_limits {
    int32_t idc;
    int32_t max_mbps;    /* macroblocks per second */
    int32_t max_fs;      /* macroblocks per frame */
    int32_t max_dpb_mbs; /* macroblocks of all references */
    int32_t max_kbps;    /* Baseline and Main; High may use 1.25 times that */
} level_limits;

static const level_limits levels[] = {
    {10, 1485, 99, 396, 64},
    {11, 3000, 396, 900, 192},
    {12, 6000, 396, 2376, 384},
    {13, 11880, 396, 2376, 768},
    {20, 11880, 396, 2376, 2000},
    {21, 19800, 792, 4752, 4000},
    {22, 20250, 1620, 8100, 4000},
    {30, 40500, 1620, 8100, 10000},
    {31, 108000, 3600, 18000, 14000},
    {32, 216000, 5120, 20480, 20000},
    {40, 245760, 8192, 32768, 20000},
    {41, 245760, 8192, 32768, 50000},
    {42, 522240, 8704, 34816, 50000},
    {50, 589824, 22080, 110400, 135000},
    {51, 983040, 36864, 184320, 240000},
    {52, 2073600, 36864, 184320, 240000},
    {60, 4177920, 139264, 696320, 240000},
    {61, 8355840, 139264, 696320, 480000},
    {62, 16711680, 139264, 696320, 800000},
};
#define LEVEL_COUNT (sizeof levels / sizeof levels[0])

int32_t hy_h264_level(int32_t width, int32_t height, hy_rate rate, int32_t bitrate_kbps)
{
    int64_t across = ((int64_t)width + 15) / 16;
    int64_t down = ((int64_t)height + 15) / 16;
    int64_t mbs = across * down;
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        const level_limits *l = &levels[i];
        /* A.3.1 f, g: neither side may be longer than sqrt(8 * MaxFS). */
        if (mbs <= l->max_fs && across * across <= 8 * l->max_fs && down * down <= 8 * l->max_fs &&
            mbs * rate.num <= (int64_t)l->max_mbps * rate.den &&
            mbs * HY_H264_DPB_FRAMES <= l->max_dpb_mbs &&
            (int64_t)bitrate_kbps * 4 <= (int64_t)l->max_kbps * 5) {
            return l->idc;
        }
    }
    return levels[LEVEL_COUNT - 1].idc;
}

int32_t hy_h264_level_frames(int32_t level, int32_t width, int32_t height)
{
    int32_t mbs = ((width + 15) / 16) * ((height + 15) / 16);
    size_t i = 0;
    while (i + 1 < LEVEL_COUNT && levels[i].idc != level) {
        i++;
    }
    int32_t frames = levels[i].max_dpb_mbs / mbs;
    return frames > 1 ? frames : 1;
}
