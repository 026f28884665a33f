/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a server's reply in XML, behind one byte with its HTTP status. What is taken out of
 * it is UTF-8 or nothing; an error gives a verdict and a text whatever it says.
 */
#include "fuzz.h"
#include "s3/s3.h"

static void check_error(const hy_s3_error *error)
{
    fuzz_check(hy_utf8_is_valid(error->code));
    fuzz_check(hy_utf8_is_valid(error->message));
    fuzz_check(hy_utf8_is_valid(error->request_id));
    fuzz_check(hy_utf8_is_valid(error->host_id));
    fuzz_check(hy_utf8_is_valid(error->region));
    fuzz_check(error->server_time_s >= -1);
    hy_s3_verdict verdict = hy_s3_classify(error);
    fuzz_check(verdict >= HY_S3_FINAL && verdict <= HY_S3_SEND_ANEW);
    hy_diag diag = {0};
    fuzz_check(hy_s3_fail(error, "s3://bucket/key: put", &diag) < 0);
    fuzz_check(diag.text[0] != '\0');
}

static void read_as_result(const uint8_t *data, size_t size, hy_s3_error *error)
{
    hy_diag diag = {0};
    hy_s3_field fields[] = {{"ETag", NULL}, {"UploadId", NULL}, {"Part/ETag", NULL}};
    hy_s3_root found;
    hydra_status status = hy_s3_xml_read(data, size, "Result", fields, 3, &found, error, &diag);
    fuzz_check_outcome(status, &diag);
    for (size_t i = 0; i < 3; i++) {
        fuzz_check(!fields[i].value || found == HY_S3_ROOT_RESULT);
        if (fields[i].value) {
            fuzz_check(hy_utf8_is_valid(fields[i].value));
        }
        hy_free(fields[i].value);
    }
    fuzz_check(found == HY_S3_ROOT_ERROR || error->code[0] == '\0');
    check_error(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t statuses[] = {200, 301, 400, 403, 404, 409, 412, 416, 429, 500, 503};
    if (size < 1) {
        return 0;
    }
    hy_s3_error error = {.http_status = statuses[data[0] % (sizeof statuses / sizeof *statuses)]};
    data++;
    size--;
    read_as_result(data, size, &error);
    hy_diag diag = {0};
    hy_http_reply reply = {.status = error.http_status, .body.limit = size + 1};
    fuzz_check(hy_buffer_append(&reply.body, data, size));
    fuzz_check_outcome(hy_s3_error_read(&reply, &error, &diag), &diag);
    fuzz_check(!strchr(error.region, '.') && !strchr(error.region, '/'));
    check_error(&error);
    hy_buffer_free(&reply.body);
    return 0;
}
