/* SPDX-License-Identifier: MIT */
/*
 * Which servers a job may reach. Names are checked before anything is asked for; what counts in the
 * end is the address that a socket is about to connect to, so neither DNS nor odd spellings of
 * numbers nor redirects lead past it.
 */
#include "net.h"

#include <string.h>

#include "address.h"

/* ---- Names ---- */

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

bool hy_guard_host_is_valid(const char *host)
{
    hy_address address;
    size_t size = strlen(host);
    if (hy_address_parse(&address, host)) {
        return true;
    }
    if (size < 1 || size > 255 || host[size - 1] == '.') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!is_host_char(host[i]) || (host[i] == '.' && host[i + 1] == '.')) {
            return false;
        }
    }
    return true;
}

bool hy_guard_network_is_valid(const char *network)
{
    hy_network parsed;
    return hy_network_parse(&parsed, network);
}

static bool same_letters(const char *a, const char *b, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char x = a[i] >= 'A' && a[i] <= 'Z' ? (char)(a[i] + 32) : a[i];
        char y = b[i] >= 'A' && b[i] <= 'Z' ? (char)(b[i] + 32) : b[i];
        if (x != y) {
            return false;
        }
    }
    return true;
}

/* "cdn.example.com" is itself, ".example.com" is that and all below it. The root's dot at the end
 * of a host changes nothing. */
static bool host_matches(const char *pattern, const char *host)
{
    size_t pattern_size = strlen(pattern);
    size_t size = strlen(host);
    size -= size > 0 && host[size - 1] == '.';
    if (pattern[0] != '.') {
        return size == pattern_size && same_letters(pattern, host, size);
    }
    if (size + 1 == pattern_size) {
        return same_letters(pattern + 1, host, size);
    }
    return size >= pattern_size && same_letters(pattern, host + size - pattern_size, pattern_size);
}

static bool host_is_allowed(const hydra_policy *policy, const char *host)
{
    if (!policy || policy->host_count == 0) {
        return true;
    }
    for (int32_t i = 0; i < policy->host_count; i++) {
        if (host_matches(policy->hosts[i], host)) {
            return true;
        }
    }
    return false;
}

hydra_status hy_guard_check_host(const hydra_policy *policy, const char *host, const char *name,
                                 hy_diag *diag)
{
    if (host_is_allowed(policy, host)) {
        return HYDRA_OK;
    }
    return hy_fail(diag, HYDRA_ERR_PERMISSION, "%s: the policy does not allow the host %s", name,
                   host);
}

hydra_status hy_guard_check_url(const hydra_policy *policy, const hy_url *url, const char *name,
                                hy_diag *diag)
{
    int32_t scheme = strcmp(url->scheme, "https") == 0 ? HYDRA_SCHEME_HTTPS : HYDRA_SCHEME_HTTP;
    if (policy && !(policy->schemes & scheme)) {
        return hy_fail(diag, HYDRA_ERR_PERMISSION, "%s: the policy does not allow %s", name,
                       url->scheme);
    }
    return hy_guard_check_host(policy, url->host, name, diag);
}

static bool bucket_is_allowed(const hydra_policy *policy, const char *bucket, size_t size)
{
    if (!policy || (policy->bucket_count == 0 && policy->any_bucket)) {
        return true;
    }
    for (int32_t i = 0; i < policy->bucket_count; i++) {
        if (strlen(policy->buckets[i]) == size && memcmp(policy->buckets[i], bucket, size) == 0) {
            return true;
        }
    }
    return false;
}

hydra_status hy_guard_check_bucket(const hydra_policy *policy, const char *bucket, size_t size,
                                   const char *name, hy_diag *diag)
{
    return bucket_is_allowed(policy, bucket, size)
               ? HYDRA_OK
               : hy_fail(diag, HYDRA_ERR_PERMISSION,
                         "%s: the policy does not allow the bucket %.*s (policy.buckets)", name,
                         size < 64 ? (int)size : 64, bucket);
}

/* ---- Addresses ---- */

/* Private, loopback, link-local, shared, reserved, multicast. */
static bool is_inside(const hy_address *address)
{
    static const hy_network networks[] = {
        {{{0}, 4}, 8},          /* "this network" */
        {{{10}, 4}, 8},         /* private */
        {{{100, 64}, 4}, 10},   /* shared by carriers */
        {{{127}, 4}, 8},        /* loopback */
        {{{169, 254}, 4}, 16},  /* link-local, metadata of clouds */
        {{{172, 16}, 4}, 12},   /* private */
        {{{192, 0, 0}, 4}, 24}, /* protocol assignments */
        {{{192, 168}, 4}, 16},  /* private */
        {{{198, 18}, 4}, 15},   /* benchmarks */
        {{{224}, 4}, 3},        /* multicast, reserved, broadcast */
        {{{0}, 16}, 96},        /* ::, ::1, and IPv4 in a form of old (RFC 4291, 2.5.5.1) */
        {{{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 16}, 96}, /* IPv4 translated (RFC 7915) */
        {{{0, 0x64, 0xff, 0x9b, 0, 1}, 16}, 48}, /* a network's own translation (RFC 8215) */
        {{{0xfc}, 16}, 7},                       /* unique local */
        {{{0xfe, 0x80}, 16}, 10},                /* link-local */
        {{{0xfe, 0xc0}, 16}, 10},                /* site-local, of old */
        {{{0xff}, 16}, 8},                       /* multicast */
    };
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        if (hy_network_holds(&networks[i], address)) {
            return true;
        }
    }
    return false;
}

static bool is_listed(const hydra_policy *policy, const hy_address *address)
{
    for (int32_t i = 0; i < policy->network_count; i++) {
        hy_network network;
        if (hy_network_parse(&network, policy->networks[i]) &&
            hy_network_holds(&network, address)) {
            return true;
        }
    }
    return false;
}

bool hy_guard_allows(const hydra_policy *policy, const char *host, const struct sockaddr *address)
{
    hy_address real;
    hy_address v4;
    if (!host_is_allowed(policy, host)) {
        return false;
    }
    if (!policy || policy->private_networks) {
        return true;
    }
    if (!hy_address_from_socket(&real, address)) {
        return false;
    }
    if (is_listed(policy, &real)) {
        return true;
    }
    if (hy_address_embedded(&v4, &real)) {
        return is_listed(policy, &v4) || !is_inside(&v4);
    }
    return !is_inside(&real);
}
