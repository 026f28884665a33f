/* SPDX-License-Identifier: MIT */
/* What E.1.1 of ITU-T H.264 and E.2.1 of ITU-T H.265 have in common. */
#include "video_sps.h"

void hy_video_sps_read_look(hy_bits *bits, hy_video_sps *sps)
{
    if (hy_bits_one(bits) && hy_bits_read(bits, 8) == 255) { /* aspect ratio, 255 = written out */
        hy_bits_skip(bits, 32);
    }
    if (hy_bits_one(bits)) { /* overscan */
        hy_bits_skip(bits, 1);
    }
    if (hy_bits_one(bits)) { /* video signal type */
        hy_bits_skip(bits, 3);
        sps->full_range = hy_bits_one(bits);
        if (hy_bits_one(bits)) {
            sps->primaries = (int32_t)hy_bits_read(bits, 8);
            sps->transfer = (int32_t)hy_bits_read(bits, 8);
            sps->matrix = (int32_t)hy_bits_read(bits, 8);
        }
    }
    if (hy_bits_one(bits)) { /* chroma location */
        hy_bits_ue(bits);
        hy_bits_ue(bits);
    }
}
