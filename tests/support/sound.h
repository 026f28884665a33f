/* SPDX-License-Identifier: MIT */
/* Sound files made in memory, and what the library makes of them. */
#ifndef HY_TEST_SOUND_H
#define HY_TEST_SOUND_H

#include "media/audio.h"
#include "support.h"

/* Interleaved samples, -1..1. */
typedef struct test_sound {
    float *samples;
    int64_t count; /* per channel */
    int channels;
    int hz;
} test_sound;

/* Silent; free with test_sound_free. */
test_sound test_sound_new(double seconds, int channels, int hz);
void test_sound_free(test_sound *sound);
/* Add a sine to all channels. */
void test_sound_add_sine(test_sound *sound, double frequency_hz, double amplitude);
/* Add deterministic noise, different in each channel. */
void test_sound_add_noise(test_sound *sound, double amplitude);
/* One sample of full scale, in all channels. */
void test_sound_add_click(test_sound *sound, int64_t at);

typedef struct test_sound_file {
    uint8_t *data;
    size_t size;
} test_sound_file;
void test_sound_file_free(test_sound_file *file);
test_sound_file test_file_from_text(const char *text);

enum {
    TEST_WAV_U8,
    TEST_WAV_S16,
    TEST_WAV_S24,
    TEST_WAV_F32
};
/* By hand, without FFmpeg. */
test_sound_file test_wav(const test_sound *sound, int format);
/* With libavformat and libavcodec: ("mp3", "libmp3lame"), ("ogg", "libvorbis")... */
test_sound_file test_encode(const test_sound *sound, const char *format, const char *encoder,
                            int64_t bit_rate);
/* The same with the content of `bad_in_4` of 4 packets replaced by noise. */
test_sound_file test_encode_damaged(const test_sound *sound, const char *format,
                                    const char *encoder, int64_t bit_rate, int bad_in_4);
/* Matroska with one video stream (of noise: it must not be decoded) before the sound; NULL = video
 * only. Sound of 16 bits, 1 to 2 channels. */
test_sound_file test_film(const test_sound *sound);

/* A source in memory that is called "song", with a reader on it. */
typedef struct test_song {
    hy_source source;
    hy_reader *reader;
} test_song;
test_song test_song_open(const test_sound_file *file);
void test_song_close(test_song *song);

/* The defaults, but no fade out. */
hydra_audio_options test_audio_options(void);

/* The whole mix of `samples` stereo samples; free with free. Fails the test on any error. */
float *test_mix(const test_sound_file *file, const hydra_audio_options *options, int64_t samples);
/* The first error of opening and mixing, or HYDRA_OK. */
hydra_status test_mix_status(const test_sound_file *file, const hydra_audio_options *options,
                             int64_t samples, hy_diag *diag);

/* Number of samples that the library decodes from a file; with what came before an error. */
int64_t test_decoded_length(const test_sound_file *file);

/* Index of the largest left sample in [from, to). */
int64_t test_peak_at(const float *stereo, int64_t from, int64_t to);
/* Root mean square of the left side in [from, to). */
double test_rms(const float *stereo, int64_t from, int64_t to);

#endif
