/* SPDX-License-Identifier: MIT */
/* The growable block of bytes and its ceiling. */
#include <stdlib.h>
#include <string.h>

#include "support.h"

static void test_grows_with_zeros(void **state)
{
    (void)state;
    hy_buffer buffer = {.limit = 100000};
    size_t sizes[] = {1, 255, 256, 257, 4096, 70000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t before = buffer.size;
        assert_true(hy_buffer_reserve(&buffer, sizes[i]));
        assert_int_equal(buffer.size, sizes[i]);
        assert_true(buffer.capacity >= buffer.size);
        for (size_t at = before; at < buffer.size; at++) {
            assert_int_equal(buffer.data[at], 0);
        }
        memset(buffer.data, 0xff, buffer.size);
    }
    assert_true(hy_buffer_reserve(&buffer, 5)); /* never shrinks */
    assert_int_equal(buffer.size, 100000);
    hy_buffer_free(&buffer);
}

static void test_append_keeps_order(void **state)
{
    (void)state;
    hy_buffer buffer = {.limit = 10000};
    for (int i = 0; i < 1000; i++) {
        uint8_t pair[2] = {(uint8_t)i, (uint8_t)(i >> 8)};
        assert_true(hy_buffer_append(&buffer, pair, 2));
    }
    assert_true(hy_buffer_append(&buffer, NULL, 0));
    assert_int_equal(buffer.size, 2000);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(buffer.data[2 * i] | buffer.data[2 * i + 1] << 8, i);
    }
    hy_buffer_free(&buffer);
}

static void test_limit(void **state)
{
    (void)state;
    const size_t limits[] = {0, 1, 10, 256, 300, 1000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        hy_buffer buffer = {.limit = limits[i]};
        for (size_t n = 0; n < limits[i]; n++) {
            assert_true(hy_buffer_append(&buffer, "x", 1));
        }
        assert_false(hy_buffer_append(&buffer, "y", 1));
        assert_false(hy_buffer_append(&buffer, "y", SIZE_MAX));
        assert_false(hy_buffer_reserve(&buffer, limits[i] + 1));
        assert_int_equal(buffer.size, limits[i]);
        for (size_t n = 0; n < limits[i]; n++) {
            assert_int_equal(buffer.data[n], 'x');
        }
        hy_buffer_free(&buffer);
    }
}

static void test_free_empties(void **state)
{
    (void)state;
    hy_buffer buffer = {.limit = 100};
    hy_buffer_free(&buffer);
    assert_true(hy_buffer_append(&buffer, "abc", 3));
    hy_buffer_free(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.size, 0);
    assert_true(hy_buffer_append(&buffer, "d", 1));
    assert_int_equal(buffer.data[0], 'd');
    hy_buffer_free(&buffer);
}

static void test_print(void **state)
{
    (void)state;
    hy_buffer buffer = {.limit = 100};
    assert_true(hy_buffer_print(&buffer, "%s %d", "frame", 7));
    assert_true(hy_buffer_print(&buffer, "%s", ""));
    assert_true(hy_buffer_print(&buffer, ".\n"));
    assert_int_equal(buffer.size, 9);
    assert_memory_equal(buffer.data, "frame 7.\n", 9);
    hy_buffer_free(&buffer);
}

static void test_print_long_text(void **state)
{
    (void)state;
    const size_t most = 5000;
    char *text = malloc(most + 1);
    assert_non_null(text);
    for (size_t size = 250; size < most; size = size < 260 ? size + 1 : size * 2) {
        memset(text, 'a', size);
        text[size] = '\0';
        hy_buffer buffer = {.limit = size + 2};
        assert_true(hy_buffer_print(&buffer, "<%s>", text));
        assert_int_equal(buffer.size, size + 2);
        assert_int_equal(buffer.data[0], '<');
        assert_memory_equal(buffer.data + 1, text, size);
        assert_int_equal(buffer.data[size + 1], '>');
        assert_false(hy_buffer_print(&buffer, "%s", text));
        assert_int_equal(buffer.size, size + 2);
        hy_buffer_free(&buffer);
    }
    free(text);
}

/* Its content moves like that of any other; what becomes of the old block, tests/s3/test_memory.py
 * sees. */
static void test_secret(void **state)
{
    (void)state;
    hy_buffer buffer = {.limit = 10000, .secret = true};
    for (int i = 0; i < 5000; i++) {
        const char byte = (char)i;
        assert_true(hy_buffer_append(&buffer, &byte, 1));
    }
    for (int i = 0; i < 5000; i++) {
        assert_int_equal(buffer.data[i], (uint8_t)i);
    }
    assert_true(hy_buffer_print(&buffer, "%5000d", 7));
    assert_int_equal(buffer.size, 10000);
    assert_false(hy_buffer_append(&buffer, "x", 1));
    hy_buffer_free(&buffer);
    assert_true(buffer.secret);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grows_with_zeros),
        cmocka_unit_test(test_append_keeps_order),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_free_empties),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_print_long_text),
        cmocka_unit_test(test_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
