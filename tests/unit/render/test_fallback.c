/* SPDX-License-Identifier: MIT */
/* Encoders whose GPU fails: the next one makes the very video that it makes alone, unless bytes
 * have left. What fails for other reasons is not tried again. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "render/render.h"
#include "sink/sink.h"

#include "compose.h"
#include "frail.h"

#define PHOTO_FRAMES 39
#define FRAMES       (2 * PHOTO_FRAMES)
#define LIMIT_BYTES  (4 << 20)

/* ---- A render ---- */

typedef struct bench {
    hydra_compose *c;
    hydra_render_options options;
    hy_encoder_route route;
    hy_cancel cancel;
    hydra_result result;
    hy_attempts attempts;
    hy_diag diag;
    /* What the observer heard. */
    int preparing;
    int warnings;
    char warning[HY_DIAG_BYTES];
    int64_t frames_done;
    int64_t cancel_at;     /* frame of the second attempt; 0 = never */
    int64_t sleep_at;      /* until the deadline */
    atomic_bool *released; /* set when the second attempt begins */
} bench;

static void on_stage(void *user, int32_t stage)
{
    bench *b = user;
    b->preparing += stage == HYDRA_STAGE_PREPARING;
    if (b->preparing == 2 && b->released) {
        atomic_store(b->released, true);
    }
}

static void sleep_us(int64_t us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    (void)nanosleep(&time, NULL);
}

static void on_frame(void *user, int64_t done, int64_t total)
{
    bench *b = user;
    assert_int_equal(total % PHOTO_FRAMES, 0);
    assert_true(done == b->frames_done + 1 || done == 1);
    b->frames_done = done;
    if (b->preparing == 2 && done == b->cancel_at) {
        hy_cancel_request(&b->cancel);
    }
    while (b->preparing == 2 && done == b->sleep_at && !hy_cancel_requested(&b->cancel)) {
        sleep_us(1000);
    }
}

static void on_message(void *user, int32_t kind, const char *text)
{
    bench *b = user;
    if (kind == HYDRA_EVENT_WARNING) {
        b->warnings++;
        (void)strncpy(b->warning, text, sizeof b->warning - 1);
    }
}

/* Photos with cuts between them, and music. */
static void add_photos(hydra_compose *c, uint32_t count)
{
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.motion = HYDRA_MOTION_ZOOM_IN;
    image.duration_us = 1300000;
    for (uint32_t seed = 1; seed <= count; seed++) {
        test_add_picture(c, 200, 150, test_pixel_natural, &seed, &image);
    }
    test_add_tone(c, 3, NULL);
}

static void open_bench(bench *b, int64_t fails_at)
{
    *b = (bench){.c = test_compose(2, 192, 128, 30, 1)};
    hydra_render_options_init(&b->options);
    b->route = test_frail_route(HYDRA_ENCODER_X264);
    hy_cancel_init(&b->cancel, 0);
    test_frail =
        (test_frail_plan){.at = fails_at, .finding = HYDRA_PROBE_LOST, .status = HYDRA_ERR_ENCODER};
}

static void setup(bench *b, int64_t fails_at)
{
    open_bench(b, fails_at);
    add_photos(b->c, 2);
}

static void teardown(bench *b)
{
    assert_int_equal(test_frail.opened, test_frail.closed);
    hydra_compose_free(b->c);
}

static hydra_status run(bench *b, hy_sink *sink)
{
    const hy_observer observer = {on_stage, on_frame, on_message, b};
    hy_job job = {
        .project = &b->c->project,
        .policy = &b->c->context->policy,
        .pool = b->c->context->pool,
        .route = &b->route,
        .sink = sink,
        .options = &b->options,
        .cancel = &b->cancel,
        .observer = &observer,
    };
    b->diag = (hy_diag){0};
    return hy_render_run(&job, &b->result, &b->attempts, &b->diag);
}

/* ---- Destinations ---- */

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

typedef enum way {
    TO_MEMORY,
    TO_FILE,
    TO_WRITER,
    TO_PIPE,
    TO_PULL,
    TO_PIPE_BUFFERED
} way;

/* All that a destination is to a render, and to who gets the bytes. */
typedef struct place {
    way to;
    hy_sink *sink;
    char *folder;
    char *path;
    int fd; /* to read from */
    pthread_t reader;
    bool reads;
    atomic_bool may_read; /* from `pull:` */
    atomic_bool done;
    atomic_size_t got;
    bytes out;
    bool lost; /* a byte came where another one was expected */
} place;

static void append(place *p, const void *data, size_t size)
{
    p->out.data = realloc(p->out.data, p->out.size + size + 1);
    memcpy(p->out.data + p->out.size, data, size);
    p->out.size += size;
    atomic_store(&p->got, p->out.size);
}

static int32_t host_write(void *user, int64_t offset, const void *data, size_t size)
{
    place *p = user;
    size_t end = (size_t)offset + size;
    if (end > p->out.size) {
        p->out.data = realloc(p->out.data, end);
        memset(p->out.data + p->out.size, 0, end - p->out.size);
        p->out.size = end;
    }
    memcpy(p->out.data + offset, data, size);
    atomic_store(&p->got, p->out.size);
    return 0;
}

static void *read_pipe(void *user)
{
    place *p = user;
    uint8_t bite[10000];
    for (ssize_t got; (got = read(p->fd, bite, sizeof bite)) > 0;) {
        append(p, bite, (size_t)got);
    }
    return NULL;
}

static void *read_pull(void *user)
{
    place *p = user;
    uint8_t bite[10000];
    for (;;) {
        bool last = atomic_load(&p->done);
        int64_t offset = 0;
        size_t got = 0;
        if (atomic_load(&p->may_read)) {
            (void)hy_sink_pull_read(p->sink, bite, sizeof bite, &offset, &got);
        }
        p->lost = p->lost || (got > 0 && offset != (int64_t)p->out.size);
        append(p, bite, got);
        if (got == 0 && last) {
            return NULL;
        }
        sleep_us(got == 0 ? 1000 : 0);
    }
}

static void open_pipe(place *p, hy_diag *diag)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_ok(hy_sink_fd_new(ends[1], true, "fd:9", NULL, &p->sink, diag), diag);
    p->fd = ends[0];
    p->reads = true;
    assert_int_equal(pthread_create(&p->reader, NULL, read_pipe, p), 0);
}

static void open_pull(place *p, const hy_cancel *cancel, hy_diag *diag)
{
    assert_ok(hy_sink_pull_new(LIMIT_BYTES, NULL, NULL, cancel, &p->sink, diag), diag);
    p->reads = true;
    assert_int_equal(pthread_create(&p->reader, NULL, read_pull, p), 0);
}

/* `reads_at_once`: from `pull:`; else when the second attempt begins. */
static void open_place(place *p, way to, bool reads_at_once, bench *b)
{
    hy_diag diag = {0};
    const hydra_writer writer = {.struct_size = sizeof writer, .user = p, .write = host_write};
    memset(p, 0, sizeof *p);
    p->to = to;
    p->fd = -1;
    atomic_store(&p->may_read, reads_at_once);
    b->released = &p->may_read;
    switch (to) {
    case TO_MEMORY:
        assert_ok(hy_sink_memory_new(LIMIT_BYTES, &p->sink, &diag), &diag);
        break;
    case TO_FILE:
        p->folder = test_folder_new();
        p->path = test_path(p->folder, "video.mp4");
        assert_ok(hy_sink_file_new(p->path, true, NULL, &p->sink, &diag), &diag);
        break;
    case TO_WRITER:
        assert_ok(hy_sink_writer_new(&writer, &p->sink, &diag), &diag);
        break;
    case TO_PULL:
        open_pull(p, &b->cancel, &diag);
        break;
    default:
        open_pipe(p, &diag);
        break;
    }
    if (to == TO_PIPE_BUFFERED) {
        hy_sink *inner = p->sink;
        assert_ok(hy_sink_buffered_new(inner, LIMIT_BYTES, &p->sink, &diag), &diag);
    }
}

static void take_file(place *p, hydra_status status)
{
    assert_int_equal(test_count_entries(p->folder), status == HYDRA_OK);
    if (status == HYDRA_OK) {
        p->out.data = test_read_file(p->path, &p->out.size);
    }
    free(p->path);
    test_folder_free(p->folder);
}

/* What came out; the place is gone. Free the bytes with free. */
static bytes close_place(place *p, hydra_status status)
{
    atomic_store(&p->done, true);
    if (p->to == TO_MEMORY) {
        uint8_t *data;
        hy_sink_memory_take(p->sink, &data, &p->out.size);
        p->out.data = malloc(p->out.size + 1);
        if (p->out.size > 0) {
            memcpy(p->out.data, data, p->out.size);
        }
        hy_free(data);
    }
    if (p->reads && p->fd < 0) {
        assert_int_equal(pthread_join(p->reader, NULL), 0);
    }
    hy_sink_free(p->sink);
    if (p->reads && p->fd >= 0) {
        assert_int_equal(pthread_join(p->reader, NULL), 0);
        (void)close(p->fd);
    }
    if (p->to == TO_FILE) {
        take_file(p, status);
    }
    assert_false(p->lost);
    return p->out;
}

/* The same project with the second encoder alone. */
static bytes render_alone(way to)
{
    bench b;
    place p;
    setup(&b, TEST_FRAIL_NEVER);
    b.route = test_sound_route(HYDRA_ENCODER_X264);
    open_place(&p, to, true, &b);
    hydra_status status = run(&b, p.sink);
    assert_ok(status, &b.diag);
    assert_int_equal(b.attempts.count, 1);
    bytes out = close_place(&p, status);
    assert_int_equal(out.size, b.result.bytes);
    teardown(&b);
    return out;
}

/* ---- It works ---- */

static void check_made_again(const bench *b, const bytes *expected, const bytes *out)
{
    assert_int_equal(b->attempts.count, 2);
    assert_int_equal(b->preparing, 2);
    assert_int_equal(b->warnings, 1);
    assert_int_equal(b->frames_done, FRAMES);
    assert_int_equal(out->size, b->result.bytes);
    assert_int_equal(out->size, expected->size);
    assert_memory_equal(out->data, expected->data, out->size);
}

static void check_way(way to, int64_t fails_at, bool in_receive, const bytes *expected)
{
    bench b;
    place p;
    setup(&b, fails_at);
    test_frail.in_receive = in_receive;
    open_place(&p, to, false, &b);
    hydra_status status = run(&b, p.sink);
    assert_ok(status, &b.diag);
    bytes out = close_place(&p, status);
    check_made_again(&b, expected, &out);
    free(out.data);
    teardown(&b);
}

static void test_where_all_can_be_called_back(void **state)
{
    (void)state;
    static const way ways[] = {TO_MEMORY, TO_FILE, TO_PULL, TO_PIPE_BUFFERED};
    static const int64_t points[] = {TEST_FRAIL_OPEN, 0, 1, 50, FRAMES - 1, TEST_FRAIL_DRAIN};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        bytes expected = render_alone(ways[w]);
        for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
            check_way(ways[w], points[i], false, &expected);
        }
        check_way(ways[w], 50, true, &expected);
        check_way(ways[w], TEST_FRAIL_DRAIN, true, &expected);
        free(expected.data);
    }
}

/* A fragment that is not complete has not left. */
static void test_before_the_first_byte(void **state)
{
    (void)state;
    bytes piece = render_alone(TO_PIPE);
    bytes whole = render_alone(TO_WRITER);
    check_way(TO_PIPE, TEST_FRAIL_OPEN, false, &piece);
    check_way(TO_PIPE, 0, false, &piece);
    check_way(TO_PIPE, 20, false, &piece);
    check_way(TO_WRITER, TEST_FRAIL_OPEN, false, &whole);
    check_way(TO_WRITER, 0, false, &whole);
    free(piece.data);
    free(whole.data);
}

/* ---- It does not ---- */

static void wait_for_byte(void *user)
{
    place *p = user;
    for (int tries = 0; atomic_load(&p->got) == 0 && tries < 5000; tries++) {
        sleep_us(1000);
    }
}

static void test_after_the_first_byte(void **state)
{
    (void)state;
    static const struct {
        way to;
        const char *part;
    } cases[] = {
        {TO_WRITER, "gone; output writer: the host has got "},
        {TO_PIPE, "gone; fd:9: the reader has got "},
        {TO_PULL, "gone; pull:: the host has got "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b;
        place p;
        open_bench(&b, TEST_FRAIL_DRAIN);
        add_photos(b.c, 4); /* more than the encoder looks ahead, and the muxer collects */
        b.options.crf = 2;
        open_place(&p, cases[i].to, true, &b);
        test_frail.hook = wait_for_byte;
        test_frail.user = &p;
        hydra_status status = run(&b, p.sink);
        assert_failed(status, HYDRA_ERR_ENCODER, &b.diag, cases[i].part);
        assert_non_null(strstr(b.diag.text, "frail failed after the last frame: "));
        assert_non_null(strstr(b.diag.text, " bytes already"));
        assert_int_equal(b.attempts.count, 1);
        assert_int_equal(b.attempts.list[0].finding, HYDRA_PROBE_LOST);
        assert_int_equal(b.preparing, 1);
        assert_int_equal(b.warnings, 0);
        free(close_place(&p, status).data);
        teardown(&b);
    }
}

static hydra_status restart_fails(hy_sink *sink, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_IO, "%s: emptying failed", sink->name);
}

static void test_sinks_that_cannot(void **state)
{
    (void)state;
    for (int known = 0; known < 2; known++) {
        bench b;
        place p;
        setup(&b, 5);
        open_place(&p, TO_MEMORY, true, &b);
        hy_sink_ops ops = *p.sink->ops;
        ops.restart = known ? restart_fails : NULL;
        p.sink->ops = &ops;
        hydra_status status = run(&b, p.sink);
        assert_failed(status, known ? HYDRA_ERR_IO : HYDRA_ERR_ENCODER, &b.diag,
                      known ? "output in memory: emptying failed"
                            : "frail failed at frame 5: gone; output in memory: "
                              "cannot begin anew");
        free(close_place(&p, status).data);
        teardown(&b);
    }
}

/* The encoder reports nothing; that a picture is missing shows when the video is read back. */
static void test_a_video_that_is_wrong(void **state)
{
    (void)state;
    static const int64_t points[] = {0, 40, FRAMES - 1};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        bench b;
        place p;
        setup(&b, points[i]);
        test_frail.loses = true;
        open_place(&p, TO_MEMORY, true, &b);
        hydra_status status = run(&b, p.sink);
        assert_ok(status, &b.diag);
        assert_int_equal(b.attempts.count, 2);
        assert_int_equal(b.attempts.list[0].status, HYDRA_ERR_VERIFY);
        assert_int_equal(b.attempts.list[0].finding, HYDRA_PROBE_FAILED);
        free(close_place(&p, status).data);
        teardown(&b);
    }
}

/* ---- What is told ---- */

static void test_what_is_told(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        int64_t frames;
        const char *reason;
    } cases[] = {
        {TEST_FRAIL_OPEN, 0, "made with x264, as frail could not be opened: gone"},
        {0, 0, "made again with x264, as frail failed at frame 0: gone"},
        {60, 60, "made again with x264, as frail failed at frame 60: gone"},
        {TEST_FRAIL_DRAIN, FRAMES,
         "made again with x264, as frail failed after the last frame: gone"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bench b;
        place p;
        setup(&b, cases[i].at);
        open_place(&p, TO_MEMORY, true, &b);
        hydra_status status = run(&b, p.sink);
        assert_ok(status, &b.diag);
        const hydra_attempt *first = &b.attempts.list[0];
        const hydra_attempt *second = &b.attempts.list[1];
        assert_string_equal(b.result.encoder_reason, cases[i].reason);
        assert_string_equal(b.warning, cases[i].reason);
        assert_string_equal(b.result.encoder, "x264");
        assert_int_equal(b.result.attempts, 2);
        assert_int_equal(first->struct_size, sizeof *first);
        assert_int_equal(first->encoder, HYDRA_ENCODER_NVENC);
        assert_string_equal(first->name, "frail");
        assert_int_equal(first->finding, HYDRA_PROBE_LOST);
        assert_int_equal(first->status, HYDRA_ERR_ENCODER);
        assert_int_equal(first->frames, cases[i].frames);
        assert_string_equal(first->text, "gone");
        assert_int_equal(second->encoder, HYDRA_ENCODER_X264);
        assert_string_equal(second->name, "x264");
        assert_int_equal(second->finding, HYDRA_PROBE_OK);
        assert_int_equal(second->status, HYDRA_OK);
        assert_int_equal(second->frames, FRAMES);
        assert_string_equal(second->text, "");
        assert_true(second->seconds > 0);
        assert_true(first->seconds + second->seconds <= b.result.total_s);
        assert_true(b.result.encode_s > 0 && b.result.pool_peak_bytes > 0);
        free(close_place(&p, status).data);
        teardown(&b);
    }
}

static void test_nothing_goes_wrong(void **state)
{
    (void)state;
    bench b;
    place p;
    setup(&b, TEST_FRAIL_NEVER);
    open_place(&p, TO_MEMORY, true, &b);
    hydra_status status = run(&b, p.sink);
    assert_ok(status, &b.diag);
    assert_int_equal(b.result.attempts, 1);
    assert_int_equal(b.attempts.count, 1);
    assert_string_equal(b.attempts.list[0].name, "frail");
    assert_string_equal(b.result.encoder_reason, "the best one");
    assert_int_equal(b.preparing, 1);
    assert_int_equal(b.warnings, 0);
    free(close_place(&p, status).data);
    teardown(&b);
}

/* ---- What is not tried again ---- */

/* Runs to memory and fails. */
static void check_fails(bench *b, hydra_status expected, const char *part, int32_t attempts)
{
    place p;
    open_place(&p, TO_MEMORY, true, b);
    hydra_status status = run(b, p.sink);
    assert_failed(status, expected, &b->diag, part);
    assert_int_equal(b->attempts.count, attempts);
    assert_int_equal(b->preparing, attempts);
    bytes out = close_place(&p, status);
    assert_int_equal(out.size, 0);
    free(out.data);
    teardown(b);
}

static void test_not_about_a_gpu(void **state)
{
    (void)state;
    static const int64_t points[] = {TEST_FRAIL_OPEN, 7, TEST_FRAIL_DRAIN};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        bench b;
        setup(&b, points[i]);
        test_frail.finding = HYDRA_PROBE_OK;
        test_frail.status = HYDRA_ERR_MEMORY;
        check_fails(&b, HYDRA_ERR_MEMORY, "gone", 1);
        assert_int_equal(b.attempts.list[0].status, HYDRA_ERR_MEMORY);
        assert_int_equal(b.warnings, 0);
    }
}

static void test_the_only_one(void **state)
{
    (void)state;
    bench b;
    setup(&b, TEST_FRAIL_OPEN);
    b.route.count = 1;
    test_frail.finding = HYDRA_PROBE_BUSY;
    test_frail.status = HYDRA_ERR_BUSY;
    check_fails(&b, HYDRA_ERR_BUSY, "gone", 1);
    assert_int_equal(b.attempts.list[0].finding, HYDRA_PROBE_BUSY);
}

static void test_all_fail(void **state)
{
    (void)state;
    bench b;
    setup(&b, 3);
    b.route.list[2] = b.route.list[1] = b.route.list[0];
    b.route.count = 3;
    check_fails(&b, HYDRA_ERR_ENCODER, "gone", 3);
    assert_int_equal(b.warnings, 2);
    assert_int_equal(b.attempts.list[2].frames, 3);
}

static void cancel_it(void *user)
{
    hy_cancel_request(user);
}

static void test_cancelled_as_it_fails(void **state)
{
    (void)state;
    bench b;
    setup(&b, 9);
    test_frail.hook = cancel_it;
    test_frail.user = &b.cancel;
    check_fails(&b, HYDRA_ERR_CANCELLED, "cancelled", 1);
}

static void test_stopped_in_the_second(void **state)
{
    (void)state;
    bench b;
    setup(&b, 30);
    b.cancel_at = 10;
    check_fails(&b, HYDRA_ERR_CANCELLED, "cancelled", 2);
    assert_int_equal(b.attempts.list[1].status, HYDRA_ERR_CANCELLED);
    assert_int_equal(b.attempts.list[1].frames, 10);
    setup(&b, TEST_FRAIL_OPEN);
    hy_cancel_init(&b.cancel, 1500000);
    b.sleep_at = 10;
    check_fails(&b, HYDRA_ERR_DEADLINE, "deadline", 2);
    assert_int_equal(b.attempts.list[1].finding, HYDRA_PROBE_OK);
}

static void spoil(void *user)
{
    test_write_file(user, "no picture", 10);
}

/* A photo that was good in the first attempt. */
static void test_bad_photo_in_the_second(void **state)
{
    (void)state;
    bench b;
    char *folder = test_folder_new();
    char *path = test_path(folder, "photo.bmp");
    size_t size;
    uint32_t seed = 5;
    uint8_t *photo = test_bmp(64, 64, test_pixel_natural, &seed, &size);
    test_write_file(path, photo, size);
    open_bench(&b, 12);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 2600000;
    assert_compose_ok(b.c, hydra_compose_add_image(b.c, path, &image));
    b.route.list[2] = b.route.list[1];
    b.route.count = 3;
    test_frail.hook = spoil;
    test_frail.user = path;
    check_fails(&b, HYDRA_ERR_FORMAT, "photo.bmp", 2);
    free(photo);
    free(path);
    test_folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_all_can_be_called_back),
        cmocka_unit_test(test_before_the_first_byte),
        cmocka_unit_test(test_after_the_first_byte),
        cmocka_unit_test(test_sinks_that_cannot),
        cmocka_unit_test(test_a_video_that_is_wrong),
        cmocka_unit_test(test_what_is_told),
        cmocka_unit_test(test_nothing_goes_wrong),
        cmocka_unit_test(test_not_about_a_gpu),
        cmocka_unit_test(test_the_only_one),
        cmocka_unit_test(test_all_fail),
        cmocka_unit_test(test_cancelled_as_it_fails),
        cmocka_unit_test(test_stopped_in_the_second),
        cmocka_unit_test(test_bad_photo_in_the_second),
    };
    hydra_silence_ffmpeg();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
