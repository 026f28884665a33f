/* SPDX-License-Identifier: MIT */
/* Handles: NULL everywhere, contexts shared and freed in any order, options that were not set up,
 * several renders at once. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"

static void test_null_is_harmless(void **state)
{
    (void)state;
    hydra_context_free(NULL);
    hydra_compose_free(NULL);
    hydra_frame_free(NULL);
    assert_int_equal(hydra_context_new(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_new(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_set_canvas(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_set_duration(NULL, 1), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_add_image(NULL, "a.jpg", NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_add_image_memory(NULL, "a", 1, "a", NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_set_transition(NULL, 0, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_set_audio(NULL, "a.mp3", NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_set_audio_memory(NULL, "a", 1, "a", NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_plan_text(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_render(NULL, "a.mp4", NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_render_memory(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_render_writer(NULL, NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_frame(NULL, 0, 0, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_result(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_output(NULL, NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_image_count(NULL), 0);
    assert_string_equal(hydra_compose_error(NULL), "");
    assert_int_equal(hydra_frame_width(NULL), 0);
    assert_int_equal(hydra_frame_height(NULL), 0);
    assert_int_equal(hydra_frame_number(NULL), -1);
    size_t size = 1;
    assert_null(hydra_frame_data(NULL, &size));
    assert_int_equal(size, 0);
    assert_int_equal(hydra_encoder_probe(NULL, 0, NULL), HYDRA_ERR_ARGUMENT);
}

static void test_null_arguments(void **state)
{
    (void)state;
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(NULL, &c), HYDRA_OK);
    assert_string_equal(hydra_compose_error(c), "");
    assert_compose_fails(c, hydra_compose_add_image(c, NULL, NULL), HYDRA_ERR_ARGUMENT, "image 0");
    assert_compose_fails(c, hydra_compose_add_image(c, "", NULL), HYDRA_ERR_ARGUMENT, "image 0");
    assert_compose_fails(c, hydra_compose_add_image_memory(c, NULL, 5, "x.jpg", NULL),
                         HYDRA_ERR_ARGUMENT, "x.jpg");
    assert_compose_fails(c, hydra_compose_add_image_memory(c, "", 0, NULL, NULL),
                         HYDRA_ERR_ARGUMENT, "image 0");
    assert_compose_fails(c, hydra_compose_set_audio_memory(c, NULL, 0, NULL, NULL),
                         HYDRA_ERR_ARGUMENT, "audio");
    assert_compose_fails(c, hydra_compose_render_writer(c, NULL, NULL), HYDRA_ERR_ARGUMENT,
                         "writer");
    assert_compose_fails(c, hydra_compose_plan_text(c, NULL), HYDRA_ERR_ARGUMENT, "plan");
    assert_compose_fails(c, hydra_compose_frame(c, 0, HYDRA_FRAME_PNG, NULL), HYDRA_ERR_ARGUMENT,
                         "NULL");
    /* A call that works clears the text of the one before. */
    assert_compose_ok(c, hydra_compose_set_canvas(c, NULL));
    assert_string_equal(hydra_compose_error(c), "");
    hydra_compose_free(c);
}

static void test_context_options(void **state)
{
    (void)state;
    hydra_context *context = (hydra_context *)state;
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.threads = 257;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
    assert_null(context);
    options.threads = -1;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
    options.threads = 1;
    options.simd = HYDRA_SIMD_NEON + 1;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
    options.simd = -1;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
    options.simd = HYDRA_SIMD_NONE;
    options.gpu_sessions = 65;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
    options.gpu_sessions = 0;
    options.struct_size = 0;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
    hydra_context_options_init(&options);
    hydra_policy policy;
    hydra_policy_init(&policy);
    options.policy = &policy;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    hydra_context_free(context);
    policy.max_images = 0;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
    hydra_policy_init(&policy);
    policy.max_decode_bytes = 0;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
    hydra_policy_init(&policy);
    policy.max_image_side_px = 32769;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
    policy.max_image_side_px = 32768;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    hydra_context_free(context);
}

static void test_free_in_any_order(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        hydra_context *context = NULL;
        hydra_compose *a = NULL;
        hydra_compose *b = NULL;
        assert_int_equal(hydra_context_new(NULL, &context), HYDRA_OK);
        assert_int_equal(hydra_compose_new(context, &a), HYDRA_OK);
        assert_int_equal(hydra_compose_new(context, &b), HYDRA_OK);
        if (order == 0) {
            hydra_context_free(context);
        }
        uint32_t blue = 0x0000ff;
        test_add_picture(a, 32, 32, test_pixel_color, &blue, NULL);
        hydra_frame *frame = test_frame(a, 3, 30, 1);
        hydra_compose_free(a);
        assert_int_equal(hydra_frame_width(frame), 1080);
        hydra_frame_free(frame);
        hydra_compose_free(b);
        if (order == 1) {
            hydra_context_free(context);
        }
    }
}

static void test_encoders(void **state)
{
    (void)state;
    int32_t count = hydra_encoder_count();
    assert_true(count >= 2);
    for (int32_t i = 0; i < count; i++) {
        hydra_encoder_info info = {.struct_size = sizeof info};
        assert_int_equal(hydra_encoder_probe(NULL, i, &info), HYDRA_OK);
        assert_true(info.name[0] && info.description[0]);
        assert_int_equal(info.available, info.reason[0] == '\0');
        if (info.encoder == HYDRA_ENCODER_X264) {
            assert_int_equal(info.available, hydra_has_feature("x264"));
        }
        if (info.encoder == HYDRA_ENCODER_RAW) {
            assert_int_equal(info.available, 1);
        }
    }
    hydra_encoder_info info = {.struct_size = sizeof info};
    assert_int_equal(hydra_encoder_probe(NULL, count, &info), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_encoder_probe(NULL, -1, &info), HYDRA_ERR_ARGUMENT);
    info.struct_size = 0;
    assert_int_equal(hydra_encoder_probe(NULL, 0, &info), HYDRA_ERR_ARGUMENT);
}

typedef struct job {
    pthread_t thread;
    hydra_context *context;
    uint32_t seed;
    uint64_t hash;
} job;

static void *run_job(void *argument)
{
    job *j = argument;
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(j->context, &c), HYDRA_OK);
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = 96;
    canvas.height_px = 128;
    assert_compose_ok(c, hydra_compose_set_canvas(c, &canvas));
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 400000;
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t seed = j->seed * 10 + i;
        test_add_picture(c, 150, 130, test_pixel_natural, &seed, &image);
    }
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.encoder = HYDRA_ENCODER_RAW;
    assert_compose_ok(c, hydra_compose_render_memory(c, &options));
    const void *data = NULL;
    size_t size;
    assert_int_equal(hydra_compose_output(c, &data, &size), HYDRA_OK);
    j->hash = test_hash(data, size);
    hydra_compose_free(c);
    return NULL;
}

/* Six renders at once on one pool of two workers: each as if it were alone. */
static void test_many_jobs_share_a_context(void **state)
{
    (void)state;
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.threads = 2;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    job alone[6];
    job together[6];
    for (uint32_t i = 0; i < 6; i++) {
        alone[i] = (job){.context = context, .seed = i};
        (void)run_job(&alone[i]);
    }
    for (uint32_t i = 0; i < 6; i++) {
        together[i] = (job){.context = context, .seed = i};
        assert_int_equal(pthread_create(&together[i].thread, NULL, run_job, &together[i]), 0);
    }
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(pthread_join(together[i].thread, NULL), 0);
        assert_int_equal(together[i].hash, alone[i].hash);
        assert_int_not_equal(together[i].hash, alone[(i + 1) % 6].hash);
    }
    hydra_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_is_harmless), cmocka_unit_test(test_null_arguments),
        cmocka_unit_test(test_context_options),  cmocka_unit_test(test_free_in_any_order),
        cmocka_unit_test(test_encoders),         cmocka_unit_test(test_many_jobs_share_a_context),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
