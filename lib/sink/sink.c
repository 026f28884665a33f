/* SPDX-License-Identifier: MIT */
/* What all sinks share. */
#include "sink_private.h"

hydra_status hy_sink_check(const hy_sink *sink, bool open, int64_t offset, size_t size,
                           hy_diag *diag)
{
    if (!open) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: used after commit or abort", sink->name);
    }
    if (offset < 0 || size > (uint64_t)(INT64_MAX - offset)) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: %zu bytes at offset %lld", sink->name, size,
                       (long long)offset);
    }
    return HYDRA_OK;
}

void hy_sink_free(hy_sink *sink)
{
    if (sink) {
        sink->ops->close(sink);
    }
}
