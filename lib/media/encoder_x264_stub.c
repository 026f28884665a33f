/* SPDX-License-Identifier: MIT */
/* Stands in for encoder_x264.c in a build without it: listed, never available. */
#include "encoder.h"

static const char *stub_probe(void)
{
    return "left out of this build; configure libhydra with -Dx264=enabled";
}

static hydra_status stub_open(const hy_encoder_config *config, hy_encoder **out, hy_diag *diag)
{
    (void)config;
    *out = NULL;
    return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "encoder x264: %s", stub_probe());
}

static hydra_status stub_estimate(const hy_encoder_config *config, int64_t frames,
                                  hy_encoder_cost *cost, hy_diag *diag)
{
    (void)config;
    (void)frames;
    *cost = (hy_encoder_cost){0};
    return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "encoder x264: %s", stub_probe());
}

/* Nothing can be opened, so send, receive and close are never called. */
const hy_encoder_ops hy_encoder_x264 = {
    .id = HYDRA_ENCODER_X264,
    .name = "x264",
    .description = "H.264 on the CPU (libx264)",
    .container = "mp4",
    .codecs = 1U << HYDRA_CODEC_H264,
    .probe = stub_probe,
    .open = stub_open,
    .estimate = stub_estimate,
};
