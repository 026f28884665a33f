/* SPDX-License-Identifier: MIT */
/* Every allocation of net fails once: the status says so, nothing leaks, results stay empty. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc_faults.h"
#include "net/net.h"
#include "scripted.h"
#include "support.h"

/* Run `scenario` with its 1st, 2nd, ... allocation failing until it gets through. */
static void fail_each_allocation(hydra_status (*scenario)(hy_diag *diag))
{
    bool failed = true;
    for (int nth = 1; failed; nth++) {
        int blocks = test_live_blocks();
        hy_diag diag = {0};
        test_fail_allocation(nth);
        hydra_status status = scenario(&diag);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_int_equal(test_live_blocks(), blocks);
        if (failed) {
            assert_failed(status, HYDRA_ERR_MEMORY, &diag, "out of memory");
        } else {
            assert_ok(status, &diag);
        }
    }
}

static hydra_status urls(hy_diag *diag)
{
    hy_url base;
    hy_url url = {0};
    hydra_status status = hy_url_parse(&base, "http://h:80/a/b?c", diag);
    if (status == HYDRA_OK) {
        status = hy_url_resolve(&url, &base, "../d?\xc3\xa4", diag);
    }
    char *text = status == HYDRA_OK ? hy_url_text(&url) : NULL;
    if (status == HYDRA_OK && !text) {
        status = hy_fail_memory(diag);
    }
    hy_free(text);
    hy_url_free(&url);
    hy_url_free(&base);
    return status;
}

static hydra_status texts(hy_diag *diag)
{
    static const char line[] = "GET http://u:p@h/a?b HTTP/1.1";
    char *redacted = hy_redact_line(line, sizeof line - 1);
    char *url = redacted ? hy_url_redacted("http://u:p@h/a?b") : NULL;
    hydra_status status = url ? HYDRA_OK : hy_fail_memory(diag);
    hy_free(redacted);
    hy_free(url);
    return status;
}

static hydra_status headers(hy_diag *diag)
{
    hy_http_headers list = {0};
    hydra_status status = HYDRA_OK;
    for (int i = 0; status == HYDRA_OK && i < 20; i++) {
        status = hy_http_headers_add(&list, "X-A", "b", diag);
    }
    hy_http_headers_free(&list);
    return status;
}

static scripted_reply answer(void *user, int number, const scripted_request *request)
{
    (void)user;
    (void)number;
    return strncmp(request->head, "GET /a ", 7) == 0
               ? (scripted_reply){.head =
                                      "HTTP/1.1 302 M\r\nLocation: b\r\nContent-Length: 5\r\n\r\n",
                                  .body = "moved"}
               : (scripted_reply){.head = "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n"
                                          "ETag: \"a\"\r\n\r\n",
                                  .fill = 10000};
}

static char *address;

static hydra_status fetch(hy_diag *diag)
{
    const hy_http_options options = {.ca_file = "/nowhere", .proxy = ""};
    hy_http *http = NULL;
    hy_buffer out = {0};
    hydra_status status = hy_http_new(&options, &http, diag);
    if (status == HYDRA_OK) {
        const hy_fetch what = {.url = address, .max_bytes = 10000};
        status = hy_fetch_load(http, &what, &out, diag);
        assert_int_equal(out.size, status == HYDRA_OK ? 10000 : 0);
    }
    hy_buffer_free(&out);
    hy_http_free(http);
    return status;
}

static void test_parts(void **state)
{
    (void)state;
    fail_each_allocation(urls);
    fail_each_allocation(texts);
    fail_each_allocation(headers);
}

static void test_a_whole_fetch(void **state)
{
    (void)state;
    scripted *server = scripted_new(answer, NULL);
    address = scripted_url(server, "/a");
    fail_each_allocation(fetch);
    free(address);
    scripted_free(server);
}

/* A presigned query is as good as a password. */
static scripted_reply answer_presigned(void *user, int number, const scripted_request *request)
{
    (void)user;
    (void)number;
    return strncmp(request->head, "GET /a?", 7) == 0
               ? (scripted_reply){.head = "HTTP/1.1 302 M\r\nLocation: b?second=signature\r\n"
                                          "Content-Length: 5\r\n\r\n",
                                  .body = "moved"}
               : (scripted_reply){.head = "HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n",
                                  .fill = 10000};
}

static void test_presigned_queries_are_wiped(void **state)
{
    (void)state;
    scripted *server = scripted_new(answer_presigned, NULL);
    hy_diag diag = {0};
    address = scripted_url(server, "/a?first=signature");
    (void)test_freed_with("=signature");
    assert_ok(fetch(&diag), &diag);
    assert_int_equal(test_freed_with(NULL), 0);
    free(address);
    scripted_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_a_whole_fetch),
        cmocka_unit_test(test_presigned_queries_are_wiped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
