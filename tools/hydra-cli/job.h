/* SPDX-License-Identifier: MIT */
/* One render from start to end: progress while it runs, signals that cancel it, its result. */
#ifndef JOB_H
#define JOB_H

#include "cli.h"

/* Render `c` to settings->output. Returns the exit code, after the result or error was printed. */
int job_run(const cli_settings *settings, hydra_compose *c);

#endif
