/* SPDX-License-Identifier: MIT */
/* Conditions on the monotonic clock: a clock that is set must not make a wait longer. */
#include "wait.h"

/* time_t has room for it beyond any uptime. */
#define CENTURY_S (INT64_C(100) * 365 * 86400)

/* Nothing here can fail on Linux: the objects hold all of their state. */
void hy_cond_init(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(condition, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

struct timespec hy_wait_end(int64_t timeout_us)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    int64_t seconds = timeout_us / 1000000;
    end.tv_sec += seconds < CENTURY_S ? seconds : CENTURY_S;
    end.tv_nsec += timeout_us % 1000000 * 1000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_nsec -= 1000000000;
        end.tv_sec++;
    }
    return end;
}

void hy_cond_sleep(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t slice_us)
{
    struct timespec end = hy_wait_end(slice_us);
    (void)pthread_cond_timedwait(condition, mutex, &end);
}
