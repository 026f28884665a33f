/* SPDX-License-Identifier: MIT */
/* The GPUs of a context: loading the driver, the devices that may be used, what is known of them.
 */
#include "gpu_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libavutil/buffer.h>

#include "core/lane.h"

/* Who waits looks this often for a job that was cancelled. */
#define SLICE_US INT64_C(50000)

/* ---- Life ---- */

hydra_status hy_gpu_new(const hy_gpu_options *options, hy_gpu **out, hy_diag *diag)
{
    *out = NULL;
    hy_gpu *gpu = hy_calloc(1, sizeof *gpu);
    char *wanted = options->device ? hy_strdup(options->device) : NULL;
    if (!gpu || (options->device && !wanted)) {
        hy_free(wanted);
        hy_free(gpu);
        return hy_fail_memory(diag);
    }
    atomic_init(&gpu->references, 1);
    gpu->wanted = wanted;
    gpu->session_limit = options->session_limit;
    gpu->stall_us = options->stall_us ? options->stall_us : HY_GPU_STALL_US;
    (void)pthread_mutex_init(&gpu->mutex, NULL);
    hy_cond_init(&gpu->changed);
    *out = gpu;
    return HYDRA_OK;
}

hy_gpu *hy_gpu_ref(hy_gpu *gpu)
{
    atomic_fetch_add(&gpu->references, 1);
    return gpu;
}

/* What calls the driver when a context ends. */
typedef struct remains {
    AVBufferRef *cuda[HY_GPU_DEVICES];
    hy_gpu_driver *driver;
} remains;

static void free_remains(void *user)
{
    remains *left = user;
    for (int32_t i = 0; i < HY_GPU_DEVICES; i++) {
        av_buffer_unref(&left->cuda[i]);
    }
    hy_gpu_driver_unref(left->driver);
    hy_free(left);
}

/* Contexts are destroyed on a lane, for that may hang. Without memory for it they stay. */
static void free_driver(hy_gpu *gpu)
{
    hy_diag diag = {0};
    hy_lane *lane;
    remains *left = hy_calloc(1, sizeof *left);
    if (!left || hy_lane_new(free_remains, left, &lane, &diag) != HYDRA_OK) {
        hy_free(left);
        return;
    }
    /* Nothing runs on the lane before it is freed. */
    for (int32_t i = 0; i < gpu->locked.count; i++) {
        left->cuda[i] = gpu->locked.slots[i].cuda;
    }
    left->driver = gpu->locked.driver;
    (void)hy_lane_free(lane, gpu->stall_us);
}

void hy_gpu_unref(hy_gpu *gpu)
{
    if (gpu && atomic_fetch_sub(&gpu->references, 1) == 1) {
        if (gpu->locked.driver) {
            free_driver(gpu);
        }
        (void)pthread_cond_destroy(&gpu->changed);
        (void)pthread_mutex_destroy(&gpu->mutex);
        hy_free(gpu->wanted);
        hy_free(gpu);
    }
}

int64_t hy_gpu_stall_us(const hy_gpu *gpu)
{
    return gpu->stall_us;
}

void hy_gpu_wait_locked(hy_gpu *gpu, double until_s)
{
    double left_us = fmax(0, (until_s - hy_clock_s()) * 1e6);
    int64_t slice_us = left_us < (double)SLICE_US ? (int64_t)left_us : SLICE_US;
    hy_cond_sleep(&gpu->changed, &gpu->mutex, slice_us);
}

/* ---- What is known ---- */

double hy_gpu_keep_until(int32_t finding)
{
    switch (finding) {
    case HYDRA_PROBE_OK:
    case HYDRA_PROBE_NO_ENCODER:
    case HYDRA_PROBE_LOST:
    case HYDRA_PROBE_STALLED:
        return HUGE_VAL;
    default:
        return hy_clock_s() + HY_GPU_RETRY_S;
    }
}

bool hy_gpu_is_known(const hy_gpu_known *known, hy_gpu_fault *fault)
{
    if (hy_clock_s() >= known->until_s) {
        return false;
    }
    *fault = known->fault;
    return true;
}

int32_t hy_gpu_check_locked(hy_gpu *gpu, int32_t index, int32_t codec, hy_gpu_fault *fault)
{
    const hy_gpu_slot *slot = &gpu->locked.slots[index];
    if (slot->off.finding != HYDRA_PROBE_OK) {
        *fault = slot->off;
        return fault->finding;
    }
    return hy_gpu_is_known(&slot->codecs[codec], fault) ? fault->finding : HYDRA_PROBE_OK;
}

/* ---- Listing ---- */

/* Belongs to the lane; what is found is taken out of it. */
typedef struct listing {
    hy_gpu *gpu;
    hy_gpu_driver *driver;
    hy_gpu_device devices[HY_GPU_DEVICES];
    int32_t count;
    hy_gpu_fault fault;
} listing;

static void list_devices(void *user)
{
    listing *l = user;
    l->fault.finding = hy_gpu_driver_open(&l->driver, &l->fault);
    if (l->fault.finding == HYDRA_PROBE_OK) {
        l->fault.finding = hy_gpu_driver_list(l->driver, l->devices, &l->count, &l->fault);
    }
}

/* A driver that answered late, for it had many GPUs to wake up, may be asked again. */
static void free_listing(void *user)
{
    listing *l = user;
    hy_gpu *gpu = l->gpu;
    hy_gpu_driver_unref(l->driver);
    hy_free(l);
    (void)pthread_mutex_lock(&gpu->mutex);
    if (gpu->locked.list.fault.finding == HYDRA_PROBE_STALLED) {
        gpu->locked.list.until_s = 0;
    }
    (void)pthread_mutex_unlock(&gpu->mutex);
    hy_gpu_unref(gpu);
}

/* The lane, or NULL without memory for it. */
static hy_lane *new_listing(hy_gpu *gpu, listing **out)
{
    hy_diag diag = {0};
    hy_lane *lane = NULL;
    *out = hy_calloc(1, sizeof **out);
    if (!*out) {
        return NULL;
    }
    (*out)->gpu = hy_gpu_ref(gpu);
    if (hy_lane_new(free_listing, *out, &lane, &diag) != HYDRA_OK) {
        free_listing(*out);
    }
    return lane;
}

static bool is_number(const char *text)
{
    return text[0] && text[strspn(text, "0123456789")] == '\0';
}

static bool is_wanted(const hy_gpu *gpu, const hy_gpu_device *device)
{
    const char *wanted = gpu->wanted;
    if (!wanted) {
        return true;
    }
    if (is_number(wanted)) {
        return strtol(wanted, NULL, 10) == device->index;
    }
    return wanted[0] && strncasecmp(device->uuid, wanted, strlen(wanted)) == 0;
}

/* No device is the one that the context asks for: tell which there are. */
static void explain_unwanted(const hy_gpu *gpu, const listing *l, hy_gpu_fault *fault)
{
    char list[384] = "";
    size_t used = 0;
    for (int32_t i = 0; i < l->count && used < sizeof list; i++) {
        int added = snprintf(list + used, sizeof list - used, "%s%d %s %s", i ? ", " : "",
                             (int)l->devices[i].index, l->devices[i].name, l->devices[i].uuid);
        used += added > 0 ? (size_t)added : 0;
    }
    (void)hy_gpu_fail(fault, HYDRA_PROBE_NO_GPU,
                      "there is no GPU \"%.48s\", which the context asks for; there are: %s",
                      gpu->wanted, list);
}

static void take_listing_locked(hy_gpu *gpu, listing *l)
{
    gpu->locked.count = 0;
    for (int32_t i = 0; i < l->count; i++) {
        if (is_wanted(gpu, &l->devices[i])) {
            hy_gpu_slot *slot = &gpu->locked.slots[gpu->locked.count++];
            *slot = (hy_gpu_slot){.device = l->devices[i]};
            slot->device.session_limit = gpu->session_limit;
        }
    }
    if (gpu->locked.count == 0) {
        explain_unwanted(gpu, l, &l->fault);
        return;
    }
    gpu->locked.driver = l->driver;
    l->driver = NULL;
}

/* Without memory nothing was found out. */
static void keep_list_fault_locked(hy_gpu *gpu, const hy_gpu_fault *fault)
{
    bool found_out = fault->finding != HYDRA_PROBE_FAILED;
    gpu->locked.list.fault = *fault;
    gpu->locked.list.until_s = found_out ? hy_gpu_keep_until(fault->finding) : 0;
}

static void list_unlocked(hy_gpu *gpu)
{
    hy_gpu_fault fault = {HYDRA_PROBE_OK, ""};
    listing *l;
    hy_lane *lane = new_listing(gpu, &l);
    bool listed = lane && hy_lane_call(lane, list_devices, gpu->stall_us, NULL);
    if (!lane) {
        (void)hy_gpu_fail(&fault, HYDRA_PROBE_FAILED, "no memory to load the NVIDIA driver");
    } else if (!listed) {
        (void)hy_gpu_fail(&fault, HYDRA_PROBE_STALLED,
                          "the NVIDIA driver gave no answer for %g s: see whether nvidia-smi does",
                          (double)gpu->stall_us * 1e-6);
    }
    (void)pthread_mutex_lock(&gpu->mutex);
    if (listed && l->fault.finding == HYDRA_PROBE_OK) {
        take_listing_locked(gpu, l);
    }
    fault = listed ? l->fault : fault;
    if (fault.finding != HYDRA_PROBE_OK) {
        keep_list_fault_locked(gpu, &fault);
    }
    (void)pthread_mutex_unlock(&gpu->mutex);
    (void)hy_lane_free(lane, gpu->stall_us);
}

int32_t hy_gpu_count(hy_gpu *gpu, int32_t *count, hy_gpu_fault *fault)
{
    *count = 0;
    if (gpu->wanted && strcmp(gpu->wanted, "none") == 0) {
        return hy_gpu_fail(fault, HYDRA_PROBE_SWITCHED_OFF, "the context is to use no GPU");
    }
    (void)pthread_mutex_lock(&gpu->mutex);
    while (gpu->locked.listing) {
        hy_gpu_wait_locked(gpu, HUGE_VAL);
    }
    if (!gpu->locked.driver && !hy_gpu_is_known(&gpu->locked.list, fault)) {
        gpu->locked.listing = true;
        (void)pthread_mutex_unlock(&gpu->mutex);
        list_unlocked(gpu);
        (void)pthread_mutex_lock(&gpu->mutex);
        gpu->locked.listing = false;
        (void)pthread_cond_broadcast(&gpu->changed);
    }
    if (gpu->locked.driver) {
        *count = gpu->locked.count;
        fault->finding = HYDRA_PROBE_OK;
    } else {
        *fault = gpu->locked.list.fault;
    }
    (void)pthread_mutex_unlock(&gpu->mutex);
    return fault->finding;
}

bool hy_gpu_device_at(hy_gpu *gpu, int32_t index, hy_gpu_device *out)
{
    *out = (hy_gpu_device){.index = -1};
    (void)pthread_mutex_lock(&gpu->mutex);
    bool found = gpu->locked.driver && index >= 0 && index < gpu->locked.count;
    if (found) {
        *out = gpu->locked.slots[index].device;
    }
    (void)pthread_mutex_unlock(&gpu->mutex);
    return found;
}

int32_t hy_gpu_available(hy_gpu *gpu, int32_t codec, hy_gpu_fault *fault)
{
    int32_t count;
    int32_t finding = hy_gpu_count(gpu, &count, fault);
    if (finding != HYDRA_PROBE_OK) {
        return finding;
    }
    (void)pthread_mutex_lock(&gpu->mutex);
    for (int32_t i = 0; i < count; i++) {
        hy_gpu_fault other = {HYDRA_PROBE_OK, ""};
        int32_t known = hy_gpu_check_locked(gpu, i, codec, &other);
        if (i == 0 || known == HYDRA_PROBE_OK) { /* of several, what the first is told of */
            *fault = other;
        }
        if (known == HYDRA_PROBE_OK) {
            break;
        }
    }
    (void)pthread_mutex_unlock(&gpu->mutex);
    return fault->finding;
}
