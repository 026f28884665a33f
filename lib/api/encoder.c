/* SPDX-License-Identifier: MIT */
/* hydra_encoder_probe and its relatives: the encoder table for people and programs. */
#include <hydra/encoder.h>

#include <stdio.h>

#include "api/api.h"
#include "api/gpu.h"
#include "media/media.h"

int32_t hydra_encoder_count(void)
{
    int32_t count;
    (void)hy_encoder_list(&count);
    return count;
}

static void describe(const hy_encoder_ops *ops, hydra_encoder_info *own)
{
    *own = (hydra_encoder_info){
        .struct_size = sizeof *own,
        .encoder = ops->id,
        .name = ops->name,
        .description = ops->description,
        .codecs = ops->codecs,
        .on_gpu = ops->on_gpu,
    };
    (void)snprintf(own->reason, sizeof own->reason, "%s", ops->probe());
    own->finding = own->reason[0] ? HYDRA_PROBE_NOT_BUILT : HYDRA_PROBE_OK;
}

/* What the GPUs say of H.264, which all of them with an encoder have. */
static hydra_status try_gpus(hydra_context *context, hydra_encoder_info *own)
{
    hydra_context *used = NULL;
    hy_gpu_fault fault;
    hydra_status status = hy_context_or_private(context, &used);
    hy_gpu *gpu = status == HYDRA_OK ? hy_context_gpu(used) : NULL;
    if (status == HYDRA_OK && !gpu) {
        status = HYDRA_ERR_MEMORY;
    }
    if (status == HYDRA_OK) {
        own->finding = hy_gpu_try_all(gpu, HYDRA_CODEC_H264, &fault);
        (void)snprintf(own->reason, sizeof own->reason, "%s",
                       own->finding == HYDRA_PROBE_OK ? "" : fault.text);
    }
    hydra_context_free(used);
    return status;
}

hydra_status hydra_encoder_probe(hydra_context *context, int32_t index, hydra_encoder_info *info)
{
    int32_t count;
    const hy_encoder_ops *const *list = hy_encoder_list(&count);
    if (index < 0 || index >= count ||
        !hy_sized_is_set(info, HY_SIZE_THROUGH(hydra_encoder_info, reason))) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_encoder_info own;
    hydra_status status = HYDRA_OK;
    describe(list[index], &own);
    if (own.on_gpu && own.finding == HYDRA_PROBE_OK) {
        status = try_gpus(context, &own);
    }
    if (status == HYDRA_OK) {
        own.available = own.finding == HYDRA_PROBE_OK;
        hy_sized_give(info, &own, sizeof own);
    }
    return status;
}

const char *hydra_finding_name(int32_t finding)
{
    static const char *const names[] = {
        [HYDRA_PROBE_OK] = "HYDRA_PROBE_OK",
        [HYDRA_PROBE_NOT_BUILT] = "HYDRA_PROBE_NOT_BUILT",
        [HYDRA_PROBE_NO_DRIVER] = "HYDRA_PROBE_NO_DRIVER",
        [HYDRA_PROBE_NO_VIDEO] = "HYDRA_PROBE_NO_VIDEO",
        [HYDRA_PROBE_OLD_DRIVER] = "HYDRA_PROBE_OLD_DRIVER",
        [HYDRA_PROBE_BROKEN_DRIVER] = "HYDRA_PROBE_BROKEN_DRIVER",
        [HYDRA_PROBE_NO_GPU] = "HYDRA_PROBE_NO_GPU",
        [HYDRA_PROBE_NO_ENCODER] = "HYDRA_PROBE_NO_ENCODER",
        [HYDRA_PROBE_NOT_SUPPORTED] = "HYDRA_PROBE_NOT_SUPPORTED",
        [HYDRA_PROBE_BUSY] = "HYDRA_PROBE_BUSY",
        [HYDRA_PROBE_NO_MEMORY] = "HYDRA_PROBE_NO_MEMORY",
        [HYDRA_PROBE_LOST] = "HYDRA_PROBE_LOST",
        [HYDRA_PROBE_STALLED] = "HYDRA_PROBE_STALLED",
        [HYDRA_PROBE_FAILED] = "HYDRA_PROBE_FAILED",
        [HYDRA_PROBE_SWITCHED_OFF] = "HYDRA_PROBE_SWITCHED_OFF",
    };
    bool known = finding >= 0 && (size_t)finding < sizeof names / sizeof names[0];
    return known ? names[finding] : "HYDRA_UNKNOWN";
}
