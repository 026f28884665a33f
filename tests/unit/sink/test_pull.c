/* SPDX-License-Identifier: MIT */
/* Bytes that another thread takes: all of them, in order, never too many at a time. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sink/sink.h"
#include "support.h"

#define TOTAL_BYTES ((size_t)5 << 20)

static void sleep_us(long us)
{
    const struct timespec time = {0, us * 1000};
    (void)nanosleep(&time, NULL);
}

static uint8_t pattern(size_t at)
{
    return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

static hy_sink *pull_sink(size_t limit, const hy_cancel *cancel)
{
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    assert_ok(hy_sink_pull_new(limit, NULL, NULL, cancel, &sink, &diag), &diag);
    assert_true(sink->in_order);
    assert_null(sink->ops->read);
    assert_string_equal(sink->name, "pull:");
    return sink;
}

/* ---- The writing side ---- */

typedef struct writer {
    hy_sink *sink;
    uint64_t seed;
    size_t total;
    bool commit;
    hydra_status status;
    hy_diag diag;
} writer;

static void *write_all(void *argument)
{
    writer *w = argument;
    static const size_t most = 70000;
    uint8_t *data = malloc(most);
    size_t done = 0;
    w->status = HYDRA_OK;
    while (w->status == HYDRA_OK && done < w->total) {
        size_t size = 1 + test_random(&w->seed) % most;
        size = size < w->total - done ? size : w->total - done;
        for (size_t i = 0; i < size; i++) {
            data[i] = pattern(done + i);
        }
        w->status = w->sink->ops->write(w->sink, (int64_t)done, data, size, &w->diag);
        done += size;
    }
    if (w->status == HYDRA_OK && w->commit) {
        w->status = w->sink->ops->commit(w->sink, &w->diag);
    }
    if (w->status != HYDRA_OK) {
        w->sink->ops->abort(w->sink);
    }
    free(data);
    return NULL;
}

static void start(writer *w, pthread_t *thread)
{
    assert_int_equal(pthread_create(thread, NULL, write_all, w), 0);
}

/* Take `total` bytes in bites of random sizes and hold them against the pattern. */
static void take(hy_sink *sink, size_t total, size_t limit, uint64_t *seed)
{
    uint8_t *bite = malloc(limit + 1000);
    assert_non_null(bite);
    size_t done = 0;
    while (done < total) {
        size_t capacity = 1 + test_random(seed) % (limit + 999);
        int64_t offset = -1;
        size_t got = 0;
        assert_int_equal(hy_sink_pull_read(sink, bite, capacity, &offset, &got), HYDRA_OK);
        assert_true(got <= capacity && got <= limit);
        assert_int_equal(offset, done);
        for (size_t i = 0; i < got; i++) {
            if (bite[i] != pattern(done + i)) {
                fail_msg("byte %zu", done + i);
            }
        }
        done += got;
        if (got == 0) {
            sleep_us(100);
        }
    }
    free(bite);
}

static void test_every_byte_once(void **state)
{
    (void)state;
    static const size_t limits[] = {1, 2, 977, 65536, 1 << 20};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        uint64_t seed = 7 + i;
        pthread_t thread;
        writer w = {.seed = 99 - i, .total = limits[i] < 100 ? 3000 : TOTAL_BYTES, .commit = true};
        w.sink = pull_sink(limits[i], NULL);
        start(&w, &thread);
        take(w.sink, w.total, limits[i], &seed);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_ok(w.status, &w.diag);
        uint8_t byte;
        size_t got = 1;
        int64_t offset = -1;
        assert_int_equal(hy_sink_pull_read(w.sink, &byte, 1, &offset, &got), HYDRA_OK);
        assert_int_equal(got, 0);
        assert_int_equal(offset, w.total);
        hy_sink_free(w.sink);
    }
}

/* One thread is enough while there is room. */
static void test_within_the_limit_nobody_waits(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = pull_sink(10, NULL);
    uint8_t back[20];
    size_t got = 1;
    assert_int_equal(hy_sink_pull_read(sink, back, sizeof back, NULL, &got), HYDRA_OK);
    assert_int_equal(got, 0);
    for (int round = 0; round < 7; round++) {
        assert_ok(sink->ops->write(sink, round * 10, "0123456", 7, &diag), &diag);
        assert_ok(sink->ops->write(sink, round * 10 + 7, "789", 3, &diag), &diag);
        int64_t offset = -1;
        assert_int_equal(hy_sink_pull_read(sink, back, 4, &offset, &got), HYDRA_OK);
        assert_int_equal(offset, round * 10);
        assert_int_equal(got, 4);
        assert_int_equal(hy_sink_pull_read(sink, back + 4, 0, NULL, &got), HYDRA_OK);
        assert_int_equal(got, 0);
        assert_int_equal(hy_sink_pull_read(sink, back + 4, sizeof back - 4, &offset, &got),
                         HYDRA_OK);
        assert_int_equal(offset, round * 10 + 4);
        assert_int_equal(got, 6);
        assert_memory_equal(back, "0123456789", 10);
    }
    assert_ok(sink->ops->write(sink, 70, NULL, 0, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    hy_sink_free(sink);
}

/* ---- Cancelled ---- */

/* Nobody reads: were the cancel not seen, the join would never come. */
static void test_a_waiting_writer_can_be_cancelled(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        bool in_commit = i & 1;
        bool late = i & 2;
        hy_cancel cancel;
        pthread_t thread;
        hy_cancel_init(&cancel, late ? 100000 : 0);
        writer w = {.seed = 5, .total = in_commit ? 50000 : TOTAL_BYTES, .commit = true};
        w.sink = pull_sink(65536, &cancel);
        start(&w, &thread);
        sleep_us(20000);
        if (!late) {
            hy_cancel_request(&cancel);
        }
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(w.status, late ? HYDRA_ERR_DEADLINE : HYDRA_ERR_CANCELLED);
        /* Aborted: what was not taken is gone. */
        uint8_t byte;
        size_t got = 1;
        assert_int_equal(hy_sink_pull_read(w.sink, &byte, 1, NULL, &got), HYDRA_OK);
        assert_int_equal(got, 0);
        hy_sink_free(w.sink);
    }
}

static void test_all_taken_is_done(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_cancel cancel;
    uint8_t back[10];
    size_t got;
    hy_cancel_init(&cancel, 0);
    hy_sink *sink = pull_sink(10, &cancel);
    assert_ok(sink->ops->write(sink, 0, "x", 1, &diag), &diag);
    assert_int_equal(hy_sink_pull_read(sink, back, sizeof back, NULL, &got), HYDRA_OK);
    assert_int_equal(got, 1);
    hy_cancel_request(&cancel);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    hy_sink_free(sink);
}

/* At any moment of its life. */
static void test_free_at_any_time(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        hy_diag diag = {0};
        uint8_t back[10];
        size_t got;
        hy_sink *sink = pull_sink(10, NULL);
        if (i > 0) {
            assert_ok(sink->ops->write(sink, 0, "abcdef", 6, &diag), &diag);
        }
        if (i > 1) {
            assert_int_equal(hy_sink_pull_read(sink, back, i == 2 ? 3 : 10, NULL, &got), HYDRA_OK);
        }
        if (i == 3) {
            assert_ok(sink->ops->commit(sink, &diag), &diag);
        }
        if (i == 4) {
            sink->ops->abort(sink);
        }
        hy_sink_free(sink);
    }
}

/* ---- Notices ---- */

typedef struct bell {
    hy_sink *sink;
    int rings;
} bell;

/* From the writing thread, without any lock: reading right here works. */
static void ring(void *user)
{
    bell *b = user;
    uint8_t back[4];
    size_t got = 0;
    b->rings++;
    assert_int_equal(hy_sink_pull_read(b->sink, back, sizeof back, NULL, &got), HYDRA_OK);
    assert_true(got > 0);
}

static void test_the_host_is_told_when_bytes_come(void **state)
{
    (void)state;
    hy_diag diag = {0};
    bell b = {0};
    assert_ok(hy_sink_pull_new(4, ring, &b, NULL, &b.sink, &diag), &diag);
    assert_ok(b.sink->ops->write(b.sink, 0, "abcdefghij", 10, &diag), &diag);
    assert_int_equal(b.rings, 3); /* 4 + 4 + 2 */
    assert_ok(b.sink->ops->write(b.sink, 10, "k", 1, &diag), &diag);
    assert_int_equal(b.rings, 4);
    assert_ok(b.sink->ops->commit(b.sink, &diag), &diag);
    hy_sink_free(b.sink);
}

static void count_ring(void *user)
{
    ++*(int *)user;
}

static void test_waiting_bytes_are_told_of_once(void **state)
{
    (void)state;
    hy_diag diag = {0};
    int rings = 0;
    hy_sink *sink = NULL;
    assert_ok(hy_sink_pull_new(100, count_ring, &rings, NULL, &sink, &diag), &diag);
    for (int i = 0; i < 10; i++) {
        assert_ok(sink->ops->write(sink, i, "x", 1, &diag), &diag);
    }
    assert_int_equal(rings, 1);
    hy_sink_free(sink);
}

/* ---- Refused ---- */

static void test_wrong_order_is_refused(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = (hy_sink *)&diag;
    assert_failed(hy_sink_pull_new(0, NULL, NULL, NULL, &sink, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "no room");
    assert_null(sink);
    hy_diag_clear(&diag);
    sink = pull_sink(10, NULL);
    assert_failed(sink->ops->write(sink, 1, "x", 1, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "offset 1 comes after byte 0");
    hy_diag_clear(&diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    assert_int_equal(sink->ops->commit(sink, &diag), HYDRA_ERR_INTERNAL);
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->write(sink, 0, "x", 1, &diag), HYDRA_ERR_INTERNAL);
    sink->ops->abort(sink);
    hy_sink_free(sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_once),
        cmocka_unit_test(test_within_the_limit_nobody_waits),
        cmocka_unit_test(test_a_waiting_writer_can_be_cancelled),
        cmocka_unit_test(test_all_taken_is_done),
        cmocka_unit_test(test_free_at_any_time),
        cmocka_unit_test(test_the_host_is_told_when_bytes_come),
        cmocka_unit_test(test_waiting_bytes_are_told_of_once),
        cmocka_unit_test(test_wrong_order_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
