/* SPDX-License-Identifier: MIT */
/* The option parser: find the entry, take the value, store it in the field it names. */
#include "args.h"

#include "number.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_WORD 40

static bool same_char(char a, char b)
{
    return (a == '-' ? '_' : a) == (b == '-' ? '_' : b);
}

const arg_word *args_find_word(const arg_word *words, const char *name, size_t length)
{
    for (; words->name; words++) {
        size_t i = 0;
        while (i < length && words->name[i] && same_char(words->name[i], name[i])) {
            i++;
        }
        if (i == length && !words->name[i]) {
            return words;
        }
    }
    return NULL;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein distance, one row at a time. */
size_t args_distance(const char *a, const char *b)
{
    size_t row[MAX_WORD + 1];
    size_t length = strlen(b);
    if (length > MAX_WORD) {
        return length;
    }
    for (size_t j = 0; j <= length; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t changed = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = smallest(changed, row[j + 1] + 1, row[j] + 1);
        }
    }
    return row[length];
}

static bool fail(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool fail(char *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(error, ARG_ERROR_BYTES, format, args);
    va_end(args);
    return false;
}

/* By short letter, or by long name when `letter` is 0. */
static const arg_option *find_option(const arg_group *const *groups, const char *name,
                                     size_t length, char letter)
{
    for (; *groups; groups++) {
        for (size_t i = 0; i < (*groups)->count; i++) {
            const arg_option *option = &(*groups)->options[i];
            if (letter
                    ? option->letter == letter
                    : strlen(option->name) == length && strncmp(option->name, name, length) == 0) {
                return option;
            }
        }
    }
    return NULL;
}

/* The known option that is spelled most like `name`, if any is close. */
static const char *closest_option(const arg_group *const *groups, const char *name)
{
    const char *best = NULL;
    size_t best_distance = strlen(name) / 3 + 1;
    for (; *groups; groups++) {
        for (size_t i = 0; i < (*groups)->count; i++) {
            size_t distance = args_distance(name, (*groups)->options[i].name);
            if (distance <= best_distance && (!best || distance < best_distance)) {
                best = (*groups)->options[i].name;
                best_distance = distance;
            }
        }
    }
    return best;
}

static bool fail_unknown(const arg_group *const *groups, const char *name, size_t length,
                         char *error)
{
    char word[MAX_WORD + 1];
    (void)snprintf(word, sizeof word, "%.*s", (int)(length > MAX_WORD ? MAX_WORD : length), name);
    const char *close = closest_option(groups, word);
    return close ? fail(error, "unknown option --%s; did you mean --%s?", word, close)
                 : fail(error, "unknown option --%s", word);
}

static bool fail_words(const arg_option *option, const char *text, char *error)
{
    int used = snprintf(error, ARG_ERROR_BYTES, "--%s \"%.40s\": expected ", option->name, text);
    for (const arg_word *word = option->words; word->name && used < ARG_ERROR_BYTES; word++) {
        const char *joint = word == option->words ? "" : word[1].name ? ", " : " or ";
        used += snprintf(error + used, (size_t)(ARG_ERROR_BYTES - used), "%s%s", joint, word->name);
    }
    return false;
}

/* A limit in the unit that the user types: whole, or up to six places without trailing zeros. */
static const char *limit_text(const arg_option *option, int64_t limit, char buffer[32])
{
    if (option->kind == ARG_INTEGER) {
        (void)snprintf(buffer, 32, "%lld", (long long)limit);
        return buffer;
    }
    long long rest = limit < 0 ? -(limit % 1000000) : limit % 1000000;
    int length = snprintf(buffer, 32, "%s%lld.%06lld", limit < 0 ? "-" : "",
                          (long long)(limit < 0 ? -(limit / 1000000) : limit / 1000000), rest);
    while (buffer[length - 1] == '0') {
        buffer[--length] = '\0';
    }
    if (buffer[length - 1] == '.') {
        buffer[--length] = '\0';
    }
    return buffer;
}

static bool fail_range(const arg_option *option, const char *text, char *error)
{
    char low[32];
    char high[32];
    return fail(error, "--%s \"%.40s\": expected %s from %s to %s", option->name, text,
                option->kind == ARG_INTEGER   ? "a whole number"
                : option->kind == ARG_SECONDS ? "seconds"
                                              : "a number",
                limit_text(option, option->min, low), limit_text(option, option->max, high));
}

/* The value of a numeric option, within its limits. */
static bool parse_number(const arg_option *option, const char *text, int64_t *value)
{
    bool ok =
        option->kind == ARG_INTEGER ? number_integer(text, value) : number_millionths(text, value);
    return ok && *value >= option->min && *value <= option->max;
}

static bool store_number(const arg_option *option, const char *text, void *field, char *error)
{
    int64_t value = 0;
    if (!parse_number(option, text, &value)) {
        return fail_range(option, text, error);
    }
    if (option->kind == ARG_SECONDS) {
        *(int64_t *)field = value;
    } else if (option->kind == ARG_INTEGER) {
        *(int32_t *)field = (int32_t)value;
    } else {
        *(double *)field = (double)value / 1e6;
    }
    return true;
}

static bool store_word(const arg_option *option, const char *text, void *field, char *error)
{
    const arg_word *word = args_find_word(option->words, text, strlen(text));
    if (!word) {
        return fail_words(option, text, error);
    }
    *(int32_t *)field = word->value;
    return true;
}

/* `text` is NULL for a flag. */
static bool store(const arg_option *option, const char *text, void *settings, char *error)
{
    void *field = (char *)settings + option->offset;
    switch (option->kind) {
    case ARG_FLAG:
        *(bool *)field = true;
        return true;
    case ARG_SET:
        *(int32_t *)field = option->set_to;
        return true;
    case ARG_TEXT:
        *(const char **)field = text;
        return *text ? true : fail(error, "--%s: the value is empty", option->name);
    case ARG_WORD:
        return store_word(option, text, field, error);
    case ARG_CUSTOM:
        return option->parse(text, settings) ? true
                                             : fail(error, "--%s \"%.40s\": expected %s",
                                                    option->name, text, option->expected);
    default:
        return store_number(option, text, field, error);
    }
}

/* The command line on its way into the settings. */
typedef struct cursor {
    int argc;
    char **argv;
    int at;
    const arg_group *const *groups;
    void *settings;
    arg_given *given;
    char *error;
} cursor;

static bool takes_value(const arg_option *option)
{
    return option->kind != ARG_FLAG && option->kind != ARG_SET;
}

/* Note that an option was given; the last of several counts. */
static bool note(cursor *args, const arg_option *option, const char *text)
{
    size_t i = 0;
    while (i < args->given->count && args->given->items[i].option != option) {
        i++;
    }
    if (i == ARG_MAX_GIVEN) {
        return fail(args->error, "more than %d different options", ARG_MAX_GIVEN);
    }
    args->given->items[i].option = option;
    args->given->items[i].text = text;
    args->given->count += i == args->given->count;
    return true;
}

/* Take the value of the option at the cursor, `attached` if not NULL, else the next argument, and
 * store it. */
static bool take(cursor *args, const arg_option *option, const char *attached)
{
    const char *value = attached;
    if (!takes_value(option)) {
        if (attached) {
            return fail(args->error, "--%s takes no value", option->name);
        }
    } else if (!attached) {
        if (args->at + 1 >= args->argc) {
            return fail(args->error, "--%s needs a value: %s", option->name, option->value);
        }
        value = args->argv[++args->at];
    }
    return store(option, value, args->settings, args->error) && note(args, option, value);
}

static bool take_long(cursor *args)
{
    const char *name = args->argv[args->at] + 2;
    size_t length = strcspn(name, "=");
    const arg_option *option = find_option(args->groups, name, length, 0);
    if (!option) {
        return fail_unknown(args->groups, name, length, args->error);
    }
    return take(args, option, name[length] ? name + length + 1 : NULL);
}

static bool take_short(cursor *args)
{
    const char *text = args->argv[args->at] + 1;
    const arg_option *option = find_option(args->groups, "", 0, *text);
    if (!option) {
        return fail(args->error,
                    "unknown option -%.40s; a file name that begins with a dash goes after --",
                    text);
    }
    return take(args, option, text[1] ? text + 1 : NULL);
}

int args_parse(const arg_group *const *groups, int argc, char **argv, void *settings,
               arg_given *given, char error[ARG_ERROR_BYTES])
{
    int count = 0;
    bool options_ended = false;
    cursor args = {argc, argv, 0, groups, settings, given, error};
    given->count = 0;
    for (; args.at < argc; args.at++) {
        char *text = argv[args.at];
        bool ok = true;
        if (options_ended || text[0] != '-' || !text[1]) {
            argv[count++] = text;
        } else if (strcmp(text, "--") == 0) {
            options_ended = true;
        } else {
            ok = text[1] == '-' ? take_long(&args) : take_short(&args);
        }
        if (!ok) {
            return -1;
        }
    }
    return count;
}

static void print_option(const arg_option *option)
{
    char left[64];
    char letter[5] = "    ";
    if (option->letter) {
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    (void)snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name,
                   option->value ? " " : "", option->value ? option->value : "");
    printf("%-36s%s\n", left, option->help);
    if (!option->words) {
        return;
    }
    printf("%36s", "");
    for (const arg_word *word = option->words; word->name; word++) {
        printf("%s%s", word->name, word[1].name ? ", " : "\n");
    }
}

void args_print_help(const arg_group *const *groups)
{
    for (; *groups; groups++) {
        printf("\n%s\n", (*groups)->title);
        for (size_t i = 0; i < (*groups)->count; i++) {
            print_option(&(*groups)->options[i]);
        }
    }
}
