/* SPDX-License-Identifier: MIT */
/*
 * A small store on loopback for tests: it puts objects together from parts as S3 does, checks what
 * it is sent, keeps the headers of each request, and fails on demand. Signatures are looked at
 * elsewhere.
 */
#ifndef HY_TEST_STORE_H
#define HY_TEST_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "s3/s3.h"

typedef enum store_kind {
    STORE_CREATE,
    STORE_PART,
    STORE_COMPLETE,
    STORE_ABORT,
    STORE_PUT,
    STORE_HEAD,
    STORE_HEAD_BUCKET,
    STORE_GET,
    STORE_DELETE,
    STORE_KINDS
} store_kind;

typedef enum store_fault {
    STORE_WORKS,
    STORE_REPLIES, /* with `status`, `code` and `headers`, and does nothing */
    STORE_RESETS,  /* after half of the body */
    STORE_LOSES,   /* does it, and hangs up instead of replying */
    STORE_CUTS     /* sends half of an object */
} store_fault;

/* What becomes of a request. */
typedef struct store_plan {
    store_fault fault;
    int status;
    const char *code;    /* of an <Error>; NULL = no body */
    const char *body;    /* instead of an <Error> */
    const char *headers; /* more lines, each with CRLF; also of an object that is read */
    int delay_ms;        /* before the body is read */
    const char *etag;    /* instead of the right one */
} store_plan;

typedef struct store store;

/* `plan` decides about the `nth` request (1 = first) of a kind; `part` is its number or 0. In the
 * server's threads, before the body is read. */
typedef void store_hook(void *user, store_kind kind, int nth, int part, store_plan *plan);

store *store_new(store_hook *hook, void *user);
void store_free(store *s);
/* "http://127.0.0.1:PORT"; lives as long as the store. */
const char *store_url(const store *s);
/* A client for the store at `url`, with keys of STORE_ACCESS_KEY. Not through a proxy. */
#define STORE_ACCESS_KEY "AKIDEXAMPLE"
hydra_status store_connect(const char *url, hy_http **http, hy_s3 **s3, hy_diag *diag);
/* What tests send: the bytes from `offset` on, as hy_s3_upload reads them; whether these are the
 * first ones. */
hydra_status store_read_pattern(void *user, int64_t offset, void *data, size_t size, hy_diag *diag);
bool store_is_pattern(const uint8_t *data, size_t size);
int store_count(store *s, store_kind kind);
/* Uploads that were begun and neither completed nor aborted. */
int store_open_uploads(store *s);
/* The object; false: there is none. Not while anything is sent. */
bool store_object(store *s, const uint8_t **data, size_t *size);
void store_set_object(store *s, const void *data, size_t size);
/* The value of a header of the last request of a kind, NULL = none. Free with free. */
char *store_header(store *s, store_kind kind, const char *name);
/* Most part bodies that were being received at once. */
int store_most_parts(store *s);

#endif
