/* SPDX-License-Identifier: MIT */
/* Descriptors and FIFOs as sinks: slow readers, readers that go away, jobs that are cancelled. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sink/sink.h"
#include "support.h"

#define TOTAL_BYTES ((size_t)3 << 20)

static char *folder; /* a new one for each test */

static int setup(void **state)
{
    (void)state;
    folder = test_folder_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    test_folder_free(folder);
    return 0;
}

static void sleep_us(long us)
{
    const struct timespec time = {0, us * 1000};
    (void)nanosleep(&time, NULL);
}

static uint8_t pattern(size_t at)
{
    return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

/* ---- The other end ---- */

typedef struct reader {
    pthread_t thread;
    const char *path; /* of a FIFO to open; NULL: fd */
    int fd;
    size_t stop_at; /* closes its end after so many bytes */
    bool slow;      /* small bites, and naps */
    size_t got;
    bool correct;
    atomic_bool ended;
} reader;

static void *read_all(void *argument)
{
    reader *r = argument;
    uint8_t bite[65536];
    if (r->path) {
        sleep_us(30000); /* the writer is there first */
        r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
    }
    r->correct = true;
    while (r->got < r->stop_at) {
        size_t most = r->slow ? 7001 : sizeof bite;
        most = most < r->stop_at - r->got ? most : r->stop_at - r->got;
        ssize_t count = read(r->fd, bite, most);
        if (count <= 0) {
            break;
        }
        for (ssize_t i = 0; i < count; i++) {
            r->correct = r->correct && bite[i] == pattern(r->got + (size_t)i);
        }
        r->got += (size_t)count;
        if (r->slow && r->got % 5 == 0) {
            sleep_us(2000);
        }
    }
    (void)close(r->fd);
    return NULL;
}

/* The signals of a test are for the thread that writes. */
static void reader_start(reader *r)
{
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    assert_int_equal(pthread_create(&r->thread, NULL, read_all, r), 0);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void reader_join(reader *r, size_t expected)
{
    assert_int_equal(pthread_join(r->thread, NULL), 0);
    assert_int_equal(r->got, expected);
    assert_true(r->correct);
}

/* ---- Writing ---- */

/* Write `total` bytes in pieces of all sizes; stops at the first failure. */
static hydra_status pour(hy_sink *sink, size_t total, hy_diag *diag)
{
    static const size_t sizes[] = {1, 4096, 4097, 65536, 300000, 17, 1000000};
    uint8_t *data = malloc(1000000);
    assert_non_null(data);
    hydra_status status = HYDRA_OK;
    size_t done = 0;
    for (size_t i = 0; status == HYDRA_OK && done < total; i++) {
        size_t size = sizes[i % (sizeof sizes / sizeof sizes[0])];
        size = size < total - done ? size : total - done;
        for (size_t j = 0; j < size; j++) {
            data[j] = pattern(done + j);
        }
        status = sink->ops->write(sink, (int64_t)done, data, size, diag);
        done += size;
    }
    free(data);
    return status;
}

static hy_sink *fd_sink(int fd, bool close_fd, const hy_cancel *cancel)
{
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    assert_ok(hy_sink_fd_new(fd, close_fd, "fd:out", cancel, &sink, &diag), &diag);
    assert_true(sink->in_order);
    assert_null(sink->ops->read);
    assert_string_equal(sink->name, "fd:out");
    return sink;
}

/* Everything arrives through `fd`; it is closed by the sink. */
static void assert_arrives(int fd, reader *r)
{
    hy_diag diag = {0};
    hy_sink *sink = fd_sink(fd, true, NULL);
    reader_start(r);
    assert_ok(pour(sink, TOTAL_BYTES, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    reader_join(r, TOTAL_BYTES); /* the end was seen: nobody else holds the other end */
    hy_sink_free(sink);
}

static int count_descriptors(void)
{
    return test_count_entries("/proc/self/fd");
}

static void test_slow_readers_get_everything(void **state)
{
    (void)state;
    int before = count_descriptors();
    for (int i = 0; i < 5; i++) {
        int ends[2];
        if (i < 4) {
            /* Blocking and not, alone and with little room. */
            assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
            int flags = i & 1 ? O_NONBLOCK : 0;
            assert_int_equal(fcntl(ends[1], F_SETFL, flags), 0);
            assert_true(i < 2 || fcntl(ends[1], F_SETPIPE_SZ, 4096) == 4096);
        } else {
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        }
        reader r = {.fd = ends[0], .stop_at = SIZE_MAX, .slow = true};
        assert_arrives(ends[1], &r);
    }
    assert_int_equal(count_descriptors(), before);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int number)
{
    (void)number;
    alarms = alarms + 1;
}

/* A signal every quarter of a millisecond, whose handler does not restart calls. */
static void test_a_storm_of_signals_harms_nothing(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_alarm};
    struct sigaction old;
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    const struct itimerval often = {{0, 250}, {0, 250}};
    const struct itimerval never = {{0, 0}, {0, 0}};
    alarms = 0;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    reader r = {.fd = ends[0], .stop_at = SIZE_MAX, .slow = true};
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    assert_arrives(ends[1], &r);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    assert_true(alarms > 0);
}

static void test_the_hosts_descriptor_stays_as_it_was(void **state)
{
    (void)state;
    hy_diag diag = {0};
    for (int i = 0; i < 2; i++) {
        int ends[2];
        assert_int_equal(pipe2(ends, i ? O_NONBLOCK : 0), 0);
        int flags = fcntl(ends[1], F_GETFL);
        hy_sink *sink = fd_sink(ends[1], false, NULL);
        assert_ok(pour(sink, 100, &diag), &diag);
        if (i) {
            assert_ok(sink->ops->commit(sink, &diag), &diag);
        } else {
            sink->ops->abort(sink);
        }
        hy_sink_free(sink);
        assert_int_equal(fcntl(ends[1], F_GETFL), flags);
        assert_int_equal(fcntl(ends[1], F_GETFD), 0);
        assert_int_equal(write(ends[1], "more", 4), 4);
        uint8_t back[105];
        assert_int_equal(read(ends[0], back, sizeof back), 104);
        assert_memory_equal(back + 100, "more", 4);
        (void)close(ends[0]);
        (void)close(ends[1]);
    }
}

/* The host may close its descriptor, and the number may become another file's. */
static void test_a_duplicate_is_written(void **state)
{
    (void)state;
    hy_diag diag = {0};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    hy_sink *sink = fd_sink(ends[1], false, NULL);
    (void)close(ends[1]);
    assert_ok(pour(sink, 1000, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    hy_sink_free(sink);
    reader r = {.fd = ends[0], .stop_at = SIZE_MAX};
    reader_start(&r);
    reader_join(&r, 1000);
}

static void test_files_are_written_where_they_stand(void **state)
{
    (void)state;
    hy_diag diag = {0};
    char *path = test_path(folder, "out");
    test_write_file(path, "before", 6);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    hy_sink *sink = fd_sink(fd, true, NULL);
    assert_ok(pour(sink, TOTAL_BYTES, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    hy_sink_free(sink);
    size_t size;
    uint8_t *data = test_read_file(path, &size);
    assert_int_equal(size, 6 + TOTAL_BYTES);
    assert_memory_equal(data, "before", 6);
    for (size_t i = 0; i < TOTAL_BYTES; i++) {
        if (data[6 + i] != pattern(i)) {
            fail_msg("byte %zu", i);
        }
    }
    free(data);
    free(path);
}

/* ---- Readers that go away ---- */

static bool pipe_signal_pending(void)
{
    sigset_t pending;
    assert_int_equal(sigpending(&pending), 0);
    return sigismember(&pending, SIGPIPE) == 1;
}

static bool pipe_signal_blocked(void)
{
    sigset_t mask;
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    return sigismember(&mask, SIGPIPE) == 1;
}

/* With the default action, SIGPIPE would end this process. */
static void test_a_reader_that_goes_away(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        hy_diag diag = {0};
        int ends[2];
        if (i < 3) {
            assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
            assert_int_equal(fcntl(ends[1], F_SETFL, i == 1 ? O_NONBLOCK : 0), 0);
        } else {
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        }
        hy_sink *sink = fd_sink(ends[1], true, NULL);
        reader r = {.fd = ends[0], .stop_at = i == 2 ? 0 : 500000, .slow = true};
        reader_start(&r);
        assert_failed(pour(sink, TOTAL_BYTES, &diag), HYDRA_ERR_IO, &diag,
                      "fd:out: the reader went away");
        reader_join(&r, i == 2 ? 0 : 500000);
        sink->ops->abort(sink);
        hy_sink_free(sink);
        assert_false(pipe_signal_pending());
        assert_false(pipe_signal_blocked());
    }
}

/* A host that blocks SIGPIPE and has one waiting finds it there afterwards; else it finds none. */
static void test_the_hosts_own_signal_is_left_to_it(void **state)
{
    (void)state;
    sigset_t set;
    sigset_t before;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &set, &before), 0);
    for (int waiting = 0; waiting < 2; waiting++) {
        hy_diag diag = {0};
        int ends[2];
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        (void)close(ends[0]);
        hy_sink *sink = fd_sink(ends[1], true, NULL);
        if (waiting) {
            assert_int_equal(raise(SIGPIPE), 0);
        }
        assert_int_equal(pour(sink, 10, &diag), HYDRA_ERR_IO);
        assert_int_equal(pipe_signal_pending(), waiting);
        assert_true(pipe_signal_blocked());
        hy_sink_free(sink);
    }
    const struct timespec now = {0, 0};
    assert_int_equal(sigtimedwait(&set, NULL, &now), SIGPIPE);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}

/* ---- Cancelled ---- */

static void *cancel_soon(void *cancel)
{
    sleep_us(30000);
    hy_cancel_request(cancel);
    return NULL;
}

/* Nobody reads: were the cancel not seen, this would never end. */
static void test_a_stalled_writer_can_be_cancelled(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        hy_diag diag = {0};
        hy_cancel cancel;
        pthread_t thread;
        int ends[2];
        if (i < 2) {
            assert_int_equal(pipe2(ends, O_CLOEXEC | (i ? O_NONBLOCK : 0)), 0);
        } else {
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        }
        bool late = i == 3;
        hy_cancel_init(&cancel, late ? 30000 : 0);
        hy_sink *sink = fd_sink(ends[1], true, &cancel);
        if (!late) {
            assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
        }
        assert_int_equal(pour(sink, TOTAL_BYTES, &diag),
                         late ? HYDRA_ERR_DEADLINE : HYDRA_ERR_CANCELLED);
        if (!late) {
            assert_int_equal(pthread_join(thread, NULL), 0);
        }
        sink->ops->abort(sink);
        hy_sink_free(sink);
        (void)close(ends[0]);
    }
}

/* ---- FIFOs ---- */

static char *make_fifo(const char *name)
{
    char *path = test_path(folder, name);
    assert_int_equal(mkfifo(path, 0600), 0);
    return path;
}

static hy_sink *fifo_sink(const char *path, const hy_cancel *cancel)
{
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    assert_ok(hy_sink_fifo_new(path, NULL, cancel, &sink, &diag), &diag);
    assert_true(sink->in_order);
    assert_string_equal(sink->name, path);
    return sink;
}

/* Directly, through a link, and from another current folder than at first. */
static void test_fifos_wait_for_their_reader(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    char *path = make_fifo("fifo");
    char *link = test_path(folder, "link");
    assert_int_equal(symlink("fifo", link), 0);
    char *home = getcwd(NULL, 0);
    for (int i = 0; i < 3; i++) {
        hy_diag diag = {0};
        assert_int_equal(chdir(folder), 0);
        hy_sink *sink = fifo_sink(i == 0 ? path : i == 1 ? link : "fifo", NULL);
        assert_int_equal(chdir(home), 0);
        reader r = {.path = path, .stop_at = SIZE_MAX, .slow = i == 0};
        reader_start(&r);
        assert_ok(pour(sink, TOTAL_BYTES, &diag), &diag);
        assert_ok(sink->ops->commit(sink, &diag), &diag);
        reader_join(&r, TOTAL_BYTES);
        hy_sink_free(sink);
    }
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(test_count_entries(folder), 2);
    free(home);
    free(link);
    free(path);
}

static void test_an_empty_stream_has_an_end(void **state)
{
    (void)state;
    hy_diag diag = {0};
    char *path = make_fifo("fifo");
    hy_sink *sink = fifo_sink(path, NULL);
    reader r = {.path = path, .stop_at = SIZE_MAX};
    reader_start(&r);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    reader_join(&r, 0);
    hy_sink_free(sink);
    free(path);
}

static void test_a_fifos_reader_goes_away(void **state)
{
    (void)state;
    hy_diag diag = {0};
    char *path = make_fifo("fifo");
    hy_sink *sink = fifo_sink(path, NULL);
    reader r = {.path = path, .stop_at = 100000};
    reader_start(&r);
    assert_failed(pour(sink, TOTAL_BYTES, &diag), HYDRA_ERR_IO, &diag,
                  "fifo: the reader went away");
    reader_join(&r, 100000);
    hy_sink_free(sink);
    free(path);
}

static void test_waiting_for_a_reader_ends(void **state)
{
    (void)state;
    hy_diag diag = {0};
    char *path = make_fifo("fifo");
    hy_cancel cancel;
    pthread_t thread;
    hy_cancel_init(&cancel, 0);
    hy_sink *sink = fifo_sink(path, &cancel);
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
    assert_int_equal(pour(sink, 1, &diag), HYDRA_ERR_CANCELLED);
    assert_int_equal(pthread_join(thread, NULL), 0);
    hy_sink_free(sink);
    hy_diag_clear(&diag);
    hy_cancel_init(&cancel, 30000);
    sink = fifo_sink(path, &cancel);
    assert_int_equal(sink->ops->commit(sink, &diag), HYDRA_ERR_DEADLINE);
    hy_sink_free(sink);
    free(path);
}

static void *see_the_end(void *argument)
{
    reader *r = argument;
    char byte;
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
    r->correct = read(r->fd, &byte, 1) == 0;
    (void)close(r->fd);
    atomic_store(&r->ended, true);
    return NULL;
}

/* A reader that sits in open(2) when the job fails before its first byte. */
static void test_abort_releases_the_reader(void **state)
{
    (void)state;
    char *path = make_fifo("fifo");
    reader r = {.path = path};
    assert_int_equal(pthread_create(&r.thread, NULL, see_the_end, &r), 0);
    bool released = false;
    for (int i = 0; i < 3000 && !released; i++) {
        hy_sink_free(fifo_sink(path, NULL));
        sleep_us(1000); /* it may not have been there yet */
        released = atomic_load(&r.ended);
    }
    if (!released) {
        (void)close(open(path, O_RDWR | O_CLOEXEC));
    }
    assert_int_equal(pthread_join(r.thread, NULL), 0);
    assert_true(released && r.correct);
    free(path);
}

/* Between opening the sink and the first write. */
static void test_a_fifo_that_is_replaced(void **state)
{
    (void)state;
    char *path = make_fifo("fifo");
    for (int i = 0; i < 2; i++) {
        hy_diag diag = {0};
        hy_sink *sink = fifo_sink(path, NULL);
        assert_int_equal(unlink(path), 0);
        if (i == 0) {
            test_write_file(path, "precious", 8);
            assert_failed(pour(sink, 10, &diag), HYDRA_ERR_IO, &diag, "is no longer a FIFO");
            size_t size;
            uint8_t *data = test_read_file(path, &size);
            assert_int_equal(size, 8);
            assert_memory_equal(data, "precious", 8);
            free(data);
            assert_int_equal(unlink(path), 0);
            assert_int_equal(mkfifo(path, 0600), 0);
        } else {
            assert_failed(pour(sink, 10, &diag), HYDRA_ERR_NOT_FOUND, &diag, "opening failed");
        }
        hy_sink_free(sink);
    }
    free(path);
}

static void assert_no_fifo(const char *path, hydra_status expected, const char *part)
{
    hy_diag diag = {0};
    hy_sink *sink = (hy_sink *)&diag;
    assert_failed(hy_sink_fifo_new(path, NULL, NULL, &sink, &diag), expected, &diag, part);
    assert_null(sink);
}

static void test_what_is_no_fifo(void **state)
{
    (void)state;
    char *file = test_path(folder, "file");
    char *missing = test_path(folder, "missing");
    char *deep = test_path(folder, "no/folder");
    test_write_file(file, "x", 1);
    assert_no_fifo(file, HYDRA_ERR_ARGUMENT, "file: is not a FIFO");
    assert_no_fifo(missing, HYDRA_ERR_NOT_FOUND, "looking at it failed");
    assert_no_fifo(deep, HYDRA_ERR_NOT_FOUND, "opening its folder failed");
    assert_no_fifo("", HYDRA_ERR_ARGUMENT, "the output path is empty");
    free(deep);
    free(missing);
    free(file);
}

/* ---- Refused ---- */

static void assert_no_fd(int fd, const char *part)
{
    hy_diag diag = {0};
    hy_sink *sink = (hy_sink *)&diag;
    assert_failed(hy_sink_fd_new(fd, false, "fd:7", NULL, &sink, &diag), HYDRA_ERR_ARGUMENT, &diag,
                  part);
    assert_null(sink);
}

static void test_useless_descriptors_are_refused(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_no_fd(ends[0], "fd:7: is not open for writing");
    int path_only = open(folder, O_PATH | O_CLOEXEC);
    assert_no_fd(path_only, "fd:7: is not open for writing");
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    assert_no_fd(terminal, "fd:7: is a terminal");
    (void)close(terminal);
    (void)close(path_only);
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_no_fd(ends[1], "fd:7: is not an open file descriptor");
    assert_no_fd(-1, "fd:7: is not an open file descriptor");
}

static void test_only_the_next_byte_is_taken(void **state)
{
    (void)state;
    hy_diag diag = {0};
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    hy_sink *sink = fd_sink(ends[1], true, NULL);
    assert_ok(sink->ops->write(sink, 0, "abc", 3, &diag), &diag);
    assert_failed(sink->ops->write(sink, 2, "x", 1, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "offset 2 comes after byte 3");
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->write(sink, 4, "x", 1, &diag), HYDRA_ERR_INTERNAL);
    hy_diag_clear(&diag);
    assert_ok(sink->ops->write(sink, 3, NULL, 0, &diag), &diag);
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    assert_int_equal(sink->ops->commit(sink, &diag), HYDRA_ERR_INTERNAL);
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->write(sink, 3, "x", 1, &diag), HYDRA_ERR_INTERNAL);
    sink->ops->abort(sink);
    hy_sink_free(sink);
    char back[4] = "";
    assert_int_equal(read(ends[0], back, sizeof back), 3);
    assert_memory_equal(back, "abc", 3);
    (void)close(ends[0]);
}

static void test_a_full_device(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_sink *sink = fd_sink(open("/dev/full", O_WRONLY | O_CLOEXEC), true, NULL);
    assert_failed(pour(sink, 10, &diag), HYDRA_ERR_SPACE, &diag,
                  "fd:out: writing failed: No space left");
    hy_sink_free(sink);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_slow_readers_get_everything),
        TEST(test_a_storm_of_signals_harms_nothing),
        TEST(test_the_hosts_descriptor_stays_as_it_was),
        TEST(test_a_duplicate_is_written),
        TEST(test_files_are_written_where_they_stand),
        TEST(test_a_reader_that_goes_away),
        TEST(test_the_hosts_own_signal_is_left_to_it),
        TEST(test_a_stalled_writer_can_be_cancelled),
        TEST(test_fifos_wait_for_their_reader),
        TEST(test_an_empty_stream_has_an_end),
        TEST(test_a_fifos_reader_goes_away),
        TEST(test_waiting_for_a_reader_ends),
        TEST(test_abort_releases_the_reader),
        TEST(test_a_fifo_that_is_replaced),
        TEST(test_what_is_no_fifo),
        TEST(test_useless_descriptors_are_refused),
        TEST(test_only_the_next_byte_is_taken),
        TEST(test_a_full_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
