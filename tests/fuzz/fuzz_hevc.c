/* SPDX-License-Identifier: MIT */
/*
 * Headers of HEVC streams: an even first byte makes a record of the parameter sets that follow, an
 * odd one reads a record. A record that was made and read is not larger than its parts allow.
 */
#include "fuzz.h"
#include "media/hevc.h"

static void check_record(const uint8_t *record, size_t size)
{
    hy_video_sps sps;
    if (hy_hevc_read_sps(record, size, &sps)) {
        fuzz_check(sps.width > 0 && sps.width <= UINT16_MAX);
        fuzz_check(sps.height > 0 && sps.height <= UINT16_MAX);
        fuzz_check(sps.chroma_format_idc == 1 && sps.bit_depth <= 16);
        fuzz_check(sps.rate_num >= 0 && sps.rate_den >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (data[0] & 1) {
        check_record(data + 1, size - 1);
        return 0;
    }
    uint8_t *record = NULL;
    size_t record_size = 0;
    if (hy_hevc_make_hvcc(data + 1, size - 1, &record, &record_size) == HYDRA_OK) {
        fuzz_check(record_size >= 38 && record[0] == 1);
        fuzz_check(record_size < size + 38);
        check_record(record, record_size);
    }
    hy_free(record);
    return 0;
}
