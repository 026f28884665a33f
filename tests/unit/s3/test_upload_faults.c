/* SPDX-License-Identifier: MIT */
/* Uploads whose store fails, or that are stopped: the object is there and right, or nothing is. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <hydra/render.h>

#include "bench.h"

/* The completion's ten minutes, as long as a test has time. */
static int64_t complete_us;
void __real_hy_cancel_init_child(hy_cancel *cancel, const hy_cancel *parent, int64_t deadline_us);
void __wrap_hy_cancel_init_child(hy_cancel *cancel, const hy_cancel *parent, int64_t deadline_us);
void __wrap_hy_cancel_init_child(hy_cancel *cancel, const hy_cancel *parent, int64_t deadline_us)
{
    bool is_complete = deadline_us == 600000000 && complete_us > 0;
    __real_hy_cancel_init_child(cancel, parent, is_complete ? complete_us : deadline_us);
}

/* ---- What is made good ---- */

static void test_faults_made_good(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        rule rule;
        int64_t size;
        int32_t parts;
        int32_t retries;
        store_kind kind;
        int count; /* of requests of that kind */
    } cases[] = {
        {"part reset",
         {STORE_PART, 1, 1, 3, {.fault = STORE_RESETS}, false},
         5 * PART,
         5,
         1,
         STORE_PART,
         6},
        {"part 500",
         {STORE_PART, 1, 2, 3, REPLY(500, "InternalError"), false},
         5 * PART,
         5,
         2,
         STORE_PART,
         7},
        {"part 503", {STORE_PART, 1, 1, 2, REPLY(503, NULL), false}, 5 * PART, 5, 1, STORE_PART, 6},
        {"part 200 with an error",
         {STORE_PART, 1, 1, 3, REPLY(200, "InternalError"), false},
         5 * PART,
         5,
         1,
         STORE_PART,
         6},
        {"part RequestTimeout",
         {STORE_PART, 1, 1, 4, REPLY(400, "RequestTimeout"), false},
         5 * PART,
         5,
         1,
         STORE_PART,
         6},
        {"part BadDigest",
         {STORE_PART, 1, 1, 1, REPLY(400, "BadDigest"), false},
         5 * PART,
         5,
         1,
         STORE_PART,
         6},
        {"part ExpiredToken",
         {STORE_PART, 1, 1, 4, REPLY(400, "ExpiredToken"), false},
         5 * PART,
         5,
         1,
         STORE_PART,
         6},
        {"part lost",
         {STORE_PART, 1, 1, 2, {.fault = STORE_LOSES}, false},
         5 * PART,
         5,
         1,
         STORE_PART,
         6},
        {"create 500",
         {STORE_CREATE, 1, 1, ANY, REPLY(500, "InternalError"), false},
         5 * PART,
         5,
         1,
         STORE_CREATE,
         2},
        {"complete 200 with an error",
         {STORE_COMPLETE, 1, 2, ANY, REPLY(200, "InternalError"), false},
         5 * PART,
         5,
         2,
         STORE_COMPLETE,
         3},
        {"complete empty",
         {STORE_COMPLETE, 1, 1, ANY, {.fault = STORE_REPLIES, .status = 200}, false},
         5 * PART,
         5,
         1,
         STORE_COMPLETE,
         2},
        {"complete cut",
         {STORE_COMPLETE,
          1,
          1,
          ANY,
          {.fault = STORE_REPLIES, .status = 200, .body = "  <CompleteMultipartUploadResult><ETag"},
          false},
         5 * PART,
         5,
         1,
         STORE_COMPLETE,
         2},
        {"complete lost",
         {STORE_COMPLETE, 1, 1, ANY, {.fault = STORE_LOSES}, false},
         5 * PART,
         5,
         1,
         STORE_HEAD,
         1},
        {"put 500",
         {STORE_PUT, 1, 2, ANY, REPLY(500, "InternalError"), false},
         PART,
         0,
         2,
         STORE_PUT,
         3},
        {"put reset",
         {STORE_PUT, 1, 1, ANY, {.fault = STORE_RESETS}, false},
         PART,
         0,
         1,
         STORE_PUT,
         2},
    };
    for (int aws = 0; aws < 2; aws++) {
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            bench b;
            print_message("%s\n", cases[i].name);
            bench_set_up(&b, &cases[i].rule, 1);
            bench_is_aws = aws != 0;
            bench_check_works(&b, cases[i].size, cases[i].parts, cases[i].retries);
            assert_int_equal(store_count(b.store, cases[i].kind), cases[i].count);
            assert_int_equal(atomic_load(&bench_rejected),
                             strcmp(cases[i].name, "part ExpiredToken") == 0);
            bench_tear_down(&b);
        }
    }
}

/* The completion is done, its reply lost, and the upload is gone: HEAD shows another object, or
 * none. */
static void test_lost_complete_differs(void **state)
{
    (void)state;
    static const rule rules[] = {
        {STORE_COMPLETE, 1, 1, ANY, {.fault = STORE_RESETS}, false},
        {STORE_COMPLETE, 2, 9, ANY, REPLY(404, "NoSuchUpload"), false},
    };
    for (int there = 0; there < 2; there++) {
        bench b;
        hy_s3_upload_result result;
        hy_diag diag;
        bench_set_up(&b, rules, COUNT_OF(rules));
        if (there) {
            store_set_object(b.store, "another", 7);
        }
        hydra_status status = bench_upload(&b, 5 * PART, &result, &diag);
        assert_failed(status, there ? HYDRA_ERR_VERIFY : HYDRA_ERR_SERVER, &diag,
                      "the upload no longer exists");
        assert_non_null(
            strstr(diag.text, there ? "is not the one that was sent" : "there is no object"));
        assert_int_equal(store_count(b.store, STORE_HEAD), 1);
        assert_int_equal(store_count(b.store, STORE_ABORT), 1);
        assert_int_equal(bench_has_object(&b), there);
        bench_tear_down(&b);
    }
}

/* PUT is done, and each time its reply is lost, or an error comes instead. */
static void test_lost_put(void **state)
{
    (void)state;
    static const rule cases[][2] = {
        {{STORE_PUT, 1, 9, ANY, {.fault = STORE_LOSES}, false}},
        {{STORE_PUT, 1, 2, ANY, {.fault = STORE_LOSES}, false},
         {STORE_PUT, 3, 9, ANY, REPLY(500, "InternalError"), false}},
        {{STORE_PUT, 1, 1, ANY, {.fault = STORE_LOSES}, false},
         {STORE_PUT, 2, 9, ANY, REPLY(403, "AccessDenied"), false}},
    };
    for (int check = 0; check < 3; check++) {
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            bench b;
            hy_s3_upload_result result = {0};
            hy_diag diag;
            bench_set_up(&b, cases[i], 2);
            bench_is_aws = check == 1;
            b.s3->checksum = check == 2 ? HYDRA_CHECKSUM_OFF : HYDRA_CHECKSUM_AUTO;
            assert_ok(bench_upload(&b, PART, &result, &diag), &diag);
            assert_int_equal(result.verified, check < 2);
            assert_int_equal(store_count(b.store, STORE_HEAD), 1);
            bench_check_object(&b, PART);
            hy_s3_upload_result_free(&result);
            bench_tear_down(&b);
        }
    }
}

/* The error stands: nothing is there, another object, the same bytes from long ago, or the server
 * does not tell. */
static void test_failed_put(void **state)
{
    (void)state;
    static const char date[] = "ETag: \"d41d8cd98f00b204e9800998ecf8427e\"\r\n"
                               "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n"
                               "Date: Wed, 21 Oct 2015 07:29:00 GMT\r\n";
    static const rule rules[] = {
        {STORE_PUT, 1, 9, ANY, REPLY(500, "InternalError"), false},
        {STORE_HEAD, 1, 0, ANY, REPLY(404, NULL), false},
        {STORE_HEAD, 1, 9, ANY, {.fault = STORE_REPLIES, .status = 200, .headers = date}, false},
        {STORE_HEAD, 1, 9, ANY, REPLY(403, NULL), false},
    };
    for (int i = 0; i < 4; i++) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        const rule used[] = {rules[0], rules[i]};
        bench_set_up(&b, used, COUNT_OF(used));
        if (i == 1) {
            store_set_object(b.store, "another", 7);
        }
        assert_failed(bench_upload(&b, i == 2 ? 0 : PART, &result, &diag), HYDRA_ERR_SERVER, &diag,
                      "InternalError");
        assert_int_equal(strstr(diag.text, "not known whether") != NULL, i == 3);
        assert_int_equal(store_count(b.store, STORE_HEAD), 1);
        bench_tear_down(&b);
    }
}

static void test_throttle(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_PART,
                                  1,
                                  2,
                                  2,
                                  {.fault = STORE_REPLIES,
                                   .status = 503,
                                   .code = "SlowDown",
                                   .headers = "Retry-After: 1\r\n"},
                                  false}};
    bench b;
    bench_set_up(&b, rules, COUNT_OF(rules));
    double start_s = hy_clock_s();
    bench_check_works(&b, 6 * PART, 6, 2);
    assert_true(hy_clock_s() - start_s >= 2.0);
    bench_tear_down(&b);
}

/* ---- What is not ---- */

static void test_final_faults(void **state)
{
    (void)state;
    static const struct {
        rule rule;
        int64_t size;
        hydra_status status;
        const char *text;
        store_kind kind;
        int count;
        int aborts;
    } cases[] = {
        {{STORE_PART, 1, 99, 3, REPLY(500, "InternalError"), false},
         5 * PART,
         HYDRA_ERR_SERVER,
         "part 3: InternalError",
         STORE_CREATE,
         1,
         1},
        {{STORE_PART, 1, 99, 3, REPLY(500, "InternalError"), false},
         5 * PART,
         HYDRA_ERR_SERVER,
         "REQ-7",
         STORE_CREATE,
         1,
         1},
        {{STORE_PART, 1, 99, 2, REPLY(403, "AccessDenied"), false},
         5 * PART,
         HYDRA_ERR_PERMISSION,
         "part 2: AccessDenied",
         STORE_CREATE,
         1,
         1},
        {{STORE_PART, 1, 99, 2, {.etag = "00000000000000000000000000000000"}, false},
         5 * PART,
         HYDRA_ERR_VERIFY,
         "part 2",
         STORE_CREATE,
         1,
         1},
        {{STORE_CREATE, 1, 99, ANY, REPLY(403, "AccessDenied"), false},
         5 * PART,
         HYDRA_ERR_PERMISSION,
         "create upload: AccessDenied",
         STORE_CREATE,
         1,
         0},
        {{STORE_CREATE,
          1,
          99,
          ANY,
          {.fault = STORE_REPLIES, .status = 404, .code = "NoSuchBucket"},
          false},
         5 * PART,
         HYDRA_ERR_NOT_FOUND,
         "NoSuchBucket",
         STORE_PART,
         0,
         0},
        {{STORE_COMPLETE, 1, 99, ANY, REPLY(200, "AccessDenied"), false},
         5 * PART,
         HYDRA_ERR_PERMISSION,
         "AccessDenied",
         STORE_COMPLETE,
         1,
         1},
        {{STORE_COMPLETE, 1, 99, ANY, REPLY(400, "InvalidPart"), false},
         5 * PART,
         HYDRA_ERR_VERIFY,
         "InvalidPart",
         STORE_COMPLETE,
         1,
         1},
        {{STORE_COMPLETE, 1, 99, ANY, {.etag = "00000000000000000000000000000000-5"}, false},
         5 * PART,
         HYDRA_ERR_VERIFY,
         "other bytes",
         STORE_DELETE,
         1,
         0},
        {{STORE_COMPLETE, 1, 99, ANY, REPLY(409, "ConditionalRequestConflict"), false},
         5 * PART,
         HYDRA_ERR_SERVER,
         "ConditionalRequestConflict",
         STORE_CREATE,
         3,
         3},
        {{STORE_PUT, 1, 99, ANY, {.etag = "00000000000000000000000000000000"}, false},
         PART,
         HYDRA_ERR_VERIFY,
         "other bytes",
         STORE_DELETE,
         1,
         0},
        {{STORE_PUT, 1, 99, ANY, REPLY(403, "SignatureDoesNotMatch"), false},
         PART,
         HYDRA_ERR_AUTH,
         "SignatureDoesNotMatch",
         STORE_PUT,
         1,
         0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bench b;
        print_message("%s\n", cases[i].text);
        bench_set_up(&b, &cases[i].rule, 1);
        bench_check_fails(&b, cases[i].size, cases[i].status, cases[i].text);
        assert_int_equal(store_count(b.store, cases[i].kind), cases[i].count);
        assert_int_equal(store_count(b.store, STORE_ABORT), cases[i].aborts);
        bench_tear_down(&b);
    }
}

/* Other bytes than were sent: the text says what became of them, and only the owner's bucket is
 * touched. */
static void test_wrong_object(void **state)
{
    (void)state;
    static const rule rules[] = {
        {STORE_PUT, 1, 9, ANY, {.etag = "00000000000000000000000000000000"}, false},
        {STORE_DELETE, 1, 9, ANY, REPLY(403, "AccessDenied"), false},
    };
    for (size_t count = 1; count <= COUNT_OF(rules); count++) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        bench_set_up(&b, rules, count);
        b.transfer.bucket_owner = "123456789012";
        assert_failed(bench_upload(&b, PART, &result, &diag), HYDRA_ERR_VERIFY, &diag,
                      count == 1 ? "the object was deleted"
                                 : "could not be deleted and is still there");
        char *owner = store_header(b.store, STORE_DELETE, "x-amz-expected-bucket-owner");
        assert_string_equal(owner, "123456789012");
        free(owner);
        assert_int_equal(bench_has_object(&b), count == 2);
        bench_tear_down(&b);
    }
}

/* A part that fails for good makes the next write fail. */
static void test_write_fails(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_PART, 1, 99, ANY, REPLY(403, "AccessDenied"), false}};
    bench b;
    hy_sink *sink = NULL;
    hy_diag diag = {0};
    bench_set_up(&b, rules, COUNT_OF(rules));
    const hy_s3_sink_options options = bench_options_of(&b);
    assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
    assert_failed(bench_write_video(sink, 0, 100 * PART, &diag), HYDRA_ERR_PERMISSION, &diag,
                  "AccessDenied");
    sink->ops->abort(sink);
    sink->ops->close(sink);
    assert_int_equal(store_count(b.store, STORE_ABORT), 1);
    bench_tear_down(&b);
}

/* If the server cannot be told, the caller is; so a conflict is not tried again then. */
static void test_leftover(void **state)
{
    (void)state;
    static const struct {
        store_plan plan;
        hydra_status status;
    } cases[] = {{REPLY(403, "AccessDenied"), HYDRA_ERR_PERMISSION},
                 {REPLY(409, "ConditionalRequestConflict"), HYDRA_ERR_SERVER}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const rule rules[] = {{STORE_COMPLETE, 1, 1, ANY, cases[i].plan, false},
                              {STORE_ABORT, 1, 1, ANY, REPLY(403, "AccessDenied"), false}};
        bench b;
        hy_s3_upload_result result;
        hy_diag diag;
        bench_set_up(&b, rules, COUNT_OF(rules));
        hydra_status status = bench_upload(&b, 5 * PART, &result, &diag);
        assert_failed(status, cases[i].status, &diag, "upload UP/1+x= could not be aborted");
        bench_tear_down_open(&b, 1);
    }
}

/* With keys of KMS an ETag is no MD5: an object of the same size and parts may be ours or not. */
static void test_opaque(void **state)
{
    (void)state;
    static const char kms[] = "x-amz-server-side-encryption: aws:kms\r\n";
    static const struct {
        int64_t size;
        const char *etag;
        const char *headers;
        hydra_status status;
        const char *text;
    } cases[] = {
        {5 * PART, "00112233445566778899aabbccddeeff-5", kms, HYDRA_ERR_SERVER,
         "the outcome is unknown"},
        {5 * PART, "00112233445566778899aabbccddeeff-4", kms, HYDRA_ERR_VERIFY,
         "is not the one that was sent"},
        {5 * PART, "00112233445566778899aabbccddeeff-5", NULL, HYDRA_ERR_VERIFY,
         "is not the one that was sent"},
        {PART, "00112233445566778899aabbccddeeff", kms, HYDRA_ERR_NETWORK,
         "the outcome is unknown"},
        {PART, "00112233445566778899aabbccddeeff", NULL, HYDRA_ERR_NETWORK, "broke off"},
    };
    for (size_t i = 0; i < 2 * COUNT_OF(cases); i++) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        const size_t at = i / 2;
        const rule rules[] = {
            {STORE_PUT, 1, 9, ANY, {.fault = STORE_LOSES}, false},
            {STORE_COMPLETE, 1, 1, ANY, {.fault = STORE_LOSES}, false},
            {STORE_HEAD, 1, 9, ANY, {.etag = cases[at].etag, .headers = cases[at].headers}, false},
        };
        bench_set_up(&b, rules, COUNT_OF(rules));
        b.s3->checksum = i % 2 == 0 ? HYDRA_CHECKSUM_AUTO : HYDRA_CHECKSUM_OFF;
        assert_failed(bench_upload(&b, cases[at].size, &result, &diag), cases[at].status, &diag,
                      cases[at].text);
        bench_tear_down(&b);
    }
}

/* All tries of the completion have one time together. */
static void test_endless_complete(void **state)
{
    (void)state;
    static const rule rules[] = {
        {STORE_COMPLETE,
         1,
         9,
         ANY,
         {.fault = STORE_REPLIES, .status = 500, .code = "InternalError", .delay_ms = 1100},
         false}};
    bench b;
    bench_set_up(&b, rules, COUNT_OF(rules));
    complete_us = 2000000;
    double start_s = hy_clock_s();
    bench_check_fails(&b, 5 * PART, HYDRA_ERR_NETWORK, "did not answer in time");
    assert_true(hy_clock_s() - start_s < 4.5); /* all five take longer */
    assert_int_equal(store_count(b.store, STORE_COMPLETE), 2);
    assert_int_equal(store_count(b.store, STORE_HEAD), 1);
    complete_us = 0;
    bench_tear_down(&b);
}

static void check_nothing_sent(const bench *b)
{
    assert_int_equal(store_count(b->store, STORE_PUT), 0);
    assert_int_equal(store_count(b->store, STORE_CREATE), 0);
}

static void check_still_old(const bench *b)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    assert_true(store_object(b->store, &data, &size));
    assert_int_equal(size, 3);
}

static void test_only_new(void **state)
{
    (void)state;
    for (int64_t size = PART; size <= 4 * PART; size += 3 * PART) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        bench_set_up(&b, NULL, 0);
        b.transfer.when_exists = HYDRA_EXISTS_FAIL;
        store_set_object(b.store, "old", 3);
        assert_failed(bench_upload(&b, size, &result, &diag), HYDRA_ERR_EXISTS, &diag,
                      "video.mp4: exists already");
        assert_int_equal(store_count(b.store, STORE_HEAD), 1);
        check_nothing_sent(&b);
        check_still_old(&b);
        bench_tear_down(&b);
    }
    /* Also when the transport makes it again on another connection. */
    static const rule lost[] = {{STORE_PUT, 1, 1, ANY, {.fault = STORE_LOSES}, false}};
    bench b;
    bench_set_up(&b, lost, 1);
    b.transfer.when_exists = HYDRA_EXISTS_FAIL;
    bench_check_works(&b, PART, 0, 1);
    bench_tear_down(&b);
}

/* Who may not look is told by the condition at the end; without an answer nothing is sent. */
static void test_only_new_unseen(void **state)
{
    (void)state;
    static const rule denied[] = {{STORE_HEAD, 1, 9, ANY, REPLY(403, NULL), false}};
    static const rule broken[] = {{STORE_HEAD, 1, 9, ANY, REPLY(429, NULL), false}};
    for (int64_t size = PART; size <= 4 * PART; size += 3 * PART) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        bench_set_up(&b, denied, 1);
        b.transfer.when_exists = HYDRA_EXISTS_FAIL;
        store_set_object(b.store, "old", 3);
        assert_failed(bench_upload(&b, size, &result, &diag), HYDRA_ERR_EXISTS, &diag,
                      "was to be kept");
        check_still_old(&b);
        bench_tear_down(&b);
        bench_set_up(&b, broken, 1);
        b.transfer.when_exists = HYDRA_EXISTS_FAIL;
        assert_failed(bench_upload(&b, size, &result, &diag), HYDRA_ERR_SERVER, &diag, "look");
        assert_int_equal(store_count(b.store, STORE_HEAD), 3);
        check_nothing_sent(&b);
        bench_tear_down(&b);
    }
}

/* A sink looks before it takes a byte. */
static void test_only_new_sink(void **state)
{
    (void)state;
    bench b;
    hy_sink *sink = NULL;
    hy_diag diag = {0};
    bench_set_up(&b, NULL, 0);
    b.transfer.when_exists = HYDRA_EXISTS_FAIL;
    store_set_object(b.store, "old", 3);
    const hy_s3_sink_options options = bench_options_of(&b);
    assert_failed(hy_s3_sink_new(b.s3, &options, &sink, &diag), HYDRA_ERR_EXISTS, &diag,
                  "exists already");
    assert_null(sink);
    bench_tear_down(&b);
}

/* ---- The source ---- */

/* Reads of what begins at `at`. */
typedef struct unsteady {
    int64_t at;
    int good; /* of them that give what is right */
    atomic_int count;
} unsteady;

static hydra_status read_unsteady(void *user, int64_t offset, void *data, size_t size,
                                  hy_diag *diag)
{
    unsteady *source = user;
    hydra_status status = store_read_pattern(NULL, offset, data, size, diag);
    if (offset == source->at && atomic_fetch_add(&source->count, 1) >= source->good) {
        ((uint8_t *)data)[0] ^= 1;
    }
    return status;
}

/* Bytes that are read for their checksums, and are others when they are sent: never "done". */
static void test_source_changes(void **state)
{
    (void)state;
    for (int aws = 0; aws < 2; aws++) {
        for (int64_t size = PART; size <= 4 * PART; size += 3 * PART) {
            bench b;
            hy_s3_upload_result result = {0};
            hy_diag diag = {0};
            unsteady source = {.at = size > PART ? PART : 0, .good = 2}; /* MD5 or CRC, SHA-256 */
            bench_set_up(&b, NULL, 0);
            bench_is_aws = aws != 0;
            const hy_s3_sink_options options = bench_options_of(&b);
            assert_failed(
                hy_s3_upload(b.s3, &options, read_unsteady, &source, size, &result, &diag),
                HYDRA_ERR_VERIFY, &diag, "BadDigest");
            assert_true(atomic_load(&source.count) >= 4); /* it is sent twice */
            assert_false(bench_has_object(&b));
            bench_tear_down(&b);
        }
    }
}

typedef struct cancelling {
    hy_cancel *cancel;
    atomic_int reads;
} cancelling;

static hydra_status read_and_cancel(void *user, int64_t offset, void *data, size_t size,
                                    hy_diag *diag)
{
    cancelling *source = user;
    (void)atomic_fetch_add(&source->reads, 1);
    hy_cancel_request(source->cancel);
    return store_read_pattern(NULL, offset, data, size, diag);
}

/* A PUT and parts may be large: a cancel ends also the reading for their checksums. */
static void test_cancel_while_reading(void **state)
{
    (void)state;
    for (int64_t size = 32 * PART; size <= 64 * PART; size += 32 * PART) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag = {0};
        bench_set_up(&b, NULL, 0);
        b.transfer.part_bytes = 32 * PART;
        b.transfer.parallel = 1;
        cancelling source = {.cancel = &b.cancel};
        const hy_s3_sink_options options = bench_options_of(&b);
        assert_int_equal(
            hy_s3_upload(b.s3, &options, read_and_cancel, &source, size, &result, &diag),
            HYDRA_ERR_CANCELLED);
        assert_int_equal(atomic_load(&source.reads), 1);
        bench_tear_down(&b);
    }
}

/* ---- Cancel ---- */

/* Bounds from above are tried again: the machine may be busy. */
#define ATTEMPTS 5

typedef struct cancel_case {
    const char *name;
    rule rule;
    int64_t size;
    bool done; /* it was too late */
} cancel_case;

/* Seconds that it took. */
static double cancel_one(const cancel_case *c, bool unknown)
{
    bench b;
    hy_s3_upload_result result = {0};
    hy_diag diag;
    bench_set_up(&b, &c->rule, 1);
    double start_s = hy_clock_s();
    hydra_status status = bench_upload(&b, c->size, &result, &diag);
    double took_s = hy_clock_s() - start_s;
    assert_int_equal(store_open_uploads(b.store), 0);
    if (c->done) {
        assert_ok(status, &diag);
        bench_check_object(&b, c->size);
    } else {
        assert_failed(status, HYDRA_ERR_CANCELLED, &diag, "cancelled");
        assert_int_equal(strstr(diag.text, "may stay in the bucket") != NULL, unknown);
    }
    hy_s3_upload_result_free(&result);
    bench_tear_down(&b);
    return took_s;
}

static void test_cancel_everywhere(void **state)
{
    (void)state;
    static const cancel_case cases[] = {
        {"put", {STORE_PUT, 1, 1, ANY, {.delay_ms = 300}, true}, PART, true},
        {"put that is lost", {STORE_PUT, 1, 1, ANY, {.fault = STORE_LOSES}, true}, PART, true},
        {"create", {STORE_CREATE, 1, 1, ANY, {.delay_ms = 100}, true}, 9 * PART, false},
        {"create that hangs",
         {STORE_CREATE, 1, 1, ANY, {.fault = STORE_RESETS, .delay_ms = 2000}, true},
         9 * PART,
         false},
        {"create refused",
         {STORE_CREATE, 1, 9, ANY, REPLY(500, "InternalError"), true},
         9 * PART,
         false},
        {"first part", {STORE_PART, 1, 1, ANY, {.delay_ms = 300}, true}, 9 * PART, false},
        {"fourth part", {STORE_PART, 4, 4, ANY, {.delay_ms = 300}, true}, 9 * PART, false},
        {"part that is tried again",
         {STORE_PART, 1, 9, 2, REPLY(500, "InternalError"), true},
         9 * PART,
         false},
        {"part that is lost",
         {STORE_PART, 1, 9, 3, {.fault = STORE_RESETS}, true},
         9 * PART,
         false},
        {"throttled part",
         {STORE_PART,
          1,
          9,
          3,
          {.fault = STORE_REPLIES,
           .status = 503,
           .code = "SlowDown",
           .headers = "Retry-After: 30\r\n"},
          true},
         9 * PART,
         false},
        {"last part", {STORE_PART, 9, 9, ANY, {.delay_ms = 300}, true}, 9 * PART, false},
        {"completion", {STORE_COMPLETE, 1, 1, ANY, {.delay_ms = 300}, true}, 9 * PART, true},
        {"completion that is lost",
         {STORE_COMPLETE, 1, 1, ANY, {.fault = STORE_LOSES}, true},
         9 * PART,
         true},
        {"completion that fails",
         {STORE_COMPLETE, 1, 9, ANY, REPLY(403, "AccessDenied"), true},
         9 * PART,
         false},
        {"completion that hangs",
         {STORE_COMPLETE, 1, 1, ANY, {.fault = STORE_RESETS, .delay_ms = 4500}, true},
         9 * PART,
         false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool hangs = strcmp(cases[i].name, "completion that hangs") == 0;
        bool unknown = strcmp(cases[i].name, "create that hangs") == 0;
        double most_s = hangs ? 5.0 : unknown ? 1.0 : 1.5;
        double took_s = INFINITY;
        for (int attempt = 0; attempt < ATTEMPTS && took_s >= most_s; attempt++) {
            took_s = cancel_one(&cases[i], unknown);
            print_message("%s: %.3f s\n", cases[i].name, took_s);
        }
        assert_true(took_s < most_s);
    }
}

static void test_deadline(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_PART, 1, 99, ANY, {.delay_ms = 200}, false}};
    bench b;
    bench_set_up(&b, rules, COUNT_OF(rules));
    b.transfer.deadline_us = 1000000; /* all parts take two seconds */
    bench_check_fails(&b, 40 * PART, HYDRA_ERR_DEADLINE, "deadline");
    assert_int_equal(store_count(b.store, STORE_ABORT), 1);
    bench_tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_made_good),  cmocka_unit_test(test_lost_complete_differs),
        cmocka_unit_test(test_lost_put),          cmocka_unit_test(test_failed_put),
        cmocka_unit_test(test_throttle),          cmocka_unit_test(test_final_faults),
        cmocka_unit_test(test_wrong_object),      cmocka_unit_test(test_write_fails),
        cmocka_unit_test(test_leftover),          cmocka_unit_test(test_opaque),
        cmocka_unit_test(test_endless_complete),  cmocka_unit_test(test_only_new),
        cmocka_unit_test(test_only_new_unseen),   cmocka_unit_test(test_only_new_sink),
        cmocka_unit_test(test_source_changes),    cmocka_unit_test(test_cancel_while_reading),
        cmocka_unit_test(test_cancel_everywhere), cmocka_unit_test(test_deadline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
