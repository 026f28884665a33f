/* SPDX-License-Identifier: MIT */
/* TIFF files that no encoder at hand writes: ink, and several pictures in one file. */
#include <stdlib.h>
#include <string.h>

#include "media.h"
#include "support.h"

enum {
    W = 5,
    H = 3,
    SHORT = 3,
    LONG = 4,
    BLACK_IS_ZERO = 1,
    INK = 5
};

typedef struct tiff {
    test_file file;
    bool big;
} tiff;

static void put(tiff *t, uint32_t value, int bytes)
{
    uint8_t data[4];
    for (int i = 0; i < bytes; i++) {
        data[i] = (uint8_t)(value >> 8 * (t->big ? bytes - 1 - i : i));
    }
    test_file_append(&t->file, data, (size_t)bytes);
}

/* One value, or where `count` of them are. */
static void put_entry(tiff *t, uint32_t tag, uint32_t type, uint32_t count, uint32_t value)
{
    put(t, tag, 2);
    put(t, type, 2);
    put(t, count, 4);
    int bytes = type == SHORT && count == 1 ? 2 : 4;
    put(t, value, bytes);
    put(t, 0, 4 - bytes);
}

/* A directory with its one uncompressed strip, at the end of the file. */
static void put_picture(tiff *t, uint32_t photometric, uint32_t samples, uint32_t bits,
                        const uint8_t *values, bool last)
{
    enum {
        ENTRIES = 9
    };
    uint32_t start = (uint32_t)t->file.size;
    uint32_t bits_at = start + 2 + ENTRIES * 12 + 4;
    uint32_t data_at = bits_at + 8;
    uint32_t size = W * H * samples * bits / 8;
    put(t, ENTRIES, 2);
    put_entry(t, 256, SHORT, 1, W);
    put_entry(t, 257, SHORT, 1, H);
    put_entry(t, 258, SHORT, samples, samples == 1 ? bits : bits_at);
    put_entry(t, 259, SHORT, 1, 1);
    put_entry(t, 262, SHORT, 1, photometric);
    put_entry(t, 273, LONG, 1, data_at);
    put_entry(t, 277, SHORT, 1, samples);
    put_entry(t, 278, SHORT, 1, H);
    put_entry(t, 279, LONG, 1, size);
    put(t, last ? 0 : data_at + size, 4);
    for (int i = 0; i < 4; i++) {
        put(t, bits, 2);
    }
    for (uint32_t i = 0; i < W * H * samples; i++) {
        put(t, bits == 16 ? values[i] * 257u : values[i], (int)bits / 8);
    }
}

static tiff start(bool big)
{
    tiff t = {.big = big};
    test_file_append(&t.file, big ? "MM" : "II", 2);
    put(&t, 42, 2);
    put(&t, 8, 4);
    return t;
}

static void fill(uint8_t *values, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = (uint8_t)(test_random(&seed) >> 56);
    }
}

static tiff ink_file(bool big, uint32_t bits, const uint8_t *ink)
{
    tiff t = start(big);
    put_picture(&t, INK, 4, bits, ink, true);
    return t;
}

static void mixes_ink(void **state)
{
    (void)state;
    static const struct {
        bool big;
        uint32_t bits;
    } kinds[] = {{false, 8}, {true, 8}, {true, 16}};
    uint8_t ink[W * H * 4];
    fill(ink, sizeof ink, 3);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        tiff t = ink_file(kinds[k].big, kinds[k].bits, ink);
        test_photo photo;
        hy_diag diag = {0};
        assert_ok(test_decode(&t.file, &photo, &diag), &diag);
        assert_int_equal(photo.info.rows.channels, 3);
        for (int i = 0; i < W * H; i++) {
            for (int c = 0; c < 3; c++) {
                int expected = (255 - ink[i * 4 + c]) * (255 - ink[i * 4 + 3]) / 255;
                assert_in_range(photo.rows[i * 3 + c] + 2, expected, expected + 4);
            }
        }
        test_photo_free(&photo);
        test_file_free(&t.file);
    }
}

/* FFmpeg hands these inks out as if they were light. */
static void refuses_deep_little_endian_ink(void **state)
{
    (void)state;
    uint8_t ink[W * H * 4];
    fill(ink, sizeof ink, 4);
    tiff t = ink_file(false, 16, ink);
    test_photo photo;
    hy_diag diag = {0};
    assert_failed(test_decode(&t.file, &photo, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                  "TIFF in CMYK with 16 bits per sample");
    test_file_free(&t.file);
}

static void shows_the_first_of_two_pictures(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        uint8_t first[W * H];
        uint8_t second[W * H];
        fill(first, sizeof first, 5);
        fill(second, sizeof second, 6);
        tiff t = start(big);
        put_picture(&t, BLACK_IS_ZERO, 1, 8, first, false);
        put_picture(&t, BLACK_IS_ZERO, 1, 8, second, true);
        test_photo photo;
        hy_diag diag = {0};
        assert_ok(test_decode(&t.file, &photo, &diag), &diag);
        assert_int_equal(photo.row_bytes, W);
        assert_memory_equal(photo.rows, first, sizeof first);
        test_photo_free(&photo);
        test_file_free(&t.file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixes_ink),
        cmocka_unit_test(refuses_deep_little_endian_ink),
        cmocka_unit_test(shows_the_first_of_two_pictures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
