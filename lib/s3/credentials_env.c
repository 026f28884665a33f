/* SPDX-License-Identifier: MIT */
/* Keys in the environment, and what all sources do with a key once they have it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "credentials.h"

void hy_key_skip(const hy_key_walk *walk, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* One that does not fit is left out: the others still help. */
    (void)hy_buffer_print(walk->skipped, "%s%s", walk->skipped->size > 0 ? "; " : "", text);
}

void hy_secret_free(char *text)
{
    if (text) {
        OPENSSL_cleanse(text, strlen(text));
    }
    hy_free(text);
}

bool hy_is_token(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (*at <= ' ' || *at > '~') {
            return false;
        }
    }
    return text[0] != '\0';
}

static bool copy(char **out, const char *text)
{
    *out = text ? hy_strdup(text) : NULL;
    return *out || !text;
}

hydra_status hy_keys_set(hy_s3_keys *out, const char *access_key, const char *secret_key,
                         const char *token, const char *name, hy_diag *diag)
{
    token = token && token[0] != '\0' ? token : NULL;
    if (!hy_is_token(access_key) || !hy_is_token(secret_key) || (token && !hy_is_token(token))) {
        return hy_fail(diag, HYDRA_ERR_AUTH,
                       "%s: a key that is empty or holds blanks or other characters that no key "
                       "has",
                       name);
    }
    *out = (hy_s3_keys){0};
    if (!copy(&out->access_key, access_key) || !copy(&out->secret_key, secret_key) ||
        !copy(&out->session_token, token)) {
        hy_s3_keys_free(out);
        return hy_fail_memory(diag);
    }
    return HYDRA_OK;
}

hydra_status hy_keys_from_env(const hy_key_walk *walk, hy_s3_keys *out, bool *found, hy_diag *diag)
{
    const char *access_key = hy_env("AWS_ACCESS_KEY_ID");
    const char *secret_key = hy_env("AWS_SECRET_ACCESS_KEY");
    *found = false;
    if (!access_key && !secret_key) {
        hy_key_skip(walk, "environment: AWS_ACCESS_KEY_ID is not set");
        return HYDRA_OK;
    }
    if (!access_key || !secret_key) {
        return hy_fail(diag, HYDRA_ERR_AUTH, "environment: %s is set, but %s is not",
                       access_key ? "AWS_ACCESS_KEY_ID" : "AWS_SECRET_ACCESS_KEY",
                       access_key ? "AWS_SECRET_ACCESS_KEY" : "AWS_ACCESS_KEY_ID");
    }
    *found = true;
    return hy_keys_set(out, access_key, secret_key, hy_env("AWS_SESSION_TOKEN"), "environment",
                       diag);
}
