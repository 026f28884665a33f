/* SPDX-License-Identifier: MIT */
/* What the terminal on stderr can show. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>

/* A terminal that can go back to the start of a line. */
bool terminal_is_capable(void);
/* The same, and neither NO_COLOR nor TERM speaks against colours. */
bool terminal_has_colors(void);
/* Cells in a line, 80 when it is not known. */
int terminal_columns(void);
/* True unless the terminal belongs to another job now (the program runs in the background). */
bool terminal_is_ours(void);
/* By the environment: LC_ALL, LC_CTYPE or LANG. */
bool terminal_is_utf8(void);

#endif
