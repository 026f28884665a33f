/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at every allocation of ours, one at a time, in the whole life of a compose: the
 * call that needed it says HYDRA_ERR_MEMORY, nothing is left behind, and the same compose then does
 * what it was asked for. Allocations are those of the C library that lib/ makes and those that it
 * asks FFmpeg for; the linker's --wrap brings them here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lcms2.h>

#include "render/render.h"

#include "alloc_faults.h"
#include "compose.h"
#include "frail.h"
#include "media.h"

/* ---- Inputs ---- */

#define W 40
#define H 28

static test_file jpeg;
static test_file png;
static test_file others[8];
static int other_count;
static uint8_t *tone;
static size_t tone_size;

/* A profile that needs a transform. */
static test_file wide_profile(void)
{
    const cmsCIExyY white = {0.3127, 0.3290, 1};
    const cmsCIExyYTRIPLE primaries = {{0.64, 0.33, 1}, {0.21, 0.71, 1}, {0.15, 0.06, 1}};
    cmsToneCurve *curve = cmsBuildGamma(NULL, 2.2);
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsUInt32Number size = 0;
    assert_true(cmsSaveProfileToMem(profile, NULL, &size));
    test_file file = {.data = malloc(size), .size = size};
    assert_true(cmsSaveProfileToMem(profile, file.data, &size));
    (void)cmsCloseProfile(profile);
    cmsFreeToneCurve(curve);
    return file;
}

static void add_other(test_file file)
{
    others[other_count++] = file;
}

static int make_inputs(void **state)
{
    (void)state;
    hydra_silence_ffmpeg();
    uint8_t *rgb = test_gradient(W, 4 * H);
    jpeg = test_make_jpeg(rgb, W, H, &(test_jpeg){.orientation = 6});
    test_file icc = wide_profile();
    test_file plain = test_make_picture("png", "rgb24", rgb, W, H, NULL);
    png = test_png_with_icc(&plain, icc.data, icc.size);
    test_file_free(&plain);
    test_file_free(&icc);
    add_other(test_make_jpeg(rgb, W, H, &(test_jpeg){.kind = TEST_JPEG_YCCK, .progressive = true}));
    add_other(test_make_picture("gif", "pal8", rgb, W, H, NULL));
    add_other(test_make_picture("bmp", "bgra", rgb, W, H, NULL));
    add_other(test_make_picture("tiff", "rgb24", rgb, W, H, "compression_algo=lzw"));
    add_other(test_make_picture("libwebp", "bgra", rgb, W, H, "quality=80"));
#if HY_HAVE_HEIF
    add_other(test_make_heif(rgb, W, H, &(test_heif){.primaries = 12, .transfer = 13}));
    add_other(test_make_heif(rgb, W, H, &(test_heif){.av1 = true}));
#endif
    free(rgb);
    tone = test_mono_wav(44100, 44100, test_sample_tone, NULL, &tone_size);
    return 0;
}

static int free_inputs(void **state)
{
    (void)state;
    test_file_free(&jpeg);
    test_file_free(&png);
    for (int i = 0; i < other_count; i++) {
        test_file_free(&others[i]);
    }
    free(tone);
    return 0;
}

/* ---- Composes ---- */

typedef hydra_status build_fn(hydra_compose *c);
typedef hydra_status act_fn(hydra_compose *c);

static hydra_status set_canvas(hydra_compose *c, int32_t side_px)
{
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = side_px;
    canvas.height_px = side_px;
    canvas.fps_num = 12;
    return hydra_compose_set_canvas(c, &canvas);
}

static hydra_status add_photo(hydra_compose *c, const test_file *file, int32_t fit)
{
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.duration_us = 700000;
    options.fit = fit;
    options.backdrop = HYDRA_BACKDROP_BLUR;
    return hydra_compose_add_image_memory(c, file->data, file->size, NULL, &options);
}

/* Two photos, a crossfade, music: 12 frames. */
static hydra_status build_show(hydra_compose *c)
{
    hydra_transition_options fade;
    hydra_transition_options_init(&fade);
    fade.duration_us = 400000;
    hydra_audio_options audio;
    hydra_audio_options_init(&audio);
    audio.duration_us = 400000;
    audio.when_short = HYDRA_AUDIO_LOOP;
    hydra_status status = set_canvas(c, 64);
    if (status == HYDRA_OK) {
        status = add_photo(c, &jpeg, HYDRA_FIT_CONTAIN);
    }
    if (status == HYDRA_OK) {
        status = add_photo(c, &png, HYDRA_FIT_COVER);
    }
    if (status == HYDRA_OK) {
        status = hydra_compose_set_transition(c, 0, &fade);
    }
    if (status == HYDRA_OK) {
        status = hydra_compose_set_audio_memory(c, tone, tone_size, "tone", &audio);
    }
    return status;
}

static const test_file *single;

static hydra_status build_single(hydra_compose *c)
{
    hydra_status status = set_canvas(c, 64);
    return status == HYDRA_OK ? add_photo(c, single, HYDRA_FIT_COVER) : status;
}

/* Pictures of so many pixels do not come from the heap. */
static hydra_status build_large(hydra_compose *c)
{
    hydra_status status = set_canvas(c, 1024);
    return status == HYDRA_OK ? add_photo(c, &jpeg, HYDRA_FIT_CONTAIN) : status;
}

/* ---- One life ---- */

/* The error's text of a job that failed; of other calls the compose knows it. */
static char job_error[HY_DIAG_BYTES];

/* After a failure: what happened, and that it need not happen again. */
static void check_recovery(hydra_compose *c, act_fn *act, hydra_status status)
{
    const char *text = job_error[0] ? job_error : hydra_compose_error(c);
    if (status != HYDRA_ERR_MEMORY || !strstr(text, "memory")) {
        fail_msg("%s: \"%s\"", hydra_status_name(status), text);
    }
    job_error[0] = '\0';
    test_fail_allocation(0);
    assert_compose_ok(c, act(c));
}

/* From the first handle to the last. */
static hydra_status whole_life(build_fn *build, act_fn *act)
{
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.threads = 2;
    hydra_context *context;
    hydra_compose *c;
    hydra_status status = hydra_context_new(&options, &context);
    if (status != HYDRA_OK) {
        assert_null(context);
        return status;
    }
    status = hydra_compose_new(context, &c);
    hydra_context_free(context);
    if (status != HYDRA_OK) {
        assert_null(c);
        return status;
    }
    status = build(c);
    if (status == HYDRA_OK) {
        status = act(c);
        if (status != HYDRA_OK) {
            check_recovery(c, act, status);
        }
    }
    hydra_compose_free(c);
    return status;
}

/* The GPUs of a context, which a job then goes on without: the context's, and with an encoder of
 * MP4 the look for a driver. */
#define UNHEARD_GPU (HY_HAVE_NVENC ? 5 : 1)

/* What may fail without the call: giving slack of the output back, and keeping a short
 * loop of music in memory, which otherwise is decoded again. */
#define UNHEARD_OUTPUT (1 + UNHEARD_GPU)
#define UNHEARD_LOOP   12
/* Also messages of a job: it tells that they were not kept. */
#define UNHEARD_EVENTS 4

/* Let each allocation fail in turn, at most `unheard` of them in vain. Returns how many there are.
 */
static int starve(build_fn *build, act_fn *act, int unheard)
{
    for (int nth = 1;; nth++) {
        int blocks = test_live_blocks();
        test_fail_allocation(nth);
        hydra_status status = whole_life(build, act);
        bool failed = status != HYDRA_OK || test_allocation_failed();
        test_fail_allocation(0);
        assert_int_equal(test_live_blocks(), blocks);
        assert_int_equal(test_live_maps(), 0);
        if (!failed) {
            return nth - 1;
        }
        if (status == HYDRA_OK) {
            unheard--;
        }
        assert_true(status == HYDRA_ERR_MEMORY || (status == HYDRA_OK && unheard >= 0));
    }
}

/* ---- What is asked for ---- */

static hydra_status plan(hydra_compose *c)
{
    const char *text;
    return hydra_compose_plan_text(c, &text);
}

static hydra_status frame(hydra_compose *c)
{
    hydra_frame *picture;
    hydra_status status = hydra_compose_frame(c, 500000, HYDRA_FRAME_PNG, &picture);
    assert_int_equal(status == HYDRA_OK, picture != NULL);
    hydra_frame_free(picture);
    return status;
}

static hydra_render_options draft(int32_t encoder)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = HYDRA_PROFILE_DRAFT;
    options.encoder = encoder;
    return options;
}

/* Whether an encoder that fails half-way comes first. */
static bool is_frail;

hydra_status __real_hy_job_plan_encoders(const hy_job *job, hy_encoder_route *route, hy_diag *diag);
hydra_status __wrap_hy_job_plan_encoders(const hy_job *job, hy_encoder_route *route, hy_diag *diag);
hydra_status __wrap_hy_job_plan_encoders(const hy_job *job, hy_encoder_route *route, hy_diag *diag)
{
    if (!is_frail) {
        return __real_hy_job_plan_encoders(job, route, diag);
    }
    *route = test_frail_route(job->options->encoder);
    return HYDRA_OK;
}

static hydra_status render_raw(hydra_compose *c)
{
    hydra_render_options options = draft(HYDRA_ENCODER_RAW);
    return hydra_compose_render_memory(c, &options);
}

static void test_plan(void **state)
{
    (void)state;
    int count = starve(build_show, plan, 0);
    print_message("plan: %d allocations\n", count);
    assert_true(count > 10);
}

static void test_frame_of_two(void **state)
{
    (void)state;
    int count = starve(build_show, frame, 0);
    print_message("frame: %d allocations\n", count);
    assert_true(count > 50);
}

static hydra_status frame_samples(hydra_compose *c)
{
    hydra_frame *picture;
    hydra_status status = hydra_compose_frame(c, 500000, HYDRA_FRAME_I420, &picture);
    hydra_frame_free(picture);
    return status;
}

static void test_large_frame(void **state)
{
    (void)state;
    int count = starve(build_large, frame_samples, 0);
    print_message("large frame: %d allocations\n", count);
    assert_true(count > 50);
}

static void test_each_kind_of_photo(void **state)
{
    (void)state;
    int count = 0;
    for (int i = 0; i < other_count; i++) {
        single = &others[i];
        count += starve(build_single, frame, 0);
    }
    print_message("photos: %d allocations\n", count);
    assert_true(count > 20 * other_count);
}

static void test_raw_video(void **state)
{
    (void)state;
    int count = starve(build_show, render_raw, UNHEARD_OUTPUT);
    print_message("raw video: %d allocations\n", count);
    assert_true(count > 50);
}

static void test_made_again(void **state)
{
    (void)state;
    is_frail = true;
    single = &others[0];
    test_frail =
        (test_frail_plan){.at = 7, .finding = HYDRA_PROBE_LOST, .status = HYDRA_ERR_ENCODER};
    int once = starve(build_single, render_raw, UNHEARD_OUTPUT);
    test_frail.at = TEST_FRAIL_NEVER;
    assert_true(once > starve(build_single, render_raw, UNHEARD_OUTPUT) + 20);
    assert_int_equal(test_frail.opened, test_frail.closed);
    is_frail = false;
    print_message("made again: %d allocations\n", once);
}

#if HY_HAVE_X264
static hydra_status render_memory(hydra_compose *c)
{
    hydra_render_options options = draft(HYDRA_ENCODER_X264);
    return hydra_compose_render_memory(c, &options);
}

static char *folder;
static char *path;

static hydra_status render_job(hydra_compose *c)
{
    hydra_render_options options = draft(HYDRA_ENCODER_X264);
    options.preset = "ultrafast";
    hydra_render *render;
    hydra_status status = hydra_render_start(c, path, &options, &render);
    assert_int_equal(status == HYDRA_OK, render != NULL);
    if (render) {
        status = hydra_render_wait(render, HYDRA_AUTO);
        (void)snprintf(job_error, sizeof job_error, "%s", hydra_render_error(render));
    }
    hydra_render_free(render);
    assert_int_equal(test_count_entries(folder), status == HYDRA_OK);
    if (status == HYDRA_OK) {
        assert_int_equal(remove(path), 0);
    }
    return status;
}

static void test_video_in_memory(void **state)
{
    (void)state;
    int count = starve(build_show, render_memory, UNHEARD_OUTPUT + UNHEARD_LOOP);
    print_message("video in memory: %d allocations\n", count);
    assert_true(count > 100);
}

static void test_job_to_a_file(void **state)
{
    (void)state;
    folder = test_folder_new();
    path = test_path(folder, "out.mp4");
    int count = starve(build_show, render_job, UNHEARD_LOOP + UNHEARD_EVENTS + UNHEARD_GPU);
    print_message("job: %d allocations\n", count);
    assert_true(count > 100);
    free(path);
    test_folder_free(folder);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_frame_of_two),
        cmocka_unit_test(test_large_frame),
        cmocka_unit_test(test_each_kind_of_photo),
        cmocka_unit_test(test_raw_video),
        cmocka_unit_test(test_made_again),
#if HY_HAVE_X264
        cmocka_unit_test(test_video_in_memory),
        cmocka_unit_test(test_job_to_a_file),
#endif
    };
    return cmocka_run_group_tests(tests, make_inputs, free_inputs);
}
