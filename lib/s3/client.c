/* SPDX-License-Identifier: MIT */
/*
 * The client: where its settings come from, and what it learns from the server's answers and keeps
 * for all its calls: the regions of buckets and how far the clocks are apart.
 */
#include "region.h"
#include "s3_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/crypto.h>

#define DEFAULT_REGION "us-east-1"
/* Buckets whose region is kept; more are found out anew. */
#define MAX_PLACES ((size_t)1024)

/* ---- Settings ---- */

/* The first that is set: an environment variable (up to NULL), then the profile's `setting`. */
static hydra_status look_up(const char *const *variables, const char *profile, const char *setting,
                            char **value, hy_diag *diag)
{
    for (; *variables; variables++) {
        const char *text = getenv(*variables);
        if (text && *text) {
            *value = hy_strdup(text);
            return *value ? HYDRA_OK : hy_fail_memory(diag);
        }
    }
    return hy_profile_setting(profile, setting, value, diag);
}

static hydra_status find_region(hy_s3 *s3, const hydra_store_options *options, hy_diag *diag)
{
    static const char *const variables[] = {"AWS_REGION", "AWS_DEFAULT_REGION", NULL};
    char *region = NULL;
    if (options->region) {
        region = hy_strdup(options->region);
    } else {
        hydra_status status = look_up(variables, options->profile, "region", &region, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    if (!region && !options->region) {
        region = hy_strdup(DEFAULT_REGION);
    }
    s3->endpoint.region = region;
    return region ? HYDRA_OK : hy_fail_memory(diag);
}

/* `text` in its plain form: checked, without a '/' at the end. `name` is where it stands. */
static hydra_status set_base(hy_s3 *s3, const char *text, const char *name, hy_diag *diag)
{
    hy_url url = {0};
    hy_diag cause = {0};
    hydra_status status = hy_url_parse(&url, text, &cause);
    if (status != HYDRA_OK) {
        return hy_fail(diag, status, "%s: %s", name, cause.text);
    }
    if (url.query) {
        status = hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s has a query", name);
    } else {
        s3->endpoint.base = hy_url_text(&url);
        status = s3->endpoint.base ? HYDRA_OK : hy_fail_memory(diag);
    }
    hy_url_free(&url);
    size_t length = s3->endpoint.base ? strlen(s3->endpoint.base) : 0;
    while (length > 0 && s3->endpoint.base[length - 1] == '/') {
        s3->endpoint.base[--length] = '\0';
    }
    return status;
}

static hydra_status find_endpoint(hy_s3 *s3, const hydra_store_options *options, hy_diag *diag)
{
    static const char *const variables[] = {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", NULL};
    if (options->endpoint) {
        return set_base(s3, options->endpoint, "store.endpoint", diag);
    }
    char *text = NULL;
    hydra_status status =
        look_up(variables, options->profile, "services/s3 endpoint_url", &text, diag);
    if (status == HYDRA_OK && !text) {
        status = hy_profile_setting(options->profile, "endpoint_url", &text, diag);
    }
    if (status == HYDRA_OK && text) {
        status = set_base(s3, text, "endpoint URL of the environment or the profile", diag);
    }
    hy_free(text);
    return status;
}

/* A program that brings its own keys does not depend on files of a user's. */
static hydra_status find_checksum(hy_s3 *s3, const hydra_store_options *options, hy_diag *diag)
{
    static const char *const variables[] = {"AWS_REQUEST_CHECKSUM_CALCULATION", NULL};
    const char *set = getenv(variables[0]);
    char *text = NULL;
    hydra_status status = HYDRA_OK;
    s3->checksum = options->checksum;
    if (options->checksum == HYDRA_CHECKSUM_AUTO &&
        ((set && *set) || !options->access_key || options->profile)) {
        status = look_up(variables, options->profile, "request_checksum_calculation", &text, diag);
    }
    if (text && strcasecmp(text, "when_required") == 0) {
        s3->checksum = HYDRA_CHECKSUM_REQUIRED;
    } else if (text && strcasecmp(text, "when_supported") != 0) {
        status = hy_fail(diag, HYDRA_ERR_ARGUMENT,
                         "AWS_REQUEST_CHECKSUM_CALCULATION or the profile's "
                         "request_checksum_calculation is neither when_supported nor "
                         "when_required");
    }
    hy_free(text);
    return status;
}

static hydra_status find_credentials(hy_s3 *s3, const hydra_store_options *options, hy_diag *diag)
{
    hy_s3_keys keys = {0};
    if (options->access_key) {
        keys.access_key = hy_strdup(options->access_key);
        keys.secret_key = hy_strdup(options->secret_key);
        keys.session_token = options->session_token ? hy_strdup(options->session_token) : NULL;
        if (!keys.access_key || !keys.secret_key ||
            (options->session_token && !keys.session_token)) {
            hy_s3_keys_free(&keys);
            return hy_fail_memory(diag);
        }
    }
    const hy_credentials_options from = {
        .source = options->access_key ? HYDRA_CREDENTIALS_STATIC : options->credentials,
        .keys = options->access_key ? &keys : NULL,
        .profile = options->profile,
        .http = s3->http,
    };
    hydra_status status = hy_credentials_new(&from, &s3->credentials, diag);
    hy_s3_keys_free(&keys);
    return status;
}

static hydra_status set_up(hy_s3 *s3, const hydra_store_options *options, hy_diag *diag)
{
    s3->max_tries = options->max_tries;
    s3->insecure = options->insecure != 0;
    s3->endpoint.addressing = options->addressing;
    s3->endpoint.dual_stack = options->dual_stack != 0;
    s3->endpoint.fips = options->fips != 0;
    hy_retry_quota_init(&s3->quota);
    hydra_status status = find_region(s3, options, diag);
    if (status == HYDRA_OK) {
        status = find_endpoint(s3, options, diag);
    }
    if (status == HYDRA_OK) {
        status = find_checksum(s3, options, diag);
    }
    return status == HYDRA_OK ? find_credentials(s3, options, diag) : status;
}

hydra_status hy_s3_new(const hydra_store_options *options, hy_http *http, hy_s3 **out,
                       hy_diag *diag)
{
    *out = NULL;
    hydra_store_options defaults;
    hy_s3_store_defaults(&defaults);
    const hydra_store_options *with = options ? options : &defaults;
    hydra_status status = hy_s3_store_check(with, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_s3 *s3 = hy_calloc(1, sizeof *s3);
    if (!s3 || pthread_mutex_init(&s3->lock, NULL) != 0) {
        hy_free(s3);
        return hy_fail_memory(diag);
    }
    s3->http = http;
    status = set_up(s3, with, diag);
    if (status != HYDRA_OK) {
        hy_s3_free(s3);
        return status;
    }
    *out = s3;
    return HYDRA_OK;
}

void hy_s3_free(hy_s3 *s3)
{
    if (!s3) {
        return;
    }
    hy_credentials_free(s3->credentials);
    hy_free(s3->endpoint.base);
    hy_free(s3->endpoint.region);
    hy_free(s3->locked.places);
    (void)pthread_mutex_destroy(&s3->lock);
    hy_free(s3);
}

bool hy_s3_warning(hy_s3 *s3, uint64_t *seen, char text[HY_DIAG_BYTES])
{
    return hy_credentials_warning(s3->credentials, seen, text);
}

void hy_s3_secret_free(char *secret)
{
    if (secret) {
        OPENSSL_cleanse(secret, strlen(secret));
        hy_free(secret);
    }
}

/* ---- Clocks ---- */

static int64_t local_time_s(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

int64_t hy_s3_now(hy_s3 *s3)
{
    (void)pthread_mutex_lock(&s3->lock);
    int64_t offset_s = s3->locked.clock_offset_s;
    (void)pthread_mutex_unlock(&s3->lock);
    return local_time_s() + offset_s;
}

void hy_s3_set_now(hy_s3 *s3, int64_t server_s)
{
    (void)pthread_mutex_lock(&s3->lock);
    s3->locked.clock_offset_s = server_s - local_time_s();
    (void)pthread_mutex_unlock(&s3->lock);
}

/* ---- Regions ---- */

/* Under the lock. */
static hy_s3_place *find_place(hy_s3 *s3, const char *bucket)
{
    for (size_t i = 0; i < s3->locked.place_count; i++) {
        if (strcmp(s3->locked.places[i].bucket, bucket) == 0) {
            return &s3->locked.places[i];
        }
    }
    return NULL;
}

/* Under the lock. NULL: no room, no memory, or no name of a bucket. */
static hy_s3_place *add_place(hy_s3 *s3, const char *bucket)
{
    size_t count = s3->locked.place_count;
    if (count >= MAX_PLACES || strlen(bucket) >= sizeof(((hy_s3_place *)NULL)->bucket)) {
        return NULL;
    }
    hy_s3_place *places = hy_realloc_array(s3->locked.places, count + 1, sizeof *places);
    if (!places) {
        return NULL;
    }
    s3->locked.places = places;
    s3->locked.place_count++;
    memcpy(places[count].bucket, bucket, strlen(bucket) + 1);
    return &places[count];
}

void hy_s3_region_of(hy_s3 *s3, const char *bucket, char region[HY_S3_REGION_BYTES])
{
    const char *from = s3->endpoint.region;
    (void)pthread_mutex_lock(&s3->lock);
    const hy_s3_place *place = find_place(s3, bucket);
    from = place ? place->region : from;
    size_t length = strnlen(from, HY_S3_REGION_BYTES - 1);
    memcpy(region, from, length);
    region[length] = '\0';
    (void)pthread_mutex_unlock(&s3->lock);
}

bool hy_s3_learn_region(hy_s3 *s3, const char *bucket, const char *region)
{
    if (!hy_region_is_valid(region, strlen(region))) {
        return false;
    }
    (void)pthread_mutex_lock(&s3->lock);
    hy_s3_place *place = find_place(s3, bucket);
    place = place ? place : add_place(s3, bucket);
    if (place) {
        memcpy(place->region, region, strlen(region) + 1);
    }
    (void)pthread_mutex_unlock(&s3->lock);
    return true;
}

/* ---- Addresses ---- */

hydra_status hy_s3_locate(hy_s3 *s3, const char *bucket, const char *key, const char *region,
                          hy_s3_address *address, hy_diag *diag)
{
    char name[HY_S3_REGION_BYTES] = "";
    memcpy(name, region, strnlen(region, sizeof name - 1));
    hy_s3_endpoint endpoint = s3->endpoint;
    endpoint.region = name;
    return hy_s3_address_find(&endpoint, bucket, key, address, diag);
}

bool hy_s3_is_tls(const hy_s3_address *address)
{
    return strncmp(address->origin, "https:", 6) == 0;
}

bool hy_s3_is_custom(const hy_s3 *s3)
{
    return s3->endpoint.base != NULL;
}
