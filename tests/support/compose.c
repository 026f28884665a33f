/* SPDX-License-Identifier: MIT */
/* Composes for tests of whole renders. */
#include "compose.h"

#include <stdlib.h>
#include <string.h>

hydra_compose *test_compose(int32_t threads, int32_t width, int32_t height, int32_t fps_num,
                            int32_t fps_den)
{
    return test_compose_simd(HYDRA_SIMD_AUTO, threads, width, height, fps_num, fps_den);
}

hydra_compose *test_compose_simd(int32_t simd, int32_t threads, int32_t width, int32_t height,
                                 int32_t fps_num, int32_t fps_den)
{
    hydra_context_options context_options;
    hydra_context_options_init(&context_options);
    context_options.threads = threads;
    context_options.simd = simd;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&context_options, &context), HYDRA_OK);
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(context, &c), HYDRA_OK);
    hydra_context_free(context);
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = width;
    canvas.height_px = height;
    canvas.fps_num = fps_num;
    canvas.fps_den = fps_den;
    assert_compose_ok(c, hydra_compose_set_canvas(c, &canvas));
    return c;
}

void test_add_picture(hydra_compose *c, int32_t width, int32_t height, test_pixel_fn *pixel,
                      const void *user, const hydra_image_options *options)
{
    size_t size;
    uint8_t *file = test_bmp(width, height, pixel, user, &size);
    assert_compose_ok(c, hydra_compose_add_image_memory(c, file, size, NULL, options));
    free(file);
}

void test_add_tone(hydra_compose *c, double seconds, const hydra_audio_options *options)
{
    size_t size;
    uint8_t *file = test_mono_wav(48000, (int64_t)(seconds * 48000), test_sample_tone, NULL, &size);
    assert_compose_ok(c, hydra_compose_set_audio_memory(c, file, size, "tone.wav", options));
    free(file);
}

const void *test_render(hydra_compose *c, size_t *size)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = HYDRA_PROFILE_DRAFT;
    assert_compose_ok(c, hydra_compose_render_memory(c, &options));
    const void *data = NULL;
    assert_int_equal(hydra_compose_output(c, &data, size), HYDRA_OK);
    return data;
}

hydra_frame *test_frame(hydra_compose *c, int64_t n, int32_t fps_num, int32_t fps_den)
{
    /* The middle of the frame's time. */
    int64_t time_us = hy_rescale(2 * n + 1, (int64_t)fps_den * 500000, fps_num);
    hydra_frame *frame = NULL;
    assert_compose_ok(c, hydra_compose_frame(c, time_us, HYDRA_FRAME_I420, &frame));
    assert_int_equal(hydra_frame_number(frame), n);
    return frame;
}

uint64_t test_hash(const void *data, size_t size)
{
    const uint8_t *byte = data;
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ byte[i]) * 1099511628211ULL;
    }
    return hash;
}
