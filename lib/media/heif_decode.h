/* SPDX-License-Identifier: MIT */
/* From the items of a HEIF file to rows: tiles side by side, alpha beside the colours. */
#ifndef HY_MEDIA_HEIF_DECODE_H
#define HY_MEDIA_HEIF_DECODE_H

#include <libheif/heif.h>

#include "heif_picture.h"

typedef struct hy_heif_layer {
    hy_heif_picture picture;
    int32_t tile_width;
    int32_t tile_height;
} hy_heif_layer;

hydra_status hy_heif_fail(const hy_photo *photo, struct heif_error error, hy_diag *diag);
/* Note the size of the layer's tiles, which must fill the photo; `side_px` grows to their longest
 * side. */
hydra_status hy_heif_measure(const hy_photo *photo, struct heif_context *context,
                             hy_heif_layer *layer, int64_t *side_px, hy_diag *diag);
/* Of measured layers: a row of alpha tiles must belong to a row of colour tiles, turned alike. */
hydra_status hy_heif_compare(const hy_photo *photo, const hy_heif_layer *colour,
                             const hy_heif_layer *alpha, hy_diag *diag);
/* Most memory that decoding measured layers takes; `alpha` NULL: none. */
int64_t hy_heif_work_bytes(const hy_photo *photo, const hy_heif_file *file,
                           const hy_heif_layer *colour, const hy_heif_layer *alpha);
/* `alpha` NULL: none. No sample comes out that no tile has written. */
hydra_status hy_heif_decode(const hy_photo *photo, struct heif_context *context,
                            const hy_heif_layer *colour, const hy_heif_layer *alpha,
                            hy_rows_fn *rows, void *user, hy_diag *diag);

#endif
