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

/* zlib data to at most `out->limit` bytes. HYDRA_ERR_FORMAT: damaged, or more than that. */
static hydra_status inflate_block(const uint8_t *data, size_t size, hy_buffer *out)
{
    z_stream stream = {.next_in = data, .avail_in = (uInt)size};
    if (inflateInit(&stream) != Z_OK) {
        return HYDRA_ERR_MEMORY;
    }
    hydra_status status = HYDRA_OK;
    int state = Z_OK;
    while (state == Z_OK && status == HYDRA_OK) {
        uint8_t part[4096];
        stream.next_out = part;
        stream.avail_out = sizeof part;
        state = inflate(&stream, Z_NO_FLUSH);
        size_t got = sizeof part - stream.avail_out;
        if (got > out->limit - out->size) {
            status = HYDRA_ERR_FORMAT;
        } else if (!hy_buffer_append(out, part, got)) {
            status = HYDRA_ERR_MEMORY;
        }
    }
    (void)inflateEnd(&stream);
    return status == HYDRA_OK && state != Z_STREAM_END ? HYDRA_ERR_FORMAT : status;
}

/* iCCP: a name, its end, method 0, then the profile in zlib's format. After one that is damaged no
 * other is unpacked. */
static hydra_status read_profile(hy_photo *photo, const png_chunk *chunk, hy_diag *diag)
{
    const uint8_t *end = memchr(chunk->body, '\0', chunk->size);
    size_t name = end ? (size_t)(end - chunk->body) : chunk->size;
    hy_buffer icc = {.limit = HY_MAX_ICC_BYTES};
    hydra_status status = HYDRA_ERR_FORMAT;
    if (!photo->profile.icc && !photo->profile.damaged && name + 2 <= chunk->size && end[1] == 0) {
        status = inflate_block(end + 2, chunk->size - name - 2, &icc);
    }
    if (status != HYDRA_OK) {
        hy_buffer_free(&icc);
        photo->profile.damaged = true;
        return status == HYDRA_ERR_MEMORY ? hy_fail_memory(diag) : HYDRA_OK;
    }
    photo->state = icc.data;
    photo->profile.icc = icc.data;
    photo->profile.icc_size = icc.size;
    return HYDRA_OK;
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
    while (status == HYDRA_OK && !is_type(&chunk, "IEND")) {
        if (!next_chunk(photo, &offset, &chunk)) {
            return hy_photo_cut_short(photo, diag);
        }
        if (is_type(&chunk, "tRNS")) {
            transparent = true;
        } else if (is_type(&chunk, "iCCP")) {
            status = read_profile(photo, &chunk, diag);
        } else if (is_type(&chunk, "eXIf")) {
            photo->info.orientation = hy_exif_orientation(chunk.body, chunk.size);
        }
    }
    if (status == HYDRA_OK) {
        status = choose_rows(photo, header, transparent, diag);
    }
    const hy_row_format *rows = &photo->info.rows;
    int64_t pixel_bytes = header[9] == PALETTE ? 1 : rows->channels * (rows->bits / 8);
    photo->info.decode_bytes = hy_photo_picture_bytes(photo, pixel_bytes);
    return status;
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
