/* SPDX-License-Identifier: MIT */
/* The list of findings: bounded, with texts of its own. */
#include "project.h"

#include <stdio.h>
#include <string.h>

bool hy_issues_full(const hy_issues *issues)
{
    return issues->count >= HY_JSON_MAX_ISSUES;
}

/* All the room there will ever be, on the first issue. */
static bool reserve(hy_issues *issues)
{
    if (!issues->items) {
        issues->items = hy_calloc(HY_JSON_MAX_ISSUES, sizeof *issues->items);
    }
    return issues->items != NULL;
}

hydra_status hy_issues_add(hy_issues *issues, hydra_status status, const char *pointer,
                           const char *text, hy_diag *diag)
{
    if (hy_issues_full(issues)) {
        return HYDRA_OK;
    }
    char *own_pointer = hy_strdup(pointer);
    char *own_text = hy_strdup(text);
    if (!own_pointer || !own_text || !reserve(issues)) {
        hy_free(own_pointer);
        hy_free(own_text);
        return hy_fail_memory(diag);
    }
    issues->items[issues->count++] =
        (hy_issue){.status = status, .pointer = own_pointer, .text = own_text};
    return HYDRA_OK;
}

hydra_status hy_issues_first(const hy_issues *issues, hy_diag *diag)
{
    if (issues->count == 0) {
        return HYDRA_OK;
    }
    const hy_issue *first = &issues->items[0];
    char place[64] = "";
    if (first->line > 0) {
        (void)snprintf(place, sizeof place, "line %d, column %d: ", (int)first->line,
                       (int)first->column);
    }
    return hy_fail(diag, first->status, "%s%s%s%s", place, first->pointer,
                   first->pointer[0] ? ": " : "", first->text);
}

void hy_issues_free(hy_issues *issues)
{
    for (int32_t i = 0; i < issues->count; i++) {
        hy_free(issues->items[i].pointer);
        hy_free(issues->items[i].text);
    }
    hy_free(issues->items);
    memset(issues, 0, sizeof *issues);
}
