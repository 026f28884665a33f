/* SPDX-License-Identifier: MIT */
/* Numbers at the edge of their range, and escapes. */
#include <string.h>

#include "support.h"

static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(hy_decimal_parse("0", 0), 0);
    assert_int_equal(hy_decimal_parse("007", 7), 7);
    assert_int_equal(hy_decimal_parse("65535", 65535), 65535);
    assert_int_equal(hy_decimal_parse("9223372036854775807", INT64_MAX), INT64_MAX);
    assert_int_equal(hy_decimal_parse("65536", 65535), -1);
    assert_int_equal(hy_decimal_parse("1", 0), -1);
    assert_int_equal(hy_decimal_parse("9", 8), -1);
    assert_int_equal(hy_decimal_parse("9223372036854775808", INT64_MAX), -1);
    assert_int_equal(hy_decimal_parse("99999999999999999999999999", INT64_MAX), -1);
    static const char *const none[] = {"", " 1", "1 ", "+1", "-1", "0x10", "1.0", "a", "1\n"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(hy_decimal_parse(none[i], INT64_MAX), -1);
        assert_int_equal(hy_decimal_clamp(none[i], INT64_MAX), -1);
    }
    assert_int_equal(hy_decimal_parse(NULL, 1), -1);
    assert_int_equal(hy_decimal_clamp(NULL, 1), -1);
}

static void test_numbers_that_are_cut(void **state)
{
    (void)state;
    assert_int_equal(hy_decimal_clamp("59", 60), 59);
    assert_int_equal(hy_decimal_clamp("61", 60), 60);
    assert_int_equal(hy_decimal_clamp("600000", 60), 60);
    assert_int_equal(hy_decimal_clamp("9223372036854775808", INT64_MAX), INT64_MAX);
    assert_int_equal(hy_decimal_clamp("99999999999999999999999999", INT64_MAX), INT64_MAX);
    assert_int_equal(hy_decimal_clamp("99999999999999999999999999x", INT64_MAX), -1);
}

static void test_numbers_in_a_row(void **state)
{
    (void)state;
    const char *at = "12-3000/x";
    assert_int_equal(hy_decimal_take(&at, 99), 12);
    assert_string_equal(at, "-3000/x");
    assert_int_equal(hy_decimal_take(&at, 99), -1);
    assert_string_equal(at, "-3000/x");
    at++;
    assert_int_equal(hy_decimal_take(&at, 99), -1);
    assert_string_equal(at, "/x");
}

static void test_hex(void **state)
{
    (void)state;
    int found = 0;
    for (int c = 0; c < 256; c++) {
        int digit = hy_hex_digit((char)c);
        const char *upper = "0123456789ABCDEF";
        const char *lower = "0123456789abcdef";
        const char *at = c ? strchr(upper, c) : NULL;
        at = at ? at : c ? strchr(lower, c) : NULL;
        found += digit >= 0;
        assert_true(digit < 0 ? !at : at == upper + digit || at == lower + digit);
    }
    assert_int_equal(found, 22);
}

static void test_escapes(void **state)
{
    (void)state;
    char good[] = "a%20b%c3%A4%2500";
    assert_true(hy_percent_decode(good));
    assert_string_equal(good, "a b\xc3\xa4%00");
    static const char *const bad[] = {"%", "a%2", "%zz", "%2g", "%00", "a%0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[8];
        memcpy(text, bad[i], strlen(bad[i]) + 1);
        assert_false(hy_percent_decode(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),          cmocka_unit_test(test_numbers_that_are_cut),
        cmocka_unit_test(test_numbers_in_a_row), cmocka_unit_test(test_hex),
        cmocka_unit_test(test_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
