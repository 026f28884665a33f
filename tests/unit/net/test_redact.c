/* SPDX-License-Identifier: MIT */
/* Lines of a log with secrets in every place where they occur, and lines that must stay. */
#include <string.h>

#include "net/net.h"
#include "support.h"

static void test_lines(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"Host: a.example", "Host: a.example"},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT", "Date: Sun, 06 Nov 1994 08:49:37 GMT"},
        {"Authorization: AWS4-HMAC-SHA256 secret", "Authorization: [redacted]"},
        {"authorization:Basic secret", "authorization: [redacted]"},
        {"Proxy-Authorization: Basic secret", "Proxy-Authorization: [redacted]"},
        {"x-amz-security-token: secret", "x-amz-security-token: [redacted]"},
        {"X-Amz-Server-Side-Encryption-Customer-Key: secret",
         "X-Amz-Server-Side-Encryption-Customer-Key: [redacted]"},
        {"x-amz-server-side-encryption-customer-key-MD5: secret",
         "x-amz-server-side-encryption-customer-key-MD5: [redacted]"},
        {"x-amz-copy-source-server-side-encryption-customer-key: secret",
         "x-amz-copy-source-server-side-encryption-customer-key: [redacted]"},
        {"x-aws-ec2-metadata-token: secret", "x-aws-ec2-metadata-token: [redacted]"},
        {"X-Api-Key: secret", "X-Api-Key: [redacted]"},
        {"X-Auth-Token: secret", "X-Auth-Token: [redacted]"},
        {"X-Shared-Secret: secret", "X-Shared-Secret: [redacted]"},
        {"Cookie: a=secret", "Cookie: [redacted]"},
        {"Set-Cookie: a=secret", "Set-Cookie: [redacted]"},
        {"Added [Authorization : secret]", "Added [Authorization : [redacted]"},
        {"GET /a/b HTTP/1.1", "GET /a/b HTTP/1.1"},
        {"GET /a?secret=1 HTTP/1.1", "GET /a?[redacted] HTTP/1.1"},
        {"PUT /?uploads HTTP/1.1", "PUT /?[redacted] HTTP/1.1"},
        {"GET http://u:secret@h/p?secret HTTP/1.1",
         "GET http://[redacted]@h/p?[redacted] HTTP/1.1"},
        {"Location: https://h/a?X-Amz-Signature=secret", "Location: https://h/a?[redacted]"},
        {"Location: a?x=1&x-amz-credential=secret", "Location: a?[redacted]"},
        {"sent X-Amz-Signature=secret to it", "sent [redacted] to it"},
        {"a&X-Amz-Security-Token=secret", "a&[redacted]"},
        {"proxy http://user:secret@proxy:3128 used", "proxy http://[redacted]@proxy:3128 used"},
        {"proxy http://user:se/cret@proxy:3128 used", "proxy http://[redacted]@proxy:3128 used"},
        {"got http://user:se?cret@h/a?secret here", "got http://[redacted]@h/a?[redacted] here"},
        {"see <https://u:secret@h/> and \"http://h/?secret\"",
         "see <https://[redacted]@h/> and \"http://h/?[redacted]\""},
        {"/a?u=http://u:secret@h/secret", "/a?[redacted]"},
        {"why? because", "why? because"},
        {"no authorization here", "no authorization here"},
        {"a\x1b[31mb\r\n", "a?[31mb"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *clean = hy_redact_line(cases[i][0], strlen(cases[i][0]));
        assert_string_equal(clean, cases[i][1]);
        hy_free(clean);
    }
}

static void test_a_long_line(void **state)
{
    (void)state;
    char *line = hy_calloc(100001, 1);
    assert_non_null(line);
    memset(line, '?', 100000);
    char *clean = hy_redact_line(line, 100000);
    assert_non_null(clean);
    assert_true(strlen(clean) < 10000);
    hy_free(clean);
    hy_free(line);
}

static void test_urls(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://h/a?secret#secret", "http://h/a"},
        {"https://u:secret@h:1/a", "https://h:1/a"},
        {"https://u:secret@x@h/a", "https://h/a"},
        {"http://h/a@b", "http://h/a@b"},
        {"https://user:se/cret@host", "https://host"},
        {"https://user:se/cret@host/a?secret", "https://host/a"},
        {"https://user:se?cret@host/a", "https://host/a"},
        {"https://user:se#cr/et@host/a", "https://host/a"},
        {"https://user:secret/1@h:2/a", "https://h:2/a"},
        {"https://h:8080/a@b", "https://h:8080/a@b"},
        {"https://[::1]/a@b", "https://[::1]/a@b"},
        {"https://u:secret@host/a@b", "https://host/a@b"},
        {"https://me@secret.com:se/cret@host/a", "https://host/a"},
        {"https://[::1]:80/a@b?c", "https://[::1]:80/a@b"},
        {"https://h:/a@b", "https://h:/a@b"},
        {"https://h/a?b:c@d", "https://h/a"},
        {"a?b://secret:x@c", "a"},
        {"a.jpg", "a.jpg"},
        {"http://h/a\nb", "http://h/a?b"},
        {"?secret", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *clean = hy_url_redacted(cases[i][0]);
        assert_string_equal(clean, cases[i][1]);
        hy_free(clean);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_a_long_line),
        cmocka_unit_test(test_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
