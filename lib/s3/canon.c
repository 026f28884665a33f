/* SPDX-License-Identifier: MIT */
/*
 * The canonical request: query and headers in one order and one spelling. The path is taken as it
 * goes on the wire; S3 wants it encoded once and never normalised.
 */
#include "canon.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

/* ---- Texts with secrets ---- */

bool hy_canon_begin(hy_buffer *text, size_t most)
{
    *text = (hy_buffer){.limit = most, .secret = true};
    if (!hy_buffer_reserve(text, most ? most : 1)) {
        return false;
    }
    text->size = 0;
    return true;
}

void hy_canon_wipe_text(char *text)
{
    if (text) {
        OPENSSL_cleanse(text, strlen(text));
    }
    hy_free(text);
}

char *hy_canon_take(hy_buffer *text)
{
    if (!hy_buffer_append(text, "", 1)) {
        hy_buffer_free(text);
        return NULL;
    }
    char *taken = (char *)text->data;
    *text = (hy_buffer){0};
    return taken;
}

static bool append(hy_buffer *out, const char *text)
{
    return hy_buffer_append(out, text, strlen(text));
}

char *hy_canon_join(const char *const *parts, size_t count)
{
    size_t most = 1;
    bool done = true;
    for (size_t i = 0; i < count; i++) {
        done = done && hy_add_size(most, strlen(parts[i]), &most);
    }
    hy_buffer text = {0};
    done = done && hy_canon_begin(&text, most);
    for (size_t i = 0; done && i < count; i++) {
        done = append(&text, parts[i]);
    }
    char *joined = done ? hy_canon_take(&text) : NULL;
    hy_buffer_free(&text);
    return joined;
}

/* ---- Names and values ---- */

typedef struct pair {
    char *name;
    char *value;
    size_t place; /* in which it was sent */
} pair;

typedef struct pairs {
    pair *items;
    size_t count;
} pairs;

static void pairs_free(pairs *all)
{
    for (size_t i = 0; i < all->count; i++) {
        hy_canon_wipe_text(all->items[i].name);
        hy_canon_wipe_text(all->items[i].value);
    }
    hy_free(all->items);
    *all = (pairs){0};
}

/* Takes both texts, also when one is NULL because memory is out. */
static bool pairs_add(pairs *all, char *name, char *value)
{
    all->items[all->count] = (pair){name, value, all->count};
    all->count++;
    return name && value;
}

static int by_name_and_value(const void *left, const void *right)
{
    const pair *a = left;
    const pair *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->value, b->value);
}

static int by_name_and_place(const void *left, const void *right)
{
    const pair *a = left;
    const pair *b = right;
    int order = strcmp(a->name, b->name);
    return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* Room for all names and values, and `extra` bytes for each pair. */
static bool room_for(const pairs *all, size_t extra, size_t *most)
{
    *most = 1;
    for (size_t i = 0; i < all->count; i++) {
        if (!hy_add_size(*most, strlen(all->items[i].name), most) ||
            !hy_add_size(*most, strlen(all->items[i].value), most) ||
            !hy_add_size(*most, extra, most)) {
            return false;
        }
    }
    return true;
}

/* ---- The query ---- */

static char *encoded(const char *text)
{
    size_t size = strlen(text);
    size_t most;
    hy_buffer out = {0};
    if (!hy_mul_size(size, 3, &most) || !hy_add_size(most, 1, &most) ||
        !hy_canon_begin(&out, most) || !hy_url_encode(&out, text, size, false)) {
        hy_buffer_free(&out);
        return NULL;
    }
    return hy_canon_take(&out);
}

static hydra_status join_query(const pairs *all, char **text, hy_diag *diag)
{
    size_t most;
    hy_buffer out = {0};
    bool done = room_for(all, 2, &most) && hy_canon_begin(&out, most);
    for (size_t i = 0; done && i < all->count; i++) {
        const pair *item = &all->items[i];
        if (i > 0 && strcmp(item->name, all->items[i - 1].name) == 0) {
            hy_buffer_free(&out);
            return hy_fail(diag, HYDRA_ERR_ARGUMENT, "query: \"%s\" stands there twice",
                           item->name);
        }
        done = (i == 0 || append(&out, "&")) && append(&out, item->name) && append(&out, "=") &&
               append(&out, item->value);
    }
    *text = done ? hy_canon_take(&out) : NULL;
    hy_buffer_free(&out);
    return *text ? HYDRA_OK : hy_fail_memory(diag);
}

hydra_status hy_canon_query(const hy_s3_parameter *query, size_t count, char **text, hy_diag *diag)
{
    *text = NULL;
    pairs all = {.items = hy_calloc(count ? count : 1, sizeof(pair))};
    bool done = all.items;
    for (size_t i = 0; done && i < count; i++) {
        const char *value = query[i].value ? query[i].value : "";
        done = pairs_add(&all, encoded(query[i].name), encoded(value));
    }
    hydra_status status;
    if (done) {
        qsort(all.items, all.count, sizeof(pair), by_name_and_value);
        status = join_query(&all, text, diag);
    } else {
        status = hy_fail_memory(diag);
    }
    pairs_free(&all);
    return status;
}

/* ---- Headers ---- */

/* What proxies and the transport change or add, and the signature itself. Everything else that is
 * sent is signed, so that nobody can change it on the way. */
static bool is_signed(const char *name)
{
    static const char *const never[] = {
        "authorization",   "baggage",
        "connection",      "expect",
        "keep-alive",      "te",
        "traceparent",     "tracestate",
        "trailer",         "transfer-encoding",
        "upgrade",         "user-agent",
        "x-amzn-trace-id",
    };
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
        if (strcasecmp(name, never[i]) == 0) {
            return false;
        }
    }
    return strncasecmp(name, "proxy-", 6) != 0;
}

static char *lower(const char *text)
{
    char *copy = hy_strdup(text);
    for (char *at = copy; at && *at; at++) {
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
    }
    return copy;
}

/* Without spaces at the ends, and with one where several stand. */
static char *squeezed(const char *text)
{
    char *copy = hy_strdup(text);
    char *to = copy;
    for (const char *at = copy; at && *at; at++) {
        if (*at != ' ' || (to > copy && to[-1] != ' ')) {
            *to++ = *at;
        }
    }
    if (copy) {
        to -= to > copy && to[-1] == ' ';
        *to = '\0';
    }
    return copy;
}

static bool join_lines(const pairs *all, char **lines)
{
    size_t most;
    hy_buffer out = {0};
    bool done = room_for(all, 2, &most) && hy_canon_begin(&out, most);
    for (size_t i = 0; done && i < all->count; i++) {
        const pair *item = &all->items[i];
        bool again = i > 0 && strcmp(item->name, all->items[i - 1].name) == 0;
        bool last = i + 1 == all->count || strcmp(item->name, all->items[i + 1].name) != 0;
        done = (again || (append(&out, item->name) && append(&out, ":"))) &&
               append(&out, item->value) && append(&out, last ? "\n" : ",");
    }
    *lines = done ? hy_canon_take(&out) : NULL;
    hy_buffer_free(&out);
    return *lines;
}

static bool join_names(const pairs *all, char **names)
{
    size_t most;
    hy_buffer out = {0};
    bool done = room_for(all, 1, &most) && hy_canon_begin(&out, most);
    for (size_t i = 0; done && i < all->count; i++) {
        const char *name = all->items[i].name;
        if (i == 0 || strcmp(name, all->items[i - 1].name) != 0) {
            done = (i == 0 || append(&out, ";")) && append(&out, name);
        }
    }
    *names = done ? hy_canon_take(&out) : NULL;
    hy_buffer_free(&out);
    return *names;
}

hydra_status hy_canon_headers(const char *host, const hy_http_headers *headers, char **lines,
                              char **names, hy_diag *diag)
{
    size_t count = headers ? headers->count : 0;
    pairs all = {.items = hy_calloc(count + 1, sizeof(pair))};
    bool done = all.items && pairs_add(&all, lower("host"), squeezed(host));
    for (size_t i = 0; done && i < count; i++) {
        const hy_http_header *header = &headers->items[i];
        if (is_signed(header->name)) {
            done = pairs_add(&all, lower(header->name), squeezed(header->value));
        }
    }
    *names = NULL;
    if (done) {
        qsort(all.items, all.count, sizeof(pair), by_name_and_place);
        done = (!lines || join_lines(&all, lines)) && join_names(&all, names);
    }
    pairs_free(&all);
    return done ? HYDRA_OK : hy_fail_memory(diag);
}

/* ---- The request ---- */

hydra_status hy_canon_request(const hy_sigv4 *what, const hy_http_headers *headers,
                              const char *query_text, char **request, hy_diag *diag)
{
    char *lines = NULL;
    char *names = NULL;
    *request = NULL;
    hydra_status status = hy_canon_headers(what->host, headers, &lines, &names, diag);
    if (status == HYDRA_OK) {
        const char *path = what->path[0] ? what->path : "/";
        const char *const parts[] = {what->method, "\n", path,  "\n", query_text,        "\n",
                                     lines,        "\n", names, "\n", what->payload_hash};
        *request = hy_canon_join(parts, sizeof parts / sizeof *parts);
        status = *request ? HYDRA_OK : hy_fail_memory(diag);
    }
    hy_canon_wipe_text(lines);
    hy_free(names);
    return status;
}
