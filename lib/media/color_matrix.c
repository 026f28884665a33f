/* SPDX-License-Identifier: MIT */
/*
 * Matrix profiles (ICC.1, section F.3) in integers: a table to linear light for each channel, a
 * 3 x 3 matrix, a table back to sRGB. Light beyond sRGB is cut off for each channel, as relative
 * colorimetric asks.
 */
#include "color_matrix.h"

#define LEVELS   65536
#define FRACTION 16 /* bits behind the point of a coefficient */

struct hy_color_matrix {
    uint16_t linear[3][LEVELS];
    uint16_t encoded[LEVELS];
    int64_t coefficient[3][3]; /* [to][from] */
};

static const cmsTagSignature colorants[3] = {cmsSigRedColorantTag, cmsSigGreenColorantTag,
                                             cmsSigBlueColorantTag};
static const cmsTagSignature curves[3] = {cmsSigRedTRCTag, cmsSigGreenTRCTag, cmsSigBlueTRCTag};

bool hy_color_matrix_suits(cmsHPROFILE profile)
{
    static const cmsTagSignature lookups[] = {cmsSigAToB0Tag, cmsSigAToB1Tag, cmsSigDToB0Tag,
                                              cmsSigDToB1Tag};
    for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++) {
        if (cmsIsTag(profile, lookups[i])) {
            return false;
        }
    }
    return cmsGetColorSpace(profile) == cmsSigRgbData && cmsGetPCS(profile) == cmsSigXYZData &&
           cmsIsMatrixShaper(profile);
}

/* out[row][column]: X, Y, Z of each primary. */
static bool read_primaries(cmsHPROFILE profile, double out[3][3])
{
    for (int i = 0; i < 3; i++) {
        const cmsCIEXYZ *colour = cmsReadTag(profile, colorants[i]);
        if (!colour) {
            return false;
        }
        out[0][i] = colour->X;
        out[1][i] = colour->Y;
        out[2][i] = colour->Z;
    }
    return true;
}

/* By cofactors. False: the primaries lie on a line. */
static bool invert(double m[3][3], double out[3][3])
{
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            int a = (j + 1) % 3;
            int b = (j + 2) % 3;
            int c = (i + 1) % 3;
            int d = (i + 2) % 3;
            out[i][j] = m[a][c] * m[b][d] - m[a][d] * m[b][c];
        }
    }
    double determinant = m[0][0] * out[0][0] + m[0][1] * out[1][0] + m[0][2] * out[2][0];
    if (determinant == 0) {
        return false;
    }
    for (int i = 0; i < 9; i++) {
        out[i / 3][i % 3] /= determinant;
    }
    return true;
}

static bool set_coefficients(hy_color_matrix *matrix, cmsHPROFILE profile, cmsHPROFILE srgb)
{
    double from[3][3];
    double target[3][3];
    double to[3][3];
    if (!read_primaries(profile, from) || !read_primaries(srgb, target) || !invert(target, to)) {
        return false;
    }
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            double sum = to[i][0] * from[0][j] + to[i][1] * from[1][j] + to[i][2] * from[2][j];
            double fixed = sum * (1 << FRACTION);
            /* s15.16 primaries of a hostile profile reach 2^15: the sum of three products with
             * 16-bit light stays inside 64 bits. */
            matrix->coefficient[i][j] = (int64_t)(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
        }
    }
    return true;
}

static void fill_table(uint16_t *table, const cmsToneCurve *curve)
{
    for (int32_t i = 0; i < LEVELS; i++) {
        double value = (double)cmsEvalToneCurveFloat(curve, (cmsFloat32Number)i / (LEVELS - 1));
        double level = value * (LEVELS - 1) + 0.5;
        /* Also false for a curve that is not a number anywhere. */
        table[i] = level > 0 ? (uint16_t)(level < LEVELS ? level : LEVELS - 1) : 0;
    }
}

static bool set_tables(hy_color_matrix *matrix, cmsHPROFILE profile, cmsHPROFILE srgb)
{
    for (int i = 0; i < 3; i++) {
        const cmsToneCurve *curve = cmsReadTag(profile, curves[i]);
        if (!curve) {
            return false;
        }
        fill_table(matrix->linear[i], curve);
    }
    const cmsToneCurve *decode = cmsReadTag(srgb, curves[0]);
    cmsToneCurve *encode = decode ? cmsReverseToneCurve(decode) : NULL;
    if (!encode) {
        return false;
    }
    fill_table(matrix->encoded, encode);
    cmsFreeToneCurve(encode);
    return true;
}

hydra_status hy_color_matrix_new(cmsHPROFILE profile, cmsHPROFILE srgb, hy_color_matrix **out)
{
    *out = NULL;
    hy_color_matrix *matrix = hy_calloc(1, sizeof *matrix);
    if (!matrix) {
        return HYDRA_ERR_MEMORY;
    }
    if (!set_coefficients(matrix, profile, srgb) || !set_tables(matrix, profile, srgb)) {
        hy_color_matrix_free(matrix);
        return HYDRA_ERR_FORMAT;
    }
    *out = matrix;
    return HYDRA_OK;
}

static uint16_t mix(const hy_color_matrix *matrix, const int64_t row[3], int64_t r, int64_t g,
                    int64_t b)
{
    int64_t light = (row[0] * r + row[1] * g + row[2] * b + (1 << (FRACTION - 1))) >> FRACTION;
    return matrix->encoded[light < 0 ? 0 : light >= LEVELS ? LEVELS - 1 : light];
}

void hy_color_matrix_convert(const hy_color_matrix *matrix, hy_rgba64 *pixels, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        int64_t r = matrix->linear[0][pixels[i].r];
        int64_t g = matrix->linear[1][pixels[i].g];
        int64_t b = matrix->linear[2][pixels[i].b];
        pixels[i].r = mix(matrix, matrix->coefficient[0], r, g, b);
        pixels[i].g = mix(matrix, matrix->coefficient[1], r, g, b);
        pixels[i].b = mix(matrix, matrix->coefficient[2], r, g, b);
    }
}

void hy_color_matrix_free(hy_color_matrix *matrix)
{
    hy_free(matrix);
}
