/* SPDX-License-Identifier: MIT */
/*
 * Replies in XML, read as a stream of events so that no tree is built and nothing is looked up:
 * depth, size and DOCTYPE end the reading at once, and whatever is not wholly well-formed counts
 * as nothing. Names are compared without their namespace, which some servers leave out.
 */
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>

#include <libxml/parser.h>

#include "s3.h"

#define MAX_DEPTH       16
#define MAX_BYTES       ((size_t)8 << 20)
#define MAX_ERROR_BYTES ((size_t)64 << 10)

/* Of a message, which a server writes: a run this long may be a signature or a token. */
#define MAX_RUN 40

typedef struct reader {
    xmlParserCtxt *parser;
    size_t size;
    const char *root;
    hy_s3_field *fields;
    size_t field_count;
    hy_s3_error *error;
    hy_s3_root found;
    const char *names[MAX_DEPTH]; /* from the root down to where the reading is */
    size_t depth;
    hy_buffer text; /* of the element whose start was the last event on tags */
    bool collects;
    bool refused;
    bool no_memory;
} reader;

/* ---- What is taken ---- */

/* Does the path below the root, "UploadId" or "Result/Id", name where the reading is? */
static bool is_at(const reader *r, const char *path)
{
    for (size_t i = 1; i < r->depth; i++) {
        size_t length = strlen(r->names[i]);
        bool last = i + 1 == r->depth;
        if (strncmp(path, r->names[i], length) != 0 || path[length] != (last ? '\0' : '/')) {
            return false;
        }
        path += length + 1;
    }
    return r->depth > 1;
}

static hy_s3_field *wanted_field(const reader *r)
{
    for (size_t i = 0; i < r->field_count; i++) {
        if (!r->fields[i].value && is_at(r, r->fields[i].name)) {
            return &r->fields[i];
        }
    }
    return NULL;
}

/* STS wraps what S3 sends: <ErrorResponse><Error><Code>. */
static const char *wanted_error(const reader *r)
{
    bool wrapped = strcmp(r->names[0], "ErrorResponse") == 0;
    bool inside = r->depth == 2 || (wrapped && r->depth == 3 && strcmp(r->names[1], "Error") == 0);
    return inside ? r->names[r->depth - 1] : NULL;
}

/* Seconds since 1970 of "2013-05-24T00:00:00Z", with or without a fraction; -1 = it is none. */
static int64_t read_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    int parts[6] = {0};
    size_t part = 0;
    for (size_t i = 0; form[i]; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i]) {
            return -1;
        }
        if (digit) {
            parts[part] = parts[part] * 10 + (text[i] - '0');
        } else {
            part++;
        }
    }
    struct tm time = {.tm_year = parts[0] - 1900,
                      .tm_mon = parts[1] - 1,
                      .tm_mday = parts[2],
                      .tm_hour = parts[3],
                      .tm_min = parts[4],
                      .tm_sec = parts[5]};
    bool valid = parts[0] >= 1970 && parts[1] >= 1 && parts[1] <= 12 && parts[2] >= 1 &&
                 parts[2] <= 31 && parts[3] < 24 && parts[4] < 60 && parts[5] <= 60;
    return valid ? (int64_t)timegm(&time) : -1;
}

/* As much as there is room for, without half a character. */
static void copy_text(char *out, size_t room, const char *text)
{
    size_t size = strlen(text);
    if (size >= room) {
        size = room - 1;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
            size--;
        }
    }
    memcpy(out, text, size);
    out[size] = '\0';
}

static bool is_token_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '+' ||
           c == '/' || c == '=';
}

/* A server may quote the request in its message: what may be a secret does not go on. In place. */
static void drop_tokens(char *text)
{
    char *to = text;
    for (const char *at = text; *at;) {
        size_t run = 0;
        while (is_token_character(at[run])) {
            run++;
        }
        if (run >= MAX_RUN) {
            memcpy(to, "...", 3);
            to += 3;
        } else {
            run += run == 0;
            memmove(to, at, run);
            to += run;
        }
        at += run;
    }
    *to = '\0';
}

static void take_error(hy_s3_error *error, const char *name, char *text)
{
    const struct {
        const char *name;
        char *out;
        size_t room;
    } parts[] = {
        {"Code", error->code, sizeof error->code},
        {"Message", error->message, sizeof error->message},
        {"RequestId", error->request_id, sizeof error->request_id},
        {"HostId", error->host_id, sizeof error->host_id},
        {"Region", error->region, sizeof error->region},
        {"ArgumentName", error->argument, sizeof error->argument},
        {"ArgumentValue", error->value, sizeof error->value},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (strcmp(name, parts[i].name) == 0 && !parts[i].out[0]) {
            if (parts[i].out == error->message || parts[i].out == error->value) {
                drop_tokens(text);
            }
            copy_text(parts[i].out, parts[i].room, text);
        }
    }
    if (strcmp(name, "ServerTime") == 0) {
        error->server_time_s = read_time(text);
    }
    if (strcmp(name, "Condition") == 0) {
        error->if_none_match = strcmp(text, "If-None-Match") == 0;
    }
}

/* ---- Events ---- */

static void stop(reader *r)
{
    r->refused = true;
    xmlStopParser(r->parser);
}

static void fail_memory(reader *r)
{
    r->no_memory = true;
    stop(r);
}

static void find_root(reader *r)
{
    if (r->root && strcmp(r->names[0], r->root) == 0) {
        r->found = HY_S3_ROOT_RESULT;
    } else if ((strcmp(r->names[0], "Error") == 0 || strcmp(r->names[0], "ErrorResponse") == 0) &&
               r->size <= MAX_ERROR_BYTES) {
        r->found = HY_S3_ROOT_ERROR;
    } else {
        stop(r);
    }
}

static void on_start(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int namespace_count, const xmlChar **namespaces, int attribute_count,
                     int defaulted_count, const xmlChar **attributes)
{
    (void)prefix;
    (void)uri;
    (void)namespace_count;
    (void)namespaces;
    (void)attribute_count;
    (void)defaulted_count;
    (void)attributes;
    reader *r = user;
    if (r->refused || r->depth == MAX_DEPTH) {
        stop(r);
        return;
    }
    r->names[r->depth++] = (const char *)name; /* the parser's dictionary keeps it */
    if (r->depth == 1) {
        find_root(r);
        return;
    }
    r->text.size = 0;
    r->collects = r->found == HY_S3_ROOT_ERROR ? wanted_error(r) != NULL : wanted_field(r) != NULL;
}

static void on_text(void *user, const xmlChar *text, int size)
{
    reader *r = user;
    if (r->collects && !r->refused && !hy_buffer_append(&r->text, text, (size_t)size)) {
        fail_memory(r);
    }
}

static void take_text(reader *r)
{
    char *text = (char *)r->text.data;
    if (r->found == HY_S3_ROOT_ERROR) {
        take_error(r->error, wanted_error(r), text);
        return;
    }
    hy_s3_field *field = wanted_field(r);
    field->value = hy_strdup(text);
    if (!field->value) {
        fail_memory(r);
    }
}

static void on_end(void *user, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
    (void)name;
    (void)prefix;
    (void)uri;
    reader *r = user;
    if (r->refused) {
        return;
    }
    if (r->collects) {
        r->collects = false;
        if (hy_buffer_append(&r->text, "", 1)) {
            take_text(r);
        } else {
            fail_memory(r);
        }
    }
    r->depth--;
}

static void on_doctype(void *user, const xmlChar *name, const xmlChar *external,
                       const xmlChar *system)
{
    (void)name;
    (void)external;
    (void)system;
    stop(user);
}

/* Errors are looked up in the parser afterwards; without this one they would go to a handler that
 * the application may have set for its own XML. */
static void on_error(void *user, xmlErrorPtr error)
{
    (void)user;
    (void)error;
}

/* ---- The whole ---- */

static void parse(reader *r, const char *text, int size)
{
    xmlSAXHandler events = {
        .initialized = XML_SAX2_MAGIC,
        .startElementNs = on_start,
        .endElementNs = on_end,
        .characters = on_text,
        .cdataBlock = on_text,
        .internalSubset = on_doctype,
        .serror = on_error,
    };
    r->parser = xmlCreatePushParserCtxt(&events, r, NULL, 0, NULL);
    if (!r->parser) {
        r->no_memory = true;
        return;
    }
    (void)xmlCtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_NOERROR |
                                           XML_PARSE_NOWARNING);
    (void)xmlParseChunk(r->parser, text, size, 1);
    r->no_memory = r->no_memory || r->parser->errNo == XML_ERR_NO_MEMORY;
    r->refused = r->refused || !r->parser->wellFormed;
    xmlFreeParserCtxt(r->parser);
}

/* S3 speaks UTF-8 only. Of other encodings libxml2 would, when they are damaged, tell on stderr:
 * those that a declaration names are ignored, and those that show in the first bytes have NULs. */
static bool is_utf8_xml(const char *text, size_t size)
{
    return size > 0 && text[0] == '<' && !memchr(text, '\0', size);
}

static void clear_error(hy_s3_error *error)
{
    *error = (hy_s3_error){.http_status = error->http_status, .server_time_s = -1};
}

static void clear_fields(hy_s3_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i].value) {
            OPENSSL_cleanse(fields[i].value, strlen(fields[i].value));
        }
        hy_free(fields[i].value);
        fields[i].value = NULL;
    }
}

hydra_status hy_s3_xml_read(const void *data, size_t size, const char *root, hy_s3_field *fields,
                            size_t field_count, hy_s3_root *found, hy_s3_error *error,
                            hy_diag *diag)
{
    hy_s3_error own = {0};
    reader r = {
        .root = root,
        .fields = fields,
        .field_count = field_count,
        .error = error ? error : &own,
        .text = {.limit = MAX_BYTES, .secret = true},
    };
    *found = HY_S3_ROOT_NONE;
    clear_error(r.error);
    for (size_t i = 0; i < field_count; i++) {
        fields[i].value = NULL;
    }
    /* Servers that take long keep the connection alive with white space before the XML. */
    const char *text = data;
    while (size > 0 && (*text == ' ' || *text == '\n' || *text == '\r' || *text == '\t')) {
        text++;
        size--;
    }
    if (size > MAX_BYTES || !is_utf8_xml(text, size)) {
        return HYDRA_OK;
    }
    r.size = size;
    parse(&r, text, (int)size);
    hy_buffer_free(&r.text);
    if (r.refused || r.no_memory) {
        clear_error(r.error);
        clear_fields(fields, field_count);
        return r.no_memory ? hy_fail_memory(diag) : HYDRA_OK;
    }
    *found = r.found;
    return HYDRA_OK;
}
