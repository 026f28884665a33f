/* SPDX-License-Identifier: MIT */
/*
 * s3: signing, credentials, addresses, replies, and the calls of the S3 API that the library makes.
 * Stands on net/. Nothing in here knows what the bytes are.
 */
#ifndef HY_S3_H
#define HY_S3_H

#include <hydra/storage.h>

#include "core/core.h"
#include "net/net.h"

/* ---- Keys and signatures (keys.c, sign.c, presign.c, canon.c, hash.c, crc64.c) ---- */

/* One set of credentials. Wiped by hy_s3_keys_free. */
typedef struct hy_s3_keys {
    char *access_key;
    char *secret_key;
    char *session_token; /* NULL = none */
    int64_t expires_s;   /* seconds since 1970; 0 = never */
} hy_s3_keys;
hydra_status hy_s3_keys_copy(hy_s3_keys *out, const hy_s3_keys *keys, hy_diag *diag);
void hy_s3_keys_free(hy_s3_keys *keys);

/* One name and value of a query, not encoded. A value of NULL stands for a bare name. */
typedef struct hy_s3_parameter {
    const char *name;
    const char *value;
} hy_s3_parameter;

/* What is signed. AWS Signature Version 4 (AWS General Reference; S3 API Reference,
 * "Authenticating Requests"). All borrowed. */
typedef struct hy_sigv4 {
    const char *method;
    const char *host; /* with a port unless it is the scheme's */
    const char *path; /* as it goes on the wire, percent-encoded once */
    const hy_s3_parameter *query;
    size_t query_count;
    const hy_s3_keys *keys;
    const char *region;
    const char *service;      /* "s3", "sts" */
    int64_t time_s;           /* seconds since 1970 */
    const char *payload_hash; /* hex, or "UNSIGNED-PAYLOAD" */
} hy_sigv4;

/*
 * Sign a request: adds (not host, which curl sends) x-amz-date, x-amz-content-sha256 (s3
 * only), x-amz-security-token and authorization to `headers`; what stands in `headers` before is
 * signed, but for what proxies and the transport change. `query_text` (may be NULL) receives the
 * canonical query string that must go on the wire; free with hy_free. HYDRA_ERR_ARGUMENT: a part
 * with characters that it must not have, a query name that stands there twice, a header that is
 * added here; HYDRA_ERR_AUTH: no keys. After a failure `headers` is good for nothing but freeing.
 */
hydra_status hy_sigv4_sign(const hy_sigv4 *what, hy_http_headers *headers, char **query_text,
                           hy_diag *diag);
/* A query with X-Amz-Signature, for `expires_s` 1..604800 seconds; `headers` (may be NULL) are
 * those that the caller fixes; payload_hash should be "UNSIGNED-PAYLOAD". Free `*query_text` with
 * hy_free; it is a secret. */
hydra_status hy_sigv4_presign(const hy_sigv4 *what, const hy_http_headers *headers,
                              int32_t expires_s, char **query_text, hy_diag *diag);
/* Intermediate texts of a request as it stands, to which nothing is added: for tests. Free each
 * with hy_free. */
hydra_status hy_sigv4_texts(const hy_sigv4 *what, const hy_http_headers *headers,
                            char **canonical_request, char **string_to_sign, hy_diag *diag);

/* SHA-256 as 64 hex digits and NUL; MD5 as base64 and NUL (25 bytes) and as bytes. */
hydra_status hy_sha256_hex(const void *data, size_t size, char hex[65], hy_diag *diag);
hydra_status hy_md5(const void *data, size_t size, uint8_t digest[16], hy_diag *diag);
char *hy_base64(const void *data, size_t size); /* RFC 4648; free with hy_free */

/* CRC-64/NVME (reflected, polynomial 0xad93d23594c93659), as x-amz-checksum-crc64nvme; and that of
 * two pieces one after the other. Start with 0. */
uint64_t hy_crc64nvme(uint64_t crc, const void *data, size_t size);
uint64_t hy_crc64nvme_combine(uint64_t first, uint64_t second, int64_t second_size);

/* ---- Where a bucket is (endpoint.c, location.c, region.c) ---- */

typedef struct hy_s3_endpoint {
    char *base; /* explicit endpoint URL, without a trailing '/'; NULL = AWS of the region */
    char *region;
    int32_t addressing; /* HYDRA_ADDRESSING_* */
    bool dual_stack;
    bool fips;
} hy_s3_endpoint;

/* What to send a request to. */
typedef struct hy_s3_address {
    char *origin; /* "https://bucket.s3.eu-central-1.amazonaws.com" */
    char *host;   /* for the signature, with a port where one is written */
    char *path;   /* encoded: "/key" or "/bucket/key", below the endpoint's own path */
} hy_s3_address;

/* `key` NULL or "" = the bucket itself. Refuses names that S3 does not allow. */
hydra_status hy_s3_address_find(const hy_s3_endpoint *endpoint, const char *bucket, const char *key,
                                hy_s3_address *out, hy_diag *diag);
void hy_s3_address_free(hy_s3_address *address);
/* What the host header of a request for this URL says, which is signed: with the port unless it is
 * the scheme's, written or not. Free with hy_free; NULL: no memory. */
char *hy_s3_url_host(const hy_url *url);
hydra_status hy_s3_check_bucket(const char *bucket, hy_diag *diag);
hydra_status hy_s3_check_key(const char *key, hy_diag *diag); /* 1..1024 bytes of UTF-8 */

/* "s3://bucket/key" or "https://BUCKET.s3.REGION.amazonaws.com/KEY" (and its path-style form; the
 * key is decoded). `region` (may be NULL) = NULL when the text says none. Free all with hy_free. */
hydra_status hy_s3_location_parse(const char *text, char **bucket, char **key, char **region,
                                  hy_diag *diag);

/* ---- Replies (xml.c, error.c) ---- */

/* What S3 says is wrong. Strings are "" where it says nothing. */
typedef struct hy_s3_error {
    int32_t http_status;
    char code[64];
    char message[256];
    char request_id[64];
    char host_id[128];
    char region[64];       /* where the bucket is */
    int64_t server_time_s; /* -1 = not said */
    bool if_none_match;    /* the call had If-None-Match: set by who made it, after the error was
                              read, or because the server says so */
    char argument[64];     /* the name of the value that was wrong */
    char value[64];        /* which may be a secret */
    char sent[128];        /* what of the options was sent, where the server names nothing: set by
                              who made the call */
} hy_s3_error;

typedef enum hy_s3_root {
    HY_S3_ROOT_NONE,  /* empty, cut, not XML, or something unknown: the outcome is unknown */
    HY_S3_ROOT_ERROR, /* <Error> */
    HY_S3_ROOT_RESULT /* the element that was asked for */
} hy_s3_root;

/* Text of the first such element: "UploadId" right below the root, "Result/Id" further down. */
typedef struct hy_s3_field {
    const char *name;
    char *value; /* NULL = not there; free with hy_free */
} hy_s3_field;

/* Read a reply whose root should be `root` (NULL = only an error is looked for) and take `fields`
 * out of it. White space in front of the XML is skipped. `error` (may be NULL) is cleared but for
 * http_status; an <Error>, at most 64 KiB, fills it. Never fails but for memory: a DOCTYPE, more
 * than 16 levels or 8 MiB, and whatever is not well-formed are HY_S3_ROOT_NONE. */
hydra_status hy_s3_xml_read(const void *data, size_t size, const char *root, hy_s3_field *fields,
                            size_t field_count, hy_s3_root *found, hy_s3_error *error,
                            hy_diag *diag);

/* What is to be done about a reply that is not a success. */
typedef enum hy_s3_verdict {
    HY_S3_FINAL,
    HY_S3_RETRY_TRANSIENT,
    HY_S3_RETRY_THROTTLE,
    HY_S3_RENEW_KEYS,  /* expired: new credentials, once */
    HY_S3_FIX_CLOCK,   /* skewed: once, by error.server_time_s */
    HY_S3_FIX_REGION,  /* another region: once, by error.region; "" = ask HeadBucket */
    HY_S3_CONFLICT,    /* 409 ConditionalRequestConflict */
    HY_S3_SEND_ANEW,   /* damaged on its way: once, if the source still has the digest that was sent
                        */
    HY_S3_ADD_CHECKSUM /* it insists on a checksum: once, with Content-MD5 */
} hy_s3_verdict;

/* Fill `error` from a reply: its body, else its headers. Tokens that a server quotes in its message
 * are left out. */
hydra_status hy_s3_error_read(const hy_http_reply *reply, hy_s3_error *error, hy_diag *diag);
hy_s3_verdict hy_s3_classify(const hy_s3_error *error);
/* "s3://bucket/key: put: AccessDenied: ... (request id ..., host id ...); what to do". The status
 * is NOT_FOUND, PERMISSION, AUTH, EXISTS (412 with if_none_match), VERIFY, ARGUMENT, IO (412:
 * another object is there now) or SERVER. */
hydra_status hy_s3_fail(const hy_s3_error *error, const char *what, hy_diag *diag);

/* ---- Credentials (credentials*.c, profile.c) ---- */

/* Where keys come from: the chain of reference C1, cached and renewed. Any thread. */
typedef struct hy_credentials hy_credentials;

typedef struct hy_credentials_options {
    int32_t source;         /* HYDRA_CREDENTIALS_* */
    const hy_s3_keys *keys; /* explicit ones, or NULL */
    const char *profile;    /* goes before the environment's keys; NULL =
                               AWS_PROFILE, "default" */
    hy_http *http;          /* borrowed; must outlive the credentials */
    const char
        *imds_endpoint;       /* NULL = AWS_EC2_METADATA_SERVICE_ENDPOINT, http://169.254.169.254 */
    const char *sts_endpoint; /* NULL = AWS_ENDPOINT_URL_STS, https://sts.REGION.DOMAIN */
    int64_t (*now)(void *user); /* seconds since 1970, for tests; NULL = time() */
    void *now_user;
} hy_credentials_options;

hydra_status hy_credentials_new(const hy_credentials_options *options, hy_credentials **out,
                                hy_diag *diag);
void hy_credentials_free(hy_credentials *credentials);
/* Keys for now: renewed 5 minutes before they expire, by one thread; the others take the old ones
 * meanwhile. `anonymous` = no keys, and none are to be used. Free with hy_s3_keys_free. */
hydra_status hy_credentials_get(hy_credentials *credentials, const hy_cancel *cancel,
                                hy_s3_keys *out, bool *anonymous, hy_diag *diag);
/* Renewing fails, and the old keys go on: what to tell of the outage that lasts, once to each who
 * asks. `*seen` = 0 to begin with. False: nothing new, `text` is unchanged. */
bool hy_credentials_warning(hy_credentials *credentials, uint64_t *seen, char text[HY_DIAG_BYTES]);
/* The server says that `stale` has expired: the next get brings others, if there are any. */
void hy_credentials_reject(hy_credentials *credentials, const hy_s3_keys *stale);

/* What the profile files say, not the environment: "region", "endpoint_url", "ca_bundle";
 * "services/s3 endpoint_url" for a block of the services section that the profile names;
 * "s3 addressing_style" for a block of the profile's own. `profile` NULL = AWS_PROFILE, "default".
 * Free with hy_free; NULL = not set. HYDRA_ERR_AUTH: a profile that is named is not there. */
hydra_status hy_profile_setting(const char *profile, const char *name, char **value, hy_diag *diag);

/* ---- Options (options.c) ---- */

/* The defaults of storage.h. */
void hy_s3_store_defaults(hydra_store_options *options);
void hy_s3_transfer_defaults(hydra_transfer_options *options);
/* HYDRA_ERR_ARGUMENT: a field is out of range or contradicts another; the text names it. NULL is
 * right. */
hydra_status hy_s3_store_check(const hydra_store_options *options, hy_diag *diag);
hydra_status hy_s3_transfer_check(const hydra_transfer_options *options, hy_diag *diag);

/* ---- The client (client.c, perform.c, calls.c) ---- */

typedef struct hy_s3 hy_s3;

/* `options` are checked; NULL = defaults. `http` is borrowed. Any number of threads may use the
 * client. */
hydra_status hy_s3_new(const hydra_store_options *options, hy_http *http, hy_s3 **out,
                       hy_diag *diag);
void hy_s3_free(hy_s3 *s3);
/* As hy_credentials_warning. */
bool hy_s3_warning(hy_s3 *s3, uint64_t *seen, char text[HY_DIAG_BYTES]);
/* An endpoint of one's own, not AWS. */
bool hy_s3_is_custom(const hy_s3 *s3);

/* One call. */
typedef struct hy_s3_call {
    const char *what; /* "put", "complete", for error texts */
    const char *method;
    const char *bucket;
    const char *key; /* NULL = the bucket */
    const hy_s3_parameter *query;
    size_t query_count;
    const hy_http_headers *headers; /* beyond those of the signature; may be NULL */
    const void *body;
    int64_t body_size;
    hydra_status (*read_body)(void *user, int64_t offset, void *data, size_t size, hy_diag *diag);
    void *user;
    const char *payload_hash; /* of read_body; NULL = it is computed where it is needed */
    const char *root;         /* root element of a reply with XML; NULL = none */
    hy_s3_field *fields;
    size_t field_count;
    const hy_cancel *cancel;
    const hydra_policy *policy; /* of a job whose project names the bucket; NULL = none */
    int32_t max_tries;          /* 0 = the client's, else 3 */
    bool may_idle;
    void (*sent)(void *sent_user, int64_t bytes);
    void *sent_user;
    int64_t max_reply_bytes; /* as in hy_http_request */
    /* Where the body of a 2xx reply goes, which `reply` shows the status and headers of; NULL =
     * into reply->body. After a broken transfer it begins anew with the next reply. */
    hydra_status (*receive)(void *receive_user, const hy_http_reply *reply, const void *data,
                            size_t size, hy_diag *diag);
    /* Before each try: add to the headers. May be NULL. */
    hydra_status (*prepare)(void *receive_user, hy_http_headers *headers, hy_diag *diag);
    /* After a try that failed: it brought enough, and does not count. May be NULL. */
    bool (*progressed)(void *receive_user);
    void *receive_user;
    void (*throttled)(void *sent_user); /* the server asks for less; may be NULL */
    bool conflict_is_final;             /* 409 ConditionalRequestConflict: not tried again */
} hy_s3_call;

/* Sign, send, judge, try again: until success or a final answer. `reply` holds the last one; free
 * with hy_http_reply_free. `error` (may be NULL) = what S3 said; http_status 0 = it said nothing.
 * `tries` (may be NULL) counts, also those of the transport. The caller frees the values of
 * `fields`, whatever comes. */
hydra_status hy_s3_perform(hy_s3 *s3, const hy_s3_call *call, hy_http_reply *reply,
                           hy_s3_error *error, int32_t *tries, hy_diag *diag);

/* What is known of an object. Freed with hy_s3_object_free. */
typedef struct hy_s3_object {
    int64_t bytes;           /* of the whole object; -1 = not said */
    int64_t last_modified_s; /* seconds since 1970; -1 = not said */
    char *etag;              /* with its quotes. These are NULL where the server says nothing */
    char *version_id;
    char *checksum; /* "crc64nvme:BASE64" */
    char *content_type;
    bool verified; /* hy_s3_get: a checksum or an ETag was held against all bytes and is right */
} hy_s3_object;
void hy_s3_object_free(hy_s3_object *object);

/* A read. */
typedef struct hy_s3_get_call {
    const char *bucket;
    const char *key;
    int64_t offset;             /* first byte */
    int64_t length;             /* bytes; HYDRA_AUTO = to the end */
    int64_t max_bytes;          /* HYDRA_ERR_LIMIT beyond; 0 = no limit */
    const hy_cancel *cancel;    /* may be NULL */
    const hydra_policy *policy; /* may be NULL */
    /* So many bytes will come, once a reply says it. May be NULL. */
    hydra_status (*begin)(void *user, int64_t bytes, hy_diag *diag);
    /* Takes the bytes, `at` counted from `offset` on, one behind the other. `at` = 0 again, first
     * without any: what came before is void. NULL = into memory. */
    hydra_status (*receive)(void *user, int64_t at, const void *data, size_t size, hy_diag *diag);
    void (*received)(void *user, int64_t bytes,
                     int64_t total); /* may be NULL; total -1 = unknown */
    void *user;
} hy_s3_get_call;

/*
 * Read an object or a range of it. A broken transfer goes on where it broke, as often as it brings
 * more, held to the ETag of its beginning; an object that was replaced meanwhile is read anew,
 * once. The byte count must be what was announced. `out` (without `receive`) is freed with
 * hy_buffer_free, its limit need not be set; `object` may be NULL, else it is freed by the caller
 * after success. HYDRA_ERR_VERIFY: the whole object came, and not with the checksum or ETag that
 * the server gives; with `receive` the bytes have been given by then.
 */
hydra_status hy_s3_get(hy_s3 *s3, const hy_s3_get_call *get, hy_buffer *out, hy_s3_object *object,
                       hy_diag *diag);
/* Look at an object. HYDRA_ERR_NOT_FOUND. */
hydra_status hy_s3_head(hy_s3 *s3, const char *bucket, const char *key, const hy_cancel *cancel,
                        const hydra_policy *policy, hy_s3_object *object, hy_diag *diag);
/* One that is not there is no error. */
hydra_status hy_s3_delete(hy_s3 *s3, const char *bucket, const char *key, const hy_cancel *cancel,
                          const hydra_policy *policy, hy_diag *diag);

/* "https://bucket.s3.eu-central-1.amazonaws.com/key", without a signature; free with hy_free. NULL:
 * no memory, or names that S3 does not allow. */
char *hy_s3_object_url(hy_s3 *s3, const char *bucket, const char *key);
/* A URL that works without keys for 1..604,800 seconds, "GET" or "PUT"; `fixed` (may be NULL) are
 * headers that its user must send. A secret: wiped and freed with hy_s3_secret_free. Nothing is
 * sent but what fetching credentials takes, which `cancel` (may be NULL) ends. */
hydra_status hy_s3_presigned_url(hy_s3 *s3, const char *method, const char *bucket, const char *key,
                                 int64_t expires_s, const hy_http_headers *fixed,
                                 const hy_cancel *cancel, char **url, hy_diag *diag);
/* NULL does nothing. */
void hy_s3_secret_free(char *secret);

/* ---- Uploads (upload.c, parts.c, sink.c, upload_source.c) ---- */

typedef struct hy_s3_upload_result {
    char *etag;
    char *version_id; /* NULL = none */
    char *checksum;   /* "crc64nvme:..." or NULL */
    int64_t bytes;
    int32_t parts; /* 0 = one PUT */
    int32_t retries;
    bool verified; /* the server's ETag or checksum was compared and is right */
} hy_s3_upload_result;
void hy_s3_upload_result_free(hy_s3_upload_result *result);

/*
 * A sink that is an object. The head, the first head_bytes rounded up to parts, is kept in memory
 * until commit; what follows is sent in parts of one size by threads of its own while the caller
 * goes on, at most `parallel` in flight; write waits while all are busy. What stays below the
 * threshold is one PUT; memory comes first: a threshold of more than the head and `parallel` parts
 * counts as that. commit sends the rest, then the head, then Complete, and looks whether the server
 * has what was sent. abort ends what is under way and aborts the upload, within 5 s, whatever the
 * job's own deadline says; a Create that is under way gets 0.8 s. restart is an abort, and an
 * upload that has yet to begin. `s3`, `policy` and `cancel` are borrowed, all else is copied.
 * Between write and commit bytes can be written again only in the head. Where an object that is
 * there must stay, hy_s3_sink_new looks first: HYDRA_ERR_EXISTS; who may write and not read is told
 * by commit. Once commit has asked for the object to be made, a cancel comes too late unless the
 * server takes more than 3 s.
 *
 * A reply to the first call of an upload in parts that never arrives may leave an upload without
 * parts in the bucket, of which nobody knows: a lifecycle rule for incomplete uploads removes it.
 */
typedef struct hy_s3_sink_options {
    const char *bucket;
    const char *key;
    const hydra_transfer_options *transfer; /* checked; NULL = defaults */
    int64_t head_bytes;                     /* what will be rewritten at the end: the head region;
                                               the sink's `reserve` sets it later */
    int64_t expected_bytes;                 /* about so many in all; 0 = unknown */
    const char *content_type;               /* where transfer says none; NULL = none */
    const hydra_policy *policy;
    const hy_cancel *cancel;
    /* One call at a time, from any thread; must not call the sink. Bytes never decrease: those that
     * had left before a restart count in both. `total` -1 = not known until commit; hy_s3_upload
     * knows it. */
    void (*sent)(void *user, int64_t bytes, int64_t total);
    void *user;
} hy_s3_sink_options;
hydra_status hy_s3_sink_new(hy_s3 *s3, const hy_s3_sink_options *options, hy_sink **out,
                            hy_diag *diag);
/* Most bytes that its buffers take. */
int64_t hy_s3_sink_memory(const hy_s3_sink_options *options);
/* After commit: moves the result out. */
void hy_s3_sink_result(hy_sink *sink, hy_s3_upload_result *result);
/* After abort, restart, and a commit that failed (whose text has it): what stays in the bucket
 * because the server could not be told, "its parts ...: upload ID ..."; else NULL. Borrowed from
 * the sink.
 */
const char *hy_s3_sink_leftover(const hy_sink *sink);

/* Bytes that are all there: one PUT or parts in parallel. `read` is called from any thread, several
 * at a time and for the same bytes again, and must give the same each time: what differs from its
 * checksum is refused by the server. Nothing is kept in memory, and nothing stays on failure.
 * head_bytes and expected_bytes do not count. HYDRA_ERR_LIMIT: more than the largest parts hold,
 * which is told before anything is sent. */
hydra_status hy_s3_upload(hy_s3 *s3, const hy_s3_sink_options *options,
                          hydra_status (*read)(void *user, int64_t offset, void *data, size_t size,
                                               hy_diag *diag),
                          void *read_user, int64_t size, hy_s3_upload_result *result,
                          hy_diag *diag);

#endif
