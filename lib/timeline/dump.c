/* SPDX-License-Identifier: MIT */
/* The plan in words, for people and tests. Numbers are printed as integers: no locale's decimal
 * point. */
#include "timeline_private.h"

#include <math.h>
#include <stdio.h>

static const char *const fit_words[] = {
    [HYDRA_FIT_COVER] = "cover",
    [HYDRA_FIT_CONTAIN] = "contain",
    [HYDRA_FIT_FILL] = "fill",
};

static const char *const motion_words[] = {
    [HYDRA_MOTION_NONE] = "no motion",      [HYDRA_MOTION_ZOOM_IN] = "zoom in",
    [HYDRA_MOTION_ZOOM_OUT] = "zoom out",   [HYDRA_MOTION_PAN_LEFT] = "pan left",
    [HYDRA_MOTION_PAN_RIGHT] = "pan right", [HYDRA_MOTION_PAN_UP] = "pan up",
    [HYDRA_MOTION_PAN_DOWN] = "pan down",   [HYDRA_MOTION_RECT] = "rectangle to rectangle",
};

static const char *const easing_words[] = {
    [HYDRA_EASING_LINEAR] = "linear",      [HYDRA_EASING_SMOOTHSTEP] = "smoothstep",
    [HYDRA_EASING_IN] = "ease in",         [HYDRA_EASING_OUT] = "ease out",
    [HYDRA_EASING_IN_OUT] = "ease in-out",
};

static const char *seconds(int64_t us, char out[HY_NUMBER_BYTES])
{
    return hy_thousandths(hy_rescale(us, 1, 1000), out);
}

static bool print_head(const hy_plan *plan, const hy_project *project, hy_buffer *out)
{
    char rate[HY_NUMBER_BYTES];
    char length[HY_NUMBER_BYTES];
    (void)snprintf(rate, sizeof rate, plan->rate.den == 1 ? "%d" : "%d/%d", (int)plan->rate.num,
                   (int)plan->rate.den);
    int64_t length_ms = hy_rescale(plan->frames, (int64_t)plan->rate.den * 1000, plan->rate.num);
    return hy_buffer_print(out, "canvas %d x %d, %s fps, background #%06x\n", (int)plan->width,
                           (int)plan->height, rate, (unsigned)project->background_rgb) &&
           hy_buffer_print(out, "%lld frames, %s s\n", (long long)plan->frames,
                           hy_thousandths(length_ms, length));
}

static bool print_image(const hy_plan *plan, const hy_project *project, int32_t i, hy_buffer *out)
{
    const hydra_image_options *options = &project->images[i].options;
    const hy_clip *clip = &plan->clips[i];
    char label[HY_LABEL_BYTES];
    if (!hy_buffer_print(out, "%s: frames [%lld, %lld), %s, %s",
                         hy_image_label(i, project->images[i].source.name, label),
                         (long long)clip->first, (long long)clip->end, fit_words[options->fit],
                         motion_words[options->motion])) {
        return false;
    }
    if (options->motion != HYDRA_MOTION_NONE &&
        !hy_buffer_print(out, ", %s", easing_words[options->easing])) {
        return false;
    }
    return hy_buffer_print(out, "\n");
}

/* The cut between images i and i + 1. */
static bool print_cut(const hy_plan *plan, const hy_project *project, int32_t i, hy_buffer *out)
{
    const hy_clip *clip = &plan->clips[i + 1];
    if (clip->fade_frames == 0) {
        return hy_buffer_print(out, "cut %d: hard, frame %lld\n", (int)i, (long long)clip->cut);
    }
    bool overlap = hy_project_cut(project, i)->mode == HYDRA_OVERLAP;
    return hy_buffer_print(out, "cut %d: crossfade, %s, frame %lld, %lld frames [%lld, %lld)\n",
                           (int)i, overlap ? "overlap" : "hold", (long long)clip->cut,
                           (long long)clip->fade_frames, (long long)clip->first,
                           (long long)clip->first + clip->fade_frames);
}

static bool print_music(const hy_plan *plan, const hy_project *project, hy_buffer *out)
{
    const hydra_audio_options *audio = &project->audio;
    char name[HY_NAME_BYTES];
    char start[HY_NUMBER_BYTES];
    char length[HY_NUMBER_BYTES];
    char gain[HY_NUMBER_BYTES];
    char fade_in[HY_NUMBER_BYTES];
    char fade_out[HY_NUMBER_BYTES];
    if (!project->has_audio) {
        return hy_buffer_print(out, "no music\n");
    }
    bool to_end = audio->duration_us == HYDRA_AUTO;
    return hy_buffer_print(out, "music (%s): %lld samples, from %s s, %s%s, gain %s dB, ",
                           hy_name_printable(project->audio_source.name, name),
                           (long long)plan->audio_samples, seconds(audio->start_us, start),
                           to_end ? "to its end" : seconds(audio->duration_us, length),
                           to_end ? "" : " s long",
                           hy_thousandths(llrint(audio->gain_db * 1000), gain)) &&
           hy_buffer_print(out, "fade in %s s, fade out %s s, then %s\n",
                           seconds(audio->fade_in_us, fade_in),
                           seconds(audio->fade_out_us, fade_out),
                           audio->when_short == HYDRA_AUDIO_LOOP ? "again" : "silence");
}

bool hy_plan_print(const hy_plan *plan, const hy_project *project, hy_buffer *out)
{
    if (!print_head(plan, project, out)) {
        return false;
    }
    for (int32_t i = 0; i < plan->clip_count; i++) {
        if (!print_image(plan, project, i, out) ||
            (i + 1 < plan->clip_count && !print_cut(plan, project, i, out))) {
            return false;
        }
    }
    return print_music(plan, project, out);
}
