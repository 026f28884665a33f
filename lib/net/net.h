/* SPDX-License-Identifier: MIT */
/*
 * net: URLs, HTTP as a transport, retries, and which addresses a job may reach. Knows nothing of
 * S3. libcurl stays behind this header. Calls block; they end within 100 ms of a cancel.
 */
#ifndef HY_NET_H
#define HY_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hydra/policy.h>

#include "core/core.h"

struct sockaddr;

/* ---- URLs (RFC 3986) ---- */

/* An absolute http or https URL in parts. What is not given is NULL, the port 0. */
typedef struct hy_url {
    char *scheme; /* lower case */
    char *host;   /* lower case; an IPv6 address without its brackets */
    int32_t port; /* 0 = the scheme's */
    char *path;   /* as written, percent-encoded; begins with '/' */
    char *query;  /* as written, without '?'; NULL = none */
} hy_url;

/* Refuses (HYDRA_ERR_ARGUMENT) userinfo, control characters, spaces, anything but http and https,
 * more than 8 KiB. The error text never shows the query. A fragment is dropped. */
hydra_status hy_url_parse(hy_url *out, const char *text, hy_diag *diag);
/* The target of a redirect: `reference` as seen from `base` (RFC 3986, section 5). */
hydra_status hy_url_resolve(hy_url *out, const hy_url *base, const char *reference, hy_diag *diag);
/* Put together again; free with hy_free. NULL when memory is out. */
char *hy_url_text(const hy_url *url);
void hy_url_free(hy_url *url);
int32_t hy_url_port(const hy_url *url); /* the scheme's when none is written */
bool hy_url_same_origin(const hy_url *a, const hy_url *b);

/* Append bytes percent-encoded, upper-case hex; A-Z a-z 0-9 - . _ ~ stay, and '/' where
 * `keep_slash`. False: no memory or over the buffer's limit. */
bool hy_url_encode(hy_buffer *out, const void *bytes, size_t size, bool keep_slash);
/* A URL for people and logs: no userinfo, no query, no fragment, control bytes as '?'. Free with
 * hy_free. NULL when memory is out. */
char *hy_url_redacted(const char *text);

/*
 * One line of a log without secrets (redact.c): the values of Authorization, Proxy-Authorization,
 * cookies, security tokens and SSE-C keys, user names and passwords in URLs, and the query of every
 * URL and request line. Line ends at its end are dropped, other control bytes become '?'. Free with
 * hy_free. NULL when memory is out.
 */
char *hy_redact_line(const char *line, size_t size);

/* ---- What a job may reach ---- */

/* The scheme and the host are allowed by the policy (NULL = all). HYDRA_ERR_PERMISSION. */
hydra_status hy_guard_check_url(const hydra_policy *policy, const hy_url *url, const char *name,
                                hy_diag *diag);
/* The same of the host alone. */
hydra_status hy_guard_check_host(const hydra_policy *policy, const char *host, const char *name,
                                 hy_diag *diag);
/* A source or destination of a job may name this bucket; `size` bytes. HYDRA_ERR_PERMISSION. */
hydra_status hy_guard_check_bucket(const hydra_policy *policy, const char *bucket, size_t size,
                                   const char *name, hy_diag *diag);
/* What hydra_policy.hosts and .networks may hold. */
bool hy_guard_host_is_valid(const char *host);
bool hy_guard_network_is_valid(const char *network);
/* The address of a socket about to connect may be reached; `host` is what was asked for. */
bool hy_guard_allows(const hydra_policy *policy, const char *host, const struct sockaddr *address);

/* ---- HTTP ---- */

typedef struct hy_http_header {
    char *name;
    char *value;
} hy_http_header;

/* In the order in which they were added. All zero = empty. */
typedef struct hy_http_headers {
    hy_http_header *items;
    size_t count;
    size_t capacity;
} hy_http_headers;

/* Copies. HYDRA_ERR_ARGUMENT: a name that is no token, a value with CR, LF, NUL or another control
 * character; HYDRA_ERR_MEMORY. */
hydra_status hy_http_headers_add(hy_http_headers *headers, const char *name, const char *value,
                                 hy_diag *diag);
/* The first of that name, in any case; NULL = none. */
const char *hy_http_headers_get(const hy_http_headers *headers, const char *name);
/* Wiped before they are freed: values may be secrets. */
void hy_http_headers_free(hy_http_headers *headers);

/* Connections that are kept alive, and settings. Shared by any number of threads. */
typedef struct hy_http hy_http;

typedef struct hy_http_options {
    const char *ca_file;   /* PEM; NULL = AWS_CA_BUNDLE, SSL_CERT_FILE, the system's */
    const char *proxy;     /* NULL = the environment's, as in docs/storage.md; "" = none */
    bool insecure;         /* do not verify certificates */
    int64_t connect_us;    /* 0 = 10 s */
    int64_t first_byte_us; /* from the end of the request to the reply's first byte; 0 = 60 s */
    int64_t stall_us;      /* less than 1 KiB/s for so long, either way; 0 = 30 s */
    /* Log lines of the transport, already without secrets; NULL = none. Any thread. */
    void (*log)(void *user, const char *line);
    void *log_user;
} hy_http_options;

/* `options` NULL = defaults. Copied. */
hydra_status hy_http_new(const hy_http_options *options, hy_http **out, hy_diag *diag);
/* No call may be running. NULL does nothing. */
void hy_http_free(hy_http *http);

/* What came of a call, for who decides about another try. */
typedef enum hy_http_outcome {
    HY_HTTP_REPLY,     /* a whole reply is there, whatever its status says */
    HY_HTTP_TRANSIENT, /* broken, refused, reset, timed out: another try may help */
    HY_HTTP_FINAL      /* it will not: certificate, policy, limit, cancel, a receiver that failed */
} hy_http_outcome;

typedef struct hy_http_request {
    const char *method;             /* "GET", "HEAD", "PUT", "POST", "DELETE" */
    const char *url;                /* complete; sent byte for byte as written */
    const char *name;               /* in error texts; NULL = the URL without its query */
    const hy_http_headers *headers; /* may be NULL */
    /* The body: `body`, or `read_body` for `body_size` bytes, or none. */
    const void *body;
    int64_t body_size;
    hydra_status (*read_body)(void *user, int64_t offset, void *data, size_t size, hy_diag *diag);
    /* Where a 2xx reply's body goes; NULL = into reply->body. Every other body goes there, too, cut
     * at 64 KiB. Called in the thread of hy_http_perform, after the headers are complete. */
    hydra_status (*receive)(void *user, const void *data, size_t size, hy_diag *diag);
    void *user;                 /* of both */
    int64_t max_reply_bytes;    /* of a 2xx body, HYDRA_ERR_LIMIT beyond; 0 = 64 KiB */
    int64_t total_us;           /* for the whole call; 0 = no limit beyond those of the client */
    const hydra_policy *policy; /* whose networks and hosts are allowed; NULL = all */
    const hy_cancel *cancel;    /* NULL = never */
    /* Bytes of the body that are out so far; may be NULL. */
    void (*sent)(void *sent_user, int64_t bytes);
    void *sent_user;
    bool no_proxy;        /* never through a proxy */
    bool expect_continue; /* ask before sending the body */
    bool may_idle;        /* the reply may take minutes: no first-byte or stall limit */
    bool secret_reply;    /* its body is wiped wherever it was */
} hy_http_request;

typedef struct hy_http_reply {
    hy_http_outcome outcome;
    int32_t status; /* 200; 0 = none came */
    hy_http_headers headers;
    hy_buffer body;
    int64_t body_bytes;  /* of the body that came, wherever it went */
    int64_t body_length; /* as announced; -1 = not */
    bool unresolved;     /* the failure: the name of the host or proxy was not found */
    int32_t restarts;    /* the request was begun anew: a connection that was kept broke */
} hy_http_reply;

/*
 * One request, one reply; no redirect is followed and nothing is tried again. HYDRA_OK when a whole
 * reply came, of any status; otherwise reply->outcome tells whether another try makes sense.
 * A server that answers and hangs up before it has the whole body: its answer counts.
 * HYDRA_ERR_NETWORK, HYDRA_ERR_TIMEOUT, HYDRA_ERR_PERMISSION (policy), HYDRA_ERR_LIMIT,
 * HYDRA_ERR_CANCELLED, HYDRA_ERR_DEADLINE, HYDRA_ERR_ARGUMENT, HYDRA_ERR_MEMORY, or what `receive`
 * or `read_body` gave. The reply is freed with hy_http_reply_free, also after a failure.
 */
hydra_status hy_http_perform(hy_http *http, const hy_http_request *request, hy_http_reply *reply,
                             hy_diag *diag);
void hy_http_reply_free(hy_http_reply *reply);

/* Seconds since 1970 of an HTTP date (RFC 9110, 5.6.7); -1 = it is none. */
int64_t hy_http_date(const char *text);
/* The same of "2026-11-26T15:04:05" (RFC 3339), with or without a fraction, that `text` begins
 * with. `*end` (may be NULL) = what stands behind it: the zone, which is taken for UTC. */
int64_t hy_iso_date(const char *text, const char **end);

/* ---- Trying again ---- */

typedef enum hy_retry_class {
    HY_RETRY_TRANSIENT,
    HY_RETRY_NAME, /* transient; rarely mended by asking again: at most twice */
    HY_RETRY_THROTTLE
} hy_retry_class;
/* Of a failed call that may be tried again. */
hy_retry_class hy_retry_class_of(const hy_http_reply *reply);

/* What all calls of a client may spend on retries, so that an outage is not made worse: 500 tokens;
 * a retry costs 14 (transient) or 5 (throttle), which come back when it succeeds, and a call that
 * succeeds at once brings 1. */
typedef struct hy_retry_quota {
    atomic_int tokens;
} hy_retry_quota;
void hy_retry_quota_init(hy_retry_quota *quota);

/* The tries of one call. All zero but `quota`, `max_tries` and `seed` to begin with. */
typedef struct hy_retry {
    hy_retry_quota *quota; /* NULL = unlimited */
    int32_t max_tries;     /* the first one counts */
    int32_t tries;         /* made so far; hy_retry_wait counts */
    int32_t names;         /* of them such that found no name */
    int32_t spent;         /* tokens taken for the try that runs */
    uint64_t random;       /* state; seeded with hy_retry_seed, or fixed by a test */
} hy_retry;
uint64_t hy_retry_seed(void);

/*
 * Sleep before the next try: rand(0,1) x min(20 s, base x 2^n), base 50 ms (transient) or 1 s
 * (throttle); not less than `Retry-After` (seconds or date, at most 60 s), and within 5 s of what
 * `x-amz-retry-after` (ms) says. True: try again. False: tries or quota are used up, the job is
 * cancelled, or its deadline would pass meanwhile; then the failure at hand stands.
 */
bool hy_retry_wait(hy_retry *retry, hy_retry_class class, const hy_http_headers *hints,
                   const hy_cancel *cancel);
/* The call ended well: gives tokens back. */
void hy_retry_done(hy_retry *retry);
/* The pause that hy_retry_wait would make, in microseconds; advances `random`. */
int64_t hy_retry_pause(hy_retry *retry, hy_retry_class class, const hy_http_headers *hints);

/* HTTP statuses that are worth another try: 408, 429, 500, 502, 503, 504. */
bool hy_retry_status(int32_t http_status);

/* ---- Whole resources ---- */

/* "bytes 0-99/1000" (RFC 9110, 14.4); `*total` = -1 where it is '*'. False: it is not one. */
bool hy_content_range_parse(const char *text, int64_t *first, int64_t *last, int64_t *total);

/* How one request of a fetch is made: lets s3/ sign each one anew. */
typedef struct hy_fetch_signer {
    /* Add headers to a request for `url`, of which those of `headers` are known. */
    hydra_status (*sign)(void *user, const char *url, hy_http_headers *headers, hy_diag *diag);
    void *user;
} hy_fetch_signer;

typedef struct hy_fetch {
    const char *url;                /* http or https */
    const char *name;               /* in error texts; NULL = the URL without its query */
    const hy_http_headers *headers; /* of the caller; go to the first origin only. May be NULL */
    const hy_fetch_signer *signer;  /* NULL = none; then redirects are followed, else not */
    const hydra_policy *policy;     /* checked at every hop, on the connected socket too */
    int64_t max_bytes;
    const hy_cancel *cancel;
    hy_retry_quota *quota; /* NULL = none */
    void (*received)(void *user, int64_t bytes,
                     int64_t total); /* total -1 = unknown; may be NULL */
    void *user;
} hy_fetch;

/*
 * Load a resource into memory: at most 5 redirects, http and https only, never from https to http,
 * headers built anew for another origin; tried again after transient failures, from where it broke
 * off where the server gives a strong ETag (If-Match and Range; a changed resource begins anew,
 * once). The byte count must be what was announced. Free out->data with hy_buffer_free.
 * HYDRA_ERR_NOT_FOUND (404, 410), HYDRA_ERR_PERMISSION (401, 403, the policy), HYDRA_ERR_LIMIT,
 * HYDRA_ERR_NETWORK, HYDRA_ERR_SERVER, and as hy_http_perform. Nothing stays on failure.
 */
hydra_status hy_fetch_load(hy_http *http, const hy_fetch *fetch, hy_buffer *out, hy_diag *diag);

#endif
