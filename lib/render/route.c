/* SPDX-License-Identifier: MIT */
/* Which encoders a job tries. */
#include "media/media.h"
#include "render/render.h"

hydra_status hy_job_plan_encoders(const hy_job *job, hy_encoder_route *route, hy_diag *diag)
{
    return hy_encoder_plan(job->options->encoder, job->options->codec, job->gpu, route, diag);
}
