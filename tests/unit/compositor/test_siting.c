/* SPDX-License-Identifier: MIT */
/*
 * Colour stays where brightness is: an edge that both share is found in both planes after a photo
 * became an asset, and after an asset was drawn at several sizes.
 */
#include <stdlib.h>

#include "build.h"
#include "draw.h"

/* A soft edge at `at`, from 0 to 1. */
static double edge(double position, double at)
{
    return 1 / (1 + exp(-(position - at) / 3));
}

/* Rounded up or down by chance, so that the mean over many rows is exact. */
static uint8_t dithered(double value, uint64_t *seed)
{
    return (uint8_t)(value + (double)(test_random(seed) >> 11) / 9007199254740992.0);
}

/* Where a plane's mean profile along an axis crosses half way: in luma pixels from the border.
 * The profile is level at both ends, so the crossing follows from its sum. */
static double find_edge(const hy_picture *p, int plane, bool across)
{
    int32_t width = hy_plane_width(p, plane);
    int32_t height = hy_plane_height(p, plane);
    int32_t count = across ? width : height;
    int32_t other = across ? height : width;
    double low = 0;
    double high = 0;
    double sum = 0;
    for (int32_t i = 0; i < count; i++) {
        double mean = 0;
        for (int32_t j = 0; j < other; j++) {
            mean += across ? sample_at(p, plane, i, j) : sample_at(p, plane, j, i);
        }
        low = i == 0 ? mean / other : low;
        high = mean / other;
        sum += mean / other;
    }
    double crossing = count - 0.5 - (sum - low * count) / (high - low); /* sample number */
    double centre = plane == 0 ? 0.5 : across ? 0.5 : 1.0;
    return crossing * (plane ? 2 : 1) + centre;
}

/* A picture with a common edge of luma and chroma, sampled at each one's sites. */
static hy_picture *edge_picture(int32_t size, double at, bool across)
{
    uint64_t seed = 1;
    hy_picture *p = picture_new(size, size);
    for (int plane = 0; plane < 3; plane++) {
        double centre = plane && !across ? 1.0 : 0.5;
        for (int32_t i = 0; i < hy_plane_width(p, plane) * hy_plane_height(p, plane); i++) {
            int32_t x = i % hy_plane_width(p, plane);
            int32_t y = i / hy_plane_width(p, plane);
            double position = (across ? x : y) * (plane ? 2 : 1) + centre;
            double value =
                plane == 1 ? 200 - 140 * edge(position, at) : 40 + 160 * edge(position, at);
            p->plane[plane][y * p->stride[plane] + x] = dithered(value, &seed);
        }
    }
    return p;
}

static void check_drawn(double scale, double offset, bool across)
{
    const double at = 61.3;
    hy_picture *asset = edge_picture(160, at, across);
    const hy_picture *assets[] = {asset};
    hy_axis axis = axis_of(scale, offset);
    hy_display_list list = {1, {image_op(0, HY_ALPHA_ONE, axis, axis)}};
    hy_picture *frame = draw_new(140, 140, &list, assets);
    for (int plane = 0; plane < 3; plane++) {
        double found = find_edge(frame, plane, across);
        assert_true(fabs(found - (at - offset) / scale) < 0.03);
    }
    hy_picture_free(frame);
    hy_picture_free(asset);
}

static void test_frames(void **unused)
{
    (void)unused;
    for (int across = 0; across < 2; across++) {
        check_drawn(1, 0, across);
        check_drawn(0.5, 22, across);
        check_drawn(0.93, 7.31, across);
        check_drawn(1.05, 3.5, across);
        check_drawn(1, 7, across); /* an odd number of pixels: half a chroma sample */
        check_drawn(1.14, -1, across);
    }
}

/* Black to yellow: luma and U have the same profile. Half a sample off would be 0.5 px or more;
 * the limit leaves room for the rounding of the profile's two even ends. */
static void check_built(int32_t width, int32_t height, int32_t orientation, bool across)
{
    const double at = 66.7;
    uint64_t seed = 2;
    photo p = photo_new(160, 160, 3, 8);
    for (int32_t i = 0; i < 160 * 160; i++) {
        double value = 255 * edge((across ? i % 160 : i / 160) + 0.5, at);
        set_pixel(&p, i % 160, i / 160, (uint32_t)dithered(value, &seed) * 0x010100);
    }
    hy_picture *asset = build_free(spec_of(&p, orientation, width, height), p);
    bool upright_across = orientation > 4 ? !across : across;
    bool is_mirrored = orientation == 3 || (orientation == 6 && !across);
    double size = upright_across ? width : height;
    double expected = (is_mirrored ? 160 - at : at) * size / 160;
    for (int plane = 0; plane < 2; plane++) {
        double found = find_edge(asset, plane, upright_across);
        assert_true(fabs(found - expected) < 0.1);
    }
    hy_picture_free(asset);
}

static void test_assets(void **unused)
{
    (void)unused;
    for (int across = 0; across < 2; across++) {
        check_built(160, 160, 1, across);
        check_built(320, 320, 1, across);
        check_built(70, 94, 1, across);
        check_built(160, 160, 3, across);
        check_built(120, 160, 6, across);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_assets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
