/* SPDX-License-Identifier: MIT */
/* How people name an object: "s3://bucket/key", or the https URL that AWS gives it. Schemes are the
 * same in any case (RFC 3986). */
#include <string.h>
#include <strings.h>

#include "region.h"
#include "s3.h"

static const char S3_SCHEME[] = "s3://";

/* A piece of a text. */
typedef struct span {
    const char *at;
    size_t size;
} span;

static char *copy_span(span text)
{
    char *copy = hy_calloc(text.size + 1, 1);
    if (copy) {
        memcpy(copy, text.at, text.size);
    }
    return copy;
}

static bool span_is(span text, const char *other)
{
    return text.size == strlen(other) && memcmp(text.at, other, text.size) == 0;
}

static bool span_starts(span text, const char *other)
{
    size_t size = strlen(other);
    return text.size >= size && memcmp(text.at, other, size) == 0;
}

/* ---- Hosts of AWS ---- */

/* Take the last label off: "a.b.c" becomes "a.b" and "c" is returned. */
static span take_label(span *host)
{
    size_t at = host->size;
    while (at > 0 && host->at[at - 1] != '.') {
        at--;
    }
    span label = {host->at + at, host->size - at};
    host->size = at > 0 ? at - 1 : 0;
    return label;
}

static bool is_s3(span label)
{
    return span_is(label, "s3") || span_is(label, "s3-fips");
}

/*
 * [BUCKET.]s3[.dualstack].REGION, [BUCKET.]s3, and the old [BUCKET.]s3-REGION; what is left of
 * `host` is the bucket. False: another service, or a kind of address that takes no S3 calls.
 */
static bool read_host(span *host, span *region)
{
    span label = take_label(host);
    *region = (span){NULL, 0};
    if (is_s3(label)) {
        return true;
    }
    if (span_starts(label, "s3-")) {
        *region = (span){label.at + 3, label.size - 3};
        return hy_region_is_valid(region->at, region->size) && !span_starts(*region, "website") &&
               !span_starts(*region, "external");
    }
    *region = label;
    label = take_label(host);
    if (span_is(label, "dualstack")) {
        label = take_label(host);
    }
    return is_s3(label) && hy_region_is_valid(region->at, region->size);
}

/* ---- Locations ---- */

typedef struct location {
    char *bucket;
    char *key;
    char *region;
} location;

static void location_free(location *l)
{
    hy_free(l->bucket);
    hy_free(l->key);
    hy_free(l->region);
    *l = (location){0};
}

/* "BUCKET/KEY" */
static hydra_status split(const char *text, location *out, hy_diag *diag)
{
    const char *slash = strchr(text, '/');
    size_t size = slash ? (size_t)(slash - text) : strlen(text);
    out->bucket = copy_span((span){text, size});
    out->key = hy_strdup(slash ? slash + 1 : "");
    return out->bucket && out->key ? HYDRA_OK : hy_fail_memory(diag);
}

static hydra_status fail_unknown(hy_diag *diag, const char *name)
{
    return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                   "%.200s: it is neither s3://BUCKET/KEY nor the https URL of an object in S3",
                   name);
}

static hydra_status read_url(const hy_url *url, location *out, hy_diag *diag)
{
    span host = {url->host, hy_region_cut_domain(url->host)};
    span region;
    if (strcmp(url->scheme, "https") != 0 || hy_url_port(url) != 443 || host.size == 0 ||
        !read_host(&host, &region)) {
        return fail_unknown(diag, url->host);
    }
    if (url->query) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "%.200s: the URL of an object in S3 must not have a query", url->host);
    }
    if (region.size > 0) {
        out->region = copy_span(region);
        if (!out->region) {
            return hy_fail_memory(diag);
        }
    }
    if (host.size > 0) {
        out->bucket = copy_span(host);
        out->key = hy_strdup(url->path + 1);
    } else if (split(url->path + 1, out, diag) != HYDRA_OK) {
        return diag->status;
    }
    if (!out->bucket || !out->key) {
        return hy_fail_memory(diag);
    }
    return hy_percent_decode(out->key)
               ? HYDRA_OK
               : hy_fail(diag, HYDRA_ERR_ARGUMENT, "%.200s: the path is not percent-encoded",
                         url->host);
}

static hydra_status read_location(const char *text, location *out, hy_diag *diag)
{
    if (strncasecmp(text, S3_SCHEME, sizeof S3_SCHEME - 1) == 0) {
        return split(text + sizeof S3_SCHEME - 1, out, diag);
    }
    if (strncasecmp(text, "https://", 8) != 0) {
        char *shown = hy_url_redacted(text);
        hydra_status status = fail_unknown(diag, shown ? shown : "location");
        hy_free(shown);
        return status;
    }
    hy_url url = {0};
    hydra_status status = hy_url_parse(&url, text, diag);
    if (status == HYDRA_OK) {
        status = read_url(&url, out, diag);
    }
    hy_url_free(&url);
    return status;
}

hydra_status hy_s3_location_parse(const char *text, char **bucket, char **key, char **region,
                                  hy_diag *diag)
{
    location made = {0};
    *bucket = NULL;
    *key = NULL;
    hydra_status status = read_location(text, &made, diag);
    if (status == HYDRA_OK) {
        status = hy_s3_check_bucket(made.bucket, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_s3_check_key(made.key, diag);
    }
    if (region) {
        *region = NULL;
    }
    if (status != HYDRA_OK) {
        location_free(&made);
        return status;
    }
    *bucket = made.bucket;
    *key = made.key;
    if (region) {
        *region = made.region;
    } else {
        hy_free(made.region);
    }
    return HYDRA_OK;
}
