/* SPDX-License-Identifier: MIT */
/* Thousands of random projects: each is refused with a text, or every one of its frames keeps what
 * the headers promise. */
#include "timeline_support.h"

#define PROJECTS   4000
#define MAX_IMAGES 12

/* Of all display lists of all projects: positions are the same bits on every machine and with every
 * compiler. Changes only when the geometry is meant to. */
#define EXPECTED_HASH UINT64_C(0xdcf3233906233083)

static int32_t pick(uint64_t *seed, int32_t low, int32_t high)
{
    return low + (int32_t)(test_random(seed) % (uint64_t)((int64_t)high - low + 1));
}

static double fraction(uint64_t *seed)
{
    /* The ends come up often: they are where rounding bites. */
    int32_t kind = pick(seed, 0, 5);
    return kind == 0 ? 0 : kind == 1 ? 1 : (double)(test_random(seed) >> 11) / 9007199254740992.0;
}

static hydra_rect random_rect(uint64_t *seed)
{
    hydra_rect rect = {fraction(seed), fraction(seed), fraction(seed), fraction(seed)};
    rect.width = rect.width > 0 ? rect.width : 1e-9;
    rect.height = rect.height > 0 ? rect.height : 1e-9;
    return rect;
}

static hydra_image_options random_image(uint64_t *seed)
{
    hydra_image_options options = image_options(HYDRA_AUTO);
    int32_t length = pick(seed, 0, 3);
    if (length > 0) {
        options.duration_us = pick(seed, 1, length == 1 ? 60000 : 2000000);
    }
    options.fit = pick(seed, HYDRA_FIT_COVER, HYDRA_FIT_FILL);
    options.motion = pick(seed, HYDRA_MOTION_NONE, HYDRA_MOTION_RECT);
    options.easing = pick(seed, HYDRA_EASING_LINEAR, HYDRA_EASING_IN_OUT);
    options.focus_x = fraction(seed);
    options.focus_y = fraction(seed);
    if (pick(seed, 0, 1) == 1) {
        options.motion_amount = 1e-6 + fraction(seed) * (4 - 1e-6);
    }
    options.start = random_rect(seed);
    options.end = random_rect(seed);
    return options;
}

static hydra_transition_options random_fade(uint64_t *seed)
{
    hydra_transition_options options;
    hydra_transition_options_init(&options);
    options.kind = pick(seed, HYDRA_TRANSITION_CUT, HYDRA_TRANSITION_CROSSFADE);
    options.mode = pick(seed, HYDRA_OVERLAP, HYDRA_HOLD);
    options.duration_us = pick(seed, 0, pick(seed, 0, 1) == 1 ? 20000 : 800000);
    return options;
}

static void random_canvas(hy_project *project, uint64_t *seed)
{
    static const int32_t rates[][2] = {{24000, 1001}, {30000, 1001}, {60000, 1001}, {1, 1},
                                       {120, 1},      {30, 1},       {25, 1},       {999, 13}};
    hy_diag diag = {0};
    hydra_canvas_options options;
    hydra_canvas_options_init(&options);
    const int32_t *rate = rates[pick(seed, 0, COUNT(rates) - 1)];
    options.fps_num = rate[0];
    options.fps_den = rate[1];
    options.width_px = 2 * pick(seed, 32, 2048);
    options.height_px = 2 * pick(seed, 32, 2048);
    assert_ok(hy_project_set_canvas(project, &options, &diag), &diag);
}

static void random_project(hy_project *project, uint64_t *seed)
{
    hy_diag diag = {0};
    hy_project_init(project);
    random_canvas(project, seed);
    int32_t count = pick(seed, 1, MAX_IMAGES);
    for (int32_t i = 0; i < count; i++) {
        hydra_image_options options = random_image(seed);
        add_image(project, "photo", &options);
    }
    hydra_transition_options fade = random_fade(seed);
    assert_ok(hy_project_set_transition(project, HYDRA_ALL_CUTS, &fade, &diag), &diag);
    for (int32_t cut = 0; cut + 1 < count; cut++) {
        if (pick(seed, 0, 2) == 0) {
            fade = random_fade(seed);
            assert_ok(hy_project_set_transition(project, cut, &fade, &diag), &diag);
        }
    }
    if (pick(seed, 0, 2) == 0) {
        int64_t duration_us = pick(seed, 1, 15000000);
        assert_ok(hy_project_set_duration(project, duration_us, &diag), &diag);
    }
}

static void check_clips(const hy_plan *plan)
{
    assert_int_equal(plan->clips[0].first, 0);
    assert_int_equal(plan->clips[0].fade_frames, 0);
    for (int32_t i = 0; i < plan->clip_count; i++) {
        const hy_clip *clip = &plan->clips[i];
        assert_true(clip->end > clip->first && clip->fade_frames >= 0);
        if (i + 1 < plan->clip_count) {
            /* The next one takes over where this one ends, and not before this one is alone. */
            assert_int_equal(clip[1].first + clip[1].fade_frames, clip->end);
            assert_true(clip->first + clip->fade_frames <= clip[1].first);
            assert_true(clip[1].cut >= clip[1].first && clip[1].cut <= clip->end);
        }
    }
    assert_int_equal(plan->frames, plan->clips[plan->clip_count - 1].end);
}

static int count_visible(const hy_plan *plan, int64_t n)
{
    int visible = 0;
    for (int32_t i = 0; i < plan->clip_count; i++) {
        visible += n >= plan->clips[i].first && n < plan->clips[i].end;
    }
    return visible;
}

static void random_photo(uint64_t *seed, int32_t *width, int32_t *height)
{
    int32_t longest = pick(seed, 0, 3) == 0 ? 8 : 32768;
    *width = pick(seed, 1, longest);
    *height = pick(seed, 1, pick(seed, 0, 3) == 0 ? 3 : longest);
}

static void check_placement(const hydra_image_options *options, const hy_shot *shot)
{
    const hy_placement *place = &shot->placement;
    const hy_rect *region = &place->region;
    assert_true(region->w > 0 && region->h > 0);
    assert_true(region->x >= 0 && region->x + region->w <= shot->stage.width);
    assert_true(region->y >= 0 && region->y + region->h <= shot->stage.height);
    assert_true(place->width >= 2 && place->width % 2 == 0);
    assert_true(place->height >= 2 && place->height % 2 == 0);
    if (options->fit == HYDRA_FIT_CONTAIN) {
        assert_true(place->width <= 8192 && place->height <= 8192);
        assert_true(region->w == shot->stage.width && region->h == shot->stage.height);
    } else {
        assert_true(place->width < region->w + 2 && place->height < region->h + 2);
    }
}

/* Both ends of the canvas are shown from inside the asset, but for the rounding of fixed point. */
static void check_axis(const hy_axis *axis, int32_t canvas, int32_t asset)
{
    assert_true(axis->scale > 0);
    int64_t slack = canvas;
    assert_true(axis->offset >= -slack);
    assert_true(axis->offset + axis->scale * canvas <= asset * HY_FIXED_ONE + slack);
}

static uint64_t hash_add(uint64_t hash, int64_t value)
{
    return (hash ^ (uint64_t)value) * 1099511628211ULL;
}

/* Field by field: structs have bytes between their members that mean nothing. */
static uint64_t hash_list(uint64_t hash, const hy_display_list *list)
{
    hash = hash_add(hash, list->count);
    for (int32_t i = 0; i < list->count; i++) {
        const hy_op *op = &list->ops[i];
        hash = hash_add(hash_add(hash_add(hash, op->kind), op->asset), op->alpha);
        hash = hash_add(hash_add(hash, op->x.scale), op->x.offset);
        hash = hash_add(hash_add(hash, op->y.scale), op->y.offset);
    }
    return hash;
}

static void check_frame(const hy_plan *plan, const hy_project *project, const hy_shot *shots,
                        int64_t n, uint64_t *hash)
{
    hy_display_list list;
    hy_display_list again;
    hy_display_build(plan, project, shots, n, &list);
    memset(&again, 0xa5, sizeof again);
    hy_display_build(plan, project, shots, n, &again);
    assert_true(hash_list(0, &list) == hash_list(0, &again));
    *hash = hash_list(*hash, &list);
    assert_int_equal(list.count, count_visible(plan, n));
    assert_true(list.count == 1 || list.count == 2);
    int32_t first;
    int32_t last;
    hy_display_images(plan, n, &first, &last);
    assert_int_equal(last - first + 1, list.count);
    assert_int_equal(list.ops[0].alpha, HY_ALPHA_ONE);
    for (int32_t i = 0; i < list.count; i++) {
        const hy_op *op = &list.ops[i];
        assert_int_equal(op->asset, first + i);
        assert_true(op->alpha > 0 && op->alpha <= HY_ALPHA_ONE);
        const hy_placement *place = &shots[op->asset].placement;
        check_axis(&op->x, plan->width, place->width);
        check_axis(&op->y, plan->height, place->height);
    }
}

static void check_views(const hydra_image_options *options, const hy_stage *stage, int64_t frames)
{
    for (int64_t n = 0; n < frames; n++) {
        double u = frames > 1 ? (double)n / (double)(frames - 1) : 0;
        hy_rect view = hy_view_at(stage, hy_ease(options->easing, u));
        assert_true(view.x >= 0 && view.x + view.w <= stage->width);
        assert_true(view.y >= 0 && view.y + view.h <= stage->height);
        assert_true(view.w > 0 && view.h > 0);
    }
}

static void check_plan(const hy_project *project, const hy_plan *plan, uint64_t *seed,
                       uint64_t *hash)
{
    hy_shot shots[MAX_IMAGES];
    check_clips(plan);
    for (int32_t i = 0; i < plan->clip_count; i++) {
        const hydra_image_options *options = &project->images[i].options;
        int32_t width;
        int32_t height;
        random_photo(seed, &width, &height);
        hy_stage_plan(options, plan->width, plan->height, width, height, &shots[i].stage);
        hy_placement_plan(options, &shots[i].stage, plan->width, plan->height, &shots[i].placement);
        check_placement(options, &shots[i]);
        check_views(options, &shots[i].stage, plan->clips[i].end - plan->clips[i].first);
    }
    for (int64_t n = 0; n < plan->frames; n++) {
        check_frame(plan, project, shots, n, hash);
    }
}

static void random_projects(void **state)
{
    (void)state;
    uint64_t seed = 20240607;
    uint64_t hash = 14695981039346656037ULL;
    hydra_policy policy = default_policy();
    policy.max_duration_us = 12000000;
    int planned = 0;
    int refused = 0;
    int limited = 0;
    for (int i = 0; i < PROJECTS; i++) {
        hy_project project;
        hy_plan plan;
        hy_diag diag = {0};
        random_project(&project, &seed);
        hydra_status status = hy_plan_build(&project, &policy, &plan, &diag);
        if (status == HYDRA_OK) {
            check_plan(&project, &plan, &seed, &hash);
            planned++;
        } else {
            assert_true(status == HYDRA_ERR_ARGUMENT || status == HYDRA_ERR_LIMIT);
            assert_true(strlen(diag.text) > 20);
            assert_null(plan.clips);
            refused += status == HYDRA_ERR_ARGUMENT;
            limited += status == HYDRA_ERR_LIMIT;
        }
        hy_plan_free(&plan);
        hy_project_free(&project);
    }
    /* The generator must reach all three. */
    assert_true(planned > PROJECTS / 10 && refused > PROJECTS / 10 && limited > PROJECTS / 100);
    assert_int_equal(hash, EXPECTED_HASH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_projects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
