/* SPDX-License-Identifier: MIT */
/*
 * PNG (W3C PNG, third edition). The chunks are walked here: size, layout, profile and orientation
 * come from them, and FFmpeg gets to see only those that make the picture. So a text or profile
 * that would inflate to gigabytes never reaches it.
 */
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "photo.h"

#define SIGNATURE_BYTES 8
#define CHUNK_OVERHEAD  12 /* length, type, CRC */
#define HEADER_BYTES    13

enum {
    GREY = 0,
    RGB = 2,
    PALETTE = 3,
    GREY_ALPHA = 4,
    RGB_ALPHA = 6
};

typedef struct png_chunk {
    char type[5];
    const uint8_t *start; /* of the chunk: its length field */
    const uint8_t *body;
    size_t size; /* of the body */
} png_chunk;

/* The chunk at `*offset`, and move on. False: no whole chunk is left. */
static bool next_chunk(const hy_photo *photo, size_t *offset, png_chunk *chunk)
{
    size_t left = photo->size - *offset;
    if (left < CHUNK_OVERHEAD) {
        return false;
    }
    chunk->start = photo->data + *offset;
    chunk->size = hy_read_be32(chunk->start);
    if (chunk->size > left - CHUNK_OVERHEAD) {
        return false;
    }
    memcpy(chunk->type, chunk->start + 4, 4);
    chunk->type[4] = '\0';
    chunk->body = chunk->start + 8;
    *offset += CHUNK_OVERHEAD + chunk->size;
    return true;
}

static bool is_type(const png_chunk *chunk, const char *type)
{
    return strcmp(chunk->type, type) == 0;
}

static hydra_status read_size(hy_photo *photo, const png_chunk *chunk, hy_diag *diag)
{
    if (!is_type(chunk, "IHDR") || chunk->size != HEADER_BYTES) {
        return hy_photo_damaged(photo, "no header", diag);
    }
    return hy_photo_set_size(photo, hy_read_be32(chunk->body), hy_read_be32(chunk->body + 4), diag);
}

static hydra_status choose_rows(hy_photo *photo, const uint8_t *header, bool transparent,
                                hy_diag *diag)
{
    uint8_t bits = header[8];
    uint8_t colour = header[9];
    if (bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16) {
        return hy_photo_damaged(photo, "bits per sample", diag);
    }
    if (transparent && colour == GREY && bits == 1) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                       "%s: a black and white PNG file with a transparent colour", photo->name);
    }
    hy_row_format *rows = &photo->info.rows;
    rows->bits = bits == 16 ? 16 : 8;
    switch (colour) {
    case GREY:
        rows->channels = transparent ? 2 : 1;
        return HYDRA_OK;
    case RGB:
    case PALETTE:
        rows->channels = transparent ? 4 : 3;
        return HYDRA_OK;
    case GREY_ALPHA:
        rows->channels = 2;
        return HYDRA_OK;
    case RGB_ALPHA:
        rows->channels = 4;
        return HYDRA_OK;
    default:
        return hy_photo_damaged(photo, "kind of colour", diag);
    }
}

/* zlib data to at most HY_MAX_ICC_BYTES. */
static bool inflate_block(const uint8_t *data, size_t size, hy_buffer *out)
{
    z_stream stream = {.next_in = data, .avail_in = (uInt)size};
    if (inflateInit(&stream) != Z_OK) {
        return false;
    }
    int state = Z_OK;
    bool fits = true;
    while (state == Z_OK && fits) {
        uint8_t part[4096];
        stream.next_out = part;
        stream.avail_out = sizeof part;
        state = inflate(&stream, Z_NO_FLUSH);
        fits = hy_buffer_append(out, part, sizeof part - stream.avail_out);
    }
    (void)inflateEnd(&stream);
    return fits && state == Z_STREAM_END;
}

/* iCCP: a name, its end, method 0, then the profile in zlib's format. */
static void read_profile(hy_photo *photo, const png_chunk *chunk)
{
    const uint8_t *end = memchr(chunk->body, '\0', chunk->size);
    size_t name = end ? (size_t)(end - chunk->body) : chunk->size;
    hy_buffer icc = {.limit = HY_MAX_ICC_BYTES};
    if (photo->profile.icc || name + 2 > chunk->size || end[1] != 0 ||
        !inflate_block(end + 2, chunk->size - name - 2, &icc)) {
        hy_buffer_free(&icc);
        photo->profile.damaged = true;
        return;
    }
    photo->state = icc.data;
    photo->profile.icc = icc.data;
    photo->profile.icc_size = icc.size;
}

static hydra_status open_png(hy_photo *photo, hy_diag *diag)
{
    size_t offset = SIGNATURE_BYTES;
    png_chunk chunk;
    if (!next_chunk(photo, &offset, &chunk)) {
        return hy_photo_cut_short(photo, diag);
    }
    hydra_status status = read_size(photo, &chunk, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    const uint8_t *header = chunk.body;
    bool transparent = false;
    while (!is_type(&chunk, "IEND")) {
        if (!next_chunk(photo, &offset, &chunk)) {
            return hy_photo_cut_short(photo, diag);
        }
        if (is_type(&chunk, "tRNS")) {
            transparent = true;
        } else if (is_type(&chunk, "iCCP")) {
            read_profile(photo, &chunk);
        } else if (is_type(&chunk, "eXIf")) {
            photo->info.orientation = hy_exif_orientation(chunk.body, chunk.size);
        }
    }
    if (header[9] == PALETTE) { /* FFmpeg keeps the numbers */
        photo->work_bytes = (int64_t)photo->info.width * photo->info.height;
    }
    return choose_rows(photo, header, transparent, diag);
}

static bool makes_picture(const png_chunk *chunk)
{
    return is_type(chunk, "IHDR") || is_type(chunk, "PLTE") || is_type(chunk, "tRNS") ||
           is_type(chunk, "IDAT");
}

/* Copies the chunks that make the picture behind the signature; returns the bytes. NULL: count. */
static size_t gather(const hy_photo *photo, uint8_t *out)
{
    size_t total = SIGNATURE_BYTES;
    if (out) {
        memcpy(out, photo->data, SIGNATURE_BYTES);
    }
    size_t offset = SIGNATURE_BYTES;
    png_chunk chunk = {.type = ""};
    while (next_chunk(photo, &offset, &chunk) && !is_type(&chunk, "IEND")) {
        if (makes_picture(&chunk)) {
            if (out) {
                memcpy(out + total, chunk.start, CHUNK_OVERHEAD + chunk.size);
            }
            total += CHUNK_OVERHEAD + chunk.size;
        }
    }
    return total;
}

/* IEND is left out on purpose: FFmpeg takes a half picture when it meets IEND, but not when the
 * data ends without it. */
static hydra_status decode_png(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    AVPacket *packet = NULL;
    hydra_status status = hy_photo_packet_new(photo, gather(photo, NULL), &packet, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    (void)gather(photo, packet->data);
    return hy_photo_decode_packet(photo, AV_CODEC_ID_PNG, packet, rows, user, diag);
}

static void close_png(hy_photo *photo)
{
    hy_free(photo->state); /* the profile */
}

const hy_photo_decoder hy_photo_png = {open_png, decode_png, close_png};
