/* SPDX-License-Identifier: MIT */
/* The model: setters keep what they are given, refuse the rest without a trace, copies are free. */
#include "timeline/timeline_private.h"
#include "timeline_support.h"

static void new_project_is_empty(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    assert_true(project.width == 1080 && project.height == 1920);
    assert_true(project.rate.num == 30 && project.rate.den == 1);
    assert_true(project.background_rgb == 0 && project.duration_us == HYDRA_AUTO);
    assert_int_equal(project.image_count, 0);
    assert_int_equal(project.transition.kind, HYDRA_TRANSITION_CUT);
    assert_false(project.has_audio);
    hy_project_free(&project);
}

static void canvas_is_kept_in_lowest_terms(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    hydra_canvas_options options;
    hydra_canvas_options_init(&options);
    options.width_px = 640;
    options.height_px = 360;
    options.fps_num = 60;
    options.fps_den = 2;
    options.background_rgb = 0x123456;
    assert_ok(hy_project_set_canvas(&project, &options, &diag), &diag);
    assert_true(project.width == 640 && project.height == 360);
    assert_true(project.rate.num == 30 && project.rate.den == 1);
    assert_int_equal(project.background_rgb, 0x123456);
    assert_ok(hy_project_set_canvas(&project, NULL, &diag), &diag);
    assert_true(project.width == 1080 && project.height == 1920 && project.background_rgb == 0);
    hy_project_free(&project);
}

static void image_takes_the_source(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hydra_policy policy = default_policy();
    hy_diag diag = {0};
    hy_source source = source_named("a.jpg");
    assert_ok(hy_project_add_image(&project, &source, NULL, &policy, &diag), &diag);
    assert_null(source.name);
    assert_null(source.blob);
    assert_string_equal(project.images[0].source.name, "a.jpg");
    assert_int_equal(project.images[0].options.struct_size, sizeof(hydra_image_options));
    assert_false(project.images[0].has_transition);
    hy_project_free(&project);
    assert_null(project.images);
}

/* Two images with one cut of their own, and music. */
static hy_project furnished_project(void)
{
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    add_images(&project, 2, 2000000);
    set_fade(&project, 0, 250000, HYDRA_HOLD);
    hy_source music = source_named("song.ogg");
    assert_ok(hy_project_set_audio(&project, &music, NULL, &diag), &diag);
    return project;
}

static void failed_setters_change_nothing(void **state)
{
    (void)state;
    hy_project project = furnished_project();
    hydra_policy policy = default_policy();
    hy_project before;
    hy_project_image images_before[2];
    memcpy(&before, &project, sizeof before);
    memcpy(images_before, project.images, sizeof images_before);

    hy_diag diag = {0};
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.background_rgb = 0xff;
    canvas.fps_num = 0;
    assert_failed(hy_project_set_canvas(&project, &canvas, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "frames per second");

    static const int64_t durations[] = {0, -2, INT64_C(36000000001), INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < COUNT(durations); i++) {
        hy_diag_clear(&diag);
        assert_failed(hy_project_set_duration(&project, durations[i], &diag), HYDRA_ERR_ARGUMENT,
                      &diag, "video: duration_us is");
    }

    hy_source source = source_named("new.jpg");
    hydra_image_options image = image_options(0);
    hy_diag_clear(&diag);
    assert_failed(hy_project_add_image(&project, &source, &image, &policy, &diag),
                  HYDRA_ERR_ARGUMENT, &diag, "image 2 (new.jpg): duration_us is 0");
    policy.max_images = 2;
    hy_diag_clear(&diag);
    assert_failed(hy_project_add_image(&project, &source, NULL, &policy, &diag), HYDRA_ERR_LIMIT,
                  &diag, "image 2 (new.jpg): the policy allows 2 images");

    hydra_transition_options fade;
    hydra_transition_options_init(&fade);
    static const int32_t cuts[] = {1, 2, -2, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < COUNT(cuts); i++) {
        hy_diag_clear(&diag);
        assert_failed(hy_project_set_transition(&project, cuts[i], &fade, &diag),
                      HYDRA_ERR_ARGUMENT, &diag, "does not exist: there are 2 images");
    }
    fade.kind = 9;
    hy_diag_clear(&diag);
    assert_failed(hy_project_set_transition(&project, 0, &fade, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "cut 0: kind is 9");
    hy_diag_clear(&diag);
    assert_failed(hy_project_set_transition(&project, HYDRA_ALL_CUTS, &fade, &diag),
                  HYDRA_ERR_ARGUMENT, &diag, "all cuts: kind is 9");

    hydra_audio_options audio;
    hydra_audio_options_init(&audio);
    audio.gain_db = 99;
    hy_diag_clear(&diag);
    assert_failed(hy_project_set_audio(&project, &source, &audio, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "audio: gain_db is 99.000");

    assert_string_equal(source.name, "new.jpg");
    hy_source_free(&source);
    assert_memory_equal(&before, &project, sizeof before);
    assert_memory_equal(images_before, project.images, sizeof images_before);
    hy_project_free(&project);
}

static void cut_of_an_empty_project(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    assert_failed(hy_project_set_transition(&project, 0, NULL, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "there are 0 images, so cuts are below 0");
    hy_project_free(&project);
}

static void single_cut_overrides_until_all_are_set(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    add_images(&project, 3, 2000000);
    set_fade(&project, 1, 100000, HYDRA_HOLD);
    assert_int_equal(hy_project_cut(&project, 0)->kind, HYDRA_TRANSITION_CUT);
    assert_int_equal(hy_project_cut(&project, 1)->duration_us, 100000);
    set_fade(&project, HYDRA_ALL_CUTS, 200000, HYDRA_OVERLAP);
    assert_int_equal(hy_project_cut(&project, 0)->duration_us, 200000);
    assert_int_equal(hy_project_cut(&project, 1)->duration_us, 200000);
    set_hard(&project, 0);
    add_images(&project, 1, 2000000);
    assert_int_equal(hy_project_cut(&project, 0)->kind, HYDRA_TRANSITION_CUT);
    assert_int_equal(hy_project_cut(&project, 2)->duration_us, 200000);
    hy_project_free(&project);
}

static void music_is_replaced_and_taken_away(void **state)
{
    (void)state;
    hy_project project = furnished_project();
    hy_diag diag = {0};
    hydra_audio_options audio;
    hydra_audio_options_init(&audio);
    audio.when_short = HYDRA_AUDIO_LOOP;
    hy_source other = source_named("other.ogg");
    assert_ok(hy_project_set_audio(&project, &other, &audio, &diag), &diag);
    assert_null(other.name);
    assert_string_equal(project.audio_source.name, "other.ogg");
    assert_int_equal(project.audio.when_short, HYDRA_AUDIO_LOOP);
    assert_ok(hy_project_set_audio(&project, NULL, NULL, &diag), &diag);
    assert_false(project.has_audio);
    assert_null(project.audio_source.name);
    hy_project_free(&project);
}

static void copy_shares_bytes_and_nothing_else(void **state)
{
    (void)state;
    hy_project project = furnished_project();
    hy_diag diag = {0};
    hy_project copy;
    assert_ok(hy_project_copy(&copy, &project, &diag), &diag);
    assert_ptr_equal(copy.images[1].source.blob, project.images[1].source.blob);
    assert_ptr_not_equal(copy.images[1].source.name, project.images[1].source.name);

    add_images(&project, 20, 1000000);
    set_fade(&project, HYDRA_ALL_CUTS, 300000, HYDRA_OVERLAP);
    set_rate(&project, 25, 1);
    assert_ok(hy_project_set_duration(&project, 5000000, &diag), &diag);
    assert_ok(hy_project_set_audio(&project, NULL, NULL, &diag), &diag);
    hy_project_free(&project);

    assert_int_equal(copy.image_count, 2);
    assert_string_equal(copy.images[0].source.name, "a.jpg");
    assert_string_equal(copy.images[1].source.name, "b.jpg");
    assert_string_equal(copy.audio_source.name, "song.ogg");
    assert_int_equal(hy_project_cut(&copy, 0)->duration_us, 250000);
    assert_int_equal(copy.rate.num, 30);
    assert_int_equal(copy.duration_us, HYDRA_AUTO);
    add_images(&copy, 1, 1000000);
    assert_int_equal(copy.image_count, 3);
    hy_project_free(&copy);
}

static void copy_of_an_empty_project(void **state)
{
    (void)state;
    hy_project project;
    hy_project copy;
    hy_diag diag = {0};
    hy_project_init(&project);
    assert_ok(hy_project_copy(&copy, &project, &diag), &diag);
    add_images(&copy, 1, 1000000);
    assert_int_equal(copy.image_count, 1);
    hy_project_free(&copy);
    hy_project_free(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_project_is_empty),
        cmocka_unit_test(canvas_is_kept_in_lowest_terms),
        cmocka_unit_test(image_takes_the_source),
        cmocka_unit_test(failed_setters_change_nothing),
        cmocka_unit_test(cut_of_an_empty_project),
        cmocka_unit_test(single_cut_overrides_until_all_are_set),
        cmocka_unit_test(music_is_replaced_and_taken_away),
        cmocka_unit_test(copy_shares_bytes_and_nothing_else),
        cmocka_unit_test(copy_of_an_empty_project),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
