/* SPDX-License-Identifier: MIT */
/*
 * Decoding the sound stream of a file. Single damaged packets, garbage at the end and a file that
 * was cut short are what music files in the wild look like and only cost the sound that is missing;
 * a file of which most cannot be decoded is not music.
 *
 * What encoders added at the ends is taken away by libavcodec from what the container says (edit
 * lists, LAME tags, Opus pre-skip, Vorbis granules).
 */
#include "audio.h"
#include "fferror.h"

#include <libavutil/avstring.h>

enum {
    MAX_READ_ERRORS = 32,       /* in a row; then the file counts as ended */
    BAD_PACKETS_TO_JUDGE = 256, /* before the end, so many are needed to give up */
    MAX_FRAME_SAMPLES = 4 << 20 /* bounds what one packet may unpack to */
};

static hydra_status open_codec(hy_decoder *decoder, const AVCodec *codec, const char *name,
                               hy_diag *diag)
{
    const AVStream *stream = decoder->format->streams[decoder->stream];
    decoder->codec = avcodec_alloc_context3(codec);
    decoder->packet = av_packet_alloc();
    decoder->frame = av_frame_alloc();
    decoder->ahead = av_frame_alloc();
    if (!decoder->codec || !decoder->packet || !decoder->frame || !decoder->ahead) {
        return hy_fail_memory(diag);
    }
    decoder->codec->log_level_offset = HY_FF_QUIET;
    int result = avcodec_parameters_to_context(decoder->codec, stream->codecpar);
    if (result >= 0) {
        decoder->codec->pkt_timebase = stream->time_base; /* libavcodec trims ends by it */
        decoder->codec->thread_count = 1;
        decoder->codec->max_samples = MAX_FRAME_SAMPLES;
        result = avcodec_open2(decoder->codec, codec, NULL);
    }
    return result < 0 ? hy_fail_av(diag, result, HYDRA_ERR_FORMAT, name, "preparing to decode")
                      : HYDRA_OK;
}

hydra_status hy_decoder_open(hy_decoder *decoder, hy_reader *reader, hy_diag *diag)
{
    *decoder = (hy_decoder){0};
    const AVCodec *codec = NULL;
    hydra_status status = hy_ff_reader_new(reader, &decoder->bytes, diag);
    if (status == HYDRA_OK) {
        status = hy_demux_open(decoder->bytes, &decoder->format, &decoder->stream, &codec, diag);
    }
    if (status == HYDRA_OK) {
        status = open_codec(decoder, codec, reader->name, diag);
    }
    if (status != HYDRA_OK) {
        hy_decoder_close(decoder);
    }
    return status;
}

/* Before the end a verdict needs evidence: a damaged beginning may be followed by hours of music.
 */
static hydra_status judge(const hy_decoder *decoder, bool at_end, hy_diag *diag)
{
    bool mostly_bad = decoder->bad_packets * 2 > decoder->packets;
    if (!mostly_bad || (!at_end && decoder->bad_packets < BAD_PACKETS_TO_JUDGE)) {
        return HYDRA_OK;
    }
    return hy_fail(
        diag, HYDRA_ERR_FORMAT, "%s: most of its sound is damaged (%lld of %lld packets)",
        decoder->bytes->reader->name, (long long)decoder->bad_packets, (long long)decoder->packets);
}

static hydra_status note_bad_packet(hy_decoder *decoder, int averror, hy_diag *diag)
{
    if (averror == AVERROR(ENOMEM)) {
        return hy_fail_memory(diag);
    }
    decoder->bad_packets++;
    return judge(decoder, false, diag);
}

/* The file has ended: let the decoder give what it still holds. */
static hydra_status start_draining(hy_decoder *decoder, hy_diag *diag)
{
    decoder->draining = true;
    (void)avcodec_send_packet(decoder->codec, NULL);
    return hy_ff_reader_status(decoder->bytes, diag);
}

/* Hand the next packet of the stream to the decoder. */
static hydra_status feed(hy_decoder *decoder, hy_diag *diag)
{
    int result = av_read_frame(decoder->format, decoder->packet);
    if (result == AVERROR(ENOMEM)) {
        return hy_fail_memory(diag);
    }
    if (result < 0) {
        decoder->read_errors++;
        bool ended = result == AVERROR_EOF || decoder->read_errors >= MAX_READ_ERRORS ||
                     decoder->bytes->failure.status != HYDRA_OK;
        return ended ? start_draining(decoder, diag) : HYDRA_OK;
    }
    decoder->read_errors = 0;
    hydra_status status = HYDRA_OK;
    if (decoder->packet->stream_index == decoder->stream) {
        decoder->packets++;
        result = avcodec_send_packet(decoder->codec, decoder->packet);
        if (result < 0) {
            status = note_bad_packet(decoder, result, diag);
        }
    }
    av_packet_unref(decoder->packet);
    return status;
}

/* Decode the next frame that holds samples into `ahead`, which stays empty after the last. */
static hydra_status look_ahead(hy_decoder *decoder, hy_diag *diag)
{
    for (;;) {
        int result = avcodec_receive_frame(decoder->codec, decoder->ahead);
        hydra_status status = HYDRA_OK;
        if (result == 0 && decoder->ahead->nb_samples > 0) {
            return HYDRA_OK;
        }
        if (result == AVERROR_EOF) {
            return judge(decoder, true, diag);
        }
        if (result == AVERROR(EAGAIN)) {
            status = feed(decoder, diag);
        } else if (result < 0) {
            status = note_bad_packet(decoder, result, diag);
        }
        if (status != HYDRA_OK) {
            return status;
        }
    }
}

/* MP4 says how much of the last AAC frame is music by the length of its packet, which libavcodec
 * does not look at. In other containers the length of a single packet is less reliable. */
static void trim_last(const hy_decoder *decoder, AVFrame *frame)
{
    if (!av_match_name("mp4", decoder->format->iformat->name)) {
        return;
    }
    AVRational sample = {1, frame->sample_rate};
    int64_t count = av_rescale_q(frame->pkt_duration, decoder->codec->pkt_timebase, sample);
    if (count > 0 && count < frame->nb_samples) {
        frame->nb_samples = (int)count;
    }
}

hydra_status hy_decoder_next(hy_decoder *decoder, bool *got, hy_diag *diag)
{
    *got = false;
    if (decoder->ahead->nb_samples == 0 && !decoder->draining) {
        hydra_status status = look_ahead(decoder, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    av_frame_unref(decoder->frame);
    av_frame_move_ref(decoder->frame, decoder->ahead);
    if (decoder->frame->nb_samples == 0) {
        return HYDRA_OK;
    }
    hydra_status status = look_ahead(decoder, diag);
    if (status == HYDRA_OK && decoder->ahead->nb_samples == 0) {
        trim_last(decoder, decoder->frame);
    }
    *got = status == HYDRA_OK;
    return status;
}

void hy_decoder_close(hy_decoder *decoder)
{
    av_frame_free(&decoder->ahead);
    av_frame_free(&decoder->frame);
    av_packet_free(&decoder->packet);
    avcodec_free_context(&decoder->codec);
    hy_demux_close(&decoder->format);
    hy_ff_reader_free(decoder->bytes);
    decoder->bytes = NULL;
}
