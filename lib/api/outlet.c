/* SPDX-License-Identifier: MIT */
/* From a destination to a sink, and to what is there in the end. */
#include "api/outlet.h"

#include <string.h>

static const char *type_of_render(const hy_outlet *outlet)
{
    const char *given = outlet->own_transfer.content_type;
    bool raw = outlet->options->encoder == HYDRA_ENCODER_RAW;
    return given ? given : hy_content_type(raw ? "y4m" : "mp4");
}

/* Missing keys are known before minutes of work, too: signing needs them and sends nothing. */
static hydra_status check_keys(const hy_outlet *outlet, hy_diag *diag)
{
    char *url = NULL;
    if (outlet->context->store.credentials == HYDRA_CREDENTIALS_ANONYMOUS) {
        return hy_object_check_presign(outlet->s3, outlet->bucket, outlet->key,
                                       outlet->own_transfer.presign_s, outlet->cancel, diag);
    }
    hydra_status status = hy_s3_presigned_url(outlet->s3, "PUT", outlet->bucket, outlet->key, 1,
                                              NULL, outlet->cancel, &url, diag);
    hy_s3_secret_free(url);
    return status;
}

static hydra_status open_object(hy_outlet *outlet, hy_diag *diag)
{
    hydra_status status = hy_store_location(outlet->to->url, &outlet->bucket, &outlet->key, diag);
    if (status == HYDRA_OK) {
        status = hy_context_s3(outlet->context, &outlet->s3, diag);
    }
    if (status == HYDRA_OK) {
        status = check_keys(outlet, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    hy_s3_sink_options options = {
        .bucket = outlet->bucket,
        .key = outlet->key,
        .transfer = &outlet->own_transfer,
        .content_type = type_of_render(outlet),
        .policy = &outlet->context->policy,
        .cancel = outlet->cancel,
        .sent = outlet->sent,
        .user = outlet->user,
    };
    status = hy_s3_sink_new(outlet->s3, &options, &outlet->sink, diag);
    if (status == HYDRA_OK) {
        outlet->sink->remote = true;
        options.head_bytes = 1; /* the muxer will announce it: rarely more than a part */
        outlet->sink->buffer_bytes = hy_s3_sink_memory(&options);
    }
    return status;
}

static hydra_status open_put(hy_outlet *outlet, hy_diag *diag)
{
    hy_http *http = NULL;
    hydra_status status = hy_context_http(outlet->context, &http, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    const hy_sink_put_options options = {
        .url = outlet->to->url,
        .limit = outlet->context->policy.max_output_bytes,
        .content_type = type_of_render(outlet),
        .replace = outlet->own_transfer.when_exists == HYDRA_EXISTS_REPLACE,
        .policy = &outlet->context->policy,
        .cancel = outlet->cancel,
        .quota = &outlet->context->quota,
        .sent = outlet->sent,
        .user = outlet->user,
    };
    return hy_sink_put_new(http, &options, &outlet->sink, diag);
}

static void take_transfer(hy_outlet *outlet)
{
    hydra_transfer_options_init(&outlet->own_transfer);
    if (outlet->transfer) {
        outlet->own_transfer = *outlet->transfer;
    }
    /* Either of the two can say that nothing is replaced. */
    if (outlet->options->when_exists == HYDRA_EXISTS_FAIL) {
        outlet->own_transfer.when_exists = HYDRA_EXISTS_FAIL;
    }
}

hydra_status hy_outlet_open(hy_outlet *outlet, const hy_project *project, hy_diag *diag)
{
    const hydra_policy *policy = &outlet->context->policy;
    take_transfer(outlet);
    hydra_status status = hy_destination_check(outlet->to, policy, diag);
    if (status == HYDRA_OK) {
        status = hy_inputs_check(project, policy, outlet->to->path, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    switch (outlet->to->kind) {
    case HY_DESTINATION_FILE:
    case HY_DESTINATION_FIFO: /* refused there: it takes its bytes in order */
        return hy_sink_file_new(outlet->to->path,
                                outlet->options->when_exists == HYDRA_EXISTS_REPLACE, policy,
                                &outlet->sink, diag);
    case HY_DESTINATION_S3:
        return open_object(outlet, diag);
    case HY_DESTINATION_PUT:
        return open_put(outlet, diag);
    default:
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "a destination in order is opened elsewhere");
    }
}

hydra_status hy_outlet_object(hy_outlet *outlet, const hydra_result *result, hy_object *out,
                              hy_diag *diag)
{
    hy_object_free(out);
    if (!outlet->s3) {
        return HYDRA_OK;
    }
    hy_s3_upload_result sent = {0};
    hy_s3_sink_result(outlet->sink, &sent);
    hydra_status status =
        hy_object_sent(out, outlet->s3, outlet->bucket, outlet->key, &sent, type_of_render(outlet),
                       outlet->own_transfer.presign_s, diag);
    hy_s3_upload_result_free(&sent);
    out->is.url_ready_us = result->ready_us;
    return status;
}

const char *hy_outlet_leftover(const hy_outlet *outlet)
{
    return outlet->s3 && outlet->sink ? hy_s3_sink_leftover(outlet->sink) : NULL;
}

void hy_outlet_explain(const hy_outlet *outlet, hy_diag *diag)
{
    const char *note = hy_outlet_leftover(outlet);
    if (!note || strstr(diag->text, note)) {
        return;
    }
    const hy_diag cause = *diag;
    size_t room = strlen(note) + 4 < sizeof cause.text ? sizeof cause.text - strlen(note) - 4 : 0;
    hy_diag_clear(diag);
    (void)hy_fail(diag, cause.status, "%.*s (%s)", (int)room, cause.text, note);
}

void hy_outlet_close(hy_outlet *outlet)
{
    hy_sink_free(outlet->sink);
    hy_free(outlet->bucket);
    hy_free(outlet->key);
    outlet->sink = NULL;
    outlet->bucket = NULL;
    outlet->key = NULL;
}
