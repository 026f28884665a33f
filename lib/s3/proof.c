/* SPDX-License-Identifier: MIT */
/*
 * What a download is held against: the checksum that the server keeps of the whole object, or its
 * ETag where that is an MD5. The bytes go through as they come, so that nothing is read twice. What
 * is made of the checksums of parts ("-N") cannot be made again without the parts' sizes.
 */
#include "s3_private.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

/* Reflected. */
#define CRC32_POLYNOMIAL  UINT32_C(0xedb88320) /* ISO 3309 */
#define CRC32C_POLYNOMIAL UINT32_C(0x82f63b78) /* Castagnoli, RFC 3720 */

typedef struct checksum {
    const char *header;
    hy_s3_proof_kind kind;
    size_t size; /* of its bytes */
} checksum;

/* The surest and cheapest first. */
static const checksum checksums[] = {
    {"x-amz-checksum-crc64nvme", HY_S3_PROOF_CRC64, 8},
    {"x-amz-checksum-sha256", HY_S3_PROOF_SHA256, 32},
    {"x-amz-checksum-crc32c", HY_S3_PROOF_CRC32C, 4},
    {"x-amz-checksum-crc32", HY_S3_PROOF_CRC32, 4},
};

/* Base64 of so many bytes, and not "-N". */
static bool is_plain(const char *value, size_t size)
{
    return strlen(value) == (size + 2) / 3 * 4 && !strchr(value, '-');
}

static void set_wanted(hy_s3_proof *proof, hy_s3_proof_kind kind, const char *value)
{
    proof->kind = kind;
    memcpy(proof->wanted, value, strlen(value) + 1);
}

static hydra_status choose(hy_s3_proof *proof, const hy_http_headers *reply, hy_diag *diag)
{
    const char *type = hy_http_headers_get(reply, "x-amz-checksum-type");
    bool composite = type && strcmp(type, "COMPOSITE") == 0;
    for (size_t i = 0; !composite && i < sizeof checksums / sizeof *checksums; i++) {
        const char *value = hy_http_headers_get(reply, checksums[i].header);
        if (value && is_plain(value, checksums[i].size)) {
            set_wanted(proof, checksums[i].kind, value);
            return HYDRA_OK;
        }
    }
    uint8_t md5[16];
    if (hy_s3_etag_is_opaque(reply) ||
        !hy_s3_etag_md5(hy_http_headers_get(reply, "etag"), md5, NULL)) {
        return HYDRA_OK;
    }
    char *text = hy_base64(md5, sizeof md5);
    if (!text) {
        return hy_fail_memory(diag);
    }
    set_wanted(proof, HY_S3_PROOF_MD5, text);
    hy_free(text);
    return HYDRA_OK;
}

static void make_table(uint32_t table[256], uint32_t polynomial)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t rest = i;
        for (int bit = 0; bit < 8; bit++) {
            rest = rest >> 1 ^ (rest & 1 ? polynomial : 0);
        }
        table[i] = rest;
    }
}

/* A host whose OpenSSL has no MD5 cannot compare one. */
static void begin_digest(hy_s3_proof *proof, const EVP_MD *type)
{
    (void)ERR_set_mark();
    proof->context = EVP_MD_CTX_new();
    if (!proof->context || EVP_DigestInit_ex(proof->context, type, NULL) != 1) {
        hy_s3_proof_free(proof);
    }
    (void)ERR_pop_to_mark();
}

hydra_status hy_s3_proof_begin(hy_s3_proof *proof, const hy_http_headers *reply, hy_diag *diag)
{
    *proof = (hy_s3_proof){.kind = HY_S3_PROOF_NONE};
    hydra_status status = choose(proof, reply, diag);
    switch (proof->kind) {
    case HY_S3_PROOF_CRC32:
        make_table(proof->table, CRC32_POLYNOMIAL);
        break;
    case HY_S3_PROOF_CRC32C:
        make_table(proof->table, CRC32C_POLYNOMIAL);
        break;
    case HY_S3_PROOF_MD5:
        begin_digest(proof, EVP_md5());
        break;
    case HY_S3_PROOF_SHA256:
        begin_digest(proof, EVP_sha256());
        break;
    case HY_S3_PROOF_CRC64:
    case HY_S3_PROOF_NONE:
        break;
    }
    return status;
}

static uint32_t crc32_add(const hy_s3_proof *proof, const uint8_t *data, size_t size)
{
    uint32_t crc = ~(uint32_t)proof->crc;
    for (size_t i = 0; i < size; i++) {
        crc = proof->table[(crc ^ data[i]) & 255] ^ crc >> 8;
    }
    return ~crc;
}

void hy_s3_proof_add(hy_s3_proof *proof, const void *data, size_t size)
{
    switch (proof->kind) {
    case HY_S3_PROOF_CRC64:
        proof->crc = hy_crc64nvme(proof->crc, data, size);
        break;
    case HY_S3_PROOF_CRC32:
    case HY_S3_PROOF_CRC32C:
        proof->crc = crc32_add(proof, data, size);
        break;
    case HY_S3_PROOF_MD5:
    case HY_S3_PROOF_SHA256:
        if (EVP_DigestUpdate(proof->context, data, size) != 1) {
            hy_s3_proof_free(proof);
        }
        break;
    case HY_S3_PROOF_NONE:
        break;
    }
}

/* Bytes of what was made; 0 = none. */
static size_t finish(const hy_s3_proof *proof, uint8_t out[EVP_MAX_MD_SIZE])
{
    unsigned size = 0;
    if (proof->context) {
        return EVP_DigestFinal_ex(proof->context, out, &size) == 1 ? size : 0;
    }
    size = proof->kind == HY_S3_PROOF_CRC64 ? 8 : 4;
    for (unsigned i = 0; i < size; i++) {
        out[i] = (uint8_t)(proof->crc >> 8 * (size - 1 - i));
    }
    return size;
}

hydra_status hy_s3_proof_match(hy_s3_proof *proof, hy_s3_match *match, hy_diag *diag)
{
    uint8_t own[EVP_MAX_MD_SIZE];
    *match = HY_S3_MATCH_UNKNOWN;
    size_t size = proof->kind == HY_S3_PROOF_NONE ? 0 : finish(proof, own);
    if (size == 0) {
        return HYDRA_OK;
    }
    char *text = hy_base64(own, size);
    if (!text) {
        return hy_fail_memory(diag);
    }
    *match = strcmp(text, proof->wanted) == 0 ? HY_S3_MATCH_SAME : HY_S3_MATCH_DIFFERS;
    hy_free(text);
    return HYDRA_OK;
}

const char *hy_s3_proof_name(const hy_s3_proof *proof)
{
    static const char *const names[] = {
        [HY_S3_PROOF_NONE] = "none",      [HY_S3_PROOF_CRC64] = "CRC-64/NVME",
        [HY_S3_PROOF_CRC32] = "CRC-32",   [HY_S3_PROOF_CRC32C] = "CRC-32C",
        [HY_S3_PROOF_SHA256] = "SHA-256", [HY_S3_PROOF_MD5] = "MD5 (its ETag)",
    };
    return names[proof->kind];
}

void hy_s3_proof_free(hy_s3_proof *proof)
{
    EVP_MD_CTX_free(proof->context);
    proof->context = NULL;
    proof->kind = HY_S3_PROOF_NONE;
}
