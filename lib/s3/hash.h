/* SPDX-License-Identifier: MIT */
/* What signing needs of OpenSSL beyond s3.h. */
#ifndef HY_S3_HASH_H
#define HY_S3_HASH_H

#include <stdint.h>

#include "core/core.h"

#define HY_SHA256_BYTES 32

/* Bytes that are all there, read where they lie, in pieces. `cancel` (may be NULL) ends it. */
typedef struct hy_pieces {
    hydra_status (*read)(void *user, int64_t offset, void *data, size_t size, hy_diag *diag);
    void *user;
    int64_t size;
    const hy_cancel *cancel;
} hy_pieces;

/* Gives each piece to `take`; false from it is HYDRA_ERR_INTERNAL. */
hydra_status hy_pieces_walk(const hy_pieces *pieces,
                            bool (*take)(void *to, const void *data, size_t size), void *to,
                            hy_diag *diag);
/* As hy_md5 and hy_sha256_hex. */
hydra_status hy_md5_pieces(const hy_pieces *pieces, uint8_t digest[16], hy_diag *diag);
hydra_status hy_sha256_hex_pieces(const hy_pieces *pieces, char hex[65], hy_diag *diag);
/* HMAC-SHA-256 (RFC 2104). `out` may be `key`. */
hydra_status hy_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                            uint8_t out[HY_SHA256_BYTES], hy_diag *diag);
/* Lower-case hex digits and NUL. */
void hy_hex(const uint8_t *bytes, size_t size, char *hex);

#endif
