/* SPDX-License-Identifier: MIT */
/**
 * @file storage.h  Videos to S3 while they are made, and a small S3 client.
 *
 * An object is named `s3://BUCKET/KEY`; the key is taken as it is written, nothing is decoded.
 * Amazon S3 and what speaks its protocol. How requests are signed, retried and verified, and where
 * credentials come from, is told in docs/storage.md. No secret is in any error text or event.
 */
#ifndef HYDRA_STORAGE_H
#define HYDRA_STORAGE_H

#include <stddef.h>
#include <stdint.h>

#include "compose.h"
#include "context.h"
#include "export.h"
#include "render.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Where keys come from. */
enum {
    HYDRA_CREDENTIALS_CHAIN = 0,    /**< Environment, profile files, web identity, container,
                                         instance metadata: the first that is set up. */
    HYDRA_CREDENTIALS_STATIC = 1,   /**< access_key and secret_key of the options. */
    HYDRA_CREDENTIALS_ANONYMOUS = 2 /**< None: public buckets. */
};

/** How a bucket becomes part of an address. */
enum {
    HYDRA_ADDRESSING_AUTO = 0,    /**< AWS: virtual hosts where the name allows it; an endpoint of
                                       one's own: in the path. */
    HYDRA_ADDRESSING_VIRTUAL = 1, /**< https://BUCKET.HOST/KEY */
    HYDRA_ADDRESSING_PATH = 2     /**< https://HOST/BUCKET/KEY */
};

/** Checksums that are sent along with uploads. */
enum {
    HYDRA_CHECKSUM_AUTO = 0,     /**< CRC-64/NVME on AWS, Content-MD5 and ETag elsewhere. */
    HYDRA_CHECKSUM_REQUIRED = 1, /**< Only where the server insists: then Content-MD5. */
    HYDRA_CHECKSUM_OFF = 2       /**< None, whatever the server says. */
};

/** How to reach a store. Strings are UTF-8, NULL (default) = as the environment and the profile
 *  files say, else AWS. Copied; keys are wiped after use. */
typedef struct hydra_store_options {
    uint32_t struct_size;   /**< Set by hydra_store_options_init. */
    int32_t credentials;    /**< HYDRA_CREDENTIALS_*. Default chain; static when keys are given. */
    const char *access_key; /**< Together with secret_key. */
    const char *secret_key; /**< Together with access_key. */
    const char *session_token; /**< Of temporary keys. */
    const char *profile;       /**< Name of a profile. NULL = AWS_PROFILE, "default". */
    const char *region;        /**< "eu-central-1". NULL = AWS_REGION, AWS_DEFAULT_REGION, the
                                    profile's, "us-east-1". */
    const char *endpoint;      /**< "https://storage.example.com:9000/prefix". http only if
                                    written so. NULL = AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the
                                    profile's, AWS. */
    const char *ca_file;       /**< Certificates to trust, PEM. NULL = AWS_CA_BUNDLE,
                                    SSL_CERT_FILE, the system's. */
    const char *proxy;         /**< "http://proxy:3128". NULL = the environment's; "" = none. */
    int32_t addressing;        /**< HYDRA_ADDRESSING_*. Default auto. */
    int32_t checksum;          /**< HYDRA_CHECKSUM_*. Default auto, or required where
                                    AWS_REQUEST_CHECKSUM_CALCULATION or the profile says so. */
    int32_t max_tries;         /**< Per request, 1..20; 0 (default) = 3, parts of an upload 5. */
    int32_t dual_stack;        /**< 1 = AWS's addresses for IPv6 too. Default 0. */
    int32_t fips;              /**< 1 = AWS's FIPS addresses. Default 0. */
    int32_t insecure;          /**< 1 = certificates are not verified; a job says so in a warning.
                                    Default 0. */
} hydra_store_options;

/** Fill with the defaults. @param options Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_store_options_init(hydra_store_options *options);

/** A name and a value. */
typedef struct hydra_pair {
    const char *name;  /**< Not NULL. */
    const char *value; /**< Not NULL. */
} hydra_pair;

/** Encryption on the server. */
enum {
    HYDRA_SSE_NONE = 0,    /**< The bucket's default. */
    HYDRA_SSE_S3 = 1,      /**< AES256 with keys of S3. */
    HYDRA_SSE_KMS = 2,     /**< A key of KMS: sse_key_id, sse_context. */
    HYDRA_SSE_CUSTOMER = 3 /**< A key of the caller's: sse_customer_key. Over TLS only. */
};

/** How an object is written. Strings: printable ASCII; NULL (default) = not sent. Copied. */
typedef struct hydra_transfer_options {
    uint32_t struct_size;      /**< Set by hydra_transfer_options_init. */
    int32_t parallel;          /**< Parts in flight, 1..16. Default 4. */
    int64_t part_bytes;        /**< 5 MiB .. 5 GiB; 0 (default) = 8 MiB, more where 10,000 parts
                                    would not do. */
    int64_t threshold_bytes;   /**< From here on in parts. 5 MiB .. 5 GiB. Default 16 MiB. */
    const char *content_type;  /**< NULL = by the container: "video/mp4". */
    const char *cache_control; /**< "public, max-age=31536000, immutable". */
    const char *content_disposition; /**< "attachment". */
    const char *content_encoding;    /**< "gzip". */
    const char *acl;                 /**< "private", "public-read". */
    const char *storage_class;       /**< "STANDARD_IA". */
    const char *bucket_owner;        /**< Account id that the bucket must belong to. */
    const hydra_pair *metadata;      /**< x-amz-meta-NAME: VALUE; 2 KB in sum. */
    const hydra_pair *tags;          /**< At most 10, any UTF-8. */
    int32_t metadata_count;          /**< Number of metadata. */
    int32_t tag_count;               /**< Number of tags, at most 10. */
    int32_t sse;                     /**< HYDRA_SSE_*. Default none. */
    int32_t when_exists;     /**< HYDRA_EXISTS_*. Default replace. Fail = HEAD, If-None-Match. */
    const char *sse_key_id;  /**< Id or ARN of a KMS key. NULL = the account's default. */
    const char *sse_context; /**< KMS encryption context, JSON. */
    const uint8_t *sse_customer_key; /**< 32 bytes. Wiped after use. */
    int64_t presign_s;               /**< 1..604,800: the result has a GET URL that is good for so
                                          long; 0 (default) = none. */
    int64_t deadline_us; /**< Wall clock of the transfer, 1..; 0 (default) = none of its own. */
} hydra_transfer_options;

/** Fill with the defaults. @param options Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_transfer_options_init(hydra_transfer_options *options);

/** What is in a store now. Strings are borrowed from the handle that gave the result, until its
 *  next call or end; "" = the server does not say. A call that fails leaves nothing in it: numbers
 *  are 0, or -1 where that means "not said", strings "". */
typedef struct hydra_object {
    uint32_t struct_size;      /**< Set by the caller to sizeof(hydra_object). */
    int32_t parts;             /**< Parts it was sent in; 0 = one request. */
    int32_t retries;           /**< Requests that were made again. */
    int32_t verified;          /**< 1 = the server's checksum or ETag was compared with the bytes;
                                    0 = the server gave nothing that can be compared. */
    int64_t bytes;             /**< Size. */
    int64_t last_modified_s;   /**< Seconds since 1970; -1 = not said. */
    int64_t url_ready_us;      /**< From the last encoded frame to the complete object; -1 = it was
                                    not rendered into the store. */
    const char *bucket;        /**< "my-bucket" */
    const char *key;           /**< "renders/1/output.mp4" */
    const char *url;           /**< Its https URL, or that of the endpoint, without a signature. */
    const char *presigned_url; /**< A GET URL, if asked for. A secret: whoever has it can read. */
    const char *etag;          /**< With its quotes. */
    const char *version_id;    /**< In a bucket with versions. */
    const char *checksum;      /**< "crc64nvme:BASE64" */
    const char *content_type;  /**< Of hydra_store_head. */
} hydra_object;

/**
 * Put the video of `c` into a store.
 *
 * After a render to a file or to memory it sends exactly those bytes; a file that has changed
 * meanwhile is refused (HYDRA_ERR_VERIFY). With nothing rendered since the last change it renders
 * straight into the store: parts leave while frames are encoded, the head of the file goes last,
 * and the object appears, complete and verified, when the last part is there. Memory: parts in
 * flight and the head.
 *
 * @param c            Compose handle, not NULL.
 * @param destination  `s3://BUCKET/KEY`.
 * @param options      NULL = those of hydra_compose_set_transfer. Copied.
 * @return HYDRA_OK; hydra_compose_object tells what is there now
 *         HYDRA_ERR_ARGUMENT    the destination or an option is wrong; the error text names it
 *         HYDRA_ERR_AUTH        no credentials, or the server does not accept them
 *         HYDRA_ERR_PERMISSION  the server or the policy forbids it
 *         HYDRA_ERR_NOT_FOUND   there is no such bucket
 *         HYDRA_ERR_EXISTS      options->when_exists is HYDRA_EXISTS_FAIL and the object is there
 *         HYDRA_ERR_NETWORK, HYDRA_ERR_TIMEOUT, HYDRA_ERR_SERVER  after all retries
 *         HYDRA_ERR_VERIFY      the server has other bytes than were sent
 *         and as hydra_compose_render
 * On failure nothing is left behind: no object, no parts. If the server could not be told, the
 * error text has the upload's id. Thread: owner of `c`; blocks; hydra_compose_cancel ends it from
 * any thread. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_upload(hydra_compose *c, const char *destination,
                                            const hydra_transfer_options *options);

/**
 * What the last upload of `c` put into a store.
 *
 * @param c       Compose handle, not NULL.
 * @param object  Filled; struct_size must be set.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE (nothing uploaded). Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_object(const hydra_compose *c, hydra_object *object);

/**
 * How far the running upload is, or the last one was: of hydra_compose_upload, and of
 * hydra_compose_render to an object or a URL.
 *
 * @param c      May be NULL.
 * @param done   Receives bytes that have left; if not NULL.
 * @param total  Receives bytes in all; if not NULL. -1 = nothing is sent, or the size of the video
 *               is not known yet: until its last frame is encoded.
 * Thread: any, but not together with hydra_compose_free. Since 0.1.
 */
HYDRA_API void hydra_compose_upload_progress(const hydra_compose *c, int64_t *done, int64_t *total);

/**
 * What a job with an `s3://` destination put into a store.
 *
 * @param render  The job, not NULL, ended well.
 * @param object  Filled; struct_size must be set.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE. Since 0.1.
 */
HYDRA_API hydra_status hydra_render_object(const hydra_render *render, hydra_object *object);

/**
 * How renders of `c` with an `s3://` destination and uploads that are given no options write their
 * object. Does not change the video.
 *
 * @param c        Compose handle, not NULL.
 * @param options  NULL for defaults. Copied.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE, HYDRA_ERR_MEMORY. Since 0.1.
 */
HYDRA_API hydra_status hydra_compose_set_transfer(hydra_compose *c,
                                                  const hydra_transfer_options *options);

/** A store. Opaque. Thread: one at a time, but for hydra_store_cancel and _progress. */
typedef struct hydra_store hydra_store;

/**
 * Open a store. Nothing is sent yet. What is wrong in the environment or in a profile file, such as
 * a profile that does not exist, the first call tells, and each one after it.
 *
 * @param context  Shares its connections, credentials and policy; NULL = a private one.
 * @param options  NULL = the context's (hydra_context_options.store).
 * @param out      Receives the store; the caller owns it. Set to NULL on failure.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_MEMORY, HYDRA_ERR_IO. Thread: any. Since 0.1.
 */
HYDRA_API hydra_status hydra_store_new(hydra_context *context, const hydra_store_options *options,
                                       hydra_store **out);

/** Close a store. @param store NULL does nothing. Since 0.1. */
HYDRA_API void hydra_store_free(hydra_store *store);

/**
 * What was wrong with the last call that failed.
 *
 * @param store  NULL gives "".
 * @return Text, "" if nothing failed. Borrowed until the store's next call or end. Never NULL.
 * Since 0.1.
 */
HYDRA_API const char *hydra_store_error(const hydra_store *store);

/**
 * What the user should know of the last call, even if it went well: the credentials could not be
 * renewed, and the old ones go on until they expire. Said once, until renewing works again. A job
 * says it as HYDRA_EVENT_WARNING.
 *
 * @param store  NULL gives "".
 * @return Text, "" = nothing. Borrowed until the store's next call or end. Never NULL. Since 0.1.
 */
HYDRA_API const char *hydra_store_warning(const hydra_store *store);

/**
 * Write bytes as an object.
 *
 * @param store       Not NULL.
 * @param uri         `s3://BUCKET/KEY`.
 * @param data, size  The bytes, borrowed for the call; 0 bytes make an empty object.
 * @param options     NULL for defaults.
 * @param object      Filled if not NULL; struct_size must be set.
 * @return As hydra_compose_upload. Since 0.1.
 */
HYDRA_API hydra_status hydra_store_put(hydra_store *store, const char *uri, const void *data,
                                       size_t size, const hydra_transfer_options *options,
                                       hydra_object *object);

/**
 * Write the bytes of a file as an object.
 *
 * @param store    Not NULL.
 * @param uri      `s3://BUCKET/KEY`.
 * @param path     A regular file within the policy's folders, UTF-8.
 * @param options  NULL for defaults.
 * @param object   Filled if not NULL; struct_size must be set.
 * @return As hydra_compose_upload; HYDRA_ERR_IO for a file that changes meanwhile. Since 0.1.
 */
HYDRA_API hydra_status hydra_store_put_file(hydra_store *store, const char *uri, const char *path,
                                            const hydra_transfer_options *options,
                                            hydra_object *object);

/**
 * Read an object, or a range of it, into memory.
 *
 * @param store   Not NULL.
 * @param uri     `s3://BUCKET/KEY`.
 * @param offset  First byte, 0..
 * @param length  Bytes; HYDRA_AUTO = to the end. At most policy.max_fetch_bytes come
 *                (HYDRA_ERR_LIMIT).
 * @param data, size  Receive the bytes, borrowed until the store's next call or end.
 * @param object  Filled if not NULL.
 * @return HYDRA_OK, HYDRA_ERR_NOT_FOUND (no such key), and as hydra_compose_upload. Since 0.1.
 */
HYDRA_API hydra_status hydra_store_get(hydra_store *store, const char *uri, int64_t offset,
                                       int64_t length, const void **data, size_t *size,
                                       hydra_object *object);

/**
 * Read an object into a file. It grows under a temporary name; a broken connection goes on from
 * where it broke; a file of that name is replaced when all bytes are there and right.
 *
 * @param store   Not NULL.
 * @param uri     `s3://BUCKET/KEY`.
 * @param path    The file, within the policy's folders, UTF-8. Its folder must exist.
 * @param object  Filled if not NULL; struct_size must be set.
 * @return As hydra_store_get; HYDRA_ERR_SPACE. Since 0.1.
 */
HYDRA_API hydra_status hydra_store_get_file(hydra_store *store, const char *uri, const char *path,
                                            hydra_object *object);

/**
 * Look at an object without reading it.
 *
 * @param store   Not NULL.
 * @param uri     `s3://BUCKET/KEY`.
 * @param object  Filled; struct_size must be set.
 * @return As hydra_store_get. Since 0.1.
 */
HYDRA_API hydra_status hydra_store_head(hydra_store *store, const char *uri, hydra_object *object);

/**
 * Delete an object; one that is not there is no error.
 *
 * @param store  Not NULL.
 * @param uri    `s3://BUCKET/KEY`.
 * @return As hydra_store_get. Since 0.1.
 */
HYDRA_API hydra_status hydra_store_delete(hydra_store *store, const char *uri);

/**
 * Make a URL that works without credentials for a while. Nothing is sent.
 *
 * @param store      Not NULL.
 * @param method     "GET" or "PUT".
 * @param uri        `s3://BUCKET/KEY`.
 * @param expires_s  1..604,800 seconds; temporary keys may end it sooner.
 * @param url        Receives the URL, borrowed until the store's next call or end. A secret.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT, HYDRA_ERR_AUTH, HYDRA_ERR_MEMORY. Since 0.1.
 */
HYDRA_API hydra_status hydra_store_presign(hydra_store *store, const char *method, const char *uri,
                                           int64_t expires_s, const char **url);

/** Ask the running call, or the next one, to stop with HYDRA_ERR_CANCELLED. Returns at once.
 *  @param store NULL does nothing. Thread: any. Since 0.1. */
HYDRA_API void hydra_store_cancel(hydra_store *store);

/**
 * How far the running transfer is.
 *
 * @param store  May be NULL.
 * @param done   Receives bytes that are through; not NULL.
 * @param total  Receives bytes in all; not NULL. -1 = not known: of a download until the server has
 *               said it. An upload knows it from its begin.
 * Thread: any. Since 0.1.
 */
HYDRA_API void hydra_store_progress(const hydra_store *store, int64_t *done, int64_t *total);

#ifdef __cplusplus
}
#endif
#endif
