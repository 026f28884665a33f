/* SPDX-License-Identifier: MIT */
/* Private to gpu_driver.c and gpu_cuda.c: the functions of the driver. */
#ifndef HY_GPU_CUDA_H
#define HY_GPU_CUDA_H

#include <dlfcn.h>
#include <stdatomic.h>

#include "gpu_driver.h"

/* What could not be loaded, by name, is written here; nothing is printed. */
#define HY_GPU_NOTE_BYTES 96
void hy_gpu_note_missing(void *note, const char *format, const char *name);

#define FFNV_LOG_FUNC(note, format, name) hy_gpu_note_missing(note, format, name)
#define FFNV_DEBUG_LOG_FUNC(note, format, name)
#include <ffnvcodec/dynlink_loader.h>

/* Results that dynlink_cuda.h has no names for. */
#define HY_CUDA_OUT_OF_MEMORY      ((CUresult)2)
#define HY_CUDA_NOT_INITIALIZED    ((CUresult)3)
#define HY_CUDA_DEVICE_UNAVAILABLE ((CUresult)46)
#define HY_CUDA_NO_DEVICE          ((CUresult)100)
#define HY_CUDA_OPERATING_SYSTEM   ((CUresult)304)
#define HY_CUDA_MPS_NOT_READY      ((CUresult)807)
#define HY_CUDA_MPS_CLIENTS        ((CUresult)808)
#define HY_CUDA_MPS_CONNECTIONS    ((CUresult)809)

/* Functions that the loader does not know. */
typedef CUresult CUDAAPI hy_cu_version_fn(int *version);
typedef CUresult CUDAAPI hy_cu_memory_fn(size_t *bytes, CUdevice device);
typedef CUresult CUDAAPI hy_cu_info_fn(size_t *left, size_t *total);
typedef CUresult CUDAAPI hy_cu_synchronize_fn(void);

struct hy_gpu_driver {
    atomic_int references;
    CudaFunctions *cuda;
    NvencFunctions *nvenc;
    NV_ENCODE_API_FUNCTION_LIST encode;
    hy_cu_version_fn *version;
    hy_cu_memory_fn *total_memory;
    hy_cu_info_fn *memory_info;
    hy_cu_synchronize_fn *synchronize;
    int cuda_version;
};

/* "CUDA_ERROR_UNKNOWN" */
const char *hy_gpu_cuda_error(const hy_gpu_driver *driver, CUresult result);

#endif
