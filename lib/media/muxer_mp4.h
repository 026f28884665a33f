/* SPDX-License-Identifier: MIT */
/* Private to media/: the MP4 muxer's state, shared with its verifier. */
#ifndef HY_MUXER_MP4_H
#define HY_MUXER_MP4_H

#include "mp4_writer.h"
#include "sink_io.h"

typedef struct hy_muxer_mp4 {
    hy_muxer base;
    int64_t reserve_bytes;
    hy_mp4_writer writer;
    hy_sink_io io;
} hy_muxer_mp4;

/* verify_mp4.c */
hydra_status hy_muxer_mp4_verify(hy_muxer *muxer, hydra_result *result, hy_diag *diag);

#endif
