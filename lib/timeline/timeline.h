/* SPDX-License-Identifier: MIT */
/*
 * timeline: what is shown when. Holds the project as the user described it, plans it into frame
 * numbers, places each photo, and writes the display list of any frame. No pixels, no files, no
 * threads; everything here is a pure function of its arguments.
 */
#ifndef HY_TIMELINE_H
#define HY_TIMELINE_H

#include <stdbool.h>

#include <hydra/compose.h>
#include <hydra/policy.h>

#include "core/core.h"

/* ---- project.c: the model ---- */

typedef struct hy_project_image {
    hy_source source;
    hydra_image_options options; /* checked, struct_size = our own */
    bool has_transition;         /* the cut after this image was set by itself */
    hydra_transition_options transition;
} hy_project_image;

typedef struct hy_project {
    int32_t width;
    int32_t height;
    hy_rate rate;
    uint32_t background_rgb;
    int64_t duration_us; /* of the whole video, or HYDRA_AUTO */
    hy_project_image *images;
    int32_t image_count;
    int32_t image_capacity;
    hydra_transition_options transition; /* of every cut that has none of its own */
    bool has_audio;
    hy_source audio_source;
    hydra_audio_options audio;
} hy_project;

void hy_project_init(hy_project *project);
void hy_project_free(hy_project *project);
/* A snapshot that shares only the bytes of in-memory sources. */
hydra_status hy_project_copy(hy_project *out, const hy_project *project, hy_diag *diag);

/* Over the defaults, checked; NULL = the defaults. `out` has the size of the preset. */
hydra_status hy_canvas_options_check(const hydra_canvas_options *options, hydra_canvas_options *out,
                                     hy_diag *diag);

/*
 * The setters check every value (NaN included), read no more of an option struct than its
 * struct_size and leave the project unchanged on failure. NULL options = defaults. They take
 * `source` (move it in and zero the caller's) only on success.
 */
hydra_status hy_project_set_canvas(hy_project *project, const hydra_canvas_options *options,
                                   hy_diag *diag);
hydra_status hy_project_set_duration(hy_project *project, int64_t duration_us, hy_diag *diag);
hydra_status hy_project_add_image(hy_project *project, hy_source *source,
                                  const hydra_image_options *options, const hydra_policy *policy,
                                  hy_diag *diag);
hydra_status hy_project_set_transition(hy_project *project, int32_t cut,
                                       const hydra_transition_options *options, hy_diag *diag);
/* NULL source takes the music away. */
hydra_status hy_project_set_audio(hy_project *project, hy_source *source,
                                  const hydra_audio_options *options, hy_diag *diag);

/* ---- plan.c: frame numbers ---- */

/* Image i of the project on the timeline. Visible in frames [first, end). In the first
 * `fade_frames` of them it comes up over image i - 1, which ends at first + fade_frames. */
typedef struct hy_clip {
    int64_t first;
    int64_t end;
    int64_t fade_frames;
    int64_t cut; /* frame of the cut before it (overlap: where the fade begins; image 0: 0) */
} hy_clip;

typedef struct hy_plan {
    int32_t width;
    int32_t height;
    hy_rate rate;
    int64_t frames;
    int64_t audio_samples; /* at HY_AUDIO_HZ, of the whole video; 0 without music */
    hy_clip *clips;        /* one per image */
    int32_t clip_count;
} hy_plan;

/*
 * Cuts are computed in microseconds and rounded to frames once each, so errors never add up.
 * Fails with HYDRA_ERR_ARGUMENT when there is no image, the rate is not 1..120 frames per second,
 * an image gets no frame, the durations contradict the set one, or a transition is longer than its
 * images allow, so that never more than two images are visible; HYDRA_ERR_LIMIT beyond
 * policy->max_duration_us.
 */
hydra_status hy_plan_build(const hy_project *project, const hydra_policy *policy, hy_plan *out,
                           hy_diag *diag);
void hy_plan_free(hy_plan *plan);
/* The clip that frame n shows on top, by binary search; 0 <= n < plan->frames. */
int32_t hy_plan_clip_at(const hy_plan *plan, int64_t n);
/* True when an image but the first comes up at once in frame n: the encoder puts a key frame
 * there. */
bool hy_plan_is_hard_cut(const hy_plan *plan, int64_t n);
/* Append a readable description for people and tests, without a closing NUL. False: no memory, or
 * `out` is full. */
bool hy_plan_print(const hy_plan *plan, const hy_project *project, hy_buffer *out);

/* ---- motion.c, stage.c: where the camera is ---- */

/* A stage is the plane that the camera moves over: the upright photo in its own pixels (cover,
 * fill), or the canvas with the photo on its backdrop (contain). Views are windows into it. */
typedef struct hy_stage {
    double width;
    double height;
    double detail; /* asset pixels per stage pixel beyond which the photo has no more to show */
    hy_rect start; /* view at the first frame */
    hy_rect end;   /* view at the last */
} hy_stage;

/* photo_w, photo_h: the upright photo. Options are checked ones. All views lie inside the stage. */
void hy_stage_plan(const hydra_image_options *options, int32_t canvas_w, int32_t canvas_h,
                   int32_t photo_w, int32_t photo_h, hy_stage *out);

/* Eased progress for u in 0..1. */
double hy_ease(int32_t easing, double u);
/* The view at eased progress e. Size changes so that the magnification is linear in e, and every
 * point that start and end have in common stays on a straight line (a shared corner stays put). */
hy_rect hy_view_at(const hy_stage *stage, double e);

/* ---- placement.c: how large a photo is prepared ---- */

/* The prepared picture of a photo: which part of the stage it holds, at what size. */
typedef struct hy_placement {
    hy_rect region; /* in stage pixels; maps onto the whole asset */
    int32_t width;  /* asset pixels, even */
    int32_t height; /* asset pixels, even */
    double scale_x; /* asset pixels per stage pixel = width / region.w */
    double scale_y; /* = height / region.h */
} hy_placement;

/*
 * The asset is as large as the closest view needs, one asset pixel per canvas pixel.
 * Cover and fill: never larger than the photo itself (but for rounding up to even numbers). A view
 * that never moves becomes an asset of exactly the canvas size (or, when the photo has fewer
 * pixels, of the view's own). A moving one keeps a few pixels around the views where the photo has
 * them, for the filter.
 * Contain: the region is the whole canvas, whatever part of it the views show, no larger than
 * stage->detail asks.
 */
void hy_placement_plan(const hydra_image_options *options, const hy_stage *stage, int32_t canvas_w,
                       int32_t canvas_h, hy_placement *out);

/* ---- display.c ---- */

/* Everything about one image that a display list needs. */
typedef struct hy_shot {
    hy_stage stage;
    hy_placement placement;
} hy_shot;

/*
 * The display list of frame n, 0 <= n < plan->frames. shots: one per image of the project; only
 * those of visible images are read. `asset` in the operations is the image's index.
 */
void hy_display_build(const hy_plan *plan, const hy_project *project, const hy_shot *shots,
                      int64_t n, hy_display_list *out);
/* First and last image that frame n shows; equal outside transitions. */
void hy_display_images(const hy_plan *plan, int64_t n, int32_t *first, int32_t *last);

#endif
