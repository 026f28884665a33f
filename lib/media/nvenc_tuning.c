/* SPDX-License-Identifier: MIT */
/*
 * Bits are cheaper than the engine's time, for most who get the video code it again: fast presets
 * with a constant quality below a limit of the peaks. Which settings are there differs from GPU to
 * GPU; those that may be missing are given up step by step.
 */
#include "nvenc_tuning.h"

#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include "encoder_av.h"

/* Of 1080 x 1920 at 30 frames a second, for which peaks are given. */
#define REFERENCE_PIXELS_PER_S (1080.0 * 1920.0 * 30.0)

/* Small pictures need more bits for each pixel. */
#define LEAST_MAX_KBPS 1000

/* cq 0 would let the encoder choose. */
#define LEAST_CQ 1.0

/* Quality of an explicit preset without an explicit crf. */
#define PRESET_CQ 21.0

#define AQ_STRENGTH 8

/* x264 needs about so much less of its scale for the same bits. */
#define CQ_TO_CRF 1.0

/* What CUDA keeps of the host's memory for a process and a session. */
#define HOST_BYTES INT64_C(134217728)

/* By HYDRA_PROFILE_*. */
static const hy_nvenc_tuning profiles[] = {
    [HYDRA_PROFILE_DRAFT] = {"p1", 24.0, 0, 0, 0, false, false, false, 0, 1.3e9},
    [HYDRA_PROFILE_DEFAULT] = {"p4", 21.0, 12000, 3, 0, true, false, false, 0, 580e6},
    [HYDRA_PROFILE_QUALITY] = {"p5", 19.0, 16000, 3, 16, true, true, false, 0, 370e6},
    [HYDRA_PROFILE_BEST] = {"p7", 19.0, 16000, 3, 16, true, true, true, 0, 250e6},
};
#define PROFILE_COUNT ((int32_t)(sizeof profiles / sizeof profiles[0]))

/* In the order of hy_encoder_presets. */
static const hy_nvenc_tuning presets[HY_ENCODER_PRESETS] = {
    {"p1", PRESET_CQ, 0, 0, 0, false, false, false, 0, 1.3e9},
    {"p1", PRESET_CQ, 0, 0, 0, false, false, false, 0, 1.3e9},
    {"p2", PRESET_CQ, 0, 2, 0, true, false, false, 0, 1.1e9},
    {"p3", PRESET_CQ, 0, 2, 0, true, false, false, 0, 900e6},
    {"p4", PRESET_CQ, 0, 3, 0, true, false, false, 0, 580e6},
    {"p4", PRESET_CQ, 0, 3, 0, true, false, false, 0, 580e6},
    {"p5", PRESET_CQ, 0, 3, 16, true, true, false, 0, 370e6},
    {"p6", PRESET_CQ, 0, 3, 16, true, true, false, 0, 320e6},
    {"p7", PRESET_CQ, 0, 3, 16, true, true, true, 0, 250e6},
    {"p7", PRESET_CQ, 0, 3, 16, true, true, true, 0, 250e6},
};

static hydra_status choose(const hy_encoder_config *config, hy_nvenc_tuning *out, hy_diag *diag)
{
    if (config->profile < 0 || config->profile >= PROFILE_COUNT) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "profile %d is not known", (int)config->profile);
    }
    *out = profiles[config->profile];
    for (int32_t i = 0; config->preset && i < HY_ENCODER_PRESETS; i++) {
        if (strcmp(config->preset, hy_encoder_presets[i]) == 0) {
            *out = presets[i];
        }
    }
    return hy_encoder_check_preset(config->preset, diag);
}

static int32_t scale_peak(int32_t kbps, const hy_encoder_config *config)
{
    double pixels = (double)config->width * config->height * config->rate.num / config->rate.den;
    double scaled = kbps * pixels / REFERENCE_PIXELS_PER_S;
    if (kbps == 0 || scaled > INT32_MAX / 1000) {
        return 0;
    }
    return scaled < LEAST_MAX_KBPS ? LEAST_MAX_KBPS : (int32_t)scaled;
}

/* Key frames have to be further apart than frames that are no B frames. */
static int32_t most_bframes(const hy_encoder_config *config)
{
    int32_t gop = hy_encoder_gop_frames(config->rate);
    return gop > 2 ? gop - 2 : 0;
}

hydra_status hy_nvenc_tune(const hy_encoder_config *config, hy_nvenc_tuning *out, hy_diag *diag)
{
    hydra_status status = choose(config, out, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    if (out->bframes > most_bframes(config)) {
        out->bframes = most_bframes(config);
    }
    out->max_kbps = scale_peak(out->max_kbps, config);
    if (config->bitrate_kbps > 0) {
        out->cq = 0;
    } else if (config->crf >= 0.0) { /* HYDRA_AUTO is negative */
        out->cq = config->crf < LEAST_CQ ? LEAST_CQ : config->crf;
        out->max_kbps = 0; /* who asks for a quality gets it */
    }
    return HYDRA_OK;
}

void hy_nvenc_tune_down(hy_nvenc_tuning *tuning, int32_t step)
{
    if (step >= 1) {
        tuning->lookahead = 0;
        tuning->temporal_aq = false;
        tuning->multipass = false;
    }
    if (step >= 2) {
        tuning->bframes = 0;
    }
}

/* libavcodec takes four for each B frame and one more, and no fewer. */
#define SURFACES_PER_FRAME 4

void hy_nvenc_tune_small(hy_nvenc_tuning *tuning)
{
    tuning->lookahead = 0;
    tuning->surfaces = tuning->bframes > 0 ? 0 : SURFACES_PER_FRAME / 2;
    tuning->bframes = tuning->bframes > 1 ? 1 : tuning->bframes;
}

/* ---- To libavcodec ---- */

/* A row of options, of which the first that fails tells. */
typedef struct options {
    void *object;
    int error;
} options;

static void set_text(options *o, const char *name, const char *value)
{
    if (o->error >= 0) {
        o->error = av_opt_set(o->object, name, value, 0);
    }
}

static void set_number(options *o, const char *name, int64_t value)
{
    if (o->error >= 0) {
        o->error = av_opt_set_int(o->object, name, value, 0);
    }
}

static void set_rate(const hy_nvenc_tuning *tuning, const hy_encoder_config *config, options *o,
                     AVCodecContext *codec)
{
    set_text(o, "rc", "vbr");
    if (tuning->cq > 0) {
        /* The average and the buffer would be ignored. */
        if (o->error >= 0) {
            o->error = av_opt_set_double(o->object, "cq", tuning->cq, 0);
        }
        codec->rc_max_rate = (int64_t)tuning->max_kbps * 1000;
        return;
    }
    codec->bit_rate = (int64_t)config->bitrate_kbps * 1000;
    codec->rc_max_rate = codec->bit_rate / 2 * 3;
    int64_t buffer = codec->bit_rate * 2;
    codec->rc_buffer_size = buffer > INT32_MAX ? INT32_MAX : (int)buffer;
}

int hy_nvenc_apply(const hy_nvenc_tuning *tuning, const hy_encoder_config *config, int32_t step,
                   AVCodecContext *codec)
{
    options o = {codec->priv_data, 0};
    set_text(&o, "preset", tuning->preset);
    set_text(&o, "tune", "hq");
    set_rate(tuning, config, &o, codec);
    /* The level is found by the driver, which refuses one that its references or peaks exceed. */
    set_text(&o, "profile", config->codec == HYDRA_CODEC_HEVC ? "main" : "high");
    set_number(&o, "forced-idr", 1);
    set_number(&o, "surfaces", tuning->surfaces);
    set_number(&o, "spatial-aq", tuning->spatial_aq);
    set_number(&o, "aq-strength", AQ_STRENGTH);
    set_number(&o, "temporal-aq", tuning->temporal_aq);
    set_number(&o, "rc-lookahead", tuning->lookahead);
    set_text(&o, "multipass", tuning->multipass ? "qres" : "disabled");
    set_text(&o, "b_ref_mode", tuning->bframes > 1 && step == 0 ? "middle" : "disabled");
    codec->max_b_frames = tuning->bframes;
    /* DTS are PTS less so many ticks, each the numerator of the time base: it has to be 1. */
    codec->time_base = (AVRational){1, config->rate.num / config->rate.den + 1};
    return o.error;
}

/* ---- Costs ---- */

void hy_nvenc_estimate(const hy_nvenc_tuning *tuning, const hy_encoder_config *config,
                       int64_t frames, hy_encoder_cost *cost)
{
    double pixels = (double)config->width * config->height * (double)frames;
    int64_t frame_bytes = (int64_t)config->width * config->height * 3 / 2;
    int64_t inside = SURFACES_PER_FRAME * (tuning->bframes + 1) + tuning->lookahead;
    int64_t bytes = hy_encoder_typical_bytes(config, tuning->cq - CQ_TO_CRF, frames);
    double seconds = (double)frames * config->rate.den / config->rate.num;
    double most = tuning->max_kbps * 125.0 * seconds;
    if (tuning->cq > 0 && tuning->max_kbps > 0 && (double)bytes > most) {
        bytes = (int64_t)most;
    }
    *cost = (hy_encoder_cost){
        .memory_bytes = HOST_BYTES + inside * frame_bytes,
        .output_bytes = bytes,
        .seconds = pixels / tuning->pixels_per_s,
    };
}
