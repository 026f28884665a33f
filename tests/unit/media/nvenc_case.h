/* SPDX-License-Identifier: MIT */
/* NVENC on the stand-in: pictures that move, a whole run decoded again, opens and runs that fail.
 */
#ifndef TEST_NVENC_CASE_H
#define TEST_NVENC_CASE_H

#include <math.h>

#include <libavcodec/avcodec.h>

#include "gpu_case.h"

#define WIDTH  320
#define HEIGHT 240
#define FRAMES 40
#define CUT    17

/* Three B frames, and what is shown before the first of them. */
#define MOST_DELAY 6

static const hy_rate rate_30 = {30, 1};

static inline hy_encoder_config config_for(hy_gpu *gpu, int32_t codec, hy_rate rate,
                                           int32_t profile)
{
    return (hy_encoder_config){.codec = codec,
                               .width = WIDTH,
                               .height = HEIGHT,
                               .rate = rate,
                               .profile = profile,
                               .crf = HYDRA_AUTO,
                               .threads = 1,
                               .gpu = gpu};
}

static inline hy_encoder_config default_config(hy_gpu *gpu)
{
    return config_for(gpu, HYDRA_CODEC_H264, rate_30, HYDRA_PROFILE_DEFAULT);
}

/* Soft shapes that move. */
static inline void draw(hy_picture *picture, int64_t n)
{
    for (int plane = 0; plane < 3; plane++) {
        for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
            uint8_t *row = picture->plane[plane] + y * picture->stride[plane];
            for (int32_t x = 0; x < hy_plane_width(picture, plane); x++) {
                int64_t u = ((plane ? 2 : 1) * x + 3 * n) & 127;
                int64_t v = ((plane ? 2 : 1) * y + n) & 127;
                row[x] = (uint8_t)(60 + 40 * plane + (u < 64 ? u : 127 - u) / 2 +
                                   (v < 64 ? v : 127 - v) / 2);
            }
        }
    }
}

static inline hy_picture *new_picture(int32_t width, int32_t height)
{
    hy_diag diag = {0};
    hy_picture *picture = NULL;
    assert_ok(hy_picture_new(width, height, NULL, &picture, &diag), &diag);
    return picture;
}

static inline hy_encoder *open_encoder(const hy_encoder_config *config)
{
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    assert_ok(hy_encoder_nvenc.open(config, &encoder, &diag), &diag);
    return encoder;
}

/* ---- A run: pictures in, packets decoded ---- */

typedef struct run {
    hy_encoder *encoder;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    int64_t packets;
    int64_t shown;
    int64_t first_pts;
    int64_t last_dts;
    int64_t keys;
    double worst_psnr;
    bool reordered;
    bool cut_is_key;
} run;

static inline double frame_psnr(const AVFrame *frame, const hy_picture *picture, int plane)
{
    double sum = 0.0;
    for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
        for (int32_t x = 0; x < hy_plane_width(picture, plane); x++) {
            int difference = frame->data[plane][y * frame->linesize[plane] + x] -
                             picture->plane[plane][y * picture->stride[plane] + x];
            sum += (double)difference * difference;
        }
    }
    double mse = sum / hy_plane_height(picture, plane) / hy_plane_width(picture, plane);
    return 10.0 * log10(255.0 * 255.0 / (mse + 1e-9));
}

static inline void check_frame(run *r)
{
    assert_int_equal(r->frame->pts, r->shown);
    assert_int_equal(r->frame->width, WIDTH);
    assert_int_equal(r->frame->height, HEIGHT);
    assert_int_equal(r->frame->color_range, AVCOL_RANGE_MPEG);
    assert_int_equal(r->frame->color_primaries, AVCOL_PRI_BT709);
    assert_int_equal(r->frame->color_trc, AVCOL_TRC_BT709);
    assert_int_equal(r->frame->colorspace, AVCOL_SPC_BT709);
    hy_picture *expected = new_picture(WIDTH, HEIGHT);
    draw(expected, r->shown);
    for (int plane = 0; plane < 3; plane++) {
        r->worst_psnr = fmin(r->worst_psnr, frame_psnr(r->frame, expected, plane));
    }
    hy_picture_free(expected);
    r->shown++;
}

static inline void decode(run *r, const hy_packet *packet)
{
    if (packet) {
        assert_int_equal(av_new_packet(r->packet, (int)packet->size), 0);
        memcpy(r->packet->data, packet->data, packet->size);
        r->packet->pts = packet->pts;
        r->packet->dts = packet->dts;
    }
    assert_int_equal(avcodec_send_packet(r->decoder, packet ? r->packet : NULL), 0);
    av_packet_unref(r->packet);
    while (avcodec_receive_frame(r->decoder, r->frame) >= 0) {
        check_frame(r);
    }
}

/* Units of samples have lengths that add up, and belong into samples. */
static inline void check_units(const hy_encoder_config *config, const hy_packet *packet)
{
    size_t at = 0;
    while (at < packet->size) {
        const uint8_t *unit = packet->data + at;
        size_t size =
            (size_t)unit[0] << 24 | (size_t)unit[1] << 16 | (size_t)unit[2] << 8 | unit[3];
        int type = config->codec == HYDRA_CODEC_HEVC ? unit[4] >> 1 & 0x3f : unit[4] & 0x1f;
        assert_true(size > 0 && size <= packet->size - at - 4);
        assert_true(config->codec == HYDRA_CODEC_HEVC ? type < 32 || type > 35
                                                      : type < 7 || type > 9);
        at += 4 + size;
    }
}

static inline void take(run *r, const hy_encoder_config *config)
{
    for (;;) {
        hy_diag diag = {0};
        hy_packet packet;
        bool got;
        assert_ok(r->encoder->ops->receive(r->encoder, &packet, &got, &diag), &diag);
        if (!got) {
            return;
        }
        if (r->packets == 0) {
            r->first_pts = packet.pts;
            assert_true(packet.key);
        } else {
            assert_true(packet.dts > r->last_dts);
        }
        assert_true(packet.dts <= packet.pts && packet.dts >= packet.pts - MOST_DELAY);
        assert_int_equal(packet.duration, 1);
        r->reordered = r->reordered || packet.dts != packet.pts;
        r->cut_is_key = r->cut_is_key || (packet.key && packet.pts == CUT);
        r->keys += packet.key;
        r->last_dts = packet.dts;
        r->packets++;
        check_units(config, &packet);
        decode(r, &packet);
    }
}

/* The first `frames` pictures. */
static inline run encode_some(const hy_encoder_config *config, int64_t frames)
{
    hy_diag diag = {0};
    run r = {.worst_psnr = 100, .packet = av_packet_alloc(), .frame = av_frame_alloc()};
    r.encoder = open_encoder(config);
    r.decoder = avcodec_alloc_context3(avcodec_find_decoder(
        config->codec == HYDRA_CODEC_HEVC ? AV_CODEC_ID_HEVC : AV_CODEC_ID_H264));
    assert_true(avcodec_parameters_to_context(r.decoder, r.encoder->stream->codec) >= 0);
    assert_int_equal(r.decoder->extradata[0], 1); /* a record, not a byte stream */
    if (config->codec == HYDRA_CODEC_HEVC) {
        assert_int_equal(r.decoder->profile, FF_PROFILE_HEVC_MAIN);
    } else if (config->profile !=
               HYDRA_PROFILE_DRAFT) { /* there the stand-in needs no more than Main */
        assert_int_equal(r.decoder->profile, FF_PROFILE_H264_HIGH);
    }
    assert_true(r.decoder->level > 0);
    assert_int_equal(avcodec_open2(r.decoder, NULL, NULL), 0);
    hy_picture *picture = new_picture(WIDTH, HEIGHT);
    for (int64_t n = 0; n < frames; n++) {
        draw(picture, n);
        assert_ok(r.encoder->ops->send(r.encoder, picture, n, n == 0 || n == CUT, &diag), &diag);
        memset(picture->plane[0], 0x55, picture->bytes); /* it is ours again */
        take(&r, config);
    }
    assert_ok(r.encoder->ops->send(r.encoder, NULL, frames, false, &diag), &diag);
    take(&r, config);
    decode(&r, NULL);
    hy_picture_free(picture);
    r.encoder->ops->close(r.encoder);
    avcodec_free_context(&r.decoder);
    av_packet_free(&r.packet);
    av_frame_free(&r.frame);
    return r;
}

static inline run encode_all(const hy_encoder_config *config)
{
    return encode_some(config, FRAMES);
}

static inline void assert_run(const run *r)
{
    assert_int_equal(r->packets, FRAMES);
    assert_int_equal(r->shown, FRAMES);
    assert_int_equal(r->first_pts, 0);
    assert_true(r->cut_is_key);
    if (r->worst_psnr < 35.0) {
        fail_msg("PSNR %d dB", (int)r->worst_psnr);
    }
}

static inline void assert_open_fails(hy_encoder_config *config, int32_t finding,
                                     hydra_status status, const char *part)
{
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    int32_t found = -1;
    config->finding = &found;
    assert_failed(hy_encoder_nvenc.open(config, &encoder, &diag), status, &diag, part);
    assert_int_equal(found, finding);
    assert_null(encoder);
    config->finding = NULL;
}

/* Send pictures until one fails, or all are out; what failed is in `diag`. */
static inline hydra_status code_until_failure(hy_encoder *encoder, hy_diag *diag)
{
    hy_picture *picture = new_picture(WIDTH, HEIGHT);
    hydra_status status = HYDRA_OK;
    for (int64_t n = 0; status == HYDRA_OK && n <= FRAMES; n++) {
        bool got = true;
        hy_packet packet;
        draw(picture, n);
        status = encoder->ops->send(encoder, n < FRAMES ? picture : NULL, n, n == 0, diag);
        while (status == HYDRA_OK && got) {
            status = encoder->ops->receive(encoder, &packet, &got, diag);
        }
    }
    hy_picture_free(picture); /* also while a lane may still read it */
    return status;
}

#endif
