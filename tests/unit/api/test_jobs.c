/* SPDX-License-Identifier: MIT */
/* Jobs: start, events, progress, cancel at any moment, deadlines, freeing in any order. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compose.h"

/* A few photos and sound at a small size: some tenths of a second of work. */
static hydra_compose *project(hydra_context *context, int32_t photos, int32_t side)
{
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(context, &c), HYDRA_OK);
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = side;
    canvas.height_px = side;
    assert_compose_ok(c, hydra_compose_set_canvas(c, &canvas));
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 1000000;
    for (uint32_t i = 0; i < (uint32_t)photos; i++) {
        test_add_picture(c, 160, 120, test_pixel_natural, &i, &image);
    }
    test_add_tone(c, photos, NULL);
    return c;
}

static hydra_render *start(hydra_compose *c, const char *path)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = HYDRA_PROFILE_DRAFT;
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, path, &options, &render));
    assert_non_null(render);
    return render;
}

static hydra_event next(hydra_render *render)
{
    hydra_event event = {.struct_size = sizeof event};
    assert_int_equal(hydra_render_next_event(render, &event), HYDRA_OK);
    return event;
}

/* The descriptor is readable exactly while events wait. */
static bool is_readable(const hydra_render *render, int timeout_ms)
{
    struct pollfd fd = {.fd = hydra_render_fd(render), .events = POLLIN};
    return poll(&fd, 1, timeout_ms) == 1;
}

/* The job has a snapshot: the compose may change and go. */
static void change_everything(hydra_compose *c)
{
    static const char other[] = "{\"hydra\": 1, \"images\": [{\"src\": \"/nowhere.jpg\"}]}";
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = 64;
    canvas.height_px = 96;
    canvas.fps_num = 10;
    hydra_render_options raw;
    hydra_render_options_init(&raw);
    raw.encoder = HYDRA_ENCODER_RAW;
    assert_compose_ok(c, hydra_compose_set_canvas(c, &canvas));
    assert_compose_ok(c, hydra_compose_set_duration(c, 7000000));
    assert_compose_ok(c, hydra_compose_set_transition(c, HYDRA_ALL_CUTS, NULL));
    assert_compose_ok(c, hydra_compose_set_audio(c, NULL, NULL));
    assert_compose_ok(c, hydra_compose_set_output(c, &raw));
    assert_compose_ok(c, hydra_compose_add_image(c, "/nowhere.jpg", NULL));
    assert_compose_ok(c, hydra_compose_load_json(c, other, strlen(other)));
}

static void test_events_tell_the_whole_story(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    hydra_compose *c = project(NULL, 3, 128);
    hydra_render *render = start(c, path);
    change_everything(c);
    hydra_compose_free(c);
    double progress = 0;
    int32_t stage = HYDRA_STAGE_WAITING;
    int64_t frames = 0;
    int logs = 0;
    int warnings = 0;
    for (;;) {
        assert_true(is_readable(render, 20000));
        hydra_event event = next(render);
        assert_true(event.progress >= progress && event.progress <= 1);
        assert_true(event.stage >= stage && event.frames_done >= frames);
        progress = event.progress;
        stage = event.stage;
        frames = event.frames_done;
        assert_non_null(event.text);
        assert_true(event.eta_us >= (event.frames_done > 1 ? 0 : -1));
        assert_true((event.eta_us == -1) == (event.frames_per_s == 0 && stage < HYDRA_STAGE_DONE));
        logs += event.kind == HYDRA_EVENT_LOG;
        warnings += event.kind == HYDRA_EVENT_WARNING;
        if (event.kind == HYDRA_EVENT_DONE) {
            assert_int_equal(event.status, HYDRA_OK);
            assert_int_equal(event.stage, HYDRA_STAGE_DONE);
            break;
        }
        assert_int_not_equal(event.kind, HYDRA_EVENT_NONE);
    }
    assert_true(progress == 1);
    assert_int_equal(frames, 90);
    assert_true(logs >= 3);
    assert_int_equal(warnings, 0);
    assert_false(is_readable(render, 0));
    assert_int_equal(next(render).kind, HYDRA_EVENT_NONE);
    assert_int_equal(hydra_render_wait(render, 0), HYDRA_OK);
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_render_result(render, &result), HYDRA_OK);
    assert_int_equal(result.frames, 90);
    assert_int_equal(result.width_px, 128);
    assert_int_equal(result.height_px, 128);
    assert_int_equal(result.fps_num, 30);
    assert_string_equal(result.encoder, "x264");
    assert_true(result.has_audio);
    assert_string_equal(hydra_render_error(render), "");
    hydra_render_free(render);
    assert_int_equal(test_count_entries(folder), 1);
    free(path);
    test_folder_free(folder);
}

/* The level of a context reaches its jobs. */
static void test_level_is_told(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.simd = HYDRA_SIMD_NONE;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    hydra_compose *c = project(context, 1, 128);
    hydra_render *render = start(c, path);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_OK);
    bool told = false;
    for (hydra_event event = next(render); event.kind != HYDRA_EVENT_DONE; event = next(render)) {
        told = told || (event.kind == HYDRA_EVENT_LOG && strstr(event.text, "with plain C"));
    }
    assert_true(told);
    hydra_render_free(render);
    hydra_compose_free(c);
    hydra_context_free(context);
    free(path);
    test_folder_free(folder);
}

static void test_small_photo_is_a_warning(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    hydra_compose *c = project(NULL, 1, 512);
    hydra_render *render = start(c, path);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_OK);
    bool warned = false;
    for (hydra_event event = next(render); event.kind != HYDRA_EVENT_DONE; event = next(render)) {
        warned = warned || (event.kind == HYDRA_EVENT_WARNING && strstr(event.text, "image 0") &&
                            strstr(event.text, "enlarged"));
    }
    assert_true(warned);
    hydra_render_free(render);
    hydra_compose_free(c);
    free(path);
    test_folder_free(folder);
}

static void test_failure_is_the_result(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    hydra_compose *c = project(NULL, 2, 64);
    assert_compose_ok(c, hydra_compose_add_image(c, "/nowhere/missing.jpg", NULL));
    hydra_render *render = start(c, path);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_ERR_NOT_FOUND);
    assert_non_null(strstr(hydra_render_error(render), "/nowhere/missing.jpg"));
    hydra_event event;
    do {
        event = next(render);
    } while (event.kind != HYDRA_EVENT_DONE);
    assert_int_equal(event.status, HYDRA_ERR_NOT_FOUND);
    assert_non_null(strstr(event.text, "missing.jpg"));
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_render_result(render, &result), HYDRA_ERR_STATE);
    hydra_render_free(render);
    assert_int_equal(test_count_entries(folder), 0);
    hydra_compose_free(c);
    free(path);
    test_folder_free(folder);
}

/* Whenever it comes, a cancel ends the job and leaves nothing. */
static void test_cancel_at_any_moment(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    hydra_compose *c = project(NULL, 8, 256);
    uint64_t random = 5;
    int cancelled = 0;
    for (int round = 0; round < 30; round++) {
        hydra_render *render = start(c, path);
        if (round > 0) {
            (void)hydra_render_wait(render, (int64_t)(test_random(&random) % 150000));
        }
        hydra_render_cancel(render);
        hydra_render_cancel(render);
        hydra_status status = hydra_render_wait(render, HYDRA_AUTO);
        if (status == HYDRA_ERR_CANCELLED) {
            cancelled++;
            assert_non_null(strstr(hydra_render_error(render), "cancelled"));
            assert_int_equal(test_count_entries(folder), 0);
        } else {
            assert_int_equal(status, HYDRA_OK);
            assert_int_equal(unlink(path), 0);
        }
        hydra_render_cancel(render); /* after the end: nothing changes */
        assert_int_equal(hydra_render_wait(render, 0), status);
        hydra_render_free(render);
        assert_int_equal(test_count_entries(folder), 0);
    }
    assert_true(cancelled >= 5);
    hydra_compose_free(c);
    free(path);
    test_folder_free(folder);
}

static void test_free_cancels(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    for (int order = 0; order < 3; order++) {
        hydra_context *context = NULL;
        assert_int_equal(hydra_context_new(NULL, &context), HYDRA_OK);
        hydra_compose *c = project(context, 10, 256);
        hydra_render *render = start(c, path);
        if (order == 0) {
            hydra_render_free(render);
            hydra_compose_free(c);
            hydra_context_free(context);
        } else if (order == 1) {
            hydra_context_free(context);
            hydra_compose_free(c);
            hydra_render_free(render);
        } else {
            hydra_compose_free(c);
            hydra_render_free(render);
            hydra_context_free(context);
        }
        assert_int_equal(test_count_entries(folder), 0);
    }
    free(path);
    test_folder_free(folder);
}

static void *cancel_soon(void *render)
{
    (void)usleep(20000);
    hydra_render_cancel(render);
    return NULL;
}

static void test_cancel_from_another_thread(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    hydra_compose *c = project(NULL, 60, 256);
    hydra_render *render = start(c, path);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, render), 0);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_ERR_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    hydra_render_free(render);
    assert_int_equal(test_count_entries(folder), 0);
    hydra_compose_free(c);
    free(path);
    test_folder_free(folder);
}

static void test_deadlines(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    hydra_compose *c = project(NULL, 30, 512);
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.deadline_us = 30000;
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, path, &options, &render));
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_ERR_DEADLINE);
    assert_non_null(strstr(hydra_render_error(render), "deadline"));
    hydra_render_free(render);
    assert_compose_fails(c, hydra_compose_render(c, path, &options), HYDRA_ERR_DEADLINE,
                         "deadline");
    assert_int_equal(test_count_entries(folder), 0);
    hydra_compose_free(c);
    free(path);
    test_folder_free(folder);
}

static void *read_all(void *path)
{
    char bytes[4096];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (read(fd, bytes, sizeof bytes) > 0) {
    }
    (void)close(fd);
    return NULL;
}

/* For a job that cannot end until somebody reads its FIFO. */
static void test_waiting(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "fifo");
    pthread_t reader;
    assert_int_equal(mkfifo(path, 0600), 0);
    hydra_compose *c = project(NULL, 2, 256);
    hydra_render *render = start(c, path);
    assert_int_equal(hydra_render_wait(render, 0), HYDRA_ERR_TIMEOUT);
    assert_int_equal(hydra_render_wait(render, 1000), HYDRA_ERR_TIMEOUT);
    assert_int_equal(hydra_render_wait(render, -5), HYDRA_ERR_ARGUMENT);
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_render_result(render, &result), HYDRA_ERR_STATE);
    assert_string_equal(hydra_render_error(render), "");
    assert_int_equal(pthread_create(&reader, NULL, read_all, path), 0);
    assert_int_equal(hydra_render_wait(render, INT64_MAX), HYDRA_OK);
    assert_int_equal(pthread_join(reader, NULL), 0);
    hydra_render_free(render);
    hydra_compose_free(c);
    free(path);
    test_folder_free(folder);
}

static void test_bad_arguments(void **state)
{
    (void)state;
    hydra_compose *c = project(NULL, 1, 64);
    hydra_render *render = (hydra_render *)c;
    assert_int_equal(hydra_render_start(NULL, "a.mp4", NULL, &render), HYDRA_ERR_ARGUMENT);
    assert_null(render);
    assert_compose_fails(c, hydra_render_start(c, NULL, NULL, &render), HYDRA_ERR_ARGUMENT,
                         "destination");
    assert_compose_fails(c, hydra_render_start(c, "ftp://a.example/b.mp4", NULL, &render),
                         HYDRA_ERR_UNSUPPORTED, "ftp:");
    assert_compose_fails(c, hydra_render_start(c, "a.mp4", NULL, NULL), HYDRA_ERR_ARGUMENT,
                         "out-parameter");
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.deadline_us = -1;
    assert_compose_fails(c, hydra_render_start(c, "a.mp4", &options, &render), HYDRA_ERR_ARGUMENT,
                         "deadline_us");
    hydra_render_options_init(&options);
    options.when_busy = 7;
    assert_compose_fails(c, hydra_render_start(c, "a.mp4", &options, &render), HYDRA_ERR_ARGUMENT,
                         "when_busy");
    hydra_event event = {0};
    hydra_render_cancel(NULL);
    hydra_render_free(NULL);
    assert_int_equal(hydra_render_wait(NULL, 0), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_render_next_event(NULL, &event), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_render_fd(NULL), -1);
    assert_int_equal(hydra_render_result(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_string_equal(hydra_render_error(NULL), "");
    hydra_compose_free(c);
}

/* Eight jobs on one context of two workers, started together. */
static void test_jobs_do_not_disturb_each_other(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.threads = 2;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    hydra_render *jobs[8];
    char *paths[8];
    for (int i = 0; i < 8; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "%d.mp4", i);
        paths[i] = test_path(folder, name);
        hydra_compose *c = project(context, 2 + i % 3, 128);
        jobs[i] = start(c, paths[i]);
        hydra_compose_free(c);
    }
    hydra_context_free(context);
    hydra_render_cancel(jobs[3]);
    for (int i = 0; i < 8; i++) {
        hydra_status status = hydra_render_wait(jobs[i], HYDRA_AUTO);
        if (i != 3) {
            assert_int_equal(status, HYDRA_OK);
            hydra_result result = {.struct_size = sizeof result};
            assert_int_equal(hydra_render_result(jobs[i], &result), HYDRA_OK);
            assert_int_equal(result.frames, (2 + i % 3) * 30);
        }
        hydra_render_free(jobs[i]);
        assert_int_equal(access(paths[i], F_OK) == 0, status == HYDRA_OK);
        free(paths[i]);
    }
    test_folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events_tell_the_whole_story),
        cmocka_unit_test(test_level_is_told),
        cmocka_unit_test(test_small_photo_is_a_warning),
        cmocka_unit_test(test_failure_is_the_result),
        cmocka_unit_test(test_cancel_at_any_moment),
        cmocka_unit_test(test_free_cancels),
        cmocka_unit_test(test_cancel_from_another_thread),
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_bad_arguments),
        cmocka_unit_test(test_jobs_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
