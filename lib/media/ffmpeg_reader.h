/* SPDX-License-Identifier: MIT */
/* FFmpeg's byte stream over an hy_reader: the only way in which libavformat sees a source. */
#ifndef HY_FFMPEG_READER_H
#define HY_FFMPEG_READER_H

#include <libavformat/avio.h>

#include "core/io.h"

typedef struct hy_ff_reader {
    AVIOContext *io;
    hy_reader *reader; /* borrowed */
    int64_t offset;
    hy_diag failure; /* the first read that failed; FFmpeg itself only keeps a number */
} hy_ff_reader;

/* Starts at offset 0. The reader must outlive it. */
hydra_status hy_ff_reader_new(hy_reader *reader, hy_ff_reader **out, hy_diag *diag);
/* To be asked before FFmpeg's own verdict: hands a failed read to `diag` and returns its status. */
hydra_status hy_ff_reader_status(const hy_ff_reader *reader, hy_diag *diag);
void hy_ff_reader_free(hy_ff_reader *reader);

#endif
