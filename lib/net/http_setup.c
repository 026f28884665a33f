/* SPDX-License-Identifier: MIT */
/* One call in the terms of libcurl. Everything that libcurl might do by itself is switched off. */
#include <string.h>

#include <openssl/crypto.h>

#include "http_private.h"

/* How long a server is asked for permission before the body is sent anyway. */
#define EXPECT_MS 1000L

#define BUFFER_BYTES (128L << 10)

#define TRY(setting)                                                                               \
    do {                                                                                           \
        if ((setting) != CURLE_OK) {                                                               \
            return false;                                                                          \
        }                                                                                          \
    } while (0)

/* ---- Headers ---- */

void hy_http_list_free(struct curl_slist *list)
{
    for (struct curl_slist *at = list; at; at = at->next) {
        OPENSSL_cleanse(at->data, strlen(at->data));
    }
    curl_slist_free_all(list);
}

static bool append_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);
    *list = longer ? longer : *list;
    return longer != NULL;
}

/* "name: value"; a header without a value is "name;" to libcurl. */
static bool append_header(struct curl_slist **list, const hy_http_header *header)
{
    hy_buffer line = {.limit = SIZE_MAX, .secret = true};
    size_t name_size = strlen(header->name);
    size_t size = strlen(header->value);
    bool fits = hy_buffer_reserve(&line, name_size + size + 3);
    if (fits) {
        memcpy(line.data, header->name, name_size);
        memcpy(line.data + name_size, size ? ": " : ";", size ? 2 : 1);
        memcpy(line.data + name_size + (size ? 2 : 1), header->value, size);
        fits = append_line(list, (const char *)line.data);
    }
    hy_buffer_free(&line);
    return fits;
}

static bool make_headers(const hy_http_request *request, struct curl_slist **list)
{
    bool fits = append_line(list, request->expect_continue ? "Expect: 100-continue" : "Expect:");
    for (size_t i = 0; request->headers && i < request->headers->count; i++) {
        fits = fits && append_header(list, &request->headers->items[i]);
    }
    return fits;
}

/* ---- Settings ---- */

static bool set_target(const hy_http_call *call, CURL *easy)
{
    char *text = hy_url_text(&call->url);
    CURLcode code = text ? curl_easy_setopt(easy, CURLOPT_URL, text) : CURLE_OUT_OF_MEMORY;
    if (text) {
        OPENSSL_cleanse(text, strlen(text));
    }
    hy_free(text);
    TRY(code);
    TRY(curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L));
    TRY(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
    TRY(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));
    TRY(curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L));
    TRY(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
    TRY(curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L));
    TRY(curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED));
    TRY(curl_easy_setopt(easy, CURLOPT_USERAGENT, "libhydra"));
    return true;
}

static bool set_method(const hy_http_call *call, CURL *easy)
{
    const hy_http_request *request = call->request;
    const char *method = request->method;
    bool sends =
        hy_http_has_body(request) || strcmp(method, "PUT") == 0 || strcmp(method, "POST") == 0;
    if (sends) {
        curl_off_t size = hy_http_has_body(request) ? request->body_size : 0;
        TRY(curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L));
        TRY(curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, size));
        TRY(curl_easy_setopt(easy, CURLOPT_EXPECT_100_TIMEOUT_MS, EXPECT_MS));
        TRY(curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, BUFFER_BYTES));
    }
    if (strcmp(method, "HEAD") == 0) {
        TRY(curl_easy_setopt(easy, CURLOPT_NOBODY, 1L));
    }
    TRY(curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method));
    return true;
}

static bool set_tls(const hy_http *http, CURL *easy)
{
    long verify = http->insecure ? 0L : 1L;
    long version = CURL_SSLVERSION_TLSv1_2;
    TRY(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, verify));
    TRY(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, verify * 2));
    TRY(curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, verify));
    TRY(curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, verify * 2));
    TRY(curl_easy_setopt(easy, CURLOPT_SSLVERSION, version));
    TRY(curl_easy_setopt(easy, CURLOPT_PROXY_SSLVERSION, version));
    if (http->ca_file) {
        /* These alone: without a folder of others. */
        TRY(curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file));
        TRY(curl_easy_setopt(easy, CURLOPT_CAPATH, NULL));
        TRY(curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, http->ca_file));
        TRY(curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL));
    }
    return true;
}

static bool set_connection(hy_http_call *call, CURL *easy)
{
    const char *proxy = call->proxy ? call->proxy : "";
    TRY(curl_easy_setopt(easy, CURLOPT_PROXY, proxy));
    TRY(curl_easy_setopt(easy, CURLOPT_NOPROXY, ""));
    TRY(curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L));
    TRY(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
    TRY(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(call->http->connect_us / 1000)));
    /* A wish: a handle whose last call found no server still has its buffer, and refuses. */
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, BUFFER_BYTES);
    TRY(curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, hy_http_on_socket));
    TRY(curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, call));
    TRY(curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, hy_http_on_close));
    TRY(curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, call->slot));
#if LIBCURL_VERSION_NUM >= 0x075700
    /* A cancelled call does not wait for a name server: the thread that asks ends by itself. */
    TRY(curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L));
#endif
    return true;
}

static bool set_callbacks(hy_http_call *call, CURL *easy)
{
    TRY(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, hy_http_on_header));
    TRY(curl_easy_setopt(easy, CURLOPT_HEADERDATA, call));
    TRY(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, hy_http_on_body));
    TRY(curl_easy_setopt(easy, CURLOPT_WRITEDATA, call));
    TRY(curl_easy_setopt(easy, CURLOPT_READFUNCTION, hy_http_on_read));
    TRY(curl_easy_setopt(easy, CURLOPT_READDATA, call));
    TRY(curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, hy_http_on_seek));
    TRY(curl_easy_setopt(easy, CURLOPT_SEEKDATA, call));
    TRY(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, call->error));
    if (call->http->log) {
        TRY(curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, hy_http_on_debug));
        TRY(curl_easy_setopt(easy, CURLOPT_DEBUGDATA, call));
        TRY(curl_easy_setopt(easy, CURLOPT_VERBOSE, 1L));
    }
    return true;
}

hydra_status hy_http_setup(hy_http_call *call, CURL *easy, struct curl_slist **headers)
{
    bool is_set = make_headers(call->request, headers) && set_target(call, easy) &&
                  set_method(call, easy) && set_tls(call->http, easy) &&
                  set_connection(call, easy) && set_callbacks(call, easy) &&
                  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers) == CURLE_OK;
    return is_set ? HYDRA_OK : hy_fail_memory(call->diag);
}
