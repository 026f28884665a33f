/* SPDX-License-Identifier: MIT */
/*
 * sink: where finished bytes go. Backends of hy_sink (core/io.h), one file each, and which of them
 * a destination means. Sinks that wait for somebody else give up when the job is cancelled.
 */
#ifndef HY_SINK_H
#define HY_SINK_H

#include <sys/stat.h>

#include <hydra/render.h>

#include "core/core.h"
#include "net/net.h"

/*
 * A file. Bytes go to a hidden temporary file in the target's folder, ".NAME.<random>.part"; commit
 * makes it durable (fsync), renames it onto the target and makes the rename durable. The folder is
 * held open, so a change of the current folder does not matter.
 *
 * A file that is replaced keeps its permission bits (not set-user-ID and its kin, not its owner).
 * A symbolic link is followed: the file that it names is replaced or made, the link stays. Refuses
 * (HYDRA_ERR_ARGUMENT) a target that is a folder or anything but a regular file, and
 * (HYDRA_ERR_PERMISSION) one outside the policy's folders; NULL policy = anywhere.
 *
 * Without `replace` a file that is there is refused (HYDRA_ERR_EXISTS), also when it comes
 * while the bytes are written: commit does not replace it then. Where a file system has neither a
 * rename that replaces nothing nor second names for files, only a look just before the rename
 * protects it.
 *
 * After a failure the target is as before and the temporary file is gone. One exception: when the
 * rename is done and making it durable fails ("syncing its folder"), commit reports that and the
 * target holds the complete new file.
 */
hydra_status hy_sink_file_new(const char *path, bool replace, const hydra_policy *policy,
                              hy_sink **out, hy_diag *diag);
/* What the very file that was written is after commit, by its descriptor: whoever takes its name
 * for another one does not change that. False: not committed, or it could not be looked at. The
 * sink must be one of hy_sink_file_new. */
bool hy_sink_file_info(const hy_sink *sink, struct stat *info);
/* Before so many bytes are loaded for it: HYDRA_ERR_SPACE if the disk has not so many free. The
 * sink must be one of hy_sink_file_new, and open. */
hydra_status hy_sink_file_check_room(const hy_sink *sink, int64_t bytes, hy_diag *diag);

/*
 * Memory, up to `limit` bytes (HYDRA_ERR_SPACE beyond). Bytes that are skipped are zero. After
 * commit hy_sink_memory_take moves the bytes out; free them with hy_free. Before commit, after
 * abort and the second time it gives NULL and 0. The sink must be one of hy_sink_memory_new.
 */
hydra_status hy_sink_memory_new(int64_t limit, hy_sink **out, hy_diag *diag);
void hy_sink_memory_take(hy_sink *sink, uint8_t **data, size_t *size);

/* The host's functions. Copied. ops->read is NULL when writer->read is. commit and abort do not
 * call the host. restart is refused once it got a byte: it gets each one once. */
hydra_status hy_sink_writer_new(const hydra_writer *writer, hy_sink **out, hy_diag *diag);

/*
 * An open file descriptor: pipe, socket or file, written in order from where it stands. `close_fd`:
 * takes it (only on success); otherwise leaves it open. Its flags stay as they are, and whether it
 * blocks or not does not matter: the sink works on a descriptor of its own, for a pipe where
 * possible with flags of its own, else on a duplicate. A reader that goes away is HYDRA_ERR_IO and
 * raises no SIGPIPE. Refuses (HYDRA_ERR_ARGUMENT) what is not open for writing, and terminals.
 * `name` is copied, `cancel` (may be NULL) borrowed. commit syncs if it is a file; abort takes
 * nothing back, and restart is refused once a byte is written.
 */
hydra_status hy_sink_fd_new(int fd, bool close_fd, const char *name, const hy_cancel *cancel,
                            hy_sink **out, hy_diag *diag);

/* A FIFO, as above. The first write waits for somebody to open it for reading; abort before that
 * shows the end to who sits in open(2) already. `policy` is borrowed: the FIFO must lie in one of
 * its folders (NULL = anywhere). */
hydra_status hy_sink_fifo_new(const char *path, const hydra_policy *policy, const hy_cancel *cancel,
                              hy_sink **out, hy_diag *diag);

/*
 * Bytes that another thread takes with hy_sink_pull_read. At most `limit` that were not taken are
 * kept; write waits for room, commit until all are taken. `notify` (may be NULL) is called by the
 * writing thread whenever there are bytes and were none before. restart drops what waits; it is
 * refused once a byte is taken. `cancel` is borrowed.
 */
hydra_status hy_sink_pull_new(size_t limit, void (*notify)(void *user), void *user,
                              const hy_cancel *cancel, hy_sink **out, hy_diag *diag);

/*
 * Take up to `capacity` bytes without waiting: `*got`, from `*offset` (may be NULL) on. 0 = none
 * now. After abort there are none. From one thread at a time, which may be another than the
 * writer's; not together with hy_sink_free. The sink must be one of hy_sink_pull_new.
 */
hydra_status hy_sink_pull_read(hy_sink *sink, void *buffer, size_t capacity, int64_t *offset,
                               size_t *got);

/*
 * A sink that can go back, in front of one that cannot: the bytes stay in memory, up to `limit`
 * (HYDRA_ERR_SPACE beyond), can be read back there, and go on when they are committed. Takes
 * `in_order`, on success only.
 */
hydra_status hy_sink_buffered_new(hy_sink *in_order, int64_t limit, hy_sink **out, hy_diag *diag);

/*
 * A URL that takes one PUT, such as a presigned one. That needs to know its length first, so the
 * bytes stay in memory up to `limit` (HYDRA_ERR_SPACE beyond), can be read back there, and go out
 * in commit, which tries again after transient failures. What is behind the '?' of the URL is in no
 * error text.
 */
typedef struct hy_sink_put_options {
    const char *url; /* http or https */
    int64_t limit;
    const char *content_type; /* NULL = none */
    bool replace;             /* else If-None-Match: * */
    const hydra_policy *policy;
    const hy_cancel *cancel;
    hy_retry_quota *quota;                                  /* NULL = none */
    void (*sent)(void *user, int64_t bytes, int64_t total); /* may be NULL */
    void *user;
} hy_sink_put_options;
/* `http`, policy, cancel and quota are borrowed, the rest is copied. HYDRA_ERR_ARGUMENT,
 * HYDRA_ERR_PERMISSION: the URL. commit: HYDRA_ERR_EXISTS, HYDRA_ERR_PERMISSION (the server's 401
 * and 403, too), HYDRA_ERR_NOT_FOUND, HYDRA_ERR_NETWORK, HYDRA_ERR_TIMEOUT, HYDRA_ERR_SERVER. */
hydra_status hy_sink_put_new(hy_http *http, const hy_sink_put_options *options, hy_sink **out,
                             hy_diag *diag);

/* What a destination is. */
typedef enum hy_destination_kind {
    HY_DESTINATION_FILE,   /* a path, also one where nothing is, or nothing that can be written */
    HY_DESTINATION_FIFO,   /* a path where a FIFO is */
    HY_DESTINATION_FD,     /* "fd:N" */
    HY_DESTINATION_STDOUT, /* "-" */
    HY_DESTINATION_PULL,   /* "pull:" */
    HY_DESTINATION_S3,     /* "s3://BUCKET/KEY" */
    HY_DESTINATION_PUT     /* "https://...", "http://...": a URL that takes one PUT */
} hy_destination_kind;

typedef struct hy_destination {
    hy_destination_kind kind;
    char *path; /* FILE and FIFO */
    char *url;  /* S3 and PUT; what is behind the '?' of the latter is a secret */
    int fd;     /* FD and STDOUT; else -1 */
} hy_destination;

/* FIFO, FD, STDOUT and PULL are in order. A file whose name is "-" or begins with "fd:" is "./-" or
 * "./fd:". HYDRA_ERR_ARGUMENT: "fd:" without a number, or "pull:" with anything behind it. Free
 * with hy_destination_free, also after a failure. */
hydra_status hy_destination_parse(hy_destination *out, const char *text, hy_diag *diag);
/* The policy's schemes have that of the destination; descriptors and pull: have none.
 * HYDRA_ERR_PERMISSION. */
hydra_status hy_destination_check(const hy_destination *destination, const hydra_policy *policy,
                                  hy_diag *diag);
void hy_destination_free(hy_destination *destination);

/* Every sink: close without commit is abort; abort after commit does nothing; all else after
 * commit or abort is HYDRA_ERR_INTERNAL. NULL does nothing. */
void hy_sink_free(hy_sink *sink);

#endif
