/* SPDX-License-Identifier: MIT */
/*
 * Signs what test_signing.py sends: one request of JSON a line, one line of JSON as the answer,
 * with the query, all headers, the texts in between and the signature, or "error".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sign_case.h"

static json_t *list_headers(const hy_http_headers *headers)
{
    json_t *list = json_array();
    for (size_t i = 0; i < headers->count; i++) {
        (void)json_array_append_new(
            list, json_pack("[ss]", headers->items[i].name, headers->items[i].value));
    }
    return list;
}

static json_t *answer(json_t *request)
{
    hy_diag diag = {0};
    sign_case c;
    sign_result result = {0};
    json_t *made = NULL;
    if (!sign_case_read(request, &c, &diag)) {
        made = json_pack("{ss}", "error", diag.text[0] ? diag.text : "not a request");
    } else if (sign_case_run(&c, &result, &diag) != HYDRA_OK) {
        made = json_pack("{ss}", "error", diag.text);
    } else {
        made = json_pack("{ss ss so ss ss ss}", "path", c.what.path, "query_text",
                         result.query_text, "headers", list_headers(&c.headers),
                         "canonical_request", result.canonical_request, "string_to_sign",
                         result.string_to_sign, "signature", result.signature);
    }
    sign_result_free(&result);
    sign_case_free(&c);
    return made;
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    while ((size = getline(&line, &room, stdin)) > 0) {
        json_t *request = json_loadb(line, (size_t)size, 0, NULL);
        json_t *reply = request ? answer(request) : json_pack("{ss}", "error", "not JSON");
        char *text = reply ? json_dumps(reply, JSON_COMPACT) : NULL;
        if (!text || puts(text) < 0 || fflush(stdout) != 0) {
            return 1;
        }
        free(text);
        json_decref(reply);
        json_decref(request);
    }
    free(line);
    return 0;
}
