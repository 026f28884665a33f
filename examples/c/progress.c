/* SPDX-License-Identifier: MIT */
/*
 * A render with a progress line that Ctrl-C cancels. The job runs by itself; this program sleeps in
 * poll(2) until the job has something to say.
 *
 *     progress OUT.mp4 MUSIC PHOTO...
 *
 * Exit code: 0 done, 1 failed, 2 wrong usage, 130 cancelled.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* ppoll */
#endif
#include <hydra/hydra.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t interrupted;

/* All that is safe in a handler; the loop below does the rest. The job's own threads have signals
 * blocked, so it is always poll here that is woken. */
static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* From here on Ctrl-C is only noticed inside of ppoll, never lost just before it. */
static void catch_interrupt(sigset_t *while_waiting)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigset_t block;
    sigemptyset(&block);
    sigaddset(&block, SIGINT);
    sigprocmask(SIG_BLOCK, &block, while_waiting);
}

static void show(const hydra_event *event)
{
    switch (event->kind) {
    case HYDRA_EVENT_PROGRESS:
        fprintf(stderr, "\r%3d %%  frame %lld of %lld", (int)(event->progress * 100),
                (long long)event->frames_done, (long long)event->frames);
        if (event->eta_us >= 0) {
            fprintf(stderr, "  %lld s left ", (long long)(event->eta_us + 500000) / 1000000);
        }
        break;
    case HYDRA_EVENT_WARNING:
        fprintf(stderr, "\nwarning: %s\n", event->text);
        break;
    default: /* HYDRA_EVENT_LOG is for the curious */
        break;
    }
}

/* Until the job's last event. One poll may stand for several events. */
static hydra_status follow(hydra_render *job, const sigset_t *while_waiting)
{
    struct pollfd fd = {.fd = hydra_render_fd(job), .events = POLLIN};
    for (;;) {
        (void)ppoll(&fd, 1, NULL, while_waiting);
        if (interrupted) {
            hydra_render_cancel(job); /* returns at once; the end comes as an event */
        }
        hydra_event event = {.struct_size = sizeof event};
        while (hydra_render_next_event(job, &event) == HYDRA_OK && event.kind != HYDRA_EVENT_NONE) {
            if (event.kind == HYDRA_EVENT_DONE) {
                fputc('\n', stderr);
                return event.status;
            }
            show(&event);
        }
    }
}

static hydra_status start(char **arguments, int count, hydra_compose *c, hydra_render **job)
{
    hydra_status status = hydra_compose_set_transition(c, HYDRA_ALL_CUTS, NULL);
    for (int i = 2; i < count && status == HYDRA_OK; i++) {
        status = hydra_compose_add_image(c, arguments[i], NULL);
    }
    if (status == HYDRA_OK) {
        status = hydra_compose_set_audio(c, arguments[1], NULL);
    }
    return status == HYDRA_OK ? hydra_render_start(c, arguments[0], NULL, job) : status;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: progress OUT.mp4 MUSIC PHOTO...\n");
        return 2;
    }
    sigset_t while_waiting;
    catch_interrupt(&while_waiting);
    hydra_compose *c = NULL;
    hydra_render *job = NULL;
    hydra_status status = hydra_compose_new(NULL, &c);
    if (status == HYDRA_OK) {
        status = start(argv + 1, argc - 1, c, &job);
    }
    if (status == HYDRA_OK) {
        status = follow(job, &while_waiting);
    }
    if (status == HYDRA_OK) {
        printf("%s\n", argv[1]);
    } else {
        /* A job that ran has the text; what failed before it began is told by the compose. */
        fprintf(stderr, "progress: %s: %s\n", hydra_status_name(status),
                job ? hydra_render_error(job) : hydra_compose_error(c));
    }
    hydra_render_free(job);
    hydra_compose_free(c);
    return status == HYDRA_OK ? 0 : status == HYDRA_ERR_CANCELLED ? 130 : 1;
}
