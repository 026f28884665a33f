/* SPDX-License-Identifier: MIT */
/*
 * Reading, looking and deleting, and URLs. A read is held to one version of the object and to the
 * bytes that were announced.
 */
#include "s3_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <hydra/compose.h>

#define MAX_EXPIRES_S 604800
#define MAX_URL_BYTES ((size_t)32 << 10)
#define CRC_PREFIX    "crc64nvme:"
/* A try that brought this much more was worth it and does not count. */
#define PROGRESS_BYTES ((int64_t)64 << 10)

/* ---- What headers say ---- */

void hy_s3_object_free(hy_s3_object *object)
{
    hy_free(object->etag);
    hy_free(object->version_id);
    hy_free(object->checksum);
    hy_free(object->content_type);
    *object = (hy_s3_object){.bytes = -1, .last_modified_s = -1};
}

/* False: no memory. */
static bool copy(const hy_http_headers *reply, const char *name, char **out)
{
    const char *value = hy_http_headers_get(reply, name);
    *out = value ? hy_strdup(value) : NULL;
    return !value || *out;
}

static bool copy_checksum(const hy_http_headers *reply, char **out)
{
    const char *value = hy_http_headers_get(reply, "x-amz-checksum-crc64nvme");
    if (!value) {
        return true;
    }
    size_t size = sizeof CRC_PREFIX + strlen(value);
    *out = hy_calloc(size, 1);
    if (*out) {
        (void)snprintf(*out, size, CRC_PREFIX "%s", value);
    }
    return *out != NULL;
}

hydra_status hy_s3_object_read(const hy_http_headers *reply, hy_s3_object *object, hy_diag *diag)
{
    const char *date = hy_http_headers_get(reply, "last-modified");
    *object = (hy_s3_object){
        .bytes = hy_decimal_parse(hy_http_headers_get(reply, "content-length"), INT64_MAX),
        .last_modified_s = date ? hy_http_date(date) : -1,
    };
    if (!copy(reply, "etag", &object->etag) ||
        !copy(reply, "x-amz-version-id", &object->version_id) ||
        !copy(reply, "content-type", &object->content_type) ||
        !copy_checksum(reply, &object->checksum)) {
        hy_s3_object_free(object);
        return hy_fail_memory(diag);
    }
    return HYDRA_OK;
}

/* ---- Look, delete ---- */

hydra_status hy_s3_head(hy_s3 *s3, const char *bucket, const char *key, const hy_cancel *cancel,
                        const hydra_policy *policy, hy_s3_object *object, hy_diag *diag)
{
    hy_http_headers headers = {0};
    hy_http_reply reply = {0};
    *object = (hy_s3_object){.bytes = -1, .last_modified_s = -1};
    const hy_s3_call call = {
        .what = "head",
        .method = "HEAD",
        .bucket = bucket,
        .key = key,
        .headers = &headers,
        .cancel = cancel,
        .policy = policy,
    };
    hydra_status status = hy_http_headers_add(&headers, "x-amz-checksum-mode", "ENABLED", diag);
    if (status == HYDRA_OK) {
        status = hy_s3_perform(s3, &call, &reply, NULL, NULL, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_s3_object_read(&reply.headers, object, diag);
    }
    hy_http_reply_free(&reply);
    hy_http_headers_free(&headers);
    return status;
}

hydra_status hy_s3_delete(hy_s3 *s3, const char *bucket, const char *key, const hy_cancel *cancel,
                          const hydra_policy *policy, hy_diag *diag)
{
    hy_http_reply reply = {0};
    hy_s3_error error = {0};
    hy_diag cause = {0};
    const hy_s3_call call = {
        .what = "delete",
        .method = "DELETE",
        .bucket = bucket,
        .key = key,
        .cancel = cancel,
        .policy = policy,
    };
    hydra_status status = hy_s3_perform(s3, &call, &reply, &error, NULL, &cause);
    hy_http_reply_free(&reply);
    if (status == HYDRA_OK || strcmp(error.code, "NoSuchKey") == 0) {
        return HYDRA_OK;
    }
    return hy_fail(diag, status, "%s", cause.text);
}

/* ---- Read ---- */

/* A read under way, over several replies. */
typedef struct reading {
    const hy_s3_get_call *get;
    hy_buffer *out;
    int64_t got;       /* bytes that are there, from get->offset on */
    int64_t furthest;  /* of them, when the tries last began anew */
    int64_t total;     /* of the range; -1 = not said */
    hy_s3_object seen; /* by the first reply */
    bool began;        /* `seen` is filled */
    bool reply_known;  /* this reply was looked at */
    bool other;        /* this reply is of one that replaced it */
    bool ends;         /* this reply says where it ends: a cut is noticed */
    int64_t skip;      /* bytes of this reply that are there already */
    hy_s3_proof proof;
} reading;

static int64_t reading_end(const reading *r)
{
    return r->get->length >= 0 ? r->get->offset + r->get->length - 1 : -1;
}

/* Of what is there, nothing belongs to what comes. */
static hydra_status begin_anew(reading *r, hy_diag *diag)
{
    const hy_s3_get_call *get = r->get;
    bool has_bytes = r->got > 0;
    hy_s3_object_free(&r->seen);
    r->began = false;
    r->got = 0;
    r->total = -1;
    hy_s3_proof_free(&r->proof);
    if (r->out) {
        r->out->size = 0;
    }
    return has_bytes && get->receive ? get->receive(get->user, 0, "", 0, diag) : HYDRA_OK;
}

/* A weak ETag stands for many objects, and If-Match takes none. */
static bool is_pinned(const reading *r)
{
    return r->seen.etag && strncmp(r->seen.etag, "W/", 2) != 0;
}

static hydra_status prepare_read(void *user, hy_http_headers *headers, hy_diag *diag)
{
    reading *r = user;
    char range[64];
    hydra_status status = r->began && !is_pinned(r) ? begin_anew(r, diag) : HYDRA_OK;
    int64_t from = r->get->offset + r->got;
    r->reply_known = false;
    r->other = false;
    r->skip = 0;
    if (reading_end(r) >= 0) {
        (void)snprintf(range, sizeof range, "bytes=%" PRId64 "-%" PRId64, from, reading_end(r));
    } else {
        (void)snprintf(range, sizeof range, "bytes=%" PRId64 "-", from);
    }
    if (status == HYDRA_OK && (from > 0 || reading_end(r) >= 0)) {
        status = hy_http_headers_add(headers, "range", range, diag);
    }
    if (status == HYDRA_OK && r->began) {
        status = hy_http_headers_add(headers, "if-match", r->seen.etag, diag);
    }
    return status;
}

static int64_t range_total(const reading *r, int64_t object_bytes)
{
    if (object_bytes < 0) {
        return -1;
    }
    int64_t left = object_bytes > r->get->offset ? object_bytes - r->get->offset : 0;
    return r->get->length >= 0 && r->get->length < left ? r->get->length : left;
}

/* The first reply of all tells which object it is. */
static hydra_status begin_reading(reading *r, const hy_http_reply *reply, int64_t object_bytes,
                                  hy_diag *diag)
{
    hydra_status status = hy_s3_object_read(&reply->headers, &r->seen, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    r->began = true;
    r->seen.bytes = object_bytes;
    if (reply->status == 200 && r->get->offset == 0) {
        status = hy_s3_proof_begin(&r->proof, &reply->headers, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    r->total = range_total(r, object_bytes);
    if (r->get->max_bytes > 0 && r->total > r->get->max_bytes) {
        return hy_fail(diag, HYDRA_ERR_LIMIT, "s3://%s/%s: %lld bytes, more than %lld are allowed",
                       r->get->bucket, r->get->key, (long long)r->total,
                       (long long)r->get->max_bytes);
    }
    return r->get->begin && r->total >= 0 ? r->get->begin(r->get->user, r->total, diag) : HYDRA_OK;
}

/* An error that was sent as 200: an object has an ETag. */
static bool is_hidden_error(const hy_http_reply *reply, const void *data, size_t size)
{
    static const char mark[] = "<Error>";
    return !hy_http_headers_get(&reply->headers, "etag") &&
           ((size >= 5 && memcmp(data, "<?xml", 5) == 0) ||
            (size >= 7 && memcmp(data, mark, 7) == 0)) &&
           memmem(data, size, mark, sizeof mark - 1);
}

/* Not every server knows If-Match. */
static bool is_other(const reading *r, const hy_http_reply *reply)
{
    const char *etag = hy_http_headers_get(&reply->headers, "etag");
    return r->began && etag && strcmp(etag, r->seen.etag) != 0;
}

/* Which bytes a reply has; `data` are the first. */
static hydra_status look_at_reply(reading *r, const hy_http_reply *reply, const void *data,
                                  size_t size, hy_diag *diag)
{
    int64_t from = r->get->offset + r->got;
    int64_t first = 0;
    int64_t last = 0;
    int64_t object_bytes = reply->body_length;
    r->reply_known = true;
    r->ends = reply->body_length >= 0 || hy_http_headers_get(&reply->headers, "transfer-encoding");
    if (is_hidden_error(reply, data, size)) {
        return hy_fail(
            diag, HYDRA_ERR_SERVER,
            "s3://%s/%s: get: the server answered %d with an error instead of the object",
            r->get->bucket, r->get->key, (int)reply->status);
    }
    r->other = is_other(r, reply);
    if (r->other) {
        return hy_fail(diag, HYDRA_ERR_IO,
                       "s3://%s/%s: get: the object is another one than before: begin anew",
                       r->get->bucket, r->get->key);
    }
    if (reply->status == 206 &&
        (!hy_content_range_parse(hy_http_headers_get(&reply->headers, "content-range"), &first,
                                 &last, &object_bytes) ||
         first != from)) {
        return hy_fail(diag, HYDRA_ERR_SERVER, "s3://%s/%s: the server sent another range",
                       r->get->bucket, r->get->key);
    }
    r->skip = from - first;
    return r->began ? HYDRA_OK : begin_reading(r, reply, object_bytes, diag);
}

static hydra_status take_bytes(reading *r, const void *data, size_t size, hy_diag *diag)
{
    const hy_s3_get_call *get = r->get;
    if (get->max_bytes > 0 && (int64_t)size > get->max_bytes - r->got) {
        return hy_fail(diag, HYDRA_ERR_LIMIT,
                       "s3://%s/%s: more than the %lld bytes that are allowed", get->bucket,
                       get->key, (long long)get->max_bytes);
    }
    hydra_status status = HYDRA_OK;
    if (get->receive) {
        status = get->receive(get->user, r->got, data, size, diag);
    } else if (!hy_buffer_append(r->out, data, size)) {
        status = hy_fail_memory(diag);
    }
    if (status == HYDRA_OK) {
        hy_s3_proof_add(&r->proof, data, size);
        r->got += (int64_t)size;
        if (get->received) {
            get->received(get->user, r->got, r->total);
        }
    }
    return status;
}

static hydra_status receive_bytes(void *user, const hy_http_reply *reply, const void *data,
                                  size_t size, hy_diag *diag)
{
    reading *r = user;
    const uint8_t *from = data;
    hydra_status status = r->reply_known ? HYDRA_OK : look_at_reply(r, reply, data, size, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    size_t skip = r->skip < (int64_t)size ? (size_t)r->skip : size;
    r->skip -= (int64_t)skip;
    size -= skip;
    /* A server that knows no ranges sends all behind it, too. */
    int64_t most = r->get->length >= 0 ? r->get->length - r->got : INT64_MAX;
    size = (int64_t)size < most ? size : (size_t)most;
    return size > 0 ? take_bytes(r, from + skip, size, diag) : HYDRA_OK;
}

/* Only what goes beyond all tries before it: an object that is replaced again and again would never
 * come to an end. */
static bool has_progressed(void *user)
{
    reading *r = user;
    if (r->got < r->furthest + PROGRESS_BYTES) {
        return false;
    }
    r->furthest = r->got;
    return true;
}

/* Nothing behind the end, or an empty object. */
static bool is_past_end(const hy_s3_error *error)
{
    return error->http_status == 416;
}

static hydra_status perform_read(hy_s3 *s3, reading *r, hy_s3_error *error, hy_diag *diag)
{
    hy_http_headers headers = {0};
    hy_http_reply reply = {0};
    hydra_status status = hy_http_headers_add(&headers, "x-amz-checksum-mode", "ENABLED", diag);
    const hy_s3_call call = {
        .what = "get",
        .method = "GET",
        .bucket = r->get->bucket,
        .key = r->get->key,
        .headers = &headers,
        .cancel = r->get->cancel,
        .policy = r->get->policy,
        .max_tries = s3->max_tries > 0 ? s3->max_tries : 5,
        .max_reply_bytes = INT64_MAX,
        .receive = receive_bytes,
        .prepare = prepare_read,
        .progressed = has_progressed,
        .receive_user = r,
    };
    if (status == HYDRA_OK) {
        status = hy_s3_perform(s3, &call, &reply, error, NULL, diag);
    }
    if (status == HYDRA_OK && !r->reply_known) {
        /* No byte came. */
        status = look_at_reply(r, &reply, "", 0, diag);
    }
    hy_http_reply_free(&reply);
    hy_http_headers_free(&headers);
    return status;
}

static hydra_status fail_short(const reading *r, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_NETWORK,
                   "s3://%s/%s: get: the object ended after %lld of %lld bytes", r->get->bucket,
                   r->get->key, (long long)r->got, (long long)r->total);
}

/* Who neither announces a length nor marks the end ends as who is cut off. */
static bool may_be_cut(const reading *r)
{
    return !r->ends && r->total < 0 && !r->seen.verified && r->got != r->get->length;
}

/* All bytes are there: are they right? What a server keeps says nothing of a range. */
static hydra_status check_bytes(reading *r, hy_diag *diag)
{
    const hy_s3_get_call *get = r->get;
    hy_s3_match match = HY_S3_MATCH_UNKNOWN;
    if (r->total >= 0 && r->got != r->total) {
        return fail_short(r, diag);
    }
    bool whole = get->offset == 0 && (r->seen.bytes == r->got || get->length == HYDRA_AUTO);
    hydra_status status = whole ? hy_s3_proof_match(&r->proof, &match, diag) : HYDRA_OK;
    r->seen.verified = match == HY_S3_MATCH_SAME;
    if (match == HY_S3_MATCH_DIFFERS) {
        return hy_fail(diag, HYDRA_ERR_VERIFY,
                       "s3://%s/%s: the bytes that came do not have the object's %s", get->bucket,
                       get->key, hy_s3_proof_name(&r->proof));
    }
    if (status == HYDRA_OK && may_be_cut(r)) {
        return hy_fail(diag, HYDRA_ERR_NETWORK,
                       "s3://%s/%s: get: the reply ended after %lld bytes, and the server does not "
                       "say whether that is all",
                       get->bucket, get->key, (long long)r->got);
    }
    if (whole) {
        r->seen.bytes = r->got;
    }
    return status;
}

static hydra_status read_object(hy_s3 *s3, reading *r, hy_diag *diag)
{
    hy_s3_error error = {0};
    hy_diag cause = {0};
    hydra_status status = perform_read(s3, r, &error, &cause);
    bool replaced = status != HYDRA_OK && r->began && (r->other || error.http_status == 412);
    if (replaced) {
        cause = (hy_diag){0};
        status = begin_anew(r, &cause);
        if (status == HYDRA_OK) {
            status = perform_read(s3, r, &error, &cause);
        }
    }
    if (status != HYDRA_OK && is_past_end(&error) && r->got == 0 && r->get->offset == 0) {
        /* A range of an empty object. */
        r->total = 0;
        r->seen.bytes = 0;
        return HYDRA_OK;
    }
    if (status != HYDRA_OK && is_past_end(&error) && r->got > 0) {
        /* What was missing is not there: the length that was announced was wrong. */
        return fail_short(r, diag);
    }
    if (status != HYDRA_OK) {
        return hy_fail(diag, status, "%s", cause.text);
    }
    return check_bytes(r, diag);
}

static hydra_status check_range(const hy_s3_get_call *get, hy_diag *diag)
{
    if (get->offset < 0 || (get->length != HYDRA_AUTO && get->length < 0) ||
        (get->length > 0 && get->length > INT64_MAX - get->offset)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "offset %lld and length %lld are no range",
                       (long long)get->offset, (long long)get->length);
    }
    return HYDRA_OK;
}

hydra_status hy_s3_get(hy_s3 *s3, const hy_s3_get_call *get, hy_buffer *out, hy_s3_object *object,
                       hy_diag *diag)
{
    reading r = {.get = get, .out = get->receive ? NULL : out, .total = -1};
    r.seen = (hy_s3_object){.bytes = -1, .last_modified_s = -1};
    if (r.out) {
        *out = (hy_buffer){.limit = SIZE_MAX};
    }
    hydra_status status = check_range(get, diag);
    if (status == HYDRA_OK && get->length == 0) {
        /* There is no such range; but the object may not be there. */
        status = hy_s3_head(s3, get->bucket, get->key, get->cancel, get->policy, &r.seen, diag);
    } else if (status == HYDRA_OK) {
        status = read_object(s3, &r, diag);
    }
    hy_s3_proof_free(&r.proof);
    if (status == HYDRA_OK && object) {
        *object = r.seen;
        return status;
    }
    hy_s3_object_free(&r.seen);
    if (status != HYDRA_OK && r.out) {
        hy_buffer_free(out);
    }
    return status;
}

/* ---- URLs ---- */

static char *join(const hy_s3_address *address, const char *query)
{
    hy_buffer url = {.limit = MAX_URL_BYTES, .secret = query != NULL};
    const char *const parts[] = {address->origin, address->path, query ? "?" : "",
                                 query ? query : ""};
    bool fits = true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        fits = fits && hy_buffer_append(&url, parts[i], strlen(parts[i]));
    }
    if (!fits || !hy_buffer_append(&url, "", 1)) {
        hy_buffer_free(&url);
    }
    return (char *)url.data;
}

static hydra_status find_address(hy_s3 *s3, const char *bucket, const char *key,
                                 char region[HY_S3_REGION_BYTES], hy_s3_address *address,
                                 hy_diag *diag)
{
    hydra_status status = hy_s3_check_bucket(bucket, diag);
    if (status == HYDRA_OK) {
        status = hy_s3_check_key(key, diag);
    }
    if (status == HYDRA_OK) {
        hy_s3_region_of(s3, bucket, region);
        status = hy_s3_locate(s3, bucket, key, region, address, diag);
    }
    return status;
}

char *hy_s3_object_url(hy_s3 *s3, const char *bucket, const char *key)
{
    char region[HY_S3_REGION_BYTES];
    hy_s3_address address = {0};
    hy_diag ignored = {0};
    char *url = NULL;
    if (find_address(s3, bucket, key, region, &address, &ignored) == HYDRA_OK) {
        url = join(&address, NULL);
    }
    hy_s3_address_free(&address);
    return url;
}

static hydra_status presign(hy_s3 *s3, const char *method, const hy_s3_address *address,
                            const char *region, int32_t expires_s, const hy_http_headers *fixed,
                            const hy_cancel *cancel, char **query, hy_diag *diag)
{
    hy_s3_keys keys = {0};
    bool anonymous = false;
    hydra_status status = hy_credentials_get(s3->credentials, cancel, &keys, &anonymous, diag);
    if (status == HYDRA_OK && anonymous) {
        status = hy_fail(diag, HYDRA_ERR_AUTH, "a presigned URL needs keys; the store has none");
    }
    if (status == HYDRA_OK) {
        const hy_sigv4 what = {
            .method = method,
            .host = address->host,
            .path = address->path,
            .keys = &keys,
            .region = region,
            .service = "s3",
            .time_s = hy_s3_now(s3),
            .payload_hash = "UNSIGNED-PAYLOAD",
        };
        status = hy_sigv4_presign(&what, fixed, expires_s, query, diag);
    }
    hy_s3_keys_free(&keys);
    return status;
}

hydra_status hy_s3_presigned_url(hy_s3 *s3, const char *method, const char *bucket, const char *key,
                                 int64_t expires_s, const hy_http_headers *fixed,
                                 const hy_cancel *cancel, char **url, hy_diag *diag)
{
    char region[HY_S3_REGION_BYTES];
    hy_s3_address address = {0};
    char *query = NULL;
    *url = NULL;
    if (strcmp(method, "GET") != 0 && strcmp(method, "PUT") != 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "method is neither \"GET\" nor \"PUT\"");
    }
    if (expires_s < 1 || expires_s > MAX_EXPIRES_S) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "expires_s is %lld, not 1..%d",
                       (long long)expires_s, MAX_EXPIRES_S);
    }
    hydra_status status = find_address(s3, bucket, key, region, &address, diag);
    if (status == HYDRA_OK) {
        status =
            presign(s3, method, &address, region, (int32_t)expires_s, fixed, cancel, &query, diag);
    }
    if (status == HYDRA_OK) {
        *url = join(&address, query);
        status = *url ? HYDRA_OK : hy_fail_memory(diag);
    }
    hy_s3_secret_free(query);
    hy_s3_address_free(&address);
    return status;
}
