/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as what comes from a server, line by line through the client's own callback, then as
 * dates, ranges and hints. The limits hold, and nothing in a header can end a line.
 */
#include "fuzz.h"

#include "net/http_private.h"

static void check_headers(const hy_http_headers *headers)
{
    fuzz_check(headers->count <= HY_HTTP_HEADER_LINES);
    for (size_t i = 0; i < headers->count; i++) {
        fuzz_check(headers->items[i].name[0] != '\0');
        fuzz_check(!strpbrk(headers->items[i].name, ": \r\n"));
        fuzz_check(!strpbrk(headers->items[i].value, "\r\n"));
    }
}

static void check_lines(char *text, size_t size)
{
    char name[] = "fuzz";
    hy_diag diag = {0};
    hy_http_reply reply = {.body_length = -1};
    const hy_http_request request = {.method = "GET", .url = "http://h/"};
    hy_http_call call = {.request = &request, .reply = &reply, .diag = &diag, .name = name};
    size_t at = 0;
    while (at < size) {
        const char *end = memchr(text + at, '\n', size - at);
        size_t length = end ? (size_t)(end - text) - at + 1 : size - at;
        if (hy_http_on_header(text + at, 1, length, &call) != length) {
            fuzz_check(call.status != HYDRA_OK && diag.text[0] != '\0');
            break;
        }
        at += length;
    }
    fuzz_check(reply.body_length >= -1 && reply.status >= 0 && reply.status <= 999);
    check_headers(&reply.headers);
    hy_retry retry = {.tries = 3};
    int64_t pause = hy_retry_pause(&retry, HY_RETRY_THROTTLE, &reply.headers);
    fuzz_check(pause >= 0 && pause <= 60000000);
    hy_http_reply_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int64_t first = 0;
    int64_t last = 0;
    int64_t total = 0;
    char *text = calloc(size + 1, 1);
    fuzz_check(text != NULL);
    memcpy(text, data, size);
    fuzz_check(hy_http_date(text) >= -1);
    if (hy_content_range_parse(text, &first, &last, &total)) {
        fuzz_check(first >= 0 && last >= first && (total == -1 || total > last));
    }
    check_lines(text, size);
    free(text);
    return 0;
}
