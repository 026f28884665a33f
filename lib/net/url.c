/* SPDX-License-Identifier: MIT */
/*
 * URLs (RFC 3986), only http and https. Strict about what names the server, since the guard and
 * libcurl must understand the same; what stands in path and query is left as it was written.
 */
#include "net.h"

#include <arpa/inet.h>
#include <string.h>

#define MAX_URL_BYTES 8192

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char *copy_part(const char *text, size_t size)
{
    char *copy = hy_calloc(size + 1, 1);
    if (copy) {
        memcpy(copy, text, size);
    }
    return copy;
}

static char *copy_lower(const char *text, size_t size)
{
    char *copy = copy_part(text, size);
    for (size_t i = 0; copy && i < size; i++) {
        copy[i] = to_lower(copy[i]);
    }
    return copy;
}

static hydra_status refuse(const char *text, const char *why, hy_diag *diag)
{
    char *shown = hy_url_redacted(text);
    hydra_status status =
        hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: %s", shown ? shown : "the URL", why);
    hy_free(shown);
    return status;
}

/* ---- Parts ---- */

static hydra_status check_bytes(const char *text, hy_diag *diag)
{
    size_t size = strnlen(text, MAX_URL_BYTES + 1);
    if (size > MAX_URL_BYTES) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "a URL is longer than %d bytes", MAX_URL_BYTES);
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c <= ' ' || c == 0x7f) {
            return refuse(text, "a URL must not have spaces or control characters", diag);
        }
    }
    return HYDRA_OK;
}

/* Length of "http://" or "https://" in any case; 0 = neither. */
static size_t scheme_length(const char *text)
{
    static const char *const schemes[] = {"http", "https"};
    for (size_t i = 0; i < 2; i++) {
        size_t length = strlen(schemes[i]);
        size_t same = 0;
        while (same < length && to_lower(text[same]) == schemes[i][same]) {
            same++;
        }
        if (same == length && strncmp(text + length, "://", 3) == 0) {
            return length;
        }
    }
    return 0;
}

/* Letters, digits, '-', '_' and dots: what a resolver and libcurl take without changing it. */
static bool is_host_name(const char *text, size_t size)
{
    if (size == 0 || size > 255 || text[0] == '.') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool allowed = is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.';
        if (!allowed || (c == '.' && text[i - 1] == '.')) {
            return false;
        }
    }
    return true;
}

static bool is_ipv6(const char *text, size_t size)
{
    char copy[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (size >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    return inet_pton(AF_INET6, copy, &address) == 1;
}

/* ":8080"; nothing, or a colon alone, is the scheme's port. False: not a port. */
static bool read_port(const char *text, size_t size, int32_t *port)
{
    int32_t value = 0;
    *port = 0;
    if (size == 0) {
        return true;
    }
    if (text[0] != ':' || size > 6) {
        return false;
    }
    for (size_t i = 1; i < size; i++) {
        if (!is_digit(text[i])) {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *port = value;
    return size == 1 || (value >= 1 && value <= 65535);
}

/* "host:port" */
static hydra_status read_authority(hy_url *url, const char *whole, const char *text, size_t size,
                                   hy_diag *diag)
{
    if (memchr(text, '@', size)) {
        return refuse(whole, "a URL must not have a user name or password", diag);
    }
    const char *close = size > 0 && text[0] == '[' ? memchr(text, ']', size) : NULL;
    const char *colon = memchr(text, ':', size);
    const char *end = close ? close + 1 : colon ? colon : text + size;
    size_t host_size = (size_t)(end - text);
    bool valid = close ? is_ipv6(text + 1, host_size - 2) : is_host_name(text, host_size);
    if (!valid) {
        return refuse(whole, "the URL has no valid host", diag);
    }
    if (!read_port(end, size - host_size, &url->port)) {
        return refuse(whole, "the URL's port must be 1..65535", diag);
    }
    url->host = close ? copy_lower(text + 1, host_size - 2) : copy_lower(text, host_size);
    return url->host ? HYDRA_OK : hy_fail_memory(diag);
}

/* As written, but bytes beyond ASCII, which a URL cannot have, percent-encoded. */
static char *copy_encoded(const char *prefix, const char *text, size_t size)
{
    hy_buffer buffer = {.limit = 3 * MAX_URL_BYTES + 8};
    bool fits = hy_buffer_append(&buffer, prefix, strlen(prefix));
    for (size_t i = 0; fits && i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        fits = c < 0x80 ? hy_buffer_append(&buffer, &c, 1) : hy_buffer_print(&buffer, "%%%02X", c);
    }
    fits = fits && hy_buffer_append(&buffer, "", 1);
    if (!fits) {
        hy_buffer_free(&buffer);
    }
    return (char *)buffer.data;
}

static hydra_status read_rest(hy_url *url, const char *text, hy_diag *diag)
{
    size_t size = strcspn(text, "#");
    const char *mark = memchr(text, '?', size);
    size_t path_size = mark ? (size_t)(mark - text) : size;
    url->path = copy_encoded(path_size == 0 ? "/" : "", text, path_size);
    if (!url->path) {
        return hy_fail_memory(diag);
    }
    if (mark) {
        url->query = copy_encoded("", mark + 1, size - path_size - 1);
    }
    return !mark || url->query ? HYDRA_OK : hy_fail_memory(diag);
}

hydra_status hy_url_parse(hy_url *out, const char *text, hy_diag *diag)
{
    *out = (hy_url){0};
    hydra_status status = check_bytes(text, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    size_t scheme = scheme_length(text);
    if (scheme == 0) {
        return refuse(text, "only http and https URLs are handled here", diag);
    }
    out->scheme = copy_lower(text, scheme);
    if (!out->scheme) {
        return hy_fail_memory(diag);
    }
    const char *authority = text + scheme + 3;
    size_t size = strcspn(authority, "/?#");
    status = read_authority(out, text, authority, size, diag);
    if (status == HYDRA_OK) {
        status = read_rest(out, authority + size, diag);
    }
    if (status != HYDRA_OK) {
        hy_url_free(out);
    }
    return status;
}

void hy_url_free(hy_url *url)
{
    hy_free(url->scheme);
    hy_free(url->host);
    hy_free(url->path);
    hy_free_secret(url->query); /* a signature is a key */
    *url = (hy_url){0};
}

int32_t hy_url_port(const hy_url *url)
{
    if (url->port) {
        return url->port;
    }
    return strcmp(url->scheme, "https") == 0 ? 443 : 80;
}

bool hy_url_same_origin(const hy_url *a, const hy_url *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 &&
           hy_url_port(a) == hy_url_port(b);
}

/* ---- Text ---- */

static bool append_text(hy_buffer *buffer, const char *text)
{
    return hy_buffer_append(buffer, text, strlen(text));
}

static bool append_origin(hy_buffer *buffer, const hy_url *url)
{
    bool is_v6 = strchr(url->host, ':') != NULL;
    bool fits = append_text(buffer, url->scheme) && append_text(buffer, is_v6 ? "://[" : "://") &&
                append_text(buffer, url->host) && append_text(buffer, is_v6 ? "]" : "");
    return fits && (url->port == 0 || hy_buffer_print(buffer, ":%d", (int)url->port));
}

/* The buffer's bytes as text, or NULL and nothing. */
static char *finish_text(hy_buffer *buffer, bool fits)
{
    fits = fits && hy_buffer_append(buffer, "", 1);
    if (!fits) {
        hy_buffer_free(buffer);
    }
    return (char *)buffer->data;
}

char *hy_url_text(const hy_url *url)
{
    hy_buffer buffer = {.limit = 8 * MAX_URL_BYTES, .secret = true};
    bool fits = append_origin(&buffer, url) && append_text(&buffer, url->path);
    if (url->query) {
        fits = fits && append_text(&buffer, "?") && append_text(&buffer, url->query);
    }
    return finish_text(&buffer, fits);
}

bool hy_url_encode(hy_buffer *out, const void *bytes, size_t size, bool keep_slash)
{
    static const char hex[] = "0123456789ABCDEF";
    const unsigned char *at = bytes;
    size_t before = out->size;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = at[i];
        bool stays = is_letter((char)c) || is_digit((char)c) || c == '-' || c == '.' || c == '_' ||
                     c == '~' || (keep_slash && c == '/');
        const char encoded[3] = {'%', hex[c >> 4], hex[c & 15]};
        if (!(stays ? hy_buffer_append(out, &c, 1) : hy_buffer_append(out, encoded, 3))) {
            out->size = before;
            return false;
        }
    }
    return true;
}

/* ---- References ---- */

/* Section 5.2.4, in place. The path begins with '/'. */
static void remove_dot_segments(char *path)
{
    char *out = path;
    const char *in = path;
    while (*in) {
        size_t size = 1 + strcspn(in + 1, "/");
        bool is_last = in[size] == '\0';
        if (size == 2 && in[1] == '.') {
            if (is_last) {
                *out++ = '/';
            }
        } else if (size == 3 && in[1] == '.' && in[2] == '.') {
            while (out > path && *--out != '/') {
            }
            if (is_last) {
                *out++ = '/';
            }
        } else {
            memmove(out, in, size);
            out += size;
        }
        in += size;
    }
    if (out == path) {
        *out++ = '/';
    }
    *out = '\0';
}

/* "mailto:", "HTTP:": a reference that stands on its own. */
static bool has_scheme(const char *reference)
{
    size_t size = 0;
    while (is_letter(reference[size]) || is_digit(reference[size]) || reference[size] == '+' ||
           reference[size] == '-' || reference[size] == '.') {
        size++;
    }
    return size > 0 && is_letter(reference[0]) && reference[size] == ':';
}

/* The path of the base as far as a relative path stands on it, or all of it and its query. */
static bool append_base_path(hy_buffer *buffer, const hy_url *base, const char *reference)
{
    char first = reference[0];
    if (first == '/') {
        return true;
    }
    if (first != '\0' && first != '?' && first != '#') {
        const char *slash = strrchr(base->path, '/');
        return hy_buffer_append(buffer, base->path, (size_t)(slash - base->path) + 1);
    }
    bool fits = append_text(buffer, base->path);
    if (fits && first != '?' && base->query) {
        fits = append_text(buffer, "?") && append_text(buffer, base->query);
    }
    return fits;
}

static char *join(const hy_url *base, const char *reference)
{
    hy_buffer buffer = {.limit = 8 * MAX_URL_BYTES, .secret = true};
    bool fits;
    if (strncmp(reference, "//", 2) == 0) {
        fits = append_text(&buffer, base->scheme) && append_text(&buffer, ":");
    } else {
        fits = append_origin(&buffer, base) && append_base_path(&buffer, base, reference);
    }
    return finish_text(&buffer, fits && append_text(&buffer, reference));
}

hydra_status hy_url_resolve(hy_url *out, const hy_url *base, const char *reference, hy_diag *diag)
{
    *out = (hy_url){0};
    hydra_status status = check_bytes(reference, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    char *joined = has_scheme(reference) ? hy_strdup(reference) : join(base, reference);
    if (!joined) {
        return hy_fail_memory(diag);
    }
    status = hy_url_parse(out, joined, diag);
    hy_free_secret(joined);
    if (status == HYDRA_OK) {
        remove_dot_segments(out->path);
    }
    return status;
}
