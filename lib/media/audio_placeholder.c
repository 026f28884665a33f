/* SPDX-License-Identifier: MIT */
/* Lets the muxer link until the sound is there. */
#include "audio.h"

struct hy_audio {
    AVCodecContext *codec;
    int64_t packets;
};

const AVCodecContext *hy_audio_codec(const hy_audio *audio)
{
    return audio->codec;
}

int64_t hy_audio_packet_count(const hy_audio *audio)
{
    return audio->packets;
}
