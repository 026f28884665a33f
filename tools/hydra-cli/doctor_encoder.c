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

/* In order on some hosts: no GPU to use, or one that was never made for this. */
static bool is_note(const hydra_encoder_info *info)
{
    switch (info->finding) {
    case HYDRA_PROBE_NOT_BUILT:
    case HYDRA_PROBE_NO_DRIVER:
    case HYDRA_PROBE_NO_GPU:
    case HYDRA_PROBE_NO_ENCODER:
    case HYDRA_PROBE_BUSY:
    case HYDRA_PROBE_SWITCHED_OFF:
        return true;
    default:
        return false;
    }
}

/* Nothing of NVIDIA was seen. A driver that shows no GPU is something: it was installed for one. */
static bool is_host_without(const hydra_encoder_info *info)
{
    return (info->finding == HYDRA_PROBE_NOT_BUILT || info->finding == HYDRA_PROBE_NO_DRIVER) &&
           !host_has_nvidia_gpu();
}

void doctor_check_gpu(finding *f, hydra_context *context)
{
    hydra_encoder_info info;
    *f = (finding){.name = "gpu", .advice = ""};
    bool known = probe(context, HYDRA_ENCODER_NVENC, &info);
    if (known && info.available) {
        praise_gpu(f, context);
    } else if (!known || is_host_without(&info)) {
        f->state = STATE_NOTE;
        (void)snprintf(f->text, sizeof f->text, "no NVIDIA GPU: renders use x264");
    } else {
        f->state = is_note(&info) ? STATE_NOTE : STATE_PROBLEM;
        f->advice = f->state == STATE_PROBLEM ? "more about it is in docs/gpu.md" : "";
        (void)snprintf(f->text, sizeof f->text, "renders use x264: %s (%s)", info.reason,
                       hydra_finding_name(info.finding));
    }
}
