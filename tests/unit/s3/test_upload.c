/* SPDX-License-Identifier: MIT */
/* Uploads that go well: sizes, the head last, memory, headers. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hydra/render.h>

#include "bench.h"

/* What stands for TLS here. */
static bool looks_like_tls;
bool __real_hy_s3_is_tls(const hy_s3_address *address);
bool __wrap_hy_s3_is_tls(const hy_s3_address *address);
bool __wrap_hy_s3_is_tls(const hy_s3_address *address)
{
    return looks_like_tls || __real_hy_s3_is_tls(address);
}

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
            bench_set_up(&b, NULL, 0);
            bench_is_aws = aws != 0;
            bench_check_works(&b, cases[i].size, cases[i].parts, 0);
            assert_int_equal(store_count(b.store, STORE_CREATE), cases[i].parts > 0);
            assert_int_equal(store_count(b.store, STORE_PART), cases[i].parts);
            assert_int_equal(store_count(b.store, STORE_PUT), cases[i].parts == 0);
            bench_tear_down(&b);
        }
    }
}

static void test_checksum_text(void **state)
{
    (void)state;
    bench b;
    hy_s3_upload_result result = {0};
    hy_diag diag;
    bench_set_up(&b, NULL, 0);
    bench_is_aws = true;
    assert_ok(bench_upload(&b, 3 * PART + 1, &result, &diag), &diag);
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
    bench_tear_down(&b);
}

/* Without checksums nothing is called verified. */
static void test_unverified(void **state)
{
    (void)state;
    for (int64_t size = PART; size <= 4 * PART; size += 3 * PART) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        bench_set_up(&b, NULL, 0);
        b.s3->checksum = HYDRA_CHECKSUM_OFF;
        assert_ok(bench_upload(&b, size, &result, &diag), &diag);
        assert_false(result.verified);
        bench_check_object(&b, size);
        hy_s3_upload_result_free(&result);
        bench_tear_down(&b);
    }
}

/* A completion whose reply has no ETag: HEAD has it. */
static void test_silent_complete(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_COMPLETE, 1, 1, ANY, {.etag = ""}, false}};
    bench b;
    hy_s3_upload_result result = {0};
    hy_diag diag;
    bench_set_up(&b, rules, 1);
    assert_ok(bench_upload(&b, 4 * PART, &result, &diag), &diag);
    assert_true(result.verified);
    assert_int_equal(strlen(result.etag), 36); /* "MD5-4" with its quotes */
    assert_int_equal(store_count(b.store, STORE_HEAD), 1);
    hy_s3_upload_result_free(&result);
    bench_tear_down(&b);
}

/* With "required" the server has to ask; then it is sent with all that follows. */
static void test_required_checksum(void **state)
{
    (void)state;
    static const rule rules[] = {
        {STORE_PUT, 1, 1, ANY, REPLY(400, "MissingContentMD5"), false},
        {STORE_PART, 1, 1, ANY, REPLY(400, "MissingContentMD5"), false},
    };
    for (int64_t size = PART / 2; size <= 4 * PART; size += 3 * PART) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        store_kind kind = size < PART ? STORE_PUT : STORE_PART;
        bench_set_up(&b, rules, COUNT_OF(rules));
        b.s3->checksum = HYDRA_CHECKSUM_REQUIRED;
        b.transfer.parallel = 1;
        assert_ok(bench_upload(&b, size, &result, &diag), &diag);
        bench_check_object(&b, size);
        assert_int_equal(store_count(b.store, kind), kind == STORE_PUT ? 2 : 5);
        char *sent = store_header(b.store, kind, "content-md5");
        assert_non_null(sent);
        free(sent);
        hy_s3_upload_result_free(&result);
        bench_tear_down(&b);
    }
}

/* Nothing is sent unasked, and with "off" never. */
static void test_checksum_off(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_PUT, 1, 9, ANY, REPLY(400, "MissingContentMD5"), false}};
    bench b;
    hy_s3_upload_result result = {0};
    hy_diag diag;
    bench_set_up(&b, rules, COUNT_OF(rules));
    b.s3->checksum = HYDRA_CHECKSUM_OFF;
    assert_failed(bench_upload(&b, PART, &result, &diag), HYDRA_ERR_SERVER, &diag,
                  "MissingContentMD5");
    assert_int_equal(store_count(b.store, STORE_PUT), 1);
    bench_tear_down(&b);
    bench_set_up(&b, NULL, 0);
    b.s3->checksum = HYDRA_CHECKSUM_REQUIRED;
    assert_ok(bench_upload(&b, PART, &result, &diag), &diag);
    assert_null(store_header(b.store, STORE_PUT, "content-md5"));
    hy_s3_upload_result_free(&result);
    bench_tear_down(&b);
}

/* ---- A sink: the head last ---- */

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
        bench_set_up(&b, NULL, 0);
        hy_s3_sink_options options = bench_options_of(&b);
        options.head_bytes = head;
        assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
        assert_false(sink->in_order);
        assert_null(sink->ops->read);
        assert_string_equal(sink->name, "s3://my-bucket/a b/video.mp4");
        assert_ok(bench_write_video(sink, head, size, &diag), &diag);
        /* What is left is the head and less than a part. */
        int64_t kept = (head + PART - 1) / PART;
        if (size >= THRESHOLD) {
            int64_t left = store_count(b.store, STORE_PART);
            for (int tries = 0; left < size / PART - kept && tries < 3000; tries++) {
                const struct timespec pause = {0, 20000000};
                (void)nanosleep(&pause, NULL);
                left = store_count(b.store, STORE_PART);
            }
            assert_true(left >= size / PART - kept);
        }
        assert_false(bench_has_object(&b));
        assert_ok(sink->ops->commit(sink, &diag), &diag);
        bench_check_object(&b, size);
        assert_int_equal(sink->ops->write(sink, 0, "x", 1, &diag), HYDRA_ERR_INTERNAL);
        sink->ops->abort(sink);
        sink->ops->close(sink);
        bench_check_object(&b, size);
        bench_tear_down(&b);
    }
}

/* Nothing was written yet; closed without a word. */
static void test_abandoned(void **state)
{
    (void)state;
    for (int64_t size = 0; size <= 9 * PART; size += 9 * PART) {
        bench b;
        hy_sink *sink = NULL;
        hy_diag diag = {0};
        bench_set_up(&b, NULL, 0);
        const hy_s3_sink_options options = bench_options_of(&b);
        assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
        assert_ok(bench_write_video(sink, 0, size, &diag), &diag);
        sink->ops->close(sink);
        assert_false(bench_has_object(&b));
        bench_tear_down(&b);
    }
}

/* ---- Begun anew ---- */

/* What is there in the end is what was written last, and nothing else. */
static void check_restarted(const rule *rules, size_t count, int64_t before, int64_t after,
                            int aborted)
{
    bench b;
    hy_sink *sink = NULL;
    hy_diag diag = {0};
    hy_s3_upload_result result = {0};
    const int64_t head = PART / 2;
    bench_set_up(&b, rules, count);
    const hy_s3_sink_options options = bench_options_of(&b);
    assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
    assert_ok(sink->ops->restart(sink, &diag), &diag);
    assert_ok(sink->ops->reserve(sink, 2 * PART, &diag), &diag);
    (void)bench_write_video(sink, 2 * PART, before, &diag); /* it may fail */
    int64_t sent = atomic_load(&b.sent);
    diag = (hy_diag){0};
    assert_ok(sink->ops->restart(sink, &diag), &diag);
    assert_int_equal(store_count(b.store, STORE_ABORT), aborted);
    assert_int_equal(store_open_uploads(b.store), 0);
    assert_null(hy_s3_sink_leftover(sink));
    assert_ok(sink->ops->reserve(sink, head, &diag), &diag);
    assert_ok(bench_write_video(sink, head, after, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    assert_int_equal(sink->ops->restart(sink, &diag), HYDRA_ERR_INTERNAL);
    bench_check_object(&b, after);
    hy_s3_sink_result(sink, &result);
    assert_int_equal(result.bytes, after);
    assert_int_equal(result.parts, after >= THRESHOLD ? (after + PART - 1) / PART : 0);
    assert_true(result.verified);
    /* Those that left before count, too. */
    assert_true(atomic_load(&b.sent) >= sent + after);
    hy_s3_upload_result_free(&result);
    sink->ops->close(sink);
    bench_tear_down(&b);
}

static void test_restart(void **state)
{
    (void)state;
    static const rule bad_part[] = {{STORE_PART, 1, 1, 3, REPLY(403, "AccessDenied"), false}};
    check_restarted(NULL, 0, 2 * PART + 10, 40000, 0); /* nothing has left */
    check_restarted(NULL, 0, 12 * PART, 40000, 1);
    check_restarted(NULL, 0, 2 * PART + 10, 9 * PART + 5, 0);
    check_restarted(NULL, 0, 12 * PART, 9 * PART + 5, 1);
    check_restarted(NULL, 0, 9 * PART, 20 * PART, 1);
    check_restarted(bad_part, 1, 20 * PART, 9 * PART, 1); /* the upload had failed */
}

/* The old upload cannot be aborted: that is said, also when all ends well, and of each. */
static void test_restart_leaves_parts(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_ABORT, 1, 99, ANY, REPLY(403, "AccessDenied"), false}};
    bench b;
    hy_sink *sink = NULL;
    hy_diag diag = {0};
    bench_set_up(&b, rules, 1);
    const hy_s3_sink_options options = bench_options_of(&b);
    assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
    for (int i = 0; i < 2; i++) {
        assert_ok(bench_write_video(sink, 0, 12 * PART, &diag), &diag);
        assert_ok(sink->ops->restart(sink, &diag), &diag);
    }
    const char *note = hy_s3_sink_leftover(sink);
    const char *first = strstr(note, "could not be aborted; ");
    assert_non_null(first);
    assert_non_null(strstr(first + 1, "could not be aborted"));
    assert_ok(bench_write_video(sink, 0, 1000, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    bench_check_object(&b, 1000);
    sink->ops->close(sink);
    bench_tear_down_open(&b, 1);
}

/* The deadline is still that of the transfer, and a cancelled job does not begin anew. */
static void test_restart_within_the_deadline(void **state)
{
    (void)state;
    bench b;
    hy_sink *sink = NULL;
    hy_diag diag = {0};
    const struct timespec pause = {0, 350000000};
    bench_set_up(&b, NULL, 0);
    b.transfer.deadline_us = 300000;
    const hy_s3_sink_options options = bench_options_of(&b);
    assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
    assert_ok(sink->ops->restart(sink, &diag), &diag);
    (void)nanosleep(&pause, NULL);
    assert_int_equal(bench_write_video(sink, 0, 1000, &diag), HYDRA_ERR_DEADLINE);
    sink->ops->close(sink);
    b.transfer.deadline_us = 0;
    diag = (hy_diag){0};
    assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
    hy_cancel_request(&b.cancel);
    assert_ok(sink->ops->restart(sink, &diag), &diag);
    assert_int_equal(bench_write_video(sink, 0, 1000, &diag), HYDRA_ERR_CANCELLED);
    sink->ops->close(sink);
    bench_tear_down(&b);
}

static void test_wrong_offsets(void **state)
{
    (void)state;
    bench b;
    hy_sink *sink = NULL;
    hy_diag diag = {0};
    uint8_t byte = 0;
    bench_set_up(&b, NULL, 0);
    hy_s3_sink_options options = bench_options_of(&b);
    options.head_bytes = 100;
    assert_ok(hy_s3_sink_new(b.s3, &options, &sink, &diag), &diag);
    assert_failed(sink->ops->write(sink, PART + 1, &byte, 1, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "comes after byte 0");
    diag = (hy_diag){0};
    assert_ok(bench_write_video(sink, 100, 4 * PART, &diag), &diag);
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
    assert_false(bench_has_object(&b));
    bench_tear_down(&b);
}

/* A server that takes its time: the writer waits, memory stays what was promised. */
static void test_slow_server(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_PART, 1, 1000, ANY, {.delay_ms = 60}, false}};
    bench b;
    bench_set_up(&b, rules, COUNT_OF(rules));
    b.transfer.parallel = 2;
    bench_check_works(&b, 12 * PART, 12, 0);
    assert_int_equal(store_most_parts(b.store), 2);
    const hy_s3_sink_options options = bench_options_of(&b);
    assert_int_equal(hy_s3_sink_memory(&options), 3 * PART);
    bench_tear_down(&b);
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

static hydra_status read_nothing(void *user, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    (void)user;
    (void)offset;
    (void)data;
    (void)size;
    (void)diag;
    fail_msg("bytes are read");
    return HYDRA_ERR_INTERNAL;
}

/* Up to 48.8 TiB the parts are few enough and none is too large; the memory is a few of them. */
static void test_plans_of_all_sizes(void **state)
{
    (void)state;
    const int64_t mib = (int64_t)1 << 20;
    const int64_t most = 10000 * (5120 * mib);
    int64_t before = 0;
    for (int64_t size = 1; size <= most;
         size = size < most && size + size / 7 + 1 > most ? most : size + size / 7 + 1) {
        for (int64_t near = size - 1; near <= size + 1 && near <= most; near++) {
            const hy_s3_sink_options options = {.expected_bytes = near};
            int64_t part_bytes = hy_s3_sink_memory(&options) / 5;
            assert_true(part_bytes >= 8 * mib && part_bytes <= 5120 * mib);
            assert_int_equal(part_bytes % mib, 0);
            assert_true((near + part_bytes - 1) / part_bytes <= 10000);
            assert_true(part_bytes >= before);
            before = part_bytes;
        }
    }
    assert_int_equal(before, 5120 * mib);
}

/* What does not fit is told before a byte is read or sent. */
static void test_too_large(void **state)
{
    (void)state;
    const int64_t mib = (int64_t)1 << 20;
    static const struct {
        int64_t part_bytes;
        int64_t part_mib;
        const char *text;
    } cases[] = {{0, 5120, "10000 parts of 5368709120"},
                 {5 << 20, 5, "10000 parts of 5242880: transfer.part_bytes is too small"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bench b;
        bench_set_up(&b, NULL, 0);
        hydra_transfer_options transfer;
        hy_s3_transfer_defaults(&transfer);
        transfer.part_bytes = cases[i].part_bytes;
        const hy_s3_sink_options options = {
            .bucket = "bucket", .key = "key", .transfer = &transfer};
        hy_s3_upload_result result;
        hy_diag diag = {0};
        assert_failed(hy_s3_upload(b.s3, &options, read_nothing, NULL,
                                   10000 * cases[i].part_mib * mib + 1, &result, &diag),
                      HYDRA_ERR_LIMIT, &diag, cases[i].text);
        bench_tear_down(&b);
    }
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
        bench_set_up(&b, NULL, 0);
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
        bench_check_works(&b, size, size > PART ? 4 : 0, 0);
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
        bench_tear_down(&b);
    }
}

static void test_customer_key_needs_tls(void **state)
{
    (void)state;
    static const uint8_t key[32] = {1};
    bench b;
    bench_set_up(&b, NULL, 0);
    b.transfer.sse = HYDRA_SSE_CUSTOMER;
    b.transfer.sse_customer_key = key;
    bench_check_fails(&b, PART, HYDRA_ERR_ARGUMENT, "https");
    assert_int_equal(store_count(b.store, STORE_PUT), 0);
    bench_tear_down(&b);
}

static bool header_is(const bench *b, store_kind kind, const char *name, const char *value)
{
    char *found = store_header(b->store, kind, name);
    bool same = found && strcmp(found, value) == 0;
    free(found);
    return same;
}

/* Each call for the object needs it, but for its deletion. */
static void test_customer_key_goes_with_each_call(void **state)
{
    (void)state;
    static const store_kind kinds[] = {STORE_CREATE, STORE_PART, STORE_COMPLETE, STORE_PUT,
                                       STORE_HEAD};
    static const uint8_t key[32] = "0123456789abcdef0123456789abcdef";
    const char *const headers[] = {
        "x-amz-server-side-encryption-customer-algorithm",
        "AES256",
        "x-amz-server-side-encryption-customer-key",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "x-amz-server-side-encryption-customer-key-md5",
        "hRasmdxgYDKV3nvbahU1MA==",
    };
    for (int64_t size = PART; size <= 3 * PART; size += 2 * PART) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        bench_set_up(&b, NULL, 0);
        looks_like_tls = true;
        b.transfer.sse = HYDRA_SSE_CUSTOMER;
        b.transfer.sse_customer_key = key;
        b.transfer.when_exists = HYDRA_EXISTS_FAIL;
        assert_ok(bench_upload(&b, size, &result, &diag), &diag);
        for (size_t i = 0; i < COUNT_OF(kinds); i++) {
            for (size_t j = 0; store_count(b.store, kinds[i]) > 0 && j < COUNT_OF(headers);
                 j += 2) {
                assert_true(header_is(&b, kinds[i], headers[j], headers[j + 1]));
            }
        }
        hy_s3_upload_result_free(&result);
        looks_like_tls = false;
        bench_tear_down(&b);
    }
}

/* Of a completion the checksum is that of the object. */
static void test_a_body_without_checksum_is_signed(void **state)
{
    (void)state;
    static const struct {
        store_kind kind;
        bool is_signed;
    } cases[] = {
        {STORE_PUT, false}, {STORE_PART, false}, {STORE_CREATE, true}, {STORE_COMPLETE, true}};
    for (int aws = 0; aws < 2; aws++) {
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            bench b;
            hy_s3_upload_result result = {0};
            hy_diag diag;
            bench_set_up(&b, NULL, 0);
            bench_is_aws = aws != 0;
            looks_like_tls = true;
            int64_t size = cases[i].kind == STORE_PUT ? PART : 3 * PART;
            assert_ok(bench_upload(&b, size, &result, &diag), &diag);
            assert_int_equal(
                header_is(&b, cases[i].kind, "x-amz-content-sha256", "UNSIGNED-PAYLOAD"),
                !cases[i].is_signed);
            hy_s3_upload_result_free(&result);
            looks_like_tls = false;
            bench_tear_down(&b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_checksum_text),
        cmocka_unit_test(test_unverified),
        cmocka_unit_test(test_silent_complete),
        cmocka_unit_test(test_required_checksum),
        cmocka_unit_test(test_checksum_off),
        cmocka_unit_test(test_head_last),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_restart),
        cmocka_unit_test(test_restart_leaves_parts),
        cmocka_unit_test(test_restart_within_the_deadline),
        cmocka_unit_test(test_wrong_offsets),
        cmocka_unit_test(test_slow_server),
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_plans_of_all_sizes),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_customer_key_needs_tls),
        cmocka_unit_test(test_customer_key_goes_with_each_call),
        cmocka_unit_test(test_a_body_without_checksum_is_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
