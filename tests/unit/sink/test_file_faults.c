/* SPDX-License-Identifier: MIT */
/*
 * Every system call and every allocation of the file sink made to fail, one at a time, in every
 * place: nothing may be left behind and the target must be as before. The calls come here instead
 * of to the C library through the linker's --wrap.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc_faults.h"
#include "sink/sink.h"
#include "support.h"

typedef enum call {
    CALL_CLOSE,
    CALL_FCHMOD,
    CALL_FSTAT,
    CALL_FSTATAT,
    CALL_FSYNC,
    CALL_FTRUNCATE,
    CALL_GETRANDOM,
    CALL_OPENAT,
    CALL_PREAD,
    CALL_PWRITE,
    CALL_READLINKAT,
    CALL_RENAMEAT,
    CALL_UNLINKAT,
    CALL_COUNT
} call;

static const char *const call_names[CALL_COUNT] = {
    "close",  "fchmod", "fstat",  "fstatat",    "fsync",    "ftruncate", "getrandom",
    "openat", "pread",  "pwrite", "readlinkat", "renameat", "unlinkat"};

/* What goes wrong. */
static struct {
    call which;
    int countdown; /* 1 = the next; 0 = nothing goes wrong */
    int repeat;    /* how often, from then on */
    int error;     /* errno; 0 = the call moves no bytes and returns 0 */
    bool fired;
} fault;

/* errno of what a file system may not have at all; 0 = it has it. */
static int noreplace_error;
static int link_error;
static int link_calls;

static bool tiny_pieces; /* pread and pwrite move one byte at a time */
static bool same_random; /* getrandom always gives zeros */

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

int __real_linkat(int from, const char *old, int to, const char *name, int flags);
int __real_renameat2(int from, const char *old, int to, const char *name, unsigned flags);
int __wrap_linkat(int from, const char *old, int to, const char *name, int flags);
int __wrap_renameat2(int from, const char *old, int to, const char *name, unsigned flags);
int __real_close(int fd);
int __real_fchmod(int fd, mode_t mode);
int __real_fstat64(int fd, struct stat *info);
int __real_fstatat64(int folder, const char *name, struct stat *info, int flags);
int __real_fsync(int fd);
int __real_ftruncate64(int fd, off_t size);
ssize_t __real_getrandom(void *bytes, size_t size, unsigned flags);
int __real_openat64(int folder, const char *name, int flags, mode_t mode);
ssize_t __real_pread64(int fd, void *data, size_t size, off_t offset);
ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __real_readlinkat(int folder, const char *name, char *text, size_t size);
int __real_renameat(int from, const char *old, int to, const char *name);
int __real_unlinkat(int folder, const char *name, int flags);

int __wrap_close(int fd);
int __wrap_fchmod(int fd, mode_t mode);
int __wrap_fstat64(int fd, struct stat *info);
int __wrap_fstatat64(int folder, const char *name, struct stat *info, int flags);
int __wrap_fsync(int fd);
int __wrap_ftruncate64(int fd, off_t size);
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags);
int __wrap_openat64(int folder, const char *name, int flags, mode_t mode);
ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_readlinkat(int folder, const char *name, char *text, size_t size);
int __wrap_renameat(int from, const char *old, int to, const char *name);
int __wrap_unlinkat(int folder, const char *name, int flags);

int __wrap_close(int fd)
{
    int result = __real_close(fd); /* closed in any case, as on Linux */
    return fails(CALL_CLOSE) ? failure() : result;
}

int __wrap_fchmod(int fd, mode_t mode)
{
    return fails(CALL_FCHMOD) ? failure() : __real_fchmod(fd, mode);
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

int __wrap_ftruncate64(int fd, off_t size)
{
    return fails(CALL_FTRUNCATE) ? failure() : __real_ftruncate64(fd, size);
}

ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags)
{
    if (same_random) {
        memset(bytes, 0, size);
        return (ssize_t)size;
    }
    return fails(CALL_GETRANDOM) ? failure() : __real_getrandom(bytes, size, flags);
}

int __wrap_openat64(int folder, const char *name, int flags, mode_t mode)
{
    return fails(CALL_OPENAT) ? failure() : __real_openat64(folder, name, flags, mode);
}

ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset)
{
    size = tiny_pieces ? 1 : size;
    return fails(CALL_PREAD) ? failure() : __real_pread64(fd, data, size, offset);
}

ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    size = tiny_pieces ? 1 : size;
    return fails(CALL_PWRITE) ? failure() : __real_pwrite64(fd, data, size, offset);
}

ssize_t __wrap_readlinkat(int folder, const char *name, char *text, size_t size)
{
    return fails(CALL_READLINKAT) ? failure() : __real_readlinkat(folder, name, text, size);
}

int __wrap_renameat(int from, const char *old, int to, const char *name)
{
    return fails(CALL_RENAMEAT) ? failure() : __real_renameat(from, old, to, name);
}

int __wrap_linkat(int from, const char *old, int to, const char *name, int flags)
{
    link_calls++;
    errno = link_error;
    return link_error ? -1 : __real_linkat(from, old, to, name, flags);
}

int __wrap_renameat2(int from, const char *old, int to, const char *name, unsigned flags)
{
    errno = noreplace_error;
    return noreplace_error ? -1 : __real_renameat2(from, old, to, name, flags);
}

int __wrap_unlinkat(int folder, const char *name, int flags)
{
    return fails(CALL_UNLINKAT) ? failure() : __real_unlinkat(folder, name, flags);
}

/* "FOLDER/link" names "FOLDER/out.mp4", which holds "old". */
typedef struct place {
    char *folder;
    char *link;
    char *target;
} place;

static place place_new(void)
{
    place p = {.folder = test_folder_new()};
    p.link = test_path(p.folder, "link");
    p.target = test_path(p.folder, "out.mp4");
    test_write_file(p.target, "old", 3);
    assert_int_equal(chmod(p.target, 0600), 0);
    assert_int_equal(symlink("out.mp4", p.link), 0);
    memset(&fault, 0, sizeof fault);
    return p;
}

static void place_free(place *p)
{
    test_folder_free(p->folder);
    free(p->link);
    free(p->target);
}

static void assert_content(const char *path, const char *text)
{
    size_t size = 0;
    uint8_t *data = test_read_file(path, &size);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(data, text, size);
    free(data);
}

static hydra_status use_sink(hy_sink *sink, hy_diag *diag)
{
    char back[8];
    hydra_status status = sink->ops->write(sink, 0, "an attempt", 10, diag);
    if (status == HYDRA_OK) {
        status = sink->ops->restart(sink, diag);
    }
    if (status == HYDRA_OK) {
        status = sink->ops->write(sink, 4, "body", 4, diag);
    }
    if (status == HYDRA_OK) {
        status = sink->ops->write(sink, 0, "head", 4, diag);
    }
    if (status == HYDRA_OK) {
        status = sink->ops->read(sink, 0, back, 8, diag);
    }
    if (status == HYDRA_OK && memcmp(back, "headbody", 8) != 0) {
        status = hy_fail(diag, HYDRA_ERR_VERIFY, "%s: other bytes", sink->name);
    }
    return status == HYDRA_OK ? sink->ops->commit(sink, diag) : status;
}

/* A whole life of a sink; after a failure what the render does then. */
static hydra_status whole_life(const char *path, hy_diag *diag)
{
    hy_sink *sink = NULL;
    hydra_status status = hy_sink_file_new(path, true, NULL, &sink, diag);
    if (status != HYDRA_OK) {
        assert_null(sink);
        return status;
    }
    status = use_sink(sink, diag);
    if (status != HYDRA_OK) {
        sink->ops->abort(sink);
    }
    hy_sink_free(sink);
    return status;
}

static int count_descriptors(void)
{
    return test_count_entries("/proc/self/fd");
}

/* Let the nth call of one kind fail. False when there is no nth. */
static bool try_fault(call which, int nth, int error)
{
    place p = place_new();
    hy_diag diag = {0};
    int descriptors = count_descriptors();
    fault.which = which;
    fault.countdown = nth;
    fault.repeat = 1;
    fault.error = error;
    hydra_status status = whole_life(p.link, &diag);
    fault.countdown = 0;
    bool fired = fault.fired;
    /* The last sync is that of the folder, after the rename. */
    bool too_late = which == CALL_FSYNC && nth == 2;
    if (status != HYDRA_OK) {
        assert_true(fired);
        assert_int_equal(status, diag.status);
        assert_non_null(strstr(diag.text, p.link));
        assert_non_null(strstr(diag.text, error == EIO ? "Input/output error" : " failed: "));
        assert_content(p.target, too_late ? "headbody" : "old");
    } else {
        assert_content(p.target, "headbody");
    }
    struct stat info;
    assert_int_equal(stat(p.target, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(count_descriptors(), descriptors);
    assert_int_equal(test_count_entries(p.folder), 2);
    place_free(&p);
    return fired;
}

/* Who takes the name for a file of his own does not change what is known of ours. */
static void test_what_it_is_after_commit(void **state)
{
    (void)state;
    hy_diag diag = {0};
    struct stat before;
    struct stat info;
    hy_sink *sink = NULL;
    place p = place_new();
    char *other = test_path(p.folder, "other.mp4");
    assert_ok(hy_sink_file_new(p.link, true, NULL, &sink, &diag), &diag);
    assert_false(hy_sink_file_info(sink, &info));
    assert_ok(use_sink(sink, &diag), &diag);
    assert_int_equal(stat(p.target, &before), 0);
    test_write_file(other, "other", 5);
    assert_int_equal(rename(other, p.target), 0);
    assert_true(hy_sink_file_info(sink, &info));
    assert_int_equal(info.st_ino, before.st_ino);
    assert_int_equal(info.st_size, 8);
    assert_memory_equal(&info.st_ctim, &before.st_ctim, sizeof info.st_ctim);
    assert_memory_equal(&info.st_mtim, &before.st_mtim, sizeof info.st_mtim);
    hy_sink_free(sink);
    free(other);
    place_free(&p);
}

/* How many calls of each kind one life makes, and so how many places are tried. */
static const int expected_calls[CALL_COUNT] = {
    [CALL_CLOSE] = 4,    [CALL_FCHMOD] = 1,    [CALL_FSTAT] = 2,      [CALL_FSTATAT] = 4,
    [CALL_FSYNC] = 2,    [CALL_FTRUNCATE] = 1, [CALL_GETRANDOM] = 1,  [CALL_OPENAT] = 3,
    [CALL_PREAD] = 1,    [CALL_PWRITE] = 3,    [CALL_READLINKAT] = 1, [CALL_RENAMEAT] = 1,
    [CALL_UNLINKAT] = 0,
};

static void test_every_call_fails_once(void **state)
{
    (void)state;
    for (call which = 0; which < CALL_COUNT; which++) {
        int nth = 1;
        while (try_fault(which, nth, EIO)) {
            nth++;
        }
        if (nth - 1 != expected_calls[which]) {
            fail_msg("%d calls of %s", nth - 1, call_names[which]);
        }
    }
}

/* The same as above for a result that is certain: these failures must be reported. */
static void test_failures_are_reported(void **state)
{
    (void)state;
    const struct {
        call which;
        int nth;
        int error;
        hydra_status status;
        const char *part;
    } cases[] = {
        {CALL_CLOSE, 2, EIO, HYDRA_ERR_IO, "closing failed: Input/output error"},
        {CALL_CLOSE, 2, EDQUOT, HYDRA_ERR_SPACE, "closing failed: Disk quota exceeded"},
        {CALL_FCHMOD, 1, EPERM, HYDRA_ERR_PERMISSION, "keeping its permissions failed"},
        {CALL_FSTAT, 1, EIO, HYDRA_ERR_IO, "keeping its permissions failed"},
        {CALL_FSTATAT, 1, EACCES, HYDRA_ERR_PERMISSION, "looking at it failed"},
        {CALL_FSTATAT, 2, EACCES, HYDRA_ERR_PERMISSION, "looking at it failed"},
        {CALL_FSYNC, 1, EIO, HYDRA_ERR_IO, "syncing failed"},
        {CALL_FSYNC, 1, ENOSPC, HYDRA_ERR_SPACE, "syncing failed: No space left"},
        {CALL_FSYNC, 2, EIO, HYDRA_ERR_IO, "syncing its folder failed"},
        {CALL_FTRUNCATE, 1, EIO, HYDRA_ERR_IO, "emptying failed: Input/output error"},
        {CALL_GETRANDOM, 1, ENOSYS, HYDRA_ERR_IO, "getting random bits failed"},
        {CALL_OPENAT, 1, EMFILE, HYDRA_ERR_IO, "opening its folder failed"},
        {CALL_OPENAT, 2, ENOENT, HYDRA_ERR_NOT_FOUND, "opening its folder failed"},
        {CALL_OPENAT, 3, EROFS, HYDRA_ERR_PERMISSION, "creating failed: Read-only file system"},
        {CALL_OPENAT, 3, ENOSPC, HYDRA_ERR_SPACE, "creating failed: No space left"},
        {CALL_PREAD, 1, EIO, HYDRA_ERR_IO, "reading back failed: Input/output error"},
        {CALL_PREAD, 1, 0, HYDRA_ERR_IO, "reading back failed: the file ends early"},
        {CALL_PWRITE, 1, ENOSPC, HYDRA_ERR_SPACE, "writing failed: No space left on device"},
        {CALL_PWRITE, 2, EDQUOT, HYDRA_ERR_SPACE, "writing failed: Disk quota exceeded"},
        {CALL_PWRITE, 1, 0, HYDRA_ERR_SPACE, "writing failed: No space left on device"},
        {CALL_READLINKAT, 1, EACCES, HYDRA_ERR_PERMISSION, "following a link failed"},
        {CALL_RENAMEAT, 1, EXDEV, HYDRA_ERR_IO, "renaming failed"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        place p = place_new();
        hy_diag diag = {0};
        fault.which = cases[i].which;
        fault.countdown = cases[i].nth;
        fault.repeat = 1;
        fault.error = cases[i].error;
        hydra_status status = whole_life(p.link, &diag);
        assert_failed(status, cases[i].status, &diag, cases[i].part);
        assert_int_equal(test_count_entries(p.folder), 2);
        place_free(&p);
    }
}

/* A signal handler of the host comes between, three times in a row: nobody notices. */
static void test_interrupted_calls_are_repeated(void **state)
{
    (void)state;
    const struct {
        call which;
        int nth;
        int repeat;
    } cases[] = {
        {CALL_GETRANDOM, 1, 3}, {CALL_OPENAT, 1, 3}, {CALL_OPENAT, 3, 3},
        {CALL_PWRITE, 1, 3},    {CALL_PREAD, 1, 3},  {CALL_FSYNC, 1, 3},
        {CALL_FSYNC, 2, 3},     {CALL_CLOSE, 2, 1},  {CALL_FTRUNCATE, 1, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        place p = place_new();
        hy_diag diag = {0};
        fault.which = cases[i].which;
        fault.countdown = cases[i].nth;
        fault.repeat = cases[i].repeat;
        fault.error = EINTR;
        assert_ok(whole_life(p.link, &diag), &diag);
        assert_true(fault.fired);
        assert_int_equal(fault.repeat, 0);
        assert_content(p.target, "headbody");
        assert_int_equal(test_count_entries(p.folder), 2);
        place_free(&p);
    }
}

static void test_short_transfers_are_continued(void **state)
{
    (void)state;
    place p = place_new();
    hy_diag diag = {0};
    tiny_pieces = true;
    hydra_status status = whole_life(p.link, &diag);
    tiny_pieces = false;
    assert_ok(status, &diag);
    assert_content(p.target, "headbody");
    place_free(&p);
}

/* Half of the bytes fit. */
static void test_disk_fills_within_a_write(void **state)
{
    (void)state;
    place p = place_new();
    hy_diag diag = {0};
    fault.which = CALL_PWRITE;
    fault.countdown = 3;
    fault.repeat = 1;
    fault.error = ENOSPC;
    tiny_pieces = true;
    hydra_status status = whole_life(p.link, &diag);
    tiny_pieces = false;
    assert_failed(status, HYDRA_ERR_SPACE, &diag, "link: writing failed");
    assert_content(p.target, "old");
    assert_int_equal(test_count_entries(p.folder), 2);
    place_free(&p);
}

/* Some file systems cannot sync a folder. */
static void test_folder_that_cannot_be_synced(void **state)
{
    (void)state;
    const int errors[] = {EINVAL, EBADF};
    for (int i = 0; i < 2; i++) {
        place p = place_new();
        hy_diag diag = {0};
        fault.which = CALL_FSYNC;
        fault.countdown = 2;
        fault.repeat = 1;
        fault.error = errors[i];
        assert_ok(whole_life(p.link, &diag), &diag);
        assert_true(fault.fired);
        assert_content(p.target, "headbody");
        place_free(&p);
    }
}

/* Somebody was here first: another name, a few times. */
static void test_temporary_name_is_taken(void **state)
{
    (void)state;
    place p = place_new();
    hy_diag diag = {0};
    fault.which = CALL_OPENAT;
    fault.countdown = 3;
    fault.repeat = 5;
    fault.error = EEXIST;
    assert_ok(whole_life(p.link, &diag), &diag);
    assert_int_equal(fault.repeat, 0);
    assert_content(p.target, "headbody");

    /* Never over someone else's file, and not for ever. */
    char *taken = test_path(p.folder, ".out.mp4.0000000000000000.part");
    test_write_file(taken, "theirs", 6);
    same_random = true;
    hydra_status status = whole_life(p.link, &diag);
    same_random = false;
    assert_failed(status, HYDRA_ERR_IO, &diag, "creating failed: File exists");
    assert_content(taken, "theirs");
    assert_int_equal(test_count_entries(p.folder), 3);
    free(taken);
    place_free(&p);
}

/* The clean-up itself fails: nothing more can be done, but nothing else breaks either. */
static void test_removing_fails(void **state)
{
    (void)state;
    place p = place_new();
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    int descriptors = count_descriptors();
    assert_ok(hy_sink_file_new(p.link, true, NULL, &sink, &diag), &diag);
    fault.which = CALL_UNLINKAT;
    fault.countdown = 1;
    fault.repeat = 1;
    fault.error = EIO;
    sink->ops->abort(sink);
    hy_sink_free(sink);
    assert_true(fault.fired);
    assert_content(p.target, "old");
    assert_int_equal(count_descriptors(), descriptors);
    place_free(&p);
}

static void test_every_allocation_fails(void **state)
{
    (void)state;
    place p = place_new();
    int blocks = test_live_blocks();
    int descriptors = count_descriptors();
    int nth = 1;
    for (;; nth++) {
        hy_diag diag = {0};
        test_fail_allocation(nth);
        hydra_status status = whole_life(p.link, &diag);
        bool failed = test_allocation_failed();
        test_fail_allocation(0);
        if (!failed) {
            assert_ok(status, &diag);
            break;
        }
        assert_failed(status, HYDRA_ERR_MEMORY, &diag, "memory");
        assert_content(p.target, "old");
        assert_int_equal(test_live_blocks(), blocks);
        assert_int_equal(test_count_entries(p.folder), 2);
        assert_int_equal(count_descriptors(), descriptors);
    }
    assert_true(nth > 4);
    place_free(&p);
}

/* As above for the other two sinks, with all blocks accounted for. */
static hydra_status memory_life(hy_diag *diag)
{
    static const char bytes[3000];
    hy_sink *sink = NULL;
    hydra_status status = hy_sink_memory_new(10000, &sink, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    status = sink->ops->write(sink, 0, bytes, 100, diag);
    if (status == HYDRA_OK) {
        status = sink->ops->write(sink, 100, bytes, sizeof bytes, diag);
    }
    if (status == HYDRA_OK) {
        status = sink->ops->commit(sink, diag);
    }
    if (status == HYDRA_OK) {
        uint8_t *data = NULL;
        size_t size = 0;
        hy_sink_memory_take(sink, &data, &size);
        assert_int_equal(size, 3100);
        hy_free(data);
    }
    hy_sink_free(sink);
    return status;
}

static int32_t ignore_bytes(void *user, int64_t offset, const void *data, size_t size)
{
    (void)user;
    (void)offset;
    (void)data;
    (void)size;
    return 0;
}

static hydra_status writer_life(hy_diag *diag)
{
    const hydra_writer writer = {.struct_size = sizeof writer, .write = ignore_bytes};
    hy_sink *sink = NULL;
    hydra_status status = hy_sink_writer_new(&writer, &sink, diag);
    hy_sink_free(sink);
    return status;
}

static void test_other_sinks_without_memory(void **state)
{
    (void)state;
    hydra_status (*const lives[])(hy_diag *) = {memory_life, writer_life};
    const int failures[] = {3, 1};
    for (int i = 0; i < 2; i++) {
        int blocks = test_live_blocks();
        int found = 0;
        bool failed = true;
        for (int nth = 1; failed; nth++) {
            hy_diag diag = {0};
            test_fail_allocation(nth);
            hydra_status status = lives[i](&diag);
            failed = test_allocation_failed();
            test_fail_allocation(0);
            found += status != HYDRA_OK;
            /* Only giving slack back may fail without anyone hearing of it. */
            assert_int_equal(status, found == nth ? HYDRA_ERR_MEMORY : HYDRA_OK);
            assert_int_equal(test_live_blocks(), blocks);
        }
        assert_int_equal(found, failures[i]);
    }
}

/* A name that must be free, with what the file system has. `meanwhile`: it is taken before the
 * commit. */
static void keep_existing(int noreplace, int link, bool meanwhile)
{
    place p = place_new();
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    assert_int_equal(unlink(p.target), 0); /* the link stays, to a file that is still to be made */
    noreplace_error = noreplace;
    link_error = link;
    link_calls = 0;
    assert_ok(hy_sink_file_new(p.link, false, NULL, &sink, &diag), &diag);
    if (meanwhile) {
        test_write_file(p.target, "theirs", 6);
    }
    hydra_status status = use_sink(sink, &diag);
    hy_sink_free(sink);
    noreplace_error = 0;
    link_error = 0;
    if (meanwhile) {
        assert_failed(status, HYDRA_ERR_EXISTS, &diag, "exists already");
    } else {
        assert_ok(status, &diag);
    }
    assert_content(p.target, meanwhile ? "theirs" : "headbody");
    assert_int_equal(test_count_entries(p.folder), 2);
    assert_int_equal(link_calls, noreplace ? 1 : 0);
    place_free(&p);
}

/* Refused before anything is written; a link counts as the file that it names. */
static void test_what_exists_is_refused(void **state)
{
    (void)state;
    place p = place_new();
    const char *const paths[] = {p.target, p.link};
    for (size_t i = 0; i < 2; i++) {
        hy_diag diag = {0};
        hy_sink *sink = NULL;
        assert_failed(hy_sink_file_new(paths[i], false, NULL, &sink, &diag), HYDRA_ERR_EXISTS,
                      &diag, "exists already and is not to be replaced");
        assert_null(sink);
        assert_content(p.target, "old");
        assert_int_equal(test_count_entries(p.folder), 2);
    }
    place_free(&p);
}

static void test_what_exists_is_kept(void **state)
{
    (void)state;
    static const int noreplace[] = {0, EINVAL, ENOSYS};
    static const int link[] = {0, EPERM, EOPNOTSUPP};
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 3; k++) {
            keep_existing(noreplace[i], link[k], false);
            keep_existing(noreplace[i], link[k], true);
        }
    }
}

static void test_a_name_that_cannot_be_given(void **state)
{
    (void)state;
    place p = place_new();
    hy_diag diag = {0};
    hy_sink *sink = NULL;
    assert_int_equal(unlink(p.target), 0);
    assert_ok(hy_sink_file_new(p.link, false, NULL, &sink, &diag), &diag);
    noreplace_error = EIO;
    assert_failed(use_sink(sink, &diag), HYDRA_ERR_IO, &diag, "renaming failed");
    noreplace_error = 0;
    hy_sink_free(sink);
    assert_int_equal(test_count_entries(p.folder), 1);
    place_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_exists_is_refused),
        cmocka_unit_test(test_what_exists_is_kept),
        cmocka_unit_test(test_a_name_that_cannot_be_given),
        cmocka_unit_test(test_what_it_is_after_commit),
        cmocka_unit_test(test_every_call_fails_once),
        cmocka_unit_test(test_failures_are_reported),
        cmocka_unit_test(test_interrupted_calls_are_repeated),
        cmocka_unit_test(test_short_transfers_are_continued),
        cmocka_unit_test(test_disk_fills_within_a_write),
        cmocka_unit_test(test_folder_that_cannot_be_synced),
        cmocka_unit_test(test_temporary_name_is_taken),
        cmocka_unit_test(test_removing_fails),
        cmocka_unit_test(test_every_allocation_fails),
        cmocka_unit_test(test_other_sinks_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
