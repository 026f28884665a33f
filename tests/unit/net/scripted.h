/* SPDX-License-Identifier: MIT */
/*
 * A server on loopback that says what a test tells it to, right or wrong. One thread; connections
 * are served one after the other, those of several clients at once only as far as they take turns.
 */
#ifndef HY_TEST_SCRIPTED_H
#define HY_TEST_SCRIPTED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCRIPTED_REQUEST_BYTES 16384
#define SCRIPTED_MOST_REQUESTS 256

/* One request as it came. */
typedef struct scripted_request {
    char head[SCRIPTED_REQUEST_BYTES]; /* request line and headers, NUL-terminated */
    int64_t body_bytes;                /* that came */
    int connection;                    /* which one, from 0 */
} scripted_request;

/* The answer to one request. */
typedef struct scripted_reply {
    const char *head; /* with its empty line; NULL = hang up without a word */
    const char *body; /* NULL = `fill` bytes of test content, from `fill_from` on */
    int64_t fill;     /* bytes; -1 = for ever, as chunks */
    int64_t fill_from;
    int64_t cut;       /* hang up after that many bytes of the body; 0 = no, -1 = at once */
    int delay_ms;      /* before the head */
    int trickle_ms;    /* a byte of the body at a time, with that pause after each */
    bool before_body;  /* answer as soon as the request's head is there, and hang up */
    bool reset;        /* hang up with RST */
    bool close;        /* hang up after the reply */
    bool many_headers; /* send header lines for ever instead of the head's end */
} scripted_reply;

typedef struct scripted scripted;

/* Called for the request of that number; gives the reply. In the server's thread. */
typedef scripted_reply scripted_fn(void *user, int number, const scripted_request *request);

scripted *scripted_new(scripted_fn *answer, void *user);
/* Stops it, whatever it is doing. */
void scripted_free(scripted *server);
int scripted_port(const scripted *server);
/* Requests so far. */
int scripted_count(const scripted *server);
/* Connections so far. */
int scripted_connections(const scripted *server);
/* One that has come; number < scripted_count. */
const scripted_request *scripted_get(const scripted *server, int number);
/* "http://127.0.0.1:PORT" and the path; free with free. */
char *scripted_url(const scripted *server, const char *path);
/* Byte `at` of the test content. */
uint8_t scripted_byte(int64_t at);
/* A port of loopback on which nobody listens. */
int scripted_dead_port(void);

#endif
