/* SPDX-License-Identifier: MIT */
/*
 * One still picture through libavcodec. No demuxer is involved: the decoder gets one packet and
 * can open nothing. The size is known from the header, and a larger frame is refused before it is
 * allocated.
 */
#include <limits.h>
#include <string.h>

#include "fferror.h"
#include "photo.h"

/* FFmpeg holds the size of its buffers, which are padded to SIMD registers, against max_pixels. */
#define PADDING 128

hydra_status hy_photo_packet_new(const hy_photo *photo, size_t size, AVPacket **out, hy_diag *diag)
{
    *out = NULL;
    if (size > INT_MAX - AV_INPUT_BUFFER_PADDING_SIZE) {
        return hy_fail(diag, HYDRA_ERR_LIMIT, "%s: a %s file of more than 2 GiB", photo->name,
                       photo->info.format);
    }
    AVPacket *packet = av_packet_alloc();
    if (!packet || av_new_packet(packet, (int)size) < 0) {
        av_packet_free(&packet);
        return hy_fail_memory(diag);
    }
    *out = packet;
    return HYDRA_OK;
}

static hydra_status fail_decode(const hy_photo *photo, int error, hy_diag *diag)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "";
    (void)av_strerror(error, text, sizeof text);
    switch (error) {
    case AVERROR(ENOMEM):
        return hy_fail_memory(diag);
    case AVERROR(ENOSYS):
    case AVERROR_PATCHWELCOME:
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                       "%s: a kind of %s file that FFmpeg does not decode", photo->name,
                       photo->info.format);
    default:
        return hy_photo_damaged(photo, text, diag);
    }
}

static hydra_status open_codec(const hy_photo *photo, enum AVCodecID id, AVCodecContext **out,
                               hy_diag *diag)
{
    const AVCodec *codec = avcodec_find_decoder(id);
    if (!codec) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: this FFmpeg is built without %s",
                       photo->name, photo->info.format);
    }
    AVCodecContext *context = avcodec_alloc_context3(codec);
    if (!context) {
        return hy_fail_memory(diag);
    }
    context->thread_count = 1;
    context->log_level_offset = HY_FF_QUIET;
    context->err_recognition = AV_EF_CRCCHECK | AV_EF_BITSTREAM | AV_EF_BUFFER | AV_EF_EXPLODE;
    context->max_pixels =
        ((int64_t)photo->info.width + PADDING) * ((int64_t)photo->info.height + PADDING);
    int error = avcodec_open2(context, codec, NULL);
    if (error < 0) {
        avcodec_free_context(&context);
        return fail_decode(photo, error, diag);
    }
    *out = context;
    return HYDRA_OK;
}

static int decode_frame(AVCodecContext *context, const AVPacket *packet, AVFrame *frame)
{
    int error = avcodec_send_packet(context, packet);
    if (error >= 0) {
        error = avcodec_send_packet(context, NULL);
    }
    if (error >= 0) {
        error = avcodec_receive_frame(context, frame);
    }
    return error;
}

static hydra_status take_frame(hy_photo *photo, AVCodecContext *context, const AVPacket *packet,
                               hy_rows_fn *rows, void *user, hy_diag *diag)
{
    AVFrame *frame = av_frame_alloc();
    if (!frame) {
        return hy_fail_memory(diag);
    }
    hydra_status status;
    int error = decode_frame(context, packet, frame);
    if (error < 0) {
        status = fail_decode(photo, error, diag);
    } else if (frame->width != photo->info.width || frame->height != photo->info.height) {
        status = hy_photo_damaged(photo, "picture and header differ in size", diag);
    } else if (frame->decode_error_flags || (frame->flags & AV_FRAME_FLAG_CORRUPT)) {
        status = hy_photo_damaged(photo, "parts of the picture are missing", diag);
    } else {
        status = hy_photo_frame_rows(photo, frame, rows, user, diag);
    }
    av_frame_free(&frame);
    return status;
}

hydra_status hy_photo_decode_packet(hy_photo *photo, enum AVCodecID codec, AVPacket *packet,
                                    hy_rows_fn *rows, void *user, hy_diag *diag)
{
    AVCodecContext *context = NULL;
    hydra_status status = open_codec(photo, codec, &context, diag);
    if (status == HYDRA_OK) {
        status = take_frame(photo, context, packet, rows, user, diag);
    }
    avcodec_free_context(&context);
    av_packet_free(&packet);
    return status;
}

hydra_status hy_photo_decode_file(hy_photo *photo, enum AVCodecID codec, hy_rows_fn *rows,
                                  void *user, hy_diag *diag)
{
    AVPacket *packet = NULL;
    hydra_status status = hy_photo_packet_new(photo, photo->size, &packet, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    memcpy(packet->data, photo->data, photo->size);
    return hy_photo_decode_packet(photo, codec, packet, rows, user, diag);
}
