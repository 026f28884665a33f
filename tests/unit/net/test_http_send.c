/* SPDX-License-Identifier: MIT */
/* Bodies of requests, and servers that do not want them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

typedef struct upload {
    int64_t size;
    int64_t fail_at; /* 0 = never */
    int64_t told;    /* bytes that are out */
    int64_t most;    /* of them, ever */
} upload;

static hydra_status read_upload(void *user, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    const upload *u = user;
    if (u->fail_at > 0 && offset + (int64_t)size > u->fail_at) {
        return hy_fail(diag, HYDRA_ERR_IO, "the file is gone");
    }
    assert_true(offset + (int64_t)size <= u->size);
    memset(data, 'u', size);
    return HYDRA_OK;
}

static void tell_upload(void *user, int64_t bytes)
{
    upload *u = user;
    u->told = bytes;
    u->most = bytes > u->most ? bytes : u->most;
}

static void talk_upload(talk *t, upload *u)
{
    t->request.method = "PUT";
    t->request.read_body = read_upload;
    t->request.body_size = u->size;
    t->request.user = u;
    t->request.sent = tell_upload;
    t->request.sent_user = u;
}

static void test_sending(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 0\r\n\r\n"};
    static const int64_t sizes[] = {0, 1, 65536, 3000001};
    for (int expect = 0; expect < 2; expect++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            upload u = {.size = sizes[i]};
            talk t;
            talk_begin(&t, &reply, NULL);
            talk_upload(&t, &u);
            t.request.expect_continue = expect;
            talk_run(&t);
            assert_ok(t.status, &t.diag);
            const scripted_request *request = scripted_get(t.server, 0);
            assert_int_equal(request->body_bytes, sizes[i]);
            assert_int_equal(u.told, sizes[i]);
            assert_non_null(strstr(request->head, "\r\nContent-Length: "));
            assert_int_equal(strstr(request->head, "\r\nExpect: 100-continue\r\n") != NULL, expect);
            assert_null(hy_http_headers_get(&t.reply.headers, "X-Interim"));
            talk_end(&t);
        }
    }
}

static scripted_reply refuse_to_be_asked(void *user, int number, const scripted_request *request)
{
    (void)user;
    (void)number;
    return strstr(request->head, "\r\nExpect:")
               ? (scripted_reply){.head = "HTTP/1.1 417 No\r\nContent-Length: 2\r\nX-A: b\r\n\r\n",
                                  .body = "no",
                                  .before_body = true}
               : (scripted_reply){.head = OK_HEAD "Content-Length: 3\r\n\r\n", .body = "yes"};
}

static void test_a_server_that_does_not_like_to_be_asked(void **state)
{
    (void)state;
    upload u = {.size = 200000};
    talk t = {.http = test_client(NULL), .server = scripted_new(refuse_to_be_asked, NULL)};
    t.url = scripted_url(t.server, "/a?secret");
    t.request = (hy_http_request){.url = t.url, .name = "photo", .expect_continue = true};
    talk_upload(&t, &u);
    talk_run(&t);
    assert_ok(t.status, &t.diag);
    assert_int_equal(t.reply.status, 200);
    assert_int_equal(t.reply.body_bytes, 3);
    assert_memory_equal(t.reply.body.data, "yes", 3);
    assert_null(hy_http_headers_get(&t.reply.headers, "X-A"));
    assert_int_equal(scripted_get(t.server, scripted_count(t.server) - 1)->body_bytes, 200000);
    talk_end(&t);
}

static void test_methods(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "PUT", "POST", "DELETE", "HEAD"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        for (int body = 0; body < (i < 4 ? 2 : 1); body++) {
            scripted_reply reply = {.head = OK_HEAD "Content-Length: 0\r\n\r\n"};
            char line[32];
            talk t;
            talk_begin(&t, &reply, NULL);
            t.request.method = methods[i];
            t.request.body = body ? "body" : NULL;
            t.request.body_size = body ? 4 : 0;
            talk_run(&t);
            assert_ok(t.status, &t.diag);
            const scripted_request *request = scripted_get(t.server, 0);
            (void)snprintf(line, sizeof line, "%s /a?", methods[i]);
            assert_int_equal(strncmp(request->head, line, strlen(line)), 0);
            assert_int_equal(request->body_bytes, body ? 4 : 0);
            bool sends = body || i == 1 || i == 2;
            assert_int_equal(strstr(request->head, "\r\nContent-Length: ") != NULL, sends);
            assert_null(strcasestr(request->head, "\r\nContent-Type"));
            assert_null(strcasestr(request->head, "\r\nTransfer-Encoding"));
            talk_end(&t);
        }
    }
}

/* Its answer counts, whether it reads on or not. */
static void test_an_answer_before_all_is_sent(void **state)
{
    (void)state;
    scripted_reply reply = {
        .head = "HTTP/1.1 403 No\r\nContent-Length: 6\r\nConnection: close\r\n\r\n",
        .body = "denied",
        .before_body = true,
    };
    int replies = 0;
    for (int i = 0; i < 20; i++) {
        upload u = {.size = 50000000};
        talk t;
        talk_begin(&t, &reply, NULL);
        talk_upload(&t, &u);
        t.request.expect_continue = i % 2;
        talk_run(&t);
        if (t.status == HYDRA_OK) {
            assert_int_equal(t.reply.status, 403);
            replies++;
        } else {
            assert_int_equal(t.reply.outcome, HY_HTTP_TRANSIENT); /* the RST was faster */
        }
        assert_true(u.told < u.size);
        talk_end(&t);
    }
    print_message("%d of 20 answers\n", replies);
    assert_true(replies >= 15);
}

static void test_a_source_that_fails(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 0\r\n\r\n"};
    upload u = {.size = 1000000, .fail_at = 500000};
    talk t;
    talk_begin(&t, &reply, NULL);
    talk_upload(&t, &u);
    talk_run(&t);
    assert_talk(&t, HYDRA_ERR_IO, HY_HTTP_FINAL, "the file is gone");
    u.fail_at = 0;
    talk_run(&t); /* on a connection of its own */
    assert_ok(t.status, &t.diag);
    talk_end(&t);
}

/* The server closes a connection that was kept: the body is sent again from its begin. */
static void test_a_kept_connection_that_is_gone(void **state)
{
    (void)state;
    scripted_reply reply = {.head = OK_HEAD "Content-Length: 0\r\n\r\n", .close = true};
    upload u = {.size = 300000};
    talk t;
    talk_begin(&t, &reply, NULL);
    talk_upload(&t, &u);
    for (int i = 0; i < 5; i++) {
        talk_run(&t);
        assert_ok(t.status, &t.diag);
        assert_int_equal(scripted_get(t.server, scripted_count(t.server) - 1)->body_bytes, 300000);
    }
    talk_end(&t);
}

static scripted_reply hang_up_once(void *user, int number, const scripted_request *request)
{
    (void)user;
    (void)request;
    const char *head = number == 1 ? NULL : OK_HEAD "Content-Length: 0\r\n\r\n";
    return (scripted_reply){.head = head};
}

/* It had all of the body, and perhaps did what was asked: who asked must know. */
static void test_a_request_that_went_out_twice(void **state)
{
    (void)state;
    upload u = {.size = 300000};
    talk t = {.server = scripted_new(hang_up_once, NULL), .http = test_client(NULL)};
    t.url = scripted_url(t.server, "/a");
    t.request = (hy_http_request){.url = t.url, .name = "photo"};
    talk_upload(&t, &u);
    for (int i = 0; i < 2; i++) {
        talk_run(&t);
        assert_ok(t.status, &t.diag);
        assert_int_equal(t.reply.restarts, i);
        assert_int_equal(u.told, 300000);
        assert_int_equal(u.most, 300000);
    }
    assert_int_equal(scripted_count(t.server), 3);
    assert_int_equal(scripted_get(t.server, 2)->body_bytes, 300000);
    talk_end(&t);
}

/* Nothing is wound back, and yet it may have been done twice. */
static void test_an_empty_request_that_went_out_twice(void **state)
{
    (void)state;
    talk t = {.server = scripted_new(hang_up_once, NULL), .http = test_client(NULL)};
    t.url = scripted_url(t.server, "/a");
    t.request = (hy_http_request){.method = "PUT", .url = t.url, .name = "photo"};
    for (int i = 0; i < 2; i++) {
        talk_run(&t);
        assert_ok(t.status, &t.diag);
        assert_int_equal(t.reply.restarts, i);
    }
    assert_int_equal(scripted_count(t.server), 3);
    talk_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sending),
        cmocka_unit_test(test_a_server_that_does_not_like_to_be_asked),
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_an_answer_before_all_is_sent),
        cmocka_unit_test(test_a_source_that_fails),
        cmocka_unit_test(test_a_kept_connection_that_is_gone),
        cmocka_unit_test(test_a_request_that_went_out_twice),
        cmocka_unit_test(test_an_empty_request_that_went_out_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
