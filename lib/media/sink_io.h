/* SPDX-License-Identifier: MIT */
/*
 * Private to media/: FFmpeg's byte output over a sink. The head of the file (all before the media
 * bytes) is collected in memory and reaches the sink in one piece at the end, so the sink sees
 * every byte once: media front to back, then the head. Nothing is ever read through here.
 */
#ifndef HY_SINK_IO_H
#define HY_SINK_IO_H

#include <libavformat/avio.h>

#include "core/core.h"

/* What the functions behind AVIOContext are given to write. Later libavformat promises not to
 * change the bytes. */
#if LIBAVFORMAT_VERSION_MAJOR >= 61
typedef const uint8_t hy_io_byte;
#else
typedef uint8_t hy_io_byte;
#endif

typedef struct hy_sink_io {
    AVIOContext *avio;
    hy_sink *sink;
    hy_diag diag; /* the first failure of the sink; nothing is written after it */
    int64_t position;
    int64_t end; /* bytes of the file so far */
    uint8_t *head;
    size_t head_capacity;
    size_t head_size; /* 0 until sealed */
    bool sealed;
    bool finishing; /* only the head may be written */
} hy_sink_io;

/* `head_capacity`: most bytes before the media. */
hydra_status hy_sink_io_open(hy_sink_io *io, hy_sink *sink, size_t head_capacity, hy_diag *diag);
/* What was written so far is the head; all after it is media. */
hydra_status hy_sink_io_seal(hy_sink_io *io, hy_diag *diag);
/* All media is written: pass on what is buffered; from now on the head alone may change. */
hydra_status hy_sink_io_end_media(hy_sink_io *io, hy_diag *diag);
/* Send the head. */
hydra_status hy_sink_io_finish(hy_sink_io *io, hy_diag *diag);
/* The failure of the sink, if there was one. */
hydra_status hy_sink_io_status(const hy_sink_io *io, hy_diag *diag);
void hy_sink_io_close(hy_sink_io *io);

/* Write to a sink; a failure always has a text. */
hydra_status hy_sink_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                           hy_diag *diag);

#endif
