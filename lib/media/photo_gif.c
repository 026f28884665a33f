/* SPDX-License-Identifier: MIT */
/*
 * GIF (GIF89a specification): the first picture on its canvas. FFmpeg does not mind when data is
 * missing, so the blocks are walked here up to the end of that picture.
 */
#include "photo.h"

#define SCREEN_BYTES 13 /* signature and logical screen descriptor */
#define IMAGE_BYTES  10 /* separator and image descriptor */

enum {
    EXTENSION = 0x21,
    GRAPHIC_CONTROL = 0xf9,
    IMAGE = 0x2c,
    HAS_COLOURS = 0x80
};

/* Disposal method, bits 2 to 4 of a graphic control extension: put back what was there before. */
#define DISPOSAL(flags) ((flags) >> 2 & 7)
#define RESTORE         3

static size_t colour_bytes(uint8_t flags)
{
    return flags & HAS_COLOURS ? (size_t)3 << ((flags & 7) + 1) : 0;
}

/* Past a chain of blocks, each with its size ahead, that ends with an empty one. */
static bool skip_blocks(const hy_photo *photo, size_t *offset)
{
    while (*offset < photo->size) {
        size_t size = photo->data[*offset];
        *offset += 1 + size;
        if (size == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the extension there says that the picture will be undone. */
static bool is_restored(const hy_photo *photo, size_t offset)
{
    const uint8_t *extension = photo->data + offset;
    return photo->size - offset >= 4 && extension[1] == GRAPHIC_CONTROL && extension[2] > 0 &&
           DISPOSAL(extension[3]) == RESTORE;
}

/* `*restored`: FFmpeg will keep a second canvas for later. */
static bool has_whole_image(const hy_photo *photo, bool *restored)
{
    size_t offset = SCREEN_BYTES + colour_bytes(photo->data[10]);
    *restored = false;
    while (offset < photo->size && photo->data[offset] == EXTENSION) {
        *restored = *restored || is_restored(photo, offset);
        offset += 2;
        if (!skip_blocks(photo, &offset)) {
            return false;
        }
    }
    if (offset > photo->size || photo->size - offset < IMAGE_BYTES ||
        photo->data[offset] != IMAGE) {
        return false;
    }
    offset += IMAGE_BYTES + colour_bytes(photo->data[offset + IMAGE_BYTES - 1]);
    offset += 1; /* bits of the first code */
    return skip_blocks(photo, &offset);
}

static hydra_status open_gif(hy_photo *photo, hy_diag *diag)
{
    if (photo->size < SCREEN_BYTES) {
        return hy_photo_cut_short(photo, diag);
    }
    hydra_status status = hy_photo_set_size(photo, hy_read_le16(photo->data + 6),
                                            hy_read_le16(photo->data + 8), diag);
    if (status != HYDRA_OK) {
        return status;
    }
    bool restored;
    if (!has_whole_image(photo, &restored)) {
        return hy_photo_cut_short(photo, diag);
    }
    photo->info.rows = (hy_row_format){.channels = 4, .bits = 8};
    photo->info.decode_bytes = hy_photo_picture_bytes(photo, restored ? 4 + 4 : 4);
    return HYDRA_OK;
}

static hydra_status decode_gif(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    return hy_photo_decode_file(photo, AV_CODEC_ID_GIF, rows, user, diag);
}

const hy_photo_decoder hy_photo_gif = {open_gif, decode_gif, NULL};
