/* SPDX-License-Identifier: MIT */
/* Frame numbers: rounding without drift, transitions in both modes, shared time, what is refused.
 */
#include "timeline_support.h"

/* Five expected clips are enough for every table here. */
#define MAX_CLIPS 5

static void expect_clips(const hy_plan *plan, const hy_clip *expected, int32_t count)
{
    assert_int_equal(plan->clip_count, count);
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(plan->clips[i].first, expected[i].first);
        assert_int_equal(plan->clips[i].end, expected[i].end);
        assert_int_equal(plan->clips[i].fade_frames, expected[i].fade_frames);
        assert_int_equal(plan->clips[i].cut, expected[i].cut);
    }
    assert_int_equal(plan->frames, expected[count - 1].end);
}

static void frame_rates(void **state)
{
    (void)state;
    static const struct {
        int32_t num;
        int32_t den;
        int64_t cuts[3]; /* after 1.5 s, 3 s, 4.5 s */
    } cases[] = {
        {24000, 1001, {36, 72, 108}},    {30000, 1001, {45, 90, 135}},
        {60000, 1001, {90, 180, 270}},   {1, 1, {2, 3, 5}},
        {120, 1, {180, 360, 540}},       {30, 1, {45, 90, 135}},
        {25, 1, {38, 75, 113}},          {1001, 1001, {2, 3, 5}},
        {120120, 1001, {180, 360, 540}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_project project;
        hy_project_init(&project);
        add_images(&project, 3, 1500000);
        set_rate(&project, cases[i].num, cases[i].den);
        hy_plan plan = plan_of(&project);
        const int64_t *cuts = cases[i].cuts;
        hy_clip expected[] = {
            {0, cuts[0], 0, 0}, {cuts[0], cuts[1], 0, cuts[0]}, {cuts[1], cuts[2], 0, cuts[1]}};
        expect_clips(&plan, expected, 3);
        hy_plan_free(&plan);
        hy_project_free(&project);
    }
}

/* 300 images of 333,333 us at 29.97: each cut is the frame nearest to its exact time. */
static void cuts_do_not_drift(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 300, 333333);
    set_rate(&project, 30000, 1001);
    hy_plan plan = plan_of(&project);
    for (int64_t i = 0; i < 300; i++) {
        /* |frame * 1001/30000 s - i * 0.333333 s| <= half a frame, in units of 1/(30000 * 10^6) s
         */
        int64_t frame_time = plan.clips[i].first * 1001 * 1000000;
        int64_t exact_time = i * 333333 * 30000;
        assert_true(llabs(frame_time - exact_time) <= INT64_C(1001) * 1000000 / 2);
        assert_true(i == 0 || plan.clips[i].first == plan.clips[i - 1].end);
    }
    assert_int_equal(plan.frames, 2997);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void overlap_shrinks_the_video(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 3, HYDRA_AUTO);
    set_fade(&project, HYDRA_ALL_CUTS, 500000, HYDRA_OVERLAP);
    hy_plan plan = plan_of(&project);
    static const hy_clip expected[] = {{0, 90, 0, 0}, {75, 165, 15, 75}, {150, 240, 15, 150}};
    expect_clips(&plan, expected, 3);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void hold_keeps_the_cuts(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 3, HYDRA_AUTO);
    set_fade(&project, HYDRA_ALL_CUTS, 400000, HYDRA_HOLD);
    hy_plan plan = plan_of(&project);
    static const hy_clip expected[] = {{0, 96, 0, 0}, {84, 186, 12, 90}, {174, 270, 12, 180}};
    expect_clips(&plan, expected, 3);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void every_cut_may_differ(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 5, 2000000);
    set_fade(&project, HYDRA_ALL_CUTS, 1000000, HYDRA_OVERLAP);
    set_hard(&project, 0);
    set_fade(&project, 1, 1000000, HYDRA_HOLD);
    set_fade(&project, 3, 0, HYDRA_OVERLAP);
    hy_plan plan = plan_of(&project);
    /* Cuts at 2 s (hard), 4 s (hold), 5 s (overlap until 6 s), 7 s (0 us = hard), end at 9 s. */
    static const hy_clip expected[MAX_CLIPS] = {{0, 60, 0, 0},
                                                {60, 135, 0, 60},
                                                {105, 180, 30, 120},
                                                {150, 210, 30, 150},
                                                {210, 270, 0, 210}};
    expect_clips(&plan, expected, 5);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void fade_below_a_frame_is_a_hard_cut(void **state)
{
    (void)state;
    for (int32_t mode = HYDRA_OVERLAP; mode <= HYDRA_HOLD; mode++) {
        hy_project project;
        hy_project_init(&project);
        add_images(&project, 2, 1000000);
        set_fade(&project, 0, 1000, mode);
        hy_plan plan = plan_of(&project);
        static const hy_clip expected[] = {{0, 30, 0, 0}, {30, 60, 0, 30}};
        expect_clips(&plan, expected, 2);
        assert_true(hy_plan_is_hard_cut(&plan, 30));
        hy_plan_free(&plan);
        hy_project_free(&project);
    }
}

static void transitions_may_meet(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 3, 1000000);
    set_fade(&project, HYDRA_ALL_CUTS, 500000, HYDRA_OVERLAP);
    hy_plan plan = plan_of(&project);
    static const hy_clip expected[] = {{0, 30, 0, 0}, {15, 45, 15, 15}, {30, 60, 15, 30}};
    expect_clips(&plan, expected, 3);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void transition_as_long_as_its_images(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 3, 1000000);
    set_fade(&project, 1, 1000000, HYDRA_OVERLAP);
    hy_plan plan = plan_of(&project);
    static const hy_clip expected[] = {{0, 30, 0, 0}, {30, 60, 0, 30}, {30, 60, 30, 30}};
    expect_clips(&plan, expected, 3);
    /* Image 1 comes up at once, though image 2 is on top of it. */
    assert_true(hy_plan_is_hard_cut(&plan, 30));
    assert_int_equal(hy_plan_clip_at(&plan, 30), 2);
    int32_t first;
    int32_t last;
    hy_display_images(&plan, 30, &first, &last);
    assert_true(first == 1 && last == 2);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void queries_agree_with_the_clips(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 40, 700000);
    for (int32_t cut = 0; cut < 39; cut++) {
        if (cut % 3 > 0) {
            set_fade(&project, cut, 200000, cut % 3 == 1 ? HYDRA_OVERLAP : HYDRA_HOLD);
        }
    }
    hy_plan plan = plan_of(&project);
    for (int64_t n = 0; n < plan.frames; n++) {
        int32_t top = 0;
        bool hard = false;
        for (int32_t i = 1; i < plan.clip_count; i++) {
            top = plan.clips[i].first <= n ? i : top;
            hard |= plan.clips[i].first == n && plan.clips[i].fade_frames == 0;
        }
        assert_int_equal(hy_plan_clip_at(&plan, n), top);
        assert_int_equal(hy_plan_is_hard_cut(&plan, n), hard);
    }
    assert_false(hy_plan_is_hard_cut(&plan, 0));
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void automatic_images_share_the_rest(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    add_images(&project, 7, HYDRA_AUTO);
    assert_ok(hy_project_set_duration(&project, 10000000, &diag), &diag);
    hy_plan plan = plan_of(&project);
    for (int32_t i = 0; i < 7; i++) {
        assert_int_equal(plan.clips[i].first, (i * 300 * 2 + 7) / 14);
    }
    assert_int_equal(plan.frames, 300);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

/* 10,000.9 us each: what is rounded away or up must not add up to a frame over 10,000 images. */
static void shares_do_not_drift(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    add_images(&project, 10000, HYDRA_AUTO);
    set_rate(&project, 120, 1);
    assert_ok(hy_project_set_duration(&project, 100009000, &diag), &diag);
    hy_plan plan = plan_of(&project);
    for (int64_t i = 0; i < 10000; i++) {
        int64_t exact_us = i * 100009 / 10;
        assert_int_equal(plan.clips[i].first, (exact_us * 120 + 500000) / 1000000);
    }
    assert_int_equal(plan.frames, 12001);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void overlaps_are_part_of_the_share(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    add_images(&project, 1, 4000000);
    add_images(&project, 2, HYDRA_AUTO);
    set_fade(&project, HYDRA_ALL_CUTS, 1000000, HYDRA_OVERLAP);
    assert_ok(hy_project_set_duration(&project, 10000000, &diag), &diag);
    hy_plan plan = plan_of(&project);
    /* 10 s + 2 s of overlap - 4 s: 4 s each. */
    static const hy_clip expected[] = {{0, 120, 0, 0}, {90, 210, 30, 90}, {180, 300, 30, 180}};
    expect_clips(&plan, expected, 3);
    hy_plan_free(&plan);

    set_fade(&project, HYDRA_ALL_CUTS, 1000000, HYDRA_HOLD);
    plan = plan_of(&project);
    /* 3 s each; the cuts lie at 4 s and 7 s. */
    static const hy_clip held[] = {{0, 135, 0, 0}, {105, 225, 30, 120}, {195, 300, 30, 210}};
    expect_clips(&plan, held, 3);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void duration_that_fits_is_accepted(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    add_images(&project, 2, 2000000);
    set_fade(&project, HYDRA_ALL_CUTS, 500000, HYDRA_OVERLAP);
    assert_ok(hy_project_set_duration(&project, 3500000, &diag), &diag);
    hy_plan plan = plan_of(&project);
    assert_int_equal(plan.frames, 105);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void audio_length_is_exact(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    add_images(&project, 1, 10000000);
    set_rate(&project, 30000, 1001);
    hy_plan plan = plan_of(&project);
    assert_int_equal(plan.audio_samples, 0);
    hy_plan_free(&plan);
    hy_source music = source_named("song.ogg");
    assert_ok(hy_project_set_audio(&project, &music, NULL, &diag), &diag);
    plan = plan_of(&project);
    assert_int_equal(plan.frames, 300);
    assert_int_equal(plan.audio_samples, 480480);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

/* What a refused project says. */
static void expect_refused(const hy_project *project, const hydra_policy *policy,
                           hydra_status expected, const char *text)
{
    hy_diag diag = {0};
    hy_plan plan;
    memset(&plan, 0xff, sizeof plan);
    assert_failed(hy_plan_build(project, policy, &plan, &diag), expected, &diag, text);
    assert_null(plan.clips);
    assert_int_equal(plan.frames, 0);
}

static void refuse_argument(hy_project *project, const char *text)
{
    hydra_policy policy = default_policy();
    expect_refused(project, &policy, HYDRA_ERR_ARGUMENT, text);
    hy_project_free(project);
}

static void refused_without_images(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    refuse_argument(&project, "the project has no image");
}

static void refused_without_a_frame(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 2, 1000000);
    add_images(&project, 1, 10000);
    refuse_argument(&project, "image 2 (a.jpg): its 10000 us are too short for a frame at 30/1");
}

static void refused_long_transitions(void **state)
{
    (void)state;
    static const struct {
        int64_t duration_us[3];
        int64_t fade_us[2];
        int32_t mode;
        const char *text;
    } cases[] = {
        {{1000000, 3000000, 3000000},
         {2000000, 500000},
         HYDRA_OVERLAP,
         "cut 0: the transition of 60 frames is longer than image 0 (a.jpg), which is on screen "
         "for 30"},
        {{3000000, 3000000, 1000000},
         {500000, 2000000},
         HYDRA_OVERLAP,
         "cut 1: the transition of 60 frames is longer than image 2 (c.jpg)"},
        {{3000000, 1000000, 3000000},
         {600000, 700000},
         HYDRA_OVERLAP,
         "cuts 0 and 1: their transitions of 18 and 21 frames are longer than image 1 (b.jpg), "
         "which is on screen for 30"},
        {{500000, 3000000, 3000000},
         {2000000, 0},
         HYDRA_HOLD,
         "cut 0: the transition of 60 frames is longer than image 0 (a.jpg), which is on screen "
         "for 45"},
        {{3000000, 3000000, 500000},
         {0, 2000000},
         HYDRA_HOLD,
         "cut 1: the transition of 60 frames is longer than image 2 (c.jpg)"},
        {{3000000, 1000000, 3000000},
         {1000000, 1200000},
         HYDRA_HOLD,
         "cuts 0 and 1: their transitions of 30 and 36 frames are longer than image 1 (b.jpg)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_project project;
        hy_project_init(&project);
        static const char *const names[] = {"a.jpg", "b.jpg", "c.jpg"};
        for (int k = 0; k < 3; k++) {
            hydra_image_options options = image_options(cases[i].duration_us[k]);
            add_image(&project, names[k], &options);
        }
        set_fade(&project, 0, cases[i].fade_us[0], cases[i].mode);
        set_fade(&project, 1, cases[i].fade_us[1], cases[i].mode);
        refuse_argument(&project, cases[i].text);
    }
}

static void refused_sum(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    add_images(&project, 2, 2000000);
    set_fade(&project, 0, 500000, HYDRA_OVERLAP);
    assert_ok(hy_project_set_duration(&project, 4000000, &diag), &diag);
    refuse_argument(&project, "last 3500000 us, but the video is to last 4000000 us");
}

static void refused_when_nothing_is_left(void **state)
{
    (void)state;
    static const int64_t totals[] = {4000000, 3000000};
    for (size_t i = 0; i < COUNT(totals); i++) {
        hy_project project;
        hy_project_init(&project);
        hy_diag diag = {0};
        add_images(&project, 2, 2000000);
        add_images(&project, 2, HYDRA_AUTO);
        assert_ok(hy_project_set_duration(&project, totals[i], &diag), &diag);
        refuse_argument(&project, "2 images of automatic duration get no time: the others with "
                                  "their transitions last 4000000 us");
    }
}

static void refused_beyond_the_policy(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hydra_policy policy = default_policy();
    policy.max_duration_us = 5999999;
    add_images(&project, 2, 3000000);
    expect_refused(&project, &policy, HYDRA_ERR_LIMIT,
                   "the video lasts 6000000 us, the policy allows 5999999 us");
    policy.max_duration_us = 6000000;
    hy_diag diag = {0};
    hy_plan plan;
    assert_ok(hy_plan_build(&project, &policy, &plan, &diag), &diag);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

/* 100,000 images of an hour: 11 years, beyond 32 bits everywhere. */
static void largest_project(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hydra_policy policy = default_policy();
    add_images(&project, 100000, INT64_C(3600000000));
    set_rate(&project, 120, 1);
    expect_refused(&project, &policy, HYDRA_ERR_LIMIT, "the video lasts 360000000000000 us");
    policy.max_duration_us = INT64_MAX;
    hy_diag diag = {0};
    hy_plan plan;
    assert_ok(hy_plan_build(&project, &policy, &plan, &diag), &diag);
    assert_int_equal(plan.frames, INT64_C(43200000000));
    assert_int_equal(plan.clips[99999].first, INT64_C(43200000000) - 432000);
    assert_int_equal(hy_plan_clip_at(&plan, plan.frames - 1), 99999);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frame_rates),
        cmocka_unit_test(cuts_do_not_drift),
        cmocka_unit_test(overlap_shrinks_the_video),
        cmocka_unit_test(hold_keeps_the_cuts),
        cmocka_unit_test(every_cut_may_differ),
        cmocka_unit_test(fade_below_a_frame_is_a_hard_cut),
        cmocka_unit_test(transitions_may_meet),
        cmocka_unit_test(transition_as_long_as_its_images),
        cmocka_unit_test(queries_agree_with_the_clips),
        cmocka_unit_test(automatic_images_share_the_rest),
        cmocka_unit_test(shares_do_not_drift),
        cmocka_unit_test(overlaps_are_part_of_the_share),
        cmocka_unit_test(duration_that_fits_is_accepted),
        cmocka_unit_test(audio_length_is_exact),
        cmocka_unit_test(refused_without_images),
        cmocka_unit_test(refused_without_a_frame),
        cmocka_unit_test(refused_long_transitions),
        cmocka_unit_test(refused_sum),
        cmocka_unit_test(refused_when_nothing_is_left),
        cmocka_unit_test(refused_beyond_the_policy),
        cmocka_unit_test(largest_project),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
