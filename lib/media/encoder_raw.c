/* SPDX-License-Identifier: MIT */
/*
 * The encoder that does not encode: every packet is one picture, planes Y, U, V without gaps.
 * For tests, frame hashes and pipelines; goes into YUV4MPEG2.
 */
#include "encoder.h"

#include <string.h>

#define COPY_BYTES_PER_S 3e9

typedef struct raw_encoder {
    hy_encoder base;
    hy_encoder_stream stream;
    uint8_t *frame;
    size_t frame_bytes;
    int64_t number;
    bool pending; /* `frame` has not been received yet */
} raw_encoder;

static const char *raw_probe(void)
{
    return "";
}

static hydra_status raw_open(const hy_encoder_config *config, hy_encoder **out, hy_diag *diag)
{
    *out = NULL;
    size_t luma;
    if (config->width <= 0 || config->height <= 0 || config->width % 2 || config->height % 2) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "encoder raw: %d x %d must be even and positive",
                       (int)config->width, (int)config->height);
    }
    raw_encoder *raw = hy_calloc(1, sizeof *raw);
    if (!raw || !hy_mul_size((size_t)config->width, (size_t)config->height, &luma) ||
        !hy_add_size(luma, luma / 2, &raw->frame_bytes) ||
        !(raw->frame = hy_alloc_aligned(raw->frame_bytes))) {
        hy_free(raw);
        return hy_fail_memory(diag);
    }
    raw->base.ops = &hy_encoder_raw;
    raw->base.stream = &raw->stream;
    raw->stream.width = config->width;
    raw->stream.height = config->height;
    *out = &raw->base;
    return HYDRA_OK;
}

static hydra_status raw_estimate(const hy_encoder_config *config, int64_t frames,
                                 hy_encoder_cost *cost, hy_diag *diag)
{
    (void)diag;
    int64_t frame = (int64_t)config->width * config->height * 3 / 2;
    *cost = (hy_encoder_cost){
        .memory_bytes = frame,
        .output_bytes = frame * frames,
        .seconds = (double)frame * (double)frames / COPY_BYTES_PER_S,
    };
    return HYDRA_OK;
}

static void pack(raw_encoder *raw, const hy_picture *picture)
{
    uint8_t *to = raw->frame;
    for (int plane = 0; plane < 3; plane++) {
        size_t width = (size_t)hy_plane_width(picture, plane);
        for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
            memcpy(to, picture->plane[plane] + y * picture->stride[plane], width);
            to += width;
        }
    }
}

static hydra_status raw_send(hy_encoder *encoder, const hy_picture *picture, int64_t n, bool key,
                             hy_diag *diag)
{
    raw_encoder *raw = (raw_encoder *)encoder;
    (void)key; /* every picture is one */
    if (raw->pending) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "encoder raw: frame %lld before %lld was received",
                       (long long)n, (long long)raw->number);
    }
    if (!picture) {
        return HYDRA_OK;
    }
    if (picture->width != raw->stream.width || picture->height != raw->stream.height) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "encoder raw: frame of %d x %d",
                       (int)picture->width, (int)picture->height);
    }
    pack(raw, picture);
    raw->number = n;
    raw->pending = true;
    return HYDRA_OK;
}

static hydra_status raw_receive(hy_encoder *encoder, hy_packet *packet, bool *got, hy_diag *diag)
{
    raw_encoder *raw = (raw_encoder *)encoder;
    (void)diag;
    *got = raw->pending;
    if (raw->pending) {
        raw->pending = false;
        *packet = (hy_packet){.data = raw->frame,
                              .size = raw->frame_bytes,
                              .pts = raw->number,
                              .dts = raw->number,
                              .duration = 1,
                              .key = true};
    }
    return HYDRA_OK;
}

static void raw_close(hy_encoder *encoder)
{
    raw_encoder *raw = (raw_encoder *)encoder;
    if (raw) {
        hy_free(raw->frame);
        hy_free(raw);
    }
}

const hy_encoder_ops hy_encoder_raw = {
    .id = HYDRA_ENCODER_RAW,
    .name = "raw",
    .description = "uncompressed pictures (YUV4MPEG2), no sound",
    .container = "y4m",
    .probe = raw_probe,
    .open = raw_open,
    .estimate = raw_estimate,
    .send = raw_send,
    .receive = raw_receive,
    .close = raw_close,
};
