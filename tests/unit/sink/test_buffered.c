/* SPDX-License-Identifier: MIT */
/* Going back and forth in front of a sink that takes bytes in order only. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sink/sink.h"
#include "support.h"

/* Takes bytes in order, keeps them, fails when told to. */
typedef struct inner {
    hy_sink base;
    uint8_t *data;
    size_t size;
    int writes;
    int fail_at; /* this write fails, counted from 1 */
    bool fail_commit;
    int commits;
    int aborts;
    int closes;
} inner;

static hydra_status inner_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                                hy_diag *diag)
{
    inner *in = (inner *)sink;
    assert_int_equal(offset, in->size);
    if (++in->writes == in->fail_at) {
        return hy_fail(diag, HYDRA_ERR_IO, "inner: gone");
    }
    in->data = realloc(in->data, in->size + size);
    assert_non_null(in->data);
    memcpy(in->data + in->size, data, size);
    in->size += size;
    return HYDRA_OK;
}

static hydra_status inner_commit(hy_sink *sink, hy_diag *diag)
{
    inner *in = (inner *)sink;
    in->commits++;
    return in->fail_commit ? hy_fail(diag, HYDRA_ERR_IO, "inner: not in the end") : HYDRA_OK;
}

static void inner_abort(hy_sink *sink)
{
    ((inner *)sink)->aborts++;
}

static void inner_close(hy_sink *sink)
{
    inner *in = (inner *)sink;
    free(in->data);
    in->data = NULL;
    in->closes++;
}

static const hy_sink_ops inner_ops = {
    .write = inner_write,
    .commit = inner_commit,
    .abort = inner_abort,
    .close = inner_close,
};

static hy_sink *buffered(inner *in, int64_t limit)
{
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    in->base = (hy_sink){.ops = &inner_ops, .name = "inner", .in_order = true};
    assert_ok(hy_sink_buffered_new(&in->base, limit, &sink, &diag), &diag);
    assert_false(sink->in_order);
    assert_string_equal(sink->name, "inner");
    return sink;
}

static void test_bytes_leave_in_order_at_commit(void **state)
{
    (void)state;
    enum {
        BYTES = 3000001
    };
    hy_diag diag = {0};
    inner in = {0};
    hy_sink *sink = buffered(&in, BYTES);
    uint8_t *data = malloc(BYTES);
    uint8_t *back = malloc(BYTES);
    assert_true(data && back);
    uint64_t seed = 3;
    for (size_t i = 0; i < BYTES; i++) {
        data[i] = (uint8_t)test_random(&seed);
    }
    assert_ok(sink->ops->write(sink, 1000, data + 1000, BYTES - 1000, &diag), &diag);
    assert_ok(sink->ops->write(sink, 0, data, 1000, &diag), &diag);
    assert_ok(sink->ops->read(sink, 0, back, BYTES, &diag), &diag);
    assert_memory_equal(back, data, BYTES);
    assert_int_equal(in.writes, 0);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    assert_int_equal(in.size, BYTES);
    assert_memory_equal(in.data, data, BYTES);
    assert_int_equal(in.writes, 3); /* of 1 MiB at most */
    assert_int_equal(in.commits, 1);
    assert_int_equal(in.aborts, 0);
    assert_int_equal(sink->ops->write(sink, 0, "x", 1, &diag), HYDRA_ERR_INTERNAL);
    hy_sink_free(sink);
    assert_int_equal(in.closes, 1);
    free(back);
    free(data);
}

static void test_nothing_is_a_result_too(void **state)
{
    (void)state;
    hy_diag diag = {0};
    inner in = {0};
    hy_sink *sink = buffered(&in, 10);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    assert_int_equal(in.writes, 0);
    assert_int_equal(in.commits, 1);
    hy_sink_free(sink);
}

static void test_ceiling(void **state)
{
    (void)state;
    hy_diag diag = {0};
    inner in = {0};
    hy_sink *sink = buffered(&in, 10);
    assert_ok(sink->ops->write(sink, 0, "0123456789", 10, &diag), &diag);
    assert_failed(sink->ops->write(sink, 10, "x", 1, &diag), HYDRA_ERR_SPACE, &diag,
                  "inner: larger than policy.max_output_bytes, 10 bytes");
    sink->ops->abort(sink);
    hy_sink_free(sink);
    assert_int_equal(in.writes, 0);
    assert_int_equal(in.commits, 0);
    assert_int_equal(in.aborts, 1);
    assert_int_equal(in.closes, 1);
}

static void test_failures_behind_it(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        hy_diag diag = {0};
        inner in = {.fail_at = i == 0, .fail_commit = i == 1};
        hy_sink *sink = buffered(&in, 10);
        assert_ok(sink->ops->write(sink, 0, "0123456789", 10, &diag), &diag);
        assert_failed(sink->ops->commit(sink, &diag), HYDRA_ERR_IO, &diag,
                      i ? "inner: not in the end" : "inner: gone");
        assert_true(in.aborts > 0);
        assert_int_equal(in.commits, i);
        sink->ops->abort(sink);
        hy_sink_free(sink);
        assert_int_equal(in.closes, 1);
    }
}

static void test_no_room_at_all(void **state)
{
    (void)state;
    hy_diag diag = {0};
    inner in = {.base = {.ops = &inner_ops, .name = "inner"}};
    hy_sink *sink = (hy_sink *)&diag;
    assert_failed(hy_sink_buffered_new(&in.base, 0, &sink, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  "max_output_bytes is 0");
    assert_null(sink);
    assert_int_equal(in.closes, 0); /* still the caller's */
}

static void test_in_front_of_a_pipe(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *pipe_sink = NULL;
    hy_sink *sink = NULL;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_ok(hy_sink_fd_new(ends[1], true, "fd:9", NULL, &pipe_sink, &diag), &diag);
    assert_ok(hy_sink_buffered_new(pipe_sink, 100, &sink, &diag), &diag);
    assert_ok(sink->ops->write(sink, 4, "body", 4, &diag), &diag);
    assert_ok(sink->ops->write(sink, 0, "head", 4, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    hy_sink_free(sink);
    char back[9] = "";
    assert_int_equal(read(ends[0], back, sizeof back), 8);
    assert_string_equal(back, "headbody");
    assert_int_equal(read(ends[0], back, sizeof back), 0);
    (void)close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_leave_in_order_at_commit),
        cmocka_unit_test(test_nothing_is_a_result_too),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_failures_behind_it),
        cmocka_unit_test(test_no_room_at_all),
        cmocka_unit_test(test_in_front_of_a_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
