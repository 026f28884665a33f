/* SPDX-License-Identifier: MIT */
/* A call on a store in a thread of its own; this one draws progress and listens to signals. */
#include "remote.h"

#include "interrupt.h"
#include "message.h"
#include "progress.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define LOOK_MS 50

typedef struct transfer {
    hydra_store *store;
    remote_call *call;
    void *user;
    hydra_status status;
    atomic_bool ended;
} transfer;

static void *work(void *argument)
{
    transfer *t = argument;
    t->status = t->call(t->store, t->user);
    atomic_store(&t->ended, true);
    return NULL;
}

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The display knows events of renders; a transfer has bytes instead of frames. */
static void show(progress *p, const hydra_store *store, int32_t stage, double since_s)
{
    int64_t done = 0;
    int64_t total = 0;
    hydra_store_progress(store, &done, &total);
    hydra_event event = {
        .struct_size = sizeof event,
        .kind = HYDRA_EVENT_PROGRESS,
        .stage = stage,
        .eta_us = -1,
        .bytes_sent = done,
        .bytes_total = total,
        .text = "",
    };
    if (total > 0) {
        event.progress = (double)done / (double)total;
        double passed_s = now_s() - since_s;
        if (event.progress > 0.01 && passed_s > 0.5) {
            event.eta_us = (int64_t)(passed_s / event.progress * (1 - event.progress) * 1e6);
        }
    }
    progress_event(p, &event);
    progress_tick(p);
}

static void watch(const cli_settings *settings, transfer *t, int32_t stage, int signal_fd)
{
    progress p;
    struct pollfd waker = {.fd = signal_fd, .events = POLLIN};
    double since_s = now_s();
    progress_begin(&p, settings);
    while (!atomic_load(&t->ended)) {
        (void)poll(&waker, 1, LOOK_MS);
        show(&p, t->store, stage, since_s);
        if (interrupt_signal() && waker.fd >= 0) {
            progress_clear(&p);
            cli_note("cancelling; once more ends the program at once");
            hydra_store_cancel(t->store);
            waker.fd = -1;
        }
    }
    progress_clear(&p);
}

static int finish(const cli_settings *settings, const transfer *t,
                  int (*code_of)(const cli_settings *settings, hydra_status status))
{
    if (t->status == HYDRA_OK) {
        return CLI_OK;
    }
    if (t->status == HYDRA_ERR_CANCELLED && interrupt_signal()) {
        return cli_fail(settings, 128 + interrupt_signal(), t->status,
                        "cancelled; nothing was left behind");
    }
    const char *text = hydra_store_error(t->store);
    return cli_fail(settings, code_of(settings, t->status), t->status,
                    *text ? text : hydra_status_text(t->status));
}

int remote_run(const cli_settings *settings, hydra_store *store, int32_t stage, remote_call *call,
               void *user, int (*code_of)(const cli_settings *settings, hydra_status status))
{
    transfer t = {.store = store, .call = call, .user = user};
    pthread_t thread;
    int signal_fd = interrupt_begin();
    if (signal_fd < 0) {
        return cli_fail_errno(settings, CLI_FAILED, errno, settings->verb, "no pipe for signals");
    }
    int error = pthread_create(&thread, NULL, work, &t);
    int code;
    if (error != 0) {
        code = cli_fail_errno(settings, CLI_FAILED, error, settings->verb, "no thread");
    } else {
        watch(settings, &t, stage, signal_fd);
        (void)pthread_join(thread, NULL);
        remote_warn(settings, store);
        code = finish(settings, &t, code_of);
    }
    interrupt_end();
    return code;
}
