/* SPDX-License-Identifier: MIT */
/* Loading a document: limits, text to tree, tree to document, and where the findings are. */
#include <string.h>

#include "read.h"

/* Looking for places costs a pass over the text for each; beyond this they stay unknown. */
#define MAX_LOCATED_BYTES ((size_t)1 << 20)

/* Those that the parser found have their place already. */
static void locate_issues(const char *json, size_t size, hy_issues *issues)
{
    for (int32_t i = 0; i < issues->count && size <= MAX_LOCATED_BYTES; i++) {
        if (issues->items[i].line > 0) {
            continue;
        }
        hy_text_place place = hy_json_locate(json, size, issues->items[i].pointer);
        issues->items[i].line = place.line;
        issues->items[i].column = place.column;
    }
}

/* The tree into a document that is still empty. */
static hydra_status read_tree(const char *json, size_t size, json_t *root, hy_loader *loader,
                              hy_document *document)
{
    hydra_status status = hy_read_document(loader, root, document);
    if (status != HYDRA_OK) {
        return status;
    }
    locate_issues(json, size, loader->issues);
    document->output.preset = document->preset;
    return hy_issues_first(loader->issues, loader->diag);
}

hydra_status hy_document_load(const char *json, size_t size, const hydra_policy *policy,
                              hy_document *out, hy_issues *issues, hy_diag *diag)
{
    memset(out, 0, sizeof *out);
    if (hy_json_check_extent(json, size, policy, issues, diag) != HYDRA_OK) {
        return diag->status != HYDRA_OK ? diag->status : hy_issues_first(issues, diag);
    }
    json_t *root = hy_json_parse(json, size, issues, diag);
    if (!root) {
        return diag->status != HYDRA_OK ? diag->status : hy_issues_first(issues, diag);
    }
    hy_loader loader = {policy, issues, diag};
    hy_document_init(out);
    hydra_status status = read_tree(json, size, root, &loader, out);
    if (status != HYDRA_OK) {
        hy_document_free(out);
    }
    json_decref(root);
    return status;
}
