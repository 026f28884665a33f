/* SPDX-License-Identifier: MIT */
/* Numbers as JSON text. printf and strtod know the locale's decimal point, so only their digits
 * are used. */
#include "project_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits after the first that any double needs. */
#define MAX_FRACTION 16

const char *hy_seconds_text(int64_t time_us, char out[HY_JSON_NUMBER_BYTES])
{
    int length = snprintf(out, HY_JSON_NUMBER_BYTES, "%lld.%06lld", (long long)time_us / 1000000,
                          (long long)time_us % 1000000);
    while (out[length - 1] == '0') {
        length--;
    }
    if (out[length - 1] == '.') {
        length--;
    }
    out[length] = '\0';
    return out;
}

/* A number as digits: 0.DIGITS times ten to the `exponent`. */
typedef struct decimal {
    char digits[MAX_FRACTION + 2];
    int count;
    int exponent;
} decimal;

/* The fewest digits that give back a positive value. */
static decimal shortest(double value)
{
    char text[64];
    for (int fraction = 0; fraction <= MAX_FRACTION; fraction++) {
        (void)snprintf(text, sizeof text, "%.*e", fraction, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    decimal result = {.count = 0};
    const char *at = text;
    for (; *at != 'e'; at++) {
        if (*at >= '0' && *at <= '9') {
            result.digits[result.count++] = *at;
        }
    }
    result.exponent = (int)strtol(at + 1, NULL, 10) + 1;
    return result;
}

static char *put(char *to, const char *from, int count)
{
    memcpy(to, from, (size_t)count);
    return to + count;
}

static char *put_zeros(char *to, int count)
{
    memset(to, '0', (size_t)count);
    return to + count;
}

/* 12, 1.2, 0.0012 */
static char *put_plain(char *to, const decimal *number)
{
    if (number->exponent >= number->count) {
        to = put(to, number->digits, number->count);
        return put_zeros(to, number->exponent - number->count);
    }
    if (number->exponent > 0) {
        to = put(to, number->digits, number->exponent);
        *to++ = '.';
        return put(to, number->digits + number->exponent, number->count - number->exponent);
    }
    to = put(to, "0.", 2);
    to = put_zeros(to, -number->exponent);
    return put(to, number->digits, number->count);
}

/* 1.2e-30 */
static char *put_scientific(char *to, const decimal *number)
{
    *to++ = number->digits[0];
    if (number->count > 1) {
        *to++ = '.';
        to = put(to, number->digits + 1, number->count - 1);
    }
    return to + snprintf(to, 8, "e%d", number->exponent - 1);
}

const char *hy_real_text(double value, char out[HY_JSON_NUMBER_BYTES])
{
    char *to = out;
    if (signbit(value)) {
        *to++ = '-';
        value = -value;
    }
    if (value == 0) {
        /* "-0" would be read as an integer, which has no sign. */
        to = put(to, "0.0", to > out ? 3 : 1);
    } else {
        decimal number = shortest(value);
        bool plain = number.exponent > -6 && number.exponent <= 15;
        to = plain ? put_plain(to, &number) : put_scientific(to, &number);
    }
    *to = '\0';
    return out;
}
