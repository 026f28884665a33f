/* SPDX-License-Identifier: MIT */
/* Files that must not change while they are sent. */
#include "api/stable_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

hydra_status hy_stable_file_note(hy_stable_file *file, const char *path, const struct stat *info,
                                 hy_diag *diag)
{
    hy_stable_file_free(file);
    char real[PATH_MAX];
    if (!realpath(path, real)) {
        return hy_fail_errno(diag, errno, path, "looking at it");
    }
    file->was = *info;
    file->path = hy_strdup(real);
    return file->path ? HYDRA_OK : hy_fail_memory(diag);
}

void hy_stable_file_free(hy_stable_file *file)
{
    hy_free(file->path);
    file->path = NULL;
}

static bool same_time(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           same_time(&a->st_mtim, &b->st_mtim) && same_time(&a->st_ctim, &b->st_ctim);
}

static hydra_status check(const hy_stable_reader *reader, hy_diag *diag)
{
    struct stat now;
    if (fstat(reader->fd, &now) != 0) {
        return hy_fail_errno(diag, errno, reader->name, "looking at it");
    }
    return is_same(&now, &reader->was)
               ? HYDRA_OK
               : hy_fail(diag, reader->changed, "%s: the file was changed meanwhile", reader->name);
}

hydra_status hy_stable_reader_open(hy_stable_reader *reader, const char *path,
                                   const hydra_policy *policy, hy_diag *diag)
{
    *reader = (hy_stable_reader){.fd = -1, .name = path, .changed = HYDRA_ERR_IO};
    hydra_status status = hy_roots_check_path(policy, path, path, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    do { /* not waiting for the writer of a FIFO, which is refused */
        reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (reader->fd < 0 && errno == EINTR);
    if (reader->fd < 0) {
        return hy_fail_errno(diag, errno, path, "opening");
    }
    if (fstat(reader->fd, &reader->was) != 0) {
        return hy_fail_errno(diag, errno, path, "looking at it");
    }
    if (!S_ISREG(reader->was.st_mode)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is not a regular file", path);
    }
    return hy_roots_check_fd(policy, reader->fd, path, diag);
}

hydra_status hy_stable_reader_open_noted(hy_stable_reader *reader, const hy_stable_file *file,
                                         const hydra_policy *policy, hy_diag *diag)
{
    hydra_status status = hy_stable_reader_open(reader, file->path, policy, diag);
    reader->changed = HYDRA_ERR_VERIFY;
    reader->was = file->was;
    return status == HYDRA_OK ? check(reader, diag) : status;
}

hydra_status hy_stable_reader_read(void *user, int64_t offset, void *data, size_t size,
                                   hy_diag *diag)
{
    const hy_stable_reader *reader = user;
    uint8_t *to = data;
    while (size > 0) {
        ssize_t count = pread(reader->fd, to, size, offset);
        if (count > 0) {
            to += count;
            offset += count;
            size -= (size_t)count;
        } else if (count == 0) {
            return hy_fail(diag, reader->changed, "%s: the file became shorter while it was read",
                           reader->name);
        } else if (errno != EINTR) {
            return hy_fail_errno(diag, errno, reader->name, "reading");
        }
    }
    /* After the bytes: a change that came before them, or between them, is seen. */
    return check(reader, diag);
}

void hy_stable_reader_close(hy_stable_reader *reader)
{
    if (reader->fd >= 0) {
        (void)close(reader->fd);
    }
    reader->fd = -1;
}
