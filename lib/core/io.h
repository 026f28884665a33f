/* SPDX-License-Identifier: MIT */
/*
 * Where bytes come from and where they go: the source and sink seams, and the named source that a
 * project holds. Backends are one file each: readers for files and memory here, sinks in sink/.
 */
#ifndef HY_IO_H
#define HY_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hydra/policy.h>

#include "diag.h"
#include "mem.h"

/* Bytes of the caller, shared by project snapshots. */
typedef struct hy_blob hy_blob;

/* A named input: a path, or bytes in memory. `name` is what error texts say. */
typedef struct hy_source {
    char *name;
    char *path;    /* NULL for memory */
    hy_blob *blob; /* NULL for a path */
} hy_source;

/* `uri` is a path or a file: URI (RFC 8089; percent-encoding is undone). `kind` names the input in
 * the error text: "image 3", "audio". Text is copied. */
hydra_status hy_source_from_uri(hy_source *out, const char *uri, const char *kind, hy_diag *diag);
/* Copies `data`. */
hydra_status hy_source_from_memory(hy_source *out, const void *data, size_t size, const char *name,
                                   hy_diag *diag);
/* Shares the blob, copies the rest. */
hydra_status hy_source_copy(hy_source *out, const hy_source *source, hy_diag *diag);
void hy_source_free(hy_source *source);

/* A local path from a path or file: URI; the caller frees it with hy_free. */
hydra_status hy_path_from_uri(char **out, const char *uri, const char *kind, hy_diag *diag);

/* Random access to the bytes of a source. Used by one thread at a time. */
typedef struct hy_reader hy_reader;
typedef struct hy_reader_ops {
    /* Up to `size` bytes from `offset` on; `*got` = 0 means the end. */
    hydra_status (*read)(hy_reader *reader, int64_t offset, void *data, size_t size, size_t *got,
                         hy_diag *diag);
    void (*close)(hy_reader *reader);
} hy_reader_ops;
struct hy_reader {
    const hy_reader_ops *ops;
    const char *name; /* for error texts; lives as long as the reader */
    int64_t size;     /* bytes */
};

/*
 * Open a source. Refuses folders, FIFOs and devices, empty files (HYDRA_ERR_FORMAT), files of more
 * than `max_bytes` (HYDRA_ERR_LIMIT) and files outside the policy's folders (HYDRA_ERR_PERMISSION;
 * NULL policy = anywhere). The source must outlive the reader.
 */
hydra_status hy_reader_open(const hy_source *source, int64_t max_bytes, const hydra_policy *policy,
                            hy_reader **out, hy_diag *diag);
void hy_reader_close(hy_reader *reader);
/* The whole source in memory; free `*data` with hy_free. */
hydra_status hy_reader_load(hy_reader *reader, uint8_t **data, size_t *size, hy_diag *diag);

/*
 * Where a result goes. Calls come from one thread, in the order open (by the backend's own _new),
 * write..., then either commit or abort, then close. Offsets may go back, unless the sink is in
 * order: the head of an MP4 is rewritten last.
 */
typedef struct hy_sink hy_sink;
typedef struct hy_sink_ops {
    hydra_status (*write)(hy_sink *sink, int64_t offset, const void *data, size_t size,
                          hy_diag *diag);
    /* Read back what was written. NULL when the destination cannot. All `size` bytes or an error.
     */
    hydra_status (*read)(hy_sink *sink, int64_t offset, void *data, size_t size, hy_diag *diag);
    /* Make the result visible under its final name, durable. After this nothing is written. */
    hydra_status (*commit)(hy_sink *sink, hy_diag *diag);
    /* Undo everything. Never fails; may be called after any other call. */
    void (*abort)(hy_sink *sink);
    void (*close)(hy_sink *sink);
    /* Before the first write: the first `bytes` will be written last, in one piece. NULL = that
     * does not matter here. */
    hydra_status (*reserve)(hy_sink *sink, int64_t bytes, hy_diag *diag);
} hy_sink_ops;
struct hy_sink {
    const hy_sink_ops *ops;
    const char *name; /* for error texts */
    /* Each write starts where the last one ended, the first at 0, and nothing is read back. What is
     * written has left: abort cannot undo it. */
    bool in_order;
    bool keeps_bytes;     /* in memory, all of them, until it is closed */
    bool remote;          /* commit sends what is left over a network, which may take long */
    int64_t buffer_bytes; /* of memory that it takes at most, but for keeps_bytes */
};

#endif
