/* SPDX-License-Identifier: MIT */
/* The gate before a job: its estimated memory against the policy and the context's budget. */
#include "render/estimate.h"

hydra_status hy_job_admit(const hy_job *job, const hy_plan *plan, int64_t *taken, hy_diag *diag)
{
    *taken = 0;
    hydra_estimate estimate;
    hydra_status status = hy_estimate(job, plan, &estimate, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    int64_t bytes = estimate.memory_bytes;
    if (bytes > job->policy->max_memory_bytes) {
        return hy_fail(diag, HYDRA_ERR_LIMIT,
                       "the job needs about %lld bytes of memory, the policy allows %lld "
                       "(max_memory_bytes); fewer threads, a lighter profile or smaller pictures "
                       "need less",
                       (long long)bytes, (long long)job->policy->max_memory_bytes);
    }
    if (!job->budget) {
        return HYDRA_OK;
    }
    bool wait = job->options->when_busy == HYDRA_BUSY_WAIT;
    status = hy_budget_take(job->budget, bytes, wait, job->cancel, diag);
    *taken = status == HYDRA_OK ? bytes : 0;
    return status;
}

void hy_job_leave(const hy_job *job, int64_t taken)
{
    if (taken > 0) {
        hy_budget_give(job->budget, taken);
    }
}
