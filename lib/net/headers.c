/* SPDX-License-Identifier: MIT */
/* Lists of HTTP header fields. Nothing gets in that could end a line or a block early. */
#include "net.h"

#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

/* A "token" of RFC 9110, 5.6.2. */
static bool is_token(const char *text)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (const char *at = text; *at; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');
        if (!letter && !(*at >= '0' && *at <= '9') && !strchr(marks, *at)) {
            return false;
        }
    }
    return text[0] != '\0';
}

static bool has_control(const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at < 0x20 || *at == 0x7f) {
            return true;
        }
    }
    return false;
}

static void free_text(char *text)
{
    if (text) {
        OPENSSL_cleanse(text, strlen(text));
        hy_free(text);
    }
}

static bool make_room(hy_http_headers *headers)
{
    if (headers->count < headers->capacity) {
        return true;
    }
    size_t capacity = headers->capacity ? headers->capacity * 2 : 16;
    hy_http_header *items = hy_realloc_array(headers->items, capacity, sizeof *items);
    if (!items) {
        return false;
    }
    headers->items = items;
    headers->capacity = capacity;
    return true;
}

hydra_status hy_http_headers_add(hy_http_headers *headers, const char *name, const char *value,
                                 hy_diag *diag)
{
    if (!name || !is_token(name)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "\"%.64s\" cannot be the name of a header",
                       name ? name : "");
    }
    if (!value || has_control(value)) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT,
                       "the header %.64s must not have control characters or line ends", name);
    }
    hy_http_header item = {hy_strdup(name), hy_strdup(value)};
    if (!item.name || !item.value || !make_room(headers)) {
        free_text(item.name);
        free_text(item.value);
        return hy_fail_memory(diag);
    }
    headers->items[headers->count++] = item;
    return HYDRA_OK;
}

const char *hy_http_headers_get(const hy_http_headers *headers, const char *name)
{
    for (size_t i = 0; headers && i < headers->count; i++) {
        if (strcasecmp(headers->items[i].name, name) == 0) {
            return headers->items[i].value;
        }
    }
    return NULL;
}

void hy_http_headers_free(hy_http_headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        free_text(headers->items[i].name);
        free_text(headers->items[i].value);
    }
    hy_free(headers->items);
    *headers = (hy_http_headers){0};
}
