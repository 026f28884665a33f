/* SPDX-License-Identifier: MIT */
/* hydra_compose_render and its kin: one job, one sink. */
#include "render/render.h"

#include "api/fetcher.h"
#include "api/outlet.h"

/* Run a job into `sink` (owned by the caller) and keep its result. */
static hydra_status run(hydra_compose *c, const hydra_render_options *options, hy_sink *sink,
                        const hy_cancel *cancel)
{
    const hy_context_fetcher fetcher = hy_context_fetcher_of(c->context);
    hy_job job = {
        .project = &c->project,
        .policy = &c->context->policy,
        .pool = c->context->pool,
        .simd = c->context->simd,
        .budget = &c->context->budget,
        .gpu = hy_context_gpu(c->context),
        .sink = sink,
        .options = options,
        .cancel = cancel,
        .fetcher = &fetcher.base,
    };
    hydra_result result;
    hy_diag diag = {0};
    atomic_store(&c->running, true);
    hydra_status status = hy_render_run(&job, &result, &c->attempts, &diag);
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

/* The same within the job's own deadline. */
static hydra_status run_alone(hydra_compose *c, const hydra_render_options *options, hy_sink *sink)
{
    hy_cancel cancel;
    hy_cancel_init_child(&cancel, &c->cancel, hy_job_deadline(options, &c->context->policy));
    return run(c, options, sink, &cancel);
}

hydra_status hy_compose_begin_render(hydra_compose *c, const hydra_render_options *options,
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
    c->attempts = (hy_attempts){.count = 0};
    hy_free(c->output);
    c->output = NULL;
    c->output_size = 0;
    hy_stable_file_free(&c->file);
    return HYDRA_OK;
}

/* So that an upload can send this very file. One that cannot be looked at is rendered again then.
 */
static void note_file(hydra_compose *c, const char *path, const hy_sink *sink)
{
    hy_diag ignored = {0};
    struct stat info;
    if (hy_sink_file_info(sink, &info) &&
        hy_stable_file_note(&c->file, path, &info, &ignored) == HYDRA_OK) {
        c->changes_at_render = c->changes;
    }
}

static int64_t deadline_of(const hydra_compose *c, const hydra_render_options *options,
                           const hydra_transfer_options *transfer)
{
    int64_t job_us = hy_job_deadline(options, &c->context->policy);
    int64_t own_us = transfer ? transfer->deadline_us : 0;
    return own_us > 0 && own_us < job_us ? own_us : job_us;
}

hydra_status hy_compose_render_to(hydra_compose *c, const hy_destination *to,
                                  const hydra_render_options *options,
                                  const hydra_transfer_options *transfer)
{
    hy_cancel cancel;
    hy_cancel_init_child(&cancel, &c->cancel, deadline_of(c, options, transfer));
    hy_outlet outlet = {
        .context = c->context,
        .to = to,
        .options = options,
        .transfer = transfer,
        .cancel = &cancel,
        .sent = hy_progress_set,
        .user = &c->sent,
    };
    hydra_status status = hy_outlet_open(&outlet, &c->project, &c->diag);
    if (status == HYDRA_OK) {
        status = run(c, options, outlet.sink, &cancel);
    }
    if (status == HYDRA_OK && to->kind == HY_DESTINATION_FILE) {
        note_file(c, to->path, outlet.sink);
    }
    if (status == HYDRA_OK && to->kind == HY_DESTINATION_S3) {
        status = hy_outlet_object(&outlet, &c->result, &c->object, &c->diag);
    }
    if (status != HYDRA_OK) {
        hy_outlet_explain(&outlet, &c->diag);
    }
    hy_outlet_close(&outlet);
    return status;
}

hydra_status hydra_compose_render(hydra_compose *c, const char *destination,
                                  const hydra_render_options *options)
{
    hydra_render_options checked;
    hydra_status status = hy_compose_begin_render(c, options, &checked);
    if (status != HYDRA_OK) {
        return hy_compose_end(c, status);
    }
    hy_destination to;
    hy_progress_set(&c->sent, 0, -1);
    status = hy_destination_parse(&to, destination, &c->diag);
    if (status == HYDRA_OK && !to.path && !to.url) {
        status =
            hy_fail(&c->diag, HYDRA_ERR_ARGUMENT,
                    "%s: takes its bytes in order, which needs hydra_render_start", destination);
    }
    if (status == HYDRA_OK) {
        status = hy_compose_render_to(c, &to, &checked, &c->transfer);
    }
    hy_destination_free(&to);
    return hy_compose_end(c, status);
}

hydra_status hydra_compose_render_memory(hydra_compose *c, const hydra_render_options *options)
{
    hydra_render_options checked;
    hydra_status status = hy_compose_begin_render(c, options, &checked);
    if (status != HYDRA_OK) {
        return hy_compose_end(c, status);
    }
    hy_sink *sink = NULL;
    status = hy_inputs_check(&c->project, &c->context->policy, NULL, &c->diag);
    if (status == HYDRA_OK) {
        status = hy_sink_memory_new(c->context->policy.max_output_bytes, &sink, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = run_alone(c, &checked, sink);
    }
    if (status == HYDRA_OK) {
        hy_sink_memory_take(sink, &c->output, &c->output_size);
        c->changes_at_render = c->changes;
    }
    hy_sink_free(sink);
    return hy_compose_end(c, status);
}

hydra_status hydra_compose_render_writer(hydra_compose *c, const hydra_writer *writer,
                                         const hydra_render_options *options)
{
    hydra_render_options checked;
    hydra_status status = hy_compose_begin_render(c, options, &checked);
    if (status != HYDRA_OK) {
        return hy_compose_end(c, status);
    }
    hy_sink *sink = NULL;
    status = hy_inputs_check(&c->project, &c->context->policy, NULL, &c->diag);
    if (status == HYDRA_OK) {
        status = hy_sink_writer_new(writer, &sink, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = run_alone(c, &checked, sink);
    }
    hy_sink_free(sink);
    return hy_compose_end(c, status);
}

void hydra_compose_cancel(hydra_compose *c)
{
    if (c) {
        hy_cancel_request(&c->cancel);
    }
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

hydra_status hy_attempts_give(const hy_attempts *attempts, int32_t index, hydra_attempt *out)
{
    if (index < 0 || !hy_sized_is_set(out, HY_SIZE_THROUGH(hydra_attempt, text))) {
        return HYDRA_ERR_ARGUMENT;
    }
    if (index >= attempts->count) {
        return HYDRA_ERR_STATE;
    }
    hy_sized_give(out, &attempts->list[index], sizeof attempts->list[index]);
    return HYDRA_OK;
}

hydra_status hydra_compose_attempt(const hydra_compose *c, int32_t index, hydra_attempt *attempt)
{
    if (!c) {
        return HYDRA_ERR_ARGUMENT;
    }
    const hy_attempts none = {.count = 0};
    return hy_attempts_give(atomic_load(&c->running) ? &none : &c->attempts, index, attempt);
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
