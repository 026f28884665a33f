/* SPDX-License-Identifier: MIT */
/* BMP and WAV writers for tests. */
#include "scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put16(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *to, uint32_t value)
{
    put16(to, value);
    put16(to + 2, value >> 16);
}

uint8_t *test_bmp(int32_t width, int32_t height, test_pixel_fn *pixel, const void *user,
                  size_t *size)
{
    size_t stride = ((size_t)width * 3 + 3) & ~(size_t)3;
    *size = 54 + stride * (size_t)height;
    uint8_t *file = calloc(*size, 1);
    assert_non_null(file);
    memcpy(file, "BM", 2);
    put32(file + 2, (uint32_t)*size);
    put32(file + 10, 54);
    put32(file + 14, 40);
    put32(file + 18, (uint32_t)width);
    put32(file + 22, (uint32_t)height);
    put16(file + 26, 1);
    put16(file + 28, 24);
    put32(file + 34, (uint32_t)(*size - 54));
    for (int32_t y = 0; y < height; y++) {
        uint8_t *row = file + 54 + stride * (size_t)(height - 1 - y);
        for (int32_t x = 0; x < width; x++) {
            uint32_t rgb = pixel(x, y, user);
            row[x * 3] = (uint8_t)rgb;
            row[x * 3 + 1] = (uint8_t)(rgb >> 8);
            row[x * 3 + 2] = (uint8_t)(rgb >> 16);
        }
    }
    return file;
}

uint32_t test_pixel_color(int32_t x, int32_t y, const void *user)
{
    (void)x;
    (void)y;
    return *(const uint32_t *)user;
}

static uint32_t to_byte(double value)
{
    return value < 0 ? 0 : value > 255 ? 255 : (uint32_t)value;
}

uint32_t test_pixel_natural(int32_t x, int32_t y, const void *user)
{
    uint32_t seed = *(const uint32_t *)user;
    double a = 0.9 + 0.13 * (seed % 7);
    double waves = 60 * sin(x * 0.021 * a) + 40 * cos(y * 0.033 / a) + 25 * sin((x + y) * 0.11);
    double edge = (x / 37 + y / 53 + (int32_t)seed) % 3 ? 0 : 35;
    uint32_t noise = (uint32_t)x * 2654435761u ^ (uint32_t)y * 2246822519u ^ seed * 3266489917u;
    double grain = (noise >> 13) % 9;
    uint32_t r = to_byte(125 + waves + edge + grain);
    uint32_t g = to_byte(120 + waves * 0.7 - edge + grain);
    uint32_t b = to_byte(110 - waves * 0.5 + edge + grain);
    return r << 16 | g << 8 | b;
}

uint8_t *test_mono_wav(int32_t hz, int64_t samples, test_sample_fn *sample, const void *user,
                       size_t *size)
{
    *size = 44 + (size_t)samples * 2;
    uint8_t *file = calloc(*size, 1);
    assert_non_null(file);
    memcpy(file, "RIFF", 4);
    put32(file + 4, (uint32_t)(*size - 8));
    memcpy(file + 8, "WAVEfmt ", 8);
    put32(file + 16, 16);
    put16(file + 20, 1);
    put16(file + 22, 1);
    put32(file + 24, (uint32_t)hz);
    put32(file + 28, (uint32_t)hz * 2);
    put16(file + 32, 2);
    put16(file + 34, 16);
    memcpy(file + 36, "data", 4);
    put32(file + 40, (uint32_t)(*size - 44));
    for (int64_t i = 0; i < samples; i++) {
        long value = lround(sample(i, hz, user) * 32000);
        put16(file + 44 + i * 2, (uint32_t)value & 0xffff);
    }
    return file;
}

double test_sample_tone(int64_t i, int32_t hz, const void *user)
{
    double tone = user ? *(const double *)user : 440;
    return 0.4 * sin(2 * 3.14159265358979 * tone * (double)i / hz);
}
