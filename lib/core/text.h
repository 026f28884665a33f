/* SPDX-License-Identifier: MIT */
/* What text of others is read with. Knows no locale. */
#ifndef HY_TEXT_H
#define HY_TEXT_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal numbers are digits alone: no sign, no blanks; leading zeros are allowed. */

/* The number that `*text` begins with; moves `*text` behind its digits. -1 = there are no digits,
 * or it is more than `most`. */
int64_t hy_decimal_take(const char **text, int64_t most);
/* The number that the whole text is; -1 = it is none, or more than `most`. NULL is none. */
int64_t hy_decimal_parse(const char *text, int64_t most);
/* The same, but a number that is more counts as `most`. */
int64_t hy_decimal_clamp(const char *text, int64_t most);

/* 0..15 of a hexadecimal digit of either case; -1 = it is none. */
int hy_hex_digit(char c);
/* Undo percent-encoding in place. False for a broken escape or an encoded NUL. */
bool hy_percent_decode(char *text);

#endif
