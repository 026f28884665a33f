/* SPDX-License-Identifier: MIT */
/* Bits, Exp-Golomb codes and NAL units. */
#include "bits.h"

void fakenv_put(struct fakenv_bits *bits, int count, uint32_t value)
{
    while (count--) {
        bits->open = bits->open << 1 | (value >> count & 1);
        if (++bits->open_count < 8)
            continue;
        const uint8_t byte = (uint8_t)bits->open;
        bits->failed |= !fakenv_append(&bits->bytes, &byte, 1);
        bits->open = bits->open_count = 0;
    }
}

void fakenv_put_ue(struct fakenv_bits *bits, uint32_t value)
{
    int length = 0;

    while ((value + 1) >> (length + 1))
        length++;
    fakenv_put(bits, length, 0);
    fakenv_put(bits, length + 1, value + 1);
}

void fakenv_put_stop(struct fakenv_bits *bits)
{
    fakenv_put(bits, 1, 1);
    while (bits->open_count)
        fakenv_put(bits, 1, 0);
}

void fakenv_bits_free(struct fakenv_bits *bits)
{
    fakenv_bytes_free(&bits->bytes);
    *bits = (struct fakenv_bits){.open = 0};
}

bool fakenv_append_nal(struct fakenv_bytes *bytes, const uint8_t *header, int header_size,
                       const struct fakenv_bits *payload)
{
    static const uint8_t start_code[] = {0, 0, 0, 1}, breaker = 3;
    bool ok = !payload->failed && fakenv_append(bytes, start_code, sizeof(start_code)) &&
              fakenv_append(bytes, header, (size_t)header_size);
    int zeros = 0;

    for (size_t i = 0; ok && i < payload->bytes.size; i++) {
        const uint8_t *byte = &payload->bytes.data[i];
        if (zeros >= 2 && *byte <= 3) {
            ok = fakenv_append(bytes, &breaker, 1);
            zeros = 0;
        }
        ok = ok && fakenv_append(bytes, byte, 1);
        zeros = *byte ? 0 : zeros + 1;
    }
    return ok;
}
