/* SPDX-License-Identifier: MIT */
/*
 * A ring of bytes between the job's thread, which writes, and the host's, which takes them when it
 * likes. The writer alone waits, in slices, so that a cancelled job ends although nobody reads.
 */
#include "sink_private.h"

#include <pthread.h>
#include <string.h>

typedef struct pull_sink {
    hy_sink base;
    const hy_cancel *cancel;
    void (*notify)(void *user);
    void *user;
    bool open;        /* the writer's */
    int64_t position; /* the writer's: bytes written */
    uint8_t *ring;
    size_t capacity;
    pthread_mutex_t lock;
    pthread_cond_t taken;
    struct {
        size_t start;   /* index of the first byte that waits */
        size_t size;    /* bytes that wait */
        int64_t offset; /* of the first one in the file */
    } locked;
} pull_sink;

/* Under the lock: wait until at most `most` bytes are left in the ring. */
static hydra_status wait_until_left(pull_sink *pull, size_t most, hy_diag *diag)
{
    hydra_status status = hy_cancel_check(pull->cancel, diag);
    while (status == HYDRA_OK && pull->locked.size > most) {
        hy_cond_sleep(&pull->taken, &pull->lock, HY_SINK_WAIT_MS * INT64_C(1000));
        status = hy_cancel_check(pull->cancel, diag);
    }
    return status;
}

/* Under the lock: put in what there is room for. */
static size_t put(pull_sink *pull, const uint8_t *data, size_t size)
{
    size_t room = pull->capacity - pull->locked.size;
    size_t count = size < room ? size : room;
    size_t at = (pull->locked.start + pull->locked.size) % pull->capacity;
    size_t to_end = pull->capacity - at;
    size_t first = count < to_end ? count : to_end;
    memcpy(pull->ring + at, data, first);
    memcpy(pull->ring, data + first, count - first);
    pull->locked.size += count;
    return count;
}

static hydra_status pull_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                               hy_diag *diag)
{
    pull_sink *pull = (pull_sink *)sink;
    const uint8_t *from = data;
    hydra_status status = hy_sink_check_next(sink, pull->open, pull->position, offset, size, diag);
    while (status == HYDRA_OK && size > 0) {
        size_t count = 0;
        bool was_empty = false;
        (void)pthread_mutex_lock(&pull->lock);
        status = wait_until_left(pull, pull->capacity - 1, diag);
        if (status == HYDRA_OK) {
            was_empty = pull->locked.size == 0;
            count = put(pull, from, size);
        }
        (void)pthread_mutex_unlock(&pull->lock);
        from += count;
        size -= count;
        pull->position += (int64_t)count;
        if (was_empty && pull->notify) {
            pull->notify(pull->user);
        }
    }
    return status;
}

static hydra_status pull_commit(hy_sink *sink, hy_diag *diag)
{
    pull_sink *pull = (pull_sink *)sink;
    hydra_status status = hy_sink_check(sink, pull->open, 0, 0, diag);
    if (status == HYDRA_OK) {
        (void)pthread_mutex_lock(&pull->lock);
        /* A job whose last byte is taken is done, even if it was cancelled since. */
        status = pull->locked.size == 0 ? HYDRA_OK : wait_until_left(pull, 0, diag);
        (void)pthread_mutex_unlock(&pull->lock);
    }
    if (status == HYDRA_OK) {
        pull->open = false;
    }
    return status;
}

static void pull_abort(hy_sink *sink)
{
    pull_sink *pull = (pull_sink *)sink;
    pull->open = false;
    (void)pthread_mutex_lock(&pull->lock);
    pull->locked.size = 0;
    (void)pthread_mutex_unlock(&pull->lock);
}

/* What waits is dropped; of what the host took already nothing can be called back. */
static hydra_status pull_restart(hy_sink *sink, hy_diag *diag)
{
    pull_sink *pull = (pull_sink *)sink;
    hydra_status status = hy_sink_check(sink, pull->open, 0, 0, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    (void)pthread_mutex_lock(&pull->lock);
    status = hy_sink_check_gone(sink, pull->locked.offset, "the host", diag);
    if (status == HYDRA_OK) {
        pull->locked.size = 0;
        pull->position = 0;
    }
    (void)pthread_mutex_unlock(&pull->lock);
    return status;
}

static void pull_close(hy_sink *sink)
{
    pull_sink *pull = (pull_sink *)sink;
    (void)pthread_cond_destroy(&pull->taken);
    (void)pthread_mutex_destroy(&pull->lock);
    hy_free(pull->ring);
    hy_free(pull);
}

hydra_status hy_sink_pull_read(hy_sink *sink, void *buffer, size_t capacity, int64_t *offset,
                               size_t *got)
{
    pull_sink *pull = (pull_sink *)sink;
    (void)pthread_mutex_lock(&pull->lock);
    size_t count = capacity < pull->locked.size ? capacity : pull->locked.size;
    size_t to_end = pull->capacity - pull->locked.start;
    size_t first = count < to_end ? count : to_end;
    if (count > 0) {
        memcpy(buffer, pull->ring + pull->locked.start, first);
        memcpy((uint8_t *)buffer + first, pull->ring, count - first);
        (void)pthread_cond_signal(&pull->taken);
    }
    if (offset) {
        *offset = pull->locked.offset;
    }
    pull->locked.start = (pull->locked.start + count) % pull->capacity;
    pull->locked.size -= count;
    pull->locked.offset += (int64_t)count;
    (void)pthread_mutex_unlock(&pull->lock);
    *got = count;
    return HYDRA_OK;
}

static const hy_sink_ops pull_ops = {
    .write = pull_write,
    .commit = pull_commit,
    .abort = pull_abort,
    .close = pull_close,
    .restart = pull_restart,
};

hydra_status hy_sink_pull_new(size_t limit, void (*notify)(void *user), void *user,
                              const hy_cancel *cancel, hy_sink **out, hy_diag *diag)
{
    *out = NULL;
    if (limit == 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "pull: no room for a single byte");
    }
    pull_sink *pull = hy_calloc(1, sizeof *pull);
    uint8_t *ring = hy_calloc(limit, 1);
    if (!pull || !ring) {
        hy_free(pull);
        hy_free(ring);
        return hy_fail_memory(diag);
    }
    pull->base = (hy_sink){.ops = &pull_ops, .name = "pull:", .in_order = true};
    pull->cancel = cancel;
    pull->notify = notify;
    pull->user = user;
    pull->open = true;
    pull->ring = ring;
    pull->capacity = limit;
    (void)pthread_mutex_init(&pull->lock, NULL);
    hy_cond_init(&pull->taken);
    *out = &pull->base;
    return HYDRA_OK;
}
