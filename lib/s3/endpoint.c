/* SPDX-License-Identifier: MIT */
/*
 * Where a bucket is. Bucket and region are checked before a host is made of them: a request with
 * credentials must not go to a host that a name brought in.
 */
#include <stdio.h>
#include <string.h>

#include "canon.h"
#include "region.h"

#define MAX_KEY_BYTES 1024

/* ---- Names ---- */

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Four numbers with dots: no name, and it would become an address. */
static bool is_ipv4(const char *text)
{
    int dots = 0;
    for (const char *at = text; *at; at++) {
        if (*at == '.') {
            dots++;
        } else if (*at < '0' || *at > '9') {
            return false;
        }
    }
    return dots == 3;
}

static const char *bucket_problem(const char *bucket)
{
    size_t length = bucket ? strlen(bucket) : 0;
    if (length < 3 || length > 63) {
        return "it must have 3 to 63 characters";
    }
    for (size_t i = 0; i < length; i++) {
        if (!is_lower_or_digit(bucket[i]) && bucket[i] != '.' && bucket[i] != '-') {
            return "only lower-case letters, digits, '.' and '-' may be in it";
        }
    }
    if (!is_lower_or_digit(bucket[0]) || !is_lower_or_digit(bucket[length - 1])) {
        return "it must begin and end with a letter or a digit";
    }
    if (strstr(bucket, "..") || strstr(bucket, ".-") || strstr(bucket, "-.")) {
        return "each part between its dots must begin and end with a letter or a digit";
    }
    return is_ipv4(bucket) ? "it must not be an IP address" : NULL;
}

hydra_status hy_s3_check_bucket(const char *bucket, hy_diag *diag)
{
    const char *problem = bucket_problem(bucket);
    return problem ? hy_fail(diag, HYDRA_ERR_ARGUMENT, "bucket \"%.80s\": %s", bucket ? bucket : "",
                             problem)
                   : HYDRA_OK;
}

hydra_status hy_s3_check_key(const char *key, hy_diag *diag)
{
    size_t size = key ? strnlen(key, MAX_KEY_BYTES + 1) : 0;
    if (size < 1 || size > MAX_KEY_BYTES) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "key \"%.80s\": it must have 1 to %d bytes",
                       key ? key : "", MAX_KEY_BYTES);
    }
    const unsigned char *at = (const unsigned char *)key;
    while (*at) {
        size_t length = hy_utf8_length(at);
        if (length == 0) {
            return hy_fail(diag, HYDRA_ERR_ARGUMENT, "key \"%.80s\": it is not UTF-8", key);
        }
        if (*at < 0x20 || *at == 0x7f) {
            return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                           "key \"%.80s\": it must not have control characters", key);
        }
        at += length;
    }
    return HYDRA_OK;
}

/* ---- Addresses ---- */

/* What an address is made of. */
typedef struct place {
    const char *scheme;
    const char *subdomain; /* the bucket, or "" */
    const char *host;      /* with its port, where one is sent */
    const char *prefix;    /* the endpoint's own path, without '/' at its end */
    const char *directory; /* the bucket, or "" */
    const char *key;       /* or "" */
} place;

static char *join_path(const place *at)
{
    size_t key_size = strlen(at->key);
    size_t most = key_size * 3 + strlen(at->prefix) + strlen(at->directory) + 4;
    hy_buffer path = {.limit = most};
    bool done = hy_buffer_append(&path, at->prefix, strlen(at->prefix));
    if (done && at->directory[0]) {
        done = hy_buffer_append(&path, "/", 1) &&
               hy_buffer_append(&path, at->directory, strlen(at->directory));
    }
    if (done && (key_size > 0 || path.size == 0 || at->subdomain[0])) {
        done = hy_buffer_append(&path, "/", 1);
    }
    done = done && hy_url_encode(&path, at->key, key_size, true) && hy_buffer_append(&path, "", 1);
    if (!done) {
        hy_buffer_free(&path);
    }
    return (char *)path.data;
}

static hydra_status make_address(const place *at, hy_s3_address *out, hy_diag *diag)
{
    const char *dot = at->subdomain[0] ? "." : "";
    const char *const parts[] = {at->scheme, "://", at->subdomain, dot, at->host};
    hy_s3_address made = {
        .origin = hy_canon_join(parts, 5),
        .host = hy_canon_join(parts + 2, 3),
        .path = join_path(at),
    };
    if (!made.origin || !made.host || !made.path) {
        hy_s3_address_free(&made);
        return hy_fail_memory(diag);
    }
    *out = made;
    return HYDRA_OK;
}

static hydra_status find_aws(const hy_s3_endpoint *endpoint, const char *bucket, const char *key,
                             hy_s3_address *out, hy_diag *diag)
{
    const char *region = endpoint->region ? endpoint->region : "";
    if (!hy_region_is_valid(region, strlen(region))) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "region \"%.64s\": only lower-case letters, digits and '-' may be in it",
                       region);
    }
    const char *const parts[] = {endpoint->fips ? "s3-fips." : "s3.",
                                 endpoint->dual_stack ? "dualstack." : "", region, ".",
                                 hy_region_domain(region)};
    char *host = hy_canon_join(parts, sizeof parts / sizeof *parts);
    if (!host) {
        return hy_fail_memory(diag);
    }
    /* AWS's certificates hold for one level below the endpoint: not for a bucket with dots. */
    bool in_path = endpoint->addressing == HYDRA_ADDRESSING_PATH ||
                   (endpoint->addressing == HYDRA_ADDRESSING_AUTO && strchr(bucket, '.'));
    const place at = {"https", in_path ? "" : bucket, host, "", in_path ? bucket : "", key};
    hydra_status status = make_address(&at, out, diag);
    hy_free(host);
    return status;
}

static void cut_slashes(char *path)
{
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/') {
        length--;
    }
    path[length] = '\0';
}

char *hy_s3_url_host(const hy_url *url)
{
    bool ipv6 = strchr(url->host, ':');
    char port[16] = "";
    if (url->port && url->port != (strcmp(url->scheme, "https") == 0 ? 443 : 80)) {
        (void)snprintf(port, sizeof port, ":%d", (int)url->port);
    }
    const char *const parts[] = {ipv6 ? "[" : "", url->host, ipv6 ? "]" : "", port};
    return hy_canon_join(parts, sizeof parts / sizeof *parts);
}

static hydra_status find_below(const hy_s3_endpoint *endpoint, hy_url *url, const char *bucket,
                               const char *key, hy_s3_address *out, hy_diag *diag)
{
    bool ipv6 = strchr(url->host, ':');
    bool in_path = endpoint->addressing != HYDRA_ADDRESSING_VIRTUAL;
    if (url->query) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "endpoint %s: it must not have a query",
                       url->host);
    }
    if (!in_path && (ipv6 || is_ipv4(url->host))) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "endpoint %s: a bucket cannot stand in front of an IP address", url->host);
    }
    char *host = hy_s3_url_host(url);
    if (!host) {
        return hy_fail_memory(diag);
    }
    cut_slashes(url->path);
    const place at = {.scheme = url->scheme,
                      .subdomain = in_path ? "" : bucket,
                      .host = host,
                      .prefix = url->path,
                      .directory = in_path ? bucket : "",
                      .key = key};
    hydra_status status = make_address(&at, out, diag);
    hy_free(host);
    return status;
}

hydra_status hy_s3_address_find(const hy_s3_endpoint *endpoint, const char *bucket, const char *key,
                                hy_s3_address *out, hy_diag *diag)
{
    *out = (hy_s3_address){0};
    hydra_status status = hy_s3_check_bucket(bucket, diag);
    if (status == HYDRA_OK && key && key[0]) {
        status = hy_s3_check_key(key, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    if (!endpoint->base) {
        return find_aws(endpoint, bucket, key ? key : "", out, diag);
    }
    hy_url url = {0};
    status = hy_url_parse(&url, endpoint->base, diag);
    if (status == HYDRA_OK) {
        status = find_below(endpoint, &url, bucket, key ? key : "", out, diag);
    }
    hy_url_free(&url);
    return status;
}

void hy_s3_address_free(hy_s3_address *address)
{
    hy_free(address->origin);
    hy_free(address->host);
    hy_free(address->path);
    *address = (hy_s3_address){0};
}
