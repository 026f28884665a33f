/* SPDX-License-Identifier: MIT */
/* Stands in for gpu.c and gpu_probe.c in a build without NVENC: there is no GPU. */
#include "gpu.h"

#include <stdatomic.h>

#include "encoder.h"

struct hy_gpu {
    atomic_int references;
};

hydra_status hy_gpu_new(const hy_gpu_options *options, hy_gpu **out, hy_diag *diag)
{
    (void)options;
    *out = hy_calloc(1, sizeof **out);
    if (!*out) {
        return hy_fail_memory(diag);
    }
    atomic_init(&(*out)->references, 1);
    return HYDRA_OK;
}

hy_gpu *hy_gpu_ref(hy_gpu *gpu)
{
    atomic_fetch_add(&gpu->references, 1);
    return gpu;
}

void hy_gpu_unref(hy_gpu *gpu)
{
    if (gpu && atomic_fetch_sub(&gpu->references, 1) == 1) {
        hy_free(gpu);
    }
}

static int32_t fail(hy_gpu_fault *fault)
{
    return hy_gpu_fail(fault, HYDRA_PROBE_NOT_BUILT, "%s", hy_encoder_nvenc.probe());
}

int32_t hy_gpu_count(hy_gpu *gpu, int32_t *count, hy_gpu_fault *fault)
{
    (void)gpu;
    *count = 0;
    return fail(fault);
}

bool hy_gpu_device_at(hy_gpu *gpu, int32_t index, hy_gpu_device *out)
{
    (void)gpu;
    (void)index;
    *out = (hy_gpu_device){.index = -1};
    return false;
}

int32_t hy_gpu_available(hy_gpu *gpu, int32_t codec, hy_gpu_fault *fault)
{
    (void)gpu;
    (void)codec;
    return fail(fault);
}

int32_t hy_gpu_probe(hy_gpu *gpu, int32_t index, const hy_encoder_config *config,
                     hy_gpu_fault *fault)
{
    (void)gpu;
    (void)index;
    (void)config;
    return fail(fault);
}
