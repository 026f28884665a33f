/* SPDX-License-Identifier: MIT */
/* The result of a render, in words and as data. */
#include "output.h"

#include "json.h"
#include "message.h"
#include "remote.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Seconds with milliseconds, from microseconds, rounded. */
static void print_seconds(int64_t us)
{
    long long ms = (llabs((long long)us) + 500) / 1000;
    printf("%s%lld.%03lld s", us < 0 && ms > 0 ? "-" : "", ms / 1000, ms % 1000);
}

/* Milliseconds with three places, exact. */
static void print_milliseconds(int64_t us)
{
    long long size = llabs((long long)us);
    printf("%s%lld.%03lld ms", us < 0 ? "-" : "", size / 1000, size % 1000);
}

static void print_bytes(int64_t bytes)
{
    if (bytes < 10000) {
        printf("%lld bytes", (long long)bytes);
    } else if (bytes < 1000000) {
        printf("%lld kB", (long long)(bytes + 500) / 1000);
    } else {
        long long tenths = (long long)bytes / 100000;
        printf("%lld.%lld MB", tenths / 10, tenths % 10);
    }
}

static void print_stage(const char *name, double seconds)
{
    printf("%s ", name);
    print_seconds((int64_t)llrint(seconds * 1e6));
}

static void print_rate(const hydra_result *result)
{
    printf("%d", result->fps_num);
    if (result->fps_den != 1) {
        printf("/%d", result->fps_den);
    }
}

static void print_pictures(const hydra_result *result)
{
    printf("  pictures     %d x %d, ", result->width_px, result->height_px);
    print_rate(result);
    printf(" frames per second, %s, %s, range %s\n", result->pixel_format, result->color_matrix,
           result->color_range);
    printf("  duration     ");
    print_seconds(result->duration_us);
    printf(", %lld frame%s, %d key frame%s\n", (long long)result->frames,
           result->frames == 1 ? "" : "s", result->key_frames, result->key_frames == 1 ? "" : "s");
}

static void print_sound(const hydra_result *result)
{
    if (!result->has_audio) {
        printf("  sound        none\n");
        return;
    }
    printf("  sound        %s, %lld samples, A/V offset at the end ", result->audio_codec,
           (long long)result->audio_samples);
    print_milliseconds(result->av_offset_us);
    printf("\n");
}

/* After a failure the attempts tell the reason. */
static void print_encoder(const hydra_result *result)
{
    printf("  encoder      %s", result->encoder);
    if (result->attempts == 1) {
        printf(" (");
        cli_print_clean(stdout, result->encoder_reason);
        printf(")");
    }
    if (result->video_level > 0) {
        printf(", %s %s level %d.%d", result->video_codec, result->video_profile,
               result->video_level / 10, result->video_level % 10);
    }
    printf("\n");
}

/* Those that came to nothing; the last one is told by the rest. */
static void print_attempts(const hydra_render *job, const hydra_result *result)
{
    hydra_attempt attempt = {.struct_size = sizeof attempt};
    for (int32_t i = 0; i + 1 < result->attempts; i++) {
        if (hydra_render_attempt(job, i, &attempt) == HYDRA_OK) {
            printf("  attempt %-4d %s, %lld frames in ", i + 1, attempt.name,
                   (long long)attempt.frames);
            print_seconds((int64_t)llrint(attempt.seconds * 1e6));
            printf(": ");
            cli_print_clean(stdout, attempt.text);
            printf("\n");
        }
    }
}

static void print_file(const hydra_result *result)
{
    printf("  file         %s, ", result->container);
    print_bytes(result->bytes);
    if (result->moov_offset >= 0) {
        printf(", moov at byte %lld: ", (long long)result->moov_offset);
        print_bytes(result->moov_bytes);
        if (result->moov_reserved_bytes > 0) { /* in a fragmented file nothing is */
            printf(" of ");
            print_bytes(result->moov_reserved_bytes);
            printf(" reserved");
        }
    }
    printf("\n");
}

static void print_costs(const hydra_result *result)
{
    printf("  time         ");
    print_seconds((int64_t)llrint(result->total_s * 1e6));
    printf("; summed over threads: ");
    print_stage("photos", result->decode_s);
    print_stage(", frames", result->compose_s);
    print_stage(", encoder", result->encode_s);
    print_stage(", sound", result->audio_s);
    print_stage(", file", result->mux_s);
    printf("\n  memory       ");
    print_bytes(result->pool_peak_bytes);
    printf(" of pictures at most\n");
}

void output_result_table(const char *path, const hydra_render *job, const hydra_result *result)
{
    cli_print_clean(stdout, path);
    printf("\n");
    print_pictures(result);
    print_sound(result);
    print_encoder(result);
    print_attempts(job, result);
    print_file(result);
    print_costs(result);
}

static void json_pictures(json_writer *json, const hydra_result *result)
{
    json_integer(json, "width_px", result->width_px);
    json_integer(json, "height_px", result->height_px);
    json_integer(json, "fps_num", result->fps_num);
    json_integer(json, "fps_den", result->fps_den);
    json_integer(json, "frames", result->frames);
    json_integer(json, "key_frames", result->key_frames);
    json_integer(json, "duration_us", result->duration_us);
    json_bool(json, "has_audio", result->has_audio != 0);
    json_integer(json, "audio_samples", result->audio_samples);
    json_integer(json, "av_offset_us", result->av_offset_us);
}

static void json_file(json_writer *json, const hydra_result *result)
{
    json_integer(json, "bytes", result->bytes);
    json_integer(json, "moov_offset", result->moov_offset);
    json_integer(json, "moov_bytes", result->moov_bytes);
    json_integer(json, "moov_reserved_bytes", result->moov_reserved_bytes);
    json_text(json, "container", result->container);
    json_text(json, "encoder", result->encoder);
    json_text(json, "encoder_reason", result->encoder_reason);
    json_text(json, "video_codec", result->video_codec);
    json_text(json, "video_profile", result->video_profile);
    json_integer(json, "video_level", result->video_level);
    json_text(json, "pixel_format", result->pixel_format);
    json_text(json, "color_range", result->color_range);
    json_text(json, "color_primaries", result->color_primaries);
    json_text(json, "color_transfer", result->color_transfer);
    json_text(json, "color_matrix", result->color_matrix);
    json_text(json, "audio_codec", result->audio_codec);
}

static void json_costs(json_writer *json, const hydra_result *result)
{
    json_integer(json, "pool_peak_bytes", result->pool_peak_bytes);
    json_number(json, "decode_s", result->decode_s);
    json_number(json, "compose_s", result->compose_s);
    json_number(json, "encode_s", result->encode_s);
    json_number(json, "audio_s", result->audio_s);
    json_number(json, "mux_s", result->mux_s);
    json_number(json, "total_s", result->total_s);
    json_integer(json, "ready_us", result->ready_us);
}

static void json_attempts(json_writer *json, const hydra_render *job)
{
    hydra_attempt attempt = {.struct_size = sizeof attempt};
    json_open(json, "attempts", '[');
    for (int32_t i = 0; hydra_render_attempt(job, i, &attempt) == HYDRA_OK; i++) {
        json_open(json, NULL, '{');
        json_text(json, "encoder", attempt.name);
        json_text(json, "status", hydra_status_name(attempt.status));
        json_integer(json, "finding", attempt.finding);
        json_integer(json, "frames", attempt.frames);
        json_number(json, "seconds", attempt.seconds);
        json_text(json, "text", attempt.text);
        json_close(json, '}');
    }
    json_close(json, ']');
}

void output_result_json(FILE *out, const char *path, const hydra_render *job,
                        const hydra_result *result, const hydra_object *object)
{
    json_writer json = {.out = out};
    json_open(&json, NULL, '{');
    json_bool(&json, "ok", true);
    json_text(&json, "output", path);
    json_pictures(&json, result);
    json_file(&json, result);
    json_costs(&json, result);
    json_attempts(&json, job);
    if (object) {
        remote_print_json(&json, object);
    }
    json_close(&json, '}');
}

void output_estimate_table(const hydra_estimate *estimate)
{
    printf("  duration     ");
    print_seconds(estimate->duration_us);
    printf(", %lld frames\n  memory       ", (long long)estimate->frames);
    print_bytes(estimate->memory_bytes);
    printf(" at most\n  file         about ");
    print_bytes(estimate->output_bytes);
    printf("\n  time         about ");
    print_seconds((int64_t)llrint(estimate->seconds * 1e6));
    printf(" on this machine\n");
}

void output_estimate_json(const hydra_estimate *estimate)
{
    json_writer json = {.out = stdout};
    json_open(&json, NULL, '{');
    json_bool(&json, "ok", true);
    json_integer(&json, "frames", estimate->frames);
    json_integer(&json, "duration_us", estimate->duration_us);
    json_integer(&json, "memory_bytes", estimate->memory_bytes);
    json_integer(&json, "output_bytes", estimate->output_bytes);
    json_number(&json, "seconds", estimate->seconds);
    json_close(&json, '}');
}
