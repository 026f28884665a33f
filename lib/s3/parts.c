/* SPDX-License-Identifier: MIT */
/*
 * The threads of an upload and the memory that goes round between them and who writes. A part is
 * sent by one thread; the first one to have a part begins the upload. The caller's thread never
 * waits for the network itself, only for a change, in slices, so that it sees a cancel at once.
 */
#include "upload.h"

#include <string.h>

/* How long a wait lasts at most before the job's wish is looked at. */
#define WAIT_US 50000
/* Create and Complete may take so long after the job was cancelled: who cuts them off does not know
 * what is there. After Create that is at most an upload without parts. */
#define CREATE_GRACE_S   0.8
#define COMPLETE_GRACE_S 3.0
/* All that ends an upload. */
#define END_S        5.0
#define LEAST_DROP_S 1.0
/* Throttled replies that come within that time are one wish. */
#define SLOW_ONCE_S 1.0
/* Parts that go well before one more is allowed at a time. */
#define GOOD_PARTS 4

static void lock(hy_upload *upload)
{
    (void)pthread_mutex_lock(&upload->lock);
}

static void unlock(hy_upload *upload)
{
    (void)pthread_mutex_unlock(&upload->lock);
}

/* Under the lock: sleep until something changes, or a slice of time is over. */
static void wait_slice(hy_upload *upload)
{
    hy_cond_sleep(&upload->changed, &upload->lock, WAIT_US);
}

/* Under the lock. */
static void changed(hy_upload *upload)
{
    (void)pthread_cond_broadcast(&upload->changed);
}

/* Under the lock. */
static void set_failure(hy_upload *upload, const hy_diag *cause)
{
    if (upload->locked.failure.status == HYDRA_OK) {
        upload->locked.failure = *cause;
    }
}

/* Under the lock. */
static hydra_status check(hy_upload *upload, hy_diag *diag)
{
    const hy_diag *failure = &upload->locked.failure;
    if (failure->status != HYDRA_OK) {
        return hy_fail(diag, failure->status, "%s", failure->text);
    }
    return hy_cancel_check(&upload->stop, diag);
}

hydra_status hy_upload_status(hy_upload *upload, hy_diag *diag)
{
    lock(upload);
    hydra_status status = check(upload, diag);
    unlock(upload);
    return status;
}

/* ---- Progress ---- */

/* Under the lock. */
static void report(hy_upload *upload)
{
    int64_t before = upload->locked.dropped;
    int64_t total = upload->locked.total;
    if (before + upload->locked.sent > upload->locked.reported) {
        upload->locked.reported = before + upload->locked.sent;
        if (upload->sent) {
            upload->sent(upload->user, upload->locked.reported, total < 0 ? -1 : before + total);
        }
    }
}

void hy_upload_progress(hy_upload *upload, int64_t bytes)
{
    lock(upload);
    upload->locked.sent = bytes;
    report(upload);
    unlock(upload);
}

static void part_sent(void *user, int64_t bytes)
{
    hy_upload_task *task = user;
    lock(task->upload);
    task->upload->locked.sent += bytes - task->shown;
    task->shown = bytes;
    report(task->upload);
    unlock(task->upload);
}

/* ---- Less at a time, where the server asks for it ---- */

static void throttled(void *user)
{
    hy_upload *upload = ((hy_upload_task *)user)->upload;
    double now_s = hy_clock_s();
    lock(upload);
    if (now_s - upload->locked.slowed_s >= SLOW_ONCE_S) {
        upload->locked.slowed_s = now_s;
        upload->locked.allowed = (upload->locked.allowed + 1) / 2;
        upload->locked.good = 0;
    }
    unlock(upload);
}

/* Under the lock: a part went well. */
static void speed_up(hy_upload *upload)
{
    if (upload->locked.allowed < upload->parallel && ++upload->locked.good >= GOOD_PARTS) {
        upload->locked.allowed++;
        upload->locked.good = 0;
    }
}

/* ---- Blocks ---- */

/* Under the lock. */
static void give_block(hy_upload *upload, uint8_t *block)
{
    if (block) {
        upload->locked.spare[upload->locked.spare_count++] = block;
        changed(upload);
    }
}

void hy_upload_give_block(hy_upload *upload, uint8_t *block)
{
    lock(upload);
    give_block(upload, block);
    unlock(upload);
}

/* Under the lock. */
static hydra_status wait_for_block(hy_upload *upload, hy_diag *diag)
{
    hydra_status status = check(upload, diag);
    while (status == HYDRA_OK && upload->locked.spare_count == 0 &&
           upload->locked.block_count >= upload->max_blocks) {
        wait_slice(upload);
        status = check(upload, diag);
    }
    return status;
}

hydra_status hy_upload_take_block(hy_upload *upload, uint8_t **block, hy_diag *diag)
{
    *block = NULL;
    lock(upload);
    hydra_status status = wait_for_block(upload, diag);
    if (status == HYDRA_OK && upload->locked.spare_count > 0) {
        *block = upload->locked.spare[--upload->locked.spare_count];
    } else if (status == HYDRA_OK) {
        *block = hy_block_new(upload->block_bytes);
        upload->locked.block_count += *block ? 1 : 0;
        status = *block ? HYDRA_OK : hy_fail_memory(diag);
    }
    unlock(upload);
    return status;
}

/* ---- Work ---- */

/* Under the lock: the thread that is first begins the upload, the others wait for it. */
static hydra_status begin(hy_upload *upload, hy_diag *diag)
{
    while (upload->locked.state == HY_UPLOAD_CREATING) {
        (void)pthread_cond_wait(&upload->changed, &upload->lock);
    }
    hydra_status status = check(upload, diag);
    if (status != HYDRA_OK || upload->locked.state != HY_UPLOAD_NEW) {
        return status;
    }
    upload->locked.state = HY_UPLOAD_CREATING;
    char *id = NULL;
    unlock(upload);
    status = hy_upload_create(upload, &id, diag);
    lock(upload);
    upload->locked.id = id;
    upload->locked.state = status == HYDRA_OK ? HY_UPLOAD_PARTS : HY_UPLOAD_ENDED;
    if (status != HYDRA_OK) {
        set_failure(upload, diag);
    }
    changed(upload);
    return status == HYDRA_OK ? check(upload, diag) : status;
}

/* Under the lock. */
static void run_part(hy_upload *upload, hy_upload_task *task)
{
    hy_diag diag = {0};
    hy_upload_part part = {0};
    hydra_status status = begin(upload, &diag);
    if (status == HYDRA_OK) {
        unlock(upload);
        status =
            hy_upload_send(upload, upload->locked.id, task, part_sent, throttled, &part, &diag);
        lock(upload);
    }
    if (status == HYDRA_OK) {
        upload->locked.parts[task->number - 1] = part;
        upload->locked.sent += task->size - task->shown;
        report(upload);
        speed_up(upload);
    } else {
        upload->locked.sent -= task->shown;
        set_failure(upload, &diag);
    }
    give_block(upload, task->block);
}

/* Under the lock; all parts are there, and nobody else works. */
static void run_completion(hy_upload *upload)
{
    hy_diag diag = {0};
    hy_s3_upload_result result = {0};
    bool gone = false;
    upload->locked.state = HY_UPLOAD_COMPLETING;
    unlock(upload);
    hydra_status status = hy_upload_complete(upload, upload->locked.id, upload->locked.parts,
                                             upload->locked.part_count, &result, &gone, &diag);
    lock(upload);
    upload->locked.result = result;
    if (status == HYDRA_OK) {
        upload->locked.state = HY_UPLOAD_DONE;
    } else {
        upload->locked.state = gone ? HY_UPLOAD_ENDED : HY_UPLOAD_PARTS;
        set_failure(upload, &diag);
    }
}

/* Under the lock: the next task that may be begun, taken out of the queue. */
static hy_upload_task *next_task(hy_upload *upload)
{
    hy_upload_task *task = upload->locked.first;
    if (!task || upload->locked.busy >= upload->locked.allowed ||
        upload->locked.failure.status != HYDRA_OK) {
        return NULL;
    }
    upload->locked.first = task->next;
    upload->locked.queued--;
    if (!task->next) {
        upload->locked.last = NULL;
    }
    return task;
}

static void *work(void *user)
{
    hy_upload *upload = user;
    lock(upload);
    while (!upload->locked.ending) {
        hy_upload_task *task = next_task(upload);
        if (!task) {
            upload->locked.idle++;
            (void)pthread_cond_wait(&upload->changed, &upload->lock);
            upload->locked.idle--;
            continue;
        }
        upload->locked.busy++;
        if (task->number > 0) {
            run_part(upload, task);
        } else {
            run_completion(upload);
        }
        upload->locked.busy--;
        hy_free(task);
        changed(upload);
    }
    unlock(upload);
    return NULL;
}

/* Under the lock: one more thread unless enough are free or there are all. */
static hydra_status need_thread(hy_upload *upload, hy_diag *diag)
{
    int32_t count = upload->locked.thread_count;
    if (upload->locked.idle > upload->locked.queued || count >= upload->parallel) {
        return HYDRA_OK;
    }
    sigset_t before;
    hy_signals_block(&before);
    int failed = pthread_create(&upload->locked.threads[count], NULL, work, upload);
    hy_signals_restore(&before);
    if (failed == 0) {
        upload->locked.thread_count++;
    } else if (count == 0) {
        return hy_fail(diag, HYDRA_ERR_MEMORY, "%s: no thread could be started", upload->name);
    }
    return HYDRA_OK;
}

/* Under the lock: room to remember the part. */
static hydra_status need_record(hy_upload *upload, int32_t number, hy_diag *diag)
{
    int32_t count = upload->locked.part_count;
    if (number <= count) {
        return HYDRA_OK;
    }
    hy_upload_part *parts = hy_realloc_array(upload->locked.parts, (size_t)number, sizeof *parts);
    if (!parts) {
        return hy_fail_memory(diag);
    }
    memset(parts + count, 0, (size_t)(number - count) * sizeof *parts);
    upload->locked.parts = parts;
    upload->locked.part_count = number;
    return HYDRA_OK;
}

/* Under the lock. */
static hydra_status add_task(hy_upload *upload, const hy_upload_task *what, hy_diag *diag)
{
    hy_upload_task *task = hy_calloc(1, sizeof *task);
    if (!task) {
        return hy_fail_memory(diag);
    }
    hydra_status status = need_thread(upload, diag);
    if (status != HYDRA_OK) {
        hy_free(task);
        return status;
    }
    *task = *what;
    if (upload->locked.last) {
        upload->locked.last->next = task;
    } else {
        upload->locked.first = task;
    }
    upload->locked.last = task;
    upload->locked.queued++;
    changed(upload);
    return HYDRA_OK;
}

static hydra_status queue_part(hy_upload *upload, const hy_upload_task *task, hy_diag *diag)
{
    lock(upload);
    hydra_status status = check(upload, diag);
    if (status == HYDRA_OK) {
        status = need_record(upload, task->number, diag);
    }
    if (status == HYDRA_OK) {
        status = add_task(upload, task, diag);
    }
    if (status != HYDRA_OK) {
        give_block(upload, task->block);
    }
    unlock(upload);
    return status;
}

hydra_status hy_upload_queue(hy_upload *upload, int32_t number, uint8_t *block, size_t size,
                             hy_diag *diag)
{
    const hy_upload_task task = {
        .upload = upload, .number = number, .block = block, .size = (int64_t)size};
    return queue_part(upload, &task, diag);
}

hydra_status hy_upload_queue_source(hy_upload *upload, int32_t number, int64_t offset, int64_t size,
                                    hy_diag *diag)
{
    const hy_upload_task task = {
        .upload = upload, .number = number, .offset = offset, .size = size};
    return queue_part(upload, &task, diag);
}

/* ---- The end ---- */

static bool has_work(const hy_upload *upload)
{
    return upload->locked.first || upload->locked.busy > 0;
}

/* Under the lock: once the job is to stop, what runs has its time of grace. */
static void limit_grace(hy_upload *upload)
{
    double *since_s = &upload->locked.stopped_s;
    if (*since_s <= 0 && hy_cancel_requested(&upload->stop)) {
        *since_s = hy_clock_s();
    }
    double grace_s =
        upload->locked.state == HY_UPLOAD_COMPLETING ? COMPLETE_GRACE_S : CREATE_GRACE_S;
    if (*since_s > 0 && hy_clock_s() - *since_s > grace_s) {
        hy_cancel_request(&upload->grace);
    }
}

/* Under the lock, all parts are there. */
static hydra_status complete(hy_upload *upload, hy_diag *diag)
{
    const hy_upload_task task = {.upload = upload};
    hydra_status status = add_task(upload, &task, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    while (has_work(upload)) {
        wait_slice(upload);
        limit_grace(upload);
    }
    if (upload->locked.state == HY_UPLOAD_DONE) {
        return HYDRA_OK;
    }
    const hy_diag *failure = &upload->locked.failure;
    hydra_status stopped =
        upload->locked.stopped_s > 0 ? hy_cancel_check(&upload->stop, diag) : HYDRA_OK;
    return stopped != HYDRA_OK ? stopped : hy_fail(diag, failure->status, "%s", failure->text);
}

hydra_status hy_upload_finish(hy_upload *upload, int64_t total, hy_diag *diag)
{
    lock(upload);
    upload->locked.total = total;
    hydra_status status = check(upload, diag);
    while (status == HYDRA_OK && has_work(upload)) {
        wait_slice(upload);
        status = check(upload, diag);
    }
    if (status == HYDRA_OK) {
        status = complete(upload, diag);
    }
    unlock(upload);
    return status;
}

hydra_status hy_upload_finish_small(hy_upload *upload, const hy_upload_source *source,
                                    int64_t total, hy_diag *diag)
{
    hy_s3_upload_result result = {0};
    lock(upload);
    upload->locked.total = total;
    unlock(upload);
    hydra_status status = hy_upload_status(upload, diag);
    if (status == HYDRA_OK) {
        status = hy_upload_put(upload, source, total, &result, diag);
    }
    lock(upload);
    upload->locked.result = result;
    upload->locked.state = status == HYDRA_OK ? HY_UPLOAD_DONE : HY_UPLOAD_ENDED;
    unlock(upload);
    return status;
}

/* Under the lock: nothing new begins; what runs ends. */
static void stop_work(hy_upload *upload)
{
    upload->locked.ending = true;
    while (upload->locked.first) {
        hy_upload_task *task = upload->locked.first;
        upload->locked.first = task->next;
        give_block(upload, task->block);
        hy_free(task);
    }
    upload->locked.last = NULL;
    upload->locked.queued = 0;
    changed(upload);
    while (upload->locked.busy > 0) {
        wait_slice(upload);
        limit_grace(upload);
    }
}

/* Also of an upload after others that left something. */
static void note_leftover(hy_upload *upload, const char *note)
{
    hy_buffer text = {.limit = 2048};
    const char *before = upload->leftover;
    if (hy_buffer_print(&text, "%s%s%s", before ? before : "", before ? "; " : "", note) &&
        hy_buffer_append(&text, "", 1)) {
        hy_free(upload->leftover);
        upload->leftover = (char *)text.data;
    } else {
        hy_buffer_free(&text);
    }
}

static void note_parts(hy_upload *upload)
{
    hy_buffer text = {.limit = 2048};
    if (hy_buffer_print(&text, "its parts stay in the bucket: upload %s could not be aborted",
                        upload->locked.id) &&
        hy_buffer_append(&text, "", 1)) {
        note_leftover(upload, (const char *)text.data);
    }
    hy_buffer_free(&text);
}

void hy_upload_end(hy_upload *upload)
{
    hy_cancel_request(&upload->stop);
    lock(upload);
    limit_grace(upload);
    stop_work(upload);
    double start_s = upload->locked.stopped_s;
    int32_t count = upload->locked.thread_count;
    upload->locked.thread_count = 0;
    unlock(upload);
    for (int32_t i = 0; i < count; i++) {
        (void)pthread_join(upload->locked.threads[i], NULL);
    }
    /* Nobody else is left. */
    if (upload->locked.state == HY_UPLOAD_PARTS) {
        double left_s = END_S - (hy_clock_s() - start_s);
        left_s = left_s > LEAST_DROP_S ? left_s : LEAST_DROP_S;
        if (!hy_upload_drop(upload, upload->locked.id, (int64_t)(left_s * 1e6))) {
            note_parts(upload);
        }
    }
    if (atomic_load(&upload->create_unknown)) {
        note_leftover(upload, "it is not known whether the server began an upload: "
                              "one without parts may stay in the bucket");
    }
    if (upload->locked.state != HY_UPLOAD_DONE) {
        upload->locked.state = HY_UPLOAD_ENDED;
    }
}

/* What an upload has gathered, but for its names and headers. */
static void forget(hy_upload *upload)
{
    for (size_t i = 0; i < upload->locked.spare_count; i++) {
        hy_block_free(upload->locked.spare[i], upload->block_bytes);
    }
    for (int32_t i = 0; i < upload->locked.part_count; i++) {
        hy_free(upload->locked.parts[i].etag);
    }
    hy_free(upload->locked.parts);
    hy_free(upload->locked.id);
    hy_s3_upload_result_free(&upload->locked.result);
    upload->locked.spare_count = 0;
    upload->locked.block_count = 0;
    upload->locked.parts = NULL;
    upload->locked.part_count = 0;
    upload->locked.id = NULL;
}

void hy_upload_restart(hy_upload *upload)
{
    const hy_cancel *parent = upload->stop.parent;
    double deadline_s = upload->stop.deadline_s;
    hy_upload_end(upload);
    forget(upload);
    hy_cancel_init_child(&upload->stop, parent, 0);
    upload->stop.deadline_s = deadline_s;
    hy_cancel_init(&upload->grace, 0);
    atomic_store(&upload->create_unknown, false);
    upload->locked.state = HY_UPLOAD_NEW;
    upload->locked.ending = false;
    upload->locked.stopped_s = 0;
    upload->locked.failure = (hy_diag){0};
    upload->locked.dropped = upload->locked.reported;
    upload->locked.sent = 0;
}

/* ---- Set-up ---- */

static hydra_status copy_names(hy_upload *upload, const hy_s3_sink_options *options, hy_diag *diag)
{
    hy_buffer name = {.limit = 4096};
    upload->bucket = hy_strdup(options->bucket);
    upload->key = hy_strdup(options->key);
    if (hy_buffer_print(&name, "s3://%s/%s", options->bucket, options->key) &&
        hy_buffer_append(&name, "", 1)) {
        upload->name = (char *)name.data;
    } else {
        hy_buffer_free(&name);
    }
    return upload->bucket && upload->key && upload->name ? HYDRA_OK : hy_fail_memory(diag);
}

static hy_s3_check find_check(const hy_s3 *s3)
{
    if (s3->checksum != HYDRA_CHECKSUM_AUTO) {
        return HY_S3_CHECK_NONE;
    }
    return hy_s3_is_custom(s3) ? HY_S3_CHECK_MD5 : HY_S3_CHECK_CRC;
}

/* The names are right, and a key of the customer's does not travel in the open. */
static hydra_status check_address(hy_s3 *s3, const hy_s3_sink_options *options, hy_diag *diag)
{
    hy_s3_address address = {0};
    hydra_status status = hy_s3_check_bucket(options->bucket, diag);
    if (status == HYDRA_OK) {
        status = hy_s3_check_key(options->key, diag);
    }
    if (status == HYDRA_OK) {
        status =
            hy_s3_locate(s3, options->bucket, options->key, s3->endpoint.region, &address, diag);
    }
    if (status == HYDRA_OK && options->transfer && options->transfer->sse == HYDRA_SSE_CUSTOMER &&
        !hy_s3_is_tls(&address)) {
        status = hy_fail(diag, HYDRA_ERR_ARGUMENT,
                         "transfer.sse: a key of the customer's needs an https endpoint");
    }
    hy_s3_address_free(&address);
    return status;
}

static void take_options(hy_upload *upload, hy_s3 *s3, const hy_s3_sink_options *options,
                         const hydra_transfer_options *transfer)
{
    upload->s3 = s3;
    upload->policy = options->policy;
    upload->sent = options->sent;
    upload->user = options->user;
    upload->check = find_check(s3);
    upload->only_new = transfer->when_exists == HYDRA_EXISTS_FAIL;
    upload->parallel = transfer->parallel;
    hy_cancel_init_child(&upload->stop, options->cancel, transfer->deadline_us);
    hy_cancel_init(&upload->grace, 0);
    upload->locked.allowed = transfer->parallel;
    upload->locked.slowed_s = hy_clock_s() - SLOW_ONCE_S;
    upload->locked.total = -1;
}

/* Room for all blocks, where there are any. */
static hydra_status make_spare(hy_upload *upload, hy_diag *diag)
{
    if (upload->max_blocks == 0) {
        return HYDRA_OK;
    }
    upload->locked.spare = hy_calloc(upload->max_blocks, sizeof *upload->locked.spare);
    return upload->locked.spare ? HYDRA_OK : hy_fail_memory(diag);
}

hydra_status hy_upload_open(hy_upload *upload, hy_s3 *s3, const hy_s3_sink_options *options,
                            hy_diag *diag)
{
    hydra_transfer_options defaults;
    hy_s3_transfer_defaults(&defaults);
    const hydra_transfer_options *transfer = options->transfer ? options->transfer : &defaults;
    (void)pthread_mutex_init(&upload->lock, NULL);
    hy_cond_init(&upload->changed);
    take_options(upload, s3, options, transfer);
    hydra_status status = make_spare(upload, diag);
    if (status == HYDRA_OK) {
        status = check_address(s3, options, diag);
    }
    if (status == HYDRA_OK) {
        status = copy_names(upload, options, diag);
    }
    if (status == HYDRA_OK) {
        status =
            hy_s3_object_headers(transfer, options->content_type, &upload->object_headers, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_s3_access_headers(transfer, &upload->access_headers, diag);
    }
    if (status == HYDRA_OK && upload->only_new) {
        status = hy_upload_refuse_existing(upload, diag);
    }
    if (status != HYDRA_OK) {
        hy_upload_close(upload);
    }
    return status;
}

void hy_upload_close(hy_upload *upload)
{
    forget(upload);
    hy_free(upload->locked.spare);
    hy_http_headers_free(&upload->object_headers);
    hy_http_headers_free(&upload->access_headers);
    hy_free(upload->bucket);
    hy_free(upload->key);
    hy_free(upload->name);
    hy_free(upload->leftover);
    (void)pthread_cond_destroy(&upload->changed);
    (void)pthread_mutex_destroy(&upload->lock);
}
