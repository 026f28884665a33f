/* SPDX-License-Identifier: MIT */
/*
 * Keys of a container (ECS, EKS): an endpoint that the environment names. Over http only to
 * addresses that belong to this machine or to its host: keys do not cross a network in the clear.
 */
#include <arpa/inet.h>
#include <string.h>

#include "credentials.h"

#define NAME     "container"
#define TOTAL_US ((int64_t)5000000)

static bool is_v4(const char *host, bool *allowed)
{
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) != 1) {
        return false;
    }
    uint32_t bits = ntohl(address.s_addr);
    *allowed = bits >> 24 == 127 || bits == 0xA9FEAA02 || bits == 0xA9FEAA17;
    return true;
}

static bool is_near(const char *host)
{
    static const uint8_t eks[16] = {0xFD, 0x00, 0x0E, 0xC2, [15] = 0x23};
    bool allowed = false;
    struct in6_addr address;
    if (is_v4(host, &allowed)) {
        return allowed;
    }
    if (inet_pton(AF_INET6, host, &address) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&address) || memcmp(&address, eks, sizeof eks) == 0;
    }
    return strcmp(host, "localhost") == 0; /* which the transport takes for loopback unasked */
}

static hydra_status check_full_uri(const char *uri, hy_diag *diag)
{
    hy_url url = {0};
    hy_diag own = {0};
    hydra_status status = hy_url_parse(&url, uri, &own);
    if (status != HYDRA_OK) {
        return hy_fail(diag, status == HYDRA_ERR_MEMORY ? status : HYDRA_ERR_AUTH,
                       NAME ": AWS_CONTAINER_CREDENTIALS_FULL_URI: %s", own.text);
    }
    if (strcmp(url.scheme, "https") != 0 && !is_near(url.host)) {
        status = hy_fail(diag, HYDRA_ERR_AUTH,
                         NAME ": AWS_CONTAINER_CREDENTIALS_FULL_URI: http is for loopback, "
                              "169.254.170.2, 169.254.170.23 and fd00:ec2::23 only, not for %.100s",
                         url.host);
    }
    hy_url_free(&url);
    return status;
}

/* The address out of the environment; NULL in `*out` = none is set. */
static hydra_status find_url(char **out, hy_diag *diag)
{
    const char *relative = hy_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = hy_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    *out = NULL;
    if (relative) {
        if (relative[0] != '/' || !hy_is_token(relative)) {
            return hy_fail(diag, HYDRA_ERR_AUTH,
                           NAME ": AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path");
        }
        hy_buffer url = {.limit = 8192};
        if (!hy_buffer_print(&url, "http://169.254.170.2%s", relative) ||
            !hy_buffer_append(&url, "", 1)) {
            hy_buffer_free(&url);
            return hy_fail(diag, HYDRA_ERR_AUTH,
                           NAME ": AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is too long");
        }
        *out = (char *)url.data;
        return HYDRA_OK;
    }
    if (full) {
        hydra_status status = check_full_uri(full, diag);
        *out = status == HYDRA_OK ? hy_strdup(full) : NULL;
        return status == HYDRA_OK && !*out ? hy_fail_memory(diag) : status;
    }
    return HYDRA_OK;
}

static hydra_status load_token(char **token, hy_diag *diag)
{
    const char *path = hy_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    const char *value = hy_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    *token = NULL;
    if (!path && !value) {
        return HYDRA_OK;
    }
    size_t size = 0;
    if (path) {
        hy_diag own = {0};
        hydra_status status = hy_file_text(path, HY_KEY_FILE_BYTES, token, &size, NULL, &own);
        if (status != HYDRA_OK) {
            return hy_fail(diag, status, NAME ": token file: %s", own.text);
        }
    } else {
        *token = hy_strdup(value);
        size = strlen(value);
    }
    if (!*token) {
        return hy_fail_memory(diag);
    }
    for (const char *at = *token; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7F) {
            size = 0;
        }
    }
    if (size == 0 || strlen(*token) != size) {
        return hy_fail(diag, HYDRA_ERR_AUTH,
                       NAME ": %s: is empty, or holds a line end or another control character",
                       path ? "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
                            : "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    }
    return HYDRA_OK;
}

static hydra_status ask(const hy_key_walk *walk, const char *url, const hy_http_headers *headers,
                        hy_s3_keys *out, hy_diag *diag)
{
    const hy_key_request request = {.name = NAME,
                                    .method = "GET",
                                    .url = url,
                                    .headers = headers,
                                    .total_us = TOTAL_US,
                                    .tries = 3};
    hy_http_reply reply;
    hydra_status status = hy_key_ask(walk, &request, &reply, diag);
    if (status == HYDRA_OK && reply.status != 200) {
        status = hy_fail(diag, reply.status >= 500 ? HYDRA_ERR_SERVER : HYDRA_ERR_AUTH,
                         NAME ": the credential endpoint answered with HTTP status %d",
                         (int)reply.status);
    }
    if (status == HYDRA_OK) {
        status = hy_keys_from_json(walk, &reply.body, NAME, out, diag);
    }
    hy_http_reply_free(&reply);
    return status;
}

hydra_status hy_keys_from_container(const hy_key_walk *walk, hy_s3_keys *out, bool *found,
                                    hy_diag *diag)
{
    char *url = NULL;
    char *token = NULL;
    hy_http_headers headers = {0};
    *found = false;
    hydra_status status = find_url(&url, diag);
    if (status != HYDRA_OK || !url) {
        hy_key_skip(walk, NAME ": AWS_CONTAINER_CREDENTIALS_*_URI is not set");
        return status;
    }
    *found = true;
    status = load_token(&token, diag);
    if (status == HYDRA_OK && token) {
        status = hy_http_headers_add(&headers, "Authorization", token, diag);
    }
    if (status == HYDRA_OK) {
        status = ask(walk, url, &headers, out, diag);
    }
    hy_http_headers_free(&headers);
    hy_secret_free(token);
    hy_free(url);
    return status;
}
