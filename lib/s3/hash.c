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
