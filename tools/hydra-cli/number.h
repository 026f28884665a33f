/* SPDX-License-Identifier: MIT */
/*
 * Numbers on the command line. Strict (nothing before or after them) and the same in every locale;
 * decimals become whole millionths, so 0.1 s is exactly 100,000 microseconds.
 */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* "12", "-0.5", ".25": at most 6 decimal places. False if the text is anything else. */
bool number_millionths(const char *text, int64_t *out);
/* The other way, without needless zeros. Not negative. Returns `out`. */
#define NUMBER_BYTES 32
const char *number_seconds(int64_t us, char out[NUMBER_BYTES]);
/* Whole decimal number. */
bool number_integer(const char *text, int64_t *out);
/* "W<separator>H", both whole and positive. */
bool number_pair(const char *text, char separator, int32_t *a, int32_t *b);
/* A frame rate: 30, 30000/1001, 12.5; the broadcast decimals 23.976 29.97 ... mean N*1000/1001. */
bool number_rate(const char *text, int32_t *num, int32_t *den);
/* "90s", "15m", "1h", "7d", or seconds: 1 s to 7 days. */
bool number_duration_s(const char *text, int64_t *seconds);
/* RRGGBB in hexadecimal, with or without "#". */
bool number_color(const char *text, uint32_t *rgb);

#endif
