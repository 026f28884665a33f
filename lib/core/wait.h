/* SPDX-License-Identifier: MIT */
/* Waiting for a condition up to a point in time. A cancel wakes nobody: who waits sleeps in slices
 * and looks for it after each. */
#ifndef HY_WAIT_H
#define HY_WAIT_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

/* A condition on the monotonic clock. Its end is pthread_cond_destroy. */
void hy_cond_init(pthread_cond_t *condition);
/* With the mutex locked: sleep until the condition is signalled, or a slice of time is over. */
void hy_cond_sleep(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t slice_us);
/* So long from now, for pthread_cond_timedwait; a century where it would be more. */
struct timespec hy_wait_end(int64_t timeout_us);

#endif
