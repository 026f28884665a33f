/* SPDX-License-Identifier: MIT */
/*
 * api: the hydra_* entry points. They check handles and arguments, keep the error text, and call
 * inward; what a call means is decided in the rooms below.
 */
#ifndef HY_API_H
#define HY_API_H

#include <pthread.h>
#include <stdatomic.h>

#include <hydra/hydra.h>

#include "api/object.h"
#include "api/progress.h"
#include "api/settings.h"
#include "api/stable_file.h"
#include "core/core.h"
#include "net/net.h"
#include "project/project.h"
#include "render/render.h"
#include "s3/s3.h"
#include "sink/sink.h"
#include "timeline/timeline.h"

struct hydra_context {
    atomic_int references;
    hydra_policy policy; /* its lists are the context's; folders absolute, without links */
    hy_budget budget;
    hy_pool *pool;
    char *gpu_name; /* which GPU may encode; NULL = any */
    int32_t gpu_sessions;
    int32_t simd;              /* HYDRA_SIMD_... */
    hydra_store_options store; /* owns its strings */
    hy_retry_quota quota;      /* of what is plain HTTP; the S3 client has its own */
    pthread_mutex_t mutex;
    struct { /* under mutex; made when first asked for */
        hy_http *http;
        hy_s3 *s3;
        struct hy_gpu *gpu;
        void (*free_gpu)(struct hy_gpu *gpu); /* so that who only stores links no FFmpeg */
    } locked;
};

struct hydra_compose {
    hydra_context *context;
    hy_project project;
    hy_diag diag;        /* of the last call that failed */
    atomic_bool running; /* a render is on; seen when its writer calls back into the compose */
    hy_cancel cancel;    /* parent of that of every render and upload; no deadline */
    hy_progress sent;    /* of the running or last upload */
    bool has_result;
    hydra_result result;
    hy_attempts attempts; /* of the last render, in which `result` has a string */
    uint8_t *output;      /* bytes of a render to memory */
    size_t output_size;
    hy_stable_file file;             /* of a render to a file: what it was then */
    int64_t changes;                 /* of the project or its render options so far */
    int64_t changes_at_render;       /* when `output` or `file` was made */
    hydra_transfer_options transfer; /* owns its strings */
    hy_object object;                /* of the last upload */
    hy_buffer plan_text;
    hy_buffer json_text;
    hy_issues issues;                    /* of the last load or check */
    hydra_render_options render_options; /* of the project; the preset in it is the next one */
    char *preset;
};

/* HYDRA_ERR_ARGUMENT; the text names the field. */
hydra_status hy_policy_check(const hydra_policy *policy, hy_diag *diag);
/* A policy that was checked, with lists of its own: folders resolved, HYDRA_ERR_ARGUMENT where one
 * is none. Free it with hy_policy_free, also after a failure. */
hydra_status hy_policy_copy(hydra_policy *out, const hydra_policy *policy, hy_diag *diag);
void hy_policy_free(hydra_policy *policy);

hydra_context *hy_context_ref(hydra_context *context);
/* The context's GPUs, which live as long as it does; NULL = no memory for them: the job goes on as
 * if there were none. */
struct hy_gpu *hy_context_gpu(hydra_context *context);
/* A reference to `context`, or a new one with the defaults for NULL. The caller frees it. */
hydra_status hy_context_or_private(hydra_context *context, hydra_context **out);

/* Checks that every call begins with that works on the project: not NULL, not rendering; clears the
 * error text. */
hydra_status hy_compose_begin(hydra_compose *c);
/* The end of every call that changes what a render would make. Returns `status`; counts a success.
 */
hydra_status hy_compose_changed(hydra_compose *c, hydra_status status);

/* Give the host an attempt of a render that has ended: HYDRA_ERR_ARGUMENT, HYDRA_ERR_STATE. */
hydra_status hy_attempts_give(const hy_attempts *attempts, int32_t index, hydra_attempt *out);

/* The end of every call that hydra_compose_cancel stops, as the wish was for it. Gives `status`. */
hydra_status hy_compose_end(hydra_compose *c, hydra_status status);

/* What every render starts with: options (NULL = the project's) checked, the last result and what
 * it left forgotten. */
hydra_status hy_compose_begin_render(hydra_compose *c, const hydra_render_options *options,
                                     hydra_render_options *checked);
/* Render to a file, an object or a URL after hy_compose_begin_render. `transfer` NULL = defaults.
 * What is there in the end is noted. */
hydra_status hy_compose_render_to(hydra_compose *c, const hy_destination *to,
                                  const hydra_render_options *options,
                                  const hydra_transfer_options *transfer);

#endif
