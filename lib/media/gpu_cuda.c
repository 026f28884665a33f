/* SPDX-License-Identifier: MIT */
/* CUDA contexts for libavcodec, and what the driver tells about one that fails. */
#include "gpu_cuda.h"

#include <string.h>

#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_cuda.h>

typedef struct cuda_context {
    hy_gpu_driver *driver;
    hy_gpu_device device;
    CUcontext cuda;
    atomic_bool abandoned;
} cuda_context;

static cuda_context *context_of(AVBufferRef *cuda)
{
    return ((AVHWDeviceContext *)cuda->data)->user_opaque;
}

static void free_context(cuda_context *context)
{
    if (context->cuda && !atomic_load(&context->abandoned)) {
        (void)context->driver->cuda->cuCtxDestroy(context->cuda);
    }
    hy_gpu_driver_unref(context->driver);
    hy_free(context);
}

static void free_with_device(AVHWDeviceContext *device)
{
    free_context(device->user_opaque);
}

/* ---- Faults ---- */

static int32_t fail_lost(const cuda_context *context, CUresult result, hy_gpu_fault *fault)
{
    return hy_gpu_fail(fault, HYDRA_PROBE_LOST,
                       "GPU %d (%s) was lost (%s, %d): look into the system's log for Xid errors; "
                       "a container may have to be started anew",
                       (int)context->device.index, context->device.name,
                       hy_gpu_cuda_error(context->driver, result), (int)result);
}

static int32_t fail_memory(const cuda_context *context, hy_gpu_fault *fault)
{
    return hy_gpu_fail(fault, HYDRA_PROBE_NO_MEMORY,
                       "GPU %d (%s) has no video memory left of its %lld MB: end other programs "
                       "that use it, or run fewer jobs at once",
                       (int)context->device.index, context->device.name,
                       (long long)(context->device.memory_bytes >> 20));
}

static int32_t fail_creating(const cuda_context *context, CUresult result, hy_gpu_fault *fault)
{
    switch ((int)result) {
    case HY_CUDA_OUT_OF_MEMORY:
        return fail_memory(context, fault);
    case HY_CUDA_DEVICE_UNAVAILABLE:
        return hy_gpu_fail(fault, HYDRA_PROBE_BUSY,
                           "GPU %d (%s) is used by another program in exclusive mode: end that, or "
                           "set the compute mode to default (nvidia-smi -c 0)",
                           (int)context->device.index, context->device.name);
    case HY_CUDA_MPS_NOT_READY:
    case HY_CUDA_MPS_CLIENTS:
    case HY_CUDA_MPS_CONNECTIONS:
        return hy_gpu_fail(fault, HYDRA_PROBE_BUSY,
                           "GPU %d (%s) is shared by a service that takes no further program now "
                           "(MPS); wait until others have ended",
                           (int)context->device.index, context->device.name);
    default:
        return fail_lost(context, result, fault);
    }
}

/* ---- Contexts ---- */

static CUresult create(cuda_context *context)
{
    const CudaFunctions *cuda = context->driver->cuda;
    CUdevice device;
    CUcontext current;
    CUresult result = cuda->cuDeviceGet(&device, context->device.index);
    if (result == CUDA_SUCCESS) {
        /* Who waits for the GPU sleeps instead of spinning. */
        result = cuda->cuCtxCreate(&context->cuda, CU_CTX_SCHED_BLOCKING_SYNC, device);
    }
    if (result == CUDA_SUCCESS) {
        result = cuda->cuCtxPopCurrent(&current);
    }
    return result;
}

/* Takes the context. */
static bool wrap(cuda_context *context, AVBufferRef **out)
{
    AVBufferRef *buffer = av_hwdevice_ctx_alloc(AV_HWDEVICE_TYPE_CUDA);
    if (!buffer) {
        free_context(context);
        return false;
    }
    AVHWDeviceContext *device = (AVHWDeviceContext *)buffer->data;
    ((AVCUDADeviceContext *)device->hwctx)->cuda_ctx = context->cuda;
    device->user_opaque = context;
    device->free = free_with_device;
    if (av_hwdevice_ctx_init(buffer) < 0) {
        av_buffer_unref(&buffer);
        return false;
    }
    *out = buffer;
    return true;
}

int32_t hy_gpu_cuda_new(hy_gpu_driver *driver, const hy_gpu_device *device, AVBufferRef **out,
                        hy_gpu_fault *fault)
{
    *out = NULL;
    cuda_context *context = hy_calloc(1, sizeof *context);
    if (!context) {
        return hy_gpu_fail(fault, HYDRA_PROBE_NO_MEMORY, "no memory for a CUDA context");
    }
    context->driver = hy_gpu_driver_ref(driver);
    context->device = *device;
    atomic_init(&context->abandoned, false);
    CUresult result = create(context);
    if (result != CUDA_SUCCESS) {
        int32_t finding = fail_creating(context, result, fault);
        free_context(context);
        return finding;
    }
    return wrap(context, out)
               ? HYDRA_PROBE_OK
               : hy_gpu_fail(fault, HYDRA_PROBE_FAILED, "libavutil does not take a CUDA context");
}

int32_t hy_gpu_cuda_fail_memory(AVBufferRef *cuda, hy_gpu_fault *fault)
{
    return fail_memory(context_of(cuda), fault);
}

void hy_gpu_cuda_abandon(AVBufferRef *cuda)
{
    atomic_store(&context_of(cuda)->abandoned, true);
}

/* ---- Asking ---- */

/* A session that encodes nothing. */
typedef struct question {
    const cuda_context *context;
    const NV_ENCODE_API_FUNCTION_LIST *encode;
    void *session;
    int32_t codec;
    int32_t width;
    int32_t height;
} question;

static int32_t fail_no_encoder(const question *q, hy_gpu_fault *fault)
{
    return hy_gpu_fail(fault, HYDRA_PROBE_NO_ENCODER,
                       "GPU %d (%s) has no encoder for %s: A100, A30, H100, H200, B200, P106 and "
                       "GeForce MX have none at all; use a T4, L4, A10, L40, RTX or the like",
                       (int)q->context->device.index, q->context->device.name,
                       hy_codec_name(q->codec));
}

static int32_t fail_session(const question *q, NVENCSTATUS status, hy_gpu_fault *fault)
{
    const hy_gpu_device *device = &q->context->device;
    switch (status) {
    case NV_ENC_ERR_NO_ENCODE_DEVICE:
    case NV_ENC_ERR_UNSUPPORTED_DEVICE:
        return fail_no_encoder(q, fault);
    case NV_ENC_ERR_OUT_OF_MEMORY:
    case NV_ENC_ERR_INCOMPATIBLE_CLIENT_KEY: /* how drivers since 2023 say the same */
        return hy_gpu_fail(fault, HYDRA_PROBE_BUSY,
                           "GPU %d (%s) takes no further encoder session: GeForce cards allow a "
                           "few on the whole system; wait until others have ended",
                           (int)device->index, device->name);
    case NV_ENC_ERR_INVALID_ENCODERDEVICE:
    case NV_ENC_ERR_INVALID_DEVICE:
    case NV_ENC_ERR_DEVICE_NOT_EXIST:
        return hy_gpu_fail(fault, HYDRA_PROBE_LOST,
                           "GPU %d (%s) was lost (NVENC error %d): look into the system's log for "
                           "Xid errors; a container may have to be started anew",
                           (int)device->index, device->name, (int)status);
    default:
        return hy_gpu_fail(fault, HYDRA_PROBE_FAILED,
                           "GPU %d (%s) opens no encoder session (NVENC error %d): update the "
                           "NVIDIA driver; a container or sandbox has to have the driver "
                           "capabilities compute,video,utility",
                           (int)device->index, device->name, (int)status);
    }
}

static const GUID *codec_guid(int32_t codec)
{
    return codec == HYDRA_CODEC_HEVC ? &NV_ENC_CODEC_HEVC_GUID : &NV_ENC_CODEC_H264_GUID;
}

#define MAX_CODECS 16

static NVENCSTATUS find_codec(const question *q, bool *found)
{
    GUID list[MAX_CODECS];
    uint32_t count = 0;
    *found = false;
    NVENCSTATUS status = q->encode->nvEncGetEncodeGUIDs(q->session, list, MAX_CODECS, &count);
    for (uint32_t i = 0; status == NV_ENC_SUCCESS && i < count; i++) {
        *found = *found || memcmp(&list[i], codec_guid(q->codec), sizeof list[i]) == 0;
    }
    return status;
}

static int capability(const question *q, NV_ENC_CAPS what)
{
    NV_ENC_CAPS_PARAM param = {.version = NV_ENC_CAPS_PARAM_VER, .capsToQuery = what};
    int value = 0;
    NVENCSTATUS status =
        q->encode->nvEncGetEncodeCaps(q->session, *codec_guid(q->codec), &param, &value);
    return status == NV_ENC_SUCCESS ? value : 0;
}

static int32_t check_size(const question *q, hy_gpu_fault *fault)
{
    int least_width = capability(q, NV_ENC_CAPS_WIDTH_MIN);
    int least_height = capability(q, NV_ENC_CAPS_HEIGHT_MIN);
    int most_width = capability(q, NV_ENC_CAPS_WIDTH_MAX);
    int most_height = capability(q, NV_ENC_CAPS_HEIGHT_MAX);
    if (q->width >= least_width && q->width <= most_width && q->height >= least_height &&
        q->height <= most_height) {
        return HYDRA_PROBE_OK;
    }
    return hy_gpu_fail(fault, HYDRA_PROBE_NOT_SUPPORTED,
                       "GPU %d (%s) encodes %s of %d x %d to %d x %d pixels, not %d x %d: take a "
                       "size between them",
                       (int)q->context->device.index, q->context->device.name,
                       hy_codec_name(q->codec), least_width, least_height, most_width, most_height,
                       (int)q->width, (int)q->height);
}

static int32_t ask_session(question *q, hy_gpu_fault *fault)
{
    NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS params = {
        .version = NV_ENC_OPEN_ENCODE_SESSION_EX_PARAMS_VER,
        .deviceType = NV_ENC_DEVICE_TYPE_CUDA,
        .device = q->context->cuda,
        .apiVersion = NVENCAPI_VERSION,
    };
    NVENCSTATUS status = q->encode->nvEncOpenEncodeSessionEx(&params, &q->session);
    if (status != NV_ENC_SUCCESS) {
        return fail_session(q, status, fault);
    }
    bool found;
    status = find_codec(q, &found);
    int32_t finding = HYDRA_PROBE_OK;
    if (status != NV_ENC_SUCCESS) {
        finding = fail_session(q, status, fault);
    } else if (!found) {
        finding = fail_no_encoder(q, fault);
    } else {
        finding = check_size(q, fault);
    }
    (void)q->encode->nvEncDestroyEncoder(q->session);
    return finding;
}

/* The driver refuses some questions to a context that is gone, and others not. */
static CUresult check_context(const cuda_context *context)
{
    size_t left;
    size_t total;
    CUresult result = context->driver->synchronize();
    return result == CUDA_SUCCESS ? context->driver->memory_info(&left, &total) : result;
}

int32_t hy_gpu_cuda_ask(AVBufferRef *cuda, int32_t codec, int32_t width, int32_t height,
                        hy_gpu_fault *fault)
{
    const cuda_context *context = context_of(cuda);
    CUcontext current;
    CUresult result = context->driver->cuda->cuCtxPushCurrent(context->cuda);
    if (result != CUDA_SUCCESS) {
        return fail_lost(context, result, fault);
    }
    result = check_context(context);
    question q = {context, &context->driver->encode, NULL, codec, width, height};
    int32_t finding =
        result == CUDA_SUCCESS ? ask_session(&q, fault) : fail_lost(context, result, fault);
    (void)context->driver->cuda->cuCtxPopCurrent(&current);
    return finding;
}
