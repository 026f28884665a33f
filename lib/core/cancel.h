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
    const struct hy_cancel *parent; /* asked, too; NULL = none */
} hy_cancel;

/* `deadline_us` from now on; 0 = none. */
void hy_cancel_init(hy_cancel *cancel, int64_t deadline_us);
/* For a part of a job that may have to end before it: stops with `parent` (NULL = never), too. */
void hy_cancel_init_child(hy_cancel *cancel, const hy_cancel *parent);
/* From any thread, at any time. */
void hy_cancel_request(hy_cancel *cancel);
/* True when the job should stop for whatever reason; stays true. NULL is never cancelled. */
bool hy_cancel_requested(const hy_cancel *cancel);
/* The same as a status with a text: HYDRA_OK, HYDRA_ERR_CANCELLED or HYDRA_ERR_DEADLINE. */
hydra_status hy_cancel_check(const hy_cancel *cancel, hy_diag *diag);

#endif
