/* SPDX-License-Identifier: MIT */
/* Exact rescaling through 128-bit products. */
#include "rational.h"

/* A product of two int64 always fits. */
__extension__ typedef __int128 wide;

int64_t hy_gcd(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

hy_rate hy_rate_reduce(int32_t num, int32_t den)
{
    int32_t common = (int32_t)hy_gcd(num, den);
    return (hy_rate){num / common, den / common};
}

static int64_t saturate(wide value)
{
    if (value > INT64_MAX) {
        return INT64_MAX;
    }
    if (value < INT64_MIN) {
        return INT64_MIN;
    }
    return (int64_t)value;
}

int64_t hy_rescale(int64_t value, int64_t mul, int64_t div)
{
    wide product = (wide)value * mul;
    wide half = div / 2;
    /* C division truncates, so rounding halves away from zero adds half with the sign. */
    return saturate((product >= 0 ? product + half : product - half) / div);
}

int64_t hy_rescale_floor(int64_t value, int64_t mul, int64_t div)
{
    wide product = (wide)value * mul;
    wide quotient = product / div;
    if (product % div < 0) {
        quotient--;
    }
    return saturate(quotient);
}

int64_t hy_frame_from_us(int64_t time_us, hy_rate rate)
{
    return hy_rescale(time_us, rate.num, (int64_t)rate.den * 1000000);
}

int64_t hy_us_from_frame(int64_t frame, hy_rate rate)
{
    return hy_rescale(frame, (int64_t)rate.den * 1000000, rate.num);
}

int64_t hy_samples_from_frames(int64_t frames, hy_rate rate, int32_t sample_hz)
{
    return hy_rescale(frames, (int64_t)rate.den * sample_hz, rate.num);
}
