/* SPDX-License-Identifier: MIT */
/* hydra-cli render: photos and music in, a video file out. */
#include "cli.h"
#include "output.h"
#include "project.h"
#include "target.h"

#include <stdio.h>

#define FIELD(name) offsetof(cli_settings, name)

static const arg_word profile_words[] = {
    {"draft", HYDRA_PROFILE_DRAFT},
    {"default", HYDRA_PROFILE_DEFAULT},
    {"quality", HYDRA_PROFILE_QUALITY},
    {"best", HYDRA_PROFILE_BEST},
    {NULL, 0},
};

static const arg_word encoder_words[] = {
    {"auto", HYDRA_ENCODER_AUTO},
    {"x264", HYDRA_ENCODER_X264},
    {"raw", HYDRA_ENCODER_RAW},
    {NULL, 0},
};

static const arg_option render_options[] = {
    {.name = "plan",
     .help = "print the planned timeline instead of rendering",
     .kind = ARG_FLAG,
     .offset = FIELD(plan)},
    {.name = "profile",
     .value = "PROFILE",
     .help = "work that the encoder spends (if not given, default):",
     .kind = ARG_WORD,
     .offset = FIELD(render.profile),
     .words = profile_words},
    {.name = "encoder",
     .value = "ENCODER",
     .help = "which encoder (default auto); raw writes YUV4MPEG2:",
     .kind = ARG_WORD,
     .offset = FIELD(render.encoder),
     .words = encoder_words},
    {.name = "crf",
     .value = "N",
     .help = "constant quality, 0 to 51, lower is better",
     .kind = ARG_NUMBER,
     .offset = FIELD(render.crf),
     .max = 51000000},
    {.name = "bitrate",
     .value = "KBPS",
     .help = "bits per second of the pictures instead of constant quality",
     .kind = ARG_INTEGER,
     .offset = FIELD(render.video_bitrate_kbps),
     .min = 50,
     .max = 500000},
    {.name = "preset",
     .value = "NAME",
     .help = "x264 preset in place of the profile's tuning: fast, medium, ...",
     .kind = ARG_TEXT,
     .offset = FIELD(render.preset)},
    {.name = "audio-bitrate",
     .value = "KBPS",
     .help = "bits per second of the sound, 32 to 320 (default 160)",
     .kind = ARG_INTEGER,
     .offset = FIELD(render.audio_bitrate_kbps),
     .min = 32,
     .max = 320},
};

static const arg_group render_group = {"Rendering", render_options,
                                       sizeof render_options / sizeof render_options[0]};
static const arg_group *const groups[] = {&target_group, &project_pictures, &project_music,
                                          &render_group, NULL};

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

static int render(const cli_settings *settings, hydra_compose *c)
{
    hydra_result result = {.struct_size = sizeof result};
    hydra_status status = hydra_compose_render(c, settings->output, &settings->render);
    if (status == HYDRA_OK) {
        status = hydra_compose_result(c, &result);
    }
    if (status != HYDRA_OK) {
        return cli_fail_compose(settings, status, c);
    }
    if (settings->json) {
        output_result_json(settings->output, &result);
    } else if (!settings->quiet) {
        output_result_table(settings->output, &result);
    }
    return CLI_OK;
}

static int run(const cli_settings *settings, char **photos, int count)
{
    if (count == 0) {
        return cli_usage("render", "no photos given");
    }
    if (!settings->plan) {
        if (!settings->output) {
            return cli_usage("render", "no output given: -o FILE");
        }
        int code = target_check(settings, photos, count);
        if (code != CLI_OK) {
            return code;
        }
    }
    hydra_compose *c = NULL;
    hydra_status status = project_new(settings, photos, count, &c);
    int code = status != HYDRA_OK ? cli_fail_compose(settings, status, c)
               : settings->plan   ? print_plan(settings, c)
                                  : render(settings, c);
    hydra_compose_free(c);
    return code;
}

const cli_verb cli_verb_render = {
    .name = "render",
    .synopsis = "PHOTO... [--music FILE] -o FILE",
    .summary = "make a video from photos and music",
    .groups = groups,
    .run = run,
};
