/* SPDX-License-Identifier: MIT */
/* The options that describe a video, and the compose that they or a project file make. */
#ifndef PROJECT_H
#define PROJECT_H

#include "cli.h"

/* Shared by the verbs that compose: --project, then photos and canvas, music, encoder. */
extern const arg_group project_source;
extern const arg_group project_pictures;
extern const arg_group project_music;
extern const arg_group project_encoding;
/* Of the last, --encoder and --codec alone. */
extern const arg_group project_encoder;
/* --gpu: of every verb that encodes, or tells what can. */
extern const arg_group project_gpu;

/* The longest --deadline, and where renders end without one. */
#define PROJECT_MAX_RENDER_US INT64_C(360000000000)

/* The library's defaults, plus the taste of the command line: alternating zooms, crossfades. */
void project_defaults(cli_settings *settings);

/* A context with the GPU of the settings. */
hydra_status project_context(const cli_settings *settings, hydra_context **out);

/*
 * Are the arguments photos, or one project? Sets settings->project. 0, or the exit code after the
 * usage error was printed.
 */
int project_inputs(cli_settings *settings, char **inputs, int count);

/* What messages call the project; NULL if there is none. */
const char *project_name(const cli_settings *settings);

/*
 * Build the compose, with the render options as its output. 0, or the exit code after the error
 * was printed. *out may be set even then; free it either way.
 */
int project_open(const cli_settings *settings, char **inputs, int count, hydra_compose **out);

/*
 * Say what the render does about an output that exists; whatever the project says about it, the
 * command line decides. 0, or the exit code after the error was printed.
 */
int project_set_when_exists(const cli_settings *settings, hydra_compose *c);

#endif
