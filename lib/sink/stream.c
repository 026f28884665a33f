/* SPDX-License-Identifier: MIT */
/*
 * Pipes, FIFOs, sockets and whatever else hides behind a file descriptor. The other end may be slow
 * or gone: no write is begun that could block, waiting is done in slices between which the job can
 * be cancelled, and SIGPIPE never reaches the host.
 */
#include "sink_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* At a time, where a write never blocks: often enough to notice that the job is cancelled. */
#define PIECE_BYTES ((size_t)256 << 10)

/* Between two looks for somebody who reads a FIFO. */
#define READER_WAIT_MS 10

typedef struct stream_sink {
    hy_sink base;
    const hy_cancel *cancel;
    const hydra_policy *policy; /* of a FIFO */
    char *name;
    hy_target fifo; /* folder -1: not a FIFO that we open ourselves */
    int fd;         /* -1: a FIFO that is not open yet; after commit and abort */
    mode_t type;    /* S_IFMT bits of it */
    bool may_block; /* its flags are the host's */
    bool open;      /* neither committed nor aborted */
    int64_t position;
} stream_sink;

/* One that we open ourselves. */
static bool is_our_fifo(const stream_sink *stream)
{
    return stream->type == S_IFIFO && stream->fifo.folder >= 0;
}

/* ---- SIGPIPE ---- */

typedef struct pipe_guard {
    sigset_t saved;
    bool pending; /* somebody else's */
} pipe_guard;

static sigset_t pipe_signal(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    return set;
}

/* Hold SIGPIPE back in this thread alone; a failing write raises it in the thread that writes. */
static void guard_begin(pipe_guard *guard)
{
    sigset_t set = pipe_signal();
    sigset_t pending;
    (void)pthread_sigmask(SIG_BLOCK, &set, &guard->saved);
    guard->pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1;
}

/* `broken`: a write failed with EPIPE. Its signal is taken away, unless there was one before:
 * then the two are one, and it is the host's. */
static void guard_end(const pipe_guard *guard, bool broken)
{
    sigset_t set = pipe_signal();
    const struct timespec now = {0, 0};
    while (broken && !guard->pending && sigtimedwait(&set, NULL, &now) < 0 && errno == EINTR) {
    }
    (void)pthread_sigmask(SIG_SETMASK, &guard->saved, NULL);
}

/* ---- Writing ---- */

/* Begin no write that could block. What may block and is ready takes PIPE_BUF bytes at once, unless
 * somebody else fills it in between. */
static ssize_t write_piece(const stream_sink *stream, const uint8_t *data, size_t size)
{
    if (stream->type == S_IFSOCK) {
        return send(stream->fd, data, size < PIECE_BYTES ? size : PIECE_BYTES,
                    MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    size_t most = stream->may_block ? PIPE_BUF : PIECE_BYTES;
    return write(stream->fd, data, size < most ? size : most);
}

static hydra_status fail_write(const stream_sink *stream, int error, hy_diag *diag)
{
    if (error == EPIPE || error == ECONNRESET) {
        return hy_fail(diag, HYDRA_ERR_IO, "%s: the reader went away", stream->name);
    }
    return hy_fail_errno(diag, error, stream->name, "writing");
}

/* Sets `*error` to the errno of a write that failed for good. */
static hydra_status write_all(const stream_sink *stream, const uint8_t *data, size_t size,
                              int *error, hy_diag *diag)
{
    while (size > 0) {
        struct pollfd ready = {.fd = stream->fd, .events = POLLOUT};
        hydra_status status = hy_cancel_check(stream->cancel, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        int count_ready = poll(&ready, 1, HY_SINK_WAIT_MS);
        if (count_ready == 0 || (count_ready < 0 && errno == EINTR)) {
            continue;
        }
        if (count_ready < 0) {
            return hy_fail_errno(diag, errno, stream->name, "waiting for the reader");
        }
        ssize_t count = write_piece(stream, data, size);
        if (count > 0) {
            data += count;
            size -= (size_t)count;
        } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
            *error = count == 0 ? ENOSPC : errno;
            return fail_write(stream, *error, diag);
        }
    }
    return HYDRA_OK;
}

/* ---- The FIFO's other end ---- */

static int open_end(const stream_sink *stream)
{
    return openat(stream->fifo.folder, stream->fifo.name,
                  O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

/* Somebody may sit in open(2) and wait for a writer: nothing will come, which shows as the end. */
static void release_reader(const stream_sink *stream)
{
    int fd = open_end(stream);
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* Unless that was done already, or the descriptor was given to us. */
static hydra_status open_fifo(stream_sink *stream, hy_diag *diag)
{
    struct stat info;
    if (stream->fd >= 0) {
        return HYDRA_OK;
    }
    while (stream->fd < 0) {
        hydra_status status = hy_cancel_check(stream->cancel, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        stream->fd = open_end(stream);
        if (stream->fd < 0 && errno != ENXIO && errno != EINTR) {
            return hy_fail_errno(diag, errno, stream->name, "opening");
        }
        if (stream->fd < 0) {
            (void)poll(NULL, 0, READER_WAIT_MS); /* nobody reads yet */
        }
    }
    if (fstat(stream->fd, &info) != 0 || !S_ISFIFO(info.st_mode)) {
        return hy_fail(diag, HYDRA_ERR_IO, "%s: is no longer a FIFO", stream->name);
    }
    return hy_roots_check_fd(stream->policy, stream->fd, stream->name, diag);
}

/* ---- The sink ---- */

static hydra_status stream_write(hy_sink *sink, int64_t offset, const void *data, size_t size,
                                 hy_diag *diag)
{
    stream_sink *stream = (stream_sink *)sink;
    hydra_status status =
        hy_sink_check_next(sink, stream->open, stream->position, offset, size, diag);
    if (status == HYDRA_OK) {
        status = open_fifo(stream, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    pipe_guard guard;
    int error = 0;
    guard_begin(&guard);
    status = write_all(stream, data, size, &error, diag);
    guard_end(&guard, error == EPIPE);
    if (status == HYDRA_OK) {
        stream->position += (int64_t)size;
    }
    return status;
}

static void stream_abort(hy_sink *sink)
{
    stream_sink *stream = (stream_sink *)sink;
    if (stream->fd >= 0) {
        (void)close(stream->fd);
        stream->fd = -1;
    } else if (stream->open && is_our_fifo(stream)) {
        release_reader(stream);
    }
    stream->open = false;
}

/* Network file systems report errors when they sync and close. */
static hydra_status finish(stream_sink *stream, hy_diag *diag)
{
    if (stream->type == S_IFREG && hy_sync_fd(stream->fd) != 0) {
        return hy_fail_errno(diag, errno, stream->name, "syncing");
    }
    int fd = stream->fd;
    stream->fd = -1;
    /* Linux closes the descriptor in any case, also when a signal came. */
    if (close(fd) != 0 && errno != EINTR) {
        return hy_fail_errno(diag, errno, stream->name, "closing");
    }
    return HYDRA_OK;
}

static hydra_status stream_commit(hy_sink *sink, hy_diag *diag)
{
    stream_sink *stream = (stream_sink *)sink;
    hydra_status status = hy_sink_check(sink, stream->open, 0, 0, diag);
    if (status == HYDRA_OK) {
        status = open_fifo(stream, diag); /* where nothing was written, the reader sees the end */
    }
    if (status == HYDRA_OK) {
        status = finish(stream, diag);
    }
    stream_abort(sink); /* nothing is taken back, but the descriptor is */
    return status;
}

static hydra_status stream_restart(hy_sink *sink, hy_diag *diag)
{
    const stream_sink *stream = (const stream_sink *)sink;
    hydra_status status = hy_sink_check(sink, stream->open, 0, 0, diag);
    return status == HYDRA_OK ? hy_sink_check_gone(sink, stream->position, "the reader", diag)
                              : status;
}

static void stream_close(hy_sink *sink)
{
    stream_sink *stream = (stream_sink *)sink;
    stream_abort(sink);
    hy_target_close(&stream->fifo);
    hy_free(stream->name);
    hy_free(stream);
}

static const hy_sink_ops stream_ops = {
    .write = stream_write,
    .commit = stream_commit,
    .abort = stream_abort,
    .close = stream_close,
    .restart = stream_restart,
};

static hydra_status new_stream(const char *name, const hy_cancel *cancel, stream_sink **out,
                               hy_diag *diag)
{
    stream_sink *stream = hy_calloc(1, sizeof *stream);
    char *copy = hy_strdup(name);
    if (!stream || !copy) {
        hy_free(stream);
        hy_free(copy);
        return hy_fail_memory(diag);
    }
    stream->base = (hy_sink){.ops = &stream_ops, .name = copy, .in_order = true};
    stream->cancel = cancel;
    stream->name = copy;
    stream->fifo.folder = -1;
    stream->fd = -1;
    stream->open = true;
    *out = stream;
    return HYDRA_OK;
}

static hydra_status check_fd(int fd, const char *name, mode_t *type, hy_diag *diag)
{
    struct stat info;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fstat(fd, &info) != 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is not an open file descriptor", name);
    }
    if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_PATH)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is not open for writing", name);
    }
    if (isatty(fd)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is a terminal", name);
    }
    *type = info.st_mode & S_IFMT;
    return HYDRA_OK;
}

/*
 * A descriptor of our own. The flags of the host's are not ours to change, since it may share them
 * with other processes; but a pipe can be opened once more, and then has flags for us alone. Where
 * that is not possible (no /proc, another user's pipe, nobody reads), it is a duplicate.
 */
static int own_descriptor(int fd, mode_t type, bool *may_block)
{
    char path[32];
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int own =
        type == S_IFIFO ? openat(AT_FDCWD, path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY) : -1;
    *may_block = type != S_IFREG && own < 0;
    /* Not one of the numbers that stand for the standard streams. */
    int copy = fcntl(own >= 0 ? own : fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int error = errno;
    if (own >= 0) {
        (void)close(own);
    }
    errno = error;
    return copy;
}

hydra_status hy_sink_fd_new(int fd, bool close_fd, const char *name, const hy_cancel *cancel,
                            hy_sink **out, hy_diag *diag)
{
    stream_sink *stream = NULL;
    mode_t type = 0;
    *out = NULL;
    hydra_status status = check_fd(fd, name, &type, diag);
    if (status == HYDRA_OK) {
        status = new_stream(name, cancel, &stream, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    /* The host may close its own while the job runs, and the number may then be another file's. */
    stream->fd = own_descriptor(fd, type, &stream->may_block);
    stream->type = type;
    if (stream->fd < 0) {
        status = hy_fail_errno(diag, errno, name, "duplicating it");
        stream_close(&stream->base);
        return status;
    }
    if (close_fd) {
        (void)close(fd);
    }
    *out = &stream->base;
    return HYDRA_OK;
}

hydra_status hy_sink_fifo_new(const char *path, const hydra_policy *policy, const hy_cancel *cancel,
                              hy_sink **out, hy_diag *diag)
{
    stream_sink *stream = NULL;
    struct stat info;
    *out = NULL;
    hydra_status status = new_stream(path, cancel, &stream, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    status = hy_target_find(&stream->fifo, path, policy, diag);
    if (status == HYDRA_OK && fstatat(stream->fifo.folder, stream->fifo.name, &info, 0) != 0) {
        status = hy_fail_errno(diag, errno, path, "looking at it");
    } else if (status == HYDRA_OK && !S_ISFIFO(info.st_mode)) {
        status = hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: is not a FIFO", path);
    }
    if (status != HYDRA_OK) {
        stream_close(&stream->base);
        return status;
    }
    stream->type = S_IFIFO;
    stream->policy = policy;
    *out = &stream->base;
    return HYDRA_OK;
}
