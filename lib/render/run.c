/* SPDX-License-Identifier: MIT */
/* A whole render: plan, frames, output, verification, commit. */
#include "render/estimate.h"
#include "render/frames.h"
#include "render/output.h"
#include "render/remote.h"

static hydra_status pump(const hy_job *job, hy_frames *frames, hy_output *output,
                         hydra_result *result, hy_diag *diag)
{
    const hy_plan *plan = frames->scene->plan;
    for (int64_t n = 0; n < plan->frames; n++) {
        const hy_picture *picture;
        hydra_status status = hy_frames_get(frames, n, &picture, diag);
        if (status == HYDRA_OK) {
            /* Asked after the frame came: workers leave frames of a cancelled job undrawn. */
            status = hy_cancel_check(job->cancel, diag);
        }
        if (status == HYDRA_OK) {
            status = hy_output_frame(output, picture, n, diag);
        }
        if (status != HYDRA_OK) {
            return status;
        }
        if (n == 0) {
            hy_observe_stage(job, HYDRA_STAGE_RENDERING);
        }
        hy_observe_frame(job, n + 1, plan->frames);
    }
    hy_observe_stage(job, HYDRA_STAGE_FINISHING);
    hydra_status status = hy_output_finish(output, result, diag);
    return status == HYDRA_OK ? hy_cancel_check(job->cancel, diag) : status;
}

/* Begin to fetch what is remote. */
static hydra_status fetch(hy_job *job, hy_meter *meter, hy_diag *diag)
{
    const hy_remote_want want = {
        .end = job->project->image_count,
        .audio = hy_output_has_sound(job),
    };
    return hy_remote_new(job, &want, meter, &job->remote, diag);
}

static hydra_status run_planned(const hy_job *job, const hy_plan *plan, hydra_result *result,
                                double *encoded_at_s, hy_diag *diag)
{
    hy_meter meter = {.limit_bytes = job->policy->max_memory_bytes};
    hy_scene scene = {0};
    hy_frames frames = {0};
    hy_output output = {0};
    hy_job fetching = *job;
    hydra_status status = fetch(&fetching, &meter, diag);
    if (status == HYDRA_OK) {
        status = hy_scene_init(&scene, &fetching, plan, &meter, diag);
    }
    if (status == HYDRA_OK) {
        /* The first photo is decoded while the encoder opens. */
        status = hy_scene_want(&scene, 0, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_output_open(&output, &fetching, plan, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_frames_init(&frames, &scene, diag);
    }
    if (status == HYDRA_OK) {
        status = pump(job, &frames, &output, result, diag);
    }
    hy_frames_free(&frames);
    hy_scene_free(&scene);
    hy_remote_free(fetching.remote);
    result->decode_s = hy_stopwatch_s(&scene.decode_time);
    result->compose_s = hy_stopwatch_s(&frames.compose_time);
    result->encode_s = output.encode_s;
    result->audio_s = output.audio_s;
    result->mux_s = output.mux_s;
    *encoded_at_s = output.encoded_at_s;
    result->pool_peak_bytes = atomic_load(&meter.peak_bytes);
    hy_output_close(&output);
    return status;
}

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

hydra_status hy_render_run(const hy_job *job, hydra_result *result, hy_diag *diag)
{
    double start = hy_clock_s();
    double encoded_at_s = 0;
    *result = (hydra_result){.struct_size = sizeof *result, .moov_offset = -1};
    hy_plan plan;
    int64_t taken = 0;
    hydra_status status = hy_plan_build(job->project, job->policy, &plan, diag);
    if (status == HYDRA_OK) {
        hy_encoder_route route;
        hy_job routed = *job;
        status = hy_job_plan_encoders(job, &route, diag);
        routed.route = &route;
        routed.encoder = route.list[0];
        if (status == HYDRA_OK) {
            status = hy_job_admit(&routed, &plan, &taken, diag);
        }
        if (status == HYDRA_OK) {
            hy_observe_stage(job, HYDRA_STAGE_PREPARING);
            status = run_planned(&routed, &plan, result, &encoded_at_s, diag);
            result->encoder_reason = routed.route->count == 1 ? "asked for" : "the best one";
        }
        hy_plan_free(&plan);
    }
    if (status == HYDRA_OK) {
        give_back_most(job, result, &taken);
        if (job->sink->remote) {
            hy_observe_stage(job, HYDRA_STAGE_UPLOADING);
        }
        double written = hy_clock_s();
        status = job->sink->ops->commit(job->sink, diag);
        result->mux_s += hy_clock_s() - written;
        result->ready_us = (int64_t)((hy_clock_s() - encoded_at_s) * 1e6);
    }
    if (status != HYDRA_OK) {
        job->sink->ops->abort(job->sink);
    }
    hy_job_leave(job, taken);
    result->total_s = hy_clock_s() - start;
    return status;
}
