/* SPDX-License-Identifier: MIT */
/*
 * Which proxy a URL goes through. libcurl's own reading of the environment is switched off: the
 * variables are read once, when a client is made, and no_proxy knows networks too.
 * HTTP_PROXY in upper case is not read: in a CGI program the other side sets it.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "address.h"
#include "http_private.h"

/* Without one that is empty. */
static const char *variable(const char *name, const char *other)
{
    const char *value = getenv(name);
    if ((!value || value[0] == '\0') && other) {
        value = getenv(other);
    }
    return value && value[0] != '\0' ? value : NULL;
}

static bool copy(char **out, const char *text)
{
    *out = text ? hy_strdup(text) : NULL;
    return !text || *out;
}

static bool is_known(const char *proxy)
{
    static const char *const schemes[] = {"http://", "https://", "socks5://", "socks5h://"};
    if (!strstr(proxy, "://")) {
        return true; /* "host:port" */
    }
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        if (strncasecmp(proxy, schemes[i], strlen(schemes[i])) == 0) {
            return true;
        }
    }
    return false;
}

static bool init_from_environment(hy_proxy *proxy)
{
    const char *all = variable("all_proxy", "ALL_PROXY");
    const char *http = variable("http_proxy", NULL);
    const char *https = variable("https_proxy", "HTTPS_PROXY");
    return copy(&proxy->http, http ? http : all) && copy(&proxy->https, https ? https : all) &&
           copy(&proxy->except, variable("no_proxy", "NO_PROXY"));
}

hydra_status hy_proxy_init(hy_proxy *proxy, const char *given, hy_diag *diag)
{
    *proxy = (hy_proxy){.is_explicit = given != NULL};
    bool copied = true;
    if (!given) {
        copied = init_from_environment(proxy);
    } else if (given[0] != '\0') {
        copied = copy(&proxy->http, given) && copy(&proxy->https, given);
    }
    if (!copied) {
        hy_proxy_free(proxy);
        return hy_fail_memory(diag);
    }
    if ((proxy->http && !is_known(proxy->http)) || (proxy->https && !is_known(proxy->https))) {
        hy_proxy_free(proxy);
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "the proxy must be http://, https://, socks5:// or socks5h://");
    }
    return HYDRA_OK;
}

void hy_proxy_free(hy_proxy *proxy)
{
    hy_free_secret(proxy->http);
    hy_free_secret(proxy->https);
    hy_free(proxy->except);
    *proxy = (hy_proxy){0};
}

/* ---- no_proxy ---- */

/* "example.com" and ".example.com": itself and all below. */
static bool is_below(const char *entry, const char *host)
{
    entry += entry[0] == '.';
    size_t size = strlen(entry);
    size_t host_size = strlen(host);
    host_size -= host_size > 0 && host[host_size - 1] == '.';
    if (size == 0 || host_size < size || strncasecmp(host + host_size - size, entry, size) != 0) {
        return false;
    }
    return host_size == size || host[host_size - size - 1] == '.';
}

static bool entry_matches(char *entry, const char *host)
{
    hy_network network;
    hy_address address;
    size_t size = strlen(entry);
    if (strcmp(entry, "*") == 0) {
        return true;
    }
    if (entry[0] == '[' && entry[size - 1] == ']') {
        entry[size - 1] = '\0';
        entry++;
    }
    if (hy_address_parse(&address, host) && hy_network_parse(&network, entry)) {
        return hy_network_holds(&network, &address);
    }
    return is_below(entry, host);
}

/* Longer entries than any name match nothing. */
static bool is_excepted(const char *list, const char *host)
{
    char entry[256];
    while (list && *list) {
        list += strspn(list, ", \t");
        size_t size = strcspn(list, ", \t");
        if (size > 0 && size < sizeof entry) {
            memcpy(entry, list, size);
            entry[size] = '\0';
            if (entry_matches(entry, host)) {
                return true;
            }
        }
        list += size;
    }
    return false;
}

const char *hy_proxy_for(const hy_proxy *proxy, const hy_url *url)
{
    const char *through = strcmp(url->scheme, "https") == 0 ? proxy->https : proxy->http;
    return through && !is_excepted(proxy->except, url->host) ? through : NULL;
}
