/* SPDX-License-Identifier: MIT */
/* What came of a transfer, from libcurl's codes: worth another try or not, and a text that names
 * the stage and the server, never a query or a password. */
#include <string.h>

#include "http_private.h"

hydra_status hy_http_fail(hy_http_call *call, hy_http_outcome outcome, hydra_status status,
                          const char *what)
{
    call->reply->outcome = outcome;
    return hy_fail(call->diag, status, "%s: %s %s:%d", call->name, what, call->url.host,
                   (int)hy_url_port(&call->url));
}

/* The system's word for it, else libcurl's. Free with hy_free; may be NULL. */
static char *find_reason(const hy_http_call *call, CURL *easy, CURLcode code)
{
    long error = 0;
    if (code == CURLE_COULDNT_CONNECT || code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR) {
        (void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
    }
    const char *text = error ? strerrordesc_np((int)error) : NULL;
    if (text) {
        return hy_strdup(text);
    }
    /* libcurl may quote a proxy with its password. */
    bool quotes = call->proxy || call->error[0] == '\0';
    text = quotes ? curl_easy_strerror(code) : call->error;
    return hy_redact_line(text, strlen(text));
}

/* ---- Kinds ---- */

/* Which stage it was. */
static hydra_status fail_because(hy_http_call *call, CURLcode code, const char *reason)
{
    const char *name = call->name;
    const char *host = call->url.host;
    int port = (int)hy_url_port(&call->url);
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return hy_fail(call->diag, HYDRA_ERR_NETWORK, "%s: could not find the address of %s:%d: %s",
                       name, host, port, reason);
    case CURLE_COULDNT_RESOLVE_PROXY:
        return hy_fail(call->diag, HYDRA_ERR_NETWORK,
                       "%s: could not find the address of the proxy for %s:%d: %s", name, host,
                       port, reason);
    case CURLE_COULDNT_CONNECT:
        return hy_fail(call->diag, HYDRA_ERR_NETWORK, "%s: could not connect to %s:%d: %s", name,
                       host, port, reason);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return hy_fail(call->diag, HYDRA_ERR_NETWORK, "%s: no secure connection to %s:%d: %s", name,
                       host, port, reason);
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
        return hy_fail(call->diag, HYDRA_ERR_NETWORK, "%s: the reply broke off from %s:%d: %s",
                       name, host, port, reason);
    case CURLE_SEND_ERROR:
        return hy_fail(call->diag, HYDRA_ERR_NETWORK, "%s: the request broke off to %s:%d: %s",
                       name, host, port, reason);
    default:
        return hy_fail(call->diag, HYDRA_ERR_NETWORK, "%s: the transfer failed with %s:%d: %s",
                       name, host, port, reason);
    }
}

/* What another try cannot mend: what was asked, certificates, this library's own limits. */
static bool is_final(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_FAIL_REWIND:
    case CURLE_AGAIN:
    case CURLE_HTTP3:
    case CURLE_CHUNK_FAILED:
    case CURLE_WEIRD_SERVER_REPLY:
        return false;
    default:
        return true;
    }
}

/* A server that speaks only old versions of TLS will not have learnt by the next try. */
static bool is_tls_mismatch(const hy_http_call *call, CURLcode code)
{
    static const char *const marks[] = {"unsupported protocol", "protocol version",
                                        "wrong version number", "no protocols available",
                                        "handshake failure",    "no shared cipher"};
    for (size_t i = 0; code == CURLE_SSL_CONNECT_ERROR && i < sizeof marks / sizeof *marks; i++) {
        if (strstr(call->error, marks[i])) {
            return true;
        }
    }
    return false;
}

/* ---- Ends ---- */

/* What the proxy said to CONNECT. 0 = nothing bad. */
static hydra_status fail_at_proxy(hy_http_call *call, long connect_status)
{
    bool again = hy_retry_status((int32_t)connect_status);
    call->reply->outcome = again ? HY_HTTP_TRANSIENT : HY_HTTP_FINAL;
    return hy_fail(call->diag, HYDRA_ERR_NETWORK,
                   "%s: the proxy refused to connect to %s:%d: HTTP status %ld%s", call->name,
                   call->url.host, (int)hy_url_port(&call->url), connect_status,
                   connect_status == 407 ? " (it wants a user name and password)" : "");
}

static hydra_status fail_transfer(hy_http_call *call, CURL *easy, CURLcode code)
{
    bool final = is_final(code) || is_tls_mismatch(call, code);
    char *reason = find_reason(call, easy, code);
    call->reply->outcome = final ? HY_HTTP_FINAL : HY_HTTP_TRANSIENT;
    call->reply->unresolved =
        code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY;
    hydra_status status = fail_because(call, code, reason ? reason : "unknown");
    hy_free(reason);
    return status;
}

static hydra_status fail_code(hy_http_call *call, CURL *easy, CURLcode code)
{
    long connect_status = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &connect_status);
    if (connect_status >= 300) {
        return fail_at_proxy(call, connect_status);
    }
    if (code == CURLE_COULDNT_CONNECT && call->refused) {
        return hy_http_fail(call, HY_HTTP_FINAL, HYDRA_ERR_PERMISSION,
                            "the policy does not allow the address of");
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return hy_http_fail(call, HY_HTTP_TRANSIENT, HYDRA_ERR_TIMEOUT, "no connection in time to");
    }
    curl_off_t begun_us = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_STARTTRANSFER_TIME_T, &begun_us);
    if (code == CURLE_OUT_OF_MEMORY && begun_us > 0 && !call->has_headers) {
        /* How libcurl ends a header, or a first line, that does not end. */
        return hy_http_fail(call, HY_HTTP_FINAL, HYDRA_ERR_LIMIT, "a header is too long from");
    }
    if (code == CURLE_OUT_OF_MEMORY) {
        call->reply->outcome = HY_HTTP_FINAL;
        return hy_fail_memory(call->diag);
    }
    return fail_transfer(call, easy, code);
}

hydra_status hy_http_conclude(hy_http_call *call, CURL *easy, CURLcode code)
{
    hy_http_reply *reply = call->reply;
    if (call->status != HYDRA_OK) {
        return call->status;
    }
    /* An error's body need not be whole to tell what it tells. */
    bool is_error = call->has_headers && !hy_http_is_success(reply->status);
    bool broke = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_PARTIAL_FILE;
    if (code == CURLE_OK && !call->has_headers) {
        code = CURLE_GOT_NOTHING;
    }
    if (code == CURLE_OK || (is_error && (call->stopped || broke))) {
        reply->outcome = HY_HTTP_REPLY;
        return HYDRA_OK;
    }
    return fail_code(call, easy, code);
}
