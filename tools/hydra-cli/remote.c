/* SPDX-License-Identifier: MIT */
/* What the verbs that speak to a server share: options, names, results, exit codes. */
#include "remote.h"

#include "json.h"
#include "message.h"
#include "number.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIELD(name)  offsetof(cli_settings, name)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const arg_word addressing_words[] = {
    {"auto", HYDRA_ADDRESSING_AUTO},
    {"virtual", HYDRA_ADDRESSING_VIRTUAL},
    {"path", HYDRA_ADDRESSING_PATH},
    {NULL, 0},
};

static bool parse_presign(const char *text, void *target)
{
    return number_duration_s(text, &((cli_settings *)target)->transfer.presign_s);
}

static const arg_option store_options[] = {
    {.name = "region",
     .value = "NAME",
     .help = "region of the bucket (default: as the environment says)",
     .kind = ARG_TEXT,
     .offset = FIELD(store.region)},
    {.name = "endpoint",
     .value = "URL",
     .help = "of a server that is not Amazon's",
     .kind = ARG_TEXT,
     .offset = FIELD(store.endpoint)},
    {.name = "aws-profile",
     .value = "NAME",
     .help = "profile with credentials and region",
     .kind = ARG_TEXT,
     .offset = FIELD(store.profile)},
    {.name = "addressing",
     .value = "HOW",
     .help = "the bucket in the host name or in the path (default auto):",
     .kind = ARG_WORD,
     .offset = FIELD(store.addressing),
     .words = addressing_words},
    {.name = "ca-file",
     .value = "FILE",
     .help = "certificates to trust, PEM",
     .kind = ARG_TEXT,
     .offset = FIELD(store.ca_file)},
    {.name = "anonymous",
     .help = "without credentials: public buckets",
     .kind = ARG_SET,
     .offset = FIELD(store.credentials),
     .set_to = HYDRA_CREDENTIALS_ANONYMOUS},
};

static const arg_option transfer_options[] = {
    {.name = "content-type",
     .value = "TYPE",
     .help = "of the object (default video/mp4 for MP4)",
     .kind = ARG_TEXT,
     .offset = FIELD(transfer.content_type)},
    {.name = "cache-control",
     .value = "TEXT",
     .help = "such as max-age=3600",
     .kind = ARG_TEXT,
     .offset = FIELD(transfer.cache_control)},
    {.name = "acl",
     .value = "NAME",
     .help = "such as public-read",
     .kind = ARG_TEXT,
     .offset = FIELD(transfer.acl)},
    {.name = "storage-class",
     .value = "NAME",
     .help = "such as STANDARD_IA",
     .kind = ARG_TEXT,
     .offset = FIELD(transfer.storage_class)},
    {.name = "presign",
     .value = "TIME",
     .help = "print a URL that can be read without credentials for 15m, 1h, 7d",
     .kind = ARG_CUSTOM,
     .parse = parse_presign,
     .expected = "a time from 1s to 7d, such as 15m, 1h or 3600"},
};

const arg_group remote_store = {"Storage", store_options, COUNT(store_options)};
const arg_group remote_transfer = {"Objects", transfer_options, COUNT(transfer_options)};

bool remote_is_store(const char *name)
{
    return strncasecmp(name, "s3://", 5) == 0;
}

bool remote_is_remote(const char *name)
{
    return remote_is_store(name) || strncasecmp(name, "http://", 7) == 0 ||
           strncasecmp(name, "https://", 8) == 0;
}

const char *remote_shown(const char *name, char shown[REMOTE_SHOWN_BYTES])
{
    if (!remote_is_remote(name) || remote_is_store(name)) {
        return name;
    }
    (void)snprintf(shown, REMOTE_SHOWN_BYTES, "%.*s", (int)strcspn(name, "?#"), name);
    return shown;
}

void remote_transfer_options(const cli_settings *settings, hydra_transfer_options *out)
{
    *out = settings->transfer;
    out->when_exists =
        settings->overwrite == CLI_OVERWRITE_YES ? HYDRA_EXISTS_REPLACE : HYDRA_EXISTS_FAIL;
}

int remote_open(const cli_settings *settings, hydra_store **out)
{
    hydra_status status = hydra_store_new(NULL, &settings->store, out);
    if (status == HYDRA_OK) {
        return CLI_OK;
    }
    return status == HYDRA_ERR_ARGUMENT
               ? cli_usage(settings->verb, REMOTE_BAD_OPTIONS)
               : cli_fail(settings, CLI_FAILED, status, hydra_status_text(status));
}

void remote_warn(const cli_settings *settings, const hydra_store *store)
{
    const char *text = hydra_store_warning(store);
    if (*text && !settings->quiet) {
        cli_warn(text);
    }
}

int remote_output_code(const cli_settings *settings, hydra_status status)
{
    switch (status) {
    case HYDRA_ERR_NOT_FOUND:
    case HYDRA_ERR_PERMISSION:
    case HYDRA_ERR_NETWORK:
    case HYDRA_ERR_TIMEOUT:
    case HYDRA_ERR_AUTH:
    case HYDRA_ERR_SERVER:
    case HYDRA_ERR_EXISTS:
    case HYDRA_ERR_VERIFY:
        return CLI_OUTPUT;
    default:
        return cli_code(settings, status);
    }
}

static void text_if_any(json_writer *json, const char *key, const char *value)
{
    if (*value) {
        json_text(json, key, value);
    }
}

void remote_print_json(json_writer *json, const hydra_object *object)
{
    json_open(json, "object", '{');
    json_text(json, "bucket", object->bucket);
    json_text(json, "key", object->key);
    json_text(json, "url", object->url);
    text_if_any(json, "presigned_url", object->presigned_url);
    json_integer(json, "bytes", object->bytes);
    json_integer(json, "parts", object->parts);
    json_integer(json, "retries", object->retries);
    json_bool(json, "verified", object->verified != 0);
    if (object->url_ready_us >= 0) {
        json_integer(json, "url_ready_us", object->url_ready_us);
    }
    text_if_any(json, "etag", object->etag);
    text_if_any(json, "version_id", object->version_id);
    text_if_any(json, "checksum", object->checksum);
    text_if_any(json, "content_type", object->content_type);
    json_close(json, '}');
}

static void print_line(const char *name, const char *value)
{
    if (*value) {
        printf("  %-12s ", name);
        cli_print_clean(stdout, value);
        printf("\n");
    }
}

void remote_print_table(const hydra_object *object)
{
    printf("  %-12s %lld bytes", "object", (long long)object->bytes);
    if (object->parts > 0) {
        printf(" in %d parts", object->parts);
    }
    if (object->retries > 0) {
        printf(", %d request%s made again", object->retries, object->retries == 1 ? "" : "s");
    }
    printf("%s\n", object->verified ? ", compared with the server's" : "");
    print_line("url", object->url);
    print_line("presigned", object->presigned_url);
}
