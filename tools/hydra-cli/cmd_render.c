/* SPDX-License-Identifier: MIT */
/* hydra-cli render: photos and music, or a project, in; a video out. */
#include "job.h"
#include "message.h"
#include "progress.h"
#include "project.h"
#include "remote.h"
#include "target.h"

#include <string.h>

#define FIELD(name) offsetof(cli_settings, name)

static const arg_option render_options[] = {
    {.name = "plan",
     .help = "print the planned timeline instead of rendering",
     .kind = ARG_FLAG,
     .offset = FIELD(plan)},
    {.name = "save-project",
     .value = "FILE",
     .help = "write the project as JSON; without -o nothing is rendered",
     .kind = ARG_TEXT,
     .offset = FIELD(save_project)},
};

static const arg_group render_group = {"Rendering", render_options,
                                       sizeof render_options / sizeof render_options[0]};
static const arg_group *const groups[] = {
    &target_group, &project_source, &project_pictures, &project_music,   &project_encoding,
    &project_gpu,  &render_group,   &progress_group,   &remote_transfer, &remote_store,
    NULL};

static int print_plan(const cli_settings *settings, hydra_compose *c)
{
    const char *text = NULL;
    hydra_status status = hydra_compose_plan_text(c, &text);
    if (status != HYDRA_OK) {
        return cli_fail_compose(settings, status, c);
    }
    fputs(text, stdout);
    return CLI_OK;
}

static int save_project(const cli_settings *settings, hydra_compose *c)
{
    const char *json = NULL;
    hydra_status status = hydra_compose_to_json(c, &json);
    if (status != HYDRA_OK) {
        return cli_fail_compose(settings, status, c);
    }
    return target_write(settings, settings->save_project, json, strlen(json));
}

static int check_targets(const cli_settings *settings, char **inputs, int count)
{
    int code = CLI_OK;
    if (settings->save_project && !settings->plan) {
        code = target_check(settings, settings->save_project, inputs, count);
    }
    if (settings->output && !settings->plan && code == CLI_OK) {
        code = target_check(settings, settings->output, inputs, count);
    }
    return code;
}

static int set_transfer(const cli_settings *settings, hydra_compose *c)
{
    hydra_transfer_options transfer;
    remote_transfer_options(settings, &transfer);
    hydra_status status = hydra_compose_set_transfer(c, &transfer);
    return status == HYDRA_OK ? CLI_OK : cli_fail_compose(settings, status, c);
}

static int act(const cli_settings *settings, hydra_compose *c)
{
    if (settings->plan) {
        return print_plan(settings, c);
    }
    int code = settings->save_project ? save_project(settings, c) : CLI_OK;
    if (!settings->output || code != CLI_OK) {
        return code;
    }
    code = project_set_when_exists(settings, c);
    if (code == CLI_OK && remote_is_remote(settings->output)) {
        code = set_transfer(settings, c);
    }
    return code == CLI_OK ? job_run(settings, c) : code;
}

static int run(cli_settings *settings, char **inputs, int count)
{
    hydra_compose *c = NULL;
    int code = project_inputs(settings, inputs, count);
    if (code != CLI_OK) {
        return code;
    }
    if (!settings->plan && !settings->output && !settings->save_project) {
        return cli_usage("render", "no output given: -o FILE");
    }
    if (settings->output && settings->save_project &&
        strcmp(settings->output, settings->save_project) == 0) {
        return cli_usage("render", "--output and --save-project are the same");
    }
    code = check_targets(settings, inputs, count);
    if (code == CLI_OK) {
        code = project_open(settings, inputs, count, &c);
    }
    if (code == CLI_OK) {
        code = act(settings, c);
    }
    hydra_compose_free(c);
    return code;
}

const cli_verb cli_verb_render = {
    .name = "render",
    .synopsis = "PHOTO...|PROJECT -o FILE",
    .summary = "make a video of photos and music",
    .groups = groups,
    .run = run,
};
