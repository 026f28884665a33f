/* SPDX-License-Identifier: MIT */
/* Formats of photo rows. All divisions round to nearest. */
#include "rows.h"

bool hy_row_format_is_valid(const hy_row_format *format)
{
    return format->channels >= 1 && format->channels <= 4 &&
           (format->bits == 8 || format->bits == 16) && (!format->cmyk || format->channels == 4);
}

bool hy_row_format_has_alpha(const hy_row_format *format)
{
    return format->channels % 2 == 0 && !format->cmyk;
}

static inline void unpack8(const uint8_t *restrict src, int channels, int32_t count,
                           int16_t *restrict samples, ptrdiff_t pitch)
{
    for (int c = 0; c < channels; c++) {
        int16_t *restrict dst = samples + c * pitch;
        for (int32_t i = 0; i < count; i++) {
            dst[i] = (int16_t)(src[(ptrdiff_t)i * channels + c] * 64);
        }
    }
}

static inline void unpack16(const uint16_t *restrict src, int channels, int32_t count,
                            int16_t *restrict samples, ptrdiff_t pitch)
{
    for (int c = 0; c < channels; c++) {
        int16_t *restrict dst = samples + c * pitch;
        for (int32_t i = 0; i < count; i++) {
            uint32_t value = src[(ptrdiff_t)i * channels + c];
            dst[i] = (int16_t)((value * HY_WHITE14 + 32767) / 65535);
        }
    }
}

static void multiply(int16_t *restrict samples, const int16_t *restrict alpha, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        samples[i] = (int16_t)((samples[i] * alpha[i] + HY_WHITE14 / 2) / HY_WHITE14);
    }
}

/* The calls with a constant number of channels let the compiler unroll. */
void hy_rows_unpack(const hy_kernels *kernels, const hy_row_format *format, const void *row,
                    int32_t column, int32_t count, int16_t *samples, ptrdiff_t pitch)
{
    const int channels = format->channels;
    const uint8_t *src8 = (const uint8_t *)row + (ptrdiff_t)column * channels;
    const uint16_t *src16 = (const uint16_t *)row + (ptrdiff_t)column * channels;
    if (format->bits == 16) {
        unpack16(src16, channels, count, samples, pitch);
    } else if (channels == 3) {
        kernels->split_rgb8(samples, pitch, src8, count);
    } else if (channels == 1) {
        kernels->widen8(samples, src8, count);
    } else if (channels == 2) {
        unpack8(src8, 2, count, samples, pitch);
    } else {
        unpack8(src8, 4, count, samples, pitch);
    }
    if (hy_row_format_has_alpha(format)) {
        for (int c = 0; c < channels - 1; c++) {
            multiply(samples + c * pitch, samples + (channels - 1) * pitch, count);
        }
    }
}

/* 0..HY_WHITE14 to 0..65535: exactly times 257 / 64. */
static uint16_t widen(int16_t value)
{
    return (uint16_t)((value * 257 + 32) >> 6);
}

/* The filter may leave a colour above its alpha. */
static uint16_t divide(int16_t value, int16_t alpha)
{
    if (value >= alpha) {
        return alpha > 0 ? 65535 : 0;
    }
    return (uint16_t)(((uint32_t)value * 65535 + (uint32_t)alpha / 2) / (uint32_t)alpha);
}

static void divide_alpha(const int16_t *samples, const int16_t *alpha, int32_t count, bool grey,
                         hy_rgba64 *pixels)
{
    const int16_t *r = samples;
    const int16_t *g = grey ? r : samples + count;
    const int16_t *b = grey ? r : g + count;
    for (int32_t i = 0; i < count; i++) {
        pixels[i] = (hy_rgba64){divide(r[i], alpha[i]), divide(g[i], alpha[i]),
                                divide(b[i], alpha[i]), widen(alpha[i])};
    }
}

void hy_rows_pack(const hy_row_format *format, const int16_t *samples, int32_t count,
                  hy_rgba64 *pixels)
{
    const bool grey = format->channels < 3;
    const int16_t *last = samples + (ptrdiff_t)(format->channels - 1) * count;
    if (hy_row_format_has_alpha(format)) {
        divide_alpha(samples, last, count, grey, pixels);
        return;
    }
    const int16_t *r = samples;
    const int16_t *g = grey ? r : r + count;
    const int16_t *b = grey ? r : g + count;
    for (int32_t i = 0; i < count; i++) {
        pixels[i] = (hy_rgba64){widen(r[i]), widen(g[i]), widen(b[i]), 65535};
    }
    if (format->cmyk) {
        for (int32_t i = 0; i < count; i++) {
            pixels[i].a = widen(last[i]);
        }
    }
}

/* a * b of two fractions of 65535; fits 32 bits. */
static uint16_t product(uint32_t a, uint32_t b)
{
    return (uint16_t)((a * b + 32767) / 65535);
}

void hy_rows_mix_ink(hy_rgba64 *pixels, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        hy_rgba64 p = pixels[i];
        pixels[i] = (hy_rgba64){product(p.r, p.a), product(p.g, p.a), product(p.b, p.a), 65535};
    }
}

static uint16_t over(uint32_t top, uint32_t below, uint32_t alpha)
{
    return (uint16_t)((top * alpha + below * (65535 - alpha) + 32767) / 65535);
}

void hy_rows_flatten(hy_rgba64 *pixels, int32_t count, hy_rgba64 background)
{
    for (int32_t i = 0; i < count; i++) {
        hy_rgba64 p = pixels[i];
        pixels[i] = (hy_rgba64){over(p.r, background.r, p.a), over(p.g, background.g, p.a),
                                over(p.b, background.b, p.a), 65535};
    }
}
