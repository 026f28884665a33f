/* SPDX-License-Identifier: MIT */
/* The mix: gain, fades, loop and silence, limiter; all to the sample. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sound.h"

#define LENGTH(array) (int)(sizeof(array) / sizeof((array)[0]))

enum {
    SEAM = 1440
};

static test_sound_file noise_file(double seconds, double amplitude)
{
    test_sound sound = test_sound_new(seconds, 2, 48000);
    test_sound_add_noise(&sound, amplitude);
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    test_sound_free(&sound);
    return file;
}

static test_sound_file sine_file(int64_t samples, double frequency_hz, double amplitude)
{
    test_sound sound = test_sound_new((double)samples / 48000.0, 2, 48000);
    test_sound_add_sine(&sound, frequency_hz, amplitude);
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    test_sound_free(&sound);
    return file;
}

/* 0.5 everywhere: what comes out is half the gain. */
static test_sound_file constant_file(double seconds)
{
    test_sound sound = test_sound_new(seconds, 2, 48000);
    for (int64_t i = 0; i < 2 * sound.count; i++) {
        sound.samples[i] = 0.5F;
    }
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    test_sound_free(&sound);
    return file;
}

/* ---- Gain and fades ---- */

static void gain_is_in_decibels(void **state)
{
    (void)state;
    static const struct {
        double db;
        double factor;
    } gains[] = {{0.0, 1.0}, {-6.0, 0.501187}, {-60.0, 0.001}, {5.0, 1.778279}};
    test_sound_file file = constant_file(0.2);
    for (int i = 0; i < LENGTH(gains); i++) {
        hydra_audio_options options = test_audio_options();
        options.gain_db = gains[i].db;
        float *mix = test_mix(&file, &options, 9600);
        assert_true(fabs(mix[9000] - 0.5 * gains[i].factor) < 1e-6);
        free(mix);
    }
    test_sound_file_free(&file);
}

static double fade(double position)
{
    double s = sin(M_PI_2 * position);
    return s * s;
}

/* sin^2 from the first sample on and down to the last, half a sample in; whole in between. */
static void fades_belong_to_the_track(void **state)
{
    (void)state;
    test_sound_file file = constant_file(4.0);
    hydra_audio_options options = test_audio_options();
    options.fade_in_us = 500000;
    options.fade_out_us = 1000000;
    float *mix = test_mix(&file, &options, 144000);
    for (int64_t i = 0; i < 144000; i++) {
        double in = i < 24000 ? fade(((double)i + 0.5) / 24000.0) : 1.0;
        double out = i >= 96000 ? fade((144000.0 - (double)i - 0.5) / 48000.0) : 1.0;
        assert_true(fabs(mix[2 * i] - 0.5 * in * out) < 1e-6);
    }
    free(mix);
    test_sound_file_free(&file);
}

/* Fades longer than the track are as long as the track; the two multiply. */
static void fades_are_clamped_to_the_track(void **state)
{
    (void)state;
    test_sound_file file = constant_file(1.0);
    hydra_audio_options options = test_audio_options();
    options.fade_in_us = 3600000000;
    options.fade_out_us = INT64_MAX;
    float *mix = test_mix(&file, &options, 24000);
    for (int64_t i = 0; i < 24000; i++) {
        double in = ((double)i + 0.5) / 24000.0;
        assert_true(fabs(mix[2 * i + 1] - 0.5 * fade(in) * fade(1.0 - in)) < 1e-6);
    }
    free(mix);
    test_sound_file_free(&file);
}

/* ---- Music that is too short ---- */

/* After the music true silence; its last 5 ms are faded, the sample before them is untouched. */
static void silence_follows_without_a_click(void **state)
{
    (void)state;
    test_sound_file file = constant_file(1.0);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&file, &options, 96000);
    for (int64_t i = 0; i < 48000 - 240; i++) {
        assert_true(mix[2 * i] == 0.5F);
    }
    for (int64_t i = 48000 - 240; i < 48000; i++) {
        assert_true(mix[2 * i] < mix[2 * i - 2]);
    }
    for (int64_t i = 48000; i < 96000; i++) {
        assert_true(mix[2 * i] == 0.0F && mix[2 * i + 1] == 0.0F);
    }
    free(mix);
    test_sound_file_free(&file);
}

/* Music that ends with the pictures, or later, is not touched at its end. */
static void music_of_the_same_length_is_not_faded(void **state)
{
    (void)state;
    test_sound_file file = constant_file(1.0);
    for (int32_t mode = HYDRA_AUDIO_SILENCE; mode <= HYDRA_AUDIO_LOOP; mode++) {
        hydra_audio_options options = test_audio_options();
        options.when_short = mode;
        float *mix = test_mix(&file, &options, 48000);
        assert_true(mix[0] == 0.5F && mix[2 * 47999] == 0.5F);
        free(mix);
    }
    test_sound_file_free(&file);
}

static void duration_cuts_the_music(void **state)
{
    (void)state;
    test_sound_file file = constant_file(1.0);
    hydra_audio_options options = test_audio_options();
    options.duration_us = 250000;
    float *mix = test_mix(&file, &options, 24000);
    assert_true(mix[2 * (12000 - 241)] == 0.5F);
    assert_true(mix[2 * 11999] > 0.0F && mix[2 * 11999] < 0.001F);
    assert_true(mix[2 * 12000] == 0.0F);
    free(mix);
    options.duration_us = 1; /* less than a sample is one sample */
    mix = test_mix(&file, &options, 100);
    assert_true(mix[0] > 0.0F);
    assert_true(mix[2] == 0.0F);
    free(mix);
    test_sound_file_free(&file);
}

/* Behind the first seam the mix repeats with the given period, bit for bit. */
static void assert_period(const float *mix, int64_t samples, int64_t period)
{
    const float *once = mix + 2 * period;
    assert_true(samples > 3 * period);
    assert_memory_equal(once, once + 2 * period,
                        (size_t)(samples - 2 * period) * 2 * sizeof(float));
}

/* Whole music gives its last 30 ms to the seam; before the first seam it is untouched. */
static void a_loop_repeats_the_whole_music(void **state)
{
    (void)state;
    test_sound_file file = noise_file(1.0, 0.5);
    hydra_audio_options options = test_audio_options();
    float *once = test_mix(&file, &options, 48000);
    options.when_short = HYDRA_AUDIO_LOOP;
    float *mix = test_mix(&file, &options, 480000);
    assert_memory_equal(mix, once, (48000 - SEAM) * 2 * sizeof(float));
    assert_memory_equal(mix + (ptrdiff_t)2 * 48000, once + (ptrdiff_t)2 * SEAM,
                        (48000 - 2 * SEAM) * 2 * sizeof(float));
    assert_period(mix, 480000, 48000 - SEAM);
    free(once);
    free(mix);
    test_sound_file_free(&file);
}

/* Music that was cut goes on into the seam, so that the beat stays: the period is duration_us. */
static void a_loop_of_cut_music_keeps_its_length(void **state)
{
    (void)state;
    test_sound_file file = noise_file(3.0, 0.5);
    static const int64_t durations_us[] = {500000, 1000000, 40000, 2990000};
    static const int64_t periods[] = {24000, 48000, 1920, 144000 - 24000 - SEAM};
    for (int i = 0; i < LENGTH(durations_us); i++) {
        hydra_audio_options options = test_audio_options();
        options.when_short = HYDRA_AUDIO_LOOP;
        options.start_us = 500000;
        options.duration_us = durations_us[i];
        float *mix = test_mix(&file, &options, 480000);
        assert_period(mix, 480000, periods[i]);
        free(mix);
    }
    test_sound_file_free(&file);
}

/* More than 16 s are not kept but read again; a resampled and trimmed file comes out the same. */
static void a_long_loop_reads_its_file_again(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(20.0, 1, 16000);
    test_sound_add_noise(&sound, 0.5);
    test_sound_file file = test_encode(&sound, "flac", "flac", 0);
    hydra_audio_options options = test_audio_options();
    options.when_short = HYDRA_AUDIO_LOOP;
    options.start_us = 1000000;
    options.duration_us = 17000000;
    float *mix = test_mix(&file, &options, 60 * 48000);
    assert_period(mix, 60 * 48000, 17 * 48000);
    free(mix);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* A reader that counts how often the beginning of the file is read. */
typedef struct counting_reader {
    hy_reader base;
    const test_sound_file *file;
    int starts;
} counting_reader;

static hydra_status counting_read(hy_reader *reader, int64_t offset, void *data, size_t size,
                                  size_t *got, hy_diag *diag)
{
    (void)diag;
    counting_reader *counting = (counting_reader *)reader;
    counting->starts += offset == 0;
    size_t left = counting->file->size - (size_t)offset;
    *got = size < left ? size : left;
    memcpy(data, counting->file->data + offset, *got);
    return HYDRA_OK;
}

/* Music of up to 16 s is decoded one time, however often it is looped; more is never kept. */
static void short_loops_are_kept_and_long_ones_are_not(void **state)
{
    (void)state;
    static const hy_reader_ops ops = {counting_read, NULL};
    static const struct {
        double seconds;
        int starts;
    } loops[] = {{0.5, 1}, {15.9, 1}, {16.1, 3}};
    for (int i = 0; i < LENGTH(loops); i++) {
        test_sound sound = test_sound_new(loops[i].seconds, 2, 48000);
        test_sound_file file = test_wav(&sound, TEST_WAV_U8);
        counting_reader counting = {
            .base = {.ops = &ops, .name = "song", .size = (int64_t)file.size}, .file = &file};
        hy_audio_config config = {
            .options = test_audio_options(), .samples = 40 * 48000, .bitrate_kbps = 160};
        config.options.when_short = HYDRA_AUDIO_LOOP;
        hy_diag diag = {0};
        hy_audio *audio = NULL;
        assert_ok(hy_audio_open(&counting.base, &config, &audio, &diag), &diag);
        int32_t got = 1;
        while (got > 0) {
            float block[2 * 1024];
            assert_ok(hy_audio_mix(audio, block, 1024, &got, &diag), &diag);
        }
        assert_int_equal(counting.starts, loops[i].starts);
        hy_audio_close(audio);
        test_sound_file_free(&file);
        test_sound_free(&sound);
    }
}

/* Whatever the phase in which a tone meets itself: no step, and the level stays within 1 dB. */
static void a_seam_in_a_tone_is_not_heard(void **state)
{
    (void)state;
    static const double tones_hz[] = {55.0, 220.0, 997.0, 3000.0};
    for (int t = 0; t < LENGTH(tones_hz); t++) {
        for (int phase = 0; phase < 12; phase++) {
            int64_t samples = 24000 + llrint(48000.0 / tones_hz[t] * phase / 12.0);
            test_sound_file file = sine_file(samples, tones_hz[t], 0.5);
            hydra_audio_options options = test_audio_options();
            options.when_short = HYDRA_AUDIO_LOOP;
            float *mix = test_mix(&file, &options, 96000);
            double step = 2.0 * M_PI * tones_hz[t] / 48000.0 * 0.5;
            /* Windows of whole periods, about 18 ms. */
            int64_t window = llrint(48000.0 / tones_hz[t] * ceil(tones_hz[t] / 55.0));
            for (int64_t i = 1; i < 96000; i++) {
                double ahead = fabs((double)mix[2 * i] - mix[2 * i - 2]);
                if (ahead > 1.15 * step + 0.003) {
                    fail_msg("%g Hz, phase %d/12: a step of %g at %lld", tones_hz[t], phase, ahead,
                             (long long)i);
                }
            }
            for (int64_t at = 0; at + window <= 96000; at += 240) {
                double db = 20.0 * log10(test_rms(mix, at, at + window) / (0.5 * M_SQRT1_2));
                if (fabs(db) > 1.0) {
                    fail_msg("%g Hz, phase %d/12: %g dB at %lld", tones_hz[t], phase, db,
                             (long long)at);
                }
            }
            free(mix);
            test_sound_file_free(&file);
        }
    }
}

/* Two stretches of noise have nothing in common: the power stays there too. */
static void a_seam_in_noise_keeps_the_power(void **state)
{
    (void)state;
    test_sound_file file = noise_file(1.0, 0.5);
    hydra_audio_options options = test_audio_options();
    options.when_short = HYDRA_AUDIO_LOOP;
    float *mix = test_mix(&file, &options, 96000);
    double level = test_rms(mix, 0, 40000);
    double seam = test_rms(mix, 48000 - SEAM + 240, 48000 - 240);
    assert_true(fabs(20.0 * log10(seam / level)) < 0.5);
    free(mix);
    test_sound_file_free(&file);
}

/* Also music of a few samples can be looped; nothing grows. */
static void tiny_music_is_looped(void **state)
{
    (void)state;
    static const int64_t lengths[] = {1, 2, 3, 10, 239, 480, 1439, 1440, 1441, 2880, 2881, 3361};
    for (int i = 0; i < LENGTH(lengths); i++) {
        test_sound sound = test_sound_new((double)lengths[i] / 48000.0, 2, 48000);
        test_sound_add_noise(&sound, 0.5);
        test_sound_file file = test_wav(&sound, TEST_WAV_F32);
        hydra_audio_options options = test_audio_options();
        options.when_short = HYDRA_AUDIO_LOOP;
        float *mix = test_mix(&file, &options, 24000);
        assert_true(mix[0] != 0.0F);
        for (int64_t n = 0; n < 48000; n++) {
            assert_true(fabsf(mix[n]) < 0.8F);
        }
        assert_true(test_rms(mix, 12000, 24000) > 0.0);
        free(mix);
        options.when_short = HYDRA_AUDIO_SILENCE;
        mix = test_mix(&file, &options, 24000);
        assert_true(mix[2 * lengths[i]] == 0.0F);
        free(mix);
        test_sound_file_free(&file);
        test_sound_free(&sound);
    }
}

/* ---- Limiter ---- */

/* The part of a signal that is not the sine of that frequency, relative to it. */
static double distortion(const float *stereo, int64_t from, int64_t to, double frequency_hz)
{
    double ss = 0.0;
    double sc = 0.0;
    double all = 0.0;
    double count = (double)(to - from);
    for (int64_t i = from; i < to; i++) {
        double angle = 2.0 * M_PI * frequency_hz * (double)i / 48000.0;
        ss += stereo[2 * i] * sin(angle) * 2.0 / count;
        sc += stereo[2 * i] * cos(angle) * 2.0 / count;
        all += (double)stereo[2 * i] * stereo[2 * i] / count;
    }
    double tone = (ss * ss + sc * sc) / 2.0;
    return sqrt(fabs(all - tone) / tone);
}

/* A tone 12 dB too loud is turned down, not bent: THD below 0.1 %, down to 40 Hz. */
static void loud_tones_are_turned_down(void **state)
{
    (void)state;
    static const double tones_hz[] = {40.0, 100.0, 1000.0, 5000.0};
    for (int t = 0; t < LENGTH(tones_hz); t++) {
        test_sound_file file = sine_file(96000, tones_hz[t], 0.95);
        hydra_audio_options options = test_audio_options();
        options.gain_db = 12.0;
        float *mix = test_mix(&file, &options, 96000);
        float peak = fabsf(mix[2 * test_peak_at(mix, 0, 96000)]);
        assert_true(peak <= HY_LIMIT_CEILING + 1e-6F);
        peak = fabsf(mix[2 * test_peak_at(mix, 48000, 96000)]);
        assert_true(peak > HY_LIMIT_CEILING - 0.01F);
        double bent = distortion(mix, 48000, 96000, tones_hz[t]);
        if (bent > 0.001) {
            fail_msg("%g Hz: %g %% distortion", tones_hz[t], bent * 100.0);
        }
        free(mix);
        test_sound_file_free(&file);
    }
}

static void nothing_gets_above_the_ceiling(void **state)
{
    (void)state;
    test_sound_file file = noise_file(2.0, 1.0);
    hydra_audio_options options = test_audio_options();
    options.gain_db = 24.0;
    options.fade_in_us = 500000;
    float *mix = test_mix(&file, &options, 96000);
    for (int64_t i = 0; i < 192000; i++) {
        assert_true(fabsf(mix[i]) <= HY_LIMIT_CEILING + 1e-6F);
    }
    free(mix);
    test_sound_file_free(&file);
}

/* One peak: at its own place, both sides turned down alike, the same bits again later, and no
 * sample before the look-ahead is touched. */
static void a_single_peak_leaves_the_rest_alone(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(5.0, 2, 48000);
    test_sound_add_noise(&sound, 0.25);
    sound.samples[2 * 24000] = 2.0F;
    sound.samples[2 * 24000 + 1] = 1.0F;
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&file, &options, 240000);
    assert_memory_equal(mix, sound.samples, (24000 - HY_LIMIT_LOOKAHEAD) * 2 * sizeof(float));
    assert_int_equal(test_peak_at(mix, 0, 240000), 24000);
    assert_true(fabsf(mix[2 * 24000] - HY_LIMIT_CEILING) < 1e-5F);
    assert_true(fabsf(mix[2 * 24000 + 1] - HY_LIMIT_CEILING / 2.0F) < 1e-5F);
    assert_memory_equal(mix + (ptrdiff_t)2 * 200000, sound.samples + (ptrdiff_t)2 * 200000,
                        40000 * 2 * sizeof(float));
    free(mix);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* The very last sample may be the loud one. */
static void a_peak_at_the_end_is_limited(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(0.5, 2, 48000);
    sound.samples[2 * 23999] = 4.0F;
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&file, &options, 24000);
    assert_true(fabsf(mix[2 * 23999] - HY_LIMIT_CEILING) < 1e-5F);
    free(mix);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* NaN, infinity and 1e30 in a float file do not reach the mix. */
static void impossible_samples_are_tamed(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(0.5, 2, 48000);
    test_sound_add_noise(&sound, 0.25);
    static const float bad[] = {NAN, INFINITY, -INFINITY, 1e30F, -1e38F};
    for (int i = 0; i < LENGTH(bad); i++) {
        sound.samples[10000 + 3 * i] = bad[i];
    }
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    hydra_audio_options options = test_audio_options();
    options.gain_db = 24.0;
    float *mix = test_mix(&file, &options, 24000);
    for (int64_t i = 0; i < 48000; i++) {
        assert_true(isfinite(mix[i]) && fabsf(mix[i]) <= HY_LIMIT_CEILING + 1e-6F);
    }
    free(mix);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* ---- Blocks ---- */

static void any_block_size_gives_the_same_mix(void **state)
{
    (void)state;
    test_sound_file file = noise_file(0.7, 1.0);
    hydra_audio_options options = test_audio_options();
    options.when_short = HYDRA_AUDIO_LOOP;
    options.fade_out_us = 300000;
    float *expected = test_mix(&file, &options, 50000);
    static const int32_t capacities[] = {1, 64, 1024, 1025, 60000};
    for (int i = 0; i < LENGTH(capacities); i++) {
        hy_diag diag = {0};
        hy_audio_config config = {.options = options, .samples = 50000, .bitrate_kbps = 160};
        test_song song = test_song_open(&file);
        hy_audio *audio = NULL;
        assert_ok(hy_audio_open(song.reader, &config, &audio, &diag), &diag);
        float *mix = calloc(2 * 60000, sizeof *mix);
        int32_t total = 0;
        int32_t got = 1;
        while (got > 0 && total < 50000) {
            int32_t room = 60000 - total < capacities[i] ? 60000 - total : capacities[i];
            assert_ok(hy_audio_mix(audio, mix + (ptrdiff_t)2 * total, room, &got, &diag), &diag);
            total += got;
        }
        assert_int_equal(total, 50000);
        assert_memory_equal(mix, expected, 50000 * 2 * sizeof(float));
        hy_audio_close(audio);
        test_song_close(&song);
        free(mix);
    }
    free(expected);
    test_sound_file_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gain_is_in_decibels),
        cmocka_unit_test(fades_belong_to_the_track),
        cmocka_unit_test(fades_are_clamped_to_the_track),
        cmocka_unit_test(silence_follows_without_a_click),
        cmocka_unit_test(music_of_the_same_length_is_not_faded),
        cmocka_unit_test(duration_cuts_the_music),
        cmocka_unit_test(a_loop_repeats_the_whole_music),
        cmocka_unit_test(a_loop_of_cut_music_keeps_its_length),
        cmocka_unit_test(a_long_loop_reads_its_file_again),
        cmocka_unit_test(short_loops_are_kept_and_long_ones_are_not),
        cmocka_unit_test(a_seam_in_a_tone_is_not_heard),
        cmocka_unit_test(a_seam_in_noise_keeps_the_power),
        cmocka_unit_test(tiny_music_is_looped),
        cmocka_unit_test(loud_tones_are_turned_down),
        cmocka_unit_test(nothing_gets_above_the_ceiling),
        cmocka_unit_test(a_single_peak_leaves_the_rest_alone),
        cmocka_unit_test(a_peak_at_the_end_is_limited),
        cmocka_unit_test(impossible_samples_are_tamed),
        cmocka_unit_test(any_block_size_gives_the_same_mix),
    };
    hy_silence_ffmpeg();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
