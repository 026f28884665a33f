/* SPDX-License-Identifier: MIT */
/* Exact conversions between microseconds, frames and samples. */
#ifndef HY_RATIONAL_H
#define HY_RATIONAL_H

#include <stdint.h>

/* Frames per second as a fraction in lowest terms; both positive. */
typedef struct hy_rate {
    int32_t num;
    int32_t den;
} hy_rate;

/* The rate of all sound: 48 kHz. */
#define HY_AUDIO_HZ 48000

/* Greatest common divisor of two positive numbers. */
int64_t hy_gcd(int64_t a, int64_t b);

hy_rate hy_rate_reduce(int32_t num, int32_t den);

/* value * mul / div, exact inside, halves away from zero. div > 0; saturates at the int64 ends. */
int64_t hy_rescale(int64_t value, int64_t mul, int64_t div);
/* The same rounded toward minus infinity. */
int64_t hy_rescale_floor(int64_t value, int64_t mul, int64_t div);

/* The frame boundary nearest to a time. */
int64_t hy_frame_from_us(int64_t time_us, hy_rate rate);
/* Time at which a frame starts, nearest microsecond. */
int64_t hy_us_from_frame(int64_t frame, hy_rate rate);
/* Number of samples at sample_hz that play during `frames`, nearest. */
int64_t hy_samples_from_frames(int64_t frames, hy_rate rate, int32_t sample_hz);

#endif
