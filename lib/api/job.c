/* SPDX-License-Identifier: MIT */
/* hydra_render: a render on a thread of its own, with a snapshot of the project. */
#include <pthread.h>
#include <strings.h>

#include "api/events.h"
#include "api/fetcher.h"
#include "api/outlet.h"

/* Output that a `pull:` job keeps for its host. */
#define PULL_BYTES ((size_t)1 << 20)

struct hydra_render {
    hydra_context *context;
    hy_project project;
    hydra_render_options options;
    char *preset;                    /* behind options.preset */
    hydra_transfer_options transfer; /* owns its strings */
    hy_destination destination;
    hy_sink *sink; /* where bytes in order go; else NULL, the job's thread opens it */
    hy_sink *pull; /* or NULL: the host reads from it. Within `sink`, which then lives as long as
                      the job. */
    hy_cancel cancel;
    hy_events events;
    uint64_t warnings_seen; /* of the context's S3 client */
    pthread_t thread;
    bool started;
    /* Written by the job's thread before its last event, read after it. */
    hydra_result result;
    hy_attempts attempts;
    hy_object object;
    hy_diag diag;
    char text[HY_DIAG_BYTES]; /* of the event that the host got last */
};

/* ---- The job's thread ---- */

static void on_stage(void *user, int32_t stage)
{
    hy_events_stage(&((hydra_render *)user)->events, stage);
}

static void on_frame(void *user, int64_t done, int64_t total)
{
    hy_events_frame(&((hydra_render *)user)->events, done, total);
}

static void on_message(void *user, int32_t kind, const char *text)
{
    hy_events_message(&((hydra_render *)user)->events, kind, text);
}

/* Keys were not renewed: by the upload's threads, which call one at a time, and at the end. */
static void tell_warning(hydra_render *render)
{
    char text[HY_DIAG_BYTES];
    if (hy_context_warning(render->context, &render->warnings_seen, text)) {
        hy_events_message(&render->events, HYDRA_EVENT_WARNING, text);
    }
}

static void on_sent(void *user, int64_t bytes, int64_t total)
{
    hydra_render *render = user;
    tell_warning(render);
    hy_events_sent(&render->events, bytes, total);
}

static bool is_https(const char *url)
{
    return url && strncasecmp(url, "https:", 6) == 0;
}

static bool is_s3(const char *url)
{
    return url && strncasecmp(url, "s3:", 3) == 0;
}

/* Something of the job goes over TLS, as far as can be told from URLs. */
static bool uses_tls(const hydra_render *render)
{
    const hy_project *project = &render->project;
    const char *endpoint = render->context->store.endpoint;
    bool s3_is_plain = endpoint && !is_https(endpoint);
    for (int32_t i = -2; i < project->image_count; i++) {
        const char *url = i == -2   ? render->destination.url
                          : i == -1 ? project->audio_source.url
                                    : project->images[i].source.url;
        if (is_https(url) || (is_s3(url) && !s3_is_plain)) {
            return true;
        }
    }
    return false;
}

static hydra_status render_into(hydra_render *render, hy_sink *sink)
{
    hy_observer observer = {on_stage, on_frame, on_message, render};
    const hy_context_fetcher fetcher = hy_context_fetcher_of(render->context);
    hy_job job = {
        .project = &render->project,
        .policy = &render->context->policy,
        .pool = render->context->pool,
        .simd = render->context->simd,
        .budget = &render->context->budget,
        .gpu = hy_context_gpu(render->context),
        .sink = sink,
        .options = &render->options,
        .cancel = &render->cancel,
        .observer = &observer,
        .fetcher = &fetcher.base,
    };
    if (render->context->store.insecure && uses_tls(render)) {
        hy_observe_message(&job, HYDRA_EVENT_WARNING,
                           "certificates of servers are not verified (store.insecure)");
    }
    return hy_render_run(&job, &render->result, &render->attempts, &render->diag);
}

/* An upload that was given up for another attempt may have left something, although all is well. */
static void warn_of_leftover(hydra_render *render, const hy_outlet *outlet)
{
    const char *note = hy_outlet_leftover(outlet);
    if (note) {
        hy_events_message(&render->events, HYDRA_EVENT_WARNING, note);
    }
}

/* A destination that can go back is opened here, others were before the thread began. */
static hydra_status render_to_outlet(hydra_render *render)
{
    hy_outlet outlet = {
        .context = render->context,
        .to = &render->destination,
        .options = &render->options,
        .transfer = &render->transfer,
        .cancel = &render->cancel,
        .sent = on_sent,
        .user = render,
    };
    hydra_status status = hy_outlet_open(&outlet, &render->project, &render->diag);
    if (status == HYDRA_OK) {
        status = render_into(render, outlet.sink);
    }
    if (status == HYDRA_OK) {
        warn_of_leftover(render, &outlet);
        status = hy_outlet_object(&outlet, &render->result, &render->object, &render->diag);
    }
    if (status != HYDRA_OK) {
        hy_outlet_explain(&outlet, &render->diag);
    }
    hy_outlet_close(&outlet);
    return status;
}

static hydra_status render_in_order(hydra_render *render)
{
    hydra_status status =
        hy_inputs_check(&render->project, &render->context->policy, NULL, &render->diag);
    if (status == HYDRA_OK) {
        status = render_into(render, render->sink);
    }
    if (!render->pull) {
        hy_sink_free(render->sink);
        render->sink = NULL;
    }
    return status;
}

static void *run_job(void *argument)
{
    hydra_render *render = argument;
    hydra_status status = render->sink ? render_in_order(render) : render_to_outlet(render);
    tell_warning(render);
    hy_events_done(&render->events, status);
    return NULL;
}

static hydra_status start_thread(hydra_render *render, hy_diag *diag)
{
    sigset_t before;
    hy_signals_block(&before);
    int error = pthread_create(&render->thread, NULL, run_job, render);
    hy_signals_restore(&before);
    if (error != 0) {
        return hy_fail_errno(diag, error, "job", "starting a thread");
    }
    render->started = true;
    return HYDRA_OK;
}

/* ---- The host's side ---- */

static hydra_status copy_preset(hydra_render *render, hy_diag *diag)
{
    if (!render->options.preset) {
        return HYDRA_OK;
    }
    render->preset = hy_strdup(render->options.preset);
    render->options.preset = render->preset;
    return render->preset ? HYDRA_OK : hy_fail_memory(diag);
}

static void on_output(void *user)
{
    hy_events_output(&((hydra_render *)user)->events);
}

/* A sink that takes bytes in order; NULL for others, which can wait for the job's thread. A
 * descriptor is duplicated here: the host may close its own as soon as the call is back. */
static hydra_status open_in_order(hydra_render *render, const char *name, hy_diag *diag)
{
    const hy_destination *to = &render->destination;
    switch (to->kind) {
    case HY_DESTINATION_FD:
    case HY_DESTINATION_STDOUT:
        return hy_sink_fd_new(to->fd, false, name, &render->cancel, &render->sink, diag);
    case HY_DESTINATION_FIFO:
        return hy_sink_fifo_new(to->path, &render->context->policy, &render->cancel, &render->sink,
                                diag);
    case HY_DESTINATION_PULL: {
        hydra_status status =
            hy_sink_pull_new(PULL_BYTES, on_output, render, &render->cancel, &render->sink, diag);
        render->pull = render->sink;
        return status;
    }
    default:
        return HYDRA_OK;
    }
}

static hydra_status buffer_sink(hydra_render *render, hy_diag *diag)
{
    if (!render->sink || render->options.in_order != HYDRA_IN_ORDER_BUFFERED) {
        return HYDRA_OK;
    }
    hy_sink *buffered = NULL;
    hydra_status status = hy_sink_buffered_new(
        render->sink, render->context->policy.max_output_bytes, &buffered, diag);
    if (status == HYDRA_OK) {
        render->sink = buffered;
    }
    return status;
}

/* Everything that can fail before the thread runs. What was made is freed by the caller. The host's
 * descriptor is looked at before there is one of ours, which might have its number. */
static hydra_status set_up(hydra_render *render, hydra_compose *c, const char *destination)
{
    hy_cancel_init(&render->cancel, hy_job_deadline(&render->options, &render->context->policy));
    hydra_status status = copy_preset(render, &c->diag);
    if (status == HYDRA_OK) {
        status = hy_destination_parse(&render->destination, destination, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = hy_destination_check(&render->destination, &render->context->policy, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = hy_transfer_options_copy(&render->transfer, &c->transfer, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = open_in_order(render, destination, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = buffer_sink(render, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = hy_events_init(&render->events, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = hy_project_copy(&render->project, &c->project, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = start_thread(render, &c->diag);
    }
    return status;
}

hydra_status hydra_render_start(hydra_compose *c, const char *destination,
                                const hydra_render_options *options, hydra_render **out)
{
    if (out) {
        *out = NULL;
    }
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    if (!out || !destination) {
        return hy_fail(&c->diag, HYDRA_ERR_ARGUMENT, "start: %s is NULL",
                       out ? "the destination" : "the out-parameter");
    }
    hydra_render_options checked;
    status = hy_render_options_check(options ? options : &c->render_options, &checked, &c->diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hydra_render *render = hy_calloc(1, sizeof *render);
    if (!render) {
        return hy_fail_memory(&c->diag);
    }
    render->events.fd = -1;
    render->options = checked;
    render->context = hy_context_ref(c->context);
    hy_project_init(&render->project);
    status = set_up(render, c, destination);
    if (status != HYDRA_OK) {
        hydra_render_free(render);
        return status;
    }
    *out = render;
    return HYDRA_OK;
}

hydra_status hydra_render_wait(hydra_render *render, int64_t timeout_us)
{
    if (!render || (timeout_us < 0 && timeout_us != HYDRA_AUTO)) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_status status;
    return hy_events_wait(&render->events, timeout_us, &status) ? status : HYDRA_ERR_TIMEOUT;
}

hydra_status hydra_render_next_event(hydra_render *render, hydra_event *event)
{
    if (!render || !hy_sized_is_set(event, HY_SIZE_THROUGH(hydra_event, text))) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_event own = {.struct_size = sizeof own};
    hy_events_next(&render->events, &own, render->text);
    if (own.kind == HYDRA_EVENT_DONE) {
        own.text = render->diag.text;
    }
    hy_sized_give(event, &own, sizeof own);
    return HYDRA_OK;
}

int32_t hydra_render_fd(const hydra_render *render)
{
    return render ? render->events.fd : -1;
}

hydra_status hydra_render_read(hydra_render *render, void *buffer, size_t capacity, int64_t *offset,
                               size_t *got)
{
    if (!render || !buffer || capacity == 0 || !got) {
        return HYDRA_ERR_ARGUMENT;
    }
    *got = 0;
    return render->pull ? hy_sink_pull_read(render->pull, buffer, capacity, offset, got)
                        : HYDRA_ERR_STATE;
}

void hydra_render_cancel(hydra_render *render)
{
    if (render) {
        hy_cancel_request(&render->cancel);
    }
}

static bool ended_well(const hydra_render *render)
{
    hydra_status status;
    return hy_events_is_done((hy_events *)(uintptr_t)&render->events, &status) &&
           status == HYDRA_OK;
}

hydra_status hydra_render_result(const hydra_render *render, hydra_result *result)
{
    if (!render || !hy_sized_is_set(result, HY_SIZE_THROUGH(hydra_result, key_frames))) {
        return HYDRA_ERR_ARGUMENT;
    }
    if (!ended_well(render)) {
        return HYDRA_ERR_STATE;
    }
    hy_sized_give(result, &render->result, sizeof render->result);
    return HYDRA_OK;
}

hydra_status hydra_render_attempt(const hydra_render *render, int32_t index, hydra_attempt *attempt)
{
    if (!render) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_status status;
    const hy_attempts none = {.count = 0};
    bool done = hy_events_is_done((hy_events *)(uintptr_t)&render->events, &status);
    return hy_attempts_give(done ? &render->attempts : &none, index, attempt);
}

hydra_status hydra_render_object(const hydra_render *render, hydra_object *object)
{
    if (!hy_sized_is_set(object, HY_SIZE_THROUGH(hydra_object, content_type))) {
        return HYDRA_ERR_ARGUMENT;
    }
    hy_object_clear(object);
    if (!render) {
        return HYDRA_ERR_ARGUMENT;
    }
    return ended_well(render) && hy_object_give(&render->object, object) ? HYDRA_OK
                                                                         : HYDRA_ERR_STATE;
}

const char *hydra_render_error(const hydra_render *render)
{
    hydra_status status;
    return render && hy_events_is_done((hy_events *)(uintptr_t)&render->events, &status)
               ? render->diag.text
               : "";
}

void hydra_render_free(hydra_render *render)
{
    if (!render) {
        return;
    }
    if (render->started) {
        hy_cancel_request(&render->cancel);
        (void)pthread_join(render->thread, NULL);
    }
    hy_sink_free(render->sink);
    hy_events_free(&render->events);
    hy_project_free(&render->project);
    hy_destination_free(&render->destination);
    hy_transfer_options_free(&render->transfer);
    hy_object_free(&render->object);
    hy_free(render->preset);
    hydra_context_free(render->context);
    hy_free(render);
}
