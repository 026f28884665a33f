/* SPDX-License-Identifier: MIT */
/* A JSON writer without a tree: members go out as they come. */
#include "json.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

/* Bytes of the valid UTF-8 sequence at `text` (RFC 3629); 0 if there is none. */
static size_t sequence_length(const unsigned char *text)
{
    unsigned char first = text[0];
    size_t length = first < 0x80                     ? 1
                    : first >= 0xc2 && first <= 0xdf ? 2
                    : first >= 0xe0 && first <= 0xef ? 3
                    : first >= 0xf0 && first <= 0xf4 ? 4
                                                     : 0;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Overlong forms, surrogates and what lies beyond U+10FFFF. */
    if ((first == 0xe0 && text[1] < 0xa0) || (first == 0xed && text[1] > 0x9f) ||
        (first == 0xf0 && text[1] < 0x90) || (first == 0xf4 && text[1] > 0x8f)) {
        return 0;
    }
    return length;
}

static void print_string(const char *value)
{
    const unsigned char *text = (const unsigned char *)value;
    putchar('"');
    while (*text) {
        size_t length = sequence_length(text);
        if (length == 0) {
            fputs("\\ufffd", stdout);
            length = 1;
        } else if (*text < 0x20 || *text == 0x7f) {
            printf("\\u%04x", *text);
        } else if (*text == '"' || *text == '\\') {
            printf("\\%c", *text);
        } else {
            (void)fwrite(text, 1, length, stdout);
        }
        text += length;
    }
    putchar('"');
}

static void begin_member(json_writer *json, const char *key)
{
    if (json->depth > 0) {
        printf("%s\n%*s", json->has_member ? "," : "", 2 * json->depth, "");
    }
    json->has_member = true;
    if (key) {
        print_string(key);
        fputs(": ", stdout);
    }
}

void json_open(json_writer *json, const char *key, char bracket)
{
    begin_member(json, key);
    putchar(bracket);
    json->depth++;
    json->has_member = false;
}

void json_close(json_writer *json, char bracket)
{
    json->depth--;
    if (json->has_member) {
        printf("\n%*s", 2 * json->depth, "");
    }
    json->has_member = true;
    putchar(bracket);
    if (json->depth == 0) {
        putchar('\n');
        json->has_member = false;
    }
}

void json_text(json_writer *json, const char *key, const char *value)
{
    begin_member(json, key);
    print_string(value);
}

void json_integer(json_writer *json, const char *key, int64_t value)
{
    begin_member(json, key);
    printf("%lld", (long long)value);
}

void json_bool(json_writer *json, const char *key, bool value)
{
    begin_member(json, key);
    fputs(value ? "true" : "false", stdout);
}

void json_number(json_writer *json, const char *key, double value)
{
    begin_member(json, key);
    if (!isfinite(value) || fabs(value) > 9e12) {
        fputs("null", stdout);
        return;
    }
    long long millionths = llrint(value * 1e6);
    long long size = millionths < 0 ? -millionths : millionths;
    printf("%s%lld.%06lld", millionths < 0 ? "-" : "", size / 1000000, size % 1000000);
}
