/* SPDX-License-Identifier: MIT */
/*
 * The photo's colours to sRGB through Little CMS: relative colorimetric with black point
 * compensation, 16 bits. A context of its own for each transform: nothing is shared with other
 * threads or with a host that uses Little CMS too, and its messages go nowhere.
 */
#include "color_matrix.h"
#include "photo.h"

/* Half a step of 8 bits: a profile that moves no colour further is sRGB. */
#define SAME 128
#define GRID 9

struct hy_color {
    cmsContext context;
    hy_color_matrix *matrix; /* instead of the transform, where that is enough */
    cmsHTRANSFORM transform;
    bool cmyk;
};

/* Layouts of hy_rgba64 as Little CMS names them. What is EXTRA is neither read nor written. */
#define GREY_IN (COLORSPACE_SH(PT_GRAY) | CHANNELS_SH(1) | EXTRA_SH(3) | BYTES_SH(2))
#define RGB_IO  (COLORSPACE_SH(PT_RGB) | CHANNELS_SH(3) | EXTRA_SH(1) | BYTES_SH(2))
#define INK_IN  TYPE_CMYK_16_REV

static cmsColorSpaceSignature space_of(const hy_photo *photo)
{
    if (photo->info.rows.cmyk) {
        return cmsSigCmykData;
    }
    return photo->info.rows.channels < 3 ? cmsSigGrayData : cmsSigRgbData;
}

static cmsUInt32Number layout_of(cmsColorSpaceSignature space)
{
    switch (space) {
    case cmsSigGrayData:
        return GREY_IN;
    case cmsSigCmykData:
        return INK_IN;
    default:
        return RGB_IO;
    }
}

/* A profile that links two devices or is a lookup of names describes no photo. */
static bool suits(const hy_photo *photo, cmsHPROFILE profile)
{
    cmsProfileClassSignature kind = cmsGetDeviceClass(profile);
    return cmsGetColorSpace(profile) == space_of(photo) &&
           (kind == cmsSigInputClass || kind == cmsSigDisplayClass || kind == cmsSigOutputClass ||
            kind == cmsSigColorSpaceClass);
}

static cmsHPROFILE profile_of_primaries(cmsContext context, const hy_photo_profile *source)
{
    cmsCIExyY white = {source->white[0], source->white[1], 1};
    cmsCIExyYTRIPLE primaries = {
        {source->red[0], source->red[1], 1},
        {source->green[0], source->green[1], 1},
        {source->blue[0], source->blue[1], 1},
    };
    /* IEC 61966-2-1: ((x + 0.055) / 1.055)^2.4, below 0.04045 x / 12.92 */
    static const cmsFloat64Number srgb[5] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsToneCurve *curve = source->gamma > 0 ? cmsBuildGamma(context, source->gamma)
                                            : cmsBuildParametricToneCurve(context, 4, srgb);
    if (!curve) {
        return NULL;
    }
    cmsToneCurve *const curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfileTHR(context, &white, &primaries, curves);
    cmsFreeToneCurve(curve);
    return profile;
}

/* Little CMS does not say what went wrong: what comes from the profile is taken for damage. */
static hydra_status make_transform(hy_color *color, cmsHPROFILE profile,
                                   cmsColorSpaceSignature space)
{
    cmsHPROFILE srgb = cmsCreate_sRGBProfileTHR(color->context);
    if (!srgb) {
        return HYDRA_ERR_MEMORY;
    }
    hydra_status status = HYDRA_OK;
    if (hy_color_matrix_suits(profile)) {
        status = hy_color_matrix_new(profile, srgb, &color->matrix);
    } else {
        cmsUInt32Number flags = cmsFLAGS_BLACKPOINTCOMPENSATION;
        flags |= space == cmsSigRgbData ? cmsFLAGS_HIGHRESPRECALC : 0;
        color->transform = cmsCreateTransformTHR(color->context, profile, layout_of(space), srgb,
                                                 RGB_IO, INTENT_RELATIVE_COLORIMETRIC, flags);
        status = color->transform ? HYDRA_OK : HYDRA_ERR_FORMAT;
    }
    cmsCloseProfile(srgb);
    return status;
}

static bool is_near(uint16_t a, uint16_t b)
{
    return a > b ? a - b <= SAME : b - a <= SAME;
}

/* Does the transform leave a grid of colours (for grey photos, the greys) where they are? */
static bool is_identity(hy_color *color, cmsColorSpaceSignature space)
{
    if (space == cmsSigCmykData) {
        return false;
    }
    for (uint32_t i = 0; i < GRID * GRID * GRID; i++) {
        uint16_t r = (uint16_t)(i / (GRID * GRID) * 65535 / (GRID - 1));
        uint16_t g = (uint16_t)(i / GRID % GRID * 65535 / (GRID - 1));
        uint16_t b = (uint16_t)(i % GRID * 65535 / (GRID - 1));
        if (space == cmsSigGrayData) {
            r = g = b = (uint16_t)(i * 65535 / (GRID * GRID * GRID - 1));
        }
        hy_rgba64 pixel = {r, g, b, 0};
        hy_color_convert(color, &pixel, 1);
        if (!is_near(pixel.r, r) || !is_near(pixel.g, g) || !is_near(pixel.b, b)) {
            return false;
        }
    }
    return true;
}

static hydra_status fail_profile(const hy_photo *photo, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: the colour profile (ICC) is damaged", photo->name);
}

/* Is a transform from `profile` needed at all? If so, it is made. */
static hydra_status use_profile(const hy_photo *photo, cmsHPROFILE profile, hy_color *color,
                                bool *needed, hy_diag *diag)
{
    *needed = suits(photo, profile);
    if (!*needed) {
        return HYDRA_OK;
    }
    cmsColorSpaceSignature space = space_of(photo);
    hydra_status status = make_transform(color, profile, space);
    if (status != HYDRA_OK) {
        return status == HYDRA_ERR_MEMORY ? hy_fail_memory(diag) : fail_profile(photo, diag);
    }
    *needed = !is_identity(color, space);
    return HYDRA_OK;
}

static cmsHPROFILE open_profile(cmsContext context, const hy_photo_profile *source)
{
    if (!source->icc) {
        return profile_of_primaries(context, source);
    }
    return cmsOpenProfileFromMemTHR(context, source->icc, (cmsUInt32Number)source->icc_size);
}

hydra_status hy_color_new(const hy_photo *photo, hy_color **out, hy_diag *diag)
{
    *out = NULL;
    const hy_photo_profile *source = &photo->profile;
    if (source->damaged) {
        return fail_profile(photo, diag);
    }
    if (!source->icc && !source->primaries) {
        return HYDRA_OK;
    }
    if (source->icc_size > HY_MAX_ICC_BYTES) {
        return hy_fail(diag, HYDRA_ERR_LIMIT, "%s: a colour profile of more than %zu bytes",
                       photo->name, HY_MAX_ICC_BYTES);
    }
    hy_color *color = hy_calloc(1, sizeof *color);
    if (!color) {
        return hy_fail_memory(diag);
    }
    color->cmyk = photo->info.rows.cmyk;
    color->context = cmsCreateContext(NULL, NULL);
    if (!color->context) {
        hy_color_free(color);
        return hy_fail_memory(diag);
    }
    bool needed = false;
    cmsHPROFILE profile = open_profile(color->context, source);
    hydra_status status =
        profile ? use_profile(photo, profile, color, &needed, diag) : fail_profile(photo, diag);
    if (profile) {
        cmsCloseProfile(profile);
    }
    if (!needed || status != HYDRA_OK) {
        hy_color_free(color);
        return status;
    }
    *out = color;
    return HYDRA_OK;
}

void hy_color_convert(void *user, hy_rgba64 *pixels, int32_t count)
{
    const hy_color *color = user;
    if (color->matrix) {
        hy_color_matrix_convert(color->matrix, pixels, count);
        return;
    }
    cmsDoTransform(color->transform, pixels, pixels, (cmsUInt32Number)count);
    for (int32_t i = 0; color->cmyk && i < count; i++) {
        pixels[i].a = UINT16_MAX;
    }
}

void hy_color_free(hy_color *color)
{
    if (!color) {
        return;
    }
    hy_color_matrix_free(color->matrix);
    if (color->transform) {
        cmsDeleteTransform(color->transform);
    }
    if (color->context) {
        cmsDeleteContext(color->context);
    }
    hy_free(color);
}
