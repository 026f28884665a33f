/* SPDX-License-Identifier: MIT */
/* Words, numbers, colours, sources: one function per kind of field, and what is said when the
 * value does not suit. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "read.h"

#define VALUE_BYTES 96
#define WORDS_BYTES 192

static void *member(void *base, const hy_field *field)
{
    return (unsigned char *)base + field->offset;
}

/* ---- Complaints ---- */

/* The parser's numbers end before those of JSON do. */
static void describe_real(double value, char out[VALUE_BYTES])
{
    char number[HY_JSON_NUMBER_BYTES];
    const char *beyond = value >= 1e308 ? " or more" : value <= -1e308 ? " or less" : "";
    if (beyond[0]) {
        value = value > 0 ? 1e308 : -1e308;
    }
    (void)snprintf(out, VALUE_BYTES, "%s%s", hy_real_text(value, number), beyond);
}

/* A value as an error text shows it; of long ones the beginning. */
static void describe(const json_t *value, char out[VALUE_BYTES])
{
    switch (json_typeof(value)) {
    case JSON_STRING: {
        const char *text = json_string_value(value);
        bool is_long = strlen(text) > 60;
        (void)snprintf(out, VALUE_BYTES, "\"%.60s%s\"", text, is_long ? "..." : "");
        break;
    }
    case JSON_REAL:
        describe_real(json_real_value(value), out);
        break;
    case JSON_OBJECT:
        (void)snprintf(out, VALUE_BYTES, "an object");
        break;
    case JSON_ARRAY:
        (void)snprintf(out, VALUE_BYTES, "an array");
        break;
    case JSON_NULL:
        (void)snprintf(out, VALUE_BYTES, "null");
        break;
    default:
        (void)snprintf(out, VALUE_BYTES, json_is_true(value) ? "true" : "false");
        break;
    }
}

/* "a", "b" or "c" */
static void list_words(const hy_word *words, char out[WORDS_BYTES])
{
    size_t used = 0;
    out[0] = '\0';
    for (; words->text && used < WORDS_BYTES; words++) {
        const char *joint = used == 0 ? "" : words[1].text ? ", " : " or ";
        used += (size_t)snprintf(out + used, WORDS_BYTES - used, "%s\"%s\"", joint, words->text);
    }
}

static const char *suggestion_for(const json_t *value, const hy_field *field)
{
    if (!field || !json_is_string(value)) {
        return NULL;
    }
    hy_suggestion suggestion = hy_suggest_for(json_string_value(value));
    for (const hy_word *word = field->words; word && word->text; word++) {
        hy_suggest(&suggestion, word->text);
    }
    if (field->has_automatic || field->kind == HY_FIELD_BACKDROP) {
        hy_suggest(&suggestion, "auto");
    }
    if (field->kind == HY_FIELD_BACKDROP) {
        hy_suggest(&suggestion, "blur");
    }
    return suggestion.best;
}

void hy_complain_value(hy_loader *loader, const hy_place *at, const json_t *value,
                       const hy_field *field, const char *expected)
{
    char given[VALUE_BYTES];
    char words[WORDS_BYTES];
    describe(value, given);
    if (!expected) {
        expected = field->expected;
    }
    if (!expected) {
        list_words(field->words, words);
        expected = words;
    }
    const char *close = suggestion_for(value, field);
    hy_complain(loader, at, HYDRA_ERR_ARGUMENT, "is %s, it must be %s%s%s%s", given, expected,
                close ? "; did you mean \"" : "", close ? close : "", close ? "\"?" : "");
}

/* ---- Words ---- */

static const hy_word *find_word(hy_loader *loader, const hy_place *at, const json_t *value,
                                const hy_field *field)
{
    const char *text = json_string_value(value);
    const hy_word *word = text ? hy_word_find(field->words, text) : NULL;
    if (!word) {
        hy_complain_value(loader, at, value, field, NULL);
    }
    return word;
}

static void read_word(hy_loader *loader, const hy_place *at, const json_t *value,
                      const hy_field *field, void *base)
{
    const hy_word *word = find_word(loader, at, value, field);
    if (word) {
        *(int32_t *)member(base, field) = word->value;
    }
}

static void read_preset(hy_loader *loader, const hy_place *at, const json_t *value,
                        const hy_field *field, void *base)
{
    hy_project *project = member(base, field);
    const hy_word *word = find_word(loader, at, value, field);
    if (word) {
        hy_preset_size(word->value, &project->width, &project->height);
    }
}

static bool is_automatic(const json_t *value, const hy_field *field)
{
    return field->has_automatic && json_is_string(value) &&
           strcmp(json_string_value(value), "auto") == 0;
}

/* ---- Numbers ---- */

/* As in JSON Schema, 1.0 is as whole a number as 1. */
static bool is_whole(double number, int32_t step)
{
    double steps = number / (step > 0 ? step : 1);
    return steps == floor(steps);
}

/* False with a complaint. */
static bool number_within(hy_loader *loader, const hy_place *at, const json_t *value,
                          const hy_field *field, double *number)
{
    *number = json_number_value(value);
    if (json_is_number(value) && *number >= field->low && *number <= field->high) {
        return true;
    }
    hy_complain_value(loader, at, value, field, NULL);
    return false;
}

static void read_integer(hy_loader *loader, const hy_place *at, const json_t *value,
                         const hy_field *field, void *base)
{
    int32_t *integer = member(base, field);
    double number;
    if (is_automatic(value, field)) {
        *integer = field->automatic;
    } else if (number_within(loader, at, value, field, &number)) {
        if (is_whole(number, field->step)) {
            *integer = (int32_t)number;
        } else {
            hy_complain_value(loader, at, value, field, NULL);
        }
    }
}

static void read_number(hy_loader *loader, const hy_place *at, const json_t *value,
                        const hy_field *field, void *base)
{
    double *real = member(base, field);
    double number;
    if (is_automatic(value, field)) {
        *real = field->automatic;
    } else if (number_within(loader, at, value, field, &number)) {
        *real = number;
    }
}

static void read_seconds(hy_loader *loader, const hy_place *at, const json_t *value,
                         const hy_field *field, void *base)
{
    int64_t *time_us = member(base, field);
    double number;
    if (is_automatic(value, field)) {
        *time_us = field->automatic;
    } else if (number_within(loader, at, value, field, &number)) {
        /* Below 2^51 us the error of the product stays below half a microsecond. */
        *time_us = llrint(number * 1e6);
    }
}

static void read_version(hy_loader *loader, const hy_place *at, const json_t *value,
                         const hy_field *field, void *base)
{
    (void)base;
    if (!json_is_number(value) || json_number_value(value) != 1) {
        hy_complain_value(loader, at, value, field, NULL);
    }
}

/* Digits without a leading zero, at most `most`; 0 = there are none. Moves `*text` behind them. */
static int32_t positive_number(const char **text, int32_t most)
{
    int64_t number = **text == '0' ? 0 : hy_decimal_take(text, most);
    return number > 0 ? (int32_t)number : 0;
}

/* Whether the fraction lies within 1..120 is seen when the video is planned. */
static bool parse_fraction(const char *text, hy_rate *rate)
{
    int32_t num = positive_number(&text, 999999);
    if (num == 0 || *text++ != '/') {
        return false;
    }
    int32_t den = positive_number(&text, 1001);
    if (den == 0 || *text) {
        return false;
    }
    *rate = hy_rate_reduce(num, den);
    return true;
}

static void read_rate(hy_loader *loader, const hy_place *at, const json_t *value,
                      const hy_field *field, void *base)
{
    hy_rate *rate = member(base, field);
    double number;
    if (json_is_string(value)) {
        if (!parse_fraction(json_string_value(value), rate)) {
            hy_complain_value(loader, at, value, field, NULL);
        }
    } else if (number_within(loader, at, value, field, &number)) {
        if (is_whole(number, 1)) {
            *rate = (hy_rate){(int32_t)number, 1};
        } else {
            hy_complain_value(loader, at, value, field, NULL);
        }
    }
}

/* ---- Colours ---- */

/* #rrggbb; -1 = it is not. */
static int32_t parse_color(const json_t *value)
{
    const char *text = json_string_value(value);
    if (!text || strlen(text) != 7 || text[0] != '#') {
        return -1;
    }
    int32_t rgb = 0;
    for (int i = 1; i < 7; i++) {
        int digit = hy_hex_digit(text[i]);
        if (digit < 0) {
            return -1;
        }
        rgb = rgb * 16 + digit;
    }
    return rgb;
}

static void read_color(hy_loader *loader, const hy_place *at, const json_t *value,
                       const hy_field *field, void *base)
{
    int32_t rgb = parse_color(value);
    if (rgb < 0) {
        hy_complain_value(loader, at, value, field, NULL);
    } else {
        *(uint32_t *)member(base, field) = (uint32_t)rgb;
    }
}

static void read_backdrop(hy_loader *loader, const hy_place *at, const json_t *value,
                          const hy_field *field, void *base)
{
    hydra_image_options *options = member(base, field);
    const char *text = json_string_value(value);
    options->backdrop = HYDRA_BACKDROP_COLOR;
    options->backdrop_rgb = HYDRA_AUTO;
    if (text && strcmp(text, "blur") == 0) {
        options->backdrop = HYDRA_BACKDROP_BLUR;
    } else if (!text || strcmp(text, "auto") != 0) {
        options->backdrop_rgb = parse_color(value);
        if (options->backdrop_rgb < 0) {
            hy_complain_value(loader, at, value, field, NULL);
        }
    }
}

/* ---- Texts ---- */

static void read_ignored(hy_loader *loader, const hy_place *at, const json_t *value,
                         const hy_field *field, void *base)
{
    (void)base;
    if (!json_is_string(value)) {
        hy_complain_value(loader, at, value, field, "a string");
    }
}

static void read_text(hy_loader *loader, const hy_place *at, const json_t *value,
                      const hy_field *field, void *base)
{
    if (!json_is_string(value)) {
        hy_complain_value(loader, at, value, field, "a string");
        return;
    }
    char **text = member(base, field);
    *text = hy_strdup(json_string_value(value));
    if (!*text) {
        (void)hy_fail_memory(loader->diag);
    }
}

static void read_source(hy_loader *loader, const hy_place *at, const json_t *value,
                        const hy_field *field, void *base)
{
    if (!json_is_string(value)) {
        hy_complain_value(loader, at, value, field, "a path or URI");
        return;
    }
    hy_diag diag = {0};
    hydra_status status =
        hy_source_from_uri(member(base, field), json_string_value(value), "source", &diag);
    if (status == HYDRA_ERR_MEMORY) {
        (void)hy_fail_memory(loader->diag);
    } else if (status != HYDRA_OK) {
        hy_complain(loader, at, status, "%s", diag.text);
    }
}

hy_value_fn *const hy_value_readers[HY_FIELD_KINDS] = {
    [HY_FIELD_VERSION] = read_version, [HY_FIELD_IGNORED] = read_ignored,
    [HY_FIELD_WORD] = read_word,       [HY_FIELD_INTEGER] = read_integer,
    [HY_FIELD_NUMBER] = read_number,   [HY_FIELD_SECONDS] = read_seconds,
    [HY_FIELD_TEXT] = read_text,       [HY_FIELD_SOURCE] = read_source,
    [HY_FIELD_COLOR] = read_color,     [HY_FIELD_RATE] = read_rate,
    [HY_FIELD_PRESET] = read_preset,   [HY_FIELD_BACKDROP] = read_backdrop,
};
