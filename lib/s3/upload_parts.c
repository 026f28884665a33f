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

#define MIB                ((int64_t)1 << 20)
#define DEFAULT_PART_BYTES (8 * MIB)

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

/* ---- Sizes ---- */

int64_t hy_upload_part_bytes(const hydra_transfer_options *transfer, int64_t expected)
{
    if (transfer->part_bytes > 0) {
        return transfer->part_bytes;
    }
    /* What is expected may be too little by a quarter. */
    int64_t least = hy_upload_divide_up(expected > 0 ? expected : 0, HY_UPLOAD_MAX_PARTS);
    least = hy_upload_divide_up(least + least / 4, MIB) * MIB;
    least = least < HY_UPLOAD_MAX_PART_BYTES ? least : HY_UPLOAD_MAX_PART_BYTES;
    return least > DEFAULT_PART_BYTES ? least : DEFAULT_PART_BYTES;
}

hydra_status hy_upload_check_size(const hy_upload *upload, int64_t part_bytes, int64_t bytes,
                                  hy_diag *diag)
{
    return bytes <= part_bytes * HY_UPLOAD_MAX_PARTS
               ? HYDRA_OK
               : hy_fail(diag, HYDRA_ERR_LIMIT,
                         "%s: more than %d parts of %lld bytes: transfer.part_bytes is too small",
                         upload->name, HY_UPLOAD_MAX_PARTS, (long long)part_bytes);
}

/* ---- Failures ---- */

/* The note must fit: what is long is the cause. */
hydra_status hy_upload_fail(const hy_upload *upload, const hy_diag *cause, hy_diag *diag)
{
    const char *note = upload->leftover;
    if (!note) {
        return hy_fail(diag, cause->status, "%s", cause->text);
    }
    size_t room = strlen(note) + 4 < sizeof cause->text ? sizeof cause->text - strlen(note) - 4 : 0;
    return hy_fail(diag, cause->status, "%.*s (%s)", (int)room, cause->text, note);
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
    *part = (hy_upload_part){hy_strdup(etag), *digest, task->size};
    return part->etag ? HYDRA_OK : hy_fail_memory(diag);
}

/* Bytes of a part that is in the source. */
static hydra_status read_part(void *user, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    const hy_upload_task *task = user;
    const hy_upload_source *source = &task->upload->source;
    return source->read(source->user, task->offset + offset, data, size, diag);
}

static hydra_status part_headers(const hy_upload *upload, hy_upload_task *task,
                                 hy_s3_digest *digest, hy_http_headers *headers, hy_diag *diag)
{
    hydra_status status =
        task->block ? hy_s3_digest_of(upload->check, task->block, (size_t)task->size, digest, diag)
                    : hy_s3_digest_read(upload->check, read_part, task, task->size, &upload->stop,
                                        digest, diag);
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
        call.body_size = task->size;
        call.read_body = task->block ? NULL : read_part;
        call.user = task;
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
