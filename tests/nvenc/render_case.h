/* SPDX-License-Identifier: MIT */
/* Small renders on the stand-in driver, and what they leave in the process. */
#ifndef RENDER_CASE_H
#define RENDER_CASE_H

#include <stdio.h>

#include "compose.h"
#include "encode_job.h"

/* Above what the stand-in's encoder takes at least. */
#define CASE_WIDTH  160
#define CASE_HEIGHT 96

/* Of a context. Zeros: any GPU, three sessions, the usual time for a call. */
typedef struct case_context {
    const char *gpu;
    int32_t sessions;
    int64_t stall_us;
    const hydra_store_options *store;
} case_context;

/* Two workers. */
hydra_context *case_context_new(const case_context *options);

/* `frames` of a photo at 30 frames a second. */
hydra_compose *case_compose(hydra_context *context, int64_t frames);

/* Draft is without B frames, default has three. */
hydra_render_options case_options(int32_t encoder, int32_t codec, int32_t profile);

/* What a job did, taken from its compose. */
typedef struct case_outcome {
    hydra_status status;
    char text[HYDRA_REASON_BYTES * 2]; /* of the error */
    hydra_result result;               /* after success */
    char reason[HYDRA_REASON_BYTES];
    hydra_attempt attempts[4];
    int32_t attempt_count;
} case_outcome;

void case_outcome_take(const hydra_compose *c, hydra_status status, case_outcome *out);

/* Whether a video has its frames, in time, and whether all of them can be decoded: NULL, or what is
 * wrong. */
const char *case_video_fault(const void *mp4, size_t size, int64_t frames);

/* What a process holds; to be compared before and after. */
typedef struct case_census {
    int threads;
    int descriptors;
} case_census;

case_census case_census_take(void);
/* Waits until the threads are as many as before, for ten seconds at most. */
bool case_census_holds(const case_census *before, int more_threads);

#endif
