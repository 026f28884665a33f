/* SPDX-License-Identifier: MIT */
/* The sink that is a file: what is there before, during and after; bad targets; full disks. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "child.h"
#include "sink/sink.h"

#include <dirent.h>

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

static hy_sink *open_sink(const char *path)
{
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    assert_ok(hy_sink_file_new(path, true, NULL, &sink, &diag), &diag);
    return sink;
}

static void put(hy_sink *sink, int64_t offset, const char *text)
{
    hy_diag diag = {0};
    assert_ok(sink->ops->write(sink, offset, text, strlen(text), &diag), &diag);
}

static void commit_and_free(hy_sink *sink)
{
    hy_diag diag = {0};
    assert_ok(sink->ops->commit(sink, &diag), &diag);
    hy_sink_free(sink);
}

/* A whole file in one go. */
static void render(const char *path, const char *text)
{
    hy_sink *sink = open_sink(path);
    put(sink, 0, text);
    commit_and_free(sink);
}

static void assert_content(const char *path, const char *text)
{
    size_t size = 0;
    uint8_t *data = test_read_file(path, &size);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(data, text, size);
    free(data);
}

static void assert_refused(const char *path, hydra_status expected, const char *part)
{
    hy_diag diag = {0};
    hy_sink *sink = (hy_sink *)&diag;
    assert_failed(hy_sink_file_new(path, true, NULL, &sink, &diag), expected, &diag, part);
    assert_null(sink);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

/* The name of the one entry of a folder, in a static array. */
static const char *only_entry(const char *path)
{
    static char name[NAME_MAX + 1];
    assert_int_equal(test_count_entries(path), 1);
    DIR *stream = opendir(path);
    assert_non_null(stream);
    for (struct dirent *entry = readdir(stream); entry; entry = readdir(stream)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            (void)snprintf(name, sizeof name, "%s", entry->d_name);
        }
    }
    (void)closedir(stream);
    return name;
}

static int count_descriptors(void)
{
    return test_count_entries("/proc/self/fd");
}

static void test_appears_only_when_committed(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    hy_diag diag = {0};
    char *path = test_path(folder, "out.mp4");
    hy_sink *sink = open_sink(path);
    assert_string_equal(sink->name, path);
    put(sink, 0, "....body");
    put(sink, 0, "head");
    assert_int_equal(access(path, F_OK), -1);

    const char *temp = only_entry(folder);
    assert_int_equal(strncmp(temp, ".out.mp4.", 9), 0);
    assert_string_equal(temp + strlen(temp) - 5, ".part");
    assert_int_equal(strlen(temp), 9 + 16 + 5);

    char back[6] = "";
    assert_ok(sink->ops->read(sink, 2, back, 5, &diag), &diag);
    assert_string_equal(back, "adbod");
    assert_failed(sink->ops->read(sink, 5, back, 5, &diag), HYDRA_ERR_IO, &diag, "ends early");

    commit_and_free(sink);
    assert_string_equal(only_entry(folder), "out.mp4");
    assert_content(path, "headbody");
    assert_int_equal(count_descriptors(), descriptors);
    free(path);
}

static void test_old_file_stays_until_then(void **state)
{
    (void)state;
    char *path = test_path(folder, "out.mp4");
    test_write_file(path, "old", 3);
    hy_sink *sink = open_sink(path);
    put(sink, 0, "new and longer");
    assert_content(path, "old");
    commit_and_free(sink);
    assert_content(path, "new and longer");
    assert_int_equal(test_count_entries(folder), 1);
    free(path);
}

static void test_gaps_are_zero(void **state)
{
    (void)state;
    char *path = test_path(folder, "out.mp4");
    hy_sink *sink = open_sink(path);
    put(sink, 100000, "x");
    commit_and_free(sink);
    size_t size = 0;
    uint8_t *data = test_read_file(path, &size);
    assert_int_equal(size, 100001);
    for (size_t i = 0; i < 100000; i++) {
        assert_int_equal(data[i], 0);
    }
    assert_int_equal(data[100000], 'x');
    free(data);
    free(path);
}

static void test_bad_ranges(void **state)
{
    (void)state;
    hy_diag diag = {0};
    char *path = test_path(folder, "out.mp4");
    hy_sink *sink = open_sink(path);
    assert_failed(sink->ops->write(sink, -1, "x", 1, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "offset -1");
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->write(sink, INT64_MAX, "x", 1, &diag), HYDRA_ERR_INTERNAL);
    hy_diag_clear(&diag);
    assert_int_equal(sink->ops->write(sink, 1, "x", SIZE_MAX, &diag), HYDRA_ERR_INTERNAL);
    hy_diag_clear(&diag);
    /* In range, but more than any file system holds. */
    assert_failed(sink->ops->write(sink, INT64_MAX - 1, "x", 1, &diag), HYDRA_ERR_SPACE, &diag,
                  "out.mp4: writing failed: File too large");
    hy_sink_free(sink);
    free(path);
}

static void test_permissions(void **state)
{
    (void)state;
    char *path = test_path(folder, "out.mp4");
    mode_t before = umask(027);
    render(path, "a");
    assert_int_equal(mode_of(path), 0640);
    (void)umask(077);
    (void)unlink(path);
    render(path, "a");
    assert_int_equal(mode_of(path), 0600);

    const mode_t kept[][2] = {{0644, 0644},  {0666, 0666},  {0600, 0600},  {0400, 0400},
                              {04755, 0755}, {02755, 0755}, {01777, 0777}, {06711, 0711}};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        assert_int_equal(chmod(path, kept[i][0]), 0);
        render(path, "b");
        assert_int_equal(mode_of(path), kept[i][1]);
    }
    (void)umask(before);
    free(path);
}

/* A file that is private must be so from its first byte. */
static void test_permissions_from_the_start(void **state)
{
    (void)state;
    char *path = test_path(folder, "out.mp4");
    hy_sink *sink = open_sink(path);
    char *temp = test_path(folder, only_entry(folder));
    test_write_file(path, "old", 3);
    assert_int_equal(chmod(path, 0600), 0);
    hy_sink *second = open_sink(path);
    hy_sink_free(sink);
    assert_int_equal(access(temp, F_OK), -1);
    (void)unlink(path);
    free(temp);
    temp = test_path(folder, only_entry(folder));
    assert_int_equal(mode_of(temp), 0600);
    hy_sink_free(second);
    free(temp);
    free(path);
}

static void test_abort_and_close_leave_nothing(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    char *path = test_path(folder, "out.mp4");
    hy_sink *sink = open_sink(path);
    put(sink, 0, "x");
    hy_sink_free(sink);
    assert_int_equal(test_count_entries(folder), 0);

    test_write_file(path, "old", 3);
    sink = open_sink(path);
    put(sink, 0, "x");
    sink->ops->abort(sink);
    assert_string_equal(only_entry(folder), "out.mp4");
    assert_content(path, "old");
    sink->ops->abort(sink);
    hy_sink_free(sink);
    assert_content(path, "old");
    assert_int_equal(count_descriptors(), descriptors);
    free(path);
}

static void test_wrong_order_is_harmless(void **state)
{
    (void)state;
    char *path = test_path(folder, "out.mp4");
    for (int aborted = 0; aborted < 2; aborted++) {
        hy_diag diag = {0};
        char byte = 0;
        test_write_file(path, "old", 3);
        hy_sink *sink = open_sink(path);
        put(sink, 0, "new");
        if (aborted) {
            sink->ops->abort(sink);
        } else {
            assert_ok(sink->ops->commit(sink, &diag), &diag);
        }
        assert_failed(sink->ops->write(sink, 0, "x", 1, &diag), HYDRA_ERR_INTERNAL, &diag,
                      "out.mp4: used after commit or abort");
        hy_diag_clear(&diag);
        assert_int_equal(sink->ops->read(sink, 0, &byte, 1, &diag), HYDRA_ERR_INTERNAL);
        hy_diag_clear(&diag);
        assert_int_equal(sink->ops->commit(sink, &diag), HYDRA_ERR_INTERNAL);
        sink->ops->abort(sink);
        hy_sink_free(sink);
        assert_content(path, aborted ? "old" : "new");
        assert_int_equal(test_count_entries(folder), 1);
    }
    free(path);
}

static void test_bad_targets(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    char *fifo = test_path(folder, "fifo");
    char *plain = test_path(folder, "plain");
    char *socket_path = test_path(folder, "socket");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    test_write_file(plain, "old", 3);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", socket_path);
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
    (void)close(server);

    const struct {
        const char *name; /* in the folder, or absolute */
        hydra_status status;
        const char *part;
    } cases[] = {
        {"", HYDRA_ERR_ARGUMENT, "names a folder"},
        {"new/", HYDRA_ERR_ARGUMENT, "new/: names a folder"},
        {".", HYDRA_ERR_ARGUMENT, "is a folder"},
        {"..", HYDRA_ERR_ARGUMENT, "is a folder"},
        {"fifo", HYDRA_ERR_ARGUMENT, "fifo: is not a regular file"},
        {"socket", HYDRA_ERR_ARGUMENT, "socket: is not a regular file"},
        {"missing/out.mp4", HYDRA_ERR_NOT_FOUND,
         "missing/out.mp4: opening its folder failed: No such file or directory"},
        {"plain/out.mp4", HYDRA_ERR_NOT_FOUND, "Not a directory"},
        {"plain/", HYDRA_ERR_ARGUMENT, "names a folder"},
        {"/dev/null", HYDRA_ERR_ARGUMENT, "/dev/null: is not a regular file"},
        {"/", HYDRA_ERR_ARGUMENT, "names a folder"},
        {"/dev", HYDRA_ERR_ARGUMENT, "/dev: is a folder"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path =
            cases[i].name[0] == '/' ? strdup(cases[i].name) : test_path(folder, cases[i].name);
        assert_refused(path, cases[i].status, cases[i].part);
        free(path);
    }
    assert_refused("", HYDRA_ERR_ARGUMENT, "the output path is empty");
    assert_content(plain, "old");
    assert_int_equal(test_count_entries(folder), 3);
    assert_int_equal(count_descriptors(), descriptors);
    free(fifo);
    free(plain);
    free(socket_path);
}

/* Bytes of a UTF-8 text, checked strictly; -1 when it is not one. Two-byte letters only. */
static int greek_letters(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i += 2) {
        if (i + 1 >= size || (unsigned char)text[i] != 0xce || (unsigned char)text[i + 1] != 0xb1) {
            return -1;
        }
    }
    return (int)(size / 2);
}

static void test_long_names(void **state)
{
    (void)state;
    char name[300];
    memset(name, 'a', sizeof name);
    name[256] = '\0';
    char *path = test_path(folder, name);
    assert_refused(path, HYDRA_ERR_ARGUMENT, "File name too long");
    free(path);

    name[255] = '\0';
    path = test_path(folder, name);
    hy_sink *sink = open_sink(path);
    assert_true(strlen(only_entry(folder)) <= 255);
    put(sink, 0, "x");
    commit_and_free(sink);
    assert_string_equal(only_entry(folder), name);
    (void)unlink(path);
    free(path);

    /* One letter of one byte before letters of two: whatever the cut, it lands within one of them
     * for either length. */
    for (int first = 0; first < 2; first++) {
        name[0] = 'b';
        for (int i = first; i + 1 < 255; i += 2) {
            name[i] = (char)0xce;
            name[i + 1] = (char)0xb1;
            name[i + 2] = '\0';
        }
        path = test_path(folder, name);
        sink = open_sink(path);
        const char *temp = only_entry(folder);
        size_t stem = strlen(temp) - 1 - 17 - 5 - (size_t)first;
        assert_true(greek_letters(temp + 1 + first, stem) > 40);
        commit_and_free(sink);
        (void)unlink(path);
        free(path);
    }
}

static void make_link(const char *to, const char *name)
{
    char *path = test_path(folder, name);
    assert_int_equal(symlink(to, path), 0);
    free(path);
}

static void assert_link(const char *path, const char *to)
{
    char text[PATH_MAX] = "";
    assert_true(readlink(path, text, sizeof text - 1) > 0);
    assert_string_equal(text, to);
}

static void test_links_are_followed(void **state)
{
    (void)state;
    char *real_folder = test_path(folder, "real");
    char *real = test_path(real_folder, "out.mp4");
    char *link = test_path(folder, "link");
    char *absolute = test_path(folder, "absolute");
    char *chain = test_path(folder, "chain");
    char *dangling = test_path(folder, "dangling");
    char *made = test_path(real_folder, "made");
    assert_int_equal(mkdir(real_folder, 0700), 0);
    test_write_file(real, "old", 3);
    assert_int_equal(chmod(real, 0600), 0);
    make_link("real/out.mp4", "link");
    make_link(real, "absolute");
    make_link("./real/../link", "chain");
    make_link("real/made", "dangling");

    hy_sink *sink = open_sink(link);
    assert_int_equal(test_count_entries(real_folder), 2); /* the temporary file is beside it */
    put(sink, 0, "one");
    commit_and_free(sink);
    assert_content(real, "one");
    assert_int_equal(mode_of(real), 0600);
    render(absolute, "two");
    assert_content(real, "two");
    render(chain, "three");
    assert_content(real, "three");
    render(dangling, "four");
    assert_content(made, "four");
    assert_link(link, "real/out.mp4");
    assert_link(absolute, real);
    assert_link(chain, "./real/../link");
    assert_link(dangling, "real/made");
    assert_int_equal(test_count_entries(folder), 5);
    assert_int_equal(test_count_entries(real_folder), 2);
    free(real_folder);
    free(real);
    free(link);
    free(absolute);
    free(chain);
    free(dangling);
    free(made);
}

static void test_bad_links(void **state)
{
    (void)state;
    char *fifo = test_path(folder, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    make_link("loop", "loop");
    make_link(".", "to_folder");
    make_link("fifo", "to_fifo");
    make_link("missing/out.mp4", "to_missing");
    make_link("new/", "to_slash");
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    char magic[64];
    (void)snprintf(magic, sizeof magic, "/proc/self/fd/%d", ends[1]);
    make_link(magic, "to_pipe");
    const struct {
        const char *name;
        hydra_status status;
        const char *part;
    } cases[] = {
        {"loop", HYDRA_ERR_ARGUMENT, "symbolic links"},
        {"to_folder", HYDRA_ERR_ARGUMENT, "to_folder: is a folder"},
        {"to_fifo", HYDRA_ERR_ARGUMENT, "to_fifo: is not a regular file"},
        {"to_pipe", HYDRA_ERR_ARGUMENT, "to_pipe: is not a regular file"},
        {"to_missing", HYDRA_ERR_NOT_FOUND, "opening its folder failed"},
        {"to_slash", HYDRA_ERR_ARGUMENT, "names a folder"},
    };
    int descriptors = count_descriptors();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = test_path(folder, cases[i].name);
        assert_refused(path, cases[i].status, cases[i].part);
        free(path);
    }
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(test_count_entries(folder), 7);
    (void)close(ends[0]);
    (void)close(ends[1]);
    free(fifo);
}

/* 40 links in a row are followed by Linux, and by the sink; 41 by neither. */
static void test_chain_of_links(void **state)
{
    (void)state;
    char *real = test_path(folder, "0");
    test_write_file(real, "old", 3);
    for (int i = 1; i <= 41; i++) {
        char name[16];
        char to[16];
        (void)snprintf(name, sizeof name, "%d", i);
        (void)snprintf(to, sizeof to, "%d", i - 1);
        make_link(to, name);
    }
    char *forty = test_path(folder, "40");
    char *more = test_path(folder, "41");
    render(forty, "new");
    assert_content(real, "new");
    assert_refused(more, HYDRA_ERR_ARGUMENT, "symbolic links");
    /* The same with nothing at the end. */
    (void)unlink(real);
    render(forty, "made");
    assert_content(real, "made");
    free(real);
    free(forty);
    free(more);
}

/* In a sticky folder Linux may refuse to follow another user's link (fs.protected_symlinks). */
static void test_foreign_links_as_the_kernel_says(void **state)
{
    (void)state;
    char *sticky = test_path(folder, "sticky");
    char *real = test_path(folder, "real");
    char *link = test_path(sticky, "link");
    assert_int_equal(mkdir(sticky, 0700), 0);
    assert_int_equal(chmod(sticky, 01777), 0);
    test_write_file(real, "old", 3);
    assert_int_equal(symlink(real, link), 0);
    if (geteuid() == 0) {
        assert_int_equal(lchown(link, 65534, 65534), 0);
    }
    int fd = open(link, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)close(fd);
        render(link, "new");
        assert_content(real, "new");
    } else {
        assert_int_equal(errno, EACCES);
        assert_refused(link, HYDRA_ERR_PERMISSION, "link: looking at it failed");
        assert_content(real, "old");
    }
    free(sticky);
    free(real);
    free(link);
}

static void test_current_folder_may_change(void **state)
{
    (void)state;
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char *moved = test_path(folder, "moved");
    char *sub = test_path(folder, "sub");
    char *path = test_path(moved, "out.mp4");
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_int_equal(chdir(sub), 0);
    hy_sink *sink = open_sink("out.mp4");
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rename(sub, moved), 0); /* not even this matters */
    put(sink, 0, "x");
    commit_and_free(sink);
    assert_content(path, "x");
    assert_int_equal(fchdir(here), 0);
    (void)close(here);
    free(moved);
    free(sub);
    free(path);
}

static void test_descriptors_are_not_inherited(void **state)
{
    (void)state;
    bool before[256];
    for (int fd = 0; fd < 256; fd++) {
        before[fd] = fcntl(fd, F_GETFD) >= 0;
    }
    char *path = test_path(folder, "out.mp4");
    hy_sink *sink = open_sink(path);
    int opened = 0;
    for (int fd = 0; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0 && !before[fd]) {
            assert_true(flags & FD_CLOEXEC);
            opened++;
        }
    }
    assert_int_equal(opened, 2);
    hy_sink_free(sink);
    free(path);
}

static void test_two_at_once(void **state)
{
    (void)state;
    char *path = test_path(folder, "out.mp4");
    hy_sink *one = open_sink(path);
    hy_sink *two = open_sink(path);
    put(one, 0, "one");
    put(two, 0, "two");
    assert_int_equal(test_count_entries(folder), 2);
    commit_and_free(two);
    assert_content(path, "two");
    commit_and_free(one);
    assert_content(path, "one");
    assert_int_equal(test_count_entries(folder), 1);
    free(path);
}

static void test_folder_vanishes(void **state)
{
    (void)state;
    int descriptors = count_descriptors();
    hy_diag diag = {0};
    char *sub = test_path(folder, "sub");
    char *path = test_path(sub, "out.mp4");
    assert_int_equal(mkdir(sub, 0700), 0);
    hy_sink *sink = open_sink(path);
    put(sink, 0, "x");
    char *temp = test_path(sub, only_entry(sub));
    assert_int_equal(unlink(temp), 0);
    assert_int_equal(rmdir(sub), 0);
    put(sink, 1, "y");
    assert_failed(sink->ops->commit(sink, &diag), HYDRA_ERR_NOT_FOUND, &diag,
                  "out.mp4: renaming failed: No such file or directory");
    hy_sink_free(sink);
    assert_int_equal(test_count_entries(folder), 0);
    assert_int_equal(count_descriptors(), descriptors);
    free(sub);
    free(path);
    free(temp);
}

/* Between _new and commit someone made a folder of the target's name. */
static void test_target_becomes_a_folder(void **state)
{
    (void)state;
    hy_diag diag = {0};
    char *path = test_path(folder, "out.mp4");
    hy_sink *sink = open_sink(path);
    put(sink, 0, "x");
    assert_int_equal(mkdir(path, 0700), 0);
    assert_failed(sink->ops->commit(sink, &diag), HYDRA_ERR_ARGUMENT, &diag, "renaming failed");
    assert_int_equal(test_count_entries(folder), 1); /* before it is freed already */
    hy_sink_free(sink);
    assert_string_equal(only_entry(folder), "out.mp4");
    free(path);
}

static void child_unwritable(void *user)
{
    const char *path = user;
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    child_drop_root();
    child_check(hy_sink_file_new(path, true, NULL, &sink, &diag) == HYDRA_ERR_PERMISSION);
    child_check(strstr(diag.text, path));
    child_check(strstr(diag.text, "Permission denied"));
    child_check(!sink);
}

static void test_unwritable_folder(void **state)
{
    (void)state;
    char *path = test_path(folder, "out.mp4");
    assert_int_equal(chmod(folder, 0555), 0);
    test_in_child(child_unwritable, path);
    /* Not even allowed to look. */
    assert_int_equal(chmod(folder, 0), 0);
    test_in_child(child_unwritable, path);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(test_count_entries(folder), 0);
    free(path);
}

static void child_drop_box(void *user)
{
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    child_drop_root();
    child_check(open(folder, O_RDONLY | O_DIRECTORY) < 0);
    child_check(hy_sink_file_new(user, true, NULL, &sink, &diag) == HYDRA_OK);
    child_check(sink->ops->write(sink, 0, "x", 1, &diag) == HYDRA_OK);
    child_check(sink->ops->commit(sink, &diag) == HYDRA_OK);
    hy_sink_free(sink);
}

/* A folder one may write to but not list. */
static void test_drop_box(void **state)
{
    (void)state;
    char *path = test_path(folder, "out.mp4");
    assert_int_equal(chmod(folder, 0333), 0);
    test_in_child(child_drop_box, path);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_content(path, "x");
    assert_int_equal(test_count_entries(folder), 1);
    free(path);
}

/* Write until it fails; what is there must then be as before. */
static void fill_up(const char *path, const char *cause)
{
    static const char block[4096];
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    hydra_status status = HYDRA_OK;
    child_check(hy_sink_file_new(path, true, NULL, &sink, &diag) == HYDRA_OK);
    for (int64_t i = 0; i < 100 && status == HYDRA_OK; i++) {
        status = sink->ops->write(sink, i * (int64_t)sizeof block, block, sizeof block, &diag);
    }
    child_check(status == HYDRA_ERR_SPACE);
    child_check(strstr(diag.text, path));
    child_check(strstr(diag.text, cause));
    sink->ops->abort(sink);
    hy_sink_free(sink);
    child_check(access(path, F_OK) != 0);
}

static void child_small_disk(void *user)
{
    const char *mount_point = user;
    child_own_mounts();
    child_check(mount("tmpfs", mount_point, "tmpfs", 0, "size=64k") == 0);
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/out.mp4", mount_point);
    fill_up(path, "No space left on device");
    /* The temporary file has given its room back. */
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    child_check(hy_sink_file_new(path, true, NULL, &sink, &diag) == HYDRA_OK);
    child_check(sink->ops->write(sink, 0, "x", 1, &diag) == HYDRA_OK);
    child_check(sink->ops->commit(sink, &diag) == HYDRA_OK);
    hy_sink_free(sink);
    child_check(mount("none", mount_point, "none", MS_REMOUNT | MS_RDONLY, NULL) == 0);
    child_check(hy_sink_file_new(path, true, NULL, &sink, &diag) == HYDRA_ERR_PERMISSION);
    child_check(strstr(diag.text, "Read-only file system"));
}

static void test_full_and_read_only_disk(void **state)
{
    (void)state;
    test_in_child(child_small_disk, folder);
    assert_int_equal(test_count_entries(folder), 0);
}

static void child_file_size_limit(void *user)
{
    const struct rlimit limit = {65536, 65536};
    child_check(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    child_check(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    fill_up(user, "File too large");
}

static void test_file_size_limit(void **state)
{
    (void)state;
    char *path = test_path(folder, "out.mp4");
    test_in_child(child_file_size_limit, path);
    assert_int_equal(test_count_entries(folder), 0);
    free(path);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(test_appears_only_when_committed),
        in_folder(test_old_file_stays_until_then),
        in_folder(test_gaps_are_zero),
        in_folder(test_bad_ranges),
        in_folder(test_permissions),
        in_folder(test_permissions_from_the_start),
        in_folder(test_abort_and_close_leave_nothing),
        in_folder(test_wrong_order_is_harmless),
        in_folder(test_bad_targets),
        in_folder(test_long_names),
        in_folder(test_links_are_followed),
        in_folder(test_bad_links),
        in_folder(test_chain_of_links),
        in_folder(test_foreign_links_as_the_kernel_says),
        in_folder(test_current_folder_may_change),
        in_folder(test_descriptors_are_not_inherited),
        in_folder(test_two_at_once),
        in_folder(test_folder_vanishes),
        in_folder(test_target_becomes_a_folder),
        in_folder(test_unwritable_folder),
        in_folder(test_drop_box),
        in_folder(test_full_and_read_only_disk),
        in_folder(test_file_size_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
