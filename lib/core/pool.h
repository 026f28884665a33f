/* SPDX-License-Identifier: MIT */
/*
 * The worker pool of a context: short tasks, first in first out, shared by all jobs. A task never
 * waits for another task. Threads start with the first task and end with the pool.
 */
#ifndef HY_POOL_H
#define HY_POOL_H

#include <stdbool.h>

#include "cancel.h"
#include "diag.h"

typedef struct hy_pool hy_pool;
typedef struct hy_task hy_task;

/* Embedded in the caller's own struct; must stay in place until hy_task_wait returned. */
struct hy_task {
    void (*run)(hy_task *task); /* set by the caller, called on a worker */
    hy_pool *pool;              /* the rest belongs to the pool */
    hy_task *next;
    int state; /* under the pool's lock */
};

hydra_status hy_pool_new(int threads, hy_pool **out, hy_diag *diag);
/* Waits for running tasks. No task may be queued. NULL does nothing. */
void hy_pool_free(hy_pool *pool);
int hy_pool_threads(const hy_pool *pool);
/* Queue a task. Fails only when no thread at all can be started. */
hydra_status hy_pool_submit(hy_pool *pool, hy_task *task, hy_diag *diag);
/* Wait until a submitted task has run. Returns at once for a task that was never submitted. When
 * `cancel` (NULL = never) is requested, a task that has not begun is taken out of the queue and
 * will not run; one that has begun is waited for. */
void hy_task_wait(hy_task *task, const hy_cancel *cancel);
/* True when hy_task_wait would return at once. */
bool hy_task_is_done(hy_task *task);

#endif
