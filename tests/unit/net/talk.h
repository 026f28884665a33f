/* SPDX-License-Identifier: MIT */
/* One client and one server that talk to each other, for the tests of the HTTP client. */
#ifndef HY_TEST_TALK_H
#define HY_TEST_TALK_H

#include <string.h>

#include "net/net.h"
#include "scripted.h"
#include "support.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\n"

/* A client without proxies of the environment. `given` NULL = defaults. */
hy_http *test_client(const hy_http_options *given);

typedef struct talk {
    scripted *server;
    hy_http *http;
    char *url;
    hy_http_request request;
    hy_http_reply reply;
    hy_diag diag;
    hydra_status status;
} talk;

/* The server gives `reply` to every request; the request is a GET until the test changes it. */
void talk_begin(talk *t, scripted_reply *reply, const hy_http_options *options);
/* May be called again. No error text may hold the word "secret". */
void talk_run(talk *t);
void talk_end(talk *t);

#define assert_talk(t, expected_status, expected_outcome, part)                                    \
    do {                                                                                           \
        assert_failed((t)->status, expected_status, &(t)->diag, part);                             \
        assert_int_equal((t)->reply.outcome, expected_outcome);                                    \
    } while (0)

#endif
