/* SPDX-License-Identifier: MIT */
/* What is in a store, for the host. */
#include "api/object.h"

#include <string.h>

/* For keys that have to be fetched anew, once the object is there. */
#define PRESIGN_US INT64_C(5000000)

/* Bucket, key and URL, which every object has. */
static hydra_status begin(hy_object *out, hy_s3 *s3, const char *bucket, const char *key,
                          hy_diag *diag)
{
    hy_object_free(out);
    out->is = (hydra_object){
        .struct_size = sizeof out->is,
        .last_modified_s = -1,
        .url_ready_us = -1,
        .bucket = hy_strdup(bucket),
        .key = hy_strdup(key),
        .url = hy_s3_object_url(s3, bucket, key),
    };
    out->is_set = true;
    return out->is.bucket && out->is.key && out->is.url ? HYDRA_OK : hy_fail_memory(diag);
}

static char *move(char **from)
{
    char *text = *from;
    *from = NULL;
    return text;
}

hydra_status hy_object_sent(hy_object *out, hy_s3 *s3, const char *bucket, const char *key,
                            hy_s3_upload_result *result, const char *content_type,
                            int64_t presign_s, hy_diag *diag)
{
    hydra_status status = begin(out, s3, bucket, key, diag);
    out->is.parts = result->parts;
    out->is.retries = result->retries;
    out->is.verified = result->verified;
    out->is.bytes = result->bytes;
    out->is.etag = move(&result->etag);
    out->is.version_id = move(&result->version_id);
    out->is.checksum = move(&result->checksum);
    if (status == HYDRA_OK && content_type) {
        out->is.content_type = hy_strdup(content_type);
        status = out->is.content_type ? HYDRA_OK : hy_fail_memory(diag);
    }
    if (status == HYDRA_OK && presign_s > 0) {
        /* The object is there: a cancel comes too late, and keys must not take forever. */
        char *url = NULL;
        hy_cancel limit;
        hy_cancel_init(&limit, PRESIGN_US);
        status = hy_s3_presigned_url(s3, "GET", bucket, key, presign_s, NULL, &limit, &url, diag);
        out->is.presigned_url = url;
    }
    if (status != HYDRA_OK) {
        hy_object_free(out);
    }
    return status;
}

/* Who finds out after the upload has failed, and the object is there. */
hydra_status hy_object_check_presign(hy_s3 *s3, const char *bucket, const char *key,
                                     int64_t presign_s, const hy_cancel *cancel, hy_diag *diag)
{
    char *url = NULL;
    if (presign_s <= 0) {
        return HYDRA_OK;
    }
    hydra_status status =
        hy_s3_presigned_url(s3, "GET", bucket, key, presign_s, NULL, cancel, &url, diag);
    hy_s3_secret_free(url);
    return status;
}

hydra_status hy_object_found(hy_object *out, hy_s3 *s3, const char *bucket, const char *key,
                             hy_s3_object *found, hy_diag *diag)
{
    hydra_status status = begin(out, s3, bucket, key, diag);
    out->is.verified = found->verified;
    out->is.bytes = found->bytes;
    out->is.last_modified_s = found->last_modified_s;
    out->is.etag = move(&found->etag);
    out->is.version_id = move(&found->version_id);
    out->is.checksum = move(&found->checksum);
    out->is.content_type = move(&found->content_type);
    if (status != HYDRA_OK) {
        hy_object_free(out);
    }
    return status;
}

static const size_t strings[] = {
    offsetof(hydra_object, bucket),   offsetof(hydra_object, key),
    offsetof(hydra_object, url),      offsetof(hydra_object, presigned_url),
    offsetof(hydra_object, etag),     offsetof(hydra_object, version_id),
    offsetof(hydra_object, checksum), offsetof(hydra_object, content_type),
};

static const char **string_at(hydra_object *object, size_t offset)
{
    return (const char **)(void *)((char *)object + offset);
}

static void give(const hydra_object *object, hydra_object *to)
{
    hydra_object given = *object;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        const char **text = string_at(&given, strings[i]);
        *text = *text ? *text : "";
    }
    hy_sized_give(to, &given, sizeof given);
}

void hy_object_clear(hydra_object *object)
{
    static const hydra_object none = {.last_modified_s = -1, .url_ready_us = -1};
    give(&none, object);
}

bool hy_object_give(const hy_object *object, hydra_object *to)
{
    if (!object->is_set) {
        hy_object_clear(to);
        return false;
    }
    give(&object->is, to);
    return true;
}

/* All strings are wiped: the presigned URL is a secret. */
void hy_object_free(hy_object *object)
{
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        hy_s3_secret_free((char *)(uintptr_t)*string_at(&object->is, strings[i]));
    }
    *object = (hy_object){0};
}
