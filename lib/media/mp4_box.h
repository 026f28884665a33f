/* SPDX-License-Identifier: MIT */
/* Private to media/: boxes of an MP4 (ISO/IEC 14496-12) in memory. Every length is checked. */
#ifndef HY_MP4_BOX_H
#define HY_MP4_BOX_H

#include "core/core.h"

#define HY_MP4_TYPE(a, b, c, d)                                                                    \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* Borrowed bytes. */
typedef struct hy_span {
    const uint8_t *data;
    size_t size;
} hy_span;

typedef struct hy_mp4_box {
    uint32_t type;
    hy_span payload;
} hy_mp4_box;

/* `bytes` of it must be there. */
static inline hy_span hy_span_skip(hy_span span, size_t bytes)
{
    return (hy_span){span.data + bytes, span.size - bytes};
}

/* The next box of `rest`, with a size of 32 bits. False at the end, or when what is left is no box:
 * rest->size then is not 0. */
bool hy_mp4_next_box(hy_span *rest, hy_mp4_box *out);
/* The payload of the first box of a type. False when there is none, or less than `least` bytes. */
bool hy_mp4_find(hy_span parent, uint32_t type, size_t least, hy_span *out);

#endif
