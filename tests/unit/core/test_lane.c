/* SPDX-License-Identifier: MIT */
/* Calls on a thread of their own: order, a call that hangs and returns later, cancellation. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/lane.h"
#include "support.h"

typedef struct work {
    int calls; /* not atomic: the lane's calls happen before their return */
    pthread_t thread;
    atomic_bool may_go;
    atomic_bool *ended;
} work;

static void pause_ms(unsigned milliseconds)
{
    (void)usleep(milliseconds * 1000);
}

static void count(void *user)
{
    work *w = user;
    w->calls++;
    w->thread = pthread_self();
}

static void hang(void *user)
{
    work *w = user;
    while (!atomic_load(&w->may_go)) {
        pause_ms(1);
    }
    w->calls += 100;
}

static void end(void *user)
{
    work *w = user;
    atomic_store(w->ended, true);
    free(w);
}

static hy_lane *new_lane(work **out, atomic_bool *ended)
{
    hy_diag diag = {0};
    hy_lane *lane = NULL;
    work *w = calloc(1, sizeof *w);
    assert_non_null(w);
    atomic_init(ended, false);
    w->ended = ended;
    assert_ok(hy_lane_new(end, w, &lane, &diag), &diag);
    *out = w;
    return lane;
}

static void calls_run_elsewhere_in_order(void **state)
{
    (void)state;
    work *w;
    atomic_bool ended;
    hy_lane *lane = new_lane(&w, &ended);
    for (int i = 1; i <= 1000; i++) {
        assert_true(hy_lane_call(lane, count, 10000000, NULL));
        assert_int_equal(w->calls, i);
    }
    assert_false(pthread_equal(w->thread, pthread_self()));
    assert_false(hy_lane_is_stuck(lane));
    assert_false(atomic_load(&ended));
    assert_true(hy_lane_free(lane, 10000000));
    assert_true(atomic_load(&ended));
    assert_true(hy_lane_free(NULL, 0));
}

static void wait_for(const atomic_bool *flag)
{
    for (int i = 0; i < 10000 && !atomic_load(flag); i++) {
        pause_ms(1);
    }
    assert_true(atomic_load(flag));
}

/* Time is bounded, nothing is touched behind its back, and it clears up when it comes back. */
static void a_call_that_hangs_is_left_behind(void **state)
{
    (void)state;
    work *w;
    atomic_bool ended;
    hy_lane *lane = new_lane(&w, &ended);
    double start = hy_clock_s();
    assert_false(hy_lane_call(lane, hang, 60000, NULL));
    assert_true(hy_clock_s() - start >= 0.06);
    assert_true(hy_lane_is_stuck(lane));
    assert_false(hy_lane_call(lane, count, 10000000, NULL)); /* at once */
    assert_false(hy_lane_free(lane, 10000000));
    assert_true(hy_clock_s() - start < 5.0);
    assert_false(atomic_load(&ended));
    atomic_store(&w->may_go, true);
    wait_for(&ended);
}

static void a_lane_that_was_stuck_stays_so(void **state)
{
    (void)state;
    work *w;
    atomic_bool ended;
    hy_lane *lane = new_lane(&w, &ended);
    assert_false(hy_lane_call(lane, hang, 20000, NULL));
    atomic_store(&w->may_go, true);
    pause_ms(100);
    assert_true(hy_lane_is_stuck(lane));
    assert_false(hy_lane_call(lane, count, 10000000, NULL));
    assert_false(atomic_load(&ended)); /* not before its owner is done with it */
    (void)hy_lane_free(lane, 0);
    wait_for(&ended);
}

static void a_cancelled_job_waits_a_second_more(void **state)
{
    (void)state;
    work *w;
    atomic_bool ended;
    hy_lane *lane = new_lane(&w, &ended);
    hy_cancel cancel;
    hy_cancel_init(&cancel, 0);
    hy_cancel_request(&cancel);
    assert_true(hy_lane_call(lane, count, 10000000, &cancel)); /* what works goes on */
    double start = hy_clock_s();
    assert_false(hy_lane_call(lane, hang, 60000000, &cancel));
    double waited = hy_clock_s() - start;
    assert_true(waited >= 1.0 && waited < 10.0);
    assert_false(hy_lane_free(lane, 0));
    atomic_store(&w->may_go, true);
    wait_for(&ended);
}

static void hang_at_the_end(void *user)
{
    hang(user);
    end(user);
}

static void an_end_that_hangs_is_left_behind(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_lane *lane = NULL;
    atomic_bool ended;
    atomic_init(&ended, false);
    work *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->ended = &ended;
    assert_ok(hy_lane_new(hang_at_the_end, w, &lane, &diag), &diag);
    assert_false(hy_lane_free(lane, 30000));
    atomic_store(&w->may_go, true);
    wait_for(&ended);
}

static int started[2];
static int may_end[2];

/* As long as the parent wants. */
static void await_the_parent(void *user)
{
    char byte = 0;
    if (write(started[1], &byte, 1) == 1 && read(may_end[0], &byte, 1) == 1) {
        count(user);
    }
}

/* Stopped in a shell, or frozen with its container: the call had no time, either. */
static void a_process_that_stood_still_gives_nothing_up(void **state)
{
    (void)state;
    int result = -1;
    char byte = 0;
    assert_int_equal(pipe(started) | pipe(may_end), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        work *w;
        atomic_bool ended;
        hy_lane *lane = new_lane(&w, &ended);
        _exit(hy_lane_call(lane, await_the_parent, 1500000, NULL) && w->calls == 1 ? 0 : 1);
    }
    assert_int_equal(read(started[0], &byte, 1), 1);
    assert_int_equal(kill(child, SIGSTOP), 0);
    pause_ms(2000);
    assert_int_equal(kill(child, SIGCONT), 0);
    pause_ms(200); /* who counts the time that passed has given up now */
    assert_int_equal(write(may_end[1], &byte, 1), 1);
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_int_equal(WEXITSTATUS(result), 0);
    for (int i = 0; i < 2; i++) {
        (void)close(started[i]);
        (void)close(may_end[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_run_elsewhere_in_order),
        cmocka_unit_test(a_call_that_hangs_is_left_behind),
        cmocka_unit_test(a_lane_that_was_stuck_stays_so),
        cmocka_unit_test(a_cancelled_job_waits_a_second_more),
        cmocka_unit_test(an_end_that_hangs_is_left_behind),
        cmocka_unit_test(a_process_that_stood_still_gives_nothing_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
