/* SPDX-License-Identifier: MIT */
/* hydra_compose_render and its kin: one job, one sink. */
#include "render/render.h"

#include "api/api.h"
#include "sink/sink.h"

/* Run a job into `sink` (owned by the caller) and keep its result. */
static hydra_status run(hydra_compose *c, const hydra_render_options *options, hy_sink *sink)
{
    hy_cancel cancel;
    hy_cancel_init(&cancel, hy_job_deadline(options, &c->context->policy));
    hy_job job = {
        .project = &c->project,
        .policy = &c->context->policy,
        .pool = c->context->pool,
        .simd = c->context->simd,
        .budget = &c->context->budget,
        .sink = sink,
        .options = options,
        .cancel = &cancel,
    };
    hydra_result result;
    hy_diag diag = {0};
    atomic_store(&c->running, true);
    hydra_status status = hy_render_run(&job, &result, &diag);
    atomic_store(&c->running, false);
    /* A call that the writer made into this compose may have left its own text. */
    hy_diag_clear(&c->diag);
    if (status == HYDRA_OK) {
        c->result = result;
        c->has_result = true;
    } else {
        c->diag = diag;
    }
    return status;
}

/* What every render starts with: options (NULL = the project's) checked, the last result forgotten.
 */
static hydra_status begin(hydra_compose *c, const hydra_render_options *options,
                          hydra_render_options *checked)
{
    hydra_status status = hy_compose_begin(c);
    if (status == HYDRA_OK) {
        status = hy_render_options_check(options ? options : &c->render_options, checked, &c->diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    c->has_result = false;
    hy_free(c->output);
    c->output = NULL;
    c->output_size = 0;
    return HYDRA_OK;
}

hydra_status hy_file_sink_open(const hy_project *project, const hydra_policy *policy,
                               const char *path, int32_t when_exists, hy_sink **out, hy_diag *diag)
{
    hydra_status status = hy_inputs_check(project, policy, path, diag);
    bool replace = when_exists == HYDRA_EXISTS_REPLACE;
    return status == HYDRA_OK ? hy_sink_file_new(path, replace, policy, out, diag) : status;
}

hydra_status hydra_compose_render(hydra_compose *c, const char *destination,
                                  const hydra_render_options *options)
{
    hydra_render_options checked;
    hydra_status status = begin(c, options, &checked);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_destination to;
    hy_sink *sink = NULL;
    status = hy_destination_parse(&to, destination, &c->diag);
    if (status == HYDRA_OK && !to.path) {
        status =
            hy_fail(&c->diag, HYDRA_ERR_ARGUMENT,
                    "%s: takes its bytes in order, which needs hydra_render_start", destination);
    }
    if (status == HYDRA_OK) {
        status = hy_file_sink_open(&c->project, &c->context->policy, to.path, checked.when_exists,
                                   &sink, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = run(c, &checked, sink);
    }
    hy_sink_free(sink);
    hy_destination_free(&to);
    return status;
}

hydra_status hydra_compose_render_memory(hydra_compose *c, const hydra_render_options *options)
{
    hydra_render_options checked;
    hydra_status status = begin(c, options, &checked);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_sink *sink = NULL;
    status = hy_inputs_check(&c->project, &c->context->policy, NULL, &c->diag);
    if (status == HYDRA_OK) {
        status = hy_sink_memory_new(c->context->policy.max_output_bytes, &sink, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = run(c, &checked, sink);
    }
    if (status == HYDRA_OK) {
        hy_sink_memory_take(sink, &c->output, &c->output_size);
    }
    hy_sink_free(sink);
    return status;
}

hydra_status hydra_compose_render_writer(hydra_compose *c, const hydra_writer *writer,
                                         const hydra_render_options *options)
{
    hydra_render_options checked;
    hydra_status status = begin(c, options, &checked);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_sink *sink = NULL;
    status = hy_inputs_check(&c->project, &c->context->policy, NULL, &c->diag);
    if (status == HYDRA_OK) {
        status = hy_sink_writer_new(writer, &sink, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = run(c, &checked, sink);
    }
    hy_sink_free(sink);
    return status;
}

hydra_status hydra_compose_result(const hydra_compose *c, hydra_result *result)
{
    if (!c || !hy_sized_is_set(result, HY_SIZE_THROUGH(hydra_result, key_frames))) {
        return HYDRA_ERR_ARGUMENT;
    }
    if (!c->has_result) {
        return HYDRA_ERR_STATE;
    }
    hy_sized_give(result, &c->result, sizeof c->result);
    return HYDRA_OK;
}

hydra_status hydra_compose_output(const hydra_compose *c, const void **data, size_t *size)
{
    if (!c || !data || !size) {
        return HYDRA_ERR_ARGUMENT;
    }
    if (!c->output) {
        return HYDRA_ERR_STATE;
    }
    *data = c->output;
    *size = c->output_size;
    return HYDRA_OK;
}
