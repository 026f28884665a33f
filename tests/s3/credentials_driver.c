/* SPDX-License-Identifier: MIT */
/*
 * Asks the credential chain once: "credentials_driver". Prints the access key's id and the expiry
 * and ends with 0, or the status and the error text and ends with 1. Never prints a secret.
 */
#include <inttypes.h>
#include <stdio.h>

#include "s3/s3.h"

static hydra_status ask(hy_http *http, hy_s3_keys *keys, hy_diag *diag)
{
    const hy_credentials_options options = {.http = http};
    hy_credentials *credentials = NULL;
    bool anonymous = false;
    hydra_status status = hy_credentials_new(&options, &credentials, diag);
    if (status == HYDRA_OK) {
        status = hy_credentials_get(credentials, NULL, keys, &anonymous, diag);
    }
    hy_credentials_free(credentials);
    return status;
}

int main(void)
{
    hy_diag diag = {0};
    hy_s3_keys keys = {0};
    hy_http *http = NULL;
    hydra_status status = hy_http_new(NULL, &http, &diag);
    if (status == HYDRA_OK) {
        status = ask(http, &keys, &diag);
    }
    if (status == HYDRA_OK) {
        printf("%s %" PRId64 "\n", keys.access_key, keys.expires_s);
    } else {
        printf("%d %s\n", (int)status, diag.text);
    }
    hy_s3_keys_free(&keys);
    hy_http_free(http);
    return status == HYDRA_OK ? 0 : 1;
}
