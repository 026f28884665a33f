/* SPDX-License-Identifier: MIT */
/* libcuda.so.1: contexts, the stack of them that each thread has, and primary contexts. */
#include "cuda.h"

#include <stdatomic.h>
#include <stdlib.h>

#define STACK_SIZE 64

struct CUctx_st {
    CUcontext next;
    int gpu;
};

/* A handle is valid when it is in here: nothing a client passes is followed unseen. */
static CUcontext contexts;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static __thread CUcontext stack[STACK_SIZE];
static __thread int depth;
/* Purges: a stack from before one is forgotten. */
static atomic_uint purges;
static __thread unsigned purges_seen;

static struct primary {
    CUcontext context;
    int references;
    unsigned flags;
} primaries[FAKENV_MAX_GPUS];

static int find(const void *context)
{
    for (CUcontext c = contexts; c; c = c->next)
        if (c == context)
            return c->gpu;
    return -1;
}

int fakenv_context_gpu(const void *context)
{
    pthread_mutex_lock(&lock);
    const int gpu = find(context);
    pthread_mutex_unlock(&lock);
    return gpu;
}

static void refresh_stack(void)
{
    const unsigned now = atomic_load(&purges);

    if (purges_seen != now)
        depth = 0;
    purges_seen = now;
}

int fakenv_current_gpu(void)
{
    refresh_stack();
    return depth ? fakenv_context_gpu(stack[depth - 1]) : -1;
}

static CUcontext create(int gpu)
{
    CUcontext context = calloc(1, sizeof(*context));

    if (!context)
        return NULL;
    context->gpu = gpu;
    context->next = contexts;
    contexts = context;
    fakenv_alive(FAKENV_CONTEXTS, 1);
    return context;
}

static bool destroy(CUcontext context)
{
    CUcontext *link = &contexts;

    while (*link && *link != context)
        link = &(*link)->next;
    if (!*link)
        return false;
    *link = context->next;
    free(context);
    fakenv_alive(FAKENV_CONTEXTS, -1);
    return true;
}

void fakenv_purge_contexts(void)
{
    pthread_mutex_lock(&lock);
    while (contexts)
        destroy(contexts);
    for (int i = 0; i < FAKENV_MAX_GPUS; i++)
        primaries[i] = (struct primary){.context = NULL};
    atomic_fetch_add(&purges, 1);
    pthread_mutex_unlock(&lock);
}

static bool is_device(CUdevice device)
{
    return device >= 0 && device < fakenv_config().gpu_count;
}

static CUresult push(CUcontext context)
{
    refresh_stack();
    if (fakenv_context_gpu(context) < 0 || depth == STACK_SIZE)
        return (CUresult)CU_INVALID_CONTEXT;
    stack[depth++] = context;
    return CUDA_SUCCESS;
}

CU cuCtxCreate_v2(CUcontext *context, unsigned flags, CUdevice device)
{
    ENTER();
    if (!is_device(device))
        return (CUresult)CU_INVALID_DEVICE;
    fakenv_trace("  context flags %u", flags);
    pthread_mutex_lock(&lock);
    *context = create(device);
    pthread_mutex_unlock(&lock);
    return *context ? push(*context) : (CUresult)CU_OUT_OF_MEMORY;
}

CU cuCtxDestroy_v2(CUcontext context)
{
    ENTER();
    if (depth && stack[depth - 1] == context)
        depth--;
    pthread_mutex_lock(&lock);
    const bool found = destroy(context);
    pthread_mutex_unlock(&lock);
    return found ? CUDA_SUCCESS : (CUresult)CU_INVALID_CONTEXT;
}

CU cuCtxPushCurrent_v2(CUcontext context)
{
    ENTER();
    return push(context);
}

CU cuCtxPopCurrent_v2(CUcontext *context)
{
    ENTER();
    refresh_stack();
    if (!depth)
        return (CUresult)CU_INVALID_CONTEXT;
    depth--;
    if (context)
        *context = stack[depth];
    return CUDA_SUCCESS;
}

CU cuCtxSetCurrent(CUcontext context)
{
    ENTER();
    refresh_stack();
    if (depth)
        depth--;
    return context ? push(context) : CUDA_SUCCESS;
}

CU cuCtxGetCurrent(CUcontext *context)
{
    ENTER();
    refresh_stack();
    *context = depth ? stack[depth - 1] : NULL;
    return CUDA_SUCCESS;
}

CU cuCtxGetDevice(CUdevice *device)
{
    ENTER();
    const int gpu = fakenv_current_gpu();
    if (gpu < 0)
        return (CUresult)CU_INVALID_CONTEXT;
    *device = gpu;
    return CUDA_SUCCESS;
}

CU cuCtxSetLimit(CUlimit limit, size_t value)
{
    (void)limit;
    (void)value;
    ENTER();
    return fakenv_current_gpu() < 0 ? (CUresult)CU_INVALID_CONTEXT : CUDA_SUCCESS;
}

CU cuCtxSynchronize(void)
{
    ENTER();
    return fakenv_current_gpu() < 0 ? (CUresult)CU_INVALID_CONTEXT : CUDA_SUCCESS;
}

CU cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device)
{
    ENTER();
    if (!is_device(device))
        return (CUresult)CU_INVALID_DEVICE;
    pthread_mutex_lock(&lock);
    struct primary *primary = &primaries[device];
    if (!primary->context)
        primary->context = create(device);
    if (primary->context)
        primary->references++;
    *context = primary->context;
    pthread_mutex_unlock(&lock);
    return *context ? CUDA_SUCCESS : (CUresult)CU_OUT_OF_MEMORY;
}

CU cuDevicePrimaryCtxRelease(CUdevice device)
{
    ENTER();
    if (!is_device(device))
        return (CUresult)CU_INVALID_DEVICE;
    pthread_mutex_lock(&lock);
    struct primary *primary = &primaries[device];
    const bool held = primary->references > 0;
    if (held && !--primary->references) {
        destroy(primary->context);
        primary->context = NULL;
    }
    pthread_mutex_unlock(&lock);
    return held ? CUDA_SUCCESS : (CUresult)CU_INVALID_CONTEXT;
}

CU cuDevicePrimaryCtxSetFlags(CUdevice device, unsigned flags)
{
    ENTER();
    if (!is_device(device))
        return (CUresult)CU_INVALID_DEVICE;
    pthread_mutex_lock(&lock);
    primaries[device].flags = flags;
    pthread_mutex_unlock(&lock);
    return CUDA_SUCCESS;
}

CU cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active)
{
    ENTER();
    if (!is_device(device))
        return (CUresult)CU_INVALID_DEVICE;
    pthread_mutex_lock(&lock);
    *flags = primaries[device].flags;
    *active = primaries[device].references > 0;
    pthread_mutex_unlock(&lock);
    return CUDA_SUCCESS;
}

CU cuDevicePrimaryCtxReset(CUdevice device)
{
    ENTER();
    return is_device(device) ? CUDA_SUCCESS : (CUresult)CU_INVALID_DEVICE;
}
