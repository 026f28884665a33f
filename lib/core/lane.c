/* SPDX-License-Identifier: MIT */
/* One thread, one slot for a call. Owner and thread hold a reference each; the last one frees. */
#include "lane.h"

#include <pthread.h>
#include <stdatomic.h>

#include "mem.h"
#include "signals.h"
#include "wait.h"

/* Time is counted in slices that were slept: while the process is stopped none of them ends, nor
 * can the call go on. */
#define SLICE_US INT64_C(50000)

/* What a call has left once its job is cancelled. */
#define CANCELLED_US INT64_C(1000000)

struct hy_lane {
    atomic_int references;
    void (*end)(void *user);
    void *user;
    pthread_t thread;
    bool stuck; /* the owner's */
    pthread_mutex_t mutex;
    pthread_cond_t work;    /* there is a call, or no more will come */
    pthread_cond_t changed; /* a call has returned, or all has ended */
    struct {                /* under mutex */
        void (*call)(void *user);
        bool closing;
        bool ended;
    } locked;
};

static void unref(hy_lane *lane)
{
    if (atomic_fetch_sub(&lane->references, 1) == 1) {
        (void)pthread_cond_destroy(&lane->changed);
        (void)pthread_cond_destroy(&lane->work);
        (void)pthread_mutex_destroy(&lane->mutex);
        hy_free(lane);
    }
}

static void *run(void *argument)
{
    hy_lane *lane = argument;
    (void)pthread_mutex_lock(&lane->mutex);
    for (;;) {
        while (!lane->locked.call && !lane->locked.closing) {
            (void)pthread_cond_wait(&lane->work, &lane->mutex);
        }
        void (*call)(void *user) = lane->locked.call;
        if (!call) {
            break;
        }
        (void)pthread_mutex_unlock(&lane->mutex);
        call(lane->user);
        (void)pthread_mutex_lock(&lane->mutex);
        lane->locked.call = NULL;
        (void)pthread_cond_signal(&lane->changed);
    }
    (void)pthread_mutex_unlock(&lane->mutex);
    lane->end(lane->user);
    (void)pthread_mutex_lock(&lane->mutex);
    lane->locked.ended = true;
    (void)pthread_cond_signal(&lane->changed);
    (void)pthread_mutex_unlock(&lane->mutex);
    unref(lane);
    return NULL;
}

static void init(hy_lane *lane, void (*end)(void *user), void *user)
{
    atomic_init(&lane->references, 2);
    lane->end = end;
    lane->user = user;
    (void)pthread_mutex_init(&lane->mutex, NULL);
    (void)pthread_cond_init(&lane->work, NULL);
    hy_cond_init(&lane->changed);
}

hydra_status hy_lane_new(void (*end)(void *user), void *user, hy_lane **out, hy_diag *diag)
{
    *out = NULL;
    hy_lane *lane = hy_calloc(1, sizeof *lane);
    if (!lane) {
        return hy_fail_memory(diag);
    }
    init(lane, end, user);
    sigset_t before;
    hy_signals_block(&before);
    int error = pthread_create(&lane->thread, NULL, run, lane);
    hy_signals_restore(&before);
    if (error) {
        unref(lane);
        unref(lane);
        return hy_fail_errno(diag, error, "lane", "starting a thread");
    }
    *out = lane;
    return HYDRA_OK;
}

/* Wait for the lane, for a slice of what is left. */
static void wait_locked(hy_lane *lane, int64_t *left_us)
{
    int64_t slice_us = *left_us < SLICE_US ? *left_us : SLICE_US;
    hy_cond_sleep(&lane->changed, &lane->mutex, slice_us);
    *left_us -= slice_us;
}

bool hy_lane_call(hy_lane *lane, void (*call)(void *user), int64_t timeout_us,
                  const hy_cancel *cancel)
{
    if (lane->stuck) {
        return false;
    }
    bool cancelled = false;
    int64_t left_us = timeout_us;
    (void)pthread_mutex_lock(&lane->mutex);
    lane->locked.call = call;
    (void)pthread_cond_signal(&lane->work);
    while (lane->locked.call && left_us > 0) {
        if (!cancelled && hy_cancel_requested(cancel)) {
            cancelled = true;
            left_us = left_us < CANCELLED_US ? left_us : CANCELLED_US;
        }
        wait_locked(lane, &left_us);
    }
    lane->stuck = lane->locked.call != NULL;
    (void)pthread_mutex_unlock(&lane->mutex);
    return !lane->stuck;
}

bool hy_lane_is_stuck(const hy_lane *lane)
{
    return lane->stuck;
}

bool hy_lane_free(hy_lane *lane, int64_t timeout_us)
{
    if (!lane) {
        return true;
    }
    int64_t left_us = timeout_us;
    (void)pthread_mutex_lock(&lane->mutex);
    lane->locked.closing = true;
    (void)pthread_cond_signal(&lane->work);
    while (!lane->stuck && !lane->locked.ended && left_us > 0) {
        wait_locked(lane, &left_us);
    }
    bool ended = lane->locked.ended;
    (void)pthread_mutex_unlock(&lane->mutex);
    if (ended) {
        (void)pthread_join(lane->thread, NULL);
    } else {
        (void)pthread_detach(lane->thread);
    }
    unref(lane);
    return ended;
}
