/* SPDX-License-Identifier: MIT */
/* avcC records: made from an encoder's parameter sets, and the first SPS in one read back. */
#include "h264.h"

#include <string.h>

#include <libavutil/intreadwrite.h>

#define NAL_SPS      7
#define NAL_PPS      8
#define PROFILE_HIGH 100

/* ---- Bits of a NAL unit ---- */

typedef struct bits {
    const uint8_t *data;
    size_t size;
    size_t position; /* in bits, of the unescaped payload in `data` */
    bool failed;     /* read past the end, or a number that is too long */
} bits;

static uint32_t read_bit(bits *b)
{
    size_t byte = b->position / 8;
    if (byte >= b->size) {
        b->failed = true;
        return 0;
    }
    uint32_t bit = (b->data[byte] >> (7 - b->position % 8)) & 1U;
    b->position++;
    return bit;
}

static uint32_t read_bits(bits *b, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) {
        value = value << 1 | read_bit(b);
    }
    return value;
}

/* ue(v), 9.1: n zeros, a one, n bits. */
static uint32_t read_ue(bits *b)
{
    int zeros = 0;
    while (!b->failed && !read_bit(b)) {
        if (++zeros > 31) {
            b->failed = true;
        }
    }
    return b->failed ? 0 : (1U << zeros) - 1 + read_bits(b, zeros);
}

/* Drop the 3 of every 00 00 03 (7.4.1). `to` has room for `size` bytes. */
static size_t unescape(const uint8_t *from, size_t size, uint8_t *to)
{
    size_t written = 0;
    int zeros = 0;
    for (size_t i = 0; i < size; i++) {
        if (zeros >= 2 && from[i] == 3) {
            zeros = 0;
            continue;
        }
        zeros = from[i] ? 0 : zeros + 1;
        to[written++] = from[i];
    }
    return written;
}

/* ---- The sequence parameter set, 7.3.2.1.1 and E.1.1 ---- */

static bool has_chroma_fields(int32_t profile_idc)
{
    return profile_idc >= PROFILE_HIGH || profile_idc == 44 || profile_idc == 83 ||
           profile_idc == 86;
}

static void read_vui(bits *b, hy_h264_sps *sps)
{
    if (read_bit(b) && read_bits(b, 8) == 255) { /* aspect ratio, 255 = written out */
        read_bits(b, 32);
    }
    if (read_bit(b)) { /* overscan */
        read_bit(b);
    }
    if (read_bit(b)) { /* video signal type */
        read_bits(b, 3);
        sps->full_range = read_bit(b);
        if (read_bit(b)) {
            sps->primaries = (int32_t)read_bits(b, 8);
            sps->transfer = (int32_t)read_bits(b, 8);
            sps->matrix = (int32_t)read_bits(b, 8);
        }
    }
    if (read_bit(b)) { /* chroma location */
        read_ue(b);
        read_ue(b);
    }
    if (read_bit(b)) { /* timing */
        sps->units_in_tick = read_bits(b, 32);
        sps->time_scale = read_bits(b, 32);
    }
}

/* Sizes are in macroblocks and cropping in steps of two pixels (4:2:0, frames only). */
static bool read_size(bits *b, hy_h264_sps *sps)
{
    uint32_t across = read_ue(b);
    uint32_t down = read_ue(b);
    bool frames_only = read_bit(b);
    read_bit(b); /* direct_8x8_inference_flag */
    uint32_t crop[4] = {0, 0, 0, 0};
    if (read_bit(b)) {
        for (int i = 0; i < 4; i++) {
            crop[i] = read_ue(b);
        }
    }
    if (b->failed || !frames_only || across > 4095 || down > 4095) {
        return false;
    }
    int64_t width = ((int64_t)across + 1) * 16 - ((int64_t)crop[0] + crop[1]) * 2;
    int64_t height = ((int64_t)down + 1) * 16 - ((int64_t)crop[2] + crop[3]) * 2;
    sps->width = width > 0 ? (int32_t)width : 0;
    sps->height = height > 0 ? (int32_t)height : 0;
    return width > 0 && height > 0;
}

static bool read_sps_bits(bits *b, hy_h264_sps *sps)
{
    sps->profile_idc = (int32_t)read_bits(b, 8);
    read_bits(b, 8); /* constraint flags */
    sps->level_idc = (int32_t)read_bits(b, 8);
    read_ue(b); /* id */
    if (has_chroma_fields(sps->profile_idc)) {
        sps->chroma_format_idc = (int32_t)read_ue(b);
        sps->bit_depth = (int32_t)read_ue(b) + 8;
        read_ue(b); /* chroma depth */
        /* lossless bypass, scaling lists */
        if (sps->chroma_format_idc != 1 || read_bits(b, 2) != 0) {
            return false;
        }
    }
    read_ue(b); /* log2_max_frame_num_minus4 */
    uint32_t order_type = read_ue(b);
    if (order_type == 0) {
        read_ue(b);
    } else if (order_type != 2) {
        return false;
    }
    read_ue(b);  /* references */
    read_bit(b); /* gaps allowed */
    if (!read_size(b, sps)) {
        return false;
    }
    if (read_bit(b)) {
        read_vui(b, sps);
    }
    return !b->failed;
}

/* avcC: version, profile, flags, level, 0xfc | length size - 1, 0xe0 | number of SPS, each with a
 * 16-bit length. */
bool hy_h264_read_sps(const uint8_t *avcc, size_t size, hy_h264_sps *sps)
{
    uint8_t payload[256];
    *sps = (hy_h264_sps){
        .chroma_format_idc = 1, .bit_depth = 8, .primaries = 2, .transfer = 2, .matrix = 2};
    if (size < 8 || avcc[0] != 1 || (avcc[5] & 0x1f) == 0) {
        return false;
    }
    size_t length = AV_RB16(avcc + 6);
    if (length < 4 || length > sizeof payload || length > size - 8 || (avcc[8] & 0x1f) != NAL_SPS) {
        return false;
    }
    bits b = {.data = payload};
    b.size = unescape(avcc + 9, length - 1, payload);
    return read_sps_bits(&b, sps);
}

/* ---- Making a record ---- */

typedef struct nal {
    const uint8_t *data;
    size_t size;
} nal;

static bool next_nal(const uint8_t **at, size_t *left, nal *out)
{
    if (*left < 4) {
        return false;
    }
    size_t length = AV_RB32(*at);
    if (length < 4 || length > *left - 4 || length > UINT16_MAX) {
        return false;
    }
    *out = (nal){*at + 4, length};
    *at += 4 + length;
    *left -= 4 + length;
    return true;
}

static uint8_t *put_nal(uint8_t *to, const nal *unit)
{
    AV_WB16(to, (uint16_t)unit->size);
    memcpy(to + 2, unit->data, unit->size);
    return to + 2 + unit->size;
}

/* 5.3.3.1.2 of ISO/IEC 14496-15; always 8 bit 4:2:0 here. */
static size_t put_record(uint8_t *record, const nal *sps, const nal *pps)
{
    uint8_t *to = record;
    *to++ = 1;
    memcpy(to, sps->data + 1, 3); /* profile, constraint flags, level */
    to += 3;
    *to++ = 0xff; /* 4-byte lengths */
    *to++ = 0xe1;
    to = put_nal(to, sps);
    *to++ = 1;
    to = put_nal(to, pps);
    if (has_chroma_fields(sps->data[1])) {
        *to++ = 0xfd; /* 4:2:0 */
        *to++ = 0xf8; /* 8 bit luma */
        *to++ = 0xf8; /* 8 bit chroma */
        *to++ = 0;    /* no SPS extension */
    }
    return (size_t)(to - record);
}

hydra_status hy_h264_make_avcc(const uint8_t *header, size_t size, uint8_t **avcc,
                               size_t *avcc_size)
{
    *avcc = NULL;
    *avcc_size = 0;
    if (size >= 8 && header[0] == 1) {
        *avcc = hy_memdup(header, size);
        *avcc_size = *avcc ? size : 0;
        return *avcc ? HYDRA_OK : HYDRA_ERR_MEMORY;
    }
    nal sps;
    nal pps;
    if (!next_nal(&header, &size, &sps) || !next_nal(&header, &size, &pps) ||
        (sps.data[0] & 0x1f) != NAL_SPS || (pps.data[0] & 0x1f) != NAL_PPS) {
        return HYDRA_ERR_FORMAT;
    }
    *avcc = hy_calloc(1, sps.size + pps.size + 16);
    if (!*avcc) {
        return HYDRA_ERR_MEMORY;
    }
    *avcc_size = put_record(*avcc, &sps, &pps);
    return HYDRA_OK;
}
