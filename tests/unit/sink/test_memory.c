/* SPDX-License-Identifier: MIT */
/* The sink in memory: ceiling, gaps, moving the bytes out, wrong order of calls. */
#include <string.h>

#include "sink/sink.h"
#include "support.h"

static hy_sink *new_sink(int64_t limit)
{
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    assert_ok(hy_sink_memory_new(limit, &sink, &diag), &diag);
    assert_non_null(sink);
    return sink;
}

static void test_bytes_come_out(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = new_sink(1000);
    char back[4] = "";
    assert_ok(sink->ops->write(sink, 0, "....body", 8, &diag), &diag);
    assert_ok(sink->ops->write(sink, 0, "head", 4, &diag), &diag);
    assert_ok(sink->ops->read(sink, 2, back, 4, &diag), &diag);
    assert_memory_equal(back, "adbo", 4);
    assert_ok(sink->ops->commit(sink, &diag), &diag);

    uint8_t *data = NULL;
    size_t size = 0;
    hy_sink_memory_take(sink, &data, &size);
    assert_int_equal(size, 8);
    assert_memory_equal(data, "headbody", 8);
    hy_free(data);

    hy_sink_memory_take(sink, &data, &size);
    assert_null(data);
    assert_int_equal(size, 0);
    hy_sink_free(sink);
}

static void test_gaps_are_zero(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = new_sink(100000);
    /* First leave non-zero bytes in the allocator's hands. */
    void *dirt = hy_alloc_aligned(70000);
    memset(dirt, 0xff, 70000);
    hy_free(dirt);
    assert_ok(sink->ops->write(sink, 10, "a", 1, &diag), &diag);
    assert_ok(sink->ops->write(sink, 60000, "b", 1, &diag), &diag);
    assert_ok(sink->ops->write(sink, 70000, NULL, 0, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    uint8_t *data = NULL;
    size_t size = 0;
    hy_sink_memory_take(sink, &data, &size);
    assert_int_equal(size, 60001);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(data[i], i == 10 ? 'a' : i == 60000 ? 'b' : 0);
    }
    hy_free(data);
    hy_sink_free(sink);
}

static void test_ceiling(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = new_sink(10);
    assert_ok(sink->ops->write(sink, 0, "0123456789", 10, &diag), &diag);
    assert_failed(sink->ops->write(sink, 10, "x", 1, &diag), HYDRA_ERR_SPACE, &diag,
                  "policy.max_output_bytes, 10 bytes");
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->write(sink, 5, "abcdef", 6, &diag), HYDRA_ERR_SPACE);
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->write(sink, INT64_MAX - 1, "x", 1, &diag), HYDRA_ERR_SPACE);
    hy_diag_clear(&diag);
    /* What was written before is whole. */
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    uint8_t *data = NULL;
    size_t size = 0;
    hy_sink_memory_take(sink, &data, &size);
    assert_int_equal(size, 10);
    assert_memory_equal(data, "0123456789", 10);
    hy_free(data);
    hy_sink_free(sink);
}

static void test_bad_ranges(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = new_sink(INT64_MAX);
    char byte = 0;
    assert_failed(sink->ops->write(sink, -1, "x", 1, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "offset -1");
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->write(sink, INT64_MAX, "x", 1, &diag), HYDRA_ERR_INTERNAL);
    hy_diag_clear(&diag);
    assert_failed(sink->ops->read(sink, 0, &byte, 1, &diag), HYDRA_ERR_IO, &diag, "ends early");
    hy_diag_clear(&diag);
    assert_ok(sink->ops->read(sink, 0, &byte, 0, &diag), &diag);
    hy_sink_free(sink);
}

static void test_limit_must_be_positive(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = (hy_sink *)&diag;
    assert_failed(hy_sink_memory_new(0, &sink, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "max_output_bytes is 0");
    assert_null(sink);
}

static void test_wrong_order_is_harmless(void **state)
{
    (void)state;
    hy_diag diag = {0};
    uint8_t *data = NULL;
    size_t size = 0;
    hy_sink *sink = new_sink(100);
    assert_ok(sink->ops->write(sink, 0, "result", 6, &diag), &diag);
    hy_sink_memory_take(sink, &data, &size); /* before commit */
    assert_null(data);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    assert_int_equal(sink->ops->write(sink, 0, "x", 1, &diag), HYDRA_ERR_INTERNAL);
    hy_diag_clear(&diag);
    assert_failed(sink->ops->commit(sink, &diag), HYDRA_ERR_INTERNAL, &diag, "after commit");
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->read(sink, 0, &size, 1, &diag), HYDRA_ERR_INTERNAL);
    sink->ops->abort(sink);
    hy_sink_memory_take(sink, &data, &size);
    assert_int_equal(size, 6);
    assert_memory_equal(data, "result", 6);
    hy_free(data);
    hy_sink_free(sink);
}

static void test_abort_drops_the_bytes(void **state)
{
    (void)state;
    hy_diag diag = {0};
    uint8_t *data = NULL;
    size_t size = 0;
    hy_sink *sink = new_sink(100);
    assert_ok(sink->ops->write(sink, 0, "result", 6, &diag), &diag);
    sink->ops->abort(sink);
    sink->ops->abort(sink);
    assert_int_equal(sink->ops->write(sink, 0, "x", 1, &diag), HYDRA_ERR_INTERNAL);
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->commit(sink, &diag), HYDRA_ERR_INTERNAL);
    hy_sink_memory_take(sink, &data, &size);
    assert_null(data);
    assert_int_equal(size, 0);
    hy_sink_free(sink);
    hy_sink_free(NULL);
}

/* Random writes against a plain array. */
static void test_random_writes(void **state)
{
    (void)state;
    enum {
        BYTES = 5000
    };
    uint64_t seed = 1;
    hy_diag diag = {0};
    hy_sink *sink = new_sink(BYTES);
    uint8_t expected[BYTES] = {0};
    size_t end = 0;
    for (int i = 0; i < 2000; i++) {
        uint8_t piece[64];
        size_t size = 1 + test_random(&seed) % sizeof piece;
        size_t at = test_random(&seed) % (BYTES - size);
        for (size_t j = 0; j < size; j++) {
            piece[j] = (uint8_t)test_random(&seed);
        }
        memcpy(expected + at, piece, size);
        end = at + size > end ? at + size : end;
        assert_ok(sink->ops->write(sink, (int64_t)at, piece, size, &diag), &diag);
    }
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    uint8_t *data = NULL;
    size_t size = 0;
    hy_sink_memory_take(sink, &data, &size);
    assert_int_equal(size, end);
    assert_memory_equal(data, expected, end);
    hy_free(data);
    hy_sink_free(sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_come_out),
        cmocka_unit_test(test_gaps_are_zero),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_bad_ranges),
        cmocka_unit_test(test_limit_must_be_positive),
        cmocka_unit_test(test_wrong_order_is_harmless),
        cmocka_unit_test(test_abort_drops_the_bytes),
        cmocka_unit_test(test_random_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
