/* SPDX-License-Identifier: MIT */
/*
 * Options that are given together with a project. The API replaces whole groups (a canvas, the
 * music), an option replaces one value: so the options become edits of the project's JSON text.
 */
#include "project_override.h"

#include "json.h"
#include "json_edit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an option sets. */
typedef struct rule {
    const char *option;
    const char *path;
    const char *also;        /* set to the same value */
    const char *ends;        /* contradicts it: removed, unless its own option, */
    const char *ends_option; /* this one, is given too */
    void (*write)(FILE *out, const cli_settings *settings); /* NULL = by the kind of the option */
} rule;

static void write_size(FILE *out, const cli_settings *settings)
{
    static const char *const presets[] = {"9:16", "16:9", "1:1", "4:5"};
    const hydra_canvas_options *canvas = &settings->canvas;
    if (canvas->width_px > 0) {
        fprintf(out, "{\"width\":%d,\"height\":%d}", canvas->width_px, canvas->height_px);
    } else {
        fprintf(out, "{\"preset\":\"%s\"}", presets[canvas->preset]);
    }
}

static void write_rate(FILE *out, const cli_settings *settings)
{
    const hydra_canvas_options *canvas = &settings->canvas;
    if (canvas->fps_den == 1) {
        fprintf(out, "%d", canvas->fps_num);
    } else {
        fprintf(out, "\"%d/%d\"", canvas->fps_num, canvas->fps_den);
    }
}

static void write_background(FILE *out, const cli_settings *settings)
{
    fprintf(out, "\"#%06x\"", (unsigned)settings->canvas.background_rgb);
}

static void write_fit(FILE *out, const cli_settings *settings)
{
    static const char *const words[] = {"cover", "contain", "fill"};
    fprintf(out, "\"%s\"", words[settings->image.fit]);
}

static void write_backdrop(FILE *out, const cli_settings *settings)
{
    fputs(settings->image.backdrop == HYDRA_BACKDROP_BLUR ? "\"blur\"" : "\"auto\"", out);
}

static void write_easing(FILE *out, const cli_settings *settings)
{
    static const char *const words[] = {"linear", "smoothstep", "ease-in", "ease-out",
                                        "ease-in-out"};
    fprintf(out, "\"%s\"", words[settings->image.easing]);
}

static void write_loop(FILE *out, const cli_settings *settings)
{
    fputs(settings->music_loop ? "\"loop\"" : "\"silence\"", out);
}

/* An option may have several rules. --motion and --threads are not here: see below, and project.c.
 */
static const rule rules[] = {
    {.option = "size", .path = "canvas", .write = write_size},
    {.option = "fps", .path = "fps", .write = write_rate},
    {.option = "background", .path = "background", .write = write_background},
    {.option = "duration", .path = "duration"},
    {.option = "image-duration", .path = "images?.*.duration"},
    {.option = "fit", .path = "images?.*.fit", .write = write_fit},
    {.option = "fit", .path = "images?.*.backdrop", .write = write_backdrop},
    {.option = "motion-amount", .path = "images?.*.motion.amount"},
    {.option = "easing", .path = "images?.*.motion.easing", .write = write_easing},
    {.option = "transition", .path = "transition.type", .also = "images?.*.transition?.type"},
    {.option = "transition-duration",
     .path = "transition.duration",
     .also = "images?.*.transition?.duration"},
    {.option = "transition-mode", .path = "transition.mode", .also = "images?.*.transition?.mode"},
    {.option = "music", .path = "audio.src"},
    {.option = "music-start", .path = "audio?.start"},
    {.option = "music-loop", .path = "audio?.when_short", .write = write_loop},
    {.option = "gain", .path = "audio?.gain_db"},
    {.option = "fade-in", .path = "audio?.fade_in"},
    {.option = "fade-out", .path = "audio?.fade_out"},
    {.option = "profile", .path = "output.profile"},
    {.option = "encoder", .path = "output.encoder"},
    {.option = "codec", .path = "output.codec"},
    {.option = "crf",
     .path = "output.crf",
     .ends = "output.bitrate_kbps",
     .ends_option = "bitrate"},
    {.option = "bitrate",
     .path = "output.bitrate_kbps",
     .ends = "output.crf",
     .ends_option = "crf"},
    {.option = "preset", .path = "output.preset"},
    {.option = "audio-bitrate", .path = "output.audio_bitrate_kbps"},
    {.option = "in-order", .path = "output.in_order"},
    {.option = "deadline", .path = "output.deadline"},
};

typedef struct overrides {
    json_edit edits[JSON_MAX_EDITS];
    const char *values[JSON_MAX_EDITS];
    char *owned[JSON_MAX_EDITS];
    const char *motions[CLI_MAX_MOTIONS];
    size_t count;
    size_t owned_count;
    bool failed; /* out of memory */
} overrides;

static bool is_given(const cli_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->given.count; i++) {
        if (strcmp(settings->given.items[i].option->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void add(overrides *o, const char *path, const char *value, bool if_missing)
{
    if (o->count == JSON_MAX_EDITS) {
        o->failed = true;
        return;
    }
    o->values[o->count] = value;
    o->edits[o->count] = (json_edit){path, &o->values[o->count], 1, if_missing};
    o->count++;
}

static void write_value(FILE *out, const arg_option *option, const cli_settings *settings)
{
    const void *field = (const char *)settings + option->offset;
    const arg_word *word = option->words;
    switch (option->kind) {
    case ARG_SECONDS:
        json_write_millionths(out, *(const int64_t *)field);
        break;
    case ARG_NUMBER:
        json_write_millionths(out, llrint(*(const double *)field * 1e6));
        break;
    case ARG_INTEGER:
        fprintf(out, "%d", *(const int32_t *)field);
        break;
    case ARG_WORD:
        while (word->value != *(const int32_t *)field) {
            word++;
        }
        json_write_string(out, word->name);
        break;
    default:
        json_write_string(out, *(const char *const *)field);
        break;
    }
}

/* The value as JSON text, kept in `o`; NULL = out of memory. */
static const char *value_text(overrides *o, const rule *r, const arg_option *option,
                              const cli_settings *settings)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = o->owned_count < JSON_MAX_EDITS ? open_memstream(&text, &size) : NULL;
    if (!out) {
        o->failed = true;
        return NULL;
    }
    if (r->write) {
        r->write(out, settings);
    } else {
        write_value(out, option, settings);
    }
    o->failed = ferror(out) || o->failed;
    o->failed = fclose(out) != 0 || o->failed;
    o->owned[o->owned_count++] = text;
    return text;
}

static void apply(overrides *o, const rule *r, const arg_option *option,
                  const cli_settings *settings)
{
    const char *text = value_text(o, r, option, settings);
    if (!text) {
        return;
    }
    add(o, r->path, text, false);
    if (r->also) {
        add(o, r->also, text, false);
    }
    if (r->ends && !is_given(settings, r->ends_option)) {
        add(o, r->ends, NULL, false);
    }
}

/* The photos of the project take the motions of the option in turn. */
static void apply_motions(overrides *o, const cli_settings *settings)
{
    static const char *const words[] = {"\"none\"",     "\"zoom-in\"",   "\"zoom-out\"",
                                        "\"pan-left\"", "\"pan-right\"", "\"pan-up\"",
                                        "\"pan-down\""};
    for (int32_t i = 0; i < settings->motion_count; i++) {
        o->motions[i] = words[settings->motions[i]];
    }
    add(o, "images?.*.motion.type", NULL, false);
    if (!o->failed) {
        o->edits[o->count - 1].values = o->motions;
        o->edits[o->count - 1].count = (size_t)settings->motion_count;
    }
}

/* A motion or transition that is not written has its default type; an object must name it. */
static void add_types(overrides *o, const cli_settings *settings)
{
    if (is_given(settings, "motion")) {
        apply_motions(o, settings);
    } else if (is_given(settings, "motion-amount") || is_given(settings, "easing")) {
        add(o, "images?.*.motion.type", "\"zoom-in\"", true);
    }
    if (is_given(settings, "transition-duration") || is_given(settings, "transition-mode")) {
        add(o, "transition.type", "\"cut\"", true);
    }
}

static void collect(overrides *o, const cli_settings *settings)
{
    for (size_t i = 0; i < settings->given.count; i++) {
        const arg_option *option = settings->given.items[i].option;
        for (size_t j = 0; j < sizeof rules / sizeof rules[0]; j++) {
            if (strcmp(rules[j].option, option->name) == 0) {
                apply(o, &rules[j], option, settings);
            }
        }
    }
    add_types(o, settings);
}

bool project_is_overridden(const cli_settings *settings)
{
    bool found = is_given(settings, "motion");
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        found = found || is_given(settings, rules[i].option);
    }
    return found;
}

char *project_override(const cli_settings *settings, const char *json)
{
    overrides o = {.count = 0};
    collect(&o, settings);
    char *text = o.failed ? NULL : json_edit_text(json, o.edits, o.count);
    for (size_t i = 0; i < o.owned_count; i++) {
        free(o.owned[i]);
    }
    return text;
}
