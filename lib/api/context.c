/* SPDX-License-Identifier: MIT */
/* hydra_context: reference-counted policy, worker pool and memory budget. */
#include "api/client.h"

#include <string.h>

/* Encodings at once on each GPU by default: enough to fill the gaps between pictures of one. */
#define GPU_SESSIONS 3

void hydra_context_options_init(hydra_context_options *options)
{
    *options = (hydra_context_options){.struct_size = sizeof *options};
}

/* Longest name of a GPU: a UUID has 40 characters. */
#define GPU_NAME_CHARS 63

static bool consists_of(const char *text, const char *characters)
{
    size_t length = strlen(text);
    return length > 0 && length <= GPU_NAME_CHARS && strspn(text, characters) == length;
}

/* "none", an index, a UUID or its beginning; whether there is such a GPU shows when it is asked. */
static bool gpu_is_valid(const char *text)
{
    if (!text || strcmp(text, "none") == 0) {
        return true;
    }
    if (strncmp(text, "GPU-", 4) == 0) {
        return consists_of(text + 4, "0123456789abcdefABCDEF-");
    }
    return strlen(text) <= 3 && consists_of(text, "0123456789");
}

static bool options_are_valid(const hydra_context_options *options)
{
    return options->threads >= 0 && options->threads <= 256 && options->memory_budget_bytes >= 0 &&
           options->simd >= HYDRA_SIMD_AUTO && options->simd <= HYDRA_SIMD_NEON &&
           options->gpu_sessions >= 0 && options->gpu_sessions <= 64 && gpu_is_valid(options->gpu);
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
    hy_diag diag = {0};
    return options_are_valid(options) && hy_policy_check(policy, &diag) == HYDRA_OK;
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
    context->gpu_sessions = checked.gpu_sessions ? checked.gpu_sessions : GPU_SESSIONS;
    hy_retry_quota_init(&context->quota);
    hy_budget_init(&context->budget, checked.memory_budget_bytes);
    hy_diag diag = {0};
    hydra_store_options store;
    (void)pthread_mutex_init(&context->mutex, NULL);
    hydra_status status = hy_store_options_take(checked.store, &store, &diag);
    if (status == HYDRA_OK) {
        status = hy_store_options_copy(&context->store, &store, &diag);
    }
    if (status == HYDRA_OK) {
        status = hy_policy_copy(&context->policy, &policy, &diag);
    }
    if (status == HYDRA_OK) {
        status = hy_pool_new(checked.threads, &context->pool, &diag);
    }
    if (status == HYDRA_OK && checked.gpu) {
        context->gpu_name = hy_strdup(checked.gpu);
        status = context->gpu_name ? HYDRA_OK : HYDRA_ERR_MEMORY;
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

hydra_status hy_context_or_private(hydra_context *context, hydra_context **out)
{
    if (!context) {
        return hydra_context_new(NULL, out);
    }
    *out = hy_context_ref(context);
    return HYDRA_OK;
}

void hydra_context_free(hydra_context *context)
{
    if (context && atomic_fetch_sub(&context->references, 1) == 1) {
        hy_pool_free(context->pool);
        hy_context_client_free(context);
        if (context->locked.gpu) {
            context->locked.free_gpu(context->locked.gpu);
        }
        hy_free(context->gpu_name);
        hy_budget_free(&context->budget);
        hy_policy_free(&context->policy);
        hy_free(context);
    }
}
