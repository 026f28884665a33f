/* SPDX-License-Identifier: MIT */
/*
 * Lets a file be written back and forth, and read again, before its first byte leaves for a
 * destination that takes bytes in order only.
 */
#include "sink_private.h"

/* Handed on at once: the sink behind may ask in between whether the job is cancelled. */
#define PIECE_BYTES ((size_t)1 << 20)

typedef struct buffered_sink {
    hy_sink base;
    hy_sink *memory;
    hy_sink *inner;
} buffered_sink;

static hydra_status buffered_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                                   hy_diag *diag)
{
    hy_sink *memory = ((buffered_sink *)sink)->memory;
    return memory->ops->write(memory, offset, data, size, diag);
}

static hydra_status buffered_read(hy_sink *sink, int64_t offset, void *data, size_t size,
                                  hy_diag *diag)
{
    hy_sink *memory = ((buffered_sink *)sink)->memory;
    return memory->ops->read(memory, offset, data, size, diag);
}

static hydra_status hand_on(hy_sink *inner, const uint8_t *data, size_t size, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    for (size_t done = 0; status == HYDRA_OK && done < size; done += PIECE_BYTES) {
        size_t piece = size - done < PIECE_BYTES ? size - done : PIECE_BYTES;
        status = inner->ops->write(inner, (int64_t)done, data + done, piece, diag);
    }
    return status == HYDRA_OK ? inner->ops->commit(inner, diag) : status;
}

static void buffered_abort(hy_sink *sink)
{
    const buffered_sink *buffered = (const buffered_sink *)sink;
    buffered->memory->ops->abort(buffered->memory);
    buffered->inner->ops->abort(buffered->inner);
}

static hydra_status buffered_commit(hy_sink *sink, hy_diag *diag)
{
    const buffered_sink *buffered = (const buffered_sink *)sink;
    hydra_status status = buffered->memory->ops->commit(buffered->memory, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    uint8_t *data;
    size_t size;
    hy_sink_memory_take(buffered->memory, &data, &size);
    status = hand_on(buffered->inner, data, size, diag);
    hy_free(data);
    if (status != HYDRA_OK) {
        buffered_abort(sink);
    }
    return status;
}

/* The sink behind got nothing yet. */
static hydra_status buffered_restart(hy_sink *sink, hy_diag *diag)
{
    hy_sink *memory = ((buffered_sink *)sink)->memory;
    return memory->ops->restart(memory, diag);
}

static void buffered_close(hy_sink *sink)
{
    const buffered_sink *buffered = (const buffered_sink *)sink;
    hy_sink_free(buffered->memory);
    hy_sink_free(buffered->inner);
    hy_free(sink);
}

static const hy_sink_ops buffered_ops = {
    .write = buffered_write,
    .read = buffered_read,
    .commit = buffered_commit,
    .abort = buffered_abort,
    .close = buffered_close,
    .restart = buffered_restart,
};

hydra_status hy_sink_buffered_new(hy_sink *in_order, int64_t limit, hy_sink **out, hy_diag *diag)
{
    *out = NULL;
    buffered_sink *buffered = hy_calloc(1, sizeof *buffered);
    if (!buffered) {
        return hy_fail_memory(diag);
    }
    hydra_status status = hy_sink_memory_new(limit, &buffered->memory, diag);
    if (status != HYDRA_OK) {
        hy_free(buffered);
        return status;
    }
    buffered->base.ops = &buffered_ops;
    buffered->base.name = in_order->name;
    buffered->base.keeps_bytes = true;
    buffered->memory->name = in_order->name; /* what error texts say */
    buffered->inner = in_order;
    *out = &buffered->base;
    return HYDRA_OK;
}
