/* SPDX-License-Identifier: MIT */
/* Named inputs: paths, file: URIs (RFC 8089), URLs and shared bytes. */
#include "io.h"
#include "io_private.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void hy_blob_unref(hy_blob *blob)
{
    if (blob && atomic_fetch_sub(&blob->references, 1) == 1) {
        hy_free(blob->data);
        hy_free(blob);
    }
}

hydra_status hy_blob_take(hy_blob **out, hy_buffer *bytes, hy_diag *diag)
{
    *out = NULL;
    hy_blob *blob = hy_calloc(1, sizeof *blob);
    if (!blob) {
        return hy_fail_memory(diag);
    }
    /* It may have grown by doubling, and stays for a while. Where it cannot shrink, it fits. */
    bool is_wide = bytes->size > 0 && bytes->capacity > bytes->size;
    uint8_t *fitting = is_wide ? hy_realloc_array(bytes->data, bytes->size, 1) : NULL;
    blob->data = fitting ? fitting : bytes->data;
    blob->size = bytes->size;
    atomic_init(&blob->references, 1);
    *bytes = (hy_buffer){.limit = bytes->limit};
    *out = blob;
    return HYDRA_OK;
}

hy_blob *hy_blob_ref(hy_blob *blob)
{
    atomic_fetch_add(&blob->references, 1);
    return blob;
}

/* Length of "scheme:" at the start of a URI (RFC 3986), 0 if there is none. */
static size_t scheme_length(const char *uri)
{
    size_t i = 0;
    while ((uri[i] >= 'a' && uri[i] <= 'z') || (uri[i] >= 'A' && uri[i] <= 'Z') ||
           (i > 0 && ((uri[i] >= '0' && uri[i] <= '9') || strchr("+-.", uri[i])) && uri[i])) {
        i++;
    }
    return i > 0 && uri[i] == ':' ? i + 1 : 0;
}

hydra_status hy_path_from_uri(char **out, const char *uri, const char *kind, hy_diag *diag)
{
    *out = NULL;
    if (!uri || !*uri) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: the path is empty", kind);
    }
    size_t scheme = scheme_length(uri);
    const char *path = uri;
    bool is_file_uri = scheme == 5 && strncasecmp(uri, "file:", 5) == 0;
    if (is_file_uri) {
        path = uri + 5;
        if (strncmp(path, "//", 2) == 0) {
            path += 2;
            if (strncasecmp(path, "localhost/", 10) == 0) {
                path += 9;
            }
            if (*path != '/') {
                return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: %s: a file: URI with a host name",
                               kind, uri);
            }
        }
    } else if (scheme > 0 && strncmp(uri + scheme, "//", 2) == 0) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: %s: a URI of this scheme cannot be used",
                       kind, uri);
    }
    char *copy = hy_strdup(path);
    if (!copy) {
        return hy_fail_memory(diag);
    }
    if (is_file_uri && (!hy_percent_decode(copy) || !*copy)) {
        hy_free(copy);
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: %s: not a valid file: URI", kind, uri);
    }
    *out = copy;
    return HYDRA_OK;
}

/* The bit of HYDRA_SCHEME_* of a URL that is fetched, 0 for anything else. */
static int32_t remote_scheme(const char *uri)
{
    static const struct {
        const char *text;
        int32_t scheme;
    } schemes[] = {
        {"http://", HYDRA_SCHEME_HTTP},
        {"https://", HYDRA_SCHEME_HTTPS},
        {"s3://", HYDRA_SCHEME_S3},
    };
    for (size_t i = 0; uri && i < sizeof schemes / sizeof *schemes; i++) {
        if (strncasecmp(uri, schemes[i].text, strlen(schemes[i].text)) == 0) {
            return schemes[i].scheme;
        }
    }
    return 0;
}

/* Without what may be secret: what stands before '@' in the authority, and the query. A key of S3
 * has no query; there, '?' is a character like any other. */
static char *url_name(const char *url)
{
    char *name = hy_strdup(url);
    if (!name) {
        return NULL;
    }
    if (remote_scheme(url) != HYDRA_SCHEME_S3) {
        name[strcspn(name, "?#")] = '\0';
    }
    char *authority = strstr(name, "://") + 3;
    char *host = authority;
    for (char *end = authority; *end && *end != '/'; end++) {
        host = *end == '@' ? end + 1 : host;
    }
    memmove(authority, host, strlen(host) + 1);
    return name;
}

static hydra_status take_url(hy_source *out, const char *url, hy_diag *diag)
{
    out->url = hy_strdup(url);
    out->name = url_name(url);
    if (!out->url || !out->name) {
        hy_source_free(out);
        return hy_fail_memory(diag);
    }
    return HYDRA_OK;
}

hydra_status hy_source_from_uri(hy_source *out, const char *uri, const char *kind, hy_diag *diag)
{
    memset(out, 0, sizeof *out);
    if (remote_scheme(uri)) {
        return take_url(out, uri, diag);
    }
    hydra_status status = hy_path_from_uri(&out->path, uri, kind, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    out->name = hy_strdup(uri);
    if (!out->name) {
        hy_source_free(out);
        return hy_fail_memory(diag);
    }
    return HYDRA_OK;
}

hydra_status hy_source_from_memory(hy_source *out, const void *data, size_t size, const char *name,
                                   hy_diag *diag)
{
    memset(out, 0, sizeof *out);
    if (!data || size == 0) {
        return hy_fail(diag, HYDRA_ERR_ARGUMENT, "%s: no bytes", name);
    }
    hy_blob *blob = hy_calloc(1, sizeof *blob);
    out->name = hy_strdup(name);
    if (!blob || !out->name) {
        goto fail;
    }
    blob->data = hy_memdup(data, size);
    if (!blob->data) {
        goto fail;
    }
    blob->size = size;
    atomic_init(&blob->references, 1);
    out->blob = blob;
    return HYDRA_OK;
fail:
    hy_free(blob);
    hy_source_free(out);
    return hy_fail_memory(diag);
}

hydra_status hy_source_copy(hy_source *out, const hy_source *source, hy_diag *diag)
{
    memset(out, 0, sizeof *out);
    out->name = hy_strdup(source->name);
    if (source->path) {
        out->path = hy_strdup(source->path);
    }
    if (source->url) {
        out->url = hy_strdup(source->url);
    }
    if (!out->name || (source->path && !out->path) || (source->url && !out->url)) {
        hy_source_free(out);
        return hy_fail_memory(diag);
    }
    if (source->blob) {
        out->blob = hy_blob_ref(source->blob);
    }
    return HYDRA_OK;
}

hydra_status hy_source_check_scheme(const hy_source *source, const hydra_policy *policy,
                                    hy_diag *diag)
{
    static const char *const names[] = {
        [HYDRA_SCHEME_FILE] = "files",
        [HYDRA_SCHEME_HTTP] = "http:",
        [HYDRA_SCHEME_HTTPS] = "https:",
        [HYDRA_SCHEME_S3] = "s3:",
    };
    int32_t scheme = source->path ? HYDRA_SCHEME_FILE : remote_scheme(source->url);
    if (!policy || (policy->schemes & scheme) == scheme) {
        return HYDRA_OK;
    }
    return hy_fail(diag, HYDRA_ERR_PERMISSION, "%s: the policy does not allow %s (schemes)",
                   source->name, names[scheme]);
}

void hy_source_free(hy_source *source)
{
    hy_free(source->name);
    hy_free(source->path);
    hy_free_secret(source->url); /* its query may be a key */
    hy_blob_unref(source->blob);
    memset(source, 0, sizeof *source);
}
