/* SPDX-License-Identifier: MIT */
/* The time that coding takes: engines of the GPUs, each doing one picture after the other. */
#include "session.h"

#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct engine {
    int sessions;
    double idle_from; /* of fakenv_now */
} engines[FAKENV_MAX_GPUS][FAKENV_MAX_ENGINES];

double fakenv_now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

void fakenv_wait_until(double time)
{
    const double left = time - fakenv_now();

    if (left <= 0)
        return;
    const time_t seconds = (time_t)left;
    const struct timespec rest = {seconds, (long)((left - (double)seconds) * 1e9)};
    nanosleep(&rest, NULL);
}

/* The engine with the fewest sessions. */
int fakenv_engine_join(int gpu)
{
    const int count = fakenv_config().engines;
    int best = 0;

    pthread_mutex_lock(&lock);
    for (int i = 1; i < count; i++)
        if (engines[gpu][i].sessions < engines[gpu][best].sessions)
            best = i;
    engines[gpu][best].sessions++;
    pthread_mutex_unlock(&lock);
    return best;
}

void fakenv_engine_leave(int gpu, int engine)
{
    if (engine < 0)
        return;
    pthread_mutex_lock(&lock);
    engines[gpu][engine].sessions--;
    pthread_mutex_unlock(&lock);
}

double fakenv_engine_book(int gpu, int engine)
{
    const double fps = fakenv_config().fps, now = fakenv_now();

    if (!(fps > 0))
        return now;
    pthread_mutex_lock(&lock);
    struct engine *e = &engines[gpu][engine];
    e->idle_from = (e->idle_from > now ? e->idle_from : now) + 1 / fps;
    const double due = e->idle_from;
    pthread_mutex_unlock(&lock);
    return due;
}
