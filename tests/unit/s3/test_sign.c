/* SPDX-License-Identifier: MIT */
/*
 * Signatures: the examples of the S3 documentation, the vectors of tests/s3/vectors.json
 * (argument), digests, and values that must not be signed.
 */
#include <stdlib.h>
#include <string.h>

#include "sign_case.h"
#include "support.h"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BODY_HASH  "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
/* The keys and the time of the published examples; they open nothing. */
#define ID     "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define TIME_S 1369353600 /* 24 May 2013, 00:00 UTC */
#define PREFIX                                                                                     \
    "AWS4-HMAC-SHA256 Credential=" ID "/20130524/us-east-1/s3/aws4_request, SignedHeaders="

static const char *vectors_path;

static hy_s3_keys make_keys(const char *token)
{
    hy_s3_keys keys = {hy_strdup(ID), hy_strdup(SECRET), token ? hy_strdup(token) : NULL, 0};
    assert_true(keys.access_key && keys.secret_key && (!token || keys.session_token));
    return keys;
}

static hy_sigv4 example(const hy_s3_keys *keys)
{
    return (hy_sigv4){.method = "GET",
                      .host = "examplebucket.s3.amazonaws.com",
                      .path = "/",
                      .keys = keys,
                      .region = "us-east-1",
                      .service = "s3",
                      .time_s = TIME_S,
                      .payload_hash = EMPTY_HASH};
}

static void add(hy_http_headers *headers, const char *name, const char *value)
{
    hy_diag diag = {0};
    assert_ok(hy_http_headers_add(headers, name, value, &diag), &diag);
}

/* ---- Examples of "Signature Calculations for the Authorization Header" ---- */

static void check_authorization(const hy_sigv4 *what, hy_http_headers *headers, const char *query,
                                const char *expected)
{
    hy_diag diag = {0};
    char *text = NULL;
    assert_ok(hy_sigv4_sign(what, headers, &text, &diag), &diag);
    assert_string_equal(text, query);
    assert_string_equal(hy_http_headers_get(headers, "Authorization"), expected);
    assert_string_equal(hy_http_headers_get(headers, "x-amz-date"), "20130524T000000Z");
    hy_free(text);
    hy_http_headers_free(headers);
}

static void test_get_object(void **state)
{
    (void)state;
    hy_s3_keys keys = make_keys(NULL);
    hy_sigv4 what = example(&keys);
    what.path = "/test.txt";
    hy_http_headers headers = {0};
    add(&headers, "Range", "bytes=0-9");
    check_authorization(&what, &headers, "",
                        PREFIX "host;range;x-amz-content-sha256;x-amz-date, Signature="
                               "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    hy_s3_keys_free(&keys);
}

static void test_put_object(void **state)
{
    (void)state;
    hy_s3_keys keys = make_keys(NULL);
    hy_sigv4 what = example(&keys);
    what.method = "PUT";
    what.path = "/test%24file.text";
    what.payload_hash = BODY_HASH;
    hy_http_headers headers = {0};
    add(&headers, "Date", "Fri, 24 May 2013 00:00:00 GMT");
    add(&headers, "x-amz-storage-class", "REDUCED_REDUNDANCY");
    check_authorization(&what, &headers, "",
                        PREFIX
                        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, Signature="
                        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
    hy_s3_keys_free(&keys);
}

static void test_get_lifecycle(void **state)
{
    (void)state;
    hy_s3_keys keys = make_keys(NULL);
    hy_sigv4 what = example(&keys);
    const hy_s3_parameter query = {"lifecycle", NULL};
    what.query = &query;
    what.query_count = 1;
    hy_http_headers headers = {0};
    check_authorization(&what, &headers, "lifecycle=",
                        PREFIX "host;x-amz-content-sha256;x-amz-date, Signature="
                               "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    hy_s3_keys_free(&keys);
}

static void test_list_objects(void **state)
{
    (void)state;
    hy_s3_keys keys = make_keys(NULL);
    hy_sigv4 what = example(&keys);
    const hy_s3_parameter query[] = {{"prefix", "J"}, {"max-keys", "2"}};
    what.query = query;
    what.query_count = 2;
    hy_http_headers headers = {0};
    check_authorization(&what, &headers, "max-keys=2&prefix=J",
                        PREFIX "host;x-amz-content-sha256;x-amz-date, Signature="
                               "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    hy_s3_keys_free(&keys);
}

/* The example of "Authenticating Requests: Using Query Parameters". */
static void test_presigned(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_s3_keys keys = make_keys(NULL);
    hy_sigv4 what = example(&keys);
    what.path = "/test.txt";
    what.payload_hash = "UNSIGNED-PAYLOAD";
    char *text = NULL;
    assert_ok(hy_sigv4_presign(&what, NULL, 86400, &text, &diag), &diag);
    assert_string_equal(text, "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" ID
                              "%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                              "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
                              "&X-Amz-SignedHeaders=host&X-Amz-Signature="
                              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
    hy_free(text);
    hy_s3_keys_free(&keys);
}

static void test_token(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_s3_keys keys = make_keys("a+token/=");
    hy_sigv4 what = example(&keys);
    hy_http_headers headers = {0};
    char *text = NULL;
    assert_ok(hy_sigv4_sign(&what, &headers, NULL, &diag), &diag);
    assert_string_equal(hy_http_headers_get(&headers, "x-amz-security-token"), "a+token/=");
    assert_non_null(strstr(hy_http_headers_get(&headers, "authorization"), "x-amz-security-token"));
    assert_ok(hy_sigv4_presign(&what, NULL, 1, &text, &diag), &diag);
    assert_non_null(strstr(text, "&X-Amz-Security-Token=a%2Btoken%2F%3D&"));
    hy_free(text);
    hy_http_headers_free(&headers);
    what.service = "sts";
    assert_ok(hy_sigv4_sign(&what, &headers, NULL, &diag), &diag);
    assert_null(hy_http_headers_get(&headers, "x-amz-content-sha256"));
    hy_http_headers_free(&headers);
    hy_s3_keys_free(&keys);
}

/* ---- Vectors ---- */

static void check_vector(json_t *vector)
{
    hy_diag diag = {0};
    sign_case c;
    sign_result result;
    print_message("    %s\n", json_string_value(json_object_get(vector, "name")));
    assert_true(sign_case_read(vector, &c, &diag));
    assert_ok(sign_case_run(&c, &result, &diag), &diag);
    assert_string_equal(result.canonical_request,
                        json_string_value(json_object_get(vector, "canonical_request")));
    assert_string_equal(result.string_to_sign,
                        json_string_value(json_object_get(vector, "string_to_sign")));
    assert_string_equal(result.signature, json_string_value(json_object_get(vector, "signature")));
    sign_result_free(&result);
    sign_case_free(&c);
}

static void test_vectors(void **state)
{
    (void)state;
    json_t *file = json_load_file(vectors_path, 0, NULL);
    json_t *vectors = json_object_get(file, "vectors");
    assert_true(json_array_size(vectors) >= 76);
    for (size_t i = 0; i < json_array_size(vectors); i++) {
        check_vector(json_array_get(vectors, i));
    }
    json_decref(file);
}

/* ---- What is refused ---- */

static void check_refused(const hy_sigv4 *what, const hy_http_headers *extra, hydra_status expected,
                          const char *part)
{
    hy_diag diag = {0};
    hy_http_headers headers = {0};
    char *text = NULL;
    for (size_t i = 0; extra && i < extra->count; i++) {
        add(&headers, extra->items[i].name, extra->items[i].value);
    }
    assert_failed(hy_sigv4_sign(what, &headers, &text, &diag), expected, &diag, part);
    assert_null(text);
    assert_null(strstr(diag.text, SECRET));
    diag = (hy_diag){0};
    assert_failed(hy_sigv4_presign(what, &headers, 60, &text, &diag), expected, &diag, part);
    assert_null(text);
    hy_http_headers_free(&headers);
}

static void test_bad_parts(void **state)
{
    (void)state;
    hy_s3_keys keys = make_keys(NULL);
    const hy_sigv4 good = example(&keys);
    const char *const bad[] = {"", "a b", "a\r\nb", "a\nb", "a\x7f", "\xc3\xa4", "a/b", "a\tb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hy_sigv4 what = good;
        what.host = bad[i];
        check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "host");
        what = good;
        what.method = bad[i];
        check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "method");
        what = good;
        what.region = bad[i];
        check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "region");
        what = good;
        what.service = bad[i];
        check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "service");
    }
    const char *const paths[] = {"key", "/a b", "/a?b", "/a#b", "/a\nb", "/\xc3\xa4"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        hy_sigv4 what = good;
        what.path = paths[i];
        check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "path");
    }
    hy_s3_keys_free(&keys);
}

static void test_bad_times(void **state)
{
    (void)state;
    hy_s3_keys keys = make_keys(NULL);
    hy_sigv4 what = example(&keys);
    const int64_t times[] = {-1, 253402300800, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        what.time_s = times[i];
        check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "time");
    }
    hy_s3_keys_free(&keys);
}

static void test_bad_keys(void **state)
{
    (void)state;
    hy_s3_keys keys = make_keys("to\nken");
    hy_sigv4 what = example(&keys);
    check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "session token");
    keys.session_token[2] = 'x';
    keys.access_key[3] = '\r';
    check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "access key");
    keys.access_key[3] = '/';
    check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "access key");
    keys.access_key[3] = 'A';
    keys.secret_key[0] = '\0';
    check_refused(&what, NULL, HYDRA_ERR_AUTH, "secret key");
    what.keys = NULL;
    check_refused(&what, NULL, HYDRA_ERR_AUTH, "secret key");
    hy_s3_keys_free(&keys);
}

static void test_bad_query_and_headers(void **state)
{
    (void)state;
    hy_s3_keys keys = make_keys(NULL);
    hy_sigv4 what = example(&keys);
    const hy_s3_parameter query[] = {{"a", "1"}, {"b", NULL}, {"a", "2"}};
    what.query = query;
    what.query_count = 3;
    check_refused(&what, NULL, HYDRA_ERR_ARGUMENT, "twice");
    what.query_count = 0;
    const char *const names[] = {"Host", "AUTHORIZATION", "x-amz-date", "X-Amz-Content-Sha256",
                                 "x-amz-security-token"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        hy_http_headers headers = {0};
        add(&headers, names[i], "x");
        check_refused(&what, &headers, HYDRA_ERR_ARGUMENT, "not the caller's");
        hy_http_headers_free(&headers);
    }
    hy_diag diag = {0};
    char *text = NULL;
    const hy_s3_parameter ours = {"X-Amz-Expires", "604800"};
    what.query = &ours;
    what.query_count = 1;
    assert_failed(hy_sigv4_presign(&what, NULL, 60, &text, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "twice");
    hy_s3_keys_free(&keys);
}

static void test_bad_expiry(void **state)
{
    (void)state;
    hy_s3_keys keys = make_keys(NULL);
    hy_sigv4 what = example(&keys);
    const int32_t bad[] = {0, -1, 604801, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hy_diag diag = {0};
        char *text = NULL;
        assert_failed(hy_sigv4_presign(&what, NULL, bad[i], &text, &diag), HYDRA_ERR_ARGUMENT,
                      &diag, "604800");
        assert_null(text);
    }
    hy_s3_keys_free(&keys);
}

/* ---- Keys and digests ---- */

static void test_keys(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_s3_keys keys = make_keys("token");
    keys.expires_s = 7;
    hy_s3_keys copy;
    assert_ok(hy_s3_keys_copy(&copy, &keys, &diag), &diag);
    hy_s3_keys_free(&keys);
    assert_null(keys.secret_key);
    assert_string_equal(copy.access_key, ID);
    assert_string_equal(copy.secret_key, SECRET);
    assert_string_equal(copy.session_token, "token");
    assert_int_equal(copy.expires_s, 7);
    hy_s3_keys_free(&copy);
    hy_s3_keys_free(&copy);
    hy_s3_keys_free(NULL);
    assert_ok(hy_s3_keys_copy(&copy, &keys, &diag), &diag);
    assert_null(copy.access_key);
}

static void check_base64(const char *plain, const char *expected)
{
    char *text = hy_base64(plain, strlen(plain));
    assert_string_equal(text, expected);
    hy_free(text);
}

static void test_digests(void **state)
{
    (void)state;
    hy_diag diag = {0};
    char hex[65];
    uint8_t digest[16];
    assert_ok(hy_sha256_hex("", 0, hex, &diag), &diag);
    assert_string_equal(hex, EMPTY_HASH);
    assert_ok(hy_sha256_hex("Welcome to Amazon S3.", 21, hex, &diag), &diag);
    assert_string_equal(hex, BODY_HASH);
    assert_ok(hy_md5("abc", 3, digest, &diag), &diag);
    char *text = hy_base64(digest, sizeof digest);
    assert_string_equal(text, "kAFQmDzST7DWlj99KOF/cg==");
    hy_free(text);
    check_base64("", "");
    check_base64("f", "Zg==");
    check_base64("fo", "Zm8=");
    check_base64("foobar", "Zm9vYmFy");
}

int main(int count, char **arguments)
{
    vectors_path = count > 1 ? arguments[1] : "tests/s3/vectors.json";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_get_object),
        cmocka_unit_test(test_put_object),
        cmocka_unit_test(test_get_lifecycle),
        cmocka_unit_test(test_list_objects),
        cmocka_unit_test(test_presigned),
        cmocka_unit_test(test_token),
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_bad_parts),
        cmocka_unit_test(test_bad_times),
        cmocka_unit_test(test_bad_keys),
        cmocka_unit_test(test_bad_query_and_headers),
        cmocka_unit_test(test_bad_expiry),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_digests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
