/* SPDX-License-Identifier: MIT */
/* Composes for tests of whole renders, and checks that print the library's own error text. */
#ifndef HY_TEST_COMPOSE_H
#define HY_TEST_COMPOSE_H

#include "scene.h"

#define assert_compose_ok(c, call)                                                                 \
    do {                                                                                           \
        hydra_status status_ = (call);                                                             \
        if (status_ != HYDRA_OK) {                                                                 \
            fail_msg("%s: %s", hydra_status_name(status_), hydra_compose_error(c));                \
        }                                                                                          \
    } while (0)

#define assert_compose_fails(c, call, expected, part)                                              \
    do {                                                                                           \
        hydra_status status_ = (call);                                                             \
        if (status_ != (expected) || !strstr(hydra_compose_error(c), (part))) {                    \
            fail_msg("got %s \"%s\", expected %s \"%s\"", hydra_status_name(status_),              \
                     hydra_compose_error(c), hydra_status_name(expected), (part));                 \
        }                                                                                          \
    } while (0)

/* A compose with `threads` workers of its own and the given canvas. Fails the test on error. */
hydra_compose *test_compose(int32_t threads, int32_t width, int32_t height, int32_t fps_num,
                            int32_t fps_den);
/* The same with at most that level of vector instructions. */
hydra_compose *test_compose_simd(int32_t simd, int32_t threads, int32_t width, int32_t height,
                                 int32_t fps_num, int32_t fps_den);
/* Add a picture made by `pixel`; options NULL = defaults. */
void test_add_picture(hydra_compose *c, int32_t width, int32_t height, test_pixel_fn *pixel,
                      const void *user, const hydra_image_options *options);
/* Set `seconds` of a tone of 440 Hz as music. */
void test_add_tone(hydra_compose *c, double seconds, const hydra_audio_options *options);
/* Render to memory with the draft profile and hand out the bytes. */
const void *test_render(hydra_compose *c, size_t *size);

/* Frame `n` as I420; free with hydra_frame_free. */
hydra_frame *test_frame(hydra_compose *c, int64_t n, int32_t fps_num, int32_t fps_den);
/* FNV-1a. */
uint64_t test_hash(const void *data, size_t size);

#endif
