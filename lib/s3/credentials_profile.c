/* SPDX-License-Identifier: MIT */
/*
 * Keys of a profile: its own, or those of a role that is assumed with the keys of another profile,
 * of the environment, of the container or of the instance. What a profile asks for and the library
 * does not do is an error: other keys than the ones meant would be worse than none.
 */
#include <stdio.h>
#include <string.h>

#include "credentials.h"

#define MAX_CHAIN 5 /* profiles that lead to each other */

static hydra_status keys_of(const hy_key_walk *walk, const hy_profiles *profiles,
                            const char *profile, int depth, hy_s3_keys *out, bool *found,
                            hy_diag *diag);

static hydra_status refuse_unsupported(const hy_profiles *profiles, const char *profile,
                                       hy_diag *diag)
{
    static const char *const names[] = {"credential_process", "sso_session", "sso_start_url",
                                        "sso_account_id",     "mfa_serial",  "login_session"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (hy_profiles_get(profiles, profile, names[i])) {
            return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "profile \"%s\": %s is not supported",
                           profile, names[i]);
        }
    }
    return HYDRA_OK;
}

/* Both halves out of one file. */
static hydra_status static_keys(const hy_profiles *profiles, const char *profile, hy_s3_keys *out,
                                bool *found, hy_diag *diag)
{
    const hy_profile_file *files[] = {&profiles->credentials, &profiles->config};
    char name[128];
    (void)snprintf(name, sizeof name, "profile \"%s\"", profile);
    for (size_t i = 0; i < 2; i++) {
        const char *values[3];
        static const char *const names[] = {"aws_access_key_id", "aws_secret_access_key",
                                            "aws_session_token"};
        for (size_t n = 0; n < 3; n++) {
            values[n] = hy_profile_file_find(files[i], HY_SECTION_PROFILE, profile, NULL, names[n]);
        }
        if (!values[0] && !values[1]) {
            continue;
        }
        if (!values[0] || !values[1]) {
            return hy_fail(diag, HYDRA_ERR_AUTH, "%s: %s is set, but %s is not", name,
                           values[0] ? names[0] : names[1], values[0] ? names[1] : names[0]);
        }
        *found = true;
        return hy_keys_set(out, values[0], values[1], values[2], name, diag);
    }
    return HYDRA_OK;
}

/* credential_source = ... */
static hydra_status keys_of_named_source(const hy_key_walk *walk, const char *source,
                                         const char *profile, hy_s3_keys *out, hy_diag *diag)
{
    bool found = false;
    hydra_status status = HYDRA_OK;
    hy_buffer reasons = {.limit = 256};
    hy_key_walk inner = *walk;
    inner.skipped = &reasons;
    if (strcmp(source, "Environment") == 0) {
        status = hy_keys_from_env(&inner, out, &found, diag);
    } else if (strcmp(source, "EcsContainer") == 0) {
        status = hy_keys_from_container(&inner, out, &found, diag);
    } else if (strcmp(source, "Ec2InstanceMetadata") == 0) {
        status = hy_keys_from_imds(&inner, out, &found, diag);
    } else {
        status = hy_fail(diag, HYDRA_ERR_AUTH,
                         "profile \"%s\": credential_source is none of Environment, EcsContainer, "
                         "Ec2InstanceMetadata",
                         profile);
    }
    if (status == HYDRA_OK && !found) {
        status = hy_fail(diag, HYDRA_ERR_AUTH, "profile \"%s\": credential_source: %.*s", profile,
                         (int)reasons.size, reasons.data ? (const char *)reasons.data : "");
    }
    hy_buffer_free(&reasons);
    return status;
}

/* The keys with which the role of `profile` is assumed. */
static hydra_status source_keys(const hy_key_walk *walk, const hy_profiles *profiles,
                                const char *profile, int depth, hy_s3_keys *out, hy_diag *diag)
{
    const char *source = hy_profiles_get(profiles, profile, "source_profile");
    const char *named = hy_profiles_get(profiles, profile, "credential_source");
    if (!source == !named) {
        return hy_fail(diag, HYDRA_ERR_AUTH,
                       "profile \"%s\": role_arn needs either source_profile or credential_source",
                       profile);
    }
    if (named) {
        return keys_of_named_source(walk, named, profile, out, diag);
    }
    if (!hy_profiles_has(profiles, source)) {
        return hy_fail(diag, HYDRA_ERR_AUTH,
                       "profile \"%s\": its source_profile \"%s\" does not "
                       "exist",
                       profile, source);
    }
    bool found = false;
    bool own = strcmp(source, profile) == 0; /* allowed: the profile's own keys */
    hydra_status status = own ? static_keys(profiles, profile, out, &found, diag)
                              : keys_of(walk, profiles, source, depth + 1, out, &found, diag);
    if (status == HYDRA_OK && !found) {
        status = hy_fail(diag, HYDRA_ERR_AUTH,
                         "profile \"%s\": its source_profile \"%s\" has no "
                         "keys",
                         profile, source);
    }
    return status;
}

static hy_sts_role role_of(const hy_profiles *profiles, const char *profile, const char *role_arn)
{
    return (hy_sts_role){
        .role_arn = role_arn,
        .session_name = hy_profiles_get(profiles, profile, "role_session_name"),
        .external_id = hy_profiles_get(profiles, profile, "external_id"),
        .duration_s = hy_profiles_get(profiles, profile, "duration_seconds"),
        .region = hy_profiles_get(profiles, profile, "region"),
    };
}

static hydra_status role_keys(const hy_key_walk *walk, const hy_profiles *profiles,
                              const char *profile, const char *role_arn, int depth, hy_s3_keys *out,
                              hy_diag *diag)
{
    char name[128];
    (void)snprintf(name, sizeof name, "profile \"%s\"", profile);
    hy_sts_role role = role_of(profiles, profile, role_arn);
    const char *token_file = hy_profiles_get(profiles, profile, "web_identity_token_file");
    if (token_file) {
        return hy_sts_assume_web(walk, token_file, &role, name, out, diag);
    }
    hy_s3_keys source = {0};
    hydra_status status = source_keys(walk, profiles, profile, depth, &source, diag);
    if (status == HYDRA_OK) {
        role.source = &source;
        status = hy_sts_assume(walk, &role, name, out, diag);
    }
    hy_s3_keys_free(&source);
    return status;
}

static hydra_status keys_of(const hy_key_walk *walk, const hy_profiles *profiles,
                            const char *profile, int depth, hy_s3_keys *out, bool *found,
                            hy_diag *diag)
{
    if (depth > MAX_CHAIN) {
        return hy_fail(diag, HYDRA_ERR_AUTH,
                       "profile \"%s\": source_profile goes round in a circle, or too far",
                       profile);
    }
    hydra_status status = refuse_unsupported(profiles, profile, diag);
    const char *role_arn = hy_profiles_get(profiles, profile, "role_arn");
    if (status != HYDRA_OK) {
        return status;
    }
    if (role_arn) {
        *found = true;
        return role_keys(walk, profiles, profile, role_arn, depth, out, diag);
    }
    if (hy_profiles_get(profiles, profile, "web_identity_token_file")) {
        return hy_fail(diag, HYDRA_ERR_AUTH,
                       "profile \"%s\": web_identity_token_file is set, but role_arn is not",
                       profile);
    }
    return static_keys(profiles, profile, out, found, diag);
}

static hydra_status walk_profile(const hy_key_walk *walk, const hy_profiles *profiles,
                                 hy_s3_keys *out, bool *found, hy_diag *diag)
{
    bool chosen = false;
    const char *profile = hy_profile_name(walk->options->profile, &chosen);
    bool exists = hy_profiles_has(profiles, profile);
    if (!exists && chosen) {
        return hy_fail(diag, HYDRA_ERR_AUTH,
                       "profile \"%s\": neither in the config file nor in "
                       "the credentials file",
                       profile);
    }
    hydra_status status = keys_of(walk, profiles, profile, 0, out, found, diag);
    if (status == HYDRA_OK && !*found) {
        hy_key_skip(walk,
                    exists ? "profile \"%.40s\": has no keys" : "profile \"%.40s\": is not set",
                    profile);
    }
    return status;
}

hydra_status hy_keys_from_profile(const hy_key_walk *walk, hy_s3_keys *out, bool *found,
                                  hy_diag *diag)
{
    *found = false;
    hy_profiles profiles;
    hydra_status status = hy_profiles_load(&profiles, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    status = walk_profile(walk, &profiles, out, found, diag);
    hy_profiles_free(&profiles);
    return status;
}
