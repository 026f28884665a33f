/* SPDX-License-Identifier: MIT */
/*
 * The calls of an upload in parts that settle nothing: it is begun, a part is sent, it is aborted.
 * And what all calls of an upload share.
 */
#include "upload.h"

#include <stdio.h>
#include <string.h>

#define PART_TRIES 5
#define DROP_TRIES 8

int32_t hy_upload_tries(const hy_upload *upload, int32_t usual)
{
    return upload->s3->max_tries > 0 ? upload->s3->max_tries : usual;
}

void hy_upload_count_retries(hy_upload *upload, int32_t tries)
{
    if (tries > 1) {
        (void)atomic_fetch_add(&upload->retries, tries - 1);
    }
}

hy_s3_call hy_upload_call(const hy_upload *upload, const char *what, const char *method)
{
    return (hy_s3_call){
        .what = what,
        .method = method,
        .bucket = upload->bucket,
        .key = upload->key,
        .policy = upload->policy,
    };
}

/* ---- Create ---- */

hydra_status hy_upload_create(hy_upload *upload, char **id, hy_diag *diag)
{
    const hy_s3_parameter query[] = {{"uploads", NULL}};
    hy_s3_field fields[] = {{"UploadId", NULL}};
    hy_http_headers headers = {0};
    hy_http_reply reply = {0};
    int32_t tries = 0;
    hydra_status status = hy_s3_headers_copy(&headers, &upload->object_headers, diag);
    if (status == HYDRA_OK && upload->check == HY_S3_CHECK_CRC) {
        status = hy_http_headers_add(&headers, "x-amz-checksum-algorithm", "CRC64NVME", diag);
        if (status == HYDRA_OK) {
            status = hy_http_headers_add(&headers, "x-amz-checksum-type", "FULL_OBJECT", diag);
        }
    }
    if (status == HYDRA_OK) {
        hy_s3_call call = hy_upload_call(upload, "create upload", "POST");
        call.query = query;
        call.query_count = 1;
        call.headers = &headers;
        call.root = "InitiateMultipartUploadResult";
        call.fields = fields;
        call.field_count = 1;
        call.cancel = &upload->grace;
        status = hy_s3_perform(upload->s3, &call, &reply, NULL, &tries, diag);
    }
    hy_upload_count_retries(upload, tries);
    *id = fields[0].value;
    if (status == HYDRA_OK && (!*id || !**id)) {
        status = hy_fail(diag, HYDRA_ERR_SERVER, "%s: create upload: the server gave no upload id",
                         upload->name);
    }
    if (status != HYDRA_OK) {
        bool begun = reply.status >= 200 && reply.status < 300; /* and who reads it failed */
        bool cut = tries > 0 && hy_cancel_requested(&upload->grace);
        atomic_store(&upload->create_unknown, begun || cut);
        hy_free(*id);
        *id = NULL;
    }
    hy_http_reply_free(&reply);
    hy_http_headers_free(&headers);
    return status;
}

/* ---- Parts ---- */

static hydra_status accept_part(const hy_upload *upload, const hy_http_reply *reply,
                                const hy_s3_digest *digest, hy_upload_task *task,
                                hy_upload_part *part, hy_diag *diag)
{
    const char *etag = hy_http_headers_get(&reply->headers, "etag");
    if (!etag || !*etag) {
        return hy_fail(diag, HYDRA_ERR_SERVER, "%s: part %d: the server gave no ETag", upload->name,
                       (int)task->number);
    }
    if (hy_s3_digest_match(digest, &reply->headers) == HY_S3_MATCH_DIFFERS) {
        return hy_fail(diag, HYDRA_ERR_VERIFY,
                       "%s: part %d: the server has other bytes than were sent", upload->name,
                       (int)task->number);
    }
    *part = (hy_upload_part){hy_strdup(etag), *digest, (int64_t)task->size};
    return part->etag ? HYDRA_OK : hy_fail_memory(diag);
}

static hydra_status part_headers(const hy_upload *upload, const hy_upload_task *task,
                                 hy_s3_digest *digest, hy_http_headers *headers, hy_diag *diag)
{
    hydra_status status = hy_s3_digest_of(upload->check, task->block, task->size, digest, diag);
    if (status == HYDRA_OK) {
        status = hy_s3_headers_copy(headers, &upload->access_headers, diag);
    }
    return status == HYDRA_OK ? hy_s3_digest_header(digest, headers, diag) : status;
}

hydra_status hy_upload_send(hy_upload *upload, const char *id, hy_upload_task *task,
                            void (*sent)(void *task, int64_t bytes), void (*throttled)(void *task),
                            hy_upload_part *part, hy_diag *diag)
{
    char number[16];
    char what[32];
    (void)snprintf(number, sizeof number, "%d", (int)task->number);
    (void)snprintf(what, sizeof what, "part %d", (int)task->number);
    const hy_s3_parameter query[] = {{"partNumber", number}, {"uploadId", id}};
    hy_http_headers headers = {0};
    hy_http_reply reply = {0};
    hy_s3_digest digest;
    int32_t tries = 0;
    hydra_status status = part_headers(upload, task, &digest, &headers, diag);
    if (status == HYDRA_OK) {
        hy_s3_call call = hy_upload_call(upload, what, "PUT");
        call.query = query;
        call.query_count = 2;
        call.headers = &headers;
        call.body = task->block;
        call.body_size = (int64_t)task->size;
        call.cancel = &upload->stop;
        call.max_tries = hy_upload_tries(upload, PART_TRIES);
        call.sent = sent;
        call.sent_user = task;
        call.throttled = throttled;
        status = hy_s3_perform(upload->s3, &call, &reply, NULL, &tries, diag);
    }
    hy_upload_count_retries(upload, tries);
    if (status == HYDRA_OK) {
        status = accept_part(upload, &reply, &digest, task, part, diag);
    }
    hy_http_reply_free(&reply);
    hy_http_headers_free(&headers);
    return status;
}

/* ---- Abort ---- */

bool hy_upload_drop(hy_upload *upload, const char *id, int64_t within_us)
{
    const hy_s3_parameter query[] = {{"uploadId", id}};
    hy_http_reply reply = {0};
    hy_s3_error error = {0};
    hy_diag ignored = {0};
    hy_http_headers headers = {0};
    hy_cancel limit;
    hy_cancel_init(&limit, within_us);
    hydra_status status = hy_s3_headers_copy(&headers, &upload->access_headers, &ignored);
    if (status == HYDRA_OK) {
        hy_s3_call call = hy_upload_call(upload, "abort upload", "DELETE");
        call.query = query;
        call.query_count = 1;
        call.headers = &headers;
        call.cancel = &limit;
        call.max_tries = DROP_TRIES;
        status = hy_s3_perform(upload->s3, &call, &reply, &error, NULL, &ignored);
    }
    hy_http_reply_free(&reply);
    hy_http_headers_free(&headers);
    return status == HYDRA_OK || strcmp(error.code, "NoSuchUpload") == 0;
}
