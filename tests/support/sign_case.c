/* SPDX-License-Identifier: MIT */
/* Requests of a file or a stream of JSON, signed with the library. */
#include "sign_case.h"

#include <stdlib.h>
#include <string.h>

static const char *string_of(json_t *json, const char *name)
{
    return json_string_value(json_object_get(json, name));
}

static bool read_query(json_t *list, sign_case *out)
{
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count && i < SIGN_CASE_PARAMETERS; i++) {
        json_t *pair = json_array_get(list, i);
        out->query[i].name = json_string_value(json_array_get(pair, 0));
        out->query[i].value = json_string_value(json_array_get(pair, 1)); /* null: a bare name */
        if (!out->query[i].name) {
            return false;
        }
    }
    out->what.query = out->query;
    out->what.query_count = count;
    return count <= SIGN_CASE_PARAMETERS;
}

static bool read_headers(json_t *list, sign_case *out, hy_diag *diag)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *pair = json_array_get(list, i);
        const char *name = json_string_value(json_array_get(pair, 0));
        const char *value = json_string_value(json_array_get(pair, 1));
        if (!name || !value || hy_http_headers_add(&out->headers, name, value, diag) != HYDRA_OK) {
            return false;
        }
    }
    return true;
}

static bool make_path(const char *key, sign_case *out)
{
    hy_buffer path = {.limit = (size_t)1 << 20};
    if (!hy_buffer_append(&path, "/", 1) || !hy_url_encode(&path, key, strlen(key), true) ||
        !hy_buffer_append(&path, "", 1)) {
        hy_buffer_free(&path);
        return false;
    }
    out->path = (char *)path.data;
    out->what.path = out->path;
    return true;
}

bool sign_case_read(json_t *json, sign_case *out, hy_diag *diag)
{
    *out = (sign_case){0};
    const char *key = string_of(json, "key");
    const char *access_key = string_of(json, "access_key");
    const char *secret_key = string_of(json, "secret_key");
    const char *token = string_of(json, "session_token");
    if (!key || !access_key || !secret_key || !make_path(key, out)) {
        return false;
    }
    out->keys.access_key = hy_strdup(access_key);
    out->keys.secret_key = hy_strdup(secret_key);
    out->keys.session_token = token ? hy_strdup(token) : NULL;
    if (!out->keys.access_key || !out->keys.secret_key || (token && !out->keys.session_token)) {
        return false;
    }
    out->what.method = string_of(json, "method");
    out->what.host = string_of(json, "host");
    out->what.region = string_of(json, "region");
    out->what.service = string_of(json, "service");
    out->what.payload_hash = string_of(json, "payload_hash");
    out->what.time_s = json_integer_value(json_object_get(json, "time_s"));
    out->what.keys = &out->keys;
    out->expires_s = (int32_t)json_integer_value(json_object_get(json, "expires_s"));
    return read_query(json_object_get(json, "query"), out) &&
           read_headers(json_object_get(json, "headers"), out, diag);
}

void sign_case_free(sign_case *c)
{
    hy_s3_keys_free(&c->keys);
    hy_http_headers_free(&c->headers);
    hy_free(c->path);
}

/* ---- Signing ---- */

static void take_signature(const char *text, const char *mark, sign_result *out)
{
    const char *at = text ? strstr(text, mark) : NULL;
    if (at && strlen(at + strlen(mark)) == 64) {
        memcpy(out->signature, at + strlen(mark), 65);
    }
}

static void decode(char *text)
{
    char *to = text;
    for (char *at = text; *at; at++) {
        char hex[3] = {0};
        if (*at == '%' && at[1] && at[2]) {
            memcpy(hex, at + 1, 2);
            *to++ = (char)strtol(hex, NULL, 16);
            at += 2;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
}

/* The query as it is signed, split again: `text` is changed. */
static size_t split_query(char *text, hy_s3_parameter *parts)
{
    size_t count = 0;
    char *rest = text;
    for (char *at = strsep(&rest, "&"); at && count < SIGN_CASE_PARAMETERS;
         at = strsep(&rest, "&")) {
        char *value = strchr(at, '=');
        if (!value) {
            continue;
        }
        *value++ = '\0';
        decode(at);
        decode(value);
        parts[count++] = (hy_s3_parameter){at, value};
    }
    return count;
}

static hydra_status texts_of_query(const sign_case *c, sign_result *out, hy_diag *diag)
{
    hy_s3_parameter parts[SIGN_CASE_PARAMETERS];
    char *copy = hy_strdup(out->query_text);
    if (!copy) {
        return hy_fail_memory(diag);
    }
    *strstr(copy, "&X-Amz-Signature=") = '\0';
    hy_sigv4 what = c->what;
    what.query = parts;
    what.query_count = split_query(copy, parts);
    hydra_status status =
        hy_sigv4_texts(&what, &c->headers, &out->canonical_request, &out->string_to_sign, diag);
    hy_free(copy);
    return status;
}

hydra_status sign_case_run(sign_case *c, sign_result *out, hy_diag *diag)
{
    *out = (sign_result){0};
    if (c->expires_s) {
        hydra_status status =
            hy_sigv4_presign(&c->what, &c->headers, c->expires_s, &out->query_text, diag);
        take_signature(out->query_text, "&X-Amz-Signature=", out);
        return status == HYDRA_OK ? texts_of_query(c, out, diag) : status;
    }
    hydra_status status = hy_sigv4_sign(&c->what, &c->headers, &out->query_text, diag);
    take_signature(hy_http_headers_get(&c->headers, "authorization"), ", Signature=", out);
    return status == HYDRA_OK ? hy_sigv4_texts(&c->what, &c->headers, &out->canonical_request,
                                               &out->string_to_sign, diag)
                              : status;
}

void sign_result_free(sign_result *result)
{
    hy_free(result->query_text);
    hy_free(result->canonical_request);
    hy_free(result->string_to_sign);
}
