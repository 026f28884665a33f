/* SPDX-License-Identifier: MIT */
/*
 * The first byte chooses codec and kind, the rest is a byte stream. What comes out is a row of
 * units whose lengths add up, none of them empty, none with a start code inside, and in samples
 * none that belongs into the header.
 */
#include "fuzz.h"
#include "media/annexb.h"

#include <hydra/encoder.h>

static void check_unit(int32_t codec, bool sample, const uint8_t *unit, size_t size)
{
    fuzz_check(size > 0 && unit[size - 1] != 0);
    for (size_t i = 0; i + 2 < size; i++) {
        fuzz_check(unit[i] != 0 || unit[i + 1] != 0 || unit[i + 2] != 1);
    }
    int type = codec == HYDRA_CODEC_HEVC ? unit[0] >> 1 & 0x3f : unit[0] & 0x1f;
    bool header = codec == HYDRA_CODEC_HEVC ? type >= 32 && type <= 35 : type >= 7 && type <= 9;
    fuzz_check(!sample || !header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    int32_t codec = data[0] & 1 ? HYDRA_CODEC_HEVC : HYDRA_CODEC_H264;
    bool sample = data[0] & 2;
    hy_buffer out = {.limit = 1 << 20};
    if (hy_annexb_to_lengths(codec, sample, data + 1, size - 1, &out) == HYDRA_OK) {
        size_t at = 0;
        while (at < out.size) {
            fuzz_check(out.size - at > 4);
            size_t length = (size_t)out.data[at] << 24 | (size_t)out.data[at + 1] << 16 |
                            (size_t)out.data[at + 2] << 8 | out.data[at + 3];
            fuzz_check(length <= out.size - at - 4);
            check_unit(codec, sample, out.data + at + 4, length);
            at += 4 + length;
        }
    }
    hy_buffer_free(&out);
    return 0;
}
