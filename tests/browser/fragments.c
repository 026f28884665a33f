/* SPDX-License-Identifier: MIT */
/*
 * Renders to standard output in fragments, for tests that need such a file from outside:
 *
 *   fragments WIDTH HEIGHT FPS_NUM FPS_DEN SECONDS MUSIC PHOTO... > out.mp4
 *
 * Crossfades between the photos; MUSIC "" = none. What went wrong is told on standard error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/api.h"
#include "render/render.h"
#include "sink/sink.h"

#define FIRST_PHOTO 7

static hydra_status describe(hydra_compose *c, char **arguments, int count)
{
    hydra_canvas_options canvas;
    hydra_image_options image;
    hydra_transition_options transition;
    hydra_canvas_options_init(&canvas);
    hydra_image_options_init(&image);
    hydra_transition_options_init(&transition);
    canvas.width_px = atoi(arguments[1]);
    canvas.height_px = atoi(arguments[2]);
    canvas.fps_num = atoi(arguments[3]);
    canvas.fps_den = atoi(arguments[4]);
    transition.kind = HYDRA_TRANSITION_CROSSFADE;
    transition.mode = HYDRA_HOLD;
    image.duration_us = atoll(arguments[5]) * 1000000 / (count - FIRST_PHOTO);
    hydra_status status = hydra_compose_set_canvas(c, &canvas);
    for (int i = FIRST_PHOTO; status == HYDRA_OK && i < count; i++) {
        status = hydra_compose_add_image(c, arguments[i], &image);
    }
    if (status == HYDRA_OK) {
        status = hydra_compose_set_transition(c, HYDRA_ALL_CUTS, &transition);
    }
    if (status == HYDRA_OK && arguments[6][0]) {
        status = hydra_compose_set_audio(c, arguments[6], NULL);
    }
    return status;
}

static hydra_status render(hydra_compose *c, hy_diag *diag)
{
    hydra_render_options options;
    hydra_result result;
    hy_sink *sink = NULL;
    hydra_render_options_init(&options);
    hydra_status status = hy_sink_fd_new(STDOUT_FILENO, false, "stdout", NULL, &sink, diag);
    if (status == HYDRA_OK) {
        hy_job job = {
            .project = &c->project,
            .policy = &c->context->policy,
            .pool = c->context->pool,
            .sink = sink,
            .options = &options,
        };
        status = hy_render_run(&job, &result, diag);
    }
    hy_sink_free(sink);
    return status;
}

int main(int count, char **arguments)
{
    hydra_compose *c = NULL;
    hy_diag diag = {0};
    if (count <= FIRST_PHOTO || hydra_compose_new(NULL, &c) != HYDRA_OK) {
        return EXIT_FAILURE;
    }
    if (describe(c, arguments, count) != HYDRA_OK) {
        (void)fprintf(stderr, "%s\n", hydra_compose_error(c));
    } else if (render(c, &diag) != HYDRA_OK) {
        (void)fprintf(stderr, "%s\n", diag.text);
    } else {
        hydra_compose_free(c);
        return EXIT_SUCCESS;
    }
    hydra_compose_free(c);
    return EXIT_FAILURE;
}
