/* SPDX-License-Identifier: MIT */
/* The output file: refused early when it cannot or must not be written. */
#ifndef TARGET_H
#define TARGET_H

#include <stddef.h>

#include "cli.h"

/* --output and what is said about it; every verb that makes a file has these. */
extern const arg_group target_group;

/* May settings->output be made? 0, or the exit code after the error was printed. */
int target_check(const cli_settings *settings, char **inputs, int count);

/*
 * Make settings->output from these bytes: written under a temporary name beside it, then renamed.
 * 0, or the exit code after the error was printed.
 */
int target_write(const cli_settings *settings, const void *data, size_t size);

#endif
