/* SPDX-License-Identifier: MIT */
/*
 * What libcurl calls during a transfer. The limits are kept here, byte by byte as they come: what a
 * server announces is only believed where it says that it is too much.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_private.h"

bool hy_http_is_success(int32_t status)
{
    return status >= 200 && status <= 299;
}

static int64_t most_body_bytes(const hy_http_call *call)
{
    int64_t most = call->request->max_reply_bytes;
    return most > 0 ? most : HY_HTTP_ERROR_BODY_BYTES;
}

/* For good: ends the transfer. */
static size_t end_transfer(hy_http_call *call, hydra_status status)
{
    call->status = status;
    call->reply->outcome = HY_HTTP_FINAL;
    return 0;
}

/* ---- Headers ---- */

/* "HTTP/1.1 200 OK": a block begins, and what was before it (100, 103, a proxy's) is forgotten. */
static void begin_block(hy_http_call *call, const char *line, size_t size)
{
    int32_t status = 0;
    const char *blank = memchr(line, ' ', size);
    size_t at = blank ? (size_t)(blank - line) + 1 : size;
    for (size_t i = at; i < size && i < at + 3; i++) {
        status = line[i] >= '0' && line[i] <= '9' ? status * 10 + (line[i] - '0') : 0;
    }
    hy_http_headers_free(&call->reply->headers);
    call->reply->status = status;
    call->in_headers = true;
}

/* Two lengths that differ, as in request smuggling. */
static bool lengths_agree(const hy_http_headers *headers)
{
    const char *first = hy_http_headers_get(headers, "Content-Length");
    for (size_t i = 0; first && i < headers->count; i++) {
        if (strcasecmp(headers->items[i].name, "Content-Length") == 0 &&
            strcmp(headers->items[i].value, first) != 0) {
            return false;
        }
    }
    return true;
}

static bool has_no_body(const hy_http_call *call)
{
    int32_t status = call->reply->status;
    return strcmp(call->request->method, "HEAD") == 0 || status == 204 || status == 304;
}

/* An end that is not certain must not look like one: libcurl takes "0x10" for 0. */
static bool length_is_number(const hy_http_call *call)
{
    const hy_http_headers *headers = &call->reply->headers;
    const char *length = hy_http_headers_get(headers, "Content-Length");
    return !length || has_no_body(call) || hy_http_headers_get(headers, "Transfer-Encoding") ||
           hy_decimal_clamp(length, INT64_MAX) >= 0;
}

static hydra_status check_length(hy_http_call *call)
{
    hy_http_reply *reply = call->reply;
    int64_t most = most_body_bytes(call);
    if (!lengths_agree(&reply->headers)) {
        return hy_fail(call->diag, HYDRA_ERR_NETWORK, "%s: the reply has two different lengths",
                       call->name);
    }
    if (!length_is_number(call)) {
        return hy_fail(call->diag, HYDRA_ERR_NETWORK, "%s: the reply's length is not a number",
                       call->name);
    }
    if (hy_http_is_success(reply->status) && !has_no_body(call) && reply->body_length > most) {
        return hy_fail(call->diag, HYDRA_ERR_LIMIT,
                       "%s: %lld bytes are announced, the limit is %lld", call->name,
                       (long long)reply->body_length, (long long)most);
    }
    return HYDRA_OK;
}

/* All headers of a block are there. */
static hydra_status end_block(hy_http_call *call)
{
    hy_http_reply *reply = call->reply;
    call->in_headers = false;
    if (reply->status < 200) {
        return HYDRA_OK;
    }
    call->has_headers = true;
    const char *coding = hy_http_headers_get(&reply->headers, "Transfer-Encoding");
    const char *length = hy_http_headers_get(&reply->headers, "Content-Length");
    reply->body_length = length && !coding ? hy_decimal_clamp(length, INT64_MAX) : -1;
    return check_length(call);
}

/* A field that cannot be one is left out, not an error: servers do send such. */
static hydra_status add_field(hy_http_call *call, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    hy_diag ignored = {0};
    if (!colon) {
        return HYDRA_OK;
    }
    const char *value = colon + 1;
    const char *end = line + size;
    while (value < end && (*value == ' ' || *value == '\t')) {
        value++;
    }
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    char *name = hy_calloc((size_t)(colon - line) + 1, 1);
    char *text = hy_calloc((size_t)(end - value) + 1, 1);
    hydra_status status = HYDRA_ERR_MEMORY;
    if (name && text) {
        memcpy(name, line, (size_t)(colon - line));
        for (size_t i = 0; value + i < end; i++) {
            text[i] = value[i] == '\t' ? ' ' : value[i];
        }
        status = hy_http_headers_add(&call->reply->headers, name, text, &ignored);
    }
    hy_free(name);
    hy_free_secret(text);
    return status == HYDRA_ERR_MEMORY ? hy_fail_memory(call->diag) : HYDRA_OK;
}

/* libcurl asks again by itself after a 417, in vain: it repeats our header. */
static void forget_reply(hy_http_call *call)
{
    call->has_headers = false;
    call->reply->body.size = 0;
    call->reply->body_bytes = 0;
}

/* Each line alone, with its end. Those behind a chunked body count, but are not kept. */
size_t hy_http_on_header(char *data, size_t size, size_t count, void *user)
{
    hy_http_call *call = user;
    size_t bytes = size * count;
    size_t length = bytes;
    call->received += (int64_t)bytes;
    call->header_bytes += bytes;
    call->header_lines++;
    if (call->header_bytes > HY_HTTP_HEADER_BYTES || call->header_lines > HY_HTTP_HEADER_LINES) {
        return end_transfer(call, hy_fail(call->diag, HYDRA_ERR_LIMIT,
                                          "%s: the headers of the reply are more than %zu bytes or "
                                          "%d lines",
                                          call->name, HY_HTTP_HEADER_BYTES, HY_HTTP_HEADER_LINES));
    }
    while (length > 0 && (data[length - 1] == '\n' || data[length - 1] == '\r')) {
        length--;
    }
    hydra_status status = HYDRA_OK;
    bool begins = !call->in_headers && length >= 5 && strncmp(data, "HTTP/", 5) == 0;
    if (begins && call->has_headers && call->reply->status == 417) {
        forget_reply(call);
    }
    if (call->has_headers) {
        return bytes;
    }
    if (begins) {
        begin_block(call, data, length);
    } else if (call->in_headers) {
        status = length == 0 ? end_block(call) : add_field(call, data, length);
    }
    return status == HYDRA_OK ? bytes : end_transfer(call, status);
}

/* ---- The reply's body ---- */

/* Of an error: as much as may be looked at; then the transfer has served its purpose. */
static size_t take_error_body(hy_http_call *call, const char *data, size_t size)
{
    hy_buffer *body = &call->reply->body;
    size_t room = (size_t)HY_HTTP_ERROR_BODY_BYTES - body->size;
    size_t part = size < room ? size : room;
    if (!hy_buffer_append(body, data, part)) {
        return end_transfer(call, hy_fail_memory(call->diag));
    }
    call->stopped = part < size;
    return part;
}

static hydra_status deliver(hy_http_call *call, const char *data, size_t size)
{
    if (call->request->receive) {
        double before = hy_clock_s();
        hydra_status status = call->request->receive(call->request->user, data, size, call->diag);
        call->excused_s += hy_clock_s() - before;
        return status;
    }
    return hy_buffer_append(&call->reply->body, data, size) ? HYDRA_OK : hy_fail_memory(call->diag);
}

size_t hy_http_on_body(char *data, size_t size, size_t count, void *user)
{
    hy_http_call *call = user;
    hy_http_reply *reply = call->reply;
    size_t bytes = size * count;
    int64_t most = most_body_bytes(call);
    call->received += (int64_t)bytes;
    reply->body_bytes += (int64_t)bytes;
    if (!hy_http_is_success(reply->status)) {
        return take_error_body(call, data, bytes);
    }
    if (reply->body_bytes > most) {
        return end_transfer(call, hy_fail(call->diag, HYDRA_ERR_LIMIT,
                                          "%s: the reply is larger than %lld bytes", call->name,
                                          (long long)most));
    }
    hydra_status status = deliver(call, data, bytes);
    if (call->request->secret_reply) {
        explicit_bzero(data, bytes); /* libcurl's buffer, which it frees as it is */
    }
    return status == HYDRA_OK ? bytes : end_transfer(call, status);
}

/* ---- The request's body ---- */

size_t hy_http_on_read(char *data, size_t size, size_t count, void *user)
{
    hy_http_call *call = user;
    const hy_http_request *request = call->request;
    int64_t left = request->body_size - call->body_offset;
    size_t room = size * count;
    size_t part = left < (int64_t)room ? (size_t)left : room;
    hydra_status status = HYDRA_OK;
    if (part > 0 && request->body) {
        memcpy(data, (const char *)request->body + call->body_offset, part);
    } else if (part > 0) {
        double before = hy_clock_s();
        status = request->read_body(request->user, call->body_offset, data, part, call->diag);
        call->excused_s += hy_clock_s() - before;
    }
    if (status != HYDRA_OK) {
        (void)end_transfer(call, status);
        return CURL_READFUNC_ABORT;
    }
    call->body_offset += (int64_t)part;
    return part;
}

/* libcurl begins anew on another connection when one that was kept turns out to be closed. */
int hy_http_on_seek(void *user, curl_off_t offset, int origin)
{
    hy_http_call *call = user;
    if (origin != SEEK_SET || offset < 0 || offset > call->request->body_size) {
        return CURL_SEEKFUNC_FAIL;
    }
    call->body_offset = offset;
    call->reply->restarts++;
    return CURL_SEEKFUNC_OK;
}

/* ---- Sockets and logs ---- */

/* libcurl begins anew by itself when a connection that was kept turns out to be closed. Where there
 * is a body, it is wound back. */
static void count_restart(hy_http_call *call)
{
    long sent = 0;
    (void)curl_easy_getinfo(call->slot->easy, CURLINFO_REQUEST_SIZE, &sent);
    if (sent > 0 && !hy_http_has_body(call->request)) {
        call->reply->restarts = 1; /* a host may have many addresses, each of which gets a socket */
    }
}

/* Behind a proxy that the host of the library chose, the proxy's own address is its business. */
curl_socket_t hy_http_on_socket(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    hy_http_call *call = user;
    (void)purpose;
    if (!call->proxy && !hy_guard_allows(call->request->policy, call->url.host, &address->addr)) {
        call->refused = true;
        return CURL_SOCKET_BAD;
    }
    count_restart(call);
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    call->slot->sockets++;
    return fd;
}

int hy_http_on_close(void *user, curl_socket_t fd)
{
    hy_http_slot *slot = user;
    slot->sockets--;
    return close(fd);
}

static const char *mark_of(curl_infotype type)
{
    switch (type) {
    case CURLINFO_TEXT:
        return "*";
    case CURLINFO_HEADER_IN:
        return "<";
    case CURLINFO_HEADER_OUT:
        return ">";
    default:
        return NULL;
    }
}

static void log_line(const hy_http_call *call, const char *mark, const char *line, size_t size)
{
    hy_buffer text = {.limit = SIZE_MAX};
    char *clean = hy_redact_line(line, size);
    if (clean && clean[0] != '\0' && hy_buffer_print(&text, "%s %s", mark, clean) &&
        hy_buffer_append(&text, "", 1)) {
        call->http->log(call->http->log_user, (const char *)text.data);
    }
    hy_buffer_free(&text);
    hy_free(clean);
}

int hy_http_on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *user)
{
    const hy_http_call *call = user;
    const char *mark = mark_of(type);
    (void)easy;
    size_t at = 0;
    while (mark && at < size) {
        const char *end = memchr(data + at, '\n', size - at);
        size_t length = end ? (size_t)(end - data) - at : size - at;
        log_line(call, mark, data + at, length);
        at += length + 1;
    }
    return 0;
}
