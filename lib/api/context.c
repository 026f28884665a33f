/* SPDX-License-Identifier: MIT */
/* hydra_context: reference-counted policy, worker pool and memory budget. */
#include "api/client.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "media/media.h"

#define MAX_ROOTS 64

void hydra_context_options_init(hydra_context_options *options)
{
    *options = (hydra_context_options){.struct_size = sizeof *options};
}

/* Of the compositor: assets are as large as photos may be. */
#define MAX_IMAGE_SIDE_PX 32768

static bool roots_are_valid(const hydra_policy *policy)
{
    int32_t count = policy->file_root_count;
    if (!policy->file_roots) {
        return count == 0;
    }
    /* An empty list might mean nothing or everything. */
    return count >= 1 && count <= MAX_ROOTS;
}

static bool policy_is_valid(const hydra_policy *policy)
{
    return policy->max_images >= 1 && policy->max_images <= 100000 &&
           policy->max_image_bytes >= 1 && policy->max_image_pixels >= 1 &&
           policy->max_image_side_px >= 1 && policy->max_image_side_px <= MAX_IMAGE_SIDE_PX &&
           policy->max_decode_bytes >= 1 && policy->max_audio_bytes >= 1 &&
           policy->max_duration_us >= 1 && policy->max_output_bytes >= 1 &&
           policy->max_memory_bytes >= 1 && policy->max_render_us >= 1 &&
           policy->max_threads >= 1 && policy->max_threads <= 128 && roots_are_valid(policy);
}

static bool options_are_valid(const hydra_context_options *options)
{
    return options->threads >= 0 && options->threads <= 256 && options->memory_budget_bytes >= 0 &&
           options->simd >= HYDRA_SIMD_AUTO && options->simd <= HYDRA_SIMD_NEON &&
           options->reserved == 0;
}

/* The caller's options over the defaults, checked; NULL = the defaults. The policy goes into
 * `policy`. */
static bool take_options(const hydra_context_options *given, hydra_context_options *options,
                         hydra_policy *policy)
{
    hydra_context_options_init(options);
    hydra_policy_init(policy);
    if (given && !hy_sized_take(options, sizeof *options, given,
                                HY_SIZE_THROUGH(hydra_context_options, memory_budget_bytes))) {
        return false;
    }
    if (options->policy && !hy_sized_take(policy, sizeof *policy, options->policy,
                                          HY_SIZE_THROUGH(hydra_policy, file_roots))) {
        return false;
    }
    return options_are_valid(options) && policy_is_valid(policy);
}

/* Where a folder really is. */
static hydra_status resolve_root(const char *path, char **out)
{
    struct stat info;
    if (!path || path[0] != '/') {
        return HYDRA_ERR_ARGUMENT;
    }
    char *real = realpath(path, NULL);
    if (!real) {
        return errno == ENOMEM ? HYDRA_ERR_MEMORY : HYDRA_ERR_ARGUMENT;
    }
    bool is_folder = stat(real, &info) == 0 && S_ISDIR(info.st_mode);
    *out = is_folder ? hy_strdup(real) : NULL;
    free(real); /* comes from libc */
    if (!is_folder) {
        return HYDRA_ERR_ARGUMENT;
    }
    return *out ? HYDRA_OK : HYDRA_ERR_MEMORY;
}

static hydra_status copy_policy(hydra_context *context, const hydra_policy *policy)
{
    context->policy = *policy;
    context->policy.file_roots = NULL;
    if (policy->file_root_count == 0) {
        return HYDRA_OK;
    }
    size_t count = (size_t)policy->file_root_count;
    context->file_roots = hy_calloc(count, sizeof *context->file_roots);
    hydra_status status = context->file_roots ? HYDRA_OK : HYDRA_ERR_MEMORY;
    for (size_t i = 0; status == HYDRA_OK && i < count; i++) {
        status = resolve_root(policy->file_roots[i], &context->file_roots[i]);
    }
    context->policy.file_roots = (const char *const *)context->file_roots;
    return status;
}

hydra_status hydra_context_new(const hydra_context_options *options, hydra_context **out)
{
    if (!out) {
        return HYDRA_ERR_ARGUMENT;
    }
    *out = NULL;
    hydra_context_options checked;
    hydra_policy policy;
    if (!take_options(options, &checked, &policy)) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_context *context = hy_calloc(1, sizeof *context);
    if (!context) {
        return HYDRA_ERR_MEMORY;
    }
    atomic_init(&context->references, 1);
    context->simd = checked.simd;
    hy_budget_init(&context->budget, checked.memory_budget_bytes);
    hy_diag diag = {0};
    hydra_store_options store;
    (void)pthread_mutex_init(&context->mutex, NULL);
    hydra_status status = hy_store_options_take(checked.store, &store, &diag);
    if (status == HYDRA_OK) {
        status = hy_store_options_copy(&context->store, &store, &diag);
    }
    if (status == HYDRA_OK) {
        status = copy_policy(context, &policy);
    }
    if (status == HYDRA_OK) {
        status = hy_pool_new(checked.threads, &context->pool, &diag);
    }
    if (status != HYDRA_OK) {
        hydra_context_free(context);
        return status;
    }
    *out = context;
    return HYDRA_OK;
}

hydra_context *hy_context_ref(hydra_context *context)
{
    atomic_fetch_add(&context->references, 1);
    return context;
}

void hydra_context_free(hydra_context *context)
{
    if (context && atomic_fetch_sub(&context->references, 1) == 1) {
        hy_pool_free(context->pool);
        hy_context_client_free(context);
        hy_budget_free(&context->budget);
        for (int32_t i = 0; context->file_roots && i < context->policy.file_root_count; i++) {
            hy_free(context->file_roots[i]);
        }
        hy_free(context->file_roots);
        hy_free(context);
    }
}

void hydra_silence_ffmpeg(void)
{
    hy_silence_ffmpeg();
}
