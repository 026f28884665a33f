/* SPDX-License-Identifier: MIT */
/*
 * The format of ~/.aws/config and ~/.aws/credentials: sections, "name = value", lines that
 * continue a value, blocks nested below an empty value, comments. The text is cut up in place, so
 * that all that may be secret lies in one block.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "credentials.h"

#define NO_ENTRY SIZE_MAX

typedef struct parser {
    hy_profile_file *file;
    const char *label;
    bool is_config;
    int line;
    bool in_section;
    hy_section_kind kind;
    bool prefixed;
    const char *section;
    size_t top;        /* entry whose value may go on in lines that are indented more */
    size_t top_indent; /* of its line */
    char *value_end;   /* where that value ends */
    bool nests;        /* its value was empty: what follows is a block */
} parser;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static hydra_status wrong(const parser *p, const char *what, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: line %d: %s", p->label, p->line, what);
}

/* Cut blanks off both ends of start..*end; returns the new start. */
static char *trim(char *start, char **end)
{
    while (start < *end && is_blank(*start)) {
        start++;
    }
    while (*end > start && is_blank((*end)[-1])) {
        (*end)--;
    }
    return start;
}

/* The end of a value: in front of a blank and a '#' or ';', and of the blanks before it. There is
 * a character before `start`. */
static char *cut_comment(char *start, char *end)
{
    for (char *at = start; at < end; at++) {
        if ((*at == '#' || *at == ';') && is_blank(at[-1])) {
            end = at;
        }
    }
    (void)trim(start, &end);
    return end;
}

static hydra_status add_entry(parser *p, const hy_profile_entry *entry, hy_diag *diag)
{
    hy_profile_file *file = p->file;
    if (file->count == file->capacity) {
        size_t capacity = file->capacity ? file->capacity * 2 : 16;
        hy_profile_entry *entries = hy_realloc_array(file->entries, capacity, sizeof *entries);
        if (!entries) {
            return hy_fail_memory(diag);
        }
        file->entries = entries;
        file->capacity = capacity;
    }
    file->entries[file->count++] = *entry;
    return HYDRA_OK;
}

/* `word` and a blank in front: returns what follows, without quotes around it; else NULL. */
static char *after_word(char *start, char **end, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(*end - start) <= length || memcmp(start, word, length) != 0 ||
        !is_blank(start[length])) {
        return NULL;
    }
    start = trim(start + length, end);
    bool quoted = *end - start >= 2 && (*start == '"' || *start == '\'') && (*end)[-1] == *start;
    *end -= quoted;
    return start + quoted;
}

/* What the words between the brackets name. */
static void name_section(parser *p, char *start, char *end)
{
    char *name = NULL;
    p->prefixed = false;
    p->kind = HY_SECTION_OTHER;
    if (!p->is_config) {
        p->kind = HY_SECTION_PROFILE;
    } else if ((name = after_word(start, &end, "profile"))) {
        p->kind = HY_SECTION_PROFILE;
        p->prefixed = true;
    } else if ((name = after_word(start, &end, "services"))) {
        p->kind = HY_SECTION_SERVICES;
    } else if (end - start == 7 && memcmp(start, "default", 7) == 0) {
        p->kind = HY_SECTION_PROFILE;
    }
    p->section = name ? name : start;
    *end = '\0';
}

static hydra_status read_section(parser *p, char *start, char *end, hy_diag *diag)
{
    char *close = memchr(start, ']', (size_t)(end - start));
    if (!close) {
        return wrong(p, "a section without ']'", diag);
    }
    char *rest = trim(close + 1, &end);
    if (rest < end && *rest != '#' && *rest != ';') {
        return wrong(p, "something follows a section's name", diag);
    }
    char *last = close;
    start = trim(start + 1, &last);
    if (start == last) {
        return wrong(p, "a section without a name", diag);
    }
    name_section(p, start, last);
    p->in_section = true;
    p->top = NO_ENTRY;
    const hy_profile_entry head = {.kind = p->kind, .prefixed = p->prefixed, .section = p->section};
    return add_entry(p, &head, diag);
}

static void lower(char *text)
{
    for (; *text; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            *text = (char)(*text + ('a' - 'A'));
        }
    }
}

/* "name = value", at the top or nested below `parent`. */
static hydra_status read_setting(parser *p, char *start, char *end, const char *parent,
                                 char **value_end, hy_diag *diag)
{
    char *equals = memchr(start, '=', (size_t)(end - start));
    if (!equals) {
        return wrong(p, "neither a section nor a setting", diag);
    }
    char *name_end = equals;
    char *name = trim(start, &name_end);
    if (name == name_end) {
        return wrong(p, "a setting without a name", diag);
    }
    char *last = cut_comment(equals + 1, end);
    char *value = trim(equals + 1, &last);
    *name_end = '\0';
    *last = '\0';
    lower(name);
    *value_end = last;
    const hy_profile_entry entry = {.kind = p->kind,
                                    .prefixed = p->prefixed,
                                    .section = p->section,
                                    .parent = parent,
                                    .name = name,
                                    .value = value};
    return add_entry(p, &entry, diag);
}

static hydra_status read_top(parser *p, char *start, char *end, size_t indent, hy_diag *diag)
{
    if (!p->in_section) {
        return wrong(p, "a setting outside of a section", diag);
    }
    hydra_status status = read_setting(p, start, end, NULL, &p->value_end, diag);
    if (status == HYDRA_OK) {
        p->top = p->file->count - 1;
        p->top_indent = indent;
        p->nests = p->file->entries[p->top].value[0] == '\0';
    }
    return status;
}

/* An indented line: part of a block, or of the value before it, after a line end. There is room:
 * the text moves to the front. */
static hydra_status read_indented(parser *p, char *start, char *end, hy_diag *diag)
{
    if (p->nests) {
        char *ignored = NULL;
        const char *parent = p->file->entries[p->top].name;
        return read_setting(p, start, end, parent, &ignored, diag);
    }
    size_t size = (size_t)(cut_comment(start, end) - start);
    *p->value_end++ = '\n';
    memmove(p->value_end, start, size);
    p->value_end += size;
    *p->value_end = '\0';
    return HYDRA_OK;
}

static hydra_status read_line(parser *p, char *line, char *end, hy_diag *diag)
{
    if (end > line && end[-1] == '\r') {
        end--;
    }
    char *start = trim(line, &end);
    if (start == end || *start == '#' || *start == ';') {
        return HYDRA_OK;
    }
    size_t indent = (size_t)(start - line);
    if (p->top != NO_ENTRY && indent > p->top_indent) {
        return read_indented(p, start, end, diag);
    }
    if (*start == '[') {
        return read_section(p, start, end, diag);
    }
    return read_top(p, start, end, indent, diag);
}

static hydra_status read_lines(parser *p, char *text, size_t size, hy_diag *diag)
{
    char *end = text + size;
    while (text < end) {
        char *stop = memchr(text, '\n', (size_t)(end - text));
        stop = stop ? stop : end;
        p->line++;
        hydra_status status = read_line(p, text, stop, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        text = stop + 1;
    }
    return HYDRA_OK;
}

/* Where there is a "[profile default]", a "[default]" of the same file does not count. */
static void settle_default(hy_profile_file *file)
{
    bool prefixed = false;
    for (size_t i = 0; i < file->count; i++) {
        const hy_profile_entry *entry = &file->entries[i];
        prefixed = prefixed || (entry->prefixed && strcmp(entry->section, "default") == 0);
    }
    for (size_t i = 0; prefixed && i < file->count; i++) {
        hy_profile_entry *entry = &file->entries[i];
        if (entry->kind == HY_SECTION_PROFILE && !entry->prefixed) {
            entry->kind = HY_SECTION_OTHER;
        }
    }
}

static hydra_status parse_copy(hy_profile_file *out, const char *label, bool is_config,
                               hy_diag *diag)
{
    parser p = {.file = out, .label = label, .is_config = is_config, .top = NO_ENTRY};
    const bool marked = out->size >= 3 && memcmp(out->text, "\xEF\xBB\xBF", 3) == 0;
    const size_t skip = marked ? 3 : 0;
    hydra_status status = read_lines(&p, out->text + skip, out->size - skip, diag);
    settle_default(out);
    return status;
}

hydra_status hy_profile_file_parse(hy_profile_file *out, const char *text, size_t size,
                                   const char *label, bool is_config, hy_diag *diag)
{
    *out = (hy_profile_file){0};
    if (size > HY_PROFILE_FILE_BYTES) {
        return hy_fail(diag, HYDRA_ERR_LIMIT, "%s: larger than 1 MiB", label);
    }
    if (size > 0 && memchr(text, '\0', size)) {
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: holds a NUL character, is no text", label);
    }
    out->text = hy_calloc(size + 1, 1);
    if (!out->text) {
        return hy_fail_memory(diag);
    }
    if (size > 0) {
        memcpy(out->text, text, size);
    }
    out->size = size;
    hydra_status status = parse_copy(out, label, is_config, diag);
    if (status != HYDRA_OK) {
        hy_profile_file_free(out);
    }
    return status;
}

void hy_profile_file_free(hy_profile_file *file)
{
    if (file->text) {
        OPENSSL_cleanse(file->text, file->size);
    }
    hy_free(file->text);
    hy_free(file->entries);
    *file = (hy_profile_file){0};
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

const char *hy_profile_file_find(const hy_profile_file *file, hy_section_kind kind,
                                 const char *section, const char *parent, const char *name)
{
    for (size_t i = file->count; i > 0; i--) {
        const hy_profile_entry *entry = &file->entries[i - 1];
        if (entry->kind == kind && same(entry->section, section) && same(entry->parent, parent) &&
            same(entry->name, name)) {
            return entry->value ? entry->value : "";
        }
    }
    return NULL;
}
