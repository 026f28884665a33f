/* SPDX-License-Identifier: MIT */
/* Private to media/: libavformat's MP4 muxer, set up for our streams. */
#ifndef HY_MP4_WRITER_H
#define HY_MP4_WRITER_H

#include <libavformat/avformat.h>

#include "muxer.h"

/* All zero but `rate` = closed. */
typedef struct hy_mp4_writer {
    hy_rate rate;
    AVFormatContext *format;
    AVStream *video;
    AVStream *audio; /* NULL without sound */
    AVPacket *packet;
} hy_mp4_writer;

/* `audio` may be NULL. Borrows `avio`, which must be closed later than the writer. Closed with
 * hy_mp4_writer_close, also after a failure. */
hydra_status hy_mp4_writer_open(hy_mp4_writer *writer, hy_rate rate, const hy_encoder_stream *video,
                                const hy_mux_audio *audio, AVIOContext *avio, hy_diag *diag);
/* Write the header. `movflags` and `moov_size` are options of libavformat's. An AVERROR or >= 0. */
int hy_mp4_writer_start(hy_mp4_writer *writer, const char *movflags, int64_t moov_size);
/* Send one packet; it is not kept. `audio` only where there is such a stream. As above. */
int hy_mp4_writer_send(hy_mp4_writer *writer, const hy_packet *packet, bool audio);
void hy_mp4_writer_close(hy_mp4_writer *writer);

#endif
