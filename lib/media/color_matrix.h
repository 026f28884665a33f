/* SPDX-License-Identifier: MIT */
/*
 * Profiles that are three curves and a matrix, which is what cameras and screens have. Little CMS
 * would put a coarse lookup grid in their place (off by up to 20 of 255 where a colour leaves
 * sRGB), or take six times as long.
 */
#ifndef HY_MEDIA_COLOR_MATRIX_H
#define HY_MEDIA_COLOR_MATRIX_H

#include <lcms2.h>

#include "media.h"

typedef struct hy_color_matrix hy_color_matrix;

/* Is the profile of that kind, and of nothing else? */
bool hy_color_matrix_suits(cmsHPROFILE profile);
/* From `profile` to `srgb`, which must both suit. HYDRA_ERR_FORMAT: the profile is damaged. */
hydra_status hy_color_matrix_new(cmsHPROFILE profile, cmsHPROFILE srgb, hy_color_matrix **out);
void hy_color_matrix_convert(const hy_color_matrix *matrix, hy_rgba64 *pixels, int32_t count);
void hy_color_matrix_free(hy_color_matrix *matrix);

#endif
