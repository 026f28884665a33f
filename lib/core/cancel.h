/* SPDX-License-Identifier: MIT */
/* The wish to stop a job, and the time by which it must be done. Asked between steps of work. */
#ifndef HY_CANCEL_H
#define HY_CANCEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "diag.h"

typedef struct hy_cancel {
    atomic_bool requested;
    double deadline_s;              /* on hy_clock_s; 0 = none. Set before the job starts. */
    const struct hy_cancel *parent; /* stops this one, too; NULL = none */
} hy_cancel;

/* `deadline_us` from now on; 0 = none. No parent. */
void hy_cancel_init(hy_cancel *cancel, int64_t deadline_us);
/* A part of the job of `parent` (NULL = none), whose deadline it has unless its own is nearer. */
void hy_cancel_init_child(hy_cancel *cancel, const hy_cancel *parent, int64_t deadline_us);
/* From any thread, at any time. */
void hy_cancel_request(hy_cancel *cancel);
/* True when the job should stop for whatever reason; stays true. NULL is never cancelled. */
bool hy_cancel_requested(const hy_cancel *cancel);
/* The same as a status with a text: HYDRA_OK, HYDRA_ERR_CANCELLED or HYDRA_ERR_DEADLINE. */
hydra_status hy_cancel_check(const hy_cancel *cancel, hy_diag *diag);

#endif
