/* SPDX-License-Identifier: MIT */
/* hydra_store: opening and closing, errors, cancel and progress, presigned URLs, delete. */
#include "api/store.h"

#include <string.h>

/* What else of checked options may be wrong is the environment and the profile files, and who has
 * to correct those needs the text. */
static bool ends_the_opening(const hydra_store_options *options, hydra_status status)
{
    bool is_proxy =
        status == HYDRA_ERR_ARGUMENT && options && options->proxy && options->proxy[0] != '\0';
    return status == HYDRA_ERR_MEMORY || is_proxy;
}

hydra_status hydra_store_new(hydra_context *context, const hydra_store_options *options,
                             hydra_store **out)
{
    if (!out) {
        return HYDRA_ERR_ARGUMENT;
    }
    *out = NULL;
    hy_diag diag = {0};
    hydra_store_options taken;
    hydra_status status = hy_store_options_take(options, &taken, &diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hydra_store *store = hy_calloc(1, sizeof *store);
    if (!store) {
        return HYDRA_ERR_MEMORY;
    }
    hy_cancel_init(&store->cancel, 0);
    status = hy_context_or_private(context, &store->context);
    if (status == HYDRA_OK) {
        const hydra_store_options *own = options ? &taken : NULL;
        status = hy_client_open(&store->client, store->context, own, &diag);
        if (status != HYDRA_OK && !ends_the_opening(own, status)) {
            store->failure = diag;
            status = HYDRA_OK;
        }
    }
    if (status != HYDRA_OK) {
        hydra_store_free(store);
        return status;
    }
    *out = store;
    return HYDRA_OK;
}

static void forget(hydra_store *store)
{
    hy_buffer_free(&store->data);
    hy_s3_secret_free(store->url);
    store->url = NULL;
    hy_object_free(&store->object);
}

void hydra_store_free(hydra_store *store)
{
    if (store) {
        forget(store);
        hy_client_close(&store->client);
        hydra_context_free(store->context);
        hy_free(store);
    }
}

const char *hydra_store_error(const hydra_store *store)
{
    return store ? store->diag.text : "";
}

const char *hydra_store_warning(const hydra_store *store)
{
    return store ? store->warning : "";
}

void hydra_store_cancel(hydra_store *store)
{
    if (store) {
        hy_cancel_request(&store->cancel);
    }
}

void hydra_store_progress(const hydra_store *store, int64_t *done, int64_t *total)
{
    hy_progress_give(store ? &store->progress : NULL, done, total);
}

/* ---- Every call ---- */

static hydra_status check_policy(hydra_store *store)
{
    return store->context->policy.schemes & HYDRA_SCHEME_S3
               ? HYDRA_OK
               : hy_fail(&store->diag, HYDRA_ERR_PERMISSION,
                         "store: the policy does not allow s3: (policy.schemes)");
}

hydra_status hy_store_begin(hy_store_call *call, hydra_store *store, const char *uri,
                            const hydra_transfer_options *options, hydra_object *object)
{
    *call = (hy_store_call){.store = store};
    bool is_set = hy_sized_is_set(object, HY_SIZE_THROUGH(hydra_object, content_type));
    if (is_set) {
        hy_object_clear(object);
    }
    if (!store) {
        return HYDRA_ERR_ARGUMENT;
    }
    hy_diag_clear(&store->diag);
    store->warning[0] = '\0';
    forget(store);
    hy_progress_set(&store->progress, 0, -1);
    hydra_status status = hy_store_location(uri, &call->bucket, &call->key, &store->diag);
    if (status == HYDRA_OK && object && !is_set) {
        status = hy_fail(&store->diag, HYDRA_ERR_ARGUMENT, "object: struct_size is not set");
    }
    if (status == HYDRA_OK) {
        status = check_policy(store);
    }
    if (status == HYDRA_OK && store->failure.status != HYDRA_OK) {
        status = hy_fail(&store->diag, store->failure.status, "%s", store->failure.text);
    }
    if (status == HYDRA_OK) {
        status = hy_transfer_options_take(options, &call->transfer, &store->diag);
    }
    if (status == HYDRA_OK) {
        int64_t limit_us = call->transfer.deadline_us;
        store->cancel.deadline_s = limit_us > 0 ? hy_clock_s() + (double)limit_us * 1e-6 : 0;
        status = hy_cancel_check(&store->cancel, &store->diag);
    }
    return status;
}

hydra_status hy_store_end(hy_store_call *call, hydra_status status)
{
    hy_free(call->bucket);
    hy_free(call->key);
    if (!call->store) {
        return status;
    }
    if (call->store->client.s3) {
        (void)hy_s3_warning(call->store->client.s3, &call->store->warnings_seen,
                            call->store->warning);
    }
    atomic_store(&call->store->cancel.requested, false);
    call->store->cancel.deadline_s = 0;
    return status;
}

/* ---- Calls without a body ---- */

hydra_status hydra_store_delete(hydra_store *store, const char *uri)
{
    hy_store_call call;
    hydra_status status = hy_store_begin(&call, store, uri, NULL, NULL);
    if (status == HYDRA_OK) {
        status = hy_s3_delete(store->client.s3, call.bucket, call.key, &store->cancel,
                              &store->context->policy, &store->diag);
    }
    return hy_store_end(&call, status);
}

static hydra_status check_presign(hydra_store *store, const char *method, int64_t expires_s,
                                  const char *const *url)
{
    if (!url) {
        return hy_fail(&store->diag, HYDRA_ERR_ARGUMENT, "presign: the out-parameter is NULL");
    }
    if (!method || (strcmp(method, "GET") != 0 && strcmp(method, "PUT") != 0)) {
        return hy_fail(&store->diag, HYDRA_ERR_ARGUMENT, "presign: method must be GET or PUT");
    }
    return expires_s >= 1 && expires_s <= 604800
               ? HYDRA_OK
               : hy_fail(&store->diag, HYDRA_ERR_ARGUMENT, "presign: expires_s must be 1..604800");
}

hydra_status hydra_store_presign(hydra_store *store, const char *method, const char *uri,
                                 int64_t expires_s, const char **url)
{
    hy_store_call call;
    if (url) {
        *url = NULL;
    }
    hydra_status status = hy_store_begin(&call, store, uri, NULL, NULL);
    if (status == HYDRA_OK) {
        status = check_presign(store, method, expires_s, url);
    }
    if (status == HYDRA_OK) {
        status = hy_s3_presigned_url(store->client.s3, method, call.bucket, call.key, expires_s,
                                     NULL, &store->cancel, &store->url, &store->diag);
    }
    if (status == HYDRA_OK) {
        *url = store->url;
    }
    return hy_store_end(&call, status);
}
