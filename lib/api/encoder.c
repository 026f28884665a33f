/* SPDX-License-Identifier: MIT */
/* hydra_encoder_*: the encoder table for people and programs. */
#include <hydra/encoder.h>

#include "media/media.h"

int32_t hydra_encoder_count(void)
{
    int32_t count;
    (void)hy_encoder_list(&count);
    return count;
}

hydra_status hydra_encoder_probe(int32_t index, hydra_encoder_info *info)
{
    int32_t count;
    const hy_encoder_ops *const *list = hy_encoder_list(&count);
    if (index < 0 || index >= count ||
        !hy_sized_is_set(info, HY_SIZE_THROUGH(hydra_encoder_info, reason))) {
        return HYDRA_ERR_ARGUMENT;
    }
    const hy_encoder_ops *ops = list[index];
    hydra_encoder_info own = {
        .struct_size = sizeof own,
        .encoder = ops->id,
        .name = ops->name,
        .description = ops->description,
        .reason = ops->probe(),
    };
    own.available = own.reason[0] == '\0';
    hy_sized_give(info, &own, sizeof own);
    return HYDRA_OK;
}
