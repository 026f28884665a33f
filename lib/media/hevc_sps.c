/* SPDX-License-Identifier: MIT */
/* The sequence parameter set of HEVC, 7.3.2.2 of ITU-T H.265, up to the timing in its VUI, E.2.1.
 */
#include "hevc.h"

#include <libavutil/intreadwrite.h>

#include "bits.h"

#define NAL_SPS 33

/* Of an hvcC record before the arrays of parameter sets. */
#define FIXED_BYTES 23

/* What the parts of a set tell each other. */
typedef struct layout {
    uint32_t sub_layers; /* besides the first */
    uint32_t order_bits; /* of a picture order count */
} layout;

/* ---- Profile and level, 7.3.3 ---- */

static void read_profile(hy_bits *b, uint32_t sub_layers, hy_video_sps *sps)
{
    hy_bits_skip(b, 3); /* profile space, tier */
    sps->profile_idc = (int32_t)hy_bits_read(b, 5);
    hy_bits_skip(b, 32 + 48); /* compatible profiles, constraints */
    sps->level_idc = (int32_t)hy_bits_read(b, 8);
    size_t bits = 0;
    for (uint32_t i = 0; i < sub_layers; i++) {
        bits += hy_bits_one(b) ? 88 : 0; /* a profile of its own */
        bits += hy_bits_one(b) ? 8 : 0;  /* a level */
    }
    if (sub_layers > 0) {
        hy_bits_skip(b, 2 * (8 - (size_t)sub_layers));
    }
    hy_bits_skip(b, bits);
}

/* ---- Picture ---- */

/* 4:2:0: cropping is in steps of two pixels. */
static bool read_size(hy_bits *b, hy_video_sps *sps)
{
    uint32_t width = hy_bits_ue(b);
    uint32_t height = hy_bits_ue(b);
    uint32_t crop[4] = {0, 0, 0, 0};
    if (hy_bits_one(b)) {
        for (int i = 0; i < 4; i++) {
            crop[i] = hy_bits_ue(b);
        }
    }
    if (b->failed || width > UINT16_MAX || height > UINT16_MAX) {
        return false;
    }
    int64_t across = width - ((int64_t)crop[0] + crop[1]) * 2;
    int64_t down = height - ((int64_t)crop[2] + crop[3]) * 2;
    sps->width = across > 0 ? (int32_t)across : 0;
    sps->height = down > 0 ? (int32_t)down : 0;
    return across > 0 && down > 0;
}

static bool read_format(hy_bits *b, layout *l, hy_video_sps *sps)
{
    hy_bits_ue(b); /* id */
    sps->chroma_format_idc = (int32_t)hy_bits_ue(b);
    if (sps->chroma_format_idc != 1 || !read_size(b, sps)) {
        return false;
    }
    sps->bit_depth = (int32_t)hy_bits_ue(b) + 8;
    hy_bits_ue(b); /* chroma depth */
    l->order_bits = hy_bits_ue(b) + 4;
    uint32_t told = hy_bits_one(b) ? l->sub_layers + 1 : 1;
    for (uint32_t i = 0; i < told; i++) {
        hy_bits_ue(b); /* pictures held */
        sps->reorder = (int32_t)hy_bits_ue(b);
        hy_bits_ue(b); /* latency */
    }
    return !b->failed && sps->bit_depth <= 16 && l->order_bits <= 16 && sps->reorder <= 16;
}

/* ---- Coding tools ---- */

/* Block sizes, and which tools are on. */
static bool read_tools(hy_bits *b)
{
    for (int i = 0; i < 6; i++) {
        hy_bits_ue(b);
    }
    if (hy_bits_one(b)) { /* scaling lists */
        return false;
    }
    hy_bits_skip(b, 2);   /* asymmetric blocks, sample adaptive offset */
    if (hy_bits_one(b)) { /* blocks of plain samples */
        hy_bits_skip(b, 8);
        hy_bits_ue(b);
        hy_bits_ue(b);
        hy_bits_skip(b, 1);
    }
    return !b->failed;
}

/* 7.3.7; `*pictures` is how many the set before this one has, then how many this one has. */
static bool read_references(hy_bits *b, bool first, uint32_t *pictures)
{
    if (!first && hy_bits_one(b)) { /* told by difference */
        hy_bits_one(b);
        hy_bits_ue(b);
        uint32_t kept = 0;
        for (uint32_t i = 0; i <= *pictures; i++) {
            kept += hy_bits_one(b) || hy_bits_one(b);
        }
        *pictures = kept;
        return !b->failed;
    }
    uint32_t before = hy_bits_ue(b);
    uint32_t after = hy_bits_ue(b);
    if (before > 16 || after > 16) {
        return false;
    }
    *pictures = before + after;
    for (uint32_t i = 0; i < *pictures; i++) {
        hy_bits_ue(b);
        hy_bits_one(b);
    }
    return !b->failed;
}

static bool read_all_references(hy_bits *b, const layout *l)
{
    uint32_t sets = hy_bits_ue(b);
    uint32_t pictures = 0;
    bool good = sets <= 64;
    for (uint32_t i = 0; good && i < sets; i++) {
        good = read_references(b, i == 0, &pictures);
    }
    if (good && hy_bits_one(b)) { /* long-term ones */
        uint32_t count = hy_bits_ue(b);
        good = count <= 32;
        hy_bits_skip(b, good ? (size_t)count * (l->order_bits + 1) : 0);
    }
    return good && !b->failed;
}

/* ---- Video usability information ---- */

static bool read_vui(hy_bits *b, hy_video_sps *sps)
{
    hy_video_sps_read_look(b, sps);
    hy_bits_skip(b, 1); /* neutral chroma */
    bool fields = hy_bits_one(b);
    hy_bits_skip(b, 1);   /* fields or frames are told for each picture */
    if (hy_bits_one(b)) { /* default display window */
        for (int i = 0; i < 4; i++) {
            hy_bits_ue(b);
        }
    }
    if (hy_bits_one(b)) { /* timing: a tick is a frame */
        sps->rate_den = hy_bits_read(b, 32);
        sps->rate_num = hy_bits_read(b, 32);
    }
    return !fields && !b->failed;
}

/* ---- The set ---- */

static bool read_sps_bits(hy_bits *b, hy_video_sps *sps)
{
    hy_bits_skip(b, 4); /* video parameter set */
    layout l = {.sub_layers = hy_bits_read(b, 3)};
    hy_bits_skip(b, 1); /* nesting */
    read_profile(b, l.sub_layers, sps);
    if (!read_format(b, &l, sps) || !read_tools(b) || !read_all_references(b, &l)) {
        return false;
    }
    hy_bits_skip(b, 2); /* motion from other pictures, smooth intra prediction */
    return hy_bits_one(b) ? read_vui(b, sps) : !b->failed;
}

/* Arrays of units of one type each: type, number of units, each with a 16-bit length. */
static bool find_sps(const uint8_t *at, size_t left, int arrays, hy_nal *out)
{
    for (; arrays > 0 && left >= 3; arrays--) {
        int type = at[0] & 0x3f;
        int units = AV_RB16(at + 1);
        at += 3;
        left -= 3;
        for (; units > 0; units--) {
            size_t length = left >= 2 ? AV_RB16(at) : 0;
            if (length < 2 || length > left - 2) {
                return false;
            }
            if (type == NAL_SPS) {
                *out = (hy_nal){at + 2, length};
                return (at[2] >> 1 & 0x3f) == NAL_SPS;
            }
            at += 2 + length;
            left -= 2 + length;
        }
    }
    return false;
}

bool hy_hevc_read_sps(const uint8_t *hvcc, size_t size, hy_video_sps *sps)
{
    uint8_t payload[1024];
    hy_nal unit;
    *sps = HY_VIDEO_SPS_UNTOLD;
    if (size < FIXED_BYTES || hvcc[0] != 1 ||
        !find_sps(hvcc + FIXED_BYTES, size - FIXED_BYTES, hvcc[FIXED_BYTES - 1], &unit)) {
        return false;
    }
    hy_bits b = {.data = payload};
    b.size = hy_nal_unescape(unit.data + 2, unit.size - 2, payload, sizeof payload);
    return read_sps_bits(&b, sps);
}
