/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a reply of the Security Token Service. What is taken out of it is UTF-8 or nothing:
 * keys of a reply, code and message of an error.
 */
#include "s3/credentials.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hy_sts_reply reply;
    hy_diag diag = {0};
    hydra_status status = hy_sts_reply_read(&reply, data, size, "AssumeRole", &diag);
    fuzz_check(status == HYDRA_OK);
    fuzz_check_outcome(status, &diag);
    for (size_t i = 0; i < HY_STS_FIELDS; i++) {
        if (reply.fields[i].value) {
            fuzz_check(reply.root == HY_S3_ROOT_RESULT);
            fuzz_check(hy_utf8_is_valid(reply.fields[i].value));
        }
    }
    fuzz_check(hy_utf8_is_valid(reply.error.code));
    fuzz_check(hy_utf8_is_valid(reply.error.message));
    fuzz_check(reply.root == HY_S3_ROOT_ERROR || reply.error.code[0] == '\0');
    hy_sts_reply_free(&reply);
    return 0;
}
