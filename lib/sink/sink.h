/* SPDX-License-Identifier: MIT */
/* sink: where finished bytes go. Backends of hy_sink (core/io.h), one file each. */
#ifndef HY_SINK_H
#define HY_SINK_H

#include <hydra/render.h>

#include "core/core.h"

/*
 * A file. Bytes go to a hidden temporary file in the target's folder, ".NAME.<random>.part"; commit
 * makes it durable (fsync), renames it onto the target and makes the rename durable. The folder is
 * held open, so a change of the current folder does not matter.
 *
 * A file that is replaced keeps its permission bits (not set-user-ID and its kin, not its owner).
 * A symbolic link is followed: the file that it names is replaced or made, the link stays. Refuses
 * (HYDRA_ERR_ARGUMENT) a target that is a folder or anything but a regular file, and
 * (HYDRA_ERR_PERMISSION) one outside the policy's folders; NULL policy = anywhere.
 *
 * After a failure the target is as before and the temporary file is gone. One exception: when the
 * rename is done and making it durable fails ("syncing its folder"), commit reports that and the
 * target holds the complete new file.
 */
hydra_status hy_sink_file_new(const char *path, const hydra_policy *policy, hy_sink **out,
                              hy_diag *diag);

/*
 * Memory, up to `limit` bytes (HYDRA_ERR_SPACE beyond). Bytes that are skipped are zero. After
 * commit hy_sink_memory_take moves the bytes out; free them with hy_free. Before commit, after
 * abort and the second time it gives NULL and 0. The sink must be one of hy_sink_memory_new.
 */
hydra_status hy_sink_memory_new(int64_t limit, hy_sink **out, hy_diag *diag);
void hy_sink_memory_take(hy_sink *sink, uint8_t **data, size_t *size);

/* The host's functions. Copied. ops->read is NULL when writer->read is. commit and abort do not
 * call the host. */
hydra_status hy_sink_writer_new(const hydra_writer *writer, hy_sink **out, hy_diag *diag);

/* Every sink: close without commit is abort; abort after commit does nothing; all else after
 * commit or abort is HYDRA_ERR_INTERNAL. NULL does nothing. */
void hy_sink_free(hy_sink *sink);

#endif
