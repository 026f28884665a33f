/* SPDX-License-Identifier: MIT */
/*
 * The NVIDIA GPUs of a context: the driver, loaded when it is first needed; the devices; who may
 * encode on which of them, and what is known to stand in the way. gpu.c, or gpu_stub.c where the
 * build leaves NVENC out.
 */
#ifndef HY_GPU_H
#define HY_GPU_H

#include "media.h"

struct AVBufferRef;

/* How long a call into the driver may take before the GPU counts as stalled. */
#define HY_GPU_STALL_US INT64_C(10000000)

/* What went wrong: HYDRA_PROBE_*, and a sentence that says what to do. */
typedef struct hy_gpu_fault {
    int32_t finding;
    char text[HYDRA_REASON_BYTES];
} hy_gpu_fault;

/* Fill `fault`; returns `finding`. */
int32_t hy_gpu_fail(hy_gpu_fault *fault, int32_t finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The status that a finding is for who asked for the GPU. */
hydra_status hy_gpu_status(int32_t finding);

/* What is known of a device. */
typedef struct hy_gpu_device {
    int32_t index; /* as CUDA counts them */
    char name[96];
    char uuid[48]; /* "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6" */
    int64_t memory_bytes;
    int32_t driver_version; /* of CUDA, 12040 = 12.4 */
    int32_t sessions;       /* of this context, open now */
    int32_t session_limit;
} hy_gpu_device;

/* Load the driver, once, and list its devices; a failure is tried again after five minutes, lack of
 * memory at once, and a driver that gives no answer (STALLED) when it has given one after all.
 * HYDRA_PROBE_OK or the fault. At most 5 ms where there is no driver. */
int32_t hy_gpu_count(hy_gpu *gpu, int32_t *count, hy_gpu_fault *fault);
/* Device `index` of the list. False: there is none. */
bool hy_gpu_device_at(hy_gpu *gpu, int32_t index, hy_gpu_device *out);
/* How long a call into the driver may take. */
int64_t hy_gpu_stall_us(const hy_gpu *gpu);
/* Cheap: whether an encoder may be tried at all. HYDRA_PROBE_OK or the fault that is known. */
int32_t hy_gpu_available(hy_gpu *gpu, int32_t codec, hy_gpu_fault *fault);

/* ---- Sessions: the right to encode on a device, within the context's limit of each ---- */

typedef struct hy_gpu_session hy_gpu_session;

typedef struct hy_gpu_want {
    int32_t codec;     /* HYDRA_CODEC_* */
    int32_t device;    /* index of the list, or -1: the one with the fewest sessions */
    uint64_t excluded; /* bit n: not device n, it refused already */
    int64_t wait_us;   /* for a free session; 0 = not at all */
    const hy_cancel *cancel;
} hy_gpu_want;

/* HYDRA_PROBE_OK; HYDRA_PROBE_BUSY: all sessions are in use, after the wait; or why there is no
 * device. A cancelled wait is HYDRA_PROBE_BUSY, too. */
int32_t hy_gpu_acquire(hy_gpu *gpu, const hy_gpu_want *want, hy_gpu_session **out,
                       hy_gpu_fault *fault);
/* NULL does nothing. Sessions hold a reference to the GPUs. */
void hy_gpu_release(hy_gpu_session *session);
/* Index of its device in the list. */
int32_t hy_gpu_session_device(const hy_gpu_session *session);
/*
 * The CUDA device of the session as an AVBufferRef of an AVHWDeviceContext, made when it is first
 * asked for and shared by all sessions of the device; the caller unreferences it. On a lane: it
 * calls the driver.
 */
int32_t hy_gpu_session_cuda(hy_gpu_session *session, struct AVBufferRef **out, hy_gpu_fault *fault);
/*
 * What a session met. LOST, STALLED: the device is off in this context for good, and the text says
 * so to all who ask later. NO_ENCODER: no session of that codec on it any more. Others are kept for
 * five minutes as what hy_gpu_available tells, unless they are only about this job (NOT_SUPPORTED,
 * BUSY, NO_MEMORY).
 */
void hy_gpu_report(hy_gpu_session *session, int32_t codec, const hy_gpu_fault *fault);

/* ---- Probing (gpu_probe.c) ---- */

/* Encode a few real pictures on device `index` with the settings of `config`. The outcome is kept
 * by device, codec and profile: success for good, a failure for five minutes. Takes a session, for
 * which it waits a second. */
int32_t hy_gpu_probe(hy_gpu *gpu, int32_t index, const hy_encoder_config *config,
                     hy_gpu_fault *fault);

#endif
