/* SPDX-License-Identifier: MIT */
/*
 * Photos for tests, made in memory: every format that the library reads, with the encoders of
 * libjpeg, FFmpeg and libheif. A maker that fails fails the test. Samples are given and compared
 * as tightly packed rows.
 */
#ifndef HY_TEST_MEDIA_H
#define HY_TEST_MEDIA_H

#include "media/media.h"

/* Bytes of a file; free with test_file_free. */
typedef struct test_file {
    uint8_t *data;
    size_t size;
} test_file;

void test_file_free(test_file *file);
void test_file_append(test_file *file, const void *data, size_t size);
/* A copy with `insert` put in at `offset`. `file` stays. */
test_file test_file_insert(const test_file *file, size_t offset, const void *insert, size_t size);

/* ---- Pictures ---- */

/* A smooth colour picture, RGB24: red grows to the right, green downwards, blue falls along the
 * diagonal. Free with free. */
uint8_t *test_gradient(int32_t width, int32_t height);
/* Mean absolute difference of `count` 8-bit samples. */
double test_difference(const uint8_t *a, const uint8_t *b, size_t count);

/* ---- JPEG ---- */

typedef enum test_jpeg_kind {
    TEST_JPEG_YCBCR, /* from RGB */
    TEST_JPEG_RGB,   /* from RGB */
    TEST_JPEG_GREY,  /* from grey */
    TEST_JPEG_CMYK,  /* from ink, 0 = full, as Adobe writes it */
    TEST_JPEG_YCCK   /* from the same */
} test_jpeg_kind;

typedef struct test_jpeg {
    test_jpeg_kind kind;
    int32_t quality;    /* 0 = 95 */
    int32_t horizontal; /* chroma is that much coarser; 0 = 1 */
    int32_t vertical;
    bool progressive;
    bool many_scans; /* grey, progressive: 127 scans */
    bool no_adobe;   /* CMYK without Adobe's marker: samples are written as given */
    int32_t orientation;
    const uint8_t *icc;
    size_t icc_size;
} test_jpeg;

/* `how` NULL = 4:4:4 of RGB. */
test_file test_make_jpeg(const uint8_t *samples, int32_t width, int32_t height,
                         const test_jpeg *how);
/* An EXIF block (TIFF structure) that holds only an orientation. */
test_file test_make_exif(uint32_t orientation, bool big_endian);

/* ---- Formats of FFmpeg ---- */

/* Encode with the named encoder; `layout` is FFmpeg's name of the samples' layout ("rgb24"),
 * `options` "name=value:..." or NULL. */
test_file test_make_picture(const char *encoder, const char *layout, const uint8_t *samples,
                            int32_t width, int32_t height, const char *options);
/* A chunk with its length and CRC. */
test_file test_make_png_chunk(const char *type, const void *data, size_t size);
/* The PNG with a chunk after its header. */
test_file test_png_with_chunk(const test_file *png, const char *type, const void *data,
                              size_t size);
/* The PNG with a profile in an iCCP chunk. */
test_file test_png_with_icc(const test_file *png, const void *icc, size_t size);
/* The plain WebP in the extended container, with a profile and an EXIF block; either may be NULL.
 */
test_file test_webp_extended(const test_file *webp, int32_t width, int32_t height, bool alpha,
                             const test_file *icc, const test_file *exif);

/* ---- HEIC and AVIF (media_heif.c) ---- */

#if HY_HAVE_HEIF
typedef struct test_heif {
    bool av1;   /* AVIF instead of HEIC */
    bool alpha; /* samples are RGBA */
    bool premultiplied;
    int32_t bits;        /* 8 (0), or 10 and 12: 16-bit samples */
    int32_t primaries;   /* of H.273; 0 = none of both */
    int32_t transfer;    /* */
    int32_t orientation; /* written as rotation and mirror boxes; 0 = none */
    const uint8_t *icc;
    size_t icc_size;
} test_heif;

/* Nearly lossless, 4:4:4. */
test_file test_make_heif(const void *samples, int32_t width, int32_t height, const test_heif *how);
#endif
/* AVIF of 10 bits, BT.709, limited range, from planar 4:2:0. */
test_file test_make_avif10(const uint16_t *yuv420, int32_t width, int32_t height);
/* One item of a HEIC (media_grid.c). Numbers of items count from 1. */
typedef struct test_heif_item {
    const char *type; /* NULL = a grey picture in HEVC; else "grid", "iden", "iovl" */
    int32_t width;
    int32_t height;
    int32_t claimed_width; /* what the header says; 0 = the truth */
    int32_t claimed_height;
    uint8_t level; /* of grey */
    bool half;     /* the second of two slices is missing */
    bool hidden;
    int32_t columns; /* of a grid */
    int32_t rows;
    bool wide_grid;     /* numbers of 32 bits */
    int32_t first_part; /* items that it is derived from */
    int32_t part_count;
    int32_t alpha_of; /* 0 = is no alpha plane */
    int32_t turns;    /* by 90 degrees anticlockwise */
    int32_t mirror;   /* 1 = left and right (value 0 of imir, vertical axis) or 2; 0 = none */
} test_heif_item;

test_file test_make_heif_items(const test_heif_item *how, int32_t count, int32_t primary);
/* A HEIC of columns x rows tiles of 64 x 64 pixels, cropped to the size; tile i is grey, of
 * level `levels[i]`. */
test_file test_make_heif_grid(int32_t columns, int32_t rows, const uint8_t *levels, int32_t width,
                              int32_t height);

/* ---- Decoding ---- */

typedef struct test_photo {
    hy_photo_info info;
    uint8_t *rows; /* packed; free with test_photo_free */
    size_t row_bytes;
} test_photo;

/* Open and decode, copying every row. Fails the test when the rows are not as many as the header
 * says. */
hydra_status test_decode_within(const test_file *file, const hydra_policy *policy, test_photo *out,
                                hy_diag *diag);
/* The same with the default limits. */
hydra_status test_decode(const test_file *file, test_photo *out, hy_diag *diag);
void test_photo_free(test_photo *photo);
/* Open the photo and make its colour transform. */
hydra_status test_color_of(const test_file *file, hy_color **color, hy_diag *diag);

#endif
