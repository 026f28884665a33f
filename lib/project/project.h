/* SPDX-License-Identifier: MIT */
/*
 * project: a project as JSON text (docs/project.md, docs/project.schema.json). Reads it into the
 * model of timeline/ and writes it back, so that load(save(p)) is p. Pure: opens no file. JSON
 * comes from outside: its size, depth and number of values are bounded before it is parsed.
 */
#ifndef HY_PROJECT_H
#define HY_PROJECT_H

#include <hydra/policy.h>
#include <hydra/render.h>

#include "core/core.h"
#include "timeline/timeline.h"

#define HY_JSON_MAX_BYTES  ((size_t)16 << 20)
#define HY_JSON_MAX_DEPTH  32
#define HY_JSON_MAX_ISSUES 100

/* ---- issues.c: findings about a project ---- */

typedef struct hy_issue {
    hydra_status status;
    int32_t line;   /* from 1; 0 = not known */
    int32_t column; /* bytes, from 1; 0 = not known */
    char *pointer;  /* RFC 6901 */
    char *text;     /* printable, as in hy_diag */
} hy_issue;

/* All zero = none. At most HY_JSON_MAX_ISSUES are kept. */
typedef struct hy_issues {
    hy_issue *items;
    int32_t count;
} hy_issues;

/* Copies the texts. HYDRA_OK or HYDRA_ERR_MEMORY; one too many is dropped. */
hydra_status hy_issues_add(hy_issues *issues, hydra_status status, const char *pointer,
                           const char *text, hy_diag *diag);
bool hy_issues_full(const hy_issues *issues);
/* HYDRA_OK without an issue; else fails as the first one does, with its place in the text. */
hydra_status hy_issues_first(const hy_issues *issues, hy_diag *diag);
void hy_issues_free(hy_issues *issues);

/* ---- load.c, save.c: the document ---- */

/* Everything that a project file says. */
typedef struct hy_document {
    hy_project project;
    hydra_render_options output; /* output.preset is `preset` */
    char *preset;                /* owned; or NULL */
} hy_document;

void hy_document_init(hy_document *document);
void hy_document_free(hy_document *document);

/*
 * Read a document. On failure `out` is empty and `issues` says why (it must be empty before);
 * only HYDRA_ERR_MEMORY comes without an issue. Every value is as checked as by the setters of
 * timeline/.
 */
hydra_status hy_document_load(const char *json, size_t size, const hydra_policy *policy,
                              hy_document *out, hy_issues *issues, hy_diag *diag);

/* Append the document as JSON text without a closing NUL. What is at its default is left out. */
hydra_status hy_document_save(const hy_document *document, hy_buffer *out, hy_diag *diag);

/* ---- The schema, put in at build time from docs/project.schema.json ---- */
extern const char hy_project_schema_text[];

#endif
