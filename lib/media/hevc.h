/* SPDX-License-Identifier: MIT */
/* Private to media/: the little of HEVC (ITU-T H.265) and of its MP4 form (ISO/IEC 14496-15) that
 * the encoders set and the verifier reads back. */
#ifndef HY_HEVC_H
#define HY_HEVC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "video_sps.h"

/*
 * An hvcC record from one VPS, SPS and PPS, each behind its 4-byte length; units of other kinds are
 * left out; a record is copied as it is. HYDRA_ERR_FORMAT: not such a header. Free `*hvcc` with
 * hy_free.
 */
hydra_status hy_hevc_make_hvcc(const uint8_t *header, size_t size, uint8_t **hvcc,
                               size_t *hvcc_size);

/* Read the first SPS of an hvcC record. False when it is damaged or uses something that no encoder
 * here makes (scaling lists, fields, separate colour planes). */
bool hy_hevc_read_sps(const uint8_t *hvcc, size_t size, hy_video_sps *sps);

#endif
