/* SPDX-License-Identifier: MIT */
/* Reads a finished MP4 as a player would: libavformat's edit lists, libavcodec's pictures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "scene.h"

typedef struct memory_file {
    const uint8_t *data;
    int64_t size;
    int64_t at;
} memory_file;

static int memory_read(void *opaque, uint8_t *buffer, int size)
{
    memory_file *file = opaque;
    int64_t left = file->size - file->at;
    int64_t count = left < size ? left : size;
    if (count <= 0) {
        return AVERROR_EOF;
    }
    memcpy(buffer, file->data + file->at, (size_t)count);
    file->at += count;
    return (int)count;
}

static int64_t memory_seek(void *opaque, int64_t offset, int whence)
{
    memory_file *file = opaque;
    if (whence == AVSEEK_SIZE) {
        return file->size;
    }
    file->at = whence == SEEK_CUR ? file->at + offset : offset;
    return file->at;
}

static AVCodecContext *open_decoder(const AVStream *stream)
{
    const AVCodec *codec = avcodec_find_decoder(stream->codecpar->codec_id);
    AVCodecContext *context = avcodec_alloc_context3(codec);
    assert_non_null(context);
    assert_int_equal(avcodec_parameters_to_context(context, stream->codecpar), 0);
    context->pkt_timebase = stream->time_base;
    context->thread_count = 1;
    assert_int_equal(avcodec_open2(context, codec, NULL), 0);
    return context;
}

static double mean_luma(const AVFrame *frame)
{
    double sum = 0;
    for (int y = 0; y < frame->height; y++) {
        for (int x = 0; x < frame->width; x++) {
            sum += frame->data[0][y * frame->linesize[0] + x];
        }
    }
    return sum / frame->width / frame->height;
}

/* Room for one more item, by doubling: a sanitizer copies on every realloc. */
static void *grow(void *items, int64_t count, int64_t more, size_t size)
{
    int64_t capacity = 1024;
    while (capacity < count) {
        capacity *= 2;
    }
    if (items && count + more <= capacity) {
        return items;
    }
    while (capacity < count + more) {
        capacity *= 2;
    }
    items = realloc(items, (size_t)capacity * size);
    assert_non_null(items);
    return items;
}

static void take_picture(const AVFrame *frame, AVRational time_base, test_picture_fn *picture,
                         void *user, test_video *out)
{
    int64_t n = out->frames;
    out->luma_mean = grow(out->luma_mean, n, 1, sizeof *out->luma_mean);
    out->time_s = grow(out->time_s, n, 1, sizeof *out->time_s);
    out->is_key = grow(out->is_key, n, 1, sizeof *out->is_key);
    out->frames++;
    assert_int_equal(frame->format, AV_PIX_FMT_YUV420P);
    out->luma_mean[n] = mean_luma(frame);
    out->time_s[n] = (double)frame->pts * av_q2d(time_base);
    out->is_key[n] = frame->key_frame != 0;
    out->key_frames += frame->key_frame;
    if (picture) {
        picture(user, n, frame->data, frame->linesize);
    }
}

static void take_sound(const AVFrame *frame, AVRational time_base, test_video *out)
{
    assert_int_equal(frame->format, AV_SAMPLE_FMT_FLTP);
    if (out->samples == 0) {
        out->sound_start_s = (double)frame->pts * av_q2d(time_base);
    }
    out->sound = grow(out->sound, out->samples, frame->nb_samples, sizeof *out->sound);
    const float *left = (const float *)frame->data[0];
    const float *right = (const float *)frame->data[1];
    for (int i = 0; i < frame->nb_samples; i++) {
        out->sound[out->samples + i] = (left[i] + right[i]) / 2;
    }
    out->samples += frame->nb_samples;
}

static void drain(AVCodecContext *decoder, const AVPacket *packet, AVFrame *frame,
                  AVRational time_base, test_picture_fn *picture, void *user, test_video *out)
{
    assert_int_equal(avcodec_send_packet(decoder, packet), 0);
    while (avcodec_receive_frame(decoder, frame) == 0) {
        if (decoder->codec_type == AVMEDIA_TYPE_VIDEO) {
            take_picture(frame, time_base, picture, user, out);
        } else {
            take_sound(frame, time_base, out);
        }
        av_frame_unref(frame);
    }
}

void test_decode_video(const void *mp4, size_t size, test_picture_fn *picture, void *user,
                       test_video *out)
{
    memset(out, 0, sizeof *out);
    memory_file file = {mp4, (int64_t)size, 0};
    AVFormatContext *format = avformat_alloc_context();
    assert_non_null(format);
    format->pb =
        avio_alloc_context(av_malloc(65536), 65536, 0, &file, memory_read, NULL, memory_seek);
    assert_non_null(format->pb);
    AVIOContext *io = format->pb;
    assert_int_equal(avformat_open_input(&format, NULL, NULL, NULL), 0);
    assert_true(avformat_find_stream_info(format, NULL) >= 0);
    AVCodecContext *decoders[8] = {0};
    assert_true(format->nb_streams <= 8);
    for (unsigned i = 0; i < format->nb_streams; i++) {
        decoders[i] = open_decoder(format->streams[i]);
        if (format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_VIDEO) {
            out->width = format->streams[i]->codecpar->width;
            out->height = format->streams[i]->codecpar->height;
        }
    }
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    while (av_read_frame(format, packet) == 0) {
        int i = packet->stream_index;
        drain(decoders[i], packet, frame, format->streams[i]->time_base, picture, user, out);
        av_packet_unref(packet);
    }
    for (unsigned i = 0; i < format->nb_streams; i++) {
        drain(decoders[i], NULL, frame, format->streams[i]->time_base, picture, user, out);
        avcodec_free_context(&decoders[i]);
    }
    av_frame_free(&frame);
    av_packet_free(&packet);
    avformat_close_input(&format);
    av_freep(&io->buffer);
    avio_context_free(&io);
}

void test_video_free(test_video *video)
{
    free(video->luma_mean);
    free(video->time_s);
    free(video->is_key);
    free(video->sound);
    memset(video, 0, sizeof *video);
}
