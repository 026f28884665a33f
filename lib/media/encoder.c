/* SPDX-License-Identifier: MIT */
/* The list of video encoders, the choice among them, and what they have in common. */
#include "encoder.h"

#include <string.h>

static const hy_encoder_ops *const encoders[] = {&hy_encoder_x264, &hy_encoder_raw};
#define ENCODER_COUNT ((int32_t)(sizeof encoders / sizeof encoders[0]))

const hy_encoder_ops *const *hy_encoder_list(int32_t *count)
{
    *count = ENCODER_COUNT;
    return encoders;
}

static bool available(const hy_encoder_ops *ops)
{
    return ops->probe()[0] == '\0';
}

static hydra_status choose_best(const hy_encoder_ops **out, const char **reason, hy_diag *diag)
{
    for (int32_t i = 0; i < ENCODER_COUNT; i++) {
        if (available(encoders[i]) && strcmp(encoders[i]->container, "mp4") == 0) {
            *out = encoders[i];
            *reason = "the best encoder that works here";
            return HYDRA_OK;
        }
    }
    return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "no encoder for MP4 works here; %s: %s",
                   encoders[0]->name, encoders[0]->probe());
}

hydra_status hy_encoder_choose(int32_t encoder, const hy_encoder_ops **out, const char **reason,
                               hy_diag *diag)
{
    if (encoder == HYDRA_ENCODER_AUTO) {
        return choose_best(out, reason, diag);
    }
    for (int32_t i = 0; i < ENCODER_COUNT; i++) {
        if (encoders[i]->id != encoder) {
            continue;
        }
        if (!available(encoders[i])) {
            return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "encoder %s: %s", encoders[i]->name,
                           encoders[i]->probe());
        }
        *out = encoders[i];
        *reason = "asked for";
        return HYDRA_OK;
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
