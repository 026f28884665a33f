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

/* What attempts work on, and what comes of them. */
typedef struct hy_making {
    const hy_job *job; /* with its route */
    const hy_plan *plan;
    hydra_result *result;
    hy_attempts *attempts;
    hy_outcome outcome; /* of the last one */
} hy_making;

/* With encoder `index` of the route, from the first frame. Adds its seconds to those of the
 * result. */
hydra_status hy_attempt_run(hy_making *making, int32_t index, hy_diag *diag);

/* With the encoders of the route, one after another while their GPUs fail. */
hydra_status hy_attempts_run(hy_making *making, hy_diag *diag);

#endif
