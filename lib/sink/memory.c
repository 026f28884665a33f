/* SPDX-License-Identifier: MIT */
/* The result in memory, with a ceiling. */
#include "sink_private.h"

#include <string.h>

typedef struct memory_sink {
    hy_sink base;
    hy_buffer buffer;
    bool open;
} memory_sink;

static hydra_status memory_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                                 hy_diag *diag)
{
    memory_sink *memory = (memory_sink *)sink;
    hydra_status status = hy_sink_check(sink, memory->open, offset, size, diag);
    if (status != HYDRA_OK || size == 0) {
        return status;
    }
    uint64_t end = (uint64_t)offset + size;
    if (end > memory->buffer.limit) {
        return hy_fail(diag, HYDRA_ERR_SPACE, "%s: larger than policy.max_output_bytes, %zu bytes",
                       sink->name, memory->buffer.limit);
    }
    if (!hy_buffer_reserve(&memory->buffer, (size_t)end)) {
        return hy_fail_memory(diag);
    }
    memcpy(memory->buffer.data + offset, data, size);
    return HYDRA_OK;
}

static hydra_status memory_read(hy_sink *sink, int64_t offset, void *data, size_t size,
                                hy_diag *diag)
{
    const memory_sink *memory = (const memory_sink *)sink;
    hydra_status status = hy_sink_check(sink, memory->open, offset, size, diag);
    if (status != HYDRA_OK || size == 0) {
        return status;
    }
    if ((uint64_t)offset + size > memory->buffer.size) {
        return hy_fail(diag, HYDRA_ERR_IO, "%s: reading back failed: the output ends early",
                       sink->name);
    }
    memcpy(data, memory->buffer.data + offset, size);
    return HYDRA_OK;
}

static hydra_status memory_commit(hy_sink *sink, hy_diag *diag)
{
    memory_sink *memory = (memory_sink *)sink;
    hydra_status status = hy_sink_check(sink, memory->open, 0, 0, diag);
    memory->open = false;
    return status;
}

static void memory_abort(hy_sink *sink)
{
    memory_sink *memory = (memory_sink *)sink;
    if (memory->open) {
        hy_buffer_free(&memory->buffer);
        memory->open = false;
    }
}

static hydra_status memory_restart(hy_sink *sink, hy_diag *diag)
{
    memory_sink *memory = (memory_sink *)sink;
    hydra_status status = hy_sink_check(sink, memory->open, 0, 0, diag);
    if (status == HYDRA_OK) {
        hy_buffer_free(&memory->buffer);
    }
    return status;
}

static void memory_close(hy_sink *sink)
{
    hy_buffer_free(&((memory_sink *)sink)->buffer);
    hy_free(sink);
}

static const hy_sink_ops memory_ops = {
    .write = memory_write,
    .read = memory_read,
    .commit = memory_commit,
    .abort = memory_abort,
    .close = memory_close,
    .restart = memory_restart,
};

hydra_status hy_sink_memory_new(int64_t limit, hy_sink **out, hy_diag *diag)
{
    *out = NULL;
    if (limit < 1) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "policy.max_output_bytes is %lld",
                       (long long)limit);
    }
    memory_sink *memory = hy_calloc(1, sizeof *memory);
    if (!memory) {
        return hy_fail_memory(diag);
    }
    memory->base.ops = &memory_ops;
    memory->base.name = "output in memory";
    memory->base.keeps_bytes = true;
    memory->buffer.limit = (uint64_t)limit < SIZE_MAX ? (size_t)limit : SIZE_MAX;
    memory->open = true;
    *out = &memory->base;
    return HYDRA_OK;
}

void hy_sink_memory_take(hy_sink *sink, uint8_t **data, size_t *size)
{
    memory_sink *memory = (memory_sink *)sink;
    *data = NULL;
    *size = 0;
    if (memory->open || memory->buffer.size == 0) {
        return;
    }
    /* The buffer grew by doubling; the bytes may live long. Keeping the slack is no failure. */
    uint8_t *exact = hy_realloc_array(memory->buffer.data, memory->buffer.size, 1);
    *data = exact ? exact : memory->buffer.data;
    *size = memory->buffer.size;
    memory->buffer = (hy_buffer){.limit = memory->buffer.limit};
}
