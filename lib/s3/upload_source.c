/* SPDX-License-Identifier: MIT */
/*
 * An object from bytes that are all there: a file, or memory. Nothing of them is kept: every part
 * is read where it lies, for its checksum and then each time it is sent, and the server holds what
 * came against that checksum.
 */
#include "upload.h"

/* Of an upload whose key somebody else writes at the same time. */
#define UPLOAD_TRIES 3

static hydra_status send_parts(hy_upload *upload, int64_t size, int64_t part_bytes, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    int64_t at = 0;
    for (int32_t number = 1; status == HYDRA_OK && at < size; number++) {
        int64_t count = size - at < part_bytes ? size - at : part_bytes;
        status = hy_upload_queue_source(upload, number, at, count, diag);
        at += count;
    }
    return status == HYDRA_OK ? hy_upload_finish(upload, size, diag) : status;
}

static hydra_status send(hy_upload *upload, const hydra_transfer_options *transfer, int64_t size,
                         hy_diag *diag)
{
    int64_t part_bytes = hy_upload_part_bytes(transfer, size);
    bool small = size < transfer->threshold_bytes || size <= part_bytes;
    return small ? hy_upload_finish_small(upload, &upload->source, size, diag)
                 : send_parts(upload, size, part_bytes, diag);
}

/* `again`: somebody else wrote the key at the same moment, and nothing is left of this try.
 * `reported`: bytes that the caller was told of by earlier tries. */
static hydra_status upload_once(hy_s3 *s3, const hy_s3_sink_options *options,
                                const hy_upload_source *source, int64_t size,
                                hy_s3_upload_result *result, bool *again, int64_t *reported,
                                hy_diag *diag)
{
    hy_upload upload = {.source = *source};
    hy_diag cause = {0};
    hydra_status status = hy_upload_open(&upload, s3, options, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    upload.locked.reported = *reported;
    upload.locked.total = size;
    status = send(&upload, options->transfer, size, &cause);
    hy_upload_end(&upload);
    if (status == HYDRA_OK) {
        *result = upload.locked.result;
        upload.locked.result = (hy_s3_upload_result){0};
    } else {
        status = hy_upload_fail(&upload, &cause, diag);
    }
    *again = atomic_load(&upload.conflict) && !upload.leftover;
    *reported = upload.locked.reported;
    hy_upload_close(&upload);
    return status;
}

/* Before anything is sent. */
static hydra_status check_size(const hy_s3_sink_options *options, int64_t size, hy_diag *diag)
{
    int64_t part_bytes = hy_upload_part_bytes(options->transfer, size);
    if (size <= part_bytes * HY_UPLOAD_MAX_PARTS) {
        return HYDRA_OK;
    }
    return hy_fail(
        diag, HYDRA_ERR_LIMIT, "s3://%s/%s: %lld bytes are more than %d parts of %lld%s",
        options->bucket, options->key, (long long)size, HY_UPLOAD_MAX_PARTS, (long long)part_bytes,
        part_bytes < HY_UPLOAD_MAX_PART_BYTES ? ": transfer.part_bytes is too small" : "");
}

hydra_status hy_s3_upload(hy_s3 *s3, const hy_s3_sink_options *options,
                          hydra_status (*read)(void *user, int64_t offset, void *data, size_t size,
                                               hy_diag *diag),
                          void *read_user, int64_t size, hy_s3_upload_result *result, hy_diag *diag)
{
    const hy_upload_source source = {read, read_user};
    hydra_transfer_options defaults;
    hy_s3_sink_options own = *options;
    hy_diag cause;
    hydra_status status;
    bool again;
    int64_t reported = 0;
    int tries = 0;
    hy_s3_transfer_defaults(&defaults);
    own.transfer = own.transfer ? own.transfer : &defaults;
    *result = (hy_s3_upload_result){0};
    status = check_size(&own, size, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    do {
        cause = (hy_diag){0};
        again = false;
        status = upload_once(s3, &own, &source, size, result, &again, &reported, &cause);
    } while (status != HYDRA_OK && again && ++tries < UPLOAD_TRIES);
    return status == HYDRA_OK ? status : hy_fail(diag, status, "%s", cause.text);
}
