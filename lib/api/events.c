/* SPDX-License-Identifier: MIT */
/* The queue between a job and its host. */
#include "api/events.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Rendering frames is most of a job; opening and finishing share the rest. */
#define PROGRESS_OPENED   0.01
#define PROGRESS_RENDERED 0.98
/* The rest of an upload, which began with the frames. */
#define PROGRESS_UPLOADING 0.985
#define PROGRESS_UPLOADED  0.999

hydra_status hy_events_init(hy_events *events, hy_diag *diag)
{
    memset(events, 0, sizeof *events);
    events->locked.bytes_total = -1;
    events->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (events->fd < 0) {
        return hy_fail_errno(diag, errno, "job", "making an event descriptor");
    }
    (void)pthread_mutex_init(&events->mutex, NULL);
    hy_cond_init(&events->changed);
    return HYDRA_OK;
}

static void drop_first_locked(hy_events *events)
{
    hy_message *message = events->locked.first;
    events->locked.first = message->next;
    if (!events->locked.first) {
        events->locked.last = NULL;
    }
    events->locked.count--;
    hy_free(message);
}

void hy_events_free(hy_events *events)
{
    if (events->fd < 0) {
        return;
    }
    while (events->locked.first) {
        drop_first_locked(events);
    }
    (void)close(events->fd);
    (void)pthread_cond_destroy(&events->changed);
    (void)pthread_mutex_destroy(&events->mutex);
}

/* ---- The job's side ---- */

static void begin(hy_events *events)
{
    (void)pthread_mutex_lock(&events->mutex);
}

/* Something waits: make the descriptor readable. Writing 1 never fills the counter, since reading
 * takes it all. */
static void end_with_news(hy_events *events)
{
    uint64_t one = 1;
    (void)!write(events->fd, &one, sizeof one);
    (void)pthread_mutex_unlock(&events->mutex);
}

static void raise_progress_locked(hy_events *events, double progress)
{
    if (progress > events->locked.progress) {
        events->locked.progress = progress;
    }
    events->locked.progress_waits = true;
}

void hy_events_stage(hy_events *events, int32_t stage)
{
    begin(events);
    events->locked.stage = stage;
    if (stage == HYDRA_STAGE_PREPARING) { /* perhaps not for the first time */
        events->locked.rendering_since_s = 0;
        events->locked.frames_done = 0;
    }
    if (stage == HYDRA_STAGE_RENDERING) {
        events->locked.rendering_since_s = hy_clock_s();
        raise_progress_locked(events, PROGRESS_OPENED);
    }
    raise_progress_locked(events, stage == HYDRA_STAGE_FINISHING ? PROGRESS_RENDERED : 0);
    end_with_news(events);
}

void hy_events_frame(hy_events *events, int64_t done, int64_t total)
{
    begin(events);
    events->locked.frames_done = done;
    events->locked.frames = total;
    double share = (double)done / (double)total;
    raise_progress_locked(events, PROGRESS_OPENED + share * (PROGRESS_RENDERED - PROGRESS_OPENED));
    end_with_news(events);
}

void hy_events_sent(hy_events *events, int64_t bytes, int64_t total)
{
    begin(events);
    double progress = 0;
    events->locked.bytes_sent = bytes;
    events->locked.bytes_total = total;
    if (events->locked.stage == HYDRA_STAGE_UPLOADING && total > 0) {
        progress = PROGRESS_UPLOADING +
                   (double)bytes / (double)total * (PROGRESS_UPLOADED - PROGRESS_UPLOADING);
    }
    raise_progress_locked(events, progress);
    end_with_news(events);
}

/* A message that finds no memory is counted like one that found no room. */
void hy_events_message(hy_events *events, int32_t kind, const char *text)
{
    hy_diag clean = {0};
    (void)hy_fail(&clean, HYDRA_ERR_INTERNAL, "%s", text); /* for its care with texts */
    size_t length = strlen(clean.text) + 1;
    hy_message *message = hy_calloc(1, sizeof *message + length);
    begin(events);
    if (!message || events->locked.count == HY_MAX_MESSAGES) {
        events->locked.dropped++;
    }
    if (message) {
        message->kind = kind;
        memcpy(message->text, clean.text, length);
        if (events->locked.count == HY_MAX_MESSAGES) {
            drop_first_locked(events);
        }
        if (events->locked.last) {
            events->locked.last->next = message;
        } else {
            events->locked.first = message;
        }
        events->locked.last = message;
        events->locked.count++;
    }
    end_with_news(events);
}

void hy_events_output(hy_events *events)
{
    begin(events);
    events->locked.output_waits = true;
    end_with_news(events);
}

void hy_events_done(hy_events *events, hydra_status status)
{
    begin(events);
    events->locked.stage = HYDRA_STAGE_DONE;
    events->locked.status = status;
    if (status == HYDRA_OK) {
        events->locked.progress = 1;
    }
    events->locked.done = true;
    events->locked.done_waits = true;
    (void)pthread_cond_broadcast(&events->changed);
    end_with_news(events);
}

/* ---- The host's side ---- */

/* What each event tells besides its own news. */
static void fill_state_locked(const hy_events *events, hydra_event *event)
{
    event->stage = events->locked.stage;
    event->progress = events->locked.progress;
    event->frames_done = events->locked.frames_done;
    event->frames = events->locked.frames;
    event->bytes_sent = events->locked.bytes_sent;
    event->bytes_total = events->locked.bytes_total;
    event->frames_per_s = 0;
    event->eta_us = -1;
    event->status = HYDRA_OK;
    event->text = "";
    /* The stage begins when the first frame is done. */
    double elapsed = hy_clock_s() - events->locked.rendering_since_s;
    int64_t counted = events->locked.frames_done - 1;
    if (counted > 0 && events->locked.rendering_since_s > 0 && elapsed > 0) {
        event->frames_per_s = (double)counted / elapsed;
        double left = (double)(event->frames - event->frames_done) / event->frames_per_s;
        /* How fast the rest of an upload goes is not known from the frames. */
        event->eta_us = event->stage == HYDRA_STAGE_UPLOADING ? -1 : (int64_t)(left * 1e6);
    }
}

/* Messages first, in their order; then output, progress, and the end last of all. */
static int32_t choose_locked(const hy_events *events)
{
    if (events->locked.first) {
        return events->locked.first->kind;
    }
    if (events->locked.dropped > 0) {
        return HYDRA_EVENT_WARNING;
    }
    if (events->locked.output_waits) {
        return HYDRA_EVENT_OUTPUT;
    }
    if (events->locked.progress_waits) {
        return HYDRA_EVENT_PROGRESS;
    }
    return events->locked.done_waits ? HYDRA_EVENT_DONE : HYDRA_EVENT_NONE;
}

static void take_message_locked(hy_events *events, char text[HY_DIAG_BYTES])
{
    if (!events->locked.first) {
        hy_diag note = {0};
        (void)hy_fail(&note, HYDRA_ERR_INTERNAL, "%d messages were not kept",
                      events->locked.dropped);
        memcpy(text, note.text, sizeof note.text);
        events->locked.dropped = 0;
        return;
    }
    size_t length = strlen(events->locked.first->text) + 1;
    memcpy(text, events->locked.first->text, length);
    drop_first_locked(events);
}

void hy_events_next(hy_events *events, hydra_event *event, char text[HY_DIAG_BYTES])
{
    text[0] = '\0';
    begin(events);
    fill_state_locked(events, event);
    event->kind = choose_locked(events);
    switch (event->kind) {
    case HYDRA_EVENT_WARNING:
    case HYDRA_EVENT_LOG:
        take_message_locked(events, text);
        break;
    case HYDRA_EVENT_OUTPUT:
        events->locked.output_waits = false;
        break;
    case HYDRA_EVENT_PROGRESS:
        events->locked.progress_waits = false;
        break;
    case HYDRA_EVENT_DONE:
        event->status = events->locked.status;
        event->eta_us = 0;
        events->locked.done_waits = false;
        break;
    default:
        break;
    }
    event->text = text;
    if (choose_locked(events) == HYDRA_EVENT_NONE) {
        uint64_t count;
        (void)!read(events->fd, &count, sizeof count);
    }
    (void)pthread_mutex_unlock(&events->mutex);
}

bool hy_events_is_done(hy_events *events, hydra_status *status)
{
    begin(events);
    bool done = events->locked.done;
    *status = events->locked.status;
    (void)pthread_mutex_unlock(&events->mutex);
    return done;
}

bool hy_events_wait(hy_events *events, int64_t timeout_us, hydra_status *status)
{
    struct timespec until = hy_wait_end(timeout_us < 0 ? INT64_MAX : timeout_us);
    int error = 0;
    begin(events);
    while (!events->locked.done && error != ETIMEDOUT) {
        error = pthread_cond_timedwait(&events->changed, &events->mutex, &until);
    }
    bool done = events->locked.done;
    *status = events->locked.status;
    (void)pthread_mutex_unlock(&events->mutex);
    return done;
}
