/* SPDX-License-Identifier: MIT */
/* Encoder, sound and container of one render. */
#include "render/output.h"

#include <string.h>

#include "render/remote.h"

/* A busy GPU is worth so much of a job that can go on without it. */
#define GPU_WAIT_US INT64_C(2000000)

int32_t hy_output_threads(const hy_job *job)
{
    int32_t asked = job->options->threads;
    int32_t threads = asked > 0 ? asked : hy_pool_threads(job->pool);
    return threads < job->policy->max_threads ? threads : job->policy->max_threads;
}

/* The job's deadline ends a wait, too. */
static int64_t gpu_wait_us(const hy_job *job)
{
    const hydra_render_options *options = job->options;
    if (options->when_busy == HYDRA_BUSY_FAIL) {
        return 0;
    }
    if (options->gpu_wait_us >= 0) {
        return options->gpu_wait_us;
    }
    return options->encoder == HYDRA_ENCODER_AUTO ? GPU_WAIT_US : INT64_MAX;
}

hy_encoder_config hy_output_config(const hy_job *job, const hy_plan *plan)
{
    const hydra_render_options *options = job->options;
    return (hy_encoder_config){
        .codec = options->codec,
        .width = plan->width,
        .height = plan->height,
        .rate = plan->rate,
        .profile = options->profile,
        .crf = options->crf,
        .bitrate_kbps = options->video_bitrate_kbps,
        .preset = options->preset,
        .threads = hy_output_threads(job),
        .gpu = job->gpu,
        .gpu_wait_us = gpu_wait_us(job),
        .cancel = job->cancel,
    };
}

static hydra_status open_encoder(hy_output *output, const hy_job *job, hy_diag *diag)
{
    hy_encoder_config config = hy_output_config(job, output->plan);
    config.finding = &output->open_finding;
    sigset_t before;
    hy_signals_block(&before); /* it starts threads, and this may be one of the host's */
    hydra_status status = job->encoder->open(&config, &output->encoder, diag);
    hy_signals_restore(&before);
    return status;
}

/* Y4M holds pictures only. */
static bool holds_sound(const hy_encoder_ops *encoder)
{
    return strcmp(encoder->container, "mp4") == 0;
}

bool hy_output_has_sound(const hy_job *job)
{
    return job->project->has_audio && holds_sound(job->encoder);
}

static hydra_status open_audio(hy_output *output, const hy_job *job, hy_diag *diag)
{
    if (!job->project->has_audio || !holds_sound(output->encoder->ops)) {
        return HYDRA_OK;
    }
    hydra_status status = hy_job_open_audio(job, &output->audio_reader, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_audio_config config = {
        .options = job->project->audio,
        .samples = output->plan->audio_samples,
        .bitrate_kbps = job->options->audio_bitrate_kbps,
        .cancel = job->cancel,
    };
    return hy_audio_open(output->audio_reader, &config, &output->audio, diag);
}

/* Key frames: one per GOP, one per hard cut, and the GOP counts anew after each cut. */
static int64_t most_key_frames(const hy_plan *plan)
{
    return plan->frames / hy_encoder_gop_frames(plan->rate) + plan->clip_count + 1;
}

hydra_status hy_output_open(hy_output *output, const hy_job *job, const hy_plan *plan,
                            hy_diag *diag)
{
    *output = (hy_output){.plan = plan, .cancel = job->cancel};
    double start = hy_clock_s();
    hydra_status status = open_encoder(output, job, diag);
    double opened = hy_clock_s();
    output->encode_s += opened - start;
    if (status == HYDRA_OK) {
        status = open_audio(output, job, diag);
    }
    output->audio_s += hy_clock_s() - opened;
    if (status != HYDRA_OK) {
        return status;
    }
    hy_muxer_config config = {
        .rate = plan->rate,
        .frames = plan->frames,
        .key_frames = most_key_frames(plan),
        .fragmented = job->sink->in_order,
        .cancel = job->cancel,
    };
    return hy_muxer_open(&config, output->encoder, output->audio, job->sink, &output->muxer, diag);
}

/* Have the next sound packet at hand, unless there is none. */
static hydra_status peek_audio(hy_output *output, hy_diag *diag)
{
    if (!output->audio || output->audio_pending || output->audio_ended) {
        return HYDRA_OK;
    }
    double start = hy_clock_s();
    bool got = false;
    hydra_status status = hy_audio_receive(output->audio, &output->audio_packet, &got, diag);
    output->audio_s += hy_clock_s() - start;
    output->audio_pending = got;
    output->audio_ended = status == HYDRA_OK && !got;
    return status;
}

/* Write sound up to sample `limit`. */
static hydra_status write_audio(hy_output *output, int64_t limit, hy_diag *diag)
{
    for (;;) {
        hydra_status status = peek_audio(output, diag);
        if (status != HYDRA_OK || !output->audio_pending || output->audio_packet.dts > limit) {
            return status;
        }
        double start = hy_clock_s();
        status = hy_muxer_write_audio(output->muxer, &output->audio_packet, diag);
        output->mux_s += hy_clock_s() - start;
        output->audio_pending = false;
        if (status != HYDRA_OK) {
            return status;
        }
    }
}

/* Write what the encoder has ready, with the sound that belongs before it. At the end that is all
 * of its lookahead, a second of work or more. */
static hydra_status write_packets(hy_output *output, hy_diag *diag)
{
    for (;;) {
        hy_packet packet;
        bool got = false;
        hydra_status status = hy_cancel_check(output->cancel, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        double start = hy_clock_s();
        status = output->encoder->ops->receive(output->encoder, &packet, &got, diag);
        output->encode_s += hy_clock_s() - start;
        if (status != HYDRA_OK || !got) {
            return status;
        }
        int64_t sample = hy_samples_from_frames(packet.dts, output->plan->rate, HY_AUDIO_HZ);
        status = write_audio(output, sample, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        start = hy_clock_s();
        status = hy_muxer_write_video(output->muxer, &packet, diag);
        output->mux_s += hy_clock_s() - start;
        if (status != HYDRA_OK) {
            return status;
        }
    }
}

static hydra_status send(hy_output *output, const hy_picture *picture, int64_t n, hy_diag *diag)
{
    bool key = picture && hy_plan_is_hard_cut(output->plan, n);
    double start = hy_clock_s();
    hydra_status status = output->encoder->ops->send(output->encoder, picture, n, key, diag);
    output->encode_s += hy_clock_s() - start;
    return status == HYDRA_OK ? write_packets(output, diag) : status;
}

hydra_status hy_output_frame(hy_output *output, const hy_picture *picture, int64_t n, hy_diag *diag)
{
    return send(output, picture, n, diag);
}

hydra_status hy_output_finish(hy_output *output, hydra_result *result, hy_diag *diag)
{
    hydra_status status = send(output, NULL, output->plan->frames, diag);
    if (status == HYDRA_OK) {
        status = write_audio(output, INT64_MAX, diag);
    }
    double start = hy_clock_s();
    output->encoded_at_s = start;
    if (status == HYDRA_OK) {
        status = hy_muxer_finish(output->muxer, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_muxer_verify(output->muxer, result, diag);
    }
    output->mux_s += hy_clock_s() - start;
    result->encoder = output->encoder->ops->name;
    return status;
}

int32_t hy_output_finding(const hy_output *output)
{
    return output->encoder ? output->encoder->finding : output->open_finding;
}

void hy_output_close(hy_output *output)
{
    hy_muxer_close(output->muxer);
    hy_audio_close(output->audio);
    hy_reader_close(output->audio_reader);
    if (output->encoder) {
        output->encoder->ops->close(output->encoder);
    }
    *output = (hy_output){0};
}
