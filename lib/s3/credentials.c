/* SPDX-License-Identifier: MIT */
/*
 * The chain of credential sources, and the keys it gave, shared by all threads of a client. One
 * thread renews them; the others take the old ones while those are valid, and wait otherwise.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "credentials.h"

#define RENEW_BEFORE_S  300
#define AFTER_FAILURE_S 30
#define WAIT_STEP_NS    20000000L /* how soon a cancel is seen */
#define REASON_BYTES    400

struct hy_credentials {
    hy_credentials_options options; /* with strings of our own */
    hy_s3_keys given;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a walk has ended */
    struct {
        hy_s3_keys keys;  /* access_key NULL = none yet, or none that are of use */
        int64_t renew_s;  /* from when on it is worth a walk */
        bool walking;     /* one thread is at it */
        uint64_t outages; /* in which old keys went on, so far */
        hy_diag warning;  /* of the outage that lasts; "" = none does */
        uint64_t walks;   /* that have ended */
        hy_diag failure;  /* of the last one */
    } locked;
};

/* ---- Making ---- */

static hydra_status check(const hy_credentials_options *options, hy_diag *diag)
{
    const hy_s3_keys *keys = options->keys;
    if (options->source == HYDRA_CREDENTIALS_STATIC && !keys) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "credentials: static ones need access_key and secret_key");
    }
    if (options->source != HYDRA_CREDENTIALS_ANONYMOUS && keys &&
        (!keys->access_key || !keys->secret_key)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "credentials: access_key and secret_key are given together");
    }
    return HYDRA_OK;
}

static bool copy_text(const char **text)
{
    const char *copy = *text ? hy_strdup(*text) : NULL;
    bool copied = copy || !*text;
    *text = copy;
    return copied;
}

/* All of them, even after one has failed: none may be left that is not ours. */
static bool copy_texts(hy_credentials_options *options)
{
    bool profile = copy_text(&options->profile);
    bool imds = copy_text(&options->imds_endpoint);
    bool sts = copy_text(&options->sts_endpoint);
    return profile && imds && sts;
}

static hydra_status fill(hy_credentials *c, const hy_credentials_options *options, hy_diag *diag)
{
    c->options = *options;
    c->options.keys = NULL;
    if (!copy_texts(&c->options)) {
        return hy_fail_memory(diag);
    }
    if (!options->keys || options->source == HYDRA_CREDENTIALS_ANONYMOUS) {
        return HYDRA_OK;
    }
    c->options.source = HYDRA_CREDENTIALS_STATIC;
    hydra_status status =
        hy_keys_set(&c->given, options->keys->access_key, options->keys->secret_key,
                    options->keys->session_token, "credentials", diag);
    c->given.expires_s = options->keys->expires_s;
    return status;
}

hydra_status hy_credentials_new(const hy_credentials_options *options, hy_credentials **out,
                                hy_diag *diag)
{
    *out = NULL;
    hydra_status status = check(options, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_credentials *c = hy_calloc(1, sizeof *c);
    if (!c) {
        return hy_fail_memory(diag);
    }
    (void)pthread_mutex_init(&c->lock, NULL);
    (void)pthread_cond_init(&c->changed, NULL);
    status = fill(c, options, diag);
    if (status != HYDRA_OK) {
        hy_credentials_free(c);
        return status;
    }
    *out = c;
    return HYDRA_OK;
}

void hy_credentials_free(hy_credentials *credentials)
{
    if (!credentials) {
        return;
    }
    hy_s3_keys_free(&credentials->given);
    hy_s3_keys_free(&credentials->locked.keys);
    hy_free((void *)(uintptr_t)credentials->options.profile);
    hy_free((void *)(uintptr_t)credentials->options.imds_endpoint);
    hy_free((void *)(uintptr_t)credentials->options.sts_endpoint);
    (void)pthread_cond_destroy(&credentials->changed);
    (void)pthread_mutex_destroy(&credentials->lock);
    hy_free(credentials);
}

/* ---- The chain ---- */

static int64_t now_of(const hy_credentials *c)
{
    return c->options.now ? c->options.now(c->options.now_user) : (int64_t)time(NULL);
}

typedef hydra_status (*key_source)(const hy_key_walk *walk, hy_s3_keys *out, bool *found,
                                   hy_diag *diag);

static hydra_status walk_chain(const hy_key_walk *walk, hy_s3_keys *out, hy_diag *diag)
{
    static const key_source sources[] = {hy_keys_from_env, hy_keys_from_profile, hy_keys_from_web,
                                         hy_keys_from_container, hy_keys_from_imds};
    /* Who names a profile in the options means it, whatever the environment holds. */
    size_t first = walk->options->profile ? 1 : 0;
    for (size_t i = first; i < sizeof sources / sizeof sources[0]; i++) {
        bool found = false;
        hydra_status status = sources[i](walk, out, &found, diag);
        if (status != HYDRA_OK || found) {
            return status;
        }
    }
    return hy_fail(diag, HYDRA_ERR_AUTH, "no credentials: %.*s", (int)walk->skipped->size,
                   (const char *)walk->skipped->data);
}

static hydra_status walk(const hy_credentials *c, const hy_cancel *cancel, hy_s3_keys *out,
                         hy_diag *diag)
{
    hy_buffer skipped = {.limit = REASON_BYTES};
    const hy_key_walk step = {
        .options = &c->options, .cancel = cancel, .now_s = now_of(c), .skipped = &skipped};
    hydra_status status = walk_chain(&step, out, diag);
    hy_buffer_free(&skipped);
    return status;
}

/* ---- Keys that are kept; the lock is held ---- */

static bool is_valid(const hy_s3_keys *keys, int64_t now_s)
{
    return keys->access_key && (keys->expires_s == 0 || keys->expires_s > now_s);
}

/* Keys that come with less than that are renewed half-way, not at each call. */
static int64_t renewal_of(const hy_s3_keys *keys, int64_t now_s)
{
    int64_t left_s = keys->expires_s - now_s;
    if (keys->expires_s == 0) {
        return INT64_MAX;
    }
    return left_s > RENEW_BEFORE_S ? keys->expires_s - RENEW_BEFORE_S : now_s + left_s / 2;
}

static void keep(hy_credentials *c, hy_s3_keys *keys, int64_t now_s)
{
    hy_s3_keys_free(&c->locked.keys);
    c->locked.keys = *keys;
    *keys = (hy_s3_keys){0};
    c->locked.renew_s = renewal_of(&c->locked.keys, now_s);
    hy_diag_clear(&c->locked.warning);
    hy_diag_clear(&c->locked.failure);
}

/* Said once, however often renewing is tried until it works again. */
static void note_failure(hy_credentials *c, const hy_diag *failure, int64_t now_s)
{
    c->locked.failure = *failure;
    c->locked.renew_s = now_s + AFTER_FAILURE_S;
    if (is_valid(&c->locked.keys, now_s) && !c->locked.warning.text[0]) {
        c->locked.outages++;
        (void)hy_fail(&c->locked.warning, failure->status,
                      "credentials were not renewed; the old ones go on for %lld s: %s",
                      (long long)(c->locked.keys.expires_s - now_s), failure->text);
    }
}

/* ---- Getting ---- */

static bool was_stopped(hydra_status status)
{
    return status == HYDRA_ERR_CANCELLED || status == HYDRA_ERR_DEADLINE;
}

/* Walk the chain without the lock, which is held before and after. */
static hydra_status renew(hy_credentials *c, const hy_cancel *cancel, hy_s3_keys *out,
                          hy_diag *diag)
{
    hy_s3_keys keys = {0};
    hy_diag own = {0};
    c->locked.walking = true;
    hy_diag_clear(&c->locked.failure);
    (void)pthread_mutex_unlock(&c->lock);
    hydra_status status = walk(c, cancel, &keys, &own);
    int64_t now_s = now_of(c);
    (void)pthread_mutex_lock(&c->lock);
    if (status == HYDRA_OK) {
        keep(c, &keys, now_s);
    } else if (!was_stopped(status)) {
        note_failure(c, &own, now_s);
    }
    c->locked.walking = false;
    c->locked.walks++;
    (void)pthread_cond_broadcast(&c->changed);
    bool valid = !was_stopped(status) && is_valid(&c->locked.keys, now_s);
    status =
        valid ? hy_s3_keys_copy(out, &c->locked.keys, diag) : hy_fail(diag, status, "%s", own.text);
    return status;
}

/* Until the thread that walks is done, or this one is to stop. */
static hydra_status await(hy_credentials *c, const hy_cancel *cancel, hy_diag *diag)
{
    uint64_t before = c->locked.walks;
    while (c->locked.walks == before) {
        hydra_status status = hy_cancel_check(cancel, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        struct timespec until;
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += WAIT_STEP_NS;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_cond_timedwait(&c->changed, &c->lock, &until);
    }
    return HYDRA_OK;
}

/* The lock is held. */
static hydra_status get_kept(hy_credentials *c, const hy_cancel *cancel, hy_s3_keys *out,
                             hy_diag *diag)
{
    bool waited = false;
    for (;;) {
        int64_t now_s = now_of(c);
        bool valid = is_valid(&c->locked.keys, now_s);
        if (valid && (c->locked.walking || now_s < c->locked.renew_s)) {
            return hy_s3_keys_copy(out, &c->locked.keys, diag);
        }
        /* Who waited for a walk that failed shares its failure: another walk, thread after thread,
         * would only add up the timeouts. */
        if (waited && !valid && !c->locked.walking && c->locked.failure.status != HYDRA_OK) {
            return hy_fail(diag, c->locked.failure.status, "%s", c->locked.failure.text);
        }
        if (!c->locked.walking) {
            return renew(c, cancel, out, diag);
        }
        hydra_status status = await(c, cancel, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        waited = true;
    }
}

/* Keys of the environment are read at each call and never kept. */
static hydra_status get_env(const hy_credentials *c, hy_s3_keys *out, bool *found, hy_diag *diag)
{
    hy_buffer skipped = {.limit = REASON_BYTES};
    const hy_key_walk step = {.options = &c->options, .skipped = &skipped};
    *found = false;
    hydra_status status = c->options.profile ? HYDRA_OK : hy_keys_from_env(&step, out, found, diag);
    hy_buffer_free(&skipped);
    return status;
}

hydra_status hy_credentials_get(hy_credentials *credentials, const hy_cancel *cancel,
                                hy_s3_keys *out, bool *anonymous, hy_diag *diag)
{
    *out = (hy_s3_keys){0};
    *anonymous = credentials->options.source == HYDRA_CREDENTIALS_ANONYMOUS;
    if (*anonymous) {
        return HYDRA_OK;
    }
    if (credentials->options.source == HYDRA_CREDENTIALS_STATIC) {
        return hy_s3_keys_copy(out, &credentials->given, diag);
    }
    hydra_status status = hy_cancel_check(cancel, diag);
    bool found = false;
    if (status == HYDRA_OK) {
        status = get_env(credentials, out, &found, diag);
    }
    if (status != HYDRA_OK || found) {
        return status;
    }
    (void)pthread_mutex_lock(&credentials->lock);
    status = get_kept(credentials, cancel, out, diag);
    (void)pthread_mutex_unlock(&credentials->lock);
    return status;
}

void hy_credentials_reject(hy_credentials *credentials, const hy_s3_keys *stale)
{
    (void)pthread_mutex_lock(&credentials->lock);
    hy_s3_keys *keys = &credentials->locked.keys;
    bool same = keys->access_key && stale->access_key &&
                strcmp(keys->access_key, stale->access_key) == 0 &&
                (!keys->session_token) == (!stale->session_token) &&
                (!keys->session_token || strcmp(keys->session_token, stale->session_token) == 0);
    /* Others than the kept ones: another thread was faster, and the next get brings new ones. */
    if (same) {
        hy_s3_keys_free(keys);
        *keys = (hy_s3_keys){0};
    }
    (void)pthread_mutex_unlock(&credentials->lock);
}

bool hy_credentials_warning(hy_credentials *credentials, uint64_t *seen, char text[HY_DIAG_BYTES])
{
    (void)pthread_mutex_lock(&credentials->lock);
    const hy_diag *warning = &credentials->locked.warning;
    bool is_new = warning->text[0] != '\0' && *seen != credentials->locked.outages;
    if (is_new) {
        *seen = credentials->locked.outages;
        memcpy(text, warning->text, sizeof warning->text);
    }
    (void)pthread_mutex_unlock(&credentials->lock);
    return is_new;
}
