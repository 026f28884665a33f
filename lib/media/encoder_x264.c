/* SPDX-License-Identifier: MIT */
/*
 * H.264 through libavcodec's libx264. Pictures are lent to libavcodec without a copy and are the
 * caller's again when send returns; times are frame numbers throughout. Each setting that decides
 * how the result plays (profile, level, GOP, colour) is the same for every tuning.
 */
#include "encoder.h"

#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include "fferror.h"
#include "h264.h"
#include "x264_model.h"

/* Quality of an explicit preset without an explicit crf. */
#define PRESET_CRF 20.0

/* Below it x264 is lossless, which High profile does not have. */
#define LEAST_CRF 1.0

/*
 * annexb=0: lengths before NAL units, as MP4 wants them. force-cfr: the VUI says "fixed frame
 * rate". 8x8dct: makes it High profile with every preset. scenecut=0: we know our cuts.
 */
#define FIXED_PARAMS "annexb=0:force-cfr=1:8x8dct=1:scenecut=0"

/* libx264's own limit; it leaks when it is asked for more. */
#define MAX_SIDE 16384

typedef struct tuning {
    const char *preset;
    double crf;
    const char *params; /* x264's own names, added to FIXED_PARAMS; "" or begins with ':' */
    hy_x264_shape shape;
} tuning;

/* Presets that profiles are built on. */
#define SUPERFAST                                                                                  \
    {                                                                                              \
        0, 3, 1, false, true, 120e6                                                                \
    }
#define SLOW                                                                                       \
    {                                                                                              \
        50, 3, 5, true, true, 12e6                                                                 \
    }

/*
 * What photos that drift want of a fast encoder, found by the sweep of docs/encoding.md.
 * mbtree: what stays on screen for long is worth bits; a short look ahead is enough for that.
 * b-adapt: motion is even, no search has to place B frames. Three of them, as superfast has: five
 * save a tenth of the bits, but what drifts then trembles in the coded picture, which draft
 * accepts. aq: with its usual strength edges and faces starve, with much less dark gradients show
 * blocks; mode 3 gives more of it to the dark. deblock: grain and leaves stay sharper. trellis is
 * for crossfades; it makes the steps of dark gradients a little blockier.
 */
#define DRIFT                                                                                      \
    ":mbtree=1:b-adapt=0:me=dia:ref=1:weightp=0:deblock=-1,-1"                                     \
    ":aq-mode=3:aq-strength=0.6"

/* By HYDRA_PROFILE_*. */
static const tuning profiles[] = {
    [HYDRA_PROFILE_DRAFT] = {"superfast",
                             21.0,
                             DRIFT ":bframes=5:rc-lookahead=10:subme=0:trellis=0:partitions=none",
                             {10, 5, 1, false, false, 150e6}},
    [HYDRA_PROFILE_DEFAULT] = {"superfast",
                               18.2,
                               DRIFT ":rc-lookahead=20:subme=1:trellis=0",
                               {20, 3, 1, false, true, 110e6}},
    [HYDRA_PROFILE_QUALITY] = {"superfast",
                               18.5,
                               DRIFT ":rc-lookahead=40:subme=2:trellis=1",
                               {40, 3, 1, false, true, 70e6}},
    [HYDRA_PROFILE_BEST] = {"slow", 18.0, "", SLOW},
};
#define PROFILE_COUNT ((int32_t)(sizeof profiles / sizeof profiles[0]))

/* In the order of hy_encoder_presets. */
static const hy_x264_shape shapes[HY_ENCODER_PRESETS] = {
    {0, 0, 1, false, false, 150e6},
    SUPERFAST,
    {10, 3, 1, false, true, 60e6},
    {20, 3, 2, false, true, 40e6},
    {30, 3, 2, false, true, 26e6},
    {40, 3, 3, false, true, 22e6},
    SLOW,
    {60, 3, 8, true, true, 9e6},
    {60, 8, 16, true, true, 6e6},
    {60, 16, 16, true, true, 1e6},
};

typedef struct x264_encoder {
    hy_encoder base;
    hy_encoder_stream stream;
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    bool pending; /* `packet` was taken from libavcodec and not received yet */
    bool ended;
} x264_encoder;

static const char *x264_probe(void)
{
    return avcodec_find_encoder_by_name("libx264")
               ? ""
               : "the installed libavcodec has no libx264; install one that is built with it";
}

/* ---- Opening ---- */

static hydra_status choose_tuning(const hy_encoder_config *config, tuning *out, hy_diag *diag)
{
    if (config->profile < 0 || config->profile >= PROFILE_COUNT) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "profile %d is not known", (int)config->profile);
    }
    *out = profiles[config->profile];
    if (!config->preset) {
        return HYDRA_OK;
    }
    for (int32_t i = 0; i < HY_ENCODER_PRESETS; i++) {
        if (strcmp(config->preset, hy_encoder_presets[i]) == 0) {
            *out = (tuning){hy_encoder_presets[i], PRESET_CRF, "", shapes[i]};
        }
    }
    return hy_encoder_check_preset(config->preset, diag);
}

static void set_stream(AVCodecContext *codec, const hy_encoder_config *config)
{
    codec->width = config->width;
    codec->height = config->height;
    codec->pix_fmt = AV_PIX_FMT_YUV420P;
    codec->sample_aspect_ratio = (AVRational){1, 1};
    /* Ticks are frames: libx264 counts DTS in input PTS, so nothing is rounded at any rate. */
    codec->time_base = (AVRational){config->rate.den, config->rate.num};
    codec->framerate = (AVRational){config->rate.num, config->rate.den};
    codec->color_range = AVCOL_RANGE_MPEG;
    codec->color_primaries = AVCOL_PRI_BT709;
    codec->color_trc = AVCOL_TRC_BT709;
    codec->colorspace = AVCOL_SPC_BT709;
    codec->chroma_sample_location = AVCHROMA_LOC_LEFT;
    codec->profile = FF_PROFILE_H264_HIGH;
    codec->level = hy_h264_level(config->width, config->height, config->rate, config->bitrate_kbps);
    codec->gop_size = hy_encoder_gop_frames(config->rate);
    codec->keyint_min = 1; /* a cut may come right after a key frame */
    codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_CLOSED_GOP;
    codec->thread_count = config->threads;
    codec->log_level_offset = HY_FF_QUIET;
}

static double choose_crf(const hy_encoder_config *config, const tuning *tune)
{
    double crf = config->crf >= 0.0 ? config->crf : tune->crf; /* HYDRA_AUTO is negative */
    return crf < LEAST_CRF ? LEAST_CRF : crf;
}

static int set_tuning(AVCodecContext *codec, const hy_encoder_config *config, const tuning *tune)
{
    char params[256];
    (void)snprintf(params, sizeof params, FIXED_PARAMS "%s", tune->params);
    int error = av_opt_set(codec->priv_data, "preset", tune->preset, 0);
    if (error >= 0) {
        error = av_opt_set(codec->priv_data, "x264-params", params, 0);
    }
    if (error >= 0) {
        error = av_opt_set_int(codec->priv_data, "forced-idr", 1, 0);
    }
    if (error >= 0 && config->bitrate_kbps > 0) {
        codec->bit_rate = (int64_t)config->bitrate_kbps * 1000;
    } else if (error >= 0) {
        error = av_opt_set_double(codec->priv_data, "crf", choose_crf(config, tune), 0);
    }
    return error;
}

/* The muxer's view: the codec's parameters with its header as an avcC record. */
static hydra_status describe(x264_encoder *x264, hy_diag *diag)
{
    AVCodecParameters *codec = x264->stream.codec;
    int error = avcodec_parameters_from_context(codec, x264->codec);
    if (error < 0) {
        return hy_fail_av(diag, error, HYDRA_ERR_ENCODER, "x264", "reading its parameters");
    }
    uint8_t *record;
    size_t size;
    hydra_status status =
        hy_h264_make_avcc(codec->extradata, (size_t)codec->extradata_size, &record, &size);
    if (status == HYDRA_ERR_MEMORY) {
        return hy_fail_memory(diag);
    }
    if (status != HYDRA_OK) {
        return hy_fail(diag, HYDRA_ERR_ENCODER, "x264: its stream header cannot be read");
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

static bool side_fits(int32_t pixels)
{
    return pixels > 0 && pixels <= MAX_SIDE && pixels % 2 == 0;
}

static hydra_status check(const hy_encoder_config *config, hy_diag *diag)
{
    if (!side_fits(config->width) || !side_fits(config->height)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "encoder x264: %d x %d: each side must be even and 2 to %d pixels",
                       (int)config->width, (int)config->height, MAX_SIDE);
    }
    if (x264_probe()[0]) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "encoder x264: %s", x264_probe());
    }
    return HYDRA_OK;
}

static void x264_close(hy_encoder *encoder)
{
    x264_encoder *x264 = (x264_encoder *)encoder;
    if (x264) {
        avcodec_free_context(&x264->codec);
        av_frame_free(&x264->frame);
        av_packet_free(&x264->packet);
        avcodec_parameters_free(&x264->stream.codec);
        hy_free(x264);
    }
}

static hydra_status allocate(x264_encoder **out, hy_diag *diag)
{
    x264_encoder *x264 = hy_calloc(1, sizeof *x264);
    if (!x264) {
        return hy_fail_memory(diag);
    }
    x264->base.ops = &hy_encoder_x264;
    x264->base.stream = &x264->stream;
    x264->codec = avcodec_alloc_context3(avcodec_find_encoder_by_name("libx264"));
    x264->frame = av_frame_alloc();
    x264->packet = av_packet_alloc();
    x264->stream.codec = avcodec_parameters_alloc();
    if (!x264->codec || !x264->frame || !x264->packet || !x264->stream.codec) {
        x264_close(&x264->base);
        return hy_fail_memory(diag);
    }
    *out = x264;
    return HYDRA_OK;
}

static hydra_status start(x264_encoder *x264, const hy_encoder_config *config, const tuning *tune,
                          hy_diag *diag)
{
    x264->stream.width = config->width;
    x264->stream.height = config->height;
    set_stream(x264->codec, config);
    int error = set_tuning(x264->codec, config, tune);
    if (error >= 0) {
        error = avcodec_open2(x264->codec, NULL, NULL);
    }
    if (error < 0) {
        return hy_fail_av(diag, error, HYDRA_ERR_ENCODER, "x264", "opening the encoder");
    }
    return describe(x264, diag);
}

static hydra_status x264_open(const hy_encoder_config *config, hy_encoder **out, hy_diag *diag)
{
    *out = NULL;
    tuning tune = {.preset = NULL};
    x264_encoder *x264 = NULL;
    hydra_status status = check(config, diag);
    if (status == HYDRA_OK) {
        status = choose_tuning(config, &tune, diag);
    }
    if (status == HYDRA_OK) {
        status = allocate(&x264, diag);
    }
    if (status == HYDRA_OK) {
        status = start(x264, config, &tune, diag);
    }
    if (status != HYDRA_OK) {
        x264_close(x264 ? &x264->base : NULL);
        return status;
    }
    *out = &x264->base;
    return HYDRA_OK;
}

static hydra_status x264_estimate(const hy_encoder_config *config, int64_t frames,
                                  hy_encoder_cost *cost, hy_diag *diag)
{
    *cost = (hy_encoder_cost){0};
    tuning tune = {.preset = NULL};
    hydra_status status = check(config, diag);
    if (status == HYDRA_OK) {
        status = choose_tuning(config, &tune, diag);
    }
    if (status == HYDRA_OK) {
        hy_x264_estimate(&tune.shape, config, choose_crf(config, &tune), frames, cost);
    }
    return status;
}

/* ---- Encoding ---- */

static void keep(void *opaque, uint8_t *data)
{
    (void)opaque; /* the picture is the caller's */
    (void)data;
}

/* Show the picture to libavcodec where it lies. A frame with a buffer is referenced by
 * avcodec_send_frame, one without would be copied. */
static hydra_status lend(x264_encoder *x264, const hy_picture *picture, int64_t n, bool key,
                         hy_diag *diag)
{
    AVFrame *frame = x264->frame;
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

/* Take the packet that is ready, if any. libavcodec drops its reference to the input on the way. */
static hydra_status take(x264_encoder *x264, hy_diag *diag)
{
    int error = avcodec_receive_packet(x264->codec, x264->packet);
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) {
        return HYDRA_OK;
    }
    if (error < 0) {
        return hy_fail_av(diag, error, HYDRA_ERR_ENCODER, "x264", "encoding");
    }
    x264->pending = true;
    return HYDRA_OK;
}

static hydra_status send_picture(x264_encoder *x264, const hy_picture *picture, int64_t n, bool key,
                                 hy_diag *diag)
{
    if (picture->width != x264->stream.width || picture->height != x264->stream.height) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "x264: frame of %d x %d", (int)picture->width,
                       (int)picture->height);
    }
    hydra_status status = lend(x264, picture, n, key, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    int error = avcodec_send_frame(x264->codec, x264->frame);
    if (error < 0) {
        char action[48];
        (void)snprintf(action, sizeof action, "encoding frame %lld", (long long)n);
        status = hy_fail_av(diag, error, HYDRA_ERR_ENCODER, "x264", action);
    } else {
        status = take(x264, diag);
    }
    /* The caller may overwrite the picture now: were it still referenced, frames would be wrong
     * without any error. */
    if (status == HYDRA_OK && av_buffer_get_ref_count(x264->frame->buf[0]) != 1) {
        status = hy_fail(diag, HYDRA_ERR_INTERNAL, "x264: frame %lld is still in use after sending",
                         (long long)n);
    }
    av_frame_unref(x264->frame);
    return status;
}

static hydra_status x264_send(hy_encoder *encoder, const hy_picture *picture, int64_t n, bool key,
                              hy_diag *diag)
{
    x264_encoder *x264 = (x264_encoder *)encoder;
    if (x264->pending || x264->ended) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "x264: frame %lld sent %s", (long long)n,
                       x264->ended ? "after the end" : "before a packet was received");
    }
    if (picture) {
        return send_picture(x264, picture, n, key, diag);
    }
    x264->ended = true;
    int error = avcodec_send_frame(x264->codec, NULL);
    return error < 0 ? hy_fail_av(diag, error, HYDRA_ERR_ENCODER, "x264", "ending the stream")
                     : HYDRA_OK;
}

static hydra_status x264_receive(hy_encoder *encoder, hy_packet *packet, bool *got, hy_diag *diag)
{
    x264_encoder *x264 = (x264_encoder *)encoder;
    *got = false;
    if (!x264->pending) {
        hydra_status status = take(x264, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    if (x264->pending) {
        /* The data stays until the next avcodec_receive_packet, which unreferences it. */
        *packet = (hy_packet){.data = x264->packet->data,
                              .size = (size_t)x264->packet->size,
                              .pts = x264->packet->pts,
                              .dts = x264->packet->dts,
                              .duration = 1,
                              .key = (x264->packet->flags & AV_PKT_FLAG_KEY) != 0};
        *got = true;
        x264->pending = false;
    }
    return HYDRA_OK;
}

const hy_encoder_ops hy_encoder_x264 = {
    .id = HYDRA_ENCODER_X264,
    .name = "x264",
    .description = "H.264 on the CPU (libx264)",
    .container = "mp4",
    .codecs = 1U << HYDRA_CODEC_H264,
    .probe = x264_probe,
    .open = x264_open,
    .estimate = x264_estimate,
    .send = x264_send,
    .receive = x264_receive,
    .close = x264_close,
};
