/* SPDX-License-Identifier: MIT */
/*
 * Any text as a URL, and as a redirect from one. What is accepted has parts that are what they
 * should be, and its text, parsed again, gives the same text. No error text shows a query.
 */
#include "fuzz.h"

#include "net/net.h"

static void check_parts(const hy_url *url)
{
    fuzz_check(strcmp(url->scheme, "http") == 0 || strcmp(url->scheme, "https") == 0);
    fuzz_check(url->host[0] != '\0' && !strpbrk(url->host, "@/?#[]\\% "));
    fuzz_check(url->port >= 0 && url->port <= 65535);
    fuzz_check(url->path[0] == '/' && !strpbrk(url->path, "?# \r\n"));
    fuzz_check(!url->query || !strpbrk(url->query, "# \r\n"));
}

static void check_url(const hy_url *url)
{
    hy_diag diag = {0};
    hy_url again;
    check_parts(url);
    char *text = hy_url_text(url);
    fuzz_check(text != NULL);
    if (hy_url_parse(&again, text, &diag) == HYDRA_OK) {
        char *second = hy_url_text(&again);
        fuzz_check(second && strcmp(text, second) == 0);
        fuzz_check(hy_url_same_origin(url, &again));
        hy_free(second);
        hy_url_free(&again);
    } else {
        fuzz_check(strlen(text) > 8192); /* bytes beyond ASCII became longer */
    }
    hy_free(text);
}

static void check_texts(const char *text, size_t size)
{
    char *line = hy_redact_line(text, size);
    char *url = hy_url_redacted(text);
    fuzz_check(line && url && !strchr(url, '\n') && !strchr(line, '\n'));
    hy_free(line);
    hy_free(url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hy_diag diag = {0};
    hy_url url;
    hy_url base;
    char *text = calloc(size + 1, 1);
    fuzz_check(text != NULL);
    memcpy(text, data, size);
    if (hy_url_parse(&url, text, &diag) == HYDRA_OK) {
        check_url(&url);
        hy_url_free(&url);
    } else {
        fuzz_check(diag.text[0] != '\0' && url.scheme == NULL);
    }
    hy_diag_clear(&diag);
    fuzz_check(hy_url_parse(&base, "https://a.example:8443/b/c/d;p?q", &diag) == HYDRA_OK);
    if (hy_url_resolve(&url, &base, text, &diag) == HYDRA_OK) {
        check_url(&url);
        hy_url_free(&url);
    }
    hy_url_free(&base);
    check_texts(text, size);
    (void)hy_guard_host_is_valid(text);
    (void)hy_guard_network_is_valid(text);
    free(text);
    return 0;
}
