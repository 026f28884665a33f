/* SPDX-License-Identifier: MIT */
/* A host whose OpenSSL has no MD5, as by FIPS 140: what needs none goes on. */
#include <openssl/err.h>
#include <openssl/evp.h>

#include "bench.h"

const EVP_MD *__wrap_EVP_md5(void);
const EVP_MD *__wrap_EVP_md5(void)
{
    return NULL;
}

static const int64_t sizes[] = {PART, 5 * PART};

/* S3 itself is sent CRCs. */
static void test_crc(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        bench b;
        bench_set_up(&b, NULL, 0);
        bench_is_aws = true;
        bench_check_works(&b, sizes[i], i == 0 ? 0 : 5, 0);
        bench_tear_down(&b);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

static void test_no_checksum(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        bench b;
        hy_s3_upload_result result = {0};
        hy_diag diag;
        bench_set_up(&b, NULL, 0);
        b.s3->checksum = HYDRA_CHECKSUM_OFF;
        assert_ok(bench_upload(&b, sizes[i], &result, &diag), &diag);
        assert_false(result.verified);
        hy_s3_upload_result_free(&result);
        bench_check_object(&b, sizes[i]);
        bench_tear_down(&b);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

/* Other servers would be sent Content-MD5. OpenSSL's queue is the host's. */
static void test_md5(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        bench b;
        bench_set_up(&b, NULL, 0);
        bench_check_fails(&b, sizes[i], HYDRA_ERR_UNSUPPORTED, "refuses MD5");
        bench_tear_down(&b);
        assert_int_equal(ERR_peek_error(), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc),
        cmocka_unit_test(test_no_checksum),
        cmocka_unit_test(test_md5),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
