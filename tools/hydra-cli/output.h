/* SPDX-License-Identifier: MIT */
/* How results are shown: a table for people, JSON for programs. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <hydra/hydra.h>

void output_result_table(const char *path, const hydra_result *result);
void output_result_json(const char *path, const hydra_result *result);

/* Text from outside on the terminal: control characters become '?'. */
void output_name(const char *name);

#endif
