/* SPDX-License-Identifier: MIT */
/* What the pictures of a HEIF file are made of; see heif_picture.h. */
#include "heif_picture.h"

#include <stdlib.h>
#include <string.h>

/* More pictures that belong to the one shown (depth, gain, masks) than any camera writes. */
#define MAX_AUXILIARY 32

static hydra_status type_of(const hy_photo *photo, const hy_heif_file *file, uint32_t id,
                            uint32_t *type, hy_diag *diag)
{
    const hy_heif_item *found = bsearch(&(hy_heif_item){.id = id}, file->items, file->item_count,
                                        sizeof *file->items, hy_heif_by_id);
    if (!found) {
        return hy_photo_damaged(photo, "an item is missing", diag);
    }
    *type = found->type;
    return HYDRA_OK;
}

static hydra_status fail_kind(const hy_photo *photo, uint32_t type, hy_diag *diag)
{
    char text[] = {(char)(type >> 24), (char)(type >> 16), (char)(type >> 8), (char)type, 0};
    return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                   "%s: a kind of %s file that is not read: a picture of type '%s'", photo->name,
                   photo->info.format, text);
}

static int32_t turn_left(int32_t orientation)
{
    static const int32_t turned[] = {8, 5, 6, 7, 4, 1, 2, 3};
    return turned[orientation - 1];
}

static int32_t flip(int32_t orientation, bool sides)
{
    static const int32_t upside_down[] = {4, 3, 2, 1, 8, 7, 6, 5};
    orientation = upside_down[orientation - 1];
    return sides ? turn_left(turn_left(orientation)) : orientation;
}

/* In the order in which they are to be done. */
static hydra_status read_turns(const hy_photo *photo, const hy_heif_file *file,
                               hy_heif_picture *picture, hy_diag *diag)
{
    hy_heif_box property;
    hy_heif_properties all = hy_heif_properties_of(file, picture->id);
    while (hy_heif_next_property(&all, &property)) {
        uint64_t value = hy_heif_take(&property.body, property.body.size > 0 ? 1 : 0);
        if (property.type == hy_heif_name("irot")) {
            for (uint64_t turns = value & 3; turns > 0; turns--) {
                picture->orientation = turn_left(picture->orientation);
            }
        } else if (property.type == hy_heif_name("imir")) {
            picture->orientation = flip(picture->orientation, value & 1);
        } else if (property.type == hy_heif_name("clap")) {
            return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                           "%s: a kind of %s file that is not read: a cropped grid", photo->name,
                           photo->info.format);
        }
    }
    return HYDRA_OK;
}

/* ---- Grids ---- */

static hydra_status read_grid(const hy_photo *photo, const hy_heif_file *file,
                              hy_heif_picture *picture, hy_diag *diag)
{
    uint8_t bytes[HY_HEIF_ITEM_BYTES];
    hy_heif_span data = {.data = bytes, .size = hy_heif_read_item(file, picture->id, bytes)};
    (void)hy_heif_take(&data, 1);
    size_t number = hy_heif_take(&data, 1) & 1 ? 4 : 2;
    picture->rows = (int32_t)hy_heif_take(&data, 1) + 1;
    picture->columns = (int32_t)hy_heif_take(&data, 1) + 1;
    picture->width = (int64_t)hy_heif_take(&data, number);
    picture->height = (int64_t)hy_heif_take(&data, number);
    if (data.bad) {
        return hy_photo_damaged(photo, "the description of its grid is missing", diag);
    }
    return read_turns(photo, file, picture, diag);
}

static hydra_status find_tiles(const hy_photo *photo, const hy_heif_file *file,
                               hy_heif_picture *picture, hy_diag *diag)
{
    hy_heif_reference at;
    int found = 0;
    hy_heif_span list = hy_heif_references_of(file, &picture->id_bytes);
    while (hy_heif_next_reference(&list, picture->id_bytes, "dimg", &at)) {
        if (at.from == picture->id) {
            picture->tiles = at.to;
            found += at.count == picture->columns * picture->rows ? 1 : 2;
        }
    }
    if (list.bad || found != 1) {
        return hy_photo_damaged(photo, "a grid that has too few or too many tiles", diag);
    }
    return HYDRA_OK;
}

uint32_t hy_heif_tile(const hy_heif_picture *picture, int32_t index)
{
    if (!picture->grid) {
        return picture->id;
    }
    hy_heif_span id = hy_heif_part_of(picture->tiles, (uint64_t)index * (uint64_t)picture->id_bytes,
                                      (uint64_t)picture->id_bytes);
    return (uint32_t)hy_heif_take(&id, (size_t)picture->id_bytes);
}

static bool is_coded(uint32_t type)
{
    return type == hy_heif_name("hvc1") || type == hy_heif_name("av01");
}

static hydra_status check_tiles(const hy_photo *photo, const hy_heif_file *file,
                                const hy_heif_picture *picture, hy_diag *diag)
{
    for (int32_t i = 0; i < picture->columns * picture->rows; i++) {
        uint32_t type = 0;
        hydra_status status = type_of(photo, file, hy_heif_tile(picture, i), &type, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        if (!is_coded(type)) {
            return fail_kind(photo, type, diag);
        }
    }
    return HYDRA_OK;
}

hydra_status hy_heif_find_picture(const hy_photo *photo, const hy_heif_file *file, uint32_t id,
                                  hy_heif_picture *picture, hy_diag *diag)
{
    *picture = (hy_heif_picture){.id = id, .columns = 1, .rows = 1, .orientation = 1};
    uint32_t type = 0;
    hydra_status status = type_of(photo, file, id, &type, diag);
    if (status != HYDRA_OK || is_coded(type)) {
        return status;
    }
    if (type != hy_heif_name("grid")) {
        return fail_kind(photo, type, diag);
    }
    picture->grid = true;
    status = read_grid(photo, file, picture, diag);
    if (status == HYDRA_OK) {
        status = find_tiles(photo, file, picture, diag);
    }
    return status == HYDRA_OK ? check_tiles(photo, file, picture, diag) : status;
}

/* ---- Alpha ---- */

static bool is_alpha(const hy_heif_file *file, uint32_t id)
{
    static const char *const types[] = {"urn:mpeg:avc:2015:auxid:1", "urn:mpeg:hevc:2015:auxid:1",
                                        "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha"};
    hy_heif_box property;
    hy_heif_properties all = hy_heif_properties_of(file, id);
    while (hy_heif_next_property(&all, &property)) {
        hy_heif_span body = property.body;
        (void)hy_heif_take(&body, 4);
        for (int i = 0; property.type == hy_heif_name("auxC") && i < 3; i++) {
            size_t length = strlen(types[i]) + 1;
            if (body.size >= length && memcmp(body.data, types[i], length) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Look for an alpha plane of item `id`. */
static hydra_status find_alpha_of(const hy_photo *photo, const hy_heif_file *file, uint32_t id,
                                  uint32_t *alpha, bool *found, hy_diag *diag)
{
    int32_t id_bytes;
    int candidates = 0;
    hy_heif_reference at;
    *found = false;
    hy_heif_span list = hy_heif_references_of(file, &id_bytes);
    while (hy_heif_next_reference(&list, id_bytes, "auxl", &at)) {
        if (!hy_heif_refers_to(&at, id)) {
            continue;
        }
        if (++candidates > MAX_AUXILIARY) {
            return hy_fail(diag, HYDRA_ERR_LIMIT, "%s: more than %d pictures belong to one",
                           photo->name, MAX_AUXILIARY);
        }
        if (is_alpha(file, at.from)) {
            if (*found || at.from == id) {
                return hy_photo_damaged(photo, "more than one alpha plane", diag);
            }
            *found = true;
            *alpha = at.from;
        }
    }
    return list.bad ? hy_photo_damaged(photo, "a box in its header is too long", diag) : HYDRA_OK;
}

hydra_status hy_heif_find_alpha(const hy_photo *photo, const hy_heif_file *file,
                                const hy_heif_picture *colour, hy_heif_picture *alpha, bool *found,
                                hy_diag *diag)
{
    uint32_t id = 0;
    hydra_status status = HYDRA_OK;
    if (colour->grid) {
        status = find_alpha_of(photo, file, hy_heif_tile(colour, 0), &id, found, diag);
        if (status == HYDRA_OK && *found) {
            return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                           "%s: a kind of %s file that is not read: tiles with alpha planes",
                           photo->name, photo->info.format);
        }
    }
    if (status == HYDRA_OK) {
        status = find_alpha_of(photo, file, colour->id, &id, found, diag);
    }
    return status == HYDRA_OK && *found ? hy_heif_find_picture(photo, file, id, alpha, diag)
                                        : status;
}

bool hy_heif_is_premultiplied(const hy_heif_file *file, uint32_t alpha)
{
    int32_t id_bytes;
    hy_heif_reference at;
    hy_heif_span list = hy_heif_references_of(file, &id_bytes);
    while (hy_heif_next_reference(&list, id_bytes, "prem", &at)) {
        if (at.from == file->primary && hy_heif_refers_to(&at, alpha)) {
            return true;
        }
    }
    return false;
}
