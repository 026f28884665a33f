/* SPDX-License-Identifier: MIT */
/*
 * Any text as the location of an object. What is accepted is a bucket and a key that S3 allows, and
 * has an address whose host is AWS's.
 */
#include "fuzz.h"
#include "s3/s3.h"

static void check_address(const char *bucket, const char *key, char *region)
{
    hy_diag diag = {0};
    char elsewhere[] = "us-east-1";
    const hy_s3_endpoint endpoint = {.region = region ? region : elsewhere};
    hy_s3_address address;
    fuzz_check_outcome(hy_s3_address_find(&endpoint, bucket, key, &address, &diag), &diag);
    fuzz_check(diag.status == HYDRA_OK);
    hy_url url = {0};
    fuzz_check_outcome(hy_url_parse(&url, address.origin, &diag), &diag);
    fuzz_check(diag.status == HYDRA_OK && strcmp(url.host, address.host) == 0);
    fuzz_check(strstr(url.host, "s3.") && !url.query && url.port == 0);
    fuzz_check(address.path[0] == '/' && !strpbrk(address.path, "?# \r\n"));
    hy_url_free(&url);
    hy_s3_address_free(&address);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 1, 1);
    fuzz_check(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    hy_diag diag = {0};
    char *bucket = NULL;
    char *key = NULL;
    char *region = NULL;
    hydra_status status = hy_s3_location_parse(text, &bucket, &key, &region, &diag);
    fuzz_check_outcome(status, &diag);
    if (status == HYDRA_OK) {
        fuzz_check(hy_s3_check_bucket(bucket, &diag) == HYDRA_OK);
        fuzz_check(hy_s3_check_key(key, &diag) == HYDRA_OK);
        check_address(bucket, key, region);
    } else {
        fuzz_check(status == HYDRA_ERR_ARGUMENT && !bucket && !key && !region);
    }
    hy_free(bucket);
    hy_free(key);
    hy_free(region);
    free(text);
    return 0;
}
