/* SPDX-License-Identifier: MIT */
/* Reading sources: what is refused, what changes meanwhile, what the system calls may do. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "child.h"

/* The reader's system calls, through the linker's --wrap. `remaining` calls of one kind fail. */
static struct {
    int pread_remaining;
    int pread_error;
    int open_remaining;
    int open_error;
    int fstat_error;
    size_t piece; /* most bytes of one pread; 0 = all */
    int preads;
} fault;

ssize_t __real_pread64(int fd, void *data, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset);
int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_fstat64(int fd, struct stat *info);
int __wrap_fstat64(int fd, struct stat *info);

ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset)
{
    fault.preads++;
    if (fault.pread_remaining > 0) {
        fault.pread_remaining--;
        errno = fault.pread_error;
        return -1;
    }
    size = fault.piece && size > fault.piece ? fault.piece : size;
    return __real_pread64(fd, data, size, offset);
}

int __wrap_open64(const char *path, int flags, ...)
{
    if (fault.open_remaining > 0) {
        fault.open_remaining--;
        errno = fault.open_error;
        return -1;
    }
    return __real_open64(path, flags);
}

int __wrap_fstat64(int fd, struct stat *info)
{
    if (fault.fstat_error) {
        errno = fault.fstat_error;
        return -1;
    }
    return __real_fstat64(fd, info);
}

static char *folder; /* a new one for each test */
static int descriptors;

static int count_descriptors(void)
{
    return test_count_entries("/proc/self/fd");
}

static int setup(void **state)
{
    (void)state;
    folder = test_folder_new();
    memset(&fault, 0, sizeof fault);
    descriptors = count_descriptors();
    return 0;
}

/* No test may leave a file open. */
static int teardown(void **state)
{
    (void)state;
    test_folder_free(folder);
    return count_descriptors() == descriptors ? 0 : -1;
}

static hy_source source_of(const char *path)
{
    hy_diag diag = {0};
    hy_source source;
    assert_ok(hy_source_from_uri(&source, path, "image 1", &diag), &diag);
    return source;
}

static hy_source source_in_folder(const char *name)
{
    char *path = test_path(folder, name);
    hy_source source = source_of(path);
    free(path);
    return source;
}

/* A source whose file holds `text`. */
static hy_source source_with(const char *text)
{
    hy_source source = source_in_folder("file");
    test_write_file(source.path, text, strlen(text));
    return source;
}

static hy_reader *open_reader(const hy_source *source)
{
    hy_diag diag = {0};
    hy_reader *reader = NULL;
    assert_ok(hy_reader_open(source, 1000000, NULL, &reader, &diag), &diag);
    return reader;
}

static void assert_refused(const hy_source *source, int64_t max_bytes, hydra_status expected,
                           const char *part)
{
    hy_diag diag = {0};
    hy_reader *reader = (hy_reader *)&diag;
    assert_failed(hy_reader_open(source, max_bytes, NULL, &reader, &diag), expected, &diag, part);
    assert_non_null(strstr(diag.text, source->name));
    assert_null(reader);
}

static void assert_load_fails(hy_reader *reader, const char *part)
{
    hy_diag diag = {0};
    uint8_t *data = (uint8_t *)&diag;
    size_t size = 5;
    assert_failed(hy_reader_load(reader, &data, &size, &diag), HYDRA_ERR_IO, &diag, part);
    assert_null(data);
    assert_int_equal(size, 0);
}

static void assert_loads(hy_reader *reader, const char *text)
{
    hy_diag diag = {0};
    uint8_t *data = NULL;
    size_t size = 0;
    assert_ok(hy_reader_load(reader, &data, &size, &diag), &diag);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(data, text, size);
    hy_free(data);
}

/* The same questions to a file and to memory. */
static void assert_random_access(const hy_source *source)
{
    hy_diag diag = {0};
    hy_reader *reader = open_reader(source);
    assert_int_equal(reader->size, 10);
    assert_string_equal(reader->name, source->name);
    const struct {
        int64_t offset;
        size_t size;
        const char *expected;
    } cases[] = {{0, 10, "0123456789"}, {3, 4, "3456"}, {8, 10, "89"}, {10, 1, ""},
                 {11, 5, ""},           {0, 0, ""},     {9, 1, "9"},   {1LL << 40, 9, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char bytes[11] = "";
        size_t got = 99;
        assert_ok(reader->ops->read(reader, cases[i].offset, bytes, cases[i].size, &got, &diag),
                  &diag);
        assert_int_equal(got, strlen(cases[i].expected));
        assert_memory_equal(bytes, cases[i].expected, got);
    }
    assert_loads(reader, "0123456789");
    hy_reader_close(reader);
}

static void test_file(void **state)
{
    (void)state;
    hy_source source = source_with("0123456789");
    assert_random_access(&source);
    hy_source_free(&source);
}

static void test_memory(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_source source;
    assert_ok(hy_source_from_memory(&source, "0123456789", 10, "image 1", &diag), &diag);
    assert_random_access(&source);
    assert_refused(&source, 9, HYDRA_ERR_LIMIT, "image 1: 10 bytes, the policy allows 9");
    hy_source_free(&source);
    hy_reader_close(NULL);
}

static void test_link_to_a_file(void **state)
{
    (void)state;
    hy_source source = source_with("0123456789");
    hy_source link = source_in_folder("link");
    assert_int_equal(symlink(source.path, link.path), 0);
    assert_random_access(&link);
    hy_source_free(&source);
    hy_source_free(&link);
}

static void test_limit(void **state)
{
    (void)state;
    hy_source source = source_with("0123456789");
    hy_diag diag = {0};
    hy_reader *reader = NULL;
    assert_refused(&source, 9, HYDRA_ERR_LIMIT, "10 bytes, the policy allows 9");
    assert_ok(hy_reader_open(&source, 10, NULL, &reader, &diag), &diag);
    hy_reader_close(reader);
    /* Only the size is looked at: this file takes no room. */
    assert_int_equal(truncate(source.path, 1LL << 40), 0);
    assert_refused(&source, 1 << 30, HYDRA_ERR_LIMIT, "1099511627776 bytes");
    assert_int_equal(fault.preads, 0);
    hy_source_free(&source);
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    hy_source source = source_of(folder);
    assert_refused(&source, 100, HYDRA_ERR_ARGUMENT, "is a folder, not a file");
    hy_source_free(&source);

    source = source_in_folder("fifo"); /* nobody writes: must not hang */
    assert_int_equal(mkfifo(source.path, 0600), 0);
    assert_refused(&source, 100, HYDRA_ERR_ARGUMENT, "is not a regular file");
    hy_source_free(&source);

    source = source_in_folder("socket");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", source.path);
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
    (void)close(server);
    assert_refused(&source, 100, HYDRA_ERR_IO, "opening failed");
    hy_source_free(&source);

    const char *const devices[] = {"/dev/null", "/dev/zero"};
    for (int i = 0; i < 2; i++) {
        source = source_of(devices[i]);
        assert_refused(&source, 100, HYDRA_ERR_ARGUMENT, "is not a regular file");
        hy_source_free(&source);
    }
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    hy_source source = source_in_folder("missing");
    assert_refused(&source, 100, HYDRA_ERR_NOT_FOUND, "opening failed: No such file");
    hy_source_free(&source);

    source = source_in_folder("link");
    assert_int_equal(symlink("missing", source.path), 0);
    assert_refused(&source, 100, HYDRA_ERR_NOT_FOUND, "opening failed: No such file");
    hy_source_free(&source);

    source = source_with("x");
    hy_source below = source_in_folder("file/x");
    assert_refused(&below, 100, HYDRA_ERR_NOT_FOUND, "Not a directory");
    hy_source_free(&below);
    hy_source_free(&source);

    source = source_with("");
    assert_refused(&source, 100, HYDRA_ERR_FORMAT, "the file is empty");
    hy_source_free(&source);
}

static void test_file_that_grows(void **state)
{
    (void)state;
    hy_source source = source_with("first");
    hy_reader *reader = open_reader(&source);
    test_write_file(source.path, "first and more", 14);
    assert_loads(reader, "first");
    hy_reader_close(reader);
    hy_source_free(&source);
}

static void test_file_that_shrinks(void **state)
{
    (void)state;
    hy_source source = source_with("first");
    hy_reader *reader = open_reader(&source);
    assert_int_equal(truncate(source.path, 3), 0);
    assert_load_fails(reader, "became shorter while it was read");
    assert_int_equal(truncate(source.path, 0), 0);
    assert_load_fails(reader, "became shorter while it was read");
    hy_reader_close(reader);
    hy_source_free(&source);
}

/* An open file outlives its name. */
static void test_file_that_vanishes(void **state)
{
    (void)state;
    hy_source source = source_with("first");
    hy_reader *reader = open_reader(&source);
    assert_int_equal(unlink(source.path), 0);
    assert_loads(reader, "first");
    hy_reader_close(reader);
    hy_source_free(&source);
}

static void test_reading_fails(void **state)
{
    (void)state;
    hy_source source = source_with("0123456789");
    hy_reader *reader = open_reader(&source);
    fault.pread_remaining = 1;
    fault.pread_error = EIO;
    assert_load_fails(reader, "reading failed: Input/output error");
    assert_loads(reader, "0123456789");
    hy_reader_close(reader);
    hy_source_free(&source);
}

static void test_opening_fails(void **state)
{
    (void)state;
    hy_source source = source_with("0123456789");
    fault.open_remaining = 1;
    fault.open_error = EMFILE;
    assert_refused(&source, 100, HYDRA_ERR_IO, "opening failed: Too many open files");
    fault.fstat_error = EIO;
    assert_refused(&source, 100, HYDRA_ERR_IO, "opening failed: Input/output error");
    hy_source_free(&source);
}

static void test_signals_and_small_pieces(void **state)
{
    (void)state;
    hy_source source = source_with("0123456789");
    fault.open_remaining = 3;
    fault.open_error = EINTR;
    hy_reader *reader = open_reader(&source);
    assert_int_equal(fault.open_remaining, 0);
    fault.pread_remaining = 3;
    fault.pread_error = EINTR;
    fault.piece = 3;
    assert_loads(reader, "0123456789");
    assert_int_equal(fault.preads, 3 + 4);
    hy_reader_close(reader);
    hy_source_free(&source);
}

static void child_forbidden(void *user)
{
    const hy_source *source = user;
    hy_diag diag = {0};
    hy_reader *reader = NULL;
    child_drop_root();
    child_check(hy_reader_open(source, 100, NULL, &reader, &diag) == HYDRA_ERR_PERMISSION);
    child_check(strstr(diag.text, "opening failed: Permission denied"));
}

static void test_forbidden_file(void **state)
{
    (void)state;
    hy_source source = source_with("secret");
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(source.path, 0), 0);
    test_in_child(child_forbidden, &source);
    hy_source_free(&source);
}

static void child_terminal(void *user)
{
    (void)user;
    hy_diag diag = {0};
    hy_source source;
    hy_reader *reader = NULL;
    child_check(setsid() >= 0); /* now the next terminal that is opened would become ours */
    int host = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    child_check(host >= 0 && grantpt(host) == 0 && unlockpt(host) == 0);
    child_check(hy_source_from_uri(&source, ptsname(host), "image 1", &diag) == HYDRA_OK);
    child_check(hy_reader_open(&source, 100, NULL, &reader, &diag) == HYDRA_ERR_ARGUMENT);
    child_check(open("/dev/tty", O_RDONLY | O_NOCTTY) < 0 && errno == ENXIO);
    hy_source_free(&source);
}

static void test_terminal_is_left_alone(void **state)
{
    (void)state;
    test_in_child(child_terminal, NULL);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_file),
        in_folder(test_memory),
        in_folder(test_link_to_a_file),
        in_folder(test_limit),
        in_folder(test_what_is_no_file),
        in_folder(test_what_is_not_there),
        in_folder(test_file_that_grows),
        in_folder(test_file_that_shrinks),
        in_folder(test_file_that_vanishes),
        in_folder(test_reading_fails),
        in_folder(test_opening_fails),
        in_folder(test_signals_and_small_pieces),
        in_folder(test_forbidden_file),
        in_folder(test_terminal_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
