/* SPDX-License-Identifier: MIT */
/* YUV4MPEG2: one line of text, then pictures, each behind the line "FRAME". */
#include <stdio.h>
#include <string.h>

#include "muxer.h"
#include "sink_io.h"
#include "verify.h"

#define HEADER_BYTES 160

static const char frame_line[] = "FRAME\n";
#define FRAME_LINE_BYTES (sizeof frame_line - 1)

typedef struct y4m_muxer {
    hy_muxer base;
    int32_t width;
    int32_t height;
    int64_t end; /* bytes written */
    char header[HEADER_BYTES];
} y4m_muxer;

static hydra_status append(y4m_muxer *y4m, const void *data, size_t size, hy_diag *diag)
{
    hydra_status status = hy_sink_write(y4m->base.sink, y4m->end, data, size, diag);
    if (status == HYDRA_OK) {
        y4m->end += (int64_t)size;
    }
    return status;
}

static hydra_status y4m_write(hy_muxer *muxer, const hy_packet *packet, bool audio, hy_diag *diag)
{
    y4m_muxer *y4m = (y4m_muxer *)muxer;
    if (audio) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: sound without a sound track",
                       muxer->sink->name);
    }
    hydra_status status = append(y4m, frame_line, FRAME_LINE_BYTES, diag);
    if (status == HYDRA_OK) {
        status = hy_ledger_add(&muxer->ledger, packet, y4m->end, false, diag);
    }
    return status == HYDRA_OK ? append(y4m, packet->data, packet->size, diag) : status;
}

static hydra_status y4m_finish(hy_muxer *muxer, hy_diag *diag)
{
    (void)muxer; /* the size tells the number of pictures */
    (void)diag;
    return HYDRA_OK;
}

static hydra_status check_frames(const y4m_muxer *y4m, hy_window *window, hy_diag *diag)
{
    const hy_muxer *muxer = &y4m->base;
    int64_t picture = (int64_t)y4m->width * y4m->height * 3 / 2;
    int64_t offset = (int64_t)strlen(y4m->header);
    for (size_t i = 0; i < muxer->ledger.count; i++) {
        const hy_ledger_entry *entry = &muxer->ledger.entries[i];
        hydra_status status = hy_window_compare(window, offset, (const uint8_t *)frame_line,
                                                FRAME_LINE_BYTES, "the line FRAME", diag);
        if (status == HYDRA_OK) {
            status = hy_window_check(window, entry, diag);
        }
        if (status != HYDRA_OK) {
            return status;
        }
        if (entry->pts != (int64_t)i || entry->size != picture) {
            return hy_fail(diag, HYDRA_ERR_VERIFY, "%s: picture %zu has number %lld and %u bytes",
                           muxer->sink->name, i, (long long)entry->pts, (unsigned)entry->size);
        }
        offset = entry->offset + entry->size;
    }
    if (offset != y4m->end || (int64_t)muxer->ledger.count != muxer->config.frames) {
        return hy_fail(diag, HYDRA_ERR_VERIFY, "%s: %zu pictures, %lld were promised",
                       muxer->sink->name, muxer->ledger.count, (long long)muxer->config.frames);
    }
    return HYDRA_OK;
}

static void describe(const y4m_muxer *y4m, hydra_result *result)
{
    const hy_muxer *muxer = &y4m->base;
    result->width_px = y4m->width;
    result->height_px = y4m->height;
    result->fps_num = muxer->config.rate.num;
    result->fps_den = muxer->config.rate.den;
    result->has_audio = 0;
    result->frames = (int64_t)muxer->ledger.count;
    result->audio_samples = 0;
    result->duration_us = hy_us_from_frame(result->frames, muxer->config.rate);
    result->av_offset_us = 0;
    result->bytes = y4m->end;
    result->moov_offset = -1;
    result->moov_bytes = 0;
    result->moov_reserved_bytes = 0;
    result->container = "y4m";
    result->video_codec = "rawvideo";
    result->video_profile = "";
    result->pixel_format = "yuv420p";
    result->color_range = "tv";
    result->color_primaries = "unknown"; /* the format has no place for them */
    result->color_transfer = "unknown";
    result->color_matrix = "unknown";
    result->audio_codec = "";
    result->video_level = 0;
    result->key_frames = (int32_t)muxer->ledger.count;
}

static hydra_status y4m_verify(hy_muxer *muxer, hydra_result *result, hy_diag *diag)
{
    const y4m_muxer *y4m = (const y4m_muxer *)muxer;
    hy_window window;
    hydra_status status = hy_window_open(&window, muxer, y4m->end, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    status = hy_window_compare(&window, 0, (const uint8_t *)y4m->header, strlen(y4m->header),
                               "the header", diag);
    if (status == HYDRA_OK) {
        status = check_frames(y4m, &window, diag);
    }
    hy_window_close(&window);
    if (status == HYDRA_OK) {
        describe(y4m, result);
    }
    return status;
}

static void y4m_close(hy_muxer *muxer)
{
    hy_free(muxer);
}

static const hy_muxer_ops y4m_ops = {
    .write = y4m_write,
    .finish = y4m_finish,
    .verify = y4m_verify,
    .close = y4m_close,
};

hydra_status hy_muxer_y4m_open(const hy_muxer_config *config, const hy_encoder_stream *video,
                               hy_sink *sink, hy_muxer **out, hy_diag *diag)
{
    *out = NULL;
    y4m_muxer *y4m = hy_calloc(1, sizeof *y4m);
    if (!y4m) {
        return hy_fail_memory(diag);
    }
    y4m->base.ops = &y4m_ops;
    y4m->base.sink = sink;
    y4m->base.config = *config;
    y4m->base.ledger.no_checksums = !sink->ops->read;
    y4m->width = video->width;
    y4m->height = video->height;
    (void)snprintf(y4m->header, sizeof y4m->header,
                   "YUV4MPEG2 W%d H%d F%d:%d Ip A1:1 C420mpeg2 XYSCSS=420MPEG2 "
                   "XCOLORRANGE=LIMITED\n",
                   (int)video->width, (int)video->height, (int)config->rate.num,
                   (int)config->rate.den);
    hydra_status status = append(y4m, y4m->header, strlen(y4m->header), diag);
    if (status != HYDRA_OK) {
        y4m_close(&y4m->base);
        return status;
    }
    *out = &y4m->base;
    return HYDRA_OK;
}
