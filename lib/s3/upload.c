/* SPDX-License-Identifier: MIT */
/*
 * The calls that make an object. A reply says less than it seems: 200 may hold an error, a lost
 * reply to the completion leaves open whether the object is there. Here all that is settled, so
 * that callers see one of two things: the object is there, complete, or it is not.
 */
#include "upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define COMPLETE_TRIES 5
/* Putting many parts together takes a server minutes. All tries have that time together. */
#define COMPLETE_US (INT64_C(600) * 1000000)
/* To find out or to undo what is there, when the job's own time may be over. */
#define SETTLE_US (INT64_C(5) * 1000000)
/* The same when the job is cancelled and the completion has already taken too long. */
#define HURRY_US (INT64_C(1) * 1000000)
/* How long a server that has a whole PUT may still be at work on it after the job was cancelled,
 * and how often it is asked. */
#define PUT_GRACE_S   3.0
#define PUT_LOOK_MS   200
#define OWNER_HEADER  "x-amz-expected-bucket-owner"
#define MAX_XML_BYTES ((size_t)8 << 20)
#define S3_NAMESPACE  "http://s3.amazonaws.com/doc/2006-03-01/"

static bool is_code(const hy_s3_error *error, const char *code)
{
    return strcmp(error->code, code) == 0;
}

static char *copy_header(const hy_http_reply *reply, const char *name)
{
    const char *value = hy_http_headers_get(&reply->headers, name);
    return value ? hy_strdup(value) : NULL;
}

/* ---- What must be there in the end ---- */

/* What all parts give together. */
typedef struct whole {
    int64_t bytes;
    int32_t parts;    /* 0 = one PUT */
    hy_s3_digest own; /* by our bytes; MD5: of the parts' MD5s */
    bool has_etag;
    uint8_t etag[16]; /* the MD5 in the object's ETag, by the ETags of the parts */
    double began_s;   /* of a PUT; 0 = what an older object is does not matter */
} whole;

static hydra_status sum_up(hy_s3_check check, const hy_upload_part *parts, int32_t count,
                           whole *out, hy_diag *diag)
{
    *out = (whole){.parts = count, .own.kind = check, .has_etag = true};
    uint8_t *own = hy_calloc((size_t)count, 16);
    uint8_t *given = hy_calloc((size_t)count, 16);
    hydra_status status = own && given ? HYDRA_OK : hy_fail_memory(diag);
    for (int32_t i = 0; status == HYDRA_OK && i < count; i++) {
        const hy_upload_part *part = &parts[i];
        out->own.crc = hy_crc64nvme_combine(out->own.crc, part->digest.crc, part->bytes);
        out->bytes += part->bytes;
        memcpy(own + 16 * (size_t)i, part->digest.md5, 16);
        out->has_etag = out->has_etag && hy_s3_etag_md5(part->etag, given + 16 * (size_t)i, NULL);
    }
    if (status == HYDRA_OK && check == HY_S3_CHECK_MD5) {
        status = hy_md5(own, 16 * (size_t)count, out->own.md5, diag);
    }
    if (status == HYDRA_OK && out->has_etag) {
        hy_diag ignored = {0}; /* hosts that refuse MD5 do without */
        out->has_etag = hy_md5(given, 16 * (size_t)count, out->etag, &ignored) == HYDRA_OK;
    }
    hy_free(own);
    hy_free(given);
    return status;
}

/* Whether an ETag has that MD5 and count of parts. */
static hy_s3_match match_etag(const char *etag, const uint8_t md5[16], int32_t parts)
{
    uint8_t has[16];
    int32_t count = 0;
    if (!hy_s3_etag_md5(etag, has, &count) || count != parts) {
        return HY_S3_MATCH_UNKNOWN;
    }
    return memcmp(has, md5, 16) == 0 ? HY_S3_MATCH_SAME : HY_S3_MATCH_DIFFERS;
}

/* Whether the object was there before the upload began, by the server's own clock: the same bytes
 * that an earlier upload left, with other headers. */
static bool was_there(const whole *sent, const hy_http_reply *reply)
{
    const char *now = hy_http_headers_get(&reply->headers, "date");
    const char *made = hy_http_headers_get(&reply->headers, "last-modified");
    int64_t now_s = now ? hy_http_date(now) : -1;
    int64_t made_s = made ? hy_http_date(made) : -1;
    if (sent->began_s <= 0 || now_s < 0 || made_s < 0) {
        return false;
    }
    /* Both are whole seconds. */
    return (double)(now_s - made_s) > hy_clock_s() - sent->began_s + 2;
}

/* Whether an object was put together from another number of parts. */
static bool has_other_parts(const whole *sent, const char *etag)
{
    uint8_t md5[16];
    int32_t count = 0;
    return hy_s3_etag_md5(etag, md5, &count) && count != sent->parts;
}

/* Compare the object that HEAD shows with what was sent. Whatever has another size, or was not put
 * together from as many parts, is somebody else's. Beyond that an ETag says nothing where keys of
 * KMS or of the customer are used. */
static hy_s3_match match_seen(const whole *sent, const hy_http_reply *reply)
{
    const char *etag = hy_http_headers_get(&reply->headers, "etag");
    if (hy_decimal_parse(hy_http_headers_get(&reply->headers, "content-length"), INT64_MAX) !=
            sent->bytes ||
        was_there(sent, reply) || has_other_parts(sent, etag)) {
        return HY_S3_MATCH_DIFFERS;
    }
    hy_s3_match match = HY_S3_MATCH_UNKNOWN;
    if (sent->own.kind == HY_S3_CHECK_CRC) {
        match = hy_s3_digest_match(&sent->own, &reply->headers);
    }
    if (match == HY_S3_MATCH_UNKNOWN && sent->has_etag) {
        match = match_etag(etag, sent->etag, sent->parts);
        bool is_opaque = hy_s3_etag_is_opaque(&reply->headers);
        match = match == HY_S3_MATCH_DIFFERS && is_opaque ? HY_S3_MATCH_UNKNOWN : match;
    }
    return match;
}

static hydra_status fill_result(hy_upload *upload, const whole *sent, const char *etag,
                                const hy_http_reply *reply, bool verified,
                                hy_s3_upload_result *result, hy_diag *diag)
{
    *result = (hy_s3_upload_result){
        .etag = hy_strdup(etag ? etag : ""),
        .version_id = copy_header(reply, "x-amz-version-id"),
        .bytes = sent->bytes,
        .parts = sent->parts,
        .retries = atomic_load(&upload->retries),
        .verified = verified,
    };
    bool complete = result->etag != NULL;
    if (sent->own.kind == HY_S3_CHECK_CRC) {
        hy_buffer text = {.limit = 64};
        char *crc = hy_s3_crc_text(sent->own.crc);
        complete = complete && crc && hy_buffer_print(&text, "crc64nvme:%s", crc) &&
                   hy_buffer_append(&text, "", 1);
        hy_free(crc);
        result->checksum = (char *)text.data;
    }
    if (!complete) {
        hy_s3_upload_result_free(result);
        return hy_fail_memory(diag);
    }
    return HYDRA_OK;
}

/* What HEAD shows. */
static hydra_status look_within(hy_upload *upload, const hy_cancel *cancel, int32_t tries,
                                hy_http_reply *reply, hy_s3_error *error, hy_diag *diag)
{
    hy_http_headers headers = {0};
    hydra_status status = hy_s3_headers_copy(&headers, &upload->access_headers, diag);
    if (status == HYDRA_OK && upload->check == HY_S3_CHECK_CRC) {
        status = hy_http_headers_add(&headers, "x-amz-checksum-mode", "ENABLED", diag);
    }
    if (status == HYDRA_OK) {
        hy_s3_call call = hy_upload_call(upload, "look", "HEAD");
        call.headers = &headers;
        call.cancel = cancel;
        call.max_tries = tries;
        status = hy_s3_perform(upload->s3, &call, reply, error, NULL, diag);
    }
    hy_http_headers_free(&headers);
    return status;
}

/* The same, to settle something. */
static hydra_status look(hy_upload *upload, hy_http_reply *reply, hy_s3_error *error, hy_diag *diag)
{
    hy_cancel limit;
    hy_cancel_init(&limit, hy_cancel_requested(&upload->grace) ? HURRY_US : SETTLE_US);
    return look_within(upload, &limit, COMPLETE_TRIES, reply, error, diag);
}

/* Not every server knows If-None-Match, least of all for uploads in parts, and what it would refuse
 * need not be rendered or sent first. Whom it does not let look, it tells at the end. */
hydra_status hy_upload_refuse_existing(hy_upload *upload, hy_diag *diag)
{
    hy_http_reply reply = {0};
    hy_s3_error error = {0};
    hy_diag cause = {0};
    hydra_status status = look_within(upload, &upload->stop, 0, &reply, &error, &cause);
    hy_http_reply_free(&reply);
    if (status == HYDRA_OK) {
        return hy_fail(diag, HYDRA_ERR_EXISTS, "%s: exists already and is not to be replaced",
                       upload->name);
    }
    bool answered = error.http_status >= 400 && !hy_retry_status(error.http_status);
    return answered ? HYDRA_OK : hy_fail(diag, status, "%s", cause.text);
}

/* What became of an object whose making failed. */
typedef enum outcome {
    OUTCOME_UNKNOWN, /* the server does not tell */
    OUTCOME_ALIKE,   /* one of the same size and parts is there: more cannot be compared */
    OUTCOME_OURS,    /* it is there, and `result` is filled */
    OUTCOME_OTHER,   /* another one is there */
    OUTCOME_NOTHING
} outcome;

/* By an object that is there. */
static outcome settle_seen(hy_upload *upload, const whole *sent, const hy_http_reply *reply,
                           hy_s3_upload_result *result)
{
    hy_diag ignored = {0};
    switch (match_seen(sent, reply)) {
    case HY_S3_MATCH_SAME:
        break;
    case HY_S3_MATCH_DIFFERS:
        return OUTCOME_OTHER;
    case HY_S3_MATCH_UNKNOWN:
        return OUTCOME_ALIKE;
    }
    hydra_status status = fill_result(upload, sent, hy_http_headers_get(&reply->headers, "etag"),
                                      reply, sent->own.kind != HY_S3_CHECK_NONE, result, &ignored);
    return status == HYDRA_OK ? OUTCOME_OURS : OUTCOME_UNKNOWN;
}

/* HEAD decides. */
static outcome settle(hy_upload *upload, const whole *sent, hy_s3_upload_result *result)
{
    hy_http_reply reply = {0};
    hy_s3_error error = {0};
    hy_diag ignored = {0};
    outcome found = OUTCOME_UNKNOWN;
    if (look(upload, &reply, &error, &ignored) == HYDRA_OK) {
        found = settle_seen(upload, sent, &reply, result);
    } else if (error.http_status == 404) {
        found = OUTCOME_NOTHING;
    }
    hy_http_reply_free(&reply);
    return found;
}

/* The error stands, and says what else is known. */
static hydra_status fail_unknown(outcome found, hydra_status status, hy_diag *diag)
{
    const hy_diag cause = *diag;
    *diag = (hy_diag){0};
    return hy_fail(diag, status,
                   found == OUTCOME_ALIKE
                       ? "%s; the outcome is unknown: an object of the same size is there, which "
                         "cannot be compared with the one that was sent"
                       : "%s; it is not known whether the object is there",
                   cause.text);
}

/* Take back an object that is not what was sent. Of what belongs to every call for the object a
 * DELETE needs the owner, not the customer's key. */
static hydra_status delete_wrong(hy_upload *upload, const hy_http_reply *reply)
{
    const char *version = hy_http_headers_get(&reply->headers, "x-amz-version-id");
    const char *owner = hy_http_headers_get(&upload->access_headers, OWNER_HEADER);
    const hy_s3_parameter query[] = {{"versionId", version}};
    hy_http_headers headers = {0};
    hy_http_reply answer = {0};
    hy_diag ignored = {0};
    hy_cancel limit;
    hy_cancel_init(&limit, SETTLE_US);
    hydra_status status =
        owner ? hy_http_headers_add(&headers, OWNER_HEADER, owner, &ignored) : HYDRA_OK;
    if (status == HYDRA_OK) {
        hy_s3_call call = hy_upload_call(upload, "delete", "DELETE");
        call.query = query;
        call.query_count = version ? 1 : 0;
        call.headers = &headers;
        call.cancel = &limit;
        status = hy_s3_perform(upload->s3, &call, &answer, NULL, NULL, &ignored);
    }
    hy_http_reply_free(&answer);
    hy_http_headers_free(&headers);
    return status == HYDRA_ERR_NOT_FOUND ? HYDRA_OK : status;
}

/* The server says that the object is there: is it the right one? */
static hydra_status accept(hy_upload *upload, const whole *sent, hy_s3_match match,
                           const char *etag, const hy_http_reply *reply,
                           hy_s3_upload_result *result, hy_diag *diag)
{
    if (match == HY_S3_MATCH_DIFFERS) {
        bool deleted = delete_wrong(upload, reply) == HYDRA_OK;
        return hy_fail(diag, HYDRA_ERR_VERIFY,
                       "%s: the server has other bytes than were sent; the object %s", upload->name,
                       deleted ? "was deleted" : "could not be deleted and is still there");
    }
    return fill_result(upload, sent, etag, reply, match == HY_S3_MATCH_SAME, result, diag);
}

/* ---- Complete ---- */

static bool print_escaped(hy_buffer *out, const char *text)
{
    bool fits = true;
    for (; *text && fits; text++) {
        switch (*text) {
        case '"':
            fits = hy_buffer_append(out, "&quot;", 6);
            break;
        case '&':
            fits = hy_buffer_append(out, "&amp;", 5);
            break;
        case '<':
            fits = hy_buffer_append(out, "&lt;", 4);
            break;
        case '>':
            fits = hy_buffer_append(out, "&gt;", 4);
            break;
        default:
            fits = hy_buffer_append(out, text, 1);
            break;
        }
    }
    return fits;
}

static bool print_part(hy_buffer *out, const hy_upload_part *part, int32_t number)
{
    bool fits = hy_buffer_print(out, "<Part><PartNumber>%d</PartNumber><ETag>", (int)number) &&
                print_escaped(out, part->etag) && hy_buffer_print(out, "</ETag>");
    if (fits && part->digest.kind == HY_S3_CHECK_CRC) {
        char *crc = hy_s3_crc_text(part->digest.crc);
        fits = crc && hy_buffer_print(out, "<ChecksumCRC64NVME>%s</ChecksumCRC64NVME>", crc);
        hy_free(crc);
    }
    return fits && hy_buffer_print(out, "</Part>");
}

static hydra_status print_list(hy_buffer *out, const hy_upload_part *parts, int32_t count,
                               hy_diag *diag)
{
    bool fits = hy_buffer_print(out, "<CompleteMultipartUpload xmlns=\"%s\">", S3_NAMESPACE);
    for (int32_t i = 0; i < count && fits; i++) {
        fits = print_part(out, &parts[i], i + 1);
    }
    fits = fits && hy_buffer_print(out, "</CompleteMultipartUpload>");
    return fits ? HYDRA_OK : hy_fail_memory(diag);
}

static hydra_status complete_headers(const hy_upload *upload, const whole *sent,
                                     hy_http_headers *headers, hy_diag *diag)
{
    char bytes[24];
    (void)snprintf(bytes, sizeof bytes, "%" PRId64, sent->bytes);
    hydra_status status = hy_s3_headers_copy(headers, &upload->access_headers, diag);
    if (status == HYDRA_OK && upload->only_new) {
        status = hy_http_headers_add(headers, "if-none-match", "*", diag);
    }
    if (status != HYDRA_OK || upload->check != HY_S3_CHECK_CRC) {
        return status;
    }
    status = hy_s3_digest_header(&sent->own, headers, diag);
    if (status == HYDRA_OK) {
        status = hy_http_headers_add(headers, "x-amz-checksum-type", "FULL_OBJECT", diag);
    }
    return status == HYDRA_OK ? hy_http_headers_add(headers, "x-amz-mp-object-size", bytes, diag)
                              : status;
}

/* Compare what the completion says with what was sent. */
static hy_s3_match match_whole(const whole *sent, const char *etag, const char *crc,
                               const hy_http_reply *reply)
{
    if (sent->own.kind == HY_S3_CHECK_CRC) {
        return crc ? hy_s3_crc_match(sent->own.crc, crc)
                   : hy_s3_digest_match(&sent->own, &reply->headers);
    }
    if (sent->own.kind == HY_S3_CHECK_NONE || hy_s3_etag_is_opaque(&reply->headers)) {
        return HY_S3_MATCH_UNKNOWN;
    }
    return match_etag(etag, sent->own.md5, sent->parts);
}

/* Whether the object may be there although the completion failed. */
static bool is_uncertain(const hy_s3_error *error, int32_t tries)
{
    return error->http_status < 300 || error->http_status >= 500 ||
           is_code(error, "NoSuchUpload") || (error->http_status == 412 && tries > 1);
}

/* A reply to the completion that says neither ETag nor checksum: HEAD may. What somebody else wrote
 * in the meantime says nothing. */
static void confirm(hy_upload *upload, const whole *sent, hy_s3_upload_result *result)
{
    hy_http_reply reply = {0};
    hy_diag ignored = {0};
    hydra_status status = look(upload, &reply, NULL, &ignored);
    if (status == HYDRA_OK && match_seen(sent, &reply) == HY_S3_MATCH_SAME) {
        char *etag = copy_header(&reply, "etag");
        if (etag) {
            hy_free(result->etag);
            result->etag = etag;
        }
        result->verified = true;
    }
    hy_http_reply_free(&reply);
}

/* The upload is gone, and the object is not there as it was sent: what happened. */
static hydra_status fail_gone(const hy_upload *upload, outcome found, const hy_diag *cause,
                              hy_diag *diag)
{
    if (found == OUTCOME_OTHER) {
        return hy_fail(diag, HYDRA_ERR_VERIFY,
                       "%s: complete upload: the upload no longer exists, and the object that is "
                       "there is not the one that was sent: somebody else wrote it, or the server "
                       "lost the upload",
                       upload->name);
    }
    if (found == OUTCOME_NOTHING) {
        return hy_fail(diag, HYDRA_ERR_SERVER,
                       "%s: complete upload: the upload no longer exists, and there is no object: "
                       "the upload was aborted or removed meanwhile (%s)",
                       upload->name, cause->text);
    }
    *diag = *cause;
    return fail_unknown(found, HYDRA_ERR_SERVER, diag);
}

/* The completion failed, and yet the object may be there. */
static hydra_status end_uncertain(hy_upload *upload, const whole *sent, hydra_status status,
                                  const hy_s3_error *error, hy_s3_upload_result *result, bool *gone,
                                  hy_diag *diag)
{
    outcome found = settle(upload, sent, result);
    *gone = found == OUTCOME_OURS;
    if (found == OUTCOME_OURS) {
        return HYDRA_OK;
    }
    if (!is_code(error, "NoSuchUpload")) {
        return found == OUTCOME_ALIKE ? fail_unknown(found, status, diag) : status;
    }
    const hy_diag cause = *diag;
    *diag = (hy_diag){0};
    return fail_gone(upload, found, &cause, diag);
}

/* The completion, within its time. */
static hydra_status perform_complete(hy_upload *upload, hy_s3_call *call, hy_http_reply *reply,
                                     hy_s3_error *error, int32_t *tries, hy_diag *diag)
{
    hy_diag cause = {0};
    hy_cancel limit;
    hy_cancel_init_child(&limit, &upload->grace, COMPLETE_US);
    call->cancel = &limit;
    call->max_tries = hy_upload_tries(upload, COMPLETE_TRIES);
    call->may_idle = true;
    call->conflict_is_final = true;
    hydra_status status = hy_s3_perform(upload->s3, call, reply, error, tries, &cause);
    call->cancel = NULL;
    hy_upload_count_retries(upload, *tries);
    if (status == HYDRA_ERR_DEADLINE) {
        /* The job has a deadline of its own, which this is not. */
        return hy_fail(diag, HYDRA_ERR_NETWORK,
                       "%s: complete upload: the server did not answer in time", upload->name);
    }
    return status == HYDRA_OK ? status : hy_fail(diag, status, "%s", cause.text);
}

static hydra_status call_complete(hy_upload *upload, const char *id, const whole *sent,
                                  const hy_buffer *list, hy_s3_upload_result *result, bool *gone,
                                  hy_diag *diag)
{
    const hy_s3_parameter query[] = {{"uploadId", id}};
    hy_s3_field fields[] = {{"ETag", NULL}, {"ChecksumCRC64NVME", NULL}};
    hy_http_headers headers = {0};
    hy_http_reply reply = {0};
    hy_s3_error error = {0};
    hy_diag cause = {0};
    int32_t tries = 0;
    hydra_status status = complete_headers(upload, sent, &headers, &cause);
    if (status == HYDRA_OK) {
        hy_s3_call call = hy_upload_call(upload, "complete upload", "POST");
        call.query = query;
        call.query_count = 1;
        call.headers = &headers;
        call.body = list->data;
        call.body_size = (int64_t)list->size;
        call.root = "CompleteMultipartUploadResult";
        call.fields = fields;
        call.field_count = 2;
        status = perform_complete(upload, &call, &reply, &error, &tries, &cause);
    }
    if (status == HYDRA_OK) {
        *gone = true;
        hy_s3_match match = match_whole(sent, fields[0].value, fields[1].value, &reply);
        status = accept(upload, sent, match, fields[0].value, &reply, result, &cause);
        bool silent = !fields[0].value || !fields[0].value[strspn(fields[0].value, "\"")];
        if (status == HYDRA_OK && match == HY_S3_MATCH_UNKNOWN && silent &&
            sent->own.kind != HY_S3_CHECK_NONE) {
            confirm(upload, sent, result);
        }
    } else if (tries > 0 && is_uncertain(&error, tries)) {
        status = end_uncertain(upload, sent, status, &error, result, gone, &cause);
    }
    atomic_store(&upload->conflict, error.http_status == 409);
    hy_free(fields[0].value);
    hy_free(fields[1].value);
    hy_http_reply_free(&reply);
    hy_http_headers_free(&headers);
    return status == HYDRA_OK ? status : hy_fail(diag, status, "%s", cause.text);
}

hydra_status hy_upload_complete(hy_upload *upload, const char *id, const hy_upload_part *parts,
                                int32_t count, hy_s3_upload_result *result, bool *gone,
                                hy_diag *diag)
{
    whole sent;
    hy_buffer list = {.limit = MAX_XML_BYTES};
    *gone = false;
    hydra_status status = sum_up(upload->check, parts, count, &sent, diag);
    if (status == HYDRA_OK) {
        status = print_list(&list, parts, count, diag);
    }
    if (status == HYDRA_OK) {
        status = call_complete(upload, id, &sent, &list, result, gone, diag);
    }
    hy_buffer_free(&list);
    return status;
}

/* ---- Put ---- */

static hydra_status put_headers(const hy_upload *upload, const hy_s3_digest *digest,
                                hy_http_headers *headers, hy_diag *diag)
{
    hydra_status status = hy_s3_headers_copy(headers, &upload->object_headers, diag);
    if (status == HYDRA_OK && upload->only_new) {
        status = hy_http_headers_add(headers, "if-none-match", "*", diag);
    }
    return status == HYDRA_OK ? hy_s3_digest_header(digest, headers, diag) : status;
}

/* A PUT under way. */
typedef struct putting {
    hy_upload *upload;
    int64_t size;
    bool out; /* all bytes were, of some try: the server may have made the object */
} putting;

static void put_sent(void *user, int64_t bytes)
{
    putting *put = user;
    put->out = put->out || bytes >= put->size;
    hy_upload_progress(put->upload, bytes);
}

/* Whether the object may be there although PUT failed. */
static bool is_put_uncertain(const putting *put, const hy_s3_error *error, int32_t tries)
{
    bool out = put->out || (put->size == 0 && tries > 0);
    return out && (tries > 1 || error->http_status < 300 || error->http_status >= 500);
}

/* What became of a PUT. One that was cut off may still be on its way through the server. */
static outcome settle_put(hy_upload *upload, const whole *sent, hy_s3_upload_result *result)
{
    const struct timespec pause = {0, PUT_LOOK_MS * 1000000L};
    bool stopped = hy_cancel_requested(&upload->stop);
    double until_s = hy_clock_s() + PUT_GRACE_S;
    if (stopped) {
        hy_cancel_request(&upload->grace); /* to look takes less time, too */
    }
    outcome found = settle(upload, sent, result);
    while (stopped && found != OUTCOME_OURS && hy_clock_s() < until_s) {
        (void)nanosleep(&pause, NULL);
        found = settle(upload, sent, result);
    }
    return found;
}

/* What HEAD is compared with; without checksums an MD5 is made only for that. */
static void know_etag(whole *sent, const hy_s3_call *call)
{
    hy_diag ignored = {0};
    hy_s3_digest digest;
    if (!sent->has_etag) {
        hy_cancel limit;
        hy_cancel_init(&limit, SETTLE_US);
        hydra_status status = hy_s3_digest_read(HY_S3_CHECK_MD5, call->read_body, call->user,
                                                sent->bytes, &limit, &digest, &ignored);
        sent->has_etag = status == HYDRA_OK;
        memcpy(sent->etag, digest.md5, sizeof sent->etag);
    }
}

/* PUT failed, and yet the object may be there. */
static hydra_status end_put(hy_upload *upload, whole *sent, const hy_s3_call *call,
                            hydra_status status, hy_s3_upload_result *result, hy_diag *diag)
{
    know_etag(sent, call);
    outcome found = settle_put(upload, sent, result);
    if (found == OUTCOME_OURS) {
        return HYDRA_OK;
    }
    return found == OUTCOME_UNKNOWN || found == OUTCOME_ALIKE ? fail_unknown(found, status, diag)
                                                              : status;
}

static hydra_status call_put(hy_upload *upload, whole *sent, const hy_s3_call *call,
                             hy_s3_upload_result *result, hy_diag *diag)
{
    hy_http_reply reply = {0};
    hy_s3_error error = {0};
    int32_t tries = 0;
    hydra_status status = hy_s3_perform(upload->s3, call, &reply, &error, &tries, diag);
    hy_upload_count_retries(upload, tries);
    if (status == HYDRA_OK) {
        status = accept(upload, sent, hy_s3_digest_match(&sent->own, &reply.headers),
                        hy_http_headers_get(&reply.headers, "etag"), &reply, result, diag);
    } else if (is_put_uncertain(call->sent_user, &error, tries)) {
        status = end_put(upload, sent, call, status, result, diag);
    }
    hy_http_reply_free(&reply);
    return status;
}

hydra_status hy_upload_put(hy_upload *upload, const hy_upload_source *source, int64_t size,
                           hy_s3_upload_result *result, hy_diag *diag)
{
    whole sent = {.bytes = size, .began_s = hy_clock_s()};
    putting put = {.upload = upload, .size = size};
    hy_http_headers headers = {0};
    hy_diag cause = {0};
    hydra_status status = hy_s3_digest_read(upload->check, source->read, source->user, size,
                                            &upload->stop, &sent.own, &cause);
    sent.has_etag = upload->check == HY_S3_CHECK_MD5;
    memcpy(sent.etag, sent.own.md5, sizeof sent.etag);
    if (status == HYDRA_OK) {
        status = put_headers(upload, &sent.own, &headers, &cause);
    }
    if (status == HYDRA_OK) {
        hy_s3_call call = hy_upload_call(upload, "put", "PUT");
        call.headers = &headers;
        call.body_size = size;
        call.read_body = size > 0 ? source->read : NULL;
        call.user = source->user;
        call.cancel = &upload->stop;
        call.sent = put_sent;
        call.sent_user = &put;
        status = call_put(upload, &sent, &call, result, &cause);
    }
    hy_http_headers_free(&headers);
    return status == HYDRA_OK ? status : hy_fail(diag, status, "%s", cause.text);
}

/* ---- The result ---- */

void hy_s3_upload_result_free(hy_s3_upload_result *result)
{
    hy_free(result->etag);
    hy_free(result->version_id);
    hy_free(result->checksum);
    *result = (hy_s3_upload_result){0};
}
