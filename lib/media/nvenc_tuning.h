/* SPDX-License-Identifier: MIT */
/* Private to media/: what profiles, presets, crf and bit rate become for NVENC. */
#ifndef HY_NVENC_TUNING_H
#define HY_NVENC_TUNING_H

#include "encoder.h"

struct AVCodecContext;

typedef struct hy_nvenc_tuning {
    const char *preset; /* "p1" (fast) to "p7" */
    double cq;          /* quality on the encoder's own scale; 0 = by bit rate */
    int32_t max_kbps;   /* of the peaks; 0 = no limit */
    int32_t bframes;
    int32_t lookahead; /* frames; 0 = none */
    bool spatial_aq;
    bool temporal_aq;
    bool multipass;
    int32_t surfaces;    /* pictures inside; 0 = what the encoder thinks right */
    double pixels_per_s; /* on a Tesla T4, from NVIDIA's figures */
} hy_nvenc_tuning;

/* From a config that is checked, but for profile and preset: HYDRA_ERR_ARGUMENT. */
hydra_status hy_nvenc_tune(const hy_encoder_config *config, hy_nvenc_tuning *out, hy_diag *diag);

/* Fewer demands: without what some GPUs do not have (1), without B frames, too (2). */
#define HY_NVENC_STEPS 3
void hy_nvenc_tune_down(hy_nvenc_tuning *tuning, int32_t step);

/* With about half of the pictures inside the encoder at once. */
void hy_nvenc_tune_small(hy_nvenc_tuning *tuning);

/* Set it; 0 or an AVERROR. `step` as above. */
int hy_nvenc_apply(const hy_nvenc_tuning *tuning, const hy_encoder_config *config, int32_t step,
                   struct AVCodecContext *codec);

void hy_nvenc_estimate(const hy_nvenc_tuning *tuning, const hy_encoder_config *config,
                       int64_t frames, hy_encoder_cost *cost);

#endif
