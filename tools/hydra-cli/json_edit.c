/* SPDX-License-Identifier: MIT */
/*
 * One walk over the text: what no edit touches is copied, the rest is written anew. A selection
 * holds, for each edit, the part of its path that is left below the current value.
 */
#include "json_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct selection {
    const char *rest[JSON_MAX_EDITS]; /* NULL = not below this value; "" = this value */
} selection;

typedef struct editor {
    const char *at; /* in the old text */
    FILE *out;
    const json_edit *edits;
    size_t count;
    size_t index; /* of the array element that the walk is in */
    bool failed;
} editor;

static void skip_blanks(editor *e)
{
    e->at += strspn(e->at, " \t\r\n");
}

/* The character that must come next. */
static void expect(editor *e, char c)
{
    skip_blanks(e);
    if (*e->at == c) {
        e->at++;
    } else {
        e->failed = true;
    }
}

static const char *string_end(const char *text)
{
    for (text++; *text && *text != '"'; text++) {
        text += text[0] == '\\' && text[1];
    }
    return text + (*text == '"');
}

static const char *value_end(const char *text)
{
    int depth = 0;
    do {
        if (*text == '"') {
            text = string_end(text);
        } else if (*text == '{' || *text == '[') {
            depth++;
            text++;
        } else if (*text == '}' || *text == ']') {
            depth--;
            text++;
        } else {
            text += depth > 0 ? 1 : strcspn(text, ",]} \t\r\n");
        }
    } while (depth > 0 && *text);
    return text;
}

/* Bytes of the first key of a path, without its "?". */
static size_t key_length(const char *path)
{
    return strcspn(path, ".?");
}

static const char *after_key(const char *path)
{
    path += key_length(path);
    path += *path == '?';
    return path + (*path == '.');
}

/* The selection for the member or element `name` of a value. False if no edit is below it. */
static bool narrow(const editor *e, const selection *from, const char *name, size_t length,
                   selection *to)
{
    bool any = false;
    for (size_t i = 0; i < e->count; i++) {
        const char *rest = from->rest[i];
        bool match =
            rest && *rest && key_length(rest) == length && strncmp(rest, name, length) == 0;
        to->rest[i] = match ? after_key(rest) : NULL;
        any = any || match;
    }
    return any;
}

/* Does an edit set this very value? Its text, which may be NULL. */
static bool is_set(const editor *e, const selection *s, bool exists, const char **value)
{
    bool found = false;
    for (size_t i = 0; i < e->count; i++) {
        const json_edit *edit = &e->edits[i];
        bool applies = !edit->if_missing || (!exists && !found);
        if (s->rest[i] && !*s->rest[i] && applies) {
            *value = edit->values[e->index % edit->count];
            found = true;
        }
    }
    return found;
}

/* Is anything set or added below this value that exists? */
static bool is_touched(const editor *e, const selection *s)
{
    bool touched = false;
    for (size_t i = 0; i < e->count; i++) {
        touched = touched || (s->rest[i] && (*s->rest[i] || !e->edits[i].if_missing));
    }
    return touched;
}

static void drop(const editor *e, selection *s, const selection *below)
{
    for (size_t i = 0; i < e->count; i++) {
        s->rest[i] = below->rest[i] ? NULL : s->rest[i];
    }
}

static void write_new(editor *e, const selection *s);

/* Members that the edits name and the old object does not have. */
static void add_members(editor *e, selection *s, bool is_first)
{
    for (size_t i = 0; i < e->count; i++) {
        const char *rest = s->rest[i];
        selection below;
        const char *value = NULL;
        if (!rest || rest[key_length(rest)] == '?' ||
            !narrow(e, s, rest, key_length(rest), &below)) {
            continue;
        }
        drop(e, s, &below);
        if (is_set(e, &below, false, &value) && !value) {
            continue;
        }
        fprintf(e->out, "%s\"%.*s\":", is_first ? "" : ",", (int)key_length(rest), rest);
        write_new(e, &below);
        is_first = false;
    }
}

static void write_new(editor *e, const selection *s)
{
    const char *value = NULL;
    if (is_set(e, s, false, &value)) {
        fputs(value ? value : "null", e->out);
        return;
    }
    selection members = *s;
    fputc('{', e->out);
    add_members(e, &members, true);
    fputc('}', e->out);
}

static void copy_value(editor *e)
{
    const char *end = value_end(e->at);
    e->failed = e->failed || end == e->at;
    (void)fwrite(e->at, 1, (size_t)(end - e->at), e->out);
    e->at = end;
}

static void edit_value(editor *e, const selection *s);

/* True if the member stays. */
static bool edit_member(editor *e, selection *s, bool is_first)
{
    selection below;
    const char *value = NULL;
    const char *key = e->at;
    if (*key != '"') {
        e->failed = true;
        return false;
    }
    e->at = string_end(key);
    size_t length = (size_t)(e->at - key);
    bool touched = length > 2 && narrow(e, s, key + 1, length - 2, &below);
    expect(e, ':');
    skip_blanks(e);
    if (touched) {
        drop(e, s, &below);
    }
    if (touched && is_set(e, &below, true, &value) && !value) {
        e->at = value_end(e->at);
        return false;
    }
    fprintf(e->out, "%s%.*s:", is_first ? "" : ",", (int)length, key);
    if (touched) {
        edit_value(e, &below);
    } else {
        copy_value(e);
    }
    return true;
}

static void edit_object(editor *e, const selection *s)
{
    selection left = *s;
    bool is_first = true;
    expect(e, '{');
    fputc('{', e->out);
    skip_blanks(e);
    while (*e->at != '}' && !e->failed) {
        is_first = !edit_member(e, &left, is_first) && is_first;
        skip_blanks(e);
        if (*e->at != '}') {
            expect(e, ',');
            skip_blanks(e);
        }
    }
    expect(e, '}');
    add_members(e, &left, is_first);
    fputc('}', e->out);
}

static void edit_array(editor *e, const selection *s)
{
    selection below;
    bool touched = narrow(e, s, "*", 1, &below);
    expect(e, '[');
    fputc('[', e->out);
    skip_blanks(e);
    for (e->index = 0; *e->at != ']' && !e->failed; e->index++) {
        fputs(e->index > 0 ? "," : "", e->out);
        if (touched) {
            edit_value(e, &below);
        } else {
            copy_value(e);
        }
        skip_blanks(e);
        if (*e->at != ']') {
            expect(e, ',');
            skip_blanks(e);
        }
    }
    e->index = 0;
    expect(e, ']');
    fputc(']', e->out);
}

static void edit_string(editor *e, const selection *s)
{
    selection left = *s;
    selection type;
    if (narrow(e, s, "type", 4, &type)) {
        drop(e, &left, &type);
    }
    fputs("{\"type\":", e->out);
    edit_value(e, &type);
    add_members(e, &left, false);
    fputc('}', e->out);
}

static void edit_value(editor *e, const selection *s)
{
    const char *value = NULL;
    if (is_set(e, s, true, &value)) {
        fputs(value ? value : "null", e->out);
        e->at = value_end(e->at);
    } else if (!is_touched(e, s)) {
        copy_value(e);
    } else if (*e->at == '{') {
        edit_object(e, s);
    } else if (*e->at == '[') {
        edit_array(e, s);
    } else if (*e->at == '"') {
        edit_string(e, s);
    } else {
        write_new(e, s);
        e->at = value_end(e->at);
    }
}

char *json_edit_text(const char *json, const json_edit *edits, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    selection all;
    editor e = {.at = json, .edits = edits, .count = count};
    if (count > JSON_MAX_EDITS || !(e.out = open_memstream(&text, &size))) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        all.rest[i] = edits[i].path;
    }
    skip_blanks(&e);
    edit_value(&e, &all);
    e.failed = ferror(e.out) || e.failed;
    if (fclose(e.out) != 0 || e.failed) {
        free(text);
        return NULL;
    }
    return text;
}
