/* SPDX-License-Identifier: MIT */
/* A dry run: everything that a render would read is opened, nothing is decoded beyond what opening
 * takes, and all that is wrong is told at once. */
#include <stdio.h>

#include "media/media.h"
#include "render/render.h"

#define POINTER_BYTES 32

/* Music is opened even when the timeline does not add up; it then has no length to fill. */
#define SOME_SAMPLES HY_AUDIO_HZ

/* Turn a failure into an issue. Only memory stops a check. */
static hydra_status note(hy_issues *issues, const char *pointer, const hy_diag *found,
                         hy_diag *diag)
{
    if (found->status == HYDRA_OK) {
        return HYDRA_OK;
    }
    if (found->status == HYDRA_ERR_MEMORY) {
        return hy_fail_memory(diag);
    }
    return hy_issues_add(issues, found->status, pointer, found->text, diag);
}

static hydra_status check_plan(const hy_project *project, const hydra_policy *policy,
                               int64_t *audio_samples, hy_issues *issues, hy_diag *diag)
{
    hy_plan plan;
    hy_diag found = {0};
    if (hy_plan_build(project, policy, &plan, &found) == HYDRA_OK) {
        *audio_samples = plan.audio_samples;
        hy_plan_free(&plan);
    }
    return note(issues, project->image_count == 0 ? "/images" : "", &found, diag);
}

static void open_photo(const hy_source *source, const hydra_policy *policy, hy_diag *diag)
{
    hy_reader *reader = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    hy_photo *photo = NULL;
    hy_color *color = NULL;
    if (hy_reader_open(source, policy->max_image_bytes, policy, &reader, diag) == HYDRA_OK &&
        hy_reader_load(reader, &bytes, &size, diag) == HYDRA_OK &&
        hy_photo_open(bytes, size, source->name, policy, &photo, diag) == HYDRA_OK) {
        (void)hy_color_new(photo, &color, diag);
    }
    hy_color_free(color);
    hy_photo_close(photo);
    hy_free(bytes);
    hy_reader_close(reader);
}

static hydra_status check_photos(const hy_project *project, const hydra_policy *policy,
                                 hy_issues *issues, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    for (int32_t i = 0; i < project->image_count && status == HYDRA_OK; i++) {
        if (hy_issues_full(issues)) {
            break;
        }
        hy_diag found = {0};
        open_photo(&project->images[i].source, policy, &found);
        char pointer[POINTER_BYTES];
        (void)snprintf(pointer, sizeof pointer, "/images/%d", (int)i);
        status = note(issues, pointer, &found, diag);
    }
    return status;
}

static hydra_status check_music(const hy_project *project, const hydra_policy *policy,
                                int64_t samples, hy_issues *issues, hy_diag *diag)
{
    if (!project->has_audio) {
        return HYDRA_OK;
    }
    hydra_render_options defaults;
    hydra_render_options_init(&defaults);
    hy_audio_config config = {
        .options = project->audio,
        .samples = samples,
        .bitrate_kbps = defaults.audio_bitrate_kbps,
    };
    hy_reader *reader = NULL;
    hy_audio *audio = NULL;
    hy_diag found = {0};
    if (hy_reader_open(&project->audio_source, policy->max_audio_bytes, policy, &reader, &found) ==
        HYDRA_OK) {
        (void)hy_audio_open(reader, &config, &audio, &found);
    }
    hy_audio_close(audio);
    hy_reader_close(reader);
    return note(issues, "/audio", &found, diag);
}

hydra_status hy_render_check(const hy_project *project, const hydra_policy *policy,
                             hy_issues *issues, hy_diag *diag)
{
    int64_t audio_samples = SOME_SAMPLES;
    hydra_status status = check_plan(project, policy, &audio_samples, issues, diag);
    if (status == HYDRA_OK) {
        status = check_photos(project, policy, issues, diag);
    }
    if (status == HYDRA_OK) {
        status = check_music(project, policy, audio_samples, issues, diag);
    }
    return status == HYDRA_OK ? hy_issues_first(issues, diag) : status;
}
