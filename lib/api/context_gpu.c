/* SPDX-License-Identifier: MIT */
/* The GPUs of a context, made when a job first asks for them. */
#include "api/api.h"
#include "media/media.h"

static void make_locked(hydra_context *context)
{
    const hy_gpu_options options = {
        .device = context->gpu_name,
        .session_limit = context->gpu_sessions,
    };
    hy_diag diag = {0};
    if (hy_gpu_new(&options, &context->locked.gpu, &diag) == HYDRA_OK) {
        context->locked.free_gpu = hy_gpu_unref;
    }
}

struct hy_gpu *hy_context_gpu(hydra_context *context)
{
    (void)pthread_mutex_lock(&context->mutex);
    if (!context->locked.gpu) {
        make_locked(context);
    }
    struct hy_gpu *gpu = context->locked.gpu;
    (void)pthread_mutex_unlock(&context->mutex);
    return gpu;
}
