/* SPDX-License-Identifier: MIT */
/* hydra_store: objects there and back. */
#include <string.h>

#include "api/store.h"

/* ---- Writing ---- */

typedef hydra_status (*read_function)(void *user, int64_t offset, void *data, size_t size,
                                      hy_diag *diag);

typedef struct memory_reader {
    const uint8_t *data;
    size_t size;
} memory_reader;

static hydra_status read_memory(void *user, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    const memory_reader *from = user;
    if (offset < 0 || (uint64_t)offset > from->size || size > from->size - (uint64_t)offset) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "put: bytes beyond the end");
    }
    if (size > 0) {
        memcpy(data, from->data + offset, size);
    }
    return HYDRA_OK;
}

/* What the bytes are, where the caller does not say. */
static hydra_status find_type(read_function read, void *user, int64_t size, const char **type,
                              hy_diag *diag)
{
    char start[8] = {0};
    *type = NULL;
    if (size < (int64_t)sizeof start) {
        return HYDRA_OK;
    }
    hydra_status status = read(user, 0, start, sizeof start, diag);
    if (status == HYDRA_OK && memcmp(start + 4, "ftyp", 4) == 0) {
        *type = hy_content_type("mp4");
    }
    return status;
}

static hydra_status send(hy_store_call *call, read_function read, void *user, int64_t size,
                         hydra_object *object)
{
    hydra_store *store = call->store;
    hy_s3_sink_options options = {
        .bucket = call->bucket,
        .key = call->key,
        .transfer = &call->transfer,
        .content_type = call->transfer.content_type,
        .policy = &store->context->policy,
        .cancel = &store->cancel,
        .sent = hy_progress_set,
        .user = &store->progress,
    };
    hy_progress_set(&store->progress, 0, size);
    hydra_status status =
        hy_object_check_presign(store->client.s3, call->bucket, call->key, call->transfer.presign_s,
                                &store->cancel, &store->diag);
    if (status == HYDRA_OK && !options.content_type) {
        status = find_type(read, user, size, &options.content_type, &store->diag);
    }
    hy_s3_upload_result sent = {0};
    if (status == HYDRA_OK) {
        status = hy_s3_upload(store->client.s3, &options, read, user, size, &sent, &store->diag);
    }
    if (status == HYDRA_OK) {
        status = hy_object_sent(&store->object, store->client.s3, call->bucket, call->key, &sent,
                                options.content_type, call->transfer.presign_s, &store->diag);
    }
    hy_s3_upload_result_free(&sent);
    if (status == HYDRA_OK && object) {
        (void)hy_object_give(&store->object, object);
    }
    return status;
}

hydra_status hydra_store_put(hydra_store *store, const char *uri, const void *data, size_t size,
                             const hydra_transfer_options *options, hydra_object *object)
{
    hy_store_call call;
    hydra_status status = hy_store_begin(&call, store, uri, options, object);
    if (status == HYDRA_OK && ((!data && size > 0) || size > INT64_MAX)) {
        status = hy_fail(&store->diag, HYDRA_ERR_ARGUMENT, "put: the bytes are NULL");
    }
    if (status == HYDRA_OK) {
        memory_reader reader = {data, size};
        status = send(&call, read_memory, &reader, (int64_t)size, object);
    }
    return hy_store_end(&call, status);
}

/* The policy's schemes are those of files, too. */
static hydra_status open_file(hydra_store *store, const char *path, char **own,
                              hy_stable_reader *reader)
{
    const hydra_policy *policy = &store->context->policy;
    hydra_status status = hy_path_from_uri(own, path, "put", &store->diag);
    if (status == HYDRA_OK && !(policy->schemes & HYDRA_SCHEME_FILE)) {
        status = hy_fail(&store->diag, HYDRA_ERR_PERMISSION,
                         "put: the policy does not allow file: (policy.schemes)");
    }
    return status == HYDRA_OK ? hy_stable_reader_open(reader, *own, policy, &store->diag) : status;
}

hydra_status hydra_store_put_file(hydra_store *store, const char *uri, const char *path,
                                  const hydra_transfer_options *options, hydra_object *object)
{
    hy_store_call call;
    hy_stable_reader reader = {.fd = -1};
    char *own = NULL;
    hydra_status status = hy_store_begin(&call, store, uri, options, object);
    if (status == HYDRA_OK) {
        status = open_file(store, path, &own, &reader);
    }
    if (status == HYDRA_OK) {
        status = send(&call, hy_stable_reader_read, &reader, (int64_t)reader.was.st_size, object);
    }
    hy_stable_reader_close(&reader);
    hy_free(own);
    return hy_store_end(&call, status);
}

/* ---- Reading ---- */

/* What was found, for the caller. */
static hydra_status give_found(hy_store_call *call, hy_s3_object *found, hydra_object *object)
{
    hydra_store *store = call->store;
    hydra_status status = HYDRA_OK;
    if (object) {
        status = hy_object_found(&store->object, store->client.s3, call->bucket, call->key, found,
                                 &store->diag);
        (void)hy_object_give(&store->object, object);
    }
    hy_s3_object_free(found);
    return status;
}

static hydra_status check_range(hydra_store *store, int64_t offset, int64_t length,
                                const void *const *data, const size_t *size)
{
    if (!data || !size) {
        return hy_fail(&store->diag, HYDRA_ERR_ARGUMENT, "get: an out-parameter is NULL");
    }
    if (offset < 0 || (length < 0 && length != HYDRA_AUTO)) {
        return hy_fail(&store->diag, HYDRA_ERR_ARGUMENT,
                       "get: offset must be 0.., length 0.. or HYDRA_AUTO");
    }
    return HYDRA_OK;
}

static hydra_status get(hy_store_call *call, int64_t offset, int64_t length, hydra_object *object)
{
    hydra_store *store = call->store;
    hy_s3_object found = {0};
    const hy_s3_get_call get_call = {
        .bucket = call->bucket,
        .key = call->key,
        .offset = offset,
        .length = length,
        .max_bytes = store->context->policy.max_fetch_bytes,
        .cancel = &store->cancel,
        .policy = &store->context->policy,
        .received = hy_progress_set,
        .user = &store->progress,
    };
    hydra_status status =
        hy_s3_get(store->client.s3, &get_call, &store->data, &found, &store->diag);
    return status == HYDRA_OK ? give_found(call, &found, object) : status;
}

hydra_status hydra_store_get(hydra_store *store, const char *uri, int64_t offset, int64_t length,
                             const void **data, size_t *size, hydra_object *object)
{
    hy_store_call call;
    if (data) {
        *data = NULL;
    }
    if (size) {
        *size = 0;
    }
    hydra_status status = hy_store_begin(&call, store, uri, NULL, object);
    if (status == HYDRA_OK) {
        status = check_range(store, offset, length, data, size);
    }
    if (status == HYDRA_OK) {
        status = get(&call, offset, length, object);
    }
    if (status == HYDRA_OK) {
        *data = store->data.data ? store->data.data : (const uint8_t *)"";
        *size = store->data.size;
    }
    return hy_store_end(&call, status);
}

/* A file that grows under a temporary name. */
typedef struct file_target {
    const char *path;
    hydra_store *store;
    hy_sink *sink;
    bool has_bytes;
} file_target;

static hydra_status open_target(file_target *target, hy_diag *diag)
{
    return hy_sink_file_new(target->path, true, &target->store->context->policy, &target->sink,
                            diag);
}

/* The object is read anew: bytes behind the end of a new one must not stay. */
static hydra_status begin_anew(file_target *target, hy_diag *diag)
{
    hy_sink_free(target->sink);
    target->sink = NULL;
    target->has_bytes = false;
    return open_target(target, diag);
}

static hydra_status receive(void *user, int64_t at, const void *data, size_t size, hy_diag *diag)
{
    file_target *target = user;
    hydra_status status = HYDRA_OK;
    if (at == 0 && target->has_bytes) {
        status = begin_anew(target, diag);
    }
    if (status != HYDRA_OK || size == 0) {
        return status;
    }
    target->has_bytes = true;
    return target->sink->ops->write(target->sink, at, data, size, diag);
}

static hydra_status begin_file(void *user, int64_t bytes, hy_diag *diag)
{
    return hy_sink_file_check_room(((file_target *)user)->sink, bytes, diag);
}

static void on_received(void *user, int64_t bytes, int64_t total)
{
    hy_progress_set(&((file_target *)user)->store->progress, bytes, total);
}

static hydra_status get_into_file(hy_store_call *call, file_target *target, hydra_object *object)
{
    hydra_store *store = call->store;
    hy_s3_object found = {0};
    const hy_s3_get_call get_call = {
        .bucket = call->bucket,
        .key = call->key,
        .length = HYDRA_AUTO,
        .cancel = &store->cancel,
        .policy = &store->context->policy,
        .begin = begin_file,
        .receive = receive,
        .received = on_received,
        .user = target,
    };
    hydra_status status = open_target(target, &store->diag);
    if (status == HYDRA_OK) {
        status = hy_s3_get(store->client.s3, &get_call, NULL, &found, &store->diag);
    }
    if (status == HYDRA_OK) {
        status = target->sink->ops->commit(target->sink, &store->diag);
        if (status == HYDRA_OK) {
            return give_found(call, &found, object);
        }
        hy_s3_object_free(&found);
    }
    return status;
}

hydra_status hydra_store_get_file(hydra_store *store, const char *uri, const char *path,
                                  hydra_object *object)
{
    hy_store_call call;
    char *own = NULL;
    file_target target = {.store = store};
    hydra_status status = hy_store_begin(&call, store, uri, NULL, object);
    if (status == HYDRA_OK) {
        status = hy_path_from_uri(&own, path, "get", &store->diag);
    }
    if (status == HYDRA_OK) {
        hy_destination file = {.kind = HY_DESTINATION_FILE, .fd = -1};
        status = hy_destination_check(&file, &store->context->policy, &store->diag);
    }
    if (status == HYDRA_OK) {
        target.path = own;
        status = get_into_file(&call, &target, object);
    }
    hy_sink_free(target.sink);
    hy_free(own);
    return hy_store_end(&call, status);
}

hydra_status hydra_store_head(hydra_store *store, const char *uri, hydra_object *object)
{
    hy_store_call call;
    hy_s3_object found = {0};
    hydra_status status = hy_store_begin(&call, store, uri, NULL, object);
    if (status == HYDRA_OK && !object) {
        status = hy_fail(&store->diag, HYDRA_ERR_ARGUMENT, "head: the out-parameter is NULL");
    }
    if (status == HYDRA_OK) {
        status = hy_s3_head(store->client.s3, call.bucket, call.key, &store->cancel,
                            &store->context->policy, &found, &store->diag);
    }
    if (status == HYDRA_OK) {
        status = give_found(&call, &found, object);
    }
    return hy_store_end(&call, status);
}
