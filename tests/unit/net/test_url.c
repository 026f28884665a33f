/* SPDX-License-Identifier: MIT */
/* URLs: what is taken, what is refused, and where relative ones lead. */
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "support.h"

static void test_parts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *scheme, *host;
        int32_t port;
        const char *path, *query;
        const char *back; /* NULL = the same */
    } cases[] = {
        {"http://a.example", "http", "a.example", 0, "/", NULL, "http://a.example/"},
        {"HTTPS://A.Example:8443/X/y%2Fz?Q=1&b#f", "https", "a.example", 8443, "/X/y%2Fz", "Q=1&b",
         "https://a.example:8443/X/y%2Fz?Q=1&b"},
        {"http://h?x", "http", "h", 0, "/", "x", "http://h/?x"},
        {"http://h/?", "http", "h", 0, "/", "", NULL},
        {"http://h:/a", "http", "h", 0, "/a", NULL, "http://h/a"},
        {"http://h:65535/", "http", "h", 65535, "/", NULL, NULL},
        {"http://[::1]:80/x", "http", "::1", 80, "/x", NULL, NULL},
        {"http://[FE80::A]/", "http", "fe80::a", 0, "/", NULL, "http://[fe80::a]/"},
        {"http://h/a/../b//./c", "http", "h", 0, "/a/../b//./c", NULL, NULL},
        {"http://h/a@b:c?d@e", "http", "h", 0, "/a@b:c", "d@e", NULL},
        {"http://h/\xc3\xa4?\xc3\xa4", "http", "h", 0, "/%C3%A4", "%C3%A4",
         "http://h/%C3%A4?%C3%A4"},
        {"http://2130706433/", "http", "2130706433", 0, "/", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_diag diag = {0};
        hy_url url;
        assert_ok(hy_url_parse(&url, cases[i].text, &diag), &diag);
        assert_string_equal(url.scheme, cases[i].scheme);
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        assert_string_equal(url.path, cases[i].path);
        assert_int_equal(url.query != NULL, cases[i].query != NULL);
        if (url.query) {
            assert_string_equal(url.query, cases[i].query);
        }
        char *back = hy_url_text(&url);
        assert_string_equal(back, cases[i].back ? cases[i].back : cases[i].text);
        hy_free(back);
        hy_url_free(&url);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "a.jpg",
        "http:",
        "http:/h/",
        "http:///x",
        "http://",
        "ftp://h/",
        "file:///etc/passwd",
        "gopher://h/",
        "javascript:alert(1)",
        "httpx://h/",
        "http://user@h/",
        "http://user:pw@h/",
        "http://@h/",
        "http://good.example\\@evil.example/",
        "http://h /",
        "http://h/a b",
        "http://h/\r\nX: y",
        "http://h/\x7f",
        "http://h/\t",
        "http://h:0/",
        "http://h:65536/",
        "http://h:123456/",
        "http://h:8x/",
        "http://h:-1/",
        "http://h:80:80/",
        "http://.h/",
        "http://a..b/",
        "http://%68/",
        "http://h%00.example/",
        "http://h\xc3\xa4/",
        "http://[::1/",
        "http://[::1]x/",
        "http://[]/",
        "http://[127.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://::1/",
        "http://a,b/",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_diag diag = {0};
        hy_url url;
        assert_int_equal(hy_url_parse(&url, cases[i], &diag), HYDRA_ERR_ARGUMENT);
        assert_null(url.scheme);
        assert_true(diag.text[0] != '\0');
        assert_null(strstr(diag.text, "pw"));
    }
}

static void test_long_ones(void **state)
{
    (void)state;
    char *text = calloc(8194, 1);
    assert_non_null(text);
    memset(text, 'a', 8193);
    memcpy(text, "http://h/", 9);
    hy_diag diag = {0};
    hy_url url;
    assert_failed(hy_url_parse(&url, text, &diag), HYDRA_ERR_ARGUMENT, &diag, "8192");
    hy_diag_clear(&diag);
    text[8192] = '\0';
    assert_ok(hy_url_parse(&url, text, &diag), &diag);
    hy_url_free(&url);
    free(text);
}

static void test_no_query_in_errors(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_url url;
    assert_int_equal(hy_url_parse(&url, "http://h:0/a?X-Amz-Signature=secret", &diag),
                     HYDRA_ERR_ARGUMENT);
    assert_null(strstr(diag.text, "secret"));
    assert_non_null(strstr(diag.text, "http://h:0/a"));
}

/* RFC 3986, 5.4, without what is no http URL. */
static void test_references(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q"},
        {"g#s", "http://a/b/c/g"},
        {";x", "http://a/b/c/;x"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"HTTP://x/y", "http://x/y"},
        {"https://x:1/y/../z", "https://x:1/z"},
    };
    hy_diag diag = {0};
    hy_url base;
    assert_ok(hy_url_parse(&base, "http://a/b/c/d;p?q", &diag), &diag);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_url url;
        assert_ok(hy_url_resolve(&url, &base, cases[i][0], &diag), &diag);
        char *text = hy_url_text(&url);
        assert_string_equal(text, cases[i][1]);
        hy_free(text);
        hy_url_free(&url);
    }
    static const char *const refused[] = {
        "file:///etc/passwd", "gopher://h/", "g:h", "//u@h/", "/a b", "http:g"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        hy_url url;
        hy_diag_clear(&diag);
        assert_int_equal(hy_url_resolve(&url, &base, refused[i], &diag), HYDRA_ERR_ARGUMENT);
    }
    hy_url_free(&base);
}

static void test_origins(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"http://h/a", "http://H:80/b?c", true}, {"https://h/", "https://h:443/", true},
        {"http://h/", "https://h/", false},      {"http://h/", "http://h:81/", false},
        {"http://h/", "http://h2/", false},      {"http://h:443/", "https://h/", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_diag diag = {0};
        hy_url a;
        hy_url b;
        assert_ok(hy_url_parse(&a, cases[i].a, &diag), &diag);
        assert_ok(hy_url_parse(&b, cases[i].b, &diag), &diag);
        assert_int_equal(hy_url_same_origin(&a, &b), cases[i].same);
        hy_url_free(&a);
        hy_url_free(&b);
    }
}

static void test_encoding(void **state)
{
    (void)state;
    hy_buffer out = {.limit = 64};
    assert_true(hy_url_encode(&out, "aZ09-._~ /+%\xc3\xa4", 14, true));
    assert_true(hy_url_encode(&out, "/\0", 2, false));
    assert_int_equal(out.size, 30);
    assert_memory_equal(out.data, "aZ09-._~%20/%2B%25%C3%A4%2F%00", 30);
    hy_buffer_free(&out);
    hy_buffer small = {.limit = 4};
    assert_false(hy_url_encode(&small, "ab/", 3, false));
    assert_int_equal(small.size, 0);
    hy_buffer_free(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_ones),  cmocka_unit_test(test_no_query_in_errors),
        cmocka_unit_test(test_references), cmocka_unit_test(test_origins),
        cmocka_unit_test(test_encoding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
