/* SPDX-License-Identifier: MIT */
/* Private to media/: the little of H.264 (ITU-T H.264) and of its MP4 form (ISO/IEC 14496-15) that
 * the encoders set and the verifier reads back. */
#ifndef HY_H264_H
#define HY_H264_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "video_sps.h"

/* Reference frames that every level we choose has room for: what a B pyramid needs. */
#define HY_H264_DPB_FRAMES 4

/*
 * The smallest level (x 10) of Annex A, table A-1, for this size and rate, with room for
 * HY_H264_DPB_FRAMES references and, where it is not 0, for this bit rate in High profile.
 * 62 when none is large enough.
 */
int32_t hy_h264_level(int32_t width, int32_t height, hy_rate rate, int32_t bitrate_kbps);

/* How many reference frames of this size a level has room for, at least 1. */
int32_t hy_h264_level_frames(int32_t level, int32_t width, int32_t height);

/*
 * An avcC record from one SPS and one PPS, each behind its 4-byte length; units of other kinds are
 * left out; a record is copied as it is. HYDRA_ERR_FORMAT: not such a header. Free `*avcc` with
 * hy_free.
 */
hydra_status hy_h264_make_avcc(const uint8_t *header, size_t size, uint8_t **avcc,
                               size_t *avcc_size);

/* Read the first SPS of an avcC record. False when it is damaged or uses something that no encoder
 * here makes (scaling lists, picture order type 1, interlacing). */
bool hy_h264_read_sps(const uint8_t *avcc, size_t size, hy_video_sps *sps);

#endif
