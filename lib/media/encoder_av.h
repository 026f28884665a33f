/* SPDX-License-Identifier: MIT */
/*
 * Private to media/: what the encoders of libavcodec share. Pictures are lent to libavcodec without
 * a copy and are the caller's again when send returns; times are frame numbers throughout.
 */
#ifndef HY_ENCODER_AV_H
#define HY_ENCODER_AV_H

#include "encoder.h"

struct AVCodecContext;
struct AVFrame;
struct AVPacket;

typedef struct hy_encoder_av {
    const char *name; /* for texts: "x264"; outlives the encoder */
    hy_encoder_stream stream;
    struct AVCodecContext *codec;
    struct AVFrame *frame;
    struct AVPacket *packet;
    bool pending; /* `packet` was taken from libavcodec and not received yet */
    bool ended;
    int error; /* libavcodec's, of the last call that failed */
} hy_encoder_av;

/* Makes the header of a stream what its container wants (hy_h264_make_avcc). Free `*record` with
 * hy_free. */
typedef hydra_status hy_encoder_record_fn(const uint8_t *header, size_t size, uint8_t **record,
                                          size_t *record_size);

/* For libavcodec's encoder `codec_name`, which exists: size, rate, GOP and colours are set from
 * `config`, nothing is opened. On failure there is nothing to free. */
hydra_status hy_encoder_av_init(hy_encoder_av *av, const char *codec_name, const char *name,
                                const hy_encoder_config *config, hy_diag *diag);
void hy_encoder_av_free(hy_encoder_av *av);

/* After avcodec_open2: the muxer's view, the codec's parameters with its header as a record. */
hydra_status hy_encoder_av_describe(hy_encoder_av *av, hy_encoder_record_fn *make, hy_diag *diag);

/* As the functions of hy_encoder_ops. With a packet that send took the data stays until the next
 * call. */
hydra_status hy_encoder_av_send(hy_encoder_av *av, const hy_picture *picture, int64_t n, bool key,
                                hy_diag *diag);
hydra_status hy_encoder_av_receive(hy_encoder_av *av, hy_packet *packet, bool *got, hy_diag *diag);

/* HYDRA_ERR_ARGUMENT unless each side is even and 2 to `most` pixels. */
hydra_status hy_encoder_check_size(const hy_encoder_config *config, const char *name, int32_t most,
                                   hy_diag *diag);

/* What `frames` pictures will take: by the bit rate, else a rough guess by the quality on x264's
 * scale. */
int64_t hy_encoder_typical_bytes(const hy_encoder_config *config, double crf, int64_t frames);

#endif
