/* SPDX-License-Identifier: MIT */
/* What the tests of uploads share. */
#include "bench.h"

#include <string.h>

/* ---- The client, as the tests want it ---- */

/* What stands for AWS here, so that its checksums are used. */
bool bench_is_aws;
bool __real_hy_s3_is_custom(const hy_s3 *s3);
bool __wrap_hy_s3_is_custom(const hy_s3 *s3);
bool __wrap_hy_s3_is_custom(const hy_s3 *s3)
{
    return !bench_is_aws && __real_hy_s3_is_custom(s3);
}

atomic_int bench_rejected;
void __wrap_hy_credentials_reject(hy_credentials *credentials, const hy_s3_keys *stale);
void __wrap_hy_credentials_reject(hy_credentials *credentials, const hy_s3_keys *stale)
{
    (void)credentials;
    assert_string_equal(stale->access_key, "AKIDEXAMPLE");
    (void)atomic_fetch_add(&bench_rejected, 1);
}

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

void bench_set_up(bench *b, const rule *rules, size_t count)
{
    hy_diag diag = {0};
    memset(b, 0, sizeof *b);
    b->rules = rules;
    b->rule_count = count;
    hy_cancel_init(&b->cancel, 0);
    b->store = store_new(follow_rules, b);
    assert_ok(store_connect(store_url(b->store), &b->http, &b->s3, &diag), &diag);
    hy_s3_transfer_defaults(&b->transfer);
    b->transfer.part_bytes = PART;
    b->transfer.threshold_bytes = THRESHOLD;
    atomic_store(&bench_rejected, 0);
}

void bench_tear_down_open(bench *b, int uploads)
{
    hy_s3_free(b->s3);
    hy_http_free(b->http);
    assert_int_equal(store_open_uploads(b->store), uploads);
    store_free(b->store);
    bench_is_aws = false;
}

void bench_tear_down(bench *b)
{
    bench_tear_down_open(b, 0);
}

static void note_sent(void *user, int64_t bytes, int64_t total)
{
    bench *b = user;
    int64_t known = atomic_load(&b->total);
    assert_true(known > 0 ? total == known : total == -1 || bytes <= total);
    assert_true(bytes >= atomic_load(&b->sent));
    atomic_store(&b->sent, bytes);
}

hy_s3_sink_options bench_options_of(bench *b)
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

hydra_status bench_upload(bench *b, int64_t size, hy_s3_upload_result *result, hy_diag *diag)
{
    const hy_s3_sink_options options = bench_options_of(b);
    *diag = (hy_diag){0};
    atomic_store(&b->total, size);
    return hy_s3_upload(b->s3, &options, store_read_pattern, NULL, size, result, diag);
}

void bench_check_object(bench *b, int64_t expected)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    assert_true(store_object(b->store, &data, &size));
    assert_int_equal(size, expected);
    assert_true(store_is_pattern(data, size));
}

bool bench_has_object(bench *b)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    return store_object(b->store, &data, &size);
}

/* An upload of `size` bytes that succeeds in spite of the rules. */
void bench_check_works(bench *b, int64_t size, int32_t parts, int32_t retries)
{
    hy_s3_upload_result result = {0};
    hy_diag diag;
    assert_ok(bench_upload(b, size, &result, &diag), &diag);
    bench_check_object(b, size);
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
void bench_check_fails(bench *b, int64_t size, hydra_status expected, const char *part)
{
    hy_s3_upload_result result = {0};
    hy_diag diag;
    assert_failed(bench_upload(b, size, &result, &diag), expected, &diag, part);
    assert_null(result.etag);
    assert_false(bench_has_object(b));
    assert_null(strstr(diag.text, "secretEXAMPLE"));
}

/* As the muxer does: media behind `head` bytes, then the head. */
hydra_status bench_write_video(hy_sink *sink, int64_t head, int64_t size, hy_diag *diag)
{
    uint8_t piece[10000];
    hydra_status status = HYDRA_OK;
    for (int64_t at = head; status == HYDRA_OK && at < size;) {
        int64_t count = size - at < (int64_t)sizeof piece ? size - at : (int64_t)sizeof piece;
        (void)store_read_pattern(NULL, at, piece, (size_t)count, diag);
        status = sink->ops->write(sink, at, piece, (size_t)count, diag);
        at += count;
    }
    for (int64_t at = 0; status == HYDRA_OK && at < head;) {
        int64_t count = head - at < 777 ? head - at : 777;
        (void)store_read_pattern(NULL, at, piece, (size_t)count, diag);
        status = sink->ops->write(sink, at, piece, (size_t)count, diag);
        at += count;
    }
    return status;
}
