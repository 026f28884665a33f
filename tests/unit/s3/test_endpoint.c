/* SPDX-License-Identifier: MIT */
/* Addresses of buckets, names that are refused, and locations as people write them. */
#include <string.h>

#include "s3/s3.h"
#include "support.h"

#define AUTO    HYDRA_ADDRESSING_AUTO
#define VIRTUAL HYDRA_ADDRESSING_VIRTUAL
#define IN_PATH HYDRA_ADDRESSING_PATH

/* ---- Addresses ---- */

typedef struct address_case {
    const char *base;
    const char *region;
    int32_t addressing;
    const char *bucket;
    const char *key;
    const char *origin;
    const char *path;
} address_case;

static const address_case addresses[] = {
    {NULL, "eu-central-1", AUTO, "bucket", "key", "https://bucket.s3.eu-central-1.amazonaws.com",
     "/key"},
    {NULL, "us-east-1", AUTO, "bucket", NULL, "https://bucket.s3.us-east-1.amazonaws.com", "/"},
    {NULL, "us-east-1", AUTO, "bucket", "", "https://bucket.s3.us-east-1.amazonaws.com", "/"},
    {NULL, "us-east-1", AUTO, "my.bucket", "a/b", "https://s3.us-east-1.amazonaws.com",
     "/my.bucket/a/b"},
    {NULL, "us-east-1", VIRTUAL, "my.bucket", "k", "https://my.bucket.s3.us-east-1.amazonaws.com",
     "/k"},
    {NULL, "us-east-1", IN_PATH, "bucket", NULL, "https://s3.us-east-1.amazonaws.com", "/bucket"},
    {NULL, "cn-north-1", AUTO, "bucket", "k", "https://bucket.s3.cn-north-1.amazonaws.com.cn",
     "/k"},
    {NULL, "us-gov-west-1", AUTO, "bucket", "k", "https://bucket.s3.us-gov-west-1.amazonaws.com",
     "/k"},
    {NULL, "us-isob-east-1", AUTO, "bucket", "k", "https://bucket.s3.us-isob-east-1.sc2s.sgov.gov",
     "/k"},
    {NULL, "us-iso-east-1", AUTO, "bucket", "k", "https://bucket.s3.us-iso-east-1.c2s.ic.gov",
     "/k"},
    {"https://storage.example.com:9000/pre/fix", "x", AUTO, "bucket", "a b",
     "https://storage.example.com:9000", "/pre/fix/bucket/a%20b"},
    {"https://storage.example.com", "x", AUTO, "bucket", NULL, "https://storage.example.com",
     "/bucket"},
    {"https://storage.example.com/", "x", VIRTUAL, "bucket", NULL,
     "https://bucket.storage.example.com", "/"},
    {"http://storage.example.com:80/p/", "x", VIRTUAL, "bucket", "k",
     "http://bucket.storage.example.com", "/p/k"},
    {"https://Storage.Example.com:443", "x", IN_PATH, "bucket", "k", "https://storage.example.com",
     "/bucket/k"},
    {"http://127.0.0.1:443", "x", AUTO, "bucket", "k", "http://127.0.0.1:443", "/bucket/k"},
    {"http://[::1]:9000", "x", AUTO, "bucket", "k", "http://[::1]:9000", "/bucket/k"},
    {NULL, "us-east-1", AUTO, "bucket", "a/../b//c/./%+~\xc3\xa4?#",
     "https://bucket.s3.us-east-1.amazonaws.com", "/a/../b//c/./%25%2B~%C3%A4%3F%23"},
    {NULL, "us-east-1", AUTO, "bucket", "/", "https://bucket.s3.us-east-1.amazonaws.com", "//"},
};

static void test_addresses(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        const address_case *c = &addresses[i];
        hy_diag diag = {0};
        hy_s3_endpoint endpoint = {.addressing = c->addressing};
        endpoint.base = c->base ? hy_strdup(c->base) : NULL;
        endpoint.region = hy_strdup(c->region);
        hy_s3_address address;
        assert_ok(hy_s3_address_find(&endpoint, c->bucket, c->key, &address, &diag), &diag);
        assert_string_equal(address.origin, c->origin);
        assert_string_equal(address.host, strstr(c->origin, "://") + 3);
        assert_string_equal(address.path, c->path);
        hy_s3_address_free(&address);
        hy_free(endpoint.base);
        hy_free(endpoint.region);
    }
}

static void test_aws_variants(void **state)
{
    (void)state;
    const char *const hosts[] = {
        "bucket.s3.us-west-2.amazonaws.com",
        "bucket.s3.dualstack.us-west-2.amazonaws.com",
        "bucket.s3-fips.us-west-2.amazonaws.com",
        "bucket.s3-fips.dualstack.us-west-2.amazonaws.com",
    };
    for (unsigned i = 0; i < 4; i++) {
        hy_diag diag = {0};
        char region[] = "us-west-2";
        hy_s3_endpoint endpoint = {.region = region, .dual_stack = i & 1, .fips = i & 2};
        hy_s3_address address;
        assert_ok(hy_s3_address_find(&endpoint, "bucket", "k", &address, &diag), &diag);
        assert_string_equal(address.host, hosts[i]);
        hy_s3_address_free(&address);
    }
}

static void check_refused(const char *base, const char *region, int32_t addressing,
                          const char *bucket, const char *key, const char *part)
{
    hy_diag diag = {0};
    hy_s3_endpoint endpoint = {.addressing = addressing};
    endpoint.base = base ? hy_strdup(base) : NULL;
    endpoint.region = region ? hy_strdup(region) : NULL;
    hy_s3_address address;
    assert_failed(hy_s3_address_find(&endpoint, bucket, key, &address, &diag), HYDRA_ERR_ARGUMENT,
                  &diag, part);
    assert_null(address.origin);
    hy_s3_address_free(&address);
    hy_free(endpoint.base);
    hy_free(endpoint.region);
}

static void test_bad_addresses(void **state)
{
    (void)state;
    const char *const regions[] = {NULL,  "",    "evil.example.com/", "a.b", "A", "-a", "a-",
                                   "a@b", "a\nb"};
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
        check_refused(NULL, regions[i], AUTO, "bucket", "k", "region");
    }
    const char *const bases[] = {"ftp://a",
                                 "a.example.com",
                                 "https://u:p@a.example.com",
                                 "https://a.example.com?x",
                                 "https://a.example.com/\r\n",
                                 "https://"};
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        check_refused(bases[i], "x", AUTO, "bucket", "k", "");
    }
    check_refused("http://127.0.0.1:9000", "x", VIRTUAL, "bucket", "k", "IP address");
    check_refused("http://[::1]:9000", "x", VIRTUAL, "bucket", "k", "IP address");
    check_refused(NULL, "us-east-1", AUTO, "Bucket", "k", "lower-case");
    check_refused(NULL, "us-east-1", AUTO, "bucket", "a\nb", "control");
}

/* ---- Names ---- */

static void test_buckets(void **state)
{
    (void)state;
    const char *const good[] = {
        "abc",         "a-b",
        "a.b",         "0ab",
        "1.2.3",       "1.2.3.4a",
        "192-168-0-1", "a23456789012345678901234567890123456789012345678901234567890123"};
    const char *const bad[] = {NULL,
                               "",
                               "ab",
                               "Abc",
                               "a_b",
                               "-ab",
                               "ab-",
                               ".ab",
                               "ab.",
                               "a..b",
                               "a.-b",
                               "a-.b",
                               "a/b",
                               "a b",
                               "192.168.0.1",
                               "a\nb",
                               "a\r\nb:c",
                               "a@b",
                               "a\xc3\xa4",
                               "a%2Fb",
                               "a:b",
                               "a?b",
                               "a#b",
                               "a\\b",
                               "a234567890123456789012345678901234567890123456789012345678901234"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        hy_diag diag = {0};
        assert_ok(hy_s3_check_bucket(good[i], &diag), &diag);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hy_diag diag = {0};
        assert_failed(hy_s3_check_bucket(bad[i], &diag), HYDRA_ERR_ARGUMENT, &diag, "bucket");
    }
}

static void test_keys(void **state)
{
    (void)state;
    hy_diag diag = {0};
    char key[1026];
    memset(key, 'k', sizeof key);
    key[1025] = '\0';
    assert_failed(hy_s3_check_key(key, &diag), HYDRA_ERR_ARGUMENT, &diag, "1024");
    key[1024] = '\0';
    diag = (hy_diag){0};
    assert_ok(hy_s3_check_key(key, &diag), &diag);
    assert_ok(hy_s3_check_key("/ ..//\xf0\x9f\x98\x80\xc2\xa0", &diag), &diag);
    const char *const bad[] = {NULL,   "",     "a\x01",        "a\r\nb",   "\x7f",
                               "\xff", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        diag = (hy_diag){0};
        assert_failed(hy_s3_check_key(bad[i], &diag), HYDRA_ERR_ARGUMENT, &diag, "key");
    }
}

/* ---- Locations ---- */

typedef struct location_case {
    const char *text;
    const char *bucket;
    const char *key;
    const char *region;
} location_case;

static const location_case locations[] = {
    {"s3://bucket/key", "bucket", "key", NULL},
    {"S3://bucket/Key", "bucket", "Key", NULL},
    {"HTTPS://bucket.s3.amazonaws.com/k", "bucket", "k", NULL},
    {"s3://bucket/a%20b?c#d/..//", "bucket", "a%20b?c#d/..//", NULL},
    {"s3://my.bucket//", "my.bucket", "/", NULL},
    {"https://bucket.s3.eu-central-1.amazonaws.com/a%20b/%C3%A4+", "bucket", "a b/\xc3\xa4+",
     "eu-central-1"},
    {"https://my.bucket.s3.amazonaws.com/k", "my.bucket", "k", NULL},
    {"https://bucket.s3-eu-west-1.amazonaws.com/k", "bucket", "k", "eu-west-1"},
    {"https://bucket.s3.dualstack.us-west-2.amazonaws.com/k", "bucket", "k", "us-west-2"},
    {"https://bucket.s3-fips.dualstack.us-west-2.amazonaws.com/k", "bucket", "k", "us-west-2"},
    {"https://s3.us-west-2.amazonaws.com/bucket/a/b", "bucket", "a/b", "us-west-2"},
    {"https://s3.amazonaws.com/bucket/k", "bucket", "k", NULL},
    {"https://s3.cn-north-1.amazonaws.com.cn:443/bucket/k", "bucket", "k", "cn-north-1"},
    {"https://BUCKET.S3.Us-East-1.AmazonAWS.com/Key", "bucket", "Key", "us-east-1"},
    {"https://a.s3.s3.us-east-1.amazonaws.com/k", "a.s3", "k", "us-east-1"},
};

static void test_locations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof locations / sizeof *locations; i++) {
        const location_case *c = &locations[i];
        hy_diag diag = {0};
        char *bucket = NULL;
        char *key = NULL;
        char *region = NULL;
        assert_ok(hy_s3_location_parse(c->text, &bucket, &key, &region, &diag), &diag);
        assert_string_equal(bucket, c->bucket);
        assert_string_equal(key, c->key);
        assert_int_equal(region == NULL, c->region == NULL);
        if (region) {
            assert_string_equal(region, c->region);
        }
        hy_free(bucket);
        hy_free(key);
        hy_free(region);
        assert_ok(hy_s3_location_parse(c->text, &bucket, &key, NULL, &diag), &diag);
        hy_free(bucket);
        hy_free(key);
    }
}

static void test_bad_locations(void **state)
{
    (void)state;
    const char *const bad[] = {
        "",
        "key",
        "s3:",
        "s3://",
        "s3:///key",
        "s3://bucket",
        "s3://bucket/",
        "s3://Bucket/key",
        "s3://buc\nket/key",
        "s3://bucket/k\r\ney",
        "s3://bucket/\xff",
        "s3://user:word@bucket/key",
        "file:///etc/passwd",
        "http://bucket.s3.us-east-1.amazonaws.com/k",
        "https://bucket.s3.us-east-1.amazonaws.com",
        "https://bucket.s3.us-east-1.amazonaws.com/",
        "https://s3.us-east-1.amazonaws.com/bucket",
        "https://bucket.s3.us-east-1.amazonaws.com:8443/k",
        "https://bucket.s3.us-east-1.amazonaws.com/%0",
        "https://bucket.s3.us-east-1.amazonaws.com/%00",
        "https://bucket.s3.us-east-1.amazonaws.com/%zz",
        "https://bucket.s3.us-east-1.amazonaws.com/%0a",
        "https://bucket.s3.us-east-1.amazonaws.com.evil.example.com/k",
        "https://bucket.s3.us-east-1.evilamazonaws.com/k",
        "https://amazonaws.com/bucket/k",
        "https://bucket.s3-website.us-east-1.amazonaws.com/k",
        "https://bucket.s3-website-us-east-1.amazonaws.com/k",
        "https://bucket.ec2.us-east-1.amazonaws.com/k",
        "https://u:p@bucket.s3.us-east-1.amazonaws.com/k",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hy_diag diag = {0};
        char *bucket = NULL;
        char *key = NULL;
        char *region = NULL;
        hydra_status status = hy_s3_location_parse(bad[i], &bucket, &key, &region, &diag);
        if (status != HYDRA_ERR_ARGUMENT) {
            fail_msg("\"%s\" is taken for s3://%s/%s", bad[i], bucket, key);
        }
        assert_true(!bucket && !key && !region && diag.text[0]);
    }
}

/* A presigned URL may come in by mistake: its signature must not go out with the error. */
static void test_no_secret_in_error(void **state)
{
    (void)state;
    hy_diag diag = {0};
    char *bucket = NULL;
    char *key = NULL;
    assert_failed(
        hy_s3_location_parse("https://b-b.s3.us-east-1.amazonaws.com/k?X-Amz-Signature=abcdef",
                             &bucket, &key, NULL, &diag),
        HYDRA_ERR_ARGUMENT, &diag, "query");
    assert_null(strstr(diag.text, "abcdef"));
    diag = (hy_diag){0};
    assert_failed(
        hy_s3_location_parse("http://a/k?X-Amz-Signature=abcdef", &bucket, &key, NULL, &diag),
        HYDRA_ERR_ARGUMENT, &diag, "neither");
    assert_null(strstr(diag.text, "abcdef"));
}

/* As libcurl sends it; STS is signed with it, too. */
static void test_hosts_of_urls(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"https://sts.eu-west-1.amazonaws.com/", "sts.eu-west-1.amazonaws.com"},
        {"https://STS.eu-west-1.amazonaws.com:443/", "sts.eu-west-1.amazonaws.com"},
        {"http://127.0.0.1:80", "127.0.0.1"},
        {"http://127.0.0.1:443", "127.0.0.1:443"},
        {"https://[::1]", "[::1]"},
        {"https://[::1]:80", "[::1]:80"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_url url;
        hy_diag diag = {0};
        assert_ok(hy_url_parse(&url, cases[i][0], &diag), &diag);
        char *host = hy_s3_url_host(&url);
        assert_string_equal(host, cases[i][1]);
        hy_free(host);
        hy_url_free(&url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),     cmocka_unit_test(test_aws_variants),
        cmocka_unit_test(test_bad_addresses), cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_keys),          cmocka_unit_test(test_locations),
        cmocka_unit_test(test_bad_locations), cmocka_unit_test(test_no_secret_in_error),
        cmocka_unit_test(test_hosts_of_urls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
