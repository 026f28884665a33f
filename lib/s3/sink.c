/* SPDX-License-Identifier: MIT */
/*
 * An object as a sink: what is written is cut into parts, which leave as soon as they are full. The
 * parts of the head stay until commit, since the head of an MP4 is written last.
 */
#include "upload.h"

#include <string.h>

#define MIB                ((int64_t)1 << 20)
#define DEFAULT_PART_BYTES (8 * MIB)
#define MAX_PART_BYTES     (5120 * MIB)
/* Of an upload whose bytes are read, at a time. */
#define PIECE_BYTES ((size_t)1 << 20)
/* Of an upload whose key somebody else writes at the same time. */
#define UPLOAD_TRIES 3

/* A part in memory. */
typedef struct slot {
    uint8_t *block; /* NULL: nothing is written here yet, or it has left */
    size_t filled;  /* bytes of it that are set */
} slot;

typedef struct s3_sink {
    hy_sink base;
    hy_upload upload;
    int64_t part_bytes;
    int64_t threshold_bytes;
    int64_t most_threshold_bytes; /* of the options */
    int32_t parallel;
    int32_t head_parts; /* at the front, kept until commit */
    int32_t gone_parts; /* behind those, that have left */
    int64_t end;
    bool open;
    slot *slots; /* by number - 1 */
    int32_t slot_count;
} s3_sink;

/* ---- Sizes ---- */

static int64_t divide_up(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

static int64_t find_part_bytes(const hydra_transfer_options *transfer, int64_t expected)
{
    if (transfer->part_bytes > 0) {
        return transfer->part_bytes;
    }
    /* What is expected may be too little by a quarter. */
    int64_t least = divide_up(expected > 0 ? expected : 0, HY_UPLOAD_MAX_PARTS);
    least = divide_up(least + least / 4, MIB) * MIB;
    least = least < MAX_PART_BYTES ? least : MAX_PART_BYTES;
    return least > DEFAULT_PART_BYTES ? least : DEFAULT_PART_BYTES;
}

typedef struct layout {
    int64_t part_bytes;
    int64_t threshold_bytes;
    int64_t most_threshold_bytes;
    int32_t parallel;
    int32_t head_parts;
    int32_t blocks; /* most in memory */
} layout;

static void add_head(layout *of, int64_t head_bytes)
{
    int64_t head = divide_up(head_bytes > 0 ? head_bytes : 0, of->part_bytes);
    of->head_parts = (int32_t)(head < HY_UPLOAD_MAX_PARTS ? head : HY_UPLOAD_MAX_PARTS);
    of->blocks = of->head_parts + of->parallel + 1;
    int64_t most = (of->blocks - 1) * of->part_bytes;
    of->threshold_bytes = of->most_threshold_bytes < most ? of->most_threshold_bytes : most;
}

static layout find_layout(const hy_s3_sink_options *options)
{
    hydra_transfer_options defaults;
    hy_s3_transfer_defaults(&defaults);
    const hydra_transfer_options *transfer = options->transfer ? options->transfer : &defaults;
    layout out = {.part_bytes = find_part_bytes(transfer, options->expected_bytes)};
    out.most_threshold_bytes = transfer->threshold_bytes;
    out.parallel = transfer->parallel;
    add_head(&out, options->head_bytes);
    return out;
}

int64_t hy_s3_sink_memory(const hy_s3_sink_options *options)
{
    layout of = find_layout(options);
    return of.blocks * of.part_bytes;
}

/* ---- Writing ---- */

static hydra_status check_write(const s3_sink *sink, int64_t offset, size_t size, hy_diag *diag)
{
    const char *name = sink->base.name;
    if (!sink->open) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: used after commit or abort", name);
    }
    int64_t most = sink->part_bytes * HY_UPLOAD_MAX_PARTS;
    if (offset < 0 || size > (uint64_t)(INT64_MAX - offset)) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: %zu bytes at offset %lld", name, size,
                       (long long)offset);
    }
    if (offset + (int64_t)size > most) {
        return hy_fail(diag, HYDRA_ERR_LIMIT,
                       "%s: more than %d parts of %lld bytes: transfer.part_bytes is too small",
                       name, HY_UPLOAD_MAX_PARTS, (long long)sink->part_bytes);
    }
    int64_t head = sink->head_parts * sink->part_bytes;
    if (offset > sink->end && offset > head) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: offset %lld comes after byte %lld", name,
                       (long long)offset, (long long)sink->end);
    }
    int64_t sent_end = head + sink->gone_parts * sink->part_bytes;
    if (sink->gone_parts > 0 && offset + (int64_t)size > head && offset < sent_end) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: the bytes at offset %lld have left", name,
                       (long long)offset);
    }
    return HYDRA_OK;
}

/* The part `i`, with memory. */
static hydra_status need_slot(s3_sink *sink, int32_t i, slot **out, hy_diag *diag)
{
    if (i >= sink->slot_count) {
        slot *slots = hy_realloc_array(sink->slots, (size_t)i + 1, sizeof *slots);
        if (!slots) {
            return hy_fail_memory(diag);
        }
        memset(slots + sink->slot_count, 0, (size_t)(i + 1 - sink->slot_count) * sizeof *slots);
        sink->slots = slots;
        sink->slot_count = i + 1;
    }
    *out = &sink->slots[i];
    return (*out)->block ? HYDRA_OK : hy_upload_take_block(&sink->upload, &(*out)->block, diag);
}

/* Bytes of part `i`, of which those that nobody wrote are zero. */
static size_t fill_up(s3_sink *sink, int32_t i)
{
    slot *part = &sink->slots[i];
    int64_t left = sink->end - i * sink->part_bytes;
    size_t size = (size_t)(left < sink->part_bytes ? left : sink->part_bytes);
    if (part->filled < size) {
        memset(part->block + part->filled, 0, size - part->filled);
        part->filled = size;
    }
    return size;
}

static hydra_status send_part(s3_sink *sink, int32_t i, hy_diag *diag)
{
    slot *part = NULL;
    hydra_status status = need_slot(sink, i, &part, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    size_t size = fill_up(sink, i);
    uint8_t *block = part->block;
    part->block = NULL;
    part->filled = 0;
    return hy_upload_queue(&sink->upload, i + 1, block, size, diag);
}

/* Once it is too much for one request, what is full leaves. */
static hydra_status send_full(s3_sink *sink, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    int32_t next = sink->head_parts + sink->gone_parts;
    while (status == HYDRA_OK && sink->end >= sink->threshold_bytes &&
           (next + 1) * sink->part_bytes <= sink->end) {
        status = send_part(sink, next, diag);
        sink->gone_parts++;
        next++;
    }
    return status;
}

/* What of the bytes lies in one part. */
static hydra_status write_piece(s3_sink *sink, int64_t offset, const uint8_t *data, size_t size,
                                hy_diag *diag)
{
    slot *part = NULL;
    hydra_status status = need_slot(sink, (int32_t)(offset / sink->part_bytes), &part, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    size_t at = (size_t)(offset % sink->part_bytes);
    if (at > part->filled) {
        memset(part->block + part->filled, 0, at - part->filled);
    }
    memcpy(part->block + at, data, size);
    part->filled = at + size > part->filled ? at + size : part->filled;
    int64_t end = offset + (int64_t)size;
    sink->end = end > sink->end ? end : sink->end;
    return send_full(sink, diag);
}

static hydra_status s3_write(hy_sink *base, int64_t offset, const void *data, size_t size,
                             hy_diag *diag)
{
    s3_sink *sink = (s3_sink *)base;
    const uint8_t *from = data;
    hydra_status status = check_write(sink, offset, size, diag);
    if (status == HYDRA_OK) {
        status = hy_upload_status(&sink->upload, diag);
    }
    while (status == HYDRA_OK && size > 0) {
        int64_t room = sink->part_bytes - offset % sink->part_bytes;
        size_t count = (uint64_t)room < size ? (size_t)room : size;
        status = write_piece(sink, offset, from, count, diag);
        offset += (int64_t)count;
        from += count;
        size -= count;
    }
    return status;
}

/* ---- The end ---- */

/* Read back what is all still in memory. */
static hydra_status read_slots(void *user, int64_t offset, void *data, size_t size, hy_diag *diag)
{
    s3_sink *sink = user;
    uint8_t *to = data;
    hydra_status status = HYDRA_OK;
    while (status == HYDRA_OK && size > 0) {
        int32_t i = (int32_t)(offset / sink->part_bytes);
        size_t at = (size_t)(offset % sink->part_bytes);
        slot *part = NULL;
        status = need_slot(sink, i, &part, diag);
        if (status == HYDRA_OK) {
            size_t count = fill_up(sink, i) - at;
            count = count < size ? count : size;
            memcpy(to, part->block + at, count);
            offset += (int64_t)count;
            to += count;
            size -= count;
        }
    }
    return status;
}

static hydra_status send_rest(s3_sink *sink, hy_diag *diag)
{
    int32_t count = (int32_t)divide_up(sink->end, sink->part_bytes);
    hydra_status status = HYDRA_OK;
    for (int32_t i = sink->head_parts + sink->gone_parts; i < count && status == HYDRA_OK; i++) {
        status = send_part(sink, i, diag);
        sink->gone_parts++;
    }
    for (int32_t i = 0; i < sink->head_parts && i < count && status == HYDRA_OK; i++) {
        status = send_part(sink, i, diag);
    }
    return status == HYDRA_OK ? hy_upload_finish(&sink->upload, sink->end, diag) : status;
}

/* The note must fit: what is long is the cause. */
static hydra_status fail_with_leftover(const s3_sink *sink, const hy_diag *cause, hy_diag *diag)
{
    const char *note = sink->upload.leftover;
    if (!note) {
        return hy_fail(diag, cause->status, "%s", cause->text);
    }
    size_t room = strlen(note) + 4 < sizeof cause->text ? sizeof cause->text - strlen(note) - 4 : 0;
    return hy_fail(diag, cause->status, "%.*s (%s)", (int)room, cause->text, note);
}

static hydra_status s3_commit(hy_sink *base, hy_diag *diag)
{
    s3_sink *sink = (s3_sink *)base;
    hy_diag cause = {0};
    if (!sink->open) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: used after commit or abort", base->name);
    }
    sink->open = false;
    bool small = sink->gone_parts == 0 &&
                 (sink->end < sink->threshold_bytes || sink->end <= sink->part_bytes);
    hydra_status status =
        small ? hy_upload_finish_small(&sink->upload, read_slots, sink, sink->end, &cause)
              : send_rest(sink, &cause);
    hy_upload_end(&sink->upload);
    return status == HYDRA_OK ? status : fail_with_leftover(sink, &cause, diag);
}

static void s3_abort(hy_sink *base)
{
    s3_sink *sink = (s3_sink *)base;
    if (sink->open) {
        sink->open = false;
        hy_upload_end(&sink->upload);
    }
}

static void s3_close(hy_sink *base)
{
    s3_sink *sink = (s3_sink *)base;
    s3_abort(base);
    for (int32_t i = 0; i < sink->slot_count; i++) {
        hy_block_free(sink->slots[i].block, (size_t)sink->part_bytes);
    }
    hy_free(sink->slots);
    hy_upload_close(&sink->upload);
    hy_free(sink);
}

static void take_layout(s3_sink *sink, const layout *of)
{
    sink->part_bytes = of->part_bytes;
    sink->threshold_bytes = of->threshold_bytes;
    sink->most_threshold_bytes = of->most_threshold_bytes;
    sink->parallel = of->parallel;
    sink->head_parts = of->head_parts;
    sink->upload.block_bytes = (size_t)of->part_bytes;
    sink->upload.max_blocks = (size_t)of->blocks;
}

/* Nothing is written yet, so no thread of the upload runs and no block is spare. */
static hydra_status s3_reserve(hy_sink *base, int64_t bytes, hy_diag *diag)
{
    s3_sink *sink = (s3_sink *)base;
    if (!sink->open || sink->end > 0) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s: the head is announced too late", base->name);
    }
    layout of = {
        .part_bytes = sink->part_bytes,
        .most_threshold_bytes = sink->most_threshold_bytes,
        .parallel = sink->parallel,
    };
    add_head(&of, bytes);
    uint8_t **spare = hy_realloc_array(sink->upload.locked.spare, (size_t)of.blocks, sizeof *spare);
    if (!spare) {
        return hy_fail_memory(diag);
    }
    sink->upload.locked.spare = spare;
    take_layout(sink, &of);
    return HYDRA_OK;
}

static const hy_sink_ops s3_ops = {
    .write = s3_write,
    .commit = s3_commit,
    .abort = s3_abort,
    .close = s3_close,
    .reserve = s3_reserve,
};

hydra_status hy_s3_sink_new(hy_s3 *s3, const hy_s3_sink_options *options, hy_sink **out,
                            hy_diag *diag)
{
    *out = NULL;
    s3_sink *sink = hy_calloc(1, sizeof *sink);
    if (!sink) {
        return hy_fail_memory(diag);
    }
    layout of = find_layout(options);
    take_layout(sink, &of);
    hydra_status status = hy_upload_open(&sink->upload, s3, options, diag);
    if (status != HYDRA_OK) {
        hy_free(sink);
        return status;
    }
    sink->base = (hy_sink){.ops = &s3_ops, .name = sink->upload.name};
    sink->open = true;
    *out = &sink->base;
    return HYDRA_OK;
}

void hy_s3_sink_result(hy_sink *base, hy_s3_upload_result *result)
{
    s3_sink *sink = (s3_sink *)base;
    *result = sink->upload.locked.result;
    sink->upload.locked.result = (hy_s3_upload_result){0};
}

const char *hy_s3_sink_leftover(const hy_sink *base)
{
    return ((const s3_sink *)base)->upload.leftover;
}

/* ---- Bytes that are all there ---- */

static hydra_status write_all(hy_sink *sink,
                              hydra_status (*read)(void *user, int64_t offset, void *data,
                                                   size_t size, hy_diag *diag),
                              void *user, int64_t size, hy_diag *diag)
{
    uint8_t *piece = hy_alloc_aligned(PIECE_BYTES);
    hydra_status status = piece ? HYDRA_OK : hy_fail_memory(diag);
    for (int64_t at = 0; status == HYDRA_OK && at < size; at += (int64_t)PIECE_BYTES) {
        size_t count = size - at < (int64_t)PIECE_BYTES ? (size_t)(size - at) : PIECE_BYTES;
        status = read(user, at, piece, count, diag);
        if (status == HYDRA_OK) {
            status = s3_write(sink, at, piece, count, diag);
        }
    }
    hy_free(piece);
    return status;
}

/* `again`: somebody else wrote the key at the same moment. `reported`: bytes that the caller was
 * told of by earlier tries. */
static hydra_status upload_once(hy_s3 *s3, const hy_s3_sink_options *options,
                                hydra_status (*read)(void *user, int64_t offset, void *data,
                                                     size_t size, hy_diag *diag),
                                void *user, int64_t size, hy_s3_upload_result *result, bool *again,
                                int64_t *reported, hy_diag *diag)
{
    hy_sink *sink = NULL;
    hydra_status status = hy_s3_sink_new(s3, options, &sink, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_diag cause = {0};
    ((s3_sink *)sink)->upload.locked.reported = *reported;
    ((s3_sink *)sink)->upload.locked.total = size;
    status = write_all(sink, read, user, size, &cause);
    if (status == HYDRA_OK) {
        status = s3_commit(sink, diag);
        *again = atomic_load(&((s3_sink *)sink)->upload.conflict);
    } else {
        s3_abort(sink);
        status = fail_with_leftover((s3_sink *)sink, &cause, diag);
    }
    if (status == HYDRA_OK) {
        hy_s3_sink_result(sink, result);
    }
    *reported = ((s3_sink *)sink)->upload.locked.reported;
    s3_close(sink);
    return status;
}

/* Else it would show when ten thousand parts are there. */
static hydra_status check_size(const hy_s3_sink_options *options, hy_diag *diag)
{
    int64_t part_bytes = find_layout(options).part_bytes;
    if (options->expected_bytes <= part_bytes * HY_UPLOAD_MAX_PARTS) {
        return HYDRA_OK;
    }
    return hy_fail(diag, HYDRA_ERR_LIMIT, "s3://%s/%s: %lld bytes are more than %d parts of %lld%s",
                   options->bucket, options->key, (long long)options->expected_bytes,
                   HY_UPLOAD_MAX_PARTS, (long long)part_bytes,
                   part_bytes < MAX_PART_BYTES ? ": transfer.part_bytes is too small" : "");
}

hydra_status hy_s3_upload(hy_s3 *s3, const hy_s3_sink_options *options,
                          hydra_status (*read)(void *user, int64_t offset, void *data, size_t size,
                                               hy_diag *diag),
                          void *read_user, int64_t size, hy_s3_upload_result *result, hy_diag *diag)
{
    hy_s3_sink_options own = *options;
    own.head_bytes = 0;
    own.expected_bytes = size;
    *result = (hy_s3_upload_result){0};
    hydra_status fits = check_size(&own, diag);
    if (fits != HYDRA_OK) {
        return fits;
    }
    hy_diag cause;
    hydra_status status;
    bool again;
    int64_t reported = 0;
    int tries = 0;
    do {
        cause = (hy_diag){0};
        again = false;
        status = upload_once(s3, &own, read, read_user, size, result, &again, &reported, &cause);
    } while (status != HYDRA_OK && again && ++tries < UPLOAD_TRIES);
    return status == HYDRA_OK ? status : hy_fail(diag, status, "%s", cause.text);
}
