/* SPDX-License-Identifier: MIT */
/*
 * The TIFF structure (TIFF 6.0, section 2), which is also what EXIF blocks are: a header, then a
 * directory of tags. Offsets come from outside and are checked before every use; only the first
 * directory is read, so nothing can go round in circles.
 */
#include <string.h>

#include "photo.h"

#define ENTRY_BYTES     12
#define TAG_ORIENTATION 274

enum {
    TYPE_BYTE = 1,
    TYPE_ASCII = 2,
    TYPE_SHORT = 3,
    TYPE_LONG = 4,
    TYPE_UNDEFINED = 7
};

static uint32_t read16(const hy_tiff *tiff, size_t at)
{
    const uint8_t *p = tiff->data + at;
    return tiff->big_endian ? hy_read_be16(p) : hy_read_le16(p);
}

static uint32_t read32(const hy_tiff *tiff, size_t at)
{
    const uint8_t *p = tiff->data + at;
    return tiff->big_endian ? hy_read_be32(p) : hy_read_le32(p);
}

bool hy_tiff_open(hy_tiff *tiff, const uint8_t *data, size_t size)
{
    *tiff = (hy_tiff){.data = data, .size = size};
    if (size < 8) {
        return false;
    }
    tiff->big_endian = data[0] == 'M';
    if (memcmp(data, tiff->big_endian ? "MM" : "II", 2) != 0 || read16(tiff, 2) != 42) {
        return false;
    }
    size_t directory = read32(tiff, 4);
    if (directory > size - 2) {
        return false;
    }
    tiff->entries = directory + 2;
    tiff->count = read16(tiff, directory);
    size_t fitting = (size - tiff->entries) / ENTRY_BYTES;
    tiff->whole = tiff->count <= fitting;
    if (!tiff->whole) {
        tiff->count = (uint32_t)fitting;
    }
    return true;
}

static size_t type_bytes(uint32_t type)
{
    switch (type) {
    case TYPE_BYTE:
    case TYPE_ASCII:
    case TYPE_UNDEFINED:
        return 1;
    case TYPE_SHORT:
        return 2;
    case TYPE_LONG:
        return 4;
    default:
        return 0;
    }
}

/* Where the values of a tag lie: inside the entry when they fit into its four bytes. */
static bool find(const hy_tiff *tiff, uint16_t tag, uint32_t *type, uint32_t *count, size_t *offset)
{
    for (uint32_t i = 0; i < tiff->count; i++) {
        size_t entry = tiff->entries + (size_t)i * ENTRY_BYTES;
        if (read16(tiff, entry) != tag) {
            continue;
        }
        *type = read16(tiff, entry + 2);
        *count = read32(tiff, entry + 4);
        uint64_t bytes = (uint64_t)*count * type_bytes(*type);
        *offset = bytes <= 4 ? entry + 8 : read32(tiff, entry + 8);
        return bytes > 0 && *offset <= tiff->size && bytes <= tiff->size - *offset;
    }
    return false;
}

uint32_t hy_tiff_value(const hy_tiff *tiff, uint16_t tag, uint32_t index, uint32_t otherwise)
{
    uint32_t type;
    uint32_t count;
    size_t offset;
    if (!find(tiff, tag, &type, &count, &offset) || index >= count) {
        return otherwise;
    }
    offset += index * type_bytes(type);
    switch (type) {
    case TYPE_SHORT:
        return read16(tiff, offset);
    case TYPE_LONG:
        return read32(tiff, offset);
    case TYPE_BYTE:
        return tiff->data[offset];
    default:
        return otherwise;
    }
}

bool hy_tiff_bytes(const hy_tiff *tiff, uint16_t tag, const uint8_t **data, size_t *size)
{
    uint32_t type;
    uint32_t count;
    size_t offset;
    if (!find(tiff, tag, &type, &count, &offset)) {
        return false;
    }
    *data = tiff->data + offset;
    *size = count * type_bytes(type);
    return true;
}

int32_t hy_exif_orientation(const uint8_t *data, size_t size)
{
    hy_tiff tiff;
    if (!hy_tiff_open(&tiff, data, size)) {
        return 1;
    }
    uint32_t orientation = hy_tiff_value(&tiff, TAG_ORIENTATION, 0, 1);
    return orientation >= 1 && orientation <= 8 ? (int32_t)orientation : 1;
}
