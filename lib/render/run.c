/* SPDX-License-Identifier: MIT */
/* A whole render: plan, encoders, memory, the video, commit. */
#include "media/media.h"
#include "render/attempt.h"
#include "render/estimate.h"

/* What is left to do takes no memory but for bytes that the sink keeps, and may take long: a reader
 * may let the job wait. */
static void give_back_most(const hy_job *job, const hydra_result *result, int64_t *taken)
{
    int64_t kept = job->sink->keeps_bytes ? result->bytes : job->sink->buffer_bytes;
    if (kept < *taken) {
        hy_job_leave(job, *taken - kept);
        *taken = kept;
    }
}

/* Within the memory that is `taken`: that of the encoder of the route that needs most. */
static hydra_status make(const hy_job *job, const hy_plan *plan, hydra_result *result,
                         hy_attempts *attempts, hy_outcome *outcome, int64_t *taken, hy_diag *diag)
{
    hydra_status status = hy_job_admit(job, plan, taken, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_observe_stage(job, HYDRA_STAGE_PREPARING);
    return hy_attempts_run(job, plan, result, attempts, outcome, diag);
}

static hydra_status make_routed(const hy_job *job, const hy_plan *plan, hydra_result *result,
                                hy_attempts *attempts, hy_outcome *outcome, int64_t *taken,
                                hy_diag *diag)
{
    hy_encoder_route route;
    hy_job routed = *job;
    if (job->route) {
        return make(job, plan, result, attempts, outcome, taken, diag);
    }
    hydra_status status = hy_job_plan_encoders(job, &route, diag);
    routed.route = &route;
    return status == HYDRA_OK ? make(&routed, plan, result, attempts, outcome, taken, diag)
                              : status;
}

static hydra_status commit(const hy_job *job, const hy_outcome *outcome, hydra_result *result,
                           hy_diag *diag)
{
    if (job->sink->remote) {
        hy_observe_stage(job, HYDRA_STAGE_UPLOADING);
    }
    double written = hy_clock_s();
    hydra_status status = job->sink->ops->commit(job->sink, diag);
    double ready = hy_clock_s();
    result->mux_s += ready - written;
    result->ready_us = (int64_t)((ready - outcome->encoded_at_s) * 1e6);
    return status;
}

hydra_status hy_render_run(const hy_job *job, hydra_result *result, hy_attempts *attempts,
                           hy_diag *diag)
{
    double start = hy_clock_s();
    *result = (hydra_result){.struct_size = sizeof *result, .moov_offset = -1};
    *attempts = (hy_attempts){.count = 0};
    hy_plan plan;
    hy_outcome outcome = {0};
    int64_t taken = 0;
    hydra_status status = hy_plan_build(job->project, job->policy, &plan, diag);
    if (status == HYDRA_OK) {
        status = make_routed(job, &plan, result, attempts, &outcome, &taken, diag);
        hy_plan_free(&plan);
    }
    if (status == HYDRA_OK) {
        give_back_most(job, result, &taken);
        status = commit(job, &outcome, result, diag);
    }
    if (status != HYDRA_OK) {
        job->sink->ops->abort(job->sink);
    }
    hy_job_leave(job, taken);
    result->total_s = hy_clock_s() - start;
    return status;
}
