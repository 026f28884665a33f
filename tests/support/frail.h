/* SPDX-License-Identifier: MIT */
/* An encoder that is another one until it fails, as one on a GPU may; and routes that begin with
 * it. One plan for the whole program. */
#ifndef HY_TEST_FRAIL_H
#define HY_TEST_FRAIL_H

#include "media/media.h"

#define TEST_FRAIL_OPEN  INT64_C(-1) /* it cannot be opened */
#define TEST_FRAIL_DRAIN INT64_MAX   /* it fails when no more frames come */
#define TEST_FRAIL_NEVER INT64_C(-2)

typedef struct test_frail_plan {
    int64_t at;               /* the frame that it does not take, or one of the above */
    bool in_receive;          /* takes that one and gives no packet instead */
    bool loses;               /* the packet of that one, without an error */
    int32_t finding;          /* HYDRA_PROBE_* */
    hydra_status status;      /* with the text "encoder frail: gone" */
    void (*hook)(void *user); /* called as it fails; may be NULL */
    void *user;
    int opened; /* how often */
    int closed;
} test_frail_plan;

extern test_frail_plan test_frail;

/* Frail as encoder `id`, HYDRA_ENCODER_*, and then that encoder itself. */
hy_encoder_route test_frail_route(int32_t id);
/* The encoder alone. */
hy_encoder_route test_sound_route(int32_t id);

#endif
