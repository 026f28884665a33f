/* SPDX-License-Identifier: MIT */
/*
 * Options of stores and transfers: their defaults, and the checks that stand between a caller's
 * values and a request. An error text names the field and what it may be; never a secret's value.
 */
#include "region.h"
#include "s3_private.h"

#include <string.h>

#include <hydra/render.h>

#define MIB            ((int64_t)1 << 20)
#define MIN_PART_BYTES (5 * MIB)
#define MAX_PART_BYTES (5120 * MIB)
#define MAX_PARALLEL   16
#define MAX_TRIES      20
#define MAX_PRESIGN_S  604800
#define MAX_TEXT_BYTES ((size_t)2048)

void hy_s3_store_defaults(hydra_store_options *options)
{
    *options = (hydra_store_options){.struct_size = sizeof *options};
}

void hy_s3_transfer_defaults(hydra_transfer_options *options)
{
    *options = (hydra_transfer_options){
        .struct_size = sizeof *options,
        .parallel = 4,
        .threshold_bytes = 16 * MIB,
    };
}

/* ---- One field ---- */

static hydra_status check_range(const char *name, int64_t value, int64_t least, int64_t most,
                                hy_diag *diag)
{
    if (value < least || value > most) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s is %lld, not %lld..%lld", name,
                       (long long)value, (long long)least, (long long)most);
    }
    return HYDRA_OK;
}

/* Printable ASCII, as the value of a header has to be; NULL is right. */
static hydra_status check_text(const char *name, const char *text, hy_diag *diag)
{
    if (!text) {
        return HYDRA_OK;
    }
    if (!*text) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s is empty", name);
    }
    if (strlen(text) > MAX_TEXT_BYTES) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s has %zu bytes, more than %zu", name,
                       strlen(text), MAX_TEXT_BYTES);
    }
    for (const char *at = text; *at; at++) {
        if (*at < ' ' || *at > '~') {
            return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                           "%s has a character that is not printable ASCII", name);
        }
    }
    return HYDRA_OK;
}

typedef struct number_field {
    const char *name;
    int64_t value, least, most;
} number_field;

typedef struct text_field {
    const char *name;
    const char *value;
} text_field;

static hydra_status check_numbers(const number_field *fields, size_t count, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; i < count && status == HYDRA_OK; i++) {
        status =
            check_range(fields[i].name, fields[i].value, fields[i].least, fields[i].most, diag);
    }
    return status;
}

static hydra_status check_texts(const text_field *fields, size_t count, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; i < count && status == HYDRA_OK; i++) {
        status = check_text(fields[i].name, fields[i].value, diag);
    }
    return status;
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- Stores ---- */

static hydra_status check_keys(const hydra_store_options *options, hy_diag *diag)
{
    if (!options->access_key != !options->secret_key) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "store.%s is set without store.%s",
                       options->access_key ? "access_key" : "secret_key",
                       options->access_key ? "secret_key" : "access_key");
    }
    if (options->session_token && !options->access_key) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "store.session_token is set without store.access_key");
    }
    if (options->credentials == HYDRA_CREDENTIALS_STATIC && !options->access_key) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "store.credentials is static, but store.access_key is not set");
    }
    if (options->credentials == HYDRA_CREDENTIALS_ANONYMOUS && options->access_key) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "store.credentials is anonymous, but store.access_key is set");
    }
    return HYDRA_OK;
}

/* Becomes part of a host name. */
static hydra_status check_region(const char *region, hy_diag *diag)
{
    if (region && !hy_region_is_valid(region, strlen(region))) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "store.region is no name of a region, such as \"eu-central-1\"");
    }
    return HYDRA_OK;
}

hydra_status hy_s3_store_check(const hydra_store_options *options, hy_diag *diag)
{
    if (!options) {
        return HYDRA_OK;
    }
    const number_field numbers[] = {
        {"store.credentials", options->credentials, 0, HYDRA_CREDENTIALS_ANONYMOUS},
        {"store.addressing", options->addressing, 0, HYDRA_ADDRESSING_PATH},
        {"store.checksum", options->checksum, 0, HYDRA_CHECKSUM_OFF},
        {"store.max_tries", options->max_tries, 0, MAX_TRIES},
        {"store.dual_stack", options->dual_stack, 0, 1},
        {"store.fips", options->fips, 0, 1},
        {"store.insecure", options->insecure, 0, 1},
    };
    const text_field texts[] = {
        {"store.access_key", options->access_key},
        {"store.secret_key", options->secret_key},
        {"store.endpoint", options->endpoint},
    };
    hydra_status status = check_numbers(numbers, COUNT_OF(numbers), diag);
    if (status == HYDRA_OK) {
        status = check_texts(texts, COUNT_OF(texts), diag);
    }
    if (status == HYDRA_OK) {
        status = check_region(options->region, diag);
    }
    return status == HYDRA_OK ? check_keys(options, diag) : status;
}

/* ---- Transfers ---- */

static hydra_status check_transfer_numbers(const hydra_transfer_options *options, hy_diag *diag)
{
    const number_field numbers[] = {
        {"transfer.parallel", options->parallel, 1, MAX_PARALLEL},
        {"transfer.threshold_bytes", options->threshold_bytes, MIN_PART_BYTES, MAX_PART_BYTES},
        {"transfer.sse", options->sse, 0, HYDRA_SSE_CUSTOMER},
        {"transfer.when_exists", options->when_exists, 0, HYDRA_EXISTS_FAIL},
        {"transfer.presign_s", options->presign_s, 0, MAX_PRESIGN_S},
        {"transfer.deadline_us", options->deadline_us, 0, INT64_MAX},
    };
    hydra_status status = check_numbers(numbers, COUNT_OF(numbers), diag);
    if (status == HYDRA_OK && options->part_bytes != 0) {
        status = check_range("transfer.part_bytes", options->part_bytes, MIN_PART_BYTES,
                             MAX_PART_BYTES, diag);
    }
    return status;
}

static hydra_status check_transfer_texts(const hydra_transfer_options *options, hy_diag *diag)
{
    const text_field texts[] = {
        {"transfer.content_type", options->content_type},
        {"transfer.cache_control", options->cache_control},
        {"transfer.content_disposition", options->content_disposition},
        {"transfer.content_encoding", options->content_encoding},
        {"transfer.acl", options->acl},
        {"transfer.storage_class", options->storage_class},
        {"transfer.bucket_owner", options->bucket_owner},
        {"transfer.sse_key_id", options->sse_key_id},
        {"transfer.sse_context", options->sse_context},
    };
    return check_texts(texts, COUNT_OF(texts), diag);
}

static hydra_status check_encryption(const hydra_transfer_options *options, hy_diag *diag)
{
    if (options->sse != HYDRA_SSE_KMS && (options->sse_key_id || options->sse_context)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "transfer.%s is set, but transfer.sse is not KMS",
                       options->sse_key_id ? "sse_key_id" : "sse_context");
    }
    if ((options->sse == HYDRA_SSE_CUSTOMER) != (options->sse_customer_key != NULL)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "transfer.sse_customer_key and transfer.sse customer belong together");
    }
    return HYDRA_OK;
}

hydra_status hy_s3_transfer_check(const hydra_transfer_options *options, hy_diag *diag)
{
    if (!options) {
        return HYDRA_OK;
    }
    hydra_status status = check_transfer_numbers(options, diag);
    if (status == HYDRA_OK) {
        status = check_transfer_texts(options, diag);
    }
    if (status == HYDRA_OK) {
        status = check_encryption(options, diag);
    }
    return status == HYDRA_OK ? hy_s3_check_pairs(options, diag) : status;
}
