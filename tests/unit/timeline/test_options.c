/* SPDX-License-Identifier: MIT */
/* Every field of every option struct: its default, its ends, what lies beyond, what is said. */
#include <math.h>

#include "timeline/timeline_private.h"
#include "timeline_support.h"

typedef enum value_type {
    I32,
    I64,
    F64
} value_type;

typedef struct value_case {
    size_t offset;
    value_type type;
    int64_t integer;
    double real;
    const char *text; /* NULL: must be accepted */
} value_case;

static void put(void *options, const value_case *c)
{
    unsigned char *at = (unsigned char *)options + c->offset;
    int32_t narrow = (int32_t)c->integer;
    switch (c->type) {
    case I32:
        memcpy(at, &narrow, sizeof narrow);
        break;
    case I64:
        memcpy(at, &c->integer, sizeof c->integer);
        break;
    case F64:
        memcpy(at, &c->real, sizeof c->real);
        break;
    }
}

static void expect(const value_case *c, hydra_status status, const hy_diag *diag)
{
    if (c->text) {
        assert_failed(status, HYDRA_ERR_ARGUMENT, diag, c->text);
    } else {
        assert_ok(status, diag);
    }
}

#define CANVAS(field, value, text)                                                                 \
    {                                                                                              \
        offsetof(hydra_canvas_options, field), I32, value, 0, text                                 \
    }

static void canvas_values(void **state)
{
    (void)state;
    static const value_case cases[] = {
        CANVAS(preset, 0, NULL),
        CANVAS(preset, 3, NULL),
        CANVAS(preset, 4, "canvas: preset is 4, it must be 0..3"),
        CANVAS(preset, -1, "preset is -1"),
        CANVAS(width_px, 1080, "canvas 1080 x 0: width and height must be even, 64..4096"),
        CANVAS(height_px, 64, "canvas 0 x 64"),
        CANVAS(fps_num, 120, NULL),
        CANVAS(fps_num, 121, "canvas: 121/1 frames per second, it must be 1..120"),
        CANVAS(fps_num, 1, NULL),
        CANVAS(fps_num, 0, "0/1 frames per second"),
        CANVAS(fps_num, INT32_MIN, "-2147483648/1 frames"),
        CANVAS(fps_num, INT32_MAX, "2147483647/1 frames"),
        CANVAS(fps_den, 30, NULL),
        CANVAS(fps_den, 31, "30/31 frames per second"),
        CANVAS(fps_den, 0, "fps_den is 0, it must be 1..1001"),
        CANVAS(fps_den, -1, "fps_den is -1"),
        CANVAS(fps_den, 1002, "fps_den is 1002"),
        CANVAS(background_rgb, 0xffffff, NULL),
        CANVAS(background_rgb, 0x1000000, "background_rgb is 16777216, it must be 0..16777215"),
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_diag diag = {0};
        hydra_canvas_options options;
        hydra_canvas_options out;
        hydra_canvas_options_init(&options);
        put(&options, &cases[i]);
        expect(&cases[i], hy_canvas_options_check(&options, &out, &diag), &diag);
    }
}

static void canvas_sizes(void **state)
{
    (void)state;
    static const struct {
        int32_t width;
        int32_t height;
        bool valid;
    } cases[] = {
        {64, 64, true},      {4096, 4096, true},  {64, 4096, true},       {1080, 1350, true},
        {1081, 1920, false}, {1080, 1921, false}, {62, 64, false},        {64, 62, false},
        {4098, 64, false},   {64, 4098, false},   {-1080, 1920, false},   {1080, -1920, false},
        {0, 1920, false},    {1080, 0, false},    {INT32_MAX, 64, false}, {64, INT32_MIN, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_diag diag = {0};
        hydra_canvas_options options;
        hydra_canvas_options out;
        hydra_canvas_options_init(&options);
        options.width_px = cases[i].width;
        options.height_px = cases[i].height;
        hydra_status status = hy_canvas_options_check(&options, &out, &diag);
        if (cases[i].valid) {
            assert_ok(status, &diag);
            assert_int_equal(out.width_px, cases[i].width);
            assert_int_equal(out.height_px, cases[i].height);
        } else {
            char text[64];
            (void)snprintf(text, sizeof text, "canvas %d x %d:", cases[i].width, cases[i].height);
            assert_failed(status, HYDRA_ERR_ARGUMENT, &diag, text);
        }
    }
}

static void canvas_presets(void **state)
{
    (void)state;
    static const int32_t sizes[][2] = {{1080, 1920}, {1920, 1080}, {1080, 1080}, {1080, 1350}};
    for (int32_t preset = 0; preset < 4; preset++) {
        hy_diag diag = {0};
        hydra_canvas_options options;
        hydra_canvas_options out;
        hydra_canvas_options_init(&options);
        options.preset = preset;
        assert_ok(hy_canvas_options_check(&options, &out, &diag), &diag);
        assert_int_equal(out.width_px, sizes[preset][0]);
        assert_int_equal(out.height_px, sizes[preset][1]);
    }
}

#define IMAGE_I32(field, value, text)                                                              \
    {                                                                                              \
        offsetof(hydra_image_options, field), I32, value, 0, text                                  \
    }
#define IMAGE_I64(field, value, text)                                                              \
    {                                                                                              \
        offsetof(hydra_image_options, field), I64, value, 0, text                                  \
    }
#define IMAGE_F64(field, value, text)                                                              \
    {                                                                                              \
        offsetof(hydra_image_options, field), F64, 0, value, text                                  \
    }

static void image_values(void **state)
{
    (void)state;
    static const value_case cases[] = {
        IMAGE_I32(fit, 2, NULL),
        IMAGE_I32(fit, 3, "image 3: fit is 3, it must be 0..2"),
        IMAGE_I32(fit, -1, "fit is -1"),
        IMAGE_I64(duration_us, 1, NULL),
        IMAGE_I64(duration_us, INT64_C(3600000000), NULL),
        IMAGE_I64(duration_us, HYDRA_AUTO, NULL),
        IMAGE_I64(duration_us, 0, "duration_us is 0, it must be 1..3600000000 or HYDRA_AUTO"),
        IMAGE_I64(duration_us, -2, "duration_us is -2"),
        IMAGE_I64(duration_us, INT64_C(3600000001), "duration_us is 3600000001"),
        IMAGE_I64(duration_us, INT64_MIN, "duration_us is -9223372036854775808"),
        IMAGE_F64(focus_x, 0, NULL),
        IMAGE_F64(focus_x, 1, NULL),
        IMAGE_F64(focus_x, 1.5, "focus_x is 1.500, it must be 0..1"),
        IMAGE_F64(focus_x, -0.25, "focus_x is -0.250"),
        IMAGE_F64(focus_x, NAN, "focus_x is not a number"),
        IMAGE_F64(focus_y, INFINITY, "focus_y is above 1,000,000,000"),
        IMAGE_F64(focus_y, -INFINITY, "focus_y is below -1,000,000,000"),
        IMAGE_F64(focus_y, 12345.6789, "focus_y is 12345.679"),
        IMAGE_I32(backdrop, 1, NULL),
        IMAGE_I32(backdrop, 2, "backdrop is 2"),
        IMAGE_I32(backdrop_rgb, 0, NULL),
        IMAGE_I32(backdrop_rgb, 0xffffff, NULL),
        IMAGE_I32(backdrop_rgb, HYDRA_AUTO, NULL),
        IMAGE_I32(backdrop_rgb, -2, "backdrop_rgb is -2, it must be 0..16777215 or HYDRA_AUTO"),
        IMAGE_I32(backdrop_rgb, 0x1000000, "backdrop_rgb is 16777216"),
        IMAGE_I32(motion, 7, NULL),
        IMAGE_I32(motion, 8, "motion is 8, it must be 0..7"),
        IMAGE_I32(motion, -1, "motion is -1"),
        IMAGE_I32(easing, 4, NULL),
        IMAGE_I32(easing, 5, "easing is 5, it must be 0..4"),
        IMAGE_F64(motion_amount, 4, NULL),
        IMAGE_F64(motion_amount, 1e-6, NULL),
        IMAGE_F64(motion_amount, HYDRA_AUTO, NULL),
        IMAGE_F64(motion_amount, 0, "motion_amount is 0.000, it must be above 0, up to 4, or"),
        IMAGE_F64(motion_amount, 4.01, "motion_amount is 4.010"),
        IMAGE_F64(motion_amount, -0.5, "motion_amount is -0.500"),
        IMAGE_F64(motion_amount, NAN, "motion_amount is not a number"),
        IMAGE_F64(start.x, 1, NULL),
        IMAGE_F64(start.x, -0.1, "start.x is -0.100, it must be 0..1"),
        IMAGE_F64(start.y, 1.1, "start.y is 1.100"),
        IMAGE_F64(start.width, 0, "start.width is 0.000, it must be above 0, up to 1"),
        IMAGE_F64(start.width, 1.01, "start.width is 1.010"),
        IMAGE_F64(start.height, -1, "start.height is -1.000"),
        IMAGE_F64(start.height, NAN, "start.height is not a number"),
        IMAGE_F64(end.x, 2, "end.x is 2.000"),
        IMAGE_F64(end.y, NAN, "end.y is not a number"),
        IMAGE_F64(end.width, 0.5, NULL),
        IMAGE_F64(end.width, 0, "end.width is 0.000"),
        IMAGE_F64(end.height, 3, "end.height is 3.000"),
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_diag diag = {0};
        hydra_image_options options;
        hydra_image_options out;
        hydra_image_options_init(&options);
        put(&options, &cases[i]);
        expect(&cases[i], hy_image_options_check(&options, &out, "image 3", &diag), &diag);
        if (!cases[i].text) {
            assert_memory_equal(&out, &options, sizeof out);
        }
    }
}

#define FADE(field, type, value, text)                                                             \
    {                                                                                              \
        offsetof(hydra_transition_options, field), type, value, 0, text                            \
    }

static void transition_values(void **state)
{
    (void)state;
    static const value_case cases[] = {
        FADE(kind, I32, 0, NULL),
        FADE(kind, I32, 2, "cut 5: kind is 2, it must be 0..1"),
        FADE(kind, I32, -1, "kind is -1"),
        FADE(duration_us, I64, 0, NULL),
        FADE(duration_us, I64, 60000000, NULL),
        FADE(duration_us, I64, 60000001, "duration_us is 60000001, it must be 0..60000000"),
        FADE(duration_us, I64, HYDRA_AUTO, "duration_us is -1"),
        FADE(mode, I32, 1, NULL),
        FADE(mode, I32, 2, "mode is 2"),
        FADE(reserved, I32, 1, "reserved is 1, it must be 0..0"),
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_diag diag = {0};
        hydra_transition_options options;
        hydra_transition_options out;
        hydra_transition_options_init(&options);
        put(&options, &cases[i]);
        expect(&cases[i], hy_transition_options_check(&options, &out, "cut 5", &diag), &diag);
    }
}

static void cut_ignores_its_duration(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hydra_transition_options options;
    hydra_transition_options out;
    hydra_transition_options_init(&options);
    options.kind = HYDRA_TRANSITION_CUT;
    options.duration_us = -7;
    assert_ok(hy_transition_options_check(&options, &out, "cut 0", &diag), &diag);
    assert_int_equal(out.duration_us, 500000);
}

static void blur_ignores_its_color(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hydra_image_options options;
    hydra_image_options out;
    hydra_image_options_init(&options);
    options.backdrop = HYDRA_BACKDROP_BLUR;
    options.backdrop_rgb = 0x123456;
    assert_ok(hy_image_options_check(&options, &out, "image 0", &diag), &diag);
    assert_int_equal(out.backdrop_rgb, HYDRA_AUTO);
}

#define AUDIO(field, type, integer, real, text)                                                    \
    {                                                                                              \
        offsetof(hydra_audio_options, field), type, integer, real, text                            \
    }

static void audio_values(void **state)
{
    (void)state;
    static const value_case cases[] = {
        AUDIO(when_short, I32, 1, 0, NULL),
        AUDIO(when_short, I32, 2, 0, "audio: when_short is 2, it must be 0..1"),
        AUDIO(start_us, I64, 0, 0, NULL),
        AUDIO(start_us, I64, INT64_C(1000000000000000), 0, NULL),
        AUDIO(start_us, I64, INT64_C(1000000000000001), 0, "start_us is 1000000000000001"),
        AUDIO(start_us, I64, -1, 0, "start_us is -1, it must be 0..1000000000000000"),
        AUDIO(duration_us, I64, 1, 0, NULL),
        AUDIO(duration_us, I64, HYDRA_AUTO, 0, NULL),
        AUDIO(duration_us, I64, 0, 0, "duration_us is 0"),
        AUDIO(duration_us, I64, -2, 0, "duration_us is -2"),
        AUDIO(duration_us, I64, INT64_MAX, 0, "duration_us is 9223372036854775807"),
        AUDIO(gain_db, F64, 0, -60, NULL),
        AUDIO(gain_db, F64, 0, 24, NULL),
        AUDIO(gain_db, F64, 0, 24.5, "gain_db is 24.500, it must be -60..24"),
        AUDIO(gain_db, F64, 0, -60.5, "gain_db is -60.500"),
        AUDIO(gain_db, F64, 0, NAN, "gain_db is not a number"),
        AUDIO(fade_in_us, I64, -1, 0, "fade_in_us is -1"),
        AUDIO(fade_in_us, I64, INT64_MAX, 0, "fade_in_us is 9223372036854775807"),
        AUDIO(fade_in_us, I64, 5, 0, NULL),
        AUDIO(fade_out_us, I64, -1, 0, "fade_out_us is -1"),
        AUDIO(fade_out_us, I64, 0, 0, NULL),
        AUDIO(fade_out_us, I64, INT64_MAX, 0, "fade_out_us is 9223372036854775807"),
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hy_diag diag = {0};
        hydra_audio_options options;
        hydra_audio_options out;
        hydra_audio_options_init(&options);
        put(&options, &cases[i]);
        expect(&cases[i], hy_audio_options_check(&options, &out, &diag), &diag);
    }
}

static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    hydra_canvas_options canvas;
    hydra_image_options image;
    hydra_transition_options fade;
    hydra_audio_options audio;
    hydra_canvas_options_init(&canvas);
    hydra_image_options_init(&image);
    hydra_transition_options_init(&fade);
    hydra_audio_options_init(&audio);
    assert_int_equal(canvas.preset, HYDRA_CANVAS_9_16);
    assert_true(canvas.fps_num == 30 && canvas.fps_den == 1 && canvas.background_rgb == 0);
    assert_true(image.fit == HYDRA_FIT_COVER && image.motion == HYDRA_MOTION_ZOOM_IN);
    assert_true(image.easing == HYDRA_EASING_SMOOTHSTEP && image.duration_us == HYDRA_AUTO);
    assert_true(image.focus_x == 0.5 && image.focus_y == 0.5 && image.backdrop_rgb == HYDRA_AUTO);
    assert_true(image.end.width == 1 && image.end.height == 1 && image.end.x == 0);
    assert_true(fade.kind == HYDRA_TRANSITION_CROSSFADE && fade.duration_us == 500000);
    assert_int_equal(fade.mode, HYDRA_OVERLAP);
    assert_true(audio.when_short == HYDRA_AUDIO_SILENCE && audio.duration_us == HYDRA_AUTO);
    assert_true(audio.fade_in_us == 0 && audio.fade_out_us == 1000000 && audio.gain_db == 0);
}

static void struct_without_init_is_refused(void **state)
{
    (void)state;
    hydra_canvas_options canvas = {0};
    hydra_image_options image = {.struct_size = sizeof image - 1};
    hydra_transition_options fade = {.struct_size = 1};
    hydra_audio_options audio = {0};
    hy_diag diag = {0};
    assert_failed(hy_canvas_options_check(&canvas, &(hydra_canvas_options){0}, &diag),
                  HYDRA_ERR_ARGUMENT, &diag,
                  "canvas: struct_size of the options is 0: hydra_canvas_options_init was not");
    hy_diag_clear(&diag);
    assert_failed(hy_image_options_check(&image, &(hydra_image_options){0}, "image 0", &diag),
                  HYDRA_ERR_ARGUMENT, &diag, "hydra_image_options_init was not called");
    hy_diag_clear(&diag);
    assert_failed(hy_transition_options_check(&fade, &(hydra_transition_options){0}, "cut", &diag),
                  HYDRA_ERR_ARGUMENT, &diag, "hydra_transition_options_init was not called");
    hy_diag_clear(&diag);
    assert_failed(hy_audio_options_check(&audio, &(hydra_audio_options){0}, &diag),
                  HYDRA_ERR_ARGUMENT, &diag, "hydra_audio_options_init was not called");
}

/* A newer caller's struct: only the bytes that exist are read (the sanitizers watch), and what is
 * kept has this library's own size. */
static void larger_struct_is_accepted(void **state)
{
    (void)state;
    struct {
        hydra_image_options options;
        double future;
    } newer;
    hydra_image_options_init(&newer.options);
    newer.options.struct_size = sizeof newer;
    newer.options.focus_x = 0.25;
    newer.future = NAN;
    hy_diag diag = {0};
    hydra_image_options out;
    assert_ok(hy_image_options_check(&newer.options, &out, "image 0", &diag), &diag);
    assert_int_equal(out.struct_size, sizeof out);
    assert_true(out.focus_x == 0.25);
}

static void null_means_defaults(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hydra_image_options image;
    hydra_image_options image_defaults;
    hydra_image_options_init(&image_defaults);
    assert_ok(hy_image_options_check(NULL, &image, "image 0", &diag), &diag);
    assert_memory_equal(&image, &image_defaults, sizeof image);
    hydra_transition_options fade;
    assert_ok(hy_transition_options_check(NULL, &fade, "cut 0", &diag), &diag);
    assert_int_equal(fade.kind, HYDRA_TRANSITION_CROSSFADE);
    hydra_audio_options audio;
    assert_ok(hy_audio_options_check(NULL, &audio, &diag), &diag);
    assert_int_equal(audio.fade_out_us, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canvas_values),
        cmocka_unit_test(canvas_sizes),
        cmocka_unit_test(canvas_presets),
        cmocka_unit_test(image_values),
        cmocka_unit_test(transition_values),
        cmocka_unit_test(cut_ignores_its_duration),
        cmocka_unit_test(blur_ignores_its_color),
        cmocka_unit_test(audio_values),
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(struct_without_init_is_refused),
        cmocka_unit_test(larger_struct_is_accepted),
        cmocka_unit_test(null_means_defaults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
