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
static hydra_status make(hy_making *making, int64_t *taken, hy_diag *diag)
{
    hydra_status status = hy_job_admit(making->job, making->plan, taken, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_observe_stage(making->job, HYDRA_STAGE_PREPARING);
    return hy_attempts_run(making, diag);
}

/* The same by the route of the job, or the one that suits it. */
static hydra_status make_routed(hy_making *making, int64_t *taken, hy_diag *diag)
{
    const hy_job *job = making->job;
    if (job->route) {
        return make(making, taken, diag);
    }
    hy_encoder_route route;
    hy_job routed = *job;
    hydra_status status = hy_job_plan_encoders(job, &route, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    routed.route = &route;
    making->job = &routed;
    status = make(making, taken, diag);
    making->job = job;
    return status;
}

static hydra_status commit(const hy_making *making, hy_diag *diag)
{
    hy_sink *sink = making->job->sink;
    if (sink->remote) {
        hy_observe_stage(making->job, HYDRA_STAGE_UPLOADING);
    }
    double written = hy_clock_s();
    hydra_status status = sink->ops->commit(sink, diag);
    double ready = hy_clock_s();
    making->result->mux_s += ready - written;
    making->result->ready_us = (int64_t)((ready - making->outcome.encoded_at_s) * 1e6);
    return status;
}

hydra_status hy_render_run(const hy_job *job, hydra_result *result, hy_attempts *attempts,
                           hy_diag *diag)
{
    double start = hy_clock_s();
    *result = (hydra_result){.struct_size = sizeof *result, .moov_offset = -1};
    *attempts = (hy_attempts){.count = 0};
    hy_plan plan;
    hy_making making = {.job = job, .plan = &plan, .result = result, .attempts = attempts};
    int64_t taken = 0;
    hydra_status status = hy_plan_build(job->project, job->policy, &plan, diag);
    if (status == HYDRA_OK) {
        status = make_routed(&making, &taken, diag);
        hy_plan_free(&plan);
    }
    if (status == HYDRA_OK) {
        give_back_most(job, result, &taken);
        status = commit(&making, diag);
    }
    if (status != HYDRA_OK) {
        job->sink->ops->abort(job->sink);
    }
    hy_job_leave(job, taken);
    result->total_s = hy_clock_s() - start;
    return status;
}
