/* SPDX-License-Identifier: MIT */
/*
 * A thread for foreign calls that may never return: drivers. It runs one call at a time. Who waits
 * for a call can give up; the lane is then left behind and clears up by itself, if the call ever
 * returns.
 */
#ifndef HY_LANE_H
#define HY_LANE_H

#include <stdbool.h>
#include <stdint.h>

#include "cancel.h"
#include "diag.h"

typedef struct hy_lane hy_lane;

/*
 * Start a lane. `user` is all that its calls work on; from now on it belongs to the lane, whose
 * thread passes it to `end` last of all, which frees it. On failure it stays the caller's.
 */
hydra_status hy_lane_new(void (*end)(void *user), void *user, hy_lane **out, hy_diag *diag);

/*
 * Run `call` on the lane and wait for it, for `timeout_us` at most, while the process is stopped
 * not counted; a job that is cancelled meanwhile (`cancel`, NULL = never) gives it one second more.
 * True: it has returned. False: it is still running, the lane is stuck and no other call can be
 * made; what it works on must not be touched.
 */
bool hy_lane_call(hy_lane *lane, void (*call)(void *user), int64_t timeout_us,
                  const hy_cancel *cancel);
bool hy_lane_is_stuck(const hy_lane *lane);

/* End the lane: `end` runs on its thread, for which `timeout_us` at most are waited, not at all
 * when it is stuck. True: all is cleared up. NULL does nothing and is true. */
bool hy_lane_free(hy_lane *lane, int64_t timeout_us);

#endif
