/* SPDX-License-Identifier: MIT */
/*
 * Remote sources of a context. `s3:` is read with the context's store. The https URL of an object
 * on Amazon S3 is, too, where that adds something and takes nothing: the policy allows s3 and the
 * bucket, the URL is in the partition of the store, which is Amazon's, and there are keys that need
 * no network to be found. A query (a presigned URL, a version) is the caller's own way in and goes
 * out as it is. All else is plain HTTP.
 */
#include "api/fetcher.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/client.h"
#include "s3/region.h"

typedef struct location {
    char *bucket;
    char *key;
    char *region; /* NULL = the URL says none */
} location;

static void location_free(location *where)
{
    hy_free(where->bucket);
    hy_free(where->key);
    hy_free(where->region);
    *where = (location){0};
}

static bool is_s3(const char *url)
{
    return strncasecmp(url, "s3:", 3) == 0;
}

/* "NAME: TEXT", unless the text begins with the name. */
static hydra_status fail_named(hydra_status status, const char *name, const char *text,
                               hy_diag *diag)
{
    bool named = strncmp(text, name, strlen(name)) == 0;
    return named ? hy_fail(diag, status, "%s", text) : hy_fail(diag, status, "%s: %s", name, text);
}

static bool has_user(const char *url)
{
    const char *authority = strchr(url, ':') + 3;
    return memchr(authority, '@', strcspn(authority, "/")) != NULL;
}

static hydra_status locate(const char *url, const char *name, location *where, hy_diag *diag)
{
    if (has_user(url)) { /* what stands before '@' must not get into a text */
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: a bucket's name has no '@'", name);
    }
    hy_diag found = {0};
    hydra_status status =
        hy_s3_location_parse(url, &where->bucket, &where->key, &where->region, &found);
    return status == HYDRA_OK ? status : fail_named(status, name, found.text, diag);
}

static hydra_status check_bucket(const hydra_context *context, const location *where,
                                 const char *name, hy_diag *diag)
{
    return hy_guard_check_bucket(&context->policy, where->bucket, strlen(where->bucket), name,
                                 diag);
}

/* An s3: URL that the policy allows. Free `where` whatever comes. */
static hydra_status locate_allowed(const hydra_context *context, const char *url, const char *name,
                                   location *where, hy_diag *diag)
{
    hydra_status status = locate(url, name, where, diag);
    return status == HYDRA_OK ? check_bucket(context, where, name, diag) : status;
}

/* ---- Which way ---- */

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

static bool has_keys(const hydra_store_options *store)
{
    if (store->access_key) {
        return true;
    }
    if (store->credentials != HYDRA_CREDENTIALS_CHAIN) {
        return false;
    }
    if (is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY")) {
        return true;
    }
    hy_diag unused = {0};
    char *key = NULL;
    bool found =
        hy_profile_setting(store->profile, "aws_access_key_id", &key, &unused) == HYDRA_OK &&
        key != NULL;
    hy_free(key);
    return found;
}

/*
 * Where a bucket's name means one bucket and keys are known: the domain of the host, and the
 * partition that shares its domain with the first one. "" = not on Amazon S3.
 */
typedef struct partition {
    char domain[32];
    bool is_government;
} partition;

static partition partition_of(const char *url, const char *region)
{
    hy_url parts;
    hy_diag unused = {0};
    partition found = {0};
    if (hy_url_parse(&parts, url, &unused) != HYDRA_OK) {
        return found;
    }
    size_t cut = hy_region_cut_domain(parts.host);
    const char *domain = parts.host + cut + 1;
    if (cut > 0 && strcmp(domain, hy_region_domain(region ? region : "")) == 0 &&
        strlen(domain) < sizeof found.domain) {
        memcpy(found.domain, domain, strlen(domain));
        found.is_government = region && strncmp(region, "us-gov-", 7) == 0;
    }
    hy_url_free(&parts);
    return found;
}

/* The store's keys are for the partition of the store: elsewhere they are unknown, and the same
 * name is somebody else's bucket. */
static bool is_in_partition(hy_s3 *s3, const char *url, const location *where)
{
    location own = {0};
    hy_diag unused = {0};
    char *own_url = hy_s3_object_url(s3, where->bucket, where->key);
    bool same = false;
    if (own_url && locate(own_url, "", &own, &unused) == HYDRA_OK) {
        partition a = partition_of(url, where->region);
        partition b = partition_of(own_url, own.region);
        same = a.domain[0] && strcmp(a.domain, b.domain) == 0 && a.is_government == b.is_government;
    }
    hy_free(own_url);
    location_free(&own);
    return same;
}

/* `where` is filled for every https URL of an object, whatever the answer. */
static bool is_signed(hydra_context *context, const char *url, location *where)
{
    hy_diag unused = {0};
    hy_s3 *s3 = NULL;
    bool has_query = strpbrk(url, "?#") != NULL;
    if (has_query || locate(url, "", where, &unused) != HYDRA_OK ||
        check_bucket(context, where, "", &unused) != HYDRA_OK) {
        return false;
    }
    return (context->policy.schemes & HYDRA_SCHEME_S3) && has_keys(&context->store) &&
           hy_context_s3(context, &s3, &unused) == HYDRA_OK && !hy_s3_is_custom(s3) &&
           is_in_partition(s3, url, where);
}

bool hy_fetcher_signs(hydra_context *context, const char *url)
{
    location where = {0};
    bool signs = is_signed(context, url, &where);
    location_free(&where);
    return signs;
}

/* ---- The seam ---- */

static hydra_status check_url(const hydra_policy *policy, const char *url, const char *name,
                              hy_diag *diag)
{
    hy_url parts = {0};
    hy_diag found = {0};
    hydra_status status = hy_url_parse(&parts, url, &found);
    if (status == HYDRA_OK) {
        status = hy_guard_check_url(policy, &parts, name, &found);
    }
    hy_url_free(&parts);
    return status == HYDRA_OK ? status : fail_named(status, name, found.text, diag);
}

static hydra_status check(const hy_fetcher *fetcher, const char *url, const char *name,
                          hy_diag *diag)
{
    const hydra_context *context = ((const hy_context_fetcher *)fetcher)->context;
    if (!is_s3(url)) {
        return check_url(&context->policy, url, name, diag);
    }
    location where = {0};
    hydra_status status = locate_allowed(context, url, name, &where, diag);
    location_free(&where);
    return status;
}

static hydra_status load_object(hydra_context *context, const location *where, const hy_load *what,
                                hy_buffer *out, hy_diag *diag)
{
    const hy_s3_get_call get = {
        .bucket = where->bucket,
        .key = where->key,
        .length = HYDRA_AUTO,
        .max_bytes = what->max_bytes,
        .cancel = what->cancel,
        .policy = &context->policy,
        .received = what->received,
        .user = what->user,
    };
    hy_diag found = {0};
    hy_s3 *s3 = NULL;
    hydra_status status = hy_context_s3(context, &s3, &found);
    if (status == HYDRA_OK) {
        status = hy_s3_get(s3, &get, out, NULL, &found);
    }
    return status == HYDRA_OK ? status : fail_named(status, what->name, found.text, diag);
}

static hydra_status load_plain(hydra_context *context, const hy_load *what, hy_buffer *out,
                               hy_diag *diag)
{
    const hy_fetch fetch = {
        .url = what->url,
        .name = what->name,
        .policy = &context->policy,
        .max_bytes = what->max_bytes,
        .cancel = what->cancel,
        .quota = &context->quota,
        .received = what->received,
        .user = what->user,
    };
    hy_http *http = NULL;
    hydra_status status = hy_context_http(context, &http, diag);
    return status == HYDRA_OK ? hy_fetch_load(http, &fetch, out, diag) : status;
}

/* The server refuses, not the policy. */
static bool is_refusal(const hy_diag *found)
{
    return found->status == HYDRA_ERR_PERMISSION && strstr(found->text, ": the server answered");
}

static hydra_status load_url(hydra_context *context, const hy_load *what, hy_buffer *out,
                             hy_diag *diag)
{
    location where = {0};
    hy_diag found = {0};
    hydra_status status = is_signed(context, what->url, &where)
                              ? load_object(context, &where, what, out, &found)
                              : load_plain(context, what, out, &found);
    if (where.bucket && is_refusal(&found)) {
        status = hy_fail(diag, status,
                         "%s; without keys only public objects can be read: set AWS_ACCESS_KEY_ID "
                         "and AWS_SECRET_ACCESS_KEY, or write s3://",
                         found.text);
    } else if (status != HYDRA_OK) {
        status = hy_fail(diag, status, "%s", found.text);
    }
    location_free(&where);
    return status;
}

static hydra_status load(const hy_fetcher *fetcher, const hy_load *what, hy_buffer *out,
                         hy_diag *diag)
{
    hydra_context *context = ((const hy_context_fetcher *)fetcher)->context;
    if (!is_s3(what->url)) {
        return load_url(context, what, out, diag);
    }
    location where = {0};
    hydra_status status = locate_allowed(context, what->url, what->name, &where, diag);
    if (status == HYDRA_OK) {
        status = load_object(context, &where, what, out, diag);
    }
    location_free(&where);
    return status;
}

hy_context_fetcher hy_context_fetcher_of(hydra_context *context)
{
    return (hy_context_fetcher){.base = {check, load}, .context = context};
}
