/* SPDX-License-Identifier: MIT */
/*
 * WebP (the container of RFC 9649): the chunks are walked for size, alpha, profile and
 * orientation, and the size inside the picture data must be the one outside.
 */
#include <string.h>

#include "photo.h"

#define RIFF_BYTES  12
#define CHUNK_BYTES 8

enum {
    ANIMATED = 0x02,
    HAS_ALPHA = 0x10
}; /* flags of VP8X */

typedef struct webp_chunk {
    const uint8_t *type;
    const uint8_t *body;
    size_t size;
} webp_chunk;

/* What the chunks say. */
typedef struct webp_file {
    uint32_t canvas_width; /* 0 = no VP8X */
    uint32_t canvas_height;
    uint32_t width; /* of the picture data; 0 = none came */
    uint32_t height;
    bool alpha;
    bool lossless;
    bool animated;
} webp_file;

static bool is_type(const webp_chunk *chunk, const char *type)
{
    return memcmp(chunk->type, type, 4) == 0;
}

/* RFC 6386, section 9.1: a key frame begins with three bytes, a start code and the size. */
static bool read_lossy(const webp_chunk *chunk, webp_file *file)
{
    const uint8_t *p = chunk->body;
    if (chunk->size < 10 || (p[0] & 1) || memcmp(p + 3, "\x9d\x01\x2a", 3) != 0) {
        return false;
    }
    file->width = hy_read_le16(p + 6) & 0x3fff;
    file->height = hy_read_le16(p + 8) & 0x3fff;
    return true;
}

static bool read_lossless(const webp_chunk *chunk, webp_file *file)
{
    if (chunk->size < 5 || chunk->body[0] != 0x2f) {
        return false;
    }
    file->lossless = true;
    uint32_t bits = hy_read_le32(chunk->body + 1);
    file->width = (bits & 0x3fff) + 1;
    file->height = (bits >> 14 & 0x3fff) + 1;
    file->alpha = file->alpha || (bits >> 28 & 1);
    return true;
}

static bool read_extended(const webp_chunk *chunk, webp_file *file)
{
    if (chunk->size < 10) {
        return false;
    }
    file->alpha = (chunk->body[0] & HAS_ALPHA) != 0;
    file->animated = (chunk->body[0] & ANIMATED) != 0;
    file->canvas_width = hy_read_le24(chunk->body + 4) + 1;
    file->canvas_height = hy_read_le24(chunk->body + 7) + 1;
    return true;
}

static void read_exif(hy_photo *photo, const webp_chunk *chunk)
{
    static const char label[6] = "Exif\0"; /* does not belong here, but some write it */
    size_t skip = chunk->size > sizeof label && memcmp(chunk->body, label, sizeof label) == 0
                      ? sizeof label
                      : 0;
    photo->info.orientation = hy_exif_orientation(chunk->body + skip, chunk->size - skip);
}

static bool read_chunk(hy_photo *photo, const webp_chunk *chunk, webp_file *file)
{
    if (is_type(chunk, "VP8 ")) {
        return read_lossy(chunk, file);
    }
    if (is_type(chunk, "VP8L")) {
        return read_lossless(chunk, file);
    }
    if (is_type(chunk, "VP8X")) {
        return read_extended(chunk, file);
    }
    if (is_type(chunk, "ICCP")) {
        photo->profile.icc = chunk->body;
        photo->profile.icc_size = chunk->size;
    } else if (is_type(chunk, "EXIF")) {
        read_exif(photo, chunk);
    }
    return true;
}

static hydra_status read_chunks(hy_photo *photo, webp_file *file, hy_diag *diag)
{
    uint64_t end = (uint64_t)hy_read_le32(photo->data + 4) + 8;
    if (end > photo->size) {
        return hy_photo_cut_short(photo, diag);
    }
    size_t offset = RIFF_BYTES;
    while (offset < end && end - offset >= CHUNK_BYTES) {
        const uint8_t *p = photo->data + offset;
        webp_chunk chunk = {p, p + CHUNK_BYTES, hy_read_le32(p + 4)};
        if (chunk.size > end - offset - CHUNK_BYTES) {
            return hy_photo_cut_short(photo, diag);
        }
        if (!read_chunk(photo, &chunk, file)) {
            return hy_photo_damaged(photo, "picture header", diag);
        }
        offset += CHUNK_BYTES + chunk.size + chunk.size % 2;
    }
    return HYDRA_OK;
}

/* Lossless: 4 bytes for each pixel. Lossy: YUV 4:2:0; its alpha plane is a lossless picture. */
static int64_t work_bytes(const hy_photo *photo, const webp_file *file)
{
    int64_t pixels = (int64_t)photo->info.width * photo->info.height;
    if (file->lossless) {
        return 4 * pixels;
    }
    return pixels * 3 / 2 + (file->alpha ? 5 * pixels : 0);
}

static hydra_status open_webp(hy_photo *photo, hy_diag *diag)
{
    webp_file file = {0};
    hydra_status status = read_chunks(photo, &file, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    if (file.animated) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                       "%s: an animated WebP file; libhydra reads still ones", photo->name);
    }
    if (file.canvas_width > 0) {
        status = hy_photo_set_size(photo, file.canvas_width, file.canvas_height, diag);
        if (status == HYDRA_OK &&
            (file.width != file.canvas_width || file.height != file.canvas_height)) {
            status = hy_photo_damaged(photo, "picture and header differ in size", diag);
        }
    } else {
        status = hy_photo_set_size(photo, file.width, file.height, diag);
    }
    photo->info.rows = (hy_row_format){.channels = file.alpha ? 4 : 3, .bits = 8};
    photo->work_bytes = work_bytes(photo, &file);
    return status;
}

static hydra_status decode_webp(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    return hy_photo_decode_file(photo, AV_CODEC_ID_WEBP, rows, user, diag);
}

const hy_photo_decoder hy_photo_webp = {open_webp, decode_webp, NULL};
