/* SPDX-License-Identifier: MIT */
/* Reading a regular file by offset. */
#include "io_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

hydra_status hy_reader_file_open(const hy_source *source, hy_reader **out, hy_diag *diag)
{
    file_reader *file = hy_calloc(1, sizeof *file);
    if (!file) {
        return hy_fail_memory(diag);
    }
    /* O_NONBLOCK: opening a FIFO without a writer must not hang; regular files ignore it.
     * O_NOCTTY: opening a terminal must not make it the host's. */
    do {
        file->fd = open(source->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    } while (file->fd < 0 && errno == EINTR);
    hydra_status status = HYDRA_OK;
    struct stat info;
    if (file->fd < 0) {
        status = hy_fail_errno(diag, errno, source->name, "opening");
    } else if (fstat(file->fd, &info) != 0) {
        status = hy_fail_errno(diag, errno, source->name, "opening");
    } else if (S_ISDIR(info.st_mode)) {
        status = hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is a folder, not a file", source->name);
    } else if (!S_ISREG(info.st_mode)) {
        status = hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is not a regular file", source->name);
    }
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
