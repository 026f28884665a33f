/* SPDX-License-Identifier: MIT */
/*
 * Keys of the instance's role (EC2, IMDSv2): a token by PUT, the role's name, its keys. There is no
 * way back to version 1, which answers whoever makes this machine send a GET.
 */
#include <string.h>
#include <strings.h>

#include "credentials.h"

#define NAME      "instance metadata"
#define ROLE_PATH "/latest/meta-data/iam/security-credentials/"
/* The address is on this machine's own link or nowhere. */
#define TOTAL_US ((int64_t)2000000)

typedef struct session {
    const hy_key_walk *walk;
    hy_buffer base; /* "http://169.254.169.254", not NUL-terminated */
    hy_http_headers headers;
} session;

static bool is_disabled(void)
{
    const char *value = hy_env("AWS_EC2_METADATA_DISABLED");
    return value && strcasecmp(value, "true") == 0;
}

static const char *endpoint(const hy_key_walk *walk)
{
    const char *set = walk->options->imds_endpoint;
    const char *mode = hy_env("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    set = set ? set : hy_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    if (set) {
        return set;
    }
    return mode && strcasecmp(mode, "IPv6") == 0 ? "http://[fd00:ec2::254]"
                                                 : "http://169.254.169.254";
}

static hydra_status set_base(session *s, hy_diag *diag)
{
    const char *text = endpoint(s->walk);
    hy_url url = {0};
    hy_diag own = {0};
    hydra_status status = hy_url_parse(&url, text, &own);
    hy_url_free(&url);
    if (status != HYDRA_OK || strpbrk(text, "?#")) {
        return hy_fail(diag, HYDRA_ERR_AUTH, NAME ": the endpoint is no URL: %s",
                       status != HYDRA_OK ? own.text : "it has a query");
    }
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '/') {
        length--;
    }
    return hy_buffer_append(&s->base, text, length) ? HYDRA_OK : hy_fail_memory(diag);
}

/* `path` and, encoded, `last` behind it. */
static hydra_status ask(const session *s, const char *method, const char *path, const char *last,
                        const hy_http_headers *headers, int32_t tries, hy_http_reply *reply,
                        hy_diag *diag)
{
    *reply = (hy_http_reply){0};
    hy_buffer url = {.limit = 16384};
    if (!hy_buffer_append(&url, s->base.data, s->base.size) ||
        !hy_buffer_append(&url, path, strlen(path)) ||
        !hy_url_encode(&url, last, strlen(last), false) || !hy_buffer_append(&url, "", 1)) {
        hy_buffer_free(&url);
        return hy_fail_memory(diag);
    }
    const hy_key_request request = {.name = NAME,
                                    .method = method,
                                    .url = (const char *)url.data,
                                    .headers = headers,
                                    .total_us = TOTAL_US,
                                    .tries = tries};
    hydra_status status = hy_key_ask(s->walk, &request, reply, diag);
    hy_buffer_free(&url);
    return status;
}

/* The body as one line of text; free with hy_secret_free. */
static hydra_status first_line(const hy_http_reply *reply, char **line, hy_diag *diag)
{
    size_t size = 0;
    while (size < reply->body.size && reply->body.data[size] > ' ') {
        size++;
    }
    *line = hy_calloc(size + 1, 1);
    if (!*line) {
        return hy_fail_memory(diag);
    }
    if (size > 0) {
        memcpy(*line, reply->body.data, size);
    }
    return hy_is_token(*line) ? HYDRA_OK
                              : hy_fail(diag, HYDRA_ERR_FORMAT, NAME ": an empty or damaged reply");
}

/* Puts the token into the headers. One try: where there is no such service, this is where it shows,
 * and everyone without keys waits for it. */
static hydra_status get_token(session *s, bool *there, hy_diag *diag)
{
    hy_http_headers headers = {0};
    hy_http_reply reply = {0};
    hy_diag own = {0};
    char *token = NULL;
    *there = false;
    hydra_status status =
        hy_http_headers_add(&headers, "X-aws-ec2-metadata-token-ttl-seconds", "21600", diag);
    if (status == HYDRA_OK) {
        status = ask(s, "PUT", "/latest/api/token", "", &headers, 1, &reply, &own);
        bool reached = status == HYDRA_OK;
        if (status == HYDRA_ERR_CANCELLED || status == HYDRA_ERR_DEADLINE ||
            status == HYDRA_ERR_MEMORY) {
            status = hy_fail(diag, status, "%s", own.text);
        } else if (!reached) {
            hy_key_skip(s->walk, "%.180s", own.text);
            status = HYDRA_OK;
        } else if (reply.status != 200) {
            hy_key_skip(s->walk, NAME ": no token for version 2 (HTTP status %d)",
                        (int)reply.status);
        } else {
            *there = true;
            status = first_line(&reply, &token, diag);
        }
    }
    if (status == HYDRA_OK && *there) {
        status = hy_http_headers_add(&s->headers, "X-aws-ec2-metadata-token", token, diag);
    }
    hy_secret_free(token);
    hy_http_reply_free(&reply);
    hy_http_headers_free(&headers);
    return status;
}

static hydra_status fail_http(const hy_http_reply *reply, const char *what, hy_diag *diag)
{
    return hy_fail(diag, reply->status >= 500 ? HYDRA_ERR_SERVER : HYDRA_ERR_AUTH,
                   NAME ": %s: HTTP status %d", what, (int)reply->status);
}

static hydra_status get_role(const session *s, char **role, hy_diag *diag)
{
    hy_http_reply reply;
    *role = NULL;
    hydra_status status = ask(s, "GET", ROLE_PATH, "", &s->headers, 3, &reply, diag);
    if (status == HYDRA_OK && reply.status == 404) {
        hy_key_skip(s->walk, NAME ": the instance has no role");
    } else if (status == HYDRA_OK && reply.status != 200) {
        status = fail_http(&reply, "the name of the role", diag);
    } else if (status == HYDRA_OK) {
        status = first_line(&reply, role, diag);
    }
    hy_http_reply_free(&reply);
    return status;
}

static hydra_status get_keys(const session *s, const char *role, hy_s3_keys *out, hy_diag *diag)
{
    hy_http_reply reply;
    hydra_status status = ask(s, "GET", ROLE_PATH, role, &s->headers, 3, &reply, diag);
    if (status == HYDRA_OK && reply.status != 200) {
        status = fail_http(&reply, "the keys of the role", diag);
    }
    if (status == HYDRA_OK) {
        status = hy_keys_from_json(s->walk, &reply.body, NAME, out, diag);
    }
    hy_http_reply_free(&reply);
    return status;
}

static hydra_status walk_session(session *s, hy_s3_keys *out, bool *found, hy_diag *diag)
{
    bool there = false;
    char *role = NULL;
    hydra_status status = set_base(s, diag);
    if (status == HYDRA_OK) {
        status = get_token(s, &there, diag);
    }
    if (status == HYDRA_OK && there) {
        status = get_role(s, &role, diag);
    }
    if (status == HYDRA_OK && role) {
        *found = true;
        status = get_keys(s, role, out, diag);
    }
    hy_secret_free(role);
    return status;
}

hydra_status hy_keys_from_imds(const hy_key_walk *walk, hy_s3_keys *out, bool *found, hy_diag *diag)
{
    *found = false;
    if (is_disabled()) {
        hy_key_skip(walk, NAME ": AWS_EC2_METADATA_DISABLED is set");
        return HYDRA_OK;
    }
    session s = {.walk = walk, .base = {.limit = 8192}};
    hydra_status status = walk_session(&s, out, found, diag);
    hy_http_headers_free(&s.headers);
    hy_buffer_free(&s.base);
    return status;
}
