/* SPDX-License-Identifier: MIT */
/*
 * Looks at JSON text without parsing it: what it would cost to parse, where in it a value stands,
 * and which value stands at a place. All are loops over bytes; they never read beyond the text,
 * whatever it holds.
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

/* From the first byte of a number or a word to the byte after the last. */
static void skip_scalar(cursor *c)
{
    while (c->at < c->size && !strchr(" \t\r\n,:\"", peek(c)) && !opens(peek(c)) &&
           !closes(peek(c))) {
        c->at++;
    }
}

/* A bracket, comma or colon: changes where the spot is. */
static void take_mark(hy_json_spot *spot, char byte)
{
    struct hy_json_level *top = spot->depth > 0 ? &spot->levels[spot->depth - 1] : NULL;
    if (opens(byte) && spot->depth < HY_JSON_MAX_DEPTH) {
        spot->levels[spot->depth++] = (struct hy_json_level){.is_object = byte == '{'};
    } else if (closes(byte) && top) {
        spot->depth--;
    } else if (byte == ':' && top) {
        top->in_value = true;
    } else if (byte == ',' && top) {
        top->in_value = false;
        top->index++;
    }
}

/* A string, number or word. */
static void take_token(hy_json_spot *spot, cursor *c)
{
    struct hy_json_level *top = spot->depth > 0 ? &spot->levels[spot->depth - 1] : NULL;
    spot->start = c->at;
    if (peek(c) == '"') {
        skip_string(c);
    } else {
        skip_scalar(c);
    }
    c->at += c->at == spot->start && c->at < c->size; /* a NUL */
    spot->end = c->at;
    spot->is_key = top && top->is_object && !top->in_value;
    if (spot->is_key) {
        top->key = spot->start;
        top->key_end = spot->end;
    }
}

hy_json_spot hy_json_spot_at(const char *json, size_t size, size_t offset)
{
    cursor c = {json, size, 0};
    hy_json_spot spot = {.start = size, .end = size};
    skip_space(&c);
    while (c.at < size && c.at <= offset) {
        char byte = peek(&c);
        if (opens(byte) || closes(byte) || byte == ',' || byte == ':') {
            take_mark(&spot, byte);
            c.at++;
        } else {
            take_token(&spot, &c);
            if (c.at > offset) {
                return spot;
            }
        }
        skip_space(&c);
    }
    spot.start = size;
    spot.end = size;
    spot.is_key = false;
    return spot;
}

size_t hy_json_member_end(const char *json, size_t size, size_t key_end)
{
    cursor c = {json, size, key_end};
    skip_value(&c);
    return c.at;
}
