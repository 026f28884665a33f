/* SPDX-License-Identifier: MIT */
/*
 * The model: what the user said, checked and owned. A setter builds everything new first and then
 * swaps it in, so that a failure leaves the project as it was.
 */
#include "timeline_private.h"

#include <stdio.h>
#include <string.h>

#define MAX_VIDEO_US INT64_C(36000000000)

static void use_canvas(hy_project *project, const hydra_canvas_options *options)
{
    project->width = options->width_px;
    project->height = options->height_px;
    project->rate = hy_rate_reduce(options->fps_num, options->fps_den);
    project->background_rgb = options->background_rgb;
}

void hy_project_init(hy_project *project)
{
    memset(project, 0, sizeof *project);
    hy_diag unused = {0};
    hydra_canvas_options canvas;
    /* The defaults, with the preset's size filled in: this cannot fail. */
    (void)hy_canvas_options_check(NULL, &canvas, &unused);
    use_canvas(project, &canvas);
    project->duration_us = HYDRA_AUTO;
    hydra_transition_options_init(&project->transition);
    project->transition.kind = HYDRA_TRANSITION_CUT;
    hydra_audio_options_init(&project->audio);
}

void hy_project_free(hy_project *project)
{
    for (int32_t i = 0; i < project->image_count; i++) {
        hy_source_free(&project->images[i].source);
    }
    hy_free(project->images);
    hy_source_free(&project->audio_source);
    memset(project, 0, sizeof *project);
}

hydra_status hy_project_copy(hy_project *out, const hy_project *project, hy_diag *diag)
{
    *out = *project;
    out->image_count = 0;
    out->image_capacity = project->image_count;
    memset(&out->audio_source, 0, sizeof out->audio_source);
    out->images = hy_calloc((size_t)project->image_count, sizeof *out->images);
    if (!out->images) {
        (void)hy_fail_memory(diag);
        goto fail;
    }
    for (int32_t i = 0; i < project->image_count; i++) {
        out->images[i] = project->images[i];
        if (hy_source_copy(&out->images[i].source, &project->images[i].source, diag) != HYDRA_OK) {
            goto fail;
        }
        out->image_count = i + 1;
    }
    if (project->has_audio &&
        hy_source_copy(&out->audio_source, &project->audio_source, diag) != HYDRA_OK) {
        goto fail;
    }
    return HYDRA_OK;
fail:
    hy_project_free(out);
    return diag->status;
}

hydra_status hy_project_set_canvas(hy_project *project, const hydra_canvas_options *options,
                                   hy_diag *diag)
{
    hydra_canvas_options checked;
    hydra_status status = hy_canvas_options_check(options, &checked, diag);
    if (status == HYDRA_OK) {
        use_canvas(project, &checked);
    }
    return status;
}

hydra_status hy_project_set_duration(hy_project *project, int64_t duration_us, hy_diag *diag)
{
    if (duration_us != HYDRA_AUTO && (duration_us < 1 || duration_us > MAX_VIDEO_US)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "video: duration_us is %lld, it must be 1..%lld or HYDRA_AUTO",
                       (long long)duration_us, (long long)MAX_VIDEO_US);
    }
    project->duration_us = duration_us;
    return HYDRA_OK;
}

/* Make room for one more image. */
static bool grow(hy_project *project)
{
    if (project->image_count < project->image_capacity) {
        return true;
    }
    int32_t capacity = project->image_capacity > 0 ? project->image_capacity : 8;
    if (__builtin_mul_overflow(capacity, 2, &capacity)) {
        return false;
    }
    hy_project_image *images =
        hy_realloc_array(project->images, (size_t)capacity, sizeof *project->images);
    if (!images) {
        return false;
    }
    project->images = images;
    project->image_capacity = capacity;
    return true;
}

hydra_status hy_project_add_image(hy_project *project, hy_source *source,
                                  const hydra_image_options *options, const hydra_policy *policy,
                                  hy_diag *diag)
{
    char label[HY_LABEL_BYTES];
    (void)hy_image_label(project->image_count, source->name, label);
    if (project->image_count >= policy->max_images) {
        return hy_fail(diag, HYDRA_ERR_LIMIT, "%s: the policy allows %d images (max_images)", label,
                       (int)policy->max_images);
    }
    hydra_image_options checked;
    hydra_status status = hy_image_options_check(options, &checked, label, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    if (!grow(project)) {
        return hy_fail_memory(diag);
    }
    project->images[project->image_count++] =
        (hy_project_image){.source = *source, .options = checked};
    memset(source, 0, sizeof *source);
    return HYDRA_OK;
}

hydra_status hy_project_set_transition(hy_project *project, int32_t cut,
                                       const hydra_transition_options *options, hy_diag *diag)
{
    bool every = cut == HYDRA_ALL_CUTS;
    if (!every && (cut < 0 || cut >= project->image_count - 1)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "cut %d does not exist: there are %d images, so cuts are below %d", (int)cut,
                       (int)project->image_count,
                       project->image_count > 0 ? (int)project->image_count - 1 : 0);
    }
    char who[32];
    (void)snprintf(who, sizeof who, every ? "all cuts" : "cut %d", (int)cut);
    hydra_transition_options checked;
    hydra_status status = hy_transition_options_check(options, &checked, who, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    if (!every) {
        project->images[cut].has_transition = true;
        project->images[cut].transition = checked;
        return HYDRA_OK;
    }
    project->transition = checked;
    for (int32_t i = 0; i < project->image_count; i++) {
        project->images[i].has_transition = false;
    }
    return HYDRA_OK;
}

const hydra_transition_options *hy_project_cut(const hy_project *project, int32_t cut)
{
    const hy_project_image *image = &project->images[cut];
    return image->has_transition ? &image->transition : &project->transition;
}

hydra_status hy_project_set_audio(hy_project *project, hy_source *source,
                                  const hydra_audio_options *options, hy_diag *diag)
{
    if (!source) {
        hy_source_free(&project->audio_source);
        project->has_audio = false;
        return HYDRA_OK;
    }
    hydra_audio_options checked;
    hydra_status status = hy_audio_options_check(options, &checked, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_source_free(&project->audio_source);
    project->has_audio = true;
    project->audio_source = *source;
    project->audio = checked;
    memset(source, 0, sizeof *source);
    return HYDRA_OK;
}
