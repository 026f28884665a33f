/* SPDX-License-Identifier: MIT */
/* Animated GIF: the first picture, whatever comes after it. */
#include <string.h>

#include "media.h"
#include "support.h"

enum {
    W = 6,
    H = 4
};

/* Pixels of 2 bits, each behind a clear code, so that codes stay at 3 bits. */
static void put_pixels(test_file *file, const uint8_t *pixels)
{
    enum {
        CLEAR = 4,
        END = 5
    };
    uint8_t codes[2 * W * H + 1];
    uint8_t packed[(sizeof codes * 3 + 7) / 8] = {0};
    for (int i = 0; i < W * H; i++) {
        codes[2 * i] = CLEAR;
        codes[2 * i + 1] = pixels[i];
    }
    codes[2 * W * H] = END;
    for (size_t i = 0; i < sizeof codes * 3; i++) {
        packed[i / 8] = (uint8_t)(packed[i / 8] | (codes[i / 3] >> i % 3 & 1) << i % 8);
    }
    uint8_t head[2] = {2, sizeof packed};
    test_file_append(file, head, sizeof head);
    test_file_append(file, packed, sizeof packed);
    test_file_append(file, "", 1);
}

static void put_picture(test_file *file, uint8_t disposal, const uint8_t *pixels)
{
    uint8_t control[] = {0x21, 0xf9, 4, (uint8_t)(disposal << 2), 10, 0, 0, 0};
    uint8_t image[] = {0x2c, 0, 0, 0, 0, W, 0, H, 0, 0};
    test_file_append(file, control, sizeof control);
    test_file_append(file, image, sizeof image);
    put_pixels(file, pixels);
}

static void shows_the_first_picture(void **state)
{
    (void)state;
    static const uint8_t colours[4][3] = {{1, 2, 3}, {250, 20, 30}, {40, 240, 60}, {70, 80, 230}};
    static const uint8_t screen[] = {'G', 'I', 'F', '8', '9', 'a', W, 0, H, 0, 0xf1, 0, 0};
    for (uint8_t disposal = 0; disposal <= 3; disposal++) {
        uint64_t seed = 8;
        test_file file = {0};
        test_file_append(&file, screen, sizeof screen);
        test_file_append(&file, colours, sizeof colours);
        uint8_t first[W * H];
        uint8_t later[W * H];
        for (int i = 0; i < W * H; i++) {
            first[i] = (uint8_t)(test_random(&seed) >> 62);
            later[i] = (uint8_t)(3 - first[i]);
        }
        test_file_append(&file, "\x21\xff\x0bNETSCAPE2.0\x03\x01\0\0", 19);
        put_picture(&file, disposal, first);
        put_picture(&file, disposal, later);
        test_file_append(&file, ";", 1);
        test_photo photo;
        hy_diag diag = {0};
        assert_ok(test_decode(&file, &photo, &diag), &diag);
        assert_int_equal(photo.row_bytes, W * 4);
        /* The canvas; and a second one to go back to, "restore to previous". */
        assert_int_equal(photo.info.decode_bytes, W * H * (disposal == 3 ? 8 : 4));
        for (int i = 0; i < W * H; i++) {
            assert_memory_equal(photo.rows + 4 * i, colours[first[i]], 3);
            assert_int_equal(photo.rows[4 * i + 3], 255);
        }
        test_photo_free(&photo);
        test_file_free(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(shows_the_first_picture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
