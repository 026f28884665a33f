/* SPDX-License-Identifier: MIT */
/*
 * Sets members in JSON text without a tree. The text comes from the library, so it is valid; text
 * that is not gives NULL or an odd text, never more.
 */
#ifndef JSON_EDIT_H
#define JSON_EDIT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A path names a member by its keys, "canvas.fps"; "*" is every element of an array. After a key
 * "?" means: only where that member exists. A string in whose place members are set becomes an
 * object first, with the string as its "type".
 */
typedef struct json_edit {
    const char *path;
    const char *const *values; /* JSON texts; NULL in it removes the member */
    size_t count;              /* element i of an array takes values[i % count]; 1.. */
    bool if_missing;           /* a member that is there stays as it is */
} json_edit;

#define JSON_MAX_EDITS 64

/* `json` with all edits made; members that are missing are added. The caller frees it. NULL = out
 * of memory, or no JSON. */
char *json_edit_text(const char *json, const json_edit *edits, size_t count);

#endif
