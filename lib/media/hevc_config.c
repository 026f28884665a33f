/* SPDX-License-Identifier: MIT */
/* hvcC records, 8.3.3.1 of ISO/IEC 14496-15: made from an encoder's parameter sets. */
#include "hevc.h"

#include <string.h>

#include "bits.h"

#define NAL_VPS 32 /* then SPS and PPS */
#define SETS    3

/* Of the SPS from its second byte on: layers and nesting, then the general part of
 * profile_tier_level (7.3.3), 12 bytes. */
#define PROFILE_BYTES 12

/* Fixed fields, a head of 5 bytes for each array. */
#define RECORD_BYTES (23 + SETS * 5)

/* One of each, in the order of their types. */
static bool find_sets(const uint8_t *header, size_t size, hy_nal sets[SETS])
{
    hy_nal unit;
    while (hy_nal_next(&header, &size, &unit)) {
        int32_t set = (unit.data[0] >> 1 & 0x3f) - NAL_VPS;
        if (set < 0 || set >= SETS) {
            continue;
        }
        if (sets[set].data) {
            return false;
        }
        sets[set] = unit;
    }
    return size == 0 && sets[0].data && sets[1].data && sets[2].data;
}

/* Always 8 bit 4:2:0 here. 0 stands for "not told". */
static size_t put_record(uint8_t *record, const hy_nal sets[SETS],
                         const uint8_t head[1 + PROFILE_BYTES])
{
    uint8_t *to = record;
    *to++ = 1;
    memcpy(to, head + 1, PROFILE_BYTES);
    to += PROFILE_BYTES;
    *to++ = 0xf0; /* min_spatial_segmentation_idc */
    *to++ = 0;
    *to++ = 0xfc; /* parallelismType */
    *to++ = 0xfd; /* 4:2:0 */
    *to++ = 0xf8; /* 8 bit luma */
    *to++ = 0xf8; /* 8 bit chroma */
    *to++ = 0;    /* avgFrameRate */
    *to++ = 0;
    /* constantFrameRate 0; layers and nesting of the SPS; 4-byte lengths */
    *to++ = (uint8_t)((((head[0] >> 1 & 7) + 1) << 3) | (head[0] & 1) << 2 | 3);
    *to++ = SETS;
    for (int i = 0; i < SETS; i++) {
        *to++ = (uint8_t)(0x80 | (NAL_VPS + i)); /* complete: no more of them in the samples */
        *to++ = 0;
        *to++ = 1;
        to = hy_nal_put(to, &sets[i]);
    }
    return (size_t)(to - record);
}

hydra_status hy_hevc_make_hvcc(const uint8_t *header, size_t size, uint8_t **hvcc,
                               size_t *hvcc_size)
{
    *hvcc = NULL;
    *hvcc_size = 0;
    if (size >= RECORD_BYTES && header[0] == 1) {
        *hvcc = hy_memdup(header, size);
        *hvcc_size = *hvcc ? size : 0;
        return *hvcc ? HYDRA_OK : HYDRA_ERR_MEMORY;
    }
    hy_nal sets[SETS] = {{NULL, 0}};
    uint8_t head[1 + PROFILE_BYTES];
    if (!find_sets(header, size, sets) ||
        hy_nal_unescape(sets[1].data + 2, sets[1].size - 2, head, sizeof head) != sizeof head) {
        return HYDRA_ERR_FORMAT;
    }
    *hvcc = hy_calloc(1, RECORD_BYTES + sets[0].size + sets[1].size + sets[2].size);
    if (!*hvcc) {
        return HYDRA_ERR_MEMORY;
    }
    *hvcc_size = put_record(*hvcc, sets, head);
    return HYDRA_OK;
}
