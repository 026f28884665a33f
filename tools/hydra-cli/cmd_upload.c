/* SPDX-License-Identifier: MIT */
/* hydra-cli upload and get: a file to a store and back. */
#include "json.h"
#include "message.h"
#include "progress.h"
#include "remote.h"
#include "target.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const arg_group *const upload_groups[] = {&target_place_group, &progress_group,
                                                 &remote_transfer, &remote_store, NULL};
static const arg_group *const get_groups[] = {&target_place_group, &progress_group, &remote_store,
                                              NULL};

typedef struct job {
    const char *uri;
    const char *path;
    hydra_transfer_options transfer;
    hydra_object object;
} job;

static void print_result(const cli_settings *settings, const char *output,
                         const hydra_object *object)
{
    if (settings->json) {
        json_writer json = {.out = stdout};
        json_open(&json, NULL, '{');
        json_bool(&json, "ok", true);
        json_text(&json, "output", output);
        remote_print_json(&json, object);
        json_close(&json, '}');
    } else if (!settings->quiet) {
        cli_print_clean(stdout, output);
        printf("\n");
        remote_print_table(object);
    }
}

static int run_call(const cli_settings *settings, job *work, int32_t stage, remote_call *call,
                    const char *output,
                    int (*code_of)(const cli_settings *settings, hydra_status status))
{
    hydra_store *store = NULL;
    work->object = (hydra_object){.struct_size = sizeof work->object};
    int code = remote_open(settings, &store);
    if (code == CLI_OK) {
        code = remote_run(settings, store, stage, call, work, code_of);
    }
    if (code == CLI_OK) {
        print_result(settings, output, &work->object);
    }
    hydra_store_free(store);
    return code;
}

static hydra_status put(hydra_store *store, void *user)
{
    job *work = user;
    return hydra_store_put_file(store, work->uri, work->path, &work->transfer, &work->object);
}

static int run_upload(cli_settings *settings, char **inputs, int count)
{
    struct stat file;
    if (count != 2 || !remote_is_store(inputs[1])) {
        return cli_usage("upload", "give a file and s3://BUCKET/KEY");
    }
    if (stat(inputs[0], &file) != 0) {
        return cli_fail_errno(settings, CLI_INPUT, errno, inputs[0], "cannot be sent");
    }
    if (!S_ISREG(file.st_mode)) {
        return cli_fail_errno(settings, CLI_INPUT, S_ISDIR(file.st_mode) ? EISDIR : ESPIPE,
                              inputs[0], "only a regular file can be sent");
    }
    job work = {.path = inputs[0], .uri = inputs[1]};
    remote_transfer_options(settings, &work.transfer);
    return run_call(settings, &work, HYDRA_STAGE_UPLOADING, put, work.uri, remote_output_code);
}

static hydra_status get(hydra_store *store, void *user)
{
    job *work = user;
    return hydra_store_get_file(store, work->uri, work->path, &work->object);
}

/* The local file was looked at before. */
static int get_code(const cli_settings *settings, hydra_status status)
{
    int code = remote_output_code(settings, status);
    return code == CLI_OUTPUT && status != HYDRA_ERR_SPACE ? CLI_INPUT : code;
}

static int run_get(cli_settings *settings, char **inputs, int count)
{
    if (count != 2 || !remote_is_store(inputs[0])) {
        return cli_usage("get", "give s3://BUCKET/KEY and a file");
    }
    if (target_is_stdout(inputs[1]) || remote_is_remote(inputs[1])) {
        return cli_usage("get", "the object goes to a file");
    }
    int code = target_check(settings, inputs[1], NULL, 0);
    if (code != CLI_OK) {
        return code;
    }
    job work = {.uri = inputs[0], .path = inputs[1]};
    return run_call(settings, &work, PROGRESS_STAGE_DOWNLOADING, get, work.path, get_code);
}

const cli_verb cli_verb_upload = {
    .name = "upload",
    .synopsis = "FILE s3://BUCKET/KEY",
    .summary = "put a file into a store",
    .groups = upload_groups,
    .run = run_upload,
};

const cli_verb cli_verb_get = {
    .name = "get",
    .synopsis = "s3://BUCKET/KEY FILE",
    .summary = "load a file from a store",
    .groups = get_groups,
    .run = run_get,
};
