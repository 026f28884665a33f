/* SPDX-License-Identifier: MIT */
/* A thread for each connection; state is under one lock. */
#include "store.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_HEAD        16384
#define MAX_PARTS       64
#define MAX_CONNECTIONS 256

typedef struct blob {
    uint8_t *data;
    size_t size;
} blob;

typedef struct connection {
    store *owner;
    int fd;
    pthread_t thread;
} connection;

struct store {
    store_hook *hook;
    void *user;
    char url[64];
    int listener;
    pthread_t accepter;
    pthread_mutex_t lock;
    struct {
        int counts[STORE_KINDS];
        char *heads[STORE_KINDS];
        bool open;   /* an upload */
        int uploads; /* begun ones */
        blob parts[MAX_PARTS];
        blob object;
        bool has_object;
        char etag[64];
        char crc[32];
        int receiving;
        int most_parts;
        connection connections[MAX_CONNECTIONS];
        int connection_count;
        bool ending;
    } locked;
};

typedef struct request {
    char head[MAX_HEAD];
    char method[8];
    char target[2048];
    blob body;
    store_kind kind;
    int part;
} request;

static void lock(store *s)
{
    (void)pthread_mutex_lock(&s->lock);
}

static void unlock(store *s)
{
    (void)pthread_mutex_unlock(&s->lock);
}

/* ---- Requests ---- */

static char *find_header(const char *head, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (strncasecmp(line, name, length) == 0 && line[length] == ':') {
            const char *value = line + length + 1;
            value += strspn(value, " ");
            return strndup(value, strcspn(value, "\r\n"));
        }
    }
    return NULL;
}

static bool has_query(const request *r, const char *name)
{
    const char *query = strchr(r->target, '?');
    return query && strstr(query, name);
}

static store_kind kind_of(const request *r)
{
    const char *path = r->target + 1;
    bool bucket_only = !strchr(path, '/') || strchr(path, '/')[1] == '\0';
    if (strcmp(r->method, "POST") == 0) {
        return has_query(r, "uploadId=") ? STORE_COMPLETE : STORE_CREATE;
    }
    if (strcmp(r->method, "PUT") == 0) {
        return has_query(r, "partNumber=") ? STORE_PART : STORE_PUT;
    }
    if (strcmp(r->method, "DELETE") == 0) {
        return has_query(r, "uploadId=") ? STORE_ABORT : STORE_DELETE;
    }
    if (strcmp(r->method, "HEAD") == 0) {
        return bucket_only ? STORE_HEAD_BUCKET : STORE_HEAD;
    }
    return STORE_GET;
}

static bool read_head(int fd, request *r)
{
    size_t size = 0;
    while (size + 1 < sizeof r->head) {
        ssize_t got = recv(fd, r->head + size, 1, 0);
        if (got <= 0) {
            return false;
        }
        size++;
        r->head[size] = '\0';
        if (size >= 4 && strcmp(r->head + size - 4, "\r\n\r\n") == 0) {
            break;
        }
    }
    if (sscanf(r->head, "%7s %2047s", r->method, r->target) != 2) {
        return false;
    }
    r->kind = kind_of(r);
    const char *number = strstr(r->target, "partNumber=");
    r->part = number ? (int)strtol(number + strlen("partNumber="), NULL, 10) : 0;
    return true;
}

static bool read_bytes(int fd, uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t got = recv(fd, data + at, size - at, 0);
        if (got <= 0) {
            return false;
        }
        at += (size_t)got;
    }
    return true;
}

static void send_text(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        data += sent;
        size -= (size_t)sent;
    }
}

static void reset(int fd)
{
    const struct linger hard = {1, 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

static bool read_body(int fd, request *r, bool half)
{
    char *length = find_header(r->head, "content-length");
    char *expect = find_header(r->head, "expect");
    r->body.size = length ? (size_t)strtoull(length, NULL, 10) : 0;
    r->body.data = malloc(r->body.size + 1);
    r->body.data[r->body.size] = 0;
    if (expect) {
        send_text(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    }
    free(length);
    free(expect);
    return read_bytes(fd, r->body.data, half ? r->body.size / 2 : r->body.size);
}

/* ---- Replies ---- */

typedef struct answer {
    int status;
    char headers[1024];
    char body[2048];
    const uint8_t *data; /* instead of `body` */
    size_t size;
} answer;

static void fail_with(answer *a, int status, const char *code)
{
    a->status = status;
    (void)snprintf(
        a->body, sizeof a->body,
        "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>as the test wishes</Message>"
        "<RequestId>REQ-7</RequestId><HostId>HOST-7</HostId></Error>",
        code);
}

static void send_answer(int fd, const request *r, const answer *a, bool cut)
{
    char head[2048];
    size_t size = a->data ? a->size : strlen(a->body);
    bool silent = strcmp(r->method, "HEAD") == 0;
    bool empty = a->status == 204;
    int length = 0;
    if (silent && a->data) {
        length = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n",
                          a->status, a->size, a->headers);
    } else if (empty) {
        length = snprintf(head, sizeof head, "HTTP/1.1 204 X\r\n%s\r\n", a->headers);
    } else {
        length = snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n%s\r\n",
                          a->status, silent ? 0 : size, a->headers);
    }
    send_text(fd, head, (size_t)length);
    if (!silent && !empty) {
        send_text(fd, a->data ? (const char *)a->data : a->body, cut ? size / 2 : size);
    }
}

/* ---- Objects ---- */

static void hex_md5(const void *data, size_t size, char *hex)
{
    uint8_t digest[16];
    hy_diag diag = {0};
    (void)hy_md5(size > 0 ? data : "", size, digest, &diag);
    for (int i = 0; i < 16; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    }
}

static char *crc_text(const blob *b)
{
    uint64_t crc = hy_crc64nvme(0, b->data, b->size);
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(crc >> (56 - 8 * i));
    }
    return hy_base64(bytes, 8);
}

static void free_parts(store *s)
{
    for (int i = 0; i < MAX_PARTS; i++) {
        free(s->locked.parts[i].data);
        s->locked.parts[i] = (blob){0};
    }
}

static void keep_object(store *s, blob object, const char *etag)
{
    free(s->locked.object.data);
    s->locked.object = object;
    s->locked.has_object = true;
    (void)snprintf(s->locked.etag, sizeof s->locked.etag, "%s", etag);
    char *crc = crc_text(&object);
    (void)snprintf(s->locked.crc, sizeof s->locked.crc, "%s", crc);
    hy_free(crc);
}

/* What the body should be by its headers. */
static const char *wrong_body(const request *r)
{
    const char *wrong = NULL;
    uint8_t digest[16];
    char hex[65] = "";
    hy_diag diag = {0};
    char *md5 = find_header(r->head, "content-md5");
    char *sha = find_header(r->head, "x-amz-content-sha256");
    char *crc = find_header(r->head, "x-amz-checksum-crc64nvme");
    (void)hy_md5(r->body.data, r->body.size, digest, &diag);
    (void)hy_sha256_hex(r->body.data, r->body.size, hex, &diag);
    char *own_md5 = hy_base64(digest, 16);
    char *own_crc = crc_text(&r->body);
    if ((md5 && strcmp(md5, own_md5) != 0) ||
        (crc && r->kind != STORE_COMPLETE && strcmp(crc, own_crc) != 0)) {
        wrong = "BadDigest";
    } else if (sha && strlen(sha) == 64 && strcmp(sha, hex) != 0) {
        wrong = "XAmzContentSHA256Mismatch";
    }
    free(md5);
    free(sha);
    free(crc);
    hy_free(own_md5);
    hy_free(own_crc);
    return wrong;
}

static void crc_header(answer *a, const request *r, const char *crc)
{
    char *asked = find_header(r->head, "x-amz-checksum-crc64nvme");
    char *mode = find_header(r->head, "x-amz-checksum-mode");
    if (asked || mode) {
        size_t at = strlen(a->headers);
        (void)snprintf(a->headers + at, sizeof a->headers - at, "x-amz-checksum-crc64nvme: %s\r\n",
                       crc);
    }
    free(asked);
    free(mode);
}

static void do_part(store *s, request *r, const store_plan *plan, answer *a)
{
    char etag[33];
    if (!s->locked.open || r->part < 1 || r->part > MAX_PARTS) {
        fail_with(a, 404, "NoSuchUpload");
        return;
    }
    hex_md5(r->body.data, r->body.size, etag);
    (void)snprintf(a->headers, sizeof a->headers, "ETag: \"%s\"\r\n",
                   plan->etag ? plan->etag : etag);
    char *crc = crc_text(&r->body);
    crc_header(a, r, crc);
    hy_free(crc);
    free(s->locked.parts[r->part - 1].data);
    s->locked.parts[r->part - 1] = r->body;
    r->body = (blob){0};
}

static bool precondition_fails(const store *s, const request *r)
{
    char *none = find_header(r->head, "if-none-match");
    bool fails = none && s->locked.has_object;
    free(none);
    return fails;
}

/* All parts that are there, in a row; false: one is missing or another than was announced. */
static bool join_parts(store *s, const request *r, blob *out, char *etag, size_t etag_size)
{
    uint8_t digests[16 * MAX_PARTS];
    size_t count = 0;
    hy_diag diag = {0};
    *out = (blob){0};
    for (const char *at = strstr((char *)r->body.data, "<PartNumber>"); at;
         at = strstr(at + 1, "<PartNumber>")) {
        const blob *part = &s->locked.parts[count];
        if (!part->data || strtol(at + 12, NULL, 10) != (long)count + 1) {
            free(out->data);
            return false;
        }
        (void)hy_md5(part->size ? part->data : (const uint8_t *)"", part->size,
                     digests + 16 * count, &diag);
        out->data = realloc(out->data, out->size + part->size + 1);
        memcpy(out->data + out->size, part->data, part->size);
        out->size += part->size;
        count++;
    }
    char hex[33];
    hex_md5(digests, 16 * count, hex);
    (void)snprintf(etag, etag_size, "%s-%zu", hex, count);
    return count > 0;
}

static void do_complete(store *s, const request *r, const store_plan *plan, answer *a)
{
    char etag[64];
    blob object;
    if (!s->locked.open) {
        fail_with(a, 404, "NoSuchUpload");
        return;
    }
    if (precondition_fails(s, r)) {
        fail_with(a, 412, "PreconditionFailed");
        return;
    }
    if (!join_parts(s, r, &object, etag, sizeof etag)) {
        fail_with(a, 400, "InvalidPart");
        return;
    }
    char *asked = find_header(r->head, "x-amz-checksum-crc64nvme");
    char *crc = crc_text(&object);
    if (asked && strcmp(asked, crc) != 0) {
        fail_with(a, 400, "BadDigest");
        free(object.data);
    } else {
        const char *quote = plan->etag && !*plan->etag ? "" : "&quot;";
        keep_object(s, object, etag);
        s->locked.open = false;
        free_parts(s);
        (void)snprintf(
            a->body, sizeof a->body,
            "  \n<?xml version=\"1.0\"?><CompleteMultipartUploadResult><ETag>%s%s%s</ETag>%s%s%s"
            "</CompleteMultipartUploadResult>",
            quote, plan->etag ? plan->etag : etag, quote, asked ? "<ChecksumCRC64NVME>" : "",
            asked ? crc : "", asked ? "</ChecksumCRC64NVME>" : "");
    }
    free(asked);
    hy_free(crc);
}

static void do_put(store *s, request *r, const store_plan *plan, answer *a)
{
    char etag[33];
    if (precondition_fails(s, r)) {
        fail_with(a, 412, "PreconditionFailed");
        return;
    }
    hex_md5(r->body.data, r->body.size, etag);
    (void)snprintf(a->headers, sizeof a->headers, "ETag: \"%s\"\r\n",
                   plan->etag ? plan->etag : etag);
    keep_object(s, r->body, etag);
    crc_header(a, r, s->locked.crc);
    r->body = (blob){0};
}

static void do_get(store *s, const request *r, const store_plan *plan, answer *a)
{
    size_t first = 0;
    size_t last = s->locked.object.size ? s->locked.object.size - 1 : 0;
    char *range = find_header(r->head, "range");
    char *match = find_header(r->head, "if-match");
    if (!s->locked.has_object) {
        fail_with(a, 404, "NoSuchKey");
    } else if (match && strncmp(match + 1, s->locked.etag, strlen(s->locked.etag)) != 0) {
        fail_with(a, 412, "PreconditionFailed");
    } else if (range && s->locked.object.size == 0) {
        fail_with(a, 416, "InvalidRange");
    } else {
        (void)snprintf(a->headers, sizeof a->headers,
                       "ETag: \"%s\"\r\nContent-Type: video/mp4\r\n"
                       "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n%s",
                       plan->etag ? plan->etag : s->locked.etag,
                       plan->headers ? plan->headers : "");
        if (range) {
            (void)sscanf(range, "bytes=%zu-%zu", &first, &last);
            last = last < s->locked.object.size ? last : s->locked.object.size - 1;
            size_t at = strlen(a->headers);
            (void)snprintf(a->headers + at, sizeof a->headers - at,
                           "Content-Range: bytes %zu-%zu/%zu\r\n", first, last,
                           s->locked.object.size);
            a->status = 206;
        } else {
            crc_header(a, r, s->locked.crc);
        }
        a->data = s->locked.object.size ? s->locked.object.data + first : (const uint8_t *)"";
        a->size = s->locked.object.size ? last - first + 1 : 0;
    }
    free(range);
    free(match);
}

/* Under the lock. */
static void act(store *s, request *r, const store_plan *plan, answer *a)
{
    const char *wrong = wrong_body(r);
    if (wrong) {
        fail_with(a, 400, wrong);
        return;
    }
    switch (r->kind) {
    case STORE_CREATE:
        s->locked.open = true;
        s->locked.uploads++;
        (void)snprintf(a->body, sizeof a->body,
                       "<InitiateMultipartUploadResult><UploadId>UP/%d+x=</UploadId>"
                       "</InitiateMultipartUploadResult>",
                       s->locked.uploads);
        break;
    case STORE_PART:
        do_part(s, r, plan, a);
        break;
    case STORE_COMPLETE:
        do_complete(s, r, plan, a);
        break;
    case STORE_ABORT:
        if (s->locked.open) {
            s->locked.open = false;
            free_parts(s);
            a->status = 204;
        } else {
            fail_with(a, 404, "NoSuchUpload");
        }
        break;
    case STORE_PUT:
        do_put(s, r, plan, a);
        break;
    case STORE_HEAD:
    case STORE_GET:
        do_get(s, r, plan, a);
        break;
    case STORE_DELETE:
        s->locked.has_object = false;
        a->status = 204;
        break;
    case STORE_HEAD_BUCKET:
    case STORE_KINDS:
        break;
    }
}

static int note(store *s, const request *r)
{
    lock(s);
    int nth = ++s->locked.counts[r->kind];
    free(s->locked.heads[r->kind]);
    s->locked.heads[r->kind] = strdup(r->head);
    if (r->kind == STORE_PART && ++s->locked.receiving > s->locked.most_parts) {
        s->locked.most_parts = s->locked.receiving;
    }
    unlock(s);
    return nth;
}

static void planned(const store_plan *plan, answer *a)
{
    a->status = plan->status;
    if (plan->code) {
        fail_with(a, plan->status, plan->code);
    } else if (plan->body) {
        (void)snprintf(a->body, sizeof a->body, "%s", plan->body);
    }
    if (plan->headers) {
        (void)snprintf(a->headers, sizeof a->headers, "%s", plan->headers);
    }
}

/* In slices: the store may end. */
static void pause_for(store *s, int ms)
{
    const struct timespec slice = {0, 5000000};
    const double end_s = hy_clock_s() + ms * 1e-3;
    bool ending = false;
    while (!ending && hy_clock_s() < end_s) {
        (void)nanosleep(&slice, NULL);
        lock(s);
        ending = s->locked.ending;
        unlock(s);
    }
}

/* One request; false: hang up. */
static bool serve(store *s, int fd, request *r)
{
    store_plan plan = {0};
    answer a = {.status = 200};
    int nth = note(s, r);
    if (s->hook) {
        s->hook(s->user, r->kind, nth, r->part, &plan);
    }
    pause_for(s, plan.delay_ms);
    bool whole = read_body(fd, r, plan.fault == STORE_RESETS);
    if (r->kind == STORE_PART) {
        lock(s);
        s->locked.receiving--;
        unlock(s);
    }
    if (!whole || plan.fault == STORE_RESETS) {
        reset(fd);
        return false;
    }
    if (plan.fault == STORE_REPLIES) {
        planned(&plan, &a);
        send_answer(fd, r, &a, false);
        return true;
    }
    lock(s);
    act(s, r, &plan, &a);
    unlock(s);
    if (plan.fault == STORE_LOSES) {
        return false;
    }
    send_answer(fd, r, &a, plan.fault == STORE_CUTS);
    return plan.fault != STORE_CUTS;
}

static void *converse(void *argument)
{
    connection *c = argument;
    bool open = true;
    request *r = calloc(1, sizeof *r);
    while (open && read_head(c->fd, r)) {
        open = serve(c->owner, c->fd, r);
        free(r->body.data);
        memset(r, 0, sizeof *r);
    }
    free(r);
    lock(c->owner);
    (void)shutdown(c->fd, SHUT_RDWR);
    (void)close(c->fd);
    c->fd = -1;
    unlock(c->owner);
    return NULL;
}

/* Under the lock: a place for a connection, one that has ended first. NULL: there are too many. */
static connection *find_place(store *s)
{
    for (int i = 0; i < s->locked.connection_count; i++) {
        if (s->locked.connections[i].fd < 0) {
            (void)pthread_join(s->locked.connections[i].thread, NULL);
            return &s->locked.connections[i];
        }
    }
    return s->locked.connection_count < MAX_CONNECTIONS
               ? &s->locked.connections[s->locked.connection_count++]
               : NULL;
}

static void *accept_all(void *argument)
{
    store *s = argument;
    for (;;) {
        int fd = accept(s->listener, NULL, NULL);
        lock(s);
        connection *c = fd >= 0 && !s->locked.ending ? find_place(s) : NULL;
        if (c) {
            *c = (connection){.owner = s, .fd = fd};
            if (pthread_create(&c->thread, NULL, converse, c) != 0) {
                abort();
            }
        }
        unlock(s);
        if (!c) {
            if (fd >= 0) {
                (void)close(fd);
            }
            return NULL;
        }
    }
}

/* ---- The store ---- */

store *store_new(store_hook *hook, void *user)
{
    store *s = calloc(1, sizeof *s);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->hook = hook;
    s->user = user;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)pthread_mutex_init(&s->lock, NULL);
    if (bind(s->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(s->listener, 64) != 0 ||
        getsockname(s->listener, (struct sockaddr *)&address, &size) != 0 ||
        pthread_create(&s->accepter, NULL, accept_all, s) != 0) {
        abort();
    }
    (void)snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return s;
}

void store_free(store *s)
{
    lock(s);
    s->locked.ending = true;
    for (int i = 0; i < s->locked.connection_count; i++) {
        if (s->locked.connections[i].fd >= 0) {
            (void)shutdown(s->locked.connections[i].fd, SHUT_RDWR);
        }
    }
    unlock(s);
    (void)shutdown(s->listener, SHUT_RDWR);
    (void)pthread_join(s->accepter, NULL);
    (void)close(s->listener);
    for (int i = 0; i < s->locked.connection_count; i++) {
        (void)pthread_join(s->locked.connections[i].thread, NULL);
    }
    free_parts(s);
    free(s->locked.object.data);
    for (int i = 0; i < STORE_KINDS; i++) {
        free(s->locked.heads[i]);
    }
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *store_url(const store *s)
{
    return s->url;
}

int store_count(store *s, store_kind kind)
{
    lock(s);
    int count = s->locked.counts[kind];
    unlock(s);
    return count;
}

int store_open_uploads(store *s)
{
    lock(s);
    int count = s->locked.open;
    unlock(s);
    return count;
}

bool store_object(store *s, const uint8_t **data, size_t *size)
{
    lock(s);
    bool there = s->locked.has_object;
    *data = s->locked.object.data;
    *size = s->locked.object.size;
    unlock(s);
    return there;
}

void store_set_object(store *s, const void *data, size_t size)
{
    char etag[33];
    blob object = {malloc(size + 1), size};
    memcpy(object.data, data, size);
    hex_md5(data, size, etag);
    lock(s);
    keep_object(s, object, etag);
    unlock(s);
}

char *store_header(store *s, store_kind kind, const char *name)
{
    lock(s);
    char *value = s->locked.heads[kind] ? find_header(s->locked.heads[kind], name) : NULL;
    unlock(s);
    return value;
}

int store_most_parts(store *s)
{
    lock(s);
    int most = s->locked.most_parts;
    unlock(s);
    return most;
}

/* ---- What is sent, and by whom ---- */

hydra_status store_connect(const char *url, hy_http **http, hy_s3 **s3, hy_diag *diag)
{
    const hy_http_options http_options = {.proxy = ""};
    hydra_store_options options;
    hy_s3_store_defaults(&options);
    options.access_key = STORE_ACCESS_KEY;
    options.secret_key = "wJalrXUtnFEMIsecretEXAMPLEKEY";
    options.region = "us-east-1";
    options.endpoint = url;
    hydra_status status = hy_http_new(&http_options, http, diag);
    return status == HYDRA_OK ? hy_s3_new(&options, *http, s3, diag) : status;
}

static uint8_t pattern(int64_t at)
{
    return (uint8_t)(at * 31 + (at >> 8) * 7 + (at >> 16));
}

hydra_status store_read_pattern(void *user, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    (void)user;
    (void)diag;
    for (size_t i = 0; i < size; i++) {
        ((uint8_t *)data)[i] = pattern(offset + (int64_t)i);
    }
    return HYDRA_OK;
}

bool store_is_pattern(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] != pattern((int64_t)i)) {
            return false;
        }
    }
    return true;
}
