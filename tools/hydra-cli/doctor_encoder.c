/* SPDX-License-Identifier: MIT */
/* doctor: the encoders. What is wrong with a GPU comes from the library, in one sentence. */
#include "doctor.h"

#include "host.h"

#include <stdio.h>
#include <string.h>

/* Encoder `id` as the context sees it. False: the library does not know it. */
static bool probe(hydra_context *context, int32_t id, hydra_encoder_info *info)
{
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        *info = (hydra_encoder_info){.struct_size = sizeof *info};
        if (hydra_encoder_probe(context, i, info) == HYDRA_OK && info->encoder == id) {
            return true;
        }
    }
    return false;
}

void doctor_check_encoder(finding *f, hydra_context *context)
{
    hydra_encoder_info info;
    *f = (finding){.name = "encoder", .advice = ""};
    bool known = probe(context, HYDRA_ENCODER_X264, &info);
    if (known && info.available) {
        (void)snprintf(f->text, sizeof f->text, "%s: %s", info.name, info.description);
        return;
    }
    hydra_encoder_info gpu;
    bool gpu_works = probe(context, HYDRA_ENCODER_NVENC, &gpu) && gpu.available;
    f->state = gpu_works ? STATE_NOTE : STATE_PROBLEM;
    (void)snprintf(f->text, sizeof f->text, "%s: %s",
                   gpu_works ? "a video fails when its GPU does"
                             : "no H.264 video file can be made",
                   known ? info.reason : "this build does not know x264");
    f->advice = "install an FFmpeg with libx264 (Debian: libavcodec59) and a libhydra that was "
                "built with -Dx264=enabled";
}

/* The first GPU that works. */
static void praise_gpu(finding *f, hydra_context *context)
{
    int32_t count = 0;
    (void)hydra_gpu_count(context, &count);
    for (int32_t i = 0; i < count; i++) {
        hydra_gpu_info info = {.struct_size = sizeof info};
        if (hydra_gpu_probe(context, i, &info) == HYDRA_OK && info.finding_h264 == HYDRA_PROBE_OK) {
            bool hevc = info.finding_hevc == HYDRA_PROBE_OK;
            (void)snprintf(f->text, sizeof f->text, "%s: H.264%s on the GPU (NVENC)%s%s", info.name,
                           hevc ? " and HEVC" : "",
                           hevc ? "" : "; HEVC: ", hevc ? "" : info.reason);
            return;
        }
    }
    (void)snprintf(f->text, sizeof f->text, "H.264 on the GPU (NVENC)");
}

/* What to do, by HYDRA_PROBE_*. Those that are in order on some hosts are notes. */
static const struct {
    int32_t state;
    const char *advice;
} remedies[] = {
    [HYDRA_PROBE_NOT_BUILT] = {STATE_NOTE, "build libhydra with -Dnvenc=enabled (docs/gpu.md)"},
    [HYDRA_PROBE_NO_DRIVER] = {STATE_NOTE, "install NVIDIA's driver on the host, and start "
                                           "containers with --gpus all"},
    [HYDRA_PROBE_NO_VIDEO] = {STATE_PROBLEM, "start the container with -e NVIDIA_DRIVER_"
                                             "CAPABILITIES=compute,video,utility"},
    [HYDRA_PROBE_OLD_DRIVER] = {STATE_PROBLEM, "update NVIDIA's driver on the host"},
    [HYDRA_PROBE_BROKEN_DRIVER] = {STATE_PROBLEM,
                                   "restart the host if its driver was updated; take cuda-compat "
                                   "out of the container's image"},
    [HYDRA_PROBE_NO_GPU] = {STATE_NOTE, "give the container a GPU: --gpus all"},
    [HYDRA_PROBE_NO_ENCODER] = {STATE_NOTE, "renders are faster on a GPU with NVENC: T4, L4, A10, "
                                            "RTX (docs/gpu.md)"},
    [HYDRA_PROBE_NOT_SUPPORTED] = {STATE_PROBLEM, "update NVIDIA's driver, or take another GPU "
                                                  "(docs/gpu.md)"},
    [HYDRA_PROBE_BUSY] = {STATE_NOTE, "end other encodings on this GPU"},
    [HYDRA_PROBE_NO_MEMORY] = {STATE_PROBLEM, "end other programs on this GPU; nvidia-smi lists "
                                              "them"},
    [HYDRA_PROBE_LOST] = {STATE_PROBLEM, "look for Xid in the kernel's log; restart the container "
                                         "or the host"},
    [HYDRA_PROBE_STALLED] = {STATE_PROBLEM, "look for Xid in the kernel's log; restart the "
                                            "container or the host"},
    [HYDRA_PROBE_FAILED] = {STATE_PROBLEM, "look at docs/gpu.md, and at the kernel's log"},
    [HYDRA_PROBE_SWITCHED_OFF] = {STATE_NOTE, ""},
};
#define REMEDY_COUNT ((int32_t)(sizeof remedies / sizeof remedies[0]))

static bool may_be_without_gpu(const hydra_encoder_info *info)
{
    return info->finding == HYDRA_PROBE_NOT_BUILT || info->finding == HYDRA_PROBE_NO_DRIVER ||
           info->finding == HYDRA_PROBE_NO_GPU;
}

void doctor_check_gpu(finding *f, hydra_context *context)
{
    hydra_encoder_info info;
    *f = (finding){.name = "gpu", .advice = ""};
    bool known = probe(context, HYDRA_ENCODER_NVENC, &info);
    if (known && info.available) {
        praise_gpu(f, context);
    } else if (!known || (may_be_without_gpu(&info) && !host_has_nvidia_gpu())) {
        f->state = STATE_NOTE;
        (void)snprintf(f->text, sizeof f->text, "no NVIDIA GPU: renders use x264");
    } else {
        int32_t at = info.finding < REMEDY_COUNT ? info.finding : HYDRA_PROBE_FAILED;
        f->state = remedies[at].state;
        f->advice = remedies[at].advice;
        (void)snprintf(f->text, sizeof f->text, "renders use x264, not the GPU: %s", info.reason);
    }
}
