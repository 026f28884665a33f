/* SPDX-License-Identifier: MIT */
/*
 * A credential endpoint on loopback that does as a test says. One connection at a time, one request
 * on each. In a header, because each test program has one.
 */
#ifndef HY_TEST_KEY_SERVER_H
#define HY_TEST_KEY_SERVER_H

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

#define REQUEST_BYTES 16384
#define REPLY_BYTES   (128 * 1024)

typedef struct key_server {
    pthread_t thread;
    int fd;
    int port;
    char origin[64]; /* "http://127.0.0.1:4711" */
    atomic_bool stop;
    atomic_int requests;
    atomic_int delay_ms; /* before each answer */
    /* Called in the server's thread: the whole request; fills the body and returns the status. */
    int (*answer)(const char *request, char *body, size_t size);
} key_server;

static inline void key_server_nap(key_server *server, int ms)
{
    const struct timespec step = {0, 5000000};
    for (int i = 0; i < ms / 5 && !atomic_load(&server->stop); i++) {
        (void)nanosleep(&step, NULL);
    }
}

/* Head and as much of a body as Content-Length says. */
static inline bool key_server_read(int fd, char *request, size_t size)
{
    size_t got = 0;
    size_t want = size - 1;
    while (got < want) {
        ssize_t n = recv(fd, request + got, want - got, 0);
        if (n <= 0) {
            return false;
        }
        got += (size_t)n;
        request[got] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        const char *length = strcasestr(request, "\r\ncontent-length:");
        if (end) {
            size_t body = length ? strtoul(length + 17, NULL, 10) : 0;
            want = (size_t)(end - request) + 4 + body;
        }
    }
    return true;
}

static inline void key_server_serve(key_server *server, int fd)
{
    char *request = calloc(1, REQUEST_BYTES);
    char *body = calloc(1, REPLY_BYTES);
    char head[256];
    if (request && body && key_server_read(fd, request, REQUEST_BYTES)) {
        atomic_fetch_add(&server->requests, 1);
        key_server_nap(server, atomic_load(&server->delay_ms));
        int status = server->answer(request, body, REPLY_BYTES);
        int size = snprintf(head, sizeof head,
                            "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n",
                            status, strlen(body));
        (void)send(fd, head, (size_t)size, MSG_NOSIGNAL);
        (void)send(fd, body, strlen(body), MSG_NOSIGNAL);
    }
    free(request);
    free(body);
}

static inline void *key_server_run(void *user)
{
    key_server *server = user;
    while (!atomic_load(&server->stop)) {
        struct pollfd wait = {.fd = server->fd, .events = POLLIN};
        if (poll(&wait, 1, 20) == 1) {
            int fd = accept(server->fd, NULL, NULL);
            if (fd >= 0) {
                const struct timeval limit = {2, 0};
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
                key_server_serve(server, fd);
                (void)close(fd);
            }
        }
    }
    return NULL;
}

static inline void key_server_start(key_server *server,
                                    int (*answer)(const char *request, char *body, size_t size))
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    *server = (key_server){.answer = answer};
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->fd >= 0);
    assert_int_equal(bind(server->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->fd, 16), 0);
    assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    (void)snprintf(server->origin, sizeof server->origin, "http://127.0.0.1:%d", server->port);
    assert_int_equal(pthread_create(&server->thread, NULL, key_server_run, server), 0);
}

static inline void key_server_stop(key_server *server)
{
    atomic_store(&server->stop, true);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->fd);
}

#endif
