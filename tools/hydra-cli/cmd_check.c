/* SPDX-License-Identifier: MIT */
/* hydra-cli check: everything that is wrong with a project and its files, without rendering. */
#include "json.h"
#include "message.h"
#include "project.h"

static const arg_group *const groups[] = {&cli_report_group,
                                          &project_source,
                                          &project_pictures,
                                          &project_music,
                                          &project_encoding,
                                          &project_gpu,
                                          NULL};

static void print_fine(const cli_settings *settings, const hydra_compose *c)
{
    if (settings->json) {
        json_writer json = {.out = stdout};
        json_open(&json, NULL, '{');
        json_bool(&json, "ok", true);
        json_integer(&json, "images", hydra_compose_image_count(c));
        json_open(&json, "issues", '[');
        json_close(&json, ']');
        json_close(&json, '}');
    } else {
        printf("no problems found\n");
    }
}

static int check(const cli_settings *settings, hydra_compose *c)
{
    hydra_status status = hydra_compose_check(c);
    if (status != HYDRA_OK) {
        return cli_fail_issues(settings, CLI_INPUT, status, c, project_name(settings));
    }
    print_fine(settings, c);
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
        code = check(settings, c);
    }
    hydra_compose_free(c);
    return code;
}

const cli_verb cli_verb_check = {
    .name = "check",
    .synopsis = "PHOTO...|PROJECT",
    .summary = "list all that is wrong, without rendering",
    .groups = groups,
    .run = run,
};
