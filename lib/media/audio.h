/* SPDX-License-Identifier: MIT */
/*
 * The parts of hy_audio, from the file to the packets. Private to the room; the muxer uses the two
 * accessors at the end. A chain of pulls, each stage holding a few blocks and never the music:
 *
 *   hy_decoder    bytes to frames of any kind
 *   hy_resampler  to 48 kHz stereo
 *   hy_sound      the used part; rewinds
 *   hy_music      looped, or followed by silence
 *   hy_audio_mix  gain, fades and hy_limiter
 *   hy_aac        packets
 *
 * All positions are sample numbers at 48 kHz; buffers are float, stereo, interleaved, and their
 * lengths count stereo samples.
 */
#ifndef HY_AUDIO_H
#define HY_AUDIO_H

#include <math.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>

#include "ffmpeg_reader.h"
#include "media.h"

enum {
    HY_SAMPLE_HZ = HY_AUDIO_HZ,
    HY_AUDIO_BLOCK = 1024 /* samples that stages hand over at once; also an AAC frame */
};

static inline int64_t hy_samples_from_us(int64_t time_us)
{
    return hy_rescale(time_us, HY_SAMPLE_HZ, 1000000);
}

/* Gain at step i of a fade in of n samples: sin^2, flat at both ends; 1 after it. Half a step in,
 * so that a fade out is the same read backwards. */
static inline double hy_fade_at(int64_t i, int64_t n)
{
    return i < n ? 0.5 - 0.5 * cos(M_PI * ((double)i + 0.5) / (double)n) : 1.0;
}

/* ---- audio_decode.c: the sound stream of a file, frame by frame ---- */

typedef struct hy_decoder {
    hy_ff_reader *bytes;
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    AVFrame *frame; /* what hy_decoder_next found; valid until the next call */
    AVFrame *ahead; /* the frame after it, when it holds samples */
    int stream;
    int64_t packets;     /* of that stream, so far */
    int64_t bad_packets; /* of these, the ones that could not be decoded */
    int32_t read_errors; /* of the demuxer, in a row */
    bool draining;
} hy_decoder;

hydra_status hy_decoder_open(hy_decoder *decoder, hy_reader *reader, hy_diag *diag);
/* The next frame that holds samples; `*got` = false after the last. */
hydra_status hy_decoder_next(hy_decoder *decoder, bool *got, hy_diag *diag);
void hy_decoder_close(hy_decoder *decoder);

/* ---- audio_demux.c: which container, which stream ---- */

/* Recognise the container by content, refuse playlists, find the best sound stream. */
hydra_status hy_demux_open(hy_ff_reader *bytes, AVFormatContext **out, int *stream,
                           const AVCodec **codec, hy_diag *diag);
void hy_demux_close(AVFormatContext **format);

/* ---- audio_resample.c: any frame to 48 kHz stereo float ---- */

typedef struct hy_resampler {
    SwrContext *swr; /* NULL before the first frame */
    AVChannelLayout layout;
    int sample_format;
    int sample_hz;
    int64_t pushed; /* samples, at their own rate */
    int64_t pulled; /* samples at 48 kHz */
    bool padded;    /* with silence, which is not to be pulled */
} hy_resampler;

/* Whether the frame continues what was pushed before: same rate, format and channels. */
bool hy_resampler_fits(const hy_resampler *resampler, const AVFrame *frame);
/* Start anew for frames like this one. What was not pulled is lost. */
hydra_status hy_resampler_setup(hy_resampler *resampler, const AVFrame *frame, const char *name,
                                hy_diag *diag);
hydra_status hy_resampler_push(hy_resampler *resampler, const AVFrame *frame, const char *name,
                               hy_diag *diag);
/* What is ready. `flush`: no frame follows, give the filter's tail as well. */
hydra_status hy_resampler_pull(hy_resampler *resampler, float *stereo, int32_t capacity, bool flush,
                               int32_t *got, const char *name, hy_diag *diag);
void hy_resampler_close(hy_resampler *resampler);

/* ---- audio_source.c: the part of the music that is used, from its first to its last sample ----
 */

typedef struct hy_sound hy_sound;

/*
 * Decodes up to `start`. `length` INT64_MAX = to the end. With `replay`, music of up to 16 s is
 * kept in memory from the first pass on, so that a short loop does not decode its file again.
 * `cancel` (may be NULL) is asked on the way to `start`.
 */
hydra_status hy_sound_open(hy_reader *reader, int64_t start, int64_t length, bool replay,
                           const hy_cancel *cancel, hy_sound **out, hy_diag *diag);
/* As many samples as there are, up to `capacity`; fewer only at the end. */
hydra_status hy_sound_read(hy_sound *sound, float *stereo, int32_t capacity, int32_t *got,
                           hy_diag *diag);
/* Back to the first sample. Only after the end. */
hydra_status hy_sound_rewind(hy_sound *sound, hy_diag *diag);
void hy_sound_close(hy_sound *sound);

/* ---- audio_music.c: music without end: looped, or followed by silence ---- */

typedef struct hy_music hy_music;

hydra_status hy_music_open(hy_reader *reader, const hy_audio_config *config, hy_music **out,
                           hy_diag *diag);
/* Exactly `count` samples. */
hydra_status hy_music_read(hy_music *music, float *stereo, int32_t count, hy_diag *diag);
void hy_music_close(hy_music *music);

/* ---- audio_limit.c: peaks that would clip ---- */

enum {
    HY_LIMIT_LOOKAHEAD = 240 /* 5 ms: how much the output lags behind the input */
};
#define HY_LIMIT_CEILING 0.98F /* -0.18 dBFS */

typedef struct hy_limiter hy_limiter;

hydra_status hy_limiter_new(hy_limiter **out, hy_diag *diag);
/* In place. Sample n becomes sample n - HY_LIMIT_LOOKAHEAD, no more than the ceiling; while nothing
 * is above it, with the very same bits. */
void hy_limiter_run(hy_limiter *limiter, float *stereo, int32_t count);
void hy_limiter_free(hy_limiter *limiter);

/* ---- audio_aac.c: packets ---- */

typedef struct hy_aac {
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    int64_t samples;
    int64_t next_pts;
    bool flushed;
} hy_aac;

hydra_status hy_aac_open(hy_aac *aac, const hy_audio_config *config, hy_diag *diag);
void hy_aac_close(hy_aac *aac);

/* ---- audio_mix.c ---- */

struct hy_audio {
    hy_audio_config config;
    hy_music *music;
    hy_limiter *limiter;
    float gain;
    int64_t fade_in;
    int64_t fade_out;
    int64_t mixed;     /* samples that went into the limiter */
    int64_t delivered; /* samples that hy_audio_mix gave out */
    hy_aac aac;
};

/* For the muxer: the encoder's parameters (extradata, initial_padding). Borrowed. */
const AVCodecContext *hy_audio_codec(const hy_audio *audio);
/* How many packets hy_audio_receive gives in all. */
int64_t hy_audio_packet_count(const hy_audio *audio);

#endif
