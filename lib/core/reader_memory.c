/* SPDX-License-Identifier: MIT */
/* Reading bytes that the caller handed over, or that were fetched. */
#include "io_private.h"

#include <string.h>

typedef struct memory_reader {
    hy_reader base;
    hy_blob *blob;
} memory_reader;

static hydra_status memory_read(hy_reader *reader, int64_t offset, void *data, size_t size,
                                size_t *got, hy_diag *diag)
{
    (void)diag;
    const hy_blob *blob = ((const memory_reader *)reader)->blob;
    size_t left = offset >= 0 && (uint64_t)offset < blob->size ? blob->size - (size_t)offset : 0;
    *got = size < left ? size : left;
    if (*got) {
        memcpy(data, blob->data + offset, *got);
    }
    return HYDRA_OK;
}

static void memory_close(hy_reader *reader)
{
    hy_blob_unref(((memory_reader *)reader)->blob);
    hy_free(reader);
}

static const hy_reader_ops memory_ops = {memory_read, memory_close};

hydra_status hy_reader_memory_open(const hy_source *source, hy_reader **out, hy_diag *diag)
{
    memory_reader *memory = hy_calloc(1, sizeof *memory);
    if (!memory) {
        return hy_fail_memory(diag);
    }
    memory->base.ops = &memory_ops;
    memory->base.name = source->name;
    memory->base.size = (int64_t)source->blob->size;
    memory->blob = hy_blob_ref(source->blob);
    *out = &memory->base;
    return HYDRA_OK;
}
