/* SPDX-License-Identifier: MIT */
/* The host's functions as a sink. */
#include <string.h>

#include "sink/sink.h"
#include "support.h"

/* A host that keeps what it gets. */
typedef struct host {
    uint8_t bytes[100];
    int calls;
    int32_t answer; /* what its functions return */
} host;

static int32_t host_write(void *user, int64_t offset, const void *data, size_t size)
{
    host *h = user;
    h->calls++;
    if (h->answer == 0) {
        memcpy(h->bytes + offset, data, size);
    }
    return h->answer;
}

static int32_t host_read(void *user, int64_t offset, void *data, size_t size)
{
    host *h = user;
    h->calls++;
    memcpy(data, h->bytes + offset, size);
    return h->answer;
}

static hydra_writer writer_of(host *h)
{
    return (hydra_writer){
        .struct_size = sizeof(hydra_writer), .user = h, .write = host_write, .read = host_read};
}

static hy_sink *new_sink(const hydra_writer *writer)
{
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    assert_ok(hy_sink_writer_new(writer, &sink, &diag), &diag);
    return sink;
}

static void test_bytes_reach_the_host(void **state)
{
    (void)state;
    hy_diag diag = {0};
    host h = {0};
    hydra_writer writer = writer_of(&h);
    hy_sink *sink = new_sink(&writer);
    memset(&writer, 0xff, sizeof writer); /* it was copied */
    char back[4] = "";
    assert_ok(sink->ops->write(sink, 4, "body", 4, &diag), &diag);
    assert_ok(sink->ops->write(sink, 0, "head", 4, &diag), &diag);
    assert_ok(sink->ops->read(sink, 2, back, 4, &diag), &diag);
    assert_memory_equal(back, "adbo", 4);
    assert_int_equal(h.calls, 3);
    /* Nothing to do is not worth a call; finishing is the library's affair. */
    assert_ok(sink->ops->write(sink, 8, NULL, 0, &diag), &diag);
    assert_ok(sink->ops->read(sink, 8, back, 0, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    sink->ops->abort(sink);
    hy_sink_free(sink);
    assert_int_equal(h.calls, 3);
    assert_memory_equal(h.bytes, "headbody", 9);
}

static void test_write_stops(void **state)
{
    (void)state;
    const int32_t answers[] = {1, -1, -42, INT32_MIN, INT32_MAX};
    const char *const texts[] = {"write returned 1", "write returned -1", "write returned -42",
                                 "write returned -2147483648", "write returned 2147483647"};
    for (int i = 0; i < 5; i++) {
        hy_diag diag = {0};
        host h = {.answer = answers[i]};
        hydra_writer writer = writer_of(&h);
        hy_sink *sink = new_sink(&writer);
        assert_failed(sink->ops->write(sink, 0, "x", 1, &diag), HYDRA_ERR_IO, &diag, texts[i]);
        sink->ops->abort(sink);
        hy_sink_free(sink);
        assert_int_equal(h.calls, 1);
    }
}

static void test_read_fails(void **state)
{
    (void)state;
    hy_diag diag = {0};
    host h = {.answer = 7};
    hydra_writer writer = writer_of(&h);
    hy_sink *sink = new_sink(&writer);
    char byte = 0;
    assert_failed(sink->ops->read(sink, 0, &byte, 1, &diag), HYDRA_ERR_IO, &diag,
                  "read returned 7");
    hy_sink_free(sink);
}

static void test_without_read(void **state)
{
    (void)state;
    hy_diag diag = {0};
    host h = {0};
    hydra_writer writer = writer_of(&h);
    writer.read = NULL;
    hy_sink *sink = new_sink(&writer);
    assert_null(sink->ops->read);
    assert_ok(sink->ops->write(sink, 0, "x", 1, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    hy_sink_free(sink);
    assert_int_equal(h.bytes[0], 'x');
}

static void test_wrong_order_never_reaches_the_host(void **state)
{
    (void)state;
    for (int aborted = 0; aborted < 2; aborted++) {
        hy_diag diag = {0};
        host h = {0};
        hydra_writer writer = writer_of(&h);
        hy_sink *sink = new_sink(&writer);
        char byte = 0;
        assert_failed(sink->ops->write(sink, -1, "x", 1, &diag), HYDRA_ERR_INTERNAL, &diag,
                      "offset -1");
        hy_diag_clear(&diag);
        if (aborted) {
            sink->ops->abort(sink);
            sink->ops->abort(sink);
        } else {
            assert_ok(sink->ops->commit(sink, &diag), &diag);
        }
        assert_int_equal(sink->ops->commit(sink, &diag), HYDRA_ERR_INTERNAL);
        hy_diag_clear(&diag);
        assert_int_equal(sink->ops->write(sink, 0, "x", 1, &diag), HYDRA_ERR_INTERNAL);
        hy_diag_clear(&diag);
        assert_int_equal(sink->ops->read(sink, 0, &byte, 1, &diag), HYDRA_ERR_INTERNAL);
        hy_sink_free(sink);
        assert_int_equal(h.calls, 0);
    }
}

static void assert_refused(const hydra_writer *writer, const char *part)
{
    hy_diag diag = {0};
    hy_sink *sink = (hy_sink *)&diag;
    assert_failed(hy_sink_writer_new(writer, &sink, &diag), HYDRA_ERR_ARGUMENT, &diag, part);
    assert_null(sink);
}

static void test_bad_writers(void **state)
{
    (void)state;
    host h = {0};
    assert_refused(NULL, "NULL");
    hydra_writer writer = writer_of(&h);
    writer.struct_size = 0;
    assert_refused(&writer, "struct_size");
    writer.struct_size = sizeof writer - 1;
    assert_refused(&writer, "struct_size");
    writer = writer_of(&h);
    writer.reserved = 1;
    assert_refused(&writer, "reserved");
    writer = writer_of(&h);
    writer.write = NULL;
    assert_refused(&writer, "write is NULL");
    /* A program built with a later, longer struct. */
    writer = writer_of(&h);
    writer.struct_size = sizeof writer + 8;
    hy_sink_free(new_sink(&writer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_reach_the_host),
        cmocka_unit_test(test_write_stops),
        cmocka_unit_test(test_read_fails),
        cmocka_unit_test(test_without_read),
        cmocka_unit_test(test_wrong_order_never_reaches_the_host),
        cmocka_unit_test(test_bad_writers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
