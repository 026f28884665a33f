/* SPDX-License-Identifier: MIT */
/* hydra-cli probe: what this build and this machine can do. */
#include "json.h"
#include "message.h"
#include "probe_bench.h"
#include "project.h"

#include <string.h>

static const char *const features[] = {"nvenc", "x264", "x265", "heif"};

static const arg_group *const groups[] = {&cli_report_group, &project_gpu, &probe_bench_group,
                                          &project_encoder, NULL};

static const char *const codec_names[] = {"h264", "hevc"};
#define CODEC_COUNT (sizeof codec_names / sizeof codec_names[0])

static void json_encoder(json_writer *json, const hydra_encoder_info *info)
{
    json_open(json, NULL, '{');
    json_text(json, "name", info->name);
    json_text(json, "description", info->description);
    json_open(json, "codecs", '[');
    for (size_t i = 0; i < CODEC_COUNT; i++) {
        if (info->codecs >> i & 1U) {
            json_text(json, NULL, codec_names[i]);
        }
    }
    json_close(json, ']');
    json_bool(json, "available", info->available != 0);
    json_text(json, "finding", hydra_finding_name(info->finding));
    json_text(json, "reason", info->reason);
    json_close(json, '}');
}

static void json_gpu(json_writer *json, const hydra_gpu_info *info)
{
    json_open(json, NULL, '{');
    json_integer(json, "index", info->index);
    json_text(json, "name", info->name);
    json_text(json, "uuid", info->uuid);
    json_integer(json, "memory_bytes", info->memory_bytes);
    json_integer(json, "driver_version", info->driver_version);
    json_integer(json, "sessions", info->sessions);
    json_integer(json, "session_limit", info->session_limit);
    json_text(json, "finding_h264", hydra_finding_name(info->finding_h264));
    json_text(json, "finding_hevc", hydra_finding_name(info->finding_hevc));
    json_text(json, "reason", info->reason);
    json_close(json, '}');
}

static void json_encoders(json_writer *json, hydra_context *context)
{
    json_open(json, "encoders", '[');
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        hydra_encoder_info info = {.struct_size = sizeof info};
        if (hydra_encoder_probe(context, i, &info) == HYDRA_OK) {
            json_encoder(json, &info);
        }
    }
    json_close(json, ']');
}

static void json_gpus(json_writer *json, hydra_context *context)
{
    int32_t count = 0;
    (void)hydra_gpu_count(context, &count);
    json_open(json, "gpus", '[');
    for (int32_t i = 0; i < count; i++) {
        hydra_gpu_info info = {.struct_size = sizeof info};
        if (hydra_gpu_probe(context, i, &info) == HYDRA_OK) {
            json_gpu(json, &info);
        }
    }
    json_close(json, ']');
}

static int print_json(const cli_settings *settings, hydra_context *context)
{
    int code = CLI_OK;
    json_writer json = {.out = stdout};
    json_open(&json, NULL, '{');
    json_text(&json, "version", hydra_version_text());
    json_open(&json, "features", '{');
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        json_bool(&json, features[i], hydra_has_feature(features[i]) != 0);
    }
    json_close(&json, '}');
    json_encoders(&json, context);
    json_gpus(&json, context);
    if (settings->bench) {
        json_open(&json, "bench", '[');
        code = probe_bench(settings, context, &json);
        json_close(&json, ']');
    }
    json_close(&json, '}');
    return code;
}

static void print_encoder(const hydra_encoder_info *info)
{
    printf("  %-8s %s; ", info->name, info->description);
    if (info->available) {
        printf("available\n");
        return;
    }
    printf("%s: ", hydra_finding_name(info->finding));
    cli_print_clean(stdout, info->reason);
    printf("\n");
}

static void print_gpu(const hydra_gpu_info *info)
{
    printf("  %-8d ", info->index);
    cli_print_clean(stdout, info->name);
    printf(", %lld MiB, CUDA %d.%d, %s\n", (long long)(info->memory_bytes >> 20),
           info->driver_version / 1000, info->driver_version % 1000 / 10, info->uuid);
    printf("  %-8s H.264 %s, HEVC %s, %d of %d encodings\n", "",
           hydra_finding_name(info->finding_h264), hydra_finding_name(info->finding_hevc),
           info->sessions, info->session_limit);
    if (info->reason[0]) {
        printf("  %-8s ", "");
        cli_print_clean(stdout, info->reason);
        printf("\n");
    }
}

static void print_gpus(hydra_context *context)
{
    int32_t count = 0;
    (void)hydra_gpu_count(context, &count);
    printf("\nGPUs\n%s", count > 0 ? "" : "  none that can be used\n");
    for (int32_t i = 0; i < count; i++) {
        hydra_gpu_info info = {.struct_size = sizeof info};
        if (hydra_gpu_probe(context, i, &info) == HYDRA_OK) {
            print_gpu(&info);
        }
    }
}

static int print_text(const cli_settings *settings, hydra_context *context)
{
    printf("libhydra %s\n\nFeatures\n", hydra_version_text());
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        printf("  %-8s %s\n", features[i],
               hydra_has_feature(features[i]) ? "built in" : "left out");
    }
    printf("\nEncoders\n");
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        hydra_encoder_info info = {.struct_size = sizeof info};
        if (hydra_encoder_probe(context, i, &info) == HYDRA_OK) {
            print_encoder(&info);
        }
    }
    print_gpus(context);
    return settings->bench ? probe_bench(settings, context, NULL) : CLI_OK;
}

/* Options that mean something to the bench only. */
static bool asks_for_bench(const cli_settings *settings)
{
    static const char *const names[] = {"encoder", "codec", "seconds"};
    for (size_t i = 0; i < settings->given.count; i++) {
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
            if (strcmp(settings->given.items[i].option->name, names[n]) == 0) {
                return true;
            }
        }
    }
    return false;
}

static int run(cli_settings *settings, char **inputs, int count)
{
    hydra_context *context = NULL;
    (void)inputs;
    if (count > 0) {
        return cli_usage("probe", "probe takes no files");
    }
    if (!settings->bench && asks_for_bench(settings)) {
        return cli_usage("probe", "--encoder, --codec and --seconds are for --bench");
    }
    hydra_status status = project_context(settings, &context);
    if (status != HYDRA_OK) {
        return cli_fail_compose(settings, status, NULL);
    }
    int code = settings->json ? print_json(settings, context) : print_text(settings, context);
    hydra_context_free(context);
    return code;
}

const cli_verb cli_verb_probe = {
    .name = "probe",
    .synopsis = "[--bench] [--json]",
    .summary = "which encoders and GPUs work here",
    .groups = groups,
    .run = run,
};
