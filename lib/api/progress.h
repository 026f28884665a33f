/* SPDX-License-Identifier: MIT */
/* How far a transfer is: told by the thread that runs it, asked for by any. */
#ifndef HY_PROGRESS_H
#define HY_PROGRESS_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct hy_progress {
    _Atomic int64_t done;  /* bytes */
    _Atomic int64_t total; /* -1 = not known */
} hy_progress;

/* `progress` is a hy_progress: transfers take this function as their callback. */
void hy_progress_set(void *progress, int64_t done, int64_t total);
/* NULL = there is nothing to tell: 0 of -1. Each of `done` and `total` may be NULL. */
void hy_progress_give(const hy_progress *progress, int64_t *done, int64_t *total);

#endif
