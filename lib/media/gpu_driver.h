/* SPDX-License-Identifier: MIT */
/*
 * Private to media/: the NVIDIA driver itself. Its two libraries are loaded when they are needed;
 * all that is called here may hang, so it is called on lanes. Why something fails is asked of the
 * driver, never read from log lines.
 */
#ifndef HY_GPU_DRIVER_H
#define HY_GPU_DRIVER_H

#include "gpu.h"

/* Most GPUs that are looked at. */
#define HY_GPU_DEVICES 32

/* The libraries, started. Counted: they stay as long as a thread may be in them. */
typedef struct hy_gpu_driver hy_gpu_driver;

int32_t hy_gpu_driver_open(hy_gpu_driver **out, hy_gpu_fault *fault);
hy_gpu_driver *hy_gpu_driver_ref(hy_gpu_driver *driver);
void hy_gpu_driver_unref(hy_gpu_driver *driver); /* NULL does nothing */

/* All GPUs, HY_GPU_DEVICES at most. */
int32_t hy_gpu_driver_list(const hy_gpu_driver *driver, hy_gpu_device *list, int32_t *count,
                           hy_gpu_fault *fault);

/* A CUDA context on `device`, which lasts as long as references to the AVHWDeviceContext. */
int32_t hy_gpu_cuda_new(hy_gpu_driver *driver, const hy_gpu_device *device,
                        struct AVBufferRef **out, hy_gpu_fault *fault);
/* The device is dead: its context is left alone, for the call that destroys it might hang. */
void hy_gpu_cuda_abandon(struct AVBufferRef *cuda);

/* Whether the context works, and whether its GPU encodes `codec` at that size: found out with a
 * session of our own. HYDRA_PROBE_OK: nothing of that stands in the way. */
int32_t hy_gpu_cuda_ask(struct AVBufferRef *cuda, int32_t codec, int32_t width, int32_t height,
                        hy_gpu_fault *fault);

/* Video memory is out, with the figures. */
int32_t hy_gpu_cuda_fail_memory(struct AVBufferRef *cuda, hy_gpu_fault *fault);

/* "H.264", "HEVC". */
const char *hy_codec_name(int32_t codec);

#endif
