/* SPDX-License-Identifier: MIT */
/*
 * The HTTP client: its settings, and the curl handles that wait for the next call with their
 * connections open. No thread of ours: a connection that the server closes meanwhile is noticed
 * when it is used again. A handle goes only to calls whose policy allows the same networks, so that
 * no connection made under a laxer one is used under a stricter.
 */
#include <stdlib.h>
#include <string.h>

#include "http_private.h"

#define MAX_IDLE         16
#define MAX_IDLE_SOCKETS 16 /* of all of them */
#define MAX_CONNECTIONS  8  /* of one handle: the servers that it remembers */

#define CONNECT_US    INT64_C(10000000)
#define FIRST_BYTE_US INT64_C(60000000)
#define STALL_US      INT64_C(30000000)

/* Thread-safe since libcurl 7.84. Never undone: the host may use libcurl, too. */
static pthread_once_t curl_once = PTHREAD_ONCE_INIT;
static CURLcode curl_ready = CURLE_FAILED_INIT;

static void init_curl(void)
{
    curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* ---- Handles ---- */

/* While libcurl closes what a multi handle kept open it ignores SIGPIPE, and then gives back what
 * was set before: two at once could give back each other's. */
static pthread_mutex_t closing = PTHREAD_MUTEX_INITIALIZER;

static void slot_free(hy_http_slot *slot)
{
    if (slot->easy) {
        (void)curl_easy_setopt(slot->easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_cleanup(slot->easy);
    }
    if (slot->multi) {
        (void)pthread_mutex_lock(&closing);
        (void)curl_multi_cleanup(slot->multi);
        (void)pthread_mutex_unlock(&closing);
    }
    hy_free(slot->key);
    hy_free(slot);
}

/* Text that is the same for policies that allow the same networks. */
static char *make_key(const hydra_policy *policy)
{
    hy_buffer key = {.limit = SIZE_MAX};
    bool is_open = !policy || policy->private_networks;
    bool fits = hy_buffer_print(&key, is_open ? "any" : "public");
    for (int32_t i = 0; !is_open && i < policy->network_count; i++) {
        fits = fits && hy_buffer_print(&key, ",%s", policy->networks[i]);
    }
    if (!fits || !hy_buffer_append(&key, "", 1)) {
        hy_buffer_free(&key);
    }
    return (char *)key.data;
}

/* Takes `key`. */
static hy_http_slot *slot_new(char *key)
{
    hy_http_slot *slot = hy_calloc(1, sizeof *slot);
    if (!slot) {
        hy_free(key);
        return NULL;
    }
    slot->key = key;
    slot->multi = curl_multi_init();
    slot->easy = curl_easy_init();
    if (!slot->multi || !slot->easy) {
        slot_free(slot);
        return NULL;
    }
    (void)curl_multi_setopt(slot->multi, CURLMOPT_MAXCONNECTS, (long)MAX_CONNECTIONS);
    return slot;
}

hy_http_slot *hy_http_slot_take(hy_http *http, const hydra_policy *policy)
{
    char *key = make_key(policy);
    if (!key) {
        return NULL;
    }
    (void)pthread_mutex_lock(&http->lock);
    hy_http_slot **at = &http->locked.idle;
    while (*at && strcmp((*at)->key, key) != 0) {
        at = &(*at)->next;
    }
    hy_http_slot *slot = *at;
    if (slot) {
        *at = slot->next;
        slot->next = NULL;
    }
    (void)pthread_mutex_unlock(&http->lock);
    if (!slot) {
        return slot_new(key);
    }
    hy_free(key);
    return slot;
}

/* Under the lock: cut off those that are one too many, or hold connections that are, the oldest. */
static hy_http_slot *take_surplus(hy_http *http)
{
    int slots = 0;
    int sockets = 0;
    hy_http_slot **at = &http->locked.idle;
    for (; *at; at = &(*at)->next) {
        slots++;
        sockets += (*at)->sockets;
        if (slots > MAX_IDLE || sockets > MAX_IDLE_SOCKETS) {
            break;
        }
    }
    hy_http_slot *surplus = *at;
    *at = NULL;
    return surplus;
}

static void free_slots(hy_http_slot *slot)
{
    while (slot) {
        hy_http_slot *next = slot->next;
        slot_free(slot);
        slot = next;
    }
}

void hy_http_slot_give(hy_http *http, hy_http_slot *slot)
{
    (void)pthread_mutex_lock(&http->lock);
    slot->next = http->locked.idle;
    http->locked.idle = slot;
    hy_http_slot *surplus = take_surplus(http);
    (void)pthread_mutex_unlock(&http->lock);
    free_slots(surplus);
}

/* ---- Settings ---- */

static int64_t or_default(int64_t given, int64_t otherwise)
{
    return given > 0 ? given : otherwise;
}

/* From the options or the environment; NULL = the system's. */
static const char *choose_ca_file(const hy_http_options *options)
{
    const char *file = options->ca_file;
    const char *const names[] = {"AWS_CA_BUNDLE", "SSL_CERT_FILE"};
    for (size_t i = 0; !file && i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        file = value && value[0] != '\0' ? value : NULL;
    }
    return file;
}

static hydra_status take_options(hy_http *http, const hy_http_options *options, hy_diag *diag)
{
    const char *ca_file = choose_ca_file(options);
    http->insecure = options->insecure;
    http->connect_us = or_default(options->connect_us, CONNECT_US);
    http->first_byte_us = or_default(options->first_byte_us, FIRST_BYTE_US);
    http->stall_us = or_default(options->stall_us, STALL_US);
    http->log = options->log;
    http->log_user = options->log_user;
    http->ca_file = ca_file ? hy_strdup(ca_file) : NULL;
    if (ca_file && !http->ca_file) {
        return hy_fail_memory(diag);
    }
    return hy_proxy_init(&http->proxy, options->proxy, diag);
}

hydra_status hy_http_new(const hy_http_options *options, hy_http **out, hy_diag *diag)
{
    const hy_http_options defaults = {0};
    *out = NULL;
    if (pthread_once(&curl_once, init_curl) != 0 || curl_ready != CURLE_OK) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "libcurl could not be initialised");
    }
    hy_http *http = hy_calloc(1, sizeof *http);
    if (!http) {
        return hy_fail_memory(diag);
    }
    if (pthread_mutex_init(&http->lock, NULL) != 0) {
        hy_free(http);
        return hy_fail_memory(diag);
    }
    hydra_status status = take_options(http, options ? options : &defaults, diag);
    if (status != HYDRA_OK) {
        hy_http_free(http);
        return status;
    }
    *out = http;
    return HYDRA_OK;
}

void hy_http_free(hy_http *http)
{
    if (!http) {
        return;
    }
    free_slots(http->locked.idle);
    (void)pthread_mutex_destroy(&http->lock);
    hy_proxy_free(&http->proxy);
    hy_free(http->ca_file);
    hy_free(http);
}
