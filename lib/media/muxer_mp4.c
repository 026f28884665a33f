/* SPDX-License-Identifier: MIT */
/*
 * MP4 through libavformat, index first without a second pass: room for moov is kept at the front,
 * media follow, moov is filled in at the end and a free box takes what is left. Packets go straight
 * through in the caller's order, so their places in the file are known as they are written.
 */
#include "muxer_mp4.h"

#include "fferror.h"

/* ftyp, and the headers of mdat and of the box before it. */
#define HEAD_SLACK 4096

static void mp4_close(hy_muxer *muxer)
{
    hy_muxer_mp4 *mp4 = (hy_muxer_mp4 *)muxer;
    hy_mp4_writer_close(&mp4->writer);
    hy_sink_io_close(&mp4->io);
    hy_free(mp4);
}

/* ---- Opening ---- */

static hydra_status fail_format(const hy_muxer_mp4 *mp4, int error, const char *action,
                                hy_diag *diag)
{
    hydra_status status = hy_sink_io_status(&mp4->io, diag);
    return status != HYDRA_OK
               ? status
               : hy_fail_av(diag, error, HYDRA_ERR_INTERNAL, mp4->base.sink->name, action);
}

static hydra_status start(hy_muxer_mp4 *mp4, const hy_encoder_stream *video,
                          const hy_mux_audio *audio, hy_diag *diag)
{
    hydra_status status =
        hy_sink_io_open(&mp4->io, mp4->base.sink, (size_t)mp4->reserve_bytes + HEAD_SLACK, diag);
    if (status == HYDRA_OK) {
        status = hy_mp4_writer_open(&mp4->writer, mp4->base.config.rate, video, audio, mp4->io.avio,
                                    diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    int error = hy_mp4_writer_start(&mp4->writer, "+write_colr", mp4->reserve_bytes);
    if (error < 0) {
        return fail_format(mp4, error, "writing the MP4 header", diag);
    }
    status = hy_sink_io_seal(&mp4->io, diag);
    hy_sink *sink = mp4->base.sink;
    return status == HYDRA_OK && sink->ops->reserve
               ? sink->ops->reserve(sink, (int64_t)mp4->io.head_size, diag)
               : status;
}

/* ---- Packets ---- */

static hydra_status mp4_write(hy_muxer *muxer, const hy_packet *packet, bool audio, hy_diag *diag)
{
    hy_muxer_mp4 *mp4 = (hy_muxer_mp4 *)muxer;
    if (audio && !mp4->writer.audio) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: sound without a sound track",
                       muxer->sink->name);
    }
    int64_t offset = avio_tell(mp4->io.avio);
    hydra_status status = hy_ledger_add(&muxer->ledger, packet, offset, audio, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    int error = hy_mp4_writer_send(&mp4->writer, packet, audio);
    if (error < 0) {
        return fail_format(mp4, error, "writing a packet", diag);
    }
    if (avio_tell(mp4->io.avio) != offset + (int64_t)packet->size) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: a packet was changed on its way",
                       muxer->sink->name);
    }
    return hy_sink_io_status(&mp4->io, diag);
}

static hydra_status mp4_finish(hy_muxer *muxer, hy_diag *diag)
{
    hy_muxer_mp4 *mp4 = (hy_muxer_mp4 *)muxer;
    hydra_status status = hy_sink_io_end_media(&mp4->io, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    int error = av_write_trailer(mp4->writer.format);
    if (error < 0) {
        return fail_format(mp4, error, "writing the MP4 index", diag);
    }
    return hy_sink_io_finish(&mp4->io, diag);
}

static const hy_muxer_ops mp4_ops = {
    .write = mp4_write,
    .finish = mp4_finish,
    .verify = hy_muxer_mp4_verify,
    .close = mp4_close,
};

hydra_status hy_muxer_mp4_open(const hy_muxer_config *config, const hy_encoder_stream *video,
                               const hy_mux_audio *audio, int64_t reserve_bytes, hy_sink *sink,
                               hy_muxer **out, hy_diag *diag)
{
    *out = NULL;
    if (reserve_bytes <= 0 || reserve_bytes > INT32_MAX) {
        return hy_fail(diag, HYDRA_ERR_LIMIT, "%s: too long, its index would have %lld bytes",
                       sink->name, (long long)reserve_bytes);
    }
    hy_muxer_mp4 *mp4 = hy_calloc(1, sizeof *mp4);
    if (!mp4) {
        return hy_fail_memory(diag);
    }
    mp4->base.ops = &mp4_ops;
    mp4->base.sink = sink;
    mp4->base.config = *config;
    mp4->base.ledger.no_checksums = !sink->ops->read;
    mp4->reserve_bytes = reserve_bytes;
    hydra_status status = start(mp4, video, audio, diag);
    if (status != HYDRA_OK) {
        mp4_close(&mp4->base);
        return status;
    }
    *out = &mp4->base;
    return HYDRA_OK;
}
