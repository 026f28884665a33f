/* SPDX-License-Identifier: MIT */
/* Replies in XML: what is taken out of them, and what hostile or cut ones come to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "s3/s3.h"
#include "support.h"

#define DECLARATION "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define NAMESPACE   " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""
#define ERROR                                                                                      \
    "<Error><Code>NoSuchKey</Code><Message>The key &lt;a&gt; is <![CDATA[not]]> there.</Message>"  \
    "<RequestId>4442587FB7D0A2F9</RequestId><HostId>host+id=</HostId>"                             \
    "<Region>eu-west-1</Region><ServerTime>2013-05-24T00:00:00.123Z</ServerTime></Error>"
#define RESULT                                                                                     \
    "<InitiateMultipartUploadResult" NAMESPACE "><Bucket>bucket</Bucket><Key>k</Key>"              \
    "<UploadId>Vx&#45;id==</UploadId><Owner><ID>1</ID></Owner></InitiateMultipartUploadResult>"
#define ROOT "InitiateMultipartUploadResult"

static hy_s3_root read_one(const char *data, size_t size, hy_s3_field *field, hy_s3_error *error)
{
    hy_diag diag = {0};
    hy_s3_root found = HY_S3_ROOT_RESULT;
    assert_ok(hy_s3_xml_read(data, size, ROOT, field, field ? 1 : 0, &found, error, &diag), &diag);
    return found;
}

static void check_none(const char *data, size_t size)
{
    hy_s3_error error = {0};
    hy_s3_field field = {"UploadId", NULL};
    assert_int_equal(read_one(data, size, &field, &error), HY_S3_ROOT_NONE);
    assert_null(field.value);
    assert_true(!error.code[0] && !error.message[0] && error.server_time_s == -1);
}

static void check_result(const char *text)
{
    hy_s3_error error = {0};
    hy_s3_field field = {"UploadId", NULL};
    assert_int_equal(read_one(text, strlen(text), &field, &error), HY_S3_ROOT_RESULT);
    assert_string_equal(field.value, "Vx-id==");
    hy_free(field.value);
}

static void test_result(void **state)
{
    (void)state;
    check_result(RESULT);
    check_result(DECLARATION "\n" RESULT "\n\n");
    check_result(" \r\n\t " DECLARATION RESULT);
    check_result("<" ROOT "><UploadId>Vx-id==</UploadId><UploadId>2</UploadId></" ROOT ">");
    check_result("<" ROOT "><A><UploadId>no</UploadId></A><UploadId>Vx-id==</UploadId></" ROOT ">");
    check_result("<a:" ROOT " xmlns:a=\"urn:x\"><a:UploadId>Vx-id==</a:UploadId></a:" ROOT ">");
    check_result("<!-- c --><" ROOT "><?p i?><UploadId>Vx<!-- c -->-id==</UploadId></" ROOT ">");
}

static void test_fields(void **state)
{
    (void)state;
    static const char text[] = "<R><Empty/><List><Id>1</Id></List><Deep><A><B>x</B></A></Deep>"
                               "<Mixed>a<b/>c</Mixed></R>";
    hy_s3_field fields[] = {{"Empty", NULL}, {"Id", NULL},   {"List/Id", NULL}, {"Deep/A/B", NULL},
                            {"Mixed", NULL}, {"List", NULL}, {"Deep/A", NULL}};
    hy_diag diag = {0};
    hy_s3_root found;
    assert_ok(hy_s3_xml_read(text, sizeof text - 1, "R", fields, 7, &found, NULL, &diag), &diag);
    assert_int_equal(found, HY_S3_ROOT_RESULT);
    assert_string_equal(fields[0].value, "");
    assert_null(fields[1].value);
    assert_string_equal(fields[2].value, "1");
    assert_string_equal(fields[3].value, "x");
    for (size_t i = 0; i < 7; i++) {
        assert_true(i < 4 || !fields[i].value);
        hy_free(fields[i].value);
    }
}

static void check_error(const char *text)
{
    hy_s3_error error = {.http_status = 404};
    assert_int_equal(read_one(text, strlen(text), NULL, &error), HY_S3_ROOT_ERROR);
    assert_int_equal(error.http_status, 404);
    assert_string_equal(error.code, "NoSuchKey");
    assert_string_equal(error.message, "The key <a> is not there.");
    assert_string_equal(error.request_id, "4442587FB7D0A2F9");
    assert_string_equal(error.host_id, "host+id=");
    assert_string_equal(error.region, "eu-west-1");
    assert_int_equal(error.server_time_s, 1369353600);
}

static void test_error(void **state)
{
    (void)state;
    check_error(ERROR);
    check_error(DECLARATION "\n" ERROR);
    check_error("  \n\n" DECLARATION ERROR "\n");
    hy_s3_error error = {0};
    const char *sts = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
                      "<Type>Sender</Type><Code>ExpiredTokenException</Code><Message>m</Message>"
                      "</Error><RequestId>r</RequestId></ErrorResponse>";
    assert_int_equal(read_one(sts, strlen(sts), NULL, &error), HY_S3_ROOT_ERROR);
    assert_string_equal(error.code, "ExpiredTokenException");
    assert_string_equal(error.request_id, "r");
}

/* A text that does not fit is cut between characters; what may be a secret is left out. */
static void test_error_texts(void **state)
{
    (void)state;
    char text[2048];
    char long_message[600] = "a";
    for (size_t i = 1; i + 3 < sizeof long_message; i += 3) {
        memcpy(long_message + i, "\xc3\xa4 ", 4);
    }
    (void)snprintf(text, sizeof text, "<Error><Code>X</Code><Message>%s</Message></Error>",
                   long_message);
    hy_s3_error error = {0};
    assert_int_equal(read_one(text, strlen(text), NULL, &error), HY_S3_ROOT_ERROR);
    assert_in_range(strlen(error.message), 250, 255);
    assert_memory_equal(error.message, long_message, strlen(error.message));
    assert_true(((unsigned char)error.message[strlen(error.message) - 1] & 0xc0) != 0xc0);

    const char *quoted =
        "<Error><Code>X</Code><Message>Signature=0123456789abcdef0123456789abcdef"
        "0123456789abcdef0123456789abcdef was sent, Token abc+/=</Message></Error>";
    assert_int_equal(read_one(quoted, strlen(quoted), NULL, &error), HY_S3_ROOT_ERROR);
    assert_string_equal(error.message, "... was sent, Token abc+/=");
}

static void test_times(void **state)
{
    (void)state;
    const char *const bad[] = {"",
                               "now",
                               "2013",
                               "2013-05-24",
                               "2013-05-24 00:00:00Z",
                               "2013-13-24T00:00:00Z",
                               "2013-00-24T00:00:00Z",
                               "2013-05-32T00:00:00Z",
                               "2013-05-24T24:00:00Z",
                               "1969-12-31T23:59:59Z",
                               "+013-05-24T00:00:00Z"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[200];
        hy_s3_error error = {0};
        (void)snprintf(text, sizeof text,
                       "<Error><Code>X</Code><ServerTime>%s</ServerTime></Error>", bad[i]);
        assert_int_equal(read_one(text, strlen(text), NULL, &error), HY_S3_ROOT_ERROR);
        assert_int_equal(error.server_time_s, -1);
    }
}

/* Whatever is missing at the end, or damaged: nothing is taken. */
static void test_cut_at_every_byte(void **state)
{
    (void)state;
    const char *const whole[] = {DECLARATION RESULT, DECLARATION ERROR};
    for (size_t i = 0; i < 2; i++) {
        for (size_t size = 0; size < strlen(whole[i]); size++) {
            char *copy = malloc(size ? size : 1); /* so that reading beyond it is noticed */
            memcpy(copy, whole[i], size);
            check_none(copy, size);
            free(copy);
        }
    }
}

static void test_not_the_root(void **state)
{
    (void)state;
    const char *const texts[] = {
        "",
        "   \n",
        "\n",
        "<html><body>503</body></html>",
        "<Other><UploadId>1</UploadId></Other>",
        "not XML",
        "{\"Code\": \"NoSuchKey\"}",
        RESULT "x",
        RESULT RESULT,
        "<error><Code>X</Code></error>",
        "<" ROOT "><UploadId>1</UploadId>",
        "<" ROOT "><UploadId>1</Uploadid></" ROOT ">",
        "<" ROOT "><UploadId a=1>1</UploadId></" ROOT ">",
        "<" ROOT "><UploadId>\xff\xfe</UploadId></" ROOT ">",
        "<" ROOT "><UploadId><![CDATA[\xc1\xbb]]></UploadId></" ROOT ">",
        "<Error><Code><![CDATA[\xc1\xbb]]></Code></Error>",
        "<" ROOT "><UploadId>\xed\xa0\x80</UploadId></" ROOT ">",
        "<" ROOT "><UploadId>&unknown;</UploadId></" ROOT ">",
        "<" ROOT "><UploadId>&#0;</UploadId></" ROOT ">",
        "<" ROOT "><UploadId>\x01</UploadId></" ROOT ">",
        "\xff\xfe<\0" ROOT,
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><" ROOT "><UploadId>\xe4</UploadId></" ROOT
        ">",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_none(texts[i], strlen(texts[i]));
    }
    check_none("<" ROOT ">\0</" ROOT ">", sizeof "<" ROOT ">\0</" ROOT ">" - 1);
}

static void test_doctype(void **state)
{
    (void)state;
    const char *const texts[] = {
        "<!DOCTYPE " ROOT ">" RESULT,
        "<!DOCTYPE " ROOT " SYSTEM \"file:///etc/passwd\">" RESULT,
        "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><" ROOT
        "><UploadId>&e;</UploadId></" ROOT ">",
        "<!DOCTYPE x [<!ENTITY % e SYSTEM \"http://127.0.0.1:9/x.dtd\"> %e;]>" RESULT,
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
        "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">"
        "<!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\">"
        "<!ENTITY g \"&f;&f;&f;&f;&f;&f;&f;&f;\"><!ENTITY h \"&g;&g;&g;&g;&g;&g;&g;&g;\">]>"
        "<" ROOT "><UploadId>&h;</UploadId></" ROOT ">",
        "<!DOCTYPE " ROOT " [<!ATTLIST " ROOT " a CDATA \"x\">]>" RESULT,
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_none(texts[i], strlen(texts[i]));
    }
}

static char *nested(size_t depth, size_t *size)
{
    *size = depth * 7 + 2 * sizeof ROOT + 3;
    char *text = malloc(*size + 1);
    char *at = text + snprintf(text, sizeof ROOT + 2, "<" ROOT ">");
    for (size_t i = 0; i < depth; i++, at += 3) {
        memcpy(at, "<a>", 3);
    }
    for (size_t i = 0; i < depth; i++, at += 4) {
        memcpy(at, "</a>", 4);
    }
    *size = (size_t)(at - text) + (size_t)snprintf(at, sizeof ROOT + 3, "</" ROOT ">");
    return text;
}

static void test_depth(void **state)
{
    (void)state;
    const size_t depths[] = {15, 16, 300, 1000000};
    for (size_t i = 0; i < 4; i++) {
        size_t size;
        char *text = nested(depths[i], &size);
        assert_int_equal(read_one(text, size, NULL, NULL),
                         i == 0 ? HY_S3_ROOT_RESULT : HY_S3_ROOT_NONE);
        free(text);
    }
}

/* Elements without their ends, a million of them. */
static void test_open_depth(void **state)
{
    (void)state;
    size_t size = 3000000;
    char *text = malloc(size);
    for (size_t i = 0; i < size; i++) {
        text[i] = "<a>"[i % 3];
    }
    check_none(text, size);
    free(text);
}

static char *padded(const char *before, size_t padding, const char *after, size_t *size)
{
    *size = strlen(before) + padding + strlen(after);
    char *text = malloc(*size + 1);
    memcpy(text, before, strlen(before));
    memset(text + strlen(before), 'x', padding);
    memcpy(text + strlen(before) + padding, after, strlen(after) + 1);
    return text;
}

static void test_sizes(void **state)
{
    (void)state;
    const struct {
        const char *before;
        size_t padding;
        const char *after;
        hy_s3_root found;
    } cases[] = {
        {"<Error><Message>", 60000, "</Message></Error>", HY_S3_ROOT_ERROR},
        {"<Error><Message>", 70000, "</Message></Error>", HY_S3_ROOT_NONE},
        {"<Error><Message>", 100000000, "</Message></Error>", HY_S3_ROOT_NONE},
        {"<" ROOT "><UploadId>", 7000000, "</UploadId></" ROOT ">", HY_S3_ROOT_RESULT},
        {"<" ROOT "><UploadId>", 9000000, "</UploadId></" ROOT ">", HY_S3_ROOT_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size;
        char *text = padded(cases[i].before, cases[i].padding, cases[i].after, &size);
        hy_s3_field field = {"UploadId", NULL};
        assert_int_equal(read_one(text, size, &field, NULL), cases[i].found);
        hy_free(field.value);
        free(text);
    }
}

/* White space in front does not count: a Complete may take many minutes. */
static void test_much_white_space(void **state)
{
    (void)state;
    size_t size = 9000000;
    char *text = malloc(size + sizeof RESULT);
    memset(text, ' ', size);
    memcpy(text + size, RESULT, sizeof RESULT);
    check_result(text);
    check_none(text, size);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),       cmocka_unit_test(test_fields),
        cmocka_unit_test(test_error),        cmocka_unit_test(test_error_texts),
        cmocka_unit_test(test_times),        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_not_the_root), cmocka_unit_test(test_doctype),
        cmocka_unit_test(test_depth),        cmocka_unit_test(test_open_depth),
        cmocka_unit_test(test_sizes),        cmocka_unit_test(test_much_white_space),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
