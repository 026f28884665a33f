/* SPDX-License-Identifier: MIT */
/* Reading a regular file by offset. */
#include "io_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "roots.h"

typedef struct file_reader {
    hy_reader base;
    int fd;
} file_reader;

static hydra_status file_read(hy_reader *reader, int64_t offset, void *data, size_t size,
                              size_t *got, hy_diag *diag)
{
    const file_reader *file = (const file_reader *)reader;
    ssize_t count;
    do {
        count = pread(file->fd, data, size, offset);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return hy_fail_errno(diag, errno, reader->name, "reading");
    }
    *got = (size_t)count;
    return HYDRA_OK;
}

static void file_close(hy_reader *reader)
{
    file_reader *file = (file_reader *)reader;
    (void)close(file->fd);
    hy_free(file);
}

static const hy_reader_ops file_ops = {file_read, file_close};

static hydra_status check_kind(int fd, const char *name, struct stat *info, hy_diag *diag)
{
    if (fstat(fd, info) != 0) {
        return hy_fail_errno(diag, errno, name, "opening");
    }
    if (S_ISDIR(info->st_mode)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is a folder, not a file", name);
    }
    if (!S_ISREG(info->st_mode)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is not a regular file", name);
    }
    return HYDRA_OK;
}

static hydra_status open_file(const hy_source *source, const hydra_policy *policy, int *fd,
                              struct stat *info, hy_diag *diag)
{
    *fd = -1;
    hydra_status status = hy_roots_check_path(policy, source->path, source->name, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    /* O_NONBLOCK: opening a FIFO without a writer must not hang; regular files ignore it.
     * O_NOCTTY: opening a terminal must not make it the host's. */
    do {
        *fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (*fd < 0 && errno == EINTR);
    if (*fd < 0) {
        return hy_fail_errno(diag, errno, source->name, "opening");
    }
    status = hy_roots_check_fd(policy, *fd, source->name, diag);
    return status == HYDRA_OK ? check_kind(*fd, source->name, info, diag) : status;
}

hydra_status hy_reader_file_open(const hy_source *source, const hydra_policy *policy,
                                 hy_reader **out, hy_diag *diag)
{
    file_reader *file = hy_calloc(1, sizeof *file);
    if (!file) {
        return hy_fail_memory(diag);
    }
    struct stat info;
    hydra_status status = open_file(source, policy, &file->fd, &info, diag);
    if (status != HYDRA_OK) {
        if (file->fd >= 0) {
            (void)close(file->fd);
        }
        hy_free(file);
        return status;
    }
    file->base.ops = &file_ops;
    file->base.name = source->name;
    file->base.size = info.st_size;
    *out = &file->base;
    return HYDRA_OK;
}
