/* SPDX-License-Identifier: MIT */
/* Strict, locale-independent numbers. */
#include "number.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits from *text on, appended to *value; *text moves past them. False on overflow. */
static bool take_digits(const char **text, int64_t *value)
{
    for (; is_digit(**text); (*text)++) {
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, **text - '0', value)) {
            return false;
        }
    }
    return true;
}

static bool take_sign(const char **text)
{
    bool negative = **text == '-';
    if (negative || **text == '+') {
        (*text)++;
    }
    return negative;
}

/* The digits after the point, filled up with zeros to six places. */
static bool take_fraction(const char **text, int64_t *value)
{
    const char *first = *text;
    if (!take_digits(text, value)) {
        return false;
    }
    ptrdiff_t places = *text - first;
    if (places < 1 || places > 6) {
        return false;
    }
    for (; places < 6; places++) {
        if (__builtin_mul_overflow(*value, 10, value)) {
            return false;
        }
    }
    return true;
}

bool number_millionths(const char *text, int64_t *out)
{
    bool negative = take_sign(&text);
    const char *first = text;
    int64_t value = 0;
    if (!take_digits(&text, &value)) {
        return false;
    }
    if (*text == '.') {
        text++;
        if (!take_fraction(&text, &value)) {
            return false;
        }
    } else if (text == first || __builtin_mul_overflow(value, 1000000, &value)) {
        return false;
    }
    *out = negative ? -value : value;
    return *text == '\0';
}

const char *number_seconds(int64_t us, char out[NUMBER_BYTES])
{
    int length = snprintf(out, NUMBER_BYTES, "%lld.%06lld", (long long)us / 1000000,
                          (long long)us % 1000000);
    while (out[length - 1] == '0') {
        length--;
    }
    length -= out[length - 1] == '.';
    out[length] = '\0';
    return out;
}

bool number_integer(const char *text, int64_t *out)
{
    bool negative = take_sign(&text);
    const char *first = text;
    int64_t value = 0;
    if (!take_digits(&text, &value) || text == first) {
        return false;
    }
    *out = negative ? -value : value;
    return *text == '\0';
}

/* A positive number of at most nine digits. */
static bool take_positive(const char **text, int32_t *out)
{
    int64_t value = 0;
    if (!take_digits(text, &value) || value < 1 || value > 999999999) {
        return false;
    }
    *out = (int32_t)value;
    return true;
}

bool number_pair(const char *text, char separator, int32_t *a, int32_t *b)
{
    if (!take_positive(&text, a) || *text != separator) {
        return false;
    }
    text++;
    return take_positive(&text, b) && *text == '\0';
}

/* 23.976 and its like are short for a multiple of 1000/1001. */
static bool broadcast_rate(const char *text, int32_t *num, int32_t *den)
{
    static const struct {
        const char *text;
        int32_t num;
    } rates[] = {
        {"23.976", 24000}, {"23.98", 24000}, {"29.97", 30000},   {"47.952", 48000},
        {"47.95", 48000},  {"59.94", 60000}, {"119.88", 120000},
    };
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        if (strcmp(text, rates[i].text) == 0) {
            *num = rates[i].num;
            *den = 1001;
            return true;
        }
    }
    return false;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool number_rate(const char *text, int32_t *num, int32_t *den)
{
    if (strchr(text, '/')) {
        return number_pair(text, '/', num, den);
    }
    if (broadcast_rate(text, num, den)) {
        return true;
    }
    int64_t rate = 0;
    if (!number_millionths(text, &rate) || rate <= 0 || rate > INT64_C(1000) * 1000000) {
        return false;
    }
    int64_t common = greatest_common_divisor(rate, 1000000);
    *num = (int32_t)(rate / common);
    *den = (int32_t)(1000000 / common);
    return true;
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = c ? strchr(digits, c) : NULL;
    if (!at) {
        return -1;
    }
    int value = (int)(at - digits);
    return value < 16 ? value : value - 6;
}

bool number_duration_s(const char *text, int64_t *seconds)
{
    const int64_t most_s = INT64_C(7) * 86400;
    int64_t value = 0;
    const char *first = text;
    if (!take_digits(&text, &value) || text == first || value > most_s) {
        return false;
    }
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    for (size_t i = 0; *text && i < sizeof units / sizeof units[0]; i++) {
        if (*text == units[i].unit && !text[1]) {
            value *= units[i].seconds;
            text++;
        }
    }
    *seconds = value;
    return !*text && value >= 1 && value <= most_s;
}

bool number_color(const char *text, uint32_t *rgb)
{
    text += *text == '#';
    uint32_t value = 0;
    size_t length = 0;
    for (; text[length]; length++) {
        int digit = hex_digit(text[length]);
        if (digit < 0 || length == 6) {
            return false;
        }
        value = value * 16 + (uint32_t)digit;
    }
    *rgb = value;
    return length == 6;
}
