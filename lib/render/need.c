/* SPDX-License-Identifier: MIT */
/* What one photo takes, from its header: the same geometry that its preparation uses. */
#include "compositor/compositor.h"
#include "media/media.h"
#include "render/estimate.h"
#include "render/scene.h"

/* Most headers lie within. Where one does not (a large profile or preview before it, a format that
 * is walked to its end), the whole file is read. */
#define HEAD_BYTES ((int64_t)256 << 10)

/* Reading and looking up colours, tables of the decoders. */
#define SMALL_THINGS_BYTES 500000

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

static void measure(const hy_project *project, const hydra_image_options *options,
                    const hy_photo *photo, int64_t file_bytes, hy_photo_need *need)
{
    const hy_photo_info *info = hy_photo_info_of(photo);
    hy_shot shot;
    hy_asset_spec spec;
    hy_prepare_plan(project, options, info, &shot, &spec);
    need->pixels = (int64_t)info->width * info->height;
    need->asset_bytes = (int64_t)hy_picture_bytes(spec.width, spec.height);
    need->prepare_bytes = file_bytes + hy_photo_work_bytes(photo, file_bytes) +
                          hy_asset_builder_bytes(&spec) + SMALL_THINGS_BYTES;
}

/* Look at a photo by its first `count` bytes. */
static hydra_status look(const hy_job *job, int32_t index, hy_reader *reader, int64_t count,
                         hy_photo_need *need, hy_diag *diag)
{
    const hy_project_image *image = &job->project->images[index];
    uint8_t *data = NULL;
    hy_photo *photo = NULL;
    hydra_status status = read_head(reader, count, &data, diag);
    if (status == HYDRA_OK) {
        status = hy_photo_open(data, (size_t)count, image->source.name, job->policy, &photo, diag);
    }
    if (status == HYDRA_OK) {
        measure(job->project, &image->options, photo, reader->size, need);
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
    hy_reader *reader;
    hydra_status status = hy_reader_open(&job->project->images[index].source,
                                         job->policy->max_image_bytes, job->policy, &reader, diag);
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
