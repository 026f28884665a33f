/* SPDX-License-Identifier: MIT */
/* The ring of frames in flight. */
#include "render/frames.h"

#include "render/remote.h"

/* Slots beyond the workers: one being encoded, one waiting, so that no worker stands still. */
#define SPARE_SLOTS 2
/* Bounds memory on machines with very many CPUs; the encoder is the limit long before. */
#define MAX_SLOTS 34

struct hy_frame_slot {
    hy_task task;
    hy_frames *frames;
    hy_compositor *compositor;
    hy_picture *picture;
    hy_display_list list;
};

int32_t hy_frames_slots(const hy_pool *pool)
{
    int count = hy_pool_threads(pool) + SPARE_SLOTS;
    return count < MAX_SLOTS ? count : MAX_SLOTS;
}

hydra_status hy_frames_init(hy_frames *frames, hy_scene *scene, hy_diag *diag)
{
    *frames = (hy_frames){.scene = scene};
    frames->slot_count = hy_frames_slots(scene->pool);
    frames->slots = hy_calloc((size_t)frames->slot_count, sizeof *frames->slots);
    if (!frames->slots) {
        return hy_fail_memory(diag);
    }
    hy_observe_message(scene->job, HYDRA_EVENT_LOG, "pixels are made with %s",
                       hy_compositor_cpu_name(scene->job->simd));
    const hy_plan *plan = scene->plan;
    hydra_status status = HYDRA_OK;
    for (int32_t i = 0; status == HYDRA_OK && i < frames->slot_count; i++) {
        hy_frame_slot *slot = &frames->slots[i];
        slot->frames = frames;
        status = hy_compositor_cpu_new(plan->width, plan->height, scene->job->simd, scene->meter,
                                       &slot->compositor, diag);
        if (status == HYDRA_OK) {
            status = hy_picture_new(plan->width, plan->height, scene->meter, &slot->picture, diag);
        }
    }
    return status;
}

void hy_frames_free(hy_frames *frames)
{
    for (int32_t i = 0; frames->slots && i < frames->slot_count; i++) {
        hy_frame_slot *slot = &frames->slots[i];
        hy_task_wait(&slot->task, frames->scene->job->cancel);
        hy_compositor_free(slot->compositor);
        hy_picture_free(slot->picture);
    }
    hy_free(frames->slots);
    frames->slots = NULL;
}

static void run_draw(hy_task *task)
{
    hy_frame_slot *slot = (hy_frame_slot *)task;
    if (hy_cancel_requested(slot->frames->scene->job->cancel)) {
        return; /* nobody will look at it */
    }
    double start = hy_clock_s();
    slot->compositor->ops->draw(slot->compositor, &slot->list, slot->frames->scene->assets,
                                slot->picture);
    hy_stopwatch_add(&slot->frames->compose_time, hy_clock_s() - start);
}

/* Submit frame `n` if its photos are there; `wait`: see to it that they are. */
static hydra_status submit(hy_frames *frames, int64_t n, bool wait, bool *done, hy_diag *diag)
{
    hy_scene *scene = frames->scene;
    hydra_status status = hy_scene_ready(scene, n, wait, done, diag);
    if (status != HYDRA_OK || !*done) {
        return status;
    }
    hy_frame_slot *slot = &frames->slots[n % frames->slot_count];
    hy_display_build(scene->plan, scene->project, scene->shots, n, &slot->list);
    slot->task.run = run_draw;
    slot->frames = frames;
    status = hy_pool_submit(scene->pool, &slot->task, diag);
    if (status == HYDRA_OK) {
        /* The photo after this one is prepared while this one is on screen. */
        status = hy_scene_want(scene, hy_plan_clip_at(scene->plan, n) + 1, diag);
    }
    return status;
}

hydra_status hy_frames_get(hy_frames *frames, int64_t n, const hy_picture **out, hy_diag *diag)
{
    /* The caller is done with frame n - 1, so its slot is free and its photos may go. */
    hy_scene_release(frames->scene, n);
    hydra_status status = hy_remote_check(frames->scene->job->remote, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    int64_t end = n + frames->slot_count;
    if (end > frames->scene->plan->frames) {
        end = frames->scene->plan->frames;
    }
    while (frames->submitted < end) {
        bool done;
        status = submit(frames, frames->submitted, frames->submitted == n, &done, diag);
        if (status != HYDRA_OK) {
            return status;
        }
        if (!done) {
            break; /* its photo is not ready; frames before it can go on meanwhile */
        }
        frames->submitted++;
    }
    hy_frame_slot *slot = &frames->slots[n % frames->slot_count];
    hy_task_wait(&slot->task, frames->scene->job->cancel);
    *out = slot->picture;
    return HYDRA_OK;
}
