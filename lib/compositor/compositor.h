/* SPDX-License-Identifier: MIT */
/*
 * compositor: pixels. Turns photos into prepared pictures ("assets", once per photo) and display
 * lists into frames (once per frame). All arithmetic is integer with stated rounding, so that any
 * implementation gives the same bits. Knows neither files nor the timeline.
 */
#ifndef HY_COMPOSITOR_H
#define HY_COMPOSITOR_H

#include <stdbool.h>
#include <stdint.h>

#include <hydra/context.h>

#include "core/core.h"

/* ---- The seam: one backend per file. cpu.c is the reference. ---- */

typedef struct hy_compositor hy_compositor;
typedef struct hy_compositor_ops {
    /* Draw `list` into `dst`, which has the compositor's size. assets: table that op.asset indexes;
     * entries that the list does not use may be NULL. */
    void (*draw)(hy_compositor *compositor, const hy_display_list *list,
                 const hy_picture *const *assets, hy_picture *dst);
    void (*free)(hy_compositor *compositor);
} hy_compositor_ops;
/* Used by one thread at a time: it owns scratch memory. Threads have one each. */
struct hy_compositor {
    const hy_compositor_ops *ops;
};

/* simd: HYDRA_SIMD_..., the highest level of vector instructions to use; the pixels are the same.
 */
hydra_status hy_compositor_cpu_new(int32_t width, int32_t height, int32_t simd, hy_meter *meter,
                                   hy_compositor **out, hy_diag *diag);
void hy_compositor_free(hy_compositor *compositor);
/* What is used then, for people: "plain C", "AVX2", ... */
const char *hy_compositor_cpu_name(int32_t simd);
/* What hy_compositor_cpu_new allocates. */
int64_t hy_compositor_cpu_bytes(int32_t width, int32_t height);

/* ---- Assets: rows of a photo in, a picture out ---- */

typedef struct hy_asset_spec {
    int32_t width;       /* of the asset, even */
    int32_t height;      /* even */
    int32_t photo_width; /* before orientation */
    int32_t photo_height;
    int32_t halvings; /* 0..3: the rows that will come are 1/2^halvings as wide, and as many,
                         rounded up */
    hy_row_format rows;
    int32_t orientation;     /* EXIF 1..8: how to turn the rows upright */
    hy_rect source;          /* part of the upright photo, in its pixels, that is shown */
    hy_rect target;          /* where it goes, in asset pixels; whole pixels */
    uint32_t background_rgb; /* sRGB 0xRRGGBB under transparent pixels of the photo */
    uint32_t backdrop_rgb;   /* sRGB, around `target` */
    bool blur;               /* instead of backdrop_rgb: blurred copy of the photo, covering */
    int32_t simd;            /* HYDRA_SIMD_..., as below */
    hy_color_fn *color;      /* NULL = the photo is sRGB (CMYK: then naive ink to RGB) */
    void *color_user;
} hy_asset_spec;

typedef struct hy_asset_builder hy_asset_builder;

/* `spec` is copied. Fails with HYDRA_ERR_MEMORY or, for a spec that makes no sense,
 * HYDRA_ERR_INTERNAL. */
hydra_status hy_asset_builder_new(const hy_asset_spec *spec, hy_meter *meter,
                                  hy_asset_builder **out, hy_diag *diag);
/* Take the next rows of the photo, as stored. */
void hy_asset_builder_rows(hy_asset_builder *builder, const void *rows, ptrdiff_t stride_bytes,
                           int32_t count);
/* All rows came: convert and hand out the picture. */
hydra_status hy_asset_builder_finish(hy_asset_builder *builder, hy_picture **out, hy_diag *diag);
/* Most memory that building takes, the picture included: never less, and hardly more. */
int64_t hy_asset_builder_bytes(const hy_asset_spec *spec);
/* May be called at any point. NULL does nothing. */
void hy_asset_builder_free(hy_asset_builder *builder);

/* ---- Frames for people ---- */

/* BT.709 limited 4:2:0 to full-range RGB24 (chroma interpolated at its siting). */
void hy_picture_to_rgb24(const hy_picture *picture, uint8_t *rgb, ptrdiff_t stride_bytes);

/* 0xRRGGBB to 8-bit Y, U, V as in hy_picture, rounded. */
void hy_yuv_from_rgb(uint32_t rgb, uint8_t yuv[3]);

#endif
