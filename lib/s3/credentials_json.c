/* SPDX-License-Identifier: MIT */
/* What containers' and instances' endpoints answer: a flat JSON object with keys and their expiry.
 */
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "credentials.h"

/* jansson frees strings as they are. */
static void wipe(const json_t *root, const char *name)
{
    const json_t *value = json_object_get(root, name);
    if (json_is_string(value)) {
        OPENSSL_cleanse((void *)(uintptr_t)json_string_value(value), json_string_length(value));
    }
}

static const char *text_of(const json_t *root, const char *name)
{
    return json_string_value(json_object_get(root, name));
}

static hydra_status take(const hy_key_walk *walk, const json_t *root, const char *name,
                         hy_s3_keys *out, hy_diag *diag)
{
    const char *code = text_of(root, "Code");
    const char *access_key = text_of(root, "AccessKeyId");
    const char *secret_key = text_of(root, "SecretAccessKey");
    if (code && strcmp(code, "Success") != 0) {
        return hy_fail(diag, HYDRA_ERR_AUTH, "%s: answered %.64s", name, code);
    }
    if (!access_key || !secret_key) {
        return hy_fail(diag, HYDRA_ERR_FORMAT,
                       "%s: a reply without AccessKeyId or "
                       "SecretAccessKey",
                       name);
    }
    hydra_status status =
        hy_keys_set(out, access_key, secret_key, text_of(root, "Token"), name, diag);
    if (status == HYDRA_OK) {
        status = hy_keys_set_expiry(walk, text_of(root, "Expiration"), name, out, diag);
    }
    return status;
}

hydra_status hy_keys_from_json(const hy_key_walk *walk, const hy_buffer *json, const char *name,
                               hy_s3_keys *out, hy_diag *diag)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)json->data, json->size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(root)) {
        json_decref(root);
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: a reply that is no JSON object", name);
    }
    hydra_status status = take(walk, root, name, out, diag);
    wipe(root, "SecretAccessKey");
    wipe(root, "Token");
    json_decref(root);
    return status;
}

int64_t hy_key_time(const char *text)
{
    const char *end;
    int64_t time_s = hy_iso_date(text, &end);
    return time_s >= 0 && strcmp(end, "Z") == 0 ? time_s : -1;
}

hydra_status hy_keys_set_expiry(const hy_key_walk *walk, const char *text, const char *name,
                                hy_s3_keys *out, hy_diag *diag)
{
    int64_t expires_s = text ? hy_key_time(text) : 0;
    hydra_status status = HYDRA_OK;
    if (text && expires_s <= 0) {
        status = hy_fail(diag, HYDRA_ERR_FORMAT, "%s: an expiry that is no time", name);
    } else if (text && expires_s <= walk->now_s) {
        status = hy_fail(diag, HYDRA_ERR_AUTH, "%s: gave keys that have expired already", name);
    }
    if (status != HYDRA_OK) {
        hy_s3_keys_free(out);
        *out = (hy_s3_keys){0};
        return status;
    }
    out->expires_s = expires_s;
    return HYDRA_OK;
}
