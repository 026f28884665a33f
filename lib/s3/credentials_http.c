/* SPDX-License-Identifier: MIT */
/* Requests to credential endpoints: small replies, few tries, no proxy in front of what is near. */
#include "credentials.h"

static hy_http_request build(const hy_key_walk *walk, const hy_key_request *request)
{
    return (hy_http_request){
        .method = request->method,
        .url = request->url,
        .name = request->name,
        .headers = request->headers,
        .body = request->body ? request->body->data : NULL,
        .body_size = request->body ? (int64_t)request->body->size : 0,
        .max_reply_bytes = (int64_t)HY_KEY_FILE_BYTES,
        .total_us = request->total_us,
        .cancel = walk->cancel,
        .no_proxy = !request->may_proxy,
        .secret_reply = true,
    };
}

hydra_status hy_key_ask(const hy_key_walk *walk, const hy_key_request *request,
                        hy_http_reply *reply, hy_diag *diag)
{
    const hy_http_request http = build(walk, request);
    hy_retry retry = {.max_tries = request->tries, .random = hy_retry_seed()};
    *reply = (hy_http_reply){0};
    for (;;) {
        hy_diag own = {0};
        hydra_status status = hy_http_perform(walk->options->http, &http, reply, &own);
        bool again = status == HYDRA_OK ? hy_retry_status(reply->status)
                                        : reply->outcome == HY_HTTP_TRANSIENT;
        hy_retry_class class = reply->unresolved ? HY_RETRY_NAME : HY_RETRY_TRANSIENT;
        if (!again || !hy_retry_wait(&retry, class, &reply->headers, walk->cancel)) {
            hydra_status stop = again ? hy_cancel_check(walk->cancel, diag) : HYDRA_OK;
            if (stop != HYDRA_OK || status == HYDRA_OK) {
                return stop;
            }
            return hy_fail(diag, status, "%s", own.text);
        }
        hy_http_reply_free(reply);
        *reply = (hy_http_reply){0};
    }
}
