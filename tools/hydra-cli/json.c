/* SPDX-License-Identifier: MIT */
/* A JSON writer without a tree: members go out as they come. */
#include "json.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

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

void json_write_string(FILE *out, const char *value)
{
    const unsigned char *text = (const unsigned char *)value;
    fputc('"', out);
    while (*text) {
        size_t length = sequence_length(text);
        if (length == 0) {
            fputs("\\ufffd", out);
            length = 1;
        } else if (*text < 0x20 || *text == 0x7f) {
            fprintf(out, "\\u%04x", *text);
        } else if (*text == '"' || *text == '\\') {
            fprintf(out, "\\%c", *text);
        } else {
            (void)fwrite(text, 1, length, out);
        }
        text += length;
    }
    fputc('"', out);
}

static void break_line(json_writer *json)
{
    if (!json->one_line) {
        fprintf(json->out, "\n%*s", 2 * json->depth, "");
    }
}

static void begin_member(json_writer *json, const char *key)
{
    if (json->has_member) {
        fputs(json->one_line ? ", " : ",", json->out);
    }
    if (json->depth > 0) {
        break_line(json);
    }
    json->has_member = true;
    if (key) {
        json_write_string(json->out, key);
        fputs(": ", json->out);
    }
}

void json_open(json_writer *json, const char *key, char bracket)
{
    begin_member(json, key);
    fputc(bracket, json->out);
    json->depth++;
    json->has_member = false;
}

void json_close(json_writer *json, char bracket)
{
    json->depth--;
    if (json->has_member) {
        break_line(json);
    }
    json->has_member = true;
    fputc(bracket, json->out);
    if (json->depth == 0) {
        fputc('\n', json->out);
        json->has_member = false;
    }
}

void json_text(json_writer *json, const char *key, const char *value)
{
    begin_member(json, key);
    json_write_string(json->out, value);
}

void json_integer(json_writer *json, const char *key, int64_t value)
{
    begin_member(json, key);
    fprintf(json->out, "%lld", (long long)value);
}

void json_bool(json_writer *json, const char *key, bool value)
{
    begin_member(json, key);
    fputs(value ? "true" : "false", json->out);
}

void json_null(json_writer *json, const char *key)
{
    begin_member(json, key);
    fputs("null", json->out);
}

void json_write_millionths(FILE *out, int64_t value)
{
    long long size = llabs((long long)value);
    fprintf(out, "%s%lld.%06lld", value < 0 ? "-" : "", size / 1000000, size % 1000000);
}

void json_number(json_writer *json, const char *key, double value)
{
    if (!isfinite(value) || fabs(value) > 9e12) {
        json_null(json, key);
        return;
    }
    begin_member(json, key);
    json_write_millionths(json->out, llrint(value * 1e6));
}
