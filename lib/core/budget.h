/* SPDX-License-Identifier: MIT */
/*
 * Admission to a shared amount of memory. Jobs take their estimated share before they start and
 * give it back at their end. First come, first served: a small job does not overtake a large one
 * that waits, so none waits for ever.
 */
#ifndef HY_BUDGET_H
#define HY_BUDGET_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "cancel.h"

typedef struct hy_budget_ticket hy_budget_ticket;

typedef struct hy_budget {
    int64_t total_bytes; /* 0 = no limit */
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* on the monotonic clock */
    struct {                /* under mutex */
        bool looking;       /* see hy_budget_look_begin */
        int64_t taken_bytes;
        hy_budget_ticket *first; /* waiting, in the order of their coming */
        hy_budget_ticket *last;
    } locked;
} hy_budget;

void hy_budget_init(hy_budget *budget, int64_t total_bytes);
/* Nobody may be waiting. */
void hy_budget_free(hy_budget *budget);

/*
 * Take `bytes`, 0 or more. While others hold too much of the budget, or wait for their turn:
 * `wait` queues up until `cancel` (NULL = never) says stop, otherwise HYDRA_ERR_BUSY at once. More
 * than there is in all is HYDRA_ERR_LIMIT. Nothing is taken on failure. Thread: any.
 */
hydra_status hy_budget_take(hy_budget *budget, int64_t bytes, bool wait, const hy_cancel *cancel,
                            hy_diag *diag);
/* Give back what was taken. */
void hy_budget_give(hy_budget *budget, int64_t bytes);

/*
 * Memory that a job needs before it can tell its share: one job at a time has it. Waits until
 * `cancel` (NULL = never) says stop; ended by hy_budget_look_end, on success only. Thread: any.
 */
hydra_status hy_budget_look_begin(hy_budget *budget, const hy_cancel *cancel, hy_diag *diag);
void hy_budget_look_end(hy_budget *budget);

/* What is taken now. */
int64_t hy_budget_taken(hy_budget *budget);

#endif
