/* SPDX-License-Identifier: MIT */
/* What the client does about answers that are no success, and its reads: against a store on
 * loopback that fails on demand. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <hydra/compose.h>

#include "s3/s3_private.h"
#include "store.h"
#include "support.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES           ((size_t)300000)

/* ---- Keys that expire ---- */

static atomic_int generation; /* of the keys */
static bool no_keys;
static const hy_cancel *_Atomic key_cancel; /* that the last keys were fetched with */

hydra_status __wrap_hy_credentials_get(hy_credentials *credentials, const hy_cancel *cancel,
                                       hy_s3_keys *out, bool *anonymous, hy_diag *diag);
hydra_status __wrap_hy_credentials_get(hy_credentials *credentials, const hy_cancel *cancel,
                                       hy_s3_keys *out, bool *anonymous, hy_diag *diag)
{
    (void)credentials;
    key_cancel = cancel;
    *anonymous = no_keys;
    if (no_keys) {
        *out = (hy_s3_keys){0};
        return HYDRA_OK;
    }
    hy_s3_keys keys = {
        (char *)(uintptr_t)(atomic_load(&generation) == 0 ? STORE_ACCESS_KEY : "AKIDSECOND"),
        (char *)(uintptr_t) "secretEXAMPLEkey", (char *)(uintptr_t) "tokenEXAMPLE", 0};
    return hy_s3_keys_copy(out, &keys, diag);
}

void __wrap_hy_credentials_reject(hy_credentials *credentials, const hy_s3_keys *stale);
void __wrap_hy_credentials_reject(hy_credentials *credentials, const hy_s3_keys *stale)
{
    (void)credentials;
    (void)stale;
    (void)atomic_fetch_add(&generation, 1);
}

/* ---- The bench ---- */

typedef struct rule {
    store_kind kind;
    int from, to;
    store_plan plan;
} rule;

typedef struct bench {
    store *store;
    hy_http *http;
    hy_s3 *s3;
    const rule *rules;
    size_t rule_count;
    void (*arrived)(struct bench *b, store_kind kind, int nth);
    uint8_t bytes[BYTES];
} bench;

static void follow_rules(void *user, store_kind kind, int nth, int part, store_plan *plan)
{
    bench *b = user;
    (void)part;
    for (size_t i = 0; i < b->rule_count; i++) {
        const rule *r = &b->rules[i];
        if (r->kind == kind && nth >= r->from && nth <= r->to) {
            *plan = r->plan;
        }
    }
    if (b->arrived) {
        b->arrived(b, kind, nth);
    }
}

static bench *set_up(const rule *rules, size_t count)
{
    bench *b = calloc(1, sizeof *b);
    hy_diag diag = {0};
    b->rules = rules;
    b->rule_count = count;
    b->store = store_new(follow_rules, b);
    assert_ok(store_connect(store_url(b->store), &b->http, &b->s3, &diag), &diag);
    (void)store_read_pattern(NULL, 0, b->bytes, BYTES, NULL);
    store_set_object(b->store, b->bytes, BYTES);
    atomic_store(&generation, 0);
    return b;
}

static void tear_down(bench *b)
{
    hy_s3_free(b->s3);
    hy_http_free(b->http);
    store_free(b->store);
    free(b);
}

static hydra_status head(bench *b, hy_diag *diag)
{
    hy_s3_object object;
    *diag = (hy_diag){0};
    hydra_status status = hy_s3_head(b->s3, "my-bucket", "key", NULL, NULL, &object, diag);
    if (status == HYDRA_OK) {
        assert_int_equal(object.bytes, BYTES);
        assert_int_equal(object.last_modified_s, 1445412480);
        assert_string_equal(object.content_type, "video/mp4");
        assert_non_null(object.etag);
    }
    hy_s3_object_free(&object);
    assert_null(strstr(diag->text, "EXAMPLE"));
    return status;
}

static hydra_status get(bench *b, int64_t offset, int64_t length, hy_buffer *out,
                        hy_s3_object *object, hy_diag *diag)
{
    const hy_s3_get_call call = {
        .bucket = "my-bucket", .key = "key", .offset = offset, .length = length};
    *diag = (hy_diag){0};
    return hy_s3_get(b->s3, &call, out, object, diag);
}

static void check_get(bench *b, int64_t offset, int64_t length, size_t expected)
{
    hy_buffer out = {0};
    hy_s3_object object;
    hy_diag diag;
    assert_ok(get(b, offset, length, &out, &object, &diag), &diag);
    assert_int_equal(out.size, expected);
    if (expected > 0) {
        assert_memory_equal(out.data, b->bytes + offset, expected);
    }
    assert_int_equal(object.verified, offset == 0 && expected == BYTES);
    hy_buffer_free(&out);
    hy_s3_object_free(&object);
}

/* ---- Corrections ---- */

#define REPLY(s, c)                                                                                \
    {                                                                                              \
        .fault = STORE_REPLIES, .status = (s), .code = (c)                                         \
    }

/* How the time of day looks in the last request, in seconds since midnight. */
static int64_t signed_seconds(bench *b, store_kind kind)
{
    char *date = store_header(b->store, kind, "x-amz-date");
    assert_non_null(date);
    struct tm time = {0};
    assert_non_null(strptime(date, "%Y%m%dT%H%M%SZ", &time));
    free(date);
    return (int64_t)timegm(&time);
}

static void test_clock(void **state)
{
    (void)state;
    char header[96];
    const int64_t now_s = (int64_t)time(NULL);
    const time_t other = (time_t)(now_s - 86400);
    struct tm parts;
    (void)gmtime_r(&other, &parts);
    (void)strftime(header, sizeof header, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts);
    const rule skewed[] = {{STORE_GET,
                            1,
                            1,
                            {.fault = STORE_REPLIES,
                             .status = 403,
                             .code = "RequestTimeTooSkewed",
                             .headers = header}}};
    bench *b = set_up(skewed, 1);
    hy_diag diag;
    check_get(b, 0, HYDRA_AUTO, BYTES);
    assert_int_equal(store_count(b->store, STORE_GET), 2);
    assert_true(llabs(signed_seconds(b, STORE_GET) - (now_s - 86400)) < 60);
    /* It is kept. */
    assert_ok(head(b, &diag), &diag);
    assert_true(llabs(signed_seconds(b, STORE_HEAD) - (now_s - 86400)) < 60);
    tear_down(b);
}

static void test_clock_stays_wrong(void **state)
{
    (void)state;
    static const rule rules[] = {
        {STORE_GET,
         1,
         9,
         {.fault = STORE_REPLIES,
          .status = 403,
          .code = "RequestTimeTooSkewed",
          .headers = "Date: Wed, 21 Oct 2015 07:28:00 GMT\r\n"}},
    };
    bench *b = set_up(rules, COUNT_OF(rules));
    hy_buffer out = {0};
    hy_diag diag;
    assert_failed(get(b, 0, HYDRA_AUTO, &out, NULL, &diag), HYDRA_ERR_AUTH, &diag, "clock");
    assert_int_equal(store_count(b->store, STORE_GET), 2);
    tear_down(b);
    static const rule rubbish[] = {
        {STORE_GET,
         1,
         9,
         {.fault = STORE_REPLIES,
          .status = 403,
          .code = "RequestTimeTooSkewed",
          .headers = "Date: yesterday\r\n"}},
    };
    b = set_up(rubbish, COUNT_OF(rubbish));
    assert_failed(get(b, 0, HYDRA_AUTO, &out, NULL, &diag), HYDRA_ERR_AUTH, &diag, "clock");
    assert_int_equal(store_count(b->store, STORE_GET), 1);
    tear_down(b);
}

static void test_region(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        store_kind kind;
        store_plan plan;
        int heads; /* of the bucket */
    } cases[] = {
        {"301",
         STORE_GET,
         {.fault = STORE_REPLIES,
          .status = 301,
          .code = "PermanentRedirect",
          .headers = "x-amz-bucket-region: eu-west-9\r\n"},
         0},
        {"307",
         STORE_GET,
         {.fault = STORE_REPLIES,
          .status = 307,
          .code = "TemporaryRedirect",
          .headers = "x-amz-bucket-region: eu-west-9\r\nLocation: http://127.0.0.1:1/\r\n"},
         0},
        {"400",
         STORE_GET,
         {.fault = STORE_REPLIES,
          .status = 400,
          .body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-9</Region>"
                  "</Error>"},
         0},
        {"bare 400",
         STORE_HEAD,
         {.fault = STORE_REPLIES, .status = 400, .headers = "x-amz-bucket-region: eu-west-9\r\n"},
         0},
        {"bare 301 without region", STORE_HEAD, {.fault = STORE_REPLIES, .status = 301}, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const rule rules[] = {
            {cases[i].kind, 1, 1, cases[i].plan},
            {STORE_HEAD_BUCKET,
             1,
             9,
             {.fault = STORE_REPLIES,
              .status = 403,
              .headers = "x-amz-bucket-region: eu-west-9\r\n"}},
        };
        bench *b = set_up(rules, COUNT_OF(rules));
        hy_diag diag;
        print_message("%s\n", cases[i].name);
        if (cases[i].kind == STORE_GET) {
            check_get(b, 0, HYDRA_AUTO, BYTES);
        } else {
            assert_ok(head(b, &diag), &diag);
        }
        assert_int_equal(store_count(b->store, cases[i].kind), 2);
        assert_int_equal(store_count(b->store, STORE_HEAD_BUCKET), cases[i].heads);
        /* It is kept. */
        assert_ok(head(b, &diag), &diag);
        char *authorization = store_header(b->store, STORE_HEAD, "authorization");
        assert_non_null(strstr(authorization, "/eu-west-9/s3/aws4_request"));
        free(authorization);
        tear_down(b);
    }
}

static void test_region_loop(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_GET,
                                  1,
                                  99,
                                  {.fault = STORE_REPLIES,
                                   .status = 301,
                                   .code = "PermanentRedirect",
                                   .headers = "x-amz-bucket-region: eu-west-9\r\n"}}};
    static const rule hostile[] = {{STORE_GET,
                                    1,
                                    99,
                                    {.fault = STORE_REPLIES,
                                     .status = 301,
                                     .code = "PermanentRedirect",
                                     .headers = "x-amz-bucket-region: a.evil.example\r\n"}}};
    hy_buffer out = {0};
    hy_diag diag;
    bench *b = set_up(rules, 1);
    assert_failed(get(b, 0, HYDRA_AUTO, &out, NULL, &diag), HYDRA_ERR_ARGUMENT, &diag, "region");
    assert_int_equal(store_count(b->store, STORE_GET), 2);
    tear_down(b);
    b = set_up(hostile, 1);
    assert_failed(get(b, 0, HYDRA_AUTO, &out, NULL, &diag), HYDRA_ERR_ARGUMENT, &diag, "region");
    assert_int_equal(store_count(b->store, STORE_GET), 1);
    tear_down(b);
}

static void test_keys(void **state)
{
    (void)state;
    static const rule once[] = {{STORE_GET, 1, 1, REPLY(400, "ExpiredToken")}};
    static const rule always[] = {{STORE_GET, 1, 99, REPLY(400, "ExpiredToken")}};
    bench *b = set_up(once, 1);
    check_get(b, 0, HYDRA_AUTO, BYTES);
    char *authorization = store_header(b->store, STORE_GET, "authorization");
    char *token = store_header(b->store, STORE_GET, "x-amz-security-token");
    assert_non_null(strstr(authorization, "AKIDSECOND"));
    assert_string_equal(token, "tokenEXAMPLE");
    free(authorization);
    free(token);
    assert_int_equal(atomic_load(&generation), 1);
    tear_down(b);
    hy_buffer out = {0};
    hy_diag diag;
    b = set_up(always, 1);
    assert_failed(get(b, 0, HYDRA_AUTO, &out, NULL, &diag), HYDRA_ERR_AUTH, &diag, "ExpiredToken");
    assert_int_equal(store_count(b->store, STORE_GET), 2);
    tear_down(b);
}

static void test_anonymous(void **state)
{
    (void)state;
    bench *b = set_up(NULL, 0);
    hy_diag diag = {0};
    char *url = NULL;
    no_keys = true;
    check_get(b, 0, HYDRA_AUTO, BYTES);
    assert_null(store_header(b->store, STORE_GET, "authorization"));
    assert_failed(
        hy_s3_presigned_url(b->s3, "GET", "my-bucket", "key", 60, NULL, NULL, &url, &diag),
        HYDRA_ERR_AUTH, &diag, "keys");
    no_keys = false;
    tear_down(b);
}

/* An outage is not made worse: what all calls together may try again is limited. */
static void test_outage(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_HEAD, 1, 100000, REPLY(500, NULL)}};
    bench *b = set_up(rules, 1);
    hy_diag diag;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(head(b, &diag), HYDRA_ERR_SERVER);
    }
    assert_true(store_count(b->store, STORE_HEAD) <= 100 + 500 / 14);
    tear_down(b);
}

static void test_final(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_GET, 1, 9, REPLY(403, "SignatureDoesNotMatch")}};
    bench *b = set_up(rules, 1);
    hy_buffer out = {0};
    hy_diag diag;
    assert_failed(get(b, 0, HYDRA_AUTO, &out, NULL, &diag), HYDRA_ERR_AUTH, &diag,
                  "s3://my-bucket/key: get: SignatureDoesNotMatch");
    assert_non_null(strstr(diag.text, "REQ-7"));
    assert_null(strstr(diag.text, "EXAMPLE"));
    assert_int_equal(store_count(b->store, STORE_GET), 1);
    tear_down(b);
}

static void test_cancelled(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_HEAD, 1, 9, {.delay_ms = 20000}}};
    bench *b = set_up(rules, 1);
    hy_s3_object object;
    hy_cancel cancel;
    hy_diag diag = {0};
    hy_cancel_init(&cancel, 200000);
    double start_s = hy_clock_s();
    assert_int_equal(hy_s3_head(b->s3, "my-bucket", "key", &cancel, NULL, &object, &diag),
                     HYDRA_ERR_DEADLINE);
    assert_true(hy_clock_s() - start_s < 5);
    tear_down(b);
}

/* ---- Reads ---- */

static void test_ranges(void **state)
{
    (void)state;
    bench *b = set_up(NULL, 0);
    hy_buffer out = {0};
    hy_s3_object object;
    hy_diag diag;
    check_get(b, 0, HYDRA_AUTO, BYTES);
    check_get(b, 0, 1, 1);
    check_get(b, 5, 10, 10);
    check_get(b, BYTES - 7, HYDRA_AUTO, 7);
    check_get(b, BYTES - 7, 100, 7);
    check_get(b, 7, 0, 0);
    assert_int_equal(get(b, -1, HYDRA_AUTO, &out, NULL, &diag), HYDRA_ERR_ARGUMENT);
    assert_int_equal(get(b, 0, -7, &out, NULL, &diag), HYDRA_ERR_ARGUMENT);
    store_set_object(b->store, "", 0);
    assert_ok(get(b, 0, HYDRA_AUTO, &out, &object, &diag), &diag);
    assert_int_equal(out.size, 0);
    assert_int_equal(object.bytes, 0);
    hy_s3_object_free(&object);
    hy_buffer_free(&out);
    assert_ok(get(b, 0, 10, &out, &object, &diag), &diag);
    assert_int_equal(out.size, 0);
    hy_s3_object_free(&object);
    hy_buffer_free(&out);
    tear_down(b);
}

/* A broken transfer goes on where it broke. */
static void test_resume(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_GET, 1, 3, {.fault = STORE_CUTS}}};
    bench *b = set_up(rules, 1);
    check_get(b, 0, HYDRA_AUTO, BYTES);
    assert_int_equal(store_count(b->store, STORE_GET), 4);
    char *range = store_header(b->store, STORE_GET, "range");
    char *match = store_header(b->store, STORE_GET, "if-match");
    assert_string_equal(range, "bytes=262500-");
    assert_non_null(match);
    free(range);
    free(match);
    tear_down(b);
}

/* A try that brings much does not count: the fifth in a row that brings little is the last. */
static void test_resume_often(void **state)
{
    (void)state;
    static const rule rules[] = {
        {STORE_GET, 1, 8, {.fault = STORE_CUTS}},
        {STORE_GET, 1, 99, {.fault = STORE_CUTS}},
    };
    bench *b = set_up(&rules[0], 1);
    check_get(b, 0, HYDRA_AUTO, BYTES);
    assert_int_equal(store_count(b->store, STORE_GET), 9);
    tear_down(b);
    b = set_up(&rules[1], 1);
    hy_buffer out = {0};
    hy_diag diag;
    assert_failed(get(b, 0, HYDRA_AUTO, &out, NULL, &diag), HYDRA_ERR_NETWORK, &diag, "broke off");
    assert_int_equal(store_count(b->store, STORE_GET), 9);
    tear_down(b);
}

static void replace_object(bench *b, store_kind kind, int nth)
{
    if (kind == STORE_GET && nth == 2) {
        b->bytes[0] ^= 1;
        store_set_object(b->store, b->bytes, BYTES);
    }
}

/* An object that is replaced meanwhile is read anew; nothing is mixed. */
static void test_replaced(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_GET, 1, 1, {.fault = STORE_CUTS}}};
    bench *b = set_up(rules, 1);
    b->arrived = replace_object;
    check_get(b, 0, HYDRA_AUTO, BYTES);
    assert_int_equal(store_count(b->store, STORE_GET), 3);
    tear_down(b);
}

static void test_limits(void **state)
{
    (void)state;
    bench *b = set_up(NULL, 0);
    hy_s3_get_call call = {.bucket = "my-bucket", .key = "key", .length = HYDRA_AUTO};
    hy_buffer out = {0};
    hy_diag diag = {0};
    call.max_bytes = BYTES - 1;
    assert_failed(hy_s3_get(b->s3, &call, &out, NULL, &diag), HYDRA_ERR_LIMIT, &diag, "300000");
    assert_null(out.data);
    call.max_bytes = BYTES;
    diag = (hy_diag){0};
    assert_ok(hy_s3_get(b->s3, &call, &out, NULL, &diag), &diag);
    hy_buffer_free(&out);
    tear_down(b);
}

/* Bytes that are not those of the checksum or of the ETag never pass. */
static void test_damaged(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        hydra_status status;
    } cases[] = {
        {"ETag: \"5d41402abc4b2a76b9719d911017c592\"\r\n", HYDRA_OK},
        {"ETag: \"5d41402abc4b2a76b9719d911017c593\"\r\n", HYDRA_ERR_VERIFY},
        {"x-amz-checksum-crc32: NhCmhg==\r\n", HYDRA_OK},
        {"x-amz-checksum-crc32: NhCmhA==\r\n", HYDRA_ERR_VERIFY},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const rule rules[] = {{STORE_GET,
                               1,
                               1,
                               {.fault = STORE_REPLIES,
                                .status = 200,
                                .body = "hello",
                                .headers = cases[i].headers}}};
        bench *b = set_up(rules, 1);
        hy_buffer out = {0};
        hy_s3_object object = {0};
        hy_diag diag;
        hydra_status status = get(b, 0, HYDRA_AUTO, &out, &object, &diag);
        assert_int_equal(status, cases[i].status);
        assert_int_equal(object.verified, status == HYDRA_OK);
        assert_true(status == HYDRA_OK || strstr(diag.text, "do not have the object's"));
        assert_true(status == HYDRA_OK || !out.data);
        hy_s3_object_free(&object);
        hy_buffer_free(&out);
        tear_down(b);
    }
}

/* A server that says 200 and sends an error; XML that is an object. */
static void test_hidden_error(void **state)
{
    (void)state;
    static const char xml[] = "<?xml version=\"1.0\"?><Error><Code>InternalError</Code></Error>";
    static const char *const headers[] = {"", "ETag: \"opaque\"\r\n"};
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        const rule rules[] = {
            {STORE_GET,
             1,
             1,
             {.fault = STORE_REPLIES, .status = 200, .body = xml, .headers = headers[i]}}};
        bench *b = set_up(rules, 1);
        hy_buffer out = {0};
        hy_s3_object object = {0};
        hy_diag diag;
        hydra_status status = get(b, 0, HYDRA_AUTO, &out, &object, &diag);
        assert_int_equal(status, i == 0 ? HYDRA_ERR_SERVER : HYDRA_OK);
        assert_false(object.verified);
        hy_s3_object_free(&object);
        hy_buffer_free(&out);
        tear_down(b);
    }
}

/* More was announced than there is: what is missing is asked for in vain. */
static void test_announced_too_much(void **state)
{
    (void)state;
    static const rule rules[] = {
        {STORE_GET, 1, 1, {.fault = STORE_CUTS}},
        {STORE_GET, 2, 9, REPLY(416, "InvalidRange")},
    };
    bench *b = set_up(rules, 2);
    hy_buffer out = {0};
    hy_diag diag;
    assert_failed(get(b, 0, HYDRA_AUTO, &out, NULL, &diag), HYDRA_ERR_NETWORK, &diag,
                  "the object ended after 150000 of 300000 bytes");
    tear_down(b);
}

static void test_etags(void **state)
{
    (void)state;
    bench *b = set_up(NULL, 0);
    hy_diag diag = {0};
    uint8_t digest[16];
    assert_true(hy_s3_etag_md5("\"d41d8cd98f00b204e9800998ecf8427e\"", digest, NULL));
    assert_false(hy_s3_etag_md5("\"d41d8cd98f00b204e9800998ecf8427e-2\"", digest, NULL));
    assert_false(hy_s3_etag_md5("\"d41d8cd98f00b204e9800998ecf8427\"", digest, NULL));
    assert_false(hy_s3_etag_md5("\"d41d8cd98f00b204e9800998ecf8427ez\"", digest, NULL));
    assert_false(hy_s3_etag_md5("", digest, NULL));
    int32_t parts = 0;
    assert_true(hy_s3_etag_md5("d41d8cd98f00b204e9800998ecf8427e-10000", digest, &parts));
    assert_int_equal(parts, 10000);
    assert_false(hy_s3_etag_md5("d41d8cd98f00b204e9800998ecf8427e-0", digest, &parts));
    assert_ok(hy_s3_delete(b->s3, "my-bucket", "key", NULL, NULL, &diag), &diag);
    assert_int_equal(head(b, &diag), HYDRA_ERR_NOT_FOUND);
    tear_down(b);
}

/* ---- URLs ---- */

static void test_urls(void **state)
{
    (void)state;
    bench *b = set_up(NULL, 0);
    hy_diag diag = {0};
    char *url = hy_s3_object_url(b->s3, "my-bucket", "a b/c+d.mp4");
    assert_non_null(url);
    assert_int_equal(strncmp(url, store_url(b->store), strlen(store_url(b->store))), 0);
    assert_string_equal(url + strlen(store_url(b->store)), "/my-bucket/a%20b/c%2Bd.mp4");
    hy_free(url);
    hy_cancel cancel;
    hy_cancel_init(&cancel, 0);
    assert_ok(hy_s3_presigned_url(b->s3, "GET", "my-bucket", "key", 60, NULL, &cancel, &url, &diag),
              &diag);
    assert_ptr_equal(key_cancel, &cancel);
    assert_non_null(strstr(url, "X-Amz-Expires=60"));
    assert_non_null(strstr(url, "X-Amz-Signature="));
    hy_s3_secret_free(url);
    assert_failed(
        hy_s3_presigned_url(b->s3, "POST", "my-bucket", "key", 60, NULL, NULL, &url, &diag),
        HYDRA_ERR_ARGUMENT, &diag, "method");
    diag = (hy_diag){0};
    assert_failed(
        hy_s3_presigned_url(b->s3, "PUT", "my-bucket", "key", 604801, NULL, NULL, &url, &diag),
        HYDRA_ERR_ARGUMENT, &diag, "604801");
    assert_null(url);
    assert_null(hy_s3_object_url(b->s3, "UPPER", "key"));
    tear_down(b);
}

static void test_settings(void **state)
{
    (void)state;
    hydra_store_options options;
    hy_s3 *s3 = NULL;
    hy_diag diag = {0};
    hy_s3_store_defaults(&options);
    options.region = "eu-central-1";
    options.endpoint = "https://storage.example.com:9000/prefix///";
    assert_ok(hy_s3_new(&options, NULL, &s3, &diag), &diag);
    assert_string_equal(s3->endpoint.base, "https://storage.example.com:9000/prefix");
    hy_s3_free(s3);
    options.endpoint = "ftp://storage.example.com";
    assert_failed(hy_s3_new(&options, NULL, &s3, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "store.endpoint");
    assert_null(s3);
    diag = (hy_diag){0};
    options.endpoint = "https://user:secretEXAMPLE@storage.example.com";
    assert_failed(hy_s3_new(&options, NULL, &s3, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "store.endpoint");
    assert_null(strstr(diag.text, "EXAMPLE"));
    hy_s3_free(NULL);
}

/* As AWS's own programs name it. */
static void test_checksum_of_the_environment(void **state)
{
    (void)state;
    static const struct {
        int32_t option;
        const char *variable;
        int32_t wanted; /* -1 = refused */
    } cases[] = {
        {HYDRA_CHECKSUM_AUTO, "", HYDRA_CHECKSUM_AUTO},
        {HYDRA_CHECKSUM_AUTO, "when_supported", HYDRA_CHECKSUM_AUTO},
        {HYDRA_CHECKSUM_AUTO, "WHEN_REQUIRED", HYDRA_CHECKSUM_REQUIRED},
        {HYDRA_CHECKSUM_AUTO, "sometimes", -1},
        {HYDRA_CHECKSUM_OFF, "when_required", HYDRA_CHECKSUM_OFF},
        {HYDRA_CHECKSUM_REQUIRED, "sometimes", HYDRA_CHECKSUM_REQUIRED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hydra_store_options options;
        hy_s3 *s3 = NULL;
        hy_diag diag = {0};
        hy_s3_store_defaults(&options);
        options.region = "eu-central-1";
        options.endpoint = "https://storage.example.com";
        options.access_key = "AKIDEXAMPLE";
        options.secret_key = "secretEXAMPLE";
        options.checksum = cases[i].option;
        (void)setenv("AWS_REQUEST_CHECKSUM_CALCULATION", cases[i].variable, 1);
        hydra_status status = hy_s3_new(&options, NULL, &s3, &diag);
        if (cases[i].wanted < 0) {
            assert_failed(status, HYDRA_ERR_ARGUMENT, &diag, "AWS_REQUEST_CHECKSUM_CALCULATION");
        } else {
            assert_ok(status, &diag);
            assert_int_equal(s3->checksum, cases[i].wanted);
        }
        hy_s3_free(s3);
    }
    (void)unsetenv("AWS_REQUEST_CHECKSUM_CALCULATION");
}

static void test_checksum_of_the_profile(void **state)
{
    (void)state;
    char path[] = "/tmp/hydra-test-XXXXXX";
    static const char text[] = "[profile slim]\nrequest_checksum_calculation = when_required\n";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    (void)close(fd);
    (void)setenv("AWS_CONFIG_FILE", path, 1);
    hydra_store_options options;
    hy_s3 *s3 = NULL;
    hy_diag diag = {0};
    hy_s3_store_defaults(&options);
    options.profile = "slim";
    options.access_key = "AKIDEXAMPLE";
    options.secret_key = "secretEXAMPLE";
    assert_ok(hy_s3_new(&options, NULL, &s3, &diag), &diag);
    assert_int_equal(s3->checksum, HYDRA_CHECKSUM_REQUIRED);
    hy_s3_free(s3);
    (void)unsetenv("AWS_CONFIG_FILE");
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock),
        cmocka_unit_test(test_clock_stays_wrong),
        cmocka_unit_test(test_region),
        cmocka_unit_test(test_region_loop),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_anonymous),
        cmocka_unit_test(test_outage),
        cmocka_unit_test(test_final),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_resume_often),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_announced_too_much),
        cmocka_unit_test(test_hidden_error),
        cmocka_unit_test(test_etags),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_checksum_of_the_environment),
        cmocka_unit_test(test_checksum_of_the_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
