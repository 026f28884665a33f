/* SPDX-License-Identifier: MIT */
/*
 * CRC-64/NVME, eight bytes at a time. A table of the remainders of a byte at some distance is
 * linear: the entry of a number is the sum (exclusive or) of those of its bits. So 64 remainders
 * are all that is written down, and the compiler makes the eight tables of them.
 */
#include "s3.h"

/* Reflected: the coefficient of x^63 is bit 0. */
#define POLYNOMIAL UINT64_C(0x9a6c9329ac4bc9b5)
/* 1 and x, reflected. */
#define ONE (UINT64_C(1) << 63)
#define X   (UINT64_C(1) << 62)

#define BIT(n, b, r) ((n) >> (b)&1 ? UINT64_C(r) : 0)
#define SUM(n, r0, r1, r2, r3, r4, r5, r6, r7)                                                     \
    (BIT(n, 0, r0) ^ BIT(n, 1, r1) ^ BIT(n, 2, r2) ^ BIT(n, 3, r3) ^ BIT(n, 4, r4) ^               \
     BIT(n, 5, r5) ^ BIT(n, 6, r6) ^ BIT(n, 7, r7))
#define TIMES_4(ENTRY, n) ENTRY(n), ENTRY((n) + 1), ENTRY((n) + 2), ENTRY((n) + 3)
#define TIMES_16(ENTRY, n)                                                                         \
    TIMES_4(ENTRY, n), TIMES_4(ENTRY, (n) + 4), TIMES_4(ENTRY, (n) + 8), TIMES_4(ENTRY, (n) + 12)
#define TIMES_64(ENTRY, n)                                                                         \
    TIMES_16(ENTRY, n), TIMES_16(ENTRY, (n) + 16), TIMES_16(ENTRY, (n) + 32),                      \
        TIMES_16(ENTRY, (n) + 48)
#define TIMES_256(ENTRY)                                                                           \
    TIMES_64(ENTRY, 0), TIMES_64(ENTRY, 64), TIMES_64(ENTRY, 128), TIMES_64(ENTRY, 192)

/* The remainders of the bits of a byte that 0..7 bytes follow. */
#define ENTRY_0(n)                                                                                 \
    SUM(n, 0x7f6ef0c830358979, 0xfedde190606b12f2, 0xc962e5739841b68f, 0xa61cecb46814fe75,         \
        0x78e0ff3b88be6f81, 0xf1c1fe77117cdf02, 0xd75adabd7a6e2d6f, 0x9a6c9329ac4bc9b5)
#define ENTRY_1(n)                                                                                 \
    SUM(n, 0x8776a97d73bddf69, 0x3a3474a9bfec2db9, 0x7468e9537fd85b72, 0xe8d1d2a6ffb0b6e4,         \
        0xe57a831ea7f6fea3, 0xfe2c206e177a6e2d, 0xc881668f76634f31, 0xa5dbeb4db4510d09)
#define ENTRY_2(n)                                                                                 \
    SUM(n, 0xff6e4e1f4e4038be, 0xca05ba6dc417e217, 0xa0d25288d0b85745, 0x757d8342f9e73de1,         \
        0xeafb0685f3ce7bc2, 0xe12f2b58bf0b64ef, 0xf68770e226815ab5, 0xd9d7c79715952601)
#define ENTRY_3(n)                                                                                 \
    SUM(n, 0x8211147cbaf96306, 0x30fb0eaa2d655567, 0x61f61d545acaaace, 0xc3ec3aa8b595559c,         \
        0xb301530233bd3853, 0x52db80573fede3cd, 0xa5b700ae7fdbc79a, 0x7fb7270fa7201c5f)
#define ENTRY_4(n)                                                                                 \
    SUM(n, 0x373d15f784905d1e, 0x6e7a2bef0920ba3c, 0xdcf457de12417478, 0x8d3189ef7c157b9b,         \
        0x2eba358da0bd645d, 0x5d746b1b417ac8ba, 0xbae8d63682f59174, 0x41088a3e5d7cb183)
#define ENTRY_5(n)                                                                                 \
    SUM(n, 0xe9742a79ef04a5d4, 0xe63172a0869ed8c3, 0xf8bbc31255aa22ed, 0xc5aea077f3c3d6b1,         \
        0xbf8466bcbf103e09, 0x4bd1eb2a26b7ef79, 0x97a3d6544d6fdef2, 0x1b9e8afbc2482e8f)
#define ENTRY_6(n)                                                                                 \
    SUM(n, 0xfc5d27f6bf353971, 0xcc6369be26fde189, 0xac1ff52f156c5079, 0x6ce6cc0d724f3399,         \
        0xd9cd981ae49e6732, 0x8742166691ab5d0f, 0x3a5d0a9e7bc12975, 0x74ba153cf78252ea)
#define ENTRY_7(n)                                                                                 \
    SUM(n, 0x21e9761e252621ac, 0x43d2ec3c4a4c4358, 0x87a5d878949886b0, 0x3b9296a271a69e0b,         \
        0x77252d44e34d3c16, 0xee4a5a89c69a782c, 0xe84d9340d5a36333, 0xe44200d2f3d1550d)

static const uint64_t tables[8][256] = {
    {TIMES_256(ENTRY_0)}, {TIMES_256(ENTRY_1)}, {TIMES_256(ENTRY_2)}, {TIMES_256(ENTRY_3)},
    {TIMES_256(ENTRY_4)}, {TIMES_256(ENTRY_5)}, {TIMES_256(ENTRY_6)}, {TIMES_256(ENTRY_7)},
};

/* Little-endian, whatever the machine is; compilers see one load. */
static uint64_t load(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
           (uint64_t)at[7] << 56;
}

uint64_t hy_crc64nvme(uint64_t crc, const void *data, size_t size)
{
    const uint8_t *at = data;
    crc = ~crc;
    for (; size >= 8; at += 8, size -= 8) {
        uint64_t word = crc ^ load(at);
        crc = tables[7][word & 255] ^ tables[6][word >> 8 & 255] ^ tables[5][word >> 16 & 255] ^
              tables[4][word >> 24 & 255] ^ tables[3][word >> 32 & 255] ^
              tables[2][word >> 40 & 255] ^ tables[1][word >> 48 & 255] ^ tables[0][word >> 56];
    }
    for (; size > 0; at++, size--) {
        crc = tables[0][(crc ^ *at) & 255] ^ crc >> 8;
    }
    return ~crc;
}

/* a * b modulo the polynomial. */
static uint64_t multiply(uint64_t a, uint64_t b)
{
    uint64_t product = 0;
    for (uint64_t bit = ONE; bit; bit >>= 1) {
        product ^= a & bit ? b : 0;
        b = b >> 1 ^ (b & 1 ? POLYNOMIAL : 0);
    }
    return product;
}

/*
 * The first piece stands second_size bytes further ahead in the whole: times x^(8 size). That
 * starting value and final complement cancel out follows from both being the same.
 */
uint64_t hy_crc64nvme_combine(uint64_t first, uint64_t second, int64_t second_size)
{
    uint64_t shift = ONE;
    uint64_t power = X;
    for (int i = 0; i < 3; i++) {
        power = multiply(power, power);
    }
    for (uint64_t bytes = (uint64_t)second_size; bytes; bytes >>= 1) {
        shift = bytes & 1 ? multiply(shift, power) : shift;
        power = multiply(power, power);
    }
    return multiply(shift, first) ^ second;
}
