/* SPDX-License-Identifier: MIT */
/* The shape of the pauses, what servers may ask for, the quota, and the end of waiting. */
#include <string.h>

#include "net/net.h"
#include "support.h"

#define RUNS 200

static hy_http_headers hint(const char *name, const char *value)
{
    hy_diag diag = {0};
    hy_http_headers headers = {0};
    assert_ok(hy_http_headers_add(&headers, name, value, &diag), &diag);
    return headers;
}

/* Over many clients: within [0, cap], about half of it in the mean, and hardly two in step. */
static void check_shape(hy_retry_class class, int32_t tries, int64_t cap)
{
    int64_t pauses[RUNS];
    int64_t sum = 0;
    int same = 0;
    for (int i = 0; i < RUNS; i++) {
        hy_retry retry = {.tries = tries, .random = (uint64_t)i * 77777};
        pauses[i] = hy_retry_pause(&retry, class, NULL);
        assert_in_range(pauses[i], 0, cap);
        sum += pauses[i];
        for (int j = 0; j < i; j++) {
            same += pauses[i] == pauses[j];
        }
    }
    assert_in_range(same, 0, 5);
    assert_in_range(sum / RUNS, cap * 2 / 5, cap * 3 / 5);
}

static void test_backoff(void **state)
{
    (void)state;
    check_shape(HY_RETRY_TRANSIENT, 0, 50000);
    check_shape(HY_RETRY_TRANSIENT, 1, 50000);
    check_shape(HY_RETRY_TRANSIENT, 2, 100000);
    check_shape(HY_RETRY_TRANSIENT, 5, 800000);
    check_shape(HY_RETRY_TRANSIENT, 30, 20000000);
    check_shape(HY_RETRY_TRANSIENT, INT32_MAX, 20000000);
    check_shape(HY_RETRY_THROTTLE, 1, 1000000);
    check_shape(HY_RETRY_THROTTLE, 4, 8000000);
    check_shape(HY_RETRY_THROTTLE, 6, 20000000);
}

static int64_t pause_with(const char *name, const char *value, uint64_t random)
{
    hy_http_headers headers = hint(name, value);
    hy_retry retry = {.tries = 1, .random = random};
    int64_t pause = hy_retry_pause(&retry, HY_RETRY_TRANSIENT, &headers);
    hy_http_headers_free(&headers);
    return pause;
}

static void test_hints(void **state)
{
    (void)state;
    hy_retry plain = {.tries = 1, .random = 5};
    int64_t own = hy_retry_pause(&plain, HY_RETRY_TRANSIENT, NULL);
    assert_int_equal(pause_with("Retry-After", "2", 5), 2000000);
    assert_int_equal(pause_with("Retry-After", "0", 5), own);
    assert_int_equal(pause_with("Retry-After", "3600", 5), 60000000);
    assert_int_equal(pause_with("Retry-After", "99999999999999999999999999", 5), 60000000);
    assert_int_equal(pause_with("x-amz-retry-after", "0", 5), own);
    assert_int_equal(pause_with("x-amz-retry-after", "700", 5), 700000);
    assert_int_equal(pause_with("x-amz-retry-after", "9999999", 5), own + 5000000);
    static const char *const rubbish[] = {"", "-1", "soon", "1.5", "0x10", " 2", "2 ", "1e3"};
    for (size_t i = 0; i < sizeof rubbish / sizeof *rubbish; i++) {
        assert_int_equal(pause_with("Retry-After", rubbish[i], 5), own);
        assert_int_equal(pause_with("x-amz-retry-after", rubbish[i], 5), own);
    }
}

static void test_a_date_as_hint(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_http_headers headers = hint("Retry-After", "Sun, 06 Nov 1994 08:49:47 GMT");
    hy_retry retry = {.tries = 1};
    assert_in_range(hy_retry_pause(&retry, HY_RETRY_TRANSIENT, &headers), 0, 50000); /* long ago */
    assert_ok(hy_http_headers_add(&headers, "Date", "Sun, 06 Nov 1994 08:49:37 GMT", &diag), &diag);
    assert_int_equal(hy_retry_pause(&retry, HY_RETRY_TRANSIENT, &headers), 10000000);
    hy_http_headers_free(&headers);
}

static void test_tries_end(void **state)
{
    (void)state;
    hy_retry retry = {.max_tries = 3, .random = 1};
    assert_true(hy_retry_wait(&retry, HY_RETRY_TRANSIENT, NULL, NULL));
    assert_true(hy_retry_wait(&retry, HY_RETRY_TRANSIENT, NULL, NULL));
    assert_false(hy_retry_wait(&retry, HY_RETRY_TRANSIENT, NULL, NULL));
    assert_int_equal(retry.tries, 3);
    hy_retry name = {.max_tries = 9, .random = 1};
    assert_true(hy_retry_wait(&name, HY_RETRY_NAME, NULL, NULL));
    assert_true(hy_retry_wait(&name, HY_RETRY_TRANSIENT, NULL, NULL));
    assert_true(hy_retry_wait(&name, HY_RETRY_NAME, NULL, NULL));
    assert_false(hy_retry_wait(&name, HY_RETRY_NAME, NULL, NULL));
    hy_retry once = {.max_tries = 1};
    assert_false(hy_retry_wait(&once, HY_RETRY_TRANSIENT, NULL, NULL));
}

/* An outage: a thousand calls that fail whatever is tried. */
static void test_the_quota_in_an_outage(void **state)
{
    (void)state;
    hy_retry_quota quota;
    hy_retry_quota_init(&quota);
    int retries = 0;
    for (int i = 0; i < 1000; i++) {
        hy_retry retry = {.quota = &quota, .max_tries = 3, .random = (uint64_t)i};
        while (hy_retry_wait(&retry, HY_RETRY_TRANSIENT, NULL, NULL)) {
            retries++;
        }
    }
    assert_in_range(retries, 1, 500 / 14);
    assert_in_range(atomic_load(&quota.tokens), 0, 13);
}

static void test_tokens_come_back(void **state)
{
    (void)state;
    hy_retry_quota quota;
    hy_retry_quota_init(&quota);
    hy_retry retry = {.quota = &quota, .max_tries = 5, .random = 1};
    assert_true(hy_retry_wait(&retry, HY_RETRY_TRANSIENT, NULL, NULL));
    assert_true(hy_retry_wait(&retry, HY_RETRY_TRANSIENT, NULL, NULL));
    assert_int_equal(atomic_load(&quota.tokens), 500 - 28);
    hy_retry_done(&retry);
    assert_int_equal(atomic_load(&quota.tokens), 500 - 14);
    hy_retry first = {.quota = &quota, .max_tries = 5};
    hy_retry_done(&first);
    assert_int_equal(atomic_load(&quota.tokens), 500 - 13);
    for (int i = 0; i < 100; i++) {
        hy_retry_done(&first);
    }
    assert_int_equal(atomic_load(&quota.tokens), 500);
    atomic_store(&quota.tokens, 4);
    hy_retry throttled = {.quota = &quota, .max_tries = 5};
    assert_false(hy_retry_wait(&throttled, HY_RETRY_THROTTLE, NULL, NULL));
    assert_int_equal(atomic_load(&quota.tokens), 4);
}

static void test_no_sleep_past_the_deadline(void **state)
{
    (void)state;
    hy_retry_quota quota;
    hy_retry_quota_init(&quota);
    hy_http_headers headers = hint("Retry-After", "5");
    hy_cancel cancel;
    hy_cancel_init(&cancel, 2000000);
    hy_retry retry = {.quota = &quota, .max_tries = 5};
    double before = hy_clock_s();
    assert_false(hy_retry_wait(&retry, HY_RETRY_TRANSIENT, &headers, &cancel));
    assert_true(hy_clock_s() - before < 2); /* less than it would have slept */
    assert_int_equal(atomic_load(&quota.tokens), 500);
    hy_cancel_init(&cancel, 0);
    hy_cancel_request(&cancel);
    assert_false(hy_retry_wait(&retry, HY_RETRY_TRANSIENT, &headers, &cancel));
    hy_http_headers_free(&headers);
}

static void test_statuses(void **state)
{
    (void)state;
    static const int32_t again[] = {408, 429, 500, 502, 503, 504};
    static const int32_t final[] = {0, 200, 301, 400, 401, 403, 404, 409, 412, 501, 505, 507};
    for (size_t i = 0; i < sizeof again / sizeof *again; i++) {
        assert_true(hy_retry_status(again[i]));
    }
    for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
        assert_false(hy_retry_status(final[i]));
    }
    assert_true(hy_retry_seed() != hy_retry_seed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backoff),
        cmocka_unit_test(test_hints),
        cmocka_unit_test(test_a_date_as_hint),
        cmocka_unit_test(test_tries_end),
        cmocka_unit_test(test_the_quota_in_an_outage),
        cmocka_unit_test(test_tokens_come_back),
        cmocka_unit_test(test_no_sleep_past_the_deadline),
        cmocka_unit_test(test_statuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
