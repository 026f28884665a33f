/* SPDX-License-Identifier: MIT */
/*
 * Any project: option structs with values inside and outside their ranges, photos of any size. What
 * is refused says why and leaves the project as it was; of what is planned every frame keeps what
 * timeline/ and core/display.h promise, and frames of small videos are drawn.
 */
#include <math.h>

#include "compositor/compositor.h"
#include "fuzz.h"
#include "timeline/timeline.h"

#define MAX_IMAGES      12
#define MAX_LENGTH_US   4000000
#define MAX_DRAW_SIDE   160
#define MAX_DRAW_PIXELS (1 << 20)

/* ---- Values ---- */

/* Mostly low..high; now and then any bits. */
static int64_t choose(fuzz_input *in, int64_t low, int64_t high)
{
    return fuzz_take(in, 1) < 250 ? fuzz_pick(in, low, high) : (int64_t)fuzz_take(in, 8);
}

static double choose_real(fuzz_input *in, double low, double high)
{
    uint64_t kind = fuzz_take(in, 1);
    if (kind < 32) {
        return kind < 16 ? low : high;
    }
    if (kind > 252) {
        return fuzz_take_double(in);
    }
    return low + (high - low) * (double)fuzz_take(in, 4) / (double)UINT32_MAX;
}

static hydra_rect choose_rect(fuzz_input *in)
{
    hydra_rect rect;
    rect.x = choose_real(in, 0, 1);
    rect.y = choose_real(in, 0, 1);
    rect.width = choose_real(in, 1e-9, 1);
    rect.height = choose_real(in, 1e-9, 1);
    return rect;
}

static hydra_image_options choose_image(fuzz_input *in)
{
    hydra_image_options options;
    hydra_image_options_init(&options);
    switch (fuzz_pick(in, 0, 3)) {
    case 0:
        options.duration_us = choose(in, 1, 50000);
        break;
    case 1:
        options.duration_us = choose(in, 1, 1000000);
        break;
    case 2:
        options.duration_us = choose(in, 1, INT64_C(3600000000));
        break;
    default:
        break;
    }
    options.fit = (int32_t)choose(in, HYDRA_FIT_COVER, HYDRA_FIT_FILL);
    options.focus_x = choose_real(in, 0, 1);
    options.focus_y = choose_real(in, 0, 1);
    options.backdrop = (int32_t)choose(in, HYDRA_BACKDROP_COLOR, HYDRA_BACKDROP_BLUR);
    options.motion = (int32_t)choose(in, HYDRA_MOTION_NONE, HYDRA_MOTION_RECT);
    options.easing = (int32_t)choose(in, HYDRA_EASING_LINEAR, HYDRA_EASING_IN_OUT);
    if (fuzz_pick(in, 0, 1)) {
        options.motion_amount = choose_real(in, 1e-300, 4);
    }
    if (options.motion == HYDRA_MOTION_RECT) {
        options.start = choose_rect(in);
        options.end = choose_rect(in);
    }
    return options;
}

static hydra_transition_options choose_transition(fuzz_input *in)
{
    hydra_transition_options options;
    hydra_transition_options_init(&options);
    options.kind = (int32_t)choose(in, HYDRA_TRANSITION_CUT, HYDRA_TRANSITION_CROSSFADE);
    options.mode = (int32_t)choose(in, HYDRA_OVERLAP, HYDRA_HOLD);
    options.duration_us = choose(in, 0, fuzz_pick(in, 0, 1) ? 100000 : 60000000);
    return options;
}

static hydra_canvas_options choose_canvas(fuzz_input *in)
{
    hydra_canvas_options options;
    hydra_canvas_options_init(&options);
    options.preset = (int32_t)choose(in, HYDRA_CANVAS_9_16, HYDRA_CANVAS_4_5);
    int64_t longest = fuzz_pick(in, 0, 1) ? 40 : 2048;
    options.width_px = (int32_t)(2 * (uint64_t)choose(in, 32, longest));
    options.height_px = (int32_t)(2 * (uint64_t)choose(in, 32, longest));
    options.fps_den = (int32_t)choose(in, 1, 1001);
    options.fps_num = (int32_t)choose(in, 1, 120120);
    return options;
}

static hydra_audio_options choose_audio(fuzz_input *in)
{
    hydra_audio_options options;
    hydra_audio_options_init(&options);
    options.when_short = (int32_t)choose(in, HYDRA_AUDIO_SILENCE, HYDRA_AUDIO_LOOP);
    options.start_us = choose(in, 0, INT64_MAX);
    options.duration_us = choose(in, 1, INT64_MAX);
    options.gain_db = choose_real(in, -60, 24);
    options.fade_in_us = choose(in, 0, INT64_MAX);
    options.fade_out_us = choose(in, 0, INT64_MAX);
    return options;
}

/* ---- The project ---- */

static void check_set(hydra_status status, hy_diag *diag)
{
    fuzz_check_outcome(status, diag);
    fuzz_check(status == HYDRA_OK || status == HYDRA_ERR_ARGUMENT || status == HYDRA_ERR_LIMIT);
    hy_diag_clear(diag);
}

static hy_source new_source(hy_diag *diag)
{
    hy_source source;
    fuzz_check(hy_source_from_memory(&source, "bytes", 5, "a name", diag) == HYDRA_OK);
    return source;
}

static void add_image(hy_project *project, fuzz_input *in, const hydra_policy *policy)
{
    hy_diag diag = {0};
    int32_t before = project->image_count;
    hydra_image_options options = choose_image(in);
    hy_source source = new_source(&diag);
    hydra_status status = hy_project_add_image(project, &source, &options, policy, &diag);
    fuzz_check(project->image_count == before + (status == HYDRA_OK));
    check_set(status, &diag);
    hy_source_free(&source);
}

static void set_audio(hy_project *project, fuzz_input *in)
{
    hy_diag diag = {0};
    hydra_audio_options options = choose_audio(in);
    hy_source source = new_source(&diag);
    hydra_status status = hy_project_set_audio(project, &source, &options, &diag);
    fuzz_check(project->has_audio == (status == HYDRA_OK));
    check_set(status, &diag);
    hy_source_free(&source);
}

static void fill_project(hy_project *project, fuzz_input *in, const hydra_policy *policy)
{
    hy_diag diag = {0};
    hydra_canvas_options canvas = choose_canvas(in);
    check_set(hy_project_set_canvas(project, &canvas, &diag), &diag);
    int64_t count = fuzz_pick(in, 0, MAX_IMAGES + 1);
    for (int64_t i = 0; i < count; i++) {
        add_image(project, in, policy);
    }
    hydra_transition_options all = choose_transition(in);
    check_set(hy_project_set_transition(project, HYDRA_ALL_CUTS, &all, &diag), &diag);
    for (int64_t cuts = fuzz_pick(in, 0, 3); cuts > 0; cuts--) {
        hydra_transition_options one = choose_transition(in);
        int32_t cut = (int32_t)choose(in, 0, MAX_IMAGES);
        check_set(hy_project_set_transition(project, cut, &one, &diag), &diag);
    }
    if (fuzz_pick(in, 0, 2) == 0) {
        check_set(hy_project_set_duration(project, choose(in, 1, MAX_LENGTH_US), &diag), &diag);
    }
    if (fuzz_pick(in, 0, 2) == 0) {
        set_audio(project, in);
    }
}

/* ---- What must hold ---- */

static void check_clips(const hy_plan *plan)
{
    fuzz_check(plan->clips[0].first == 0 && plan->clips[0].fade_frames == 0);
    for (int32_t i = 0; i < plan->clip_count; i++) {
        const hy_clip *clip = &plan->clips[i];
        fuzz_check(clip->end > clip->first && clip->fade_frames >= 0);
        if (i + 1 < plan->clip_count) {
            fuzz_check(clip[1].first + clip[1].fade_frames == clip->end);
            fuzz_check(clip->first + clip->fade_frames <= clip[1].first);
            fuzz_check(clip[1].cut >= clip[1].first && clip[1].cut <= clip->end);
        }
    }
    fuzz_check(plan->frames == plan->clips[plan->clip_count - 1].end);
    fuzz_check(hy_us_from_frame(plan->frames - 1, plan->rate) <= MAX_LENGTH_US);
}

static void check_inside(const hy_rect *view, const hy_stage *stage)
{
    fuzz_check(view->w > 0 && view->h > 0);
    fuzz_check(view->x >= 0 && view->x + view->w <= stage->width);
    fuzz_check(view->y >= 0 && view->y + view->h <= stage->height);
}

static void check_shot(const hydra_image_options *options, const hy_shot *shot)
{
    const hy_placement *place = &shot->placement;
    check_inside(&shot->stage.start, &shot->stage);
    check_inside(&shot->stage.end, &shot->stage);
    check_inside(&place->region, &shot->stage);
    fuzz_check(place->width >= 2 && place->width % 2 == 0);
    fuzz_check(place->height >= 2 && place->height % 2 == 0);
    if (options->fit == HYDRA_FIT_CONTAIN) {
        fuzz_check(place->width <= 8192 && place->height <= 8192);
    } else {
        fuzz_check(place->width < place->region.w + 2 && place->height < place->region.h + 2);
    }
}

/* The canvas shows the inside of the asset, but for the rounding of fixed point. */
static void check_axis(const hy_axis *axis, int32_t canvas, int32_t asset)
{
    fuzz_check(axis->scale > 0 && axis->scale <= asset * HY_FIXED_ONE);
    fuzz_check(axis->offset >= -canvas);
    fuzz_check(axis->offset + axis->scale * canvas <= asset * HY_FIXED_ONE + canvas);
}

static void check_frame(const hy_plan *plan, const hy_project *project, const hy_shot *shots,
                        int64_t n)
{
    hy_display_list list;
    int32_t first;
    int32_t last;
    hy_display_build(plan, project, shots, n, &list);
    hy_display_images(plan, n, &first, &last);
    fuzz_check(list.count == last - first + 1 && list.count >= 1 && list.count <= 2);
    fuzz_check(first >= 0 && last < plan->clip_count);
    fuzz_check(list.ops[0].alpha == HY_ALPHA_ONE);
    for (int32_t i = 0; i < list.count; i++) {
        const hy_op *op = &list.ops[i];
        const hy_placement *place = &shots[first + i].placement;
        fuzz_check(op->kind == HY_OP_IMAGE && op->asset == first + i);
        fuzz_check(op->alpha > 0 && op->alpha <= HY_ALPHA_ONE);
        check_axis(&op->x, plan->width, place->width);
        check_axis(&op->y, plan->height, place->height);
    }
    (void)hy_plan_is_hard_cut(plan, n);
}

/* A copy is planned to the same text. */
static void check_copy(const hy_project *project, const hy_plan *plan)
{
    hy_diag diag = {0};
    hy_project copy;
    hy_buffer text[2] = {{.limit = 1 << 20}, {.limit = 1 << 20}};
    fuzz_check(hy_project_copy(&copy, project, &diag) == HYDRA_OK);
    fuzz_check(hy_plan_print(plan, project, &text[0]) && hy_plan_print(plan, &copy, &text[1]));
    fuzz_check(text[0].size == text[1].size &&
               memcmp(text[0].data, text[1].data, text[0].size) == 0);
    hy_buffer_free(&text[0]);
    hy_buffer_free(&text[1]);
    hy_project_free(&copy);
}

/* ---- Drawing ---- */

static bool is_small(const hy_plan *plan, const hy_shot *shots)
{
    int64_t pixels = 0;
    for (int32_t i = 0; i < plan->clip_count; i++) {
        pixels += (int64_t)shots[i].placement.width * shots[i].placement.height;
    }
    return plan->width <= MAX_DRAW_SIDE && plan->height <= MAX_DRAW_SIDE &&
           pixels <= MAX_DRAW_PIXELS;
}

static hy_picture *new_picture(int32_t width, int32_t height)
{
    hy_diag diag = {0};
    hy_picture *picture = NULL;
    fuzz_check(hy_picture_new(width, height, NULL, &picture, &diag) == HYDRA_OK);
    for (int p = 0; p < 3; p++) {
        for (int32_t y = 0; y < hy_plane_height(picture, p); y++) {
            memset(picture->plane[p] + y * picture->stride[p], p ? 128 : 40 + y % 150,
                   (size_t)hy_plane_width(picture, p));
        }
    }
    return picture;
}

/* Photos that hold legal values only give frames that do. */
static void check_legal(const hy_picture *frame)
{
    for (int32_t y = 0; y < frame->height; y++) {
        const uint8_t *row = frame->plane[0] + y * frame->stride[0];
        for (int32_t x = 0; x < frame->width; x++) {
            fuzz_check(row[x] >= 16 && row[x] <= 235);
        }
    }
}

static void draw_some(const hy_plan *plan, const hy_project *project, const hy_shot *shots)
{
    hy_diag diag = {0};
    hy_compositor *compositor = NULL;
    hy_picture *assets[MAX_IMAGES];
    hy_picture *frame = new_picture(plan->width, plan->height);
    fuzz_check(hy_compositor_cpu_new(plan->width, plan->height, HYDRA_SIMD_AUTO, NULL, &compositor,
                                     &diag) == HYDRA_OK);
    for (int32_t i = 0; i < plan->clip_count; i++) {
        assets[i] = new_picture(shots[i].placement.width, shots[i].placement.height);
    }
    for (int k = 0; k < 3; k++) {
        hy_display_list list;
        hy_display_build(plan, project, shots, k * (plan->frames - 1) / 2, &list);
        compositor->ops->draw(compositor, &list, (const hy_picture *const *)assets, frame);
        check_legal(frame);
    }
    for (int32_t i = 0; i < plan->clip_count; i++) {
        hy_picture_free(assets[i]);
    }
    hy_compositor_free(compositor);
    hy_picture_free(frame);
}

/* ---- The target ---- */

static void check_plan(const hy_project *project, const hy_plan *plan, fuzz_input *in)
{
    hy_shot shots[MAX_IMAGES];
    check_clips(plan);
    for (int32_t i = 0; i < plan->clip_count; i++) {
        const hydra_image_options *options = &project->images[i].options;
        int64_t longest = fuzz_pick(in, 0, 2) ? 64 : 65535;
        int32_t width = (int32_t)fuzz_pick(in, 1, longest);
        int32_t height = (int32_t)fuzz_pick(in, 1, longest);
        hy_stage_plan(options, plan->width, plan->height, width, height, &shots[i].stage);
        hy_placement_plan(options, &shots[i].stage, plan->width, plan->height, &shots[i].placement);
        check_shot(options, &shots[i]);
    }
    for (int64_t n = 0; n < plan->frames; n++) {
        check_frame(plan, project, shots, n);
    }
    check_copy(project, plan);
    if (is_small(plan, shots)) {
        draw_some(plan, project, shots);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_images = MAX_IMAGES;
    policy.max_duration_us = MAX_LENGTH_US;
    hy_project project;
    hy_project_init(&project);
    fill_project(&project, &in, &policy);
    hy_plan plan;
    hy_diag diag = {0};
    hydra_status status = hy_plan_build(&project, &policy, &plan, &diag);
    fuzz_check_outcome(status, &diag);
    if (status == HYDRA_OK) {
        check_plan(&project, &plan, &in);
    } else {
        fuzz_check(status == HYDRA_ERR_ARGUMENT || status == HYDRA_ERR_LIMIT);
        fuzz_check(plan.clips == NULL);
    }
    hy_plan_free(&plan);
    hy_project_free(&project);
    return 0;
}
