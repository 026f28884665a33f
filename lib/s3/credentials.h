/* SPDX-License-Identifier: MIT */
/*
 * What the files of the credential chain share: the profile files, one walk along the chain, and
 * requests to credential endpoints. Each source says one of three things: keys, "not set up" with
 * the reason, or an error, which ends the walk.
 */
#ifndef HY_CREDENTIALS_H
#define HY_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "s3.h"

#define HY_PROFILE_FILE_BYTES ((size_t)1 << 20)
#define HY_KEY_FILE_BYTES     ((size_t)64 << 10) /* a token in a file, a reply */

/* ---- Profile files (profile.c, profile_file.c) ---- */

typedef enum hy_section_kind {
    HY_SECTION_PROFILE,
    HY_SECTION_SERVICES,
    HY_SECTION_OTHER /* of no use here */
} hy_section_kind;

/* One setting, or a section's head line: then name and value are NULL. Text lies in the file's. */
typedef struct hy_profile_entry {
    hy_section_kind kind;
    bool prefixed; /* "[profile x]" */
    const char *section;
    const char *parent; /* "s3" for what is nested below "s3 ="; else NULL */
    const char *name;   /* lower case */
    const char *value;
} hy_profile_entry;

typedef struct hy_profile_file {
    char *text; /* NUL in place of separators; wiped when it is freed */
    size_t size;
    hy_profile_entry *entries;
    size_t count;
    size_t capacity;
} hy_profile_file;

/* `is_config`: "[profile x]" names a profile, "[x]" only where x is "default". `label` names the
 * file in error texts, which never show what it holds. HYDRA_ERR_FORMAT, HYDRA_ERR_LIMIT. */
hydra_status hy_profile_file_parse(hy_profile_file *out, const char *text, size_t size,
                                   const char *label, bool is_config, hy_diag *diag);
void hy_profile_file_free(hy_profile_file *file);
/* The last setting of that name; NULL = none. `name` NULL: "" when the section is there. */
const char *hy_profile_file_find(const hy_profile_file *file, hy_section_kind kind,
                                 const char *section, const char *parent, const char *name);

/* ~/.aws/credentials and ~/.aws/config, or what the environment names. */
typedef struct hy_profiles {
    hy_profile_file credentials;
    hy_profile_file config;
} hy_profiles;

hydra_status hy_profiles_load(hy_profiles *out, hy_diag *diag);
void hy_profiles_free(hy_profiles *profiles);
bool hy_profiles_has(const hy_profiles *profiles, const char *profile);
/* A setting of a profile, from credentials, else from config. NULL = not set, or empty. */
const char *hy_profiles_get(const hy_profiles *profiles, const char *profile, const char *name);
/* `wanted`, AWS_PROFILE, AWS_DEFAULT_PROFILE or "default"; `*chosen` = false for the last. */
const char *hy_profile_name(const char *wanted, bool *chosen);

/* getenv, with "" as NULL. */
const char *hy_env(const char *name);
/*
 * A small file as text with a NUL behind it; free with hy_secret_free. Regular files only.
 * `missing` (may be NULL: then it is an error) = there is none, and `*text` stays NULL.
 */
hydra_status hy_file_text(const char *path, size_t max_bytes, char **text, size_t *size,
                          bool *missing, hy_diag *diag);

/* ---- One walk along the chain ---- */

typedef struct hy_key_walk {
    const hy_credentials_options *options;
    const hy_cancel *cancel;
    int64_t now_s;
    hy_buffer *skipped; /* "environment: ... is not set; profile ..." */
} hy_key_walk;

/* The source is not set up; the reason, for who finds no keys at all. */
void hy_key_skip(const hy_key_walk *walk, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Each fills `out` and sets `*found`, or leaves a reason, or fails. */
hydra_status hy_keys_from_env(const hy_key_walk *walk, hy_s3_keys *out, bool *found, hy_diag *diag);
hydra_status hy_keys_from_profile(const hy_key_walk *walk, hy_s3_keys *out, bool *found,
                                  hy_diag *diag);
hydra_status hy_keys_from_web(const hy_key_walk *walk, hy_s3_keys *out, bool *found, hy_diag *diag);
hydra_status hy_keys_from_container(const hy_key_walk *walk, hy_s3_keys *out, bool *found,
                                    hy_diag *diag);
hydra_status hy_keys_from_imds(const hy_key_walk *walk, hy_s3_keys *out, bool *found,
                               hy_diag *diag);

/* Copies; refuses keys that hold blanks or control characters. `token` NULL or "" = none. */
hydra_status hy_keys_set(hy_s3_keys *out, const char *access_key, const char *secret_key,
                         const char *token, const char *name, hy_diag *diag);
/* Wipe a text and free it. NULL does nothing. */
void hy_secret_free(char *text);
/* Printable ASCII without blanks, at least one character: what may stand in a header. */
bool hy_is_token(const char *text);

/* ---- Requests to credential endpoints (credentials_http.c) ---- */

typedef struct hy_key_request {
    const char *name; /* in error texts */
    const char *method;
    const char *url;
    const hy_http_headers *headers; /* may be NULL */
    const hy_buffer *body;          /* may be NULL */
    int64_t total_us;               /* of each try */
    int32_t tries;
    bool may_proxy; /* a public address that is reached through TLS */
} hy_key_request;

/* Send it, with retries; HYDRA_OK when a reply of any status came, whose body is wiped when it is
 * freed. Free it also after a failure. */
hydra_status hy_key_ask(const hy_key_walk *walk, const hy_key_request *request,
                        hy_http_reply *reply, hy_diag *diag);

/* Keys out of {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"} (credentials_json.c). */
hydra_status hy_keys_from_json(const hy_key_walk *walk, const hy_buffer *json, const char *name,
                               hy_s3_keys *out, hy_diag *diag);
/* Seconds since 1970 of "2026-11-26T15:04:05Z", with or without a fraction; -1 = it is none. */
int64_t hy_key_time(const char *text);
/* Put the expiry of a reply into `out`: `text` NULL = never. Refused when it has passed. */
hydra_status hy_keys_set_expiry(const hy_key_walk *walk, const char *text, const char *name,
                                hy_s3_keys *out, hy_diag *diag);

/* ---- The Security Token Service (credentials_sts.c, credentials_sts_reply.c) ---- */

typedef struct hy_sts_role {
    const char *role_arn;
    const char *session_name; /* NULL = one of ours */
    const char *external_id;  /* NULL = none */
    const char *duration_s;   /* decimal digits; NULL = the role's default */
    const char *region;       /* NULL = the environment's, "us-east-1" */
    const char *web_token;    /* AssumeRoleWithWebIdentity; NULL = AssumeRole with `source` */
    const hy_s3_keys *source;
} hy_sts_role;

hydra_status hy_sts_assume(const hy_key_walk *walk, const hy_sts_role *role, const char *name,
                           hy_s3_keys *out, hy_diag *diag);
/* Web identity of a profile or of the environment: the token is read anew each time. */
hydra_status hy_sts_assume_web(const hy_key_walk *walk, const char *token_file, hy_sts_role *role,
                               const char *name, hy_s3_keys *out, hy_diag *diag);

/* What a reply of STS says; all NULL or "" where it says nothing. */
typedef struct hy_sts_reply {
    hy_s3_field fields[4]; /* AccessKeyId, SecretAccessKey, SessionToken, Expiration */
    char code[64];
    char message[256];
} hy_sts_reply;

/* `action` "AssumeRole". False: no such reply, damaged, too deep, with a DOCTYPE. */
bool hy_sts_reply_read(hy_sts_reply *out, const void *data, size_t size, const char *action);
void hy_sts_reply_free(hy_sts_reply *reply);

#endif
