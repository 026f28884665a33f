/* SPDX-License-Identifier: MIT */
/*
 * One call of the S3 API, with all that may be necessary to get an answer: signed anew for each
 * try, with other keys where those have expired, by the server's clock, for the bucket's region.
 * Each such correction is made once.
 */
#include "hash.h"
#include "s3_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#define UNSIGNED      "UNSIGNED-PAYLOAD"
#define DEFAULT_TRIES 3

/* A call under way. */
typedef struct exchange {
    hy_s3 *s3;
    const hy_s3_call *call;
    hy_http_reply *reply;
    char *name;        /* "s3://bucket/key: put" */
    char hash[65];     /* of the body, once it is known */
    hy_s3_keys keys;   /* of the last try */
    hy_s3_error error; /* of the last try */
    hy_s3_verdict verdict;
    bool verified_peer; /* who answered is who was asked, or http was asked for */
    bool keys_renewed;
    bool clock_fixed;
    bool region_fixed;
    bool checksum_added;
    bool resent;      /* after the server has seen other bytes than were sent */
    int32_t restarts; /* tries that the transport made by itself */
    char region[HY_S3_REGION_BYTES];
} exchange;

/* ---- Making the request ---- */

/* Of its body: what goes with a completion is the checksum of the object. */
static bool has_checksum(const hy_s3_call *call)
{
    return hy_http_headers_get(call->headers, "content-md5") ||
           (strcmp(call->method, "PUT") == 0 &&
            hy_http_headers_get(call->headers, "x-amz-checksum-crc64nvme"));
}

/* Where the options leave it to the server, and it insists. */
static hydra_status add_md5(exchange *x, hy_http_headers *headers, hy_diag *diag)
{
    const hy_s3_call *call = x->call;
    bool sends = call->body_size > 0 || strcmp(call->method, "PUT") == 0;
    if (!sends || !atomic_load(&x->s3->insists) || hy_http_headers_get(headers, "content-md5")) {
        return HYDRA_OK;
    }
    hy_s3_digest digest;
    hydra_status status =
        call->read_body
            ? hy_s3_digest_read(HY_S3_CHECK_MD5, call->read_body, call->user, call->body_size,
                                call->cancel, &digest, diag)
            : hy_s3_digest_of(HY_S3_CHECK_MD5, call->body, (size_t)call->body_size, &digest, diag);
    return status == HYDRA_OK ? hy_s3_digest_header(&digest, headers, diag) : status;
}

/* Under TLS a checksum protects the body well enough; else the signature has to. */
static hydra_status find_hash(exchange *x, bool tls, const char **hash, hy_diag *diag)
{
    const hy_s3_call *call = x->call;
    if (tls && has_checksum(call)) {
        *hash = UNSIGNED;
        return HYDRA_OK;
    }
    *hash = call->payload_hash ? call->payload_hash : x->hash;
    if (call->payload_hash || x->hash[0]) {
        return HYDRA_OK;
    }
    if (call->read_body) {
        const hy_pieces pieces = {call->read_body, call->user, call->body_size, call->cancel};
        return hy_sha256_hex_pieces(&pieces, x->hash, diag);
    }
    return hy_sha256_hex(call->body ? call->body : "", call->body ? (size_t)call->body_size : 0,
                         x->hash, diag);
}

/* The query as it goes on the wire for who does not sign. */
static hydra_status plain_query(const hy_s3_call *call, char **text, hy_diag *diag)
{
    hy_buffer out = {.limit = (size_t)16 << 10};
    bool fits = true;
    for (size_t i = 0; i < call->query_count && fits; i++) {
        const hy_s3_parameter *one = &call->query[i];
        const char *value = one->value ? one->value : "";
        fits = (i == 0 || hy_buffer_append(&out, "&", 1)) &&
               hy_url_encode(&out, one->name, strlen(one->name), false) &&
               hy_buffer_append(&out, "=", 1) && hy_url_encode(&out, value, strlen(value), false);
    }
    fits = fits && hy_buffer_append(&out, "", 1);
    if (!fits) {
        hy_buffer_free(&out);
        return hy_fail_memory(diag);
    }
    *text = (char *)out.data;
    return HYDRA_OK;
}

static hydra_status sign(exchange *x, const hy_s3_address *address, bool anonymous,
                         hy_http_headers *headers, char **query, hy_diag *diag)
{
    const hy_s3_call *call = x->call;
    if (anonymous) {
        return plain_query(call, query, diag);
    }
    const char *hash = NULL;
    hydra_status status = find_hash(x, hy_s3_is_tls(address), &hash, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    const hy_sigv4 what = {
        .method = call->method,
        .host = address->host,
        .path = address->path,
        .query = call->query,
        .query_count = call->query_count,
        .keys = &x->keys,
        .region = x->region,
        .service = "s3",
        .time_s = hy_s3_now(x->s3),
        .payload_hash = hash,
    };
    return hy_sigv4_sign(&what, headers, query, diag);
}

static char *join_url(const hy_s3_address *address, const char *query)
{
    hy_buffer url = {.limit = (size_t)32 << 10};
    bool asks = query && *query;
    if (!hy_buffer_print(&url, "%s%s%s%s", address->origin, address->path, asks ? "?" : "",
                         asks ? query : "") ||
        !hy_buffer_append(&url, "", 1)) {
        hy_buffer_free(&url);
        return NULL;
    }
    return (char *)url.data;
}

/* ---- Sending it ---- */

static hydra_status receive(void *user, const void *data, size_t size, hy_diag *diag)
{
    const exchange *x = user;
    return x->call->receive(x->call->receive_user, x->reply, data, size, diag);
}

static hydra_status read_body(void *user, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    const exchange *x = user;
    return x->call->read_body(x->call->user, offset, data, size, diag);
}

static hydra_status send_request(exchange *x, const char *url, const hy_http_headers *headers,
                                 hy_diag *diag)
{
    const hy_s3_call *call = x->call;
    const hy_http_request request = {
        .method = call->method,
        .url = url,
        .name = x->name,
        .headers = headers,
        .body = call->body,
        .body_size = call->body_size,
        .read_body = call->read_body ? read_body : NULL,
        .receive = call->receive ? receive : NULL,
        .user = x,
        .max_reply_bytes = call->max_reply_bytes,
        .policy = call->policy,
        .cancel = call->cancel,
        .sent = call->sent,
        .sent_user = call->sent_user,
        .expect_continue = call->body_size >= (int64_t)1 << 20,
        .may_idle = call->may_idle,
    };
    return hy_http_perform(x->s3->http, &request, x->reply, diag);
}

static hydra_status prepare(exchange *x, hy_http_headers *headers, hy_diag *diag)
{
    const hy_s3_call *call = x->call;
    hydra_status status = HYDRA_OK;
    if (call->headers) {
        status = hy_s3_headers_copy(headers, call->headers, diag);
    }
    if (status == HYDRA_OK && call->prepare) {
        status = call->prepare(call->receive_user, headers, diag);
    }
    return status == HYDRA_OK ? add_md5(x, headers, diag) : status;
}

/* One try: keys, address, signature, request. HYDRA_OK: there is a reply. */
static hydra_status try_once(exchange *x, hy_diag *diag)
{
    hy_http_headers headers = {0};
    hy_s3_address address = {0};
    char *query = NULL;
    char *url = NULL;
    bool anonymous = false;
    hy_s3_keys_free(&x->keys);
    x->keys = (hy_s3_keys){0};
    x->reply->outcome = HY_HTTP_FINAL; /* until something was sent */
    hydra_status status =
        hy_credentials_get(x->s3->credentials, x->call->cancel, &x->keys, &anonymous, diag);
    if (status == HYDRA_OK) {
        status = hy_s3_locate(x->s3, x->call->bucket, x->call->key, x->region, &address, diag);
    }
    if (status == HYDRA_OK) {
        x->verified_peer = !x->s3->insecure || !hy_s3_is_tls(&address);
        status = prepare(x, &headers, diag);
    }
    if (status == HYDRA_OK) {
        status = sign(x, &address, anonymous, &headers, &query, diag);
    }
    if (status == HYDRA_OK) {
        url = join_url(&address, query);
        status = url ? send_request(x, url, &headers, diag) : hy_fail_memory(diag);
    }
    hy_free(url);
    hy_free(query);
    hy_s3_address_free(&address);
    hy_http_headers_free(&headers);
    return status;
}

/* ---- Judging the reply ---- */

static void forget_fields(const hy_s3_call *call)
{
    for (size_t i = 0; i < call->field_count; i++) {
        hy_free(call->fields[i].value);
        call->fields[i].value = NULL;
    }
}

static bool has_body(const hy_http_reply *reply)
{
    for (size_t i = 0; i < reply->body.size; i++) {
        if (!strchr(" \t\r\n", reply->body.data[i])) {
            return true;
        }
    }
    return false;
}

/* What the caller's options brought, but for keys and what has no limits. */
static void list_sent(const hy_http_headers *headers, char *out, size_t size)
{
    static const char *const names[] = {
        "x-amz-acl",
        "x-amz-storage-class",
        "x-amz-expected-bucket-owner",
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "content-encoding",
        "range",
    };
    size_t used = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = hy_http_headers_get(headers, names[i]);
        if (value && used < size) {
            used += (size_t)snprintf(out + used, size - used, "%s%s: %s", used > 0 ? ", " : "",
                                     names[i], value);
        }
    }
}

static hydra_status reject(exchange *x, hy_diag *diag)
{
    const hy_http_headers *headers = x->call->headers;
    if (!x->error.argument[0]) {
        list_sent(headers, x->error.sent, sizeof x->error.sent);
    }
    if (headers && hy_http_headers_get(headers, "if-none-match")) {
        x->error.if_none_match = true;
    }
    x->verdict = hy_s3_classify(&x->error);
    return hy_s3_fail(&x->error, x->name, diag);
}

/* A 2xx reply to anything but a read may still hold an error. */
static hydra_status read_result(exchange *x, hy_diag *diag)
{
    const hy_s3_call *call = x->call;
    const hy_http_reply *reply = x->reply;
    bool is_read = strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0;
    if (!call->root && (is_read || !has_body(reply))) {
        return HYDRA_OK;
    }
    hy_s3_root found = HY_S3_ROOT_NONE;
    hydra_status status =
        hy_s3_xml_read(reply->body.data, reply->body.size, call->root ? call->root : "",
                       call->fields, call->field_count, &found, &x->error, diag);
    if (status != HYDRA_OK || found == HY_S3_ROOT_RESULT) {
        return status;
    }
    if (found == HY_S3_ROOT_ERROR) {
        x->error.http_status = reply->status;
        return reject(x, diag);
    }
    if (!call->root) {
        /* Some servers send a text along with what went well. */
        return HYDRA_OK;
    }
    x->error = (hy_s3_error){.http_status = reply->status, .server_time_s = -1};
    x->verdict = HY_S3_RETRY_TRANSIENT;
    return hy_fail(diag, HYDRA_ERR_SERVER,
                   "%s: the server answered %d with something that is no answer", x->name,
                   (int)reply->status);
}

static hydra_status judge(exchange *x, hy_diag *diag)
{
    const hy_http_reply *reply = x->reply;
    x->verdict = HY_S3_FINAL;
    if (reply->status >= 200 && reply->status < 300) {
        return read_result(x, diag);
    }
    hydra_status status = hy_s3_error_read(reply, &x->error, diag);
    return status == HYDRA_OK ? reject(x, diag) : status;
}

/* One try and what came of it, with x->verdict where it is not HYDRA_OK. */
static hydra_status attempt(exchange *x, hy_diag *diag)
{
    hy_http_reply_free(x->reply);
    *x->reply = (hy_http_reply){0};
    x->error = (hy_s3_error){.server_time_s = -1};
    forget_fields(x->call);
    hydra_status status = try_once(x, diag);
    x->restarts += x->reply->restarts;
    if (status == HYDRA_OK) {
        return judge(x, diag);
    }
    x->verdict = x->reply->outcome == HY_HTTP_TRANSIENT ? HY_S3_RETRY_TRANSIENT : HY_S3_FINAL;
    return status;
}

/* ---- Corrections ---- */

static bool renew_keys(exchange *x)
{
    if (x->keys_renewed || !x->keys.access_key) {
        return false;
    }
    x->keys_renewed = true;
    hy_credentials_reject(x->s3->credentials, &x->keys);
    return true;
}

/* Only from who is known to be the server: a wrong time would make signatures good later. */
static bool fix_clock(exchange *x)
{
    int64_t server_s = x->error.server_time_s;
    const char *date = hy_http_headers_get(&x->reply->headers, "date");
    if (server_s < 0 && date) {
        server_s = hy_http_date(date);
    }
    if (x->clock_fixed || !x->verified_peer || server_s < 0) {
        return false;
    }
    x->clock_fixed = true;
    hy_s3_set_now(x->s3, server_s);
    return true;
}

/* Ask for the bucket's region: a reply without a body does not always tell. */
static void ask_region(exchange *x)
{
    hy_http_reply reply = {0};
    const hy_s3_call call = {
        .what = "region",
        .method = "HEAD",
        .bucket = x->call->bucket,
        .cancel = x->call->cancel,
        .policy = x->call->policy,
    };
    exchange inner = {.s3 = x->s3, .call = &call, .reply = &reply, .name = x->name};
    memcpy(inner.region, x->region, sizeof inner.region);
    hy_diag ignored = {0};
    (void)try_once(&inner, &ignored);
    const char *region = hy_http_headers_get(&reply.headers, "x-amz-bucket-region");
    if (region) {
        (void)snprintf(x->error.region, sizeof x->error.region, "%s", region);
    }
    hy_s3_keys_free(&inner.keys);
    hy_http_reply_free(&reply);
}

static bool fix_region(exchange *x)
{
    if (x->region_fixed) {
        return false;
    }
    x->region_fixed = true;
    if (!x->error.region[0] && x->call->key) {
        ask_region(x);
    }
    if (strcmp(x->error.region, x->region) == 0 ||
        !hy_s3_learn_region(x->s3, x->call->bucket, x->error.region)) {
        return false;
    }
    memcpy(x->region, x->error.region, strlen(x->error.region) + 1);
    return true;
}

/* It is remembered: the next calls send one at once. */
static bool add_checksum(exchange *x)
{
    if (x->checksum_added || x->s3->checksum != HYDRA_CHECKSUM_REQUIRED) {
        return false;
    }
    x->checksum_added = true;
    atomic_store(&x->s3->insists, true);
    return true;
}

/* Ours are what they were; if not, the same answer comes. */
static bool may_resend(exchange *x)
{
    bool first = !x->resent;
    x->resent = true;
    return first;
}

/* Some answers to HEAD have neither body nor code. */
static bool is_bare_head(const exchange *x)
{
    return strcmp(x->call->method, "HEAD") == 0 && !x->error.code[0] &&
           (x->error.http_status == 301 || x->error.http_status == 400);
}

/* The tries begin anew after one that was worth it, and what it cost comes back. */
static void note_progress(const exchange *x, hy_retry *retry)
{
    if (x->call->progressed && x->call->progressed(x->call->receive_user)) {
        hy_retry_done(retry);
        retry->tries = 0;
    }
}

static bool try_again(exchange *x, hy_retry *retry)
{
    note_progress(x, retry);
    if (is_bare_head(x) && x->verdict == HY_S3_FINAL) {
        x->verdict = HY_S3_FIX_REGION;
    }
    if (hy_cancel_requested(x->call->cancel)) {
        return false;
    }
    switch (x->verdict) {
    case HY_S3_RENEW_KEYS:
        return renew_keys(x);
    case HY_S3_FIX_CLOCK:
        return fix_clock(x);
    case HY_S3_FIX_REGION:
        return fix_region(x);
    case HY_S3_RETRY_THROTTLE:
        if (x->call->throttled) {
            x->call->throttled(x->call->sent_user);
        }
        return hy_retry_wait(retry, HY_RETRY_THROTTLE, &x->reply->headers, x->call->cancel);
    case HY_S3_CONFLICT:
        if (x->call->conflict_is_final) {
            return false;
        }
        return hy_retry_wait(retry, HY_RETRY_TRANSIENT, &x->reply->headers, x->call->cancel);
    case HY_S3_RETRY_TRANSIENT:
        return hy_retry_wait(retry, x->reply->unresolved ? HY_RETRY_NAME : HY_RETRY_TRANSIENT,
                             &x->reply->headers, x->call->cancel);
    case HY_S3_ADD_CHECKSUM:
        return add_checksum(x);
    case HY_S3_SEND_ANEW:
        return may_resend(x);
    case HY_S3_FINAL:
        return false;
    }
    return false;
}

static char *make_name(const hy_s3_call *call)
{
    hy_buffer name = {.limit = 4096};
    if (!hy_buffer_print(&name, "s3://%s%s%s: %s", call->bucket, call->key ? "/" : "",
                         call->key ? call->key : "", call->what) ||
        !hy_buffer_append(&name, "", 1)) {
        hy_buffer_free(&name);
        return NULL;
    }
    return (char *)name.data;
}

static hydra_status run(exchange *x, int32_t *tries, hy_diag *diag)
{
    const hy_s3_call *call = x->call;
    int32_t most = call->max_tries > 0 ? call->max_tries : x->s3->max_tries;
    hy_retry retry = {
        .quota = &x->s3->quota,
        .max_tries = most > 0 ? most : DEFAULT_TRIES,
        .random = hy_retry_seed(),
    };
    hy_diag cause;
    hydra_status status;
    int32_t count = 0;
    do {
        cause = (hy_diag){0};
        status = attempt(x, &cause);
        count++;
    } while (status != HYDRA_OK && try_again(x, &retry));
    if (tries) {
        *tries = count + x->restarts;
    }
    if (status == HYDRA_OK) {
        hy_retry_done(&retry);
        return HYDRA_OK;
    }
    hydra_status stopped =
        x->verdict == HY_S3_FINAL ? HYDRA_OK : hy_cancel_check(call->cancel, diag);
    return stopped != HYDRA_OK ? stopped : hy_fail(diag, status, "%s", cause.text);
}

hydra_status hy_s3_perform(hy_s3 *s3, const hy_s3_call *call, hy_http_reply *reply,
                           hy_s3_error *error, int32_t *tries, hy_diag *diag)
{
    exchange x = {.s3 = s3, .call = call, .reply = reply};
    *reply = (hy_http_reply){0};
    if (error) {
        *error = (hy_s3_error){.server_time_s = -1};
    }
    if (tries) {
        *tries = 0;
    }
    hydra_status status = hy_s3_check_bucket(call->bucket, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    x.name = make_name(call);
    if (!x.name) {
        return hy_fail_memory(diag);
    }
    hy_s3_region_of(s3, call->bucket, x.region);
    status = run(&x, tries, diag);
    if (error) {
        *error = x.error;
    }
    hy_s3_keys_free(&x.keys);
    OPENSSL_cleanse(x.hash, sizeof x.hash);
    hy_free(x.name);
    return status;
}
