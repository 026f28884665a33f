/* SPDX-License-Identifier: MIT */
/* hydra_compose_estimate: what a render would need. */
#include "render/estimate.h"

#include "api/api.h"
#include "media/media.h"

static hydra_status estimate(hydra_compose *c, const hydra_render_options *options,
                             hydra_estimate *out)
{
    hy_plan plan;
    hydra_status status = hy_plan_build(&c->project, &c->context->policy, &plan, &c->diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_job job = {
        .project = &c->project,
        .policy = &c->context->policy,
        .pool = c->context->pool,
        .simd = c->context->simd,
        .budget = &c->context->budget,
        .gpu = hy_context_gpu(c->context),
        .options = options,
    };
    hy_encoder_route route;
    status = hy_job_plan_encoders(&job, &route, &c->diag);
    if (status == HYDRA_OK) {
        job.route = &route;
        status = hy_estimate(&job, &plan, out, &c->diag);
    }
    hy_plan_free(&plan);
    return status;
}

hydra_status hydra_compose_estimate(hydra_compose *c, const hydra_render_options *options,
                                    hydra_estimate *out)
{
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    if (!hy_sized_is_set(out, HY_SIZE_THROUGH(hydra_estimate, seconds))) {
        return hy_fail(&c->diag, HYDRA_ERR_ARGUMENT, "estimate: %s",
                       out ? "struct_size is not set" : "the out-parameter is NULL");
    }
    hydra_render_options checked;
    status = hy_render_options_check(options ? options : &c->render_options, &checked, &c->diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hydra_estimate result;
    status = estimate(c, &checked, &result);
    if (status == HYDRA_OK) {
        hy_sized_give(out, &result, sizeof result);
    }
    return status;
}
