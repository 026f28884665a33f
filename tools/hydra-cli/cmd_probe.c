/* SPDX-License-Identifier: MIT */
/* hydra-cli probe: what this build and this machine can do. */
#include "json.h"
#include "message.h"

static const char *const features[] = {"x264", "x265", "heif"};

static const arg_group *const groups[] = {&cli_report_group, NULL};

static void json_encoder(json_writer *json, const hydra_encoder_info *info)
{
    json_open(json, NULL, '{');
    json_text(json, "name", info->name);
    json_text(json, "description", info->description);
    json_bool(json, "available", info->available != 0);
    json_text(json, "reason", info->reason);
    json_close(json, '}');
}

static void print_json(void)
{
    json_writer json = {.out = stdout};
    json_open(&json, NULL, '{');
    json_text(&json, "version", hydra_version_text());
    json_open(&json, "features", '{');
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        json_bool(&json, features[i], hydra_has_feature(features[i]) != 0);
    }
    json_close(&json, '}');
    json_open(&json, "encoders", '[');
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        hydra_encoder_info info = {.struct_size = sizeof info};
        if (hydra_encoder_probe(NULL, i, &info) == HYDRA_OK) {
            json_encoder(&json, &info);
        }
    }
    json_close(&json, ']');
    json_close(&json, '}');
}

static void print_text(void)
{
    printf("libhydra %s\n\nFeatures\n", hydra_version_text());
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        printf("  %-8s %s\n", features[i],
               hydra_has_feature(features[i]) ? "built in" : "left out");
    }
    printf("\nEncoders\n");
    for (int32_t i = 0; i < hydra_encoder_count(); i++) {
        hydra_encoder_info info = {.struct_size = sizeof info};
        if (hydra_encoder_probe(NULL, i, &info) == HYDRA_OK) {
            printf("  %-8s %s; %s\n", info.name, info.description,
                   info.available ? "available" : info.reason);
        }
    }
}

static int run(cli_settings *settings, char **inputs, int count)
{
    (void)inputs;
    if (count > 0) {
        return cli_usage("probe", "probe takes no files");
    }
    if (settings->json) {
        print_json();
    } else {
        print_text();
    }
    return CLI_OK;
}

const cli_verb cli_verb_probe = {
    .name = "probe",
    .synopsis = "[--json]",
    .summary = "what is built in, which encoders work here",
    .groups = groups,
    .run = run,
};
