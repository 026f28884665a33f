/* SPDX-License-Identifier: MIT */
/*
 * hydra-cli: what its files share. The program uses the public API only; it is the first embedder
 * of the library and its longest example. One verb per file (cmd_*.c).
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stdint.h>

#include <hydra/hydra.h>

#include "args.h"

/* Exit codes; docs/cli.md promises them. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1, /* the render itself failed */
    CLI_USAGE = 2,  /* options that are wrong or do not fit together */
    CLI_INPUT = 3,  /* an input is missing, damaged, unsupported or beyond a limit */
    CLI_OUTPUT = 4  /* the output cannot be written */
};

#define CLI_MAX_MOTIONS 16

/* Everything the options of any verb set. Option tables store into it by offset. */
typedef struct cli_settings {
    hydra_canvas_options canvas;
    hydra_image_options image;
    hydra_transition_options transition;
    hydra_audio_options audio;
    hydra_render_options render;
    int64_t duration_us; /* of the whole video; HYDRA_AUTO */
    int64_t time_us;     /* frame: which one; HYDRA_AUTO = not given */
    const char *music;
    const char *output;
    int32_t threads;
    int32_t motions[CLI_MAX_MOTIONS]; /* photo i moves as motions[i % motion_count] */
    int32_t motion_count;
    bool music_loop;
    bool overwrite;
    bool json;
    bool plan;
    bool quiet;
    bool help;
} cli_settings;

typedef struct cli_verb {
    const char *name;
    const char *synopsis;
    const char *summary;
    const arg_group *const *groups; /* ends with NULL */
    int (*run)(const cli_settings *settings, char **inputs, int count);
} cli_verb;

extern const cli_verb cli_verb_render;
extern const cli_verb cli_verb_frame;
extern const cli_verb cli_verb_probe;

/* "hydra-cli: error: TEXT" on stderr; with --json also an object on stdout. Returns `code`. */
int cli_fail(const cli_settings *settings, int code, hydra_status status, const char *text);
/* The same for a call of the library that failed: the text is the handle's, the code the status's.
 * `c` may be NULL. */
int cli_fail_compose(const cli_settings *settings, hydra_status status, const hydra_compose *c);
/* A usage error: the text, then where help is. Returns CLI_USAGE. */
int cli_usage(const char *verb, const char *text);

#endif
