/* SPDX-License-Identifier: MIT */
/* hydra_gpu_*: the GPUs for people and programs. */
#include "api/gpu.h"

#include <stdio.h>

#include "api/api.h"

/* With the settings of a usual job. */
static int32_t try_device(hy_gpu *gpu, int32_t index, int32_t codec, hy_gpu_fault *fault)
{
    const hy_encoder_config config = {
        .codec = codec,
        .rate = {30, 1},
        .profile = HYDRA_PROFILE_DEFAULT,
        .crf = HYDRA_AUTO,
        .threads = 1,
        .gpu = gpu,
    };
    *fault = (hy_gpu_fault){.finding = HYDRA_PROBE_OK};
    return hy_gpu_probe(gpu, index, &config, fault);
}

int32_t hy_gpu_try_all(hy_gpu *gpu, int32_t codec, hy_gpu_fault *fault)
{
    int32_t count = 0;
    int32_t finding = hy_gpu_count(gpu, &count, fault);
    if (finding != HYDRA_PROBE_OK) {
        return finding;
    }
    (void)hy_gpu_fail(fault, HYDRA_PROBE_NO_GPU, "the driver shows no GPU");
    for (int32_t i = 0; i < count; i++) {
        hy_gpu_fault here;
        bool works = try_device(gpu, i, codec, &here) == HYDRA_PROBE_OK;
        if (i == 0 || works) {
            *fault = here;
        }
        if (works) {
            break;
        }
    }
    return fault->finding;
}

hydra_status hydra_gpu_count(hydra_context *context, int32_t *count)
{
    hydra_context *used = NULL;
    hy_gpu_fault fault;
    if (!count) {
        return HYDRA_ERR_ARGUMENT;
    }
    *count = 0;
    hydra_status status = hy_context_or_private(context, &used);
    hy_gpu *gpu = status == HYDRA_OK ? hy_context_gpu(used) : NULL;
    if (status == HYDRA_OK && !gpu) {
        status = HYDRA_ERR_MEMORY;
    }
    if (status == HYDRA_OK && hy_gpu_count(gpu, count, &fault) != HYDRA_PROBE_OK) {
        *count = 0;
    }
    hydra_context_free(used);
    return status;
}

static void describe(hy_gpu *gpu, int32_t index, hydra_gpu_info *own)
{
    hy_gpu_device device;
    hy_gpu_fault h264;
    hy_gpu_fault hevc;
    own->finding_h264 = try_device(gpu, index, HYDRA_CODEC_H264, &h264);
    own->finding_hevc = try_device(gpu, index, HYDRA_CODEC_HEVC, &hevc);
    const hy_gpu_fault *told = own->finding_h264 == HYDRA_PROBE_OK ? &hevc : &h264;
    if (told->finding != HYDRA_PROBE_OK) {
        (void)snprintf(own->reason, sizeof own->reason, "%s", told->text);
    }
    (void)hy_gpu_device_at(gpu, index, &device);
    own->index = device.index;
    own->memory_bytes = device.memory_bytes;
    own->driver_version = device.driver_version;
    own->sessions = device.sessions;
    own->session_limit = device.session_limit;
    (void)snprintf(own->name, sizeof own->name, "%s", device.name);
    (void)snprintf(own->uuid, sizeof own->uuid, "%s", device.uuid);
}

hydra_status hydra_gpu_probe(hydra_context *context, int32_t index, hydra_gpu_info *info)
{
    hydra_context *used = NULL;
    hydra_gpu_info own = {.struct_size = sizeof own};
    hy_gpu_fault fault;
    int32_t count = 0;
    if (!hy_sized_is_set(info, HY_SIZE_THROUGH(hydra_gpu_info, reason))) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_status status = hy_context_or_private(context, &used);
    hy_gpu *gpu = status == HYDRA_OK ? hy_context_gpu(used) : NULL;
    if (status == HYDRA_OK && !gpu) {
        status = HYDRA_ERR_MEMORY;
    }
    if (status == HYDRA_OK) {
        (void)hy_gpu_count(gpu, &count, &fault);
        status = index >= 0 && index < count ? HYDRA_OK : HYDRA_ERR_ARGUMENT;
    }
    if (status == HYDRA_OK) {
        describe(gpu, index, &own);
        hy_sized_give(info, &own, sizeof own);
    }
    hydra_context_free(used);
    return status;
}
