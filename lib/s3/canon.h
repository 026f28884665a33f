/* SPDX-License-Identifier: MIT */
/*
 * The canonical form of a request and its signature (AWS Signature Version 4): what the two ways of
 * sending it, as a header and in the query, have in common.
 */
#ifndef HY_S3_CANON_H
#define HY_S3_CANON_H

#include "s3.h"

/* "20130524T000000Z"; its first eight characters are the date of the scope. */
#define HY_SIGV4_TIME_BYTES 17

/* Texts with secrets: all room is taken at once, so that growing leaves no copies behind. False: no
 * memory. */
bool hy_canon_begin(hy_buffer *text, size_t most);
/* As a text that hy_free frees; the buffer is empty then. NULL when memory is out. */
char *hy_canon_take(hy_buffer *text);
/* Texts one after the other; free with hy_canon_wipe_text. NULL when memory is out. */
char *hy_canon_join(const char *const *parts, size_t count);
/* Wiped and freed. NULL does nothing. */
void hy_canon_wipe_text(char *text);

/* Values that would break a request, or could smuggle something into it: HYDRA_ERR_ARGUMENT. */
hydra_status hy_canon_check(const hy_sigv4 *what, hy_diag *diag);
/* None of the headers that signing adds is there already. `headers` may be NULL. */
hydra_status hy_canon_check_headers(const hy_http_headers *headers, hy_diag *diag);
hydra_status hy_canon_time(int64_t time_s, char text[HY_SIGV4_TIME_BYTES], hy_diag *diag);
/* "DATE/REGION/SERVICE/aws4_request" */
hydra_status hy_canon_scope(const hy_sigv4 *what, char **scope, hy_diag *diag);

/* Encoded, sorted, joined. HYDRA_ERR_ARGUMENT: a name that stands there twice. */
hydra_status hy_canon_query(const hy_s3_parameter *query, size_t count, char **text, hy_diag *diag);
/* The lines of the signed headers, host among them, and their names with ';' between. `lines` may
 * be NULL. */
hydra_status hy_canon_headers(const char *host, const hy_http_headers *headers, char **lines,
                              char **names, hy_diag *diag);
hydra_status hy_canon_request(const hy_sigv4 *what, const hy_http_headers *headers,
                              const char *query_text, char **request, hy_diag *diag);
hydra_status hy_canon_string_to_sign(const hy_sigv4 *what, const char *request, char **text,
                                     hy_diag *diag);
/* Of a request with that query and those headers, as 64 hex digits. */
hydra_status hy_canon_signature(const hy_sigv4 *what, const hy_http_headers *headers,
                                const char *query_text, char hex[65], hy_diag *diag);

#endif
