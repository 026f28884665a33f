/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a JSON project. What is refused has an issue with a text and leaves the project as
 * it was; what is accepted, saved and loaded again, gives the same text.
 */
#include <hydra/hydra.h>

#include "fuzz.h"

static char *save(hydra_compose *c)
{
    const char *json = NULL;
    fuzz_check(hydra_compose_to_json(c, &json) == HYDRA_OK);
    char *copy = strdup(json);
    fuzz_check(copy != NULL);
    return copy;
}

static void check_refused(hydra_compose *c, hydra_status status)
{
    fuzz_check(status == HYDRA_ERR_FORMAT || status == HYDRA_ERR_ARGUMENT ||
               status == HYDRA_ERR_LIMIT || status == HYDRA_ERR_UNSUPPORTED);
    fuzz_check(hydra_compose_error(c)[0] != '\0');
    int32_t count = hydra_compose_issue_count(c);
    fuzz_check(count > 0);
    for (int32_t i = 0; i < count; i++) {
        hydra_issue issue = {.struct_size = sizeof issue};
        fuzz_check(hydra_compose_issue(c, i, &issue) == HYDRA_OK);
        fuzz_check(issue.status != HYDRA_OK && issue.text[0] != '\0');
        fuzz_check(issue.pointer[0] == '\0' || issue.pointer[0] == '/');
        fuzz_check(issue.line >= 0 && issue.column >= 0);
    }
}

/* Load what was saved and save it again: the same text. */
static void check_identity(hydra_compose *c)
{
    char *first = save(c);
    fuzz_check(hydra_compose_load_json(c, first, strlen(first)) == HYDRA_OK);
    char *second = save(c);
    fuzz_check(strcmp(first, second) == 0);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hydra_compose *c = NULL;
    fuzz_check(hydra_compose_new(NULL, &c) == HYDRA_OK);
    char *before = save(c);
    hydra_status status = hydra_compose_load_json(c, (const char *)data, size);
    if (status == HYDRA_OK) {
        check_identity(c);
    } else {
        check_refused(c, status);
        char *after = save(c);
        fuzz_check(strcmp(before, after) == 0);
        free(after);
    }
    free(before);
    hydra_compose_free(c);
    return 0;
}
