/* SPDX-License-Identifier: MIT */
/*
 * The encoder that costs no CPU: whatever it is given, its stream shows grey. Intra pictures
 * predict grey from nothing, all others repeat the one before. Pictures are in display order,
 * without B.
 */
#ifndef FAKENV_NULL_H
#define FAKENV_NULL_H

#include "bits.h"
#include "session.h"

struct fakenv_null {
    uint32_t width, height;
    uint32_t fps_num, fps_den;
    uint32_t sar_width, sar_height; /* 0: not told */
    int profile, level;             /* as the standard numbers them */
    NV_ENC_CONFIG_H264_VUI_PARAMETERS vui;
    uint32_t since_idr; /* pictures */
    uint32_t idr_count;
    struct fakenv_bits intra,
        skipped; /* HEVC: the data of a slice, the same for each of its kind */
};

struct fakenv_null_level {
    int level;
    double samples, samples_per_second;
};

/* The first level of the list, which ends with level 0, that has room for the stream. */
int fakenv_null_level(const struct fakenv_null *n, const struct fakenv_null_level *levels);

bool fakenv_null_h264_headers(const struct fakenv_null *n, struct fakenv_bytes *bytes);
bool fakenv_null_h264_slice(const struct fakenv_null *n, NV_ENC_PIC_TYPE type,
                            struct fakenv_bytes *bytes);
int fakenv_null_h264_level(const struct fakenv_null *n);

bool fakenv_null_hevc_headers(const struct fakenv_null *n, struct fakenv_bytes *bytes);
bool fakenv_null_hevc_slice(const struct fakenv_null *n, NV_ENC_PIC_TYPE type,
                            struct fakenv_bytes *bytes);
int fakenv_null_hevc_level(const struct fakenv_null *n);
/* Makes `intra` and `skipped`. */
void fakenv_null_hevc_prepare(struct fakenv_null *n);

/* Both standards begin their VUI so. */
void fakenv_null_put_vui_start(const struct fakenv_null *n, struct fakenv_bits *bits);

#endif
