/* SPDX-License-Identifier: MIT */
/* Reads the finished output front to back through a small window. */
#include "verify.h"

#include <string.h>

#define WINDOW_BYTES ((size_t)256 << 10)

hydra_status hy_window_open(hy_window *window, const hy_muxer *muxer, int64_t end, hy_diag *diag)
{
    *window = (hy_window){
        .sink = muxer->sink,
        .cancel = muxer->config.cancel,
        .end = end,
        .bytes = hy_calloc(1, WINDOW_BYTES),
    };
    return window->bytes ? HYDRA_OK : hy_fail_memory(diag);
}

void hy_window_close(hy_window *window)
{
    hy_free(window->bytes);
    window->bytes = NULL;
}

static hydra_status fill(hy_window *window, int64_t offset, hy_diag *diag)
{
    hydra_status status = hy_cancel_check(window->cancel, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    int64_t left = window->end - offset;
    if (offset < 0 || left <= 0) {
        return hy_fail(diag, HYDRA_ERR_VERIFY, "%s: byte %lld lies outside of the output",
                       window->sink->name, (long long)offset);
    }
    size_t size = left < (int64_t)WINDOW_BYTES ? (size_t)left : WINDOW_BYTES;
    hy_diag cause = {0};
    window->size = 0;
    if (window->sink->ops->read(window->sink, offset, window->bytes, size, &cause) != HYDRA_OK) {
        /* Whatever the reason: this output cannot be vouched for. */
        return hy_fail(diag, HYDRA_ERR_VERIFY, "%s: bytes %lld to %lld cannot be read back: %s",
                       window->sink->name, (long long)offset,
                       (long long)(offset + (int64_t)size - 1), cause.text);
    }
    window->start = offset;
    window->size = size;
    return HYDRA_OK;
}

/* The bytes from `offset` on, at least one: `*available`. */
static hydra_status load(hy_window *window, int64_t offset, const uint8_t **bytes,
                         size_t *available, hy_diag *diag)
{
    if (offset < window->start || offset >= window->start + (int64_t)window->size) {
        hydra_status status = fill(window, offset, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    *bytes = window->bytes + (offset - window->start);
    *available = window->size - (size_t)(offset - window->start);
    return HYDRA_OK;
}

static size_t first_difference(const uint8_t *a, const uint8_t *b, size_t size)
{
    size_t i = 0;
    while (i < size && a[i] == b[i]) {
        i++;
    }
    return i;
}

hydra_status hy_window_compare(hy_window *window, int64_t offset, const uint8_t *expected,
                               size_t size, const char *what, hy_diag *diag)
{
    if (!window->sink->ops->read) {
        return HYDRA_OK;
    }
    while (size > 0) {
        const uint8_t *bytes;
        size_t count;
        hydra_status status = load(window, offset, &bytes, &count, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        count = count < size ? count : size;
        size_t same = first_difference(bytes, expected, count);
        if (same < count) {
            return hy_fail(diag, HYDRA_ERR_VERIFY, "%s: %s reads back as %u at byte %lld, not %u",
                           window->sink->name, what, (unsigned)bytes[same],
                           (long long)(offset + (int64_t)same), (unsigned)expected[same]);
        }
        offset += (int64_t)count;
        expected += count;
        size -= count;
    }
    return HYDRA_OK;
}

hydra_status hy_window_check(hy_window *window, const hy_ledger_entry *entry, hy_diag *diag)
{
    if (!window->sink->ops->read) {
        return HYDRA_OK;
    }
    uint32_t crc = 0;
    int64_t offset = entry->offset;
    size_t left = entry->size;
    while (left > 0) {
        const uint8_t *bytes;
        size_t count;
        hydra_status status = load(window, offset, &bytes, &count, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        count = count < left ? count : left;
        crc = hy_ledger_crc(crc, bytes, count);
        offset += (int64_t)count;
        left -= count;
    }
    if (crc != entry->crc) {
        return hy_fail(diag, HYDRA_ERR_VERIFY,
                       "%s: the %s packet of time %lld, bytes %lld to %lld, reads back differently",
                       window->sink->name, hy_ledger_is_audio(entry) ? "audio" : "video",
                       (long long)entry->pts, (long long)entry->offset,
                       (long long)(entry->offset + entry->size - 1));
    }
    return HYDRA_OK;
}
