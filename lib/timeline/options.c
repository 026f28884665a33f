/* SPDX-License-Identifier: MIT */
/*
 * Option structs: their defaults, and the checks that stand between a caller's numbers and the
 * project. An error text names the field, what it is and what it may be.
 */
#include "timeline_private.h"

#include <float.h>
#include <math.h>

#define MAX_RGB 0xffffff
/* 1e15 us = 31 years: far beyond any music, and exact as seconds in a double. */
#define MAX_MUSIC_US INT64_C(1000000000000000)
/* Lower end of a range that excludes zero itself. */
#define ABOVE_ZERO DBL_MIN

void hydra_canvas_options_init(hydra_canvas_options *options)
{
    *options = (hydra_canvas_options){
        .struct_size = sizeof *options,
        .preset = HYDRA_CANVAS_9_16,
        .fps_num = 30,
        .fps_den = 1,
    };
}

void hydra_image_options_init(hydra_image_options *options)
{
    *options = (hydra_image_options){
        .struct_size = sizeof *options,
        .fit = HYDRA_FIT_COVER,
        .duration_us = HYDRA_AUTO,
        .focus_x = 0.5,
        .focus_y = 0.5,
        .backdrop = HYDRA_BACKDROP_COLOR,
        .backdrop_rgb = HYDRA_AUTO,
        .motion = HYDRA_MOTION_ZOOM_IN,
        .easing = HYDRA_EASING_SMOOTHSTEP,
        .motion_amount = HYDRA_AUTO,
        .start = {0, 0, 1, 1},
        .end = {0, 0, 1, 1},
    };
}

void hydra_transition_options_init(hydra_transition_options *options)
{
    *options = (hydra_transition_options){
        .struct_size = sizeof *options,
        .kind = HYDRA_TRANSITION_CROSSFADE,
        .duration_us = 500000,
        .mode = HYDRA_OVERLAP,
    };
}

void hydra_audio_options_init(hydra_audio_options *options)
{
    *options = (hydra_audio_options){
        .struct_size = sizeof *options,
        .when_short = HYDRA_AUDIO_SILENCE,
        .duration_us = HYDRA_AUTO,
        .fade_out_us = 1000000,
    };
}

/* Whose values are looked at and where to complain: saves every check two arguments. */
typedef struct checker {
    const char *who;
    hy_diag *diag;
} checker;

/* Take over a caller's struct. `last` is the last member of its first release. */
#define TAKE(check, options, out, type, last)                                                      \
    (hy_sized_take(out, sizeof *(out), options, HY_SIZE_THROUGH(type, last)) ||                    \
     fail_size(check, (options)->struct_size, #type "_init"))

static bool fail_size(const checker *check, uint32_t size, const char *init)
{
    (void)hy_fail(check->diag, HYDRA_ERR_ARGUMENT,
                  "%s: struct_size of the options is %u: %s was not called", check->who,
                  (unsigned)size, init);
    return false;
}

static bool integer_in(const checker *check, const char *field, int64_t value, int64_t low,
                       int64_t high)
{
    if (value >= low && value <= high) {
        return true;
    }
    (void)hy_fail(check->diag, HYDRA_ERR_ARGUMENT, "%s: %s is %lld, it must be %lld..%lld",
                  check->who, field, (long long)value, (long long)low, (long long)high);
    return false;
}

static bool auto_or_integer_in(const checker *check, const char *field, int64_t value, int64_t low,
                               int64_t high)
{
    if (value == HYDRA_AUTO || (value >= low && value <= high)) {
        return true;
    }
    (void)hy_fail(check->diag, HYDRA_ERR_ARGUMENT,
                  "%s: %s is %lld, it must be %lld..%lld or HYDRA_AUTO", check->who, field,
                  (long long)value, (long long)low, (long long)high);
    return false;
}

static const char *real_text(double value, char out[HY_NUMBER_BYTES])
{
    if (isnan(value)) {
        return "not a number";
    }
    if (value > 1e9 || value < -1e9) {
        return value > 0 ? "above 1,000,000,000" : "below -1,000,000,000";
    }
    return hy_thousandths(llrint(value * 1000), out);
}

/* `range` is the text for low..high. Comparisons with NaN are false. */
static bool real_in(const checker *check, const char *field, double value, double low, double high,
                    const char *range)
{
    if (value >= low && value <= high) {
        return true;
    }
    char text[HY_NUMBER_BYTES];
    (void)hy_fail(check->diag, HYDRA_ERR_ARGUMENT, "%s: %s is %s, it must be %s", check->who, field,
                  real_text(value, text), range);
    return false;
}

static bool rect_is_valid(const checker *check, const char *const fields[4], const hydra_rect *rect)
{
    static const char *const size_range = "above 0, up to 1";
    return real_in(check, fields[0], rect->x, 0, 1, "0..1") &&
           real_in(check, fields[1], rect->y, 0, 1, "0..1") &&
           real_in(check, fields[2], rect->width, ABOVE_ZERO, 1, size_range) &&
           real_in(check, fields[3], rect->height, ABOVE_ZERO, 1, size_range);
}

static const int32_t preset_size[][2] = {
    [HYDRA_CANVAS_9_16] = {1080, 1920},
    [HYDRA_CANVAS_16_9] = {1920, 1080},
    [HYDRA_CANVAS_1_1] = {1080, 1080},
    [HYDRA_CANVAS_4_5] = {1080, 1350},
};

static bool side_is_valid(int32_t pixels)
{
    return pixels >= 64 && pixels <= 4096 && pixels % 2 == 0;
}

/* The preset is looked at even when it is not used: a wrong one is a mistake all the same. */
static bool size_is_valid(const checker *check, hydra_canvas_options *options)
{
    if (!integer_in(check, "preset", options->preset, HYDRA_CANVAS_9_16, HYDRA_CANVAS_4_5)) {
        return false;
    }
    if (options->width_px == 0 && options->height_px == 0) {
        options->width_px = preset_size[options->preset][0];
        options->height_px = preset_size[options->preset][1];
    }
    if (!side_is_valid(options->width_px) || !side_is_valid(options->height_px)) {
        (void)hy_fail(check->diag, HYDRA_ERR_ARGUMENT,
                      "%s %d x %d: width and height must be even, 64..4096", check->who,
                      (int)options->width_px, (int)options->height_px);
        return false;
    }
    return true;
}

static bool rate_is_valid(const checker *check, const hydra_canvas_options *options)
{
    if (!integer_in(check, "fps_den", options->fps_den, 1, 1001)) {
        return false;
    }
    if (options->fps_num < options->fps_den || options->fps_num > INT64_C(120) * options->fps_den) {
        (void)hy_fail(check->diag, HYDRA_ERR_ARGUMENT,
                      "%s: %d/%d frames per second, it must be 1..120", check->who,
                      (int)options->fps_num, (int)options->fps_den);
        return false;
    }
    return true;
}

hydra_status hy_canvas_options_check(const hydra_canvas_options *options, hydra_canvas_options *out,
                                     hy_diag *diag)
{
    const checker check = {"canvas", diag};
    hydra_canvas_options_init(out);
    if (options && !TAKE(&check, options, out, hydra_canvas_options, background_rgb)) {
        return HYDRA_ERR_ARGUMENT;
    }
    bool valid = size_is_valid(&check, out) && rate_is_valid(&check, out) &&
                 integer_in(&check, "background_rgb", out->background_rgb, 0, MAX_RGB);
    return valid ? HYDRA_OK : HYDRA_ERR_ARGUMENT;
}

static bool motion_is_valid(const checker *check, const hydra_image_options *options)
{
    static const char *const start_fields[] = {"start.x", "start.y", "start.width", "start.height"};
    static const char *const end_fields[] = {"end.x", "end.y", "end.width", "end.height"};
    bool amount_is_auto = options->motion_amount == HYDRA_AUTO;
    return integer_in(check, "motion", options->motion, HYDRA_MOTION_NONE, HYDRA_MOTION_RECT) &&
           integer_in(check, "easing", options->easing, HYDRA_EASING_LINEAR, HYDRA_EASING_IN_OUT) &&
           (amount_is_auto || real_in(check, "motion_amount", options->motion_amount, ABOVE_ZERO, 4,
                                      "above 0, up to 4, or HYDRA_AUTO")) &&
           rect_is_valid(check, start_fields, &options->start) &&
           rect_is_valid(check, end_fields, &options->end);
}

hydra_status hy_image_options_check(const hydra_image_options *options, hydra_image_options *out,
                                    const char *who, hy_diag *diag)
{
    const checker check = {who, diag};
    hydra_image_options_init(out);
    if (options && !TAKE(&check, options, out, hydra_image_options, end)) {
        return HYDRA_ERR_ARGUMENT;
    }
    bool valid =
        integer_in(&check, "fit", out->fit, HYDRA_FIT_COVER, HYDRA_FIT_FILL) &&
        auto_or_integer_in(&check, "duration_us", out->duration_us, 1, INT64_C(3600000000)) &&
        real_in(&check, "focus_x", out->focus_x, 0, 1, "0..1") &&
        real_in(&check, "focus_y", out->focus_y, 0, 1, "0..1") &&
        integer_in(&check, "backdrop", out->backdrop, HYDRA_BACKDROP_COLOR, HYDRA_BACKDROP_BLUR) &&
        auto_or_integer_in(&check, "backdrop_rgb", out->backdrop_rgb, 0, MAX_RGB) &&
        motion_is_valid(&check, out);
    if (out->backdrop == HYDRA_BACKDROP_BLUR) {
        out->backdrop_rgb = HYDRA_AUTO; /* means nothing here, so it is not kept */
    }
    return valid ? HYDRA_OK : HYDRA_ERR_ARGUMENT;
}

hydra_status hy_transition_options_check(const hydra_transition_options *options,
                                         hydra_transition_options *out, const char *who,
                                         hy_diag *diag)
{
    const checker check = {who, diag};
    hydra_transition_options_init(out);
    if (options && !TAKE(&check, options, out, hydra_transition_options, reserved)) {
        return HYDRA_ERR_ARGUMENT;
    }
    bool valid =
        integer_in(&check, "kind", out->kind, HYDRA_TRANSITION_CUT, HYDRA_TRANSITION_CROSSFADE) &&
        (out->kind == HYDRA_TRANSITION_CUT ||
         integer_in(&check, "duration_us", out->duration_us, 0, 60000000)) &&
        integer_in(&check, "mode", out->mode, HYDRA_OVERLAP, HYDRA_HOLD) &&
        integer_in(&check, "reserved", out->reserved, 0, 0);
    if (out->kind == HYDRA_TRANSITION_CUT) {
        hydra_transition_options defaults;
        hydra_transition_options_init(&defaults);
        out->duration_us = defaults.duration_us; /* means nothing here, so it is not kept */
    }
    return valid ? HYDRA_OK : HYDRA_ERR_ARGUMENT;
}

hydra_status hy_audio_options_check(const hydra_audio_options *options, hydra_audio_options *out,
                                    hy_diag *diag)
{
    const checker check = {"audio", diag};
    hydra_audio_options_init(out);
    if (options && !TAKE(&check, options, out, hydra_audio_options, fade_out_us)) {
        return HYDRA_ERR_ARGUMENT;
    }
    bool valid =
        integer_in(&check, "when_short", out->when_short, HYDRA_AUDIO_SILENCE, HYDRA_AUDIO_LOOP) &&
        integer_in(&check, "start_us", out->start_us, 0, MAX_MUSIC_US) &&
        auto_or_integer_in(&check, "duration_us", out->duration_us, 1, MAX_MUSIC_US) &&
        real_in(&check, "gain_db", out->gain_db, -60, 24, "-60..24") &&
        integer_in(&check, "fade_in_us", out->fade_in_us, 0, MAX_MUSIC_US) &&
        integer_in(&check, "fade_out_us", out->fade_out_us, 0, MAX_MUSIC_US);
    return valid ? HYDRA_OK : HYDRA_ERR_ARGUMENT;
}
