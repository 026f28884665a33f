/* SPDX-License-Identifier: MIT */
/* Clips in fragments, into a sink that takes bytes in order only. */
#ifndef TEST_FRAGMENTS_H
#define TEST_FRAGMENTS_H

#include "clip.h"

static inline void fragments_sink_init(sink_double *sink)
{
    sink_double_init(sink, false);
    sink->base.in_order = true;
}

static inline hy_muxer *fragments_open(const hy_encoder *encoder, hy_rate rate, int64_t frames,
                                       const clip_sound *sound, hy_sink *sink)
{
    hy_diag diag = {0};
    hy_muxer *muxer = NULL;
    hy_muxer_config config = {rate, frames, frames, true, NULL};
    hy_mux_audio audio = {sound ? sound->parameters : NULL,
                          sound ? (int64_t)sound->packets.count : 0};
    assert_ok(hy_muxer_fragments_open(&config, encoder->stream, sound ? &audio : NULL, sink, &muxer,
                                      &diag),
              &diag);
    return muxer;
}

#endif
