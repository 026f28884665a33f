/* SPDX-License-Identifier: MIT */
/* The reading side: from text to a tree (jansson), from the tree into a document. */
#ifndef HY_PROJECT_READ_H
#define HY_PROJECT_READ_H

#include <jansson.h>

#include "project_private.h"

/* ---- parse.c ---- */

/* Fails, with an issue, before anything is parsed that would cost too much. */
hydra_status hy_json_check_extent(const char *json, size_t size, const hydra_policy *policy,
                                  hy_issues *issues, hy_diag *diag);
/* NULL with an issue, or with HYDRA_ERR_MEMORY in `diag`. Free with json_decref. */
json_t *hy_json_parse(const char *json, size_t size, hy_issues *issues, hy_diag *diag);

/* ---- mend.c: going on after what the parser does not take ---- */

/* The pointer of a spot; of what it is inside of, where its key cannot stand in a pointer. */
void hy_json_spot_pointer(const char *json, const hy_json_spot *spot,
                          char pointer[HY_POINTER_BYTES]);
/* Blank out a member, from the comma before it. False when it is the first of its object. */
bool hy_json_cut_member(char *json, size_t size, const hy_json_spot *key);
/* Put 1e308, which no field takes, in place of a number beyond it. */
bool hy_json_cap_number(char *json, const hy_json_spot *number);
/* The key of a spot; free with json_decref. NULL when no string of C can hold it. */
json_t *hy_json_spot_key(const char *json, const hy_json_spot *spot);

/* ---- read.c: objects ---- */

/* Where the reader is: a list from the value up to the document. */
typedef struct hy_place {
    const struct hy_place *parent; /* NULL = the document */
    const char *key;               /* NULL: an item of an array */
    size_t index;
} hy_place;

typedef struct hy_loader {
    const hydra_policy *policy;
    hy_issues *issues;
    hy_diag *diag; /* HYDRA_ERR_MEMORY, or no failure */
} hy_loader;

/* The findings go into loader->issues. HYDRA_OK or HYDRA_ERR_MEMORY. */
hydra_status hy_read_document(hy_loader *loader, json_t *root, hy_document *out);

/* Add a finding; `format` as in hy_fail. */
void hy_complain(hy_loader *loader, const hy_place *at, hydra_status status, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* ---- values.c: everything that is no object or array ---- */

/* Read `value` into base + field->offset, or complain. */
typedef void hy_value_fn(hy_loader *loader, const hy_place *at, const json_t *value,
                         const hy_field *field, void *base);

/* By kind of field; NULL where read.c has its own. */
extern hy_value_fn *const hy_value_readers[HY_FIELD_KINDS];

/* "is 7, it must be EXPECTED" (NULL = the field's), with "did you mean" for a word of the field.
 * `field` may be NULL when `expected` is not. */
void hy_complain_value(hy_loader *loader, const hy_place *at, const json_t *value,
                       const hy_field *field, const char *expected);

#endif
