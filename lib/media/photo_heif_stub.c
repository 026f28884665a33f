/* SPDX-License-Identifier: MIT */
/* In place of photo_heif.c when the library is built without the feature "heif". */
#include "photo.h"

static hydra_status refuse(hy_photo *photo, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                   "%s: an %s file, but this libhydra is built without HEIC and AVIF "
                   "(meson option -Dheif=enabled, with libheif); JPEG or PNG will do",
                   photo->name, photo->info.format);
}

const hy_photo_decoder hy_photo_heif = {refuse, NULL, NULL};
