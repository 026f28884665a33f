/* SPDX-License-Identifier: MIT */
/* Uploads against a store on loopback that fails on demand: the object is there and right, or
 * nothing is. */
#include <stdlib.h>
#include <string.h>

#include <hydra/render.h>

#include "s3/s3_private.h"
#include "store.h"
#include "support.h"

#define PART      ((int64_t)64 << 10)
#define THRESHOLD (2 * PART)
#define ANY       0

/* ---- The client, as the tests want it ---- */

/* What stands for AWS here, so that its checksums are used. */
static bool is_aws;
bool __real_hy_s3_is_custom(const hy_s3 *s3);
bool __wrap_hy_s3_is_custom(const hy_s3 *s3);
bool __wrap_hy_s3_is_custom(const hy_s3 *s3)
{
    return !is_aws && __real_hy_s3_is_custom(s3);
}

static atomic_int rejected;
void __wrap_hy_credentials_reject(hy_credentials *credentials, const hy_s3_keys *stale);
void __wrap_hy_credentials_reject(hy_credentials *credentials, const hy_s3_keys *stale)
{
    (void)credentials;
    assert_string_equal(stale->access_key, "AKIDEXAMPLE");
    (void)atomic_fetch_add(&rejected, 1);
}

/* A fault of the store: requests `from`..`to` of a kind (ANY = of each part `part`). */
typedef struct rule {
    store_kind kind;
    int from, to;
    int part; /* ANY, or only this one */
    store_plan plan;
    bool cancels; /* the job is cancelled when the request arrives */
} rule;

typedef struct bench {
    store *store;
    hy_http *http;
    hy_s3 *s3;
    hydra_transfer_options transfer;
    const rule *rules;
    size_t rule_count;
    hy_cancel cancel;
    atomic_int seen[STORE_KINDS][8]; /* by part, 0 = any */
    atomic_llong sent;
} bench;

static void follow_rules(void *user, store_kind kind, int nth, int part, store_plan *plan)
{
    bench *b = user;
    int of_part = part > 0 && part < 8 ? atomic_fetch_add(&b->seen[kind][part], 1) + 1 : nth;
    for (size_t i = 0; i < b->rule_count; i++) {
        const rule *r = &b->rules[i];
        int count = r->part == ANY ? nth : of_part;
        bool applies = r->kind == kind && count >= r->from && count <= r->to &&
                       (r->part == ANY || r->part == part);
        if (applies) {
            *plan = r->plan;
            if (r->cancels) {
                hy_cancel_request(&b->cancel);
            }
        }
    }
}

static void set_up(bench *b, const rule *rules, size_t count)
{
    hydra_store_options options;
    hy_diag diag = {0};
    memset(b, 0, sizeof *b);
    b->rules = rules;
    b->rule_count = count;
    hy_cancel_init(&b->cancel, 0);
    b->store = store_new(follow_rules, b);
    hy_s3_store_defaults(&options);
    options.access_key = "AKIDEXAMPLE";
    options.secret_key = "wJalrXUtnFEMIsecretEXAMPLEKEY";
    options.region = "us-east-1";
    options.endpoint = store_url(b->store);
    const hy_http_options http = {.proxy = ""};
    assert_ok(hy_http_new(&http, &b->http, &diag), &diag);
    assert_ok(hy_s3_new(&options, b->http, &b->s3, &diag), &diag);
    hy_s3_transfer_defaults(&b->transfer);
    b->transfer.part_bytes = PART;
    b->transfer.threshold_bytes = THRESHOLD;
    atomic_store(&rejected, 0);
}

static void tear_down(bench *b)
{
    hy_s3_free(b->s3);
    hy_http_free(b->http);
    assert_int_equal(store_open_uploads(b->store), 0);
    store_free(b->store);
    is_aws = false;
}

static uint8_t pattern(int64_t at)
{
    return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

static hydra_status read_pattern(void *user, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    (void)user;
    (void)diag;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)data)[i] = pattern(offset + (int64_t)i);
    }
    return HYDRA_OK;
}

static void note_sent(void *user, int64_t bytes, int64_t total)
{
    bench *b = user;
    assert_true(total == -1 || bytes <= total);
    assert_true(bytes >= atomic_load(&b->sent));
    atomic_store(&b->sent, bytes);
}

static hy_s3_sink_options options_of(bench *b)
{
    return (hy_s3_sink_options){
        .bucket = "my-bucket",
        .key = "a b/video.mp4",
        .transfer = &b->transfer,
        .content_type = "video/mp4",
        .cancel = &b->cancel,
        .sent = note_sent,
        .user = b,
    };
}

static hydra_status upload(bench *b, int64_t size, hy_s3_upload_result *result, hy_diag *diag)
{
    const hy_s3_sink_options options = options_of(b);
    *diag = (hy_diag){0};
    return hy_s3_upload(b->s3, &options, read_pattern, NULL, size, result, diag);
}

static void check_object(bench *b, int64_t expected)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    assert_true(store_object(b->store, &data, &size));
    assert_int_equal(size, expected);
    for (size_t i = 0; i < size; i++) {
        if (data[i] != pattern((int64_t)i)) {
            fail_msg("byte %zu of %zu differs", i, size);
        }
    }
}

static bool has_object(bench *b)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    return store_object(b->store, &data, &size);
}

/* An upload of `size` bytes that succeeds in spite of the rules. */
static void check_works(bench *b, int64_t size, int32_t parts, int32_t retries)
{
    hy_s3_upload_result result = {0};
    hy_diag diag;
    assert_ok(upload(b, size, &result, &diag), &diag);
    check_object(b, size);
    assert_int_equal(result.bytes, size);
    assert_int_equal(result.parts, parts);
    /* A connection that was used before and breaks is replaced by the transport itself. */
    assert_true(result.retries == retries || (retries > 0 && result.retries == retries - 1));
    assert_true(result.verified);
    assert_int_equal(atomic_load(&b->sent), size);
    hy_s3_upload_result_free(&result);
    assert_null(result.etag);
}

/* One that fails and leaves nothing behind. */
static void check_fails(bench *b, int64_t size, hydra_status expected, const char *part)
{
    hy_s3_upload_result result = {0};
    hy_diag diag;
    assert_failed(upload(b, size, &result, &diag), expected, &diag, part);
    assert_null(result.etag);
    assert_false(has_object(b));
    assert_null(strstr(diag.text, "secretEXAMPLE"));
}

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- What goes well ---- */

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        int64_t size;
        int32_t parts;
    } cases[] = {{0, 0},
                 {1, 0},
                 {PART - 1, 0},
                 {PART, 0},
                 {THRESHOLD - 1, 0},
                 {THRESHOLD, 2},
                 {THRESHOLD + 1, 3},
                 {3 * PART + 1, 4},
                 {20 * PART, 20}};
    for (int aws = 0; aws < 2; aws++) {
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            bench b;
            set_up(&b, NULL, 0);
            is_aws = aws != 0;
            check_works(&b, cases[i].size, cases[i].parts, 0);
            assert_int_equal(store_count(b.store, STORE_CREATE), cases[i].parts > 0);
            assert_int_equal(store_count(b.store, STORE_PART), cases[i].parts);
            assert_int_equal(store_count(b.store, STORE_PUT), cases[i].parts == 0);
            tear_down(&b);
        }
    }
}

static void test_checksum_text(void **state)
{
    (void)state;
    bench b;
    hy_s3_upload_result result = {0};
    hy_diag diag;
    set_up(&b, NULL, 0);
    is_aws = true;
    assert_ok(upload(&b, 3 * PART + 1, &result, &diag), &diag);
    char *own = store_header(b.store, STORE_COMPLETE, "x-amz-checksum-crc64nvme");
    char *size = store_header(b.store, STORE_COMPLETE, "x-amz-mp-object-size");
    char *type = store_header(b.store, STORE_CREATE, "x-amz-checksum-type");
    assert_int_equal(strncmp(result.checksum, "crc64nvme:", 10), 0);
    assert_string_equal(result.checksum + 10, own);
    assert_string_equal(size, "196609");
    assert_string_equal(type, "FULL_OBJECT");
    free(own);
    free(size);
    free(type);
    hy_s3_upload_result_free(&result);
    tear_down(&b);
}

/* Without checksums nothing is called verified. */
static void test_unverified(void **state)
{
    (void)state;
    for (int64_t size = PART; size <= 4 * PART; size += 3 * PART) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        set_up(&b, NULL, 0);
        b.s3->checksum = HYDRA_CHECKSUM_OFF;
        assert_ok(upload(&b, size, &result, &diag), &diag);
        assert_false(result.verified);
        check_object(&b, size);
        hy_s3_upload_result_free(&result);
        tear_down(&b);
    }
}

/* ---- A sink: the head last ---- */

/* As the muxer does: media behind `head` bytes, then the head. */
static hydra_status write_video(hy_sink *sink, int64_t head, int64_t size, hy_diag *diag)
{
    uint8_t piece[10000];
    hydra_status status = HYDRA_OK;
    for (int64_t at = head; status == HYDRA_OK && at < size;) {
        int64_t count = size - at < (int64_t)sizeof piece ? size - at : (int64_t)sizeof piece;
        (void)read_pattern(NULL, at, piece, (size_t)count, diag);
        status = sink->ops->write(sink, at, piece, (size_t)count, diag);
        at += count;
    }
    for (int64_t at = 0; status == HYDRA_OK && at < head;) {
        int64_t count = head - at < 777 ? head - at : 777;
        (void)read_pattern(NULL, at, piece, (size_t)count, diag);
        status = sink->ops->write(sink, at, piece, (size_t)count, diag);
        at += count;
    }
    return status;
}

static void test_head_last(void **state)
{
    (void)state;
    static const int64_t heads[] = {1, 5000, PART, PART + 1, 3 * PART + 17};
    static const int64_t sizes[] = {6000, PART + 5, 3 * PART + 18, 17 * PART + 3};
    for (size_t i = 0; i < COUNT_OF(heads) * COUNT_OF(sizes); i++) {
        int64_t head = heads[i % COUNT_OF(heads)];
        int64_t size = sizes[i / COUNT_OF(heads)];
        if (size < head) {
            continue;
        }
        bench b;
        hy_sink *sink = NULL;
        hy_diag diag = {0};
        set_up(&b, NULL, 0);
        hy_s3_sink_options options = options_of(&b);
        options.head_bytes = head;
        assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
        assert_false(sink->in_order);
        assert_null(sink->ops->read);
        assert_string_equal(sink->name, "s3://my-bucket/a b/video.mp4");
        assert_ok(write_video(sink, head, size, &diag), &diag);
        /* What is left is the head and less than a part. */
        int64_t kept = (head + PART - 1) / PART;
        if (size >= THRESHOLD) {
            int64_t left = store_count(b.store, STORE_PART);
            for (int tries = 0; left < size / PART - kept && tries < 100; tries++) {
                const struct timespec pause = {0, 20000000};
                (void)nanosleep(&pause, NULL);
                left = store_count(b.store, STORE_PART);
            }
            assert_true(left >= size / PART - kept);
        }
        assert_false(has_object(&b));
        assert_ok(sink->ops->commit(sink, &diag), &diag);
        check_object(&b, size);
        assert_int_equal(sink->ops->write(sink, 0, "x", 1, &diag), HYDRA_ERR_INTERNAL);
        sink->ops->abort(sink);
        sink->ops->close(sink);
        check_object(&b, size);
        tear_down(&b);
    }
}

static void test_wrong_offsets(void **state)
{
    (void)state;
    bench b;
    hy_sink *sink = NULL;
    hy_diag diag = {0};
    uint8_t byte = 0;
    set_up(&b, NULL, 0);
    hy_s3_sink_options options = options_of(&b);
    options.head_bytes = 100;
    assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
    assert_failed(sink->ops->write(sink, PART + 1, &byte, 1, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "comes after byte 0");
    diag = (hy_diag){0};
    assert_ok(write_video(sink, 100, 4 * PART, &diag), &diag);
    assert_ok(sink->ops->write(sink, PART - 1, &byte, 1, &diag), &diag);
    assert_failed(sink->ops->write(sink, PART, &byte, 1, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "have left");
    diag = (hy_diag){0};
    assert_failed(sink->ops->write(sink, 10000 * PART - 1, &byte, 2, &diag), HYDRA_ERR_LIMIT, &diag,
                  "part_bytes");
    sink->ops->abort(sink);
    assert_null(hy_s3_sink_leftover(sink));
    assert_int_equal(store_open_uploads(b.store), 0);
    sink->ops->close(sink);
    assert_false(has_object(&b));
    tear_down(&b);
}

/* A server that takes its time: the writer waits, memory stays what was promised. */
static void test_slow_server(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_PART, 1, 1000, ANY, {.delay_ms = 60}, false}};
    bench b;
    set_up(&b, rules, COUNT_OF(rules));
    b.transfer.parallel = 2;
    check_works(&b, 12 * PART, 12, 0);
    assert_int_equal(store_most_parts(b.store), 2);
    const hy_s3_sink_options options = options_of(&b);
    assert_int_equal(hy_s3_sink_memory(&options), 3 * PART);
    tear_down(&b);
}

static void test_plans(void **state)
{
    (void)state;
    hydra_transfer_options transfer;
    hy_s3_transfer_defaults(&transfer);
    hy_s3_sink_options options = {.transfer = &transfer};
    const int64_t mib = (int64_t)1 << 20;
    assert_int_equal(hy_s3_sink_memory(&options), 5 * 8 * mib);
    options.head_bytes = 9 * mib;
    assert_int_equal(hy_s3_sink_memory(&options), 7 * 8 * mib);
    options.head_bytes = 0;
    options.expected_bytes = 10000 * (5120 * mib);
    assert_int_equal(hy_s3_sink_memory(&options), 5 * 5120 * mib);
}

/* ---- What is made good ---- */

#define REPLY(s, c)                                                                                \
    {                                                                                              \
        .fault = STORE_REPLIES, .status = (s), .code = (c)                                         \
    }

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
            set_up(&b, &cases[i].rule, 1);
            is_aws = aws != 0;
            check_works(&b, cases[i].size, cases[i].parts, cases[i].retries);
            assert_int_equal(store_count(b.store, cases[i].kind), cases[i].count);
            assert_int_equal(atomic_load(&rejected),
                             strcmp(cases[i].name, "part ExpiredToken") == 0);
            tear_down(&b);
        }
    }
}

/* The completion is done, its reply lost, and the upload is gone: HEAD shows another object. */
static void test_lost_complete_differs(void **state)
{
    (void)state;
    static const rule rules[] = {
        {STORE_COMPLETE, 1, 1, ANY, {.fault = STORE_RESETS}, false},
        {STORE_COMPLETE, 2, 9, ANY, REPLY(404, "NoSuchUpload"), false},
    };
    bench b;
    hy_s3_upload_result result;
    hy_diag diag;
    set_up(&b, rules, COUNT_OF(rules));
    store_set_object(b.store, "another", 7);
    assert_failed(upload(&b, 5 * PART, &result, &diag), HYDRA_ERR_NOT_FOUND, &diag, "NoSuchUpload");
    assert_int_equal(store_count(b.store, STORE_HEAD), 1);
    assert_int_equal(store_count(b.store, STORE_ABORT), 1);
    assert_true(has_object(&b));
    tear_down(&b);
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
    set_up(&b, rules, COUNT_OF(rules));
    double start_s = hy_clock_s();
    check_works(&b, 6 * PART, 6, 2);
    assert_true(hy_clock_s() - start_s >= 2.0);
    tear_down(&b);
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
        set_up(&b, &cases[i].rule, 1);
        check_fails(&b, cases[i].size, cases[i].status, cases[i].text);
        assert_int_equal(store_count(b.store, cases[i].kind), cases[i].count);
        assert_int_equal(store_count(b.store, STORE_ABORT), cases[i].aborts);
        tear_down(&b);
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
    set_up(&b, rules, COUNT_OF(rules));
    const hy_s3_sink_options options = options_of(&b);
    assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
    assert_failed(write_video(sink, 0, 100 * PART, &diag), HYDRA_ERR_PERMISSION, &diag,
                  "AccessDenied");
    sink->ops->abort(sink);
    sink->ops->close(sink);
    assert_int_equal(store_count(b.store, STORE_ABORT), 1);
    tear_down(&b);
}

/* If the server cannot be told, the caller is. */
static void test_leftover(void **state)
{
    (void)state;
    static const rule rules[] = {
        {STORE_COMPLETE, 1, 99, ANY, REPLY(403, "AccessDenied"), false},
        {STORE_ABORT, 1, 1, ANY, REPLY(403, "AccessDenied"), false},
    };
    bench b;
    hy_s3_upload_result result;
    hy_diag diag;
    set_up(&b, rules, COUNT_OF(rules));
    assert_failed(upload(&b, 5 * PART, &result, &diag), HYDRA_ERR_PERMISSION, &diag,
                  "upload UP/1+x= could not be aborted");
    assert_int_equal(store_open_uploads(b.store), 1);
    hy_s3_free(b.s3);
    hy_http_free(b.http);
    store_free(b.store);
}

static void test_only_new(void **state)
{
    (void)state;
    for (int64_t size = PART; size <= 4 * PART; size += 3 * PART) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        set_up(&b, NULL, 0);
        b.transfer.when_exists = HYDRA_EXISTS_FAIL;
        store_set_object(b.store, "old", 3);
        assert_int_equal(upload(&b, size, &result, &diag), HYDRA_ERR_EXISTS);
        const uint8_t *data = NULL;
        size_t left = 0;
        assert_true(store_object(b.store, &data, &left));
        assert_int_equal(left, 3);
        tear_down(&b);
    }
    static const rule lost[] = {{STORE_PUT, 1, 1, ANY, {.fault = STORE_LOSES}, false}};
    bench b;
    set_up(&b, lost, 1);
    b.transfer.when_exists = HYDRA_EXISTS_FAIL;
    check_works(&b, PART, 0, 1);
    tear_down(&b);
}

static void test_headers(void **state)
{
    (void)state;
    static const hydra_pair metadata[] = {{"Job-Id", "17"}};
    static const hydra_pair tags[] = {{"team", "a&b"}, {"name", "\xc3\xa4 x"}};
    static const struct {
        const char *name, *value;
    } expected[] = {
        {"content-type", "video/mp4"},
        {"cache-control", "no-cache"},
        {"x-amz-acl", "public-read"},
        {"x-amz-storage-class", "STANDARD_IA"},
        {"x-amz-expected-bucket-owner", "123456789012"},
        {"x-amz-meta-job-id", "17"},
        {"x-amz-tagging", "team=a%26b&name=%C3%A4%20x"},
        {"x-amz-server-side-encryption", "aws:kms"},
        {"x-amz-server-side-encryption-aws-kms-key-id", "key-1"},
        {"x-amz-server-side-encryption-context", "e30="},
    };
    for (int64_t size = PART; size <= 4 * PART; size += 3 * PART) {
        bench b;
        set_up(&b, NULL, 0);
        b.transfer.cache_control = "no-cache";
        b.transfer.acl = "public-read";
        b.transfer.storage_class = "STANDARD_IA";
        b.transfer.bucket_owner = "123456789012";
        b.transfer.metadata = metadata;
        b.transfer.metadata_count = 1;
        b.transfer.tags = tags;
        b.transfer.tag_count = 2;
        b.transfer.sse = HYDRA_SSE_KMS;
        b.transfer.sse_key_id = "key-1";
        b.transfer.sse_context = "{}";
        check_works(&b, size, size > PART ? 4 : 0, 0);
        for (size_t i = 0; i < COUNT_OF(expected); i++) {
            char *value =
                store_header(b.store, size > PART ? STORE_CREATE : STORE_PUT, expected[i].name);
            assert_non_null(value);
            assert_string_equal(value, expected[i].value);
            free(value);
        }
        if (size > PART) {
            char *owner = store_header(b.store, STORE_PART, "x-amz-expected-bucket-owner");
            assert_non_null(owner);
            free(owner);
            assert_null(store_header(b.store, STORE_PART, "x-amz-acl"));
        }
        tear_down(&b);
    }
}

static void test_customer_key_needs_tls(void **state)
{
    (void)state;
    static const uint8_t key[32] = {1};
    bench b;
    set_up(&b, NULL, 0);
    b.transfer.sse = HYDRA_SSE_CUSTOMER;
    b.transfer.sse_customer_key = key;
    check_fails(&b, PART, HYDRA_ERR_ARGUMENT, "https");
    assert_int_equal(store_count(b.store, STORE_PUT), 0);
    tear_down(&b);
}

/* ---- Cancel ---- */

static void test_cancel_everywhere(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        rule rule;
        int64_t size;
        bool done; /* it was too late */
    } cases[] = {
        {"put", {STORE_PUT, 1, 1, ANY, {.delay_ms = 300}, true}, PART, false},
        {"create", {STORE_CREATE, 1, 1, ANY, {.delay_ms = 300}, true}, 9 * PART, false},
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
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        print_message("%s\n", cases[i].name);
        set_up(&b, &cases[i].rule, 1);
        double start_s = hy_clock_s();
        hydra_status status = upload(&b, cases[i].size, &result, &diag);
        double took_s = hy_clock_s() - start_s;
        bool hangs = strcmp(cases[i].name, "completion that hangs") == 0;
        assert_true(took_s < (hangs ? 5.0 : 1.5));
        assert_int_equal(store_open_uploads(b.store), 0);
        if (cases[i].done) {
            assert_ok(status, &diag);
            check_object(&b, cases[i].size);
        } else {
            assert_int_equal(status, HYDRA_ERR_CANCELLED);
        }
        hy_s3_upload_result_free(&result);
        tear_down(&b);
    }
}

static void test_deadline(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_PART, 1, 99, ANY, {.delay_ms = 200}, false}};
    bench b;
    set_up(&b, rules, COUNT_OF(rules));
    b.transfer.deadline_us = 300000;
    check_fails(&b, 40 * PART, HYDRA_ERR_DEADLINE, "deadline");
    assert_int_equal(store_count(b.store, STORE_ABORT), 1);
    tear_down(&b);
}

/* Nothing was written yet; closed without a word. */
static void test_abandoned(void **state)
{
    (void)state;
    for (int64_t size = 0; size <= 9 * PART; size += 9 * PART) {
        bench b;
        hy_sink *sink = NULL;
        hy_diag diag = {0};
        set_up(&b, NULL, 0);
        const hy_s3_sink_options options = options_of(&b);
        assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
        assert_ok(write_video(sink, 0, size, &diag), &diag);
        sink->ops->close(sink);
        assert_false(has_object(&b));
        tear_down(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_checksum_text),
        cmocka_unit_test(test_unverified),
        cmocka_unit_test(test_head_last),
        cmocka_unit_test(test_wrong_offsets),
        cmocka_unit_test(test_slow_server),
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_faults_made_good),
        cmocka_unit_test(test_lost_complete_differs),
        cmocka_unit_test(test_throttle),
        cmocka_unit_test(test_final_faults),
        cmocka_unit_test(test_write_fails),
        cmocka_unit_test(test_leftover),
        cmocka_unit_test(test_only_new),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_customer_key_needs_tls),
        cmocka_unit_test(test_cancel_everywhere),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_abandoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
