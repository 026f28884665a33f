/* SPDX-License-Identifier: MIT */
/* sink: where finished bytes go. Backends of hy_sink (core/io.h), one file each. */
#ifndef HY_SINK_H
#define HY_SINK_H

#include <hydra/render.h>

#include "core/core.h"

/*
 * A file. Bytes go to a hidden temporary file in the target's folder; commit makes it durable
 * (fsync), renames it onto the target and makes the rename durable. The folder is held open, so a
 * change of the current folder does not matter. Refuses a target that is a folder or anything but
 * a regular file.
 */
hydra_status hy_sink_file_new(const char *path, hy_sink **out, hy_diag *diag);

/* Memory, up to `limit` bytes (HYDRA_ERR_SPACE beyond). After commit hy_sink_memory_take moves the
 * bytes out; free them with hy_free. */
hydra_status hy_sink_memory_new(int64_t limit, hy_sink **out, hy_diag *diag);
void hy_sink_memory_take(hy_sink *sink, uint8_t **data, size_t *size);

/* The host's functions. Copied. */
hydra_status hy_sink_writer_new(const hydra_writer *writer, hy_sink **out, hy_diag *diag);

void hy_sink_free(hy_sink *sink);

#endif
