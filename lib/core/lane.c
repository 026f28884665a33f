/* SPDX-License-Identifier: MIT */
/* One thread, one slot for a call. Owner and thread hold a reference each; the last one frees. */
#include "lane.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "clock.h"
#include "mem.h"
#include "signals.h"

/* A cancelled job wakes nobody: who waits looks this often. */
#define SLICE_S 0.05

/* What a call has left once its job is cancelled. */
#define CANCELLED_S 1.0

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
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&lane->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
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

/* On the monotonic clock, at most a slice from now. */
static struct timespec slice_until(double until_s)
{
    double end = hy_clock_s() + SLICE_S;
    end = until_s < end ? until_s : end;
    struct timespec until = {.tv_sec = (time_t)end};
    until.tv_nsec = (long)((end - (double)until.tv_sec) * 1e9);
    return until;
}

/* Wait for the lane until `until_s`. */
static void wait_locked(hy_lane *lane, double until_s)
{
    struct timespec until = slice_until(until_s);
    (void)pthread_cond_timedwait(&lane->changed, &lane->mutex, &until);
}

bool hy_lane_call(hy_lane *lane, void (*call)(void *user), int64_t timeout_us,
                  const hy_cancel *cancel)
{
    if (lane->stuck) {
        return false;
    }
    double until = hy_clock_s() + (double)timeout_us * 1e-6;
    bool cancelled = false;
    (void)pthread_mutex_lock(&lane->mutex);
    lane->locked.call = call;
    (void)pthread_cond_signal(&lane->work);
    while (lane->locked.call && hy_clock_s() < until) {
        if (!cancelled && hy_cancel_requested(cancel)) {
            cancelled = true;
            double latest = hy_clock_s() + CANCELLED_S;
            until = latest < until ? latest : until;
        }
        wait_locked(lane, until);
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
    double until = hy_clock_s() + (double)timeout_us * 1e-6;
    (void)pthread_mutex_lock(&lane->mutex);
    lane->locked.closing = true;
    (void)pthread_cond_signal(&lane->work);
    while (!lane->stuck && !lane->locked.ended && hy_clock_s() < until) {
        wait_locked(lane, until);
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
