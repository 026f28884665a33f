/* SPDX-License-Identifier: MIT */
/* A project file, with the options of the command line put over it. */
#ifndef PROJECT_JSON_H
#define PROJECT_JSON_H

#include "cli.h"

/* Load settings->project into `c`. 0, or the exit code after the error was printed. */
int project_load(const cli_settings *settings, hydra_compose *c);

#endif
