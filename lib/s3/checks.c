/* SPDX-License-Identifier: MIT */
/*
 * What is held against the server's word: CRC-64/NVME where it is S3 itself, else MD5, which all
 * servers look at as Content-MD5 and nearly all give back as the ETag. An ETag that is something
 * else, as with keys of KMS, says nothing.
 */
#include "hash.h"
#include "s3_private.h"

#include <string.h>

#define CRC_HEADER "x-amz-checksum-crc64nvme"

char *hy_s3_crc_text(uint64_t crc)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(crc >> (56 - 8 * i));
    }
    return hy_base64(bytes, sizeof bytes);
}

hydra_status hy_s3_digest_of(hy_s3_check kind, const void *data, size_t size, hy_s3_digest *digest,
                             hy_diag *diag)
{
    *digest = (hy_s3_digest){.kind = kind};
    const void *bytes = size > 0 ? data : "";
    if (kind == HY_S3_CHECK_CRC) {
        digest->crc = hy_crc64nvme(0, bytes, size);
    }
    return kind == HY_S3_CHECK_MD5 ? hy_md5(bytes, size, digest->md5, diag) : HYDRA_OK;
}

static bool take_crc(void *crc, const void *data, size_t size)
{
    *(uint64_t *)crc = hy_crc64nvme(*(uint64_t *)crc, data, size);
    return true;
}

hydra_status hy_s3_digest_read(hy_s3_check kind,
                               hydra_status (*read)(void *user, int64_t offset, void *data,
                                                    size_t size, hy_diag *diag),
                               void *user, int64_t size, const hy_cancel *cancel,
                               hy_s3_digest *digest, hy_diag *diag)
{
    const hy_pieces pieces = {read, user, size, cancel};
    *digest = (hy_s3_digest){.kind = kind};
    if (kind == HY_S3_CHECK_CRC) {
        return hy_pieces_walk(&pieces, take_crc, &digest->crc, diag);
    }
    return kind == HY_S3_CHECK_MD5 ? hy_md5_pieces(&pieces, digest->md5, diag) : HYDRA_OK;
}

hydra_status hy_s3_digest_header(const hy_s3_digest *digest, hy_http_headers *headers,
                                 hy_diag *diag)
{
    if (digest->kind == HY_S3_CHECK_NONE) {
        return HYDRA_OK;
    }
    bool is_crc = digest->kind == HY_S3_CHECK_CRC;
    char *text = is_crc ? hy_s3_crc_text(digest->crc) : hy_base64(digest->md5, sizeof digest->md5);
    hydra_status status =
        text ? hy_http_headers_add(headers, is_crc ? CRC_HEADER : "content-md5", text, diag)
             : hy_fail_memory(diag);
    hy_free(text);
    return status;
}

/* The N of "-N", up to the closing quote; -1 = it is none. */
static int32_t read_count(const char *text)
{
    const char *at = text;
    int64_t count = hy_decimal_take(&at, 99999);
    bool ends = *at == '\0' || (*at == '"' && at[1] == '\0');
    return count > 0 && at - text <= 5 && ends ? (int32_t)count : -1;
}

bool hy_s3_etag_md5(const char *etag, uint8_t md5[16], int32_t *parts)
{
    if (!etag) {
        return false;
    }
    const char *at = *etag == '"' ? etag + 1 : etag;
    for (int i = 0; i < 16; i++, at += 2) {
        int high = hy_hex_digit(at[0]);
        int low = high >= 0 ? hy_hex_digit(at[1]) : -1;
        if (low < 0) {
            return false;
        }
        md5[i] = (uint8_t)(high << 4 | low);
    }
    int32_t count = 0;
    if (*at == '-') {
        count = read_count(at + 1);
    } else if (*at && strcmp(at, "\"") != 0) {
        count = -1;
    }
    if (parts) {
        *parts = count;
    }
    return count >= 0 && (parts || count == 0);
}

bool hy_s3_etag_is_opaque(const hy_http_headers *reply)
{
    const char *sse = hy_http_headers_get(reply, "x-amz-server-side-encryption");
    return (sse && strncmp(sse, "aws:", 4) == 0) ||
           hy_http_headers_get(reply, "x-amz-server-side-encryption-customer-algorithm");
}

hy_s3_match hy_s3_crc_match(uint64_t crc, const char *given)
{
    if (!given || strchr(given, '-')) {
        return HY_S3_MATCH_UNKNOWN;
    }
    char *own = hy_s3_crc_text(crc);
    hy_s3_match match = HY_S3_MATCH_UNKNOWN;
    if (own) {
        match = strcmp(own, given) == 0 ? HY_S3_MATCH_SAME : HY_S3_MATCH_DIFFERS;
    }
    hy_free(own);
    return match;
}

hy_s3_match hy_s3_digest_match(const hy_s3_digest *digest, const hy_http_headers *reply)
{
    if (digest->kind == HY_S3_CHECK_CRC) {
        return hy_s3_crc_match(digest->crc, hy_http_headers_get(reply, CRC_HEADER));
    }
    uint8_t md5[16];
    if (digest->kind == HY_S3_CHECK_NONE || hy_s3_etag_is_opaque(reply) ||
        !hy_s3_etag_md5(hy_http_headers_get(reply, "etag"), md5, NULL)) {
        return HY_S3_MATCH_UNKNOWN;
    }
    return memcmp(md5, digest->md5, sizeof md5) == 0 ? HY_S3_MATCH_SAME : HY_S3_MATCH_DIFFERS;
}
