/* SPDX-License-Identifier: MIT */
/*
 * A queue of renders under one memory budget: all are started, the context lets as many run at a
 * time as fit, the others wait for their turn. Together they use one set of worker threads.
 *
 *     many_jobs FOLDER BUDGET_MB PHOTO...        makes FOLDER/0.mp4, FOLDER/1.mp4, ...
 */
#include <hydra/hydra.h>

#include <stdio.h>
#include <stdlib.h>

/* What all jobs share. A single job may take at most the whole budget, otherwise it would wait for
 * ever: beyond max_memory_bytes it is refused. Waiting counts for policy.max_render_us, which stays
 * at its default of an hour. */
static hydra_status new_context(int64_t budget_bytes, hydra_context **context)
{
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_memory_bytes = budget_bytes;

    hydra_context_options options;
    hydra_context_options_init(&options);
    options.policy = &policy;
    options.memory_budget_bytes = budget_bytes;
    return hydra_context_new(&options, context);
}

/* A square video of one second. The text of a failure is printed here: later there is a job to
 * ask, but no compose. */
static hydra_render *start(hydra_context *context, const char *photo, const char *output)
{
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.preset = HYDRA_CANVAS_1_1;
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 1000000;
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.when_busy = HYDRA_BUSY_WAIT; /* the default; HYDRA_BUSY_FAIL gives HYDRA_ERR_BUSY */
    options.threads = 1;                 /* many jobs at once: each encoder is content with one */

    hydra_compose *c = NULL;
    hydra_render *job = NULL;
    hydra_status status = hydra_compose_new(context, &c);
    if (status == HYDRA_OK) {
        status = hydra_compose_set_canvas(c, &canvas);
    }
    if (status == HYDRA_OK) {
        status = hydra_compose_add_image(c, photo, &image);
    }
    if (status == HYDRA_OK) {
        status = hydra_render_start(c, output, &options, &job);
    }
    if (status != HYDRA_OK) {
        fprintf(stderr, "many_jobs: %s: %s\n", photo,
                c ? hydra_compose_error(c) : hydra_status_text(status));
    }
    hydra_compose_free(c);
    return job;
}

/* Wait for a job, tell how it ended, free it. Returns 1 for a failure. */
static int finish(hydra_render *job, const char *photo)
{
    hydra_status status = hydra_render_wait(job, HYDRA_AUTO);
    hydra_result result = {.struct_size = sizeof result};
    if (status == HYDRA_OK && hydra_render_result(job, &result) == HYDRA_OK) {
        printf("%s: %lld frames, %lld bytes\n", photo, (long long)result.frames,
               (long long)result.bytes);
    } else {
        fprintf(stderr, "many_jobs: %s: %s: %s\n", photo, hydra_status_name(status),
                hydra_render_error(job));
    }
    hydra_render_free(job);
    return status == HYDRA_OK ? 0 : 1;
}

static int run_all(hydra_context *context, const char *folder, char **photos, int count)
{
    hydra_render **jobs = calloc((size_t)count, sizeof *jobs);
    if (!jobs) {
        fprintf(stderr, "many_jobs: no memory\n");
        return 1;
    }
    int failed = 0;
    for (int i = 0; i < count; i++) {
        char output[4096];
        if (snprintf(output, sizeof output, "%s/%d.mp4", folder, i) < (int)sizeof output) {
            jobs[i] = start(context, photos[i], output);
        }
    }
    for (int i = 0; i < count; i++) {
        failed += jobs[i] ? finish(jobs[i], photos[i]) : 1;
    }
    free(jobs);
    return failed;
}

int main(int argc, char **argv)
{
    long budget_mb = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
    if (budget_mb < 1 || budget_mb > 1000000) {
        fprintf(stderr, "usage: many_jobs FOLDER BUDGET_MB PHOTO...\n");
        return 2;
    }
    hydra_context *context = NULL;
    hydra_status status = new_context((int64_t)budget_mb * 1000000, &context);
    if (status != HYDRA_OK) {
        fprintf(stderr, "many_jobs: %s\n", hydra_status_text(status));
        return 1;
    }
    int failed = run_all(context, argv[1], argv + 3, argc - 3);
    hydra_context_free(context);
    return failed > 0 ? 1 : 0;
}
