/* SPDX-License-Identifier: MIT */
/* Photos around the playhead: asked for ahead, prepared on the pool, dropped when past. */
#include "render/scene.h"

#include <math.h>

#include "render/remote.h"

struct hy_scene_image {
    hy_task task;
    hy_scene *scene;
    int32_t index;
    hydra_status status;
    hy_shot shot;
    hy_picture *picture;
    hy_diag diag;
};

hydra_status hy_scene_init(hy_scene *scene, const hy_job *job, const hy_plan *plan, hy_meter *meter,
                           hy_diag *diag)
{
    *scene = (hy_scene){
        .project = job->project,
        .pool = job->pool,
        .plan = plan,
        .meter = meter,
        .job = job,
    };
    size_t count = (size_t)job->project->image_count;
    scene->images = hy_calloc(count, sizeof(hy_scene_image *));
    scene->shots = hy_calloc(count, sizeof *scene->shots);
    scene->assets = hy_calloc(count, sizeof(const hy_picture *));
    if (!scene->images || !scene->shots || !scene->assets) {
        return hy_fail_memory(diag);
    }
    return HYDRA_OK;
}

static void drop_image(hy_scene *scene, int32_t index)
{
    hy_scene_image *image = scene->images[index];
    if (!image) {
        return;
    }
    hy_task_wait(&image->task, scene->job->cancel);
    if (scene->preparing == image) {
        scene->preparing = NULL;
    }
    hy_picture_free(image->picture);
    hy_free(image);
    scene->images[index] = NULL;
    scene->assets[index] = NULL;
}

void hy_scene_free(hy_scene *scene)
{
    for (int32_t i = 0; scene->images && i < scene->project->image_count; i++) {
        drop_image(scene, i);
    }
    hy_free(scene->images);
    hy_free(scene->shots);
    hy_free((void *)scene->assets);
    scene->images = NULL;
}

static void run_prepare(hy_task *task)
{
    hy_scene_image *image = (hy_scene_image *)task;
    hy_scene *scene = image->scene;
    double start = hy_clock_s();
    image->status = hy_cancel_check(scene->job->cancel, &image->diag);
    if (image->status == HYDRA_OK) {
        image->status = hy_prepare_image(scene->job, image->index, scene->meter, &image->shot,
                                         &image->picture, &image->diag);
    }
    hy_stopwatch_add(&scene->decode_time, hy_clock_s() - start);
}

hydra_status hy_scene_want(hy_scene *scene, int32_t index, hy_diag *diag)
{
    if (index >= scene->project->image_count || scene->images[index] ||
        (scene->preparing && !hy_task_is_done(&scene->preparing->task)) ||
        !hy_remote_is_there(scene->job->remote, index)) {
        return HYDRA_OK;
    }
    hy_scene_image *image = hy_calloc(1, sizeof *image);
    if (!image) {
        return hy_fail_memory(diag);
    }
    image->task.run = run_prepare;
    image->scene = scene;
    image->index = index;
    hydra_status status = hy_pool_submit(scene->pool, &image->task, diag);
    if (status != HYDRA_OK) {
        hy_free(image);
        return status;
    }
    scene->images[index] = image;
    scene->preparing = image;
    return HYDRA_OK;
}

/* More than this and an enlarged photo looks soft. */
#define SOFT_ENLARGEMENT 1.25

static void report_photo(const hy_scene *scene, int32_t index)
{
    const hy_shot *shot = &scene->shots[index];
    double closest = fmin(shot->stage.start.w, shot->stage.end.w) * shot->placement.scale_x;
    double enlarged = scene->plan->width / closest;
    const char *name = scene->project->images[index].source.name;
    hy_observe_message(scene->job, HYDRA_EVENT_LOG, "%s: prepared at %d x %d", name,
                       (int)shot->placement.width, (int)shot->placement.height);
    if (enlarged > SOFT_ENLARGEMENT) {
        hy_observe_message(scene->job, HYDRA_EVENT_WARNING,
                           "%s: too few pixels for the canvas, enlarged to %d %%", name,
                           (int)(enlarged * 100));
    }
}

/* One image: start it, wait if asked to, take over its result. */
static hydra_status image_ready(hy_scene *scene, int32_t index, bool wait, bool *ready,
                                hy_diag *diag)
{
    if (scene->assets[index]) {
        return HYDRA_OK; /* frames in flight read the entry: it is written once */
    }
    if (wait && scene->preparing) {
        hy_task_wait(&scene->preparing->task, scene->job->cancel);
    }
    hydra_status status = HYDRA_OK;
    if (wait && !scene->images[index]) {
        status = hy_remote_wait(scene->job->remote, index, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_scene_want(scene, index, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    hy_scene_image *image = scene->images[index];
    if (wait) {
        hy_task_wait(&image->task, scene->job->cancel);
        status = hy_cancel_check(scene->job->cancel, diag);
        if (status != HYDRA_OK) {
            return status; /* then it may not have been prepared */
        }
    }
    *ready = image && hy_task_is_done(&image->task);
    if (!*ready) {
        return HYDRA_OK;
    }
    if (image->status != HYDRA_OK) {
        return hy_fail(diag, image->status, "%s", image->diag.text);
    }
    scene->shots[index] = image->shot;
    scene->assets[index] = image->picture;
    report_photo(scene, index);
    return HYDRA_OK;
}

hydra_status hy_scene_ready(hy_scene *scene, int64_t n, bool wait, bool *ready, hy_diag *diag)
{
    int32_t first;
    int32_t last;
    hy_display_images(scene->plan, n, &first, &last);
    *ready = true;
    hydra_status status = HYDRA_OK;
    for (int32_t i = first; status == HYDRA_OK && *ready && i <= last; i++) {
        status = image_ready(scene, i, wait, ready, diag);
    }
    return status;
}

void hy_scene_release(hy_scene *scene, int64_t n)
{
    while (scene->released < scene->plan->clip_count &&
           scene->plan->clips[scene->released].end <= n) {
        drop_image(scene, scene->released);
        scene->released++;
    }
}
