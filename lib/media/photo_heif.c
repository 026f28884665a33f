/* SPDX-License-Identifier: MIT */
/*
 * HEIC and AVIF. libheif decodes single items and applies their own rotation and cropping; grids
 * and alpha planes are put together here (heif_picture.h says why).
 */
#include <limits.h>

#include "heif_decode.h"

typedef struct heif_state {
    hy_heif_file file;
    uint8_t *copy; /* of the file, taken apart; libheif reads it */
    struct heif_context *context;
    struct heif_image_handle *handle; /* what is shown */
    struct heif_image_handle *tile;   /* its first tile, or the same again */
    hy_heif_layer colour;
    hy_heif_layer alpha;
    bool has_alpha;
    uint8_t *icc;
} heif_state;

/* libheif holds sides against one number; a picture inside may not be larger than its header. */
static void limit_sides(struct heif_context *context, int64_t side_px)
{
    heif_context_set_maximum_image_size_limit(context,
                                              side_px < INT_MAX ? (int)side_px + 1 : INT_MAX);
}

/* Our own reading comes first: libheif sees no file whose pictures are not understood. */
static hydra_status find_pictures(hy_photo *photo, heif_state *state, hy_diag *diag)
{
    hy_heif_file *file = &state->file;
    hy_heif_picture *colour = &state->colour.picture;
    hydra_status status = hy_heif_read(photo, file, diag);
    if (status == HYDRA_OK && hy_heif_has_empty(file, "av01")) {
        /* libheif 1.15 would lose a buffer of dav1d, which also complains on stderr. */
        status = hy_photo_damaged(photo, "a picture without data", diag);
    }
    if (status == HYDRA_OK) {
        status = hy_heif_find_picture(photo, file, file->primary, colour, diag);
    }
    if (status == HYDRA_OK) {
        photo->info.orientation = colour->orientation;
        status =
            hy_heif_find_alpha(photo, file, colour, &state->alpha.picture, &state->has_alpha, diag);
    }
    return status == HYDRA_OK ? hy_heif_take_apart(photo, file, &state->copy, diag) : status;
}

static hydra_status open_context(hy_photo *photo, heif_state *state, hy_diag *diag)
{
    state->context = heif_context_alloc();
    if (!state->context) {
        return hy_fail_memory(diag);
    }
    heif_context_set_max_decoding_threads(state->context, 0);
    limit_sides(state->context, photo->max_side_px);
    struct heif_error error =
        heif_context_read_from_memory_without_copy(state->context, state->copy, photo->size, NULL);
    if (error.code == heif_error_Ok) {
        error = heif_context_get_image_handle(state->context, state->file.primary, &state->handle);
    }
    if (error.code == heif_error_Ok) {
        error = heif_context_get_image_handle(
            state->context, hy_heif_tile(&state->colour.picture, 0), &state->tile);
    }
    return error.code == heif_error_Ok ? HYDRA_OK : hy_heif_fail(photo, error, diag);
}

/* Of a grid, its own description counts; libheif 1.15 writes headers of turned grids wrongly. */
static hydra_status measure_picture(hy_photo *photo, const heif_state *state, hy_diag *diag)
{
    const hy_heif_picture *picture = &state->colour.picture;
    if (picture->grid) {
        return hy_photo_set_size(photo, picture->width, picture->height, diag);
    }
    hydra_status status = hy_photo_set_size(photo, heif_image_handle_get_ispe_width(state->handle),
                                            heif_image_handle_get_ispe_height(state->handle), diag);
    if (status == HYDRA_OK) { /* turned and cropped: that is what comes */
        status = hy_photo_set_size(photo, heif_image_handle_get_width(state->handle),
                                   heif_image_handle_get_height(state->handle), diag);
    }
    return status;
}

static hydra_status measure(hy_photo *photo, heif_state *state, hy_diag *diag)
{
    int64_t side = 1;
    hydra_status status = measure_picture(photo, state, diag);
    if (status == HYDRA_OK) {
        status = hy_heif_measure(photo, state->context, &state->colour, &side, diag);
    }
    if (status == HYDRA_OK && state->has_alpha) {
        status = hy_heif_measure(photo, state->context, &state->alpha, &side, diag);
    }
    if (status == HYDRA_OK && state->has_alpha) {
        status = hy_heif_compare(photo, &state->colour, &state->alpha, diag);
    }
    limit_sides(state->context, side);
    return status;
}

static void choose_rows(hy_photo *photo, const heif_state *state)
{
    hy_row_format *rows = &photo->info.rows;
    rows->channels = state->has_alpha ? 4 : 3;
    rows->bits = heif_image_handle_get_luma_bits_per_pixel(state->tile) > 8 ? 16 : 8;
    photo->premultiplied =
        state->has_alpha && hy_heif_is_premultiplied(&state->file, state->alpha.picture.id);
}

static hydra_status read_icc(hy_photo *photo, heif_state *state,
                             const struct heif_image_handle *handle, hy_diag *diag)
{
    size_t size = heif_image_handle_get_raw_color_profile_size(handle);
    if (size == 0 || size > HY_MAX_ICC_BYTES) {
        photo->profile.damaged = true;
        return HYDRA_OK;
    }
    state->icc = hy_calloc(size, 1);
    if (!state->icc) {
        return hy_fail_memory(diag);
    }
    struct heif_error error = heif_image_handle_get_raw_color_profile(handle, state->icc);
    if (error.code != heif_error_Ok) {
        return hy_heif_fail(photo, error, diag);
    }
    photo->profile.icc = state->icc;
    photo->profile.icc_size = size;
    return HYDRA_OK;
}

/* The transfer curves of H.273 that photos have. Those of video cameras are made to be shown like
 * sRGB, which is what the library does with BT.709 everywhere. */
static hydra_status read_transfer(hy_photo *photo, int transfer, hy_diag *diag)
{
    switch (transfer) {
    case heif_transfer_characteristic_ITU_R_BT_709_5:
    case heif_transfer_characteristic_unspecified:
    case heif_transfer_characteristic_ITU_R_BT_601_6:
    case heif_transfer_characteristic_SMPTE_240M:
    case heif_transfer_characteristic_IEC_61966_2_4:
    case heif_transfer_characteristic_ITU_R_BT_1361:
    case heif_transfer_characteristic_IEC_61966_2_1:
    case heif_transfer_characteristic_ITU_R_BT_2020_2_10bit:
    case heif_transfer_characteristic_ITU_R_BT_2020_2_12bit:
        photo->profile.gamma = 0;
        return HYDRA_OK;
    case heif_transfer_characteristic_ITU_R_BT_470_6_System_M:
        photo->profile.gamma = 2.2;
        return HYDRA_OK;
    case heif_transfer_characteristic_ITU_R_BT_470_6_System_B_G:
        photo->profile.gamma = 2.8;
        return HYDRA_OK;
    case heif_transfer_characteristic_linear:
        photo->profile.gamma = 1;
        return HYDRA_OK;
    case heif_transfer_characteristic_ITU_R_BT_2100_0_PQ:
    case heif_transfer_characteristic_ITU_R_BT_2100_0_HLG:
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                       "%s: an HDR photo (PQ or HLG); export it in standard range", photo->name);
    default:
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: %s with transfer curve %d", photo->name,
                       photo->info.format, transfer);
    }
}

static void read_primaries(hy_photo_profile *profile, const struct heif_color_profile_nclx *nclx)
{
    bool same = nclx->color_primaries == heif_color_primaries_ITU_R_BT_709_5 ||
                nclx->color_primaries == heif_color_primaries_unspecified;
    if (same && profile->gamma == 0) {
        return;
    }
    profile->primaries = true;
    if (same) {
        *profile = (hy_photo_profile){
            .primaries = true,
            .red = {0.64, 0.33},
            .green = {0.3, 0.6},
            .blue = {0.15, 0.06},
            .white = {0.3127, 0.329},
            .gamma = profile->gamma,
        };
        return;
    }
    profile->red[0] = nclx->color_primary_red_x;
    profile->red[1] = nclx->color_primary_red_y;
    profile->green[0] = nclx->color_primary_green_x;
    profile->green[1] = nclx->color_primary_green_y;
    profile->blue[0] = nclx->color_primary_blue_x;
    profile->blue[1] = nclx->color_primary_blue_y;
    profile->white[0] = nclx->color_primary_white_x;
    profile->white[1] = nclx->color_primary_white_y;
}

/* Numbers of H.273; `found` false: this item has none. */
static hydra_status read_numbers(hy_photo *photo, const struct heif_image_handle *handle,
                                 bool *found, hy_diag *diag)
{
    struct heif_color_profile_nclx *nclx = NULL;
    struct heif_error error = heif_image_handle_get_nclx_color_profile(handle, &nclx);
    hydra_status status = HYDRA_OK;
    *found = error.code == heif_error_Ok && nclx;
    if (*found) {
        status = read_transfer(photo, (int)nclx->transfer_characteristics, diag);
        read_primaries(&photo->profile, nclx);
    }
    if (nclx) { /* also handed out together with an error, for numbers that H.273 does not know */
        heif_nclx_color_profile_free(nclx);
    }
    return status;
}

static bool has_icc(const struct heif_image_handle *handle)
{
    enum heif_color_profile_type type = heif_image_handle_get_color_profile_type(handle);
    return type == heif_color_profile_type_prof || type == heif_color_profile_type_rICC;
}

/* What a grid does not say about its colours, its first tile may. */
static hydra_status read_profile(hy_photo *photo, heif_state *state, hy_diag *diag)
{
    bool found = false;
    hydra_status status = read_numbers(photo, state->handle, &found, diag);
    if (status == HYDRA_OK && !found) {
        status = read_numbers(photo, state->tile, &found, diag);
    }
    const struct heif_image_handle *from = has_icc(state->handle) ? state->handle : state->tile;
    if (status == HYDRA_OK && has_icc(from)) {
        status = read_icc(photo, state, from, diag);
    }
    return status;
}

static hydra_status open_heif(hy_photo *photo, hy_diag *diag)
{
    heif_state *state = hy_calloc(1, sizeof *state);
    if (!state) {
        return hy_fail_memory(diag);
    }
    photo->state = state;
    hydra_status status = find_pictures(photo, state, diag);
    if (status == HYDRA_OK) {
        status = open_context(photo, state, diag);
    }
    if (status == HYDRA_OK) {
        status = measure(photo, state, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    choose_rows(photo, state);
    photo->info.decode_bytes = hy_heif_work_bytes(photo, &state->file, &state->colour,
                                                  state->has_alpha ? &state->alpha : NULL);
    return read_profile(photo, state, diag);
}

static hydra_status decode_heif(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    const heif_state *state = photo->state;
    return hy_heif_decode(photo, state->context, &state->colour,
                          state->has_alpha ? &state->alpha : NULL, rows, user, diag);
}

static void close_heif(hy_photo *photo)
{
    heif_state *state = photo->state;
    if (!state) {
        return;
    }
    if (state->handle) {
        heif_image_handle_release(state->handle);
    }
    if (state->tile) {
        heif_image_handle_release(state->tile);
    }
    if (state->context) {
        heif_context_free(state->context);
    }
    hy_heif_free(&state->file);
    hy_free(state->copy);
    hy_free(state->icc);
    hy_free(state);
}

const hy_photo_decoder hy_photo_heif = {open_heif, decode_heif, close_heif};
