/* SPDX-License-Identifier: MIT */
/* FFmpeg's byte output over a sink, with the head of the file held back in memory. */
#include "sink_io.h"

#include <string.h>

#include <libavformat/avformat.h>
#include <libavutil/mem.h>

#define BUFFER_BYTES ((size_t)256 << 10)

hydra_status hy_sink_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                           hy_diag *diag)
{
    hydra_status status = sink->ops->write(sink, offset, data, size, diag);
    if (status != HYDRA_OK) {
        (void)hy_fail(diag, status, "%s: writing failed", sink->name);
    }
    return status;
}

/* Store what belongs to the head; returns how many bytes that were. */
static size_t write_head(hy_sink_io *io, const uint8_t *data, size_t size)
{
    size_t limit = io->sealed ? io->head_size : io->head_capacity;
    if (io->position >= (int64_t)limit) {
        return 0;
    }
    size_t room = limit - (size_t)io->position;
    size_t count = size < room ? size : room;
    memcpy(io->head + io->position, data, count);
    return count;
}

static hydra_status write_media(hy_sink_io *io, const uint8_t *data, size_t size, int64_t position)
{
    if (!io->sealed || io->finishing) {
        /* Were this let through, it would overwrite media. */
        return hy_fail(&io->diag, HYDRA_ERR_INTERNAL,
                       "%s: the index is larger than the %zu bytes that were kept for it",
                       io->sink->name, io->sealed ? io->head_size : io->head_capacity);
    }
    return hy_sink_write(io->sink, position, data, size, &io->diag);
}

static int write_bytes(void *opaque, hy_io_byte *data, int count)
{
    hy_sink_io *io = opaque;
    size_t size = (size_t)count;
    if (io->diag.status != HYDRA_OK) {
        return AVERROR(EIO);
    }
    size_t to_head = write_head(io, data, size);
    if (to_head < size && write_media(io, data + to_head, size - to_head,
                                      io->position + (int64_t)to_head) != HYDRA_OK) {
        return AVERROR(EIO);
    }
    io->position += count;
    if (io->position > io->end) {
        io->end = io->position;
    }
    return count;
}

static int64_t seek_to(void *opaque, int64_t offset, int whence)
{
    hy_sink_io *io = opaque;
    if (whence == AVSEEK_SIZE) {
        return io->end;
    }
    if (whence != SEEK_SET || offset < 0) {
        return AVERROR(EINVAL);
    }
    io->position = offset;
    return offset;
}

hydra_status hy_sink_io_open(hy_sink_io *io, hy_sink *sink, size_t head_capacity, hy_diag *diag)
{
    memset(io, 0, sizeof *io);
    io->sink = sink;
    io->head_capacity = head_capacity;
    /* calloc: pages of the reserve that are never written cost nothing. */
    io->head = hy_calloc(head_capacity, 1);
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    if (io->head && buffer) {
        io->avio = avio_alloc_context(buffer, (int)BUFFER_BYTES, 1, io, NULL, write_bytes, seek_to);
    }
    if (!io->avio) {
        av_free(buffer);
        hy_sink_io_close(io);
        return hy_fail_memory(diag);
    }
    return HYDRA_OK;
}

hydra_status hy_sink_io_status(const hy_sink_io *io, hy_diag *diag)
{
    if (io->diag.status != HYDRA_OK) {
        return hy_fail(diag, io->diag.status, "%s", io->diag.text);
    }
    return HYDRA_OK;
}

hydra_status hy_sink_io_seal(hy_sink_io *io, hy_diag *diag)
{
    avio_flush(io->avio);
    io->head_size = (size_t)avio_tell(io->avio);
    io->sealed = true;
    return hy_sink_io_status(io, diag);
}

hydra_status hy_sink_io_end_media(hy_sink_io *io, hy_diag *diag)
{
    avio_flush(io->avio);
    io->finishing = true;
    return hy_sink_io_status(io, diag);
}

hydra_status hy_sink_io_finish(hy_sink_io *io, hy_diag *diag)
{
    avio_flush(io->avio);
    if (io->diag.status == HYDRA_OK) {
        (void)hy_sink_write(io->sink, 0, io->head, io->head_size, &io->diag);
    }
    return hy_sink_io_status(io, diag);
}

void hy_sink_io_close(hy_sink_io *io)
{
    if (io->avio) {
        av_freep(&io->avio->buffer);
        avio_context_free(&io->avio);
    }
    hy_free(io->head);
    io->head = NULL;
}
