/* SPDX-License-Identifier: MIT */
/*
 * Private to media/: the bits of parameter sets (9.1 and 7.4.1 of ITU-T H.264, 9.2 and 7.4.2 of
 * ITU-T H.265), and NAL units behind their lengths (ISO/IEC 14496-15).
 */
#ifndef HY_BITS_H
#define HY_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero but `data` and `size` = at the start. */
typedef struct hy_bits {
    const uint8_t *data; /* unescaped */
    size_t size;
    size_t position; /* in bits */
    bool failed;     /* read past the end, or a number that is too long; what is read then is 0 */
} hy_bits;

uint32_t hy_bits_one(hy_bits *bits);
uint32_t hy_bits_read(hy_bits *bits, int count); /* at most 32 */
void hy_bits_skip(hy_bits *bits, size_t count);
uint32_t hy_bits_ue(hy_bits *bits); /* ue(v) */

/* Drop the 3 of every 00 00 03. Fills at most `room` bytes of `to`; returns how many. */
size_t hy_nal_unescape(const uint8_t *from, size_t size, uint8_t *to, size_t room);

/* With its header. */
typedef struct hy_nal {
    const uint8_t *data;
    size_t size;
} hy_nal;

/* The next unit behind its 4-byte length. False at the end, and when what is left is no unit of 4
 * to 65535 bytes. */
bool hy_nal_next(const uint8_t **at, size_t *left, hy_nal *out);
/* Write a unit behind a 2-byte length. Returns the end. */
uint8_t *hy_nal_put(uint8_t *to, const hy_nal *unit);

#endif
