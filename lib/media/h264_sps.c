/* SPDX-License-Identifier: MIT */
/* avcC records: made from an encoder's parameter sets, and the first SPS in one read back. */
#include "h264.h"

#include <string.h>

#include <libavutil/intreadwrite.h>

#include "bits.h"

#define NAL_SPS      7
#define NAL_PPS      8
#define PROFILE_HIGH 100

/* ---- The sequence parameter set, 7.3.2.1.1 and E.1.1 ---- */

static bool has_chroma_fields(int32_t profile_idc)
{
    return profile_idc >= PROFILE_HIGH || profile_idc == 44 || profile_idc == 83 ||
           profile_idc == 86;
}

static void read_vui(hy_bits *b, hy_video_sps *sps)
{
    hy_video_sps_read_look(b, sps);
    if (hy_bits_one(b)) {                                 /* timing */
        sps->rate_den = 2 * (int64_t)hy_bits_read(b, 32); /* a tick is half a frame */
        sps->rate_num = hy_bits_read(b, 32);
    }
}

/* Sizes are in macroblocks and cropping in steps of two pixels (4:2:0, frames only). */
static bool read_size(hy_bits *b, hy_video_sps *sps)
{
    uint32_t across = hy_bits_ue(b);
    uint32_t down = hy_bits_ue(b);
    bool frames_only = hy_bits_one(b);
    hy_bits_one(b); /* direct_8x8_inference_flag */
    uint32_t crop[4] = {0, 0, 0, 0};
    if (hy_bits_one(b)) {
        for (int i = 0; i < 4; i++) {
            crop[i] = hy_bits_ue(b);
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

static bool read_sps_bits(hy_bits *b, hy_video_sps *sps)
{
    sps->profile_idc = (int32_t)hy_bits_read(b, 8);
    hy_bits_read(b, 8); /* constraint flags */
    sps->level_idc = (int32_t)hy_bits_read(b, 8);
    hy_bits_ue(b); /* id */
    if (has_chroma_fields(sps->profile_idc)) {
        sps->chroma_format_idc = (int32_t)hy_bits_ue(b);
        sps->bit_depth = (int32_t)hy_bits_ue(b) + 8;
        hy_bits_ue(b); /* chroma depth */
        /* lossless bypass, scaling lists */
        if (sps->chroma_format_idc != 1 || hy_bits_read(b, 2) != 0) {
            return false;
        }
    }
    hy_bits_ue(b); /* log2_max_frame_num_minus4 */
    uint32_t order_type = hy_bits_ue(b);
    if (order_type == 0) {
        hy_bits_ue(b);
    } else if (order_type != 2) {
        return false;
    }
    hy_bits_ue(b);  /* references */
    hy_bits_one(b); /* gaps allowed */
    if (!read_size(b, sps)) {
        return false;
    }
    if (hy_bits_one(b)) {
        read_vui(b, sps);
    }
    return !b->failed;
}

/* avcC: version, profile, flags, level, 0xfc | length size - 1, 0xe0 | number of SPS, each with a
 * 16-bit length. */
bool hy_h264_read_sps(const uint8_t *avcc, size_t size, hy_video_sps *sps)
{
    uint8_t payload[256];
    *sps = HY_VIDEO_SPS_UNTOLD;
    if (size < 8 || avcc[0] != 1 || (avcc[5] & 0x1f) == 0) {
        return false;
    }
    size_t length = AV_RB16(avcc + 6);
    if (length < 4 || length > sizeof payload || length > size - 8 || (avcc[8] & 0x1f) != NAL_SPS) {
        return false;
    }
    hy_bits b = {.data = payload};
    b.size = hy_nal_unescape(avcc + 9, length - 1, payload, sizeof payload);
    return read_sps_bits(&b, sps);
}

/* ---- Making a record ---- */

/* 5.3.3.1.2 of ISO/IEC 14496-15; always 8 bit 4:2:0 here. */
static size_t put_record(uint8_t *record, const hy_nal *sps, const hy_nal *pps)
{
    uint8_t *to = record;
    *to++ = 1;
    memcpy(to, sps->data + 1, 3); /* profile, constraint flags, level */
    to += 3;
    *to++ = 0xff; /* 4-byte lengths */
    *to++ = 0xe1;
    to = hy_nal_put(to, sps);
    *to++ = 1;
    to = hy_nal_put(to, pps);
    if (has_chroma_fields(sps->data[1])) {
        *to++ = 0xfd; /* 4:2:0 */
        *to++ = 0xf8; /* 8 bit luma */
        *to++ = 0xf8; /* 8 bit chroma */
        *to++ = 0;    /* no SPS extension */
    }
    return (size_t)(to - record);
}

/* One of each, the SPS first; units of other kinds may be around them. */
static bool find_sets(const uint8_t *header, size_t size, hy_nal *sps, hy_nal *pps)
{
    hy_nal unit;
    *sps = *pps = (hy_nal){NULL, 0};
    while (hy_nal_next(&header, &size, &unit)) {
        int type = unit.data[0] & 0x1f;
        if (type == NAL_SPS && !sps->data && !pps->data) {
            *sps = unit;
        } else if (type == NAL_PPS && sps->data && !pps->data) {
            *pps = unit;
        } else if (type == NAL_SPS || type == NAL_PPS) {
            return false;
        }
    }
    return size == 0 && pps->data;
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
    hy_nal sps;
    hy_nal pps;
    if (!find_sets(header, size, &sps, &pps)) {
        return HYDRA_ERR_FORMAT;
    }
    *avcc = hy_calloc(1, sps.size + pps.size + 16);
    if (!*avcc) {
        return HYDRA_ERR_MEMORY;
    }
    *avcc_size = put_record(*avcc, &sps, &pps);
    return HYDRA_OK;
}
