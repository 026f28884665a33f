/* SPDX-License-Identifier: MIT */
/* Which proxy is taken, from the environment or explicitly, and what strict policies say to it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_private.h"
#include "scripted.h"
#include "support.h"

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static int clear_environment(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        assert_int_equal(unsetenv(variables[i]), 0);
    }
    return 0;
}

static void set(const char *name, const char *value)
{
    assert_int_equal(setenv(name, value, 1), 0);
}

static void assert_through(const char *given, const char *text, const char *expected)
{
    hy_diag diag = {0};
    hy_proxy proxy;
    hy_url url;
    assert_ok(hy_proxy_init(&proxy, given, &diag), &diag);
    assert_ok(hy_url_parse(&url, text, &diag), &diag);
    const char *through = hy_proxy_for(&proxy, &url);
    if (!expected) {
        assert_null(through);
    } else {
        assert_non_null(through);
        assert_string_equal(through, expected);
    }
    hy_url_free(&url);
    hy_proxy_free(&proxy);
}

static void test_the_environment(void **state)
{
    (void)state;
    assert_through(NULL, "http://a/", NULL);
    set("HTTP_PROXY", "http://upper:1"); /* a CGI program's client could have set it */
    assert_through(NULL, "http://a/", NULL);
    set("ALL_PROXY", "http://all:1");
    assert_through(NULL, "http://a/", "http://all:1");
    assert_through(NULL, "https://a/", "http://all:1");
    set("http_proxy", "lower:1");
    set("HTTPS_PROXY", "http://Secure:1");
    assert_through(NULL, "http://a/", "lower:1");
    assert_through(NULL, "https://a/", "http://Secure:1");
    set("https_proxy", "http://secure:1");
    assert_through(NULL, "https://a/", "http://secure:1");
    set("http_proxy", "");
    assert_through(NULL, "http://a/", "http://all:1");
    assert_through("", "http://a/", NULL);
    assert_through("http://own:1", "http://a/", "http://own:1");
    assert_through("http://own:1", "https://a/", "http://own:1");
}

static void test_no_proxy(void **state)
{
    (void)state;
    static const struct {
        const char *list, *url;
        bool excepted;
    } cases[] = {
        {"a.example", "http://a.example/", true},
        {"a.example", "http://A.EXAMPLE:8080/", true},
        {"a.example", "http://b.a.example/", true},
        {"a.example", "http://ba.example/", false},
        {".a.example", "http://b.a.example/", true},
        {".a.example", "http://a.example/", true},
        {"x, a.example\t,y", "http://a.example/", true},
        {"*", "http://a.example/", true},
        {"*.example", "http://a.example/", false},
        {"", "http://a.example/", false},
        {", ,", "http://a.example/", false},
        {".", "http://a.example/", false},
        {"10.0.0.0/8", "http://10.1.2.3/", true},
        {"10.0.0.0/8", "http://11.1.2.3/", false},
        {"10.1.2.3", "http://10.1.2.3/", true},
        {"127.0.0.1,::1", "http://[::1]/", true},
        {"[::1]", "http://[::1]/", true},
        {"fd00::/8", "http://[fd12::1]/", true},
        {"a.example", "http://a.example./", true},
    };
    set("all_proxy", "http://all:1");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set("no_proxy", cases[i].list);
        assert_through(NULL, cases[i].url, cases[i].excepted ? NULL : "http://all:1");
        set("no_proxy", "");
        set("NO_PROXY", cases[i].list);
        assert_through(NULL, cases[i].url, cases[i].excepted ? NULL : "http://all:1");
        assert_int_equal(unsetenv("NO_PROXY"), 0);
    }
}

static void test_what_is_no_proxy(void **state)
{
    (void)state;
    static const char *const wrong[] = {"ftp://h:1", "file:///x", "socks4://u:secret@h:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        hy_diag diag = {0};
        hy_proxy proxy;
        assert_failed(hy_proxy_init(&proxy, wrong[i], &diag), HYDRA_ERR_ARGUMENT, &diag, "proxy");
        assert_null(strstr(diag.text, "secret"));
    }
}

/* ---- Real ones ---- */

static scripted_reply always(void *user, int number, const scripted_request *request)
{
    (void)number;
    (void)request;
    return *(const scripted_reply *)user;
}

static void keep_line(void *user, const char *line)
{
    assert_true(hy_buffer_print(user, "%s\n", line));
}

/* A call of `url` through a proxy that gives this reply; what the proxy saw. */
typedef struct passage {
    hydra_status status;
    hy_http_outcome outcome;
    int32_t code;
    hy_diag diag;
    int connections;
    char head[1024];
} passage;

static passage go_through(const char *url, scripted_reply reply, bool is_explicit,
                          const hydra_policy *policy)
{
    char proxy[128];
    passage p = {0};
    hy_buffer log = {.limit = 1 << 20};
    hy_http *http = NULL;
    hy_http_reply got;
    scripted *server = scripted_new(always, &reply);
    (void)snprintf(proxy, sizeof proxy, "http://user:secret@127.0.0.1:%d", scripted_port(server));
    set("all_proxy", proxy);
    const hy_http_options options = {
        .proxy = is_explicit ? proxy : NULL, .log = keep_line, .log_user = &log};
    assert_ok(hy_http_new(&options, &http, &p.diag), &p.diag);
    const hy_http_request request = {
        .method = "GET", .url = url, .name = "photo", .policy = policy};
    p.status = hy_http_perform(http, &request, &got, &p.diag);
    p.outcome = got.outcome;
    p.code = got.status;
    p.connections = scripted_connections(server);
    if (scripted_count(server) > 0) {
        (void)snprintf(p.head, sizeof p.head, "%.*s", (int)sizeof p.head - 1,
                       scripted_get(server, 0)->head);
    }
    assert_true(hy_buffer_append(&log, "", 1));
    assert_null(strstr((const char *)log.data, "secret"));
    assert_null(strstr((const char *)log.data, "dXNlcjpzZWNyZXQ")); /* the same in base64 */
    assert_null(strstr(p.diag.text, "secret"));
    hy_http_reply_free(&got);
    hy_http_free(http);
    scripted_free(server);
    hy_buffer_free(&log);
    return p;
}

static void test_a_plain_proxy(void **state)
{
    (void)state;
    const scripted_reply ok = {.head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
                               .body = "ok"};
    for (int is_explicit = 0; is_explicit < 2; is_explicit++) {
        passage p = go_through("http://far.example/a", ok, is_explicit, NULL);
        assert_ok(p.status, &p.diag);
        assert_int_equal(p.code, 200);
        assert_int_equal(strncmp(p.head, "GET http://far.example/a HTTP/1.1\r\n", 35), 0);
        assert_non_null(strstr(p.head, "Proxy-Authorization: Basic "));
    }
    const scripted_reply login = {.head = "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n"};
    passage p = go_through("http://far.example/a", login, true, NULL);
    assert_ok(p.status, &p.diag);
    assert_int_equal(p.code, 407);
}

static void test_a_tunnel_that_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        hy_http_outcome outcome;
        const char *part;
    } cases[] = {
        {"HTTP/1.1 407 Who\r\nContent-Length: 0\r\nProxy-Authenticate: Basic\r\n\r\n",
         HY_HTTP_FINAL, "wants a user name"},
        {"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", HY_HTTP_FINAL, "HTTP status 403"},
        {"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", HY_HTTP_TRANSIENT, "HTTP status 502"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const scripted_reply reply = {.head = cases[i].head, .close = true};
        passage p = go_through("https://far.example/a", reply, true, NULL);
        assert_failed(p.status, HYDRA_ERR_NETWORK, &p.diag, cases[i].part);
        assert_int_equal(p.outcome, cases[i].outcome);
        assert_int_equal(strncmp(p.head, "CONNECT far.example:443 HTTP/1.1\r\n", 34), 0);
    }
}

static void test_strict_policies(void **state)
{
    (void)state;
    const scripted_reply ok = {.head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    hydra_policy policy;
    assert_int_equal(hydra_policy_preset(&policy, HYDRA_POLICY_SERVICE), HYDRA_OK);
    passage p = go_through("http://far.example/a", ok, false, &policy);
    assert_failed(p.status, HYDRA_ERR_PERMISSION, &p.diag, "photo: the environment names a proxy");
    assert_int_equal(p.connections, 0);
    p = go_through("http://far.example/a", ok, true, &policy);
    assert_ok(p.status, &p.diag);
    /* What can be seen from here is not let through. */
    p = go_through("http://169.254.169.254/latest/", ok, true, &policy);
    assert_failed(p.status, HYDRA_ERR_PERMISSION, &p.diag, "169.254.169.254");
    assert_int_equal(p.connections, 0);
}

#define TEST(function) cmocka_unit_test_setup(function, clear_environment)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_environment),          TEST(test_no_proxy),
        TEST(test_what_is_no_proxy),         TEST(test_a_plain_proxy),
        TEST(test_a_tunnel_that_is_refused), TEST(test_strict_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
