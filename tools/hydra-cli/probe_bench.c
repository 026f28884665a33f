/* SPDX-License-Identifier: MIT */
/* The bench of probe: encoders x profiles, one after another, so that each has the machine. */
#include "probe_bench.h"

#include "message.h"

#include <math.h>

#define FIELD(name) offsetof(cli_settings, name)

#define SECOND INT64_C(1000000)

static const arg_option bench_options[] = {
    {.name = "bench",
     .help = "measure how fast the encoders are, profile by profile",
     .kind = ARG_FLAG,
     .offset = FIELD(bench)},
    {.name = "seconds",
     .value = "SECONDS",
     .help = "how long each of them encodes (default 3)",
     .kind = ARG_SECONDS,
     .offset = FIELD(bench_us),
     .min = SECOND / 10,
     .max = 600 * SECOND},
};

const arg_group probe_bench_group = {"Measuring", bench_options,
                                     sizeof bench_options / sizeof bench_options[0]};

static const char *const profiles[] = {
    [HYDRA_PROFILE_DRAFT] = "draft",
    [HYDRA_PROFILE_DEFAULT] = "default",
    [HYDRA_PROFILE_QUALITY] = "quality",
    [HYDRA_PROFILE_BEST] = "best",
};

/* What the encoder makes with these options: raw pictures have no codec. */
static const char *codec_name(const hydra_encoder_info *info, const hydra_bench_options *options)
{
    static const char *const names[] = {[HYDRA_CODEC_H264] = "h264", [HYDRA_CODEC_HEVC] = "hevc"};
    return info->codecs ? names[options->codec] : "none";
}

/* A number with `places` decimals, the same in every locale, to the right in 10 columns. */
static void print_decimal(double value, int places)
{
    char text[32];
    long long scale = places == 1 ? 10 : places == 2 ? 100 : 1000;
    long long scaled = llrint(value * (double)scale);
    (void)snprintf(text, sizeof text, "%lld.%0*lld", scaled / scale, places, scaled % scale);
    printf("%10s", text);
}

static void print_row(const hydra_bench_result *result)
{
    print_decimal(result->frames_per_s, 1);
    print_decimal(result->cpu_ms_per_frame, 2);
    print_decimal(result->first_packet_s, 3);
    print_decimal((double)result->bytes * 8 / 1e3 / (double)result->frames, 1);
    printf("\n");
}

static void print_failure(const hydra_bench_result *result)
{
    printf("  %s: ", hydra_finding_name(result->finding));
    cli_print_clean(stdout, result->reason);
    printf("\n");
}

static void json_row(json_writer *json, const hydra_encoder_info *info,
                     const hydra_bench_options *options, const hydra_bench_result *result,
                     hydra_status status)
{
    json_open(json, NULL, '{');
    json_text(json, "encoder", info->name);
    json_text(json, "codec", codec_name(info, options));
    json_text(json, "profile", profiles[options->profile]);
    json_text(json, "status", hydra_status_name(status));
    json_text(json, "finding", hydra_finding_name(result->finding));
    json_text(json, "reason", result->reason);
    json_integer(json, "frames", result->frames);
    json_integer(json, "bytes", result->bytes);
    json_number(json, "encode_s", result->encode_s);
    json_number(json, "frames_per_s", result->frames_per_s);
    json_number(json, "first_packet_s", result->first_packet_s);
    json_number(json, "cpu_ms_per_frame", result->cpu_ms_per_frame);
    json_close(json, '}');
}

static bool measure(const cli_settings *settings, hydra_context *context,
                    const hydra_encoder_info *info, int32_t profile, json_writer *json)
{
    hydra_bench_options options;
    hydra_bench_result result = {.struct_size = sizeof result};
    hydra_bench_options_init(&options);
    options.encoder = info->encoder;
    options.codec = settings->render.codec;
    options.profile = profile;
    options.duration_us = settings->bench_us;
    if (!json) {
        printf("  %-8s %-6s %-8s", info->name, codec_name(info, &options), profiles[profile]);
        (void)fflush(stdout);
    }
    hydra_status status = hydra_encoder_bench(context, &options, &result);
    if (json) {
        json_row(json, info, &options, &result, status);
    } else if (status == HYDRA_OK) {
        print_row(&result);
    } else {
        print_failure(&result);
    }
    return status == HYDRA_OK;
}

/* One that was asked for is tried in any case: then it says what stands in its way. */
static bool is_wanted(const cli_settings *settings, const hydra_encoder_info *info)
{
    if (settings->render.encoder != HYDRA_ENCODER_AUTO) {
        return info->encoder == settings->render.encoder;
    }
    return info->available && (info->codecs >> settings->render.codec & 1U) != 0;
}

int probe_bench(const cli_settings *settings, hydra_context *context, json_writer *json)
{
    bool all = true;
    int32_t measured = 0;
    if (!json) {
        printf("\nSpeed, 1080 x 1920 at 30 frames per second\n  %-8s %-6s %-8s%10s%10s%10s%10s\n",
               "encoder", "codec", "profile", "frames/s", "CPU ms", "start s", "kbit");
    }
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        hydra_encoder_info info = {.struct_size = sizeof info};
        if (hydra_encoder_probe(context, i, &info) != HYDRA_OK || !is_wanted(settings, &info)) {
            continue;
        }
        for (int32_t p = HYDRA_PROFILE_DRAFT; p <= HYDRA_PROFILE_BEST; p++) {
            all = measure(settings, context, &info, p, json) && all;
            measured++;
        }
    }
    if (!json && measured > 0) {
        printf("  CPU ms and kbit are per frame; start is the time to the first packet.\n");
    } else if (!json) {
        printf("  nothing here makes this codec\n");
    }
    return all && measured > 0 ? CLI_OK : CLI_FAILED;
}
