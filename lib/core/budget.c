/* SPDX-License-Identifier: MIT */
/* The budget: a number under a lock, and a queue of those who wait for their part of it. */
#include "budget.h"

#include <stddef.h>

#include "wait.h"

/* A cancelled job wakes nobody: those who wait look this often. */
#define SLICE_US 50000

/* Lives on the stack of the thread that waits. */
struct hy_budget_ticket {
    hy_budget_ticket *next;
};

void hy_budget_init(hy_budget *budget, int64_t total_bytes)
{
    *budget = (hy_budget){.total_bytes = total_bytes};
    (void)pthread_mutex_init(&budget->mutex, NULL);
    hy_cond_init(&budget->changed);
}

void hy_budget_free(hy_budget *budget)
{
    (void)pthread_cond_destroy(&budget->changed);
    (void)pthread_mutex_destroy(&budget->mutex);
}

static bool fits_locked(const hy_budget *budget, int64_t bytes)
{
    return budget->total_bytes == 0 || bytes <= budget->total_bytes - budget->locked.taken_bytes;
}

static void queue_locked(hy_budget *budget, hy_budget_ticket *ticket)
{
    if (budget->locked.last) {
        budget->locked.last->next = ticket;
    } else {
        budget->locked.first = ticket;
    }
    budget->locked.last = ticket;
}

static void leave_locked(hy_budget *budget, const hy_budget_ticket *ticket)
{
    hy_budget_ticket *before = NULL;
    for (hy_budget_ticket *t = budget->locked.first; t != ticket; t = t->next) {
        before = t;
    }
    if (before) {
        before->next = ticket->next;
    } else {
        budget->locked.first = ticket->next;
    }
    if (budget->locked.last == ticket) {
        budget->locked.last = before;
    }
    /* Somebody else may be the first now. */
    (void)pthread_cond_broadcast(&budget->changed);
}

/* Queue up until it is this one's turn and there is room. */
static hydra_status wait_locked(hy_budget *budget, int64_t bytes, const hy_cancel *cancel,
                                hy_diag *diag)
{
    hy_budget_ticket ticket = {NULL};
    queue_locked(budget, &ticket);
    hydra_status status = hy_cancel_check(cancel, diag);
    while (status == HYDRA_OK && (budget->locked.first != &ticket || !fits_locked(budget, bytes))) {
        hy_cond_sleep(&budget->changed, &budget->mutex, SLICE_US);
        status = hy_cancel_check(cancel, diag);
    }
    leave_locked(budget, &ticket);
    return status;
}

static hydra_status take_locked(hy_budget *budget, int64_t bytes, bool wait,
                                const hy_cancel *cancel, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    if (budget->locked.first || !fits_locked(budget, bytes)) {
        status = wait ? wait_locked(budget, bytes, cancel, diag)
                      : hy_fail(diag, HYDRA_ERR_BUSY,
                                "the job needs %lld bytes of memory; other jobs hold %lld of the "
                                "context's %lld",
                                (long long)bytes, (long long)budget->locked.taken_bytes,
                                (long long)budget->total_bytes);
    }
    if (status == HYDRA_OK) {
        budget->locked.taken_bytes += bytes;
    }
    return status;
}

hydra_status hy_budget_take(hy_budget *budget, int64_t bytes, bool wait, const hy_cancel *cancel,
                            hy_diag *diag)
{
    if (budget->total_bytes > 0 && bytes > budget->total_bytes) {
        return hy_fail(diag, HYDRA_ERR_LIMIT,
                       "the job needs %lld bytes of memory, the whole budget of the context is "
                       "%lld (memory_budget_bytes)",
                       (long long)bytes, (long long)budget->total_bytes);
    }
    (void)pthread_mutex_lock(&budget->mutex);
    hydra_status status = take_locked(budget, bytes, wait, cancel, diag);
    (void)pthread_mutex_unlock(&budget->mutex);
    return status;
}

void hy_budget_give(hy_budget *budget, int64_t bytes)
{
    (void)pthread_mutex_lock(&budget->mutex);
    budget->locked.taken_bytes -= bytes;
    (void)pthread_cond_broadcast(&budget->changed);
    (void)pthread_mutex_unlock(&budget->mutex);
}

hydra_status hy_budget_look_begin(hy_budget *budget, const hy_cancel *cancel, hy_diag *diag)
{
    (void)pthread_mutex_lock(&budget->mutex);
    hydra_status status = hy_cancel_check(cancel, diag);
    while (status == HYDRA_OK && budget->locked.looking) {
        hy_cond_sleep(&budget->changed, &budget->mutex, SLICE_US);
        status = hy_cancel_check(cancel, diag);
    }
    if (status == HYDRA_OK) {
        budget->locked.looking = true;
    }
    (void)pthread_mutex_unlock(&budget->mutex);
    return status;
}

void hy_budget_look_end(hy_budget *budget)
{
    (void)pthread_mutex_lock(&budget->mutex);
    budget->locked.looking = false;
    (void)pthread_cond_broadcast(&budget->changed);
    (void)pthread_mutex_unlock(&budget->mutex);
}

int64_t hy_budget_taken(hy_budget *budget)
{
    (void)pthread_mutex_lock(&budget->mutex);
    int64_t taken = budget->locked.taken_bytes;
    (void)pthread_mutex_unlock(&budget->mutex);
    return taken;
}
