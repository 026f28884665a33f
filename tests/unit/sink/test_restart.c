/* SPDX-License-Identifier: MIT */
/* Sinks that begin anew: nothing of what was written before comes out, or it is refused because
 * somebody has it already. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../net/scripted.h"
#include "sink/sink.h"
#include "support.h"

#define OLD "the bytes of the first attempt, which are many"
#define NEW "second"

static void write_text(hy_sink *sink, int64_t offset, const char *text)
{
    hy_diag diag = {0};
    assert_ok(sink->ops->write(sink, offset, text, strlen(text), &diag), &diag);
}

static void restart(hy_sink *sink)
{
    hy_diag diag = {0};
    assert_ok(sink->ops->restart(sink, &diag), &diag);
}

static void restart_fails(hy_sink *sink, hydra_status expected, const char *part)
{
    hy_diag diag = {0};
    assert_failed(sink->ops->restart(sink, &diag), expected, &diag, part);
}

static void commit(hy_sink *sink)
{
    hy_diag diag = {0};
    assert_ok(sink->ops->commit(sink, &diag), &diag);
}

/* Twice, also when nothing was written; with what a muxer does, which leaves a gap. */
static void write_over(hy_sink *sink)
{
    restart(sink);
    write_text(sink, 0, OLD);
    restart(sink);
    restart(sink);
    if (sink->in_order) {
        write_text(sink, 0, NEW);
    } else {
        write_text(sink, 3, NEW + 3);
        write_text(sink, 0, "sec");
    }
}

static void refuses_after_commit(hy_sink *sink)
{
    commit(sink);
    restart_fails(sink, HYDRA_ERR_INTERNAL, "after commit or abort");
}

/* ---- Those that can go back ---- */

static void test_file(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "video.mp4");
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    struct stat info;
    test_write_file(path, "before", 6);
    assert_int_equal(chmod(path, 0640), 0);
    assert_ok(hy_sink_file_new(path, true, NULL, &sink, &diag), &diag);
    write_over(sink);
    assert_int_equal(test_count_entries(folder), 2); /* one temporary file, as ever */
    refuses_after_commit(sink);
    hy_sink_free(sink);
    size_t size = 0;
    uint8_t *data = test_read_file(path, &size);
    assert_int_equal(size, strlen(NEW));
    assert_memory_equal(data, NEW, size);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_int_equal(test_count_entries(folder), 1);
    free(data);
    free(path);
    test_folder_free(folder);
}

/* What is skipped after it is zero, not what was there before. */
static void check_memory(const uint8_t *data, size_t size)
{
    assert_int_equal(size, 10);
    assert_memory_equal(data, "\0\0\0\0\0\0\0\0\0x", 10);
}

static void test_memory(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    uint8_t *data = NULL;
    size_t size = 0;
    char byte;
    assert_ok(hy_sink_memory_new(100, &sink, &diag), &diag);
    write_over(sink);
    restart(sink);
    assert_failed(sink->ops->read(sink, 0, &byte, 1, &diag), HYDRA_ERR_IO, &diag, "ends early");
    write_text(sink, 9, "x");
    refuses_after_commit(sink);
    hy_sink_memory_take(sink, &data, &size);
    check_memory(data, size);
    hy_free(data);
    hy_sink_free(sink);
}

static void test_buffered(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *inner = NULL;
    hy_sink *sink = NULL;
    int ends[2];
    char text[100];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_ok(hy_sink_fd_new(ends[1], true, "fd:9", NULL, &inner, &diag), &diag);
    assert_ok(hy_sink_buffered_new(inner, 100, &sink, &diag), &diag);
    write_over(sink);
    refuses_after_commit(sink);
    hy_sink_free(sink);
    assert_int_equal(read(ends[0], text, sizeof text), strlen(NEW));
    assert_memory_equal(text, NEW, strlen(NEW));
    (void)close(ends[0]);
}

static scripted_reply made(void *user, int number, const scripted_request *request)
{
    (void)user;
    (void)number;
    (void)request;
    return (scripted_reply){.head = "HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n"};
}

static void test_put(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_http *http = NULL;
    hy_sink *sink = NULL;
    const hy_http_options direct = {.proxy = ""};
    scripted *server = scripted_new(made, NULL);
    char *url = scripted_url(server, "/video.mp4");
    assert_ok(hy_http_new(&direct, &http, &diag), &diag);
    const hy_sink_put_options options = {.url = url, .limit = 1000, .replace = true};
    assert_ok(hy_sink_put_new(http, &options, &sink, &diag), &diag);
    write_over(sink);
    refuses_after_commit(sink);
    assert_int_equal(scripted_count(server), 1);
    assert_int_equal(scripted_get(server, 0)->body_bytes, strlen(NEW));
    hy_sink_free(sink);
    hy_http_free(http);
    scripted_free(server);
    free(url);
}

/* ---- Those that cannot, once somebody has a byte ---- */

static int32_t take(void *user, int64_t offset, const void *data, size_t size)
{
    (void)offset;
    (void)data;
    *(size_t *)user += size;
    return 0;
}

static void test_writer(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    size_t got = 0;
    const hydra_writer writer = {.struct_size = sizeof writer, .user = &got, .write = take};
    assert_ok(hy_sink_writer_new(&writer, &sink, &diag), &diag);
    restart(sink);
    write_text(sink, 0, "");
    restart(sink);
    write_text(sink, 20, "abc");
    restart_fails(sink, HYDRA_ERR_STATE, "output writer: the host has got 3 bytes already");
    write_text(sink, 0, "head"); /* it goes on as before */
    refuses_after_commit(sink);
    assert_int_equal(got, 7);
    hy_sink_free(sink);
}

static void test_pipe(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    int ends[2];
    char text[100];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_ok(hy_sink_fd_new(ends[1], true, "fd:9", NULL, &sink, &diag), &diag);
    restart(sink);
    write_text(sink, 0, NEW);
    restart_fails(sink, HYDRA_ERR_STATE, "fd:9: the reader has got 6 bytes already");
    write_text(sink, 6, "!");
    refuses_after_commit(sink);
    assert_int_equal(read(ends[0], text, sizeof text), 7);
    hy_sink_free(sink);
    (void)close(ends[0]);
}

/* Nobody has opened it yet: there is nothing to call back. */
static void test_fifo(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "fifo");
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_ok(hy_sink_fifo_new(path, NULL, NULL, &sink, &diag), &diag);
    restart(sink);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    write_text(sink, 0, NEW);
    restart_fails(sink, HYDRA_ERR_STATE, "the reader has got 6 bytes already");
    hy_sink_free(sink);
    (void)close(fd);
    free(path);
    test_folder_free(folder);
}

static void count_call(void *user)
{
    ++*(int *)user;
}

/* Bytes that wait are not with the host yet, although it knows of them. */
static void test_pull(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    int calls = 0;
    char text[100];
    int64_t offset = -1;
    size_t got = 0;
    assert_ok(hy_sink_pull_new(50, count_call, &calls, NULL, &sink, &diag), &diag);
    write_over(sink);
    assert_int_equal(calls, 2);
    assert_int_equal(hy_sink_pull_read(sink, text, 4, &offset, &got), HYDRA_OK);
    assert_int_equal(offset, 0);
    assert_int_equal(got, 4);
    restart_fails(sink, HYDRA_ERR_STATE, "the host has got 4 bytes already");
    assert_int_equal(hy_sink_pull_read(sink, text + 4, 90, &offset, &got), HYDRA_OK);
    assert_int_equal(offset, 4);
    assert_memory_equal(text, NEW, 6);
    refuses_after_commit(sink);
    hy_sink_free(sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file), cmocka_unit_test(test_memory), cmocka_unit_test(test_buffered),
        cmocka_unit_test(test_put),  cmocka_unit_test(test_writer), cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_fifo), cmocka_unit_test(test_pull),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
