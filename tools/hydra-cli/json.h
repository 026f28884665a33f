/* SPDX-License-Identifier: MIT */
/*
 * JSON on a stream, one object after another, one member per line or one object per line. Keys are
 * ours; values may be any bytes: what is not UTF-8 becomes U+FFFD, so the text is always valid.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct json_writer {
    FILE *out;
    int depth;
    bool one_line;
    bool has_member; /* of the innermost object or array */
} json_writer;

/* `key` is NULL at the top and inside arrays. `bracket` is '{' or '['. */
void json_open(json_writer *json, const char *key, char bracket);
/* `bracket` is '}' or ']'. The outermost one ends the line. */
void json_close(json_writer *json, char bracket);
void json_text(json_writer *json, const char *key, const char *value);
void json_integer(json_writer *json, const char *key, int64_t value);
void json_bool(json_writer *json, const char *key, bool value);
void json_null(json_writer *json, const char *key);
/* Rounded to millionths; null if it is not finite. */
void json_number(json_writer *json, const char *key, double value);

/* Single values, as they stand in such a text. */
void json_write_string(FILE *out, const char *value);
void json_write_millionths(FILE *out, int64_t value);

#endif
