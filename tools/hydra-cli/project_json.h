/* SPDX-License-Identifier: MIT */
/* A project file, with the options of the command line put over it. */
#ifndef PROJECT_JSON_H
#define PROJECT_JSON_H

#include "cli.h"

/* Load settings->project into `c`. 0, or the exit code after the error was printed. */
int project_load(const cli_settings *settings, hydra_compose *c);

/* Set one value of the project in `c`: a path as in json_edit.h, and JSON text. 0, or the exit code
 * after the error was printed. */
int project_edit(const cli_settings *settings, hydra_compose *c, const char *path,
                 const char *value);

#endif
