/* SPDX-License-Identifier: MIT */
/* hydra-cli estimate: what a render will need. */
#include "message.h"
#include "output.h"
#include "project.h"

static const arg_group *const groups[] = {&cli_report_group,
                                          &project_source,
                                          &project_pictures,
                                          &project_music,
                                          &project_encoding,
                                          &project_gpu,
                                          NULL};

static int estimate(const cli_settings *settings, hydra_compose *c)
{
    hydra_estimate numbers = {.struct_size = sizeof numbers};
    hydra_status status = hydra_compose_estimate(c, NULL, &numbers);
    if (status != HYDRA_OK) {
        return cli_fail_compose(settings, status, c);
    }
    if (settings->json) {
        output_estimate_json(&numbers);
    } else {
        output_estimate_table(&numbers);
    }
    return CLI_OK;
}

static int run(cli_settings *settings, char **inputs, int count)
{
    hydra_compose *c = NULL;
    int code = project_inputs(settings, inputs, count);
    if (code == CLI_OK) {
        code = project_open(settings, inputs, count, &c);
    }
    if (code == CLI_OK) {
        code = estimate(settings, c);
    }
    hydra_compose_free(c);
    return code;
}

const cli_verb cli_verb_estimate = {
    .name = "estimate",
    .synopsis = "PHOTO...|PROJECT",
    .summary = "memory, size and time that a render needs",
    .groups = groups,
    .run = run,
};
