/* SPDX-License-Identifier: MIT */
/* Numbers and escapes in text. What does not fit is never computed. */
#include "text.h"

#include <stddef.h>

/* At most `most`; -1 = no digits. */
static int64_t take_digits(const char **text, int64_t most, bool *over)
{
    const char *at = *text;
    int64_t value = 0;
    *over = false;
    for (; *at >= '0' && *at <= '9'; at++) {
        int digit = *at - '0';
        *over = *over || digit > most || value > (most - digit) / 10;
        value = *over ? most : value * 10 + digit;
    }
    bool none = at == *text;
    *text = at;
    return none ? -1 : value;
}

int64_t hy_decimal_take(const char **text, int64_t most)
{
    bool over;
    int64_t value = take_digits(text, most, &over);
    return over ? -1 : value;
}

int64_t hy_decimal_parse(const char *text, int64_t most)
{
    int64_t value = text ? hy_decimal_take(&text, most) : -1;
    return value >= 0 && *text == '\0' ? value : -1;
}

int64_t hy_decimal_clamp(const char *text, int64_t most)
{
    bool over;
    int64_t value = text ? take_digits(&text, most, &over) : -1;
    return value >= 0 && *text == '\0' ? value : -1;
}

int hy_hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hy_percent_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        if (*from != '%') {
            *to++ = *from;
            continue;
        }
        int high = hy_hex_digit(from[1]);
        int low = high < 0 ? -1 : hy_hex_digit(from[2]);
        if (low < 0 || (high == 0 && low == 0)) {
            return false;
        }
        *to++ = (char)(high * 16 + low);
        from += 2;
    }
    *to = '\0';
    return true;
}
