/* SPDX-License-Identifier: MIT */
/* A dry run: everything that a render would read is opened, nothing is decoded beyond what opening
 * takes, and all that is wrong is told at once. */
#include <stdio.h>

#include "media/media.h"
#include "render/remote.h"

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

static void open_photo(const hy_job *job, int32_t index, hy_diag *diag)
{
    hy_reader *reader = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    hy_photo *photo = NULL;
    hy_color *color = NULL;
    if (hy_job_open_image(job, index, &reader, diag) == HYDRA_OK &&
        hy_reader_load(reader, &bytes, &size, diag) == HYDRA_OK &&
        hy_photo_open(bytes, size, reader->name, job->policy, &photo, diag) == HYDRA_OK) {
        (void)hy_color_new(photo, &color, diag);
    }
    hy_color_free(color);
    hy_photo_close(photo);
    hy_free(bytes);
    hy_reader_close(reader);
    hy_remote_done(job->remote, index);
}

static hydra_status check_photos(const hy_job *job, hy_issues *issues, hy_diag *diag)
{
    hydra_status status = hy_cancel_check(job->cancel, diag);
    for (int32_t i = 0; i < job->project->image_count && status == HYDRA_OK; i++) {
        if (hy_issues_full(issues)) {
            break;
        }
        hy_diag found = {0};
        open_photo(job, i, &found);
        status = hy_cancel_check(job->cancel, diag); /* then that is what was found */
        if (status == HYDRA_OK) {
            char pointer[POINTER_BYTES];
            (void)snprintf(pointer, sizeof pointer, "/images/%d", (int)i);
            status = note(issues, pointer, &found, diag);
        }
    }
    return status;
}

static hydra_status check_music(const hy_job *job, int64_t samples, hy_issues *issues,
                                hy_diag *diag)
{
    if (!job->project->has_audio) {
        return HYDRA_OK;
    }
    hydra_render_options defaults;
    hydra_render_options_init(&defaults);
    hy_audio_config config = {
        .options = job->project->audio,
        .samples = samples,
        .bitrate_kbps = defaults.audio_bitrate_kbps,
        .cancel = job->cancel,
    };
    hy_reader *reader = NULL;
    hy_audio *audio = NULL;
    hy_diag found = {0};
    if (hy_job_open_audio(job, &reader, &found) == HYDRA_OK) {
        (void)hy_audio_open(reader, &config, &audio, &found);
    }
    hy_audio_close(audio);
    hy_reader_close(reader);
    hydra_status status = hy_cancel_check(job->cancel, diag);
    return status == HYDRA_OK ? note(issues, "/audio", &found, diag) : status;
}

static hydra_status check_all(const hy_job *job, hy_issues *issues, hy_diag *diag)
{
    int64_t audio_samples = SOME_SAMPLES;
    hydra_status status = check_plan(job->project, job->policy, &audio_samples, issues, diag);
    if (status == HYDRA_OK) {
        status = check_photos(job, issues, diag);
    }
    if (status == HYDRA_OK) {
        status = check_music(job, audio_samples, issues, diag);
    }
    return status;
}

hydra_status hy_render_check(const hy_job *job, hy_issues *issues, hy_diag *diag)
{
    const hy_remote_want want = {
        .end = job->project->image_count,
        .audio = true,
        .keep_going = true,
    };
    hy_job fetching = *job;
    hydra_status status = hy_remote_new(job, &want, NULL, &fetching.remote, diag);
    if (status == HYDRA_OK) {
        status = check_all(&fetching, issues, diag);
    }
    hy_remote_free(fetching.remote);
    return status == HYDRA_OK ? hy_issues_first(issues, diag) : status;
}
