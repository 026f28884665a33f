/* SPDX-License-Identifier: MIT */
/*
 * The sound track before encoding: music, gain, fades, limiter; exactly as many samples as the
 * pictures last. Fades are those of the track, not of the music: sin^2 of time, so that the level
 * is -6 dB half way and there is no corner at either end.
 */
#include "audio.h"

static int64_t fade_samples(int64_t fade_us, int64_t samples)
{
    int64_t fade = hy_samples_from_us(fade_us);
    return fade < samples ? fade : samples;
}

static void apply_gain(const hy_audio *audio, float *stereo, int64_t start, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        int64_t at = start + i;
        int64_t from_end = audio->config.samples - 1 - at;
        float gain = audio->gain;
        if (at < audio->fade_in || from_end < audio->fade_out) {
            gain *= (float)(hy_fade_at(at, audio->fade_in) * hy_fade_at(from_end, audio->fade_out));
        }
        stereo[2 * i] *= gain;
        stereo[2 * i + 1] *= gain;
    }
}

/* Music with gain and fades; silence behind the end, which pushes the last samples through the
 * limiter. */
static hydra_status render(hy_audio *audio, float *stereo, int32_t count, hy_diag *diag)
{
    int64_t left = audio->config.samples - audio->mixed;
    int32_t music = left < count ? (int32_t)left : count;
    hydra_status status = hy_music_read(audio->music, stereo, music, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    apply_gain(audio, stereo, audio->mixed, music);
    audio->mixed += music;
    for (int32_t i = 2 * music; i < 2 * count; i++) {
        stereo[i] = 0.0F;
    }
    hy_limiter_run(audio->limiter, stereo, count);
    return HYDRA_OK;
}

hydra_status hy_audio_mix(hy_audio *audio, float *stereo, int32_t capacity, int32_t *got,
                          hy_diag *diag)
{
    int64_t left = audio->config.samples - audio->delivered;
    int32_t want = left < capacity ? (int32_t)left : capacity;
    *got = 0;
    while (*got < want) {
        int32_t count = want - *got < HY_AUDIO_BLOCK ? want - *got : HY_AUDIO_BLOCK;
        hydra_status status = render(audio, stereo + (ptrdiff_t)2 * *got, count, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        *got += count;
        audio->delivered += count;
    }
    return HYDRA_OK;
}

/* What comes out of the limiter first is its delay, not music. */
static hydra_status fill_limiter(hy_audio *audio, hy_diag *diag)
{
    float block[2 * HY_LIMIT_LOOKAHEAD];
    return render(audio, block, HY_LIMIT_LOOKAHEAD, diag);
}

hydra_status hy_audio_open(hy_reader *reader, const hy_audio_config *config, hy_audio **out,
                           hy_diag *diag)
{
    *out = NULL;
    const hydra_audio_options *options = &config->options;
    hy_audio *audio = hy_calloc(1, sizeof *audio);
    if (!audio) {
        return hy_fail_memory(diag);
    }
    audio->config = *config;
    audio->gain = powf(10.0F, (float)options->gain_db / 20.0F);
    audio->fade_in = fade_samples(options->fade_in_us, config->samples);
    audio->fade_out = fade_samples(options->fade_out_us, config->samples);
    hydra_status status = hy_limiter_new(&audio->limiter, diag);
    if (status == HYDRA_OK) {
        status = hy_aac_open(&audio->aac, config, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_music_open(reader, config, &audio->music, diag);
    }
    if (status == HYDRA_OK) {
        status = fill_limiter(audio, diag);
    }
    if (status != HYDRA_OK) {
        hy_audio_close(audio);
        return status;
    }
    *out = audio;
    return HYDRA_OK;
}

void hy_audio_close(hy_audio *audio)
{
    if (audio) {
        hy_aac_close(&audio->aac);
        hy_music_close(audio->music);
        hy_limiter_free(audio->limiter);
        hy_free(audio);
    }
}
