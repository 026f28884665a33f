/* SPDX-License-Identifier: MIT */
/* The HTTP client against a server that may do anything. */
#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "talk.h"

/* ---- Replies as they should be ---- */

static void test_a_plain_reply(void **state)
{
    (void)state;
    scripted_reply reply = {.head =
                                OK_HEAD "Content-Length: 5\r\nX-A:  b c \t\r\nETag: \"1\"\r\n\r\n",
                            .body = "hello"};
    talk t;
    talk_begin(&t, &reply, NULL);
    hy_http_headers headers = {0};
    assert_ok(hy_http_headers_add(&headers, "X-Own", "value", &t.diag), &t.diag);
    assert_ok(hy_http_headers_add(&headers, "X-Empty", "", &t.diag), &t.diag);
    t.request.headers = &headers;
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_int_equal(t.reply.outcome, HY_HTTP_REPLY);
    assert_int_equal(t.reply.status, 200);
    assert_int_equal(t.reply.body.size, 5);
    assert_memory_equal(t.reply.body.data, "hello", 5);
    assert_int_equal(t.reply.body_bytes, 5);
    assert_int_equal(t.reply.body_length, 5);
    assert_string_equal(hy_http_headers_get(&t.reply.headers, "x-a"), "b c");
    const char *head = scripted_get(t.server, 0)->head;
    assert_int_equal(strncmp(head, "GET /a?query=secret HTTP/1.1\r\n", 30), 0);
    assert_non_null(strstr(head, "\r\nX-Own: value\r\n"));
    assert_non_null(strstr(head, "\r\nX-Empty:\r\n"));
    assert_null(strcasestr(head, "accept-encoding"));
    assert_null(strcasestr(head, "cookie"));
    assert_null(strcasestr(head, "expect"));
    hy_http_headers_free(&headers);
    talk_end(&t);
}

static void test_the_path_stays_as_it_is(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 0\r\n\r\n"};
    talk t;
    talk_begin(&t, &reply, NULL);
    char *url = scripted_url(t.server, "/a/../b//./%7e%2F+~?uploads&x=a%20b#part");
    t.request.url = url;
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_int_equal(strncmp(scripted_get(t.server, 0)->head,
                             "GET /a/../b//./%7e%2F+~?uploads&x=a%20b HTTP/1.1\r\n", 50),
                     0);
    free(url);
    talk_end(&t);
}

static void test_other_lengths(void **state)
{
    (void)state;
    static const struct {
        const char *method, *head, *body;
        int64_t length;
        int64_t bytes;
    } cases[] = {
        {"GET", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n",
         "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n", -1, 5},
        {"GET", OK_HEAD "\r\n", "abc", -1, 3},
        {"GET", OK_HEAD "Content-Length: 0\r\n\r\n", "", 0, 0},
        {"HEAD", OK_HEAD "Content-Length: 1000\r\n\r\n", "", 1000, 0},
        {"GET", "HTTP/1.1 204 No Content\r\n\r\n", "", -1, 0},
        {"GET", "HTTP/1.1 103 Early Hints\r\nX-A: no\r\n\r\n" OK_HEAD "Content-Length: 1\r\n\r\n",
         "a", 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scripted_reply reply = {.head = cases[i].head, .body = cases[i].body, .close = true};
        talk t;
        talk_begin(&t, &reply, NULL);
        t.request.method = cases[i].method;
        talk_run(&t);
        assert_ok(t.status, &t.diag);
        assert_int_equal(t.reply.body_length, cases[i].length);
        assert_int_equal(t.reply.body_bytes, cases[i].bytes);
        assert_null(hy_http_headers_get(&t.reply.headers, "X-A"));
        assert_null(hy_http_headers_get(&t.reply.headers, "X-Trailer"));
        talk_end(&t);
    }
}

static hydra_status count_bytes(void *user, const void *data, size_t size, hy_diag *diag)
{
    (void)data;
    *(int64_t *)user += (int64_t)size;
    return *(int64_t *)user > 3000000 ? hy_fail(diag, HYDRA_ERR_SPACE, "enough") : HYDRA_OK;
}

static void test_receivers(void **state)
{
    (void)state;
    int64_t bytes = 0;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 2000000\r\n\r\n", .fill = 2000000};
    talk t;
    talk_begin(&t, &reply, NULL);
    t.request.receive = count_bytes;
    t.request.user = &bytes;
    t.request.max_reply_bytes = 2000000;
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_int_equal(bytes, 2000000);
    assert_int_equal(t.reply.body.size, 0);
    talk_run(&t); /* goes on counting */
    assert_talk(&t, HYDRA_ERR_SPACE, HY_HTTP_FINAL, "enough");
    talk_end(&t);
    scripted_reply error = {.head = "HTTP/1.1 404 No\r\nContent-Length: 3\r\n\r\n", .body = "abc"};
    talk_begin(&t, &error, NULL);
    t.request.receive = count_bytes;
    t.request.user = &bytes;
    bytes = 0;
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_int_equal(t.reply.status, 404);
    assert_int_equal(bytes, 0);
    assert_memory_equal(t.reply.body.data, "abc", 3);
    talk_end(&t);
}

static void test_connections_are_used_again(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 5\r\n\r\n", .body = "hello"};
    talk t;
    hydra_policy strict;
    const char *const networks[] = {"127.0.0.0/8"};
    assert_int_equal(hydra_policy_preset(&strict, HYDRA_POLICY_SERVICE), HYDRA_OK);
    talk_begin(&t, &reply, NULL);
    for (int i = 0; i < 10; i++) {
        talk_run(&t);
        assert_ok(t.status, &t.diag);
    }
    assert_int_equal(scripted_connections(t.server), 1);
    /* One that another policy allowed is not. */
    t.request.policy = &strict;
    talk_run(&t);
    assert_talk(&t, HYDRA_ERR_PERMISSION, HY_HTTP_FINAL, "photo: the policy does not allow");
    strict.networks = networks;
    strict.network_count = 1;
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_int_equal(scripted_connections(t.server), 2);
    talk_end(&t);
}

/* Sockets of this process whose other end is that port. */
static int count_sockets(int port)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++) {
        struct sockaddr_in peer = {0};
        socklen_t size = sizeof peer;
        count += getpeername(fd, (struct sockaddr *)&peer, &size) == 0 &&
                 peer.sin_family == AF_INET && ntohs(peer.sin_port) == port;
    }
    return count;
}

/* What many calls leave open is little, however many servers and policies there are. */
static void test_few_sockets_stay_open(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 5\r\n\r\n", .body = "hello"};
    talk servers[3];
    hydra_policy strict;
    assert_int_equal(hydra_policy_preset(&strict, HYDRA_POLICY_SERVICE), HYDRA_OK);
    for (int i = 0; i < 3; i++) {
        talk_begin(&servers[i], &reply, NULL);
    }
    hy_http *own = servers[0].http;
    for (int i = 0; i < 30; i++) {
        char network[32];
        (void)snprintf(network, sizeof network, "10.0.%d.0/24", i / 3);
        const char *const networks[] = {"127.0.0.0/8", network};
        talk *t = &servers[i % 3];
        hy_http *theirs = t->http;
        strict.networks = networks;
        strict.network_count = 2;
        t->request.policy = &strict;
        t->http = own;
        talk_run(t);
        assert_ok(t->status, &t->diag);
        t->http = theirs;
    }
    int open = 0;
    for (int i = 0; i < 3; i++) {
        open += count_sockets(scripted_port(servers[i].server));
    }
    assert_in_range(open, 14, 16);
    for (int i = 0; i < 3; i++) {
        talk_end(&servers[i]);
    }
}

/* ---- Limits ---- */

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        scripted_reply reply;
        int64_t most;
        const char *part;
    } cases[] = {
        {{.head = OK_HEAD "Content-Length: 1000001\r\n\r\n", .fill = 1000001},
         1000000,
         "announced"},
        {{.head = OK_HEAD "Content-Length: 99999999999999999999\r\n\r\n", .fill = -1}, 1000000, ""},
        {{.head = OK_HEAD "\r\n", .fill = 1000001, .close = true}, 1000000, "larger than 1000000"},
        {{.head = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n", .fill = -1}, 1000000, "larger"},
        {{.head = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n", .fill = -1},
         0,
         "larger than 65536"},
        {{.head = OK_HEAD, .many_headers = true}, 0, "headers of the reply"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scripted_reply reply = cases[i].reply;
        talk t;
        talk_begin(&t, &reply, NULL);
        t.request.max_reply_bytes = cases[i].most;
        talk_run(&t);
        assert_talk(&t, HYDRA_ERR_LIMIT, HY_HTTP_FINAL, cases[i].part);
        assert_in_range(t.reply.body.size, 0, cases[i].most > 65536 ? cases[i].most : 65536);
        talk_end(&t);
    }
}

static void test_a_header_without_end(void **state)
{
    (void)state;
    static const char *const begins[] = {OK_HEAD "X: ", "HTTP/1.1 200 "};
    const size_t size = 1 << 20;
    char *head = calloc(size + 1, 1);
    assert_non_null(head);
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        memset(head, 'a', size);
        memcpy(head, begins[i], strlen(begins[i]));
        scripted_reply reply = {.head = head};
        talk t;
        talk_begin(&t, &reply, NULL);
        talk_run(&t);
        assert_talk(&t, HYDRA_ERR_LIMIT, HY_HTTP_FINAL, "photo: ");
        talk_end(&t);
    }
    free(head);
}

static void test_bodies_of_errors_are_cut(void **state)
{
    (void)state;
    scripted_reply reply = {.head = "HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n",
                            .fill = -1};
    talk t;
    talk_begin(&t, &reply, NULL);
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_int_equal(t.reply.outcome, HY_HTTP_REPLY);
    assert_int_equal(t.reply.status, 500);
    assert_int_equal(t.reply.body.size, 65536);
    talk_end(&t);
    scripted_reply cut = {
        .head = "HTTP/1.1 404 No\r\nContent-Length: 100\r\n\r\n", .body = "short", .close = true};
    talk_begin(&t, &cut, NULL);
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_int_equal(t.reply.status, 404);
    assert_int_equal(t.reply.body.size, 5);
    talk_end(&t);
}

/* ---- Broken replies ---- */

static void test_broken_replies(void **state)
{
    (void)state;
    static const struct {
        scripted_reply reply;
        hy_http_outcome outcome;
        const char *part;
    } cases[] = {
        {{.head = NULL}, HY_HTTP_TRANSIENT, "photo: the reply broke off from 127.0.0.1:"},
        {{.head = NULL, .reset = true}, HY_HTTP_TRANSIENT, "photo: the reply broke off"},
        {{.head = OK_HEAD "Content-Length: 100\r\n\r\n", .fill = 100, .cut = 50},
         HY_HTTP_TRANSIENT,
         "broke off"},
        {{.head = OK_HEAD "Content-Length: 100\r\n\r\n", .fill = 100, .cut = -1},
         HY_HTTP_TRANSIENT,
         "broke off"},
        {{.head = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n", .body = "5\r\nabc", .close = true},
         HY_HTTP_TRANSIENT,
         "broke off"},
        {{.head = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n",
          .body = "x\r\nabc\r\n",
          .close = true},
         HY_HTTP_TRANSIENT,
         "photo: "},
        {{.head = OK_HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\n",
          .body = "abc",
          .close = true},
         HY_HTTP_FINAL,
         "two different lengths"},
        {{.head = OK_HEAD "Content-Length: 0x10\r\n\r\n", .close = true},
         HY_HTTP_FINAL,
         "not a number"},
        {{.head = "SSH-2.0-OpenSSH_9.2\r\n", .close = true}, HY_HTTP_FINAL, "photo: "},
        {{.head = "HTTP/1.1 200 OK\r\nX-A: b\r\n", .close = true}, HY_HTTP_TRANSIENT, "photo: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scripted_reply reply = cases[i].reply;
        talk t;
        talk_begin(&t, &reply, NULL);
        talk_run(&t);
        assert_int_equal(t.status, HYDRA_ERR_NETWORK);
        assert_int_equal(t.reply.outcome, cases[i].outcome);
        assert_non_null(strstr(t.diag.text, cases[i].part));
        talk_end(&t);
    }
}

static void test_nobody_there(void **state)
{
    (void)state;
    char url[64];
    hy_http *http = test_client(NULL);
    hy_diag diag = {0};
    hy_http_reply reply;
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/a?secret", scripted_dead_port());
    hy_http_request request = {.method = "GET", .url = url};
    assert_failed(hy_http_perform(http, &request, &reply, &diag), HYDRA_ERR_NETWORK, &diag,
                  "/a: could not connect to 127.0.0.1:");
    assert_non_null(strstr(diag.text, "Connection refused"));
    assert_null(strstr(diag.text, "secret"));
    assert_int_equal(reply.outcome, HY_HTTP_TRANSIENT);
    hy_http_reply_free(&reply);
    request.url = "http://no-such-host.invalid/";
    for (int i = 0; i < 3; i++) { /* again with the handle that is left of the try before */
        hy_diag_clear(&diag);
        assert_failed(hy_http_perform(http, &request, &reply, &diag), HYDRA_ERR_NETWORK, &diag,
                      "could not find the address of no-such-host.invalid:80");
        assert_int_equal(reply.outcome, HY_HTTP_TRANSIENT);
        hy_http_reply_free(&reply);
    }
    hy_http_free(http);
}

static void test_no_secure_connection(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "\r\n", .close = true, .before_body = true};
    talk t;
    talk_begin(&t, &reply, NULL);
    char url[64];
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d/", scripted_port(t.server));
    t.request.url = url;
    t.request.total_us = 2000000;
    talk_run(&t);
    assert_true(t.status == HYDRA_ERR_NETWORK || t.status == HYDRA_ERR_TIMEOUT);
    talk_end(&t);
}

/* ---- Time ---- */

static void test_limits_on_time(void **state)
{
    (void)state;
    static const struct {
        scripted_reply reply;
        hy_http_options options;
        int64_t total_us;
        const char *part;
    } cases[] = {
        {{.head = OK_HEAD "\r\n", .delay_ms = 20000},
         {.first_byte_us = 300000},
         0,
         "no reply in time from 127.0.0.1:"},
        {{.head = OK_HEAD "Content-Length: 100\r\n\r\n",
          .body = "aaaaaaaaaaaaaaa",
          .trickle_ms = 2000},
         {.stall_us = 300000},
         0,
         "too slow"},
        {{.head = OK_HEAD "\r\n", .delay_ms = 20000}, {0}, 100000, "the whole call took too long"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        scripted_reply reply = cases[i].reply;
        talk t;
        talk_begin(&t, &reply, &cases[i].options);
        t.request.total_us = cases[i].total_us;
        double before = hy_clock_s();
        talk_run(&t);
        assert_talk(&t, HYDRA_ERR_TIMEOUT, HY_HTTP_TRANSIENT, cases[i].part);
        assert_true(hy_clock_s() - before < 5);
        talk_end(&t);
    }
}

static void test_a_reply_that_may_take_long(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 5\r\n\r\n",
                            .body = "hello",
                            .delay_ms = 500,
                            .trickle_ms = 100};
    const hy_http_options options = {.first_byte_us = 100000, .stall_us = 100000};
    talk t;
    talk_begin(&t, &reply, &options);
    t.request.may_idle = true;
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_int_equal(t.reply.body.size, 5);
    talk_end(&t);
}

/* Bounds from above are tried again: the machine may be busy. */
#define ATTEMPTS 5

typedef struct canceller {
    hy_cancel cancel;
    double cancelled_s;
    pthread_t thread;
} canceller;

static void *cancel_soon(void *user)
{
    canceller *c = user;
    const struct timespec soon = {0, 200000000};
    (void)nanosleep(&soon, NULL);
    c->cancelled_s = hy_clock_s();
    hy_cancel_request(&c->cancel);
    return NULL;
}

/* Seconds from the cancel to the end. */
static double cancel_in(scripted_reply *reply)
{
    canceller c;
    talk t;
    hy_cancel_init(&c.cancel, 0);
    talk_begin(&t, reply, NULL);
    t.request.cancel = &c.cancel;
    t.request.max_reply_bytes = INT64_MAX;
    int64_t bytes = INT64_MIN; /* never enough */
    t.request.receive = count_bytes;
    t.request.user = &bytes;
    assert_int_equal(pthread_create(&c.thread, NULL, cancel_soon, &c), 0);
    talk_run(&t);
    double ended_s = hy_clock_s();
    assert_int_equal(pthread_join(c.thread, NULL), 0);
    assert_talk(&t, HYDRA_ERR_CANCELLED, HY_HTTP_FINAL, "cancelled");
    talk_run(&t); /* at once */
    assert_talk(&t, HYDRA_ERR_CANCELLED, HY_HTTP_FINAL, "cancelled");
    talk_end(&t);
    return ended_s - c.cancelled_s;
}

static void test_cancel(void **state)
{
    (void)state;
    scripted_reply replies[] = {
        {.head = OK_HEAD "\r\n", .delay_ms = 20000},
        {.head = OK_HEAD "Content-Length: 10\r\n\r\n", .body = "aaaaaaaaaa", .trickle_ms = 3000},
        {.head = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n", .fill = -1},
    };
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        double took = INFINITY;
        for (int attempt = 0; attempt < ATTEMPTS && took >= 0.5; attempt++) {
            took = cancel_in(&replies[i]);
            print_message("cancelled after %d ms\n", (int)(took * 1000));
        }
        assert_true(took < 0.5); /* with nothing else to do: below 0.1 */
    }
}

static void test_the_deadline(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "\r\n", .delay_ms = 20000};
    hy_cancel cancel;
    talk t;
    talk_begin(&t, &reply, NULL);
    hy_cancel_init(&cancel, 200000);
    t.request.cancel = &cancel;
    talk_run(&t);
    assert_talk(&t, HYDRA_ERR_DEADLINE, HY_HTTP_FINAL, "deadline");
    talk_end(&t);
}

/* ---- Policy ---- */

static void test_addresses_that_are_not_allowed(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 0\r\n\r\n"};
    static const char *const hosts[] = {"127.0.0.1", "0x7f.1",    "2130706433",        "0177.0.0.1",
                                        "[::1]",     "localhost", "[::ffff:127.0.0.1]"};
    hydra_policy policy;
    assert_int_equal(hydra_policy_preset(&policy, HYDRA_POLICY_SERVICE), HYDRA_OK);
    talk t;
    talk_begin(&t, &reply, NULL);
    t.request.policy = &policy;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        char url[80];
        (void)snprintf(url, sizeof url, "http://%s:%d/", hosts[i], scripted_port(t.server));
        t.request.url = url;
        talk_run(&t);
        assert_talk(&t, HYDRA_ERR_PERMISSION, HY_HTTP_FINAL, "photo: the policy does not allow");
    }
    const char *const other[] = {"other.example"};
    hydra_policy_init(&policy);
    policy.hosts = other;
    policy.host_count = 1;
    t.request.url = t.url;
    talk_run(&t);
    assert_talk(&t, HYDRA_ERR_PERMISSION, HY_HTTP_FINAL, "the host 127.0.0.1");
    assert_int_equal(scripted_connections(t.server), 0);
    talk_end(&t);
}

static void test_urls_that_are_none(void **state)
{
    (void)state;
    static const char *const urls[] = {"file:///etc/passwd", "http://u:secret@h/", "",
                                       "http://h/ "};
    hy_http *http = test_client(NULL);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        hy_diag diag = {0};
        hy_http_reply reply;
        const hy_http_request request = {.method = "GET", .url = urls[i]};
        assert_int_equal(hy_http_perform(http, &request, &reply, &diag), HYDRA_ERR_ARGUMENT);
        assert_int_equal(reply.outcome, HY_HTTP_FINAL);
        assert_null(strstr(diag.text, "secret"));
        hy_http_reply_free(&reply);
    }
    hy_http_free(http);
}

/* ---- Logs and threads ---- */

static void keep_line(void *user, const char *line)
{
    hy_buffer *log = user;
    assert_true(hy_buffer_print(log, "%s\n", line));
}

static void test_the_log_has_no_secrets(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 0\r\nSet-Cookie: a=secret\r\n"
                                            "Location: http://h/?X-Amz-Signature=secret\r\n\r\n"};
    hy_buffer log = {.limit = 1 << 20};
    const hy_http_options options = {.log = keep_line, .log_user = &log, .insecure = true};
    static const char *const names[] = {"Authorization", "x-amz-security-token", "Cookie",
                                        "x-amz-server-side-encryption-customer-key"};
    talk t;
    talk_begin(&t, &reply, &options);
    hy_http_headers headers = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_ok(hy_http_headers_add(&headers, names[i], "secret", &t.diag), &t.diag);
    }
    t.request.headers = &headers;
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_true(hy_buffer_append(&log, "", 1));
    const char *text = (const char *)log.data;
    assert_null(strstr(text, "secret"));
    assert_non_null(strstr(text, "> GET /a?[redacted] HTTP/1.1"));
    assert_non_null(strstr(text, "< HTTP/1.1 200 OK"));
    assert_non_null(strstr(text, "> Authorization: [redacted]"));
    hy_http_headers_free(&headers);
    hy_buffer_free(&log);
    talk_end(&t);
}

typedef struct crowd {
    hy_http *http;
    const char *url;
} crowd;

static void *many_calls(void *user)
{
    const crowd *c = user;
    for (int i = 0; i < 5; i++) {
        hy_diag diag = {0};
        hy_http_reply reply;
        const hy_http_request request = {.method = "GET", .url = c->url};
        hydra_status status = hy_http_perform(c->http, &request, &reply, &diag);
        bool good = status == HYDRA_OK && reply.body.size == 5;
        hy_http_reply_free(&reply);
        if (!good) {
            return user;
        }
    }
    return NULL;
}

static void test_many_threads(void **state)
{
    (void)state;
    scripted_reply reply = {
        .head = OK_HEAD "Content-Length: 5\r\n\r\n", .body = "hello", .close = true};
    talk t;
    pthread_t threads[8];
    talk_begin(&t, &reply, NULL);
    crowd c = {t.http, t.url};
    for (int i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, many_calls, &c), 0);
    }
    for (int i = 0; i < 8; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    talk_end(&t);
    hy_http_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plain_reply),
        cmocka_unit_test(test_the_path_stays_as_it_is),
        cmocka_unit_test(test_other_lengths),
        cmocka_unit_test(test_receivers),
        cmocka_unit_test(test_connections_are_used_again),
        cmocka_unit_test(test_few_sockets_stay_open),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_a_header_without_end),
        cmocka_unit_test(test_bodies_of_errors_are_cut),
        cmocka_unit_test(test_broken_replies),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_no_secure_connection),
        cmocka_unit_test(test_limits_on_time),
        cmocka_unit_test(test_a_reply_that_may_take_long),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_the_deadline),
        cmocka_unit_test(test_addresses_that_are_not_allowed),
        cmocka_unit_test(test_urls_that_are_none),
        cmocka_unit_test(test_the_log_has_no_secrets),
        cmocka_unit_test(test_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
