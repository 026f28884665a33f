/* SPDX-License-Identifier: MIT */
/* What can be made to go wrong in the stand-in, and what an application sees of it. */
#include <errno.h>
#include <libavutil/error.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "encode_job.h"

static const char *const encoders[] = {"h264_nvenc", "hevc_nvenc"};

/* Runs it, frees the stream. */
static struct encode_result run(const struct encode_job *job)
{
    struct encode_result result = encode_run(job);

    encode_result_free(&result);
    return result;
}

static void assert_works(void)
{
    const struct encode_job job = {.frames = 5};
    const struct encode_result result = run(&job);

    assert_encoded(&result, 5);
    assert_int_equal(count("leaks"), 0);
}

struct failure {
    const char *setting;
    enum job_device device;
    const char *options;
    enum job_stage stage;
    int error; /* AVERROR; 0: any */
};

static void check_failure(const struct failure *failure)
{
    const struct encode_job job = {.device = failure->device, .options = failure->options};

    standin_reset(NULL);
    assert_int_equal(control("%s", failure->setting), 0);
    const struct encode_result result = run(&job);
    if (result.stage != failure->stage || !result.error ||
        (failure->error && result.error != failure->error))
        fail_msg("%s: stage %d, %s", failure->setting, result.stage, av_err2str(result.error));
    assert_int_equal(count("leaks"), 0);
    standin_reset(NULL);
    assert_works();
}

static void fails_at_start(void **state)
{
    static const struct failure failures[] = {
        {"api 11.0", DEVICE_OF_ENCODER, NULL, STAGE_OPEN, AVERROR(ENOSYS)},
        {"api 11.0", DEVICE_SHARED, NULL, STAGE_OPEN, AVERROR(ENOSYS)},
        {"gpus ", DEVICE_OF_ENCODER, NULL, STAGE_OPEN, AVERROR_UNKNOWN},
        {"gpus ", DEVICE_SHARED, NULL, STAGE_DEVICE, AVERROR_EXTERNAL},
        {"gpus NVIDIA A100:8.0:nonvenc", DEVICE_OF_ENCODER, NULL, STAGE_OPEN, AVERROR_EXTERNAL},
        {"gpus NVIDIA A100:8.0:nonvenc", DEVICE_SHARED, NULL, STAGE_OPEN, AVERROR(ENOSYS)},
        {"fault cuInit+=100", DEVICE_SHARED, NULL, STAGE_DEVICE, AVERROR_EXTERNAL},
        {"fault cuInit+=CUDA_SYSTEM_DRIVER_MISMATCH", DEVICE_SHARED, NULL, STAGE_DEVICE,
         AVERROR_EXTERNAL},
        {"fault cuInit+=804", DEVICE_OF_ENCODER, NULL, STAGE_OPEN, AVERROR_UNKNOWN},
        {"fault cuInit+=999", DEVICE_SHARED, NULL, STAGE_DEVICE, AVERROR_EXTERNAL},
        {"fault cuCtxCreate_v2=CUDA_OOM", DEVICE_SHARED, NULL, STAGE_DEVICE, 0},
        {"fault nvEncOpenEncodeSessionEx=OUT_OF_MEMORY", DEVICE_OF_ENCODER, NULL, STAGE_OPEN,
         AVERROR_EXTERNAL},
        {"fault nvEncOpenEncodeSessionEx=OUT_OF_MEMORY", DEVICE_SHARED, NULL, STAGE_OPEN,
         AVERROR(ENOMEM)},
        {"fault nvEncInitializeEncoder=OUT_OF_MEMORY", DEVICE_SHARED, NULL, STAGE_OPEN,
         AVERROR(ENOMEM)},
        {"fault nvEncCreateBitstreamBuffer@3=OUT_OF_MEMORY", DEVICE_SHARED, NULL, STAGE_OPEN,
         AVERROR(ENOMEM)},
        {"caps h264.CODEC=0", DEVICE_SHARED, NULL, STAGE_OPEN, 0},
        {"caps BREF=0", DEVICE_SHARED, "b_ref_mode=middle", STAGE_OPEN, AVERROR(ENOSYS)},
        {"caps hevc.TEMPORAL_AQ=1,h264.TEMPORAL_AQ=0", DEVICE_SHARED, "temporal-aq=1", STAGE_OPEN,
         AVERROR(ENOSYS)},
        {"vram_mb 1", DEVICE_SHARED, NULL, STAGE_OPEN, AVERROR(ENOMEM)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
        check_failure(&failures[i]);
}

static void fails_on_the_way(void **state)
{
    static const struct failure failures[] = {
        {"fault nvEncEncodePicture@1=GENERIC", DEVICE_SHARED, NULL, STAGE_SEND, AVERROR_UNKNOWN},
        {"fault nvEncEncodePicture@20+=DEVICE_NOT_EXIST", DEVICE_SHARED, NULL, STAGE_SEND, 0},
        {"fault nvEncLockInputBuffer@20=INVALID_PARAM", DEVICE_SHARED, NULL, STAGE_SEND, 0},
        {"fault nvEncLockBitstream@10=GENERIC", DEVICE_SHARED, NULL, STAGE_SEND, 0},
        {"fault nvEncLockBitstream@30=GENERIC", DEVICE_SHARED, NULL, STAGE_RECEIVE, 0},
        {"fault nvEncMapInputResource@20=MAP_FAILED", DEVICE_FRAMES, NULL, STAGE_SEND, 0},
        {"fault cuMemAlloc_v2@2=CUDA_OOM", DEVICE_FRAMES, NULL, STAGE_UPLOAD, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++)
        check_failure(&failures[i]);
}

static void next_gpu_takes_over(void **state)
{
    (void)state;
    assert_int_equal(control("gpus NVIDIA A100:8.0:nonvenc;Tesla T4:7.5"), 0);
    assert_works();
    assert_int_equal(count("nvEncOpenEncodeSessionEx"), 2);
}

static void device_is_lost(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        const struct encode_job job = {.encoder = encoders[i], .device = DEVICE_SHARED};
        assert_int_equal(control("fault nvEncLockBitstream@7=lost"), 0);
        const struct encode_result result = run(&job);
        assert_true(result.error);
        assert_true(count("sessions") > 0); /* nothing could be closed */
        assert_int_equal(control("reset"), 0);
        assert_int_equal(control("purge"), 0);
        assert_works();
    }
}

static void *run_job(void *argument)
{
    const struct encode_job job = {.device = DEVICE_SHARED};

    *(struct encode_result *)argument = run(&job);
    return NULL;
}

static void hanging_call_is_released(void **state)
{
    struct encode_result result;
    pthread_t thread;

    (void)state;
    assert_int_equal(control("fault nvEncLockBitstream@5+=hang"), 0);
    assert_int_equal(pthread_create(&thread, NULL, run_job, &result), 0);
    const double end = seconds() + 30;
    while (!count("hanging") && seconds() < end)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    assert_int_equal(count("hanging"), 1);
    assert_int_equal(control("release"), 0);
    pthread_join(thread, NULL);
    assert_encoded(&result, 30);
}

static void hanging_ends_by_itself(void **state)
{
    (void)state;
    assert_int_equal(control("hang_ms 200"), 0);
    assert_int_equal(control("fault nvEncLockBitstream@3=hang"), 0);
    const double start = seconds();
    assert_works();
    assert_true(seconds() - start >= 0.19);
}

static void sessions_are_limited(void **state)
{
    static const char *const limits[] = {"max_sessions 1", "max_sessions_per_gpu 1"};

    (void)state;
    for (int i = 0; i < 4; i++) {
        const bool two_gpus = i >= 2;
        struct encode_result first;
        pthread_t thread;

        standin_reset(NULL);
        if (two_gpus)
            assert_int_equal(control("gpus Tesla T4:7.5;Tesla T4:7.5"), 0);
        assert_int_equal(control("%s", limits[i % 2]), 0);
        assert_int_equal(control("fault nvEncEncodePicture@3=hang"), 0);
        assert_int_equal(pthread_create(&thread, NULL, run_job, &first), 0);
        while (!count("hanging"))
            nanosleep(&(struct timespec){0, 1000000}, NULL);
        const struct encode_job job = {.frames = 5};
        const struct encode_result second = run(&job);
        assert_int_equal(control("release"), 0);
        pthread_join(thread, NULL);
        assert_encoded(&first, 30);
        /* libavcodec goes on to the second GPU, which has a session of its own to give. */
        if (two_gpus && i % 2)
            assert_encoded(&second, 5);
        else
            assert_int_equal(second.error, AVERROR_EXTERNAL);
    }
}

/* Each call of a whole job fails once: all ends well, and nothing stays behind. */
static void any_call_may_fail(void **state)
{
    const struct encode_job job = {
        .frames = 4, .width = 160, .height = 64, .device = DEVICE_SHARED};

    (void)state;
    assert_int_equal(control("encoder null"), 0);
    assert_int_equal(control("packet_bytes 100"), 0);
    run(&job);
    const long long calls = count("calls");
    assert_true(calls > 50);
    for (long long i = 1; i <= calls; i++) {
        assert_int_equal(control("reset"), 0);
        assert_int_equal(control("fault *@%lld=8", i), 0);
        run(&job);
        control("purge");
    }
    assert_int_equal(control("reset"), 0);
    assert_works();
}

/* Faults by chance: the same from the same seed. */
static void chance_follows_the_seed(void **state)
{
    const struct encode_job job = {.frames = 100, .device = DEVICE_SHARED};
    int sent[100], failed = 0, different = 0;

    (void)state;
    assert_int_equal(control("encoder null"), 0);
    assert_int_equal(control("packet_bytes 100"), 0);
    for (int i = 0; i < 120; i++) {
        assert_int_equal(control("reset"), 0);
        assert_int_equal(control("seed %d", i % 100 + 1), 0);
        assert_int_equal(control("fault nvEncEncodePicture%%10=GENERIC"), 0);
        const struct encode_result result = run(&job);
        assert_int_equal(count("leaks"), 0);
        failed += result.error != 0;
        if (i >= 100)
            assert_int_equal(result.sent, sent[i - 100]);
        else
            sent[i] = result.sent;
        different += i < 100 && result.sent != sent[0];
    }
    assert_in_range(failed, 40, 110);
    assert_in_range(different, 50, 99);
}

static void describes_its_gpus(void **state)
{
    int (*init)(unsigned);
    int (*name_of)(char *, int, int);
    int (*uuid_of)(unsigned char *, int);
    int (*pci_of)(char *, int, int);
    int (*memory_of)(size_t *, int);
    char text[64];
    unsigned char uuid[16];
    size_t bytes;

    (void)state;
    *(void **)&init = standin_symbol("cuInit");
    *(void **)&name_of = standin_symbol("cuDeviceGetName");
    *(void **)&uuid_of = standin_symbol("cuDeviceGetUuid");
    *(void **)&pci_of = standin_symbol("cuDeviceGetPCIBusId");
    *(void **)&memory_of = standin_symbol("cuDeviceTotalMem_v2");
    assert_int_equal(control("gpus Tesla T4:7.5;NVIDIA L4:8.9:mem=100,pci=0:af:3,"
                             "uuid=GPU-00112233-4455-6677-8899-aabbccddeeff"),
                     0);
    assert_int_equal(init(0), 0);
    assert_int_equal(name_of(text, sizeof(text), 1), 0);
    assert_string_equal(text, "NVIDIA L4");
    assert_int_equal(pci_of(text, sizeof(text), 1), 0);
    assert_string_equal(text, "0000:AF:03.0");
    assert_int_equal(uuid_of(uuid, 1), 0);
    assert_int_equal(uuid[0] << 8 | uuid[15], 0x00ff);
    assert_int_equal(memory_of(&bytes, 1), 0);
    assert_int_equal(bytes, 100 << 20);
    assert_int_equal(name_of(text, sizeof(text), 2), 101);
}

static void refuses_what_it_does_not_know(void **state)
{
    static const char *const commands[] = {
        "",
        "nothing",
        "gpus Tesla",
        "gpus Tesla T4:7.5:colour=red",
        "fault nvEncEncodePicture",
        "fault nvEncEncodePicture=NO_SUCH_RESULT",
        "fault nvEncEncodePicture@x=GENERIC",
        "engines 0",
        "fps fast",
        "encoder something",
        "max_sessions -1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        assert_int_equal(control("%s", commands[i]), -1);
    assert_works();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fails_at_start, standin_reset),
        cmocka_unit_test_setup(fails_on_the_way, standin_reset),
        cmocka_unit_test_setup(next_gpu_takes_over, standin_reset),
        cmocka_unit_test_setup(device_is_lost, standin_reset),
        cmocka_unit_test_setup(hanging_call_is_released, standin_reset),
        cmocka_unit_test_setup(hanging_ends_by_itself, standin_reset),
        cmocka_unit_test_setup(sessions_are_limited, standin_reset),
        cmocka_unit_test_setup(any_call_may_fail, standin_reset),
        cmocka_unit_test_setup(chance_follows_the_seed, standin_reset),
        cmocka_unit_test_setup(describes_its_gpus, standin_reset),
        cmocka_unit_test_setup(refuses_what_it_does_not_know, standin_reset),
    };

    return cmocka_run_group_tests(tests, standin_open, NULL);
}
