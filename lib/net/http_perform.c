/* SPDX-License-Identifier: MIT */
/*
 * One request and its reply. libcurl never blocks in here: we wait for its sockets in slices,
 * between which the caller may cancel and the limits on time are looked at.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "http_private.h"

#define SLICE_MS 50

/* Less than this for the client's stall time is a stall. */
#define LEAST_BYTES_PER_S 1024
#define SAMPLE_S          1.0

/* ---- Signals ---- */

typedef struct signal_guard {
    sigset_t saved;
    bool pending; /* SIGPIPE of somebody else */
} signal_guard;

static bool pipe_is_pending(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

/* A thread that libcurl starts to look up a name inherits the mask; a broken TLS connection may
 * raise SIGPIPE in this one. */
static void guard_begin(signal_guard *guard)
{
    hy_signals_block(&guard->saved);
    guard->pending = pipe_is_pending();
}

static void guard_end(const signal_guard *guard)
{
    sigset_t set;
    const struct timespec now = {0, 0};
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    if (!guard->pending && pipe_is_pending()) {
        while (sigtimedwait(&set, NULL, &now) < 0 && errno == EINTR) {
        }
    }
    hy_signals_restore(&guard->saved);
}

/* ---- Limits on time ---- */

typedef struct watch {
    double begun_s;
    double waiting_s;     /* since when only the server's first byte is missing; 0 = not yet */
    double sample_s;      /* begin of the sample that runs */
    double slow_s;        /* since when too little has moved */
    int64_t sample_bytes; /* moved at its begin */
    int64_t sent;         /* of the body, as told to the caller */
} watch;

/* Time that the caller's own callbacks took does not count. */
static double clock_of(const hy_http_call *call)
{
    return hy_clock_s() - call->excused_s;
}

/* The request is out, all of it. */
static bool is_sent(const hy_http_call *call, CURL *easy, int64_t sent)
{
    curl_off_t begun = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
    return begun > 0 && (!hy_http_has_body(call->request) || sent >= call->request->body_size);
}

static hydra_status time_out(hy_http_call *call, const char *what)
{
    return hy_http_fail(call, HY_HTTP_TRANSIENT, HYDRA_ERR_TIMEOUT, what);
}

static hydra_status check_first_byte(hy_http_call *call, CURL *easy, watch *w)
{
    double now = clock_of(call);
    if (call->received > 0 || !is_sent(call, easy, w->sent)) {
        w->waiting_s = 0;
        return HYDRA_OK;
    }
    if (w->waiting_s == 0) {
        w->waiting_s = now;
    }
    w->slow_s = now;
    return now - w->waiting_s < (double)call->http->first_byte_us * 1e-6
               ? HYDRA_OK
               : time_out(call, "no reply in time from");
}

/* Looks at samples of a second, so that a pause between two bursts is none. */
static hydra_status check_stall(hy_http_call *call, CURL *easy, watch *w)
{
    double now = clock_of(call);
    double most = (double)call->http->stall_us * 1e-6;
    double length = most < 2 * SAMPLE_S ? most / 2 : SAMPLE_S;
    curl_off_t begun = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &begun);
    if (begun == 0) {
        w->slow_s = now; /* not connected yet, which has its own limit */
        w->sample_s = now;
    }
    if (now - w->sample_s >= length) {
        int64_t moved = w->sent + call->received;
        if ((double)(moved - w->sample_bytes) >= LEAST_BYTES_PER_S * (now - w->sample_s)) {
            w->slow_s = now;
        }
        w->sample_s = now;
        w->sample_bytes = moved;
    }
    return now - w->slow_s < most ? HYDRA_OK : time_out(call, "too slow is the transfer with");
}

static void tell_sent(const hy_http_call *call, CURL *easy, watch *w)
{
    curl_off_t sent = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (sent != w->sent && call->request->sent) {
        call->request->sent(call->request->sent_user, sent);
    }
    w->sent = sent;
}

static hydra_status check_time(hy_http_call *call, CURL *easy, watch *w)
{
    int64_t total_us = call->request->total_us;
    hydra_status status = hy_cancel_check(call->request->cancel, call->diag);
    if (status != HYDRA_OK) {
        call->reply->outcome = HY_HTTP_FINAL;
        return status;
    }
    if (total_us > 0 && hy_clock_s() - w->begun_s >= (double)total_us * 1e-6) {
        return time_out(call, "the whole call took too long with");
    }
    if (call->request->may_idle) {
        return HYDRA_OK;
    }
    status = check_first_byte(call, easy, w);
    return status == HYDRA_OK ? check_stall(call, easy, w) : status;
}

/* ---- The transfer ---- */

/* True: it has ended, and `*code` says how. */
static bool has_ended(CURLM *multi, CURLcode *code)
{
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(multi, &left); message;
         message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) {
            *code = message->data.result;
            return true;
        }
    }
    return false;
}

static hydra_status transfer(hy_http_call *call, const hy_http_slot *slot)
{
    CURLcode code = CURLE_OK;
    watch w = {.begun_s = hy_clock_s()};
    w.slow_s = w.begun_s;
    w.sample_s = w.begun_s;
    for (;;) {
        int running = 0;
        signal_guard guard;
        guard_begin(&guard);
        CURLMcode multi_code = curl_multi_perform(slot->multi, &running);
        guard_end(&guard);
        tell_sent(call, slot->easy, &w);
        if (multi_code == CURLM_OK && has_ended(slot->multi, &code)) {
            return hy_http_conclude(call, slot->easy, code);
        }
        hydra_status status = multi_code == CURLM_OK && running > 0
                                  ? check_time(call, slot->easy, &w)
                                  : hy_fail_memory(call->diag);
        if (status != HYDRA_OK) {
            return status;
        }
        (void)curl_multi_poll(slot->multi, NULL, 0, SLICE_MS, NULL);
    }
}

/* The handle keeps its connections, and nothing of the call. */
static hydra_status run(hy_http_call *call, hy_http_slot *slot)
{
    call->slot = slot;
    struct curl_slist *headers = NULL;
    signal_guard guard;
    hydra_status status = hy_http_setup(call, slot->easy, &headers);
    if (status == HYDRA_OK && curl_multi_add_handle(slot->multi, slot->easy) != CURLM_OK) {
        status = hy_fail_memory(call->diag);
    } else if (status == HYDRA_OK) {
        status = transfer(call, slot);
        guard_begin(&guard);
        (void)curl_multi_remove_handle(slot->multi, slot->easy);
        guard_end(&guard);
    }
    curl_easy_reset(slot->easy);
    hy_http_list_free(headers);
    return status;
}

/* ---- Before ---- */

/* A number in the URL, in any spelling, is checked even if a proxy would connect to it. */
static bool literal_is_allowed(const hy_http_call *call)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(call->url.host, NULL, &hints, &found) != 0) {
        return true; /* a name */
    }
    bool allowed = hy_guard_allows(call->request->policy, call->url.host, found->ai_addr);
    freeaddrinfo(found);
    return allowed;
}

static hydra_status check_proxy(hy_http_call *call)
{
    const hydra_policy *policy = call->request->policy;
    call->proxy = call->request->no_proxy ? NULL : hy_proxy_for(&call->http->proxy, &call->url);
    if (call->proxy && policy && !policy->private_networks && !call->http->proxy.is_explicit) {
        return hy_fail(call->diag, HYDRA_ERR_PERMISSION,
                       "%s: the environment names a proxy, behind which the policy cannot keep "
                       "private networks out; give the proxy explicitly to allow it",
                       call->name);
    }
    return HYDRA_OK;
}

static hydra_status check_request(hy_http_call *call)
{
    const hy_http_request *request = call->request;
    hydra_status status = hy_cancel_check(request->cancel, call->diag);
    if (status == HYDRA_OK && request->body_size < 0) {
        status = hy_fail(call->diag, HYDRA_ERR_ARGUMENT, "a request's body has a negative size");
    }
    if (status == HYDRA_OK) {
        status = hy_url_parse(&call->url, request->url, call->diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    call->name = request->name ? hy_strdup(request->name) : hy_url_redacted(request->url);
    if (!call->name) {
        return hy_fail_memory(call->diag);
    }
    status = hy_guard_check_host(request->policy, call->url.host, call->name, call->diag);
    if (status == HYDRA_OK && !literal_is_allowed(call)) {
        status = hy_http_fail(call, HY_HTTP_FINAL, HYDRA_ERR_PERMISSION,
                              "the policy does not allow the address of");
    }
    return status == HYDRA_OK ? check_proxy(call) : status;
}

static void tell_insecure(const hy_http_call *call)
{
    if (call->http->insecure && call->http->log && strcmp(call->url.scheme, "https") == 0) {
        call->http->log(call->http->log_user, "* certificates are not verified (insecure)");
    }
}

static void prepare_reply(const hy_http_request *request, hy_http_reply *reply)
{
    int64_t most = request->max_reply_bytes > HY_HTTP_ERROR_BODY_BYTES ? request->max_reply_bytes
                                                                       : HY_HTTP_ERROR_BODY_BYTES;
    *reply = (hy_http_reply){.outcome = HY_HTTP_FINAL, .body_length = -1};
    reply->body.limit = (size_t)most;
    reply->body.secret = request->secret_reply;
}

static hydra_status perform_once(hy_http_call *call)
{
    prepare_reply(call->request, call->reply);
    hydra_status status = check_request(call);
    if (status == HYDRA_OK) {
        tell_insecure(call);
        hy_http_slot *slot = hy_http_slot_take(call->http, call->request->policy);
        status = slot ? run(call, slot) : hy_fail_memory(call->diag);
        if (slot) {
            hy_http_slot_give(call->http, slot);
        }
    }
    hy_url_free(&call->url);
    hy_free(call->name);
    return status;
}

hydra_status hy_http_perform(hy_http *http, const hy_http_request *request, hy_http_reply *reply,
                             hy_diag *diag)
{
    hy_http_call call = {.http = http, .request = request, .reply = reply, .diag = diag};
    hydra_status status = perform_once(&call);
    if (status != HYDRA_OK || reply->status != 417 || !request->expect_continue) {
        return status;
    }
    /* A server that does not like to be asked for permission, so it is not. */
    hy_http_request unasked = *request;
    unasked.expect_continue = false;
    hy_http_reply_free(reply);
    call = (hy_http_call){.http = http, .request = &unasked, .reply = reply, .diag = diag};
    return perform_once(&call);
}

void hy_http_reply_free(hy_http_reply *reply)
{
    hy_http_headers_free(&reply->headers);
    hy_buffer_free(&reply->body);
}
