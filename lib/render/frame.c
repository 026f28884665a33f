/* SPDX-License-Identifier: MIT */
/* One frame without an encoder: posters, previews, tests. */
#include "compositor/compositor.h"
#include "render/remote.h"
#include "render/scene.h"

static hydra_status draw_frame(hy_scene *scene, int64_t n, hy_picture **out, hy_diag *diag)
{
    bool ready;
    hydra_status status = hy_scene_ready(scene, n, true, &ready, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    hy_compositor *compositor = NULL;
    hy_picture *picture = NULL;
    const hy_plan *plan = scene->plan;
    status = hy_compositor_cpu_new(plan->width, plan->height, scene->job->simd, scene->meter,
                                   &compositor, diag);
    /* The picture counts, but outlives the meter. */
    if (status == HYDRA_OK &&
        !hy_meter_take(scene->meter, hy_picture_bytes(plan->width, plan->height))) {
        status = hy_meter_fail(scene->meter, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_picture_new(plan->width, plan->height, NULL, &picture, diag);
    }
    if (status == HYDRA_OK) {
        hy_display_list list;
        hy_display_build(plan, scene->project, scene->shots, n, &list);
        compositor->ops->draw(compositor, &list, scene->assets, picture);
        *out = picture;
    }
    hy_compositor_free(compositor);
    return status;
}

static hydra_status draw_fetching(const hy_job *job, const hy_plan *plan, int64_t n,
                                  hy_meter *meter, hy_picture **out, hy_diag *diag)
{
    hy_scene scene;
    hydra_status status = hy_scene_init(&scene, job, plan, meter, diag);
    if (status == HYDRA_OK) {
        status = draw_frame(&scene, n, out, diag);
    }
    hy_scene_free(&scene);
    return status;
}

hydra_status hy_render_frame(const hy_job *job, const hy_plan *plan, int64_t n, hy_picture **out,
                             hy_diag *diag)
{
    *out = NULL;
    hy_meter meter = {.limit_bytes = job->policy->max_memory_bytes};
    hy_remote_want want = {0};
    hy_display_images(plan, n, &want.first, &want.end);
    want.end++;
    hy_job fetching = *job;
    hydra_status status = hy_remote_new(job, &want, &meter, &fetching.remote, diag);
    if (status == HYDRA_OK) {
        status = draw_fetching(&fetching, plan, n, &meter, out, diag);
    }
    hy_remote_free(fetching.remote);
    return status;
}
