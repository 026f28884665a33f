/* SPDX-License-Identifier: MIT */
/*
 * Replies of the Security Token Service: XML, read as a stream of nodes. No DTD, no entities of its
 * own, no network, a bounded depth and size. Names are taken without their namespace.
 */
#include <stdio.h>
#include <string.h>

#include <libxml/xmlreader.h>
#include <openssl/crypto.h>

#include "credentials.h"

#define MAX_DEPTH 16

typedef struct scan {
    hy_sts_reply *out;
    char response[64]; /* "AssumeRoleResponse" */
    char result[64];
    const char *path[MAX_DEPTH + 1]; /* the names down to this node; they live as the reader */
    bool complete;                   /* no memory was missing */
} scan;

static bool has_doctype(const char *data, size_t size)
{
    return size > 0 && memmem(data, size, "<!DOCTYPE", 9) != NULL;
}

static bool is_below(const scan *s, int depth, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(s->path[i], names[i]) != 0) {
            return false;
        }
    }
    return depth == count;
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
    char *text = (char *)xmlTextReaderReadString(reader);
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
    if (text) {
        OPENSSL_cleanse(text, strlen(text));
    }
    xmlFree(text);
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
    scan s = {.out = out, .complete = true};
    *out = (hy_sts_reply){.fields = {{.name = "AccessKeyId"},
                                     {.name = "SecretAccessKey"},
                                     {.name = "SessionToken"},
                                     {.name = "Expiration"}}};
    (void)snprintf(s.response, sizeof s.response, "%sResponse", action);
    (void)snprintf(s.result, sizeof s.result, "%sResult", action);
    if (size == 0 || size > HY_KEY_FILE_BYTES || has_doctype(data, size)) {
        return false;
    }
    const int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    xmlTextReaderPtr reader = xmlReaderForMemory(data, (int)size, NULL, NULL, options);
    if (!reader) {
        return false;
    }
    xmlTextReaderSetErrorHandler(reader, silence, NULL);
    bool whole = scan_all(&s, reader);
    xmlFreeTextReader(reader);
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
