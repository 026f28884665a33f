/* SPDX-License-Identifier: MIT */
/* Settings, or a project file, to compose. */
#include "project.h"

#include "message.h"
#include "project_json.h"
#include "remote.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

void project_defaults(cli_settings *settings)
{
    memset(settings, 0, sizeof *settings);
    hydra_canvas_options_init(&settings->canvas);
    hydra_image_options_init(&settings->image);
    hydra_transition_options_init(&settings->transition);
    hydra_audio_options_init(&settings->audio);
    hydra_render_options_init(&settings->render);
    hydra_store_options_init(&settings->store);
    hydra_transfer_options_init(&settings->transfer);
    settings->expires_s = 3600;
    settings->bench_us = 3000000;
    settings->duration_us = HYDRA_AUTO;
    settings->time_us = HYDRA_AUTO;
    settings->motions[0] = HYDRA_MOTION_ZOOM_IN;
    settings->motions[1] = HYDRA_MOTION_ZOOM_OUT;
    settings->motion_count = 2;
}

static hydra_status compose_new(const cli_settings *settings, hydra_compose **out)
{
    hydra_context_options options;
    hydra_context *context = NULL;
    hydra_policy policy;
    *out = NULL;
    hydra_policy_init(&policy);
    /* A person can press Ctrl-C; a long render is no attack. */
    policy.max_render_us = PROJECT_MAX_RENDER_US;
    hydra_context_options_init(&options);
    options.threads = settings->threads;
    options.store = &settings->store;
    options.policy = &policy;
    options.gpu = settings->gpu;
    hydra_status status = hydra_context_new(&options, &context);
    if (status == HYDRA_OK) {
        status = hydra_compose_new(context, out);
    }
    /* The compose keeps a reference of its own. */
    hydra_context_free(context);
    return status;
}

hydra_status project_context(const cli_settings *settings, hydra_context **out)
{
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.gpu = settings->gpu;
    return hydra_context_new(&options, out);
}

static hydra_status add_photos(hydra_compose *c, const cli_settings *settings, char **photos,
                               int count)
{
    hydra_image_options image = settings->image;
    hydra_status status = HYDRA_OK;
    for (int i = 0; i < count && status == HYDRA_OK; i++) {
        image.motion = settings->motions[i % settings->motion_count];
        status = hydra_compose_add_image(c, photos[i], &image);
    }
    return status;
}

static hydra_status set_music(hydra_compose *c, const cli_settings *settings)
{
    if (!settings->music) {
        return HYDRA_OK;
    }
    hydra_audio_options audio = settings->audio;
    audio.when_short = settings->music_loop ? HYDRA_AUDIO_LOOP : HYDRA_AUDIO_SILENCE;
    return hydra_compose_set_audio(c, settings->music, &audio);
}

/* The compose of the options and these photos. */
static hydra_status fill(hydra_compose *c, const cli_settings *settings, char **photos, int count)
{
    hydra_status status = hydra_compose_set_canvas(c, &settings->canvas);
    if (status == HYDRA_OK) {
        status = hydra_compose_set_duration(c, settings->duration_us);
    }
    if (status == HYDRA_OK) {
        status = hydra_compose_set_transition(c, HYDRA_ALL_CUTS, &settings->transition);
    }
    if (status == HYDRA_OK) {
        status = add_photos(c, settings, photos, count);
    }
    if (status == HYDRA_OK) {
        status = set_music(c, settings);
    }
    return status == HYDRA_OK ? hydra_compose_set_output(c, &settings->render) : status;
}

/* Does a regular file begin like a JSON object? */
static bool has_json_inside(const char *path)
{
    char start[64];
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) {
        return false;
    }
    bool regular = fstat(file, &info) == 0 && S_ISREG(info.st_mode);
    ssize_t size = regular ? read(file, start, sizeof start) : 0;
    (void)close(file);
    ssize_t i = size >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (i < size && strchr(" \t\r\n", start[i]) && start[i]) {
        i++;
    }
    return i < size && start[i] == '{';
}

static bool is_project(const char *path)
{
    const char *dot = strrchr(path, '.');
    return strcmp(path, "-") == 0 || (dot && strcasecmp(dot, ".json") == 0) ||
           has_json_inside(path);
}

int project_inputs(cli_settings *settings, char **inputs, int count)
{
    bool found = settings->project != NULL;
    if (found && count > 0) {
        return cli_usage(settings->verb, "photos are named in the project, not beside it");
    }
    if (!found && count == 0) {
        return cli_usage(settings->verb, "no photos given");
    }
    for (int i = 0; i < count && !found; i++) {
        found = is_project(inputs[i]);
    }
    if (found && count > 1) {
        return cli_usage(settings->verb, "one project at a time, and no photos beside it");
    }
    if (found && !settings->project) {
        settings->project = inputs[0];
    }
    return CLI_OK;
}

const char *project_name(const cli_settings *settings)
{
    return settings->project && strcmp(settings->project, "-") == 0 ? "standard input"
                                                                    : settings->project;
}

int project_open(const cli_settings *settings, char **inputs, int count, hydra_compose **out)
{
    hydra_status status = compose_new(settings, out);
    if (status == HYDRA_ERR_ARGUMENT && !*out) {
        return cli_usage(settings->verb, REMOTE_BAD_OPTIONS);
    }
    if (status == HYDRA_OK && settings->project) {
        return project_load(settings, *out);
    }
    if (status == HYDRA_OK) {
        status = fill(*out, settings, inputs, count);
    }
    return status == HYDRA_OK ? CLI_OK : cli_fail_compose(settings, status, *out);
}

int project_set_when_exists(const cli_settings *settings, hydra_compose *c)
{
    hydra_render_options options = settings->render;
    options.when_exists =
        settings->overwrite == CLI_OVERWRITE_YES ? HYDRA_EXISTS_REPLACE : HYDRA_EXISTS_FAIL;
    if (settings->project) {
        return project_edit(settings, c, "output.when_exists",
                            options.when_exists == HYDRA_EXISTS_FAIL ? "\"fail\"" : "\"replace\"");
    }
    hydra_status status = hydra_compose_set_output(c, &options);
    return status == HYDRA_OK ? CLI_OK : cli_fail_compose(settings, status, c);
}
