/* SPDX-License-Identifier: MIT */
/*
 * Roles, assumed through the Security Token Service (API version 2011-06-15): signed with other
 * keys, or with the token of a web identity, which needs no signature.
 */
#include <stdio.h>
#include <string.h>

#include "credentials.h"
#include "region.h"

#define TOTAL_US ((int64_t)10000000)
#define TRIES    3

/* One assumption under way. */
typedef struct call {
    const hy_key_walk *walk;
    const hy_sts_role *role;
    const char *name;
    const char *action;
    const char *region;
    hy_url url;
    char *url_text;
    hy_buffer body; /* a form; holds the token */
    hy_http_headers headers;
} call;

static bool is_region(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text) &&
           strlen(text) <= 60;
}

static const char *find_region(const hy_sts_role *role)
{
    const char *region = hy_env("AWS_REGION");
    region = region ? region : hy_env("AWS_DEFAULT_REGION");
    region = region ? region : role->region;
    return region ? region : "us-east-1";
}

static hydra_status find_url(call *c, hy_diag *diag)
{
    const char *set = c->walk->options->sts_endpoint;
    char regional[128];
    set = set ? set : hy_env("AWS_ENDPOINT_URL_STS");
    c->region = find_region(c->role);
    if (!is_region(c->region)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: the region is none", c->name);
    }
    if (!set) {
        (void)snprintf(regional, sizeof regional, "https://sts.%s.%s/", c->region,
                       hy_region_domain(c->region));
        set = regional;
    }
    hy_diag own = {0};
    hydra_status status = hy_url_parse(&c->url, set, &own);
    if (status != HYDRA_OK) {
        return hy_fail(diag, status, "%s: STS endpoint: %s", c->name, own.text);
    }
    if (c->url.query) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: STS endpoint: it has a query", c->name);
    }
    c->url_text = hy_url_text(&c->url);
    return c->url_text ? HYDRA_OK : hy_fail_memory(diag);
}

static bool add(hy_buffer *form, const char *name, const char *value)
{
    return !value || (hy_buffer_print(form, "%s%s=", form->size > 0 ? "&" : "", name) &&
                      hy_url_encode(form, value, strlen(value), false));
}

static hydra_status build_form(call *c, hy_diag *diag)
{
    const hy_sts_role *role = c->role;
    char session[48];
    (void)snprintf(session, sizeof session, "hydra-%lld", (long long)c->walk->now_s);
    hy_buffer *form = &c->body;
    form->limit = 4 * HY_KEY_FILE_BYTES;
    form->secret = true;
    bool fits = add(form, "Action", c->action) && add(form, "Version", "2011-06-15") &&
                add(form, "RoleArn", role->role_arn) &&
                add(form, "RoleSessionName", role->session_name ? role->session_name : session) &&
                add(form, "ExternalId", role->external_id) &&
                add(form, "DurationSeconds", role->duration_s) &&
                add(form, "WebIdentityToken", role->web_token);
    return fits ? HYDRA_OK
                : hy_fail(diag, HYDRA_ERR_LIMIT, "%s: the role's settings are too long", c->name);
}

static hydra_status sign(call *c, hy_diag *diag)
{
    char hash[65];
    char *host = hy_s3_url_host(&c->url);
    if (!host) {
        return hy_fail_memory(diag);
    }
    hydra_status status = hy_sha256_hex(c->body.data, c->body.size, hash, diag);
    const hy_sigv4 what = {.method = "POST",
                           .host = host,
                           .path = c->url.path,
                           .keys = c->role->source,
                           .region = c->region,
                           .service = "sts",
                           .time_s = c->walk->now_s,
                           .payload_hash = hash};
    if (status == HYDRA_OK) {
        status = hy_sigv4_sign(&what, &c->headers, NULL, diag);
    }
    hy_free(host);
    return status;
}

static hydra_status prepare(call *c, hy_diag *diag)
{
    hydra_status status = find_url(c, diag);
    if (status == HYDRA_OK) {
        status = build_form(c, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_http_headers_add(&c->headers, "Content-Type",
                                     "application/x-www-form-urlencoded; charset=utf-8", diag);
    }
    if (status == HYDRA_OK && c->role->source) {
        status = sign(c, diag);
    }
    return status;
}

/* The message may repeat what was sent, and a web identity's token is a secret. */
static hydra_status refuse(const call *c, int32_t http_status, const hy_sts_reply *reply,
                           hy_diag *diag)
{
    const bool tell = !c->role->web_token && reply->message[0] != '\0';
    return hy_fail(diag, http_status >= 500 ? HYDRA_ERR_SERVER : HYDRA_ERR_AUTH,
                   "%s: %s: HTTP status %d%s%s%s%s", c->name, c->action, (int)http_status,
                   reply->code[0] ? ", " : "", reply->code, tell ? ": " : "",
                   tell ? reply->message : "");
}

static hydra_status take(const call *c, const hy_sts_reply *reply, hy_s3_keys *out, hy_diag *diag)
{
    const hy_s3_field *fields = reply->fields;
    if (!fields[0].value || !fields[1].value || !fields[2].value || !fields[3].value) {
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: %s: a reply without keys", c->name, c->action);
    }
    hydra_status status =
        hy_keys_set(out, fields[0].value, fields[1].value, fields[2].value, c->name, diag);
    return status == HYDRA_OK ? hy_keys_set_expiry(c->walk, fields[3].value, c->name, out, diag)
                              : status;
}

static hydra_status ask(call *c, hy_s3_keys *out, hy_diag *diag)
{
    const hy_key_request request = {.name = c->name,
                                    .method = "POST",
                                    .url = c->url_text,
                                    .headers = &c->headers,
                                    .body = &c->body,
                                    .total_us = TOTAL_US,
                                    .tries = TRIES,
                                    .may_proxy = strcmp(c->url.scheme, "https") == 0};
    hy_http_reply http;
    hy_sts_reply reply = {0};
    hydra_status status = hy_key_ask(c->walk, &request, &http, diag);
    if (status == HYDRA_OK) {
        bool read = hy_sts_reply_read(&reply, http.body.data, http.body.size, c->action);
        if (http.status != 200) {
            status = refuse(c, http.status, &reply, diag);
        } else if (!read) {
            status = hy_fail(diag, HYDRA_ERR_FORMAT, "%s: %s: a damaged reply", c->name, c->action);
        } else {
            status = take(c, &reply, out, diag);
        }
    }
    hy_sts_reply_free(&reply);
    hy_http_reply_free(&http);
    return status;
}

hydra_status hy_sts_assume(const hy_key_walk *walk, const hy_sts_role *role, const char *name,
                           hy_s3_keys *out, hy_diag *diag)
{
    call c = {.walk = walk,
              .role = role,
              .name = name,
              .action = role->web_token ? "AssumeRoleWithWebIdentity" : "AssumeRole"};
    hydra_status status = prepare(&c, diag);
    if (status == HYDRA_OK) {
        status = ask(&c, out, diag);
    }
    hy_http_headers_free(&c.headers);
    hy_buffer_free(&c.body);
    hy_free(c.url_text);
    hy_url_free(&c.url);
    return status;
}
