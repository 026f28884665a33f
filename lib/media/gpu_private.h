/* SPDX-License-Identifier: MIT */
/* Private to gpu*.c: the state of a context's GPUs. */
#ifndef HY_GPU_PRIVATE_H
#define HY_GPU_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "gpu_driver.h"

#define HY_GPU_CODECS   2
#define HY_GPU_PROFILES 4

/* An outcome that is known, until `until_s` on hy_clock_s. */
typedef struct hy_gpu_known {
    hy_gpu_fault fault; /* HYDRA_PROBE_OK: it works */
    double until_s;     /* 0 = nothing is known */
} hy_gpu_known;

typedef struct hy_gpu_slot {
    hy_gpu_device device;
    struct AVBufferRef *cuda;           /* NULL = not made yet */
    bool making;                        /* some lane makes it */
    hy_gpu_fault off;                   /* for good; HYDRA_PROBE_OK = it is not */
    hy_gpu_known codecs[HY_GPU_CODECS]; /* what sessions met */
    hy_gpu_known probes[HY_GPU_CODECS][HY_GPU_PROFILES];
} hy_gpu_slot;

/* Someone who waits for a session, on its own stack. First come, first served. */
typedef struct hy_gpu_waiter {
    struct hy_gpu_waiter *next;
    uint64_t usable; /* bit n: device n would do */
} hy_gpu_waiter;

struct hy_gpu {
    atomic_int references;
    char *wanted; /* NULL = any device */
    int32_t session_limit;
    int64_t stall_us;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct {               /* under mutex */
        bool listing;      /* some thread loads the driver */
        hy_gpu_known list; /* why it could not be loaded */
        hy_gpu_driver *driver;
        hy_gpu_slot slots[HY_GPU_DEVICES];
        int32_t count;
        hy_gpu_waiter *first;
    } locked;
};

struct hy_gpu_session {
    hy_gpu *gpu;
    int32_t index;
};

/* How long a failure is taken for granted. */
#define HY_GPU_RETRY_S 300.0

/* Until when an outcome is kept: forever, or for five minutes. */
double hy_gpu_keep_until(int32_t finding);
/* True: `known` still holds; its fault is copied. */
bool hy_gpu_is_known(const hy_gpu_known *known, hy_gpu_fault *fault);

/* Wait for a change until `until_s`, or a little. */
void hy_gpu_wait_locked(hy_gpu *gpu, double until_s);

/* Why slot `index` cannot be used for `codec`. HYDRA_PROBE_OK: nothing is known against it. */
int32_t hy_gpu_check_locked(hy_gpu *gpu, int32_t index, int32_t codec, hy_gpu_fault *fault);

#endif
