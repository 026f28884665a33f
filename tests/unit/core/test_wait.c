/* SPDX-License-Identifier: MIT */
/* Waits that end: with their slice, with a signal, and at points in time that exist. */
#include <pthread.h>
#include <time.h>

#include "support.h"

static void test_ends(void **state)
{
    (void)state;
    const int64_t century_s = INT64_C(100) * 365 * 86400;
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    struct timespec end = hy_wait_end(1999999);
    int64_t ahead_ns = (end.tv_sec - now.tv_sec) * 1000000000 + end.tv_nsec - now.tv_nsec;
    assert_in_range(ahead_ns, 1999999000, 1999999000 + INT64_C(60000000000));
    for (int64_t us = 0; us < 1000000; us += 9973) {
        end = hy_wait_end(us);
        assert_in_range(end.tv_nsec, 0, 999999999);
    }
    end = hy_wait_end(INT64_MAX);
    assert_in_range(end.tv_sec, now.tv_sec + century_s, now.tv_sec + century_s + 60);
}

static void test_a_slice_ends(void **state)
{
    (void)state;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition;
    hy_cond_init(&condition);
    double begin = hy_clock_s();
    (void)pthread_mutex_lock(&mutex);
    /* One may end early, as any wait for a condition; a hundred in a row do not. */
    for (int i = 0; i < 100; i++) {
        hy_cond_sleep(&condition, &mutex, 200);
    }
    (void)pthread_mutex_unlock(&mutex);
    assert_true(hy_clock_s() - begin >= 0.001);
    assert_true(hy_clock_s() - begin < 60);
    (void)pthread_cond_destroy(&condition);
}

typedef struct flag {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    bool set;
} flag;

static void *set_flag(void *argument)
{
    flag *f = argument;
    (void)pthread_mutex_lock(&f->mutex);
    f->set = true;
    (void)pthread_cond_broadcast(&f->condition);
    (void)pthread_mutex_unlock(&f->mutex);
    return NULL;
}

static void test_a_signal_wakes(void **state)
{
    (void)state;
    flag f = {.mutex = PTHREAD_MUTEX_INITIALIZER};
    hy_cond_init(&f.condition);
    (void)pthread_mutex_lock(&f.mutex);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, set_flag, &f), 0);
    double begin = hy_clock_s();
    while (!f.set) {
        hy_cond_sleep(&f.condition, &f.mutex, INT64_C(3600) * 1000000);
    }
    (void)pthread_mutex_unlock(&f.mutex);
    assert_true(hy_clock_s() - begin < 60);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)pthread_cond_destroy(&f.condition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_a_slice_ends),
        cmocka_unit_test(test_a_signal_wakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
