/* SPDX-License-Identifier: MIT */
/*
 * What a transfer's options are as headers. Those of the object go with PUT and the call that
 * begins an upload in parts; the customer's key and the expected owner go with every call.
 */
#include "s3_private.h"

#include <string.h>

#include <openssl/crypto.h>

#include <hydra/render.h>

#define MAX_METADATA_BYTES  ((size_t)2048)
#define MAX_TAGS            10
#define MAX_TAG_NAME_BYTES  ((size_t)512)
#define MAX_TAG_VALUE_BYTES ((size_t)1024)
#define CUSTOMER_KEY_BYTES  32
#define META_PREFIX         "x-amz-meta-"

/* Add it if there is a value. */
static hydra_status add(hy_http_headers *headers, const char *name, const char *value,
                        hy_diag *diag)
{
    return value ? hy_http_headers_add(headers, name, value, diag) : HYDRA_OK;
}

hydra_status hy_s3_headers_copy(hy_http_headers *to, const hy_http_headers *from, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; i < from->count && status == HYDRA_OK; i++) {
        status = hy_http_headers_add(to, from->items[i].name, from->items[i].value, diag);
    }
    return status;
}

/* ---- Checks ---- */

/* A name that can be part of a header's: letters, digits and what RFC 9110 lets stand in tokens. */
static bool is_token(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789!#$%&'*+-.^_`|~") == length;
}

static bool is_printable(const char *text)
{
    while (*text >= ' ' && *text <= '~') {
        text++;
    }
    return !*text;
}

static hydra_status check_metadata(const hydra_pair *pair, int32_t i, size_t *sum, hy_diag *diag)
{
    if (!pair->name || !pair->value || !is_token(pair->name)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "transfer.metadata[%d].name is missing or cannot be part of a header",
                       (int)i);
    }
    if (!is_printable(pair->value)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "transfer.metadata[%d].value has a character that is not printable ASCII",
                       (int)i);
    }
    *sum += strlen(pair->name) + strlen(pair->value);
    if (*sum > MAX_METADATA_BYTES) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "transfer.metadata has more than %zu bytes in sum",
                       MAX_METADATA_BYTES);
    }
    return HYDRA_OK;
}

static hydra_status check_tag(const hydra_pair *pair, int32_t i, hy_diag *diag)
{
    if (!pair->name || !*pair->name || !pair->value) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "transfer.tags[%d] has no name or no value",
                       (int)i);
    }
    if (!hy_utf8_is_valid(pair->name) || !hy_utf8_is_valid(pair->value) ||
        strlen(pair->name) > MAX_TAG_NAME_BYTES || strlen(pair->value) > MAX_TAG_VALUE_BYTES) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "transfer.tags[%d] is not UTF-8 or is too long",
                       (int)i);
    }
    return HYDRA_OK;
}

hydra_status hy_s3_check_pairs(const hydra_transfer_options *transfer, hy_diag *diag)
{
    if (transfer->metadata_count < 0 || (transfer->metadata_count > 0 && !transfer->metadata)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "transfer.metadata_count is %d without metadata",
                       (int)transfer->metadata_count);
    }
    if (transfer->tag_count < 0 || transfer->tag_count > MAX_TAGS ||
        (transfer->tag_count > 0 && !transfer->tags)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "transfer.tag_count is %d, not 0..%d tags",
                       (int)transfer->tag_count, MAX_TAGS);
    }
    hydra_status status = HYDRA_OK;
    size_t sum = 0;
    for (int32_t i = 0; i < transfer->metadata_count && status == HYDRA_OK; i++) {
        status = check_metadata(&transfer->metadata[i], i, &sum, diag);
    }
    for (int32_t i = 0; i < transfer->tag_count && status == HYDRA_OK; i++) {
        status = check_tag(&transfer->tags[i], i, diag);
    }
    return status;
}

/* ---- Encryption ---- */

static hydra_status add_base64(hy_http_headers *headers, const char *name, const void *data,
                               size_t size, hy_diag *diag)
{
    char *text = hy_base64(data, size);
    hydra_status status =
        text ? hy_http_headers_add(headers, name, text, diag) : hy_fail_memory(diag);
    hy_s3_secret_free(text);
    return status;
}

static hydra_status add_customer_key(const uint8_t *key, hy_http_headers *headers, hy_diag *diag)
{
    uint8_t digest[16];
    hydra_status status = hy_md5(key, CUSTOMER_KEY_BYTES, digest, diag);
    if (status == HYDRA_OK) {
        status = add(headers, "x-amz-server-side-encryption-customer-algorithm", "AES256", diag);
    }
    if (status == HYDRA_OK) {
        status = add_base64(headers, "x-amz-server-side-encryption-customer-key", key,
                            CUSTOMER_KEY_BYTES, diag);
    }
    if (status == HYDRA_OK) {
        status = add_base64(headers, "x-amz-server-side-encryption-customer-key-md5", digest,
                            sizeof digest, diag);
    }
    return status;
}

static hydra_status add_encryption(const hydra_transfer_options *transfer, hy_http_headers *headers,
                                   hy_diag *diag)
{
    if (transfer->sse == HYDRA_SSE_S3) {
        return add(headers, "x-amz-server-side-encryption", "AES256", diag);
    }
    if (transfer->sse != HYDRA_SSE_KMS) {
        return HYDRA_OK;
    }
    hydra_status status = add(headers, "x-amz-server-side-encryption", "aws:kms", diag);
    if (status == HYDRA_OK) {
        status =
            add(headers, "x-amz-server-side-encryption-aws-kms-key-id", transfer->sse_key_id, diag);
    }
    if (status == HYDRA_OK && transfer->sse_context) {
        status = add_base64(headers, "x-amz-server-side-encryption-context", transfer->sse_context,
                            strlen(transfer->sse_context), diag);
    }
    return status;
}

/* ---- The rest ---- */

static hydra_status add_metadata(const hydra_pair *pair, hy_http_headers *headers, hy_diag *diag)
{
    hy_buffer name = {.limit = MAX_METADATA_BYTES + sizeof META_PREFIX};
    hydra_status status = HYDRA_OK;
    if (!hy_buffer_print(&name, META_PREFIX "%s", pair->name) || !hy_buffer_append(&name, "", 1)) {
        status = hy_fail_memory(diag);
    }
    for (size_t i = 0; status == HYDRA_OK && i < name.size; i++) {
        if (name.data[i] >= 'A' && name.data[i] <= 'Z') {
            name.data[i] = (uint8_t)(name.data[i] - 'A' + 'a');
        }
    }
    if (status == HYDRA_OK) {
        status = hy_http_headers_add(headers, (const char *)name.data, pair->value, diag);
    }
    hy_buffer_free(&name);
    return status;
}

static hydra_status add_tags(const hydra_transfer_options *transfer, hy_http_headers *headers,
                             hy_diag *diag)
{
    if (transfer->tag_count == 0) {
        return HYDRA_OK;
    }
    hy_buffer text = {.limit = (size_t)64 << 10};
    bool fits = true;
    for (int32_t i = 0; i < transfer->tag_count && fits; i++) {
        const hydra_pair *tag = &transfer->tags[i];
        fits = (i == 0 || hy_buffer_append(&text, "&", 1)) &&
               hy_url_encode(&text, tag->name, strlen(tag->name), false) &&
               hy_buffer_append(&text, "=", 1) &&
               hy_url_encode(&text, tag->value, strlen(tag->value), false);
    }
    fits = fits && hy_buffer_append(&text, "", 1);
    hydra_status status =
        fits ? add(headers, "x-amz-tagging", (const char *)text.data, diag) : hy_fail_memory(diag);
    hy_buffer_free(&text);
    return status;
}

static hydra_status add_texts(const hydra_transfer_options *transfer, hy_http_headers *headers,
                              hy_diag *diag)
{
    const hydra_pair texts[] = {
        {"cache-control", transfer->cache_control},
        {"content-disposition", transfer->content_disposition},
        {"content-encoding", transfer->content_encoding},
        {"x-amz-acl", transfer->acl},
        {"x-amz-storage-class", transfer->storage_class},
    };
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && status == HYDRA_OK; i++) {
        status = add(headers, texts[i].name, texts[i].value, diag);
    }
    for (int32_t i = 0; i < transfer->metadata_count && status == HYDRA_OK; i++) {
        status = add_metadata(&transfer->metadata[i], headers, diag);
    }
    return status;
}

hydra_status hy_s3_access_headers(const hydra_transfer_options *transfer, hy_http_headers *headers,
                                  hy_diag *diag)
{
    if (!transfer) {
        return HYDRA_OK;
    }
    hydra_status status = add(headers, "x-amz-expected-bucket-owner", transfer->bucket_owner, diag);
    if (status == HYDRA_OK && transfer->sse == HYDRA_SSE_CUSTOMER) {
        status = add_customer_key(transfer->sse_customer_key, headers, diag);
    }
    return status;
}

hydra_status hy_s3_object_headers(const hydra_transfer_options *transfer, const char *content_type,
                                  hy_http_headers *headers, hy_diag *diag)
{
    const char *type = transfer && transfer->content_type ? transfer->content_type : content_type;
    hydra_status status = add(headers, "content-type", type, diag);
    if (status != HYDRA_OK || !transfer) {
        return status;
    }
    status = add_texts(transfer, headers, diag);
    if (status == HYDRA_OK) {
        status = add_tags(transfer, headers, diag);
    }
    if (status == HYDRA_OK) {
        status = add_encryption(transfer, headers, diag);
    }
    return status == HYDRA_OK ? hy_s3_access_headers(transfer, headers, diag) : status;
}
