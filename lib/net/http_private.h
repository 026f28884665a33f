/* SPDX-License-Identifier: MIT */
/* What the files of the HTTP client share. Only they know libcurl. */
#ifndef HY_NET_HTTP_PRIVATE_H
#define HY_NET_HTTP_PRIVATE_H

#include <pthread.h>

#include <curl/curl.h>

#include "net.h"

#define HY_HTTP_ERROR_BODY_BYTES ((int64_t)64 << 10)
#define HY_HTTP_HEADER_BYTES     ((size_t)64 << 10)
#define HY_HTTP_HEADER_LINES     200

/* ---- Proxies (proxy.c) ---- */

typedef struct hy_proxy {
    bool is_explicit; /* given by the host of the library, not by the environment */
    char *http;       /* for http URLs; NULL = none */
    char *https;
    char *except; /* no_proxy; NULL = nothing */
} hy_proxy;

/* `given` as hy_http_options.proxy. */
hydra_status hy_proxy_init(hy_proxy *proxy, const char *given, hy_diag *diag);
void hy_proxy_free(hy_proxy *proxy);
/* Where to go through for this URL; NULL = straight. A secret: it may hold a password. */
const char *hy_proxy_for(const hy_proxy *proxy, const hy_url *url);

/* ---- Connections (http.c) ---- */

/* A curl handle with its connections, used by one call at a time. */
typedef struct hy_http_slot {
    CURLM *multi;
    CURL *easy;
    char *key;   /* of the networks that its connections may lead to */
    int sockets; /* that are open */
    struct hy_http_slot *next;
} hy_http_slot;

struct hy_http {
    char *ca_file; /* NULL = the system's */
    hy_proxy proxy;
    bool insecure;
    int64_t connect_us;
    int64_t first_byte_us;
    int64_t stall_us;
    void (*log)(void *user, const char *line);
    void *log_user;
    pthread_mutex_t lock;
    struct {
        hy_http_slot *idle; /* the one used last comes first */
    } locked;
};

/* Take an idle one, or make one. NULL: no memory. */
hy_http_slot *hy_http_slot_take(hy_http *http, const hydra_policy *policy);
/* Back among the idle; its connections stay open, as long as they are not too many in all. */
void hy_http_slot_give(hy_http *http, hy_http_slot *slot);

/* ---- One call ---- */

typedef struct hy_http_call {
    hy_http *http;
    hy_http_slot *slot;
    const hy_http_request *request;
    hy_http_reply *reply;
    hy_diag *diag;
    hy_url url;
    char *name;          /* in error texts */
    const char *proxy;   /* NULL = none */
    hydra_status status; /* of a callback that failed; then the transfer was ended by us */
    bool refused;        /* an address was, by the policy */
    bool stopped;        /* enough of an error's body is there */
    bool in_headers;     /* of the reply, after its status line */
    bool has_headers;    /* all of them */
    size_t header_bytes;
    size_t header_lines;
    int64_t body_offset; /* of the request's next byte */
    int64_t received;    /* bytes of anything */
    double excused_s;    /* spent in the caller's callbacks, which is no stall */
    char error[CURL_ERROR_SIZE];
} hy_http_call;

static inline bool hy_http_has_body(const hy_http_request *request)
{
    return request->body || request->read_body;
}

/* Set curl up for the call (http_setup.c). `*headers` is for the caller to free with
 * hy_http_list_free. */
hydra_status hy_http_setup(hy_http_call *call, CURL *easy, struct curl_slist **headers);
void hy_http_list_free(struct curl_slist *list);

/* The callbacks of curl, with the call as user data (http_receive.c). */
size_t hy_http_on_header(char *data, size_t size, size_t count, void *user);
size_t hy_http_on_body(char *data, size_t size, size_t count, void *user);
size_t hy_http_on_read(char *data, size_t size, size_t count, void *user);
int hy_http_on_seek(void *user, curl_off_t offset, int origin);
curl_socket_t hy_http_on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address);
/* With the slot as user data: connections outlive the call. */
int hy_http_on_close(void *user, curl_socket_t fd);
int hy_http_on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *user);
/* Whether the status is 200..299. */
bool hy_http_is_success(int32_t status);

/* How a transfer ended that curl ended (http_outcome.c): sets reply->outcome. */
hydra_status hy_http_conclude(hy_http_call *call, CURL *easy, CURLcode code);
/* "NAME: WHAT HOST:PORT" */
hydra_status hy_http_fail(hy_http_call *call, hy_http_outcome outcome, hydra_status status,
                          const char *what);

#endif
