/* SPDX-License-Identifier: MIT */
/* Render options: the defaults, and the ranges that render.h promises. */
#include "media/media.h"
#include "render/render.h"

void hydra_render_options_init(hydra_render_options *options)
{
    *options = (hydra_render_options){
        .struct_size = sizeof *options,
        .encoder = HYDRA_ENCODER_AUTO,
        .profile = HYDRA_PROFILE_DEFAULT,
        .video_bitrate_kbps = 0,
        .crf = HYDRA_AUTO,
        .preset = NULL,
        .audio_bitrate_kbps = 160,
        .threads = 0,
        .deadline_us = 0,
        .when_busy = HYDRA_BUSY_WAIT,
        .in_order = HYDRA_IN_ORDER_FRAGMENTED,
        .when_exists = HYDRA_EXISTS_REPLACE,
        .codec = HYDRA_CODEC_H264,
        .gpu_wait_us = HYDRA_AUTO,
    };
}

static bool within(double value, double low, double high)
{
    return value >= low && value <= high; /* false for NaN */
}

hydra_status hy_render_options_check(const hydra_render_options *options, hydra_render_options *out,
                                     hy_diag *diag)
{
    hydra_render_options_init(out);
    if (!options) {
        return HYDRA_OK;
    }
    if (!hy_sized_take(out, sizeof *out, options,
                       HY_SIZE_THROUGH(hydra_render_options, in_order))) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "render options: struct_size is %u; call hydra_render_options_init first",
                       (unsigned)options->struct_size);
    }
    const char *bad = NULL;
    if (!within(out->encoder, HYDRA_ENCODER_AUTO, HYDRA_ENCODER_X265)) {
        bad = "encoder is not a HYDRA_ENCODER_ value";
    } else if (!within(out->profile, HYDRA_PROFILE_DRAFT, HYDRA_PROFILE_BEST)) {
        bad = "profile is not a HYDRA_PROFILE_ value";
    } else if (out->video_bitrate_kbps != 0 && !within(out->video_bitrate_kbps, 50, 500000)) {
        bad = "video_bitrate_kbps must be 0 or 50..500000";
    } else if (!within(out->crf, 0, 51) && !within(out->crf, HYDRA_AUTO, HYDRA_AUTO)) {
        bad = "crf must be 0..51 or HYDRA_AUTO";
    } else if (out->video_bitrate_kbps != 0 && out->crf >= 0) {
        bad = "crf and video_bitrate_kbps exclude each other";
    } else if (!within(out->audio_bitrate_kbps, 32, 320)) {
        bad = "audio_bitrate_kbps must be 32..320";
    } else if (!within(out->threads, 0, 128)) {
        bad = "threads must be 0..128";
    } else if (!within((double)out->deadline_us, 0, 1e15)) {
        bad = "deadline_us must be 0..1000000000000000";
    } else if (!within(out->when_busy, HYDRA_BUSY_WAIT, HYDRA_BUSY_FAIL)) {
        bad = "when_busy is not a HYDRA_BUSY_ value";
    } else if (!within(out->in_order, HYDRA_IN_ORDER_FRAGMENTED, HYDRA_IN_ORDER_BUFFERED)) {
        bad = "in_order is not a HYDRA_IN_ORDER_ value";
    } else if (!within(out->when_exists, HYDRA_EXISTS_REPLACE, HYDRA_EXISTS_FAIL)) {
        bad = "when_exists is not a HYDRA_EXISTS_ value";
    } else if (!within(out->codec, HYDRA_CODEC_H264, HYDRA_CODEC_HEVC)) {
        bad = "codec is not a HYDRA_CODEC_ value";
    } else if (!within((double)out->gpu_wait_us, HYDRA_AUTO, 1e15)) {
        bad = "gpu_wait_us must be 0..1000000000000000 or HYDRA_AUTO";
    }
    return bad ? hy_fail(diag, HYDRA_ERR_ARGUMENT, "render options: %s", bad)
               : hy_encoder_check_preset(out->preset, diag);
}

int64_t hy_job_deadline(const hydra_render_options *options, const hydra_policy *policy)
{
    bool own = options->deadline_us > 0 && options->deadline_us < policy->max_render_us;
    return own ? options->deadline_us : policy->max_render_us;
}
