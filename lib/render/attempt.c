/* SPDX-License-Identifier: MIT */
/* One attempt: frames, output, verification. Frames depend on their number alone, so that the next
 * attempt makes the same ones. */
#include "render/attempt.h"
#include "render/frames.h"
#include "render/output.h"
#include "render/remote.h"

static hydra_status pump(const hy_job *job, hy_frames *frames, hy_output *output, hy_making *making,
                         hy_diag *diag)
{
    const hy_plan *plan = making->plan;
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
        making->outcome.frames = n + 1;
        if (n == 0) {
            hy_observe_stage(job, HYDRA_STAGE_RENDERING);
        }
        hy_observe_frame(job, n + 1, plan->frames);
    }
    hy_observe_stage(job, HYDRA_STAGE_FINISHING);
    hydra_status status = hy_output_finish(output, making->result, diag);
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

static void add_costs(hydra_result *result, hy_scene *scene, hy_frames *frames,
                      const hy_output *output, hy_meter *meter)
{
    result->decode_s += hy_stopwatch_s(&scene->decode_time);
    result->compose_s += hy_stopwatch_s(&frames->compose_time);
    result->encode_s += output->encode_s;
    result->audio_s += output->audio_s;
    result->mux_s += output->mux_s;
    int64_t peak_bytes = atomic_load(&meter->peak_bytes);
    if (peak_bytes > result->pool_peak_bytes) {
        result->pool_peak_bytes = peak_bytes;
    }
}

/* Why an encoder failed that has a GPU. Nothing else writes the pictures: a video that reads back
 * wrong is its fault, although it reported none. */
static int32_t find_cause(const hy_job *job, const hy_output *output, hydra_status status)
{
    if (status == HYDRA_OK) {
        return HYDRA_PROBE_OK;
    }
    int32_t finding = hy_output_finding(output);
    bool is_wrong = status == HYDRA_ERR_VERIFY && job->encoder->on_gpu;
    return finding == HYDRA_PROBE_OK && is_wrong ? HYDRA_PROBE_FAILED : finding;
}

hydra_status hy_attempt_run(hy_making *making, int32_t index, hy_diag *diag)
{
    hy_meter meter = {.limit_bytes = making->job->policy->max_memory_bytes};
    hy_scene scene = {0};
    hy_frames frames = {0};
    hy_output output = {0};
    hy_job job = *making->job;
    hy_outcome *outcome = &making->outcome;
    *outcome = (hy_outcome){.opened = false};
    job.encoder = job.route->list[index];
    hydra_status status = fetch(&job, &meter, diag);
    if (status == HYDRA_OK) {
        status = hy_scene_init(&scene, &job, making->plan, &meter, diag);
    }
    if (status == HYDRA_OK) {
        /* The first photo is decoded while the encoder opens. */
        status = hy_scene_want(&scene, 0, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_output_open(&output, &job, making->plan, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_frames_init(&frames, &scene, diag);
    }
    if (status == HYDRA_OK) {
        status = pump(&job, &frames, &output, making, diag);
    }
    hy_frames_free(&frames);
    hy_scene_free(&scene);
    hy_remote_free(job.remote);
    add_costs(making->result, &scene, &frames, &output, &meter);
    outcome->opened = output.encoder;
    outcome->finding = find_cause(&job, &output, status);
    outcome->encoded_at_s = output.encoded_at_s;
    hy_output_close(&output);
    return status;
}
