/* SPDX-License-Identifier: MIT */
/* The sum of all that a job holds at its worst moment, and a guess of size and time. */
#include "render/estimate.h"

#include <string.h>

#include "compositor/compositor.h"
#include "media/media.h"
#include "render/frames.h"
#include "render/output.h"

/* Code and tables of the libraries that come into memory with their first use; measured. */
#define LIBRARIES_BYTES 2500000
/* Demuxer, decoder, mixing buffers and AAC encoder; measured. */
#define SOUND_BYTES 5000000
/* What the muxer, its check and the ledger keep of each packet; measured. */
#define PACKET_BYTES 140

/* A fragment's bytes in libavformat's buffers and ours, which grow by doubling; measured. */
#define FRAGMENT_COPIES 3

/* Speed of one CPU of 2020; measured. */
#define COMPOSE_PIXELS_PER_S 1500e6
#define DECODE_PIXELS_PER_S  50e6
#define SOUND_S_PER_S        0.015

#define AAC_SAMPLES 1024

/* All photos of a project. */
typedef struct photo_needs {
    hy_photo_need *needs;
    int64_t pixels;
} photo_needs;

static hydra_status read_photos(const hy_job *job, photo_needs *out, hy_diag *diag)
{
    size_t count = (size_t)job->project->image_count;
    *out = (photo_needs){.needs = hy_calloc(count, sizeof *out->needs)};
    if (!out->needs) {
        return hy_fail_memory(diag);
    }
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; status == HYDRA_OK && i < count; i++) {
        status = hy_cancel_check(job->cancel, diag);
        if (status == HYDRA_OK) {
            status = hy_photo_need_of(job, (int32_t)i, &out->needs[i], diag);
            out->pixels += out->needs[i].pixels;
        }
    }
    return status;
}

/* The encoder, once it is chosen. */
typedef struct chosen_encoder {
    const hy_encoder_ops *ops;
    hy_encoder_config config;
    hy_encoder_cost cost; /* of all frames */
    bool is_mp4;
} chosen_encoder;

/* The one of the route that needs most memory: it may be its turn. */
static hydra_status estimate_encoder(const hy_job *job, const hy_plan *plan, chosen_encoder *out,
                                     hy_diag *diag)
{
    out->config = hy_output_config(job, plan);
    for (int32_t i = 0; i < job->route->count; i++) {
        const hy_encoder_ops *ops = job->route->list[i];
        hy_encoder_cost cost;
        hydra_status status = ops->estimate(&out->config, plan->frames, &cost, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        if (!out->ops || cost.memory_bytes > out->cost.memory_bytes) {
            out->ops = ops;
            out->cost = cost;
        }
    }
    out->is_mp4 = strcmp(out->ops->container, "mp4") == 0;
    return HYDRA_OK;
}

/* What the encoder holds when it has got so many frames. */
static int64_t encoder_bytes(const chosen_encoder *encoder, int64_t frames)
{
    hy_encoder_cost cost = {0};
    (void)encoder->ops->estimate(&encoder->config, frames, &cost, NULL);
    return cost.memory_bytes;
}

/*
 * Photos and encoder together, at their worst. Photo `index` is prepared when the first frame of
 * the one before it is submitted, `ahead` frames before the encoder gets there, so the photos that
 * the encoder's frame shows are still held. Until it is ready, the encoder gets no frame that shows
 * it: early on, a large photo and a full encoder do not meet.
 */
static int64_t most_bytes(const hy_plan *plan, const hy_photo_need *needs,
                          const chosen_encoder *encoder, int64_t ahead)
{
    int64_t most = 0;
    for (int32_t index = 0; index < plan->clip_count; index++) {
        const hy_clip *clip = &plan->clips[index];
        int64_t submitted = index > 0 ? plan->clips[index - 1].first : 0;
        int64_t held = 0;
        for (int32_t i = index - 1; i >= 0 && plan->clips[i].end > submitted - ahead; i--) {
            held += needs[i].asset_bytes;
        }
        int64_t before = encoder_bytes(encoder, clip->first) + needs[index].prepare_bytes;
        int64_t after = encoder_bytes(encoder, clip->end) + needs[index].asset_bytes;
        int64_t bytes = held + (before > after ? before : after);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* Frames in flight: each slot has a picture and a compositor. */
static int64_t ring_bytes(const hy_job *job, const hy_plan *plan)
{
    return hy_frames_slots(job->pool) * ((int64_t)hy_picture_bytes(plan->width, plan->height) +
                                         hy_compositor_cpu_bytes(plan->width, plan->height));
}

/* One CPU's time for all that is not the video encoder. */
static double other_seconds(const hy_job *job, const hy_plan *plan, int64_t photo_pixels)
{
    double pixels = (double)plan->width * plan->height * (double)plan->frames;
    double sound = job->project->has_audio ? (double)plan->audio_samples / HY_AUDIO_HZ : 0;
    return pixels / COMPOSE_PIXELS_PER_S + (double)photo_pixels / DECODE_PIXELS_PER_S +
           sound * SOUND_S_PER_S;
}

/* The encoder alone, or all work together, whichever keeps the CPUs busy for longer. */
static double wall_seconds(const hy_job *job, const hy_plan *plan, double encoder_s,
                           int64_t photo_pixels)
{
    double cpus = hy_pool_threads(job->pool);
    double threads = hy_output_threads(job);
    double alone = encoder_s / (threads < cpus ? threads : cpus);
    double together = (encoder_s + other_seconds(job, plan, photo_pixels)) / cpus;
    return alone > together ? alone : together;
}

/* An MP4 and what its muxer keeps; `output` and `memory` grow. */
static void add_container(const hy_job *job, const hy_plan *plan, int64_t packets, int64_t *output,
                          int64_t *memory)
{
    int64_t gop = hy_encoder_gop_frames(plan->rate);
    if (job->sink && job->sink->in_order) {
        /* Nothing outlives its fragment, which libavformat collects, joins and hands over. */
        int64_t parts = 1 + plan->frames / gop;
        int64_t part = *output / parts;
        part = part < HY_FRAGMENT_BYTES ? part : HY_FRAGMENT_BYTES;
        *memory += FRAGMENT_COPIES * part;
    } else {
        int64_t keys = plan->frames / gop + plan->clip_count;
        *output += hy_moov_reserve(plan->frames, packets, keys, 0);
        *memory += (plan->frames + packets) * PACKET_BYTES;
    }
}

/* What the sink holds of the output. */
static int64_t sink_bytes(const hy_sink *sink, int64_t output)
{
    if (!sink) {
        return 0;
    }
    return sink->keeps_bytes || output < sink->buffer_bytes ? output : sink->buffer_bytes;
}

static void sum_up(const hy_job *job, const hy_plan *plan, const photo_needs *photos,
                   const chosen_encoder *encoder, hydra_estimate *out)
{
    int64_t duration_us = hy_us_from_frame(plan->frames, plan->rate);
    int64_t packets = encoder->is_mp4 ? plan->audio_samples / AAC_SAMPLES : 0;
    int64_t output = encoder->cost.output_bytes;
    int64_t memory = LIBRARIES_BYTES + hy_remote_need(job) + ring_bytes(job, plan) +
                     most_bytes(plan, photos->needs, encoder, hy_frames_slots(job->pool));
    if (packets > 0) {
        output += hy_rescale(duration_us, (int64_t)job->options->audio_bitrate_kbps * 125, 1000000);
        memory += SOUND_BYTES;
    }
    if (encoder->is_mp4) {
        add_container(job, plan, packets, &output, &memory);
    }
    *out = (hydra_estimate){
        .struct_size = sizeof *out,
        .frames = plan->frames,
        .duration_us = duration_us,
        .memory_bytes = memory + sink_bytes(job->sink, output),
        .output_bytes = output,
        .seconds = wall_seconds(job, plan, encoder->cost.seconds, photos->pixels),
    };
}

hydra_status hy_estimate(const hy_job *job, const hy_plan *plan, hydra_estimate *out, hy_diag *diag)
{
    photo_needs photos = {0};
    chosen_encoder encoder = {0};
    hydra_status status = estimate_encoder(job, plan, &encoder, diag);
    if (status == HYDRA_OK) {
        status = read_photos(job, &photos, diag);
    }
    if (status == HYDRA_OK) {
        sum_up(job, plan, &photos, &encoder, out);
    }
    hy_free(photos.needs);
    return status;
}
