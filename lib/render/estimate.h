/* SPDX-License-Identifier: MIT */
/*
 * What a job will need, before it starts: from the plan, the photos' headers and models of the
 * decoders and the encoder. And the gate that holds it against the policy and the context's budget.
 * Private to render/ and api/.
 */
#ifndef HY_ESTIMATE_H
#define HY_ESTIMATE_H

#include "render/render.h"

/* `job->route` is set; the estimate is of the encoder that needs most. `job->sink` may be NULL:
 * bytes that go anywhere but into memory. Fails like the render would for a project that makes no
 * sense, or a photo or an encoder that cannot be opened. */
hydra_status hy_estimate(const hy_job *job, const hy_plan *plan, hydra_estimate *out,
                         hy_diag *diag);

/* Memory of one photo. */
typedef struct hy_photo_need {
    int64_t asset_bytes;   /* prepared */
    int64_t prepare_bytes; /* at most while it is prepared, that included */
    int64_t pixels;
} hy_photo_need;

/* Reads the photo's header; of its bytes no more than that takes: the first 256 KiB, or all. All of
 * a file is read by one job of job->budget (NULL = none) at a time, others wait. Of a remote photo
 * nothing is read: a usual large one is assumed. */
hydra_status hy_photo_need_of(const hy_job *job, int32_t index, hy_photo_need *need, hy_diag *diag);

/* Fetched bytes that a job holds ahead of the playhead, and those of its music. Assumed: nothing is
 * fetched. */
int64_t hy_remote_need(const hy_job *job);
/* A remote photo's file and what its decoder needs besides, as hy_photo_need_of assumes. */
int64_t hy_remote_decode_bytes(const hy_job *job);

/*
 * Before a job starts: estimate its memory, hold it against policy->max_memory_bytes
 * (HYDRA_ERR_LIMIT) and take it from job->budget as job->options->when_busy says. `*taken` is to be
 * given back with hy_job_leave, also after a failure.
 */
hydra_status hy_job_admit(const hy_job *job, const hy_plan *plan, int64_t *taken, hy_diag *diag);
void hy_job_leave(const hy_job *job, int64_t taken);

#endif
