/* SPDX-License-Identifier: MIT */
/*
 * The used part of the music. Its first sample is found by decoding from the beginning and
 * counting: that is exact for every format, where time stamps and seek tables are not, and costs
 * about a second per ten minutes of music. Going back to the first sample opens the file again, or
 * replays music that was short enough to be kept.
 */
#include "audio.h"

#include <string.h>

enum {
    REPLAY_BYTES = 16 * HY_SAMPLE_HZ * 2 * (int)sizeof(float)
};

struct hy_sound {
    hy_reader *reader;
    const hy_cancel *cancel;
    int64_t start;
    int64_t length;

    hy_decoder decoder;
    hy_resampler resampler;
    bool pending; /* the decoder's frame is still to be pushed */
    bool drain;   /* the resampler gets no more input of this kind */
    bool ended;   /* the decoder has no more frames */

    int64_t position; /* of the next sample, from `start` */
    hy_buffer replay; /* the samples so far, while `recording` or `replaying` */
    bool recording;
    bool replaying;
};

static size_t bytes_of(int64_t samples)
{
    return (size_t)samples * 2 * sizeof(float);
}

/* One step forward when the resampler has nothing ready: find a frame, or push the one found. */
static hydra_status advance(hy_sound *sound, hy_diag *diag)
{
    const char *name = sound->reader->name;
    hydra_status status = HYDRA_OK;
    if (!sound->pending) {
        status = hy_decoder_next(&sound->decoder, &sound->pending, diag);
        sound->ended = !sound->pending;
        sound->drain = sound->ended || !hy_resampler_fits(&sound->resampler, sound->decoder.frame);
        return status;
    }
    if (sound->drain) {
        status = hy_resampler_setup(&sound->resampler, sound->decoder.frame, name, diag);
        sound->drain = false;
    }
    if (status == HYDRA_OK) {
        status = hy_resampler_push(&sound->resampler, sound->decoder.frame, name, diag);
        sound->pending = false;
    }
    return status;
}

/* The next samples of the file; fewer than `capacity` only at its end. */
static hydra_status read_file(hy_sound *sound, float *stereo, int32_t capacity, int32_t *got,
                              hy_diag *diag)
{
    *got = 0;
    while (*got < capacity) {
        int32_t count = 0;
        hydra_status status =
            hy_resampler_pull(&sound->resampler, stereo + (ptrdiff_t)2 * *got, capacity - *got,
                              sound->drain, &count, sound->reader->name, diag);
        if (status == HYDRA_OK && count == 0) {
            if (sound->ended) {
                break;
            }
            status = advance(sound, diag);
        }
        if (status != HYDRA_OK) {
            return status;
        }
        *got += count;
    }
    return HYDRA_OK;
}

/* Text for a position, without the locale's decimal point. */
#define SECONDS_FORMAT "%lld.%03lld s"
#define SECONDS(samples)                                                                           \
    (long long)((samples) / HY_SAMPLE_HZ), (long long)((samples) % HY_SAMPLE_HZ / 48)

static hydra_status fail_start(const hy_sound *sound, int64_t end, hy_diag *diag)
{
    if (end == 0) {
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: no sound could be decoded",
                       sound->reader->name);
    }
    return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                   "%s: the music ends at " SECONDS_FORMAT ", it cannot start at " SECONDS_FORMAT,
                   sound->reader->name, SECONDS(end), SECONDS(sound->start));
}

/* Open the file and leave out what lies before the start. */
static hydra_status begin(hy_sound *sound, hy_diag *diag)
{
    float block[2 * HY_AUDIO_BLOCK];
    hydra_status status = hy_decoder_open(&sound->decoder, sound->reader, diag);
    int64_t skipped = 0;
    while (status == HYDRA_OK && skipped < sound->start) {
        int64_t left = sound->start - skipped;
        int32_t want = left < HY_AUDIO_BLOCK ? (int32_t)left : HY_AUDIO_BLOCK;
        int32_t got = 0;
        status = hy_cancel_check(sound->cancel, diag);
        if (status == HYDRA_OK) {
            status = read_file(sound, block, want, &got, diag);
        }
        skipped += got;
        if (status == HYDRA_OK && got < want) {
            status = fail_start(sound, skipped, diag);
        }
    }
    return status;
}

static void stop(hy_sound *sound)
{
    hy_decoder_close(&sound->decoder);
    hy_resampler_close(&sound->resampler);
    sound->pending = false;
    sound->drain = false;
    sound->ended = false;
}

hydra_status hy_sound_open(hy_reader *reader, int64_t start, int64_t length, bool replay,
                           const hy_cancel *cancel, hy_sound **out, hy_diag *diag)
{
    *out = NULL;
    hy_sound *sound = hy_calloc(1, sizeof *sound);
    if (!sound) {
        return hy_fail_memory(diag);
    }
    sound->reader = reader;
    sound->cancel = cancel;
    sound->start = start;
    sound->length = length;
    sound->recording = replay;
    sound->replay.limit = REPLAY_BYTES;
    hydra_status status = begin(sound, diag);
    if (status != HYDRA_OK) {
        hy_sound_close(sound);
        return status;
    }
    *out = sound;
    return HYDRA_OK;
}

/* Longer music than can be kept is read again from its file instead. */
static void record(hy_sound *sound, const float *stereo, int32_t count)
{
    if (sound->recording && !hy_buffer_append(&sound->replay, stereo, bytes_of(count))) {
        sound->recording = false;
        hy_buffer_free(&sound->replay);
    }
}

static int32_t read_replay(const hy_sound *sound, float *stereo, int32_t capacity)
{
    size_t at = bytes_of(sound->position);
    size_t left = sound->replay.size - at;
    size_t size = bytes_of(capacity) < left ? bytes_of(capacity) : left;
    memcpy(stereo, sound->replay.data + at, size);
    return (int32_t)(size / bytes_of(1));
}

hydra_status hy_sound_read(hy_sound *sound, float *stereo, int32_t capacity, int32_t *got,
                           hy_diag *diag)
{
    int64_t left = sound->length - sound->position;
    int32_t want = left < capacity ? (int32_t)left : capacity;
    *got = 0;
    if (sound->replaying) {
        *got = read_replay(sound, stereo, want);
    } else {
        hydra_status status = read_file(sound, stereo, want, got, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        record(sound, stereo, *got);
        if (sound->position + *got == 0 && want > 0) {
            return fail_start(sound, sound->start, diag);
        }
    }
    sound->position += *got;
    return HYDRA_OK;
}

hydra_status hy_sound_rewind(hy_sound *sound, hy_diag *diag)
{
    sound->position = 0;
    if (sound->recording) {
        sound->recording = false;
        sound->replaying = true;
        stop(sound);
    }
    if (sound->replaying) {
        return HYDRA_OK;
    }
    stop(sound);
    return begin(sound, diag);
}

void hy_sound_close(hy_sound *sound)
{
    if (sound) {
        stop(sound);
        hy_buffer_free(&sound->replay);
        hy_free(sound);
    }
}
