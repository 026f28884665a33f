/* SPDX-License-Identifier: MIT */
/*
 * Music that never ends: looped, or followed by silence. A few dozen milliseconds are held back, so
 * that when the end comes the samples before it can still be faded.
 *
 * The loop's seam: the last `seam` samples are crossfaded with the first ones. Music that was cut
 * by duration_us plays on into the seam, so that a loop of exactly four bars stays exactly four
 * bars long; music that ends by itself gives its last 30 ms to the seam.
 *
 * A linear crossfade of two sounds that have nothing in common dips by 3 dB, an equal-power one of
 * two that are alike swells by 3 dB. Here the correlation r of the two is measured and the fade is
 * scaled so that the power stays: a^2 + b^2 + 2abr = 1. Where a long tone meets itself in opposite
 * phase nothing could be scaled; then the beginning is entered up to 10 ms later, in phase.
 */
#include "audio.h"

#include <string.h>

enum {
    SEAM = HY_SAMPLE_HZ * 30 / 1000,
    SHIFT = HY_SAMPLE_HZ * 10 / 1000,
    END_FADE = HY_SAMPLE_HZ * 5 / 1000,
    CAPACITY = HY_AUDIO_BLOCK + SEAM + SHIFT
};

/* Below this correlation the two ends cancel each other. */
static const double cancelling = -0.3;
/* Above this one they agree well enough; a better place would only be later. */
static const double agreeing = 0.5;

struct hy_music {
    hy_sound *sound;
    bool loop;
    bool ended;    /* nothing comes after what is held */
    int32_t seam;  /* samples that one pass shares with the next, at most */
    int64_t total; /* samples of this pass, so far */
    int64_t left;  /* samples that the track still needs */
    int32_t entry; /* where passes after the first begin, once it is known; -1 before */
    int32_t held;
    float samples[2 * CAPACITY];
    float head[2 * (SEAM + SHIFT)];
};

static size_t bytes_of(int32_t samples)
{
    return (size_t)samples * 2 * sizeof(float);
}

static void fade_out_end(hy_music *music)
{
    int32_t count = music->held < END_FADE ? music->held : END_FADE;
    float *from = music->samples + (ptrdiff_t)2 * (music->held - count);
    for (int32_t i = 0; i < count; i++) {
        float gain = (float)(1.0 - hy_fade_at(i, count));
        from[2 * i] *= gain;
        from[2 * i + 1] *= gain;
    }
}

/* Normalised correlation of two stretches, -1..1, weighted by how much they will be mixed; 0 when
 * one of them is silent. */
static double correlation(const float *a, const float *b, int32_t count)
{
    double aa = 0.0;
    double bb = 0.0;
    double ab = 0.0;
    for (int32_t i = 0; i < count; i++) {
        double place = (i + 0.5) / count;
        double weight = place * (1.0 - place);
        const float *l = a + (ptrdiff_t)2 * i;
        const float *r = b + (ptrdiff_t)2 * i;
        aa += weight * ((double)l[0] * l[0] + (double)l[1] * l[1]);
        bb += weight * ((double)r[0] * r[0] + (double)r[1] * r[1]);
        ab += weight * ((double)l[0] * r[0] + (double)l[1] * r[1]);
    }
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : 0.0;
}

/* How many samples of the head to leave out so that it does not cancel the tail. */
static int32_t align_head(const float *tail, const float *head, int32_t seam, int32_t shift)
{
    int32_t best = 0;
    double r = correlation(tail, head, seam);
    if (r >= cancelling) {
        return 0;
    }
    for (int32_t at = 1; at <= shift && r < agreeing; at++) {
        double here = correlation(tail, head + (ptrdiff_t)2 * at, seam);
        if (here > r) {
            r = here;
            best = at;
        }
    }
    return best;
}

static void crossfade(float *tail, const float *head, int32_t seam, double r)
{
    double bounded = r < cancelling ? cancelling : r;
    for (int32_t i = 0; i < seam; i++) {
        double in = hy_fade_at(i, seam);
        double out = 1.0 - in;
        double scale = 1.0 / sqrt(in * in + out * out + 2.0 * in * out * bounded);
        for (int side = 0; side < 2; side++) {
            tail[2 * i + side] =
                (float)(scale * (out * tail[2 * i + side] + in * head[2 * i + side]));
        }
    }
}

/* The pass has ended: join the beginning to what is held. */
static hydra_status join(hy_music *music, hy_diag *diag)
{
    /* All passes are alike: from the first one on the seam is what suits its length, and the next
     * one begins where the first join found it best. Searching each time would cost much more than
     * playing, where the music is short. */
    if (music->total / 2 < music->seam) {
        music->seam = (int32_t)(music->total / 2);
    }
    int32_t seam = music->seam;
    int64_t spare = music->total - 2 * (int64_t)seam;
    int32_t shift = spare < SHIFT ? (int32_t)spare : SHIFT;
    int32_t want = seam + shift;
    int32_t got = 0;
    hydra_status status = hy_sound_rewind(music->sound, diag);
    if (status == HYDRA_OK) {
        status = hy_sound_read(music->sound, music->head, want, &got, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    memset(music->head + (ptrdiff_t)2 * got, 0, bytes_of(want - got));
    float *tail = music->samples + (ptrdiff_t)2 * (music->held - seam);
    if (music->entry < 0) {
        music->entry = align_head(tail, music->head, seam, shift);
    }
    const float *head = music->head + (ptrdiff_t)2 * music->entry;
    crossfade(tail, head, seam, correlation(tail, head, seam));

    const float *rest = head + (ptrdiff_t)2 * seam;
    int32_t count = (int32_t)(music->head + (ptrdiff_t)2 * want - rest) / 2;
    memcpy(music->samples + (ptrdiff_t)2 * music->held, rest, bytes_of(count));
    music->held += count;
    music->total = want;
    return HYDRA_OK;
}

static hydra_status handle_end(hy_music *music, hy_diag *diag)
{
    if (music->loop && music->left > music->held) {
        return join(music, diag);
    }
    if (music->left > music->held) {
        fade_out_end(music);
    }
    music->ended = true;
    return HYDRA_OK;
}

/* Hold a block more than an end would need. */
static hydra_status fill(hy_music *music, hy_diag *diag)
{
    while (!music->ended && music->held < HY_AUDIO_BLOCK + SEAM) {
        int32_t want = HY_AUDIO_BLOCK + SEAM - music->held;
        int32_t got = 0;
        hydra_status status = hy_sound_read(
            music->sound, music->samples + (ptrdiff_t)2 * music->held, want, &got, diag);
        if (status == HYDRA_OK) {
            music->held += got;
            music->total += got;
            if (got < want) {
                status = handle_end(music, diag);
            }
        }
        if (status != HYDRA_OK) {
            return status;
        }
    }
    return HYDRA_OK;
}

/* How much of the file one pass reads: the wanted part and, in a loop, the seam after it. */
static int64_t pass_length(hy_music *music, const hydra_audio_options *options)
{
    music->seam = SEAM;
    if (options->duration_us == HYDRA_AUTO) {
        return INT64_MAX;
    }
    int64_t length = hy_samples_from_us(options->duration_us);
    length = length < 1 ? 1 : length;
    if (!music->loop || length > INT64_MAX - SEAM) {
        return length;
    }
    if (length / 2 < SEAM) {
        music->seam = (int32_t)(length / 2);
    }
    return length + music->seam;
}

hydra_status hy_music_open(hy_reader *reader, const hy_audio_config *config, hy_music **out,
                           hy_diag *diag)
{
    *out = NULL;
    const hydra_audio_options *options = &config->options;
    hy_music *music = hy_calloc(1, sizeof *music);
    if (!music) {
        return hy_fail_memory(diag);
    }
    music->loop = options->when_short == HYDRA_AUDIO_LOOP;
    music->left = config->samples;
    music->entry = -1;
    int64_t length = pass_length(music, options);
    hydra_status status = hy_sound_open(reader, hy_samples_from_us(options->start_us), length,
                                        music->loop, config->cancel, &music->sound, diag);
    if (status == HYDRA_OK) {
        status = fill(music, diag); /* music without a sample fails here, not in mid-render */
    }
    if (status != HYDRA_OK) {
        hy_music_close(music);
        return status;
    }
    *out = music;
    return HYDRA_OK;
}

static void give(hy_music *music, float *stereo, int32_t count)
{
    size_t bytes = bytes_of(count);
    memcpy(stereo, music->samples, bytes);
    music->held -= count;
    music->left -= count;
    memmove(music->samples, music->samples + (ptrdiff_t)2 * count, bytes_of(music->held));
}

hydra_status hy_music_read(hy_music *music, float *stereo, int32_t count, hy_diag *diag)
{
    int32_t done = 0;
    while (done < count) {
        hydra_status status = fill(music, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        int32_t ready = music->ended ? music->held : music->held - SEAM;
        int32_t now = ready < count - done ? ready : count - done;
        if (now == 0) {
            break;
        }
        give(music, stereo + (ptrdiff_t)2 * done, now);
        done += now;
    }
    memset(stereo + (ptrdiff_t)2 * done, 0, bytes_of(count - done));
    return HYDRA_OK;
}

void hy_music_close(hy_music *music)
{
    if (music) {
        hy_sound_close(music->sound);
        hy_free(music);
    }
}
