/* SPDX-License-Identifier: MIT */
/* How the jobs of a context get remote sources: over HTTP, and from S3 with the context's store. */
#ifndef HY_FETCHER_H
#define HY_FETCHER_H

#include "api/api.h"

typedef struct hy_context_fetcher {
    hy_fetcher base;
    hydra_context *context;
} hy_context_fetcher;

/* Lives as long as the job; nothing is to be freed. Borrows the context. */
hy_context_fetcher hy_context_fetcher_of(hydra_context *context);

/* Whether an https URL is read with the store's keys. Nothing is sent. */
bool hy_fetcher_signs(hydra_context *context, const char *url);

#endif
