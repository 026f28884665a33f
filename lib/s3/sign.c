/* SPDX-License-Identifier: MIT */
/*
 * AWS Signature Version 4 in the authorization header. The time is read by the caller, once: date
 * and scope cannot disagree at midnight. Keys are derived anew for each signature: four HMACs cost
 * microseconds, and a cache would be one more place for secrets.
 */
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>

#include "canon.h"
#include "hash.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

/* ---- What may be signed ---- */

/* Printable ASCII without spaces; `also` are further characters that must not be in it. */
static bool is_plain(const char *text, const char *also)
{
    for (const char *at = text; *at; at++) {
        if (*at <= ' ' || *at >= 0x7f || strchr(also, *at)) {
            return false;
        }
    }
    return text[0];
}

static hydra_status check_plain(const char *text, const char *also, const char *name, hy_diag *diag)
{
    return text && is_plain(text, also)
               ? HYDRA_OK
               : hy_fail(diag, HYDRA_ERR_ARGUMENT,
                         "signature: the %s is empty or has characters that it must not have",
                         name);
}

static hydra_status check_keys(const hy_s3_keys *keys, hy_diag *diag)
{
    if (!keys || !keys->access_key || !keys->secret_key || !keys->secret_key[0]) {
        return hy_fail(diag, HYDRA_ERR_AUTH, "signature: access key and secret key are needed");
    }
    hydra_status status = check_plain(keys->access_key, "/,", "access key", diag);
    if (status == HYDRA_OK && keys->session_token) {
        status = check_plain(keys->session_token, "", "session token", diag);
    }
    return status;
}

hydra_status hy_canon_check(const hy_sigv4 *what, hy_diag *diag)
{
    const struct {
        const char *text;
        const char *also;
        const char *name;
    } parts[] = {
        {what->method, "/?#", "method"},    {what->host, "/?#@", "host"},
        {what->region, "/,", "region"},     {what->service, "/,", "service"},
        {what->payload_hash, "", "digest"},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        hydra_status status = check_plain(parts[i].text, parts[i].also, parts[i].name, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    if (!what->path || (what->path[0] && (what->path[0] != '/' || !is_plain(what->path, "?#")))) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "signature: the path is not percent-encoded");
    }
    return check_keys(what->keys, diag);
}

/* Values as hy_http_headers_add lets them through, and no name that is added here. */
hydra_status hy_canon_check_headers(const hy_http_headers *headers, hy_diag *diag)
{
    static const char *const ours[] = {"host", "authorization", "x-amz-date",
                                       "x-amz-content-sha256", "x-amz-security-token"};
    for (size_t i = 0; headers && i < sizeof ours / sizeof *ours; i++) {
        if (hy_http_headers_get(headers, ours[i])) {
            return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                           "signature: the header %s is not the caller's to set", ours[i]);
        }
    }
    return HYDRA_OK;
}

/* ---- Texts ---- */

hydra_status hy_canon_time(int64_t time_s, char text[HY_SIGV4_TIME_BYTES], hy_diag *diag)
{
    struct tm parts;
    time_t time = (time_t)time_s;
    if (time_s < 0 || !gmtime_r(&time, &parts) || parts.tm_year > 9999 - 1900 ||
        strftime(text, HY_SIGV4_TIME_BYTES, "%Y%m%dT%H%M%SZ", &parts) == 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "signature: %lld s is no time to sign at",
                       (long long)time_s);
    }
    return HYDRA_OK;
}

hydra_status hy_canon_scope(const hy_sigv4 *what, char **scope, hy_diag *diag)
{
    char time[HY_SIGV4_TIME_BYTES];
    *scope = NULL;
    hydra_status status = hy_canon_time(what->time_s, time, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    time[8] = '\0';
    const char *const parts[] = {time, "/", what->region, "/", what->service, "/aws4_request"};
    *scope = hy_canon_join(parts, sizeof parts / sizeof *parts);
    return *scope ? HYDRA_OK : hy_fail_memory(diag);
}

hydra_status hy_canon_string_to_sign(const hy_sigv4 *what, const char *request, char **text,
                                     hy_diag *diag)
{
    char time[HY_SIGV4_TIME_BYTES];
    char hex[65];
    char *scope = NULL;
    *text = NULL;
    hydra_status status = hy_canon_time(what->time_s, time, diag);
    if (status == HYDRA_OK) {
        status = hy_sha256_hex(request, strlen(request), hex, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_canon_scope(what, &scope, diag);
    }
    if (status == HYDRA_OK) {
        const char *const parts[] = {ALGORITHM "\n", time, "\n", scope, "\n", hex};
        *text = hy_canon_join(parts, sizeof parts / sizeof *parts);
        status = *text ? HYDRA_OK : hy_fail_memory(diag);
    }
    hy_free(scope);
    return status;
}

/* ---- The signature ---- */

/* HMAC of HMAC of ... "AWS4" and the secret key, over date, region, service and a constant. */
static hydra_status derive_key(const hy_sigv4 *what, uint8_t key[HY_SHA256_BYTES], hy_diag *diag)
{
    char time[HY_SIGV4_TIME_BYTES];
    hydra_status status = hy_canon_time(what->time_s, time, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    const char *const parts[] = {"AWS4", what->keys->secret_key};
    char *seed = hy_canon_join(parts, 2);
    if (!seed) {
        return hy_fail_memory(diag);
    }
    status = hy_hmac_sha256(seed, strlen(seed), time, 8, key, diag);
    hy_canon_wipe_text(seed);
    const char *const steps[] = {what->region, what->service, "aws4_request"};
    for (size_t i = 0; status == HYDRA_OK && i < sizeof steps / sizeof *steps; i++) {
        status = hy_hmac_sha256(key, HY_SHA256_BYTES, steps[i], strlen(steps[i]), key, diag);
    }
    return status;
}

hydra_status hy_canon_signature(const hy_sigv4 *what, const hy_http_headers *headers,
                                const char *query_text, char hex[65], hy_diag *diag)
{
    char *request = NULL;
    char *text = NULL;
    uint8_t key[HY_SHA256_BYTES];
    hydra_status status = hy_canon_request(what, headers, query_text, &request, diag);
    if (status == HYDRA_OK) {
        status = hy_canon_string_to_sign(what, request, &text, diag);
    }
    if (status == HYDRA_OK) {
        status = derive_key(what, key, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_hmac_sha256(key, sizeof key, text, strlen(text), key, diag);
    }
    if (status == HYDRA_OK) {
        hy_hex(key, sizeof key, hex);
    }
    OPENSSL_cleanse(key, sizeof key);
    hy_canon_wipe_text(request);
    hy_canon_wipe_text(text);
    return status;
}

/* ---- Headers ---- */

static hydra_status add_amz_headers(const hy_sigv4 *what, hy_http_headers *headers, hy_diag *diag)
{
    char time[HY_SIGV4_TIME_BYTES];
    hydra_status status = hy_canon_time(what->time_s, time, diag);
    if (status == HYDRA_OK) {
        status = hy_http_headers_add(headers, "x-amz-date", time, diag);
    }
    if (status == HYDRA_OK && strcmp(what->service, "s3") == 0) {
        status = hy_http_headers_add(headers, "x-amz-content-sha256", what->payload_hash, diag);
    }
    if (status == HYDRA_OK && what->keys->session_token) {
        status =
            hy_http_headers_add(headers, "x-amz-security-token", what->keys->session_token, diag);
    }
    return status;
}

static hydra_status add_authorization(const hy_sigv4 *what, hy_http_headers *headers,
                                      const char *query_text, hy_diag *diag)
{
    char hex[65];
    char *names = NULL;
    char *scope = NULL;
    hydra_status status = hy_canon_signature(what, headers, query_text, hex, diag);
    if (status == HYDRA_OK) {
        status = hy_canon_headers(what->host, headers, NULL, &names, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_canon_scope(what, &scope, diag);
    }
    if (status == HYDRA_OK) {
        const char *const parts[] = {ALGORITHM " Credential=",
                                     what->keys->access_key,
                                     "/",
                                     scope,
                                     ", SignedHeaders=",
                                     names,
                                     ", Signature=",
                                     hex};
        char *value = hy_canon_join(parts, sizeof parts / sizeof *parts);
        status = value ? hy_http_headers_add(headers, "authorization", value, diag)
                       : hy_fail_memory(diag);
        hy_canon_wipe_text(value);
    }
    hy_free(names);
    hy_free(scope);
    OPENSSL_cleanse(hex, sizeof hex);
    return status;
}

hydra_status hy_sigv4_sign(const hy_sigv4 *what, hy_http_headers *headers, char **query_text,
                           hy_diag *diag)
{
    char *text = NULL;
    hydra_status status = hy_canon_check(what, diag);
    if (status == HYDRA_OK) {
        status = hy_canon_check_headers(headers, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_canon_query(what->query, what->query_count, &text, diag);
    }
    if (status == HYDRA_OK) {
        status = add_amz_headers(what, headers, diag);
    }
    if (status == HYDRA_OK) {
        status = add_authorization(what, headers, text, diag);
    }
    if (query_text) {
        *query_text = status == HYDRA_OK ? text : NULL;
    }
    if (!query_text || status != HYDRA_OK) {
        hy_free(text);
    }
    return status;
}

hydra_status hy_sigv4_texts(const hy_sigv4 *what, const hy_http_headers *headers,
                            char **canonical_request, char **string_to_sign, hy_diag *diag)
{
    char *query_text = NULL;
    *canonical_request = NULL;
    *string_to_sign = NULL;
    hydra_status status = hy_canon_check(what, diag);
    if (status == HYDRA_OK) {
        status = hy_canon_query(what->query, what->query_count, &query_text, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_canon_request(what, headers, query_text, canonical_request, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_canon_string_to_sign(what, *canonical_request, string_to_sign, diag);
    }
    if (status != HYDRA_OK) {
        hy_canon_wipe_text(*canonical_request);
        *canonical_request = NULL;
    }
    hy_free(query_text);
    return status;
}
