/* SPDX-License-Identifier: MIT */
/* How results on stdout are shown: a table for people, JSON for programs. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

#include <hydra/hydra.h>

/* `job` made it. */
void output_result_table(const char *path, const hydra_render *job, const hydra_result *result);
/* `object` NULL = the output is in no store. */
void output_result_json(FILE *out, const char *path, const hydra_render *job,
                        const hydra_result *result, const hydra_object *object);
void output_estimate_table(const hydra_estimate *estimate);
void output_estimate_json(const hydra_estimate *estimate);

#endif
