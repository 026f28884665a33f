/* SPDX-License-Identifier: MIT */
/* Elapsed time for reports. Never decides what a frame looks like. */
#ifndef HY_CLOCK_H
#define HY_CLOCK_H

#include <stdatomic.h>

/* Seconds on the monotonic clock. */
double hy_clock_s(void);

/* Sum of time spent by many threads, in nanoseconds. */
typedef atomic_llong hy_stopwatch;

void hy_stopwatch_add(hy_stopwatch *watch, double seconds);
double hy_stopwatch_s(const hy_stopwatch *watch);

#endif
