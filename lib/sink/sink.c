/* SPDX-License-Identifier: MIT */
/* What all sinks share. */
#include "sink_private.h"

#include <errno.h>
#include <unistd.h>

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

hydra_status hy_sink_check_next(const hy_sink *sink, bool open, int64_t position, int64_t offset,
                                size_t size, hy_diag *diag)
{
    hydra_status status = hy_sink_check(sink, open, offset, size, diag);
    if (status == HYDRA_OK && offset != position) {
        status = hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: offset %lld comes after byte %lld",
                         sink->name, (long long)offset, (long long)position);
    }
    return status;
}

hydra_status hy_sink_check_gone(const hy_sink *sink, int64_t gone, const char *to, hy_diag *diag)
{
    return gone > 0 ? hy_fail(diag, HYDRA_ERR_STATE, "%s: %s has got %lld bytes already",
                              sink->name, to, (long long)gone)
                    : HYDRA_OK;
}

int hy_sync_fd(int fd)
{
    int result;
    do {
        result = fsync(fd);
    } while (result != 0 && errno == EINTR);
    return result;
}

void hy_sink_free(hy_sink *sink)
{
    if (sink) {
        sink->ops->close(sink);
    }
}
