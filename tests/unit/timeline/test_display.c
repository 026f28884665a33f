/* SPDX-License-Identifier: MIT */
/* Display lists: which images, how opaque, and positions to the last bit where they are simple. */
#include "timeline_support.h"

#define PHOTO_W 4000
#define PHOTO_H 3000

static hy_shot *shots_of(const hy_project *project, int32_t photo_w, int32_t photo_h)
{
    hy_shot *shots = calloc((size_t)project->image_count, sizeof *shots);
    assert_non_null(shots);
    for (int32_t i = 0; i < project->image_count; i++) {
        const hydra_image_options *options = &project->images[i].options;
        hy_stage_plan(options, project->width, project->height, photo_w, photo_h, &shots[i].stage);
        hy_placement_plan(options, &shots[i].stage, project->width, project->height,
                          &shots[i].placement);
    }
    return shots;
}

static void fade_is_symmetric(void **state)
{
    (void)state;
    for (int64_t frames = 1; frames <= 40; frames++) {
        hy_project project;
        hy_project_init(&project);
        set_rate(&project, 10, 1);
        add_images(&project, 2, 5000000);
        set_fade(&project, 0, frames * 100000, HYDRA_OVERLAP);
        hy_plan plan = plan_of(&project);
        hy_shot *shots = shots_of(&project, PHOTO_W, PHOTO_H);
        int64_t first = plan.clips[1].first;
        assert_int_equal(plan.clips[1].fade_frames, frames);
        hy_display_list list;
        hy_display_list mirror;
        int32_t before = 0;
        for (int64_t k = 0; k < frames; k++) {
            hy_display_build(&plan, &project, shots, first + k, &list);
            hy_display_build(&plan, &project, shots, first + frames - 1 - k, &mirror);
            assert_int_equal(list.count, 2);
            assert_int_equal(list.ops[0].asset, 0);
            assert_int_equal(list.ops[0].alpha, HY_ALPHA_ONE);
            assert_int_equal(list.ops[1].asset, 1);
            int32_t alpha = list.ops[1].alpha;
            int32_t sum = alpha + mirror.ops[1].alpha;
            assert_true(sum >= HY_ALPHA_ONE && sum <= HY_ALPHA_ONE + 1);
            assert_true(alpha > before && alpha < HY_ALPHA_ONE);
            before = alpha;
        }
        if (frames % 2 == 1) {
            hy_display_build(&plan, &project, shots, first + frames / 2, &list);
            assert_int_equal(list.ops[1].alpha, HY_ALPHA_ONE / 2);
        }
        hy_display_build(&plan, &project, shots, first - 1, &list);
        assert_true(list.count == 1 && list.ops[0].asset == 0);
        hy_display_build(&plan, &project, shots, first + frames, &list);
        assert_true(list.count == 1 && list.ops[0].asset == 1);
        free(shots);
        hy_plan_free(&plan);
        hy_project_free(&project);
    }
}

/* A photo that does not move and has the pixels is copied: scale 1, offset 0, exactly. */
static void still_photo_is_copied(void **state)
{
    (void)state;
    static const int32_t canvases[][2] = {{1080, 1920}, {4096, 4096}, {64, 4096}, {854, 480}};
    static const int32_t fits[] = {HYDRA_FIT_COVER, HYDRA_FIT_CONTAIN, HYDRA_FIT_FILL};
    for (size_t i = 0; i < COUNT(canvases) * COUNT(fits); i++) {
        hy_project project;
        hy_project_init(&project);
        hydra_image_options options = image_options(1000000);
        options.motion = HYDRA_MOTION_NONE;
        options.fit = fits[i % COUNT(fits)];
        add_image(&project, "a.jpg", &options);
        project.width = canvases[i / COUNT(fits)][0];
        project.height = canvases[i / COUNT(fits)][1];
        hy_plan plan = plan_of(&project);
        hy_shot *shots = shots_of(&project, 7013, 6007);
        for (int64_t n = 0; n < plan.frames; n++) {
            hy_display_list list;
            hy_display_build(&plan, &project, shots, n, &list);
            const hy_op *op = &list.ops[0];
            assert_int_equal(op->kind, HY_OP_IMAGE);
            assert_true(op->x.scale == HY_FIXED_ONE && op->y.scale == HY_FIXED_ONE);
            assert_true(op->x.offset == 0 && op->y.offset == 0);
        }
        free(shots);
        hy_plan_free(&plan);
        hy_project_free(&project);
    }
}

/* The first frame of a photo shows the first view, the last frame the last one. */
static void motion_spans_the_visible_frames(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hydra_image_options options = image_options(2000000);
    options.motion_amount = 1;
    add_image(&project, "a.jpg", &options);
    options.motion = HYDRA_MOTION_ZOOM_OUT;
    add_image(&project, "b.jpg", &options);
    set_fade(&project, 0, 500000, HYDRA_HOLD);
    project.width = 1000;
    project.height = 1000;
    hy_plan plan = plan_of(&project);
    hy_shot *shots = shots_of(&project, 2000, 2000);
    /* Both assets are the whole photo, 2000 x 2000: scale 2 for the base view, 1 for the close. */
    static const struct {
        int64_t n;
        int op;
        int64_t scale;
        int64_t offset;
    } cases[] = {{0, 0, 2, 0}, {67, 0, 1, 500}, {53, 1, 1, 500}, {119, 0, 2, 0}};
    assert_int_equal(plan.clips[0].end, 68);
    assert_int_equal(plan.clips[1].first, 53);
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_display_list list;
        hy_display_build(&plan, &project, shots, cases[i].n, &list);
        const hy_op *op = &list.ops[cases[i].op];
        assert_int_equal(op->x.scale, cases[i].scale * HY_FIXED_ONE);
        assert_int_equal(op->x.offset, cases[i].offset * HY_FIXED_ONE);
        assert_int_equal(op->y.scale, cases[i].scale * HY_FIXED_ONE);
        assert_int_equal(op->y.offset, cases[i].offset * HY_FIXED_ONE);
    }
    free(shots);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void image_of_one_frame_shows_its_first_view(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    set_rate(&project, 1, 1);
    hydra_image_options options = image_options(1000000);
    options.motion_amount = 1;
    add_image(&project, "a.jpg", &options);
    project.width = 1000;
    project.height = 1000;
    hy_plan plan = plan_of(&project);
    hy_shot *shots = shots_of(&project, 2000, 2000);
    hy_display_list list;
    assert_int_equal(plan.frames, 1);
    hy_display_build(&plan, &project, shots, 0, &list);
    assert_int_equal(list.ops[0].x.scale, 2 * HY_FIXED_ONE);
    free(shots);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void images_of_a_frame(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 3, 1000000);
    set_fade(&project, HYDRA_ALL_CUTS, 500000, HYDRA_OVERLAP);
    hy_plan plan = plan_of(&project);
    static const struct {
        int64_t n;
        int32_t first;
        int32_t last;
    } cases[] = {{0, 0, 0}, {14, 0, 0}, {15, 0, 1}, {29, 0, 1}, {30, 1, 2}, {44, 1, 2}, {45, 2, 2}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        int32_t first;
        int32_t last;
        hy_display_images(&plan, cases[i].n, &first, &last);
        assert_int_equal(first, cases[i].first);
        assert_int_equal(last, cases[i].last);
    }
    hy_plan_free(&plan);
    hy_project_free(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fade_is_symmetric),
        cmocka_unit_test(still_photo_is_copied),
        cmocka_unit_test(motion_spans_the_visible_frames),
        cmocka_unit_test(image_of_one_frame_shows_its_first_view),
        cmocka_unit_test(images_of_a_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
