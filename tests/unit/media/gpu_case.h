/* SPDX-License-Identifier: MIT */
/* GPUs of the stand-in driver, for the tests of what runs on them. */
#ifndef TEST_GPU_CASE_H
#define TEST_GPU_CASE_H

#include <string.h>
#include <unistd.h>

#include "encode_job.h"
#include "media/encoder_nvenc.h"
#include "support.h"

/* What a call that hangs costs in these tests; too little for the stand-in where it really codes.
 */
#define GPU_STALL_US INT64_C(400000)

static inline hy_gpu *gpu_new_with(const char *device, int32_t sessions, int64_t stall_us)
{
    hy_diag diag = {0};
    hy_gpu *gpu = NULL;
    const hy_gpu_options options = {device, sessions, stall_us};
    assert_ok(hy_gpu_new(&options, &gpu, &diag), &diag);
    return gpu;
}

static inline hy_gpu *gpu_new(const char *device, int32_t sessions)
{
    return gpu_new_with(device, sessions, 0);
}

/* For a test that ends with that finding. */
static inline hy_gpu *gpu_new_for(int32_t finding)
{
    return gpu_new_with(NULL, 3, finding == HYDRA_PROBE_STALLED ? GPU_STALL_US : 0);
}

static inline void assert_fault(const hy_gpu_fault *fault, int32_t finding, const char *part)
{
    if (fault->finding != finding || !strstr(fault->text, part)) {
        fail_msg("finding %d \"%s\" is not %d with \"%s\"", (int)fault->finding, fault->text,
                 (int)finding, part);
    }
}

/* Calls that were left behind have come back, and cleared up. */
static inline void assert_nothing_left(void)
{
    double start = seconds();
    while ((count("leaks") > 0 || !test_only_own_threads()) && seconds() - start < 20) {
        (void)usleep(1000);
    }
    assert_int_equal(count("leaks"), 0);
    assert_true(test_only_own_threads());
}

/* After a loss: calls that hang come back, and what was left alone with the device is freed. */
static inline void clear_lost(void)
{
    assert_int_equal(control("release"), 0);
    double start = seconds();
    while (!test_only_own_threads() && seconds() - start < 20) {
        (void)usleep(1000);
    }
    assert_int_equal(control("purge"), 0);
}

#endif
