/* SPDX-License-Identifier: MIT */
/* Planar pictures: layout, alignment, the meter. */
#include <stdlib.h>
#include <string.h>

#include "support.h"

static void assert_layout(int32_t width, int32_t height)
{
    hy_diag diag = {0};
    hy_meter meter = {0};
    hy_picture *picture = NULL;
    assert_ok(hy_picture_new(width, height, &meter, &picture, &diag), &diag);
    assert_int_equal(picture->width, width);
    assert_int_equal(picture->height, height);
    size_t total = 0;
    for (int plane = 0; plane < 3; plane++) {
        int32_t w = hy_plane_width(picture, plane);
        int32_t h = hy_plane_height(picture, plane);
        assert_int_equal(w, plane ? width / 2 : width);
        assert_int_equal(h, plane ? height / 2 : height);
        assert_int_equal((uintptr_t)picture->plane[plane] % HY_ALIGN, 0);
        assert_int_equal(picture->stride[plane] % HY_ALIGN, 0);
        assert_true(picture->stride[plane] >= w && picture->stride[plane] < w + HY_ALIGN);
        total += (size_t)picture->stride[plane] * (size_t)h;
        /* Whole rows may be written; the sanitizers watch the end. */
        memset(picture->plane[plane], plane + 1, (size_t)picture->stride[plane] * (size_t)h);
    }
    /* No plane reaches into another. */
    for (int plane = 0; plane < 3; plane++) {
        size_t bytes = (size_t)picture->stride[plane] * (size_t)hy_plane_height(picture, plane);
        for (size_t i = 0; i < bytes; i++) {
            assert_int_equal(picture->plane[plane][i], plane + 1);
        }
    }
    assert_int_equal(picture->bytes, total);
    assert_int_equal(meter.current_bytes, total);
    hy_picture_free(picture);
    assert_int_equal(meter.current_bytes, 0);
    assert_int_equal(meter.peak_bytes, total);
}

static void test_layouts(void **state)
{
    (void)state;
    const int32_t sizes[][2] = {{2, 2},   {64, 64},  {62, 2},      {66, 130},  {126, 64},
                                {128, 6}, {130, 10}, {1080, 1920}, {4096, 64}, {64, 4096}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_layout(sizes[i][0], sizes[i][1]);
    }
}

static void test_references(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_meter *meter = calloc(1, sizeof *meter);
    assert_non_null(meter);
    hy_picture *picture = NULL;
    hy_picture *other = NULL;
    assert_ok(hy_picture_new(64, 32, meter, &picture, &diag), &diag);
    assert_ok(hy_picture_ref(picture, &other, &diag), &diag);
    assert_ptr_equal(other->plane[2], picture->plane[2]);
    assert_int_equal(other->stride[0], picture->stride[0]);
    picture->plane[1][5] = 77;
    hy_picture_free(picture); /* the pixels stay, the meter may go */
    assert_int_equal(meter->current_bytes, 0);
    free(meter);
    assert_int_equal(other->plane[1][5], 77);
    hy_picture_free(other);
}

static void test_no_meter(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_picture *picture = NULL;
    assert_ok(hy_picture_new(2, 2, NULL, &picture, &diag), &diag);
    hy_picture_free(picture);
    hy_picture_free(NULL);
}

static void test_bad_sizes(void **state)
{
    (void)state;
    const int32_t sizes[][2] = {{0, 2},   {2, 0}, {-2, 2},        {2, -2},
                                {3, 2},   {2, 3}, {INT32_MIN, 2}, {2, INT32_MIN},
                                {-1, -1}, {0, 0}, {INT32_MAX, 2}, {2, INT32_MAX}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        hy_diag diag = {0};
        hy_picture *picture = (hy_picture *)&diag;
        assert_failed(hy_picture_new(sizes[i][0], sizes[i][1], NULL, &picture, &diag),
                      HYDRA_ERR_INTERNAL, &diag, "picture of");
        assert_null(picture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_no_meter),
        cmocka_unit_test(test_bad_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
