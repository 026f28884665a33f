/* SPDX-License-Identifier: MIT */
/*
 * Takes secrets out of texts that people or logs will see. Rather too much than too little: of a
 * line with a secret header nothing behind its name stays, of a URL no query.
 */
#include "net.h"

#include <string.h>

#define REMOVED        "[redacted]"
#define MAX_LINE_BYTES 8192

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Where `part` (lower case) begins in `text`, in any case; `size` = nowhere. */
static size_t find(const char *text, size_t size, const char *part)
{
    size_t length = strlen(part);
    for (size_t at = 0; at + length <= size; at++) {
        size_t same = 0;
        while (same < length && lower(text[at + same]) == part[same]) {
            same++;
        }
        if (same == length) {
            return at;
        }
    }
    return size;
}

static bool append(hy_buffer *out, const char *text)
{
    return hy_buffer_append(out, text, strlen(text));
}

/* ---- Headers ---- */

static bool is_name_char(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* The end of "name:" from `at` in its name on; 0 = no header is meant. */
static size_t header_end(const char *line, size_t size, size_t at)
{
    while (at < size && is_name_char(line[at])) {
        at++;
    }
    while (at < size && line[at] == ' ') {
        at++;
    }
    return at < size && line[at] == ':' ? at + 1 : 0;
}

/* How much of the line may be seen: up to the value of the first secret header. */
static size_t cut_headers(const char *line, size_t size)
{
    /* Also as parts of names: proxy-authorization, set-cookie, x-auth-token, ...-key-md5. */
    static const char *const names[] = {
        "authorization",           "cookie",   "token",  "api-key",
        "encryption-customer-key", "password", "secret", "signature"};
    size_t shown = size;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t from = 0;
        while (from < size) {
            size_t at = from + find(line + from, size - from, names[i]);
            size_t end = at < size ? header_end(line, size, at) : 0;
            if (end > 0 && end < shown) {
                shown = end;
            }
            from = at < size ? at + 1 : size;
        }
    }
    return shown;
}

/* ---- URLs ---- */

static bool ends_token(char c)
{
    return c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '<' || c == '>' || c == '\r' ||
           c == '\n';
}

/* What follows the last ':' of "host:port" is no port. Not by the rules, but to people it is a
 * password then, which may go on behind a '/', '?' or '#'. */
static bool has_odd_port(const char *authority, size_t size)
{
    size_t digits = 0;
    while (digits < size && authority[size - 1 - digits] >= '0' &&
           authority[size - 1 - digits] <= '9') {
        digits++;
    }
    bool has_colon = memchr(authority, ':', size) != NULL;
    bool is_literal = size > 0 && authority[0] == '[' && authority[size - 1] == ']';
    bool is_port = digits < size && authority[size - 1 - digits] == ':' && digits <= 5;
    return has_colon && !is_literal && !is_port;
}

/* Behind the last '@' of a text; 0 = there is none. */
static size_t behind_at(const char *text, size_t size)
{
    while (size > 0 && text[size - 1] != '@') {
        size--;
    }
    return size;
}

static size_t authority_size(const char *text, size_t size)
{
    size_t end = 0;
    while (end < size && !strchr("/?#", text[end])) {
        end++;
    }
    return end;
}

/* Where a token's user name and password end, and where they begin; equal = none. */
static size_t userinfo_end(const char *token, size_t size, size_t *begin)
{
    size_t mark = find(token, size, "://");
    *begin = mark < size ? mark + 3 : size;
    if (memchr(token, '?', mark) || memchr(token, '#', mark)) {
        *begin = size; /* of a URL in a query */
    }
    const char *authority = token + *begin;
    size_t length = authority_size(authority, size - *begin);
    size_t host = behind_at(authority, length);
    if (has_odd_port(authority + host, length - host)) {
        host = behind_at(authority, size - *begin);
    }
    return *begin + (host > 0 ? host - 1 : 0);
}

/* Where what must not be seen at the end of a token begins: its query, or presigned parameters. */
static size_t query_begin(const char *token, size_t size)
{
    static const char *const parameters[] = {"x-amz-signature", "x-amz-credential",
                                             "x-amz-security-token"};
    bool presigned = false;
    size_t first = size;
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        size_t at = find(token, size, parameters[i]);
        size_t end = at + strlen(parameters[i]);
        if (end < size && (token[end] == '=' || token[end] == '%')) {
            presigned = true;
            first = at < first ? at : first;
        }
    }
    const char *mark = memchr(token, '?', size);
    size_t query = mark ? (size_t)(mark - token) + 1 : size;
    bool is_url = token[0] == '/' || find(token, size, "://") < size;
    return query < size && (is_url || presigned) ? query : first;
}

static bool append_token(hy_buffer *out, const char *token, size_t size)
{
    size_t begin;
    size_t user = userinfo_end(token, size, &begin);
    size_t query = query_begin(token, size);
    bool fits = true;
    if (user > begin) {
        fits = hy_buffer_append(out, token, begin) && append(out, REMOVED);
        const char *mark = memchr(token + user, '?', size - user);
        query = query > user ? query : mark ? (size_t)(mark - token) + 1 : size;
        token += user;
        size -= user;
        query -= user;
    }
    fits = fits && hy_buffer_append(out, token, query);
    return fits && (query == size || append(out, REMOVED));
}

static bool append_tokens(hy_buffer *out, const char *line, size_t size)
{
    bool fits = true;
    size_t at = 0;
    while (fits && at < size) {
        size_t end = at;
        while (end < size && !ends_token(line[end])) {
            end++;
        }
        fits = end == at || append_token(out, line + at, end - at);
        if (fits && end < size) {
            fits = hy_buffer_append(out, line + end, 1);
            end++;
        }
        at = end;
    }
    return fits;
}

/* Terminals obey control bytes. */
static char *finish(hy_buffer *buffer, bool fits)
{
    if (!fits || !hy_buffer_append(buffer, "", 1)) {
        hy_buffer_free(buffer);
        return NULL;
    }
    for (size_t i = 0; i + 1 < buffer->size; i++) {
        if (buffer->data[i] < 0x20 || buffer->data[i] == 0x7f) {
            buffer->data[i] = '?';
        }
    }
    return (char *)buffer->data;
}

char *hy_redact_line(const char *line, size_t size)
{
    hy_buffer out = {.limit = 16 * MAX_LINE_BYTES};
    while (size > 0 && (line[size - 1] == '\r' || line[size - 1] == '\n')) {
        size--;
    }
    bool is_cut = size > MAX_LINE_BYTES;
    size = is_cut ? MAX_LINE_BYTES : size;
    size_t shown = cut_headers(line, size);
    bool fits = append_tokens(&out, line, shown);
    if (shown < size) {
        fits = fits && append(&out, " " REMOVED);
    } else if (is_cut) {
        fits = fits && append(&out, "...");
    }
    return finish(&out, fits);
}

char *hy_url_redacted(const char *text)
{
    hy_buffer out = {.limit = 16 * MAX_LINE_BYTES};
    size_t size = strnlen(text, MAX_LINE_BYTES);
    size_t begin;
    size_t user = userinfo_end(text, size, &begin);
    bool has_user = user > begin;
    size_t rest = has_user ? user + 1 : 0;
    size_t shown = rest;
    while (shown < size && text[shown] != '?' && text[shown] != '#') {
        shown++;
    }
    bool fits = !has_user || hy_buffer_append(&out, text, begin);
    fits = fits && hy_buffer_append(&out, text + rest, shown - rest);
    return finish(&out, fits);
}
