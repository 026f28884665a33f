/* SPDX-License-Identifier: MIT */
/* Steps from box to box. */
#include "mp4_box.h"

#include <libavutil/intreadwrite.h>

bool hy_mp4_next_box(hy_span *rest, hy_mp4_box *out)
{
    if (rest->size < 8) {
        return false;
    }
    size_t size = AV_RB32(rest->data);
    if (size < 8 || size > rest->size) {
        return false;
    }
    out->type = AV_RB32(rest->data + 4);
    out->payload = (hy_span){rest->data + 8, size - 8};
    *rest = hy_span_skip(*rest, size);
    return true;
}

bool hy_mp4_find(hy_span parent, uint32_t type, size_t least, hy_span *out)
{
    hy_mp4_box child;
    while (hy_mp4_next_box(&parent, &child)) {
        if (child.type == type) {
            *out = child.payload;
            return child.payload.size >= least;
        }
    }
    return false;
}
