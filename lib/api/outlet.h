/* SPDX-License-Identifier: MIT */
/*
 * Where the bytes of one render go, for destinations that can go back: a file, an object in a
 * store, a URL that takes a PUT.
 */
#ifndef HY_OUTLET_H
#define HY_OUTLET_H

#include "api/client.h"
#include "render/render.h"
#include "sink/sink.h"

typedef struct hy_outlet {
    /* Set by the caller, borrowed until close. */
    hydra_context *context;
    const hy_destination *to;
    const hydra_render_options *options;
    const hydra_transfer_options *transfer; /* NULL = defaults */
    const hy_cancel *cancel;
    void (*sent)(void *user, int64_t bytes, int64_t total); /* any thread; NULL = nobody asks */
    void *user;
    /* What open made. */
    hy_sink *sink;
    hy_s3 *s3; /* the context's; NULL = not a store */
    char *bucket;
    char *key;
    hydra_transfer_options own_transfer; /* borrows */
} hy_outlet;

/* Check the inputs of `project` too: none may be the target. Close it also after a failure. */
hydra_status hy_outlet_open(hy_outlet *outlet, const hy_project *project, hy_diag *diag);
/* After the sink's commit: what is in the store now; none for other destinations. */
hydra_status hy_outlet_object(hy_outlet *outlet, const hydra_result *result, hy_object *out,
                              hy_diag *diag);
/* What stays in the store of uploads that were given up; NULL = nothing. Borrowed. */
const char *hy_outlet_leftover(const hy_outlet *outlet);
/* After a failure: the text says too what stays in the store. */
void hy_outlet_explain(const hy_outlet *outlet, hy_diag *diag);
void hy_outlet_close(hy_outlet *outlet);

#endif
