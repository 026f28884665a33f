/* SPDX-License-Identifier: MIT */
/* hydra_store within api/: its handle and what every call begins and ends with. */
#ifndef HY_STORE_H
#define HY_STORE_H

#include "api/client.h"

struct hydra_store {
    hydra_context *context;
    hy_client client;
    hy_diag failure;             /* why there is no client: each call fails so */
    hy_diag diag;                /* of the last call that failed */
    char warning[HY_DIAG_BYTES]; /* of the last call */
    uint64_t warnings_seen;
    hy_cancel cancel; /* of the call that runs, or of the next one */
    hy_progress progress;
    hy_buffer data;   /* of the last get */
    char *url;        /* of the last presign; a secret */
    hy_object object; /* strings of the last hydra_object that was given */
};

/* One call on an object. */
typedef struct hy_store_call {
    hydra_store *store;
    char *bucket;
    char *key;
    hydra_transfer_options transfer; /* of calls that write; borrows */
} hy_store_call;

/* Checks that every call begins with; forgets what the last one lent. `options` NULL = defaults.
 * `object`, the caller's, is cleared if it is set; NULL = nobody asks. End it also after a failure.
 */
hydra_status hy_store_begin(hy_store_call *call, hydra_store *store, const char *uri,
                            const hydra_transfer_options *options, hydra_object *object);
/* The end of the call: a cancel is used up, a warning is taken. Returns `status`. */
hydra_status hy_store_end(hy_store_call *call, hydra_status status);

#endif
