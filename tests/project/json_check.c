/* SPDX-License-Identifier: MIT */
/*
 * The loader as a filter, for schema_check.py. Reads documents from stdin, each as "SIZE\n" and so
 * many bytes. Answers for each with one line, "reject STATUS LINE COLUMN POINTER<tab>TEXT" or
 * "accept SIZE", the latter followed by SIZE bytes: the project as the library writes it. With
 * "--schema" it prints the schema that is in the library.
 */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hydra/hydra.h>

static void reject(const hydra_compose *c)
{
    hydra_issue issue = {.struct_size = sizeof issue};
    if (hydra_compose_issue(c, 0, &issue) != HYDRA_OK) {
        printf("reject without an issue: %s\n", hydra_compose_error(c));
        return;
    }
    printf("reject %s %d %d %s\t%s\n", hydra_status_name(issue.status), (int)issue.line,
           (int)issue.column, issue.pointer, issue.text);
}

static void accept(hydra_compose *c)
{
    const char *json;
    if (hydra_compose_to_json(c, &json) != HYDRA_OK) {
        printf("reject its own: %s\n", hydra_compose_error(c));
        return;
    }
    printf("accept %zu\n%s", strlen(json), json);
}

int main(int argc, char **argv)
{
    size_t size;
    hydra_compose *c;
    if (argc > 1 && strcmp(argv[1], "--schema") == 0) {
        printf("%s", hydra_project_schema());
        return 0;
    }
    (void)setlocale(LC_ALL, "");
    if (hydra_compose_new(NULL, &c) != HYDRA_OK) {
        return 1;
    }
    while (scanf("%zu", &size) == 1 && getchar() == '\n') {
        /* Exactly as large as the document, so that memory checkers see a read beyond it. */
        char *json = malloc(size > 0 ? size : 1);
        if (!json || fread(json, 1, size, stdin) != size) {
            free(json);
            return 1;
        }
        if (hydra_compose_load_json(c, json, size) == HYDRA_OK) {
            accept(c);
        } else {
            reject(c);
        }
        (void)fflush(stdout);
        free(json);
    }
    hydra_compose_free(c);
    return 0;
}
