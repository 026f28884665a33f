/* SPDX-License-Identifier: MIT */
/*
 * Fetches URLs as a job does. Each argument is a word, obeyed in order: "service", "local" (the
 * policy begins anew from a preset), "plain" (http is allowed), "network=", "host=", "max=",
 * "redirects=", "header=NAME:VALUE", "ca=", "proxy=", "connect_ms=", "stall_ms=", "log" (to
 * stderr), "fresh" (no connection or address is kept), and "get=URL". A get prints a line: the
 * status, the bytes that came, their SHA-256 or "-", the most memory so far in KiB, the error text.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "net/net.h"
#include "s3/s3.h"

#define MAX_LISTED 16

typedef struct driver {
    hydra_policy policy;
    const char *networks[MAX_LISTED];
    const char *hosts[MAX_LISTED];
    hy_http_options options;
    hy_http *http; /* NULL = made for the next get */
    hy_http_headers headers;
    int64_t max_bytes;
    int64_t received;
    hy_diag diag;
} driver;

static void on_log(void *user, const char *line)
{
    (void)user;
    (void)fprintf(stderr, "%s\n", line);
}

static void on_received(void *user, int64_t bytes, int64_t total)
{
    driver *d = user;
    (void)total;
    d->received = bytes;
}

/* The part of `word` behind `name`, or NULL: it is another word. */
static const char *value_of(const char *word, const char *name)
{
    size_t size = strlen(name);
    return strncmp(word, name, size) == 0 ? word + size : NULL;
}

static void forget_client(driver *d)
{
    hy_http_free(d->http);
    d->http = NULL;
}

static bool list(const char **items, int32_t *count, const char *value)
{
    if (*count >= MAX_LISTED) {
        return false;
    }
    items[(*count)++] = value;
    return true;
}

static bool add_header(driver *d, const char *value)
{
    const char *colon = strchr(value, ':');
    char *name = colon ? hy_strdup(value) : NULL;
    if (!name) {
        return false;
    }
    name[colon - value] = '\0';
    hydra_status status = hy_http_headers_add(&d->headers, name, colon + 1, &d->diag);
    hy_free(name);
    return status == HYDRA_OK;
}

static hydra_status load(driver *d, const char *url, hy_buffer *out)
{
    const hy_fetch fetch = {
        .url = url,
        .headers = &d->headers,
        .policy = &d->policy,
        .max_bytes = d->max_bytes,
        .received = on_received,
        .user = d,
    };
    d->received = 0;
    hydra_status status = d->http ? HYDRA_OK : hy_http_new(&d->options, &d->http, &d->diag);
    return status == HYDRA_OK ? hy_fetch_load(d->http, &fetch, out, &d->diag) : status;
}

static bool get(driver *d, const char *url)
{
    hy_buffer bytes = {0};
    struct rusage used = {0};
    char digest[65] = "-";
    hydra_status status = load(d, url, &bytes);
    if (status == HYDRA_OK) {
        d->received = (int64_t)bytes.size;
        status = hy_sha256_hex(bytes.data, bytes.size, digest, &d->diag);
    }
    (void)getrusage(RUSAGE_SELF, &used);
    printf("%s %" PRId64 " %s %ld %s\n", hydra_status_name(status), d->received, digest,
           used.ru_maxrss, status == HYDRA_OK ? "" : d->diag.text);
    hy_buffer_free(&bytes);
    hy_diag_clear(&d->diag);
    return fflush(stdout) == 0;
}

static bool begin_policy(driver *d, int32_t preset)
{
    hydra_status status = hydra_policy_preset(&d->policy, preset);
    d->policy.networks = d->networks;
    d->policy.hosts = d->hosts;
    return status == HYDRA_OK;
}

static bool obey_policy(driver *d, const char *word)
{
    const char *value;
    hydra_policy *policy = &d->policy;
    if (strcmp(word, "service") == 0) {
        return begin_policy(d, HYDRA_POLICY_SERVICE);
    }
    if (strcmp(word, "local") == 0) {
        return begin_policy(d, HYDRA_POLICY_LOCAL);
    }
    if (strcmp(word, "plain") == 0) {
        policy->schemes |= HYDRA_SCHEME_HTTP;
        return true;
    }
    if ((value = value_of(word, "network=")) != NULL) {
        return list(d->networks, &policy->network_count, value);
    }
    if ((value = value_of(word, "host=")) != NULL) {
        return list(d->hosts, &policy->host_count, value);
    }
    if ((value = value_of(word, "redirects=")) != NULL) {
        policy->max_redirects = (int32_t)strtol(value, NULL, 10);
        return true;
    }
    return false;
}

/* What a client is made with: the next get makes a new one. */
static bool obey_client(driver *d, const char *word)
{
    const char *value;
    if (strcmp(word, "log") == 0) {
        d->options.log = on_log;
    } else if ((value = value_of(word, "ca=")) != NULL) {
        d->options.ca_file = value;
    } else if ((value = value_of(word, "proxy=")) != NULL) {
        d->options.proxy = value;
    } else if ((value = value_of(word, "connect_ms=")) != NULL) {
        d->options.connect_us = strtoll(value, NULL, 10) * 1000;
    } else if ((value = value_of(word, "stall_ms=")) != NULL) {
        d->options.stall_us = strtoll(value, NULL, 10) * 1000;
    } else if (strcmp(word, "fresh") != 0) {
        return false;
    }
    forget_client(d);
    return true;
}

static bool obey(driver *d, const char *word)
{
    const char *value;
    if ((value = value_of(word, "get=")) != NULL) {
        return get(d, value);
    }
    if ((value = value_of(word, "max=")) != NULL) {
        d->max_bytes = strtoll(value, NULL, 10);
        return true;
    }
    if ((value = value_of(word, "header=")) != NULL) {
        return add_header(d, value);
    }
    return obey_policy(d, word) || obey_client(d, word);
}

int main(int count, char **words)
{
    driver d = {.max_bytes = 1 << 20};
    bool good = begin_policy(&d, HYDRA_POLICY_LOCAL);
    for (int i = 1; good && i < count; i++) {
        good = obey(&d, words[i]);
        if (!good) {
            (void)fprintf(stderr, "not understood: argument %d\n", i);
        }
    }
    forget_client(&d);
    hy_http_headers_free(&d.headers);
    return good ? 0 : 2;
}
