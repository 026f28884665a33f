/* SPDX-License-Identifier: MIT */
/* The yardstick: swscale's bicubic filter, in its bit-exact form, on one thread. */
#include "bench.h"

#if HAVE_SWSCALE

#include <libswscale/swscale.h>

bool bench_swscale(const hy_picture *src, hy_picture *dst)
{
    static struct SwsContext *scaler; /* lives as long as the program */
    const int src_stride[3] = {(int)src->stride[0], (int)src->stride[1], (int)src->stride[2]};
    const int dst_stride[3] = {(int)dst->stride[0], (int)dst->stride[1], (int)dst->stride[2]};
    scaler = sws_getCachedContext(scaler, src->width, src->height, AV_PIX_FMT_YUV420P, dst->width,
                                  dst->height, AV_PIX_FMT_YUV420P,
                                  SWS_BICUBIC | SWS_BITEXACT | SWS_ACCURATE_RND, NULL, NULL, NULL);
    const uint8_t *const planes[3] = {src->plane[0], src->plane[1], src->plane[2]};
    return scaler && sws_scale(scaler, planes, src_stride, 0, src->height, dst->plane,
                               dst_stride) == dst->height;
}

#else

bool bench_swscale(const hy_picture *src, hy_picture *dst)
{
    (void)src;
    (void)dst;
    return false;
}

#endif
