/* SPDX-License-Identifier: MIT */
/* The queue between a job and its host: speed and time left, and messages that nobody takes. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/events.h"
#include "support.h"

#define FRAMES 100

static char text[HY_DIAG_BYTES];

static hydra_event next(hy_events *events)
{
    hydra_event event = {.struct_size = sizeof event};
    hy_events_next(events, &event, text);
    return event;
}

static bool is_readable(const hy_events *events)
{
    struct pollfd fd = {.fd = events->fd, .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void assert_speed_unknown(hy_events *events)
{
    hydra_event event = next(events);
    assert_int_equal(event.eta_us, -1);
    assert_true(event.frames_per_s == 0);
}

/* The clock starts when the first frame is done, so that one does not count. */
static void test_speed_and_time_left(void **state)
{
    (void)state;
    hy_events events;
    hy_diag diag = {0};
    const double nap_s = 0.05;
    assert_ok(hy_events_init(&events, &diag), &diag);
    assert_speed_unknown(&events);
    hy_events_stage(&events, HYDRA_STAGE_PREPARING);
    assert_speed_unknown(&events);
    double start = hy_clock_s();
    hy_events_stage(&events, HYDRA_STAGE_RENDERING);
    hy_events_frame(&events, 1, FRAMES);
    assert_speed_unknown(&events);
    for (int64_t done = 2; done < 5; done++) {
        (void)usleep((useconds_t)(nap_s * 1e6));
        hy_events_frame(&events, done, FRAMES);
        hydra_event event = next(&events);
        double took_s = hy_clock_s() - start;
        double counted = (double)(done - 1);
        double left = (double)(FRAMES - done);
        assert_int_equal(event.kind, HYDRA_EVENT_PROGRESS);
        assert_int_equal(event.frames_done, done);
        /* Each of them took a nap at least, and all of them no more than was measured. */
        assert_true(event.frames_per_s <= 1 / nap_s);
        assert_true(event.frames_per_s >= counted / took_s);
        assert_true(event.eta_us >= (int64_t)(left * nap_s * 1e6) - 1);
        assert_true(event.eta_us <= (int64_t)(left * took_s / counted * 1e6) + 1);
    }
    hy_events_frame(&events, FRAMES, FRAMES);
    assert_int_equal(next(&events).eta_us, 0);
    hy_events_free(&events);
}

static void test_bytes_of_an_upload(void **state)
{
    (void)state;
    hy_events events;
    hy_diag diag = {0};
    assert_ok(hy_events_init(&events, &diag), &diag);
    hydra_event event = next(&events);
    assert_int_equal(event.bytes_sent, 0);
    assert_int_equal(event.bytes_total, -1);
    hy_events_stage(&events, HYDRA_STAGE_RENDERING);
    hy_events_frame(&events, 1, FRAMES);
    hy_events_sent(&events, 1000, -1);
    event = next(&events);
    assert_int_equal(event.kind, HYDRA_EVENT_PROGRESS);
    assert_int_equal(event.bytes_sent, 1000);
    assert_true(event.progress < 0.1); /* of the frames */
    hy_events_stage(&events, HYDRA_STAGE_FINISHING);
    hy_events_stage(&events, HYDRA_STAGE_UPLOADING);
    double before = next(&events).progress;
    hy_events_sent(&events, 2000, 4000);
    event = next(&events);
    assert_int_equal(event.stage, HYDRA_STAGE_UPLOADING);
    assert_int_equal(event.bytes_total, 4000);
    assert_int_equal(event.eta_us, -1);
    assert_true(event.progress > before);
    hy_events_sent(&events, 4000, 4000);
    assert_true(next(&events).progress < 1); /* it is not there yet */
    hy_events_done(&events, HYDRA_OK);
    assert_true(next(&events).progress == 1);
    hy_events_free(&events);
}

/* With another encoder: the frames count anew, what was done is not undone for who watches. */
static void test_begun_anew(void **state)
{
    (void)state;
    hy_events events;
    hy_diag diag = {0};
    assert_ok(hy_events_init(&events, &diag), &diag);
    hy_events_stage(&events, HYDRA_STAGE_RENDERING);
    hy_events_frame(&events, 1, FRAMES);
    (void)usleep(20000);
    hy_events_frame(&events, FRAMES / 2, FRAMES);
    hydra_event before = next(&events);
    assert_true(before.frames_per_s > 0);
    hy_events_stage(&events, HYDRA_STAGE_PREPARING);
    hydra_event event = next(&events);
    assert_int_equal(event.stage, HYDRA_STAGE_PREPARING);
    assert_int_equal(event.frames_done, 0);
    assert_true(event.frames_per_s == 0);
    assert_int_equal(event.eta_us, -1);
    assert_true(event.progress == before.progress);
    hy_events_stage(&events, HYDRA_STAGE_RENDERING);
    hy_events_frame(&events, FRAMES / 4, FRAMES);
    event = next(&events);
    assert_int_equal(event.frames_done, FRAMES / 4);
    assert_true(event.progress == before.progress);
    hy_events_frame(&events, FRAMES, FRAMES);
    assert_true(next(&events).progress > before.progress);
    hy_events_free(&events);
}

/* The oldest make room, and the next warning tells how many. */
static void test_messages_that_nobody_takes(void **state)
{
    (void)state;
    enum {
        TOO_MANY = 44
    };
    hy_events events;
    hy_diag diag = {0};
    assert_ok(hy_events_init(&events, &diag), &diag);
    for (int round = 0; round < 2; round++) {
        char expected[32];
        for (int i = 0; i < HY_MAX_MESSAGES + TOO_MANY; i++) {
            (void)snprintf(expected, sizeof expected, "message %d", i);
            hy_events_message(&events, i % 2 ? HYDRA_EVENT_LOG : HYDRA_EVENT_WARNING, expected);
        }
        for (int i = TOO_MANY; i < HY_MAX_MESSAGES + TOO_MANY; i++) {
            assert_true(is_readable(&events));
            (void)snprintf(expected, sizeof expected, "message %d", i);
            hydra_event event = next(&events);
            assert_int_equal(event.kind, i % 2 ? HYDRA_EVENT_LOG : HYDRA_EVENT_WARNING);
            assert_string_equal(event.text, expected);
        }
        assert_true(is_readable(&events));
        assert_int_equal(next(&events).kind, HYDRA_EVENT_WARNING);
        assert_string_equal(text, "44 messages were not kept");
        assert_false(is_readable(&events));
        assert_int_equal(next(&events).kind, HYDRA_EVENT_NONE);
    }
    hy_events_message(&events, HYDRA_EVENT_LOG, "left behind"); /* is freed with the queue */
    hy_events_free(&events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_speed_and_time_left),
        cmocka_unit_test(test_bytes_of_an_upload),
        cmocka_unit_test(test_begun_anew),
        cmocka_unit_test(test_messages_that_nobody_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
