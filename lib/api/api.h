/* SPDX-License-Identifier: MIT */
/*
 * api: the hydra_* entry points. They check handles and arguments, keep the error text, and call
 * inward; what a call means is decided in the rooms below.
 */
#ifndef HY_API_H
#define HY_API_H

#include <stdatomic.h>

#include <hydra/hydra.h>

#include "core/core.h"
#include "project/project.h"
#include "timeline/timeline.h"

struct hydra_context {
    atomic_int references;
    hydra_policy policy; /* its lists are the context's; folders absolute, without links */
    hy_budget budget;
    hy_pool *pool;
    int32_t simd; /* HYDRA_SIMD_... */
};

struct hydra_compose {
    hydra_context *context;
    hy_project project;
    hy_diag diag;        /* of the last call that failed */
    atomic_bool running; /* a render is on; seen when its writer calls back into the compose */
    bool has_result;
    hydra_result result;
    uint8_t *output; /* bytes of a render to memory */
    size_t output_size;
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

/* A file as the output of a project that must not be one of its inputs. */
hydra_status hy_file_sink_open(const hy_project *project, const hydra_policy *policy,
                               const char *path, int32_t when_exists, hy_sink **out, hy_diag *diag);

/* Checks that every changing call begins with: not NULL, not rendering; clears the error text. */
hydra_status hy_compose_begin(hydra_compose *c);

#endif
