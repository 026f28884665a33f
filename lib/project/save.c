/* SPDX-License-Identifier: MIT */
/*
 * Writing a document: the same tables as the reader, walked in their order, one line per key and
 * per image. What equals its default is left out. No number goes through the locale.
 */
#include "project_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct writer {
    hy_buffer *out;
    const char *joint; /* between the keys of the object that is being written */
    bool first;        /* no key of it is written yet */
    hy_diag *diag;
} writer;

static const void *member(const void *base, const hy_field *field)
{
    return (const unsigned char *)base + field->offset;
}

/* ---- Text ---- */

static void put_bytes(writer *w, const char *text, size_t size)
{
    if (w->diag->status == HYDRA_OK && !hy_buffer_append(w->out, text, size)) {
        if (w->out->size + size > w->out->limit) {
            (void)hy_fail(w->diag, HYDRA_ERR_LIMIT, "the project is more than %llu bytes of JSON",
                          (unsigned long long)w->out->limit);
        } else {
            (void)hy_fail_memory(w->diag);
        }
    }
}

static void put(writer *w, const char *text)
{
    put_bytes(w, text, strlen(text));
}

static void put_escaped(writer *w, unsigned char byte)
{
    char text[8];
    if (byte == '"' || byte == '\\') {
        (void)snprintf(text, sizeof text, "\\%c", byte);
    } else {
        (void)snprintf(text, sizeof text, "\\u%04x", (unsigned)byte);
    }
    put(w, text);
}

/* False when the text is no UTF-8. */
static bool put_string(writer *w, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    put(w, "\"");
    while (*at) {
        size_t length = hy_utf8_length(at);
        if (length == 0) {
            return false;
        }
        if (*at < 0x20 || *at == '"' || *at == '\\') {
            put_escaped(w, *at);
        } else {
            put_bytes(w, (const char *)at, length);
        }
        at += length;
    }
    put(w, "\"");
    return true;
}

static void put_key(writer *w, const char *key)
{
    put(w, w->first ? "" : w->joint);
    w->first = false;
    put(w, "\"");
    put(w, key);
    put(w, "\": ");
}

/* ---- Values ---- */

/* The model holds only values that have a word. */
static void put_word(writer *w, const hy_word *words, int32_t value)
{
    const hy_word *word = hy_word_of(words, value);
    (void)put_string(w, word ? word->text : "");
}

static void put_integer(writer *w, int32_t value)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%d", (int)value);
    put(w, text);
}

static void put_real(writer *w, double value)
{
    char text[HY_JSON_NUMBER_BYTES];
    put(w, hy_real_text(value, text));
}

static void put_seconds(writer *w, int64_t time_us)
{
    char text[HY_JSON_NUMBER_BYTES];
    put(w, hy_seconds_text(time_us, text));
}

static void put_color(writer *w, uint32_t rgb)
{
    char text[16];
    (void)snprintf(text, sizeof text, "\"#%06x\"", (unsigned)rgb);
    put(w, text);
}

static void put_rate(writer *w, const hy_rate *rate)
{
    char text[32];
    bool whole = rate->den == 1 && rate->num <= 120;
    (void)snprintf(text, sizeof text, whole ? "%d" : "\"%d/%d\"", (int)rate->num, (int)rate->den);
    put(w, text);
}

static void put_source(writer *w, const hy_source *source)
{
    const char *text = source->url ? source->url : source->name;
    if (source->blob) {
        (void)hy_fail(w->diag, HYDRA_ERR_UNSUPPORTED,
                      "%s: its bytes are in memory, JSON holds only paths", source->name);
    } else if (!put_string(w, text)) {
        (void)hy_fail(w->diag, HYDRA_ERR_UNSUPPORTED,
                      "%s: the path is no UTF-8, JSON cannot hold it", source->name);
    }
}

static void put_text(writer *w, const char *text)
{
    if (!put_string(w, text)) {
        (void)hy_fail(w->diag, HYDRA_ERR_UNSUPPORTED, "%s: no UTF-8, JSON cannot hold it", text);
    }
}

/* ---- What is at its default ---- */

static bool is_default(const hy_field *field, const void *base, const void *defaults);

static bool all_default(const hy_field *fields, const void *base, const void *defaults)
{
    for (const hy_field *field = fields; field->key; field++) {
        if (!is_default(field, base, defaults)) {
            return false;
        }
    }
    return true;
}

/* Bits, not values: -0.0 is not 0. */
static bool same(const hy_field *field, const void *base, const void *defaults, size_t size)
{
    return memcmp(member(base, field), member(defaults, field), size) == 0;
}

static bool image_default(const hy_field *field, const hydra_image_options *options,
                          const hydra_image_options *defaults)
{
    if (field->kind == HY_FIELD_BACKDROP) {
        return options->backdrop == defaults->backdrop &&
               options->backdrop_rgb == defaults->backdrop_rgb;
    }
    return memcmp(&options->focus_x, &defaults->focus_x, sizeof(double)) == 0 &&
           memcmp(&options->focus_y, &defaults->focus_y, sizeof(double)) == 0;
}

static bool is_default(const hy_field *field, const void *base, const void *defaults)
{
    if (field->present > 0) {
        return !*(const bool *)((const unsigned char *)base + field->present);
    }
    switch (field->kind) {
    case HY_FIELD_WORD:
    case HY_FIELD_INTEGER:
    case HY_FIELD_COLOR:
        return same(field, base, defaults, sizeof(int32_t));
    case HY_FIELD_NUMBER:
    case HY_FIELD_SECONDS:
        return same(field, base, defaults, sizeof(int64_t));
    case HY_FIELD_RATE:
        return same(field, base, defaults, sizeof(hy_rate));
    case HY_FIELD_TEXT:
        return *(char *const *)member(base, field) == NULL;
    case HY_FIELD_POSITION:
    case HY_FIELD_BACKDROP:
        return image_default(field, member(base, field), member(defaults, field));
    case HY_FIELD_OBJECT:
    case HY_FIELD_WORD_OR_OBJECT:
        return all_default(field->shape->fields, member(base, field), member(defaults, field));
    case HY_FIELD_IGNORED:
    case HY_FIELD_PRESET: /* beside width and height, which say the same */
        return true;
    default:
        return false;
    }
}

/* ---- Objects ---- */

static void put_field(writer *w, const hy_field *field, const void *base, const void *defaults);

static void put_members(writer *w, const hy_field *fields, const void *base, const void *defaults)
{
    for (const hy_field *field = fields; field->key; field++) {
        if (!is_default(field, base, defaults)) {
            put_key(w, field->key);
            put_field(w, field, base, defaults);
        }
    }
}

/* On one line. */
static void open_object(writer *w)
{
    put(w, "{");
    w->joint = ", ";
    w->first = true;
}

/* NULL when the size has no name. */
static const hy_word *preset_of(const hy_project *project)
{
    for (const hy_word *word = hy_words_canvas; word->text; word++) {
        int32_t width;
        int32_t height;
        hy_preset_size(word->value, &width, &height);
        if (width == project->width && height == project->height) {
            return word;
        }
    }
    return NULL;
}

/* Either its name, or both width and height. */
static void put_canvas(writer *w, const hy_project *project)
{
    const hy_word *preset = preset_of(project);
    if (preset) {
        put_key(w, "preset");
        (void)put_string(w, preset->text);
        return;
    }
    put_key(w, "width");
    put_integer(w, project->width);
    put_key(w, "height");
    put_integer(w, project->height);
}

static void put_object(writer *w, const hy_shape *shape, const void *base, const void *defaults)
{
    writer inner = *w;
    open_object(&inner);
    if (shape == &hy_shape_canvas) {
        put_canvas(&inner, &((const hy_document *)base)->project);
    } else {
        put_members(&inner, shape->fields, base, defaults);
    }
    put(&inner, "}");
}

static void put_word_or_object(writer *w, const hy_shape *shape, const void *base,
                               const void *defaults)
{
    const hy_field *type = &shape->fields[0];
    if (all_default(type + 1, base, defaults)) {
        put_field(w, type, base, defaults);
        return;
    }
    writer inner = *w;
    open_object(&inner);
    put_key(&inner, type->key);
    put_field(&inner, type, base, defaults);
    put_members(&inner, type + 1, base, defaults);
    put(&inner, "}");
}

/* The word for a place in thirds, or NULL. */
static const hy_word *position_word(const hydra_image_options *options)
{
    double column = options->focus_x * 2;
    double row = options->focus_y * 2;
    for (int32_t i = 0; i < 9; i++) {
        if (column == i % 3 && row == i / 3 && !signbit(column) && !signbit(row)) {
            return hy_word_of(hy_words_position, i);
        }
    }
    return NULL;
}

static void put_position(writer *w, const hy_field *field, const hy_project_image *image,
                         const hy_project_image *defaults)
{
    const hy_word *word = position_word(&image->options);
    if (word) {
        (void)put_string(w, word->text);
    } else {
        put_object(w, field->shape, image, defaults);
    }
}

static void put_backdrop(writer *w, const hydra_image_options *options)
{
    if (options->backdrop == HYDRA_BACKDROP_BLUR) {
        put(w, "\"blur\"");
    } else {
        put_color(w, (uint32_t)options->backdrop_rgb);
    }
}

static void put_images(writer *w, const hy_project *project)
{
    hy_project_image defaults;
    hy_project_image_init(&defaults);
    put(w, "[");
    for (int32_t i = 0; i < project->image_count && w->diag->status == HYDRA_OK; i++) {
        put(w, i > 0 ? ",\n    " : "\n    ");
        put_object(w, &hy_shape_image, &project->images[i], &defaults);
    }
    put(w, project->image_count > 0 ? "\n  ]" : "]");
}

/* A field that is not at its default, or that has none. What is automatic is at its default. */
static void put_field(writer *w, const hy_field *field, const void *base, const void *defaults)
{
    const void *at = member(base, field);
    switch (field->kind) {
    case HY_FIELD_VERSION:
        put(w, "1");
        break;
    case HY_FIELD_WORD:
        put_word(w, field->words, *(const int32_t *)at);
        break;
    case HY_FIELD_INTEGER:
        put_integer(w, *(const int32_t *)at);
        break;
    case HY_FIELD_NUMBER:
        put_real(w, *(const double *)at);
        break;
    case HY_FIELD_SECONDS:
        put_seconds(w, *(const int64_t *)at);
        break;
    case HY_FIELD_TEXT:
        put_text(w, *(char *const *)at);
        break;
    case HY_FIELD_SOURCE:
        put_source(w, at);
        break;
    case HY_FIELD_COLOR:
        put_color(w, *(const uint32_t *)at);
        break;
    case HY_FIELD_RATE:
        put_rate(w, at);
        break;
    case HY_FIELD_POSITION:
        put_position(w, field, base, defaults);
        break;
    case HY_FIELD_BACKDROP:
        put_backdrop(w, at);
        break;
    case HY_FIELD_WORD_OR_OBJECT:
        put_word_or_object(w, field->shape, at, member(defaults, field));
        break;
    case HY_FIELD_IMAGES:
        put_images(w, at);
        break;
    default:
        put_object(w, field->shape, at, member(defaults, field));
        break;
    }
}

hydra_status hy_document_save(const hy_document *document, hy_buffer *out, hy_diag *diag)
{
    hy_document defaults;
    hy_document_init(&defaults);
    writer w = {.out = out, .joint = ",\n  ", .first = true, .diag = diag};
    put(&w, "{\n  ");
    put_members(&w, hy_shape_document.fields, document, &defaults);
    put(&w, "\n}\n");
    hy_document_free(&defaults);
    return diag->status;
}
