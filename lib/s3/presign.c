/* SPDX-License-Identifier: MIT */
/* Signature Version 4 in the query: a URL that works for a while without credentials. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "canon.h"

#define MAX_EXPIRES_S 604800
/* Algorithm, credential, date, expiry, signed headers, token. */
#define MAX_OURS 6

/* "KEY/SCOPE" */
static hydra_status make_credential(const hy_sigv4 *what, char **credential, hy_diag *diag)
{
    char *scope = NULL;
    hydra_status status = hy_canon_scope(what, &scope, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    const char *const parts[] = {what->keys->access_key, "/", scope};
    *credential = hy_canon_join(parts, sizeof parts / sizeof *parts);
    hy_free(scope);
    return *credential ? HYDRA_OK : hy_fail_memory(diag);
}

/* The query that is signed: the caller's and that of the signature. */
static hydra_status make_query(const hy_sigv4 *what, const hy_s3_parameter *ours, size_t our_count,
                               char **text, hy_diag *diag)
{
    size_t count;
    hy_s3_parameter *all = NULL;
    if (hy_add_size(what->query_count, our_count, &count)) {
        all = hy_calloc(count, sizeof *all);
    }
    if (!all) {
        return hy_fail_memory(diag);
    }
    for (size_t i = 0; i < count; i++) {
        all[i] = i < our_count ? ours[i] : what->query[i - our_count];
    }
    hydra_status status = hy_canon_query(all, count, text, diag);
    hy_free(all);
    return status;
}

static hydra_status append_signature(const hy_sigv4 *what, const hy_http_headers *headers,
                                     const char *signed_query, char **query_text, hy_diag *diag)
{
    char hex[65];
    hydra_status status = hy_canon_signature(what, headers, signed_query, hex, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    const char *const parts[] = {signed_query, "&X-Amz-Signature=", hex};
    *query_text = hy_canon_join(parts, sizeof parts / sizeof *parts);
    OPENSSL_cleanse(hex, sizeof hex);
    return *query_text ? HYDRA_OK : hy_fail_memory(diag);
}

static hydra_status presign(const hy_sigv4 *what, const hy_http_headers *headers,
                            const hy_s3_parameter *ours, size_t our_count, char **query_text,
                            hy_diag *diag)
{
    char *signed_query = NULL;
    hydra_status status = make_query(what, ours, our_count, &signed_query, diag);
    if (status == HYDRA_OK) {
        status = append_signature(what, headers, signed_query, query_text, diag);
    }
    hy_canon_wipe_text(signed_query);
    return status;
}

hydra_status hy_sigv4_presign(const hy_sigv4 *what, const hy_http_headers *headers,
                              int32_t expires_s, char **query_text, hy_diag *diag)
{
    *query_text = NULL;
    if (expires_s < 1 || expires_s > MAX_EXPIRES_S) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "presigned URL: %d s is not 1..%d s", expires_s,
                       MAX_EXPIRES_S);
    }
    hydra_status status = hy_canon_check(what, diag);
    if (status == HYDRA_OK) {
        status = hy_canon_check_headers(headers, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    char time[HY_SIGV4_TIME_BYTES];
    char expires[16];
    char *credential = NULL;
    char *names = NULL;
    (void)snprintf(expires, sizeof expires, "%d", expires_s);
    status = hy_canon_time(what->time_s, time, diag);
    if (status == HYDRA_OK) {
        status = make_credential(what, &credential, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_canon_headers(what->host, headers, NULL, &names, diag);
    }
    if (status == HYDRA_OK) {
        const hy_s3_parameter ours[MAX_OURS] = {
            {"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
            {"X-Amz-Credential", credential},
            {"X-Amz-Date", time},
            {"X-Amz-Expires", expires},
            {"X-Amz-SignedHeaders", names},
            {"X-Amz-Security-Token", what->keys->session_token},
        };
        size_t count = what->keys->session_token ? MAX_OURS : MAX_OURS - 1;
        status = presign(what, headers, ours, count, query_text, diag);
    }
    hy_free(credential);
    hy_free(names);
    return status;
}
