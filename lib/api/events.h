/* SPDX-License-Identifier: MIT */
/*
 * What a job has to say, until the host asks: the latest progress, a bounded queue of messages, the
 * end, and a descriptor that is readable while any of it waits. Written by the job's thread, read
 * by the host's.
 */
#ifndef HY_EVENTS_H
#define HY_EVENTS_H

#include <pthread.h>
#include <stdbool.h>

#include <hydra/render.h>

#include "core/core.h"

/* Messages that wait at most; the oldest make room, and are counted. */
#define HY_MAX_MESSAGES 256

typedef struct hy_message {
    struct hy_message *next;
    int32_t kind; /* HYDRA_EVENT_WARNING or HYDRA_EVENT_LOG */
    char text[];
} hy_message;

typedef struct hy_events {
    int fd; /* eventfd(2) */
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* the end came; on the monotonic clock */
    struct {                /* under mutex */
        hy_message *first;
        hy_message *last;
        int count;
        int dropped;
        bool progress_waits;
        bool output_waits;
        bool done_waits;
        bool done;
        int32_t stage;
        hydra_status status;
        int64_t frames_done;
        int64_t frames;
        double progress;
        double rendering_since_s; /* 0 = not yet */
        int64_t bytes_sent;
        int64_t bytes_total; /* -1 = not known */
    } locked;
} hy_events;

/* `fd` is negative after a failure. */
hydra_status hy_events_init(hy_events *events, hy_diag *diag);
/* Does nothing when `fd` is negative. */
void hy_events_free(hy_events *events);

/* The job's side. */
void hy_events_stage(hy_events *events, int32_t stage);
void hy_events_frame(hy_events *events, int64_t done, int64_t total);
/* From any thread. `total` -1 = not known yet. */
void hy_events_sent(hy_events *events, int64_t bytes, int64_t total);
void hy_events_message(hy_events *events, int32_t kind, const char *text);
void hy_events_output(hy_events *events);
void hy_events_done(hy_events *events, hydra_status status);

/* The host's side. `text` gets the message's text. */
void hy_events_next(hy_events *events, hydra_event *event, char text[HY_DIAG_BYTES]);
bool hy_events_is_done(hy_events *events, hydra_status *status);
/* False when the time ran out; negative = as long as it takes. */
bool hy_events_wait(hy_events *events, int64_t timeout_us, hydra_status *status);

#endif
