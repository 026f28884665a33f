/* SPDX-License-Identifier: MIT */
/* Opening NVENC with what the GPU has, coding, and telling what a failure means. */
#include "nvenc_core.h"

#include <stdio.h>
#include <string.h>

#include <libavcodec/avcodec.h>

#include "annexb.h"
#include "fferror.h"
#include "gpu_driver.h"
#include "h264.h"
#include "hevc.h"

/* No coded picture is as large. */
#define MAX_PACKET_BYTES ((size_t)1 << 30)

hy_nvenc_core *hy_nvenc_core_new(const hy_encoder_config *config, const hy_nvenc_tuning *tuning,
                                 hy_gpu_session *session)
{
    hy_nvenc_core *core = hy_calloc(1, sizeof *core);
    if (!core) {
        return NULL;
    }
    core->config = *config;
    core->tuning = *tuning;
    core->session = session;
    (void)hy_gpu_device_at(config->gpu, hy_gpu_session_device(session), &core->device);
    (void)snprintf(core->name, sizeof core->name, "GPU %d (%s)", (int)core->device.index,
                   core->device.name);
    for (int32_t i = 0; i < HY_NVENC_PACKETS; i++) {
        core->data[i].limit = MAX_PACKET_BYTES;
    }
    return core;
}

static void begin_call(hy_nvenc_core *core)
{
    core->status = HYDRA_OK;
    core->av.error = 0;
    core->packet_count = 0;
    core->fault.finding = HYDRA_PROBE_OK;
    hy_diag_clear(&core->diag);
}

void hy_nvenc_close_call(void *user)
{
    hy_nvenc_core *core = user;
    begin_call(core);
    hy_encoder_av_free(&core->av);
    av_buffer_unref(&core->cuda);
}

void hy_nvenc_core_end(void *user)
{
    hy_nvenc_core *core = user;
    hy_nvenc_close_call(core);
    hy_gpu_release(core->session);
    hy_picture_free(core->picture);
    for (int32_t i = 0; i < HY_NVENC_PACKETS; i++) {
        hy_buffer_free(&core->data[i]);
    }
    hy_free(core);
}

/* Nothing that the GPU did: a mistake, or too little memory on this side of libavcodec. */
static bool is_own(const hy_nvenc_core *core)
{
    return core->status == HYDRA_ERR_INTERNAL ||
           (core->status == HYDRA_ERR_MEMORY && core->av.error != AVERROR(ENOMEM));
}

/* Why a call failed: the device is gone, or something else, which the diag tells. */
static void explain(hy_nvenc_core *core)
{
    hy_gpu_fault asked;
    if (core->status == HYDRA_OK || core->fault.finding != HYDRA_PROBE_OK || is_own(core)) {
        return;
    }
    int32_t finding = hy_gpu_cuda_ask(core->cuda, core->config.codec, core->config.width,
                                      core->config.height, &asked);
    if (finding == HYDRA_PROBE_LOST) {
        core->fault = asked;
    } else if (core->status == HYDRA_ERR_MEMORY) {
        (void)hy_gpu_cuda_fail_memory(core->cuda, &core->fault);
    } else {
        char cause[HY_AV_TEXT_BYTES];
        (void)hy_gpu_fail(&core->fault, HYDRA_PROBE_FAILED,
                          "%s did not encode (%s); update the NVIDIA driver if that happens again",
                          core->name, hy_av_text(core->av.error, cause, sizeof cause));
    }
}

/* ---- Opening ---- */

static hydra_status make_record(int32_t codec, hy_encoder_record_fn *make, const uint8_t *header,
                                size_t size, uint8_t **record, size_t *record_size)
{
    hy_buffer units = {.limit = MAX_PACKET_BYTES};
    hydra_status status = hy_annexb_to_lengths(codec, false, header, size, &units);
    if (status == HYDRA_OK) {
        status = make(units.data, units.size, record, record_size);
    }
    hy_buffer_free(&units);
    return status;
}

static hydra_status make_avcc(const uint8_t *header, size_t size, uint8_t **record,
                              size_t *record_size)
{
    return make_record(HYDRA_CODEC_H264, hy_h264_make_avcc, header, size, record, record_size);
}

static hydra_status make_hvcc(const uint8_t *header, size_t size, uint8_t **record,
                              size_t *record_size)
{
    return make_record(HYDRA_CODEC_HEVC, hy_hevc_make_hvcc, header, size, record, record_size);
}

static bool is_hevc(const hy_nvenc_core *core)
{
    return core->config.codec == HYDRA_CODEC_HEVC;
}

/* One rung of the ladder. 0, or libavcodec's error. */
static int try_step(hy_nvenc_core *core, int32_t step)
{
    hy_nvenc_tuning tuning = core->tuning;
    if (core->small) {
        hy_nvenc_tune_small(&tuning);
    }
    hy_nvenc_tune_down(&tuning, step);
    if (hy_encoder_av_init(&core->av, is_hevc(core) ? "hevc_nvenc" : "h264_nvenc", core->name,
                           &core->config, &core->diag) != HYDRA_OK) {
        return AVERROR(ENOMEM);
    }
    int error = hy_nvenc_apply(&tuning, &core->config, step, core->av.codec);
    if (error >= 0) {
        core->av.codec->hw_device_ctx = av_buffer_ref(core->cuda);
        error = core->av.codec->hw_device_ctx ? avcodec_open2(core->av.codec, NULL, NULL)
                                              : AVERROR(ENOMEM);
    }
    if (error < 0) {
        hy_encoder_av_free(&core->av);
    }
    return error;
}

static int32_t fail_settings(hy_nvenc_core *core, int error)
{
    if (error == AVERROR(ENOSYS)) {
        /* All that may be missing is off: what is left is the version that libavcodec asks for. */
        return hy_gpu_fail(&core->fault, HYDRA_PROBE_OLD_DRIVER,
                           "the NVIDIA driver is older than the installed FFmpeg was built for; "
                           "update the driver, or use an FFmpeg built for it");
    }
    char cause[HY_AV_TEXT_BYTES];
    return error == AVERROR(EINVAL)
               ? hy_gpu_fail(&core->fault, HYDRA_PROBE_NOT_SUPPORTED,
                             "%s refuses the settings (%s); take another profile, or update the "
                             "NVIDIA driver",
                             core->name, hy_av_text(error, cause, sizeof cause))
               : hy_gpu_fail(&core->fault, HYDRA_PROBE_FAILED,
                             "%s does not open its encoder (%s); update the NVIDIA driver if that "
                             "happens again",
                             core->name, hy_av_text(error, cause, sizeof cause));
}

/* The driver tells the cause, unless it is in the settings: then with fewer of them. */
static int32_t climb_down(hy_nvenc_core *core)
{
    int error = 0;
    for (int32_t step = 0; step < HY_NVENC_STEPS; step++) {
        error = try_step(core, step);
        if (error >= 0) {
            return HYDRA_PROBE_OK;
        }
        int32_t finding = hy_gpu_cuda_ask(core->cuda, core->config.codec, core->config.width,
                                          core->config.height, &core->fault);
        if (finding != HYDRA_PROBE_OK) {
            return finding;
        }
        if (error == AVERROR(ENOMEM)) {
            return hy_gpu_cuda_fail_memory(core->cuda, &core->fault);
        }
    }
    return fail_settings(core, error);
}

static bool is_as_wanted(const hy_encoder_config *config, hy_video_sps *sps)
{
    const hy_video_look file = {config->rate, AVCOL_PRI_BT709, AVCOL_TRC_BT709, AVCOL_SPC_BT709};
    hy_video_sps_complete(sps, &file);
    return sps->width == config->width && sps->height == config->height && sps->bit_depth == 8 &&
           sps->chroma_format_idc == 1 && !sps->full_range && sps->primaries == AVCOL_PRI_BT709 &&
           sps->transfer == AVCOL_TRC_BT709 && sps->matrix == AVCOL_SPC_BT709 &&
           sps->rate_num * config->rate.den == sps->rate_den * config->rate.num;
}

/*
 * Drivers differ in what they write. The finished file is held against what was asked for, which is
 * late; what cannot pass then is refused here. Profile and level are the driver's choice.
 */
static hydra_status check_header(hy_nvenc_core *core)
{
    AVCodecParameters *codec = core->av.stream.codec;
    size_t size = (size_t)codec->extradata_size;
    hy_video_sps sps;
    bool read = is_hevc(core) ? hy_hevc_read_sps(codec->extradata, size, &sps)
                              : hy_h264_read_sps(codec->extradata, size, &sps);
    if (read && is_as_wanted(&core->config, &sps)) {
        codec->profile = sps.profile_idc;
        codec->level = sps.level_idc;
        return HYDRA_OK;
    }
    return hy_gpu_status(hy_gpu_fail(
        &core->fault, HYDRA_PROBE_NOT_SUPPORTED,
        "GPU %d (%s) does not write size, rate and colours into its stream as they are wanted; "
        "update the driver",
        (int)core->device.index, core->device.name));
}

void hy_nvenc_open_call(void *user)
{
    hy_nvenc_core *core = user;
    begin_call(core);
    int32_t finding = hy_gpu_session_cuda(core->session, &core->cuda, &core->fault);
    if (finding == HYDRA_PROBE_OK) {
        finding = climb_down(core);
    }
    core->fault.finding = finding;
    core->status = hy_gpu_status(finding);
    if (core->status == HYDRA_OK) {
        core->status =
            hy_encoder_av_describe(&core->av, is_hevc(core) ? make_hvcc : make_avcc, &core->diag);
        core->av.error = AVERROR_INVALIDDATA; /* if that is the cause */
    }
    if (core->status == HYDRA_OK) {
        core->status = check_header(core);
    }
    explain(core);
}

/* ---- Coding ---- */

static hydra_status keep_packet(hy_nvenc_core *core, const hy_packet *packet)
{
    hy_buffer *data = &core->data[core->packet_count];
    hydra_status status =
        hy_annexb_to_lengths(core->config.codec, true, packet->data, packet->size, data);
    if (status == HYDRA_ERR_MEMORY) {
        return hy_fail_memory(&core->diag);
    }
    if (status != HYDRA_OK) {
        core->av.error = AVERROR_INVALIDDATA;
        return hy_fail(&core->diag, HYDRA_ERR_ENCODER, "nvenc: frame %lld is no stream of units",
                       (long long)packet->pts);
    }
    hy_packet *kept = &core->packets[core->packet_count++];
    *kept = *packet;
    kept->data = data->data;
    kept->size = data->size;
    core->received++;
    return HYDRA_OK;
}

/* libavcodec takes a driver that is busy as one that has nothing yet, and drops what it asked for.
 */
static hydra_status check_count(hy_nvenc_core *core)
{
    if (core->more || !core->av.ended || core->received == core->sent) {
        return HYDRA_OK;
    }
    return hy_gpu_status(
        hy_gpu_fail(&core->fault, HYDRA_PROBE_FAILED,
                    "%s lost %lld of %lld frames; update the NVIDIA driver if that happens again",
                    core->name, (long long)(core->sent - core->received), (long long)core->sent));
}

/* All packets that are ready, as far as there is room. */
static hydra_status take_packets(hy_nvenc_core *core)
{
    core->more = true;
    while (core->packet_count < HY_NVENC_PACKETS) {
        hy_packet packet;
        hydra_status status = hy_encoder_av_receive(&core->av, &packet, &core->more, &core->diag);
        if (status == HYDRA_OK && core->more) {
            status = keep_packet(core, &packet);
        }
        if (status != HYDRA_OK || !core->more) {
            return status == HYDRA_OK ? check_count(core) : status;
        }
    }
    return HYDRA_OK;
}

void hy_nvenc_send_call(void *user)
{
    hy_nvenc_core *core = user;
    begin_call(core);
    core->status = hy_encoder_av_send(&core->av, core->picture, core->n, core->key, &core->diag);
    hy_picture_free(core->picture);
    core->picture = NULL;
    if (core->status == HYDRA_OK) {
        core->sent += !core->av.ended;
        core->status = take_packets(core);
    }
    explain(core);
}

void hy_nvenc_receive_call(void *user)
{
    hy_nvenc_core *core = user;
    begin_call(core);
    core->status = take_packets(core);
    explain(core);
}
