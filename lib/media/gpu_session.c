/* SPDX-License-Identifier: MIT */
/* Who may encode on which GPU, the CUDA device for it, and what became of it. */
#include "gpu_private.h"

#include <math.h>

#include <libavutil/buffer.h>

/* ---- Admission ---- */

/* Devices that may do, as bits; `fault`: why the first of the others does not. */
static uint64_t find_usable_locked(hy_gpu *gpu, const hy_gpu_want *want, hy_gpu_fault *fault)
{
    uint64_t usable = 0;
    fault->finding = HYDRA_PROBE_OK;
    for (int32_t i = 0; i < gpu->locked.count; i++) {
        hy_gpu_fault known = {HYDRA_PROBE_OK, ""};
        if (want->excluded >> i & 1 || (want->device >= 0 && want->device != i)) {
            continue;
        }
        if (hy_gpu_check_locked(gpu, i, want->codec, &known) == HYDRA_PROBE_OK) {
            usable |= UINT64_C(1) << i;
        } else if (fault->finding == HYDRA_PROBE_OK) {
            *fault = known;
        }
    }
    if (!usable && fault->finding == HYDRA_PROBE_OK) {
        (void)hy_gpu_fail(fault, HYDRA_PROBE_NO_GPU, "there is no other GPU to try");
    }
    return usable;
}

static uint64_t taken_by_earlier_locked(const hy_gpu *gpu, const hy_gpu_waiter *waiter)
{
    uint64_t taken = 0;
    for (const hy_gpu_waiter *w = gpu->locked.first; w != waiter; w = w->next) {
        taken |= w->usable;
    }
    return taken;
}

/* The one with the fewest sessions, or -1. */
static int32_t pick_locked(const hy_gpu *gpu, const hy_gpu_waiter *waiter)
{
    uint64_t left = waiter->usable & ~taken_by_earlier_locked(gpu, waiter);
    int32_t best = -1;
    for (int32_t i = 0; i < gpu->locked.count; i++) {
        const hy_gpu_device *device = &gpu->locked.slots[i].device;
        if (left >> i & 1 && device->sessions < device->session_limit &&
            (best < 0 || device->sessions < gpu->locked.slots[best].device.sessions)) {
            best = i;
        }
    }
    return best;
}

static void enter_locked(hy_gpu *gpu, hy_gpu_waiter *waiter)
{
    hy_gpu_waiter **end = &gpu->locked.first;
    while (*end) {
        end = &(*end)->next;
    }
    *end = waiter;
}

static void leave_locked(hy_gpu *gpu, const hy_gpu_waiter *waiter)
{
    hy_gpu_waiter **at = &gpu->locked.first;
    while (*at != waiter) {
        at = &(*at)->next;
    }
    *at = waiter->next;
    (void)pthread_cond_broadcast(&gpu->changed);
}

/* The device, or -1 and the fault. */
static int32_t admit_locked(hy_gpu *gpu, const hy_gpu_want *want, hy_gpu_fault *fault)
{
    double until = hy_clock_s() + (double)want->wait_us * 1e-6;
    hy_gpu_waiter waiter = {.next = NULL};
    enter_locked(gpu, &waiter);
    int32_t index = -1;
    for (;;) {
        waiter.usable = find_usable_locked(gpu, want, fault);
        index = waiter.usable ? pick_locked(gpu, &waiter) : -1;
        if (!waiter.usable || index >= 0) {
            break;
        }
        if (hy_clock_s() >= until || hy_cancel_requested(want->cancel)) {
            (void)hy_gpu_fail(fault, HYDRA_PROBE_BUSY,
                              "every session that this context may have on a GPU is in use "
                              "(gpu_sessions: %d); wait longer (gpu_wait_us), or allow more",
                              (int)gpu->session_limit);
            break;
        }
        hy_gpu_wait_locked(gpu, until);
    }
    if (index >= 0) {
        gpu->locked.slots[index].device.sessions++;
    }
    leave_locked(gpu, &waiter);
    return index;
}

int32_t hy_gpu_acquire(hy_gpu *gpu, const hy_gpu_want *want, hy_gpu_session **out,
                       hy_gpu_fault *fault)
{
    *out = NULL;
    int32_t count;
    int32_t finding = hy_gpu_count(gpu, &count, fault);
    if (finding != HYDRA_PROBE_OK) {
        return finding;
    }
    hy_gpu_session *session = hy_calloc(1, sizeof *session);
    if (!session) {
        return hy_gpu_fail(fault, HYDRA_PROBE_NO_MEMORY, "no memory for a session");
    }
    (void)pthread_mutex_lock(&gpu->mutex);
    int32_t index = admit_locked(gpu, want, fault);
    (void)pthread_mutex_unlock(&gpu->mutex);
    if (index < 0) {
        hy_free(session);
        return fault->finding;
    }
    session->gpu = hy_gpu_ref(gpu);
    session->index = index;
    *out = session;
    return HYDRA_PROBE_OK;
}

void hy_gpu_release(hy_gpu_session *session)
{
    if (!session) {
        return;
    }
    hy_gpu *gpu = session->gpu;
    (void)pthread_mutex_lock(&gpu->mutex);
    gpu->locked.slots[session->index].device.sessions--;
    (void)pthread_cond_broadcast(&gpu->changed);
    (void)pthread_mutex_unlock(&gpu->mutex);
    hy_free(session);
    hy_gpu_unref(gpu);
}

int32_t hy_gpu_session_device(const hy_gpu_session *session)
{
    return session->index;
}

/* ---- The CUDA device ---- */

/* True: it is there (`*out`), or the device is off (the fault). False: the caller makes it. */
static bool find_cuda_locked(hy_gpu *gpu, hy_gpu_slot *slot, AVBufferRef **out, hy_gpu_fault *fault)
{
    while (slot->making && slot->off.finding == HYDRA_PROBE_OK) {
        hy_gpu_wait_locked(gpu, HUGE_VAL);
    }
    if (slot->off.finding != HYDRA_PROBE_OK) {
        *fault = slot->off;
        return true;
    }
    if (!slot->cuda) {
        slot->making = true;
        return false;
    }
    fault->finding = HYDRA_PROBE_OK;
    *out = av_buffer_ref(slot->cuda);
    if (!*out) {
        (void)hy_gpu_fail(fault, HYDRA_PROBE_NO_MEMORY, "no memory for a CUDA context");
    }
    return true;
}

/* A device that is off by now does not keep what was made. */
static void keep_cuda_locked(hy_gpu *gpu, hy_gpu_slot *slot, AVBufferRef *made)
{
    slot->making = false;
    if (made && slot->off.finding == HYDRA_PROBE_OK) {
        slot->cuda = av_buffer_ref(made);
    }
    (void)pthread_cond_broadcast(&gpu->changed);
}

int32_t hy_gpu_session_cuda(hy_gpu_session *session, AVBufferRef **out, hy_gpu_fault *fault)
{
    hy_gpu *gpu = session->gpu;
    hy_gpu_slot *slot = &gpu->locked.slots[session->index];
    *out = NULL;
    (void)pthread_mutex_lock(&gpu->mutex);
    bool found = find_cuda_locked(gpu, slot, out, fault);
    hy_gpu_device device = slot->device;
    hy_gpu_driver *driver = gpu->locked.driver;
    (void)pthread_mutex_unlock(&gpu->mutex);
    if (found) {
        return fault->finding;
    }
    int32_t finding = hy_gpu_cuda_new(driver, &device, out, fault);
    (void)pthread_mutex_lock(&gpu->mutex);
    keep_cuda_locked(gpu, slot, *out);
    (void)pthread_mutex_unlock(&gpu->mutex);
    return finding;
}

/* ---- Reports ---- */

/* What dies with the device is abandoned: to destroy it might hang. */
static AVBufferRef *switch_off_locked(hy_gpu_slot *slot, const hy_gpu_fault *fault)
{
    AVBufferRef *cuda = slot->cuda;
    slot->cuda = NULL;
    if (cuda) {
        hy_gpu_cuda_abandon(cuda);
    }
    if (slot->off.finding == HYDRA_PROBE_OK) {
        (void)hy_gpu_fail(&slot->off, fault->finding, "not used any more by this context: %.440s",
                          fault->text);
    }
    return cuda;
}

void hy_gpu_report(hy_gpu_session *session, int32_t codec, const hy_gpu_fault *fault)
{
    hy_gpu *gpu = session->gpu;
    hy_gpu_slot *slot = &gpu->locked.slots[session->index];
    AVBufferRef *dead = NULL;
    (void)pthread_mutex_lock(&gpu->mutex);
    switch (fault->finding) {
    case HYDRA_PROBE_OK:
    case HYDRA_PROBE_NOT_SUPPORTED:
    case HYDRA_PROBE_BUSY:
    case HYDRA_PROBE_NO_MEMORY:
        break;
    case HYDRA_PROBE_LOST:
    case HYDRA_PROBE_STALLED:
        dead = switch_off_locked(slot, fault);
        break;
    default:
        slot->codecs[codec] = (hy_gpu_known){*fault, hy_gpu_keep_until(fault->finding)};
        break;
    }
    (void)pthread_cond_broadcast(&gpu->changed);
    (void)pthread_mutex_unlock(&gpu->mutex);
    av_buffer_unref(&dead);
}
