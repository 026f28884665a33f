/* SPDX-License-Identifier: MIT */
/* Private to media/: the MP4 muxer's state, shared with its verifier. */
#ifndef HY_MUXER_MP4_H
#define HY_MUXER_MP4_H

#include <libavformat/avformat.h>

#include "muxer.h"
#include "sink_io.h"

typedef struct hy_muxer_mp4 {
    hy_muxer base;
    int64_t reserve_bytes;
    uint32_t movie_timescale;
    AVFormatContext *format;
    AVStream *video;
    AVStream *audio; /* NULL without sound */
    AVPacket *packet;
    hy_sink_io io;
} hy_muxer_mp4;

/* verify_mp4.c */
hydra_status hy_muxer_mp4_verify(hy_muxer *muxer, hydra_result *result, hy_diag *diag);

#endif
