/* SPDX-License-Identifier: MIT */
/* The public calls about GPUs on the stand-in: findings, sessions in use, the bench. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <hydra/hydra.h>

static hydra_context *one_session(void)
{
    hydra_context_options options;
    hydra_context *context = NULL;
    hydra_context_options_init(&options);
    options.gpu_sessions = 1;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    return context;
}

static hydra_gpu_info first_gpu(hydra_context *context)
{
    hydra_gpu_info info = {.struct_size = sizeof info};
    assert_int_equal(hydra_gpu_probe(context, 0, &info), HYDRA_OK);
    return info;
}

static hydra_bench_options bench_of(int32_t encoder, int64_t duration_us)
{
    hydra_bench_options options;
    hydra_bench_options_init(&options);
    options.encoder = encoder;
    options.width_px = 320;
    options.height_px = 240;
    options.duration_us = duration_us;
    return options;
}

static void gpu_is_described(void **state)
{
    (void)state;
    int32_t count = 0;
    assert_int_equal(hydra_gpu_count(NULL, &count), HYDRA_OK);
    assert_int_equal(count, 1);
    hydra_gpu_info info = first_gpu(NULL);
    assert_string_equal(info.name, "Tesla T4");
    assert_string_equal(info.reason, "");
    assert_int_equal(info.index, 0);
    assert_int_equal(info.finding_h264, HYDRA_PROBE_OK);
    assert_int_equal(info.finding_hevc, HYDRA_PROBE_OK);
    assert_int_equal(info.sessions, 0);
    assert_int_equal(info.session_limit, 3);
    assert_int_equal(info.memory_bytes, INT64_C(15360) << 20);
    assert_int_equal(hydra_gpu_probe(NULL, 1, &info), HYDRA_ERR_ARGUMENT);
}

static void bench_takes_the_gpu_by_itself(void **state)
{
    (void)state;
    hydra_bench_options options = bench_of(HYDRA_ENCODER_AUTO, 50000);
    hydra_bench_result result = {.struct_size = sizeof result};
    for (options.codec = HYDRA_CODEC_H264; options.codec <= HYDRA_CODEC_HEVC; options.codec++) {
        assert_int_equal(hydra_encoder_bench(NULL, &options, &result), HYDRA_OK);
        assert_int_equal(result.encoder, HYDRA_ENCODER_NVENC);
        assert_true(result.frames > 0 && result.first_packet_s > 0);
    }
}

typedef struct long_bench {
    hydra_context *context;
    hydra_status status;
    hydra_bench_result result;
} long_bench;

static void *run_long_bench(void *argument)
{
    long_bench *bench = argument;
    hydra_bench_options options = bench_of(HYDRA_ENCODER_NVENC, 2000000);
    bench->result.struct_size = sizeof bench->result;
    bench->status = hydra_encoder_bench(bench->context, &options, &bench->result);
    return NULL;
}

/* Until the other thread holds its session, which it then does for two seconds. */
static void wait_for_session(hydra_context *context)
{
    const struct timespec moment = {.tv_nsec = 2000000};
    for (int i = 0; i < 15000; i++) {
        if (first_gpu(context).sessions == 1) {
            return;
        }
        (void)nanosleep(&moment, NULL);
    }
    fail_msg("no session was taken");
}

static void sessions_are_shared_out(void **state)
{
    (void)state;
    long_bench other = {.context = one_session()};
    pthread_t thread;
    hydra_bench_result result = {.struct_size = sizeof result};
    assert_int_equal(first_gpu(other.context).session_limit, 1);
    assert_int_equal(pthread_create(&thread, NULL, run_long_bench, &other), 0);
    wait_for_session(other.context);

    hydra_bench_options strict = bench_of(HYDRA_ENCODER_NVENC, 50000);
    strict.deadline_us = 100000;
    hydra_status status = hydra_encoder_bench(other.context, &strict, &result);
    assert_true(status == HYDRA_ERR_BUSY || status == HYDRA_ERR_DEADLINE);
    assert_true(result.reason[0] != '\0');

    hydra_bench_options any = bench_of(HYDRA_ENCODER_AUTO, 50000);
    assert_int_equal(hydra_encoder_bench(other.context, &any, &result), HYDRA_OK);
    assert_int_equal(result.encoder, HYDRA_ENCODER_X264);

    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(other.status, HYDRA_OK);
    assert_int_equal(first_gpu(other.context).sessions, 0);
    hydra_context_free(other.context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gpu_is_described),
        cmocka_unit_test(bench_takes_the_gpu_by_itself),
        cmocka_unit_test(sessions_are_shared_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
