/* SPDX-License-Identifier: MIT */
/* What the stand-in codes, through libavcodec: pictures, order, headers, bytes, and the time it
 * takes. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "encode_job.h"

static const char *const encoders[] = {"h264_nvenc", "hevc_nvenc"};

/* Encodes, decodes and compares. */
static struct encode_result check_job(const struct encode_job *job, bool grey, double allowed)
{
    const int frames = job->frames ? job->frames : 30;
    double difference;

    struct encode_result result = encode_run(job);
    assert_encoded(&result, frames);
    assert_int_equal(decode_count(job, &result, grey, &difference), frames);
    if (difference > allowed)
        fail_msg("%s: differs by %f", job->encoder, difference);
    assert_int_equal(count("leaks"), 0);
    assert_int_equal(count("bytes"), 0);
    return result;
}

static void codes_pictures(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct encode_job job = {
            .encoder = encoders[i % 2],
            .options = "bf=2:preset=p4",
            .nv12 = i / 2,
        };
        struct encode_result result = check_job(&job, false, 4);
        assert_true(result.reordered);
        assert_int_equal(result.keys, 2);
        encode_result_free(&result);
    }
}

/* The surfaces that libavcodec makes do for the pictures that are held back. */
static void codes_any_count_of_b_frames(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        char options[64];
        const struct encode_job job = {.encoder = encoders[i % 2], .options = options};
        snprintf(options, sizeof(options), "preset=p1:bf=%d%s", i / 2, i < 2 ? ":delay=0" : "");
        struct encode_result result = check_job(&job, false, 4);
        assert_int_equal(result.reordered, i / 2 > 0);
        encode_result_free(&result);
    }
}

static void takes_all_options(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct encode_job job = {
            .encoder = encoders[i],
            .frames = 60,
            .device = DEVICE_SHARED,
            .options =
                "preset=p7:rc-lookahead=20:bf=3:b_ref_mode=middle:temporal-aq=1:cq=19:rc=vbr",
        };
        struct encode_result result = check_job(&job, false, 4);
        encode_result_free(&result);
    }
}

static void takes_frames_of_the_device(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct encode_job job = {.encoder = encoders[i], .device = DEVICE_FRAMES};
        control("reset");
        struct encode_result result = check_job(&job, false, 4);
        assert_true(count("nvEncRegisterResource") > 0);
        assert_int_equal(count("nvEncCreateInputBuffer"), 0);
        encode_result_free(&result);
    }
}

static void gives_global_headers(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct encode_job job = {.encoder = encoders[i % 2], .global_header = true};
        control("encoder%s", i / 2 ? " null" : "");
        struct encode_result result = encode_run(&job);
        assert_encoded(&result, 30);
        assert_true(result.extradata_bytes > 20);
        encode_result_free(&result);
    }
}

static void gives_equal_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct encode_job job = {.encoder = encoders[i], .options = "bf=2"};
        struct encode_result a = encode_run(&job), b = encode_run(&job);
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.stream, b.stream, a.size);
        encode_result_free(&a);
        encode_result_free(&b);
    }
}

static void null_encoder_shows_grey(void **state)
{
    static const int sizes[][2] = {{320, 240}, {322, 242}, {160, 64}};

    (void)state;
    assert_int_equal(control("encoder null"), 0);
    assert_int_equal(control("packet_bytes 4000"), 0);
    for (int i = 0; i < 6; i++) {
        const struct encode_job job = {
            .encoder = encoders[i % 2],
            .width = sizes[i / 2][0],
            .height = sizes[i / 2][1],
        };
        struct encode_result result = check_job(&job, true, 0);
        assert_in_range(result.size, 30 * 4000, 30 * 4100 + 2000);
        encode_result_free(&result);
    }
}

static double cpu_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void null_encoder_costs_no_cpu(void **state)
{
    const struct encode_job job = {
        .encoder = "hevc_nvenc",
        .width = 640,
        .height = 480,
        .frames = 60,
        .options = "preset=p7:cq=10",
    };

    (void)state;
    double before = cpu_seconds();
    struct encode_result result = encode_run(&job);
    const double coded = cpu_seconds() - before;
    encode_result_free(&result);
    assert_int_equal(control("encoder null"), 0);
    before = cpu_seconds();
    result = encode_run(&job);
    const double nothing = cpu_seconds() - before;
    assert_encoded(&result, 60);
    encode_result_free(&result);
    if (nothing > coded / 2)
        fail_msg("%f s against %f s", nothing, coded);
}

struct running {
    struct encode_job job;
    struct encode_result result;
    pthread_t thread;
};

static void *run_job(void *argument)
{
    struct running *running = argument;

    running->result = encode_run(&running->job);
    return NULL;
}

/* Two jobs of 100 frames at once: how long they take together. */
static double run_two(void)
{
    struct running running[2];
    const double start = seconds();

    for (int i = 0; i < 2; i++) {
        running[i].job = (struct encode_job){.encoder = encoders[i], .frames = 100};
        assert_int_equal(pthread_create(&running[i].thread, NULL, run_job, &running[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(running[i].thread, NULL);
        assert_encoded(&running[i].result, 100);
        encode_result_free(&running[i].result);
    }
    return seconds() - start;
}

/* Bounds from above are tried again: the machine may be busy. */
#define ATTEMPTS 5

static void sessions_share_an_engine(void **state)
{
    (void)state;
    assert_int_equal(control("encoder null"), 0);
    assert_int_equal(control("fps 100"), 0);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        assert_int_equal(control("engines 1"), 0);
        const double one_engine = run_two();
        assert_true(one_engine >= 200 / 100. - 0.02);
        assert_int_equal(control("engines 2"), 0);
        const double two_engines = run_two();
        assert_true(two_engines >= 100 / 100. - 0.02);
        if (one_engine - two_engines > 0.3)
            return;
    }
    fail_msg("two engines are no faster than one");
}

/* A queue of pictures is coded while the client does something else. */
static void engine_works_ahead(void **state)
{
    const struct encode_job job = {.frames = 4};

    (void)state;
    assert_int_equal(control("encoder null"), 0);
    assert_int_equal(control("fps 5"), 0);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        assert_int_equal(control("reset"), 0);
        assert_int_equal(control("fault nvEncLockBitstream@1=sleep:1000"), 0);
        const double start = seconds();
        struct encode_result result = encode_run(&job);
        const double time = seconds() - start;
        assert_encoded(&result, 4);
        encode_result_free(&result);
        if (time < 1.5)
            return;
    }
    fail_msg("the engine waited for its client");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(codes_pictures, standin_reset),
        cmocka_unit_test_setup(codes_any_count_of_b_frames, standin_reset),
        cmocka_unit_test_setup(takes_all_options, standin_reset),
        cmocka_unit_test_setup(takes_frames_of_the_device, standin_reset),
        cmocka_unit_test_setup(gives_global_headers, standin_reset),
        cmocka_unit_test_setup(gives_equal_bytes, standin_reset),
        cmocka_unit_test_setup(null_encoder_shows_grey, standin_reset),
        cmocka_unit_test_setup(null_encoder_costs_no_cpu, standin_reset),
        cmocka_unit_test_setup(sessions_share_an_engine, standin_reset),
        cmocka_unit_test_setup(engine_works_ahead, standin_reset),
    };

    return cmocka_run_group_tests(tests, standin_open, NULL);
}
