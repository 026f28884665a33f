/* SPDX-License-Identifier: MIT */
/* What goes wrong, told to people on stderr and, with --json, to programs on stdout. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdio.h>

#include "cli.h"

/* "hydra-cli: error: TEXT" on stderr; with --json also an object. Returns `code`. */
int cli_fail(const cli_settings *settings, int code, hydra_status status, const char *text);
/* The same for a call of the library that failed: the text is the handle's, the code the status's.
 * `c` may be NULL. */
int cli_fail_compose(const cli_settings *settings, hydra_status status, const hydra_compose *c);
/* The same for NAME: WHAT: the words of an errno. */
int cli_fail_errno(const cli_settings *settings, int code, int error, const char *name,
                   const char *what);
/* A usage error: the text, then where help is. Returns CLI_USAGE. */
int cli_usage(const char *verb, const char *text);
void cli_warn(const char *text);
void cli_note(const char *text);

/* The exit code that a status of the library leads to. */
int cli_code(const cli_settings *settings, hydra_status status);
/* Where JSON results go: stdout, or stderr when the video itself goes to stdout. */
FILE *cli_json_stream(const cli_settings *settings);

/*
 * All issues that the last load or check of `c` found, "NAME:LINE:COLUMN: POINTER: TEXT" each as an
 * error; with --json one object that holds them. `name` is the project's, NULL when lines of it
 * mean nothing. Without issues the error of the call is told. Returns `code`.
 */
int cli_fail_issues(const cli_settings *settings, int code, hydra_status status,
                    const hydra_compose *c, const char *name);

/* Text from outside: control characters become '?'. */
void cli_print_clean(FILE *out, const char *text);

#endif
