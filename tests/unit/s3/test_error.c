/* SPDX-License-Identifier: MIT */
/* Errors of S3: whether to try again, as what they are reported, and what the text says. */
#include <string.h>

#include "s3/s3.h"
#include "support.h"

typedef struct error_case {
    int32_t http_status;
    const char *code;
    const char *region;
    hy_s3_verdict verdict;
    hydra_status status;
    const char *part; /* of the text */
} error_case;

static const error_case cases[] = {
    {404, "NoSuchBucket", "", HY_S3_FINAL, HYDRA_ERR_NOT_FOUND, "create the bucket"},
    {404, "NoSuchKey", "", HY_S3_FINAL, HYDRA_ERR_NOT_FOUND, "check the key"},
    {404, "NoSuchUpload", "", HY_S3_FINAL, HYDRA_ERR_NOT_FOUND, "start it anew"},
    {404, "", "", HY_S3_FINAL, HYDRA_ERR_NOT_FOUND, "HTTP status 404"},
    {403, "AccessDenied", "", HY_S3_FINAL, HYDRA_ERR_PERMISSION, "permission"},
    {403, "", "", HY_S3_FINAL, HYDRA_ERR_PERMISSION, "HTTP status 403"},
    {403, "SomethingNew", "", HY_S3_FINAL, HYDRA_ERR_PERMISSION, "SomethingNew"},
    {403, "SignatureDoesNotMatch", "", HY_S3_FINAL, HYDRA_ERR_AUTH, "secret key"},
    {403, "InvalidAccessKeyId", "", HY_S3_FINAL, HYDRA_ERR_AUTH, "access key"},
    {401, "", "", HY_S3_FINAL, HYDRA_ERR_AUTH, "401"},
    {400, "ExpiredToken", "", HY_S3_RENEW_KEYS, HYDRA_ERR_AUTH, "expired"},
    {400, "ExpiredTokenException", "", HY_S3_RENEW_KEYS, HYDRA_ERR_AUTH, "expired"},
    {400, "TokenRefreshRequired", "", HY_S3_RENEW_KEYS, HYDRA_ERR_AUTH, "expired"},
    {400, "InvalidToken", "", HY_S3_FINAL, HYDRA_ERR_AUTH, "session token"},
    {403, "RequestTimeTooSkewed", "", HY_S3_FIX_CLOCK, HYDRA_ERR_AUTH, "set the clock"},
    {301, "PermanentRedirect", "eu-west-1", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT,
     "the bucket is in eu-west-1"},
    {307, "TemporaryRedirect", "", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, "another region"},
    {301, "", "eu-west-1", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, "set that region"},
    {302, "", "", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, "redirects"},
    {307, "", "", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, "redirects"},
    {308, "", "", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, "redirects"},
    {400, "AuthorizationHeaderMalformed", "eu-west-1", HY_S3_FIX_REGION, HYDRA_ERR_AUTH,
     "eu-west-1"},
    {400, "AuthorizationHeaderMalformed", "", HY_S3_FINAL, HYDRA_ERR_AUTH, "region"},
    {400, "IllegalLocationConstraintException", "", HY_S3_FIX_REGION, HYDRA_ERR_ARGUMENT, "region"},
    {400, "", "eu-west-1", HY_S3_FIX_REGION, HYDRA_ERR_SERVER, "400"},
    {400, "", "", HY_S3_FINAL, HYDRA_ERR_SERVER, "400"},
    {412, "PreconditionFailed", "", HY_S3_FINAL, HYDRA_ERR_IO, "begin anew"},
    {412, "", "", HY_S3_FINAL, HYDRA_ERR_IO, "begin anew"},
    {409, "ConditionalRequestConflict", "", HY_S3_CONFLICT, HYDRA_ERR_SERVER, "try again"},
    {409, "OperationAborted", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "later"},
    {409, "BucketNotEmpty", "", HY_S3_FINAL, HYDRA_ERR_SERVER, "BucketNotEmpty"},
    {400, "BadDigest", "", HY_S3_SEND_ANEW, HYDRA_ERR_VERIFY, "bytes"},
    {400, "XAmzContentSHA256Mismatch", "", HY_S3_SEND_ANEW, HYDRA_ERR_VERIFY, "bytes"},
    {400, "InvalidPart", "", HY_S3_FINAL, HYDRA_ERR_VERIFY, "bytes"},
    {400, "EntityTooSmall", "", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, "part"},
    {400, "EntityTooLarge", "", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, "part"},
    {400, "InvalidArgument", "", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, "value"},
    {416, "InvalidRange", "", HY_S3_FINAL, HYDRA_ERR_ARGUMENT, "no bytes"},
    {400, "MalformedXML", "", HY_S3_FINAL, HYDRA_ERR_SERVER, "MalformedXML"},
    {501, "NotImplemented", "", HY_S3_FINAL, HYDRA_ERR_SERVER, "cannot do that"},
    {400, "RequestTimeout", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "later"},
    {400, "IncompleteBody", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "later"},
    {500, "InternalError", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "later"},
    {200, "InternalError", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "later"},
    {200, "SlowDown", "", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, "later"},
    {200, "AccessDenied", "", HY_S3_FINAL, HYDRA_ERR_PERMISSION, "permission"},
    {200, "SomethingNew", "", HY_S3_FINAL, HYDRA_ERR_SERVER, "SomethingNew"},
    {503, "SlowDown", "", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, "later"},
    {503, "SlowDownWrite", "", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, "later"},
    {400, "ThrottlingException", "", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, "later"},
    {429, "TooManyRequestsException", "", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, "later"},
    {429, "", "", HY_S3_RETRY_THROTTLE, HYDRA_ERR_SERVER, "429"},
    {503, "ServiceUnavailable", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "later"},
    {500, "", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "500"},
    {502, "", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "502"},
    {503, "", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "503"},
    {504, "", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "504"},
    {408, "", "", HY_S3_RETRY_TRANSIENT, HYDRA_ERR_SERVER, "408"},
    {501, "", "", HY_S3_FINAL, HYDRA_ERR_SERVER, "501"},
    {505, "", "", HY_S3_FINAL, HYDRA_ERR_SERVER, "505"},
    {303, "", "", HY_S3_FINAL, HYDRA_ERR_SERVER, "303"},
    {418, "", "", HY_S3_FINAL, HYDRA_ERR_SERVER, "418"},
};

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const error_case *c = &cases[i];
        hy_diag diag = {0};
        hy_s3_error error = {.http_status = c->http_status, .server_time_s = -1};
        memcpy(error.code, c->code, strlen(c->code) + 1);
        memcpy(error.region, c->region, strlen(c->region) + 1);
        print_message("    %d %s\n", c->http_status, c->code);
        assert_int_equal(hy_s3_classify(&error), c->verdict);
        assert_failed(hy_s3_fail(&error, "s3://bucket/key: put", &diag), c->status, &diag, c->part);
        assert_int_equal(strncmp(diag.text, "s3://bucket/key: put: ", 22), 0);
        assert_non_null(strstr(diag.text, c->code));
    }
}

static void test_exists(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        hy_diag diag = {0};
        hy_s3_error error = {.http_status = 412, .if_none_match = true};
        if (i) {
            memcpy(error.code, "PreconditionFailed", 19);
        }
        assert_failed(hy_s3_fail(&error, "s3://b/k: put", &diag), HYDRA_ERR_EXISTS, &diag,
                      "already");
    }
}

/* What was wrong, as far as the server or the options tell; no secret, whatever it quotes. */
static void test_arguments(void **state)
{
    (void)state;
    static const struct {
        const char *argument;
        const char *value;
        const char *sent;
        const char *text;
    } told[] = {
        {"x-amz-storage-class", "COLD", "",
         "s3://b/k: put: InvalidArgument: Invalid (request id R); the server does not accept "
         "x-amz-storage-class: COLD"},
        {"Authorization", "AWS4 x", "",
         "s3://b/k: put: InvalidArgument: Invalid (request id R); the server does not accept "
         "Authorization"},
        {"", "", "x-amz-acl: a, x-amz-storage-class: b",
         "s3://b/k: put: InvalidArgument: Invalid (request id R); the server does not accept one "
         "of: x-amz-acl: a, x-amz-storage-class: b"},
    };
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        hy_diag diag = {0};
        hy_s3_error error = {400, "InvalidArgument", "Invalid", "R", "", "", -1, false, "", "", ""};
        memcpy(error.argument, told[i].argument, strlen(told[i].argument));
        memcpy(error.value, told[i].value, strlen(told[i].value));
        memcpy(error.sent, told[i].sent, strlen(told[i].sent));
        assert_int_equal(hy_s3_fail(&error, "s3://b/k: put", &diag), HYDRA_ERR_ARGUMENT);
        assert_string_equal(diag.text, told[i].text);
    }
}

static void test_whole_text(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_s3_error error = {
        403, "AccessDenied", "Access Denied", "REQUEST", "HOST", "", -1, false, "", "", ""};
    (void)hy_s3_fail(&error, "s3://b/k: put", &diag);
    assert_string_equal(diag.text,
                        "s3://b/k: put: AccessDenied: Access Denied (request id REQUEST, host id "
                        "HOST); the credentials lack a permission for this, or a policy of the "
                        "bucket denies it");
    diag = (hy_diag){0};
    error = (hy_s3_error){418, "", "", "", "HOST", "", -1, false, "", "", ""};
    (void)hy_s3_fail(&error, "s3://b/k: put", &diag);
    assert_string_equal(diag.text, "s3://b/k: put: HTTP status 418 (host id HOST)");
}

/* The longest of everything: ids and advice are still there, and the text is UTF-8. */
static void test_long_text(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_s3_error error = {.http_status = 403};
    char what[1200];
    memset(what, 'k', sizeof what - 1);
    what[sizeof what - 1] = '\0';
    memset(error.code, 'c', sizeof error.code - 1);
    for (size_t i = 0; i + 2 < sizeof error.message; i += 2) {
        memcpy(error.message + i, "\xc3\xa4", 2);
    }
    memset(error.request_id, 'r', sizeof error.request_id - 1);
    memset(error.host_id, 'h', sizeof error.host_id - 1);
    assert_failed(hy_s3_fail(&error, what, &diag), HYDRA_ERR_PERMISSION, &diag,
                  "a policy of the bucket denies it");
    assert_non_null(strstr(diag.text, "host id hhh"));
    assert_null(strchr(diag.text, '?'));
}

/* ---- Replies ---- */

static hy_s3_error read_reply(int32_t status, const char *body, const char *const *headers)
{
    hy_diag diag = {0};
    hy_http_reply reply = {.status = status, .body.limit = 1 << 20};
    for (; headers && headers[0]; headers += 2) {
        assert_ok(hy_http_headers_add(&reply.headers, headers[0], headers[1], &diag), &diag);
    }
    assert_true(hy_buffer_append(&reply.body, body, strlen(body)));
    hy_s3_error error;
    memset(&error, 0x55, sizeof error);
    assert_ok(hy_s3_error_read(&reply, &error, &diag), &diag);
    hy_http_headers_free(&reply.headers);
    hy_buffer_free(&reply.body);
    return error;
}

static const char *const headers[] = {"X-Amz-Request-Id",
                                      "HEADER-REQUEST",
                                      "x-amz-id-2",
                                      "HEADER-HOST",
                                      "x-amz-bucket-region",
                                      "eu-central-1",
                                      "Date",
                                      "Fri, 24 May 2013 00:00:00 GMT",
                                      NULL};

static void test_bare_reply(void **state)
{
    (void)state;
    hy_s3_error error = read_reply(301, "", headers);
    assert_int_equal(error.http_status, 301);
    assert_string_equal(error.code, "");
    assert_string_equal(error.request_id, "HEADER-REQUEST");
    assert_string_equal(error.host_id, "HEADER-HOST");
    assert_string_equal(error.region, "eu-central-1");
    assert_int_equal(error.server_time_s, 1369353600);
    assert_int_equal(hy_s3_classify(&error), HY_S3_FIX_REGION);
    error = read_reply(500, "<html>", NULL);
    assert_int_equal(error.http_status, 500);
    assert_true(!error.request_id[0] && !error.region[0] && error.server_time_s == -1);
    assert_false(error.if_none_match);
}

static void test_body_counts_first(void **state)
{
    (void)state;
    hy_s3_error error = read_reply(
        403,
        "<?xml version=\"1.0\"?>\n<Error><Code>RequestTimeTooSkewed</Code><Message>m</Message>"
        "<ServerTime>2014-05-24T00:00:00Z</ServerTime><RequestId>BODY-REQUEST</RequestId>"
        "<Region>us-west-2</Region></Error>",
        headers);
    assert_string_equal(error.code, "RequestTimeTooSkewed");
    assert_string_equal(error.request_id, "BODY-REQUEST");
    assert_string_equal(error.host_id, "HEADER-HOST");
    assert_string_equal(error.region, "us-west-2");
    assert_int_equal(error.server_time_s, 1400889600);
}

/* A region becomes part of a host: one that is none is not taken. */
static void test_hostile_region(void **state)
{
    (void)state;
    const char *body = "<Error><Code>AuthorizationHeaderMalformed</Code>"
                       "<Region>evil.example.com/</Region></Error>";
    hy_s3_error error = read_reply(400, body, NULL);
    assert_string_equal(error.region, "");
    assert_int_equal(hy_s3_classify(&error), HY_S3_FINAL);
    error = read_reply(400, body, headers);
    assert_string_equal(error.region, "eu-central-1");
    const char *const bad[] = {"x-amz-bucket-region", "a.b", "date", "yesterday", NULL};
    error = read_reply(301, "", bad);
    assert_string_equal(error.region, "");
    assert_int_equal(error.server_time_s, -1);
}

/* It insists on a checksum. */
static void test_wants_checksum(void **state)
{
    (void)state;
    hy_s3_error error = read_reply(
        400,
        "<Error><Code>InvalidRequest</Code><Message>Content-MD5 OR x-amz-checksum- HTTP header is "
        "required for Put Object requests with Object Lock parameters</Message></Error>",
        NULL);
    assert_int_equal(hy_s3_classify(&error), HY_S3_ADD_CHECKSUM);
    error = read_reply(400, "<Error><Code>MissingContentMD5</Code></Error>", NULL);
    assert_int_equal(hy_s3_classify(&error), HY_S3_ADD_CHECKSUM);
    error = read_reply(400, "<Error><Code>InvalidRequest</Code></Error>", NULL);
    assert_int_equal(hy_s3_classify(&error), HY_S3_FINAL);
}

static void test_condition(void **state)
{
    (void)state;
    hy_s3_error error = read_reply(412,
                                   "<Error><Code>PreconditionFailed</Code>"
                                   "<Condition>If-None-Match</Condition></Error>",
                                   NULL);
    assert_true(error.if_none_match);
    error = read_reply(412,
                       "<Error><Code>PreconditionFailed</Code><Condition>If-Match</Condition>"
                       "</Error>",
                       NULL);
    assert_false(error.if_none_match);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_exists),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_whole_text),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_bare_reply),
        cmocka_unit_test(test_body_counts_first),
        cmocka_unit_test(test_hostile_region),
        cmocka_unit_test(test_wants_checksum),
        cmocka_unit_test(test_condition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
