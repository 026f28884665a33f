/* SPDX-License-Identifier: MIT */
/*
 * Replies of the Security Token Service: XML, read as a stream of nodes. No DTD, no entities of its
 * own, no network, a bounded depth and size. Names are taken without their namespace.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libxml/xmlreader.h>

#include "credentials.h"

#define MAX_DEPTH 16

/* Shorter texts are no secrets; a place has less digits. */
#define LEAST_HIDDEN_BYTES 8

typedef struct scan {
    hy_sts_reply *out;
    const char *data; /* the reply as it came */
    size_t size;
    char response[64]; /* "AssumeRoleResponse" */
    char result[64];
    const char *path[MAX_DEPTH + 1]; /* the names down to this node; they live as the reader */
    bool complete;                   /* no memory was missing */
} scan;

/* UTF-8 only: of other encodings, when they are damaged, libxml2 would tell on stderr. Those that a
 * declaration names are ignored; those that show in the first bytes have NULs. */
static bool may_be_reply(const char *data, size_t size)
{
    return size > 0 && size <= HY_KEY_FILE_BYTES && data[0] == '<' && !memchr(data, '\0', size) &&
           !memmem(data, size, "<!DOCTYPE", 9);
}

/* libxml2 frees what it has read as it is. So it reads a copy in which each text that might be a
 * key is replaced by its place: the offset, and 'x' up to its length. NULL: no memory. */
static char *hide_texts(const char *data, size_t size)
{
    char *shown = hy_memdup(data, size);
    for (size_t i = 0; shown && i < size; i++) {
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

/* The text of the reply that `shown` stands for; free with hy_secret_free. */
static char *reveal(const scan *s, const char *shown)
{
    size_t length = strlen(shown);
    char *rest = NULL;
    unsigned long place = strtoul(shown, &rest, 10);
    bool hidden = rest > shown && *rest == 'x' && rest[strspn(rest, "x")] == '\0' &&
                  length >= LEAST_HIDDEN_BYTES && place < s->size && length <= s->size - place;
    char *text = hy_calloc(length + 1, 1);
    if (text) {
        memcpy(text, hidden ? s->data + place : shown, length);
    }
    return text;
}

/* The element at `depth` lies directly below these. */
static bool is_below(const scan *s, int depth, const char *const *names, int count)
{
    bool same = depth == count;
    for (int i = 0; same && i < count; i++) {
        same = strcmp(s->path[i], names[i]) == 0;
    }
    return same;
}

static void keep_text(char *out, size_t size, const char *text)
{
    (void)snprintf(out, size, "%s", text);
}

/* "AKIA..." of an element at `depth`, where it is one of those that count. */
static void take(scan *s, xmlTextReaderPtr reader, int depth)
{
    const char *const keys[] = {s->response, s->result, "Credentials"};
    const char *const error[] = {"ErrorResponse", "Error"};
    const bool in_keys = is_below(s, depth, keys, 3);
    if (!in_keys && !is_below(s, depth, error, 2)) {
        return;
    }
    char *shown = (char *)xmlTextReaderReadString(reader);
    char *text = shown ? reveal(s, shown) : NULL;
    s->complete = s->complete && (text || !shown);
    const char *name = s->path[depth];
    for (size_t i = 0; text && in_keys && i < 4; i++) {
        if (strcmp(name, s->out->fields[i].name) == 0 && !s->out->fields[i].value) {
            s->out->fields[i].value = hy_strdup(text);
            s->complete = s->complete && s->out->fields[i].value;
        }
    }
    if (text && !in_keys && strcmp(name, "Code") == 0) {
        keep_text(s->out->code, sizeof s->out->code, text);
    } else if (text && !in_keys && strcmp(name, "Message") == 0) {
        keep_text(s->out->message, sizeof s->out->message, text);
    }
    hy_secret_free(text);
    xmlFree(shown);
}

/* False: nothing that may stand there. */
static bool visit(scan *s, xmlTextReaderPtr reader)
{
    int type = xmlTextReaderNodeType(reader);
    int depth = xmlTextReaderDepth(reader);
    if (type == XML_READER_TYPE_DOCUMENT_TYPE || type == XML_READER_TYPE_ENTITY_REFERENCE ||
        depth < 0 || depth > MAX_DEPTH) {
        return false;
    }
    if (type == XML_READER_TYPE_ELEMENT) {
        s->path[depth] = (const char *)xmlTextReaderConstLocalName(reader);
        if (!s->path[depth]) {
            return false;
        }
        take(s, reader, depth);
    }
    return true;
}

static bool scan_all(scan *s, xmlTextReaderPtr reader)
{
    int more = xmlTextReaderRead(reader);
    while (more == 1) {
        if (!visit(s, reader)) {
            return false;
        }
        more = xmlTextReaderRead(reader);
    }
    return more == 0 && s->complete;
}

static void silence(void *user, const char *text, xmlParserSeverities severity,
                    xmlTextReaderLocatorPtr place)
{
    (void)user;
    (void)text;
    (void)severity;
    (void)place;
}

bool hy_sts_reply_read(hy_sts_reply *out, const void *data, size_t size, const char *action)
{
    scan s = {.out = out, .data = data, .size = size, .complete = true};
    *out = (hy_sts_reply){.fields = {{.name = "AccessKeyId"},
                                     {.name = "SecretAccessKey"},
                                     {.name = "SessionToken"},
                                     {.name = "Expiration"}}};
    (void)snprintf(s.response, sizeof s.response, "%sResponse", action);
    (void)snprintf(s.result, sizeof s.result, "%sResult", action);
    if (!may_be_reply(data, size)) {
        return false;
    }
    const int options =
        XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    char *shown = hide_texts(data, size);
    xmlTextReaderPtr reader =
        shown ? xmlReaderForMemory(shown, (int)size, NULL, NULL, options) : NULL;
    bool whole = false;
    if (reader) {
        xmlTextReaderSetErrorHandler(reader, silence, NULL);
        whole = scan_all(&s, reader);
        xmlFreeTextReader(reader);
    }
    hy_free(shown);
    if (!whole) {
        hy_sts_reply_free(out);
    }
    return whole;
}

void hy_sts_reply_free(hy_sts_reply *reply)
{
    for (size_t i = 0; i < 4; i++) {
        hy_secret_free(reply->fields[i].value);
        reply->fields[i].value = NULL;
    }
}
