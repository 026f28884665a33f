/* SPDX-License-Identifier: MIT */
/*
 * Digests and base64 by OpenSSL. A failure there leaves nothing in the thread's queue of errors,
 * which belongs to whoever else uses OpenSSL in this process.
 */
#include "hash.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "s3.h"

#define PIECE_BYTES ((size_t)256 << 10)

static hydra_status check(bool done, const char *what, hy_diag *diag)
{
    (void)ERR_pop_to_mark();
    return done ? HYDRA_OK
                : hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "OpenSSL on this host refuses %s", what);
}

void hy_hex(const uint8_t *bytes, size_t size, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * size] = '\0';
}

hydra_status hy_sha256_hex(const void *data, size_t size, char hex[65], hy_diag *diag)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    (void)ERR_set_mark();
    int done = EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL);
    hydra_status status = check(done == 1, "SHA-256", diag);
    if (status == HYDRA_OK) {
        hy_hex(digest, HY_SHA256_BYTES, hex);
    }
    return status;
}

hydra_status hy_md5(const void *data, size_t size, uint8_t digest[16], hy_diag *diag)
{
    (void)ERR_set_mark();
    int done = EVP_Digest(data, size, digest, NULL, EVP_md5(), NULL);
    return check(done == 1, "MD5", diag);
}

hydra_status hy_pieces_walk(const hy_pieces *pieces,
                            bool (*take)(void *to, const void *data, size_t size), void *to,
                            hy_diag *diag)
{
    uint8_t *piece = hy_alloc_aligned(PIECE_BYTES);
    hydra_status status = piece ? HYDRA_OK : hy_fail_memory(diag);
    for (int64_t at = 0; status == HYDRA_OK && at < pieces->size; at += (int64_t)PIECE_BYTES) {
        int64_t left = pieces->size - at;
        size_t size = left < (int64_t)PIECE_BYTES ? (size_t)left : PIECE_BYTES;
        status = hy_cancel_check(pieces->cancel, diag);
        if (status == HYDRA_OK) {
            status = pieces->read(pieces->user, at, piece, size, diag);
        }
        if (status == HYDRA_OK && !take(to, piece, size)) {
            status = hy_fail(diag, HYDRA_ERR_INTERNAL, "a checksum failed");
        }
    }
    hy_free(piece);
    return status;
}

static bool take_piece(void *context, const void *data, size_t size)
{
    return EVP_DigestUpdate(context, data, size) == 1;
}

static hydra_status digest_pieces(const EVP_MD *type, const char *name, const hy_pieces *pieces,
                                  uint8_t digest[EVP_MAX_MD_SIZE], hy_diag *diag)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context) {
        return hy_fail_memory(diag);
    }
    (void)ERR_set_mark();
    hydra_status status = check(EVP_DigestInit_ex(context, type, NULL) == 1, name, diag);
    if (status == HYDRA_OK) {
        status = hy_pieces_walk(pieces, take_piece, context, diag);
    }
    if (status == HYDRA_OK) {
        (void)ERR_set_mark();
        status = check(EVP_DigestFinal_ex(context, digest, NULL) == 1, name, diag);
    }
    EVP_MD_CTX_free(context);
    return status;
}

hydra_status hy_md5_pieces(const hy_pieces *pieces, uint8_t digest[16], hy_diag *diag)
{
    uint8_t own[EVP_MAX_MD_SIZE];
    hydra_status status = digest_pieces(EVP_md5(), "MD5", pieces, own, diag);
    if (status == HYDRA_OK) {
        memcpy(digest, own, 16);
    }
    return status;
}

hydra_status hy_sha256_hex_pieces(const hy_pieces *pieces, char hex[65], hy_diag *diag)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    hydra_status status = digest_pieces(EVP_sha256(), "SHA-256", pieces, digest, diag);
    if (status == HYDRA_OK) {
        hy_hex(digest, HY_SHA256_BYTES, hex);
    }
    return status;
}

hydra_status hy_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                            uint8_t out[HY_SHA256_BYTES], hy_diag *diag)
{
    uint8_t mac[HY_SHA256_BYTES];
    size_t mac_size = 0;
    (void)ERR_set_mark();
    const unsigned char *made = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_size, data,
                                          size, mac, sizeof mac, &mac_size);
    hydra_status status = check(made && mac_size == sizeof mac, "HMAC with SHA-256", diag);
    if (status == HYDRA_OK) {
        memcpy(out, mac, sizeof mac);
    }
    OPENSSL_cleanse(mac, sizeof mac);
    return status;
}

char *hy_base64(const void *data, size_t size)
{
    if (size > INT_MAX / 2) {
        return NULL;
    }
    char *text = hy_calloc((size + 2) / 3 * 4 + 1, 1);
    if (text) {
        (void)EVP_EncodeBlock((unsigned char *)text, data, (int)size);
    }
    return text;
}
