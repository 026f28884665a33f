/* SPDX-License-Identifier: MIT */
/*
 * The one picture format between rooms: planar 8-bit YUV 4:2:0, BT.709, limited range (16..235,
 * 16..240), chroma sited as in MPEG-2 and H.264 by default: chroma sample j lies at luma column 2j
 * and half way between luma rows 2i and 2i+1.
 */
#ifndef HY_PICTURE_H
#define HY_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "mem.h"

typedef struct hy_picture {
    uint8_t *plane[3];   /* Y, U, V; rows start at multiples of HY_ALIGN */
    ptrdiff_t stride[3]; /* bytes from row to row */
    int32_t width;       /* luma, even */
    int32_t height;      /* luma, even */
    hy_meter *meter;     /* counts the bytes; may be NULL */
    size_t bytes;
    struct hy_pixels *pixels; /* what the planes are in; counted */
} hy_picture;

/* What a picture of that size takes; 0 for a size that none has. */
size_t hy_picture_bytes(int32_t width, int32_t height);
/* Width and height even and positive. The content is not set. HYDRA_ERR_LIMIT beyond the meter's
 * limit. */
hydra_status hy_picture_new(int32_t width, int32_t height, hy_meter *meter, hy_picture **out,
                            hy_diag *diag);
/*
 * The same pixels once more, for who may need them longer than their maker: they stay until the
 * last of both is freed. It is not metered, for it may outlive the meter. HYDRA_ERR_MEMORY.
 */
hydra_status hy_picture_ref(const hy_picture *picture, hy_picture **out, hy_diag *diag);
/* What the meter counted is given back at once. NULL does nothing. */
void hy_picture_free(hy_picture *picture);

static inline int32_t hy_plane_width(const hy_picture *p, int plane)
{
    return plane ? p->width / 2 : p->width;
}

static inline int32_t hy_plane_height(const hy_picture *p, int plane)
{
    return plane ? p->height / 2 : p->height;
}

/* How rows of a decoded photo look. Samples are interleaved, full range, in machine byte order. */
typedef struct hy_row_format {
    int32_t channels; /* 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha or CMYK */
    int32_t bits;     /* 8 or 16 per sample */
    bool cmyk;        /* the 4 channels are ink, 0 = full ink (Adobe's inverted form) */
} hy_row_format;

/* Takes `count` rows of a photo, top to bottom; they are valid during the call. 0 = none yet, but
 * there has been work. Any status but HYDRA_OK ends the decoding, which then returns it; the cause
 * is noted by the taker. */
typedef hydra_status hy_rows_fn(void *user, const void *rows, ptrdiff_t stride_bytes,
                                int32_t count);

/* A pixel on its way to the canvas: 16 bits, full range, straight alpha (not premultiplied). */
typedef struct hy_rgba64 {
    uint16_t r;
    uint16_t g;
    uint16_t b;
    uint16_t a;
} hy_rgba64;

/* Converts pixels in place from a photo's colours to sRGB. Grey photos come with r = g = b; CMYK
 * comes as r, g, b, a = C, M, Y, K with 0 = full ink and leaves with a = 65535. Otherwise alpha is
 * kept. */
typedef void hy_color_fn(void *user, hy_rgba64 *pixels, int32_t count);

/* A rectangle in pixels (continuous: pixel i covers i..i+1). */
typedef struct hy_rect {
    double x;
    double y;
    double w;
    double h;
} hy_rect;

#endif
