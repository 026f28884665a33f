/* SPDX-License-Identifier: MIT */
/*
 * Private to the photo half of media: what photo.c (recognition, limits, order of calls) and the
 * decoders behind it share. A decoder sees the whole file in memory and never a name or a path
 * that it could open.
 */
#ifndef HY_MEDIA_PHOTO_H
#define HY_MEDIA_PHOTO_H

#include <libavcodec/avcodec.h>

#include "media.h"

/* No camera or printer profile comes near; a block that inflates beyond it is a bomb. */
#define HY_MAX_ICC_BYTES ((size_t)16 << 20)

/* What a file says about its colours. All zero = nothing: sRGB. */
typedef struct hy_photo_profile {
    const uint8_t *icc; /* borrowed from the file or owned by the decoder; NULL = none */
    size_t icc_size;
    bool damaged;    /* there is an ICC profile, but it cannot be put together */
    bool primaries;  /* no ICC profile; the fields below hold */
    double red[2];   /* CIE x, y */
    double green[2]; /* */
    double blue[2];  /* */
    double white[2]; /* */
    double gamma;    /* 0 = the sRGB curve */
} hy_photo_profile;

typedef struct hy_photo_decoder hy_photo_decoder;

struct hy_photo {
    const hy_photo_decoder *decoder;
    void *state; /* the decoder's own */
    char *name;  /* for error texts */
    const uint8_t *data;
    size_t size;
    int64_t max_pixels;
    int64_t max_side_px;
    int64_t max_decode_bytes;
    hy_photo_info info;
    hy_photo_profile profile;
    bool premultiplied; /* the file's colours are multiplied by their alpha; the rows never are */
    bool decoded;
    bool in_place;    /* the file is decoded where it is, not from a copy */
    int32_t halvings; /* of width and height of the rows that are wanted */
};

/* The seam: one per decoding library. */
struct hy_photo_decoder {
    /* Read the header: fill info (the format's name is there already; the size through
     * hy_photo_set_size, before anything of that size is allocated; decode_bytes unless it is two
     * pictures of the rows' format), profile and state. */
    hydra_status (*open)(hy_photo *photo, hy_diag *diag);
    hydra_status (*decode)(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag);
    /* Also after a failed open. NULL: there is no state. */
    void (*close)(hy_photo *photo);
};

extern const hy_photo_decoder hy_photo_jpeg;
extern const hy_photo_decoder hy_photo_heif;
extern const hy_photo_decoder hy_photo_png;
extern const hy_photo_decoder hy_photo_gif;
extern const hy_photo_decoder hy_photo_bmp;
extern const hy_photo_decoder hy_photo_webp;
extern const hy_photo_decoder hy_photo_tiff;

/* Hold a size against the limits and note it. */
hydra_status hy_photo_set_size(hy_photo *photo, int64_t width, int64_t height, hy_diag *diag);
/* Bytes of a whole picture. */
int64_t hy_photo_picture_bytes(const hy_photo *photo, int64_t bytes_per_pixel);
/* "NAME: the PNG file is cut short" and "NAME: the PNG file is damaged (DETAIL)". */
hydra_status hy_photo_cut_short(const hy_photo *photo, hy_diag *diag);
hydra_status hy_photo_damaged(const hy_photo *photo, const char *detail, hy_diag *diag);

/* ---- photo_ffmpeg.c ---- */

/* A packet of `size` bytes, padded as FFmpeg asks. */
hydra_status hy_photo_packet_new(const hy_photo *photo, size_t size, AVPacket **out, hy_diag *diag);
/* Decode one packet (freed in any case) that holds a whole picture of the size in `info`, and hand
 * out its rows. */
hydra_status hy_photo_decode_packet(hy_photo *photo, enum AVCodecID codec, AVPacket *packet,
                                    hy_rows_fn *rows, void *user, hy_diag *diag);
/* The same with the file as it is. */
hydra_status hy_photo_decode_file(hy_photo *photo, enum AVCodecID codec, hy_rows_fn *rows,
                                  void *user, hy_diag *diag);

/* ---- photo_rows.c ---- */

/* Hand out the rows of `frame` in the photo's row format. */
hydra_status hy_photo_frame_rows(const hy_photo *photo, const AVFrame *frame, hy_rows_fn *rows,
                                 void *user, hy_diag *diag);
/* Samples of `bits` bits, one after another, to full 16 bits. In place. */
void hy_rows_widen(uint16_t *samples, size_t count, int32_t bits);
/* Colours that were multiplied by their alpha back to straight ones. Formats with alpha only. */
void hy_rows_straighten(void *row, int32_t width, hy_row_format format);

/* ---- photo_yuv.c ---- */

/* Row `y` of a YUV 4:2:0 frame as WebP has them (BT.601, limited range, chroma between the luma
 * samples) as `channels` (3 or 4) bytes for each pixel. */
void hy_yuv420_row(const AVFrame *frame, int32_t y, int32_t channels, uint8_t *out);

/* ---- exif.c ---- */

/* A TIFF structure: the first directory of tags. Nothing is copied. */
typedef struct hy_tiff {
    const uint8_t *data;
    size_t size;
    size_t entries; /* offset of the first entry */
    uint32_t count; /* entries that lie inside the data */
    bool whole;     /* all of its entries do */
    bool big_endian;
} hy_tiff;

/* False: not a TIFF structure, or its directory lies outside. */
bool hy_tiff_open(hy_tiff *tiff, const uint8_t *data, size_t size);
/* Value number `index` of an unsigned integer tag; `otherwise` when it is not there. */
uint32_t hy_tiff_value(const hy_tiff *tiff, uint16_t tag, uint32_t index, uint32_t otherwise);
/* A tag's bytes. False: not there or outside the data. */
bool hy_tiff_bytes(const hy_tiff *tiff, uint16_t tag, const uint8_t **data, size_t *size);

/* ---- Integers in files ---- */

static inline uint32_t hy_read_le16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t hy_read_le24(const uint8_t *p)
{
    return hy_read_le16(p) | (uint32_t)p[2] << 16;
}

static inline uint32_t hy_read_le32(const uint8_t *p)
{
    return hy_read_le16(p) | hy_read_le16(p + 2) << 16;
}

static inline uint32_t hy_read_be16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | (uint32_t)p[1];
}

static inline uint32_t hy_read_be32(const uint8_t *p)
{
    return hy_read_be16(p) << 16 | hy_read_be16(p + 2);
}

#endif
