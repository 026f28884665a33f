/* SPDX-License-Identifier: MIT */
/*
 * Private to s3/: an upload. upload.c and upload_parts.c make its calls, parts.c the threads that
 * send parts, sink.c cuts what is written into parts, upload_source.c what lies there.
 */
#ifndef HY_UPLOAD_H
#define HY_UPLOAD_H

#include "s3_private.h"

#define HY_UPLOAD_MAX_PARTS      10000
#define HY_UPLOAD_MAX_THREADS    16
#define HY_UPLOAD_MAX_PART_BYTES ((int64_t)5120 << 20)

/* Where it stands. Only CREATING and COMPLETING last for the time of a call; what the server has
 * is certain in all others. */
typedef enum hy_upload_state {
    HY_UPLOAD_NEW,        /* nothing was sent */
    HY_UPLOAD_CREATING,   /* the upload's id is on its way; others wait for it */
    HY_UPLOAD_PARTS,      /* there is an upload, which must be completed or aborted */
    HY_UPLOAD_COMPLETING, /* the object may be there or not */
    HY_UPLOAD_DONE,       /* the object is there */
    HY_UPLOAD_ENDED       /* there is nothing: failed or aborted */
} hy_upload_state;

/* A part that the server has. */
typedef struct hy_upload_part {
    char *etag;
    hy_s3_digest digest;
    int64_t bytes;
} hy_upload_part;

/* Where bytes lie that are all there. Any thread reads, several at a time, again where it must. */
typedef struct hy_upload_source {
    hydra_status (*read)(void *user, int64_t offset, void *data, size_t size, hy_diag *diag);
    void *user;
} hy_upload_source;

typedef struct hy_upload hy_upload;

/* Work for a thread: a part, or (number 0) the completion. */
typedef struct hy_upload_task {
    hy_upload *upload;
    int32_t number;
    uint8_t *block; /* NULL: the bytes are in the upload's source, at `offset` */
    int64_t offset;
    int64_t size;
    int64_t shown; /* of it in locked.sent */
    struct hy_upload_task *next;
} hy_upload_task;

struct hy_upload {
    hy_s3 *s3; /* borrowed, as policy */
    const hydra_policy *policy;
    char *bucket;
    char *key;
    char *name; /* "s3://bucket/key" */
    hy_http_headers object_headers;
    hy_http_headers access_headers;
    hy_s3_check check;
    bool only_new; /* If-None-Match */
    int32_t parallel;
    hy_upload_source source; /* of parts without a block */
    size_t block_bytes;
    size_t max_blocks; /* 0 = all parts are in the source */
    hy_cancel stop;    /* of parts and PUT: the job's wish and the transfer's deadline */
    hy_cancel grace;   /* of Create and Complete, which are cut only when they take too long */
    void (*sent)(void *user, int64_t bytes, int64_t total);
    void *user;
    atomic_int retries;
    atomic_bool create_unknown; /* Create failed, and yet there may be an upload */
    atomic_bool conflict;       /* somebody else wrote the key meanwhile */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* on the monotonic clock */
    struct {
        hy_upload_state state;
        char *id;
        hy_upload_part *parts; /* by number - 1 */
        int32_t part_count;
        hy_upload_task *first; /* waiting */
        hy_upload_task *last;
        int32_t queued;   /* of them */
        int32_t busy;     /* tasks that run */
        int32_t allowed;  /* tasks that may run: less after the server asked for it */
        int32_t good;     /* parts that went well since `allowed` changed */
        double slowed_s;  /* when it was lowered */
        double stopped_s; /* when the wish to stop was first seen; 0 = not yet */
        pthread_t threads[HY_UPLOAD_MAX_THREADS];
        int32_t thread_count;
        int32_t idle;    /* of them */
        bool ending;     /* nothing new is begun, threads end */
        hy_diag failure; /* the first one */
        uint8_t **spare; /* blocks that wait for use */
        size_t spare_count;
        size_t block_count; /* made */
        int64_t sent;
        int64_t dropped;  /* reported of uploads that were restarted */
        int64_t reported; /* most of both, as told to the caller */
        int64_t total;    /* -1 = not known yet */
        hy_s3_upload_result result;
    } locked;
    char *leftover; /* what stays in the bucket, for error texts; NULL = nothing */
};

/* ---- upload_parts.c, upload.c: calls. None of them takes the lock. ---- */

/* A call for the object, to be filled in. */
hy_s3_call hy_upload_call(const hy_upload *upload, const char *what, const char *method);
/* The tries of the options, else the usual ones. */
int32_t hy_upload_tries(const hy_upload *upload, int32_t usual);
static inline int64_t hy_upload_divide_up(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}
/* What parts of an object of about so many bytes have, 0 = unknown. */
int64_t hy_upload_part_bytes(const hydra_transfer_options *transfer, int64_t expected);
/* Whether an object of so many bytes has not too many parts. HYDRA_ERR_LIMIT. */
hydra_status hy_upload_check_size(const hy_upload *upload, int64_t part_bytes, int64_t bytes,
                                  hy_diag *diag);
/* Fails as `cause` did, and says what stays in the bucket. */
hydra_status hy_upload_fail(const hy_upload *upload, const hy_diag *cause, hy_diag *diag);
/* A call took so many. */
void hy_upload_count_retries(hy_upload *upload, int32_t tries);
/* CreateMultipartUpload. */
hydra_status hy_upload_create(hy_upload *upload, char **id, hy_diag *diag);
/* UploadPart. `part` is filled on success. */
hydra_status hy_upload_send(hy_upload *upload, const char *id, hy_upload_task *task,
                            void (*sent)(void *task, int64_t bytes), void (*throttled)(void *task),
                            hy_upload_part *part, hy_diag *diag);
/* CompleteMultipartUpload, and what to do when its reply is lost. The object is there, or HYDRA_ERR
 * and it is not, or HYDRA_ERR_VERIFY and the text says what became of it. `gone`: there is no
 * upload to abort. */
hydra_status hy_upload_complete(hy_upload *upload, const char *id, const hy_upload_part *parts,
                                int32_t count, hy_s3_upload_result *result, bool *gone,
                                hy_diag *diag);
/* PutObject of what the source gives. */
hydra_status hy_upload_put(hy_upload *upload, const hy_upload_source *source, int64_t size,
                           hy_s3_upload_result *result, hy_diag *diag);
/* HYDRA_ERR_EXISTS: there is an object. Who may write and not read is not told. */
hydra_status hy_upload_refuse_existing(hy_upload *upload, hy_diag *diag);
/* AbortMultipartUpload within that time. False: the parts are still there. */
bool hy_upload_drop(hy_upload *upload, const char *id, int64_t within_us);

/* ---- parts.c: threads and memory. From the caller's thread. ---- */

/* Sends nothing unless an object that is there must stay: then it is looked for. */
hydra_status hy_upload_open(hy_upload *upload, hy_s3 *s3, const hy_s3_sink_options *options,
                            hy_diag *diag);
/* Ended, or done. */
void hy_upload_close(hy_upload *upload);
/* The first failure of a part, the job's wish to stop, or HYDRA_OK. */
hydra_status hy_upload_status(hy_upload *upload, hy_diag *diag);
/* A block of block_bytes, content not set; waits for one. */
hydra_status hy_upload_take_block(hy_upload *upload, uint8_t **block, hy_diag *diag);
void hy_upload_give_block(hy_upload *upload, uint8_t *block);
/* Send a part. Takes the block, also on failure. */
hydra_status hy_upload_queue(hy_upload *upload, int32_t number, uint8_t *block, size_t size,
                             hy_diag *diag);
/* The same of bytes that are in the upload's source. */
hydra_status hy_upload_queue_source(hy_upload *upload, int32_t number, int64_t offset, int64_t size,
                                    hy_diag *diag);
/* All is queued: wait for the parts, complete. On failure hy_upload_end is still to be called. */
hydra_status hy_upload_finish(hy_upload *upload, int64_t total, hy_diag *diag);
/* The whole in one request. */
hydra_status hy_upload_finish_small(hy_upload *upload, const hy_upload_source *source,
                                    int64_t total, hy_diag *diag);
/* So many bytes have left; tells the caller. Any thread. */
void hy_upload_progress(hy_upload *upload, int64_t bytes);
/* Stop the threads and, unless the object is there, abort the upload. Within 5 s. */
void hy_upload_end(hy_upload *upload);
/* The same, and then as just opened, with what is left of its deadline. No block may be out. */
void hy_upload_restart(hy_upload *upload);

#endif
