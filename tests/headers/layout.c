/* SPDX-License-Identifier: MIT */
/*
 * Public structs are read by other languages: struct_size comes first, and there is no padding, so
 * that a field added at the end never lands in bytes that an older caller left unset. Compiled as
 * C11 and as C++17, with -Wpadded as an error.
 */
#include <assert.h> /* static_assert in C */
#include <stddef.h>

#include <hydra/hydra.h>

#define SIZE_OF(type, field) (sizeof(((type *)0)->field))

/* `last` is the newest field. */
#define CHECK(type, last)                                                                          \
    static_assert(offsetof(type, struct_size) == 0, #type ": struct_size is not first");           \
    static_assert(SIZE_OF(type, struct_size) == 4, #type ": struct_size is not 32 bits");          \
    static_assert(sizeof(type) == offsetof(type, last) + SIZE_OF(type, last),                      \
                  #type ": padding at the end")

CHECK(hydra_canvas_options, background_rgb);
CHECK(hydra_image_options, end);
CHECK(hydra_transition_options, reserved);
CHECK(hydra_audio_options, fade_out_us);
CHECK(hydra_issue, text);
CHECK(hydra_context_options, gpu);
CHECK(hydra_policy, any_bucket);
CHECK(hydra_render_options, gpu_wait_us);
CHECK(hydra_writer, read);
CHECK(hydra_result, reserved);
CHECK(hydra_attempt, text);
CHECK(hydra_estimate, seconds);
CHECK(hydra_event, bytes_total);
CHECK(hydra_encoder_info, on_gpu);
CHECK(hydra_gpu_info, reason);
CHECK(hydra_bench_options, reserved);
CHECK(hydra_bench_result, reason);
CHECK(hydra_store_options, insecure);
CHECK(hydra_transfer_options, deadline_us);
CHECK(hydra_object, content_type);

static_assert(sizeof(hydra_status) == 4, "a status is an int32");
static_assert(sizeof(hydra_rect) == 4 * sizeof(double), "a rectangle is four doubles");
