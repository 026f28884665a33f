/* SPDX-License-Identifier: MIT */
/* What downloads are held against: each kind of checksum, and what cannot be compared. */
#include <string.h>

#include "s3/s3_private.h"
#include "support.h"

/* The check values of "123456789": those of the CRCs are in every catalogue. */
static const char text[] = "123456789";

typedef struct sample {
    const char *name;
    const char *value;
    hy_s3_proof_kind kind;
} sample;

static const sample samples[] = {
    {"ETag", "\"25f9e794323b453885f5181f1b624d0b\"", HY_S3_PROOF_MD5},
    {"ETag", "25F9E794323B453885F5181F1B624D0B", HY_S3_PROOF_MD5},
    {"x-amz-checksum-crc32", "y/Q5Jg==", HY_S3_PROOF_CRC32},
    {"x-amz-checksum-crc32c", "4waSgw==", HY_S3_PROOF_CRC32C},
    {"x-amz-checksum-crc64nvme", "rosUhgp5mIg=", HY_S3_PROOF_CRC64},
    {"x-amz-checksum-sha256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=", HY_S3_PROOF_SHA256},
};

static void add(hy_http_headers *headers, const char *name, const char *value)
{
    hy_diag diag = {0};
    assert_ok(hy_http_headers_add(headers, name, value, &diag), &diag);
}

/* Of `size` bytes of the text, in two pieces. */
static hy_s3_match match(const hy_http_headers *headers, size_t size, hy_s3_proof_kind kind)
{
    hy_s3_proof proof;
    hy_s3_match result;
    hy_diag diag = {0};
    assert_ok(hy_s3_proof_begin(&proof, headers, &diag), &diag);
    assert_int_equal(proof.kind, kind);
    assert_true(strlen(hy_s3_proof_name(&proof)) > 3);
    hy_s3_proof_add(&proof, text, 4);
    hy_s3_proof_add(&proof, text + 4, size - 4);
    assert_ok(hy_s3_proof_match(&proof, &result, &diag), &diag);
    hy_s3_proof_free(&proof);
    return result;
}

static void test_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        hy_http_headers headers = {0};
        print_message("%s\n", samples[i].value);
        add(&headers, samples[i].name, samples[i].value);
        assert_int_equal(match(&headers, 9, samples[i].kind), HY_S3_MATCH_SAME);
        assert_int_equal(match(&headers, 8, samples[i].kind), HY_S3_MATCH_DIFFERS);
        hy_http_headers_free(&headers);
    }
}

/* The server's own checksum says more than the ETag. */
static void test_the_surest_first(void **state)
{
    (void)state;
    hy_http_headers headers = {0};
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        add(&headers, samples[i].name, samples[i].value);
    }
    assert_int_equal(match(&headers, 9, HY_S3_PROOF_CRC64), HY_S3_MATCH_SAME);
    hy_http_headers_free(&headers);
}

static void test_nothing_to_compare(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"ETag", "\"25f9e794323b453885f5181f1b624d0b-2\""},
        {"ETag", "\"0\""},
        {"x-amz-checksum-crc32", "y/Q5Jg==-2"},
        {"x-amz-checksum-crc32", "y/Q5"},
        {"x-amz-checksum-sha256", ""},
        {"x-amz-checksum-crc32", "y/Q5Jg==", "x-amz-checksum-type", "COMPOSITE"},
        {"ETag", samples[0].value, "x-amz-server-side-encryption", "aws:kms"},
        {"ETag", samples[0].value, "x-amz-server-side-encryption", "aws:kms:dsse"},
        {"ETag", samples[0].value, "x-amz-server-side-encryption-customer-algorithm", "AES256"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_http_headers headers = {0};
        print_message("%s: %s\n", cases[i][0], cases[i][1]);
        add(&headers, cases[i][0], cases[i][1]);
        if (cases[i][2]) {
            add(&headers, cases[i][2], cases[i][3]);
        }
        assert_int_equal(match(&headers, 9, HY_S3_PROOF_NONE), HY_S3_MATCH_UNKNOWN);
        hy_http_headers_free(&headers);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_kind),
        cmocka_unit_test(test_the_surest_first),
        cmocka_unit_test(test_nothing_to_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
