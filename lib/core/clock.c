/* SPDX-License-Identifier: MIT */
/* Monotonic time and summed stopwatches. */
#include "clock.h"

#include <time.h>

double hy_clock_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void hy_stopwatch_add(hy_stopwatch *watch, double seconds)
{
    atomic_fetch_add(watch, (long long)(seconds * 1e9));
}

double hy_stopwatch_s(const hy_stopwatch *watch)
{
    return (double)atomic_load(watch) * 1e-9;
}
