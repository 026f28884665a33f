/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as music, mixed for less than a second. How it is used follows from the size of the
 * input, so that the files of the corpus are plain sound files.
 */
#include <math.h>

#include "fuzz.h"
#include "media/media.h"

#define TRACK_SAMPLES 36000
#define BLOCK         4096

static hy_audio_config config_for(size_t size)
{
    hy_audio_config config = {.samples = TRACK_SAMPLES, .bitrate_kbps = 160};
    hydra_audio_options_init(&config.options);
    switch (size % 4) {
    case 1:
        config.options.when_short = HYDRA_AUDIO_LOOP;
        break;
    case 2:
        config.options.start_us = 50000;
        config.options.duration_us = 100000;
        config.options.when_short = HYDRA_AUDIO_LOOP;
        break;
    case 3:
        config.options.gain_db = 24;
        config.options.fade_in_us = 300000;
        break;
    default:
        break;
    }
    return config;
}

/* Whatever the file holds, the encoder gets samples that it can take. */
static void check_samples(const float *stereo, int32_t count)
{
    for (int32_t i = 0; i < 2 * count; i++) {
        fuzz_check(fabsf(stereo[i]) <= 1.0F);
    }
}

static void mix(hy_audio *audio)
{
    static float stereo[2 * BLOCK];
    hy_diag diag = {0};
    int64_t samples = 0;
    int32_t got = 0;
    hydra_status status;
    do {
        status = hy_audio_mix(audio, stereo, BLOCK, &got, &diag);
        fuzz_check_outcome(status, &diag);
        check_samples(stereo, got);
        samples += got;
    } while (status == HYDRA_OK && got > 0);
    fuzz_check(status != HYDRA_OK || samples == TRACK_SAMPLES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hy_silence_ffmpeg();
    hy_diag diag = {0};
    hy_source source;
    hy_reader *reader = NULL;
    if (size == 0) {
        return -1;
    }
    fuzz_check(hy_source_from_memory(&source, data, size, "music", &diag) == HYDRA_OK);
    fuzz_check(hy_reader_open(&source, INT64_MAX, NULL, &reader, &diag) == HYDRA_OK);
    hy_audio_config config = config_for(size);
    hy_audio *audio = NULL;
    hydra_status status = hy_audio_open(reader, &config, &audio, &diag);
    fuzz_check_outcome(status, &diag);
    fuzz_check((status == HYDRA_OK) == (audio != NULL));
    if (audio) {
        mix(audio);
    }
    hy_audio_close(audio);
    hy_reader_close(reader);
    hy_source_free(&source);
    return 0;
}
