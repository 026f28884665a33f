/* SPDX-License-Identifier: MIT */
/* The display list of a frame: which images it shows, where their cameras are, how opaque they are.
 * The one place where positions become fixed point. */
#include "timeline.h"

#include <math.h>
#include <string.h>

/*
 * The centre of the canvas is placed exactly (to 2^-33 px), and the offset follows from it and the
 * rounded scale: what the scale's rounding adds up to toward the edges is then half of what it
 * would be from edge to edge. Doubles hold 2^15 px to 2^-38.
 */
static hy_axis axis_of(double view_at, double view_size, int32_t canvas, double region_at,
                       double scale)
{
    double centre = (view_at + view_size / 2 - region_at) * scale;
    int64_t step = llrint(view_size * scale / canvas * (double)HY_FIXED_ONE);
    return (hy_axis){step, llrint(centre * (double)HY_FIXED_ONE) - step * (canvas / 2)};
}

static double progress(const hy_clip *clip, int64_t n)
{
    int64_t last = clip->end - 1 - clip->first;
    return last > 0 ? (double)(n - clip->first) / (double)last : 0;
}

static hy_op image_op(const hy_plan *plan, const hy_project *project, const hy_shot *shots,
                      int32_t image, int64_t n)
{
    const hydra_image_options *options = &project->images[image].options;
    const hy_placement *place = &shots[image].placement;
    double e = hy_ease(options->easing, progress(&plan->clips[image], n));
    hy_rect view = hy_view_at(&shots[image].stage, e);
    return (hy_op){
        .kind = HY_OP_IMAGE,
        .asset = image,
        .alpha = HY_ALPHA_ONE,
        .x = axis_of(view.x, view.w, plan->width, place->region.x, place->scale_x),
        .y = axis_of(view.y, view.h, plan->height, place->region.y, place->scale_y),
    };
}

void hy_display_images(const hy_plan *plan, int64_t n, int32_t *first, int32_t *last)
{
    int32_t top = hy_plan_clip_at(plan, n);
    const hy_clip *clip = &plan->clips[top];
    *first = n < clip->first + clip->fade_frames ? top - 1 : top;
    *last = top;
}

/* Opacity of the middle of fade frame k of D: the fade is symmetric, and the two images weigh the
 * same in the middle. */
static int32_t fade_alpha(const hy_clip *clip, int64_t n)
{
    return (int32_t)hy_rescale(2 * (n - clip->first) + 1, HY_ALPHA_ONE, 2 * clip->fade_frames);
}

void hy_display_build(const hy_plan *plan, const hy_project *project, const hy_shot *shots,
                      int64_t n, hy_display_list *out)
{
    int32_t first;
    int32_t last;
    hy_display_images(plan, n, &first, &last);
    memset(out, 0, sizeof *out);
    out->ops[out->count++] = image_op(plan, project, shots, first, n);
    if (last != first) {
        hy_op over = image_op(plan, project, shots, last, n);
        over.alpha = fade_alpha(&plan->clips[last], n);
        out->ops[out->count++] = over;
    }
}
