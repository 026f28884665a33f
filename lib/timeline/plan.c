/* SPDX-License-Identifier: MIT */
/*
 * From durations to frame numbers. Times are added up in whole microseconds and each boundary is
 * rounded to a frame by itself, so a cut is never more than half a frame from where it belongs,
 * however many came before it. Sums cannot overflow: 2^31 images of an hour are below 2^63 us.
 */
#include "timeline_private.h"

#include <string.h>

#define DEFAULT_IMAGE_US 3000000

static int64_t fade_us(const hydra_transition_options *transition)
{
    return transition->kind == HYDRA_TRANSITION_CROSSFADE ? transition->duration_us : 0;
}

/* By how much a cut makes the video shorter. */
static int64_t overlap_us(const hydra_transition_options *transition)
{
    return transition->mode == HYDRA_OVERLAP ? fade_us(transition) : 0;
}

/* What images of automatic duration share, and how many have had theirs. */
typedef struct share {
    int64_t total_us;
    int32_t count;
    int32_t taken;
} share;

/* Durations must be asked for in the order of the images. */
static int64_t next_duration_us(share *rest, const hydra_image_options *options)
{
    if (options->duration_us != HYDRA_AUTO) {
        return options->duration_us;
    }
    int64_t from_us = hy_rescale_floor(rest->total_us, rest->taken, rest->count);
    rest->taken++;
    return hy_rescale_floor(rest->total_us, rest->taken, rest->count) - from_us;
}

/* Settle what each image of automatic duration gets and how long the video is. */
static hydra_status share_out(const hy_project *project, share *rest, int64_t *total_us,
                              hy_diag *diag)
{
    int64_t fixed_us = 0;
    *rest = (share){0};
    for (int32_t i = 0; i < project->image_count; i++) {
        const hydra_image_options *options = &project->images[i].options;
        if (options->duration_us == HYDRA_AUTO) {
            rest->count++;
        } else {
            fixed_us += options->duration_us;
        }
        if (i + 1 < project->image_count) {
            fixed_us -= overlap_us(hy_project_cut(project, i));
        }
    }
    if (project->duration_us == HYDRA_AUTO) {
        rest->total_us = (int64_t)rest->count * DEFAULT_IMAGE_US;
        *total_us = fixed_us + rest->total_us;
        return HYDRA_OK;
    }
    rest->total_us = project->duration_us - fixed_us;
    *total_us = project->duration_us;
    if (rest->count == 0 && rest->total_us != 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "the images with their transitions last %lld us, but the video is to last "
                       "%lld us, and no image has an automatic duration",
                       (long long)fixed_us, (long long)project->duration_us);
    }
    if (rest->count > 0 && rest->total_us <= 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "%d images of automatic duration get no time: the others with their "
                       "transitions last %lld us, the video is to last %lld us",
                       (int)rest->count, (long long)fixed_us, (long long)project->duration_us);
    }
    return HYDRA_OK;
}

/* Everything about clip i is known: it has a frame, and its two transitions do not meet. */
static hydra_status check_clip(const hy_project *project, const hy_plan *plan, int32_t i,
                               int64_t duration_us, hy_diag *diag)
{
    const hy_clip *clip = &plan->clips[i];
    int64_t frames = clip->end - clip->first;
    int64_t fade_in = clip->fade_frames;
    int64_t fade_out = i + 1 < plan->clip_count ? clip[1].fade_frames : 0;
    if (frames >= 1 && fade_in + fade_out <= frames) {
        return HYDRA_OK;
    }
    char label[HY_LABEL_BYTES];
    (void)hy_image_label(i, project->images[i].source.name, label);
    if (frames < 1) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "%s: its %lld us are too short for a frame at %d/%d frames per second",
                       label, (long long)duration_us, (int)plan->rate.num, (int)plan->rate.den);
    }
    if (fade_in == 0 || fade_out == 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "cut %d: the transition of %lld frames is longer than %s, which is on "
                       "screen for %lld",
                       (int)(fade_in > 0 ? i - 1 : i), (long long)fade_in + fade_out, label,
                       (long long)frames);
    }
    return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                   "cuts %d and %d: their transitions of %lld and %lld frames are longer than %s, "
                   "which is on screen for %lld",
                   (int)i - 1, (int)i, (long long)fade_in, (long long)fade_out, label,
                   (long long)frames);
}

/* Place the cut after clip i, which ends at end_us without the transition. Returns when the next
 * one starts. */
static int64_t place_cut(const hydra_transition_options *transition, hy_rate rate, int64_t end_us,
                         hy_clip *clip)
{
    int64_t length_us = fade_us(transition);
    bool overlap = transition->mode == HYDRA_OVERLAP;
    int64_t from_us = end_us - (overlap ? length_us : length_us / 2);
    int64_t cut_us = overlap ? from_us : end_us;
    clip[0].end = hy_frame_from_us(from_us + length_us, rate);
    clip[1].first = hy_frame_from_us(from_us, rate);
    clip[1].fade_frames = clip[0].end - clip[1].first;
    clip[1].cut = hy_frame_from_us(cut_us, rate);
    return cut_us;
}

static hydra_status place_clips(const hy_project *project, share *rest, hy_plan *plan,
                                hy_diag *diag)
{
    int64_t start_us = 0;
    for (int32_t i = 0; i < plan->clip_count; i++) {
        int64_t duration_us = next_duration_us(rest, &project->images[i].options);
        int64_t end_us = start_us + duration_us;
        if (i + 1 < plan->clip_count) {
            start_us = place_cut(hy_project_cut(project, i), plan->rate, end_us, &plan->clips[i]);
        } else {
            plan->clips[i].end = hy_frame_from_us(end_us, plan->rate);
        }
        hydra_status status = check_clip(project, plan, i, duration_us, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    plan->frames = plan->clips[plan->clip_count - 1].end;
    return HYDRA_OK;
}

hydra_status hy_plan_build(const hy_project *project, const hydra_policy *policy, hy_plan *out,
                           hy_diag *diag)
{
    memset(out, 0, sizeof *out);
    if (project->image_count == 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "the project has no image");
    }
    /* A project file can say any fraction. */
    if (project->rate.num < project->rate.den ||
        project->rate.num > INT64_C(120) * project->rate.den) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%d/%d frames per second, it must be 1..120",
                       (int)project->rate.num, (int)project->rate.den);
    }
    share rest;
    int64_t total_us;
    hydra_status status = share_out(project, &rest, &total_us, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    if (total_us > policy->max_duration_us) {
        return hy_fail(diag, HYDRA_ERR_LIMIT,
                       "the video lasts %lld us, the policy allows %lld us (max_duration_us)",
                       (long long)total_us, (long long)policy->max_duration_us);
    }
    hy_plan plan = {
        .width = project->width,
        .height = project->height,
        .rate = project->rate,
        .clips = hy_calloc((size_t)project->image_count, sizeof *plan.clips),
        .clip_count = project->image_count,
    };
    if (!plan.clips) {
        return hy_fail_memory(diag);
    }
    status = place_clips(project, &rest, &plan, diag);
    if (status != HYDRA_OK) {
        hy_plan_free(&plan);
        return status;
    }
    if (project->has_audio) {
        plan.audio_samples = hy_samples_from_frames(plan.frames, plan.rate, HY_AUDIO_HZ);
    }
    *out = plan;
    return HYDRA_OK;
}

void hy_plan_free(hy_plan *plan)
{
    hy_free(plan->clips);
    memset(plan, 0, sizeof *plan);
}

int32_t hy_plan_clip_at(const hy_plan *plan, int64_t n)
{
    int32_t low = 0;
    int32_t high = plan->clip_count;
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;
        if (plan->clips[middle].first <= n) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

bool hy_plan_is_hard_cut(const hy_plan *plan, int64_t n)
{
    /* Two images start in the same frame when the second fades in over all of the first. */
    for (int32_t i = hy_plan_clip_at(plan, n); i > 0 && plan->clips[i].first == n; i--) {
        if (plan->clips[i].fade_frames == 0) {
            return true;
        }
    }
    return false;
}
