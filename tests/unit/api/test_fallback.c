/* SPDX-License-Identifier: MIT */
/* What a host sees of renders whose encoder's GPU fails. */
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "render/render.h"

#include "compose.h"
#include "frail.h"

#define FRAMES 60
#define REASON "made again with x264, as frail failed at frame 40: gone"

static int32_t route_count; /* of its encoders that may be tried */

hydra_status __wrap_hy_job_plan_encoders(const hy_job *job, hy_encoder_route *route, hy_diag *diag);
hydra_status __wrap_hy_job_plan_encoders(const hy_job *job, hy_encoder_route *route, hy_diag *diag)
{
    (void)job;
    (void)diag;
    *route = test_frail_route(HYDRA_ENCODER_X264);
    route->count = route_count;
    return HYDRA_OK;
}

static int setup(void **state)
{
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 2000000;
    uint32_t seed = 4;
    hydra_compose *c = test_compose(2, 96, 96, 30, 1);
    test_add_picture(c, 200, 150, test_pixel_natural, &seed, &image);
    test_frail =
        (test_frail_plan){.at = 40, .finding = HYDRA_PROBE_STALLED, .status = HYDRA_ERR_ENCODER};
    route_count = 2;
    *state = c;
    return 0;
}

static int teardown(void **state)
{
    hydra_compose_free(*state);
    return 0;
}

static void check_first(const hydra_attempt *attempt)
{
    assert_int_equal(attempt->encoder, HYDRA_ENCODER_NVENC);
    assert_string_equal(attempt->name, "frail");
    assert_int_equal(attempt->finding, HYDRA_PROBE_STALLED);
    assert_int_equal(attempt->status, HYDRA_ERR_ENCODER);
    assert_int_equal(attempt->frames, 40);
    assert_string_equal(attempt->text, "gone");
}

static void check_second(const hydra_attempt *attempt)
{
    assert_string_equal(attempt->name, "x264");
    assert_int_equal(attempt->status, HYDRA_OK);
    assert_int_equal(attempt->frames, FRAMES);
    assert_string_equal(attempt->text, "");
}

static void test_blocking_render(void **state)
{
    hydra_compose *c = *state;
    hydra_attempt attempt = {.struct_size = sizeof attempt};
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_compose_attempt(c, 0, &attempt), HYDRA_ERR_STATE);
    assert_compose_ok(c, hydra_compose_render_memory(c, NULL));
    assert_int_equal(hydra_compose_result(c, &result), HYDRA_OK);
    assert_int_equal(result.attempts, 2);
    assert_string_equal(result.encoder, "x264");
    assert_string_equal(result.encoder_reason, REASON);
    assert_int_equal(hydra_compose_attempt(c, 0, &attempt), HYDRA_OK);
    check_first(&attempt);
    assert_int_equal(hydra_compose_attempt(c, 1, &attempt), HYDRA_OK);
    check_second(&attempt);
    assert_int_equal(hydra_compose_attempt(c, 2, &attempt), HYDRA_ERR_STATE);
    assert_int_equal(hydra_compose_attempt(c, -1, &attempt), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_attempt(c, 0, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_attempt(NULL, 0, &attempt), HYDRA_ERR_ARGUMENT);
    attempt.struct_size = 0;
    assert_int_equal(hydra_compose_attempt(c, 0, &attempt), HYDRA_ERR_ARGUMENT);
}

static void test_blocking_render_that_fails(void **state)
{
    hydra_compose *c = *state;
    hydra_attempt attempt = {.struct_size = sizeof attempt};
    route_count = 1;
    assert_compose_fails(c, hydra_compose_render_memory(c, NULL), HYDRA_ERR_ENCODER,
                         "frail failed at frame 40: gone");
    assert_int_equal(hydra_compose_attempt(c, 0, &attempt), HYDRA_OK);
    check_first(&attempt);
    assert_int_equal(hydra_compose_attempt(c, 1, &attempt), HYDRA_ERR_STATE);
    /* One that ends before its first attempt forgets them, too. */
    assert_int_equal(hydra_compose_render(c, "/nowhere/at/all.mp4", NULL), HYDRA_ERR_NOT_FOUND);
    assert_int_equal(hydra_compose_attempt(c, 0, &attempt), HYDRA_ERR_STATE);
}

typedef struct host {
    hydra_compose *c;
    hydra_status status;
    uint8_t data[1 << 20];
} host;

static int32_t host_write(void *user, int64_t offset, const void *data, size_t size)
{
    host *h = user;
    hydra_attempt attempt = {.struct_size = sizeof attempt};
    h->status = hydra_compose_attempt(h->c, 0, &attempt);
    assert_true(offset + (int64_t)size <= (int64_t)sizeof h->data);
    memcpy(h->data + offset, data, size);
    return 0;
}

/* The host's own functions have got nothing when an encoder cannot be opened. */
static void test_writer(void **state)
{
    static host h;
    h.c = *state;
    hydra_attempt attempt = {.struct_size = sizeof attempt};
    const hydra_writer writer = {.struct_size = sizeof writer, .user = &h, .write = host_write};
    test_frail.at = TEST_FRAIL_OPEN;
    assert_compose_ok(h.c, hydra_compose_render_writer(h.c, &writer, NULL));
    assert_int_equal(h.status, HYDRA_ERR_STATE); /* while it ran */
    assert_int_equal(hydra_compose_attempt(h.c, 1, &attempt), HYDRA_OK);
    check_second(&attempt);
}

/* ---- Jobs ---- */

static hydra_event next(hydra_render *render)
{
    hydra_event event = {.struct_size = sizeof event};
    struct pollfd fd = {.fd = hydra_render_fd(render), .events = POLLIN};
    assert_int_equal(poll(&fd, 1, 60000), 1);
    assert_int_equal(hydra_render_next_event(render, &event), HYDRA_OK);
    return event;
}

/* What the events of a whole job told. */
typedef struct story {
    int warnings;
    int falls; /* of the stage */
    char warning[600];
    hydra_status status;
} story;

static story watch(hydra_render *render)
{
    story s = {0};
    hydra_event event;
    double progress = 0;
    int32_t stage = HYDRA_STAGE_WAITING;
    do {
        event = next(render);
        assert_true(event.progress >= progress);
        progress = event.progress;
        s.falls += event.stage < stage;
        stage = event.stage;
        if (event.kind == HYDRA_EVENT_WARNING) {
            s.warnings++;
            (void)strncpy(s.warning, event.text, sizeof s.warning - 1);
        }
    } while (event.kind != HYDRA_EVENT_DONE);
    s.status = event.status;
    return s;
}

static void wait_until_asked(void *user)
{
    while (!atomic_load((atomic_bool *)user)) {
    }
}

static void test_job(void **state)
{
    hydra_compose *c = *state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    hydra_attempt attempt = {.struct_size = sizeof attempt};
    hydra_result result = {.struct_size = sizeof result};
    atomic_bool asked = false;
    hydra_render *render = NULL;
    test_frail.hook = wait_until_asked;
    test_frail.user = &asked;
    assert_compose_ok(c, hydra_render_start(c, path, NULL, &render));
    assert_int_equal(hydra_render_attempt(render, 0, &attempt), HYDRA_ERR_STATE);
    atomic_store(&asked, true);
    story s = watch(render);
    assert_int_equal(s.status, HYDRA_OK);
    assert_int_equal(s.warnings, 1);
    assert_string_equal(s.warning, REASON);
    assert_true(s.falls <= 1); /* 0: nobody looked in between */
    assert_int_equal(hydra_render_result(render, &result), HYDRA_OK);
    assert_int_equal(result.attempts, 2);
    assert_string_equal(result.encoder_reason, REASON);
    assert_int_equal(hydra_render_attempt(render, 0, &attempt), HYDRA_OK);
    check_first(&attempt);
    assert_int_equal(hydra_render_attempt(render, 1, &attempt), HYDRA_OK);
    check_second(&attempt);
    assert_int_equal(hydra_render_attempt(render, 2, &attempt), HYDRA_ERR_STATE);
    assert_int_equal(hydra_render_attempt(render, -1, &attempt), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_render_attempt(NULL, 0, &attempt), HYDRA_ERR_ARGUMENT);
    hydra_render_free(render);
    assert_int_equal(test_count_entries(folder), 1);
    free(path);
    test_folder_free(folder);
}

/* `pull:` that the host has not begun to read is made again; one that it has is not. */
static void test_pull(void **state)
{
    hydra_compose *c = *state;
    static uint8_t bytes[1 << 20];
    size_t got = 0;
    size_t all = 0;
    hydra_render *render = NULL;
    hydra_event event;
    assert_compose_ok(c, hydra_render_start(c, "pull:", NULL, &render));
    do {
        event = next(render);
        assert_int_not_equal(event.kind, HYDRA_EVENT_DONE);
    } while (event.kind != HYDRA_EVENT_WARNING);
    while (hydra_render_wait(render, 1000) == HYDRA_ERR_TIMEOUT) {
        assert_int_equal(hydra_render_read(render, bytes + all, sizeof bytes - all, NULL, &got),
                         HYDRA_OK);
        all += got;
    }
    assert_int_equal(hydra_render_wait(render, 0), HYDRA_OK);
    test_video video;
    test_decode_video(bytes, all, NULL, NULL, &video);
    assert_int_equal(video.frames, FRAMES);
    test_video_free(&video);
    hydra_render_free(render);
}

static void test_job_that_is_cancelled(void **state)
{
    hydra_compose *c = *state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    hydra_attempt attempt = {.struct_size = sizeof attempt};
    hydra_render *render = NULL;
    hydra_event event;
    test_frail.at = 2;
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 60000000;
    uint32_t seed = 5;
    test_add_picture(c, 200, 150, test_pixel_natural, &seed, &image);
    assert_compose_ok(c, hydra_render_start(c, path, NULL, &render));
    do {
        event = next(render);
        assert_int_not_equal(event.kind, HYDRA_EVENT_DONE);
    } while (event.kind != HYDRA_EVENT_WARNING);
    hydra_render_cancel(render);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_ERR_CANCELLED);
    assert_int_equal(hydra_render_attempt(render, 1, &attempt), HYDRA_OK);
    assert_int_equal(attempt.status, HYDRA_ERR_CANCELLED);
    assert_int_equal(attempt.finding, HYDRA_PROBE_OK);
    hydra_render_free(render);
    assert_int_equal(test_count_entries(folder), 0);
    free(path);
    test_folder_free(folder);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_blocking_render),
        TEST(test_blocking_render_that_fails),
        TEST(test_writer),
        TEST(test_job),
        TEST(test_pull),
        TEST(test_job_that_is_cancelled),
    };
    hydra_silence_ffmpeg();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
