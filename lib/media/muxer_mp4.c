/* SPDX-License-Identifier: MIT */
/*
 * MP4 through libavformat, index first without a second pass: room for moov is kept at the front,
 * media follow, moov is filled in at the end and a free box takes what is left. Packets go straight
 * through in the caller's order, so their places in the file are known as they are written.
 */
#include "muxer_mp4.h"

#include <libavutil/opt.h>

#include "fferror.h"

/* Ticks of the movie header and of edit lists: whole for 48 kHz and for all usual rates. */
#define MOVIE_TIMESCALE 240000

/* ftyp, and the headers of mdat and of the box before it. */
#define HEAD_SLACK 4096

/* A scale that makes frames and samples whole where there is one; else edit lists are rounded up to
 * its next tick. */
static uint32_t choose_movie_timescale(hy_rate rate)
{
    if (MOVIE_TIMESCALE % rate.num == 0) {
        return MOVIE_TIMESCALE;
    }
    int64_t scale = HY_AUDIO_HZ / hy_gcd(HY_AUDIO_HZ, rate.num) * rate.num;
    return scale <= INT32_MAX ? (uint32_t)scale : MOVIE_TIMESCALE;
}

static void mp4_close(hy_muxer *muxer)
{
    hy_muxer_mp4 *mp4 = (hy_muxer_mp4 *)muxer;
    if (mp4->format) {
        mp4->format->pb = NULL;
        avformat_free_context(mp4->format);
    }
    hy_sink_io_close(&mp4->io);
    av_packet_free(&mp4->packet);
    hy_free(mp4);
}

/* ---- Opening ---- */

static hydra_status add_stream(hy_muxer_mp4 *mp4, const AVCodecParameters *codec,
                               AVRational time_base, AVStream **out, hy_diag *diag)
{
    AVStream *stream = avformat_new_stream(mp4->format, NULL);
    if (!stream || avcodec_parameters_copy(stream->codecpar, codec) < 0) {
        return hy_fail_memory(diag);
    }
    stream->codecpar->codec_tag = 0; /* the container's own */
    stream->time_base = time_base;
    stream->sample_aspect_ratio = codec->sample_aspect_ratio;
    *out = stream;
    return HYDRA_OK;
}

static hydra_status add_streams(hy_muxer_mp4 *mp4, const hy_encoder_stream *video,
                                const hy_mux_audio *audio, hy_diag *diag)
{
    hy_rate rate = mp4->base.config.rate;
    AVRational frame = {rate.den, rate.num};
    hydra_status status = add_stream(mp4, video->codec, frame, &mp4->video, diag);
    if (status == HYDRA_OK) {
        mp4->video->avg_frame_rate = (AVRational){rate.num, rate.den};
    }
    if (status == HYDRA_OK && audio) {
        AVRational sample = {1, audio->codec->sample_rate};
        status = add_stream(mp4, audio->codec, sample, &mp4->audio, diag);
    }
    return status;
}

static int set_options(hy_muxer_mp4 *mp4)
{
    AVFormatContext *format = mp4->format;
    /* No version, no date: the same input makes the same bytes. Packets come in their final form.
     */
    format->flags |= AVFMT_FLAG_BITEXACT;
    format->flags &= ~AVFMT_FLAG_AUTO_BSF;
    format->flush_packets = 0;
    format->avoid_negative_ts = 0; /* priming and B frames are the edit list's business */
    int error = av_opt_set(format->priv_data, "movflags", "+write_colr", 0);
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"moov_size", mp4->reserve_bytes},
        {"movie_timescale", mp4->movie_timescale},
        {"use_editlist", 1},
        {"write_tmcd", 0},
    };
    for (size_t i = 0; error >= 0 && i < sizeof numbers / sizeof numbers[0]; i++) {
        error = av_opt_set_int(format->priv_data, numbers[i].name, numbers[i].value, 0);
    }
    return error;
}

static hydra_status fail_format(const hy_muxer_mp4 *mp4, int error, const char *action,
                                hy_diag *diag)
{
    hydra_status status = hy_sink_io_status(&mp4->io, diag);
    return status != HYDRA_OK
               ? status
               : hy_fail_av(diag, error, HYDRA_ERR_INTERNAL, mp4->base.sink->name, action);
}

static hydra_status write_header(hy_muxer_mp4 *mp4, hy_diag *diag)
{
    int error = set_options(mp4);
    if (error >= 0) {
        error = avformat_write_header(mp4->format, NULL);
    }
    if (error < 0) {
        return fail_format(mp4, error, "writing the MP4 header", diag);
    }
    return hy_sink_io_seal(&mp4->io, diag);
}

static hydra_status start(hy_muxer_mp4 *mp4, const hy_encoder_stream *video,
                          const hy_mux_audio *audio, hy_diag *diag)
{
    hydra_status status =
        hy_sink_io_open(&mp4->io, mp4->base.sink, (size_t)mp4->reserve_bytes + HEAD_SLACK, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    mp4->packet = av_packet_alloc();
    int error = avformat_alloc_output_context2(&mp4->format, NULL, "mp4", NULL);
    if (!mp4->packet || error == AVERROR(ENOMEM)) {
        return hy_fail_memory(diag);
    }
    if (error < 0) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "the installed libavformat cannot write MP4");
    }
    mp4->format->pb = mp4->io.avio;
    status = add_streams(mp4, video, audio, diag);
    return status == HYDRA_OK ? write_header(mp4, diag) : status;
}

/* ---- Packets ---- */

static hydra_status mp4_write(hy_muxer *muxer, const hy_packet *packet, bool audio, hy_diag *diag)
{
    hy_muxer_mp4 *mp4 = (hy_muxer_mp4 *)muxer;
    AVStream *stream = audio ? mp4->audio : mp4->video;
    if (!stream) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: sound without a sound track",
                       muxer->sink->name);
    }
    int64_t offset = avio_tell(mp4->io.avio);
    hydra_status status = hy_ledger_add(&muxer->ledger, packet, offset, audio, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    AVRational unit = audio ? (AVRational){1, stream->codecpar->sample_rate}
                            : (AVRational){muxer->config.rate.den, muxer->config.rate.num};
    AVPacket *out = mp4->packet;
    av_packet_unref(out);
    /* Lent, not referenced: av_write_frame is done with it when it returns. libavformat does not
     * change the bytes of a packet without a buffer. */
    out->data = (uint8_t *)(uintptr_t)packet->data;
    out->size = (int)packet->size;
    out->pts = av_rescale_q(packet->pts, unit, stream->time_base);
    out->dts = av_rescale_q(packet->dts, unit, stream->time_base);
    out->duration = av_rescale_q(packet->duration, unit, stream->time_base);
    out->flags = packet->key ? AV_PKT_FLAG_KEY : 0;
    out->stream_index = stream->index;
    int error = av_write_frame(mp4->format, out);
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
    int error = av_write_trailer(mp4->format);
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
    mp4->reserve_bytes = reserve_bytes;
    mp4->movie_timescale = choose_movie_timescale(config->rate);
    hydra_status status = start(mp4, video, audio, diag);
    if (status != HYDRA_OK) {
        mp4_close(&mp4->base);
        return status;
    }
    *out = &mp4->base;
    return HYDRA_OK;
}
