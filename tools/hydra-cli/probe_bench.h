/* SPDX-License-Identifier: MIT */
/* probe --bench: how fast the encoders of this machine are, by profile. */
#ifndef PROBE_BENCH_H
#define PROBE_BENCH_H

#include "cli.h"
#include "json.h"

/* --bench, --encoder, --codec, --seconds */
extern const arg_group probe_bench_group;

/* Measure the encoder of the settings, or each that works here, and print a line as soon as it is
 * known, or with `json` an array of that. CLI_OK if all could be measured. */
int probe_bench(const cli_settings *settings, hydra_context *context, json_writer *json);

#endif
