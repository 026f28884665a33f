/* SPDX-License-Identifier: MIT */
/* What signing needs of OpenSSL beyond s3.h. */
#ifndef HY_S3_HASH_H
#define HY_S3_HASH_H

#include <stdint.h>

#include "core/core.h"

#define HY_SHA256_BYTES 32

/* HMAC-SHA-256 (RFC 2104). `out` may be `key`. */
hydra_status hy_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                            uint8_t out[HY_SHA256_BYTES], hy_diag *diag);
/* Lower-case hex digits and NUL. */
void hy_hex(const uint8_t *bytes, size_t size, char *hex);

#endif
