/* SPDX-License-Identifier: MIT */
/*
 * The system fails a whole render to a file at each of its calls, one at a time: disks that fill or
 * break, descriptors and threads that run out. Nothing hangs, the error says what it was, the
 * folder is clean, and the next render goes well. The linker's --wrap brings the calls here.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compose.h"

typedef enum call {
    CALL_CLOSE,
    CALL_EVENTFD,
    CALL_FSTAT,
    CALL_FSTATAT,
    CALL_FSYNC,
    CALL_GETRANDOM,
    CALL_OPEN,
    CALL_OPENAT,
    CALL_PREAD,
    CALL_PTHREAD_CREATE,
    CALL_PWRITE,
    CALL_RENAMEAT,
    CALL_COUNT
} call;

static const char *const call_names[CALL_COUNT] = {"close", "eventfd",        "fstat",  "fstatat",
                                                   "fsync", "getrandom",      "open",   "openat",
                                                   "pread", "pthread_create", "pwrite", "renameat"};

/* ---- Faults; the calls come from many threads ---- */

static struct {
    call which;
    int error;
    atomic_int countdown; /* 1 = the next call fails; 0 or less = none does */
    atomic_bool fired;
} fault;

static struct {
    size_t piece;    /* most bytes that are read or written at once; 0 = all */
    bool interrupts; /* every second call of a kind that may be is interrupted */
    atomic_int calls[CALL_COUNT];
} trouble;

static bool fails(call which)
{
    if (which != fault.which || atomic_load(&fault.countdown) <= 0 ||
        atomic_fetch_sub(&fault.countdown, 1) != 1) {
        return false;
    }
    atomic_store(&fault.fired, true);
    errno = fault.error;
    return true;
}

static bool interrupted(call which)
{
    if (!trouble.interrupts || atomic_fetch_add(&trouble.calls[which], 1) % 2 == 1) {
        return false;
    }
    errno = EINTR;
    return true;
}

static void arm(call which, int nth, int error)
{
    fault.which = which;
    fault.error = error;
    atomic_store(&fault.fired, false);
    atomic_store(&fault.countdown, nth);
}

/* ---- The calls ---- */

int __real_close(int fd);
int __wrap_close(int fd);
int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
int __real_fstat64(int fd, struct stat *info);
int __wrap_fstat64(int fd, struct stat *info);
int __real_fstatat64(int folder, const char *name, struct stat *info, int flags);
int __wrap_fstatat64(int folder, const char *name, struct stat *info, int flags);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
ssize_t __real_getrandom(void *bytes, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags);
int __real_open64(const char *path, int flags, mode_t mode);
int __wrap_open64(const char *path, int flags, mode_t mode);
int __real_openat64(int folder, const char *name, int flags, mode_t mode);
int __wrap_openat64(int folder, const char *name, int flags, mode_t mode);
ssize_t __real_pread64(int fd, void *data, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *user);
ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset);
int __real_renameat(int from, const char *old, int to, const char *name);
int __wrap_renameat(int from, const char *old, int to, const char *name);

int __wrap_close(int fd)
{
    int result = __real_close(fd); /* closed in any case, as on Linux */
    return fails(CALL_CLOSE) ? -1 : result;
}

int __wrap_eventfd(unsigned count, int flags)
{
    return fails(CALL_EVENTFD) ? -1 : __real_eventfd(count, flags);
}

int __wrap_fstat64(int fd, struct stat *info)
{
    return fails(CALL_FSTAT) ? -1 : __real_fstat64(fd, info);
}

int __wrap_fstatat64(int folder, const char *name, struct stat *info, int flags)
{
    return fails(CALL_FSTATAT) ? -1 : __real_fstatat64(folder, name, info, flags);
}

int __wrap_fsync(int fd)
{
    return fails(CALL_FSYNC) || interrupted(CALL_FSYNC) ? -1 : __real_fsync(fd);
}

ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags)
{
    return fails(CALL_GETRANDOM) || interrupted(CALL_GETRANDOM)
               ? -1
               : __real_getrandom(bytes, size, flags);
}

int __wrap_open64(const char *path, int flags, mode_t mode)
{
    return fails(CALL_OPEN) || interrupted(CALL_OPEN) ? -1 : __real_open64(path, flags, mode);
}

int __wrap_openat64(int folder, const char *name, int flags, mode_t mode)
{
    return fails(CALL_OPENAT) || interrupted(CALL_OPENAT)
               ? -1
               : __real_openat64(folder, name, flags, mode);
}

ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset)
{
    size = trouble.piece && size > trouble.piece ? trouble.piece : size;
    return fails(CALL_PREAD) || interrupted(CALL_PREAD) ? -1
                                                        : __real_pread64(fd, data, size, offset);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *user)
{
    return fails(CALL_PTHREAD_CREATE) ? EAGAIN
                                      : __real_pthread_create(thread, attributes, start, user);
}

ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    size = trouble.piece && size > trouble.piece ? trouble.piece : size;
    return fails(CALL_PWRITE) || interrupted(CALL_PWRITE) ? -1
                                                          : __real_pwrite64(fd, data, size, offset);
}

int __wrap_renameat(int from, const char *old, int to, const char *name)
{
    return fails(CALL_RENAMEAT) ? -1 : __real_renameat(from, old, to, name);
}

/* ---- A place with inputs and a folder for the output ---- */

static char *inputs;
static char *outputs;
static char *photo[2];
static char *music;
static char *target;
static uint64_t good; /* hash of the video as it must be */

static void write_inputs(void)
{
    for (uint32_t i = 0; i < 2; i++) {
        size_t size;
        uint8_t *file = test_bmp(80, 60, test_pixel_natural, &i, &size);
        photo[i] = test_path(inputs, i ? "b.bmp" : "a.bmp");
        test_write_file(photo[i], file, size);
        free(file);
    }
    size_t size;
    uint8_t *file = test_mono_wav(48000, 24000, test_sample_tone, NULL, &size);
    music = test_path(inputs, "tone.wav");
    test_write_file(music, file, size);
    free(file);
}

static int make_place(void **state)
{
    (void)state;
    inputs = test_folder_new();
    outputs = test_folder_new();
    target = test_path(outputs, "out.mp4");
    write_inputs();
    return 0;
}

static int free_place(void **state)
{
    (void)state;
    test_folder_free(inputs);
    test_folder_free(outputs);
    free(photo[0]);
    free(photo[1]);
    free(music);
    free(target);
    return 0;
}

static hydra_compose *new_show(void)
{
    hydra_compose *c = test_compose(3, 64, 64, 12, 1);
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.duration_us = 500000;
    for (int i = 0; i < 2; i++) {
        assert_compose_ok(c, hydra_compose_add_image(c, photo[i], &options));
    }
    assert_compose_ok(c, hydra_compose_set_audio(c, music, NULL));
    return c;
}

static uint64_t hash_of_target(void)
{
    size_t size;
    uint8_t *file = test_read_file(target, &size);
    uint64_t hash = test_hash(file, size);
    free(file);
    return hash;
}

/* ---- Two ways to render; each copies the error's text ---- */

typedef hydra_status render_fn(hydra_compose *c, char text[HY_DIAG_BYTES]);

static hydra_render_options draft(void)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = HYDRA_PROFILE_DRAFT;
    return options;
}

static hydra_status render_here(hydra_compose *c, char text[HY_DIAG_BYTES])
{
    hydra_render_options options = draft();
    hydra_status status = hydra_compose_render(c, target, &options);
    (void)snprintf(text, HY_DIAG_BYTES, "%s", hydra_compose_error(c));
    return status;
}

static hydra_status render_as_job(hydra_compose *c, char text[HY_DIAG_BYTES])
{
    hydra_render_options options = draft();
    hydra_render *render;
    hydra_status status = hydra_render_start(c, target, &options, &render);
    (void)snprintf(text, HY_DIAG_BYTES, "%s", hydra_compose_error(c));
    if (status == HYDRA_OK) {
        status = hydra_render_wait(render, HYDRA_AUTO);
        (void)snprintf(text, HY_DIAG_BYTES, "%s", hydra_render_error(render));
    }
    hydra_render_free(render);
    return status;
}

/* ---- One fault ---- */

static int count_descriptors(void)
{
    return test_count_entries("/proc/self/fd");
}

static void assert_good_and_remove(void)
{
    assert_int_equal(test_count_entries(outputs), 1);
    assert_true(hash_of_target() == good);
    assert_int_equal(remove(target), 0);
}

/* The folder is synced last: the video is complete by then, and stays. */
static bool leaves_video(call which, int nth)
{
    return which == CALL_FSYNC && nth == 2;
}

static void check_failure(call which, int nth, int error, hydra_status status, const char *text)
{
    hydra_status expected = error == ENOSPC ? HYDRA_ERR_SPACE : HYDRA_ERR_IO;
    /* What cannot be read back is not vouched for, whatever the reason. */
    bool fits = status == expected || (which == CALL_PREAD && status == HYDRA_ERR_VERIFY);
    if (!fits || !strstr(text, " failed: ")) {
        fail_msg("%s %d: %s \"%s\"", call_names[which], nth, hydra_status_name(status), text);
    }
    if (leaves_video(which, nth)) {
        assert_good_and_remove();
    }
    assert_int_equal(test_count_entries(outputs), 0);
}

/* Let the nth call of a kind fail. False when there is no nth. */
static bool try_fault(render_fn *render, call which, int nth, int error, int *failures)
{
    int descriptors = count_descriptors();
    hydra_compose *c = new_show();
    char text[HY_DIAG_BYTES];
    arm(which, nth, error);
    hydra_status status = render(c, text);
    atomic_store(&fault.countdown, 0);
    bool fired = atomic_load(&fault.fired);
    if (status == HYDRA_OK) {
        assert_good_and_remove();
    } else {
        assert_true(fired);
        check_failure(which, nth, error, status, text);
        assert_int_equal(render(c, text), HYDRA_OK);
        assert_good_and_remove();
        ++*failures;
    }
    hydra_compose_free(c);
    assert_int_equal(count_descriptors(), descriptors);
    assert_true(test_only_own_threads());
    return fired;
}

/* All calls of a kind. Returns how many there were; `failures`: how many of them mattered. */
static int try_all(render_fn *render, call which, int error, int *failures)
{
    int nth = 1;
    *failures = 0;
    while (try_fault(render, which, nth, error, failures)) {
        nth++;
    }
    print_message("%s: %d calls, %d failures\n", call_names[which], nth - 1, *failures);
    return nth - 1;
}

/* The hash of a render that nothing disturbs. */
static void learn_good(void)
{
    hydra_compose *c = new_show();
    char text[HY_DIAG_BYTES];
    assert_int_equal(render_here(c, text), HYDRA_OK);
    good = hash_of_target();
    assert_int_equal(remove(target), 0);
    hydra_compose_free(c);
}

/* ---- Tests ---- */

static void test_every_call_fails_once(void **state)
{
    (void)state;
    learn_good();
    /* Failures of these must be reported every time; other calls may have a way around. */
    static const call reported[] = {CALL_OPEN,  CALL_OPENAT,   CALL_PREAD,    CALL_PWRITE,
                                    CALL_FSYNC, CALL_RENAMEAT, CALL_GETRANDOM};
    int failures;
    for (size_t i = 0; i < sizeof reported / sizeof *reported; i++) {
        int calls = try_all(render_here, reported[i], EIO, &failures);
        assert_true(calls > 0);
        assert_int_equal(failures, calls);
    }
    /* The last one is of the file that has its name: then an upload would render again. */
    int looks = try_all(render_here, CALL_FSTAT, EIO, &failures);
    assert_int_equal(failures, looks - 1);
    assert_true(try_all(render_here, CALL_CLOSE, EIO, &failures) > 5);
    assert_int_equal(failures, 1); /* of the written file */
    assert_true(try_all(render_here, CALL_FSTATAT, EIO, &failures) > 0);
}

static void test_disk_fills_at_every_write(void **state)
{
    (void)state;
    learn_good();
    int failures;
    trouble.piece = 4096; /* also in the middle of what is one write for the library */
    int calls = try_all(render_here, CALL_PWRITE, ENOSPC, &failures);
    trouble.piece = 0;
    assert_true(calls > 10);
    assert_int_equal(failures, calls);
    calls = try_all(render_here, CALL_FSYNC, ENOSPC, &failures);
    assert_int_equal(failures, calls);
}

static void test_jobs_without_descriptors_and_threads(void **state)
{
    (void)state;
    learn_good();
    int failures;
    int calls = try_all(render_as_job, CALL_EVENTFD, EMFILE, &failures);
    assert_int_equal(calls, 1);
    assert_int_equal(failures, 1);
    (void)try_all(render_as_job, CALL_OPEN, EMFILE, &failures);
    assert_true(failures > 0);
    (void)try_all(render_as_job, CALL_OPENAT, EMFILE, &failures);
    assert_true(failures > 0);
    /* The job's own thread and the first worker are needed; further workers are not. */
    calls = try_all(render_as_job, CALL_PTHREAD_CREATE, EAGAIN, &failures);
    assert_true(calls >= 2);
    assert_true(failures >= 1);
    calls = try_all(render_here, CALL_PTHREAD_CREATE, EAGAIN, &failures);
    assert_true(calls >= 1);
    assert_int_equal(failures, 1);
}

/* Signals of the host and disks that take little at once change nothing. */
static void test_pieces_and_interrupts(void **state)
{
    (void)state;
    learn_good();
    hydra_compose *c = new_show();
    char text[HY_DIAG_BYTES];
    trouble.piece = 1000;
    trouble.interrupts = true;
    hydra_status status = render_here(c, text);
    trouble.interrupts = false;
    trouble.piece = 0;
    if (status != HYDRA_OK) {
        fail_msg("%s: %s", hydra_status_name(status), text);
    }
    assert_true(atomic_load(&trouble.calls[CALL_PWRITE]) > 100);
    assert_true(atomic_load(&trouble.calls[CALL_PREAD]) > 100);
    assert_good_and_remove();
    hydra_compose_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_fails_once),
        cmocka_unit_test(test_disk_fills_at_every_write),
        cmocka_unit_test(test_jobs_without_descriptors_and_threads),
        cmocka_unit_test(test_pieces_and_interrupts),
    };
    return cmocka_run_group_tests(tests, make_place, free_place);
}
