/* SPDX-License-Identifier: MIT */
/* hydra-cli presign: a URL that works without credentials for a while. */
#include "json.h"
#include "message.h"
#include "number.h"
#include "remote.h"

static bool parse_expires(const char *text, void *target)
{
    return number_duration_s(text, &((cli_settings *)target)->expires_s);
}

static const arg_option presign_options[] = {
    {.name = "put",
     .help = "for one upload by PUT, instead of reading",
     .kind = ARG_FLAG,
     .offset = offsetof(cli_settings, put)},
    {.name = "expires",
     .value = "TIME",
     .help = "how long it is good for (default 1h)",
     .kind = ARG_CUSTOM,
     .parse = parse_expires,
     .expected = "a time from 1s to 7d, such as 15m, 1h or 3600"},
};

static const arg_group presign_group = {"Presigned URLs", presign_options, 2};
static const arg_group *const groups[] = {&presign_group, &cli_report_group, &remote_store, NULL};

static void print_url(const cli_settings *settings, const char *url)
{
    if (settings->json) {
        json_writer json = {.out = stdout};
        json_open(&json, NULL, '{');
        json_bool(&json, "ok", true);
        json_text(&json, "url", url);
        json_integer(&json, "expires_s", settings->expires_s);
        json_close(&json, '}');
    } else {
        puts(url);
    }
}

static int run(cli_settings *settings, char **inputs, int count)
{
    hydra_store *store = NULL;
    const char *url = NULL;
    if (count != 1 || !remote_is_store(inputs[0])) {
        return cli_usage("presign", "give s3://BUCKET/KEY");
    }
    int code = remote_open(settings, &store);
    if (code != CLI_OK) {
        return code;
    }
    hydra_status status = hydra_store_presign(store, settings->put ? "PUT" : "GET", inputs[0],
                                              settings->expires_s, &url);
    remote_warn(settings, store);
    if (status == HYDRA_OK) {
        print_url(settings, url);
    } else {
        code =
            cli_fail(settings, status == HYDRA_ERR_AUTH ? CLI_FAILED : cli_code(settings, status),
                     status, hydra_store_error(store));
    }
    hydra_store_free(store);
    return code;
}

const cli_verb cli_verb_presign = {
    .name = "presign",
    .synopsis = "[--put] s3://BUCKET/KEY",
    .summary = "a URL that works without credentials",
    .groups = groups,
    .run = run,
};
