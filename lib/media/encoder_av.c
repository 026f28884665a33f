/* SPDX-License-Identifier: MIT */
/* Settings that decide how a result plays, pictures in and packets out of libavcodec. */
#include "encoder_av.h"

#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include "fferror.h"

/* Bits for each pixel at this crf of x264, of photos that a camera moves over; each 6 more halve
 * them. */
#define TYPICAL_BITS 0.09
#define TYPICAL_CRF  20.0

static void set_stream(AVCodecContext *codec, const hy_encoder_config *config)
{
    codec->width = config->width;
    codec->height = config->height;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->sample_aspect_ratio = (AVRational){1, 1};
    /* Ticks are frames: DTS are counted in input PTS, so nothing is rounded at any rate. */
    codec->time_base = (AVRational){config->rate.den, config->rate.num};
    codec->framerate = (AVRational){config->rate.num, config->rate.den};
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->color_primaries = AVCOL_PRI_BT709;
    codec->color_trc = AVCOL_TRC_BT709;
    codec->colorspace = AVCOL_SPC_BT709;
    codec->chroma_sample_location = AVCHROMA_LOC_LEFT;
    codec->gop_size = hy_encoder_gop_frames(config->rate);
    codec->keyint_min = 1; /* a cut may come right after a key frame */
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP;
    codec->thread_count = config->threads;
    codec->log_level_offset = HY_FF_QUIET;
}

hydra_status hy_encoder_av_init(hy_encoder_av *av, const char *codec_name, const char *name,
                                const hy_encoder_config *config, hy_diag *diag)
{
    *av = (hy_encoder_av){.name = name};
    av->stream.width = config->width;
    av->stream.height = config->height;
    av->codec = avcodec_alloc_context3(avcodec_find_encoder_by_name(codec_name));
    av->frame = av_frame_alloc();
    av->packet = av_packet_alloc();
    av->stream.codec = avcodec_parameters_alloc();
    if (!av->codec || !av->frame || !av->packet || !av->stream.codec) {
        hy_encoder_av_free(av);
        return hy_fail_memory(diag);
    }
    set_stream(av->codec, config);
    return HYDRA_OK;
}

void hy_encoder_av_free(hy_encoder_av *av)
{
    avcodec_free_context(&av->codec);
    av_frame_free(&av->frame);
    av_packet_free(&av->packet);
    avcodec_parameters_free(&av->stream.codec);
}

hydra_status hy_encoder_av_describe(hy_encoder_av *av, hy_encoder_record_fn *make, hy_diag *diag)
{
    AVCodecParameters *codec = av->stream.codec;
    int error = avcodec_parameters_from_context(codec, av->codec);
    if (error < 0) {
        return hy_fail_av(diag, error, HYDRA_ERR_ENCODER, av->name, "reading its parameters");
    }
    uint8_t *record;
    size_t size;
    hydra_status status = make(codec->extradata, (size_t)codec->extradata_size, &record, &size);
    if (status == HYDRA_ERR_MEMORY) {
        return hy_fail_memory(diag);
    }
    if (status != HYDRA_OK) {
        return hy_fail(diag, HYDRA_ERR_ENCODER, "%s: its stream header cannot be read", av->name);
    }
    uint8_t *padded = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!padded) {
        hy_free(record);
        return hy_fail_memory(diag);
    }
    memcpy(padded, record, size);
    hy_free(record);
    av_freep(&codec->extradata);
    codec->extradata = padded;
    codec->extradata_size = (int)size;
    return HYDRA_OK;
}

static void keep(void *opaque, uint8_t *data)
{
    (void)opaque; /* the picture is the caller's */
    (void)data;
}

/* Show the picture to libavcodec where it lies. A frame with a buffer is referenced by
 * avcodec_send_frame, one without would be copied. */
static hydra_status lend(hy_encoder_av *av, const hy_picture *picture, int64_t n, bool key,
                         hy_diag *diag)
{
    AVFrame *frame = av->frame;
    frame->buf[0] =
        av_buffer_create(picture->plane[0], picture->bytes, keep, NULL, AV_BUFFER_FLAG_READONLY);
    if (!frame->buf[0]) {
        return hy_fail_memory(diag);
    }
    for (int plane = 0; plane < 3; plane++) {
        frame->data[plane] = picture->plane[plane];
        frame->linesize[plane] = (int)picture->stride[plane];
    }
    frame->format = AV_PIX_FMT_YUV420P;
    frame->width = picture->width;
    frame->height = picture->height;
    frame->pts = n;
    frame->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    return HYDRA_OK;
}

static hydra_status fail_coding(hy_encoder_av *av, int error, const char *action, hy_diag *diag)
{
    av->error = error;
    return hy_fail_av(diag, error, HYDRA_ERR_ENCODER, av->name, action);
}

/* Take the packet that is ready, if any. libavcodec drops its reference to the input on the way. */
static hydra_status take(hy_encoder_av *av, hy_diag *diag)
{
    int error = avcodec_receive_packet(av->codec, av->packet);
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) {
        return HYDRA_OK;
    }
    if (error < 0) {
        return fail_coding(av, error, "encoding", diag);
    }
    av->pending = true;
    return HYDRA_OK;
}

static hydra_status send_picture(hy_encoder_av *av, const hy_picture *picture, int64_t n, bool key,
                                 hy_diag *diag)
{
    if (picture->width != av->stream.width || picture->height != av->stream.height) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: frame of %d x %d", av->name,
                       (int)picture->width, (int)picture->height);
    }
    hydra_status status = lend(av, picture, n, key, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    int error = avcodec_send_frame(av->codec, av->frame);
    if (error < 0) {
        char action[48];
        (void)snprintf(action, sizeof action, "encoding frame %lld", (long long)n);
        status = fail_coding(av, error, action, diag);
    } else {
        status = take(av, diag);
    }
    /* The caller may overwrite the picture now: were it still referenced, frames would be wrong
     * without any error. An encoder that says again and again that it is busy does that. */
    if (status == HYDRA_OK && av_buffer_get_ref_count(av->frame->buf[0]) != 1) {
        av->error = AVERROR(EBUSY);
        status = hy_fail(diag, HYDRA_ERR_ENCODER, "%s: frame %lld is still in use after sending",
                         av->name, (long long)n);
    }
    av_frame_unref(av->frame);
    return status;
}

hydra_status hy_encoder_av_send(hy_encoder_av *av, const hy_picture *picture, int64_t n, bool key,
                                hy_diag *diag)
{
    if (av->pending || av->ended) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: frame %lld sent %s", av->name, (long long)n,
                       av->ended ? "after the end" : "before a packet was received");
    }
    if (picture) {
        return send_picture(av, picture, n, key, diag);
    }
    av->ended = true;
    int error = avcodec_send_frame(av->codec, NULL);
    return error < 0 ? fail_coding(av, error, "ending the stream", diag) : HYDRA_OK;
}

hydra_status hy_encoder_av_receive(hy_encoder_av *av, hy_packet *packet, bool *got, hy_diag *diag)
{
    *got = false;
    if (!av->pending) {
        hydra_status status = take(av, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    if (av->pending) {
        /* The data stays until the next avcodec_receive_packet, which unreferences it. */
        *packet = (hy_packet){.data = av->packet->data,
                              .size = (size_t)av->packet->size,
                              .pts = av->packet->pts,
                              .dts = av->packet->dts,
                              .duration = 1,
                              .key = (av->packet->flags & AV_PKT_FLAG_KEY) != 0};
        *got = true;
        av->pending = false;
    }
    return HYDRA_OK;
}

static bool side_fits(int32_t pixels, int32_t most)
{
    return pixels > 0 && pixels <= most && pixels % 2 == 0;
}

hydra_status hy_encoder_check_size(const hy_encoder_config *config, const char *name, int32_t most,
                                   hy_diag *diag)
{
    if (!side_fits(config->width, most) || !side_fits(config->height, most)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "encoder %s: %d x %d: each side must be even and 2 to %d pixels", name,
                       (int)config->width, (int)config->height, (int)most);
    }
    return HYDRA_OK;
}

/* 2^(-x / 6) without libm: by the sixth root of one half. */
static double halved(double x)
{
    static const double sixth_root = 0.89089871814033927;
    double factor = 1;
    double step = x < 0 ? 1 / sixth_root : sixth_root;
    for (double left = x < 0 ? -x : x; left > 0; left -= 1) {
        /* A part of a step linearly. */
        factor *= left >= 1 ? step : 1 + (step - 1) * left;
    }
    return factor;
}

int64_t hy_encoder_typical_bytes(const hy_encoder_config *config, double crf, int64_t frames)
{
    double pixels = (double)config->width * config->height * (double)frames;
    double bits = pixels * TYPICAL_BITS * halved(crf - TYPICAL_CRF);
    if (config->bitrate_kbps > 0) {
        double seconds = (double)frames * config->rate.den / config->rate.num;
        bits = config->bitrate_kbps * 1000.0 * seconds;
    }
    return (int64_t)(bits / 8);
}
