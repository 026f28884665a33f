/* SPDX-License-Identifier: MIT */
/* BMP: size, bits and whether the pixels are all there; FFmpeg does the rest. */
#include "photo.h"

#define FILE_HEADER_BYTES 14
#define CORE_HEADER_BYTES 12 /* OS/2 */

enum {
    UNCOMPRESSED = 0,
    RLE8 = 1,
    RLE4 = 2,
    BITFIELDS = 3,
    JPEG_INSIDE = 4,
    PNG_INSIDE = 5
};

typedef struct bmp_header {
    int64_t width;
    int64_t height;
    uint32_t bits;
    uint32_t compression;
    uint64_t pixels; /* bytes */
} bmp_header;

static int64_t read_signed(const uint8_t *p)
{
    return (int32_t)hy_read_le32(p);
}

static bool read_header(const hy_photo *photo, bmp_header *header)
{
    const uint8_t *p = photo->data + FILE_HEADER_BYTES;
    uint32_t size = hy_read_le32(p);
    if (photo->size < FILE_HEADER_BYTES + (size_t)size) {
        return false;
    }
    *header = (bmp_header){.compression = UNCOMPRESSED};
    if (size == CORE_HEADER_BYTES) {
        header->width = hy_read_le16(p + 4);
        header->height = hy_read_le16(p + 6);
        header->bits = hy_read_le16(p + 10);
    } else if (size >= 16) {
        header->width = read_signed(p + 4);
        header->height = read_signed(p + 8);
        header->bits = hy_read_le16(p + 14);
    }
    if (size >= 24) {
        header->compression = hy_read_le32(p + 16);
        header->pixels = hy_read_le32(p + 20);
    }
    if (header->height < 0) { /* top row first */
        header->height = -header->height;
    }
    if (header->compression != RLE8 && header->compression != RLE4) {
        uint64_t row = ((uint64_t)header->width * header->bits + 31) / 32 * 4;
        header->pixels = row * (uint64_t)header->height;
    }
    return true;
}

static hydra_status open_bmp(hy_photo *photo, hy_diag *diag)
{
    bmp_header header;
    if (!read_header(photo, &header)) {
        return hy_photo_cut_short(photo, diag);
    }
    hydra_status status = hy_photo_set_size(photo, header.width, header.height, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    if (header.compression > BITFIELDS) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: BMP with %s inside", photo->name,
                       header.compression == JPEG_INSIDE  ? "a JPEG"
                       : header.compression == PNG_INSIDE ? "a PNG"
                                                          : "an unknown compression");
    }
    uint32_t start = hy_read_le32(photo->data + 10);
    if (start > photo->size || header.pixels > photo->size - start) {
        return hy_photo_cut_short(photo, diag);
    }
    photo->info.rows.channels = header.bits == 32 ? 4 : 3;
    photo->info.rows.bits = 8;
    photo->info.decode_bytes = hy_photo_picture_bytes(photo, photo->info.rows.channels);
    return HYDRA_OK;
}

static hydra_status decode_bmp(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    return hy_photo_decode_file(photo, AV_CODEC_ID_BMP, rows, user, diag);
}

const hy_photo_decoder hy_photo_bmp = {open_bmp, decode_bmp, NULL};
