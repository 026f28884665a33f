/* SPDX-License-Identifier: MIT */
/* A finished clip as others see it: by libavformat, and by what the library says of it. */
#ifndef TEST_VIEW_H
#define TEST_VIEW_H

#include <libavformat/avformat.h>

#include "media/h264.h"

#include "clip.h"

static inline hy_encoder *clip_encoder(hy_rate rate, int32_t profile)
{
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    hy_encoder_config config = clip_config(rate, profile);
    assert_ok(hy_encoder_x264.open(&config, &encoder, &diag), &diag);
    return encoder;
}

/* ---- libavformat's view ---- */

typedef struct view {
    const sink_double *sink;
    int64_t position;
    AVIOContext *io;
    AVFormatContext *format;
} view;

static inline int view_read(void *opaque, uint8_t *data, int size)
{
    view *v = opaque;
    int64_t left = (int64_t)v->sink->size - v->position;
    if (left <= 0) {
        return AVERROR_EOF;
    }
    int count = left < size ? (int)left : size;
    memcpy(data, v->sink->data + v->position, (size_t)count);
    v->position += count;
    return count;
}

static inline int64_t view_seek(void *opaque, int64_t offset, int whence)
{
    view *v = opaque;
    if (whence == AVSEEK_SIZE) {
        return (int64_t)v->sink->size;
    }
    v->position = offset;
    return offset;
}

static inline void view_open(view *v, const sink_double *sink)
{
    *v = (view){.sink = sink};
    v->io = avio_alloc_context(av_malloc(4096), 4096, 0, v, view_read, NULL, view_seek);
    v->format = avformat_alloc_context();
    v->format->pb = v->io;
    assert_int_equal(avformat_open_input(&v->format, "", NULL, NULL), 0);
    assert_true(avformat_find_stream_info(v->format, NULL) >= 0);
}

static inline void view_close(view *v)
{
    avformat_close_input(&v->format);
    av_freep(&v->io->buffer);
    avio_context_free(&v->io);
}

/* What a player makes of a track: when it starts and ends, in its own unit. */
static inline void view_play(view *v, int index, int64_t *first, int64_t *end, int64_t *count,
                             int64_t *keys)
{
    AVPacket *packet = av_packet_alloc();
    *first = INT64_MAX;
    *end = INT64_MIN;
    *count = 0;
    *keys = 0;
    assert_true(av_seek_frame(v->format, -1, 0, AVSEEK_FLAG_BACKWARD) >= 0);
    while (av_read_frame(v->format, packet) >= 0) {
        if (packet->stream_index == index) {
            *first = packet->pts < *first ? packet->pts : *first;
            int64_t after = packet->pts + packet->duration;
            *end = after > *end ? after : *end;
            (*count)++;
            *keys += (packet->flags & AV_PKT_FLAG_KEY) != 0;
        }
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
}

/* ---- The library's own ---- */

/* Whatever the codec. */
static inline void clip_check_any(const hydra_result *result, hy_rate rate, int64_t frames,
                                  const clip_sound *sound, const sink_double *sink)
{
    assert_int_equal(result->width_px, CLIP_WIDTH);
    assert_int_equal(result->height_px, CLIP_HEIGHT);
    assert_int_equal(result->fps_num, rate.num);
    assert_int_equal(result->fps_den, rate.den);
    assert_int_equal(result->frames, frames);
    assert_int_equal(result->duration_us, hy_us_from_frame(frames, rate));
    assert_int_equal(result->has_audio, sound != NULL);
    assert_int_equal(result->audio_samples, sound ? sound->samples : 0);
    assert_in_range(result->av_offset_us + 11, 0, 22); /* half a sample */
    assert_int_equal(result->bytes, sink->end);
    assert_in_range(result->moov_offset, 8, 64);
    assert_true(result->moov_bytes > 600);
    assert_true(result->key_frames >= 2);
    assert_string_equal(result->container, "mp4");
    assert_string_equal(result->pixel_format, "yuv420p");
    assert_string_equal(result->color_range, "tv");
    assert_string_equal(result->color_primaries, "bt709");
    assert_string_equal(result->color_transfer, "bt709");
    assert_string_equal(result->color_matrix, "bt709");
    assert_string_equal(result->audio_codec, sound ? "aac" : "");
}

static inline void clip_check_result(const hydra_result *result, hy_rate rate, int64_t frames,
                                     const clip_sound *sound, const sink_double *sink)
{
    clip_check_any(result, rate, frames, sound, sink);
    assert_int_equal(result->video_level, hy_h264_level(CLIP_WIDTH, CLIP_HEIGHT, rate, 0));
    assert_string_equal(result->video_codec, "h264");
    assert_string_equal(result->video_profile, "High");
}

#endif
