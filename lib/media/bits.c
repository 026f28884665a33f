/* SPDX-License-Identifier: MIT */
/* Reads bits of parameter sets, steps from one NAL unit to the next. */
#include "bits.h"

#include <string.h>

#include <libavutil/intreadwrite.h>

uint32_t hy_bits_one(hy_bits *bits)
{
    size_t byte = bits->position / 8;
    if (byte >= bits->size) {
        bits->failed = true;
        return 0;
    }
    uint32_t bit = (bits->data[byte] >> (7 - bits->position % 8)) & 1U;
    bits->position++;
    return bit;
}

uint32_t hy_bits_read(hy_bits *bits, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++) {
        value = value << 1 | hy_bits_one(bits);
    }
    return value;
}

void hy_bits_skip(hy_bits *bits, size_t count)
{
    if (count > bits->size * 8 - bits->position) {
        bits->failed = true;
        count = bits->size * 8 - bits->position;
    }
    bits->position += count;
}

/* n zeros, a one, n bits. */
uint32_t hy_bits_ue(hy_bits *bits)
{
    int zeros = 0;
    while (!bits->failed && !hy_bits_one(bits)) {
        if (++zeros > 31) {
            bits->failed = true;
        }
    }
    return bits->failed ? 0 : (1U << zeros) - 1 + hy_bits_read(bits, zeros);
}

size_t hy_nal_unescape(const uint8_t *from, size_t size, uint8_t *to, size_t room)
{
    size_t written = 0;
    int zeros = 0;
    for (size_t i = 0; i < size && written < room; i++) {
        if (zeros >= 2 && from[i] == 3) {
            zeros = 0;
            continue;
        }
        zeros = from[i] ? 0 : zeros + 1;
        to[written++] = from[i];
    }
    return written;
}

bool hy_nal_next(const uint8_t **at, size_t *left, hy_nal *out)
{
    if (*left < 4) {
        return false;
    }
    size_t length = AV_RB32(*at);
    if (length < 4 || length > *left - 4 || length > UINT16_MAX) {
        return false;
    }
    *out = (hy_nal){*at + 4, length};
    *at += 4 + length;
    *left -= 4 + length;
    return true;
}

uint8_t *hy_nal_put(uint8_t *to, const hy_nal *unit)
{
    AV_WB16(to, (uint16_t)unit->size);
    memcpy(to + 2, unit->data, unit->size);
    return to + 2 + unit->size;
}
