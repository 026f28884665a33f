/* SPDX-License-Identifier: MIT */
/*
 * Frames in order, composed ahead by the worker pool. A fixed ring of slots, one frame each: a
 * slot is submitted as soon as its photos are prepared and read when its turn comes. Private to
 * render/; called by the job's own thread.
 */
#ifndef HY_FRAMES_H
#define HY_FRAMES_H

#include "compositor/compositor.h"
#include "render/scene.h"

typedef struct hy_frame_slot hy_frame_slot;

typedef struct hy_frames {
    hy_scene *scene;
    hy_frame_slot *slots;
    int32_t slot_count;
    int64_t submitted; /* frames below this one were submitted */
    hy_stopwatch compose_time;
} hy_frames;

/* How many frames are in flight with a pool. */
int32_t hy_frames_slots(const hy_pool *pool);

hydra_status hy_frames_init(hy_frames *frames, hy_scene *scene, hy_diag *diag);
/* Waits for frames in flight. Accepts frames whose init failed. */
void hy_frames_free(hy_frames *frames);

/* Frame `n`; call with 0, 1, 2, ... The picture is valid until the next call. */
hydra_status hy_frames_get(hy_frames *frames, int64_t n, const hy_picture **out, hy_diag *diag);

#endif
