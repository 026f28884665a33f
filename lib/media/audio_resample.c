/* SPDX-License-Identifier: MIT */
/*
 * Any rate, sample format and channel layout to 48 kHz stereo float through libswresample. Mono
 * plays at full level on both sides; a surround layout is mixed down so that full scale on every
 * channel at once just does not clip. The resampler's delay is its own business: output sample 0 is
 * input sample 0, and the length is kept to within a sample.
 */
#include "audio.h"
#include "fferror.h"

#include <libavutil/channel_layout.h>
#include <libavutil/opt.h>

enum {
    /* The filter's length grows with the rate; 64 times DSD is the highest in use. */
    MIN_SAMPLE_HZ = 1000,
    MAX_SAMPLE_HZ = 3072000,
    /* More than the longest filter. */
    PAD_SAMPLES = 4096,
    MAX_CHANNELS = 64
};

/* What a damaged float file may hold, up to infinity, must not get further. */
static const float largest_sample = 64.0F;

bool hy_resampler_fits(const hy_resampler *resampler, const AVFrame *frame)
{
    return resampler->swr && resampler->sample_hz == frame->sample_rate &&
           resampler->sample_format == frame->format &&
           av_channel_layout_compare(&resampler->layout, &frame->ch_layout) == 0;
}

static int configure(SwrContext **swr, const AVFrame *frame)
{
    static const double both_sides[2] = {1.0, 1.0};
    AVChannelLayout stereo = AV_CHANNEL_LAYOUT_STEREO;
    AVChannelLayout in;
    int channels = frame->ch_layout.nb_channels;
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        av_channel_layout_default(&in, channels);
    } else {
        in = frame->ch_layout;
    }
    int result = swr_alloc_set_opts2(swr, &stereo, AV_SAMPLE_FMT_FLT, HY_SAMPLE_HZ, &in,
                                     frame->format, frame->sample_rate, 0, NULL);
    if (result >= 0) {
        result = av_opt_set_double(*swr, "rematrix_maxval", 1.0, 0);
    }
    if (result >= 0 && channels == 1) {
        result = swr_set_matrix(*swr, both_sides, 1);
    }
    return result < 0 ? result : swr_init(*swr);
}

hydra_status hy_resampler_setup(hy_resampler *resampler, const AVFrame *frame, const char *name,
                                hy_diag *diag)
{
    hy_resampler_close(resampler);
    int channels = frame->ch_layout.nb_channels;
    if (frame->sample_rate < MIN_SAMPLE_HZ || frame->sample_rate > MAX_SAMPLE_HZ) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: a sample rate of %d Hz", name,
                       frame->sample_rate);
    }
    int result = channels > MAX_CHANNELS ? AVERROR(EINVAL) : configure(&resampler->swr, frame);
    if (result == AVERROR(ENOMEM) ||
        (result >= 0 && av_channel_layout_copy(&resampler->layout, &frame->ch_layout) < 0)) {
        return hy_fail_memory(diag);
    }
    if (result < 0) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                       "%s: its %d channels cannot be mixed down to stereo", name, channels);
    }
    resampler->sample_format = frame->format;
    resampler->sample_hz = frame->sample_rate;
    resampler->pushed = 0;
    resampler->pulled = 0;
    resampler->padded = false;
    return HYDRA_OK;
}

hydra_status hy_resampler_push(hy_resampler *resampler, const AVFrame *frame, const char *name,
                               hy_diag *diag)
{
    const uint8_t *planes[MAX_CHANNELS];
    int count = av_sample_fmt_is_planar(frame->format) ? frame->ch_layout.nb_channels : 1;
    for (int i = 0; i < count; i++) {
        planes[i] = frame->extended_data[i];
    }
    int result = swr_convert(resampler->swr, NULL, 0, planes, frame->nb_samples);
    resampler->pushed += frame->nb_samples;
    return result < 0 ? hy_fail_av(diag, result, HYDRA_ERR_INTERNAL, name, "resampling") : HYDRA_OK;
}

static void tame(float *samples, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        if (!(fabsf(samples[i]) <= largest_sample)) {
            samples[i] = isnan(samples[i]) ? 0.0F : copysignf(largest_sample, samples[i]);
        }
    }
}

/* Of music that is shorter than half its filter libswresample gives nothing: silence follows, and
 * as much as the music lasts is taken. */
static int pad_short(hy_resampler *resampler)
{
    if (resampler->padded || resampler->pushed == 0 || resampler->pushed >= PAD_SAMPLES ||
        resampler->sample_hz == HY_SAMPLE_HZ) {
        return 0;
    }
    resampler->padded = true;
    return swr_inject_silence(resampler->swr, PAD_SAMPLES);
}

/* What of `capacity` may be pulled. */
static int32_t room(const hy_resampler *resampler, int32_t capacity)
{
    if (!resampler->padded) {
        return capacity;
    }
    int64_t length = hy_rescale(resampler->pushed, HY_SAMPLE_HZ, resampler->sample_hz);
    int64_t left = (length > 0 ? length : 1) - resampler->pulled;
    return left < 0 ? 0 : left < capacity ? (int32_t)left : capacity;
}

hydra_status hy_resampler_pull(hy_resampler *resampler, float *stereo, int32_t capacity, bool flush,
                               int32_t *got, const char *name, hy_diag *diag)
{
    *got = 0;
    if (!resampler->swr) {
        return HYDRA_OK;
    }
    /* To swr_convert, no input at all means the end, and zero samples of input mean "go on". */
    static const uint8_t *nothing[MAX_CHANNELS] = {NULL};
    uint8_t *planes[1] = {(uint8_t *)stereo};
    int result = flush ? pad_short(resampler) : 0;
    capacity = room(resampler, capacity);
    if (result >= 0 && capacity > 0) {
        result = swr_convert(resampler->swr, planes, capacity, flush ? NULL : nothing, 0);
    }
    if (result < 0) {
        return hy_fail_av(diag, result, HYDRA_ERR_INTERNAL, name, "resampling");
    }
    tame(stereo, 2 * result);
    resampler->pulled += result;
    *got = result;
    return HYDRA_OK;
}

void hy_resampler_close(hy_resampler *resampler)
{
    swr_free(&resampler->swr);
    av_channel_layout_uninit(&resampler->layout);
}
