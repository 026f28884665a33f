/* SPDX-License-Identifier: MIT */
/*
 * How texts call images and numbers. Names come from outside: they may hold line breaks, terminal
 * escapes and bytes that are no UTF-8, and none of these may reach a terminal or a log. Numbers
 * must look the same in every locale.
 */
#include "timeline_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *hy_thousandths(int64_t value, char out[HY_NUMBER_BYTES])
{
    const char *sign = value < 0 ? "-" : "";
    (void)snprintf(out, HY_NUMBER_BYTES, "%s%lld.%03d", sign, llabs(value / 1000),
                   abs((int)(value % 1000)));
    return out;
}

static bool is_continuation(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Bytes of the UTF-8 sequence that a lead byte starts, 0 for a byte that starts none. */
static size_t sequence_length(unsigned char lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead >= 0xc2 && lead <= 0xdf) {
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

/* Second bytes that would make an overlong form, a surrogate, a code point beyond U+10FFFF or,
 * after C2, a C1 control character. */
static bool second_is_valid(unsigned char lead, unsigned char second)
{
    switch (lead) {
    case 0xc2:
    case 0xe0:
        return second >= 0xa0;
    case 0xed:
        return second < 0xa0;
    case 0xf0:
        return second >= 0x90;
    case 0xf4:
        return second < 0x90;
    default:
        return true;
    }
}

/* Length of the printable character at `s`, 0 if there is none. */
static size_t printable_length(const unsigned char *s)
{
    size_t length = sequence_length(s[0]);
    if (length == 1) {
        return s[0] >= 0x20 && s[0] != 0x7f ? 1 : 0;
    }
    for (size_t i = 1; i < length; i++) {
        if (!is_continuation(s[i])) {
            return 0;
        }
    }
    return length > 0 && second_is_valid(s[0], s[1]) ? length : 0;
}

const char *hy_name_printable(const char *name, char out[HY_NAME_BYTES])
{
    const unsigned char *from = (const unsigned char *)name;
    size_t length = strlen(name);
    size_t used = 0;
    if (length >= HY_NAME_BYTES) {
        memcpy(out, "...", 3);
        used = 3;
        from += length - (HY_NAME_BYTES - 1 - 3);
        while (is_continuation(*from)) {
            from++;
        }
    }
    /* A replaced byte stays one byte, so the result is never longer than what is read. */
    while (*from) {
        size_t step = printable_length(from);
        if (step == 0) {
            out[used++] = '?';
            from++;
            continue;
        }
        memcpy(out + used, from, step);
        used += step;
        from += step;
    }
    out[used] = '\0';
    return out;
}

const char *hy_image_label(int32_t index, const char *name, char out[HY_LABEL_BYTES])
{
    char printable[HY_NAME_BYTES];
    (void)hy_name_printable(name, printable);
    (void)snprintf(out, HY_LABEL_BYTES, "image %d", (int)index);
    /* Bytes in memory are called just that when the caller gave them no name. */
    if (strcmp(out, printable) != 0) {
        (void)snprintf(out, HY_LABEL_BYTES, "image %d (%s)", (int)index, printable);
    }
    return out;
}
