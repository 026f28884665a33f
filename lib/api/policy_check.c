/* SPDX-License-Identifier: MIT */
/* Checks and copies of a caller's policy. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "api/api.h"
#include "net/net.h"
#include "s3/s3.h"

/* Entries of each list. */
#define MAX_ENTRIES 64

/* Of the compositor: assets are as large as photos may be. */
#define MAX_IMAGE_SIDE_PX 32768

#define ALL_SCHEMES (HYDRA_SCHEME_FILE | HYDRA_SCHEME_HTTP | HYDRA_SCHEME_HTTPS | HYDRA_SCHEME_S3)

/* ---- Checks ---- */

static hydra_status check_number(const char *field, int64_t value, int64_t least, int64_t most,
                                 hy_diag *diag)
{
    if (value >= least && value <= most) {
        return HYDRA_OK;
    }
    return hy_fail(diag, HYDRA_ERR_ARGUMENT, "policy: %s is %lld, it must be %lld..%lld", field,
                   (long long)value, (long long)least, (long long)most);
}

static hydra_status check_numbers(const hydra_policy *p, hy_diag *diag)
{
    const struct {
        const char *field;
        int64_t value;
        int64_t least;
        int64_t most;
    } numbers[] = {
        {"max_images", p->max_images, 1, 100000},
        {"max_image_bytes", p->max_image_bytes, 1, INT64_MAX},
        {"max_image_pixels", p->max_image_pixels, 1, INT64_MAX},
        {"max_image_side_px", p->max_image_side_px, 1, MAX_IMAGE_SIDE_PX},
        {"max_decode_bytes", p->max_decode_bytes, 1, INT64_MAX},
        {"max_audio_bytes", p->max_audio_bytes, 1, INT64_MAX},
        {"max_duration_us", p->max_duration_us, 1, INT64_MAX},
        {"max_output_bytes", p->max_output_bytes, 1, INT64_MAX},
        {"max_memory_bytes", p->max_memory_bytes, 1, INT64_MAX},
        {"max_render_us", p->max_render_us, 1, INT64_MAX},
        {"max_threads", p->max_threads, 1, 128},
        {"files", p->files, 0, 1},
        {"schemes", p->schemes, 0, ALL_SCHEMES},
        {"private_networks", p->private_networks, 0, 1},
        {"max_redirects", p->max_redirects, 0, 10},
        {"max_fetch_bytes", p->max_fetch_bytes, 1, INT64_MAX},
        {"any_bucket", p->any_bucket, 0, 1},
    };
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; status == HYDRA_OK && i < sizeof numbers / sizeof *numbers; i++) {
        status = check_number(numbers[i].field, numbers[i].value, numbers[i].least, numbers[i].most,
                              diag);
    }
    return status;
}

/* An empty list might mean nothing or everything. */
static hydra_status check_list(const char *field, const char *const *list, int32_t count,
                               hy_diag *diag)
{
    if (!list && count == 0) {
        return HYDRA_OK;
    }
    if (!list || count < 1 || count > MAX_ENTRIES) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "policy: %s must be NULL, with a count of 0, or have 1..%d entries", field,
                       MAX_ENTRIES);
    }
    for (int32_t i = 0; i < count; i++) {
        if (!list[i]) {
            return hy_fail(diag, HYDRA_ERR_ARGUMENT, "policy: %s[%d] is NULL", field, (int)i);
        }
    }
    return HYDRA_OK;
}

static hydra_status check_entries(const hydra_policy *policy, hy_diag *diag)
{
    for (int32_t i = 0; i < policy->network_count; i++) {
        if (!hy_guard_network_is_valid(policy->networks[i])) {
            return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                           "policy: networks[%d] is \"%.64s\", it must be like 10.1.0.0/16 or "
                           "fd00::/8, with zeros beyond the prefix",
                           (int)i, policy->networks[i]);
        }
    }
    for (int32_t i = 0; i < policy->host_count; i++) {
        if (!hy_guard_host_is_valid(policy->hosts[i])) {
            return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                           "policy: hosts[%d] is \"%.64s\", it must be like cdn.example.com or "
                           ".example.com",
                           (int)i, policy->hosts[i]);
        }
    }
    for (int32_t i = 0; i < policy->bucket_count; i++) {
        hy_diag ignored = {0};
        if (hy_s3_check_bucket(policy->buckets[i], &ignored) != HYDRA_OK) {
            return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                           "policy: buckets[%d] is \"%.64s\", which is no name of a bucket", (int)i,
                           policy->buckets[i]);
        }
    }
    return HYDRA_OK;
}

hydra_status hy_policy_check(const hydra_policy *policy, hy_diag *diag)
{
    hydra_status status = check_numbers(policy, diag);
    if (status == HYDRA_OK) {
        status = check_list("file_roots", policy->file_roots, policy->file_root_count, diag);
    }
    if (status == HYDRA_OK) {
        status = check_list("networks", policy->networks, policy->network_count, diag);
    }
    if (status == HYDRA_OK) {
        status = check_list("hosts", policy->hosts, policy->host_count, diag);
    }
    if (status == HYDRA_OK) {
        status = check_list("buckets", policy->buckets, policy->bucket_count, diag);
    }
    return status == HYDRA_OK ? check_entries(policy, diag) : status;
}

/* ---- Copies ---- */

static hydra_status refuse_root(const char *path, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                   "policy: file_roots: %s is no absolute path of a folder", path);
}

/* Where a folder really is. */
static hydra_status resolve_root(const char *path, char **out, hy_diag *diag)
{
    struct stat info;
    if (path[0] != '/') {
        return refuse_root(path, diag);
    }
    char *real = realpath(path, NULL);
    if (!real) {
        return errno == ENOMEM ? hy_fail_memory(diag) : refuse_root(path, diag);
    }
    bool is_folder = stat(real, &info) == 0 && S_ISDIR(info.st_mode);
    *out = is_folder ? hy_strdup(real) : NULL;
    free(real); /* comes from libc */
    if (!is_folder) {
        return refuse_root(path, diag);
    }
    return *out ? HYDRA_OK : hy_fail_memory(diag);
}

static hydra_status copy_text(const char *text, char **out, hy_diag *diag)
{
    *out = hy_strdup(text);
    return *out ? HYDRA_OK : hy_fail_memory(diag);
}

typedef hydra_status copy_fn(const char *text, char **out, hy_diag *diag);

/* `*out` has `count` entries, of which those that were not reached are NULL; or it is NULL. */
static hydra_status copy_list(const char *const **out, const char *const *list, int32_t count,
                              copy_fn *copy, hy_diag *diag)
{
    if (count == 0) {
        return HYDRA_OK;
    }
    char **copies = hy_calloc((size_t)count, sizeof *copies);
    hydra_status status = copies ? HYDRA_OK : hy_fail_memory(diag);
    for (int32_t i = 0; status == HYDRA_OK && i < count; i++) {
        status = copy(list[i], &copies[i], diag);
    }
    *out = (const char *const *)copies;
    return status;
}

hydra_status hy_policy_copy(hydra_policy *out, const hydra_policy *policy, hy_diag *diag)
{
    *out = *policy;
    out->file_roots = NULL;
    out->networks = NULL;
    out->hosts = NULL;
    out->buckets = NULL;
    hydra_status status = copy_list(&out->file_roots, policy->file_roots, policy->file_root_count,
                                    resolve_root, diag);
    if (status == HYDRA_OK) {
        status =
            copy_list(&out->networks, policy->networks, policy->network_count, copy_text, diag);
    }
    if (status == HYDRA_OK) {
        status = copy_list(&out->hosts, policy->hosts, policy->host_count, copy_text, diag);
    }
    if (status == HYDRA_OK) {
        status = copy_list(&out->buckets, policy->buckets, policy->bucket_count, copy_text, diag);
    }
    return status;
}

/* The entries are ours, whatever the public type says. */
static void free_list(const char *const **list, int32_t *count)
{
    for (int32_t i = 0; *list && i < *count; i++) {
        hy_free((void *)(uintptr_t)(*list)[i]);
    }
    hy_free((void *)(uintptr_t)*list);
    *list = NULL;
    *count = 0;
}

void hy_policy_free(hydra_policy *policy)
{
    free_list(&policy->file_roots, &policy->file_root_count);
    free_list(&policy->networks, &policy->network_count);
    free_list(&policy->hosts, &policy->host_count);
    free_list(&policy->buckets, &policy->bucket_count);
}
