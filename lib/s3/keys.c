/* SPDX-License-Identifier: MIT */
/* One set of credentials: copied as a whole, wiped before the memory goes back. */
#include <string.h>

#include <openssl/crypto.h>

#include "s3.h"

static void wipe(char **text)
{
    if (*text) {
        OPENSSL_cleanse(*text, strlen(*text));
    }
    hy_free(*text);
    *text = NULL;
}

void hy_s3_keys_free(hy_s3_keys *keys)
{
    if (!keys) {
        return;
    }
    wipe(&keys->access_key);
    wipe(&keys->secret_key);
    wipe(&keys->session_token);
    keys->expires_s = 0;
}

static bool copy(char **out, const char *text)
{
    *out = text ? hy_strdup(text) : NULL;
    return !text || *out;
}

hydra_status hy_s3_keys_copy(hy_s3_keys *out, const hy_s3_keys *keys, hy_diag *diag)
{
    hy_s3_keys made = {.expires_s = keys->expires_s};
    if (!copy(&made.access_key, keys->access_key) || !copy(&made.secret_key, keys->secret_key) ||
        !copy(&made.session_token, keys->session_token)) {
        hy_s3_keys_free(&made);
        *out = made;
        return hy_fail_memory(diag);
    }
    *out = made;
    return HYDRA_OK;
}
