/* SPDX-License-Identifier: MIT */
/*
 * A file that must stay as it is: what it was when it was noted, and reading it as long as it is
 * that. Looked at are device, inode, size and the times of its bytes and its inode.
 */
#ifndef HY_STABLE_FILE_H
#define HY_STABLE_FILE_H

#include <sys/stat.h>

#include "core/core.h"

/* All zero = nothing noted. */
typedef struct hy_stable_file {
    char *path; /* absolute, without links; NULL = nothing noted */
    struct stat was;
} hy_stable_file;

/* Note a file that was made at `path`, by what its descriptor said it is: what has the name by now
 * is not looked at. Nothing is noted on failure. */
hydra_status hy_stable_file_note(hy_stable_file *file, const char *path, const struct stat *info,
                                 hy_diag *diag);
void hy_stable_file_free(hy_stable_file *file);

/* An open one. */
typedef struct hy_stable_reader {
    int fd;
    const char *name;     /* for error texts; borrowed */
    hydra_status changed; /* what a change is: HYDRA_ERR_IO, HYDRA_ERR_VERIFY */
    struct stat was;
} hy_stable_reader;

/* A regular file in one of the policy's folders (NULL = anywhere). Close it also after a failure.
 */
hydra_status hy_stable_reader_open(hy_stable_reader *reader, const char *path,
                                   const hydra_policy *policy, hy_diag *diag);
/* One that was noted; `changed` if it is another one now. */
hydra_status hy_stable_reader_open_noted(hy_stable_reader *reader, const hy_stable_file *file,
                                         const hydra_policy *policy, hy_diag *diag);
/* The `read` of hy_s3_upload; `user` is the reader. Fails with `changed` when the file is not what
 * it was. */
hydra_status hy_stable_reader_read(void *user, int64_t offset, void *data, size_t size,
                                   hy_diag *diag);
void hy_stable_reader_close(hy_stable_reader *reader);

#endif
