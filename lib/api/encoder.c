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
    if (index < 0 || index >= count || !info || info->struct_size < sizeof *info) {
        return HYDRA_ERR_ARGUMENT;
    }
    const hy_encoder_ops *ops = list[index];
    info->encoder = ops->id;
    info->name = ops->name;
    info->description = ops->description;
    info->reason = ops->probe();
    info->available = info->reason[0] == '\0';
    info->reserved = 0;
    return HYDRA_OK;
}
