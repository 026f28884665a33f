/* SPDX-License-Identifier: MIT */
/*
 * MP4 for destinations that cannot go back: an index without samples, then fragments, each with the
 * index of its own packets in front. A fragment is made in memory, checked, and sent in one piece;
 * then its packets are forgotten, so the length of the video costs nothing.
 */
#include "fferror.h"
#include "mp4_writer.h"
#include "sink_io.h"
#include "verify_fragments.h"

#define BUFFER_BYTES ((size_t)64 << 10)

/* A fragment ends before a key frame, unless it would be shorter than a quarter of the longest GOP;
 * and before any packet when it is as long as that, or that large. */
#define LEAST_PART 4

/* The index is written when both tracks have begun (their edit lists are known then), fragments
 * when we say so, no table of them at the end. */
static const char movflags[] = "+write_colr+frag_custom+delay_moov+default_base_moof+skip_trailer";

typedef struct fragments {
    hy_muxer base;
    hy_mp4_writer writer;
    AVIOContext *avio;
    hy_buffer written; /* by libavformat, not yet checked */
    hy_diag diag;      /* what went wrong while it wrote */
    hy_span init;      /* all before the first fragment; no bytes = not sent yet */
    int64_t position;  /* bytes that the sink has */
    hy_fragments_check check;
    /* Of the fragment that grows; its packets are in the ledger. */
    int64_t first_dts; /* of its pictures */
    int64_t pictures;
    int64_t sounds;
    int64_t bytes;
} fragments;

/* ---- What libavformat writes ---- */

static int collect(void *opaque, hy_io_byte *data, int count)
{
    fragments *f = opaque;
    if (!hy_buffer_append(&f->written, data, (size_t)count)) {
        (void)hy_fail_memory(&f->diag);
        return AVERROR(ENOMEM);
    }
    return count;
}

static hydra_status fail_format(const fragments *f, int error, const char *action, hy_diag *diag)
{
    if (f->diag.status != HYDRA_OK) {
        return hy_fail(diag, f->diag.status, "%s", f->diag.text);
    }
    return hy_fail_av(diag, error, HYDRA_ERR_INTERNAL, f->base.sink->name, action);
}

/* Have the next piece written: the index the first time, then fragments. */
static hydra_status flush(fragments *f, hy_diag *diag)
{
    int error = av_write_frame(f->writer.format, NULL);
    avio_flush(f->avio);
    if (error < 0 || f->diag.status != HYDRA_OK) {
        return fail_format(f, error, "writing a fragment", diag);
    }
    return HYDRA_OK;
}

/* ---- Sending ---- */

static hydra_status send_piece(fragments *f, hy_span piece, hy_diag *diag)
{
    hydra_status status = hy_sink_write(f->base.sink, f->position, piece.data, piece.size, diag);
    f->position += (int64_t)piece.size;
    return status;
}

static hydra_status send_init(fragments *f, hy_diag *diag)
{
    hydra_status status = flush(f, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    f->init = (hy_span){hy_memdup(f->written.data, f->written.size), f->written.size};
    f->written.size = 0;
    if (!f->init.data) {
        return hy_fail_memory(diag);
    }
    status = hy_fragments_check_init(&f->check, f->init, &f->base.ledger, diag);
    return status == HYDRA_OK ? send_piece(f, f->init, diag) : status;
}

static hydra_status send_fragment(fragments *f, hy_diag *diag)
{
    hydra_status status = f->init.data ? HYDRA_OK : send_init(f, diag);
    if (status == HYDRA_OK) {
        status = flush(f, diag);
    }
    hy_span piece = {f->written.data, f->written.size};
    if (status == HYDRA_OK) {
        status = hy_fragments_check_next(&f->check, piece, f->position, &f->base.ledger, diag);
    }
    if (status == HYDRA_OK) {
        status = send_piece(f, piece, diag);
    }
    f->written.size = 0;
    f->base.ledger.count = 0;
    f->pictures = 0;
    f->sounds = 0;
    f->bytes = 0;
    return status;
}

/* Whether what there is goes out before this packet comes in. */
static bool is_full(const fragments *f, const hy_packet *packet, bool audio)
{
    if (f->pictures == 0 || (f->writer.audio && f->sounds == 0 && !f->init.data)) {
        return false;
    }
    if (audio || f->bytes >= HY_FRAGMENT_BYTES) {
        return f->bytes >= HY_FRAGMENT_BYTES;
    }
    int64_t most = hy_encoder_gop_frames(f->base.config.rate);
    int64_t span = packet->dts - f->first_dts;
    return span >= most || (packet->key && span * LEAST_PART >= most);
}

/* ---- The muxer ---- */

static hydra_status fragments_write(hy_muxer *muxer, const hy_packet *packet, bool audio,
                                    hy_diag *diag)
{
    fragments *f = (fragments *)muxer;
    if (audio && !f->writer.audio) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: sound without a sound track",
                       muxer->sink->name);
    }
    hydra_status status = is_full(f, packet, audio) ? send_fragment(f, diag) : HYDRA_OK;
    if (status == HYDRA_OK) {
        status = hy_ledger_add(&muxer->ledger, packet, 0, audio, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    int error = hy_mp4_writer_send(&f->writer, packet, audio);
    if (error < 0) {
        return fail_format(f, error, "writing a packet", diag);
    }
    if (!audio && f->pictures++ == 0) {
        f->first_dts = packet->dts;
    }
    f->sounds += audio;
    f->bytes += (int64_t)packet->size;
    return HYDRA_OK;
}

static hydra_status fragments_finish(hy_muxer *muxer, hy_diag *diag)
{
    fragments *f = (fragments *)muxer;
    hydra_status status = muxer->ledger.count > 0 ? send_fragment(f, diag) : HYDRA_OK;
    if (status != HYDRA_OK) {
        return status;
    }
    int error = av_write_trailer(f->writer.format);
    avio_flush(f->avio);
    if (error < 0) {
        return fail_format(f, error, "finishing the MP4", diag);
    }
    if (f->written.size > 0) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: %zu bytes behind the last fragment",
                       muxer->sink->name, f->written.size);
    }
    return HYDRA_OK;
}

static hydra_status fragments_verify(hy_muxer *muxer, hydra_result *result, hy_diag *diag)
{
    fragments *f = (fragments *)muxer;
    hydra_status status = hy_fragments_check_end(&f->check, muxer->config.frames, result, diag);
    if (status == HYDRA_OK) {
        result->bytes = f->position;
        result->moov_reserved_bytes = 0;
    }
    return status;
}

static void fragments_close(hy_muxer *muxer)
{
    fragments *f = (fragments *)muxer;
    hy_mp4_writer_close(&f->writer);
    if (f->avio) {
        av_freep(&f->avio->buffer);
        avio_context_free(&f->avio);
    }
    hy_buffer_free(&f->written);
    hy_free((void *)(uintptr_t)f->init.data);
    hy_free(f);
}

static const hy_muxer_ops fragments_ops = {
    .write = fragments_write,
    .finish = fragments_finish,
    .verify = fragments_verify,
    .close = fragments_close,
};

static hydra_status start(fragments *f, const hy_encoder_stream *video, const hy_mux_audio *audio,
                          hy_diag *diag)
{
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    if (buffer) {
        f->avio = avio_alloc_context(buffer, (int)BUFFER_BYTES, 1, f, NULL, collect, NULL);
    }
    if (!f->avio) {
        av_free(buffer);
        return hy_fail_memory(diag);
    }
    hydra_status status =
        hy_mp4_writer_open(&f->writer, f->base.config.rate, video, audio, f->avio, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    int error = hy_mp4_writer_start(&f->writer, movflags, 0);
    if (error < 0) {
        return fail_format(f, error, "writing the MP4 header", diag);
    }
    f->check.base = (hy_mp4_check){
        .name = f->base.sink->name,
        .rate = f->base.config.rate,
        .video = f->writer.video->codecpar,
        .audio = f->writer.audio ? f->writer.audio->codecpar : NULL,
    };
    return HYDRA_OK;
}

hydra_status hy_muxer_fragments_open(const hy_muxer_config *config, const hy_encoder_stream *video,
                                     const hy_mux_audio *audio, hy_sink *sink, hy_muxer **out,
                                     hy_diag *diag)
{
    *out = NULL;
    fragments *f = hy_calloc(1, sizeof *f);
    if (!f) {
        return hy_fail_memory(diag);
    }
    f->base.ops = &fragments_ops;
    f->base.sink = sink;
    f->base.config = *config;
    f->written.limit = INT32_MAX;
    hydra_status status = start(f, video, audio, diag);
    if (status != HYDRA_OK) {
        fragments_close(&f->base);
        return status;
    }
    *out = &f->base;
    return HYDRA_OK;
}
