/* SPDX-License-Identifier: MIT */
/* The container seam: picks the container, keeps the order of calls, guards the state. */
#include "muxer.h"

#include <string.h>

#include "audio.h"

/* Per packet, at most: stsz 4, ctts 8, co64 8, stsc 12 for video, the same without ctts for sound,
 * stss 4 per key frame. The rest of moov is a few hundred bytes. */
#define VIDEO_BYTES 32
#define AUDIO_BYTES 24
#define KEY_BYTES   4
#define FIXED_BYTES (64 << 10)

int64_t hy_moov_reserve(int64_t frames, int64_t audio_packets, int64_t key_frames,
                        int64_t metadata_bytes)
{
    return VIDEO_BYTES * frames + AUDIO_BYTES * audio_packets + KEY_BYTES * key_frames +
           FIXED_BYTES + metadata_bytes;
}

static hydra_status open_mp4(const hy_muxer_config *config, const hy_encoder_stream *video,
                             const hy_mux_audio *audio, hy_sink *sink, hy_muxer **out,
                             hy_diag *diag)
{
    if (config->fragmented) {
        return hy_muxer_fragments_open(config, video, audio, sink, out, diag);
    }
    if (sink->in_order) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: an index in front of what cannot go back",
                       sink->name);
    }
    int64_t packets = audio ? audio->packets : 0;
    int64_t reserve = hy_moov_reserve(config->frames, packets, config->key_frames, 0);
    return hy_muxer_mp4_open(config, video, audio, reserve, sink, out, diag);
}

static hydra_status open_with_audio(const hy_muxer_config *config, const hy_encoder_stream *video,
                                    const hy_audio *audio, hy_sink *sink, hy_muxer **out,
                                    hy_diag *diag)
{
    AVCodecParameters *codec = avcodec_parameters_alloc();
    if (!codec || avcodec_parameters_from_context(codec, hy_audio_codec(audio)) < 0) {
        avcodec_parameters_free(&codec);
        return hy_fail_memory(diag);
    }
    hy_mux_audio sound = {codec, hy_audio_packet_count(audio)};
    hydra_status status = open_mp4(config, video, &sound, sink, out, diag);
    avcodec_parameters_free(&codec);
    return status;
}

hydra_status hy_muxer_open(const hy_muxer_config *config, const hy_encoder *encoder,
                           const hy_audio *audio, hy_sink *sink, hy_muxer **out, hy_diag *diag)
{
    *out = NULL;
    if (strcmp(encoder->ops->container, "mp4") == 0) {
        return audio ? open_with_audio(config, encoder->stream, audio, sink, out, diag)
                     : open_mp4(config, encoder->stream, NULL, sink, out, diag);
    }
    if (audio) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: %s holds no sound", sink->name,
                       encoder->ops->container);
    }
    return hy_muxer_y4m_open(config, encoder->stream, sink, out, diag);
}

static hydra_status write_packet(hy_muxer *muxer, const hy_packet *packet, bool audio,
                                 hy_diag *diag)
{
    if (muxer->failed || muxer->finished) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: packet after %s", muxer->sink->name,
                       muxer->failed ? "a failure" : "the end");
    }
    hydra_status status = muxer->ops->write(muxer, packet, audio, diag);
    muxer->failed = status != HYDRA_OK;
    return status;
}

hydra_status hy_muxer_write_video(hy_muxer *muxer, const hy_packet *packet, hy_diag *diag)
{
    return write_packet(muxer, packet, false, diag);
}

hydra_status hy_muxer_write_audio(hy_muxer *muxer, const hy_packet *packet, hy_diag *diag)
{
    return write_packet(muxer, packet, true, diag);
}

hydra_status hy_muxer_finish(hy_muxer *muxer, hy_diag *diag)
{
    if (muxer->failed || muxer->finished) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: finished after %s", muxer->sink->name,
                       muxer->failed ? "a failure" : "the end");
    }
    hydra_status status = muxer->ops->finish(muxer, diag);
    muxer->failed = status != HYDRA_OK;
    muxer->finished = status == HYDRA_OK;
    return status;
}

hydra_status hy_muxer_verify(hy_muxer *muxer, hydra_result *result, hy_diag *diag)
{
    if (!muxer->finished) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: verified before the end", muxer->sink->name);
    }
    return muxer->ops->verify(muxer, result, diag);
}

void hy_muxer_close(hy_muxer *muxer)
{
    if (muxer) {
        hy_ledger_free(&muxer->ledger);
        muxer->ops->close(muxer);
    }
}
