/* SPDX-License-Identifier: MIT */
/* Finding NAL units between start codes. */
#include "annexb.h"

#include <string.h>

#include <hydra/encoder.h>

#include <libavutil/intreadwrite.h>

/* nal_unit_type, table 7-1 of each. */
#define H264_SPS     7
#define H264_AUD     9
#define HEVC_VPS     32
#define HEVC_AUD     35
#define START_BYTES  3
#define LENGTH_BYTES 4

/* The next 00 00 01 from `at` on, or `end`. */
static const uint8_t *find_start(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= START_BYTES) {
        const uint8_t *one = memchr(at + 2, 1, (size_t)(end - at - 2));
        if (!one) {
            break;
        }
        if (one[-1] == 0 && one[-2] == 0) {
            return one - 2;
        }
        at = one - 1;
    }
    return end;
}

/* SPS, PPS and delimiter, and VPS, have neighbouring numbers. */
static bool is_in_header(int32_t codec, uint8_t first)
{
    int32_t type = codec == HYDRA_CODEC_HEVC ? first >> 1 & 0x3f : first & 0x1f;
    return codec == HYDRA_CODEC_HEVC ? type >= HEVC_VPS && type <= HEVC_AUD
                                     : type >= H264_SPS && type <= H264_AUD;
}

static bool put_unit(const uint8_t *unit, size_t size, hy_buffer *out)
{
    uint8_t length[LENGTH_BYTES];
    AV_WB32(length, (uint32_t)size);
    return hy_buffer_append(out, length, sizeof length) && hy_buffer_append(out, unit, size);
}

hydra_status hy_annexb_to_lengths(int32_t codec, bool sample, const uint8_t *data, size_t size,
                                  hy_buffer *out)
{
    out->size = 0;
    const uint8_t *end = data + size;
    const uint8_t *start = find_start(data, end);
    /* Zeros may come before the first. */
    for (const uint8_t *at = data; at < start; at++) {
        if (*at != 0) {
            return HYDRA_ERR_FORMAT;
        }
    }
    if (start == end || size > UINT32_MAX) {
        return HYDRA_ERR_FORMAT;
    }
    while (start < end) {
        const uint8_t *unit = start + START_BYTES;
        start = find_start(unit, end);
        const uint8_t *last = start;
        while (last > unit &&
               last[-1] == 0) { /* no unit ends with one: they belong to what follows */
            last--;
        }
        if (last > unit && !(sample && is_in_header(codec, *unit)) &&
            !put_unit(unit, (size_t)(last - unit), out)) {
            return HYDRA_ERR_MEMORY;
        }
    }
    return HYDRA_OK;
}
