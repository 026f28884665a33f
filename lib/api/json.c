/* SPDX-License-Identifier: MIT */
/* hydra_compose as JSON, the project's own render options, and what is wrong with a project. */
#include "api/fetcher.h"
#include "render/render.h"

/* Give up the old project for the one that was loaded. */
static void take_document(hydra_compose *c, hy_document *document)
{
    hy_project_free(&c->project);
    hy_free(c->preset);
    c->project = document->project;
    c->render_options = document->output;
    c->preset = document->preset;
}

hydra_status hydra_compose_load_json(hydra_compose *c, const char *json, size_t size)
{
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_issues_free(&c->issues);
    if (!json) {
        return hy_fail(&c->diag, HYDRA_ERR_ARGUMENT, "JSON: the text is NULL");
    }
    hy_document document;
    status = hy_document_load(json, size, &c->context->policy, &document, &c->issues, &c->diag);
    if (status == HYDRA_OK) {
        take_document(c, &document);
    }
    return hy_compose_changed(c, status);
}

hydra_status hydra_compose_to_json(hydra_compose *c, const char **json)
{
    if (json) {
        *json = NULL;
    }
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    if (!json) {
        return hy_fail(&c->diag, HYDRA_ERR_ARGUMENT, "JSON: the out-parameter is NULL");
    }
    /* A view: what is in it stays the compose's. */
    const hy_document document = {
        .project = c->project,
        .output = c->render_options,
        .preset = c->preset,
    };
    hy_buffer_free(&c->json_text);
    status = hy_document_save(&document, &c->json_text, &c->diag);
    if (status == HYDRA_OK && !hy_buffer_append(&c->json_text, "", 1)) {
        status = hy_fail_memory(&c->diag);
    }
    if (status == HYDRA_OK) {
        *json = (const char *)c->json_text.data;
    }
    return status;
}

const char *hydra_project_schema(void)
{
    return hy_project_schema_text;
}

hydra_status hydra_compose_set_output(hydra_compose *c, const hydra_render_options *options)
{
    hydra_status status = hy_compose_begin(c);
    hydra_render_options checked;
    if (status == HYDRA_OK) {
        status = hy_render_options_check(options, &checked, &c->diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    char *preset = NULL;
    if (checked.preset) {
        preset = hy_strdup(checked.preset);
        if (!preset) {
            return hy_fail_memory(&c->diag);
        }
    }
    hy_free(c->preset);
    c->preset = preset;
    c->render_options = checked;
    c->render_options.preset = preset;
    return hy_compose_changed(c, HYDRA_OK);
}

hydra_status hydra_compose_check(hydra_compose *c)
{
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_issues_free(&c->issues);
    const hy_context_fetcher fetcher = hy_context_fetcher_of(c->context);
    hy_cancel cancel;
    hy_cancel_init(&cancel, c->context->policy.max_render_us);
    const hy_job job = {
        .project = &c->project,
        .policy = &c->context->policy,
        .cancel = &cancel,
        .fetcher = &fetcher.base,
    };
    return hy_render_check(&job, &c->issues, &c->diag);
}

int32_t hydra_compose_issue_count(const hydra_compose *c)
{
    return c ? c->issues.count : 0;
}

hydra_status hydra_compose_issue(const hydra_compose *c, int32_t index, hydra_issue *issue)
{
    if (!c || !hy_sized_is_set(issue, HY_SIZE_THROUGH(hydra_issue, text)) || index < 0 ||
        index >= c->issues.count) {
        return HYDRA_ERR_ARGUMENT;
    }
    const hy_issue *found = &c->issues.items[index];
    const hydra_issue own = {
        .struct_size = sizeof own,
        .status = found->status,
        .line = found->line,
        .column = found->column,
        .pointer = found->pointer,
        .text = found->text,
    };
    hy_sized_give(issue, &own, sizeof own);
    return HYDRA_OK;
}
