/* SPDX-License-Identifier: MIT */
/* libcuda.so.1: "device" memory, which is host memory, and copies, which are done at once. */
#include "cuda.h"

#include <string.h>

static void *pointer(CUdeviceptr address)
{
    return (void *)(uintptr_t)address;
}

static CUresult allocate(CUdeviceptr *address, size_t bytes)
{
    const int gpu = fakenv_current_gpu();

    if (gpu < 0)
        return (CUresult)CU_INVALID_CONTEXT;
    if (!bytes)
        return (CUresult)CU_INVALID_VALUE;
    void *memory = fakenv_alloc(gpu, bytes);
    *address = (CUdeviceptr)(uintptr_t)memory;
    return memory ? CUDA_SUCCESS : (CUresult)CU_OUT_OF_MEMORY;
}

CU cuMemAlloc_v2(CUdeviceptr *address, size_t bytes)
{
    ENTER();
    return allocate(address, bytes);
}

CU cuMemAllocPitch_v2(CUdeviceptr *address, size_t *pitch, size_t width, size_t height,
                      unsigned element_bytes)
{
    (void)element_bytes;
    ENTER();
    *pitch = (width + 511) & ~(size_t)511;
    return allocate(address, *pitch * height);
}

CU cuMemAllocManaged(CUdeviceptr *address, size_t bytes, unsigned flags)
{
    (void)flags;
    ENTER();
    return allocate(address, bytes);
}

CU cuMemFree_v2(CUdeviceptr address)
{
    ENTER();
    if (fakenv_current_gpu() < 0)
        return (CUresult)CU_INVALID_CONTEXT;
    return fakenv_free(pointer(address)) ? CUDA_SUCCESS : (CUresult)CU_INVALID_VALUE;
}

static CUresult copy(void *to, const void *from, size_t bytes)
{
    if (fakenv_current_gpu() < 0)
        return (CUresult)CU_INVALID_CONTEXT;
    memcpy(to, from, bytes);
    return CUDA_SUCCESS;
}

CU cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t bytes, CUstream stream)
{
    (void)stream;
    ENTER();
    memset(pointer(to), value, bytes);
    return CUDA_SUCCESS;
}

CU cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes)
{
    ENTER();
    return copy(pointer(to), pointer(from), bytes);
}

CU cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream)
{
    (void)stream;
    ENTER();
    return copy(pointer(to), pointer(from), bytes);
}

CU cuMemcpyHtoD_v2(CUdeviceptr to, const void *from, size_t bytes)
{
    ENTER();
    return copy(pointer(to), from, bytes);
}

CU cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes, CUstream stream)
{
    (void)stream;
    ENTER();
    return copy(pointer(to), from, bytes);
}

CU cuMemcpyDtoH_v2(void *to, CUdeviceptr from, size_t bytes)
{
    ENTER();
    return copy(to, pointer(from), bytes);
}

CU cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes, CUstream stream)
{
    (void)stream;
    ENTER();
    return copy(to, pointer(from), bytes);
}

CU cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes)
{
    ENTER();
    return copy(pointer(to), pointer(from), bytes);
}

CU cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream)
{
    (void)stream;
    ENTER();
    return copy(pointer(to), pointer(from), bytes);
}

static CUresult copy_2d(const CUDA_MEMCPY2D *c)
{
    if (fakenv_current_gpu() < 0)
        return (CUresult)CU_INVALID_CONTEXT;
    if (c->srcMemoryType == CU_MEMORYTYPE_ARRAY || c->dstMemoryType == CU_MEMORYTYPE_ARRAY)
        return (CUresult)CU_NOT_SUPPORTED;
    if ((c->srcPitch && c->srcPitch < c->WidthInBytes) ||
        (c->dstPitch && c->dstPitch < c->WidthInBytes))
        return (CUresult)CU_INVALID_VALUE;
    const uint8_t *from =
        c->srcMemoryType == CU_MEMORYTYPE_HOST ? c->srcHost : pointer(c->srcDevice);
    uint8_t *to = c->dstMemoryType == CU_MEMORYTYPE_HOST ? c->dstHost : pointer(c->dstDevice);
    from += c->srcY * c->srcPitch + c->srcXInBytes;
    to += c->dstY * c->dstPitch + c->dstXInBytes;
    for (size_t y = 0; y < c->Height; y++)
        memcpy(to + y * c->dstPitch, from + y * c->srcPitch, c->WidthInBytes);
    return CUDA_SUCCESS;
}

CU cuMemcpy2D_v2(const CUDA_MEMCPY2D *c)
{
    ENTER();
    return copy_2d(c);
}

CU cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D *c, CUstream stream)
{
    (void)stream;
    ENTER();
    return copy_2d(c);
}
