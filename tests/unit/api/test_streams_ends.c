/* SPDX-License-Identifier: MIT */
/* Jobs in order that do not end well: wrong destinations, nobody who reads, readers that go away.
 */
#include <signal.h>

#include "streams.h"

/* ---- Wrong from the start ---- */

static void assert_refused(hydra_compose *c, const char *destination, const char *part)
{
    hydra_render *render = (hydra_render *)c;
    assert_compose_fails(c, hydra_render_start(c, destination, NULL, &render), HYDRA_ERR_ARGUMENT,
                         part);
    assert_null(render);
}

static void test_useless_destinations(void **state)
{
    (void)state;
    hydra_compose *c = streams_project(NULL, 1);
    char name[16];
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)snprintf(name, sizeof name, "fd:%d", fd);
    assert_refused(c, name, "is not open for writing");
    assert_int_equal(close(fd), 0);
    assert_refused(c, name, "is not an open file descriptor");
    assert_refused(c, "fd:", "not the number of a file descriptor");
    assert_refused(c, "fd:one", "not the number of a file descriptor");
    assert_refused(c, "fd:-1", "not the number of a file descriptor");
    assert_refused(c, "fd: 1", "not the number of a file descriptor");
    assert_refused(c, "fd:99999999999", "not the number of a file descriptor");
    assert_refused(c, "pull:there", "nothing may follow pull:");
    hydra_compose_free(c);
}

/* What needs a job is no file name for the calls that block. */
static void test_blocking_renders_refuse_them(void **state)
{
    (void)state;
    static const char *const names[] = {"pull:", "fd:1", "-"};
    hydra_compose *c = streams_project(NULL, 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_compose_fails(c, hydra_compose_render(c, names[i], NULL), HYDRA_ERR_ARGUMENT,
                             "hydra_render_start");
    }
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_compose_fails(c, hydra_compose_render(c, "fifo", NULL), HYDRA_ERR_ARGUMENT,
                         "is not a regular file");
    assert_int_equal(unlink("fifo"), 0);
    hydra_compose_free(c);
}

static void test_reading(void **state)
{
    (void)state;
    hydra_compose *c = streams_project(NULL, 1);
    uint8_t buffer[64];
    int64_t offset;
    size_t got = 1;
    hydra_render *file = streams_start(c, "out.mp4");
    assert_int_equal(hydra_render_read(file, buffer, sizeof buffer, &offset, &got),
                     HYDRA_ERR_STATE);
    assert_int_equal(got, 0);
    assert_int_equal(hydra_render_wait(file, HYDRA_AUTO), HYDRA_OK);
    hydra_render_free(file);
    assert_int_equal(unlink("out.mp4"), 0);

    hydra_render *pull = streams_start(c, "pull:");
    assert_int_equal(hydra_render_read(NULL, buffer, 1, &offset, &got), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_render_read(pull, NULL, 1, &offset, &got), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_render_read(pull, buffer, 0, &offset, &got), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_render_read(pull, buffer, 1, &offset, NULL), HYDRA_ERR_ARGUMENT);
    size_t size = 0;
    while (hydra_render_wait(pull, 1000) == HYDRA_ERR_TIMEOUT) {
        assert_int_equal(hydra_render_read(pull, buffer, sizeof buffer, NULL, &got), HYDRA_OK);
        size += got;
    }
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_render_result(pull, &result), HYDRA_OK);
    assert_int_equal(result.bytes, size);
    assert_int_equal(hydra_render_read(pull, buffer, sizeof buffer, &offset, &got), HYDRA_OK);
    assert_int_equal(got, 0);
    assert_int_equal(offset, size);
    hydra_render_free(pull);
    hydra_compose_free(c);
}

/* ---- Nobody reads ---- */

/* Events until bytes wait, none of which is taken. */
static void await_output(hydra_render *render)
{
    struct pollfd fd = {.fd = hydra_render_fd(render), .events = POLLIN};
    hydra_event event = {.struct_size = sizeof event};
    do {
        assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
        assert_int_equal(hydra_render_next_event(render, &event), HYDRA_OK);
        assert_int_not_equal(event.kind, HYDRA_EVENT_DONE);
    } while (event.kind != HYDRA_EVENT_OUTPUT);
}

/* Of more bytes than a job keeps, and of fewer. */
static hydra_render *start_pull(bool large, int32_t in_order)
{
    hydra_compose *c = streams_project(NULL, large ? 60 : 1);
    hydra_render_options options = streams_options(in_order);
    if (large) {
        options.crf = 1;
    }
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, "pull:", &options, &render));
    hydra_compose_free(c);
    return render;
}

static void test_cancel_of_a_pull_nobody_reads(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        hydra_render *render = start_pull(i % 2, i / 2 % 2);
        await_output(render);
        assert_int_equal(hydra_render_wait(render, 100000), HYDRA_ERR_TIMEOUT);
        hydra_render_cancel(render);
        assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_ERR_CANCELLED);
        uint8_t byte;
        size_t got = 1;
        assert_int_equal(hydra_render_read(render, &byte, 1, NULL, &got), HYDRA_OK);
        assert_int_equal(got, 0); /* what was not taken is gone */
        hydra_render_free(render);
    }
}

static void test_free_without_reading(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        hydra_render *render = start_pull(i % 2, i / 2 % 2);
        if (i & 4) {
            await_output(render);
        }
        hydra_render_free(render);
    }
}

static void test_a_fifo_nobody_reads(void **state)
{
    (void)state;
    hydra_compose *c = streams_project(NULL, 1);
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    for (int i = 0; i < 2; i++) {
        options.in_order = i;
        hydra_render *render = NULL;
        options.deadline_us = 0;
        assert_compose_ok(c, hydra_render_start(c, "fifo", &options, &render));
        assert_int_equal(hydra_render_wait(render, 300000), HYDRA_ERR_TIMEOUT);
        hydra_render_cancel(render);
        assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_ERR_CANCELLED);
        hydra_render_free(render);
        options.deadline_us = 300000;
        assert_compose_ok(c, hydra_render_start(c, "fifo", &options, &render));
        assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_ERR_DEADLINE);
        hydra_render_free(render);
        options.deadline_us = 0;
        assert_compose_ok(c, hydra_render_start(c, "fifo", &options, &render));
        hydra_render_free(render);
    }
    assert_int_equal(unlink("fifo"), 0);
    hydra_compose_free(c);
}

/* ---- Readers that go away ---- */

/* Take a little of what comes out of `fd`, then close it: the job fails, and no signal comes. */
static void check_leaving(hydra_render *render, int fd, size_t take)
{
    uint8_t byte;
    for (size_t i = 0; i < take; i++) {
        assert_int_equal(read(fd, &byte, 1), 1);
    }
    assert_int_equal(close(fd), 0);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_ERR_IO);
    assert_non_null(strstr(hydra_render_error(render), "the reader went away"));
    hydra_render_free(render);
}

static void test_readers_that_go_away(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_DFL); /* it would end this process */
    hydra_compose *c = streams_project(NULL, 60);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    for (size_t take = 0; take < 2000; take += 1000) {
        int ends[2];
        char name[16];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        (void)snprintf(name, sizeof name, "fd:%d", ends[1]);
        hydra_render *render = streams_start(c, name);
        assert_int_equal(close(ends[1]), 0);
        check_leaving(render, ends[0], take);
        render = streams_start(c, "fifo");
        check_leaving(render, open("fifo", O_RDONLY | O_CLOEXEC), take);
    }
    assert_int_equal(unlink("fifo"), 0);
    hydra_compose_free(c);
}

/* Whoever reads must not wait for ever for a job that never wrote. */
static void test_a_job_that_fails_early(void **state)
{
    (void)state;
    hydra_compose *c = streams_project(NULL, 1);
    assert_compose_ok(c, hydra_compose_add_image(c, "missing.jpg", NULL));
    int ends[2];
    char name[16];
    char byte;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    (void)snprintf(name, sizeof name, "fd:%d", ends[1]);
    hydra_render *render = streams_start(c, name);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_ERR_NOT_FOUND);
    hydra_render_free(render);

    bytes b = {0};
    bool ok;
    render = streams_start(c, "pull:");
    assert_int_equal(pull_all(render, 100, &b, &ok), HYDRA_ERR_NOT_FOUND);
    assert_true(ok);
    assert_int_equal(b.size, 0);
    assert_non_null(strstr(hydra_render_error(render), "missing.jpg"));
    bytes_free(&b);
    hydra_render_free(render);
    hydra_compose_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAMS_TEST(test_useless_destinations),
        STREAMS_TEST(test_blocking_renders_refuse_them),
        STREAMS_TEST(test_reading),
        STREAMS_TEST(test_cancel_of_a_pull_nobody_reads),
        STREAMS_TEST(test_free_without_reading),
        STREAMS_TEST(test_a_fifo_nobody_reads),
        STREAMS_TEST(test_readers_that_go_away),
        STREAMS_TEST(test_a_job_that_fails_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
