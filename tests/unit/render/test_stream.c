/* SPDX-License-Identifier: MIT */
/* Whole renders to destinations that cannot go back: the same video as in a file. */
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/api.h"
#include "render/render.h"
#include "sink/sink.h"

#include "compose.h"

#define LIMIT_BYTES (1 << 20)

/* ---- A project ---- */

/* Three photos that move, with a crossfade, a cut and music. */
static hydra_compose *project(int32_t fps_num, int32_t fps_den, bool music)
{
    hydra_compose *c = test_compose(2, 192, 128, fps_num, fps_den);
    for (uint32_t seed = 1; seed <= 3; seed++) {
        hydra_image_options image;
        hydra_image_options_init(&image);
        image.motion = HYDRA_MOTION_ZOOM_IN;
        image.duration_us = 1300000;
        test_add_picture(c, 200, 150, test_pixel_natural, &seed, &image);
    }
    hydra_transition_options cut;
    hydra_transition_options_init(&cut);
    cut.kind = HYDRA_TRANSITION_CUT;
    assert_compose_ok(c, hydra_compose_set_transition(c, HYDRA_ALL_CUTS, NULL));
    assert_compose_ok(c, hydra_compose_set_transition(c, 1, &cut));
    if (music) {
        test_add_tone(c, 5, NULL);
    }
    return c;
}

static hydra_status run(hydra_compose *c, hy_sink *sink, const hy_cancel *cancel,
                        hydra_result *result, hy_diag *diag)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = HYDRA_PROFILE_DRAFT;
    hy_job job = {
        .project = &c->project,
        .policy = &c->context->policy,
        .pool = c->context->pool,
        .sink = sink,
        .options = &options,
        .cancel = cancel,
    };
    hy_attempts attempts;
    return hy_render_run(&job, result, &attempts, diag);
}

/* ---- The host's side of it ---- */

typedef struct taker {
    pthread_t thread;
    int fd;        /* of a pipe, or -1: */
    hy_sink *sink; /* of hy_sink_pull_new */
    atomic_bool done;
    uint8_t *data;
    size_t size;
} taker;

static size_t take_some(taker *t, uint8_t *bite, size_t capacity)
{
    if (t->fd >= 0) {
        ssize_t count = read(t->fd, bite, capacity);
        return count > 0 ? (size_t)count : 0;
    }
    size_t got = 0;
    int64_t offset = -1;
    (void)hy_sink_pull_read(t->sink, bite, capacity, &offset, &got);
    return offset == (int64_t)t->size ? got : 0;
}

static void *take_all(void *argument)
{
    taker *t = argument;
    uint8_t bite[10000];
    for (;;) {
        bool last = t->fd >= 0 || atomic_load(&t->done);
        size_t got = take_some(t, bite, sizeof bite);
        if (got == 0 && last) {
            return NULL;
        }
        if (got == 0) {
            const struct timespec nap = {0, 1000000};
            (void)nanosleep(&nap, NULL);
        }
        t->data = realloc(t->data, t->size + got + 1);
        memcpy(t->data + t->size, bite, got);
        t->size += got;
    }
}

/* Render through a pipe or `pull:`, as fragments or buffered; the bytes come out of `t`. */
static hydra_result render_through(hydra_compose *c, bool pull, bool buffered, taker *t)
{
    hy_diag diag = {0};
    hydra_result result;
    hy_sink *sink = NULL;
    *t = (taker){.fd = -1};
    if (pull) {
        assert_ok(hy_sink_pull_new(LIMIT_BYTES / 64, NULL, NULL, NULL, &sink, &diag), &diag);
        t->sink = sink;
    } else {
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_ok(hy_sink_fd_new(ends[1], true, "fd:9", NULL, &sink, &diag), &diag);
        t->fd = ends[0];
    }
    if (buffered) {
        hy_sink *inner = sink;
        assert_ok(hy_sink_buffered_new(inner, LIMIT_BYTES, &sink, &diag), &diag);
    }
    assert_int_equal(pthread_create(&t->thread, NULL, take_all, t), 0);
    assert_ok(run(c, sink, NULL, &result, &diag), &diag);
    atomic_store(&t->done, true);
    if (!pull) {
        hy_sink_free(sink);
    }
    assert_int_equal(pthread_join(t->thread, NULL), 0);
    if (pull) {
        hy_sink_free(sink);
    } else {
        (void)close(t->fd);
    }
    assert_int_equal(result.bytes, t->size);
    return result;
}

/* ---- Tests ---- */

static void assert_same_pictures(const test_video *a, const test_video *b)
{
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->frames, b->frames);
    assert_int_equal(a->key_frames, b->key_frames);
    for (int64_t n = 0; n < a->frames; n++) {
        assert_true(fabs(a->luma_mean[n] - b->luma_mean[n]) < 1e-9);
        assert_true(fabs(a->time_s[n] - b->time_s[n]) < 1e-6);
    }
}

/* Sample `i` is heard at the same time in both; one has the priming in front of it, decoded. */
static void assert_same_sound(const test_video *file, const test_video *stream)
{
    int64_t shift = llrint((file->sound_start_s - stream->sound_start_s) * 48000);
    assert_true(shift == 0 || shift == 1024);
    assert_true(stream->samples >= file->samples + shift);
    for (int64_t i = 0; i < file->samples; i++) {
        if (fabsf(file->sound[i] - stream->sound[i + shift]) > 1e-6F) {
            fail_msg("sample %lld", (long long)i);
        }
    }
}

static void check_like_file(int32_t fps_num, int32_t fps_den, bool music)
{
    hydra_compose *c = project(fps_num, fps_den, music);
    size_t size;
    const void *mp4 = test_render(c, &size);
    test_video file;
    hydra_result whole = {.struct_size = sizeof whole};
    assert_int_equal(hydra_compose_result(c, &whole), HYDRA_OK);
    test_decode_video(mp4, size, NULL, NULL, &file);
    for (int way = 0; way < 4; way++) {
        bool buffered = way & 2;
        taker t;
        test_video video;
        hydra_result result = render_through(c, way & 1, buffered, &t);
        assert_int_equal(result.frames, whole.frames);
        assert_int_equal(result.duration_us, whole.duration_us);
        assert_int_equal(result.audio_samples, whole.audio_samples);
        assert_int_equal(result.av_offset_us, whole.av_offset_us);
        assert_int_equal(result.key_frames, whole.key_frames);
        assert_int_equal(result.moov_reserved_bytes, buffered ? whole.moov_reserved_bytes : 0);
        assert_int_equal(memmem(t.data, t.size, "moof", 4) == NULL, buffered);
        test_decode_video(t.data, t.size, NULL, NULL, &video);
        assert_same_pictures(&file, &video);
        if (music) {
            assert_same_sound(&file, &video);
        }
        if (buffered) {
            assert_int_equal(t.size, size);
            assert_memory_equal(t.data, mp4, size);
        }
        test_video_free(&video);
        free(t.data);
    }
    test_video_free(&file);
    hydra_compose_free(c);
}

static void test_streams_are_like_files(void **state)
{
    (void)state;
    check_like_file(30, 1, true);
    check_like_file(30000, 1001, true);
    check_like_file(24, 1, false);
}

static void test_too_large_for_the_buffer(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hydra_result result;
    hy_sink *inner = NULL;
    hy_sink *sink = NULL;
    int ends[2];
    hydra_compose *c = project(30, 1, true);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_ok(hy_sink_fd_new(ends[1], true, "fd:9", NULL, &inner, &diag), &diag);
    assert_ok(hy_sink_buffered_new(inner, 50000, &sink, &diag), &diag);
    assert_failed(run(c, sink, NULL, &result, &diag), HYDRA_ERR_SPACE, &diag,
                  "fd:9: larger than policy.max_output_bytes, 50000 bytes");
    hy_sink_free(sink);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 0); /* closed, and nothing was sent */
    (void)close(ends[0]);
    hydra_compose_free(c);
}

static void test_a_reader_that_goes_away(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hydra_result result;
    hy_sink *sink = NULL;
    int ends[2];
    hydra_compose *c = project(30, 1, true);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)close(ends[0]);
    assert_ok(hy_sink_fd_new(ends[1], true, "fd:9", NULL, &sink, &diag), &diag);
    assert_failed(run(c, sink, NULL, &result, &diag), HYDRA_ERR_IO, &diag,
                  "fd:9: the reader went away");
    hy_sink_free(sink);
    hydra_compose_free(c);
}

static void *cancel_soon(void *cancel)
{
    const struct timespec nap = {0, 300000000};
    (void)nanosleep(&nap, NULL);
    hy_cancel_request(cancel);
    return NULL;
}

/* Nobody reads: the job waits in the sink, or in commit, when it is cancelled. */
static void test_cancel_while_nobody_reads(void **state)
{
    (void)state;
    for (int buffered = 0; buffered < 2; buffered++) {
        hy_diag diag = {0};
        hydra_result result;
        hy_cancel cancel;
        pthread_t thread;
        hy_sink *sink = NULL;
        hydra_compose *c = project(30, 1, true);
        hy_cancel_init(&cancel, 0);
        assert_ok(hy_sink_pull_new(4096, NULL, NULL, &cancel, &sink, &diag), &diag);
        if (buffered) {
            hy_sink *inner = sink;
            assert_ok(hy_sink_buffered_new(inner, LIMIT_BYTES, &sink, &diag), &diag);
        }
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
        assert_int_equal(run(c, sink, &cancel, &result, &diag), HYDRA_ERR_CANCELLED);
        assert_int_equal(pthread_join(thread, NULL), 0);
        hy_sink_free(sink);
        hydra_compose_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_are_like_files),
        cmocka_unit_test(test_too_large_for_the_buffer),
        cmocka_unit_test(test_a_reader_that_goes_away),
        cmocka_unit_test(test_cancel_while_nobody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
