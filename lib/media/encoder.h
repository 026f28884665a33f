/* SPDX-License-Identifier: MIT */
/* Private to media/: the video backends, and what each tells the muxer about its stream. */
#ifndef HY_ENCODER_H
#define HY_ENCODER_H

#include "media.h"

struct AVCodecParameters;

typedef struct hy_encoder_stream {
    int32_t width;
    int32_t height;
    /* NULL for raw pictures. H.264: extradata is an AVCDecoderConfigurationRecord (avcC). */
    struct AVCodecParameters *codec;
} hy_encoder_stream;

/* encoder_x264.c, or encoder_x264_stub.c where the build leaves it out */
extern const hy_encoder_ops hy_encoder_x264;
extern const hy_encoder_ops hy_encoder_raw;
/* encoder_nvenc.c, or encoder_nvenc_stub.c */
extern const hy_encoder_ops hy_encoder_nvenc;
/* encoder_x265.c, or encoder_x265_stub.c */
extern const hy_encoder_ops hy_encoder_x265;

#endif
