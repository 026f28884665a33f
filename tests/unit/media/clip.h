/* SPDX-License-Identifier: MIT */
/* Small clips for the tests of encoders and containers: pictures with texture that moves, their
 * packets, and a tone as AAC. */
#ifndef TEST_CLIP_H
#define TEST_CLIP_H

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>

#include "media/muxer.h"
#include "sink_double.h"

#define CLIP_WIDTH  128
#define CLIP_HEIGHT 192
#define CLIP_HZ     48000

/* ---- Pictures ---- */

static inline void clip_draw(hy_picture *picture, int64_t n)
{
    /* Smooth shapes in colours of their own, moving by 3 pixels per frame. */
    static const int base[3] = {60, 100, 150};
    for (int plane = 0; plane < 3; plane++) {
        int step = plane ? 2 : 1;
        for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
            uint8_t *row = picture->plane[plane] + y * picture->stride[plane];
            for (int32_t x = 0; x < hy_plane_width(picture, plane); x++) {
                int64_t u = (x * step + 3 * n) & 127;
                int64_t v = (y * step + n) & 127;
                int64_t wave = (u < 64 ? u : 127 - u) + (v < 64 ? v : 127 - v) / 2;
                row[x] = (uint8_t)(base[plane] + wave);
            }
        }
    }
}

static inline hy_picture *clip_picture(int64_t n)
{
    hy_diag diag = {0};
    hy_picture *picture = NULL;
    assert_ok(hy_picture_new(CLIP_WIDTH, CLIP_HEIGHT, NULL, &picture, &diag), &diag);
    clip_draw(picture, n);
    return picture;
}

/* ---- Packets ---- */

typedef struct clip_packets {
    hy_packet *list; /* the data are copies */
    size_t count;
} clip_packets;

static inline void clip_add(clip_packets *packets, const hy_packet *packet)
{
    packets->list = realloc(packets->list, (packets->count + 1) * sizeof *packets->list);
    assert_non_null(packets->list);
    packets->list[packets->count] = *packet;
    packets->list[packets->count].data = hy_memdup(packet->data, packet->size);
    assert_non_null(packets->list[packets->count].data);
    packets->count++;
}

static inline void clip_packets_free(clip_packets *packets)
{
    for (size_t i = 0; i < packets->count; i++) {
        hy_free((void *)(uintptr_t)packets->list[i].data);
    }
    free(packets->list);
    *packets = (clip_packets){NULL, 0};
}

static inline hy_encoder_config clip_config(hy_rate rate, int32_t profile)
{
    return (hy_encoder_config){.width = CLIP_WIDTH,
                               .height = CLIP_HEIGHT,
                               .rate = rate,
                               .profile = profile,
                               .crf = HYDRA_AUTO,
                               .threads = 1};
}

static inline void clip_receive(hy_encoder *encoder, clip_packets *packets)
{
    hy_diag diag = {0};
    bool got = true;
    while (got) {
        hy_packet packet;
        assert_ok(encoder->ops->receive(encoder, &packet, &got, &diag), &diag);
        if (got) {
            clip_add(packets, &packet);
        }
    }
}

/* Encode `frames` pictures; frame `cut` (and 0) must start a GOP. The one picture is drawn anew for
 * every frame, right after the send. */
static inline clip_packets clip_encode(hy_encoder *encoder, int64_t frames, int64_t cut)
{
    hy_diag diag = {0};
    clip_packets packets = {NULL, 0};
    hy_picture *picture = clip_picture(0);
    for (int64_t n = 0; n < frames; n++) {
        clip_draw(picture, n >= cut ? n + 50 : n);
        assert_ok(encoder->ops->send(encoder, picture, n, n == 0 || n == cut, &diag), &diag);
        memset(picture->plane[0], 0x55, picture->bytes);
        clip_receive(encoder, &packets);
    }
    assert_ok(encoder->ops->send(encoder, NULL, 0, false, &diag), &diag);
    clip_receive(encoder, &packets);
    hy_picture_free(picture);
    return packets;
}

/* ---- Sound ---- */

typedef struct clip_sound {
    AVCodecContext *codec;
    AVCodecParameters *parameters;
    clip_packets packets;
    int64_t samples;
} clip_sound;

static inline void clip_sound_receive(clip_sound *sound, AVPacket *packet)
{
    while (avcodec_receive_packet(sound->codec, packet) >= 0) {
        hy_packet out = {packet->data, (size_t)packet->size, packet->pts,
                         packet->dts,  packet->duration,     true};
        clip_add(&sound->packets, &out);
        av_packet_unref(packet);
    }
}

static inline void clip_sound_send(clip_sound *sound, AVFrame *frame, int64_t pts)
{
    frame->nb_samples = 1024;
    frame->format = AV_SAMPLE_FMT_FLTP;
    frame->pts = pts;
    assert_int_equal(av_channel_layout_copy(&frame->ch_layout, &sound->codec->ch_layout), 0);
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    for (int channel = 0; channel < 2; channel++) {
        float *samples = (float *)(void *)frame->extended_data[channel];
        for (int i = 0; i < 1024; i++) {
            samples[i] = (float)((pts + i) % 96) / 200.0F - 0.24F;
        }
    }
    if (pts + 1024 > sound->samples) {
        frame->nb_samples = (int)(sound->samples - pts);
    }
    assert_int_equal(avcodec_send_frame(sound->codec, frame), 0);
    av_frame_unref(frame);
}

static inline clip_sound clip_sound_new(int64_t samples)
{
    clip_sound sound = {.samples = samples};
    sound.codec = avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_AAC));
    sound.codec->sample_rate = CLIP_HZ;
    sound.codec->sample_fmt = AV_SAMPLE_FMT_FLTP;
    sound.codec->bit_rate = 96000;
    sound.codec->time_base = (AVRational){1, CLIP_HZ};
    sound.codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_channel_layout_default(&sound.codec->ch_layout, 2);
    assert_int_equal(avcodec_open2(sound.codec, NULL, NULL), 0);
    AVFrame *frame = av_frame_alloc();
    AVPacket *packet = av_packet_alloc();
    for (int64_t pts = 0; pts < samples; pts += 1024) {
        clip_sound_send(&sound, frame, pts);
        clip_sound_receive(&sound, packet);
    }
    assert_int_equal(avcodec_send_frame(sound.codec, NULL), 0);
    clip_sound_receive(&sound, packet);
    av_frame_free(&frame);
    av_packet_free(&packet);
    hy_packet *last = &sound.packets.list[sound.packets.count - 1];
    last->duration = samples - last->pts;
    assert_in_range(last->duration, 1, 1024);
    sound.parameters = avcodec_parameters_alloc();
    assert_true(avcodec_parameters_from_context(sound.parameters, sound.codec) >= 0);
    return sound;
}

static inline void clip_sound_free(clip_sound *sound)
{
    clip_packets_free(&sound->packets);
    avcodec_free_context(&sound->codec);
    avcodec_parameters_free(&sound->parameters);
}

/* ---- Container ---- */

/* Write all packets in order of decoding time. Stops at the first failure. */
static inline hydra_status clip_write(hy_muxer *muxer, hy_rate rate, const clip_packets *video,
                                      const clip_packets *audio, hy_diag *diag)
{
    size_t v = 0;
    size_t a = 0;
    hydra_status status = HYDRA_OK;
    size_t audio_count = audio ? audio->count : 0;
    while (status == HYDRA_OK && (v < video->count || a < audio_count)) {
        bool sound = v == video->count;
        if (v < video->count && a < audio_count) {
            sound = audio->list[a].dts * rate.num < video->list[v].dts * rate.den * CLIP_HZ;
        }
        status = sound ? hy_muxer_write_audio(muxer, &audio->list[a++], diag)
                       : hy_muxer_write_video(muxer, &video->list[v++], diag);
    }
    return status;
}

static inline int64_t clip_reserve(const hy_muxer_config *config, const clip_sound *sound)
{
    return hy_moov_reserve(config->frames, sound ? (int64_t)sound->packets.count : 0,
                           config->key_frames, 0);
}

static inline hy_muxer *clip_mp4_open(const hy_encoder *encoder, hy_rate rate, int64_t frames,
                                      const clip_sound *sound, hy_sink *sink)
{
    hy_diag diag = {0};
    hy_muxer *muxer = NULL;
    hy_muxer_config config = {rate, frames, frames, false, NULL};
    hy_mux_audio audio = {sound ? sound->parameters : NULL,
                          sound ? (int64_t)sound->packets.count : 0};
    assert_ok(hy_muxer_mp4_open(&config, encoder->stream, sound ? &audio : NULL,
                                clip_reserve(&config, sound), sink, &muxer, &diag),
              &diag);
    return muxer;
}

#endif
