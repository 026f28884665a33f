/* SPDX-License-Identifier: MIT */
/* Web identity: a token in a file, which its issuer replaces from time to time, for a role. */
#include <string.h>

#include "credentials.h"

static void cut_line_end(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r')) {
        text[--length] = '\0';
    }
}

static hydra_status load_token(const char *path, const char *name, char **token, hy_diag *diag)
{
    hy_diag own = {0};
    size_t size = 0;
    hydra_status status = hy_file_text(path, HY_KEY_FILE_BYTES, token, &size, NULL, &own);
    if (status != HYDRA_OK) {
        return hy_fail(diag, status, "%s: token file: %s", name, own.text);
    }
    bool whole = strlen(*token) == size;
    cut_line_end(*token);
    if (!whole || !hy_is_token(*token)) {
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: token file %s: is empty or holds no token",
                       name, path);
    }
    return HYDRA_OK;
}

hydra_status hy_sts_assume_web(const hy_key_walk *walk, const char *token_file, hy_sts_role *role,
                               const char *name, hy_s3_keys *out, hy_diag *diag)
{
    char *token = NULL;
    hydra_status status = load_token(token_file, name, &token, diag);
    if (status == HYDRA_OK) {
        role->web_token = token;
        status = hy_sts_assume(walk, role, name, out, diag);
        role->web_token = NULL;
    }
    hy_free_secret(token);
    return status;
}

hydra_status hy_keys_from_web(const hy_key_walk *walk, hy_s3_keys *out, bool *found, hy_diag *diag)
{
    const char *token_file = hy_env("AWS_WEB_IDENTITY_TOKEN_FILE");
    const char *role_arn = hy_env("AWS_ROLE_ARN");
    *found = false;
    if (!token_file && !role_arn) {
        hy_key_skip(walk, "web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set");
        return HYDRA_OK;
    }
    if (!token_file || !role_arn) {
        return hy_fail(diag, HYDRA_ERR_AUTH, "web identity: %s is set, but %s is not",
                       token_file ? "AWS_WEB_IDENTITY_TOKEN_FILE" : "AWS_ROLE_ARN",
                       token_file ? "AWS_ROLE_ARN" : "AWS_WEB_IDENTITY_TOKEN_FILE");
    }
    *found = true;
    hy_sts_role role = {.role_arn = role_arn, .session_name = hy_env("AWS_ROLE_SESSION_NAME")};
    return hy_sts_assume_web(walk, token_file, &role, "web identity", out, diag);
}
