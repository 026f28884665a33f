/* SPDX-License-Identifier: MIT */
/* Private to s3/: the client's state, and what its files share. */
#ifndef HY_S3_PRIVATE_H
#define HY_S3_PRIVATE_H

#include <pthread.h>

#include "s3.h"

/* Names of regions become part of host names. */
#define HY_S3_REGION_BYTES 64

/* Where a bucket was found to be. */
typedef struct hy_s3_place {
    char bucket[64];
    char region[HY_S3_REGION_BYTES];
} hy_s3_place;

struct hy_s3 {
    hy_http *http; /* borrowed */
    hy_credentials *credentials;
    hy_s3_endpoint endpoint;
    int32_t checksum;  /* HYDRA_CHECKSUM_* */
    int32_t max_tries; /* 0 = by the kind of call */
    bool insecure;
    atomic_bool insists; /* the server wants Content-MD5, and the options allow it */
    hy_retry_quota quota;
    pthread_mutex_t lock;
    struct {
        hy_s3_place *places;
        size_t place_count;
        int64_t clock_offset_s; /* the server's time less ours */
    } locked;
};

/* ---- client.c ---- */

/* Seconds since 1970 as the server sees them. */
int64_t hy_s3_now(hy_s3 *s3);
/* The server's clock shows `server_s`. */
void hy_s3_set_now(hy_s3 *s3, int64_t server_s);
/* The region to sign for: the one that is known for the bucket, else the client's. */
void hy_s3_region_of(hy_s3 *s3, const char *bucket, char region[HY_S3_REGION_BYTES]);
/* Remember it; not kept when memory is out. False: `region` is no name of a region. */
bool hy_s3_learn_region(hy_s3 *s3, const char *bucket, const char *region);
/* As hy_s3_address_find, in that region. */
hydra_status hy_s3_locate(hy_s3 *s3, const char *bucket, const char *key, const char *region,
                          hy_s3_address *address, hy_diag *diag);
bool hy_s3_is_tls(const hy_s3_address *address);

/* ---- headers.c ---- */

/* Of PUT and CreateMultipartUpload. `transfer` may be NULL; `content_type` where it says none. */
hydra_status hy_s3_object_headers(const hydra_transfer_options *transfer, const char *content_type,
                                  hy_http_headers *headers, hy_diag *diag);
/* Of every other call for the object: the customer's key, the bucket's owner. */
hydra_status hy_s3_access_headers(const hydra_transfer_options *transfer, hy_http_headers *headers,
                                  hy_diag *diag);
/* Add all of `from`. */
hydra_status hy_s3_headers_copy(hy_http_headers *to, const hy_http_headers *from, hy_diag *diag);
/* Metadata, tags and customer key as in storage.h, for hy_s3_transfer_check. */
hydra_status hy_s3_check_pairs(const hydra_transfer_options *transfer, hy_diag *diag);

/* ---- checks.c ---- */

/* What is held against the server's answer. */
typedef enum hy_s3_check {
    HY_S3_CHECK_NONE,
    HY_S3_CHECK_MD5, /* Content-MD5, ETag */
    HY_S3_CHECK_CRC  /* x-amz-checksum-crc64nvme */
} hy_s3_check;

typedef struct hy_s3_digest {
    hy_s3_check kind;
    uint8_t md5[16];
    uint64_t crc;
} hy_s3_digest;

typedef enum hy_s3_match {
    HY_S3_MATCH_UNKNOWN, /* the server gave nothing that can be compared */
    HY_S3_MATCH_SAME,
    HY_S3_MATCH_DIFFERS
} hy_s3_match;

hydra_status hy_s3_digest_of(hy_s3_check kind, const void *data, size_t size, hy_s3_digest *digest,
                             hy_diag *diag);
/* The same of what `read` gives; `cancel` (may be NULL) ends it. */
hydra_status hy_s3_digest_read(hy_s3_check kind,
                               hydra_status (*read)(void *user, int64_t offset, void *data,
                                                    size_t size, hy_diag *diag),
                               void *user, int64_t size, const hy_cancel *cancel,
                               hy_s3_digest *digest, hy_diag *diag);
/* Content-MD5 or x-amz-checksum-crc64nvme, by kind. */
hydra_status hy_s3_digest_header(const hy_s3_digest *digest, hy_http_headers *headers,
                                 hy_diag *diag);
/* "BASE64"; NULL when memory is out. Free with hy_free. */
char *hy_s3_crc_text(uint64_t crc);
/* A CRC against the text that the server gives; NULL = it gives none. */
hy_s3_match hy_s3_crc_match(uint64_t crc, const char *given);
/* A reply to PUT, a part or HEAD of bytes with that digest. */
hy_s3_match hy_s3_digest_match(const hy_s3_digest *digest, const hy_http_headers *reply);
/* The MD5 that an ETag is, without quotes; false when it is something else. `parts` (may be NULL)
 * receives N of "-N", 0 where there is none. */
bool hy_s3_etag_md5(const char *etag, uint8_t md5[16], int32_t *parts);
/* With these headers of the reply an ETag is no MD5: keys of KMS or of the customer. */
bool hy_s3_etag_is_opaque(const hy_http_headers *reply);

/* ---- proof.c ---- */

/* How a download is compared with what the server keeps. */
typedef enum hy_s3_proof_kind {
    HY_S3_PROOF_NONE, /* the server gives nothing that can be compared */
    HY_S3_PROOF_CRC64,
    HY_S3_PROOF_CRC32,
    HY_S3_PROOF_CRC32C,
    HY_S3_PROOF_SHA256,
    HY_S3_PROOF_MD5 /* the ETag */
} hy_s3_proof_kind;

typedef struct hy_s3_proof {
    hy_s3_proof_kind kind;
    struct evp_md_ctx_st *context; /* of SHA-256 and MD5 */
    uint64_t crc;
    uint32_t table[256]; /* of CRC-32 and CRC-32C */
    char wanted[48];     /* base64 */
} hy_s3_proof;

/* By the headers of a reply with the whole object. HYDRA_ERR_MEMORY. */
hydra_status hy_s3_proof_begin(hy_s3_proof *proof, const hy_http_headers *reply, hy_diag *diag);
/* The next bytes. */
void hy_s3_proof_add(hy_s3_proof *proof, const void *data, size_t size);
/* All bytes are there; once. HYDRA_ERR_MEMORY. */
hydra_status hy_s3_proof_match(hy_s3_proof *proof, hy_s3_match *match, hy_diag *diag);
/* "CRC-32", for error texts. */
const char *hy_s3_proof_name(const hy_s3_proof *proof);
/* Also when it was not begun, but cleared. */
void hy_s3_proof_free(hy_s3_proof *proof);

/* ---- calls.c ---- */

/* What a reply's headers say of the object; its size only by `content-length`. */
hydra_status hy_s3_object_read(const hy_http_headers *reply, hy_s3_object *object, hy_diag *diag);

#endif
