/* SPDX-License-Identifier: MIT */
/*
 * Two looks at JSON text without parsing it: what it would cost to parse, and where in it a value
 * stands. Both are loops over bytes; they never read beyond the text, whatever it holds.
 */
#include "project_private.h"

#include <stdlib.h>
#include <string.h>

typedef struct cursor {
    const char *json;
    size_t size;
    size_t at;
} cursor;

/* The byte at the cursor, 0 at the end. */
static char peek(const cursor *c)
{
    return c->at < c->size ? c->json[c->at] : '\0';
}

/* From an opening quote to the byte after the closing one, or to the end. */
static void skip_string(cursor *c)
{
    c->at++;
    while (c->at < c->size && c->json[c->at] != '"') {
        c->at += c->json[c->at] == '\\' ? 2 : 1;
    }
    c->at = c->at < c->size ? c->at + 1 : c->size;
}

static bool opens(char byte)
{
    return byte == '[' || byte == '{';
}

static bool closes(char byte)
{
    return byte == ']' || byte == '}';
}

hy_json_extent hy_json_measure(const char *json, size_t size)
{
    cursor c = {json, size, 0};
    hy_json_extent extent = {.values = 1, .too_deep_at = size};
    int32_t depth = 0;
    while (c.at < size) {
        char byte = peek(&c);
        if (byte == '"') {
            skip_string(&c);
            continue;
        }
        if (opens(byte) && ++depth > HY_JSON_MAX_DEPTH) {
            extent.too_deep_at = c.at;
            break;
        }
        depth -= closes(byte) && depth > 0;
        /* A value is the first in its array or object, or it comes after a comma. */
        extent.values += opens(byte) || byte == ',';
        c.at++;
    }
    return extent;
}

hy_text_place hy_text_place_at(const char *json, size_t size, size_t offset)
{
    hy_text_place place = {1, 1};
    for (size_t i = 0; i < offset && i < size; i++) {
        place.column++;
        if (json[i] == '\n') {
            place.line++;
            place.column = 1;
        }
    }
    return place;
}

static void skip_space(cursor *c)
{
    while (c->at < c->size && strchr(" \t\r\n", peek(c)) && peek(c)) {
        c->at++;
    }
}

static void skip_value(cursor *c)
{
    int32_t depth = 0;
    while (c->at < c->size) {
        char byte = peek(c);
        if (byte == '"') {
            skip_string(c);
            continue;
        }
        if (depth == 0 && (byte == ',' || closes(byte))) {
            return;
        }
        depth += opens(byte) - closes(byte);
        c->at++;
    }
}

/* Whether the key at the cursor, in quotes, is the pointer's segment. A key that is written with
 * escapes is not recognised. */
static bool key_is(const cursor *c, size_t end, const char *segment, size_t length)
{
    size_t at = c->at + 1;
    for (size_t i = 0; i < length; i++) {
        char expected = segment[i];
        if (expected == '~' && i + 1 < length) {
            expected = segment[++i] == '0' ? '~' : '/';
        }
        if (at >= end || c->json[at++] != expected) {
            return false;
        }
    }
    return at + 1 == end;
}

/* From behind an opening brace to the value of a member. */
static bool find_member(cursor *c, const char *segment, size_t length)
{
    for (;;) {
        skip_space(c);
        if (peek(c) != '"') {
            return false;
        }
        cursor key = *c;
        skip_string(c);
        bool found = key_is(&key, c->at, segment, length);
        skip_space(c);
        c->at++; /* the colon */
        skip_space(c);
        if (found) {
            return c->at < c->size;
        }
        skip_value(c);
        if (peek(c) != ',') {
            return false;
        }
        c->at++;
    }
}

/* From behind an opening bracket to a value of the array. */
static bool find_item(cursor *c, long index)
{
    for (long i = 0; i < index; i++) {
        skip_value(c);
        if (peek(c) != ',') {
            return false;
        }
        c->at++;
    }
    skip_space(c);
    return c->at < c->size;
}

hy_text_place hy_json_locate(const char *json, size_t size, const char *pointer)
{
    cursor c = {json, size, 0};
    skip_space(&c);
    while (*pointer == '/') {
        const char *segment = pointer + 1;
        size_t length = strcspn(segment, "/");
        pointer = segment + length;
        char bracket = peek(&c);
        c.at++;
        bool found = bracket == '{'   ? find_member(&c, segment, length)
                     : bracket == '[' ? find_item(&c, strtol(segment, NULL, 10))
                                      : false;
        if (!found) {
            return (hy_text_place){0, 0};
        }
    }
    return hy_text_place_at(json, size, c.at);
}
