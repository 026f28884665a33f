/* SPDX-License-Identifier: MIT */
/*
 * H.264 through libavcodec's libx264. Each setting that decides how the result plays (profile,
 * level, GOP, colour) is the same for every tuning.
 */
#include "encoder_cpu.h"

#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include "h264.h"
#include "x264_model.h"

/* Quality of an explicit preset without an explicit crf. */
#define PRESET_CRF 20.0

/* Below it x264 is lossless, which High profile does not have. */
#define LEAST_CRF 1.0

/*
 * annexb=0: lengths before NAL units, as MP4 wants them. force-cfr: the VUI says "fixed frame
 * rate". 8x8dct: makes it High profile with every preset. scenecut=0: we know our cuts.
 */
#define FIXED_PARAMS "annexb=0:force-cfr=1:8x8dct=1:scenecut=0"

/* libx264's own limit; it leaks when it is asked for more. */
#define MAX_SIDE 16384

typedef struct tuning {
    const char *preset;
    double crf;
    const char *params; /* x264's own names, added to FIXED_PARAMS; "" or begins with ':' */
    hy_x264_shape shape;
} tuning;

/* Presets that profiles are built on. */
#define SUPERFAST                                                                                  \
    {                                                                                              \
        0, 3, 1, false, true, 120e6                                                                \
    }
#define SLOW                                                                                       \
    {                                                                                              \
        50, 3, 5, true, true, 12e6                                                                 \
    }

/*
 * What photos that drift want of a fast encoder, found by the sweep of docs/encoding.md.
 * mbtree: what stays on screen for long is worth bits; a short look ahead is enough for that.
 * b-adapt: motion is even, no search has to place B frames. Three of them, as superfast has: five
 * save a tenth of the bits, but what drifts then trembles in the coded picture, which draft
 * accepts. aq: with its usual strength edges and faces starve, with much less dark gradients show
 * blocks; mode 3 gives more of it to the dark. deblock: grain and leaves stay sharper. trellis is
 * for crossfades; it makes the steps of dark gradients a little blockier.
 */
#define DRIFT                                                                                      \
    ":mbtree=1:b-adapt=0:me=dia:ref=1:weightp=0:deblock=-1,-1"                                     \
    ":aq-mode=3:aq-strength=0.6"

/* By HYDRA_PROFILE_*. */
static const tuning profiles[] = {
    [HYDRA_PROFILE_DRAFT] = {"superfast",
                             21.0,
                             DRIFT ":bframes=5:rc-lookahead=10:subme=0:trellis=0:partitions=none",
                             {10, 5, 1, false, false, 150e6}},
    [HYDRA_PROFILE_DEFAULT] = {"superfast",
                               18.2,
                               DRIFT ":rc-lookahead=20:subme=1:trellis=0",
                               {20, 3, 1, false, true, 110e6}},
    [HYDRA_PROFILE_QUALITY] = {"superfast",
                               18.5,
                               DRIFT ":rc-lookahead=40:subme=2:trellis=1",
                               {40, 3, 1, false, true, 70e6}},
    [HYDRA_PROFILE_BEST] = {"slow", 18.0, "", SLOW},
};
#define PROFILE_COUNT ((int32_t)(sizeof profiles / sizeof profiles[0]))

/* In the order of hy_encoder_presets. */
static const hy_x264_shape shapes[HY_ENCODER_PRESETS] = {
    {0, 0, 1, false, false, 150e6},
    SUPERFAST,
    {10, 3, 1, false, true, 60e6},
    {20, 3, 2, false, true, 40e6},
    {30, 3, 2, false, true, 26e6},
    {40, 3, 3, false, true, 22e6},
    SLOW,
    {60, 3, 8, true, true, 9e6},
    {60, 8, 16, true, true, 6e6},
    {60, 16, 16, true, true, 1e6},
};

static const char *x264_probe(void)
{
    return avcodec_find_encoder_by_name("libx264")
               ? ""
               : "the installed libavcodec has no libx264; install one that is built with it";
}

/* ---- Opening ---- */

static hydra_status choose_tuning(const hy_encoder_config *config, tuning *out, hy_diag *diag)
{
    if (config->profile < 0 || config->profile >= PROFILE_COUNT) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "profile %d is not known", (int)config->profile);
    }
    *out = profiles[config->profile];
    if (!config->preset) {
        return HYDRA_OK;
    }
    for (int32_t i = 0; i < HY_ENCODER_PRESETS; i++) {
        if (strcmp(config->preset, hy_encoder_presets[i]) == 0) {
            *out = (tuning){hy_encoder_presets[i], PRESET_CRF, "", shapes[i]};
        }
    }
    return hy_encoder_check_preset(config->preset, diag);
}

static double choose_crf(const hy_encoder_config *config, const tuning *tune)
{
    double crf = config->crf >= 0.0 ? config->crf : tune->crf; /* HYDRA_AUTO is negative */
    return crf < LEAST_CRF ? LEAST_CRF : crf;
}

static int set_tuning(hy_encoder_cpu *x264, const hy_encoder_config *config, const tuning *tune)
{
    AVCodecContext *codec = x264->av.codec;
    char params[256];
    (void)snprintf(params, sizeof params, FIXED_PARAMS "%s", tune->params);
    codec->profile = FF_PROFILE_H264_HIGH;
    codec->level = hy_h264_level(config->width, config->height, config->rate, config->bitrate_kbps);
    return hy_encoder_cpu_tune(x264, config, tune->preset, "x264-params", params,
                               choose_crf(config, tune));
}

static hydra_status check(const hy_encoder_config *config, hy_diag *diag)
{
    hydra_status status = hy_encoder_check_size(config, "x264", MAX_SIDE, diag);
    if (status == HYDRA_OK && x264_probe()[0]) {
        status = hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "encoder x264: %s", x264_probe());
    }
    return status;
}

static hydra_status x264_open(const hy_encoder_config *config, hy_encoder **out, hy_diag *diag)
{
    *out = NULL;
    tuning tune = {.preset = NULL};
    hy_encoder_cpu *x264 = NULL;
    hydra_status status = check(config, diag);
    if (status == HYDRA_OK) {
        status = choose_tuning(config, &tune, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_encoder_cpu_new(&hy_encoder_x264, sizeof *x264, "libx264", config, &x264, diag);
    }
    if (status == HYDRA_OK) {
        status =
            hy_encoder_cpu_start(x264, set_tuning(x264, config, &tune), hy_h264_make_avcc, diag);
    }
    if (status != HYDRA_OK) {
        hy_encoder_cpu_close((hy_encoder *)x264);
        return status;
    }
    *out = &x264->base;
    return HYDRA_OK;
}

static hydra_status x264_estimate(const hy_encoder_config *config, int64_t frames,
                                  hy_encoder_cost *cost, hy_diag *diag)
{
    *cost = (hy_encoder_cost){0};
    tuning tune = {.preset = NULL};
    hydra_status status = check(config, diag);
    if (status == HYDRA_OK) {
        status = choose_tuning(config, &tune, diag);
    }
    if (status == HYDRA_OK) {
        hy_x264_estimate(&tune.shape, config, choose_crf(config, &tune), frames, cost);
    }
    return status;
}

const hy_encoder_ops hy_encoder_x264 = {
    .id = HYDRA_ENCODER_X264,
    .name = "x264",
    .description = "H.264 on the CPU (libx264)",
    .container = "mp4",
    .codecs = 1U << HYDRA_CODEC_H264,
    .probe = x264_probe,
    .open = x264_open,
    .estimate = x264_estimate,
    .send = hy_encoder_cpu_send,
    .receive = hy_encoder_cpu_receive,
    .close = hy_encoder_cpu_close,
};
