/* SPDX-License-Identifier: MIT */
/* The host's functions as a sink. The host alone knows how to undo, so abort only ends the calls.
 */
#include "sink_private.h"

typedef struct writer_sink {
    hy_sink base;
    hydra_writer writer;
    int64_t gone; /* bytes that the host was given */
    bool open;
} writer_sink;

/* `result` is what the host's function returned. */
static hydra_status check_result(const hy_sink *sink, const char *function, int32_t result,
                                 hy_diag *diag)
{
    if (result != 0) {
        return hy_fail(diag, HYDRA_ERR_IO, "%s: %s returned %d", sink->name, function, (int)result);
    }
    return HYDRA_OK;
}

static hydra_status writer_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                                 hy_diag *diag)
{
    writer_sink *to = (writer_sink *)sink;
    hydra_status status = hy_sink_check(sink, to->open, offset, size, diag);
    if (status != HYDRA_OK || size == 0) {
        return status;
    }
    to->gone += (int64_t)size;
    return check_result(sink, "write", to->writer.write(to->writer.user, offset, data, size), diag);
}

static hydra_status writer_read(hy_sink *sink, int64_t offset, void *data, size_t size,
                                hy_diag *diag)
{
    const writer_sink *from = (const writer_sink *)sink;
    hydra_status status = hy_sink_check(sink, from->open, offset, size, diag);
    if (status != HYDRA_OK || size == 0) {
        return status;
    }
    return check_result(sink, "read", from->writer.read(from->writer.user, offset, data, size),
                        diag);
}

static hydra_status writer_commit(hy_sink *sink, hy_diag *diag)
{
    writer_sink *writer = (writer_sink *)sink;
    hydra_status status = hy_sink_check(sink, writer->open, 0, 0, diag);
    writer->open = false;
    return status;
}

static void writer_abort(hy_sink *sink)
{
    ((writer_sink *)sink)->open = false;
}

/* The host gets each byte once. */
static hydra_status writer_restart(hy_sink *sink, hy_diag *diag)
{
    const writer_sink *writer = (const writer_sink *)sink;
    hydra_status status = hy_sink_check(sink, writer->open, 0, 0, diag);
    return status == HYDRA_OK ? hy_sink_check_gone(sink, writer->gone, "the host", diag) : status;
}

static void writer_close(hy_sink *sink)
{
    hy_free(sink);
}

static const hy_sink_ops readable_ops = {
    .write = writer_write,
    .read = writer_read,
    .commit = writer_commit,
    .abort = writer_abort,
    .close = writer_close,
    .restart = writer_restart,
};
static const hy_sink_ops write_only_ops = {
    .write = writer_write,
    .commit = writer_commit,
    .abort = writer_abort,
    .close = writer_close,
    .restart = writer_restart,
};

hydra_status hy_sink_writer_new(const hydra_writer *writer, hy_sink **out, hy_diag *diag)
{
    *out = NULL;
    hydra_writer own = {.struct_size = sizeof own};
    if (!hy_sized_take(&own, sizeof own, writer, HY_SIZE_THROUGH(hydra_writer, read)) ||
        own.reserved != 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "writer: NULL, or struct_size or reserved is not set");
    }
    if (!own.write) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "writer: write is NULL");
    }
    writer_sink *sink = hy_calloc(1, sizeof *sink);
    if (!sink) {
        return hy_fail_memory(diag);
    }
    sink->base.ops = own.read ? &readable_ops : &write_only_ops;
    sink->base.name = "output writer";
    sink->writer = own;
    sink->open = true;
    *out = &sink->base;
    return HYDRA_OK;
}
