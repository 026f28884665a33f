/* SPDX-License-Identifier: MIT */
/* Cancellation and deadlines. */
#include "cancel.h"

#include <stddef.h>

#include "clock.h"

void hy_cancel_init(hy_cancel *cancel, int64_t deadline_us)
{
    atomic_init(&cancel->requested, false);
    cancel->deadline_s = deadline_us > 0 ? hy_clock_s() + (double)deadline_us * 1e-6 : 0;
    cancel->parent = NULL;
}

void hy_cancel_init_child(hy_cancel *cancel, const hy_cancel *parent, int64_t deadline_us)
{
    hy_cancel_init(cancel, deadline_us);
    cancel->parent = parent;
    if (parent && parent->deadline_s > 0 &&
        (cancel->deadline_s <= 0 || parent->deadline_s < cancel->deadline_s)) {
        cancel->deadline_s = parent->deadline_s;
    }
}

void hy_cancel_request(hy_cancel *cancel)
{
    atomic_store(&cancel->requested, true);
}

static bool is_late(const hy_cancel *cancel)
{
    return cancel->deadline_s > 0 && hy_clock_s() >= cancel->deadline_s;
}

bool hy_cancel_requested(const hy_cancel *cancel)
{
    for (; cancel; cancel = cancel->parent) {
        if (atomic_load(&cancel->requested) || is_late(cancel)) {
            return true;
        }
    }
    return false;
}

hydra_status hy_cancel_check(const hy_cancel *cancel, hy_diag *diag)
{
    for (; cancel; cancel = cancel->parent) {
        if (atomic_load(&cancel->requested)) {
            return hy_fail(diag, HYDRA_ERR_CANCELLED, "cancelled");
        }
        if (is_late(cancel)) {
            return hy_fail(diag, HYDRA_ERR_DEADLINE, "not finished before its deadline");
        }
    }
    return HYDRA_OK;
}
