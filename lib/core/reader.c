/* SPDX-License-Identifier: MIT */
/* What all readers share: opening by kind of source, the limits, reading the whole. */
#include "io_private.h"

hydra_status hy_reader_open(const hy_source *source, int64_t max_bytes, const hydra_policy *policy,
                            hy_reader **out, hy_diag *diag)
{
    *out = NULL;
    if (source->url) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: was not fetched", source->name);
    }
    hydra_status status = hy_source_check_scheme(source, policy, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_reader *reader = NULL;
    status = source->path ? hy_reader_file_open(source, policy, &reader, diag)
                          : hy_reader_memory_open(source, &reader, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    if (reader->size == 0) {
        status = hy_fail(diag, HYDRA_ERR_FORMAT, "%s: the file is empty", source->name);
    } else if (reader->size > max_bytes) {
        status = hy_fail(diag, HYDRA_ERR_LIMIT, "%s: %lld bytes, the policy allows %lld",
                         source->name, (long long)reader->size, (long long)max_bytes);
    }
    if (status != HYDRA_OK) {
        hy_reader_close(reader);
        return status;
    }
    *out = reader;
    return HYDRA_OK;
}

void hy_reader_close(hy_reader *reader)
{
    if (reader) {
        reader->ops->close(reader);
    }
}

hydra_status hy_reader_load(hy_reader *reader, uint8_t **data, size_t *size, hy_diag *diag)
{
    *data = NULL;
    *size = 0;
    size_t total = (size_t)reader->size;
    uint8_t *bytes = hy_calloc(total, 1);
    if (!bytes) {
        return hy_fail_memory(diag);
    }
    size_t filled = 0;
    while (filled < total) {
        size_t got = 0;
        hydra_status status =
            reader->ops->read(reader, (int64_t)filled, bytes + filled, total - filled, &got, diag);
        if (status == HYDRA_OK && got == 0) {
            status = hy_fail(diag, HYDRA_ERR_IO, "%s: the file became shorter while it was read",
                             reader->name);
        }
        if (status != HYDRA_OK) {
            hy_free(bytes);
            return status;
        }
        filled += got;
    }
    *data = bytes;
    *size = total;
    return HYDRA_OK;
}
