/* SPDX-License-Identifier: MIT */
/* hydra-cli schema: the JSON Schema of project files, for editors and validators. */
#include "message.h"

static const arg_group *const groups[] = {&cli_help_group, NULL};

static int run(cli_settings *settings, char **inputs, int count)
{
    (void)settings;
    (void)inputs;
    if (count > 0) {
        return cli_usage("schema", "schema takes no files");
    }
    fputs(hydra_project_schema(), stdout);
    return CLI_OK;
}

const cli_verb cli_verb_schema = {
    .name = "schema",
    .synopsis = "",
    .summary = "the JSON Schema of project files",
    .groups = groups,
    .run = run,
};
