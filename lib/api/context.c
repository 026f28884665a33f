/* SPDX-License-Identifier: MIT */
/* hydra_context: reference-counted policy and worker pool. */
#include "api/api.h"

#include <string.h>

#include "media/media.h"

void hydra_context_options_init(hydra_context_options *options)
{
    *options = (hydra_context_options){.struct_size = sizeof *options};
}

/* Of the compositor: assets are as large as photos may be. */
#define MAX_IMAGE_SIDE_PX 32768

static bool policy_is_valid(const hydra_policy *policy)
{
    return policy->struct_size >= sizeof *policy && policy->max_images >= 1 &&
           policy->max_images <= 100000 && policy->max_image_bytes >= 1 &&
           policy->max_image_pixels >= 1 && policy->max_image_side_px >= 1 &&
           policy->max_image_side_px <= MAX_IMAGE_SIDE_PX && policy->max_decode_bytes >= 1 &&
           policy->max_audio_bytes >= 1 && policy->max_duration_us >= 1 &&
           policy->max_output_bytes >= 1;
}

hydra_status hydra_context_new(const hydra_context_options *options, hydra_context **out)
{
    if (!out) {
        return HYDRA_ERR_ARGUMENT;
    }
    *out = NULL;
    hydra_context_options defaults;
    hydra_context_options_init(&defaults);
    hydra_policy policy;
    hydra_policy_init(&policy);
    if (!options) {
        options = &defaults;
    }
    if (options->struct_size < sizeof *options || options->threads < 0 || options->threads > 256) {
        return HYDRA_ERR_ARGUMENT;
    }
    if (options->policy) {
        if (!policy_is_valid(options->policy)) {
            return HYDRA_ERR_ARGUMENT;
        }
        memcpy(&policy, options->policy, sizeof policy);
    }
    hydra_context *context = hy_calloc(1, sizeof *context);
    if (!context) {
        return HYDRA_ERR_MEMORY;
    }
    hy_diag diag = {0};
    hydra_status status = hy_pool_new(options->threads, &context->pool, &diag);
    if (status != HYDRA_OK) {
        hy_free(context);
        return status;
    }
    atomic_init(&context->references, 1);
    context->policy = policy;
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
        hy_free(context);
    }
}

void hydra_silence_ffmpeg(void)
{
    hy_silence_ffmpeg();
}
