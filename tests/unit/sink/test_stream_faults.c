/* SPDX-License-Identifier: MIT */
/*
 * Every system call and every allocation of the sinks in order made to fail, one at a time: nothing
 * leaks, the text names the destination. Writes and waits go through the linker's --wrap.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc_faults.h"
#include "sink/sink.h"
#include "support.h"

typedef enum call {
    CALL_CLOSE,
    CALL_FCNTL,
    CALL_FSTAT,
    CALL_FSTATAT,
    CALL_FSYNC,
    CALL_OPENAT,
    CALL_POLL,
    CALL_SEND,
    CALL_WRITE,
    CALL_COUNT
} call;

/* What goes wrong. */
static struct {
    call which;
    int countdown; /* 1 = the next; 0 = nothing goes wrong */
    int repeat;    /* how often, from then on */
    int error;     /* errno; 0 = the call moves no bytes and returns 0 */
    bool fired;
} fault;

static size_t most_bytes; /* of write and send at a time; 0 = as many as they like */
static int writes;

/* Waiting: the nth poll cancels, as another thread would just then. */
static hy_cancel *to_cancel;
static int polls_until_cancel;
static int polls_after_cancel;
static int longest_wait_ms;

int __real_close(int fd);
int __real_fcntl64(int fd, int command, int argument);
int __real_fstat64(int fd, struct stat *info);
int __real_fstatat64(int folder, const char *name, struct stat *info, int flags);
int __real_fsync(int fd);
int __real_openat64(int folder, const char *name, int flags, mode_t mode);
int __real_poll(struct pollfd *list, nfds_t count, int timeout_ms);
ssize_t __real_send(int fd, const void *data, size_t size, int flags);
ssize_t __real_write(int fd, const void *data, size_t size);

/* Another writer of the pipe, which takes all room between the sink's poll and its write. */
static int thief = -1;

static void steal_room(void)
{
    static const uint8_t loot[65536];
    ssize_t count = 1;
    while (thief >= 0 && count > 0) {
        count = __real_write(thief, loot, sizeof loot);
    }
}

static bool fails(call which)
{
    if (which != fault.which || fault.countdown == 0 || --fault.countdown > 0) {
        return false;
    }
    fault.fired = true;
    fault.countdown = --fault.repeat > 0 ? 1 : 0;
    errno = fault.error;
    return true;
}

static int failure(void)
{
    return fault.error ? -1 : 0;
}

int __wrap_close(int fd);
int __wrap_fcntl64(int fd, int command, int argument);
int __wrap_fstat64(int fd, struct stat *info);
int __wrap_fstatat64(int folder, const char *name, struct stat *info, int flags);
int __wrap_fsync(int fd);
int __wrap_openat64(int folder, const char *name, int flags, mode_t mode);
int __wrap_poll(struct pollfd *list, nfds_t count, int timeout_ms);
ssize_t __wrap_send(int fd, const void *data, size_t size, int flags);
ssize_t __wrap_write(int fd, const void *data, size_t size);

int __wrap_close(int fd)
{
    int result = __real_close(fd); /* closed in any case, as on Linux */
    return fails(CALL_CLOSE) ? failure() : result;
}

int __wrap_fcntl64(int fd, int command, int argument)
{
    return fails(CALL_FCNTL) ? failure() : __real_fcntl64(fd, command, argument);
}

int __wrap_fstat64(int fd, struct stat *info)
{
    return fails(CALL_FSTAT) ? failure() : __real_fstat64(fd, info);
}

int __wrap_fstatat64(int folder, const char *name, struct stat *info, int flags)
{
    return fails(CALL_FSTATAT) ? failure() : __real_fstatat64(folder, name, info, flags);
}

int __wrap_fsync(int fd)
{
    return fails(CALL_FSYNC) ? failure() : __real_fsync(fd);
}

int __wrap_openat64(int folder, const char *name, int flags, mode_t mode)
{
    return fails(CALL_OPENAT) ? failure() : __real_openat64(folder, name, flags, mode);
}

int __wrap_poll(struct pollfd *list, nfds_t count, int timeout_ms)
{
    longest_wait_ms = timeout_ms > longest_wait_ms ? timeout_ms : longest_wait_ms;
    polls_after_cancel += to_cancel && hy_cancel_requested(to_cancel);
    if (polls_until_cancel > 0 && --polls_until_cancel == 0) {
        hy_cancel_request(to_cancel);
    }
    int ready = fails(CALL_POLL) ? failure() : __real_poll(list, count, timeout_ms);
    steal_room();
    return ready;
}

ssize_t __wrap_send(int fd, const void *data, size_t size, int flags)
{
    assert_true((flags & MSG_NOSIGNAL) && (flags & MSG_DONTWAIT));
    size = most_bytes && most_bytes < size ? most_bytes : size;
    return fails(CALL_SEND) ? failure() : __real_send(fd, data, size, flags);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    writes++;
    size = most_bytes && most_bytes < size ? most_bytes : size;
    return fails(CALL_WRITE) ? failure() : __real_write(fd, data, size);
}

/* ---- One life ---- */

#define BYTES 20000

typedef enum kind {
    KIND_PIPE,
    KIND_SOCKET,
    KIND_FILE,
    KIND_FIFO,
    KIND_COUNT
} kind;

typedef struct place {
    kind kind;
    char *folder;
    char *path;
    int in;  /* what comes out of the sink */
    int out; /* -1 for a FIFO */
} place;

static place place_new(kind which)
{
    place p = {.kind = which, .folder = test_folder_new(), .in = -1, .out = -1};
    int ends[2] = {-1, -1};
    p.path = test_path(p.folder, "out");
    memset(&fault, 0, sizeof fault);
    if (which == KIND_PIPE) {
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    } else if (which == KIND_SOCKET) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    } else if (which == KIND_FILE) {
        ends[1] = open(p.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        ends[0] = open(p.path, O_RDONLY | O_CLOEXEC);
    } else {
        assert_int_equal(mkfifo(p.path, 0600), 0);
        ends[0] = open(p.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    }
    p.in = ends[0];
    p.out = ends[1];
    return p;
}

static void place_free(place *p)
{
    (void)close(p->in);
    if (p->out >= 0) {
        (void)close(p->out);
    }
    test_folder_free(p->folder);
    free(p->path);
}

static hydra_status whole_life(const place *p, hy_diag *diag)
{
    static uint8_t data[BYTES];
    hy_sink *sink = NULL;
    for (size_t i = 0; i < BYTES; i++) {
        data[i] = (uint8_t)(i * 7 >> 3);
    }
    hydra_status status = p->kind == KIND_FIFO
                              ? hy_sink_fifo_new(p->path, NULL, NULL, &sink, diag)
                              : hy_sink_fd_new(p->out, false, p->path, NULL, &sink, diag);
    if (status != HYDRA_OK) {
        assert_null(sink);
        return status;
    }
    for (int i = 0; status == HYDRA_OK && i < 4; i++) {
        status = sink->ops->write(sink, BYTES / 4 * i, data + BYTES / 4 * i, BYTES / 4, diag);
    }
    if (status == HYDRA_OK) {
        status = sink->ops->commit(sink, diag);
    }
    if (status != HYDRA_OK) {
        sink->ops->abort(sink);
    }
    hy_sink_free(sink);
    return status;
}

static void assert_arrived(const place *p)
{
    static uint8_t back[BYTES + 1];
    size_t got = 0;
    while (got < BYTES) {
        ssize_t count = read(p->in, back + got, sizeof back - got);
        assert_true(count > 0);
        got += (size_t)count;
    }
    assert_int_equal(got, BYTES);
    for (size_t i = 0; i < BYTES; i++) {
        assert_int_equal(back[i], (uint8_t)(i * 7 >> 3));
    }
}

static int count_descriptors(void)
{
    return test_count_entries("/proc/self/fd");
}

/* Let the nth call of one kind fail. False when there is no nth. */
static bool try_fault(kind which_kind, call which, int nth, int error)
{
    place p = place_new(which_kind);
    hy_diag diag = {0};
    int descriptors = count_descriptors();
    fault.which = which;
    fault.countdown = nth;
    fault.repeat = 1;
    fault.error = error;
    hydra_status status = whole_life(&p, &diag);
    fault.countdown = 0;
    bool fired = fault.fired;
    if (status != HYDRA_OK) {
        assert_true(fired);
        assert_int_equal(status, diag.status);
        assert_non_null(strstr(diag.text, p.path));
    } else {
        assert_arrived(&p);
    }
    assert_int_equal(count_descriptors(), descriptors);
    place_free(&p);
    return fired;
}

static void test_every_call_fails_once(void **state)
{
    (void)state;
    int tried[CALL_COUNT] = {0};
    most_bytes = 1000;
    for (kind k = 0; k < KIND_COUNT; k++) {
        for (call which = 0; which < CALL_COUNT; which++) {
            int nth = 1;
            while (try_fault(k, which, nth, EIO)) {
                nth++;
            }
            tried[which] += nth - 1;
        }
    }
    most_bytes = 0;
    for (call which = 0; which < CALL_COUNT; which++) {
        assert_true(tried[which] > 0);
    }
    /* 20 pieces each for pipe, file and FIFO; the same for the socket. */
    assert_int_equal(tried[CALL_WRITE], 60);
    assert_int_equal(tried[CALL_SEND], 20);
    assert_int_equal(tried[CALL_POLL], 80);
}

static void test_failures_are_reported(void **state)
{
    (void)state;
    const struct {
        kind kind;
        call which;
        int nth;
        int error;
        hydra_status status;
        const char *part;
    } cases[] = {
        {KIND_PIPE, CALL_WRITE, 2, EPIPE, HYDRA_ERR_IO, "out: the reader went away"},
        {KIND_PIPE, CALL_WRITE, 1, 0, HYDRA_ERR_SPACE, "writing failed: No space left"},
        {KIND_PIPE, CALL_POLL, 1, ENOMEM, HYDRA_ERR_MEMORY, "waiting for the reader failed"},
        {KIND_PIPE, CALL_FCNTL, 1, EBADF, HYDRA_ERR_ARGUMENT, "is not an open file descriptor"},
        {KIND_PIPE, CALL_FCNTL, 2, EMFILE, HYDRA_ERR_IO, "duplicating it failed: Too many"},
        {KIND_SOCKET, CALL_SEND, 3, ECONNRESET, HYDRA_ERR_IO, "out: the reader went away"},
        {KIND_SOCKET, CALL_SEND, 1, EPIPE, HYDRA_ERR_IO, "out: the reader went away"},
        {KIND_FILE, CALL_WRITE, 3, ENOSPC, HYDRA_ERR_SPACE, "writing failed: No space left"},
        {KIND_FILE, CALL_WRITE, 1, EFBIG, HYDRA_ERR_SPACE, "writing failed: File too large"},
        {KIND_FILE, CALL_FSYNC, 1, EIO, HYDRA_ERR_IO, "syncing failed: Input/output error"},
        {KIND_FILE, CALL_CLOSE, 1, EDQUOT, HYDRA_ERR_SPACE, "closing failed: Disk quota exceeded"},
        {KIND_FIFO, CALL_FSTATAT, 1, EACCES, HYDRA_ERR_PERMISSION, "looking at it failed"},
        {KIND_FIFO, CALL_OPENAT, 1, ENOENT, HYDRA_ERR_NOT_FOUND, "opening its folder failed"},
        {KIND_FIFO, CALL_OPENAT, 2, EACCES, HYDRA_ERR_PERMISSION, "opening failed: Permission"},
        {KIND_FIFO, CALL_FSTAT, 1, EIO, HYDRA_ERR_IO, "is no longer a FIFO"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        place p = place_new(cases[i].kind);
        hy_diag diag = {0};
        fault.which = cases[i].which;
        fault.countdown = cases[i].nth;
        fault.repeat = 1;
        fault.error = cases[i].error;
        hydra_status status = whole_life(&p, &diag);
        assert_failed(status, cases[i].status, &diag, cases[i].part);
        place_free(&p);
    }
}

/* Signals, and descriptors that are not ready after all: often, and nobody notices. */
static void test_interruptions_are_survived(void **state)
{
    (void)state;
    const struct {
        kind kind;
        call which;
        int nth;
        int repeat;
        int error;
    } cases[] = {
        {KIND_PIPE, CALL_WRITE, 1, 1000, EINTR},  {KIND_PIPE, CALL_POLL, 2, 1000, EINTR},
        {KIND_PIPE, CALL_WRITE, 3, 5, EAGAIN},    {KIND_SOCKET, CALL_SEND, 1, 1000, EINTR},
        {KIND_SOCKET, CALL_SEND, 2, 5, EAGAIN},   {KIND_FILE, CALL_WRITE, 1, 1000, EINTR},
        {KIND_FILE, CALL_FSYNC, 1, 3, EINTR},     {KIND_FILE, CALL_CLOSE, 1, 1, EINTR},
        {KIND_FIFO, CALL_OPENAT, 2, 3, EINTR},    {KIND_FIFO, CALL_OPENAT, 2, 3, ENXIO},
        {KIND_FIFO, CALL_WRITE, 2, 1000, EAGAIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        place p = place_new(cases[i].kind);
        hy_diag diag = {0};
        fault.which = cases[i].which;
        fault.countdown = cases[i].nth;
        fault.repeat = cases[i].repeat;
        fault.error = cases[i].error;
        assert_ok(whole_life(&p, &diag), &diag);
        assert_true(fault.fired);
        assert_int_equal(fault.repeat, 0);
        assert_arrived(&p);
        place_free(&p);
    }
}

static void test_short_writes_are_continued(void **state)
{
    (void)state;
    for (kind k = 0; k < KIND_COUNT; k++) {
        /* A socket fills up with small pieces: each takes a buffer of the kernel's. */
        for (size_t most = k == KIND_SOCKET ? 1093 : 1; most <= 4097; most = most * 3 + 1) {
            place p = place_new(k);
            hy_diag diag = {0};
            most_bytes = most;
            assert_ok(whole_life(&p, &diag), &diag);
            most_bytes = 0;
            assert_arrived(&p);
            place_free(&p);
        }
    }
}

/* A pipe that blocks is never given more than it takes at once. One that is opened anew does not.
 */
static void test_blocking_pipes_get_small_pieces(void **state)
{
    (void)state;
    for (int blocking = 0; blocking < 2; blocking++) {
        place p = place_new(KIND_PIPE);
        hy_diag diag = {0};
        fault.which = CALL_OPENAT;
        fault.countdown = blocking;
        fault.repeat = 1;
        fault.error = EACCES;
        writes = 0;
        assert_ok(whole_life(&p, &diag), &diag);
        assert_int_equal(fault.fired, blocking);
        assert_int_equal(writes, blocking ? 8 : 4); /* 4 times 4096 + 904 */
        assert_arrived(&p);
        place_free(&p);
    }
}

/* Were the write to block, as on the host's own descriptor, the alarm would end this program. */
static void test_another_writer_does_not_stop_a_cancel(void **state)
{
    (void)state;
    static uint8_t data[100000];
    char name[32];
    place p = place_new(KIND_PIPE);
    hy_diag diag = {0};
    hy_cancel cancel;
    hy_sink *sink = NULL;
    hy_cancel_init(&cancel, 0);
    assert_ok(hy_sink_fd_new(p.out, false, p.path, &cancel, &sink, &diag), &diag);
    assert_int_equal(fcntl(p.out, F_GETFL) & O_NONBLOCK, 0);
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", p.out);
    thief = open(name, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(thief >= 0);
    to_cancel = &cancel;
    polls_until_cancel = 4;
    (void)alarm(20);
    assert_int_equal(sink->ops->write(sink, 0, data, sizeof data, &diag), HYDRA_ERR_CANCELLED);
    (void)alarm(0);
    assert_int_equal(polls_until_cancel, 0);
    to_cancel = NULL;
    (void)close(thief);
    thief = -1;
    hy_sink_free(sink);
    place_free(&p);
}

/* Each wait is short, and the first that sees the wish to stop is the last. */
static void test_cancel_is_seen_at_the_next_wait(void **state)
{
    (void)state;
    static uint8_t data[1 << 20];
    for (kind k = 0; k < KIND_COUNT; k++) {
        if (k == KIND_FILE) {
            continue; /* always ready */
        }
        place p = place_new(k);
        hy_diag diag = {0};
        hy_cancel cancel;
        hy_sink *sink = NULL;
        hy_cancel_init(&cancel, 0);
        if (k == KIND_FIFO) {
            (void)close(p.in); /* no reader: it waits for one */
            p.in = dup(STDIN_FILENO);
            assert_ok(hy_sink_fifo_new(p.path, NULL, &cancel, &sink, &diag), &diag);
        } else {
            assert_ok(hy_sink_fd_new(p.out, false, p.path, &cancel, &sink, &diag), &diag);
        }
        to_cancel = &cancel;
        polls_until_cancel = 5;
        polls_after_cancel = 0;
        longest_wait_ms = 0;
        assert_int_equal(sink->ops->write(sink, 0, data, sizeof data, &diag), HYDRA_ERR_CANCELLED);
        assert_int_equal(polls_until_cancel, 0);
        assert_int_equal(polls_after_cancel, 0);
        assert_in_range(longest_wait_ms, 1, 100);
        to_cancel = NULL;
        hy_sink_free(sink);
        place_free(&p);
    }
}

/* ---- Out of memory ---- */

typedef hydra_status make_fn(const place *p, hy_sink **sink, hy_diag *diag);

static hydra_status make_fd(const place *p, hy_sink **sink, hy_diag *diag)
{
    return hy_sink_fd_new(p->out, false, "fd:out", NULL, sink, diag);
}

static hydra_status make_fifo(const place *p, hy_sink **sink, hy_diag *diag)
{
    return hy_sink_fifo_new(p->path, NULL, NULL, sink, diag);
}

static hydra_status make_pull(const place *p, hy_sink **sink, hy_diag *diag)
{
    (void)p;
    return hy_sink_pull_new(BYTES * 2, NULL, NULL, NULL, sink, diag);
}

/* Takes the inner sink on success only. */
static hydra_status make_buffered(const place *p, hy_sink **sink, hy_diag *diag)
{
    hy_sink *inner = NULL;
    hydra_status status = make_fd(p, &inner, diag);
    if (status == HYDRA_OK) {
        status = hy_sink_buffered_new(inner, BYTES * 2, sink, diag);
    }
    if (status != HYDRA_OK) {
        hy_sink_free(inner);
    }
    return status;
}

static hydra_status use_up(hy_sink *sink, hy_diag *diag)
{
    uint8_t data[1000] = {0};
    hydra_status status = HYDRA_OK;
    for (int i = 0; status == HYDRA_OK && i < 10; i++) {
        status = sink->ops->write(sink, i * 1000, data, sizeof data, diag);
    }
    size_t got = 0;
    if (status == HYDRA_OK && strcmp(sink->name, "pull:") == 0) {
        for (int i = 0; i < 10; i++) {
            (void)hy_sink_pull_read(sink, data, sizeof data, NULL, &got);
        }
    }
    return status == HYDRA_OK ? sink->ops->commit(sink, diag) : status;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    make_fn *const makers[] = {make_fd, make_fifo, make_pull, make_buffered};
    const int least[] = {2, 4, 2, 5};
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        bool failed = true;
        int nth = 0;
        while (failed) {
            place p = place_new(makers[i] == make_fifo ? KIND_FIFO : KIND_PIPE);
            hy_diag diag = {0};
            hy_sink *sink = NULL;
            int blocks = test_live_blocks();
            test_fail_allocation(++nth);
            hydra_status status = makers[i](&p, &sink, &diag);
            if (status == HYDRA_OK) {
                status = use_up(sink, &diag);
            } else {
                assert_null(sink);
            }
            failed = test_allocation_failed();
            test_fail_allocation(0);
            hy_sink_free(sink);
            /* Where memory was out only for giving back what is not needed, all is well. */
            assert_true(status == HYDRA_OK || (failed && status == HYDRA_ERR_MEMORY));
            assert_int_equal(test_live_blocks(), blocks);
            place_free(&p);
        }
        assert_true(nth > least[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_fails_once),
        cmocka_unit_test(test_failures_are_reported),
        cmocka_unit_test(test_interruptions_are_survived),
        cmocka_unit_test(test_short_writes_are_continued),
        cmocka_unit_test(test_blocking_pipes_get_small_pieces),
        cmocka_unit_test(test_another_writer_does_not_stop_a_cancel),
        cmocka_unit_test(test_cancel_is_seen_at_the_next_wait),
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
