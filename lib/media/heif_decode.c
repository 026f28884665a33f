/* SPDX-License-Identifier: MIT */
/*
 * Decoding of HEIF pictures, one row of tiles after another. What a decoded tile measures counts,
 * not what its header says: a tile that is smaller would leave a gap.
 */
#include "heif_decode.h"

#include <endian.h>
#include <string.h>

hydra_status hy_heif_fail(const hy_photo *photo, struct heif_error error, hy_diag *diag)
{
    switch (error.code) {
    case heif_error_Memory_allocation_error:
        if (error.subcode == heif_suberror_Security_limit_exceeded) {
            return hy_fail(diag, HYDRA_ERR_LIMIT, "%s: %s: %s", photo->name, photo->info.format,
                           error.message);
        }
        return hy_fail_memory(diag);
    case heif_error_Unsupported_filetype:
    case heif_error_Unsupported_feature:
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                       "%s: a kind of %s file that libheif does not decode: %s", photo->name,
                       photo->info.format, error.message);
    default:
        return hy_photo_damaged(photo, error.message, diag);
    }
}

/* ---- Sizes ---- */

static hydra_status check_cover(const hy_photo *photo, const hy_heif_layer *layer, hy_diag *diag)
{
    const hy_heif_picture *picture = &layer->picture;
    int64_t width = layer->tile_width;
    int64_t height = layer->tile_height;
    if (!picture->grid) {
        return width == photo->info.width && height == photo->info.height
                   ? HYDRA_OK
                   : hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                             "%s: colours and alpha of the %s file differ in size", photo->name,
                             photo->info.format);
    }
    if (picture->width != photo->info.width || picture->height != photo->info.height) {
        return hy_photo_damaged(photo, "colours and alpha differ in size", diag);
    }
    if (width * picture->columns < photo->info.width ||
        height * picture->rows < photo->info.height) {
        return hy_photo_damaged(photo, "its tiles do not fill the picture", diag);
    }
    if (width * (picture->columns - 1) >= photo->info.width ||
        height * (picture->rows - 1) >= photo->info.height) {
        return hy_photo_damaged(photo, "some of its tiles lie outside the picture", diag);
    }
    return HYDRA_OK;
}

hydra_status hy_heif_measure(const hy_photo *photo, struct heif_context *context,
                             hy_heif_layer *layer, int64_t *side_px, hy_diag *diag)
{
    struct heif_image_handle *handle = NULL;
    struct heif_error error =
        heif_context_get_image_handle(context, hy_heif_tile(&layer->picture, 0), &handle);
    if (error.code != heif_error_Ok) {
        return hy_heif_fail(photo, error, diag);
    }
    hy_photo tile = *photo; /* only to hold the sizes against the limits */
    hydra_status status = hy_photo_set_size(&tile, heif_image_handle_get_ispe_width(handle),
                                            heif_image_handle_get_ispe_height(handle), diag);
    *side_px = tile.info.width > *side_px ? tile.info.width : *side_px;
    *side_px = tile.info.height > *side_px ? tile.info.height : *side_px;
    layer->tile_width = heif_image_handle_get_width(handle);
    layer->tile_height = heif_image_handle_get_height(handle);
    heif_image_handle_release(handle);
    return status == HYDRA_OK ? check_cover(photo, layer, diag) : status;
}

hydra_status hy_heif_compare(const hy_photo *photo, const hy_heif_layer *colour,
                             const hy_heif_layer *alpha, hy_diag *diag)
{
    bool same_rows = colour->picture.rows == alpha->picture.rows &&
                     (alpha->picture.rows == 1 || colour->tile_height == alpha->tile_height);
    if (!same_rows || colour->picture.orientation != alpha->picture.orientation) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                       "%s: the %s file's alpha plane is built otherwise than its colours",
                       photo->name, photo->info.format);
    }
    return HYDRA_OK;
}

/* ---- Memory ---- */

static size_t pixel_bytes(hy_row_format rows)
{
    return (size_t)rows.channels * (size_t)rows.bits / 8;
}

/* Samples of two pixels of 4:0:0, 4:2:0, 4:2:2 and 4:4:4. */
static const int32_t samples_of_two[] = {2, 3, 4, 6};

/* By the configuration record of HEVC (ISO/IEC 14496-15) or AV1 (AV1-ISOBMFF). */
static int32_t chroma_of(const hy_heif_box *record, bool av1)
{
    hy_heif_span at = hy_heif_part_of(record->body, av1 ? 2 : 16, 1);
    uint64_t bits = hy_heif_take(&at, 1);
    if (!av1) {
        return bits & 3;
    }
    bool grey = bits & 0x10;
    bool half_width = bits & 8;
    bool half_height = bits & 4;
    return grey ? 0 : !half_width ? 3 : half_height ? 1 : 2;
}

/* Samples that are held for two pixels of an item: the decoder's picture and libheif's copy of it;
 * dav1d, with several threads, also has coefficients of twice the size. */
static int32_t held_samples(const hy_heif_file *file, uint32_t id)
{
    hy_heif_properties properties = hy_heif_properties_of(file, id);
    hy_heif_box box;
    while (hy_heif_next_property(&properties, &box)) {
        bool av1 = box.type == hy_heif_name("av1C");
        if (av1 || box.type == hy_heif_name("hvcC")) {
            return samples_of_two[chroma_of(&box, av1)] * (av1 ? 4 : 2);
        }
    }
    return samples_of_two[3] * 4;
}

/* One tile while it is decoded, and as rows. */
static int64_t tile_bytes(const hy_photo *photo, const hy_heif_file *file,
                          const hy_heif_layer *layer)
{
    hy_row_format rows = photo->info.rows;
    int64_t held = held_samples(file, hy_heif_tile(&layer->picture, 0));
    int64_t pixels = (int64_t)layer->tile_width * layer->tile_height;
    return pixels * (held * (rows.bits / 8) / 2 + (int64_t)pixel_bytes(rows));
}

int64_t hy_heif_work_bytes(const hy_photo *photo, const hy_heif_file *file,
                           const hy_heif_layer *colour, const hy_heif_layer *alpha)
{
    int64_t tile = tile_bytes(photo, file, colour);
    int64_t other = alpha ? tile_bytes(photo, file, alpha) : 0;
    int64_t strip = (int64_t)photo->info.width * colour->tile_height;
    strip *= colour->picture.columns > 1 ? (int64_t)pixel_bytes(photo->info.rows) : 0;
    return strip + (tile > other ? tile : other);
}

/* ---- One item ---- */

/* Eight bits where the photo has eight, whatever the item has. */
static hydra_status decode_item(const hy_photo *photo, struct heif_context *context, uint32_t id,
                                enum heif_colorspace space, enum heif_chroma chroma,
                                struct heif_image **image, hy_diag *diag)
{
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    if (!options) {
        return hy_fail_memory(diag);
    }
    options->strict_decoding = 1;
    options->convert_hdr_to_8bit = photo->info.rows.bits == 8;
    struct heif_image_handle *handle = NULL;
    struct heif_error error = heif_context_get_image_handle(context, id, &handle);
    if (error.code == heif_error_Ok) {
        error = heif_decode_image(handle, image, space, chroma, options);
        heif_image_handle_release(handle);
    }
    heif_decoding_options_free(options);
    return error.code == heif_error_Ok ? HYDRA_OK : hy_heif_fail(photo, error, diag);
}

/* A decoded tile and where it goes. */
typedef struct tile {
    struct heif_image *image;
    uint8_t *plane;
    int stride;
    int bits;
    int32_t left;  /* in the picture */
    int32_t width; /* of what lies inside the picture */
    int32_t height;
} tile;

/* Take the plane of a decoded item: it must be as large as the header says. */
static hydra_status take_plane(const hy_photo *photo, const hy_heif_layer *layer,
                               enum heif_channel channel, tile *t, hy_diag *diag)
{
    t->plane = heif_image_get_plane(t->image, channel, &t->stride);
    t->bits = heif_image_get_bits_per_pixel_range(t->image, channel);
    if (!t->plane || heif_image_get_width(t->image, channel) != layer->tile_width ||
        heif_image_get_height(t->image, channel) != layer->tile_height || t->bits < 8 ||
        t->bits > 16) {
        return hy_photo_damaged(photo, "picture and header differ", diag);
    }
    return HYDRA_OK;
}

static tile place_tile(const hy_photo *photo, const hy_heif_layer *layer, int32_t row,
                       int32_t column)
{
    int32_t left = column * layer->tile_width;
    int32_t right = photo->info.width - left;
    int32_t below = photo->info.height - row * layer->tile_height;
    return (tile){
        .left = left,
        .width = right < layer->tile_width ? right : layer->tile_width,
        .height = below < layer->tile_height ? below : layer->tile_height,
    };
}

/* ---- Colours ---- */

static enum heif_chroma layout_of(hy_row_format rows)
{
    if (rows.bits == 8) {
        return rows.channels == 4 ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
    }
#if __BYTE_ORDER == __LITTLE_ENDIAN
    return rows.channels == 4 ? heif_chroma_interleaved_RRGGBBAA_LE
                              : heif_chroma_interleaved_RRGGBB_LE;
#else
    return rows.channels == 4 ? heif_chroma_interleaved_RRGGBBAA_BE
                              : heif_chroma_interleaved_RRGGBB_BE;
#endif
}

static hydra_status decode_colour(const hy_photo *photo, struct heif_context *context,
                                  const hy_heif_layer *layer, uint32_t id, tile *t, hy_diag *diag)
{
    hy_row_format rows = photo->info.rows;
    hydra_status status =
        decode_item(photo, context, id, heif_colorspace_RGB, layout_of(rows), &t->image, diag);
    if (status == HYDRA_OK) {
        status = take_plane(photo, layer, heif_channel_interleaved, t, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    if (t->bits > rows.bits) {
        return hy_photo_damaged(photo, "picture and header differ", diag);
    }
    for (int32_t y = 0; rows.bits == 16 && y < t->height; y++) {
        hy_rows_widen((void *)(t->plane + (ptrdiff_t)y * t->stride),
                      (size_t)t->width * (size_t)rows.channels, t->bits);
    }
    return HYDRA_OK;
}

/* ---- Alpha ---- */

/* A plane of luma to the last of four channels. */
static void paste_alpha(const tile *t, uint8_t *strip, ptrdiff_t stride, int32_t bits)
{
    uint32_t from = (1U << t->bits) - 1;
    uint32_t to = (1U << bits) - 1;
    for (int32_t y = 0; y < t->height; y++) {
        const uint8_t *in = t->plane + (ptrdiff_t)y * t->stride;
        uint8_t *out = strip + (ptrdiff_t)y * stride;
        for (int32_t x = 0; x < t->width; x++) {
            uint32_t value = t->bits > 8 ? ((const uint16_t *)(const void *)in)[x] : in[x];
            value = value < from ? value : from;
            uint32_t scaled = (uint32_t)(((uint64_t)value * to * 2 + from) / (from * 2));
            size_t at = ((size_t)t->left + (size_t)x) * 4 + 3;
            if (bits == 16) {
                ((uint16_t *)(void *)out)[at] = (uint16_t)scaled;
            } else {
                out[at] = (uint8_t)scaled;
            }
        }
    }
}

static hydra_status add_alpha_tile(const hy_photo *photo, struct heif_context *context,
                                   const hy_heif_layer *layer, uint32_t id, tile *t, uint8_t *strip,
                                   ptrdiff_t stride, hy_diag *diag)
{
    hydra_status status = decode_item(photo, context, id, heif_colorspace_undefined,
                                      heif_chroma_undefined, &t->image, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    bool rgb = heif_image_get_colorspace(t->image) == heif_colorspace_RGB;
    status = take_plane(photo, layer, rgb ? heif_channel_R : heif_channel_Y, t, diag);
    if (status == HYDRA_OK) {
        paste_alpha(t, strip, stride, photo->info.rows.bits);
    }
    return status;
}

static hydra_status add_alpha(const hy_photo *photo, struct heif_context *context,
                              const hy_heif_layer *layer, int32_t row, uint8_t *strip,
                              ptrdiff_t stride, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    int32_t columns = layer->picture.columns;
    for (int32_t column = 0; column < columns && status == HYDRA_OK; column++) {
        tile t = place_tile(photo, layer, row, column);
        uint32_t id = hy_heif_tile(&layer->picture, row * columns + column);
        status = add_alpha_tile(photo, context, layer, id, &t, strip, stride, diag);
        heif_image_release(t.image);
    }
    return status;
}

/* ---- Rows ---- */

/* All that is called for each row of tiles. */
typedef struct job {
    const hy_photo *photo;
    struct heif_context *context;
    const hy_heif_layer *colour;
    const hy_heif_layer *alpha;
    uint8_t *strip; /* a row of tiles; NULL: a tile is as wide as the picture */
    ptrdiff_t stride;
    hy_rows_fn *rows;
    void *user;
} job;

static hydra_status finish_rows(const job *j, int32_t row, uint8_t *strip, ptrdiff_t stride,
                                int32_t height, hy_diag *diag)
{
    const hy_photo_info *info = &j->photo->info;
    hydra_status status = HYDRA_OK;
    if (j->alpha) {
        status = add_alpha(j->photo, j->context, j->alpha, row, strip, stride, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    for (int32_t y = 0; j->photo->premultiplied && y < height; y++) {
        hy_rows_straighten(strip + (ptrdiff_t)y * stride, info->width, info->rows);
    }
    return j->rows(j->user, strip, stride, height);
}

static void paste_colour(const job *j, const tile *t)
{
    size_t bytes = pixel_bytes(j->photo->info.rows);
    for (int32_t y = 0; y < t->height; y++) {
        memcpy(j->strip + (ptrdiff_t)y * j->stride + (size_t)t->left * bytes,
               t->plane + (ptrdiff_t)y * t->stride, (size_t)t->width * bytes);
    }
}

static hydra_status decode_row(const job *j, int32_t row, hy_diag *diag)
{
    const hy_heif_layer *colour = j->colour;
    int32_t columns = colour->picture.columns;
    int32_t height = 0;
    hydra_status status = HYDRA_OK;
    for (int32_t column = 0; column < columns && status == HYDRA_OK; column++) {
        tile t = place_tile(j->photo, colour, row, column);
        uint32_t id = hy_heif_tile(&colour->picture, row * columns + column);
        height = t.height;
        status = decode_colour(j->photo, j->context, colour, id, &t, diag);
        if (status == HYDRA_OK && j->strip) {
            paste_colour(j, &t);
        } else if (status == HYDRA_OK) {
            status = finish_rows(j, row, t.plane, t.stride, height, diag);
        }
        heif_image_release(t.image);
    }
    return status == HYDRA_OK && j->strip ? finish_rows(j, row, j->strip, j->stride, height, diag)
                                          : status;
}

static hydra_status make_strip(job *j, hy_diag *diag)
{
    const hy_photo_info *info = &j->photo->info;
    int32_t height = j->colour->tile_height < info->height ? j->colour->tile_height : info->height;
    size_t stride;
    if (!hy_mul_size((size_t)info->width, pixel_bytes(info->rows), &stride)) {
        return hy_fail_memory(diag);
    }
    j->stride = (ptrdiff_t)stride;
    j->strip = hy_calloc((size_t)height, stride);
    return j->strip ? HYDRA_OK : hy_fail_memory(diag);
}

hydra_status hy_heif_decode(const hy_photo *photo, struct heif_context *context,
                            const hy_heif_layer *colour, const hy_heif_layer *alpha,
                            hy_rows_fn *rows, void *user, hy_diag *diag)
{
    job j = {photo, context, colour, alpha, NULL, 0, rows, user};
    hydra_status status = colour->picture.columns > 1 ? make_strip(&j, diag) : HYDRA_OK;
    for (int32_t row = 0; row < colour->picture.rows && status == HYDRA_OK; row++) {
        status = decode_row(&j, row, diag);
    }
    hy_free(j.strip);
    return status;
}
