/* SPDX-License-Identifier: MIT */
/* Signals to a pipe that the event loop polls. The handler only does what is async-signal-safe. */
#include "interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGXFSZ};

#define COUNT (sizeof numbers / sizeof numbers[0])

/* A handler has no argument of ours, so these cannot live anywhere else. Two signals may come on
 * two threads at once. */
static atomic_int noted;
static int pipe_ends[2] = {-1, -1};
static struct sigaction before[COUNT];

static void note(int number)
{
    int saved = errno;
    if (atomic_exchange(&noted, number)) {
        _exit(128 + number);
    }
    ssize_t done = write(pipe_ends[1], "", 1);
    (void)done; /* the pipe is empty: there is room for one byte */
    errno = saved;
}

int interrupt_begin(void)
{
    struct sigaction action = {.sa_flags = SA_RESTART};
    if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return -1;
    }
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT; i++) {
        action.sa_handler = numbers[i] == SIGPIPE || numbers[i] == SIGXFSZ ? SIG_IGN : note;
        (void)sigaction(numbers[i], NULL, &before[i]);
        /* What the parent has switched off (nohup, a background job) stays off. */
        if (before[i].sa_handler != SIG_IGN) {
            (void)sigaction(numbers[i], &action, NULL);
        }
    }
    return pipe_ends[0];
}

int interrupt_signal(void)
{
    return atomic_load(&noted);
}

void interrupt_end(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        (void)sigaction(numbers[i], &before[i], NULL);
    }
    (void)close(pipe_ends[0]);
    (void)close(pipe_ends[1]);
}
