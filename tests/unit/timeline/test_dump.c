/* SPDX-License-Identifier: MIT */
/* The plan as text: a whole one, rough names, a full buffer. */
#include <locale.h>

#include "timeline/timeline_private.h"
#include "timeline_support.h"

static hy_project small_project(void)
{
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.preset = HYDRA_CANVAS_4_5;
    canvas.background_rgb = 0x0a0b0c;
    assert_ok(hy_project_set_canvas(&project, &canvas, &diag), &diag);
    hydra_image_options options = image_options(HYDRA_AUTO);
    add_image(&project, "photos/a.jpg", &options);
    options.motion = HYDRA_MOTION_NONE;
    options.fit = HYDRA_FIT_CONTAIN;
    add_image(&project, "image 1", &options);
    options.motion = HYDRA_MOTION_PAN_LEFT;
    options.easing = HYDRA_EASING_IN_OUT;
    options.duration_us = 4016667;
    add_image(&project, "b.png", &options);
    options.motion = HYDRA_MOTION_RECT;
    options.easing = HYDRA_EASING_OUT;
    options.fit = HYDRA_FIT_FILL;
    add_image(&project, "c\nd.webp", &options);
    set_fade(&project, 0, 500000, HYDRA_OVERLAP);
    set_fade(&project, 2, 1000000, HYDRA_HOLD);
    return project;
}

static char *text_of(const hy_project *project)
{
    hy_plan plan = plan_of(project);
    hy_buffer out = {.limit = 1 << 20};
    assert_true(hy_plan_print(&plan, project, &out));
    assert_true(hy_buffer_append(&out, "", 1));
    hy_plan_free(&plan);
    return (char *)out.data;
}

static const char small_text[] =
    "canvas 1080 x 1350, 30 fps, background #0a0b0c\n"
    "406 frames, 13.533 s\n"
    "image 0 (photos/a.jpg): frames [0, 90), cover, zoom in, smoothstep\n"
    "cut 0: crossfade, overlap, frame 75, 15 frames [75, 90)\n"
    "image 1: frames [75, 165), contain, no motion\n"
    "cut 1: hard, frame 165\n"
    "image 2 (b.png): frames [165, 301), contain, pan left, ease in-out\n"
    "cut 2: crossfade, hold, frame 286, 30 frames [271, 301)\n"
    "image 3 (c?d.webp): frames [271, 406), fill, rectangle to rectangle, ease out\n"
    "no music\n";

static void whole_text(void **state)
{
    (void)state;
    hy_project project = small_project();
    char *text = text_of(&project);
    assert_string_equal(text, small_text);
    free(text);
    hy_project_free(&project);
}

static void music_and_fractional_rate(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hy_diag diag = {0};
    add_images(&project, 1, 10000000);
    set_rate(&project, 30000, 1001);
    hydra_audio_options audio;
    hydra_audio_options_init(&audio);
    audio.start_us = 61500000;
    audio.gain_db = -0.25;
    hy_source music = source_named("s\x1b[31mong.ogg");
    assert_ok(hy_project_set_audio(&project, &music, &audio, &diag), &diag);
    char *text = text_of(&project);
    assert_string_equal(text, "canvas 1080 x 1920, 30000/1001 fps, background #000000\n"
                              "300 frames, 10.010 s\n"
                              "image 0 (a.jpg): frames [0, 300), cover, zoom in, smoothstep\n"
                              "music (s?[31mong.ogg): 480480 samples, from 61.500 s, to its end, "
                              "gain -0.250 dB, fade in 0.000 s, fade out 1.000 s, then silence\n");
    free(text);
    audio.duration_us = 2000400;
    audio.gain_db = 6;
    audio.fade_in_us = 20000;
    audio.when_short = HYDRA_AUDIO_LOOP;
    music = source_named("x");
    assert_ok(hy_project_set_audio(&project, &music, &audio, &diag), &diag);
    text = text_of(&project);
    assert_non_null(strstr(text, "music (x): 480480 samples, from 61.500 s, 2.000 s long, gain "
                                 "6.000 dB, fade in 0.020 s, fade out 1.000 s, then again\n"));
    free(text);
    hy_project_free(&project);
}

static void locale_makes_no_difference(void **state)
{
    (void)state;
    hy_project project = small_project();
    /* Where no such locale is installed the text is the same for that reason. */
    (void)setlocale(LC_ALL, "de_DE.UTF-8");
    char *text = text_of(&project);
    (void)setlocale(LC_ALL, "C");
    assert_string_equal(text, small_text);
    free(text);
    hy_project_free(&project);
}

static void full_buffer_is_told(void **state)
{
    (void)state;
    hy_project project = small_project();
    hy_plan plan = plan_of(&project);
    for (size_t limit = 0; limit < sizeof small_text - 1; limit++) {
        hy_buffer out = {.limit = limit};
        assert_false(hy_plan_print(&plan, &project, &out));
        hy_buffer_free(&out);
    }
    hy_buffer out = {.limit = sizeof small_text - 1};
    assert_true(hy_plan_print(&plan, &project, &out));
    hy_buffer_free(&out);
    hy_plan_free(&plan);
    hy_project_free(&project);
}

static void names_become_harmless(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *printable;
    } cases[] = {
        {"", ""},
        {"plain name.jpg", "plain name.jpg"},
        {"a\tb\r\nc\x7f", "a?b??c?"},
        {"\x1b]0;title\x07", "?]0;title?"},
        {"\xc3\xbc \xe2\x82\xac \xf0\x9f\x93\xb7", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x93\xb7"},
        {"\xc2\x9b"
         "31m",
         "??31m"},                         /* a C1 control character */
        {"\xc0\xaf", "??"},                /* overlong */
        {"\xe0\x80\xaf", "???"},           /* overlong */
        {"\xed\xa0\x80", "???"},           /* a surrogate */
        {"\xf0\x80\x80\x80", "????"},      /* overlong */
        {"\xf4\x90\x80\x80", "????"},      /* beyond U+10FFFF */
        {"\xf8\x88\x80\x80\x80", "?????"}, /* no lead byte */
        {"\xff\xfe", "??"},
        {"\x80", "?"},
        {"caf\xe9", "caf?"}, /* Latin-1, cut short */
        {"\xe2\x82", "??"},
        {"\xee\x80\x80\xf1\x80\x80\x80", "\xee\x80\x80\xf1\x80\x80\x80"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[HY_NAME_BYTES];
        assert_string_equal(hy_name_printable(cases[i].name, out), cases[i].printable);
    }
}

static void long_names_keep_their_end(void **state)
{
    (void)state;
    for (size_t length = HY_NAME_BYTES - 4; length < HY_NAME_BYTES + 8; length++) {
        char name[HY_NAME_BYTES + 16];
        char out[HY_NAME_BYTES];
        memset(name, 'x', sizeof name);
        memcpy(name + length - 5, "y.jpg", 6);
        size_t shown = strlen(hy_name_printable(name, out));
        assert_int_equal(shown, length < HY_NAME_BYTES ? length : HY_NAME_BYTES - 1);
        assert_string_equal(out + shown - 5, "y.jpg");
        assert_int_equal(strncmp(out, "...", 3) == 0, length >= HY_NAME_BYTES);
    }
    /* Euro signs, three bytes each, are not cut apart. */
    char name[3 * HY_NAME_BYTES + 2];
    for (size_t extra = 0; extra < 3; extra++) {
        char out[HY_NAME_BYTES];
        size_t length = 0;
        while (length + 3 < sizeof name - 3) {
            memcpy(name + length, "\xe2\x82\xac", 3);
            length += 3;
        }
        memset(name + length, 'x', extra);
        name[length + extra] = '\0';
        (void)hy_name_printable(name, out);
        assert_null(strchr(out, '?'));
    }
}

static void labels(void **state)
{
    (void)state;
    char out[HY_LABEL_BYTES];
    assert_string_equal(hy_image_label(3, "b.jpg", out), "image 3 (b.jpg)");
    assert_string_equal(hy_image_label(3, "image 3", out), "image 3");
    assert_string_equal(hy_image_label(4, "image 3", out), "image 4 (image 3)");
    char name[500];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    hy_image_label(INT32_MAX, name, out);
    assert_int_equal(out[strlen(out) - 1], ')');
}

static void thousandths(void **state)
{
    (void)state;
    char out[HY_NUMBER_BYTES];
    assert_string_equal(hy_thousandths(12500, out), "12.500");
    assert_string_equal(hy_thousandths(-7, out), "-0.007");
    assert_string_equal(hy_thousandths(0, out), "0.000");
    assert_string_equal(hy_thousandths(INT64_MIN, out), "-9223372036854775.808");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_text),
        cmocka_unit_test(music_and_fractional_rate),
        cmocka_unit_test(locale_makes_no_difference),
        cmocka_unit_test(full_buffer_is_told),
        cmocka_unit_test(names_become_harmless),
        cmocka_unit_test(long_names_keep_their_end),
        cmocka_unit_test(labels),
        cmocka_unit_test(thousandths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
