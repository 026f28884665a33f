/* SPDX-License-Identifier: MIT */
/* The list of video encoders, the choice among them, and what they have in common. */
#include "encoder.h"

#include <stdio.h>
#include <string.h>

#include "gpu.h"

/* Best first. */
static const hy_encoder_ops *const encoders[] = {&hy_encoder_nvenc, &hy_encoder_x264,
                                                 &hy_encoder_x265, &hy_encoder_raw};
#define ENCODER_COUNT ((int32_t)(sizeof encoders / sizeof encoders[0]))

/* By HYDRA_CODEC_*. */
static const char *const codec_names[] = {"H.264", "HEVC"};

const hy_encoder_ops *const *hy_encoder_list(int32_t *count)
{
    *count = ENCODER_COUNT;
    return encoders;
}

static bool makes(const hy_encoder_ops *ops, int32_t codec)
{
    return ops->codecs == 0 || (ops->codecs & 1U << codec) != 0;
}

/* Why an encoder cannot be used, as far as can be told without opening it. */
static int32_t find_fault(const hy_encoder_ops *ops, int32_t codec, hy_gpu *gpu,
                          hy_gpu_fault *fault)
{
    if (ops->probe()[0]) {
        return hy_gpu_fail(fault, HYDRA_PROBE_NOT_BUILT, "%s", ops->probe());
    }
    if (ops->on_gpu && !gpu) {
        return hy_gpu_fail(fault, HYDRA_PROBE_SWITCHED_OFF, "this job may use no GPU");
    }
    return ops->on_gpu ? hy_gpu_available(gpu, codec, fault) : HYDRA_PROBE_OK;
}

static void explain_choice(hy_encoder_route *route, const hy_gpu_fault *gpu)
{
    if (gpu->finding == HYDRA_PROBE_OK || gpu->finding == HYDRA_PROBE_NOT_BUILT) {
        (void)snprintf(route->reason, sizeof route->reason, "the best encoder that works here");
    } else if (gpu->finding == HYDRA_PROBE_NO_DRIVER) {
        /* Most hosts have no GPU: what to do about it is told by who asks for one. */
        (void)snprintf(route->reason, sizeof route->reason,
                       "no GPU: there is no NVIDIA driver, libcuda.so.1 is missing");
    } else {
        (void)snprintf(route->reason, sizeof route->reason, "no GPU: %.480s", gpu->text);
    }
    route->finding = gpu->finding;
}

static hydra_status plan_best(int32_t codec, hy_gpu *gpu, hy_encoder_route *route, hy_diag *diag)
{
    hy_gpu_fault gpu_fault = {HYDRA_PROBE_OK, ""};
    hy_gpu_fault last = {HYDRA_PROBE_OK, ""};
    const char *last_name = "";
    for (int32_t i = 0; i < ENCODER_COUNT && route->count < HY_ROUTE_ENCODERS; i++) {
        if (encoders[i]->codecs == 0 || !makes(encoders[i], codec)) {
            continue;
        }
        hy_gpu_fault fault = {HYDRA_PROBE_OK, ""};
        if (find_fault(encoders[i], codec, gpu, &fault) == HYDRA_PROBE_OK) {
            route->list[route->count++] = encoders[i];
            continue;
        }
        last = fault;
        last_name = encoders[i]->name;
        if (encoders[i]->on_gpu) {
            gpu_fault = fault;
        }
    }
    if (route->count == 0) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "no encoder for %s works here; %s: %s",
                       codec_names[codec], last_name, last.text);
    }
    explain_choice(route, &gpu_fault);
    return HYDRA_OK;
}

static hydra_status plan_this(const hy_encoder_ops *ops, int32_t codec, hy_gpu *gpu,
                              hy_encoder_route *route, hy_diag *diag)
{
    if (!makes(ops, codec)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "encoder %s does not make %s", ops->name,
                       codec_names[codec]);
    }
    hy_gpu_fault fault = {HYDRA_PROBE_OK, ""};
    if (find_fault(ops, codec, gpu, &fault) != HYDRA_PROBE_OK) {
        route->finding = fault.finding;
        return hy_fail(diag, hy_gpu_status(fault.finding), "encoder %s: %s", ops->name, fault.text);
    }
    route->list[route->count++] = ops;
    (void)snprintf(route->reason, sizeof route->reason, "asked for");
    return HYDRA_OK;
}

hydra_status hy_encoder_plan(int32_t encoder, int32_t codec, hy_gpu *gpu, hy_encoder_route *route,
                             hy_diag *diag)
{
    *route = (hy_encoder_route){.count = 0};
    if (codec < HYDRA_CODEC_H264 || codec > HYDRA_CODEC_HEVC) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "codec %d is not known", (int)codec);
    }
    if (encoder == HYDRA_ENCODER_AUTO) {
        return plan_best(codec, gpu, route, diag);
    }
    for (int32_t i = 0; i < ENCODER_COUNT; i++) {
        if (encoders[i]->id == encoder) {
            return plan_this(encoders[i], codec, gpu, route, diag);
        }
    }
    return hy_fail(diag, HYDRA_ERR_ARGUMENT, "encoder %d is not known", (int)encoder);
}

const char *const hy_encoder_presets[HY_ENCODER_PRESETS] = {
    "ultrafast", "superfast", "veryfast", "faster",   "fast",
    "medium",    "slow",      "slower",   "veryslow", "placebo",
};

hydra_status hy_encoder_check_preset(const char *preset, hy_diag *diag)
{
    for (int32_t i = 0; i < HY_ENCODER_PRESETS; i++) {
        if (!preset || strcmp(preset, hy_encoder_presets[i]) == 0) {
            return HYDRA_OK;
        }
    }
    return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                   "preset \"%s\" is not known; there are ultrafast, superfast, veryfast, faster, "
                   "fast, medium, slow, slower, veryslow and placebo",
                   preset);
}

int32_t hy_encoder_gop_frames(hy_rate rate)
{
    int64_t frames = hy_rescale(2, rate.num, rate.den);
    if (frames < 1) {
        return 1;
    }
    return frames > INT32_MAX ? INT32_MAX : (int32_t)frames;
}
