/* SPDX-License-Identifier: MIT */
/* Options that are wrong: the text names the field, and never a secret. */
#include <string.h>

#include <hydra/render.h>

#include "s3/s3.h"
#include "support.h"

#define MIB ((int64_t)1 << 20)

#define check_store(status, part, ...)                                                             \
    do {                                                                                           \
        hydra_store_options options;                                                               \
        hy_diag diag = {0};                                                                        \
        hy_s3_store_defaults(&options);                                                            \
        __VA_ARGS__;                                                                               \
        assert_failed(hy_s3_store_check(&options, &diag), status, &diag, part);                    \
        assert_null(strstr(diag.text, "SECRET"));                                                  \
    } while (0)

#define check_transfer(status, part, ...)                                                          \
    do {                                                                                           \
        hydra_transfer_options options;                                                            \
        hy_diag diag = {0};                                                                        \
        hy_s3_transfer_defaults(&options);                                                         \
        __VA_ARGS__;                                                                               \
        assert_failed(hy_s3_transfer_check(&options, &diag), status, &diag, part);                 \
        assert_null(strstr(diag.text, "SECRET"));                                                  \
    } while (0)

#define BAD HYDRA_ERR_ARGUMENT

static void test_store(void **state)
{
    (void)state;
    hy_diag none = {0};
    assert_ok(hy_s3_store_check(NULL, &none), &none);
    check_store(HYDRA_OK, "", (void)options);
    check_store(HYDRA_OK, "", options.access_key = "id"; options.secret_key = "SECRET");
    check_store(BAD, "store.access_key is set without store.secret_key", options.access_key = "id");
    check_store(BAD, "store.secret_key is set without", options.secret_key = "SECRET");
    check_store(BAD, "store.session_token", options.session_token = "SECRET");
    check_store(BAD, "store.credentials is 3", options.credentials = 3);
    check_store(BAD, "store.credentials is static", options.credentials = HYDRA_CREDENTIALS_STATIC);
    check_store(BAD, "store.credentials is anonymous",
                options.credentials = HYDRA_CREDENTIALS_ANONYMOUS;
                options.access_key = "id"; options.secret_key = "SECRET");
    check_store(BAD, "store.secret_key has a character", options.access_key = "id";
                options.secret_key = "SECRET\r\n");
    check_store(BAD, "store.addressing is -1", options.addressing = -1);
    check_store(BAD, "store.checksum is 3", options.checksum = 3);
    check_store(BAD, "store.max_tries is 21, not 0..20", options.max_tries = 21);
    check_store(BAD, "store.region", options.region = "eu.example.com");
    check_store(BAD, "store.region", options.region = "");
    check_store(BAD, "store.insecure is 2", options.insecure = 2);
}

static void test_transfer(void **state)
{
    (void)state;
    hy_diag none = {0};
    static const uint8_t key[32] = {1};
    assert_ok(hy_s3_transfer_check(NULL, &none), &none);
    check_transfer(HYDRA_OK, "", (void)options);
    check_transfer(HYDRA_OK, "", options.part_bytes = 5 * MIB; options.threshold_bytes = 5 * MIB);
    check_transfer(HYDRA_OK, "", options.part_bytes = 5120 * MIB);
    check_transfer(HYDRA_OK, "", options.sse = HYDRA_SSE_CUSTOMER; options.sse_customer_key = key);
    check_transfer(BAD, "transfer.parallel is 0, not 1..16", options.parallel = 0);
    check_transfer(BAD, "transfer.parallel is 17", options.parallel = 17);
    check_transfer(BAD, "transfer.part_bytes is 5242879", options.part_bytes = 5 * MIB - 1);
    check_transfer(BAD, "transfer.part_bytes", options.part_bytes = 5120 * MIB + 1);
    check_transfer(BAD, "transfer.part_bytes is -1", options.part_bytes = -1);
    check_transfer(BAD, "transfer.threshold_bytes", options.threshold_bytes = 0);
    check_transfer(BAD, "transfer.when_exists is 2", options.when_exists = 2);
    check_transfer(BAD, "transfer.presign_s is 604801", options.presign_s = 604801);
    check_transfer(BAD, "transfer.deadline_us is -1", options.deadline_us = -1);
    check_transfer(BAD, "transfer.content_type has a character",
                   options.content_type = "a\r\nb: c");
    check_transfer(BAD, "transfer.cache_control has a character",
                   options.cache_control = "\xc3\xa4");
    check_transfer(BAD, "transfer.acl is empty", options.acl = "");
    check_transfer(BAD, "transfer.sse is 4", options.sse = 4);
    check_transfer(BAD, "transfer.sse_key_id", options.sse_key_id = "key");
    check_transfer(BAD, "transfer.sse_context", options.sse = HYDRA_SSE_S3;
                   options.sse_context = "{}");
    check_transfer(BAD, "transfer.sse_customer_key", options.sse_customer_key = key);
    check_transfer(BAD, "transfer.sse_customer_key", options.sse = HYDRA_SSE_CUSTOMER);
}

static void check_metadata(hydra_status status, const char *name, const char *value,
                           const char *part)
{
    const hydra_pair pairs[2] = {{"first", "1"}, {name, value}};
    check_transfer(status, part, options.metadata = pairs; options.metadata_count = 2);
}

static void check_tags(hydra_status status, const char *name, const char *value, const char *part)
{
    const hydra_pair pairs[2] = {{"first", "1"}, {name, value}};
    check_transfer(status, part, options.tags = pairs; options.tag_count = 2);
}

static void test_pairs(void **state)
{
    (void)state;
    static char longest[2049];
    static const hydra_pair many[11] = {{"a", "b"}};
    memset(longest, 'x', 2048);
    check_metadata(HYDRA_OK, "Job-Id", "", "");
    check_metadata(BAD, "", "x", "transfer.metadata[1].name");
    check_metadata(BAD, "a b", "x", "transfer.metadata[1].name");
    check_metadata(BAD, "a:b", "x", "transfer.metadata[1].name");
    check_metadata(BAD, NULL, "x", "transfer.metadata[1].name");
    check_metadata(BAD, "a", "\xc3\xa4", "transfer.metadata[1].value");
    check_metadata(BAD, "a", "b\nc", "transfer.metadata[1].value");
    check_metadata(BAD, "a", longest, "transfer.metadata has more than 2048");
    check_tags(HYDRA_OK,
               "gr\xc3\xbc\xc3\x9f"
               "e",
               "a&b=c", "");
    check_tags(BAD, "", "x", "transfer.tags[1]");
    check_tags(BAD, "a", NULL, "transfer.tags[1]");
    check_tags(BAD, "a", "\xff", "transfer.tags[1]");
    check_tags(BAD, "a", longest, "transfer.tags[1]");
    check_transfer(BAD, "transfer.tag_count is 11", options.tags = many; options.tag_count = 11);
    check_transfer(BAD, "transfer.tag_count is 1", options.tag_count = 1);
    check_transfer(BAD, "transfer.metadata_count is -1", options.metadata_count = -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store),
        cmocka_unit_test(test_transfer),
        cmocka_unit_test(test_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
