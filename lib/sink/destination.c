/* SPDX-License-Identifier: MIT */
/* What the text of a destination means. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink.h"

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static hydra_status parse_path(hy_destination *out, const char *text, hy_diag *diag)
{
    struct stat info;
    hydra_status status = hy_path_from_uri(&out->path, text, "destination", diag);
    if (status == HYDRA_OK && stat(out->path, &info) == 0 && S_ISFIFO(info.st_mode)) {
        out->kind = HY_DESTINATION_FIFO;
    }
    return status;
}

/* Schemes are the same in any case (RFC 3986). */
static bool has_scheme(const char *text, const char *scheme)
{
    return text && strncasecmp(text, scheme, strlen(scheme)) == 0;
}

static hydra_status take_url(hy_destination *out, hy_destination_kind kind, const char *text,
                             hy_diag *diag)
{
    out->kind = kind;
    out->url = hy_strdup(text);
    return out->url ? HYDRA_OK : hy_fail_memory(diag);
}

hydra_status hy_destination_parse(hy_destination *out, const char *text, hy_diag *diag)
{
    *out = (hy_destination){.kind = HY_DESTINATION_FILE, .fd = -1};
    if (text && strcmp(text, "-") == 0) {
        out->kind = HY_DESTINATION_STDOUT;
        out->fd = STDOUT_FILENO;
        return HYDRA_OK;
    }
    if (text && starts_with(text, "fd:")) {
        out->kind = HY_DESTINATION_FD;
        out->fd = (int)hy_decimal_parse(text + 3, INT32_MAX);
        return out->fd >= 0 ? HYDRA_OK
                            : hy_fail(diag, HYDRA_ERR_ARGUMENT,
                                      "%s: not the number of a file descriptor", text);
    }
    if (text && starts_with(text, "pull:")) {
        out->kind = HY_DESTINATION_PULL;
        return text[5] == '\0'
                   ? HYDRA_OK
                   : hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: nothing may follow pull:", text);
    }
    if (has_scheme(text, "s3://")) {
        return take_url(out, HY_DESTINATION_S3, text, diag);
    }
    if (has_scheme(text, "https://") || has_scheme(text, "http://")) {
        return take_url(out, HY_DESTINATION_PUT, text, diag);
    }
    return parse_path(out, text, diag);
}

hydra_status hy_destination_check(const hy_destination *destination, const hydra_policy *policy,
                                  hy_diag *diag)
{
    static const char *const names[] = {"file:", "http:", "https:", "s3:"};
    int32_t scheme = 0; /* its place in `names`, which is that of its bit */
    switch (destination->kind) {
    case HY_DESTINATION_FILE:
    case HY_DESTINATION_FIFO:
        break;
    case HY_DESTINATION_S3:
        scheme = 3;
        break;
    case HY_DESTINATION_PUT:
        scheme = has_scheme(destination->url, "https:") ? 2 : 1;
        break;
    default:
        return HYDRA_OK;
    }
    if (!(policy->schemes & 1 << scheme)) {
        return hy_fail(diag, HYDRA_ERR_PERMISSION,
                       "destination: the policy does not allow %s (policy.schemes)", names[scheme]);
    }
    if (destination->kind != HY_DESTINATION_S3) {
        return HYDRA_OK;
    }
    const char *bucket = destination->url + strlen("s3://");
    return hy_guard_check_bucket(policy, bucket, strcspn(bucket, "/"), "destination", diag);
}

void hy_destination_free(hy_destination *destination)
{
    hy_free(destination->path);
    hy_free_secret(destination->url);
    *destination = (hy_destination){.kind = HY_DESTINATION_FILE, .fd = -1};
}
