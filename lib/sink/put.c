/* SPDX-License-Identifier: MIT */
/* A URL that takes the finished output in one PUT, from memory. */
#include "sink_private.h"

#include <string.h>

#define MAX_TRIES 5

typedef struct put_sink {
    hy_sink base;
    hy_sink *memory;
    hy_http *http;
    char *url;
    char *name; /* the URL without its query */
    hy_http_headers headers;
    const hydra_policy *policy;
    const hy_cancel *cancel;
    hy_retry_quota *quota;
    void (*sent)(void *user, int64_t bytes, int64_t total);
    void *user;
    int64_t size;     /* of the body that is on its way */
    int64_t most_out; /* of it so far: another try begins at 0, what was told must not fall */
} put_sink;

static hydra_status put_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                              hy_diag *diag)
{
    hy_sink *memory = ((put_sink *)sink)->memory;
    return memory->ops->write(memory, offset, data, size, diag);
}

static hydra_status put_read(hy_sink *sink, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    hy_sink *memory = ((put_sink *)sink)->memory;
    return memory->ops->read(memory, offset, data, size, diag);
}

/* ---- The request ---- */

static void on_sent(void *user, int64_t bytes)
{
    put_sink *put = user;
    if (put->sent && bytes > put->most_out) {
        put->most_out = bytes;
        put->sent(put->user, bytes, put->size);
    }
}

/* A 409 says many things, of which "it exists" is the rarest: a folder that is missing, two that
 * write at once. */
static hydra_status status_of(const put_sink *put, int32_t http_status)
{
    if (http_status == 412 && hy_http_headers_get(&put->headers, "if-none-match")) {
        return HYDRA_ERR_EXISTS;
    }
    switch (http_status) {
    case 401:
    case 403:
        return HYDRA_ERR_PERMISSION;
    case 404:
    case 410:
        return HYDRA_ERR_NOT_FOUND;
    default:
        return HYDRA_ERR_SERVER;
    }
}

/* S3 may send an error as 200. */
static bool holds_error(const hy_http_reply *reply)
{
    static const char mark[] = "<Error>";
    const hy_buffer *body = &reply->body;
    return body->size > 0 && memmem(body->data, body->size, mark, sizeof mark - 1) != NULL;
}

static hydra_status judge(const put_sink *put, int32_t tries, const hy_http_reply *reply,
                          hy_diag *diag)
{
    int32_t http_status = reply->status;
    bool is_success = http_status >= 200 && http_status <= 299;
    if (is_success && holds_error(reply)) {
        return hy_fail(diag, HYDRA_ERR_SERVER,
                       "%s: the server answered the PUT with %d and an error", put->name,
                       (int)http_status);
    }
    if (is_success) {
        return HYDRA_OK;
    }
    hydra_status status = status_of(put, http_status);
    if (status == HYDRA_ERR_EXISTS) {
        return hy_fail(diag, status, "%s: exists already and is not to be replaced%s", put->name,
                       tries > 0 ? "; it may be this video, from a try whose answer was lost" : "");
    }
    return hy_fail(
        diag, status, "%s: the server answered the PUT with %d%s", put->name, (int)http_status,
        status == HYDRA_ERR_PERMISSION ? "; is the URL meant for PUT, and still valid?" : "");
}

/* One try, after so many others. `again`: another one makes sense. */
static hydra_status put_once(put_sink *put, const void *data, size_t size, int32_t tries,
                             hy_http_reply *reply, bool *again, hy_diag *diag)
{
    const hy_http_request request = {
        .method = "PUT",
        .url = put->url,
        .name = put->name,
        .headers = &put->headers,
        .body = data,
        .body_size = (int64_t)size,
        .policy = put->policy,
        .cancel = put->cancel,
        .sent = on_sent,
        .sent_user = put,
        .expect_continue = true,
    };
    hydra_status status = hy_http_perform(put->http, &request, reply, diag);
    if (status != HYDRA_OK) {
        *again = reply->outcome == HY_HTTP_TRANSIENT;
        return status;
    }
    *again = hy_retry_status(reply->status) || reply->status <= 299;
    return judge(put, tries, reply, diag);
}

static hydra_status put_all(put_sink *put, const void *data, size_t size, hy_diag *diag)
{
    hy_retry retry = {.quota = put->quota, .max_tries = MAX_TRIES, .random = hy_retry_seed()};
    put->size = (int64_t)size;
    for (;;) {
        hy_diag own = {0};
        hy_http_reply reply = {0};
        bool again = false;
        hydra_status status = put_once(put, data, size, retry.tries, &reply, &again, &own);
        bool may_pass = status != HYDRA_OK && again;
        again = may_pass &&
                hy_retry_wait(&retry, hy_retry_class_of(&reply), &reply.headers, put->cancel);
        hy_http_reply_free(&reply);
        if (status == HYDRA_OK) {
            hy_retry_done(&retry);
            return HYDRA_OK;
        }
        if (!again) {
            hydra_status stopped = may_pass ? hy_cancel_check(put->cancel, diag) : HYDRA_OK;
            return stopped != HYDRA_OK ? stopped : hy_fail(diag, status, "%s", own.text);
        }
    }
}

static void put_abort(hy_sink *sink)
{
    hy_sink *memory = ((put_sink *)sink)->memory;
    memory->ops->abort(memory);
}

static hydra_status put_commit(hy_sink *sink, hy_diag *diag)
{
    put_sink *put = (put_sink *)sink;
    hydra_status status = put->memory->ops->commit(put->memory, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    uint8_t *data;
    size_t size;
    hy_sink_memory_take(put->memory, &data, &size);
    status = put_all(put, data, size, diag);
    hy_free(data);
    return status;
}

/* ---- Opening and closing ---- */

static hydra_status put_restart(hy_sink *sink, hy_diag *diag)
{
    hy_sink *memory = ((put_sink *)sink)->memory;
    return memory->ops->restart(memory, diag);
}

static void put_close(hy_sink *sink)
{
    put_sink *put = (put_sink *)sink;
    hy_sink_free(put->memory);
    hy_http_headers_free(&put->headers);
    hy_free_secret(put->url);
    hy_free(put->name);
    hy_free(put);
}

static const hy_sink_ops put_ops = {
    .write = put_write,
    .read = put_read,
    .commit = put_commit,
    .abort = put_abort,
    .close = put_close,
    .restart = put_restart,
};

/* Before minutes of work go into it. */
static hydra_status check_url(const put_sink *put, hy_diag *diag)
{
    hy_url url;
    hydra_status status = hy_url_parse(&url, put->url, diag);
    if (status == HYDRA_OK) {
        status = hy_guard_check_url(put->policy, &url, put->name, diag);
        hy_url_free(&url);
    }
    return status;
}

static hydra_status set_up(put_sink *put, const hy_sink_put_options *options, hy_diag *diag)
{
    put->url = hy_strdup(options->url);
    put->name = hy_url_redacted(options->url);
    if (!put->url || !put->name) {
        return hy_fail_memory(diag);
    }
    put->base.name = put->name;
    hydra_status status = check_url(put, diag);
    if (status == HYDRA_OK && options->content_type) {
        status = hy_http_headers_add(&put->headers, "content-type", options->content_type, diag);
    }
    if (status == HYDRA_OK && !options->replace) {
        status = hy_http_headers_add(&put->headers, "if-none-match", "*", diag);
    }
    if (status == HYDRA_OK) {
        status = hy_sink_memory_new(options->limit, &put->memory, diag);
    }
    if (status == HYDRA_OK) {
        put->memory->name = put->name; /* what error texts say */
    }
    return status;
}

hydra_status hy_sink_put_new(hy_http *http, const hy_sink_put_options *options, hy_sink **out,
                             hy_diag *diag)
{
    *out = NULL;
    put_sink *put = hy_calloc(1, sizeof *put);
    if (!put) {
        return hy_fail_memory(diag);
    }
    put->base.ops = &put_ops;
    put->base.keeps_bytes = true;
    put->base.remote = true;
    put->http = http;
    put->policy = options->policy;
    put->cancel = options->cancel;
    put->quota = options->quota;
    put->sent = options->sent;
    put->user = options->user;
    hydra_status status = set_up(put, options, diag);
    if (status != HYDRA_OK) {
        put_close(&put->base);
        return status;
    }
    *out = &put->base;
    return HYDRA_OK;
}
