/* SPDX-License-Identifier: MIT */
/* The options that describe a video, and the compose that they make. */
#ifndef PROJECT_H
#define PROJECT_H

#include "cli.h"

/* Photos, canvas, motion, transitions, music: shared by the verbs that compose. */
extern const arg_group project_pictures;
extern const arg_group project_music;

/* The library's defaults, plus the taste of the command line: alternating zooms, crossfades. */
void project_defaults(cli_settings *settings);

/* Build the compose. On failure *out may still be set, for its error text; free it either way. */
hydra_status project_new(const cli_settings *settings, char **photos, int count,
                         hydra_compose **out);

#endif
