/* SPDX-License-Identifier: MIT */
/*
 * What the pictures of a HEIF file are made of: one coded item, or a grid of tiles, and an alpha
 * plane. libheif puts grids together without asking whether the tiles fill the picture, so here it
 * decodes single items only.
 */
#ifndef HY_MEDIA_HEIF_PICTURE_H
#define HY_MEDIA_HEIF_PICTURE_H

#include "heif_boxes.h"

typedef struct hy_heif_picture {
    uint32_t id;
    bool grid;       /* else one coded item */
    int32_t columns; /* 1 x 1 for a coded item */
    int32_t rows;
    int64_t width; /* of a grid; 0 for a coded item */
    int64_t height;
    int32_t orientation; /* EXIF: how the grid's own transformations turn it */
    hy_heif_span tiles;  /* their ids */
    int32_t id_bytes;
} hy_heif_picture;

/* HYDRA_ERR_FORMAT for damage, HYDRA_ERR_UNSUPPORTED for what is not read. */
hydra_status hy_heif_find_picture(const hy_photo *photo, const hy_heif_file *file, uint32_t id,
                                  hy_heif_picture *picture, hy_diag *diag);
/* Look for the alpha plane of a picture; `found` false: there is none. */
hydra_status hy_heif_find_alpha(const hy_photo *photo, const hy_heif_file *file,
                                const hy_heif_picture *colour, hy_heif_picture *alpha, bool *found,
                                hy_diag *diag);
/* Whether the primary item's colours are multiplied by that alpha. */
bool hy_heif_is_premultiplied(const hy_heif_file *file, uint32_t alpha);
/* Item of tile number `index`, row by row; of a coded item its own. */
uint32_t hy_heif_tile(const hy_heif_picture *picture, int32_t index);

#endif
