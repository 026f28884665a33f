/* SPDX-License-Identifier: MIT */
/* hydra_compose_upload: the bytes that are there, or a render straight into the store. */
#include <string.h>

#include "api/outlet.h"

static hydra_status read_output(void *user, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    const hydra_compose *c = user;
    if (offset < 0 || (uint64_t)offset > c->output_size ||
        size > c->output_size - (uint64_t)offset) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "upload: bytes beyond the output");
    }
    memcpy(data, c->output + offset, size);
    return HYDRA_OK;
}

typedef hydra_status (*read_function)(void *user, int64_t offset, void *data, size_t size,
                                      hy_diag *diag);

/* Bytes that are all there. */
static hydra_status send_bytes(hydra_compose *c, const char *bucket, const char *key,
                               const hydra_transfer_options *transfer, read_function read,
                               void *user, int64_t size)
{
    hy_s3 *s3 = NULL;
    hy_cancel cancel;
    hy_cancel_init_child(&cancel, &c->cancel, transfer->deadline_us);
    hy_progress_set(&c->sent, 0, size);
    hydra_status status = hy_cancel_check(&cancel, &c->diag);
    if (status == HYDRA_OK) {
        status = hy_context_s3(c->context, &s3, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = hy_object_check_presign(s3, bucket, key, transfer->presign_s, &cancel, &c->diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    const char *type = hy_content_type(c->result.container);
    const hy_s3_sink_options options = {
        .bucket = bucket,
        .key = key,
        .transfer = transfer,
        .content_type = type,
        .policy = &c->context->policy,
        .cancel = &cancel,
        .sent = hy_progress_set,
        .user = &c->sent,
    };
    hy_s3_upload_result sent = {0};
    status = hy_s3_upload(s3, &options, read, user, size, &sent, &c->diag);
    if (status == HYDRA_OK) {
        status = hy_object_sent(&c->object, s3, bucket, key, &sent,
                                transfer->content_type ? transfer->content_type : type,
                                transfer->presign_s, &c->diag);
    }
    hy_s3_upload_result_free(&sent);
    return status;
}

static hydra_status send_file(hydra_compose *c, const char *bucket, const char *key,
                              const hydra_transfer_options *transfer)
{
    hy_stable_reader reader;
    hydra_status status =
        hy_stable_reader_open_noted(&reader, &c->file, &c->context->policy, &c->diag);
    if (status == HYDRA_OK) {
        status = send_bytes(c, bucket, key, transfer, hy_stable_reader_read, &reader,
                            (int64_t)reader.was.st_size);
    }
    hy_stable_reader_close(&reader);
    return status;
}

static hydra_status render_into_store(hydra_compose *c, const hy_destination *to,
                                      const hydra_transfer_options *transfer)
{
    hydra_render_options checked;
    hydra_status status = hy_compose_begin_render(c, NULL, &checked);
    return status == HYDRA_OK ? hy_compose_render_to(c, to, &checked, transfer) : status;
}

static hydra_status upload(hydra_compose *c, const hy_destination *to,
                           const hydra_transfer_options *transfer)
{
    bool is_current = c->has_result && c->changes_at_render == c->changes;
    if (!is_current || (!c->output && !c->file.path)) {
        return render_into_store(c, to, transfer);
    }
    char *bucket = NULL;
    char *key = NULL;
    hydra_status status = hy_store_location(to->url, &bucket, &key, &c->diag);
    if (status == HYDRA_OK) {
        status = c->output
                     ? send_bytes(c, bucket, key, transfer, read_output, c, (int64_t)c->output_size)
                     : send_file(c, bucket, key, transfer);
    }
    hy_free(bucket);
    hy_free(key);
    return status;
}

/* The destination is a store, and one that the policy allows. */
static hydra_status parse(hydra_compose *c, hy_destination *to, const char *destination)
{
    char *bucket = NULL;
    char *key = NULL;
    *to = (hy_destination){.fd = -1};
    hydra_status status = hy_store_location(destination, &bucket, &key, &c->diag);
    if (status == HYDRA_OK) {
        status = hy_destination_parse(to, destination, &c->diag);
    }
    if (status == HYDRA_OK) {
        status = hy_destination_check(to, &c->context->policy, &c->diag);
    }
    hy_free(bucket);
    hy_free(key);
    return status;
}

hydra_status hydra_compose_upload(hydra_compose *c, const char *destination,
                                  const hydra_transfer_options *options)
{
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return hy_compose_end(c, status);
    }
    hy_destination to;
    hydra_transfer_options transfer = c->transfer;
    hy_progress_set(&c->sent, 0, -1);
    status = parse(c, &to, destination);
    if (status == HYDRA_OK && options) {
        status = hy_transfer_options_take(options, &transfer, &c->diag);
    }
    if (status == HYDRA_OK) {
        hy_object_free(&c->object);
        status = upload(c, &to, &transfer);
    }
    hy_destination_free(&to);
    return hy_compose_end(c, status);
}

void hydra_compose_upload_progress(const hydra_compose *c, int64_t *done, int64_t *total)
{
    hy_progress_give(c ? &c->sent : NULL, done, total);
}

hydra_status hydra_compose_set_transfer(hydra_compose *c, const hydra_transfer_options *options)
{
    hydra_status status = hy_compose_begin(c);
    hydra_transfer_options taken;
    hydra_transfer_options own;
    if (status == HYDRA_OK) {
        status = hy_transfer_options_take(options, &taken, &c->diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    status = hy_transfer_options_copy(&own, &taken, &c->diag);
    if (status != HYDRA_OK) {
        hy_transfer_options_free(&own);
        return status;
    }
    hy_transfer_options_free(&c->transfer);
    c->transfer = own;
    return HYDRA_OK;
}

hydra_status hydra_compose_object(const hydra_compose *c, hydra_object *object)
{
    if (!hy_sized_is_set(object, HY_SIZE_THROUGH(hydra_object, content_type))) {
        return HYDRA_ERR_ARGUMENT;
    }
    if (!c) {
        hy_object_clear(object);
        return HYDRA_ERR_ARGUMENT;
    }
    return hy_object_give(&c->object, object) ? HYDRA_OK : HYDRA_ERR_STATE;
}
