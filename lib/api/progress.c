/* SPDX-License-Identifier: MIT */
/* How far a transfer is. */
#include "api/progress.h"

void hy_progress_set(void *progress, int64_t done, int64_t total)
{
    hy_progress *to = progress;
    atomic_store(&to->total, total);
    atomic_store(&to->done, done);
}

void hy_progress_give(const hy_progress *progress, int64_t *done, int64_t *total)
{
    if (done) {
        *done = progress ? atomic_load(&progress->done) : 0;
    }
    if (total) {
        *total = progress ? atomic_load(&progress->total) : -1;
    }
}
