/* SPDX-License-Identifier: MIT */
/*
 * libavformat's MP4 muxer with our streams and the settings that all our files share. Packets go
 * straight through in the caller's order.
 */
#include "mp4_writer.h"

#include <libavutil/opt.h>

/* Ticks of the movie header and of edit lists: whole for 48 kHz and for all usual rates. */
#define MOVIE_TIMESCALE 240000

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

static hydra_status add_stream(hy_mp4_writer *writer, const AVCodecParameters *codec,
                               AVRational time_base, AVStream **out, hy_diag *diag)
{
    AVStream *stream = avformat_new_stream(writer->format, NULL);
    if (!stream || avcodec_parameters_copy(stream->codecpar, codec) < 0) {
        return hy_fail_memory(diag);
    }
    /* The container's own, but for HEVC: parameter sets are in the sample description alone, which
     * is what hvc1 says and what Apple's players want. */
    stream->codecpar->codec_tag =
        codec->codec_id == AV_CODEC_ID_HEVC ? MKTAG('h', 'v', 'c', '1') : 0;
    stream->time_base = time_base;
    stream->sample_aspect_ratio = codec->sample_aspect_ratio;
    *out = stream;
    return HYDRA_OK;
}

static hydra_status add_streams(hy_mp4_writer *writer, const hy_encoder_stream *video,
                                const hy_mux_audio *audio, hy_diag *diag)
{
    hy_rate rate = writer->rate;
    AVRational frame = {rate.den, rate.num};
    hydra_status status = add_stream(writer, video->codec, frame, &writer->video, diag);
    if (status == HYDRA_OK) {
        writer->video->avg_frame_rate = (AVRational){rate.num, rate.den};
    }
    if (status == HYDRA_OK && audio) {
        AVRational sample = {1, audio->codec->sample_rate};
        status = add_stream(writer, audio->codec, sample, &writer->audio, diag);
    }
    return status;
}

hydra_status hy_mp4_writer_open(hy_mp4_writer *writer, hy_rate rate, const hy_encoder_stream *video,
                                const hy_mux_audio *audio, AVIOContext *avio, hy_diag *diag)
{
    writer->rate = rate;
    writer->packet = av_packet_alloc();
    int error = avformat_alloc_output_context2(&writer->format, NULL, "mp4", NULL);
    if (!writer->packet || error == AVERROR(ENOMEM)) {
        return hy_fail_memory(diag);
    }
    if (error < 0) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "the installed libavformat cannot write MP4");
    }
    writer->format->pb = avio;
    return add_streams(writer, video, audio, diag);
}

int hy_mp4_writer_start(hy_mp4_writer *writer, const char *movflags, int64_t moov_size)
{
    AVFormatContext *format = writer->format;
    /* No version, no date: the same input makes the same bytes. Packets come in their final form.
     */
    format->flags |= AVFMT_FLAG_BITEXACT;
    format->flags &= ~AVFMT_FLAG_AUTO_BSF;
    format->flush_packets = 0;
    format->avoid_negative_ts = 0; /* priming and B frames are the edit list's business */
    int error = av_opt_set(format->priv_data, "movflags", movflags, 0);
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"moov_size", moov_size},
        {"movie_timescale", choose_movie_timescale(writer->rate)},
        {"use_editlist", 1},
        {"write_tmcd", 0},
    };
    for (size_t i = 0; error >= 0 && i < sizeof numbers / sizeof numbers[0]; i++) {
        error = av_opt_set_int(format->priv_data, numbers[i].name, numbers[i].value, 0);
    }
    return error < 0 ? error : avformat_write_header(format, NULL);
}

int hy_mp4_writer_send(hy_mp4_writer *writer, const hy_packet *packet, bool audio)
{
    const AVStream *stream = audio ? writer->audio : writer->video;
    AVRational unit = audio ? (AVRational){1, stream->codecpar->sample_rate}
                            : (AVRational){writer->rate.den, writer->rate.num};
    AVPacket *out = writer->packet;
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
    return av_write_frame(writer->format, out);
}

void hy_mp4_writer_close(hy_mp4_writer *writer)
{
    if (writer->format) {
        writer->format->pb = NULL;
        avformat_free_context(writer->format);
        writer->format = NULL;
    }
    av_packet_free(&writer->packet);
}
