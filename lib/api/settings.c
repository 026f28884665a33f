/* SPDX-License-Identifier: MIT */
/* Options of stores and transfers: taken, copied, freed. */
#include "api/settings.h"

#include <string.h>

#include "s3/s3.h"

#define COUNT(array)       (sizeof(array) / sizeof(array)[0])
#define CUSTOMER_KEY_BYTES 32

void hydra_store_options_init(hydra_store_options *options)
{
    hy_s3_store_defaults(options);
}

void hydra_transfer_options_init(hydra_transfer_options *options)
{
    hy_s3_transfer_defaults(options);
}

/* ---- Strings of option structs ---- */

static const char **string_at(void *options, size_t offset)
{
    return (const char **)(void *)((char *)options + offset);
}

/* Afterwards every string is a copy or NULL, also when memory is out. */
static bool copy_strings(void *options, const size_t *offsets, size_t count)
{
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        const char **at = string_at(options, offsets[i]);
        if (*at) {
            *at = ok ? hy_strdup(*at) : NULL;
            ok = *at != NULL;
        }
    }
    return ok;
}

static void free_strings(void *options, const size_t *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char **at = string_at(options, offsets[i]);
        hy_free_secret((char *)(uintptr_t)*at);
        *at = NULL;
    }
}

/* ---- Stores ---- */

static const size_t store_strings[] = {
    offsetof(hydra_store_options, access_key),    offsetof(hydra_store_options, secret_key),
    offsetof(hydra_store_options, session_token), offsetof(hydra_store_options, profile),
    offsetof(hydra_store_options, region),        offsetof(hydra_store_options, endpoint),
    offsetof(hydra_store_options, ca_file),       offsetof(hydra_store_options, proxy),
};

/* A context makes its client late; what is wrong with the address is to be known at once. */
static hydra_status check_endpoint(const char *endpoint, hy_diag *diag)
{
    hy_url url;
    hydra_status status = endpoint ? hy_url_parse(&url, endpoint, diag) : HYDRA_OK;
    if (status != HYDRA_OK || !endpoint) {
        return status;
    }
    if (url.query) {
        status = hy_fail(diag, HYDRA_ERR_ARGUMENT, "store.endpoint has a query");
    }
    hy_url_free(&url);
    return status;
}

hydra_status hy_store_options_take(const hydra_store_options *options, hydra_store_options *out,
                                   hy_diag *diag)
{
    hydra_store_options_init(out);
    if (!options) {
        return HYDRA_OK;
    }
    if (!hy_sized_take(out, sizeof *out, options, HY_SIZE_THROUGH(hydra_store_options, insecure))) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "store options: struct_size is %u; call hydra_store_options_init first",
                       (unsigned)options->struct_size);
    }
    if (out->credentials == HYDRA_CREDENTIALS_CHAIN && out->access_key) {
        out->credentials = HYDRA_CREDENTIALS_STATIC;
    }
    hydra_status status = hy_s3_store_check(out, diag);
    return status == HYDRA_OK ? check_endpoint(out->endpoint, diag) : status;
}

hydra_status hy_store_options_copy(hydra_store_options *out, const hydra_store_options *options,
                                   hy_diag *diag)
{
    *out = *options;
    return copy_strings(out, store_strings, COUNT(store_strings)) ? HYDRA_OK : hy_fail_memory(diag);
}

void hy_store_options_free(hydra_store_options *options)
{
    free_strings(options, store_strings, COUNT(store_strings));
}

/* ---- Transfers ---- */

static const size_t transfer_strings[] = {
    offsetof(hydra_transfer_options, content_type),
    offsetof(hydra_transfer_options, cache_control),
    offsetof(hydra_transfer_options, content_disposition),
    offsetof(hydra_transfer_options, content_encoding),
    offsetof(hydra_transfer_options, acl),
    offsetof(hydra_transfer_options, storage_class),
    offsetof(hydra_transfer_options, bucket_owner),
    offsetof(hydra_transfer_options, sse_key_id),
    offsetof(hydra_transfer_options, sse_context),
};

hydra_status hy_transfer_options_take(const hydra_transfer_options *options,
                                      hydra_transfer_options *out, hy_diag *diag)
{
    hydra_transfer_options_init(out);
    if (!options) {
        return HYDRA_OK;
    }
    if (!hy_sized_take(out, sizeof *out, options,
                       HY_SIZE_THROUGH(hydra_transfer_options, deadline_us))) {
        return hy_fail(
            diag, HYDRA_ERR_ARGUMENT,
            "transfer options: struct_size is %u; call hydra_transfer_options_init first",
            (unsigned)options->struct_size);
    }
    return hy_s3_transfer_check(out, diag);
}

static bool copy_pairs(const hydra_pair **pairs, int32_t count)
{
    const hydra_pair *given = *pairs;
    *pairs = NULL;
    if (count <= 0) {
        return true;
    }
    hydra_pair *own = hy_calloc((size_t)count, sizeof *own);
    bool ok = own != NULL;
    *pairs = own;
    for (int32_t i = 0; ok && i < count; i++) {
        own[i].name = hy_strdup(given[i].name);
        own[i].value = hy_strdup(given[i].value);
        ok = own[i].name && own[i].value;
    }
    return ok;
}

static void free_pairs(const hydra_pair **pairs, int32_t count)
{
    hydra_pair *own = (hydra_pair *)(uintptr_t)*pairs;
    for (int32_t i = 0; own && i < count; i++) {
        hy_free((char *)(uintptr_t)own[i].name);
        hy_free((char *)(uintptr_t)own[i].value);
    }
    hy_free(own);
    *pairs = NULL;
}

hydra_status hy_transfer_options_copy(hydra_transfer_options *out,
                                      const hydra_transfer_options *options, hy_diag *diag)
{
    *out = *options;
    bool ok = copy_strings(out, transfer_strings, COUNT(transfer_strings));
    ok = copy_pairs(&out->metadata, out->metadata_count) && ok;
    ok = copy_pairs(&out->tags, out->tag_count) && ok;
    if (out->sse_customer_key) {
        out->sse_customer_key = hy_memdup(out->sse_customer_key, CUSTOMER_KEY_BYTES);
        ok = ok && out->sse_customer_key;
    }
    return ok ? HYDRA_OK : hy_fail_memory(diag);
}

void hy_transfer_options_free(hydra_transfer_options *options)
{
    free_strings(options, transfer_strings, COUNT(transfer_strings));
    free_pairs(&options->metadata, options->metadata_count);
    free_pairs(&options->tags, options->tag_count);
    if (options->sse_customer_key) {
        uint8_t *key = (uint8_t *)(uintptr_t)options->sse_customer_key;
        explicit_bzero(key, CUSTOMER_KEY_BYTES);
        hy_free(key);
        options->sse_customer_key = NULL;
    }
}
