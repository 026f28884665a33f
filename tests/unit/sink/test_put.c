/* SPDX-License-Identifier: MIT */
/* A URL that takes one PUT: what its answers mean, and a cancel between two tries. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../net/scripted.h"
#include "net/net.h"
#include "sink/sink.h"
#include "support.h"

#define EMPTY "Content-Length: 0\r\n\r\n"

typedef struct script {
    const scripted_reply *replies;
    int count;         /* the last one again and again */
    hy_cancel *cancel; /* NULL = never */
    hy_retry_quota *quota;
    atomic_bool asked;
} script;

static scripted_reply serve(void *user, int number, const scripted_request *request)
{
    script *s = user;
    (void)request;
    atomic_store(&s->asked, true);
    return s->replies[number < s->count ? number : s->count - 1];
}

/* Requests that it took. */
static int put(script *s, bool replace, hydra_status *status, hy_diag *diag)
{
    hy_http *http = NULL;
    hy_sink *sink = NULL;
    const hy_http_options direct = {.proxy = ""};
    *diag = (hy_diag){0};
    scripted *server = scripted_new(serve, s);
    char *url = scripted_url(server, "/video.mp4?secret");
    assert_ok(hy_http_new(&direct, &http, diag), diag);
    const hy_sink_put_options options = {
        .url = url, .limit = 1000, .replace = replace, .cancel = s->cancel, .quota = s->quota};
    assert_ok(hy_sink_put_new(http, &options, &sink, diag), diag);
    assert_ok(sink->ops->write(sink, 0, "video", 5, diag), diag);
    *status = sink->ops->commit(sink, diag);
    assert_null(strstr(diag->text, "secret"));
    hy_sink_free(sink);
    hy_http_free(http);
    int requests = scripted_count(server);
    scripted_free(server);
    free(url);
    return requests;
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        bool replace;
        hydra_status status;
        const char *part;
    } cases[] = {
        {"HTTP/1.1 201 Made\r\n" EMPTY, true, HYDRA_OK, ""},
        {"HTTP/1.1 403 No\r\n" EMPTY, true, HYDRA_ERR_PERMISSION, "with 403; is the URL meant"},
        {"HTTP/1.1 404 No\r\n" EMPTY, true, HYDRA_ERR_NOT_FOUND, "with 404"},
        {"HTTP/1.1 412 No\r\n" EMPTY, false, HYDRA_ERR_EXISTS, "exists already"},
        /* Nothing was said of what is there: another condition failed. */
        {"HTTP/1.1 412 No\r\n" EMPTY, true, HYDRA_ERR_SERVER, "with 412"},
        {"HTTP/1.1 409 No\r\n" EMPTY, true, HYDRA_ERR_SERVER, "with 409"},
        {"HTTP/1.1 409 No\r\n" EMPTY, false, HYDRA_ERR_SERVER, "with 409"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const scripted_reply reply = {.head = cases[i].head};
        script s = {&reply, 1, NULL, NULL, false};
        hydra_status status;
        hy_diag diag;
        assert_int_equal(put(&s, cases[i].replace, &status, &diag), 1);
        if (cases[i].status == HYDRA_OK) {
            assert_ok(status, &diag);
        } else {
            assert_failed(status, cases[i].status, &diag, cases[i].part);
            assert_null(strstr(diag.text, "answer was lost"));
        }
    }
}

static void test_a_lost_answer(void **state)
{
    (void)state;
    const scripted_reply replies[] = {{.head = NULL}, {.head = "HTTP/1.1 412 No\r\n" EMPTY}};
    script s = {replies, 2, NULL, NULL, false};
    hydra_status status;
    hy_diag diag;
    assert_int_equal(put(&s, false, &status, &diag), 2);
    assert_failed(status, HYDRA_ERR_EXISTS, &diag, "answer was lost");
}

static void test_an_error_that_looks_well(void **state)
{
    (void)state;
    const scripted_reply replies[] = {
        {.head = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"
                 "<Error><Code>InternalError</Code></Error>         "},
        {.head = "HTTP/1.1 200 OK\r\n" EMPTY},
    };
    hydra_status status;
    hy_diag diag;
    script twice = {replies, 2, NULL, NULL, false};
    assert_int_equal(put(&twice, true, &status, &diag), 2);
    assert_ok(status, &diag);
    script always = {replies, 1, NULL, NULL, false};
    assert_int_equal(put(&always, true, &status, &diag), 5);
    assert_failed(status, HYDRA_ERR_SERVER, &diag, "with 200 and an error");
}

/* A server that is down is not asked again by every job. */
static void test_quota(void **state)
{
    (void)state;
    const scripted_reply replies[] = {{.head = "HTTP/1.1 500 Later\r\n" EMPTY},
                                      {.head = "HTTP/1.1 201 Made\r\n" EMPTY}};
    hy_retry_quota quota;
    hy_retry_quota_init(&quota);
    script s = {replies, 2, NULL, &quota, false};
    hydra_status status;
    hy_diag diag;
    int full = atomic_load(&quota.tokens);
    assert_int_equal(put(&s, true, &status, &diag), 2);
    assert_ok(status, &diag);
    assert_int_equal(atomic_load(&quota.tokens), full); /* it came back */
    atomic_store(&quota.tokens, 0);
    assert_int_equal(put(&s, true, &status, &diag), 1);
    assert_failed(status, HYDRA_ERR_SERVER, &diag, "with 500");
}

/* Once the server was asked, and has answered. */
static void *cancel_soon(void *user)
{
    const script *s = user;
    const struct timespec moment = {0, 1000000};
    const struct timespec soon = {0, 300000000};
    while (!atomic_load(&s->asked)) {
        (void)nanosleep(&moment, NULL);
    }
    (void)nanosleep(&soon, NULL);
    hy_cancel_request(s->cancel);
    return NULL;
}

static void test_cancelled_between_two_tries(void **state)
{
    (void)state;
    const scripted_reply reply = {.head = "HTTP/1.1 503 Later\r\nRetry-After: 30\r\n" EMPTY};
    pthread_t thread;
    hy_cancel cancel;
    hy_cancel_init(&cancel, 0);
    script s = {&reply, 1, &cancel, NULL, false};
    hydra_status status;
    hy_diag diag;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &s), 0);
    assert_int_equal(put(&s, true, &status, &diag), 1);
    (void)pthread_join(thread, NULL);
    assert_failed(status, HYDRA_ERR_CANCELLED, &diag, "cancelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_a_lost_answer),
        cmocka_unit_test(test_an_error_that_looks_well),
        cmocka_unit_test(test_quota),
        cmocka_unit_test(test_cancelled_between_two_tries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
