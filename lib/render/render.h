/* SPDX-License-Identifier: MIT */
/*
 * render: the pipeline. Prepares photos just in time, composes frames on the worker pool, hands
 * them to the encoder in order, interleaves the sound, writes, verifies, commits. Owns the threads'
 * dance and nothing else; what a frame looks like is decided in timeline/ and compositor/.
 */
#ifndef HY_RENDER_H
#define HY_RENDER_H

#include <hydra/policy.h>
#include <hydra/render.h>

#include "core/core.h"
#include "project/project.h"
#include "timeline/timeline.h"

/* Hears how a job goes, on the job's own thread. What begins anew with another encoder goes back to
 * HYDRA_STAGE_PREPARING, and to the first frame. */
typedef struct hy_observer {
    void (*stage)(void *user, int32_t stage); /* HYDRA_STAGE_*, in their order */
    void (*frame)(void *user, int64_t done, int64_t total);
    void (*message)(void *user, int32_t kind, const char *text); /* HYDRA_EVENT_WARNING or _LOG */
    void *user;
} hy_observer;

/* What a job works with. Borrowed for the call. */
typedef struct hy_job {
    const hy_project *project;
    const hydra_policy *policy;
    hy_pool *pool;
    int32_t simd;                         /* HYDRA_SIMD_..., for the compositor */
    hy_budget *budget;                    /* of the context; NULL = none */
    struct hy_gpu *gpu;                   /* of the context; NULL = none may be used */
    const struct hy_encoder_route *route; /* which encoders; NULL = hy_render_run plans it */
    const struct hy_encoder_ops *encoder; /* private to render/: the one of this attempt */
    hy_sink *sink;                        /* frames: unused */
    const hydra_render_options *options;  /* checked */
    const hy_cancel *cancel;              /* NULL = never */
    const hy_observer *observer;          /* NULL = nobody */
    const hy_fetcher *fetcher;            /* of remote sources; NULL = there can be none */
    struct hy_remote *remote;             /* private to render/: set while it fetches */
} hy_job;

/* How a job came to its video, or did not: its attempts, in their order. */
#define HY_MAX_ATTEMPTS 3
typedef struct hy_attempts {
    hydra_attempt list[HY_MAX_ATTEMPTS];
    int32_t count;                   /* 0 = it ended before the first one */
    char reason[HYDRA_REASON_BYTES]; /* why the encoder of the last one was taken */
} hy_attempts;

void hy_observe_stage(const hy_job *job, int32_t stage);
void hy_observe_frame(const hy_job *job, int64_t done, int64_t total);
void hy_observe_message(const hy_job *job, int32_t kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Check an option struct of the caller against the ranges in render.h; NULL = defaults. */
hydra_status hy_render_options_check(const hydra_render_options *options, hydra_render_options *out,
                                     hy_diag *diag);

/* Microseconds that a job may take: its own deadline within the policy's. */
int64_t hy_job_deadline(const hydra_render_options *options, const hydra_policy *policy);

/* Every input has a scheme that the policy allows; those that are files exist, are regular, within
 * the policy and not the target (NULL = none). Nothing is fetched. */
hydra_status hy_inputs_check(const hy_project *project, const hydra_policy *policy,
                             const char *target_path, hy_diag *diag);

/*
 * Look at everything that a render would read: the plan, each photo's header and colour profile,
 * the music; what is remote is fetched. Of the job it uses project, policy, fetcher and cancel.
 * Findings go into `issues`. HYDRA_OK, the status of the first issue, HYDRA_ERR_MEMORY, or why the
 * job was cancelled.
 */
hydra_status hy_render_check(const hy_job *job, hy_issues *issues, hy_diag *diag);

/* Which encoders the job may use, by its options and the GPUs. */
hydra_status hy_job_plan_encoders(const hy_job *job, struct hy_encoder_route *route, hy_diag *diag);

/*
 * Render the whole project into job->sink and commit it; on failure the sink is aborted. Where an
 * encoder of the route fails because of its GPU, the sink is restarted and all is made anew with
 * the next one. The result's encoder_reason lies in `attempts`, which is filled also on failure.
 */
hydra_status hy_render_run(const hy_job *job, hydra_result *result, hy_attempts *attempts,
                           hy_diag *diag);

/* Compose frame number `n` of a planned project. */
hydra_status hy_render_frame(const hy_job *job, const hy_plan *plan, int64_t n, hy_picture **out,
                             hy_diag *diag);

#endif
