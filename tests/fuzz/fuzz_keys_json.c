/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the reply of a container's or an instance's endpoint, and as a time. Keys that are
 * accepted can stand in a header and have not expired; a refusal leaves nothing behind.
 */
#include "s3/credentials.h"

#include "fuzz.h"

#define NOW_S INT64_C(1800000000)

static void check_time(const uint8_t *data, size_t size)
{
    char *text = calloc(size + 1, 1);
    fuzz_check(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    fuzz_check(hy_key_time(text) >= -1);
    free(text);
}

static void check_keys(const hy_s3_keys *keys)
{
    fuzz_check(hy_is_token(keys->access_key) && hy_is_token(keys->secret_key));
    fuzz_check(!keys->session_token || hy_is_token(keys->session_token));
    fuzz_check(keys->expires_s == 0 || keys->expires_s > NOW_S);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const hy_key_walk walk = {.now_s = NOW_S};
    hy_buffer json = {.limit = size};
    if (size > 0) {
        fuzz_check(hy_buffer_append(&json, data, size));
    }
    hy_s3_keys keys = {0};
    hy_diag diag = {0};
    hydra_status status = hy_keys_from_json(&walk, &json, "fuzz", &keys, &diag);
    fuzz_check_outcome(status, &diag);
    if (status == HYDRA_OK) {
        check_keys(&keys);
    } else {
        fuzz_check(!keys.access_key && !keys.secret_key && !keys.session_token);
    }
    hy_s3_keys_free(&keys);
    hy_buffer_free(&json);
    check_time(data, size);
    return 0;
}
