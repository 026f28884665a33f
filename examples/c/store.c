/* SPDX-License-Identifier: MIT */
/*
 * A file into S3, or into any server that speaks its protocol; nothing that is there is replaced.
 *
 *     store FILE s3://BUCKET/KEY
 *
 * Credentials, region and endpoint come from the environment and the profile files, as for other
 * tools. Linked statically it takes only what storage needs of the library, and no FFmpeg:
 *
 *     cc store.c -Wl,--as-needed $(pkg-config --cflags --libs hydra-static)
 */
#include <hydra/hydra.h>

#include <stdio.h>

static hydra_status put(hydra_store *store, const char *file, const char *uri)
{
    hydra_transfer_options options;
    hydra_transfer_options_init(&options);
    options.when_exists = HYDRA_EXISTS_FAIL;
    hydra_object object = {.struct_size = sizeof object};
    hydra_status status = hydra_store_put_file(store, uri, file, &options, &object);
    if (status == HYDRA_OK) {
        printf("%s\n%lld bytes in %d parts, %s\n", object.url, (long long)object.bytes,
               (int)object.parts, object.verified ? "as the server confirms" : "not verified");
    }
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: store FILE s3://BUCKET/KEY\n");
        return 2;
    }
    hydra_store *store = NULL;
    hydra_status status = hydra_store_new(NULL, NULL, &store);
    if (status != HYDRA_OK) {
        fprintf(stderr, "store: %s\n", hydra_status_text(status));
        return 1;
    }
    status = put(store, argv[1], argv[2]);
    if (status != HYDRA_OK) {
        fprintf(stderr, "store: %s: %s\n", hydra_status_name(status), hydra_store_error(store));
    }
    hydra_store_free(store);
    return status == HYDRA_OK ? 0 : 1;
}
