/* SPDX-License-Identifier: MIT */
/* Which connections and which S3 client a call uses. */
#include "api/client.h"

#include <string.h>

static hydra_status new_http(const hydra_store_options *options, hy_http **out, hy_diag *diag)
{
    const hy_http_options own = {
        .ca_file = options->ca_file,
        .proxy = options->proxy,
        .insecure = options->insecure != 0,
    };
    return hy_http_new(&own, out, diag);
}

static hydra_status get_http_locked(hydra_context *context, hy_diag *diag)
{
    return context->locked.http ? HYDRA_OK : new_http(&context->store, &context->locked.http, diag);
}

hydra_status hy_context_http(hydra_context *context, hy_http **out, hy_diag *diag)
{
    (void)pthread_mutex_lock(&context->mutex);
    hydra_status status = get_http_locked(context, diag);
    *out = context->locked.http;
    (void)pthread_mutex_unlock(&context->mutex);
    return status;
}

hydra_status hy_context_s3(hydra_context *context, hy_s3 **out, hy_diag *diag)
{
    (void)pthread_mutex_lock(&context->mutex);
    hydra_status status = get_http_locked(context, diag);
    if (status == HYDRA_OK && !context->locked.s3) {
        status = hy_s3_new(&context->store, context->locked.http, &context->locked.s3, diag);
    }
    *out = context->locked.s3;
    (void)pthread_mutex_unlock(&context->mutex);
    return status;
}

bool hy_context_warning(hydra_context *context, uint64_t *seen, char text[HY_DIAG_BYTES])
{
    (void)pthread_mutex_lock(&context->mutex);
    hy_s3 *s3 = context->locked.s3;
    (void)pthread_mutex_unlock(&context->mutex);
    return s3 && hy_s3_warning(s3, seen, text);
}

void hy_context_client_free(hydra_context *context)
{
    hy_s3_free(context->locked.s3);
    hy_http_free(context->locked.http);
    hy_store_options_free(&context->store);
    (void)pthread_mutex_destroy(&context->mutex);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Certificates and proxies are a matter of the connection, all else of the client. */
static bool same_connections(const hydra_store_options *a, const hydra_store_options *b)
{
    return same_text(a->ca_file, b->ca_file) && same_text(a->proxy, b->proxy) &&
           a->insecure == b->insecure;
}

hydra_status hy_client_open(hy_client *client, hydra_context *context,
                            const hydra_store_options *options, hy_diag *diag)
{
    *client = (hy_client){0};
    if (!options) {
        return hy_context_s3(context, &client->s3, diag);
    }
    hy_http *http = NULL;
    hydra_status status;
    if (same_connections(options, &context->store)) {
        status = hy_context_http(context, &http, diag);
    } else {
        status = new_http(options, &client->http, diag);
        http = client->http;
    }
    if (status == HYDRA_OK) {
        status = hy_s3_new(options, http, &client->own_s3, diag);
    }
    client->s3 = client->own_s3;
    return status;
}

void hy_client_close(hy_client *client)
{
    hy_s3_free(client->own_s3);
    hy_http_free(client->http);
    *client = (hy_client){0};
}
