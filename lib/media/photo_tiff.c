/* SPDX-License-Identifier: MIT */
/*
 * TIFF 6.0, first directory. Camera raw files are TIFF outside, with a thumbnail in that
 * directory: they are refused, rather than shown as a postage stamp.
 */
#include <string.h>

#include "photo.h"

#define ENTRY_BYTES 12

enum {
    TAG_KIND = 254,
    TAG_WIDTH = 256,
    TAG_HEIGHT = 257,
    TAG_BITS = 258,
    TAG_COMPRESSION = 259,
    TAG_PHOTOMETRIC = 262,
    TAG_SAMPLES = 277,
    TAG_ROWS_PER_STRIP = 278,
    TAG_TILE_WIDTH = 322,
    TAG_MORE_DIRECTORIES = 330,
    TAG_EXTRA_SAMPLES = 338,
    TAG_SAMPLE_FORMAT = 339,
    TAG_ICC = 34675,
    TAG_DNG_VERSION = 50706
};

enum {
    WHITE_IS_ZERO = 0,
    BLACK_IS_ZERO = 1,
    RGB = 2,
    PALETTE = 3,
    SEPARATED = 5
};

#define DEFLATE       8 /* values of TAG_COMPRESSION */
#define OLD_DEFLATE   32946
#define PREMULTIPLIED 1 /* value of TAG_EXTRA_SAMPLES */
#define REDUCED       1 /* bit of TAG_KIND */
#define UNSIGNED      1 /* value of TAG_SAMPLE_FORMAT */

static bool is_raw(const hy_tiff *tiff)
{
    bool thumbnail = (hy_tiff_value(tiff, TAG_KIND, 0, 0) & REDUCED) != 0;
    return hy_tiff_value(tiff, TAG_DNG_VERSION, 0, 0) != 0 ||
           (thumbnail && hy_tiff_value(tiff, TAG_MORE_DIRECTORIES, 0, 0) != 0);
}

static hydra_status choose_rows(hy_photo *photo, const hy_tiff *tiff, hy_diag *diag)
{
    uint32_t photometric = hy_tiff_value(tiff, TAG_PHOTOMETRIC, 0, UINT32_MAX);
    uint32_t samples = hy_tiff_value(tiff, TAG_SAMPLES, 0, 1);
    uint32_t bits = hy_tiff_value(tiff, TAG_BITS, 0, 1);
    hy_row_format *rows = &photo->info.rows;
    rows->bits = bits > 8 ? 16 : 8;
    switch (photometric) {
    case WHITE_IS_ZERO:
    case BLACK_IS_ZERO:
        rows->channels = samples >= 2 ? 2 : 1;
        break;
    case RGB:
        rows->channels = samples >= 4 ? 4 : 3;
        break;
    case PALETTE:
    case SEPARATED: /* FFmpeg turns the ink into RGB */
        rows->bits = 8;
        rows->channels = 3;
        break;
    default:
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: TIFF of colour model %u", photo->name,
                       (unsigned)photometric);
    }
    bool alpha = rows->channels == 2 || rows->channels == 4;
    photo->premultiplied = alpha && hy_tiff_value(tiff, TAG_EXTRA_SAMPLES, 0, 0) == PREMULTIPLIED;
    return HYDRA_OK;
}

/* What FFmpeg unpacks: nothing, fax, LZW, deflate (two numbers), PackBits. */
static bool is_known_compression(uint32_t compression)
{
    static const uint16_t known[] = {1, 2, 3, 4, 5, 8, 32773, 32946};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (compression == known[i]) {
            return true;
        }
    }
    return false;
}

static hydra_status check_kind(const hy_photo *photo, const hy_tiff *tiff, hy_diag *diag)
{
    if (is_raw(tiff)) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: a camera raw file; develop it to JPEG",
                       photo->name);
    }
    if (hy_tiff_value(tiff, TAG_SAMPLE_FORMAT, 0, UNSIGNED) != UNSIGNED) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: TIFF with signed or floating samples",
                       photo->name);
    }
    if (hy_tiff_value(tiff, TAG_TILE_WIDTH, 0, 0) != 0) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: TIFF in tiles", photo->name);
    }
    uint32_t compression = hy_tiff_value(tiff, TAG_COMPRESSION, 0, 1);
    if (!is_known_compression(compression)) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: TIFF with compression %u", photo->name,
                       (unsigned)compression);
    }
    return HYDRA_OK;
}

/* The picture, and where a strip is inflated, that strip. */
static void measure(hy_photo *photo, const hy_tiff *tiff)
{
    const hy_photo_info *info = &photo->info;
    int64_t row = (int64_t)info->width * info->rows.channels * (info->rows.bits / 8);
    int64_t strip = hy_tiff_value(tiff, TAG_ROWS_PER_STRIP, 0, UINT32_MAX);
    uint32_t compression = hy_tiff_value(tiff, TAG_COMPRESSION, 0, 1);
    bool inflates = compression == DEFLATE || compression == OLD_DEFLATE;
    photo->work_bytes = row * info->height;
    photo->work_bytes += inflates ? row * (strip < info->height ? strip : info->height) : 0;
}

static hydra_status open_tiff(hy_photo *photo, hy_diag *diag)
{
    hy_tiff tiff;
    if (!hy_tiff_open(&tiff, photo->data, photo->size) || !tiff.whole) {
        return hy_photo_cut_short(photo, diag);
    }
    hydra_status status = hy_photo_set_size(photo, hy_tiff_value(&tiff, TAG_WIDTH, 0, 0),
                                            hy_tiff_value(&tiff, TAG_HEIGHT, 0, 0), diag);
    if (status != HYDRA_OK) {
        return status;
    }
    status = check_kind(photo, &tiff, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    (void)hy_tiff_bytes(&tiff, TAG_ICC, &photo->profile.icc, &photo->profile.icc_size);
    photo->info.orientation = hy_exif_orientation(photo->data, photo->size);
    status = choose_rows(photo, &tiff, diag);
    measure(photo, &tiff);
    return status;
}

/* Tags that FFmpeg needs for the pixels. */
static bool makes_picture(uint32_t tag)
{
    static const uint16_t needed[] = {
        TAG_WIDTH,
        TAG_HEIGHT,
        TAG_BITS,
        TAG_COMPRESSION,
        TAG_PHOTOMETRIC,
        TAG_SAMPLES,
        266 /* fill order */,
        273 /* strip offsets */,
        TAG_ROWS_PER_STRIP,
        279 /* strip sizes */,
        284 /* planes */,
        292 /* fax options */,
        293 /* fax options */,
        317 /* predictor */,
        320 /* palette */,
    };
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        if (tag == needed[i]) {
            return true;
        }
    }
    return false;
}

/* FFmpeg is told to fail on errors, and a tag that it does not know is one to it: take the others
 * out of the directory of this copy. It is the only directory from then on. */
static void thin_directory(hy_tiff tiff, uint8_t *copy)
{
    uint8_t *kept = copy + tiff.entries;
    uint32_t count = 0;
    for (uint32_t i = 0; i < tiff.count; i++) {
        const uint8_t *entry = tiff.data + tiff.entries + (size_t)i * ENTRY_BYTES;
        if (makes_picture(tiff.big_endian ? hy_read_be16(entry) : hy_read_le16(entry))) {
            memmove(kept + (size_t)count * ENTRY_BYTES, entry, ENTRY_BYTES);
            count++;
        }
    }
    uint8_t *number = copy + tiff.entries - 2;
    number[tiff.big_endian ? 0 : 1] = (uint8_t)(count >> 8);
    number[tiff.big_endian ? 1 : 0] = (uint8_t)count;
    if (count < tiff.count) {
        memset(kept + (size_t)count * ENTRY_BYTES, 0, 4); /* offset of the next directory */
    }
}

static hydra_status decode_tiff(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    hy_tiff tiff;
    AVPacket *packet = NULL;
    hydra_status status = hy_photo_packet_new(photo, photo->size, &packet, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    memcpy(packet->data, photo->data, photo->size);
    (void)hy_tiff_open(&tiff, photo->data, photo->size);
    thin_directory(tiff, packet->data);
    return hy_photo_decode_packet(photo, AV_CODEC_ID_TIFF, packet, rows, user, diag);
}

const hy_photo_decoder hy_photo_tiff = {open_tiff, decode_tiff, NULL};
