/* SPDX-License-Identifier: MIT */
/* The output: refused early when it cannot or must not be written. */
#ifndef TARGET_H
#define TARGET_H

#include <stddef.h>

#include "cli.h"

/* --output and what is said about it; every verb that makes a file has these. */
extern const arg_group target_group;
/* The same for verbs that take the output as an argument. */
extern const arg_group target_place_group;

/* "-": standard output. */
bool target_is_stdout(const char *path);

/* May `path` be made? 0, or the exit code after the error was printed. */
int target_check(const cli_settings *settings, const char *path, char **inputs, int count);

/* Whether the output has a folder that it can go into, and no file is in its way. */
bool target_can_be_made(const cli_settings *settings);

/* `path` as a destination of the library; the caller frees it. NULL = out of memory. It may name
 * `*descriptor`, which is opened for it; the caller closes that. -1 = none. */
char *target_destination(const char *path, int *descriptor);

/*
 * Make `path` from these bytes. A file is replaced only with --overwrite (file.h).
 * 0, or the exit code after the error was printed.
 */
int target_write(const cli_settings *settings, const char *path, const void *data, size_t size);

#endif
