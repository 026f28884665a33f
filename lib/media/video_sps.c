/* SPDX-License-Identifier: MIT */
/* What E.1.1 of ITU-T H.264 and E.2.1 of ITU-T H.265 have in common. */
#include "video_sps.h"

#include <math.h>

/* 29.97 and 30 are twice as far apart. */
#define ROUNDING 0.0005

#define UNTOLD 2

void hy_video_sps_read_look(hy_bits *bits, hy_video_sps *sps)
{
    if (hy_bits_one(bits) && hy_bits_read(bits, 8) == 255) { /* aspect ratio, 255 = written out */
        hy_bits_skip(bits, 32);
    }
    if (hy_bits_one(bits)) { /* overscan */
        hy_bits_skip(bits, 1);
    }
    if (hy_bits_one(bits)) { /* video signal type */
        hy_bits_skip(bits, 3);
        sps->full_range = hy_bits_one(bits);
        if (hy_bits_one(bits)) {
            sps->primaries = (int32_t)hy_bits_read(bits, 8);
            sps->transfer = (int32_t)hy_bits_read(bits, 8);
            sps->matrix = (int32_t)hy_bits_read(bits, 8);
        }
    }
    if (hy_bits_one(bits)) { /* chroma location */
        hy_bits_ue(bits);
        hy_bits_ue(bits);
    }
}

static void complete(int32_t *told, int32_t file)
{
    if (*told == UNTOLD) {
        *told = file;
    }
}

static bool is_near(const hy_video_sps *sps, hy_rate rate)
{
    double told = (double)sps->rate_num * rate.den;
    double wanted = (double)sps->rate_den * rate.num;
    return fabs(told - wanted) <= wanted * ROUNDING;
}

void hy_video_sps_complete(hy_video_sps *sps, const hy_video_look *file)
{
    complete(&sps->primaries, file->primaries);
    complete(&sps->transfer, file->transfer);
    complete(&sps->matrix, file->matrix);
    if (is_near(sps, file->rate)) {
        sps->rate_num = file->rate.num;
        sps->rate_den = file->rate.den;
    }
}
