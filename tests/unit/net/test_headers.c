/* SPDX-License-Identifier: MIT */
/* Lists of header fields, and the range that a reply says it is. */
#include <stdio.h>
#include <string.h>

#include "net/net.h"
#include "support.h"

static void test_order_and_case(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_http_headers headers = {0};
    char name[16];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "X-%d", i);
        assert_ok(hy_http_headers_add(&headers, name, i % 2 ? "odd" : "", &diag), &diag);
    }
    assert_ok(hy_http_headers_add(&headers, "x-1", "later", &diag), &diag);
    assert_int_equal(headers.count, 101);
    assert_string_equal(hy_http_headers_get(&headers, "x-1"), "odd");
    assert_string_equal(hy_http_headers_get(&headers, "X-98"), "");
    assert_string_equal(headers.items[100].value, "later");
    assert_null(hy_http_headers_get(&headers, "X"));
    assert_null(hy_http_headers_get(NULL, "X-1"));
    hy_http_headers_free(&headers);
    assert_int_equal(headers.count, 0);
    assert_null(headers.items);
    hy_http_headers_free(&headers);
}

static void test_what_could_end_a_line(void **state)
{
    (void)state;
    static const char *const names[] = {"", "a b", "a:", "a\r\n", "\xc3\xa4", "a\tb", "(a)", "a/b"};
    static const char *const values[] = {"a\r\nX: y", "a\n", "\r", "\x01", "a\x7f", "a\tb"};
    hy_http_headers headers = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hy_diag diag = {0};
        assert_int_equal(hy_http_headers_add(&headers, names[i], "v", &diag), HYDRA_ERR_ARGUMENT);
    }
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        hy_diag diag = {0};
        assert_failed(hy_http_headers_add(&headers, "X-Secret", values[i], &diag),
                      HYDRA_ERR_ARGUMENT, &diag, "X-Secret");
    }
    hy_diag diag = {0};
    assert_int_equal(hy_http_headers_add(&headers, NULL, "v", &diag), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hy_http_headers_add(&headers, "a", NULL, &diag), HYDRA_ERR_ARGUMENT);
    assert_int_equal(headers.count, 0);
    hy_diag_clear(&diag);
    assert_ok(hy_http_headers_add(&headers, "!#$%&'*+-.^_`|~09azAZ", "\xc3\xa4 \"=", &diag), &diag);
    hy_http_headers_free(&headers);
}

static void test_content_ranges(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "bytes",
        "bytes 0-9",
        "bytes */10",
        "bytes 0-9/",
        "bytes 9-0/10",
        "bytes 0-9/9",
        "bytes 0-10/10",
        "bytes -1-9/10",
        "items 0-9/10",
        "bytes 0-9/10x",
        "bytes  0-9/10",
        "bytes 0-99999999999999999999/*",
        "bytes=0-9/10",
    };
    int64_t first;
    int64_t last;
    int64_t total;
    assert_true(hy_content_range_parse("bytes 5-9/10", &first, &last, &total));
    assert_true(first == 5 && last == 9 && total == 10);
    assert_true(hy_content_range_parse("bytes 0-0/*", &first, &last, &total));
    assert_true(first == 0 && last == 0 && total == -1);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (hy_content_range_parse(bad[i], &first, &last, &total)) {
            fail_msg("%s", bad[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_case),
        cmocka_unit_test(test_what_could_end_a_line),
        cmocka_unit_test(test_content_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
