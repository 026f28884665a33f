/* SPDX-License-Identifier: MIT */
/* Private to media/: what the muxer must know of the sound. */
#ifndef HY_AUDIO_H
#define HY_AUDIO_H

#include <libavcodec/avcodec.h>

#include "media.h"

const AVCodecContext *hy_audio_codec(const hy_audio *audio);
/* Packets that will come, the priming one included. */
int64_t hy_audio_packet_count(const hy_audio *audio);

#endif
