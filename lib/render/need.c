/* SPDX-License-Identifier: MIT */
/* What one photo takes, from its header: the same geometry that its preparation uses. And what is
 * assumed of remote sources, which are not fetched for that. */
#include "compositor/compositor.h"
#include "media/media.h"
#include "render/estimate.h"
#include "render/remote.h"
#include "render/scene.h"

/* Most headers lie within. Where one does not (a large profile or preview before it, a format that
 * is walked to its end), the whole file is read. */
#define HEAD_BYTES ((int64_t)256 << 10)

/* Reading and looking up colours, tables of the decoders. */
#define SMALL_THINGS_BYTES 500000

/*
 * A remote photo counts as one of 24 megapixels in a file of 12 MiB that is decoded as a whole, or
 * what less the policy allows: its header is not fetched for an estimate. Most photos are smaller
 * or decoded row by row.
 */
#define REMOTE_WIDTH  6000
#define REMOTE_HEIGHT 4000

/* The first `count` bytes of a source that has at least as many. */
static hydra_status read_head(hy_reader *reader, int64_t count, uint8_t **data, hy_diag *diag)
{
    *data = hy_calloc((size_t)count, 1);
    if (!*data) {
        return hy_fail_memory(diag);
    }
    int64_t filled = 0;
    while (filled < count) {
        size_t got = 0;
        hydra_status status =
            reader->ops->read(reader, filled, *data + filled, (size_t)(count - filled), &got, diag);
        if (status == HYDRA_OK && got == 0) {
            status = hy_fail(diag, HYDRA_ERR_IO, "%s: the file became shorter while it was read",
                             reader->name);
        }
        if (status != HYDRA_OK) {
            return status;
        }
        filled += (int64_t)got;
    }
    return HYDRA_OK;
}

/* `decode_bytes`: the file and what its decoder needs besides. */
static void measure(const hy_job *job, int32_t index, const hy_photo_info *info,
                    int64_t decode_bytes, hy_photo_need *need)
{
    hy_shot shot;
    hy_asset_spec spec;
    hy_prepare_plan(job->project, &job->project->images[index].options, info, &shot, &spec);
    need->pixels = (int64_t)info->width * info->height;
    need->asset_bytes = (int64_t)hy_picture_bytes(spec.width, spec.height);
    need->prepare_bytes = decode_bytes + hy_asset_builder_bytes(&spec) + SMALL_THINGS_BYTES;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t assumed_pixels(const hy_job *job)
{
    return least((int64_t)REMOTE_WIDTH * REMOTE_HEIGHT, job->policy->max_image_pixels);
}

int64_t hy_remote_decode_bytes(const hy_job *job)
{
    int64_t whole = 2 * 3 * assumed_pixels(job); /* two pictures, as most decoders keep */
    return least(HY_REMOTE_IMAGE_BYTES, job->policy->max_image_bytes) +
           least(whole, job->policy->max_decode_bytes);
}

static void assume(const hy_job *job, int32_t index, hy_photo_need *need)
{
    int64_t side = job->policy->max_image_side_px;
    int64_t pixels = assumed_pixels(job);
    hy_photo_info info = {.orientation = 1, .rows = {.channels = 3, .bits = 8}};
    info.width = (int32_t)least(least(REMOTE_WIDTH, side), pixels);
    info.height = (int32_t)least(pixels / info.width, side);
    measure(job, index, &info, hy_remote_decode_bytes(job), need);
}

int64_t hy_remote_need(const hy_job *job)
{
    const hydra_policy *policy = job->policy;
    const hy_project *project = job->project;
    int64_t each = least(HY_REMOTE_IMAGE_BYTES, policy->max_image_bytes);
    int64_t window = 0;
    for (int32_t i = 0; i < project->image_count && window < HY_REMOTE_WINDOW_BYTES; i++) {
        window += project->images[i].source.url ? each : 0;
    }
    bool music = project->has_audio && project->audio_source.url;
    int64_t sound = music ? least(HY_REMOTE_AUDIO_BYTES, policy->max_audio_bytes) : 0;
    return least(window, HY_REMOTE_WINDOW_BYTES) + sound;
}

/* Look at a photo by its first `count` bytes. */
static hydra_status look(const hy_job *job, int32_t index, hy_reader *reader, int64_t count,
                         hy_photo_need *need, hy_diag *diag)
{
    uint8_t *data = NULL;
    hy_photo *photo = NULL;
    hydra_status status = read_head(reader, count, &data, diag);
    if (status == HYDRA_OK) {
        status = hy_photo_open(data, (size_t)count, reader->name, job->policy, &photo, diag);
    }
    if (status == HYDRA_OK) {
        measure(job, index, hy_photo_info_of(photo),
                reader->size + hy_photo_work_bytes(photo, reader->size), need);
    }
    hy_photo_close(photo);
    hy_free(data);
    return status;
}

/* No share covers a whole file yet: one job of the context reads one at a time. */
static hydra_status look_at_all(const hy_job *job, int32_t index, hy_reader *reader,
                                hy_photo_need *need, hy_diag *diag)
{
    hydra_status status =
        job->budget ? hy_budget_look_begin(job->budget, job->cancel, diag) : HYDRA_OK;
    if (status != HYDRA_OK) {
        return status;
    }
    status = look(job, index, reader, reader->size, need, diag);
    if (job->budget) {
        hy_budget_look_end(job->budget);
    }
    return status;
}

hydra_status hy_photo_need_of(const hy_job *job, int32_t index, hy_photo_need *need, hy_diag *diag)
{
    const hy_source *source = &job->project->images[index].source;
    if (source->url) {
        assume(job, index, need);
        return hy_source_check_scheme(source, job->policy, diag);
    }
    hy_reader *reader;
    hydra_status status =
        hy_reader_open(source, job->policy->max_image_bytes, job->policy, &reader, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_diag first = {0};
    int64_t head = reader->size < HEAD_BYTES ? reader->size : HEAD_BYTES;
    status = look(job, index, reader, head, need, &first);
    if (status == HYDRA_ERR_FORMAT && head < reader->size) { /* that is how a cut file fails */
        status = look_at_all(job, index, reader, need, diag);
    } else if (status != HYDRA_OK) {
        status = hy_fail(diag, status, "%s", first.text);
    }
    hy_reader_close(reader);
    return status;
}
