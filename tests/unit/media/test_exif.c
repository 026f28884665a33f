/* SPDX-License-Identifier: MIT */
/* EXIF orientation: both byte orders, every value, and blocks that lie. */
#include <string.h>

#include "media.h"
#include "support.h"

static void reads_every_orientation(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= 8; i++) {
        for (int big = 0; big < 2; big++) {
            test_file exif = test_make_exif(i, big != 0);
            assert_int_equal(hy_exif_orientation(exif.data, exif.size), i);
            test_file_free(&exif);
        }
    }
}

static void takes_bad_values_as_upright(void **state)
{
    (void)state;
    static const uint32_t bad[] = {0, 9, 255, 65535};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        test_file exif = test_make_exif(bad[i], false);
        assert_int_equal(hy_exif_orientation(exif.data, exif.size), 1);
        test_file_free(&exif);
    }
}

static void takes_cut_blocks_as_upright(void **state)
{
    (void)state;
    test_file exif = test_make_exif(6, true);
    for (size_t size = 0; size < 8 + 2 + 12; size++) {
        uint8_t *cut = hy_memdup(exif.data, size); /* so that ASan sees reads behind the end */
        assert_int_equal(hy_exif_orientation(cut, size), 1);
        hy_free(cut);
    }
    assert_int_equal(hy_exif_orientation(exif.data, 8 + 2 + 12), 6);
    test_file_free(&exif);
}

/* Bytes of a little-endian block that are changed: offset, bytes. */
static int32_t with_change(size_t offset, const void *bytes, size_t size)
{
    test_file exif = test_make_exif(6, false);
    memcpy(exif.data + offset, bytes, size);
    int32_t orientation = hy_exif_orientation(exif.data, exif.size);
    test_file_free(&exif);
    return orientation;
}

static void survives_lies(void **state)
{
    (void)state;
    assert_int_equal(with_change(0, "XX", 2), 1);                    /* byte order */
    assert_int_equal(with_change(0, "MM", 2), 1);                    /* */
    assert_int_equal(with_change(2, "\x2b", 1), 1);                  /* BigTIFF */
    assert_int_equal(with_change(4, "\xff\xff\xff\xff", 4), 1);      /* directory far outside */
    assert_int_equal(with_change(4, "\x19\0\0\0", 4), 1);            /* directory at the very end */
    assert_int_equal(with_change(4, "\0\0\0\0", 4), 1);              /* directory is the header */
    assert_int_equal(with_change(8, "\xff\xff", 2), 6);              /* more entries than bytes */
    assert_int_equal(with_change(8, "\0\0", 2), 1);                  /* no entries */
    assert_int_equal(with_change(12, "\x02\0", 2), 1);               /* text */
    assert_int_equal(with_change(12, "\x0c\0", 2), 1);               /* double */
    assert_int_equal(with_change(14, "\0\0\0\0", 4), 1);             /* no value */
    assert_int_equal(with_change(14, "\xff\xff\xff\xff", 4), 1);     /* 8 GiB of values */
    assert_int_equal(with_change(14, "\x03\0\0\0\x06\0\0\0", 8), 1); /* values inside the header */
    assert_int_equal(with_change(14, "\x03\0\0\0\x19\0\0\0", 8), 1); /* across the end */
    assert_int_equal(with_change(12, "\x04\0", 2), 6);               /* a long does no harm */
    assert_int_equal(with_change(12, "\x01\0", 2), 6);               /* nor does a byte */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_orientation),
        cmocka_unit_test(takes_bad_values_as_upright),
        cmocka_unit_test(takes_cut_blocks_as_upright),
        cmocka_unit_test(survives_lies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
