/* SPDX-License-Identifier: MIT */
/*
 * Connections and S3 clients: one of each belongs to a context and is made when it is first asked
 * for; a store with options of its own has its own client, and connections of its own only where
 * theirs would differ.
 */
#ifndef HY_CLIENT_H
#define HY_CLIENT_H

#include "api/api.h"
#include "net/net.h"
#include "s3/s3.h"

/* Both are the context's. Any thread. */
hydra_status hy_context_http(hydra_context *context, hy_http **out, hy_diag *diag);
hydra_status hy_context_s3(hydra_context *context, hy_s3 **out, hy_diag *diag);
/* What the context's S3 client has to tell, as hy_s3_warning; nothing while there is none. */
bool hy_context_warning(hydra_context *context, uint64_t *seen, char text[HY_DIAG_BYTES]);
/* Part of hydra_context_free. */
void hy_context_client_free(hydra_context *context);

/* What a store talks through. All zero = closed. */
typedef struct hy_client {
    hy_http *http; /* NULL = the context's */
    hy_s3 *own_s3; /* NULL = the context's */
    hy_s3 *s3;
} hy_client;

/* `options` are checked; NULL = the context's client. Close it also after a failure. */
hydra_status hy_client_open(hy_client *client, hydra_context *context,
                            const hydra_store_options *options, hy_diag *diag);
void hy_client_close(hy_client *client);

#endif
