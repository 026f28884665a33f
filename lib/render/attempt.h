/* SPDX-License-Identifier: MIT */
/* From a plan to a video that waits for its commit: once, or until an encoder has managed it.
 * Private to render/. */
#ifndef HY_ATTEMPT_H
#define HY_ATTEMPT_H

#include "render/render.h"

typedef struct hy_outcome {
    bool opened;         /* the encoder */
    int32_t finding;     /* HYDRA_PROBE_*: not OK = it failed because of its GPU */
    int64_t frames;      /* that it took */
    double encoded_at_s; /* hy_clock_s when the last one was encoded */
} hy_outcome;

/* With job->encoder, from the first frame. Adds its seconds to those of `result`. */
hydra_status hy_attempt_run(const hy_job *job, const hy_plan *plan, hydra_result *result,
                            hy_outcome *outcome, hy_diag *diag);

/* With the encoders of job->route, one after another while their GPUs fail. `outcome` is that of
 * the last one. */
hydra_status hy_attempts_run(const hy_job *job, const hy_plan *plan, hydra_result *result,
                             hy_attempts *attempts, hy_outcome *outcome, hy_diag *diag);

#endif
