/* SPDX-License-Identifier: MIT */
/* A request to sign, as JSON: what tests/s3/signer.py writes and signs as well. */
#ifndef HY_TEST_SIGN_CASE_H
#define HY_TEST_SIGN_CASE_H

#include <jansson.h>

#include "s3/s3.h"

#define SIGN_CASE_PARAMETERS 64

/* Strings are the JSON's but for `path` and `headers`. */
typedef struct sign_case {
    hy_sigv4 what;
    hy_s3_keys keys;
    hy_s3_parameter query[SIGN_CASE_PARAMETERS];
    hy_http_headers headers;
    char *path;
    int32_t expires_s; /* 0 = in headers */
} sign_case;

/* What comes of it. In the query form `query_text` has the signature. */
typedef struct sign_result {
    char *query_text;
    char *canonical_request;
    char *string_to_sign;
    char signature[65];
} sign_result;

/* False: the JSON is no such request. Free with sign_case_free either way. */
bool sign_case_read(json_t *json, sign_case *out, hy_diag *diag);
void sign_case_free(sign_case *c);
hydra_status sign_case_run(sign_case *c, sign_result *out, hy_diag *diag);
void sign_result_free(sign_result *result);

#endif
