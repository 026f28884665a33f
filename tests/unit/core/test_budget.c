/* SPDX-License-Identifier: MIT */
/* The shared amount of memory: taking, giving back, turns, and giving up. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "support.h"

static void test_take_and_give(void **state)
{
    (void)state;
    hy_budget budget;
    hy_diag diag = {0};
    hy_budget_init(&budget, 100);
    assert_ok(hy_budget_take(&budget, 60, false, NULL, &diag), &diag);
    assert_ok(hy_budget_take(&budget, 40, false, NULL, &diag), &diag);
    assert_ok(hy_budget_take(&budget, 0, false, NULL, &diag), &diag);
    assert_failed(hy_budget_take(&budget, 1, false, NULL, &diag), HYDRA_ERR_BUSY, &diag,
                  "needs 1 bytes of memory; other jobs hold 100 of the context's 100");
    assert_int_equal(hy_budget_taken(&budget), 100);
    hy_budget_give(&budget, 60);
    assert_ok(hy_budget_take(&budget, 60, true, NULL, &diag), &diag);
    hy_budget_give(&budget, 100);
    assert_int_equal(hy_budget_taken(&budget), 0);
    hy_budget_free(&budget);
}

static void test_more_than_all(void **state)
{
    (void)state;
    hy_budget budget;
    hy_diag diag = {0};
    hy_budget_init(&budget, 100);
    assert_ok(hy_budget_take(&budget, 100, false, NULL, &diag), &diag);
    hy_budget_give(&budget, 100);
    assert_failed(hy_budget_take(&budget, 101, true, NULL, &diag), HYDRA_ERR_LIMIT, &diag,
                  "memory_budget_bytes");
    assert_int_equal(hy_budget_taken(&budget), 0);
    hy_budget_free(&budget);
}

static void test_no_limit(void **state)
{
    (void)state;
    hy_budget budget;
    hy_diag diag = {0};
    hy_budget_init(&budget, 0);
    assert_ok(hy_budget_take(&budget, INT64_MAX / 2, false, NULL, &diag), &diag);
    assert_ok(hy_budget_take(&budget, INT64_MAX / 2, false, NULL, &diag), &diag);
    hy_budget_give(&budget, INT64_MAX / 2);
    hy_budget_give(&budget, INT64_MAX / 2);
    hy_budget_free(&budget);
}

/* ---- Turns ---- */

typedef struct waiter {
    hy_budget *budget;
    hy_cancel cancel;
    int64_t bytes;
    int *turn; /* how many had theirs; written by whoever holds the budget alone */
    int had;   /* this one's */
    hydra_status status;
    pthread_t thread;
} waiter;

static void *wait_for_turn(void *argument)
{
    waiter *w = argument;
    hy_diag diag = {0};
    w->status = hy_budget_take(w->budget, w->bytes, true, &w->cancel, &diag);
    if (w->status == HYDRA_OK) {
        w->had = ++*w->turn;
        hy_budget_give(w->budget, w->bytes);
    }
    return NULL;
}

/* How many wait. */
static int queue_length(hy_budget *budget)
{
    int length = 0;
    (void)pthread_mutex_lock(&budget->mutex);
    const hy_budget_ticket *const *at = (const hy_budget_ticket *const *)&budget->locked.first;
    while (*at) { /* a ticket begins with a pointer to the next */
        length++;
        at = (const hy_budget_ticket *const *)*at;
    }
    (void)pthread_mutex_unlock(&budget->mutex);
    return length;
}

static void start_waiter(waiter *w, hy_budget *budget, int64_t bytes, int *turn)
{
    int before = queue_length(budget);
    *w = (waiter){.budget = budget, .bytes = bytes, .turn = turn};
    hy_cancel_init(&w->cancel, 0);
    assert_int_equal(pthread_create(&w->thread, NULL, wait_for_turn, w), 0);
    for (int i = 0; i < 20000 && queue_length(budget) == before; i++) {
        struct timespec moment = {0, 1000000};
        (void)nanosleep(&moment, NULL);
    }
    assert_int_equal(queue_length(budget), before + 1);
}

/* Each wants more than half, so one holds it at a time. */
static void test_first_come_first_served(void **state)
{
    (void)state;
    enum {
        COUNT = 6
    };
    hy_budget budget;
    hy_diag diag = {0};
    waiter waiters[COUNT];
    int turn = 0;
    hy_budget_init(&budget, 100);
    assert_ok(hy_budget_take(&budget, 90, false, NULL, &diag), &diag);
    for (int i = 0; i < COUNT; i++) {
        start_waiter(&waiters[i], &budget, 60 + i, &turn);
    }
    /* There would be room, but others were here before. */
    assert_failed(hy_budget_take(&budget, 5, false, NULL, &diag), HYDRA_ERR_BUSY, &diag, "5 bytes");
    hy_budget_give(&budget, 90);
    for (int i = 0; i < COUNT; i++) {
        (void)pthread_join(waiters[i].thread, NULL);
        assert_int_equal(waiters[i].status, HYDRA_OK);
        assert_int_equal(waiters[i].had, i + 1);
    }
    assert_int_equal(hy_budget_taken(&budget), 0);
    hy_budget_free(&budget);
}

/* One that gives up makes way for those behind it, wherever it stood. */
static void test_giving_up(void **state)
{
    (void)state;
    for (int gone = 0; gone < 3; gone++) {
        hy_budget budget;
        hy_diag diag = {0};
        waiter waiters[3];
        int turn = 0;
        hy_budget_init(&budget, 100);
        assert_ok(hy_budget_take(&budget, 90, false, NULL, &diag), &diag);
        for (int i = 0; i < 3; i++) {
            start_waiter(&waiters[i], &budget, 100, &turn);
        }
        hy_cancel_request(&waiters[gone].cancel);
        (void)pthread_join(waiters[gone].thread, NULL);
        assert_int_equal(waiters[gone].status, HYDRA_ERR_CANCELLED);
        assert_int_equal(queue_length(&budget), 2);
        hy_budget_give(&budget, 90);
        for (int i = 0; i < 3; i++) {
            if (i != gone) {
                (void)pthread_join(waiters[i].thread, NULL);
                assert_int_equal(waiters[i].status, HYDRA_OK);
            }
        }
        assert_int_equal(turn, 2);
        assert_int_equal(hy_budget_taken(&budget), 0);
        hy_budget_free(&budget);
    }
}

static void test_deadline(void **state)
{
    (void)state;
    hy_budget budget;
    hy_diag diag = {0};
    hy_cancel cancel;
    hy_budget_init(&budget, 100);
    assert_ok(hy_budget_take(&budget, 90, false, NULL, &diag), &diag);
    hy_cancel_init(&cancel, 1000);
    assert_int_equal(hy_budget_take(&budget, 20, true, &cancel, &diag), HYDRA_ERR_DEADLINE);
    assert_int_equal(queue_length(&budget), 0);
    assert_int_equal(hy_budget_taken(&budget), 90);
    hy_budget_free(&budget);
}

/* ---- Looking ---- */

static void *look_once(void *argument)
{
    waiter *w = argument;
    hy_diag diag = {0};
    w->status = hy_budget_look_begin(w->budget, &w->cancel, &diag);
    if (w->status == HYDRA_OK) {
        w->had = ++*w->turn; /* alone */
        hy_budget_look_end(w->budget);
    }
    return NULL;
}

static void test_one_looks_at_a_time(void **state)
{
    (void)state;
    hy_budget budget;
    hy_diag diag = {0};
    waiter waiters[3];
    int turn = 0;
    hy_budget_init(&budget, 100);
    assert_ok(hy_budget_take(&budget, 100, false, NULL, &diag), &diag); /* is another matter */
    assert_ok(hy_budget_look_begin(&budget, NULL, &diag), &diag);
    for (int i = 0; i < 3; i++) {
        waiters[i] = (waiter){.budget = &budget, .turn = &turn};
        hy_cancel_init(&waiters[i].cancel, i == 0 ? 20000 : 0);
        assert_int_equal(pthread_create(&waiters[i].thread, NULL, look_once, &waiters[i]), 0);
    }
    (void)pthread_join(waiters[0].thread, NULL);
    assert_int_equal(waiters[0].status, HYDRA_ERR_DEADLINE);
    hy_cancel_request(&waiters[1].cancel);
    (void)pthread_join(waiters[1].thread, NULL);
    assert_int_equal(waiters[1].status, HYDRA_ERR_CANCELLED);
    hy_budget_look_end(&budget);
    (void)pthread_join(waiters[2].thread, NULL);
    assert_int_equal(waiters[2].status, HYDRA_OK);
    assert_int_equal(turn, 1);
    assert_ok(hy_budget_look_begin(&budget, NULL, &diag), &diag);
    hy_budget_look_end(&budget);
    hy_budget_free(&budget);
}

/* ---- The meter of one job ---- */

static void test_meter_has_a_limit(void **state)
{
    (void)state;
    hy_meter meter = {.limit_bytes = 1000};
    hy_diag diag = {0};
    assert_true(hy_meter_take(&meter, 600));
    assert_failed(hy_meter_fail(&meter, &diag), HYDRA_ERR_MEMORY, &diag, "memory");
    assert_true(hy_meter_take(&meter, 400));
    assert_false(hy_meter_take(&meter, 1));
    assert_false(hy_meter_take(&meter, SIZE_MAX));
    diag = (hy_diag){0};
    assert_failed(hy_meter_fail(&meter, &diag), HYDRA_ERR_LIMIT, &diag, "max_memory_bytes, 1000");
    hy_meter_give(&meter, 600);
    assert_int_equal(atomic_load(&meter.current_bytes), 400);
    assert_int_equal(atomic_load(&meter.peak_bytes), 1000);
    assert_true(hy_meter_take(&meter, 600));
    assert_true(hy_meter_take(NULL, SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_and_give),
        cmocka_unit_test(test_more_than_all),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_giving_up),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_one_looks_at_a_time),
        cmocka_unit_test(test_meter_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
