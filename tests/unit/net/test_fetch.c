/* SPDX-License-Identifier: MIT */
/* Loading whole resources: redirects, resumed downloads, and servers that change their mind. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "scripted.h"
#include "support.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

/* ---- A server with one resource ---- */

typedef struct resource {
    int64_t size;
    int64_t cut;        /* of each reply's body; 0 = whole */
    int cuts;           /* so many times */
    int change_after;   /* requests; then the ETag is another; 0 = never */
    int change_again;   /* the same once more */
    bool weak;          /* ETag */
    bool ignores_range; /* 200 */
    bool ignores_match;
    bool wrong_range;
    bool wrong_total;
    char head[512]; /* of the reply */
} resource;

static int version_of(const resource *r, int number)
{
    return (r->change_after > 0 && number >= r->change_after) +
           (r->change_again > 0 && number >= r->change_again);
}

/* First byte that is asked for; -1 = all. */
static int64_t range_of(const scripted_request *request)
{
    const char *at = strstr(request->head, "\r\nRange: bytes=");
    return at ? strtoll(at + 15, NULL, 10) : -1;
}

static scripted_reply serve_resource(void *user, int number, const scripted_request *request)
{
    resource *r = user;
    int64_t from = r->ignores_range ? -1 : range_of(request);
    char etag[32];
    (void)snprintf(etag, sizeof etag, "%s\"v%d\"", r->weak ? "W/" : "", version_of(r, number));
    if (range_of(request) >= 0 && !r->ignores_match && !strstr(request->head, etag)) {
        return (scripted_reply){.head = "HTTP/1.1 412 Changed\r\nContent-Length: 0\r\n\r\n"};
    }
    int64_t begin = from >= 0 ? from : 0;
    if (from >= 0) {
        (void)snprintf(r->head, sizeof r->head,
                       "HTTP/1.1 206 Part\r\nETag: %s\r\nContent-Length: %lld\r\n"
                       "Content-Range: bytes %lld-%lld/%lld\r\n\r\n",
                       etag, (long long)(r->size - begin), (long long)begin - r->wrong_range,
                       (long long)r->size - 1, (long long)r->size + r->wrong_total);
    } else {
        (void)snprintf(r->head, sizeof r->head, OK_HEAD "ETag: %s\r\nContent-Length: %lld\r\n\r\n",
                       etag, (long long)r->size);
    }
    int64_t cut = number < r->cuts ? r->cut : 0;
    return (scripted_reply){
        .head = r->head, .fill = r->size - begin, .fill_from = begin, .cut = cut};
}

/* ---- Loading ---- */

typedef struct load {
    hy_http *http;
    hy_fetch fetch;
    hy_buffer out;
    hy_diag diag;
    hydra_status status;
} load;

static void load_begin(load *l, const char *url)
{
    *l = (load){0};
    const hy_http_options options = {.proxy = ""};
    assert_ok(hy_http_new(&options, &l->http, &l->diag), &l->diag);
    l->fetch = (hy_fetch){.url = url, .name = "photo", .max_bytes = 10000000};
}

static void load_run(load *l)
{
    hy_buffer_free(&l->out);
    hy_diag_clear(&l->diag);
    l->status = hy_fetch_load(l->http, &l->fetch, &l->out, &l->diag);
    if (l->status != HYDRA_OK) {
        assert_null(l->out.data);
        assert_null(strstr(l->diag.text, "secret"));
    }
}

static void load_end(load *l)
{
    hy_buffer_free(&l->out);
    hy_http_free(l->http);
}

static void assert_content(const load *l, int64_t size)
{
    assert_ok(l->status, &l->diag);
    assert_int_equal(l->out.size, size);
    for (int64_t i = 0; i < size; i++) {
        if (l->out.data[i] != scripted_byte(i)) {
            fail_msg("byte %lld differs", (long long)i);
        }
    }
}

static void load_resource(resource *r, load *l, int *requests)
{
    scripted *server = scripted_new(serve_resource, r);
    char *url = scripted_url(server, "/photo.jpg?secret");
    load_begin(l, url);
    load_run(l);
    *requests = scripted_count(server);
    for (int i = 1; i < *requests; i++) {
        const char *head = scripted_get(server, i)->head;
        assert_int_equal(strstr(head, "\r\nRange: ") != NULL,
                         strstr(head, "\r\nIf-Match: ") != NULL);
    }
    scripted_free(server);
    free(url);
}

typedef struct progress {
    int64_t bytes;
    int64_t total;
    int calls;
} progress;

static void keep_progress(void *user, int64_t bytes, int64_t total)
{
    *(progress *)user = (progress){bytes, total, ((progress *)user)->calls + 1};
}

static void test_a_whole_resource(void **state)
{
    (void)state;
    resource r = {.size = 1000000};
    progress p = {0};
    load l;
    scripted *server = scripted_new(serve_resource, &r);
    char *url = scripted_url(server, "/photo.jpg");
    load_begin(&l, url);
    l.fetch.received = keep_progress;
    l.fetch.user = &p;
    load_run(&l);
    assert_content(&l, 1000000);
    assert_int_equal(p.bytes, 1000000);
    assert_int_equal(p.total, 1000000);
    assert_true(p.calls > 1);
    load_end(&l);
    scripted_free(server);
    free(url);
    resource empty = {.size = 0};
    int requests;
    load_resource(&empty, &l, &requests);
    assert_content(&l, 0);
    load_end(&l);
}

static void test_resumed_at_every_tenth(void **state)
{
    (void)state;
    for (int tenth = 1; tenth < 10; tenth++) {
        resource r = {.size = 500000, .cut = 50000 * tenth, .cuts = 1};
        load l;
        int requests;
        load_resource(&r, &l, &requests);
        assert_content(&l, 500000);
        assert_int_equal(requests, 2);
        load_end(&l);
    }
}

static void test_resumed_ten_times(void **state)
{
    (void)state;
    resource r = {.size = 1100000, .cut = 100000, .cuts = 10};
    load l;
    int requests;
    load_resource(&r, &l, &requests);
    assert_content(&l, 1100000);
    assert_int_equal(requests, 11);
    load_end(&l);
}

static void test_weak_tags_begin_anew(void **state)
{
    (void)state;
    resource r = {.size = 300000, .cut = 100000, .cuts = 2, .weak = true};
    load l;
    int requests;
    load_resource(&r, &l, &requests);
    assert_content(&l, 300000);
    assert_int_equal(requests, 3);
    load_end(&l);
}

static void test_a_resource_that_changes(void **state)
{
    (void)state;
    resource once = {.size = 300000, .cut = 100000, .cuts = 1, .change_after = 1};
    load l;
    int requests;
    load_resource(&once, &l, &requests);
    assert_content(&l, 300000);
    assert_int_equal(requests, 3); /* cut, 412, anew */
    load_end(&l);
    resource twice = {
        .size = 300000, .cut = 100000, .cuts = 3, .change_after = 1, .change_again = 3};
    load_resource(&twice, &l, &requests);
    assert_failed(l.status, HYDRA_ERR_SERVER, &l.diag, "photo: keeps changing");
    load_end(&l);
}

/* A mixture would have the bytes of neither. */
static void test_servers_that_do_not_know_if_match(void **state)
{
    (void)state;
    resource once = {
        .size = 300000, .cut = 100000, .cuts = 1, .change_after = 1, .ignores_match = true};
    load l;
    int requests;
    load_resource(&once, &l, &requests);
    assert_content(&l, 300000);
    assert_int_equal(requests, 3); /* cut, the rest of another, anew */
    load_end(&l);
    resource twice = once;
    twice.cuts = 3;
    twice.change_again = 3;
    load_resource(&twice, &l, &requests);
    assert_failed(l.status, HYDRA_ERR_SERVER, &l.diag, "photo: keeps changing");
    load_end(&l);
}

static void test_servers_that_do_not_give_ranges(void **state)
{
    (void)state;
    load l;
    int requests;
    resource ignores = {.size = 300000, .cut = 100000, .cuts = 1, .ignores_range = true};
    load_resource(&ignores, &l, &requests);
    assert_content(&l, 300000);
    assert_int_equal(requests, 2);
    load_end(&l);
    resource wrong = {.size = 300000, .cut = 100000, .cuts = 1, .wrong_range = true};
    load_resource(&wrong, &l, &requests);
    assert_failed(l.status, HYDRA_ERR_SERVER, &l.diag, "photo: the server sent another range");
    load_end(&l);
    resource total = {.size = 300000, .cut = 100000, .cuts = 1, .wrong_total = true};
    load_resource(&total, &l, &requests);
    assert_failed(l.status, HYDRA_ERR_SERVER, &l.diag, "photo: the server sent another range");
    load_end(&l);
}

static void test_it_breaks_off_every_time(void **state)
{
    (void)state;
    resource r = {.size = 300000, .cut = 1000, .cuts = 100};
    load l;
    int requests;
    load_resource(&r, &l, &requests);
    assert_failed(l.status, HYDRA_ERR_NETWORK, &l.diag, "photo: the reply broke off");
    assert_int_equal(requests, 5);
    load_end(&l);
}

/* Forwards, back to the beginning, forwards: none of it is progress. */
static scripted_reply serve_back_and_forth(void *user, int number, const scripted_request *request)
{
    (void)user;
    (void)request;
    return (scripted_reply){.head = OK_HEAD "ETag: \"v\"\r\nContent-Length: 300000\r\n\r\n",
                            .fill = 300000,
                            .cut = number % 2 == 0 ? 100000 : 10000};
}

static void test_it_begins_anew_every_time(void **state)
{
    (void)state;
    scripted *server = scripted_new(serve_back_and_forth, NULL);
    char *url = scripted_url(server, "/photo.jpg");
    hy_cancel cancel;
    hy_cancel_init(&cancel, 20000000);
    load l;
    load_begin(&l, url);
    l.fetch.cancel = &cancel;
    load_run(&l);
    assert_failed(l.status, HYDRA_ERR_NETWORK, &l.diag, "photo: the reply broke off");
    assert_in_range(scripted_count(server), 5, 6);
    load_end(&l);
    scripted_free(server);
    free(url);
}

/* ---- Statuses ---- */

typedef struct sequence {
    const scripted_reply *replies;
    int count; /* the last one again and again */
} sequence;

static scripted_reply serve_sequence(void *user, int number, const scripted_request *request)
{
    const sequence *s = user;
    (void)request;
    return s->replies[number < s->count ? number : s->count - 1];
}

/* Requests that it took. */
static int load_sequence(const scripted_reply *replies, int count, load *l, const hy_fetch *fetch)
{
    sequence s = {replies, count};
    scripted *server = scripted_new(serve_sequence, &s);
    char *url = scripted_url(server, "/photo.jpg?secret");
    load_begin(l, url);
    if (fetch) {
        l->fetch = *fetch;
        l->fetch.url = url;
        l->fetch.name = "photo";
    }
    load_run(l);
    int requests = scripted_count(server);
    scripted_free(server);
    free(url);
    return requests;
}

static void test_statuses(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        hydra_status status;
        int requests;
    } cases[] = {
        {"HTTP/1.1 401 No", HYDRA_ERR_PERMISSION, 1}, {"HTTP/1.1 403 No", HYDRA_ERR_PERMISSION, 1},
        {"HTTP/1.1 404 No", HYDRA_ERR_NOT_FOUND, 1},  {"HTTP/1.1 410 No", HYDRA_ERR_NOT_FOUND, 1},
        {"HTTP/1.1 400 No", HYDRA_ERR_SERVER, 1},     {"HTTP/1.1 416 No", HYDRA_ERR_SERVER, 1},
        {"HTTP/1.1 501 No", HYDRA_ERR_SERVER, 1},     {"HTTP/1.1 500 No", HYDRA_ERR_SERVER, 5},
        {"HTTP/1.1 502 No", HYDRA_ERR_SERVER, 5},     {"HTTP/1.1 304 No", HYDRA_ERR_SERVER, 1},
        {"HTTP/1.1 204 No", HYDRA_ERR_SERVER, 1},     {"HTTP/1.1 206 No", HYDRA_ERR_SERVER, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char head[128];
        load l;
        (void)snprintf(head, sizeof head, "%s\r\nContent-Length: 0\r\n\r\n", cases[i].head);
        const scripted_reply reply = {.head = head};
        int requests = load_sequence(&reply, 1, &l, NULL);
        assert_failed(l.status, cases[i].status, &l.diag, "photo: ");
        assert_int_equal(requests, cases[i].requests);
        load_end(&l);
    }
}

static void test_it_works_the_third_time(void **state)
{
    (void)state;
    const scripted_reply replies[] = {
        {.head = "HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\n", .body = "bad", .close = true},
        {.head = NULL, .reset = true},
        {.head = OK_HEAD "Content-Length: 10\r\n\r\n", .fill = 10},
    };
    hy_retry_quota quota;
    hy_retry_quota_init(&quota);
    const hy_fetch fetch = {.max_bytes = 1000, .quota = &quota};
    load l;
    assert_int_equal(load_sequence(replies, 3, &l, &fetch), 3);
    assert_content(&l, 10);
    assert_int_equal(atomic_load(&quota.tokens), 500 - 14);
    load_end(&l);
}

static void test_lengths_that_lie(void **state)
{
    (void)state;
    load l;
    const scripted_reply less = {
        .head = OK_HEAD "Content-Length: 20\r\n\r\n", .fill = 10, .close = true};
    assert_int_equal(load_sequence(&less, 1, &l, NULL), 5);
    assert_int_equal(l.status, HYDRA_ERR_NETWORK);
    load_end(&l);
    const scripted_reply more = {
        .head = OK_HEAD "Content-Length: 10\r\n\r\n", .fill = 20, .close = true};
    assert_int_equal(load_sequence(&more, 1, &l, NULL), 1);
    assert_content(&l, 10);
    load_end(&l);
}

static void test_limits(void **state)
{
    (void)state;
    const hy_fetch fetch = {.max_bytes = 100000};
    load l;
    const scripted_reply announced = {.head = OK_HEAD "Content-Length: 100001\r\n\r\n",
                                      .fill = 100001};
    assert_int_equal(load_sequence(&announced, 1, &l, &fetch), 1);
    assert_failed(l.status, HYDRA_ERR_LIMIT, &l.diag, "photo: ");
    load_end(&l);
    const scripted_reply endless = {.head = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n",
                                    .fill = -1};
    assert_int_equal(load_sequence(&endless, 1, &l, &fetch), 1);
    assert_failed(l.status, HYDRA_ERR_LIMIT, &l.diag, "photo: ");
    load_end(&l);
    const scripted_reply exact = {.head = OK_HEAD "Content-Length: 100000\r\n\r\n", .fill = 100000};
    assert_int_equal(load_sequence(&exact, 1, &l, &fetch), 1);
    assert_content(&l, 100000);
    load_end(&l);
}

static void test_cancelled(void **state)
{
    (void)state;
    const scripted_reply reply = {
        .head = "HTTP/1.1 503 No\r\nContent-Length: 0\r\nRetry-After: 30\r\n\r\n"};
    hy_cancel cancel;
    hy_cancel_init(&cancel, 500000);
    const hy_fetch fetch = {.max_bytes = 1000, .cancel = &cancel};
    load l;
    /* It does not begin to sleep for what it cannot live to see. */
    assert_int_equal(load_sequence(&reply, 1, &l, &fetch), 1);
    assert_failed(l.status, HYDRA_ERR_SERVER, &l.diag, "503");
    load_end(&l);
    hy_cancel_request(&cancel);
    assert_int_equal(load_sequence(&reply, 1, &l, &fetch), 0);
    assert_int_equal(l.status, HYDRA_ERR_CANCELLED);
    load_end(&l);
}

/* ---- Redirects ---- */

static void test_redirects_that_are_followed(void **state)
{
    (void)state;
    static const char *const statuses[] = {"301", "302", "303", "307", "308"};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        char head[128];
        (void)snprintf(head, sizeof head,
                       "HTTP/1.1 %s Moved\r\nLocation: ../b/./c.jpg?d\r\nContent-Length: 0\r\n\r\n",
                       statuses[i]);
        const scripted_reply replies[] = {
            {.head = head}, {.head = OK_HEAD "Content-Length: 10\r\n\r\n", .fill = 10}};
        sequence s = {replies, 2};
        scripted *server = scripted_new(serve_sequence, &s);
        char *url = scripted_url(server, "/a/x.jpg");
        hy_http_headers headers = {0};
        load l;
        load_begin(&l, url);
        assert_ok(hy_http_headers_add(&headers, "X-Own", "secret", &l.diag), &l.diag);
        l.fetch.headers = &headers;
        load_run(&l);
        assert_content(&l, 10);
        const char *second = scripted_get(server, 1)->head;
        assert_int_equal(strncmp(second, "GET /b/c.jpg?d HTTP/1.1\r\n", 25), 0);
        assert_non_null(strstr(second, "X-Own: secret"));
        hy_http_headers_free(&headers);
        load_end(&l);
        scripted_free(server);
        free(url);
    }
}

static void test_no_headers_for_strangers(void **state)
{
    (void)state;
    char head[256];
    sequence there = {&(scripted_reply){.head = OK_HEAD "Content-Length: 10\r\n\r\n", .fill = 10},
                      1};
    scripted *stranger = scripted_new(serve_sequence, &there);
    (void)snprintf(head, sizeof head,
                   "HTTP/1.1 302 Moved\r\nLocation: http://127.0.0.1:%d/b\r\nSet-Cookie: a=b\r\n"
                   "Content-Length: 0\r\n\r\n",
                   scripted_port(stranger));
    sequence here = {&(scripted_reply){.head = head}, 1};
    scripted *server = scripted_new(serve_sequence, &here);
    char *url = scripted_url(server, "/a");
    hy_http_headers headers = {0};
    load l;
    load_begin(&l, url);
    static const char *const names[] = {"Authorization", "x-amz-security-token", "Cookie", "X-Own"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_ok(hy_http_headers_add(&headers, names[i], "secret", &l.diag), &l.diag);
    }
    l.fetch.headers = &headers;
    load_run(&l);
    assert_content(&l, 10);
    assert_non_null(strstr(scripted_get(server, 0)->head, "Authorization: secret"));
    const char *seen = scripted_get(stranger, 0)->head;
    assert_null(strstr(seen, "secret"));
    assert_null(strcasestr(seen, "cookie"));
    assert_null(strcasestr(seen, "referer"));
    hy_http_headers_free(&headers);
    load_end(&l);
    scripted_free(server);
    scripted_free(stranger);
    free(url);
}

static scripted_reply serve_endless_hops(void *user, int number, const scripted_request *request)
{
    char *head = user;
    (void)request;
    (void)snprintf(head, 256, "HTTP/1.1 302 M\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n",
                   number);
    return (scripted_reply){.head = head};
}

static void test_too_many_hops(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_policy_init(&policy);
    static const int32_t most[] = {0, 1, 5, 10};
    for (size_t i = 0; i <= sizeof most / sizeof *most; i++) {
        char head[256];
        scripted *server = scripted_new(serve_endless_hops, head);
        char *url = scripted_url(server, "/a");
        load l;
        load_begin(&l, url);
        if (i > 0) {
            policy.max_redirects = most[i - 1];
            l.fetch.policy = &policy;
        }
        load_run(&l);
        assert_failed(l.status, HYDRA_ERR_SERVER, &l.diag, "photo: redirects too often");
        assert_int_equal(scripted_count(server), i > 0 ? most[i - 1] + 1 : 6);
        load_end(&l);
        scripted_free(server);
        free(url);
    }
}

static void test_redirects_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *location;
        hydra_status status;
        const char *part;
    } cases[] = {
        {"Location: file:///etc/passwd\r\n", HYDRA_ERR_SERVER, "no http or https"},
        {"Location: gopher://h/\r\n", HYDRA_ERR_SERVER, "no http or https"},
        {"Location: http://user:secret@h/\r\n", HYDRA_ERR_SERVER, "no http or https"},
        {"Location: /a b\r\n", HYDRA_ERR_SERVER, "no http or https"},
        {"Location:\r\n", HYDRA_ERR_SERVER, "does not say where"},
        {"", HYDRA_ERR_SERVER, "does not say where"},
        {"Location: /photo.jpg?secret\r\n", HYDRA_ERR_SERVER, "in a circle"},
        {"Location: #top\r\n", HYDRA_ERR_SERVER, "in a circle"},
        {"Location: http://other.example/\r\n", HYDRA_ERR_PERMISSION, "other.example"},
    };
    const char *const hosts[] = {"127.0.0.1"};
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.hosts = hosts;
    policy.host_count = 1;
    const hy_fetch fetch = {.max_bytes = 1000, .policy = &policy};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char head[256];
        load l;
        (void)snprintf(head, sizeof head, "HTTP/1.1 302 M\r\n%sContent-Length: 0\r\n\r\n",
                       cases[i].location);
        const scripted_reply reply = {.head = head};
        assert_int_equal(load_sequence(&reply, 1, &l, &fetch), 1);
        assert_failed(l.status, cases[i].status, &l.diag, cases[i].part);
        load_end(&l);
    }
}

static void test_a_redirect_to_the_inside(void **state)
{
    (void)state;
    const char *const networks[] = {"127.0.0.1"};
    static const char *const inside[] = {"127.0.0.2", "169.254.169.254", "0x7f000003", "[::1]"};
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.private_networks = 0;
    policy.networks = networks;
    policy.network_count = 1;
    const hy_fetch fetch = {.max_bytes = 1000, .policy = &policy};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        char head[256];
        load l;
        (void)snprintf(head, sizeof head,
                       "HTTP/1.1 302 M\r\nLocation: http://%s/latest/\r\nContent-Length: 0\r\n\r\n",
                       inside[i]);
        const scripted_reply reply = {.head = head};
        assert_int_equal(load_sequence(&reply, 1, &l, &fetch), 1);
        assert_failed(l.status, HYDRA_ERR_PERMISSION, &l.diag, "photo: the policy does not allow");
        load_end(&l);
    }
}

/* ---- Signed requests ---- */

static hydra_status sign(void *user, const char *url, hy_http_headers *headers, hy_diag *diag)
{
    char count[16];
    (void)snprintf(count, sizeof count, "%d", ++*(int *)user);
    assert_non_null(strstr(url, "/photo.jpg?secret"));
    return hy_http_headers_add(headers, "X-Signature", count, diag);
}

static void test_signed_requests(void **state)
{
    (void)state;
    int signatures = 0;
    const hy_fetch_signer signer = {sign, &signatures};
    const hy_fetch fetch = {.max_bytes = 1000, .signer = &signer};
    const scripted_reply replies[] = {
        {.head = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"},
        {.head = OK_HEAD "Content-Length: 10\r\n\r\n", .fill = 10},
    };
    load l;
    assert_int_equal(load_sequence(replies, 2, &l, &fetch), 2);
    assert_content(&l, 10);
    assert_int_equal(signatures, 2);
    load_end(&l);
    const scripted_reply moved = {
        .head = "HTTP/1.1 307 M\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"};
    assert_int_equal(load_sequence(&moved, 1, &l, &fetch), 1);
    assert_failed(l.status, HYDRA_ERR_SERVER, &l.diag, "HTTP status 307");
    load_end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_resource),
        cmocka_unit_test(test_resumed_at_every_tenth),
        cmocka_unit_test(test_resumed_ten_times),
        cmocka_unit_test(test_weak_tags_begin_anew),
        cmocka_unit_test(test_a_resource_that_changes),
        cmocka_unit_test(test_servers_that_do_not_know_if_match),
        cmocka_unit_test(test_servers_that_do_not_give_ranges),
        cmocka_unit_test(test_it_breaks_off_every_time),
        cmocka_unit_test(test_it_begins_anew_every_time),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_it_works_the_third_time),
        cmocka_unit_test(test_lengths_that_lie),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_redirects_that_are_followed),
        cmocka_unit_test(test_no_headers_for_strangers),
        cmocka_unit_test(test_too_many_hops),
        cmocka_unit_test(test_redirects_that_are_refused),
        cmocka_unit_test(test_a_redirect_to_the_inside),
        cmocka_unit_test(test_signed_requests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
