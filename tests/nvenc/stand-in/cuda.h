/* SPDX-License-Identifier: MIT */
/* Shared by the files of libcuda.so.1: results, and the head of an entry point. */
#ifndef FAKENV_CUDA_H
#define FAKENV_CUDA_H

#include <ffnvcodec/dynlink_cuda.h>

#include "state.h"

/* dynlink_cuda.h names only a few. */
enum {
    CU_INVALID_VALUE = 1,
    CU_OUT_OF_MEMORY = 2,
    CU_NOT_INITIALIZED = 3,
    CU_NO_DEVICE = 100,
    CU_INVALID_DEVICE = 101,
    CU_INVALID_CONTEXT = 201,
    CU_LAUNCH_FAILED = 719,
    CU_NOT_SUPPORTED = 801,
};

#define CU FAKENV_EXPORT CUresult CUDAAPI

#define ENTER()                                                                                    \
    do {                                                                                           \
        const int code = fakenv_enter(__func__, CU_LAUNCH_FAILED);                                 \
        if (code)                                                                                  \
            return (CUresult)code;                                                                 \
    } while (0)

/* The GPU of the context on top of this thread's stack, or -1. */
int fakenv_current_gpu(void);

#endif
