/* SPDX-License-Identifier: MIT */
/* hydra_encoder_*: the encoder table for people and programs. */
#include <hydra/encoder.h>

#include <stdio.h>

#include "api/api.h"
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
    };
    (void)snprintf(own->reason, sizeof own->reason, "%s", ops->probe());
    own->available = own->reason[0] == '\0';
    own->finding = own->available ? HYDRA_PROBE_OK : HYDRA_PROBE_NOT_BUILT;
}

hydra_status hydra_encoder_probe(hydra_context *context, int32_t index, hydra_encoder_info *info)
{
    int32_t count;
    const hy_encoder_ops *const *list = hy_encoder_list(&count);
    (void)context;
    if (index < 0 || index >= count ||
        !hy_sized_is_set(info, HY_SIZE_THROUGH(hydra_encoder_info, reason))) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_encoder_info own;
    describe(list[index], &own);
    hy_sized_give(info, &own, sizeof own);
    return HYDRA_OK;
}
