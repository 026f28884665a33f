/* SPDX-License-Identifier: MIT */
/*
 * From the tree into a document: objects by their shape, arrays of images. Goes on after a finding,
 * so that one look shows everything that is wrong; values that are wrong are left at their
 * defaults.
 */
#include "read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Findings ---- */

static bool is_done(const hy_loader *loader)
{
    return hy_issues_full(loader->issues) || loader->diag->status != HYDRA_OK;
}

static size_t put_place(char *pointer, const hy_place *at)
{
    if (!at || (!at->key && !at->parent)) {
        pointer[0] = '\0';
        return 0;
    }
    size_t used = put_place(pointer, at->parent);
    return at->key ? hy_pointer_put_key(pointer, used, at->key)
                   : hy_pointer_put_index(pointer, used, at->index);
}

void hy_complain(hy_loader *loader, const hy_place *at, hydra_status status, const char *format,
                 ...)
{
    char text[HY_DIAG_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    hy_diag printable = {0};
    (void)hy_fail(&printable, status, "%s", text);
    char pointer[HY_POINTER_BYTES];
    (void)put_place(pointer, at);
    (void)hy_issues_add(loader->issues, status, pointer, printable.text, loader->diag);
}

static void complain_key(hy_loader *loader, const hy_place *object, const char *key,
                         const hy_shape *shape)
{
    hy_suggestion suggestion = hy_suggest_for(key);
    for (const hy_field *field = shape->fields; field->key; field++) {
        hy_suggest(&suggestion, field->key);
    }
    const char *close = suggestion.best;
    const hy_place at = {object, key, 0};
    hy_complain(loader, hy_pointer_takes(key) ? &at : object, HYDRA_ERR_ARGUMENT,
                "%s has no key \"%.60s\"%s%s%s", shape->name, key, close ? "; did you mean \"" : "",
                close ? close : "", close ? "\"?" : "");
}

/* ---- What keys say together ---- */

static void check_canvas(hy_loader *loader, const hy_place *at, const json_t *object)
{
    bool has_width = json_object_get(object, "width") != NULL;
    bool has_height = json_object_get(object, "height") != NULL;
    if (has_width != has_height) {
        hy_complain(loader, at, HYDRA_ERR_ARGUMENT, "width and height belong together");
    }
    if (json_object_get(object, "preset") && (has_width || has_height)) {
        hy_complain(loader, at, HYDRA_ERR_ARGUMENT, "preset excludes width and height");
    }
}

static void check_output(hy_loader *loader, const hy_place *at, const hydra_render_options *output)
{
    if (output->video_bitrate_kbps != 0 && output->crf >= 0) {
        hy_complain(loader, at, HYDRA_ERR_ARGUMENT, "crf and bitrate_kbps exclude each other");
    }
}

static void check_together(hy_loader *loader, const hy_place *at, const json_t *object,
                           const hy_shape *shape, const void *base)
{
    if (shape->required && !json_object_get(object, shape->required)) {
        hy_complain(loader, at, HYDRA_ERR_ARGUMENT, "%s needs the key \"%s\"", shape->name,
                    shape->required);
    }
    if (shape == &hy_shape_canvas) {
        check_canvas(loader, at, object);
    } else if (shape == &hy_shape_output) {
        check_output(loader, at, &((const hy_document *)base)->output);
    }
}

/* ---- Objects ---- */

static void read_field(hy_loader *loader, const hy_place *at, json_t *value, const hy_field *field,
                       void *base);

static const hy_field *find_field(const hy_shape *shape, const char *key)
{
    for (const hy_field *field = shape->fields; field->key; field++) {
        if (strcmp(field->key, key) == 0) {
            return field;
        }
    }
    return NULL;
}

static void read_object(hy_loader *loader, const hy_place *at, json_t *object,
                        const hy_shape *shape, void *base)
{
    for (void *i = json_object_iter(object); i && !is_done(loader);
         i = json_object_iter_next(object, i)) {
        const char *key = json_object_iter_key(i);
        const hy_field *field = find_field(shape, key);
        if (!field) {
            complain_key(loader, at, key, shape);
            continue;
        }
        const hy_place child = {at, key, 0};
        read_field(loader, &child, json_object_iter_value(i), field, base);
        if (field->present > 0) {
            *(bool *)((unsigned char *)base + field->present) = true;
        }
    }
    check_together(loader, at, object, shape, base);
}

/* A word that stands for an object with only its first key. */
static void read_word_or_object(hy_loader *loader, const hy_place *at, json_t *value,
                                const hy_field *field, void *base)
{
    const hy_field *type = &field->shape->fields[0];
    if (json_is_string(value)) {
        read_field(loader, at, value, type, base);
    } else if (json_is_object(value)) {
        read_object(loader, at, value, field->shape, base);
    } else {
        hy_complain_value(loader, at, value, type, "a word or an object");
    }
}

static void read_position(hy_loader *loader, const hy_place *at, json_t *value,
                          const hy_field *field, hy_project_image *image)
{
    const char *text = json_string_value(value);
    const hy_word *word = text ? hy_word_find(field->words, text) : NULL;
    if (json_is_object(value)) {
        read_object(loader, at, value, field->shape, image);
    } else if (word) {
        image->options.focus_x = (word->value % 3) / 2.0;
        image->options.focus_y = (word->value / 3) / 2.0;
    } else {
        hy_complain_value(loader, at, value, field, NULL);
    }
}

/* ---- Images ---- */

static void read_image(hy_loader *loader, const hy_place *at, json_t *value, hy_project *project)
{
    if (!json_is_object(value)) {
        hy_complain_value(loader, at, value, NULL, "an object that describes an image");
        return;
    }
    hy_project_image image;
    hy_project_image_init(&image);
    int32_t issues_before = loader->issues->count;
    read_object(loader, at, value, &hy_shape_image, &image);
    if (loader->issues->count == issues_before && loader->diag->status == HYDRA_OK) {
        hy_diag diag = {0};
        hydra_status status =
            hy_project_add_image(project, &image.source, &image.options, loader->policy, &diag);
        if (status == HYDRA_ERR_MEMORY) {
            (void)hy_fail_memory(loader->diag);
        } else if (status != HYDRA_OK) {
            hy_complain(loader, at, status, "%s", diag.text);
        } else if (image.has_transition) {
            hy_project_image *added = &project->images[project->image_count - 1];
            added->has_transition = true;
            added->transition = image.transition;
        }
    }
    hy_source_free(&image.source);
}

static void read_images(hy_loader *loader, const hy_place *at, json_t *value, hy_project *project)
{
    if (!json_is_array(value)) {
        hy_complain_value(loader, at, value, NULL, "an array of images");
        return;
    }
    size_t count = json_array_size(value);
    if (count > (size_t)loader->policy->max_images) {
        hy_complain(loader, at, HYDRA_ERR_LIMIT, "%llu images, the policy allows %d (max_images)",
                    (unsigned long long)count, (int)loader->policy->max_images);
        return;
    }
    for (size_t i = 0; i < count && !is_done(loader); i++) {
        const hy_place item = {at, NULL, i};
        read_image(loader, &item, json_array_get(value, i), project);
    }
}

/* ---- Fields ---- */

/* A cut has no duration: whatever the file says, the project keeps the default. */
static void settle_transition(hydra_transition_options *transition)
{
    if (transition->kind == HYDRA_TRANSITION_CUT) {
        hydra_transition_options defaults;
        hydra_transition_options_init(&defaults);
        transition->duration_us = defaults.duration_us;
    }
}

static void read_field(hy_loader *loader, const hy_place *at, json_t *value, const hy_field *field,
                       void *base)
{
    void *member = (unsigned char *)base + field->offset;
    switch (field->kind) {
    case HY_FIELD_IMAGES:
        read_images(loader, at, value, member);
        break;
    case HY_FIELD_POSITION:
        read_position(loader, at, value, field, base);
        break;
    case HY_FIELD_WORD_OR_OBJECT:
        read_word_or_object(loader, at, value, field, member);
        break;
    case HY_FIELD_OBJECT:
        if (json_is_object(value)) {
            read_object(loader, at, value, field->shape, member);
        } else {
            hy_complain_value(loader, at, value, field, "an object");
        }
        break;
    default:
        hy_value_readers[field->kind](loader, at, value, field, base);
        break;
    }
}

hydra_status hy_read_document(hy_loader *loader, json_t *root, hy_document *out)
{
    const hy_place top = {NULL, NULL, 0};
    if (json_is_object(root)) {
        read_object(loader, &top, root, &hy_shape_document, out);
    } else {
        hy_complain_value(loader, &top, root, NULL, "an object");
    }
    hy_project *project = &out->project;
    settle_transition(&project->transition);
    for (int32_t i = 0; i < project->image_count; i++) {
        settle_transition(&project->images[i].transition);
    }
    return loader->diag->status;
}
