/* SPDX-License-Identifier: MIT */
/* Allocation of planar pictures: one block, three planes. */
#include "picture.h"

#include <stdatomic.h>

struct hy_pixels {
    atomic_int references;
    void *block;
    size_t bytes;
};

static struct hy_pixels *new_pixels(size_t bytes)
{
    struct hy_pixels *pixels = hy_calloc(1, sizeof *pixels);
    if (!pixels) {
        return NULL;
    }
    pixels->block = hy_block_new(bytes);
    if (!pixels->block) {
        hy_free(pixels);
        return NULL;
    }
    pixels->bytes = bytes;
    atomic_init(&pixels->references, 1);
    return pixels;
}

static void release_pixels(struct hy_pixels *pixels)
{
    if (pixels && atomic_fetch_sub(&pixels->references, 1) == 1) {
        hy_block_free(pixels->block, pixels->bytes);
        hy_free(pixels);
    }
}

static size_t row_bytes(size_t width)
{
    return (width + HY_ALIGN - 1) & ~(size_t)(HY_ALIGN - 1);
}

/* Bytes of a luma plane and of a chroma plane. */
static bool plane_sizes(int32_t width, int32_t height, size_t *luma, size_t *chroma)
{
    if (width <= 0 || height <= 0 || width % 2 || height % 2) {
        return false;
    }
    return hy_mul_size(row_bytes((size_t)width), (size_t)height, luma) &&
           hy_mul_size(row_bytes((size_t)width / 2), (size_t)height / 2, chroma);
}

size_t hy_picture_bytes(int32_t width, int32_t height)
{
    size_t luma;
    size_t chroma;
    size_t bytes;
    if (!plane_sizes(width, height, &luma, &chroma) || !hy_mul_size(chroma, 2, &bytes) ||
        !hy_add_size(bytes, luma, &bytes)) {
        return 0;
    }
    return bytes;
}

static void set_planes(hy_picture *picture)
{
    size_t luma = row_bytes((size_t)picture->width);
    size_t chroma = row_bytes((size_t)picture->width / 2);
    picture->stride[0] = (ptrdiff_t)luma;
    picture->stride[1] = (ptrdiff_t)chroma;
    picture->stride[2] = (ptrdiff_t)chroma;
    picture->plane[1] = picture->plane[0] + luma * (size_t)picture->height;
    picture->plane[2] = picture->plane[1] + chroma * ((size_t)picture->height / 2);
}

hydra_status hy_picture_new(int32_t width, int32_t height, hy_meter *meter, hy_picture **out,
                            hy_diag *diag)
{
    *out = NULL;
    size_t bytes = hy_picture_bytes(width, height);
    if (bytes == 0) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "picture of %d x %d", (int)width, (int)height);
    }
    hy_picture *picture = hy_calloc(1, sizeof *picture);
    if (!picture) {
        return hy_fail_memory(diag);
    }
    if (!hy_meter_take(meter, bytes)) {
        hy_free(picture);
        return hy_meter_fail(meter, diag);
    }
    *picture = (hy_picture){.width = width, .height = height, .meter = meter, .bytes = bytes};
    picture->pixels = new_pixels(bytes);
    if (!picture->pixels) {
        hy_picture_free(picture);
        return hy_fail_memory(diag);
    }
    picture->plane[0] = picture->pixels->block;
    set_planes(picture);
    *out = picture;
    return HYDRA_OK;
}

hydra_status hy_picture_ref(const hy_picture *picture, hy_picture **out, hy_diag *diag)
{
    *out = hy_memdup(picture, sizeof *picture);
    if (!*out) {
        return hy_fail_memory(diag);
    }
    (*out)->meter = NULL;
    atomic_fetch_add(&picture->pixels->references, 1);
    return HYDRA_OK;
}

void hy_picture_free(hy_picture *picture)
{
    if (!picture) {
        return;
    }
    hy_meter_give(picture->meter, picture->bytes);
    release_pixels(picture->pixels);
    hy_free(picture);
}
