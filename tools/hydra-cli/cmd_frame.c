/* SPDX-License-Identifier: MIT */
/* hydra-cli frame: one frame of the video as a PNG, without encoding anything else. */
#include "json.h"
#include "message.h"
#include "number.h"
#include "project.h"
#include "target.h"

#include <stdlib.h>
#include <string.h>

static const arg_option frame_options[] = {
    {.name = "time",
     .letter = 't',
     .value = "SECONDS",
     .help = "the frame that is on screen at this time",
     .kind = ARG_SECONDS,
     .offset = offsetof(cli_settings, time_us),
     .max = INT64_C(36000000000)},
};

static const arg_group frame_group = {"Frame", frame_options, 1};
static const arg_group *const groups[] = {&frame_group,      &target_group,  &project_source,
                                          &project_pictures, &project_music, NULL};

static void print_result(const cli_settings *settings, const hydra_frame *frame, size_t size)
{
    long long number = (long long)hydra_frame_number(frame);
    if (settings->json) {
        json_writer json = {.out = cli_json_stream(settings)};
        json_open(&json, NULL, '{');
        json_bool(&json, "ok", true);
        json_text(&json, "output", settings->output);
        json_integer(&json, "frame", number);
        json_integer(&json, "width_px", hydra_frame_width(frame));
        json_integer(&json, "height_px", hydra_frame_height(frame));
        json_integer(&json, "bytes", (int64_t)size);
        json_close(&json, '}');
    } else if (!settings->quiet && !target_is_stdout(settings->output)) {
        cli_print_clean(stdout, settings->output);
        printf("\n  frame %lld, %d x %d\n", number, hydra_frame_width(frame),
               hydra_frame_height(frame));
    }
}

static int write_frame(const cli_settings *settings, const hydra_frame *frame)
{
    size_t size = 0;
    const void *png = hydra_frame_data(frame, &size);
    int code = target_write(settings, settings->output, png, size);
    if (code == CLI_OK) {
        print_result(settings, frame, size);
    }
    return code;
}

/* The library speaks of microseconds; who typed seconds wants to read seconds. */
static int fail(const cli_settings *settings, hydra_status status, hydra_compose *c)
{
    char text[96];
    char given[NUMBER_BYTES];
    char length[NUMBER_BYTES];
    hydra_estimate estimate = {.struct_size = sizeof estimate};
    int code = cli_code(settings, status);
    if (status != HYDRA_ERR_ARGUMENT) {
        return cli_fail_compose(settings, status, c);
    }
    char *reason = strdup(hydra_compose_error(c));
    bool is_late = hydra_compose_estimate(c, NULL, &estimate) == HYDRA_OK &&
                   settings->time_us >= estimate.duration_us;
    (void)snprintf(text, sizeof text, "--time %s: the video is %s s long",
                   number_seconds(settings->time_us, given),
                   number_seconds(is_late ? estimate.duration_us : 0, length));
    code = cli_fail(settings, code, status,
                    is_late  ? text
                    : reason ? reason
                             : hydra_status_text(status));
    free(reason);
    return code;
}

static int compose_and_write(const cli_settings *settings, hydra_compose *c)
{
    hydra_frame *frame = NULL;
    hydra_status status = hydra_compose_frame(c, settings->time_us, HYDRA_FRAME_PNG, &frame);
    int code = status == HYDRA_OK ? write_frame(settings, frame) : fail(settings, status, c);
    hydra_frame_free(frame);
    return code;
}

static int run(cli_settings *settings, char **inputs, int count)
{
    hydra_compose *c = NULL;
    int code = project_inputs(settings, inputs, count);
    if (code != CLI_OK) {
        return code;
    }
    if (!settings->output) {
        return cli_usage("frame", "no output given: -o FILE");
    }
    if (settings->time_us == HYDRA_AUTO) {
        return cli_usage("frame", "no time given: -t SECONDS");
    }
    code = target_check(settings, settings->output, inputs, count);
    if (code == CLI_OK) {
        code = project_open(settings, inputs, count, &c);
    }
    if (code == CLI_OK) {
        code = compose_and_write(settings, c);
    }
    hydra_compose_free(c);
    return code;
}

const cli_verb cli_verb_frame = {
    .name = "frame",
    .synopsis = "PHOTO...|PROJECT -t SECONDS -o FILE",
    .summary = "write one frame of that video as a PNG",
    .groups = groups,
    .run = run,
};
