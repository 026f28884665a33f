/* SPDX-License-Identifier: MIT */
/* What a stream of every encoder is checked for: times, key frames, and pictures decoded again. */
#ifndef TEST_STREAM_H
#define TEST_STREAM_H

#include <math.h>

#include "clip.h"

/* ---- Times and key frames ---- */

/* Every number once; decoding times count up by one and are never after the pictures'. */
static inline void stream_check_times(const clip_packets *packets, int64_t frames)
{
    bool *seen = calloc((size_t)frames, sizeof *seen);
    assert_non_null(seen);
    assert_int_equal(packets->count, frames);
    for (size_t i = 0; i < packets->count; i++) {
        const hy_packet *p = &packets->list[i];
        assert_in_range(p->pts, 0, frames - 1);
        assert_false(seen[p->pts]);
        seen[p->pts] = true;
        assert_int_equal(p->dts, packets->list[0].dts + (int64_t)i);
        assert_true(p->dts <= p->pts);
        assert_int_equal(p->duration, 1);
    }
    free(seen);
}

/* Key frames at 0, at the cut and at most 2 s apart. In a closed GOP no later packet shows a
 * picture from before the key frame. */
static inline void stream_check_keys(const clip_packets *packets, int64_t cut, int32_t gop)
{
    int64_t last_key = 0;
    bool cut_is_key = false;
    assert_true(packets->list[0].key);
    assert_int_equal(packets->list[0].pts, 0);
    for (size_t i = 0; i < packets->count; i++) {
        const hy_packet *p = &packets->list[i];
        if (p->key) {
            assert_true(p->pts - last_key <= gop);
            last_key = p->pts;
            cut_is_key = cut_is_key || p->pts == cut;
            for (size_t k = 0; k < i; k++) {
                assert_true(packets->list[k].pts < p->pts);
            }
        } else {
            assert_true(p->pts > last_key);
        }
        assert_true(p->pts - last_key < gop);
    }
    assert_true(cut_is_key);
}

/* ---- Pictures ---- */

static inline bool stream_same_packets(const clip_packets *a, const clip_packets *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++) {
        same = a->list[i].size == b->list[i].size &&
               memcmp(a->list[i].data, b->list[i].data, a->list[i].size) == 0;
    }
    return same;
}

static inline double stream_psnr(const AVFrame *frame, const hy_picture *picture, int plane)
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

/* From frame `cut` on the clip shows what comes 50 frames later, as clip_encode has it. */
static inline void stream_check_decoded(AVCodecContext *decoder, AVFrame *frame, int64_t *shown,
                                        int64_t cut, double psnr)
{
    while (avcodec_receive_frame(decoder, frame) >= 0) {
        assert_int_equal(frame->pts, *shown);
        assert_int_equal(frame->format, AV_PIX_FMT_YUV420P);
        assert_int_equal(frame->width, CLIP_WIDTH);
        assert_int_equal(frame->height, CLIP_HEIGHT);
        assert_int_equal(frame->color_range, AVCOL_RANGE_MPEG);
        assert_int_equal(frame->color_primaries, AVCOL_PRI_BT709);
        assert_int_equal(frame->color_trc, AVCOL_TRC_BT709);
        assert_int_equal(frame->colorspace, AVCOL_SPC_BT709);
        assert_int_equal(frame->chroma_location, AVCHROMA_LOC_LEFT);
        hy_picture *expected = clip_picture(*shown >= cut ? *shown + 50 : *shown);
        for (int plane = 0; plane < 3; plane++) {
            assert_true(stream_psnr(frame, expected, plane) > psnr);
        }
        hy_picture_free(expected);
        (*shown)++;
    }
}

/* What clip_encode sent comes back, each plane at least so near. */
static inline void stream_check_pictures(const hy_encoder *encoder, const clip_packets *packets,
                                         int64_t frames, int64_t cut, double psnr)
{
    const AVCodecParameters *codec = encoder->stream->codec;
    AVCodecContext *decoder = avcodec_alloc_context3(avcodec_find_decoder(codec->codec_id));
    assert_true(avcodec_parameters_to_context(decoder, codec) >= 0);
    assert_int_equal(avcodec_open2(decoder, NULL, NULL), 0);
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    int64_t shown = 0;
    for (size_t i = 0; i <= packets->count; i++) {
        if (i < packets->count) {
            assert_int_equal(av_new_packet(packet, (int)packets->list[i].size), 0);
            memcpy(packet->data, packets->list[i].data, packets->list[i].size);
            packet->pts = packets->list[i].pts;
            packet->dts = packets->list[i].dts;
        }
        assert_int_equal(avcodec_send_packet(decoder, i < packets->count ? packet : NULL), 0);
        av_packet_unref(packet);
        stream_check_decoded(decoder, frame, &shown, cut, psnr);
    }
    assert_int_equal(shown, frames);
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&decoder);
}

#endif
