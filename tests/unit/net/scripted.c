/* SPDX-License-Identifier: MIT */
/* A server that follows a script. Every wait is a short one, so that it can always be stopped. */
#include "scripted.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"

#define SLICE_MS 10

struct scripted {
    scripted_fn *answer;
    void *user;
    int listener;
    int port;
    pthread_t thread;
    atomic_bool stop;
    atomic_int count;
    atomic_int connections;
    scripted_request requests[SCRIPTED_MOST_REQUESTS];
};

uint8_t scripted_byte(int64_t at)
{
    return (uint8_t)((uint64_t)(at * 2654435761) >> 13);
}

static bool stops(const scripted *server)
{
    return atomic_load(&server->stop);
}

/* False: it is to stop. */
static bool pause_for(const scripted *server, int ms)
{
    for (int passed = 0; passed < ms && !stops(server); passed += SLICE_MS) {
        (void)poll(NULL, 0, ms - passed < SLICE_MS ? ms - passed : SLICE_MS);
    }
    return !stops(server);
}

static bool wait_for(const scripted *server, int fd, short events)
{
    struct pollfd ready = {.fd = fd, .events = events};
    while (!stops(server)) {
        if (poll(&ready, 1, SLICE_MS) > 0) {
            return true;
        }
    }
    return false;
}

static bool send_all(const scripted *server, int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        if (!wait_for(server, fd, POLLOUT)) {
            return false;
        }
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        }
        at += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
    }
    return true;
}

/* ---- Requests ---- */

static int64_t length_of(const char *head)
{
    const char *at = strcasestr(head, "\r\nContent-Length:");
    return at ? strtoll(at + 17, NULL, 10) : 0;
}

/* Up to the empty line. False: the client is gone. Bytes of the body may come along. */
static bool read_head(const scripted *server, int fd, scripted_request *request)
{
    size_t size = 0;
    while (size + 1 < sizeof request->head && wait_for(server, fd, POLLIN)) {
        ssize_t got = recv(fd, request->head + size, sizeof request->head - 1 - size, 0);
        if (got <= 0) {
            return false;
        }
        size += (size_t)got;
        request->head[size] = '\0';
        char *end = strstr(request->head, "\r\n\r\n");
        if (end) {
            request->body_bytes = (int64_t)size - (end + 4 - request->head);
            end[4] = '\0';
            return true;
        }
    }
    return false;
}

static bool read_body(const scripted *server, int fd, scripted_request *request)
{
    char bytes[65536];
    int64_t length = length_of(request->head);
    if (strcasestr(request->head, "\r\nExpect: 100-continue") && request->body_bytes < length) {
        static const char go_on[] = "HTTP/1.1 100 Continue\r\nX-Interim: yes\r\n\r\n";
        (void)send_all(server, fd, go_on, sizeof go_on - 1);
    }
    while (request->body_bytes < length) {
        ssize_t got = wait_for(server, fd, POLLIN) ? recv(fd, bytes, sizeof bytes, 0) : 0;
        if (got <= 0) {
            return false;
        }
        request->body_bytes += got;
    }
    return true;
}

/* ---- Replies ---- */

static bool send_for_ever(const scripted *server, int fd, const char *piece)
{
    while (send_all(server, fd, piece, strlen(piece))) {
    }
    return false;
}

static bool send_fill(const scripted *server, int fd, const scripted_reply *reply, int64_t most)
{
    uint8_t piece[4096];
    for (int64_t at = 0; at < most;) {
        size_t size = 0;
        while (size < sizeof piece && at + (int64_t)size < most) {
            piece[size] = scripted_byte(reply->fill_from + at + (int64_t)size);
            size++;
        }
        if (!send_all(server, fd, piece, size)) {
            return false;
        }
        at += (int64_t)size;
    }
    return true;
}

static bool send_slowly(const scripted *server, int fd, const char *body, int ms)
{
    for (; *body; body++) {
        if (!send_all(server, fd, body, 1) || !pause_for(server, ms)) {
            return false;
        }
    }
    return true;
}

static bool send_body(const scripted *server, int fd, const scripted_reply *reply)
{
    if (reply->fill < 0) {
        return send_for_ever(server, fd, "10\r\n0123456789abcdef\r\n");
    }
    if (reply->cut < 0) {
        return false;
    }
    if (reply->body && reply->trickle_ms > 0) {
        return send_slowly(server, fd, reply->body, reply->trickle_ms);
    }
    int64_t size = reply->body ? (int64_t)strlen(reply->body) : reply->fill;
    int64_t most = reply->cut > 0 && reply->cut < size ? reply->cut : size;
    bool sent = reply->body ? send_all(server, fd, reply->body, (size_t)most)
                            : send_fill(server, fd, reply, most);
    return sent && most == size;
}

/* False: hang up. */
static bool send_reply(const scripted *server, int fd, const scripted_reply *reply)
{
    if (!pause_for(server, reply->delay_ms) || !reply->head) {
        return false;
    }
    if (!send_all(server, fd, reply->head, strlen(reply->head))) {
        return false;
    }
    if (reply->many_headers) {
        return send_for_ever(server, fd, "X-More: 0123456789\r\n");
    }
    return send_body(server, fd, reply) && !reply->close && !reply->before_body;
}

/* ---- Connections ---- */

static bool serve_one(scripted *server, int fd, int connection, bool *reset)
{
    int number = atomic_load(&server->count);
    assert_true(number < SCRIPTED_MOST_REQUESTS);
    scripted_request *request = &server->requests[number];
    *request = (scripted_request){.connection = connection};
    if (!read_head(server, fd, request)) {
        return false;
    }
    scripted_reply reply = server->answer(server->user, number, request);
    *reset = reply.reset;
    bool whole = reply.before_body || read_body(server, fd, request);
    atomic_fetch_add(&server->count, 1);
    return whole && send_reply(server, fd, &reply);
}

static void hang_up(int fd, bool reset)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (reset) {
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    (void)close(fd);
}

static void *serve(void *user)
{
    scripted *server = user;
    while (wait_for(server, server->listener, POLLIN)) {
        int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        bool reset = false;
        int connection = atomic_fetch_add(&server->connections, 1);
        while (serve_one(server, fd, connection, &reset)) {
            /* Another client must not wait for the end of a connection that is only kept open. */
            struct pollfd ready[2] = {{.fd = fd, .events = POLLIN},
                                      {.fd = server->listener, .events = POLLIN}};
            while (!stops(server) && poll(ready, 2, SLICE_MS) == 0) {
            }
            if (!(ready[0].revents & POLLIN)) {
                break;
            }
        }
        hang_up(fd, reset);
    }
    return NULL;
}

static int listen_on_loopback(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

int scripted_dead_port(void)
{
    int port;
    (void)close(listen_on_loopback(&port));
    return port;
}

scripted *scripted_new(scripted_fn *answer, void *user)
{
    scripted *server = calloc(1, sizeof *server);
    assert_non_null(server);
    server->answer = answer;
    server->user = user;
    server->listener = listen_on_loopback(&server->port);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    return server;
}

void scripted_free(scripted *server)
{
    atomic_store(&server->stop, true);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->listener);
    free(server);
}

int scripted_port(const scripted *server)
{
    return server->port;
}

int scripted_count(const scripted *server)
{
    return atomic_load(&server->count);
}

int scripted_connections(const scripted *server)
{
    return atomic_load(&server->connections);
}

const scripted_request *scripted_get(const scripted *server, int number)
{
    assert_true(number < scripted_count(server));
    return &server->requests[number];
}

char *scripted_url(const scripted *server, const char *path)
{
    char *url = NULL;
    assert_true(asprintf(&url, "http://127.0.0.1:%d%s", server->port, path) > 0);
    return url;
}
