/* SPDX-License-Identifier: MIT */
/*
 * Jobs inside an event loop: one thread polls the descriptors of several renders, beside whatever
 * else a program waits for. Here that is standard input: a line "cancel" stops all of them.
 *
 *     event_loop PHOTO...        each PHOTO becomes PHOTO.mp4, all at once
 */
#include <hydra/hydra.h>

#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_JOBS 16

typedef struct task {
    const char *photo;
    hydra_render *job; /* NULL: ended, and freed */
    int percent;       /* that was last printed */
} task;

/* PHOTO becomes PHOTO.mp4: two seconds of slow zoom. */
static hydra_status start(hydra_context *context, const char *photo, hydra_render **job)
{
    char output[4096];
    if (snprintf(output, sizeof output, "%s.mp4", photo) >= (int)sizeof output) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 2000000;
    hydra_compose *c = NULL;
    hydra_status status = hydra_compose_new(context, &c);
    if (status == HYDRA_OK) {
        status = hydra_compose_add_image(c, photo, &image);
    }
    if (status == HYDRA_OK) {
        status = hydra_render_start(c, output, NULL, job);
    }
    hydra_compose_free(c); /* the job has a snapshot */
    return status;
}

/* Take what a readable job has to say. Its last event ends it. */
static bool take_events(task *t)
{
    hydra_event event = {.struct_size = sizeof event};
    while (hydra_render_next_event(t->job, &event) == HYDRA_OK && event.kind != HYDRA_EVENT_NONE) {
        int percent = (int)(event.progress * 100);
        if (event.kind == HYDRA_EVENT_PROGRESS && percent >= t->percent + 25) {
            printf("%s: %d %%\n", t->photo, percent);
            t->percent = percent;
        } else if (event.kind == HYDRA_EVENT_DONE) {
            bool good = event.status == HYDRA_OK;
            printf("%s: %s%s%s\n", t->photo, hydra_status_name(event.status), good ? "" : ": ",
                   event.text);
            hydra_render_free(t->job); /* does not block: the job has ended */
            t->job = NULL;
            return good;
        }
    }
    return true;
}

/* False: standard input has ended and is not to be polled any more. */
static bool read_command(task *tasks, int count)
{
    char line[64] = "";
    ssize_t got = read(STDIN_FILENO, line, sizeof line - 1);
    if (got > 0 && strcmp(line, "cancel\n") == 0) {
        for (int i = 0; i < count; i++) {
            hydra_render_cancel(tasks[i].job); /* NULL does nothing */
        }
    }
    return got > 0;
}

/* The loop: element i waits for task i, the last one for standard input. poll skips -1. */
static int loop(task *tasks, int count, int running)
{
    struct pollfd fds[MAX_JOBS + 1] = {0};
    bool listen = true;
    int failed = 0;
    while (running > 0) {
        for (int i = 0; i < count; i++) {
            fds[i] = (struct pollfd){.fd = hydra_render_fd(tasks[i].job), .events = POLLIN};
        }
        fds[count] = (struct pollfd){.fd = listen ? STDIN_FILENO : -1, .events = POLLIN};
        if (poll(fds, (nfds_t)count + 1, -1) < 0) {
            continue; /* a signal */
        }
        for (int i = 0; i < count; i++) {
            if (fds[i].revents) {
                failed += !take_events(&tasks[i]);
                running -= !tasks[i].job;
            }
        }
        listen = listen && (!fds[count].revents || read_command(tasks, count));
    }
    return failed;
}

int main(int argc, char **argv)
{
    int count = argc - 1;
    if (count < 1 || count > MAX_JOBS) {
        fprintf(stderr, "usage: event_loop PHOTO...   (at most %d)\n", MAX_JOBS);
        return 2;
    }
    task tasks[MAX_JOBS] = {0};
    hydra_context *context = NULL;
    if (hydra_context_new(NULL, &context) != HYDRA_OK) {
        fprintf(stderr, "event_loop: no memory\n");
        return 1;
    }
    int failed = 0;
    for (int i = 0; i < count; i++) {
        tasks[i].photo = argv[i + 1];
        hydra_status status = start(context, tasks[i].photo, &tasks[i].job);
        if (status != HYDRA_OK) {
            fprintf(stderr, "%s: %s\n", tasks[i].photo, hydra_status_text(status));
            failed++;
        }
    }
    hydra_context_free(context); /* the jobs keep it alive */
    failed += loop(tasks, count, count - failed);
    return failed > 0 ? 1 : 0;
}
