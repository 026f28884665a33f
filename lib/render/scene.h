/* SPDX-License-Identifier: MIT */
/*
 * A scene: a planned project with the photos around the playhead prepared. Private to render/.
 * Preparing runs on the worker pool; everything else here is called by the job's own thread.
 */
#ifndef HY_SCENE_H
#define HY_SCENE_H

#include <stdbool.h>

#include "compositor/compositor.h"
#include "media/media.h"
#include "render/render.h"

typedef struct hy_scene_image hy_scene_image;

typedef struct hy_scene {
    const hy_project *project;
    hy_pool *pool;
    const hy_plan *plan;
    hy_meter *meter;
    const hy_job *job;
    hy_stopwatch decode_time;

    hy_scene_image **images;   /* one per project image, NULL while not wanted */
    hy_scene_image *preparing; /* the last one that was started; NULL = none so far, or past */
    hy_shot *shots;            /* geometry of prepared images */
    const hy_picture **assets; /* pictures of prepared images */
    int32_t released;          /* images below this one are past */
} hy_scene;

/* Decide from a photo's header where everything goes; the colours are left out. `spec->halvings`
 * is for hy_photo_halve. */
void hy_prepare_plan(const hy_project *project, const hydra_image_options *options,
                     const hy_photo_info *info, hy_shot *shot, hy_asset_spec *spec);
/* Prepare one photo: read, decode, place, convert. Called on a worker. Of the job it uses project,
 * policy, budget, remote and cancel, which is asked while rows come. */
hydra_status hy_prepare_image(const hy_job *job, int32_t index, hy_meter *meter, hy_shot *shot,
                              hy_picture **picture, hy_diag *diag);

hydra_status hy_scene_init(hy_scene *scene, const hy_job *job, const hy_plan *plan, hy_meter *meter,
                           hy_diag *diag);
/* Waits for what is being prepared. Accepts a scene whose init failed. */
void hy_scene_free(hy_scene *scene);

/* Start preparing image `index`, unless that was done already, it is still being fetched or another
 * one is being prepared: decoders are the largest users of memory, so a job runs one at a time. Out
 * of range does nothing. Ask again. */
hydra_status hy_scene_want(hy_scene *scene, int32_t index, hy_diag *diag);
/* Make the images of frame `n` available. `wait` false: `*ready` tells whether they are. */
hydra_status hy_scene_ready(hy_scene *scene, int64_t n, bool wait, bool *ready, hy_diag *diag);
/* Frames below `n` will not be asked for again: drop the images that only they show. */
void hy_scene_release(hy_scene *scene, int64_t n);

#endif
