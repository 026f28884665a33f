/* SPDX-License-Identifier: MIT */
#include "render_case.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "media/media.h"

#define FPS        30
#define THREADS    2
#define PATIENCE_S 30

#ifdef __SANITIZE_THREAD__
#define OWN_THREADS 2
#else
#define OWN_THREADS 1
#endif

hydra_context *case_context_new(const case_context *options)
{
    hydra_context_options public_options;
    hydra_context *context = NULL;
    hy_diag diag = {0};
    hydra_context_options_init(&public_options);
    public_options.threads = THREADS;
    public_options.gpu = options->gpu;
    public_options.gpu_sessions = options->sessions;
    public_options.store = options->store;
    if (hydra_context_new(&public_options, &context) != HYDRA_OK) {
        return NULL;
    }
    const hy_gpu_options gpu = {
        .device = context->gpu_name,
        .session_limit = context->gpu_sessions,
        .stall_us = options->stall_us,
    };
    /* What a context makes for itself when it is first asked, but for the time. */
    if (hy_gpu_new(&gpu, &context->locked.gpu, &diag) == HYDRA_OK) {
        context->locked.free_gpu = hy_gpu_unref;
    }
    return context;
}

hydra_compose *case_compose(hydra_context *context, int64_t frames)
{
    static const uint32_t seed = 4;
    hydra_compose *c = NULL;
    hydra_canvas_options canvas;
    hydra_image_options image;
    size_t size;
    hydra_canvas_options_init(&canvas);
    hydra_image_options_init(&image);
    canvas.width_px = CASE_WIDTH;
    canvas.height_px = CASE_HEIGHT;
    canvas.fps_num = FPS;
    image.duration_us = frames * 1000000 / FPS;
    image.motion = HYDRA_MOTION_ZOOM_IN;
    uint8_t *photo = test_bmp(CASE_WIDTH, CASE_HEIGHT, test_pixel_natural, &seed, &size);
    if (hydra_compose_new(context, &c) != HYDRA_OK ||
        hydra_compose_set_canvas(c, &canvas) != HYDRA_OK ||
        hydra_compose_add_image_memory(c, photo, size, NULL, &image) != HYDRA_OK) {
        hydra_compose_free(c);
        c = NULL;
    }
    free(photo);
    return c;
}

hydra_render_options case_options(int32_t encoder, int32_t codec, int32_t profile)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.encoder = encoder;
    options.codec = codec;
    options.profile = profile;
    options.threads = 1;
    return options;
}

void case_outcome_take(const hydra_compose *c, hydra_status status, case_outcome *out)
{
    *out = (case_outcome){.status = status};
    (void)snprintf(out->text, sizeof out->text, "%s", hydra_compose_error(c));
    out->result.struct_size = sizeof out->result;
    if (hydra_compose_result(c, &out->result) == HYDRA_OK) {
        (void)snprintf(out->reason, sizeof out->reason, "%s", out->result.encoder_reason);
    }
    const int32_t most = (int32_t)(sizeof out->attempts / sizeof *out->attempts);
    for (int32_t i = 0; i < most; i++) {
        out->attempts[i].struct_size = sizeof out->attempts[i];
        if (hydra_compose_attempt(c, i, &out->attempts[i]) == HYDRA_OK) {
            out->attempt_count = i + 1;
        }
    }
}

const char *case_video_fault(const void *mp4, size_t size, int64_t frames)
{
    test_video video;
    const char *fault = NULL;
    test_decode_video(mp4, size, NULL, NULL, &video);
    if (video.frames != frames) {
        fault = "it has another number of frames";
    } else if (video.width != CASE_WIDTH || video.height != CASE_HEIGHT) {
        fault = "it has another size";
    }
    for (int64_t n = 0; !fault && n < frames; n++) {
        if (fabs(video.time_s[n] - (double)n / FPS) > 1e-4) {
            fault = "a frame has another time";
        }
    }
    test_video_free(&video);
    return fault;
}

static void *do_nothing(void *user)
{
    return user;
}

case_census case_census_take(void)
{
    pthread_t first; /* ThreadSanitizer adds one of its own to it, which stays */
    if (pthread_create(&first, NULL, do_nothing, NULL) == 0) {
        (void)pthread_join(first, NULL);
    }
    return (case_census){
        .threads = test_count_threads(OWN_THREADS),
        .descriptors = test_count_entries("/proc/self/fd"),
    };
}

bool case_census_holds(const case_census *before, int more_threads)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    double end = seconds() + PATIENCE_S;
    int threads = test_count_threads(INT32_MAX);
    while (threads != before->threads + more_threads && seconds() < end) {
        (void)nanosleep(&moment, NULL);
        threads = test_count_threads(INT32_MAX);
    }
    return threads == before->threads + more_threads &&
           test_count_entries("/proc/self/fd") == before->descriptors;
}
