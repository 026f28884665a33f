/* SPDX-License-Identifier: MIT */
/* RGB24 to a PNG file in memory, through libavcodec, marked as sRGB. */
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include "fferror.h"
#include "media.h"

/*
 * A poster is waited for. Differences to the row above and zlib's fastest level take less than a
 * third of the time of FFmpeg's defaults, for a photo 15 % larger.
 */
#define ZLIB_LEVEL 1
#define PREDICTION "up"

static AVCodecContext *open_encoder(int32_t width, int32_t height)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_PNG);
    AVCodecContext *context = codec ? avcodec_alloc_context3(codec) : NULL;
    if (!context) {
        return NULL;
    }
    context->width = width;
    context->height = height;
    context->pix_fmt = AV_PIX_FMT_RGB24;
    context->time_base = (AVRational){1, 1};
    context->color_range = AVCOL_RANGE_JPEG;
    context->color_primaries = AVCOL_PRI_BT709;
    context->color_trc = AVCOL_TRC_IEC61966_2_1;
    context->thread_count = 1;
    context->log_level_offset = HY_FF_QUIET;
    context->compression_level = ZLIB_LEVEL;
    if (av_opt_set(context->priv_data, "pred", PREDICTION, 0) < 0 ||
        avcodec_open2(context, codec, NULL) < 0) {
        avcodec_free_context(&context);
    }
    return context;
}

static void keep(void *opaque, uint8_t *data)
{
    (void)opaque; /* the pixels are the caller's */
    (void)data;
}

/* The pixels where they lie; the encoder only reads them. */
static AVFrame *make_frame(const uint8_t *rgb, int32_t width, int32_t height)
{
    AVFrame *frame = av_frame_alloc();
    if (!frame) {
        return NULL;
    }
    frame->format = AV_PIX_FMT_RGB24;
    frame->width = width;
    frame->height = height;
    frame->color_range = AVCOL_RANGE_JPEG;
    frame->color_primaries = AVCOL_PRI_BT709;
    frame->color_trc = AVCOL_TRC_IEC61966_2_1;
    size_t row = (size_t)width * 3;
    frame->data[0] = (uint8_t *)(uintptr_t)rgb;
    frame->linesize[0] = (int)row;
    frame->buf[0] =
        av_buffer_create(frame->data[0], row * (size_t)height, keep, NULL, AV_BUFFER_FLAG_READONLY);
    if (!frame->buf[0]) {
        av_frame_free(&frame);
    }
    return frame;
}

hydra_status hy_png_encode(const uint8_t *rgb, int32_t width, int32_t height, uint8_t **png,
                           size_t *size, hy_diag *diag)
{
    *png = NULL;
    *size = 0;
    AVCodecContext *context = open_encoder(width, height);
    AVFrame *frame = context ? make_frame(rgb, width, height) : NULL;
    AVPacket *packet = av_packet_alloc();
    int error = context && frame && packet ? 0 : AVERROR(ENOMEM);
    if (error == 0) {
        error = avcodec_send_frame(context, frame);
    }
    if (error == 0) {
        error = avcodec_receive_packet(context, packet);
    }
    if (error == 0) {
        *png = hy_memdup(packet->data, (size_t)packet->size);
        *size = *png ? (size_t)packet->size : 0;
        error = *png ? 0 : AVERROR(ENOMEM);
    }
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&context);
    if (error == 0) {
        return HYDRA_OK;
    }
    if (error == AVERROR(ENOMEM)) {
        return hy_fail_memory(diag);
    }
    return hy_fail(diag, HYDRA_ERR_ENCODER, "PNG of %d x %d pixels: encoding failed (FFmpeg %d)",
                   (int)width, (int)height, error);
}
