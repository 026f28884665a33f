/* SPDX-License-Identifier: MIT */
/* Inputs for whole renders, made in memory (BMP, WAV), and a reader of the finished video. */
#ifndef HY_TEST_SCENE_H
#define HY_TEST_SCENE_H

#include <hydra/hydra.h>

#include "support.h"

/* 0xRRGGBB of the pixel at x, y. */
typedef uint32_t test_pixel_fn(int32_t x, int32_t y, const void *user);

/* A BMP file, 24 bit; free with free. */
uint8_t *test_bmp(int32_t width, int32_t height, test_pixel_fn *pixel, const void *user,
                  size_t *size);
/* One colour: `user` is a uint32_t. */
uint32_t test_pixel_color(int32_t x, int32_t y, const void *user);
/* Waves, edges and texture at many scales, different for each seed (`user` is a uint32_t). */
uint32_t test_pixel_natural(int32_t x, int32_t y, const void *user);

/* Sample `i` at `hz`, -1..1. */
typedef double test_sample_fn(int64_t i, int32_t hz, const void *user);
/* A mono 16-bit WAV file; free with free. */
uint8_t *test_mono_wav(int32_t hz, int64_t samples, test_sample_fn *sample, const void *user,
                       size_t *size);
double test_sample_tone(int64_t i, int32_t hz, const void *user);

/* A decoded video: pictures as they come out, sound after the edit list. */
typedef struct test_video {
    int32_t width;
    int32_t height;
    int64_t frames;
    double *luma_mean; /* per frame */
    double *time_s;    /* per frame: presentation time */
    int64_t key_frames;
    bool *is_key; /* per frame */
    float *sound; /* mono sum of both channels / 2 */
    int64_t samples;
    double sound_start_s;
} test_video;

/* Called for every picture when not NULL; planes as libavcodec gives them, yuv420p. */
typedef void test_picture_fn(void *user, int64_t n, uint8_t *const plane[3], const int stride[3]);

/* Decode an MP4 in memory with libavformat and libavcodec. Fails the test on any error. */
void test_decode_video(const void *mp4, size_t size, test_picture_fn *picture, void *user,
                       test_video *out);
void test_video_free(test_video *video);

#endif
