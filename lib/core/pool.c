/* SPDX-License-Identifier: MIT */
/* The worker pool: one queue, one lock, one condition for workers and one for waiters. */
#include "pool.h"

#include <pthread.h>

#include "host.h"
#include "mem.h"
#include "signals.h"
#include "wait.h"

/* A cancelled job wakes nobody: those who wait look this often. */
#define SLICE_US 50000

enum {
    TASK_IDLE,
    TASK_QUEUED,
    TASK_RUNNING,
    TASK_DONE,
};

struct hy_pool {
    int limit; /* most threads */
    pthread_mutex_t mutex;
    pthread_cond_t work;     /* a task was queued, or the pool closes */
    pthread_cond_t finished; /* a task is done */
    struct {                 /* under mutex */
        hy_task *head;
        hy_task *tail;
        pthread_t *threads;
        int started;
        int idle;
        int queued;
        bool closing;
    } locked;
};

static void *worker(void *argument)
{
    hy_pool *pool = argument;
    (void)pthread_mutex_lock(&pool->mutex);
    for (;;) {
        while (!pool->locked.head && !pool->locked.closing) {
            pool->locked.idle++;
            (void)pthread_cond_wait(&pool->work, &pool->mutex);
            pool->locked.idle--;
        }
        hy_task *task = pool->locked.head;
        if (!task) {
            break;
        }
        pool->locked.head = task->next;
        if (!pool->locked.head) {
            pool->locked.tail = NULL;
        }
        pool->locked.queued--;
        task->state = TASK_RUNNING;
        (void)pthread_mutex_unlock(&pool->mutex);
        task->run(task);
        (void)pthread_mutex_lock(&pool->mutex);
        task->state = TASK_DONE; /* the owner may free the task from here on */
        (void)pthread_cond_broadcast(&pool->finished);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return NULL;
}

hydra_status hy_pool_new(int threads, hy_pool **out, hy_diag *diag)
{
    *out = NULL;
    hy_pool *pool = hy_calloc(1, sizeof *pool);
    if (!pool) {
        return hy_fail_memory(diag);
    }
    pool->limit = threads > 0 ? threads : hy_cpu_count();
    pool->locked.threads = hy_calloc((size_t)pool->limit, sizeof *pool->locked.threads);
    if (!pool->locked.threads) {
        hy_free(pool);
        return hy_fail_memory(diag);
    }
    (void)pthread_mutex_init(&pool->mutex, NULL);
    (void)pthread_cond_init(&pool->work, NULL);
    hy_cond_init(&pool->finished);
    *out = pool;
    return HYDRA_OK;
}

void hy_pool_free(hy_pool *pool)
{
    if (!pool) {
        return;
    }
    (void)pthread_mutex_lock(&pool->mutex);
    pool->locked.closing = true;
    (void)pthread_cond_broadcast(&pool->work);
    (void)pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < pool->locked.started; i++) {
        (void)pthread_join(pool->locked.threads[i], NULL);
    }
    (void)pthread_cond_destroy(&pool->finished);
    (void)pthread_cond_destroy(&pool->work);
    (void)pthread_mutex_destroy(&pool->mutex);
    hy_free(pool->locked.threads);
    hy_free(pool);
}

int hy_pool_threads(const hy_pool *pool)
{
    return pool->limit;
}

static int start_worker_locked(hy_pool *pool)
{
    sigset_t before;
    hy_signals_block(&before);
    int error = pthread_create(&pool->locked.threads[pool->locked.started], NULL, worker, pool);
    hy_signals_restore(&before);
    if (error == 0) {
        pool->locked.started++;
    }
    return error;
}

hydra_status hy_pool_submit(hy_pool *pool, hy_task *task, hy_diag *diag)
{
    (void)pthread_mutex_lock(&pool->mutex);
    int error = 0;
    if (pool->locked.queued >= pool->locked.idle && pool->locked.started < pool->limit) {
        error = start_worker_locked(pool);
    }
    bool usable = pool->locked.started > 0;
    if (usable) {
        task->pool = pool;
        task->next = NULL;
        task->state = TASK_QUEUED;
        if (pool->locked.tail) {
            pool->locked.tail->next = task;
        } else {
            pool->locked.head = task;
        }
        pool->locked.tail = task;
        pool->locked.queued++;
        (void)pthread_cond_signal(&pool->work);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return usable ? HYDRA_OK : hy_fail_errno(diag, error, "worker pool", "starting a thread");
}

static bool is_pending(const hy_task *task)
{
    return task->state == TASK_QUEUED || task->state == TASK_RUNNING;
}

static void unqueue_locked(hy_pool *pool, hy_task *task)
{
    hy_task *before = NULL;
    for (hy_task *t = pool->locked.head; t != task; t = t->next) {
        before = t;
    }
    if (before) {
        before->next = task->next;
    } else {
        pool->locked.head = task->next;
    }
    if (pool->locked.tail == task) {
        pool->locked.tail = before;
    }
    pool->locked.queued--;
    task->state = TASK_IDLE;
}

void hy_task_wait(hy_task *task, const hy_cancel *cancel)
{
    hy_pool *pool = task->pool;
    if (!pool) {
        return;
    }
    (void)pthread_mutex_lock(&pool->mutex);
    while (is_pending(task)) {
        if (task->state == TASK_QUEUED && hy_cancel_requested(cancel)) {
            unqueue_locked(pool, task);
        } else if (cancel) {
            hy_cond_sleep(&pool->finished, &pool->mutex, SLICE_US);
        } else {
            (void)pthread_cond_wait(&pool->finished, &pool->mutex);
        }
    }
    (void)pthread_mutex_unlock(&pool->mutex);
}

bool hy_task_is_done(hy_task *task)
{
    hy_pool *pool = task->pool;
    if (!pool) {
        return true;
    }
    (void)pthread_mutex_lock(&pool->mutex);
    bool done = !is_pending(task);
    (void)pthread_mutex_unlock(&pool->mutex);
    return done;
}
