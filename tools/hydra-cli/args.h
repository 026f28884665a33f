/* SPDX-License-Identifier: MIT */
/*
 * Command line options by table: "--name value", "--name=value", "-n value"; "--" ends them. An
 * entry names its option, the kind of value and the field that receives it.
 */
#ifndef ARGS_H
#define ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum arg_kind {
    ARG_FLAG,    /* bool, takes no value */
    ARG_SET,     /* int32_t, becomes `set_to`; takes no value */
    ARG_TEXT,    /* const char *, not empty */
    ARG_SECONDS, /* int64_t microseconds, from decimal seconds */
    ARG_NUMBER,  /* double, from a decimal with at most 6 places */
    ARG_INTEGER, /* int32_t */
    ARG_WORD,    /* int32_t, one of `words` */
    ARG_CUSTOM   /* `parse` decides */
} arg_kind;

typedef struct arg_word {
    const char *name; /* NULL ends a list */
    int32_t value;
} arg_word;

typedef struct arg_option {
    const char *name;  /* without the dashes */
    const char *value; /* what help calls the value */
    const char *help;
    size_t offset; /* of the field in the settings */
    arg_kind kind;
    char letter; /* short form, 0 = none */
    int64_t min; /* ARG_INTEGER; in millionths for ARG_SECONDS and ARG_NUMBER */
    int64_t max;
    int32_t set_to;
    const arg_word *words;
    bool (*parse)(const char *text, void *settings);
    const char *expected; /* ARG_CUSTOM: what a usage error says */
} arg_option;

typedef struct arg_group {
    const char *title;
    const arg_option *options;
    size_t count;
} arg_group;

#define ARG_ERROR_BYTES 320
#define ARG_MAX_GIVEN   64

/* What was on the command line: each option once, with its last value (NULL for one without). */
typedef struct arg_given {
    size_t count;
    struct {
        const arg_option *option;
        const char *text;
    } items[ARG_MAX_GIVEN];
} arg_given;

/*
 * Parse `argv` into `settings` and `given`. Arguments that are no options are moved to the front of
 * `argv`, in order; returns how many, or -1 with the reason in `error`.
 */
int args_parse(const arg_group *const *groups, int argc, char **argv, void *settings,
               arg_given *given, char error[ARG_ERROR_BYTES]);

/* All options, one or more lines each, on stdout. */
void args_print_help(const arg_group *const *groups);

/* The word of a list by name; "-" and "_" are the same. NULL if there is none. */
const arg_word *args_find_word(const arg_word *words, const char *name, size_t length);

/* Number of edits between two words, at most about what their lengths allow; for suggestions. */
size_t args_distance(const char *a, const char *b);

#endif
