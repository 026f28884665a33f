/* SPDX-License-Identifier: MIT */
/*
 * HEIC and AVIF through libheif, which also puts tile grids together and applies the file's own
 * rotation and cropping: the rows come upright.
 */
#include <endian.h>
#include <limits.h>

#include <libheif/heif.h>

#include "photo.h"

typedef struct heif_state {
    struct heif_context *context;
    struct heif_image_handle *handle;
    uint8_t *icc;
} heif_state;

static hydra_status fail_heif(const hy_photo *photo, struct heif_error error, hy_diag *diag)
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

/* libheif holds sides against one number; a picture inside may not be larger than its header. */
static void limit_sides(struct heif_context *context, int64_t side_px)
{
    heif_context_set_maximum_image_size_limit(context,
                                              side_px < INT_MAX ? (int)side_px + 1 : INT_MAX);
}

static hydra_status read_size(hy_photo *photo, heif_state *state, hy_diag *diag)
{
    int64_t coded_width = heif_image_handle_get_ispe_width(state->handle);
    int64_t coded_height = heif_image_handle_get_ispe_height(state->handle);
    hydra_status status = hy_photo_set_size(photo, coded_width, coded_height, diag);
    if (status == HYDRA_OK) { /* turned and cropped: that is what comes */
        status = hy_photo_set_size(photo, heif_image_handle_get_width(state->handle),
                                   heif_image_handle_get_height(state->handle), diag);
    }
    limit_sides(state->context, coded_width > coded_height ? coded_width : coded_height);
    return status;
}

static void choose_rows(hy_photo *photo, const struct heif_image_handle *handle)
{
    hy_row_format *rows = &photo->info.rows;
    bool alpha = heif_image_handle_has_alpha_channel(handle) != 0;
    rows->channels = alpha ? 4 : 3;
    rows->bits = heif_image_handle_get_luma_bits_per_pixel(handle) > 8 ? 16 : 8;
    photo->premultiplied = alpha && heif_image_handle_is_premultiplied_alpha(handle) != 0;
}

static hydra_status read_icc(hy_photo *photo, heif_state *state, hy_diag *diag)
{
    size_t size = heif_image_handle_get_raw_color_profile_size(state->handle);
    if (size == 0 || size > HY_MAX_ICC_BYTES) {
        photo->profile.damaged = true;
        return HYDRA_OK;
    }
    state->icc = hy_calloc(size, 1);
    if (!state->icc) {
        return hy_fail_memory(diag);
    }
    struct heif_error error = heif_image_handle_get_raw_color_profile(state->handle, state->icc);
    if (error.code != heif_error_Ok) {
        return fail_heif(photo, error, diag);
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

static hydra_status read_profile(hy_photo *photo, heif_state *state, hy_diag *diag)
{
    struct heif_color_profile_nclx *nclx = NULL;
    struct heif_error error = heif_image_handle_get_nclx_color_profile(state->handle, &nclx);
    hydra_status status = HYDRA_OK;
    if (error.code == heif_error_Ok && nclx) {
        status = read_transfer(photo, (int)nclx->transfer_characteristics, diag);
        read_primaries(&photo->profile, nclx);
    }
    if (nclx) { /* also handed out together with an error, for numbers that H.273 does not know */
        heif_nclx_color_profile_free(nclx);
    }
    enum heif_color_profile_type type = heif_image_handle_get_color_profile_type(state->handle);
    if (status == HYDRA_OK &&
        (type == heif_color_profile_type_prof || type == heif_color_profile_type_rICC)) {
        status = read_icc(photo, state, diag);
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
    state->context = heif_context_alloc();
    if (!state->context) {
        return hy_fail_memory(diag);
    }
    heif_context_set_max_decoding_threads(state->context, 0);
    limit_sides(state->context, photo->max_side_px);
    struct heif_error error =
        heif_context_read_from_memory_without_copy(state->context, photo->data, photo->size, NULL);
    if (error.code == heif_error_Ok) {
        error = heif_context_get_primary_image_handle(state->context, &state->handle);
    }
    if (error.code != heif_error_Ok) {
        return fail_heif(photo, error, diag);
    }
    hydra_status status = read_size(photo, state, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    choose_rows(photo, state->handle);
    return read_profile(photo, state, diag);
}

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

static hydra_status decode_image(const hy_photo *photo, const heif_state *state,
                                 struct heif_image **image, hy_diag *diag)
{
    struct heif_decoding_options *options = heif_decoding_options_alloc();
    if (!options) {
        return hy_fail_memory(diag);
    }
    options->strict_decoding = 1;
    options->convert_hdr_to_8bit = photo->info.rows.bits == 8;
    struct heif_error error = heif_decode_image(state->handle, image, heif_colorspace_RGB,
                                                layout_of(photo->info.rows), options);
    heif_decoding_options_free(options);
    return error.code == heif_error_Ok ? HYDRA_OK : fail_heif(photo, error, diag);
}

static hydra_status hand_out(const hy_photo *photo, struct heif_image *image, hy_rows_fn *rows,
                             void *user, hy_diag *diag)
{
    const hy_photo_info *info = &photo->info;
    int stride = 0;
    uint8_t *plane = heif_image_get_plane(image, heif_channel_interleaved, &stride);
    int bits = heif_image_get_bits_per_pixel_range(image, heif_channel_interleaved);
    if (!plane || heif_image_get_primary_width(image) != info->width ||
        heif_image_get_primary_height(image) != info->height || bits < 8 ||
        bits > info->rows.bits) {
        return hy_photo_damaged(photo, "picture and header differ", diag);
    }
    for (int32_t y = 0; y < info->height; y++) {
        uint8_t *row = plane + (ptrdiff_t)y * stride;
        if (info->rows.bits == 16) {
            hy_rows_widen((void *)row, (size_t)info->width * (size_t)info->rows.channels, bits);
        }
        if (photo->premultiplied) {
            hy_rows_straighten(row, info->width, info->rows);
        }
    }
    rows(user, plane, stride, info->height);
    return HYDRA_OK;
}

static hydra_status decode_heif(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    struct heif_image *image = NULL;
    hydra_status status = decode_image(photo, photo->state, &image, diag);
    if (status == HYDRA_OK) {
        status = hand_out(photo, image, rows, user, diag);
    }
    heif_image_release(image);
    return status;
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
    if (state->context) {
        heif_context_free(state->context);
    }
    hy_free(state->icc);
    hy_free(state);
}

const hy_photo_decoder hy_photo_heif = {open_heif, decode_heif, close_heif};
