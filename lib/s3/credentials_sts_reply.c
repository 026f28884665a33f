/* SPDX-License-Identifier: MIT */
/* Replies of the Security Token Service: what S3's are, with the keys three levels down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"

/* Shorter texts are no secrets; a place has less digits. */
#define LEAST_HIDDEN_BYTES 8

/* libxml2 frees what it has read as it is. So it reads a copy in which each text that might be a
 * key is replaced by its place: the offset, and 'x' up to its length. NULL: no memory. */
static char *hide_keys(const char *data, size_t size)
{
    char *shown = hy_memdup(data, size);
    const char *keys = memmem(data, size, "Credentials>", 12);
    for (size_t i = keys ? (size_t)(keys - data) : size; shown && i < size; i++) {
        size_t end = i + 1;
        while (data[i] == '>' && end < size && data[end] > ' ' && data[end] <= '~' &&
               !strchr("<>&", data[end])) {
            end++;
        }
        size_t length = end - i - 1;
        if (length >= LEAST_HIDDEN_BYTES && end < size && data[end] == '<') {
            char place[16];
            int digits = snprintf(place, sizeof place, "%zu", i + 1);
            memset(shown + i + 1, 'x', length);
            memcpy(shown + i + 1, place, (size_t)digits);
        }
    }
    return shown;
}

/* The text of the reply that `shown` stands for; free with hy_free_secret. */
static char *reveal(const char *data, size_t size, const char *shown)
{
    size_t length = strlen(shown);
    char *rest = NULL;
    unsigned long place = strtoul(shown, &rest, 10);
    bool hidden = rest > shown && *rest == 'x' && rest[strspn(rest, "x")] == '\0' &&
                  length >= LEAST_HIDDEN_BYTES && place < size && length <= size - place;
    char *text = hy_calloc(length + 1, 1);
    if (text) {
        memcpy(text, hidden ? data + place : shown, length);
    }
    return text;
}

static hydra_status reveal_keys(hy_sts_reply *reply, const char *data, size_t size, hy_diag *diag)
{
    for (size_t i = 0; i < HY_STS_FIELDS; i++) {
        if (reply->fields[i].value) {
            char *text = reveal(data, size, reply->fields[i].value);
            hy_free(reply->fields[i].value);
            reply->fields[i].value = text;
            if (!text) {
                hy_sts_reply_free(reply);
                return hy_fail_memory(diag);
            }
        }
    }
    return HYDRA_OK;
}

hydra_status hy_sts_reply_read(hy_sts_reply *out, const void *data, size_t size, const char *action,
                               hy_diag *diag)
{
    static const char *const names[] = {"AccessKeyId", "SecretAccessKey", "SessionToken",
                                        "Expiration"};
    char root[64];
    *out = (hy_sts_reply){.root = HY_S3_ROOT_NONE};
    (void)snprintf(root, sizeof root, "%sResponse", action);
    for (size_t i = 0; i < HY_STS_FIELDS; i++) {
        (void)snprintf(out->paths[i], sizeof out->paths[i], "%sResult/Credentials/%s", action,
                       names[i]);
        out->fields[i].name = out->paths[i];
    }
    char *shown = size > 0 && size <= HY_KEY_FILE_BYTES ? hide_keys(data, size) : NULL;
    if (!shown) {
        return size > 0 && size <= HY_KEY_FILE_BYTES ? hy_fail_memory(diag) : HYDRA_OK;
    }
    hydra_status status = hy_s3_xml_read(shown, size, root, out->fields, HY_STS_FIELDS, &out->root,
                                         &out->error, diag);
    hy_free(shown);
    return status == HYDRA_OK ? reveal_keys(out, data, size, diag) : status;
}

void hy_sts_reply_free(hy_sts_reply *reply)
{
    for (size_t i = 0; i < HY_STS_FIELDS; i++) {
        hy_free_secret(reply->fields[i].value);
        reply->fields[i].value = NULL;
    }
}
