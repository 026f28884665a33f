/* SPDX-License-Identifier: MIT */
/* What the backends share; private to sink/. */
#ifndef HY_SINK_PRIVATE_H
#define HY_SINK_PRIVATE_H

#include <sys/types.h>

#include "sink.h"

/* HYDRA_ERR_INTERNAL unless the sink is open (neither committed nor aborted) and the range
 * offset .. offset + size lies within 0 .. INT64_MAX. */
hydra_status hy_sink_check(const hy_sink *sink, bool open, int64_t offset, size_t size,
                           hy_diag *diag);

/* The same for a sink in order, of which `position` bytes are written. */
hydra_status hy_sink_check_next(const hy_sink *sink, bool open, int64_t position, int64_t offset,
                                size_t size, hy_diag *diag);

/* HYDRA_ERR_STATE where bytes have gone to somebody else: `to` who has them. */
hydra_status hy_sink_check_gone(const hy_sink *sink, int64_t gone, const char *to, hy_diag *diag);

/* fsync, repeated when a signal came between. */
int hy_sync_fd(int fd);

/* How long a sink sleeps at most, waiting for somebody else, before it asks whether the job is
 * cancelled. */
#define HY_SINK_WAIT_MS 50

/* Where a file really goes: its folder, held open, and its name there. */
typedef struct hy_target {
    int folder;  /* descriptor; -1 = none */
    char *name;  /* no folder, not a symbolic link */
    bool exists; /* there is a regular file of that name */
    mode_t mode; /* its permission bits */
} hy_target;

/* Open the folder of `path`, one of the policy's or below (NULL = any); the name in it may be
 * anything. Closed with hy_target_close, also
 * after a failure. */
hydra_status hy_target_find(hy_target *target, const char *path, const hydra_policy *policy,
                            hy_diag *diag);

/*
 * Find the target of `path` and refuse what is not a regular file. A symbolic link is followed to
 * the file that it names, existing or not, so that the link stays and its file is replaced. Links
 * are followed exactly where open(2) would (fs.protected_symlinks). The folder that is found in the
 * end must be one of the policy's or below (NULL = any). The target is closed with
 * hy_target_close, also after a failure.
 */
hydra_status hy_target_open(hy_target *target, const char *path, const hydra_policy *policy,
                            hy_diag *diag);
void hy_target_close(hy_target *target);

#endif
