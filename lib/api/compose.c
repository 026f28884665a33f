/* SPDX-License-Identifier: MIT */
/* hydra_compose: building the project. */
#include "api/api.h"

#include <stdio.h>

/* The plan of a project of the largest allowed size stays far below this. */
#define PLAN_TEXT_LIMIT ((size_t)256 << 20)

hydra_status hydra_compose_new(hydra_context *context, hydra_compose **out)
{
    if (!out) {
        return HYDRA_ERR_ARGUMENT;
    }
    *out = NULL;
    hydra_compose *c = hy_calloc(1, sizeof *c);
    if (!c) {
        return HYDRA_ERR_MEMORY;
    }
    hydra_status status = hy_context_or_private(context, &c->context);
    if (status != HYDRA_OK) {
        hy_free(c);
        return status;
    }
    hy_project_init(&c->project);
    hydra_render_options_init(&c->render_options);
    hydra_transfer_options_init(&c->transfer);
    c->plan_text.limit = PLAN_TEXT_LIMIT;
    c->json_text.limit = HY_JSON_MAX_BYTES;
    atomic_init(&c->running, false);
    hy_cancel_init(&c->cancel, 0);
    hy_progress_set(&c->sent, 0, -1);
    *out = c;
    return HYDRA_OK;
}

void hydra_compose_free(hydra_compose *c)
{
    if (!c) {
        return;
    }
    hy_project_free(&c->project);
    hy_buffer_free(&c->plan_text);
    hy_buffer_free(&c->json_text);
    hy_issues_free(&c->issues);
    hy_free(c->preset);
    hy_free(c->output);
    hy_stable_file_free(&c->file);
    hy_transfer_options_free(&c->transfer);
    hy_object_free(&c->object);
    hydra_context_free(c->context);
    hy_free(c);
}

const char *hydra_compose_error(const hydra_compose *c)
{
    return c ? c->diag.text : "";
}

hydra_status hy_compose_begin(hydra_compose *c)
{
    if (!c) {
        return HYDRA_ERR_ARGUMENT;
    }
    hy_diag_clear(&c->diag);
    if (atomic_load(&c->running)) {
        return hy_fail(&c->diag, HYDRA_ERR_STATE, "a render of this compose is running");
    }
    return HYDRA_OK;
}

hydra_status hy_compose_end(hydra_compose *c, hydra_status status)
{
    /* A call of a writer into its own compose ends nothing. */
    if (c && !atomic_load(&c->running)) {
        atomic_store(&c->cancel.requested, false);
    }
    return status;
}

hydra_status hy_compose_changed(hydra_compose *c, hydra_status status)
{
    c->changes += status == HYDRA_OK;
    return status;
}

hydra_status hydra_compose_set_canvas(hydra_compose *c, const hydra_canvas_options *options)
{
    hydra_status status = hy_compose_begin(c);
    return status == HYDRA_OK
               ? hy_compose_changed(c, hy_project_set_canvas(&c->project, options, &c->diag))
               : status;
}

hydra_status hydra_compose_set_duration(hydra_compose *c, int64_t duration_us)
{
    hydra_status status = hy_compose_begin(c);
    return status == HYDRA_OK
               ? hy_compose_changed(c, hy_project_set_duration(&c->project, duration_us, &c->diag))
               : status;
}

static hydra_status add_source(hydra_compose *c, hydra_status status, hy_source *source,
                               const hydra_image_options *options)
{
    if (status == HYDRA_OK) {
        status = hy_project_add_image(&c->project, source, options, &c->context->policy, &c->diag);
    }
    hy_source_free(source);
    return hy_compose_changed(c, status);
}

/* How messages call the image that would be added next. */
static void next_image_name(const hydra_compose *c, char *text, size_t size)
{
    (void)snprintf(text, size, "image %d", (int)c->project.image_count);
}

hydra_status hydra_compose_add_image(hydra_compose *c, const char *uri,
                                     const hydra_image_options *options)
{
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    char kind[32];
    next_image_name(c, kind, sizeof kind);
    hy_source source;
    status = hy_source_from_uri(&source, uri, kind, &c->diag);
    return add_source(c, status, &source, options);
}

/* Bytes of the caller become a named source, unless they are more than the policy allows. */
static hydra_status memory_source(hydra_compose *c, const void *data, size_t size, const char *name,
                                  int64_t limit, hy_source *out)
{
    *out = (hy_source){0};
    if (size > (uint64_t)limit) {
        return hy_fail(&c->diag, HYDRA_ERR_LIMIT, "%s: %llu bytes, the policy allows %lld", name,
                       (unsigned long long)size, (long long)limit);
    }
    return hy_source_from_memory(out, data, size, name, &c->diag);
}

hydra_status hydra_compose_add_image_memory(hydra_compose *c, const void *data, size_t size,
                                            const char *name, const hydra_image_options *options)
{
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    char fallback[32];
    next_image_name(c, fallback, sizeof fallback);
    hy_source source;
    status = memory_source(c, data, size, name ? name : fallback,
                           c->context->policy.max_image_bytes, &source);
    return add_source(c, status, &source, options);
}

int32_t hydra_compose_image_count(const hydra_compose *c)
{
    return c ? c->project.image_count : 0;
}

hydra_status hydra_compose_set_transition(hydra_compose *c, int32_t cut,
                                          const hydra_transition_options *options)
{
    hydra_status status = hy_compose_begin(c);
    return status == HYDRA_OK ? hy_compose_changed(c, hy_project_set_transition(&c->project, cut,
                                                                                options, &c->diag))
                              : status;
}

static hydra_status set_audio_source(hydra_compose *c, hydra_status status, hy_source *source,
                                     const hydra_audio_options *options)
{
    if (status == HYDRA_OK) {
        status = hy_project_set_audio(&c->project, source, options, &c->diag);
    }
    hy_source_free(source);
    return hy_compose_changed(c, status);
}

hydra_status hydra_compose_set_audio(hydra_compose *c, const char *uri,
                                     const hydra_audio_options *options)
{
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    if (!uri) {
        return hy_compose_changed(c, hy_project_set_audio(&c->project, NULL, options, &c->diag));
    }
    hy_source source;
    status = hy_source_from_uri(&source, uri, "audio", &c->diag);
    return set_audio_source(c, status, &source, options);
}

hydra_status hydra_compose_set_audio_memory(hydra_compose *c, const void *data, size_t size,
                                            const char *name, const hydra_audio_options *options)
{
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_source source;
    status = memory_source(c, data, size, name ? name : "audio", c->context->policy.max_audio_bytes,
                           &source);
    return set_audio_source(c, status, &source, options);
}

hydra_status hydra_compose_plan_text(hydra_compose *c, const char **text)
{
    if (text) {
        *text = NULL;
    }
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    if (!text) {
        return hy_fail(&c->diag, HYDRA_ERR_ARGUMENT, "plan text: the out-parameter is NULL");
    }
    hy_plan plan;
    status = hy_plan_build(&c->project, &c->context->policy, &plan, &c->diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_buffer_free(&c->plan_text);
    if (!hy_plan_print(&plan, &c->project, &c->plan_text) ||
        !hy_buffer_append(&c->plan_text, "", 1)) {
        status = hy_fail_memory(&c->diag);
    } else {
        *text = (const char *)c->plan_text.data;
    }
    hy_plan_free(&plan);
    return status;
}
