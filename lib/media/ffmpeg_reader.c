/* SPDX-License-Identifier: MIT */
/* AVIO callbacks over an hy_reader. */
#include "ffmpeg_reader.h"

#include <libavutil/error.h>
#include <libavutil/mem.h>

enum {
    BUFFER_BYTES = 64 * 1024
};

static int read_bytes(void *opaque, uint8_t *data, int size)
{
    hy_ff_reader *ff = opaque;
    if (ff->failure.status != HYDRA_OK) {
        return AVERROR(EIO);
    }
    size_t got = 0;
    if (ff->reader->ops->read(ff->reader, ff->offset, data, (size_t)size, &got, &ff->failure) !=
        HYDRA_OK) {
        return AVERROR(EIO);
    }
    if (got == 0) {
        return AVERROR_EOF;
    }
    ff->offset += (int64_t)got;
    return (int)got;
}

static int64_t seek_bytes(void *opaque, int64_t offset, int whence)
{
    hy_ff_reader *ff = opaque;
    int64_t base = 0;
    switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
        return ff->reader->size;
    case SEEK_SET:
        break;
    case SEEK_CUR:
        base = ff->offset;
        break;
    case SEEK_END:
        base = ff->reader->size;
        break;
    default:
        return AVERROR(EINVAL);
    }
    int64_t target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) {
        return AVERROR(EINVAL);
    }
    ff->offset = target;
    return target;
}

hydra_status hy_ff_reader_new(hy_reader *reader, hy_ff_reader **out, hy_diag *diag)
{
    *out = NULL;
    hy_ff_reader *ff = hy_calloc(1, sizeof *ff);
    uint8_t *buffer = av_malloc(BUFFER_BYTES);
    if (ff && buffer) {
        ff->reader = reader;
        ff->io = avio_alloc_context(buffer, BUFFER_BYTES, 0, ff, read_bytes, NULL, seek_bytes);
    }
    if (!ff || !ff->io) {
        av_free(buffer);
        hy_free(ff);
        return hy_fail_memory(diag);
    }
    *out = ff;
    return HYDRA_OK;
}

hydra_status hy_ff_reader_status(const hy_ff_reader *ff, hy_diag *diag)
{
    if (ff->failure.status == HYDRA_OK) {
        return HYDRA_OK;
    }
    return hy_fail(diag, ff->failure.status, "%s", ff->failure.text);
}

void hy_ff_reader_free(hy_ff_reader *ff)
{
    if (ff) {
        /* FFmpeg may have replaced the buffer by a larger one. */
        av_freep(&ff->io->buffer);
        avio_context_free(&ff->io);
        hy_free(ff);
    }
}
