/* SPDX-License-Identifier: MIT */
/* Allocation of planar pictures: one block, three planes. */
#include "picture.h"

hydra_status hy_picture_new(int32_t width, int32_t height, hy_meter *meter, hy_picture **out,
                            hy_diag *diag)
{
    *out = NULL;
    if (width <= 0 || height <= 0 || width % 2 || height % 2) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "picture of %d x %d", (int)width, (int)height);
    }
    size_t luma_stride = ((size_t)width + HY_ALIGN - 1) & ~(size_t)(HY_ALIGN - 1);
    size_t chroma_stride = ((size_t)width / 2 + HY_ALIGN - 1) & ~(size_t)(HY_ALIGN - 1);
    size_t luma;
    size_t chroma; /* both planes have height / 2 rows */
    size_t bytes;
    if (!hy_mul_size(luma_stride, (size_t)height, &luma) ||
        !hy_mul_size(chroma_stride, (size_t)height, &chroma) ||
        !hy_add_size(luma, chroma, &bytes)) {
        return hy_fail_memory(diag);
    }
    hy_picture *picture = hy_calloc(1, sizeof *picture);
    if (!picture) {
        return hy_fail_memory(diag);
    }
    picture->bytes = bytes;
    picture->plane[0] = hy_block_new(picture->bytes);
    if (!picture->plane[0]) {
        hy_free(picture);
        return hy_fail_memory(diag);
    }
    picture->plane[1] = picture->plane[0] + luma;
    picture->plane[2] = picture->plane[1] + chroma / 2;
    picture->stride[0] = (ptrdiff_t)luma_stride;
    picture->stride[1] = (ptrdiff_t)chroma_stride;
    picture->stride[2] = (ptrdiff_t)chroma_stride;
    picture->width = width;
    picture->height = height;
    picture->meter = meter;
    hy_meter_add(meter, (int64_t)picture->bytes);
    *out = picture;
    return HYDRA_OK;
}

void hy_picture_free(hy_picture *picture)
{
    if (!picture) {
        return;
    }
    hy_meter_add(picture->meter, -(int64_t)picture->bytes);
    hy_block_free(picture->plane[0], picture->bytes);
    hy_free(picture);
}
