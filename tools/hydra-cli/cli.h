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

/* Exit codes; docs/cli.md promises them. 128 + N after signal N. */
enum {
    CLI_OK = 0,
    CLI_FAILED = 1,  /* the render itself failed; doctor: something is missing */
    CLI_USAGE = 2,   /* options that are wrong or do not fit together */
    CLI_INPUT = 3,   /* an input is missing, damaged, unsupported or beyond a limit */
    CLI_OUTPUT = 4,  /* the output cannot be written */
    CLI_DEADLINE = 5 /* the deadline passed */
};

/* What to do about an output that exists. */
enum {
    CLI_OVERWRITE_ASK = 0, /* refuse, and say how to replace it */
    CLI_OVERWRITE_YES = 1,
    CLI_OVERWRITE_NO = 2
};

/* How progress is shown. */
enum {
    CLI_PROGRESS_AUTO = 0, /* the bar on a terminal, else nothing */
    CLI_PROGRESS_BAR = 1,
    CLI_PROGRESS_JSON = 2,
    CLI_PROGRESS_NONE = 3
};

#define CLI_MAX_MOTIONS 16

/* Everything the options of any verb set. Option tables store into it by offset. */
typedef struct cli_settings {
    const char *verb;
    arg_given given;
    hydra_canvas_options canvas;
    hydra_image_options image;
    hydra_transition_options transition;
    hydra_audio_options audio;
    hydra_render_options render;
    hydra_store_options store;
    hydra_transfer_options transfer;
    int64_t duration_us; /* of the whole video; HYDRA_AUTO */
    int64_t time_us;     /* frame: which one; HYDRA_AUTO = not given */
    const char *project; /* a JSON file, "-" = standard input; NULL = the arguments are photos */
    const char *save_project;
    const char *music;
    const char *output; /* "-" = standard output */
    const char *gpu;    /* as in hydra_context_options; NULL = any */
    int64_t bench_us;   /* probe: how long each encoding lasts */
    int64_t expires_s;  /* presign */
    int32_t threads;
    int32_t motions[CLI_MAX_MOTIONS]; /* photo i moves as motions[i % motion_count] */
    int32_t motion_count;
    int32_t overwrite;
    int32_t progress;
    bool bench;
    bool music_loop;
    bool json;
    bool plan;
    bool put;
    bool quiet;
    bool help;
} cli_settings;

typedef struct cli_verb {
    const char *name;
    const char *synopsis;
    const char *summary;
    const arg_group *const *groups; /* ends with NULL */
    int (*run)(cli_settings *settings, char **inputs, int count);
} cli_verb;

extern const cli_verb cli_verb_render;
extern const cli_verb cli_verb_frame;
extern const cli_verb cli_verb_check;
extern const cli_verb cli_verb_estimate;
extern const cli_verb cli_verb_upload;
extern const cli_verb cli_verb_get;
extern const cli_verb cli_verb_presign;
extern const cli_verb cli_verb_probe;
extern const cli_verb cli_verb_schema;
extern const cli_verb cli_verb_doctor;

/* --help, and --json with it; verbs without an output have one of these. */
extern const arg_group cli_help_group;
extern const arg_group cli_report_group;

#endif
