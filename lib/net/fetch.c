/* SPDX-License-Identifier: MIT */
/*
 * A whole resource into memory. Redirects are followed by hand, so that each hop is checked and no
 * header of the caller reaches a server that it was not meant for. What broke off is continued only
 * where a strong ETag makes sure that the rest belongs to the same thing.
 */
#include "net.h"

#include <string.h>

#define MAX_TRIES      5
#define MAX_REDIRECTS  5
#define MOST_REDIRECTS 10 /* that a policy may allow */

/* A try that brought this much more was worth it and does not count. */
#define PROGRESS_BYTES ((size_t)64 << 10)

typedef struct loader {
    hy_http *http;
    const hy_fetch *fetch;
    hy_buffer *out;
    hy_diag *diag;
    const char *name;
    hy_url first; /* where the caller's headers may go */
    hy_url url;   /* where we are now */
    bool left;    /* the first origin; for good */
    char *visited[MOST_REDIRECTS + 1];
    int32_t hops;
    hy_retry retry;
    char *etag;      /* strong, of what is in `out`; NULL = it cannot be continued */
    int64_t total;   /* bytes of the resource; -1 = unknown */
    size_t furthest; /* bytes that were there at once at most */
    bool restarted;  /* because it had changed */
    /* Of the request that runs: */
    hy_http_reply *reply;
    int64_t from; /* first byte that is asked for */
    bool begun;   /* its headers were looked at */
    bool other;   /* it brings the rest of something else */
} loader;

/* What to do after a request. */
typedef enum next_step {
    STEP_DONE,
    STEP_FAIL, /* the diag says why */
    STEP_AGAIN,
    STEP_RETRY /* after a pause; the diag holds the failure that stands if there are no more */
} next_step;

static next_step fail(loader *l, hydra_status status, const char *what)
{
    (void)hy_fail(l->diag, status, "%s: %s", l->name, what);
    return STEP_FAIL;
}

static void forget_content(loader *l)
{
    l->out->size = 0;
    l->total = -1;
    hy_free(l->etag);
    l->etag = NULL;
}

/* ---- The reply's head ---- */

static bool is_strong(const char *etag)
{
    size_t size = etag ? strlen(etag) : 0;
    return size >= 2 && etag[0] == '"' && etag[size - 1] == '"';
}

/* Digits up to `stop`. False: none, or too many: one more still has room. */
static bool take_number(const char **at, char stop, int64_t *out)
{
    *out = hy_decimal_take(at, INT64_MAX - 1);
    bool good = *out >= 0 && **at == stop;
    *at += good && stop != '\0';
    return good;
}

bool hy_content_range_parse(const char *text, int64_t *first, int64_t *last, int64_t *total)
{
    static const char unit[] = "bytes ";
    if (strncmp(text, unit, sizeof unit - 1) != 0) {
        return false;
    }
    text += sizeof unit - 1;
    if (!take_number(&text, '-', first) || !take_number(&text, '/', last) || *last < *first) {
        return false;
    }
    *total = -1;
    return strcmp(text, "*") == 0 || (take_number(&text, '\0', total) && *total > *last);
}

/* The rest and nothing but the rest of what we have. */
static hydra_status check_range(loader *l)
{
    int64_t first;
    int64_t last;
    int64_t total;
    const char *range = hy_http_headers_get(&l->reply->headers, "Content-Range");
    bool fits = range && hy_content_range_parse(range, &first, &last, &total) && l->from > 0 &&
                first == l->from && (total < 0 || last == total - 1) &&
                (l->total < 0 || total < 0 || total == l->total) &&
                (l->reply->body_length < 0 || l->reply->body_length == last - first + 1);
    if (!fits) {
        return hy_fail(l->diag, HYDRA_ERR_SERVER,
                       "%s: the server sent another range than was asked for", l->name);
    }
    l->total = last + 1;
    return HYDRA_OK;
}

static hydra_status check_size(const loader *l, int64_t bytes)
{
    if (bytes <= l->fetch->max_bytes) {
        return HYDRA_OK;
    }
    return hy_fail(l->diag, HYDRA_ERR_LIMIT, "%s: %lld bytes, the policy allows %lld", l->name,
                   (long long)bytes, (long long)l->fetch->max_bytes);
}

/* Not every server knows If-Match. */
static bool is_other(const loader *l)
{
    const char *etag = hy_http_headers_get(&l->reply->headers, "ETag");
    return l->from > 0 && etag && strcmp(etag, l->etag) != 0;
}

/* Before the first byte of a 2xx reply, or after a reply without any. */
static hydra_status begin_content(loader *l)
{
    const hy_http_reply *reply = l->reply;
    if (l->begun) {
        return HYDRA_OK;
    }
    l->begun = true;
    if (reply->status == 206) {
        l->other = is_other(l);
        if (l->other) {
            return hy_fail(l->diag, HYDRA_ERR_SERVER, "%s: keeps changing while it is loaded",
                           l->name);
        }
        hydra_status status = check_range(l);
        return status == HYDRA_OK ? check_size(l, l->total) : status;
    }
    forget_content(l);
    if (reply->status != 200 && reply->status != 203) {
        return hy_fail(l->diag, HYDRA_ERR_SERVER,
                       "%s: the server answered %d, which has no content", l->name,
                       (int)reply->status);
    }
    const char *etag = hy_http_headers_get(&reply->headers, "ETag");
    l->total = reply->body_length;
    l->etag = is_strong(etag) ? hy_strdup(etag) : NULL;
    if (is_strong(etag) && !l->etag) {
        return hy_fail_memory(l->diag);
    }
    return check_size(l, l->total);
}

static hydra_status receive(void *user, const void *data, size_t size, hy_diag *diag)
{
    loader *l = user;
    hydra_status status = begin_content(l);
    if (status == HYDRA_OK) {
        status = check_size(l, (int64_t)l->out->size + (int64_t)size);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    if (!hy_buffer_append(l->out, data, size)) {
        return hy_fail_memory(diag);
    }
    if (l->fetch->received) {
        l->fetch->received(l->fetch->user, (int64_t)l->out->size, l->total);
    }
    return HYDRA_OK;
}

/* ---- One request ---- */

static hydra_status add_range(const loader *l, hy_http_headers *headers)
{
    char digits[32] = "";
    hy_buffer range = {.limit = sizeof digits};
    if (l->from == 0) {
        return HYDRA_OK;
    }
    if (!hy_buffer_print(&range, "bytes=%lld-", (long long)l->from)) {
        hy_buffer_free(&range);
        return hy_fail_memory(l->diag);
    }
    memcpy(digits, range.data, range.size);
    hy_buffer_free(&range);
    hydra_status status = hy_http_headers_add(headers, "Range", digits, l->diag);
    return status == HYDRA_OK ? hy_http_headers_add(headers, "If-Match", l->etag, l->diag) : status;
}

static hydra_status make_headers(const loader *l, const char *url, hy_http_headers *headers)
{
    const hy_http_headers *own = l->left ? NULL : l->fetch->headers;
    const hy_fetch_signer *signer = l->fetch->signer;
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; own && status == HYDRA_OK && i < own->count; i++) {
        status = hy_http_headers_add(headers, own->items[i].name, own->items[i].value, l->diag);
    }
    if (status == HYDRA_OK) {
        status = add_range(l, headers);
    }
    if (status == HYDRA_OK && signer) {
        status = signer->sign(signer->user, url, headers, l->diag);
    }
    return status;
}

static hydra_status request_once(loader *l)
{
    char *url = hy_url_text(&l->url);
    hy_http_headers headers = {0};
    if (!url) {
        return hy_fail_memory(l->diag);
    }
    l->from = l->etag ? (int64_t)l->out->size : 0;
    l->begun = false;
    l->other = false;
    hydra_status status = make_headers(l, url, &headers);
    const hy_http_request request = {
        .method = "GET",
        .url = url,
        .name = l->name,
        .headers = &headers,
        .receive = receive,
        .user = l,
        .max_reply_bytes = l->fetch->max_bytes,
        .policy = l->fetch->policy,
        .cancel = l->fetch->cancel,
    };
    if (status == HYDRA_OK) {
        status = hy_http_perform(l->http, &request, l->reply, l->diag);
    }
    hy_http_headers_free(&headers);
    hy_free_secret(url);
    return status;
}

/* ---- Redirects ---- */

static int32_t most_hops(const loader *l)
{
    const hydra_policy *policy = l->fetch->policy;
    int32_t most = policy ? policy->max_redirects : MAX_REDIRECTS;
    return most < MOST_REDIRECTS ? most : MOST_REDIRECTS;
}

/* Keep the URL in mind. False: it was asked before, or no memory (then there is a diag). */
static bool visit(loader *l, const hy_url *url)
{
    char *text = hy_url_text(url);
    if (!text) {
        (void)hy_fail_memory(l->diag);
        return false;
    }
    for (int32_t i = 0; i < l->hops; i++) {
        if (strcmp(l->visited[i], text) == 0) {
            hy_free_secret(text);
            return false;
        }
    }
    l->visited[l->hops++] = text;
    return true;
}

/* The way on, checked. */
static next_step check_hop(loader *l, const hy_url *target)
{
    if (strcmp(l->url.scheme, "https") == 0 && strcmp(target->scheme, "http") == 0) {
        (void)hy_fail(l->diag, HYDRA_ERR_SERVER,
                      "%s: redirects from https to http, which is refused", l->name);
        return STEP_FAIL;
    }
    if (hy_guard_check_url(l->fetch->policy, target, l->name, l->diag) != HYDRA_OK) {
        return STEP_FAIL;
    }
    if (l->hops > most_hops(l)) {
        return fail(l, HYDRA_ERR_SERVER, "redirects too often");
    }
    return visit(l, target) ? STEP_AGAIN : fail(l, HYDRA_ERR_SERVER, "redirects in a circle");
}

static next_step follow(loader *l)
{
    hy_diag ignored = {0};
    hy_url target;
    const char *location = hy_http_headers_get(&l->reply->headers, "Location");
    if (!location || location[0] == '\0') {
        return fail(l, HYDRA_ERR_SERVER, "redirects, but does not say where to");
    }
    hydra_status status = hy_url_resolve(&target, &l->url, location, &ignored);
    if (status == HYDRA_ERR_MEMORY) {
        return fail(l, status, "out of memory");
    }
    if (status != HYDRA_OK) {
        return fail(l, HYDRA_ERR_SERVER, "redirects to what is no http or https URL");
    }
    next_step step = check_hop(l, &target);
    if (step != STEP_AGAIN) {
        hy_url_free(&target);
        return step;
    }
    l->left = l->left || !hy_url_same_origin(&l->first, &target);
    hy_url_free(&l->url);
    l->url = target;
    forget_content(l);
    return STEP_AGAIN;
}

/* ---- What now ---- */

static bool is_redirect(int32_t status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* What the range belongs to is no longer there. */
static next_step restart(loader *l)
{
    if (l->restarted) {
        return fail(l, HYDRA_ERR_SERVER, "keeps changing while it is loaded");
    }
    hy_diag_clear(l->diag);
    l->restarted = true;
    forget_content(l);
    return STEP_AGAIN;
}

static next_step judge_error(loader *l, int32_t status)
{
    hydra_status kind = HYDRA_ERR_SERVER;
    if (l->from > 0 && (status == 412 || status == 416)) {
        return restart(l);
    }
    if (is_redirect(status) && !l->fetch->signer) {
        return follow(l);
    }
    if (status == 401 || status == 403) {
        kind = HYDRA_ERR_PERMISSION;
    } else if (status == 404 || status == 410) {
        kind = HYDRA_ERR_NOT_FOUND;
    }
    (void)hy_fail(l->diag, kind, "%s: the server answered with HTTP status %d", l->name,
                  (int)status);
    return hy_retry_status(status) ? STEP_RETRY : STEP_FAIL;
}

static next_step judge_success(loader *l)
{
    if (begin_content(l) != HYDRA_OK) {
        return l->other ? restart(l) : STEP_FAIL;
    }
    if (l->total >= 0 && (int64_t)l->out->size != l->total) {
        (void)hy_fail(l->diag, HYDRA_ERR_NETWORK, "%s: %zu bytes came, %lld were announced",
                      l->name, l->out->size, (long long)l->total);
        return STEP_RETRY;
    }
    return STEP_DONE;
}

static next_step try_once(loader *l)
{
    hydra_status status = request_once(l);
    if (l->other) {
        return restart(l);
    }
    if (status != HYDRA_OK) {
        return l->reply->outcome == HY_HTTP_TRANSIENT ? STEP_RETRY : STEP_FAIL;
    }
    int32_t code = l->reply->status;
    return code >= 200 && code <= 299 ? judge_success(l) : judge_error(l, code);
}

/* After a failure that may pass. False: it stands. Progress is only what goes beyond all tries
 * before it: a server that begins anew again and again would never come to an end. */
static bool may_retry(loader *l)
{
    hy_retry_class class = hy_retry_class_of(l->reply);
    if (!l->etag) {
        forget_content(l);
    }
    if (l->out->size >= l->furthest + PROGRESS_BYTES) {
        l->furthest = l->out->size;
        l->retry.tries = 0;
    }
    if (!hy_retry_wait(&l->retry, class, &l->reply->headers, l->fetch->cancel)) {
        return false;
    }
    hy_diag_clear(l->diag);
    return true;
}

static hydra_status load(loader *l)
{
    for (;;) {
        hy_http_reply reply = {.outcome = HY_HTTP_FINAL};
        l->reply = &reply;
        next_step step = try_once(l);
        bool again = step == STEP_AGAIN || (step == STEP_RETRY && may_retry(l));
        hy_http_reply_free(&reply);
        l->reply = NULL;
        if (step == STEP_DONE) {
            hy_retry_done(&l->retry);
            return HYDRA_OK;
        }
        if (!again) {
            /* A wait that was cancelled left the older failure in the diag. */
            bool cancelled = step == STEP_RETRY && hy_cancel_requested(l->fetch->cancel);
            if (cancelled) {
                hy_diag_clear(l->diag);
                return hy_cancel_check(l->fetch->cancel, l->diag);
            }
            return l->diag->status;
        }
    }
}

/* The first URL, in both places. */
static hydra_status begin(loader *l)
{
    hydra_status status = hy_url_parse(&l->first, l->fetch->url, l->diag);
    if (status == HYDRA_OK) {
        status = hy_url_parse(&l->url, l->fetch->url, l->diag);
    }
    if (status == HYDRA_OK) {
        status = hy_guard_check_url(l->fetch->policy, &l->url, l->name, l->diag);
    }
    if (status == HYDRA_OK && !visit(l, &l->url)) {
        status = l->diag->status;
    }
    return status;
}

static void end(loader *l)
{
    hy_url_free(&l->first);
    hy_url_free(&l->url);
    hy_free(l->etag);
    for (int32_t i = 0; i < l->hops; i++) {
        hy_free_secret(l->visited[i]);
    }
}

hydra_status hy_fetch_load(hy_http *http, const hy_fetch *fetch, hy_buffer *out, hy_diag *diag)
{
    char *shown = fetch->name ? NULL : hy_url_redacted(fetch->url);
    loader l = {.http = http, .fetch = fetch, .out = out, .diag = diag, .total = -1};
    l.name = fetch->name ? fetch->name : shown;
    l.retry = (hy_retry){.quota = fetch->quota, .max_tries = MAX_TRIES};
    l.retry.random = hy_retry_seed();
    *out = (hy_buffer){.limit = (size_t)fetch->max_bytes};
    hydra_status status = l.name ? begin(&l) : hy_fail_memory(diag);
    if (status == HYDRA_OK) {
        status = load(&l);
    }
    if (status != HYDRA_OK) {
        hy_buffer_free(out);
    }
    end(&l);
    hy_free(shown);
    return status;
}
