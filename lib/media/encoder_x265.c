/* SPDX-License-Identifier: MIT */
/*
 * HEVC through libavcodec's libx265. Each setting that decides how the result plays (profile, GOP,
 * colour) is the same for every tuning; the level is what x265 finds that the stream needs.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include "encoder_cpu.h"
#include "hevc.h"
#include "x265_model.h"

/* Quality of an explicit preset without an explicit crf. */
#define PRESET_CRF 20.0

/*
 * annexb=0: lengths before NAL units, as MP4 wants them. info=0: no text about x265 in the stream,
 * which then depends on the pictures alone. scenecut=0: we know our cuts.
 */
#define FIXED_PARAMS "annexb=0:info=0:scenecut=0:log-level=none"

/* x265 wants a block of 16 pixels at least, which is its smallest CTU. */
#define MIN_SIDE 16
#define MAX_SIDE 8192

typedef struct tuning {
    const char *preset;
    double crf;
    const char *params; /* x265's own names, added to FIXED_PARAMS; "" or begins with ':' */
    hy_x265_shape shape;
} tuning;

/*
 * By HYDRA_PROFILE_*: the quality of H.264's profiles in fewer bits (docs/encoding.md). superfast
 * has no adaptive quantisation of its own; this is the one of x264's profiles.
 */
static const tuning profiles[] = {
    [HYDRA_PROFILE_DRAFT] = {"ultrafast", 20.0, "", {5, 3, 55e6}},
    [HYDRA_PROFILE_DEFAULT] = {"superfast", 18.5, ":aq-mode=3:aq-strength=0.6", {10, 3, 38e6}},
    [HYDRA_PROFILE_QUALITY] = {"fast", 19.0, "", {15, 4, 20e6}},
    [HYDRA_PROFILE_BEST] = {"slow", 18.0, "", {25, 4, 8e6}},
};
#define PROFILE_COUNT ((int32_t)(sizeof profiles / sizeof profiles[0]))

/* In the order of hy_encoder_presets. */
static const hy_x265_shape shapes[HY_ENCODER_PRESETS] = {
    {5, 3, 55e6},  {10, 3, 40e6}, {15, 4, 30e6},  {15, 4, 25e6},  {15, 4, 20e6},
    {20, 4, 16e6}, {25, 4, 8e6},  {40, 8, 1.8e6}, {40, 8, 1.2e6}, {60, 8, 4e5},
};

typedef struct x265_encoder {
    hy_encoder_cpu cpu;
    int64_t next_dts;
} x265_encoder;

static const char *x265_probe(void)
{
    return avcodec_find_encoder_by_name("libx265")
               ? ""
               : "the installed libavcodec has no libx265; install one that is built with it";
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
    return config->crf >= 0.0 ? config->crf : tune->crf; /* HYDRA_AUTO is negative */
}

/* libnuma, which x265 asks where its workers may run, complains on stderr where it cannot look. */
static bool can_have_workers(void)
{
    return access("/sys/devices/system/node/node0/cpumap", R_OK) == 0;
}

/* One thread: x265 works in the caller's, and frames wait for each other. Without workers only
 * whole frames are coded side by side. */
static void write_params(const hy_encoder_config *config, const tuning *tune, char *params,
                         size_t size)
{
    char pools[16] = "none";
    if (config->threads > 1 && can_have_workers()) {
        (void)snprintf(pools, sizeof pools, "%d", (int)config->threads);
    }
    (void)snprintf(params, size, FIXED_PARAMS ":pools=%s:frame-threads=%d%s", pools,
                   (int)hy_x265_frame_threads(config->threads), tune->params);
}

static int set_tuning(hy_encoder_cpu *x265, const hy_encoder_config *config, const tuning *tune)
{
    AVCodecContext *codec = x265->av.codec;
    char params[256];
    write_params(config, tune, params, sizeof params);
    codec->profile = FF_PROFILE_HEVC_MAIN;
    codec->thread_count = hy_x265_frame_threads(config->threads);
    int error = av_opt_set(codec->priv_data, "profile", "main", 0);
    return error < 0 ? error
                     : hy_encoder_cpu_tune(x265, config, tune->preset, "x265-params", params,
                                           choose_crf(config, tune));
}

static hydra_status check(const hy_encoder_config *config, hy_diag *diag)
{
    hydra_status status = hy_encoder_check_size(config, "x265", MAX_SIDE, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    if (config->width < MIN_SIDE || config->height < MIN_SIDE) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "encoder x265: %d x %d: each side must have %d pixels at least",
                       (int)config->width, (int)config->height, MIN_SIDE);
    }
    if (x265_probe()[0]) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "encoder x265: %s", x265_probe());
    }
    return HYDRA_OK;
}

/* libavcodec does not tell which level x265 has chosen. Nor are its decoding times of use: in a
 * clip of a few frames x265 has them start at 0, whatever is reordered. */
static hydra_status read_header(x265_encoder *x265, hy_diag *diag)
{
    AVCodecParameters *codec = x265->cpu.av.stream.codec;
    hy_video_sps sps;
    if (!hy_hevc_read_sps(codec->extradata, (size_t)codec->extradata_size, &sps)) {
        return hy_fail(diag, HYDRA_ERR_ENCODER, "x265: its stream header cannot be read");
    }
    codec->level = sps.level_idc;
    x265->next_dts = -sps.reorder;
    return HYDRA_OK;
}

static hydra_status x265_open(const hy_encoder_config *config, hy_encoder **out, hy_diag *diag)
{
    *out = NULL;
    tuning tune = {.preset = NULL};
    hy_encoder_cpu *x265 = NULL;
    hydra_status status = check(config, diag);
    if (status == HYDRA_OK) {
        status = choose_tuning(config, &tune, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_encoder_cpu_new(&hy_encoder_x265, sizeof(x265_encoder), "libx265", config,
                                    &x265, diag);
    }
    if (status == HYDRA_OK) {
        status =
            hy_encoder_cpu_start(x265, set_tuning(x265, config, &tune), hy_hevc_make_hvcc, diag);
    }
    if (status == HYDRA_OK) {
        status = read_header((x265_encoder *)x265, diag);
    }
    if (status != HYDRA_OK) {
        hy_encoder_cpu_close((hy_encoder *)x265);
        return status;
    }
    *out = &x265->base;
    return HYDRA_OK;
}

static hydra_status x265_estimate(const hy_encoder_config *config, int64_t frames,
                                  hy_encoder_cost *cost, hy_diag *diag)
{
    *cost = (hy_encoder_cost){0};
    tuning tune = {.preset = NULL};
    hydra_status status = check(config, diag);
    if (status == HYDRA_OK) {
        status = choose_tuning(config, &tune, diag);
    }
    if (status == HYDRA_OK) {
        hy_x265_estimate(&tune.shape, config, choose_crf(config, &tune), frames, cost);
    }
    return status;
}

/* ---- Encoding ---- */

static hydra_status x265_receive(hy_encoder *encoder, hy_packet *packet, bool *got, hy_diag *diag)
{
    hydra_status status = hy_encoder_cpu_receive(encoder, packet, got, diag);
    if (status == HYDRA_OK && *got) {
        packet->dts = ((x265_encoder *)encoder)->next_dts++;
    }
    return status;
}

const hy_encoder_ops hy_encoder_x265 = {
    .id = HYDRA_ENCODER_X265,
    .name = "x265",
    .description = "HEVC on the CPU (libx265)",
    .container = "mp4",
    .codecs = 1U << HYDRA_CODEC_HEVC,
    .probe = x265_probe,
    .open = x265_open,
    .estimate = x265_estimate,
    .send = hy_encoder_cpu_send,
    .receive = x265_receive,
    .close = hy_encoder_cpu_close,
};
