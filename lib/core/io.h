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

#include "cancel.h"
#include "diag.h"
#include "mem.h"

/* Bytes that are shared: of the caller, by project snapshots; fetched ones, by who reads them. */
typedef struct hy_blob hy_blob;

/* Moves the bytes out of a buffer. */
hydra_status hy_blob_take(hy_blob **out, hy_buffer *bytes, hy_diag *diag);
hy_blob *hy_blob_ref(hy_blob *blob);
void hy_blob_unref(hy_blob *blob); /* NULL does nothing */

/* A named input: a path, a URL, or bytes in memory; one of the three is set. `name` is what error
 * texts say; a URL's is without its query, which may be a secret. */
typedef struct hy_source {
    char *name;
    char *path;
    char *url; /* http:, https: or s3:, as written */
    hy_blob *blob;
} hy_source;

/* `uri` is a path, a file: URI (RFC 8089; percent-encoding is undone) or a URL, of which nothing
 * but the scheme is looked at. `kind` names the input in the error text: "image 3", "audio". Text
 * is copied. */
hydra_status hy_source_from_uri(hy_source *out, const char *uri, const char *kind, hy_diag *diag);
/* Copies `data`. */
hydra_status hy_source_from_memory(hy_source *out, const void *data, size_t size, const char *name,
                                   hy_diag *diag);
/* The policy's schemes have that of a path or URL; memory has none. HYDRA_ERR_PERMISSION. NULL
 * policy = all are allowed. */
hydra_status hy_source_check_scheme(const hy_source *source, const hydra_policy *policy,
                                    hy_diag *diag);
/* Shares the blob, copies the rest. */
hydra_status hy_source_copy(hy_source *out, const hy_source *source, hy_diag *diag);
void hy_source_free(hy_source *source);

/* A local path from a path or file: URI; the caller frees it with hy_free. */
hydra_status hy_path_from_uri(char **out, const char *uri, const char *kind, hy_diag *diag);

/* What is fetched of a URL. */
typedef struct hy_load {
    const char *url;
    const char *name;        /* in error texts */
    int64_t max_bytes;       /* HYDRA_ERR_LIMIT beyond */
    const hy_cancel *cancel; /* ends it within 100 ms */
    /* Bytes that are in memory so far, `total` -1 = unknown; fewer than before where it begins
     * anew. In the thread of the call; may be NULL. */
    void (*received)(void *user, int64_t bytes, int64_t total);
    void *user;
} hy_load;

/* How bytes come from a URL: the seam to the network. Calls come from any thread, many at once. */
typedef struct hy_fetcher hy_fetcher;
struct hy_fetcher {
    /* The URL makes sense and its host is allowed. Nothing is sent. */
    hydra_status (*check)(const hy_fetcher *fetcher, const char *url, const char *name,
                          hy_diag *diag);
    /* All bytes of it. The error text begins with the name. `out` is all zero; it stays empty on
     * failure. */
    hydra_status (*load)(const hy_fetcher *fetcher, const hy_load *what, hy_buffer *out,
                         hy_diag *diag);
};

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
 * Open a source that is not remote. Refuses folders, FIFOs and devices, empty files
 * (HYDRA_ERR_FORMAT), files of more than `max_bytes` (HYDRA_ERR_LIMIT) and files outside the
 * policy's folders (HYDRA_ERR_PERMISSION; NULL policy = anywhere). The source's name must outlive
 * the reader.
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
    /* Between open and commit: throw away all that was written and begin anew, as if just opened.
     * HYDRA_ERR_STATE: bytes have left that cannot be called back; nothing has changed then. NULL =
     * it never can. */
    hydra_status (*restart)(hy_sink *sink, hy_diag *diag);
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
