/* SPDX-License-Identifier: MIT */
/*
 * libcuda.so.1: streams and events, on which everything is done at once, and the functions that
 * loaders look for and nobody calls.
 */
#include "cuda.h"

#include <stdlib.h>

static CUresult create(void **handle, enum fakenv_kind kind)
{
    if (fakenv_current_gpu() < 0)
        return (CUresult)CU_INVALID_CONTEXT;
    *handle = malloc(1);
    if (!*handle)
        return (CUresult)CU_OUT_OF_MEMORY;
    fakenv_alive(kind, 1);
    return CUDA_SUCCESS;
}

static CUresult destroy(void *handle, enum fakenv_kind kind)
{
    if (!handle)
        return (CUresult)CU_INVALID_VALUE;
    fakenv_alive(kind, -1);
    free(handle);
    return CUDA_SUCCESS;
}

CU cuStreamCreate(CUstream *stream, unsigned flags)
{
    (void)flags;
    ENTER();
    return create((void **)stream, FAKENV_STREAMS);
}

CU cuStreamDestroy_v2(CUstream stream)
{
    ENTER();
    return destroy(stream, FAKENV_STREAMS);
}

CU cuStreamQuery(CUstream stream)
{
    (void)stream;
    ENTER();
    return CUDA_SUCCESS;
}

CU cuStreamSynchronize(CUstream stream)
{
    (void)stream;
    ENTER();
    return CUDA_SUCCESS;
}

CU cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags)
{
    (void)stream;
    (void)event;
    (void)flags;
    ENTER();
    return CUDA_SUCCESS;
}

CU cuStreamAddCallback(CUstream stream, CUstreamCallback *callback, void *opaque, unsigned flags)
{
    (void)flags;
    ENTER();
    callback(stream, CUDA_SUCCESS, opaque);
    return CUDA_SUCCESS;
}

CU cuEventCreate(CUevent *event, unsigned flags)
{
    (void)flags;
    ENTER();
    return create((void **)event, FAKENV_EVENTS);
}

CU cuEventDestroy_v2(CUevent event)
{
    ENTER();
    return destroy(event, FAKENV_EVENTS);
}

CU cuEventSynchronize(CUevent event)
{
    (void)event;
    ENTER();
    return CUDA_SUCCESS;
}

CU cuEventQuery(CUevent event)
{
    (void)event;
    ENTER();
    return CUDA_SUCCESS;
}

CU cuEventRecord(CUevent event, CUstream stream)
{
    (void)event;
    (void)stream;
    ENTER();
    return CUDA_SUCCESS;
}

#define UNSUPPORTED(name)                                                                          \
    CU name(void)                                                                                  \
    {                                                                                              \
        ENTER();                                                                                   \
        return (CUresult)CU_NOT_SUPPORTED;                                                         \
    }

UNSUPPORTED(cuLaunchKernel)
UNSUPPORTED(cuModuleLoadData)
UNSUPPORTED(cuModuleUnload)
UNSUPPORTED(cuModuleGetFunction)
UNSUPPORTED(cuModuleGetGlobal)
UNSUPPORTED(cuLinkCreate)
UNSUPPORTED(cuLinkAddData)
UNSUPPORTED(cuLinkComplete)
UNSUPPORTED(cuLinkDestroy)
UNSUPPORTED(cuTexObjectCreate)
UNSUPPORTED(cuTexObjectDestroy)
UNSUPPORTED(cuGLGetDevices_v2)
UNSUPPORTED(cuGraphicsGLRegisterImage)
UNSUPPORTED(cuGraphicsUnregisterResource)
UNSUPPORTED(cuGraphicsMapResources)
UNSUPPORTED(cuGraphicsUnmapResources)
UNSUPPORTED(cuGraphicsSubResourceGetMappedArray)
UNSUPPORTED(cuGraphicsResourceGetMappedPointer_v2)
UNSUPPORTED(cuArray3DCreate_v2)
UNSUPPORTED(cuArrayCreate_v2)
UNSUPPORTED(cuArrayDestroy)
