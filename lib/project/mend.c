/* SPDX-License-Identifier: MIT */
/*
 * Text that is JSON, but not what the parser takes: a key that comes twice, a number beyond a
 * double. Here such places get their pointer, and are changed in a copy of the text in a way that
 * leaves all other places where they are. So the rest can be read, and its mistakes be told as
 * well.
 */
#include <string.h>

#include "read.h"

static json_t *key_at(const char *json, size_t start, size_t end)
{
    json_error_t error;
    return json_loadb(json + start, end - start, JSON_DECODE_ANY, &error);
}

json_t *hy_json_spot_key(const char *json, const hy_json_spot *spot)
{
    return spot->is_key ? key_at(json, spot->start, spot->end) : NULL;
}

/* Append the key of a level; false when it cannot stand there. */
static bool put_level_key(const char *json, const struct hy_json_level *level, char *pointer,
                          size_t *used)
{
    json_t *key = level->key_end > 0 ? key_at(json, level->key, level->key_end) : NULL;
    const char *text = json_string_value(key);
    bool fits = text && hy_pointer_takes(text) && *used + 2 * strlen(text) + 4 < HY_POINTER_BYTES;
    if (fits) {
        *used = hy_pointer_put_key(pointer, *used, text);
    }
    json_decref(key);
    return fits;
}

void hy_json_spot_pointer(const char *json, const hy_json_spot *spot,
                          char pointer[HY_POINTER_BYTES])
{
    size_t used = 0;
    pointer[0] = '\0';
    for (int32_t i = 0; i < spot->depth; i++) {
        const struct hy_json_level *level = &spot->levels[i];
        if (!level->is_object) {
            used = hy_pointer_put_index(pointer, used, level->index);
        } else if (!put_level_key(json, level, pointer, &used)) {
            return;
        }
    }
}

bool hy_json_cut_member(char *json, size_t size, const hy_json_spot *key)
{
    size_t start = key->start;
    while (start > 0 && strchr(" \t\r\n", json[start - 1]) && json[start - 1]) {
        start--;
    }
    if (!key->is_key || start == 0 || json[start - 1] != ',') {
        return false;
    }
    size_t end = hy_json_member_end(json, size, key->end);
    for (size_t at = start - 1; at < end; at++) {
        /* Lines keep their numbers. */
        json[at] = json[at] == '\n' ? '\n' : ' ';
    }
    return true;
}

bool hy_json_cap_number(char *json, const hy_json_spot *number)
{
    static const char cap[] = {'1', 'e', '3', '0', '8'};
    size_t start = number->start;
    start += start < number->end && json[start] == '-';
    if (number->end - start < sizeof cap) {
        return false; /* a number beyond it is at least as long */
    }
    memset(json + start, ' ', number->end - start);
    memcpy(json + start, cap, sizeof cap);
    return true;
}
