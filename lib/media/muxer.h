/* SPDX-License-Identifier: MIT */
/* Private to media/: the containers behind hy_muxer. */
#ifndef HY_MUXER_H
#define HY_MUXER_H

#include <libavcodec/codec_par.h>

#include "encoder.h"
#include "ledger.h"

typedef struct hy_muxer_ops {
    /* Write one packet and note it in the ledger. */
    hydra_status (*write)(hy_muxer *muxer, const hy_packet *packet, bool audio, hy_diag *diag);
    hydra_status (*finish)(hy_muxer *muxer, hy_diag *diag);
    /* Only after finish. */
    hydra_status (*verify)(hy_muxer *muxer, hydra_result *result, hy_diag *diag);
    void (*close)(hy_muxer *muxer);
} hy_muxer_ops;

/* The part that all containers share. */
struct hy_muxer {
    const hy_muxer_ops *ops;
    hy_sink *sink;
    hy_muxer_config config;
    hy_ledger ledger;
    bool finished;
    bool failed; /* nothing can be written any more */
};

/* Sound as the container needs it, whoever made it. */
typedef struct hy_mux_audio {
    const AVCodecParameters *codec;
    int64_t packets; /* that will come */
} hy_mux_audio;

/* `audio` may be NULL. `reserve_bytes` is the room for the index, see hy_moov_reserve. */
hydra_status hy_muxer_mp4_open(const hy_muxer_config *config, const hy_encoder_stream *video,
                               const hy_mux_audio *audio, int64_t reserve_bytes, hy_sink *sink,
                               hy_muxer **out, hy_diag *diag);
/* The same in fragments, written strictly in order. */
hydra_status hy_muxer_fragments_open(const hy_muxer_config *config, const hy_encoder_stream *video,
                                     const hy_mux_audio *audio, hy_sink *sink, hy_muxer **out,
                                     hy_diag *diag);
hydra_status hy_muxer_y4m_open(const hy_muxer_config *config, const hy_encoder_stream *video,
                               hy_sink *sink, hy_muxer **out, hy_diag *diag);

#endif
