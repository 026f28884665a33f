/* SPDX-License-Identifier: MIT */
/* A client and a server on loopback. */
#include "talk.h"

#include <stdlib.h>

static scripted_reply always(void *user, int number, const scripted_request *request)
{
    (void)number;
    (void)request;
    return *(const scripted_reply *)user;
}

hy_http *test_client(const hy_http_options *given)
{
    hy_http_options options = given ? *given : (hy_http_options){0};
    hy_diag diag = {0};
    hy_http *http = NULL;
    options.proxy = options.proxy ? options.proxy : "";
    assert_ok(hy_http_new(&options, &http, &diag), &diag);
    return http;
}

void talk_begin(talk *t, scripted_reply *reply, const hy_http_options *options)
{
    *t = (talk){0};
    t->server = scripted_new(always, reply);
    t->http = test_client(options);
    t->url = scripted_url(t->server, "/a?query=secret");
    t->request = (hy_http_request){.method = "GET", .url = t->url, .name = "photo"};
}

void talk_run(talk *t)
{
    hy_http_reply_free(&t->reply);
    hy_diag_clear(&t->diag);
    t->status = hy_http_perform(t->http, &t->request, &t->reply, &t->diag);
    assert_null(strstr(t->diag.text, "secret"));
}

void talk_end(talk *t)
{
    hy_http_reply_free(&t->reply);
    hy_http_free(t->http);
    scripted_free(t->server);
    free(t->url);
}
