/* SPDX-License-Identifier: MIT */
/*
 * The folders that a policy allows (hydra_policy.file_roots; in here they are absolute and without
 * links). What counts is where an opened file really lies, as the kernel names it, so nobody who
 * swaps a folder for a link between check and use gets anything through.
 * Without folders, hydra_policy.files says whether everything is allowed or nothing.
 */
#ifndef HY_ROOTS_H
#define HY_ROOTS_H

#include <hydra/policy.h>

#include "diag.h"

/*
 * Before opening `path`: does it, or the nearest folder above it that exists, lie in one of the
 * folders? So that what lies outside is refused alike whether it exists or not, and is not touched.
 * The same for links that lead nowhere: what counts is where they would.
 * HYDRA_ERR_PERMISSION, or HYDRA_OK; a NULL policy allows everything.
 */
hydra_status hy_roots_check_path(const hydra_policy *policy, const char *path, const char *name,
                                 hy_diag *diag);
/* After opening: the same for the file or folder that `fd` is. This is the check that holds. */
hydra_status hy_roots_check_fd(const hydra_policy *policy, int fd, const char *name, hy_diag *diag);

#endif
