/* SPDX-License-Identifier: MIT */
/* The driver and its GPUs: what stands in the way, which devices, who may encode on them. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <libavutil/buffer.h>

#include "gpu_case.h"
#include "media/gpu_private.h"

/* ---- The driver ---- */

static void assert_listing(int32_t finding, const char *part)
{
    hy_gpu_fault fault;
    int32_t found = -1;
    hy_gpu *gpu = gpu_new_for(finding);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), finding);
    assert_int_equal(found, 0);
    assert_fault(&fault, finding, part);
    assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_H264, &fault), finding);
    assert_fault(&fault, finding, part);
    hy_gpu_device device;
    assert_false(hy_gpu_device_at(gpu, 0, &device));
    assert_int_equal(device.index, -1);
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

static void what_is_wrong_with_a_driver_has_a_class(void **state)
{
    static const struct {
        const char *setting;
        int32_t finding;
        const char *part;
    } cases[] = {
        {"api 11.0", HYDRA_PROBE_OLD_DRIVER, "470.57.02 (NVENC 11.1) or newer is needed"},
        {"api 11.0", HYDRA_PROBE_OLD_DRIVER, "found NVENC 11.0"},
        {"fault NvEncodeAPIGetMaxSupportedVersion=GENERIC", HYDRA_PROBE_BROKEN_DRIVER, "error 20"},
        {"fault NvEncodeAPICreateInstance=GENERIC", HYDRA_PROBE_BROKEN_DRIVER, "does not start"},
        {"fault cuInit=CUDA_SYSTEM_DRIVER_MISMATCH", HYDRA_PROBE_BROKEN_DRIVER,
         "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, 803"},
        {"fault cuInit=CUDA_COMPAT_NOT_SUPPORTED", HYDRA_PROBE_BROKEN_DRIVER, "cuda-compat"},
        {"fault cuInit=CUDA_UNKNOWN", HYDRA_PROBE_BROKEN_DRIVER, "999"},
        {"fault cuInit=CUDA_NO_DEVICE", HYDRA_PROBE_NO_GPU, "--gpus all"},
        {"gpus", HYDRA_PROBE_NO_GPU, "NVIDIA_VISIBLE_DEVICES"},
        {"fault cuDeviceGetCount=CUDA_UNKNOWN", HYDRA_PROBE_BROKEN_DRIVER, "nvidia-smi"},
        {"fault cuDeviceGet=CUDA_UNKNOWN", HYDRA_PROBE_BROKEN_DRIVER, "does not list"},
        {"fault cuInit=hang", HYDRA_PROBE_STALLED, "gave no answer"},
        {"fault cuDeviceGet=hang", HYDRA_PROBE_STALLED, "gave no answer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(standin_reset(state), 0);
        assert_int_equal(control("hang_ms 1500"), 0);
        assert_int_equal(control("%s", cases[i].setting), 0);
        double start = seconds();
        assert_listing(cases[i].finding, cases[i].part);
        assert_true(seconds() - start < 10);
    }
}

static void a_failure_is_kept_for_a_while(void **state)
{
    (void)state;
    hy_gpu_fault fault;
    int32_t found;
    hy_gpu *gpu = gpu_new(NULL, 3);
    assert_int_equal(control("fault cuInit=CUDA_UNKNOWN"), 0);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_BROKEN_DRIVER);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_BROKEN_DRIVER);
    assert_fault(&fault, HYDRA_PROBE_BROKEN_DRIVER, "does not start");
    assert_int_equal(count("cuInit"), 1);
    double left = gpu->locked.list.until_s - hy_clock_s();
    assert_true(left > 280 && left <= 300);
    gpu->locked.list.until_s = hy_clock_s(); /* five minutes later */
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_OK);
    assert_int_equal(count("cuInit"), 2);
    hy_gpu_unref(gpu);
    gpu = gpu_new(NULL, 3);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_OK);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_OK);
    assert_int_equal(count("cuInit"), 3);
    hy_gpu_unref(gpu);
    hy_gpu_unref(NULL);
}

/* Many GPUs that sleep take long to wake up: an answer that comes late is one. */
static void a_driver_that_is_slow_is_asked_again(void **state)
{
    (void)state;
    hy_gpu_fault fault;
    int32_t found;
    hy_gpu *gpu = gpu_new_for(HYDRA_PROBE_STALLED);
    assert_int_equal(control("fault cuInit=hang"), 0);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_STALLED);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_STALLED);
    assert_int_equal(count("cuInit"), 1); /* not while it hangs */
    assert_int_equal(control("release"), 0);
    double start = seconds();
    while (!test_only_own_threads() && seconds() - start < 20) {
        (void)usleep(1000);
    }
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_OK);
    assert_int_equal(found, 1);
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

static void *count_devices(void *user)
{
    hy_gpu_fault fault;
    int32_t found = 0;
    (void)hy_gpu_count(user, &found, &fault);
    return (void *)(intptr_t)found;
}

static void many_threads_list_once(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    assert_int_equal(control("fault cuInit=sleep:100"), 0);
    pthread_t threads[6];
    for (int i = 0; i < 6; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_devices, gpu), 0);
    }
    for (int i = 0; i < 6; i++) {
        void *found;
        assert_int_equal(pthread_join(threads[i], &found), 0);
        assert_int_equal((intptr_t)found, 1);
    }
    assert_int_equal(count("cuInit"), 1);
    hy_gpu_unref(gpu);
}

/* ---- Devices ---- */

#define TWO_GPUS                                                                                   \
    "gpus Tesla T4:7.5:mem=15360,uuid=GPU-8932f937-d72c-4106-c12f-20bd9faed9f6;"                   \
    "NVIDIA L4:8.9:mem=23034,uuid=GPU-1111f937-d72c-4106-c12f-20bd9faed9f7"

static void a_device_that_tells_nothing_is_used(void **state)
{
    (void)state;
    assert_int_equal(control("fault cuDeviceGetName=CUDA_UNKNOWN;cuDeviceGetUuid=CUDA_UNKNOWN;"
                             "cuDeviceTotalMem_v2=CUDA_UNKNOWN"),
                     0);
    hy_gpu_fault fault;
    hy_gpu_device device;
    int32_t found;
    hy_gpu *gpu = gpu_new(NULL, 3);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_OK);
    assert_int_equal(found, 1);
    assert_true(hy_gpu_device_at(gpu, 0, &device));
    assert_string_equal(device.name, "without a name");
    assert_string_equal(device.uuid, "");
    assert_int_equal(device.memory_bytes, 0);
    hy_gpu_unref(gpu);
}

static void devices_have_their_names(void **state)
{
    (void)state;
    assert_int_equal(control(TWO_GPUS), 0);
    assert_int_equal(control("cuda 12.4"), 0);
    hy_gpu_fault fault;
    hy_gpu_device device;
    int32_t found;
    hy_gpu *gpu = gpu_new(NULL, 3);
    assert_false(hy_gpu_device_at(gpu, 0, &device)); /* nothing is loaded before it is asked for */
    assert_int_equal(count("calls"), 0);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_OK);
    assert_int_equal(found, 2);
    assert_true(hy_gpu_device_at(gpu, 1, &device));
    assert_int_equal(device.index, 1);
    assert_string_equal(device.name, "NVIDIA L4");
    assert_string_equal(device.uuid, "GPU-1111f937-d72c-4106-c12f-20bd9faed9f7");
    assert_int_equal(device.memory_bytes, INT64_C(23034) << 20);
    assert_int_equal(device.driver_version, 12040);
    assert_int_equal(device.sessions, 0);
    assert_int_equal(device.session_limit, 3);
    assert_int_equal(hy_gpu_stall_us(gpu), 10000000); /* as docs/gpu.md tells */
    assert_false(hy_gpu_device_at(gpu, 2, &device));
    assert_false(hy_gpu_device_at(gpu, -1, &device));
    hy_gpu_unref(gpu);
    assert_int_equal(control("cuda 11.4"), 0);
}

static void a_device_is_chosen_by_index_or_uuid(void **state)
{
    (void)state;
    static const struct {
        const char *wanted;
        const char *name; /* NULL = none */
    } cases[] = {
        {"0", "Tesla T4"},
        {"1", "NVIDIA L4"},
        {"GPU-8932f937-d72c-4106-c12f-20bd9faed9f6", "Tesla T4"},
        {"gpu-1111", "NVIDIA L4"},
        {"2", NULL},
        {"GPU-2", NULL},
        {"L4", NULL},
        {"", NULL},
    };
    assert_int_equal(control(TWO_GPUS), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_gpu_fault fault;
        hy_gpu_device device;
        int32_t found;
        hy_gpu *gpu = gpu_new(cases[i].wanted, 3);
        int32_t finding = hy_gpu_count(gpu, &found, &fault);
        if (cases[i].name) {
            assert_int_equal(finding, HYDRA_PROBE_OK);
            assert_int_equal(found, 1);
            assert_true(hy_gpu_device_at(gpu, 0, &device));
            assert_string_equal(device.name, cases[i].name);
        } else {
            assert_fault(&fault, HYDRA_PROBE_NO_GPU,
                         "0 Tesla T4 GPU-8932f937-d72c-4106-c12f-20bd9faed9f6, 1 NVIDIA L4");
        }
        hy_gpu_unref(gpu);
    }
    hy_gpu_fault fault;
    int32_t found;
    int64_t calls = count("calls");
    hy_gpu *gpu = gpu_new("none", 3);
    assert_int_equal(hy_gpu_count(gpu, &found, &fault), HYDRA_PROBE_SWITCHED_OFF);
    assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_HEVC, &fault), HYDRA_PROBE_SWITCHED_OFF);
    assert_int_equal(count("calls"), calls);
    hy_gpu_unref(gpu);
}

/* ---- Sessions ---- */

static hy_gpu_session *acquire(hy_gpu *gpu, int64_t wait_us, int32_t device, uint64_t excluded)
{
    hy_gpu_fault fault;
    hy_gpu_session *session = NULL;
    const hy_gpu_want want = {HYDRA_CODEC_H264, device, excluded, wait_us, NULL};
    if (hy_gpu_acquire(gpu, &want, &session, &fault) != HYDRA_PROBE_OK) {
        fail_msg("%s", fault.text);
    }
    return session;
}

static void assert_refused(hy_gpu *gpu, const hy_gpu_want *want, int32_t finding, const char *part)
{
    hy_gpu_fault fault;
    hy_gpu_session *session = NULL;
    assert_int_equal(hy_gpu_acquire(gpu, want, &session, &fault), finding);
    assert_fault(&fault, finding, part);
    assert_null(session);
}

static void sessions_spread_over_devices(void **state)
{
    (void)state;
    assert_int_equal(control(TWO_GPUS), 0);
    hy_gpu *gpu = gpu_new(NULL, 2);
    hy_gpu_session *sessions[4];
    static const int32_t expected[] = {0, 1, 0, 1};
    hy_gpu_device device;
    for (int i = 0; i < 4; i++) {
        sessions[i] = acquire(gpu, 0, -1, 0);
        assert_int_equal(hy_gpu_session_device(sessions[i]), expected[i]);
    }
    assert_true(hy_gpu_device_at(gpu, 1, &device));
    assert_int_equal(device.sessions, 2);
    hy_gpu_want want = {HYDRA_CODEC_H264, -1, 0, 0, NULL};
    assert_refused(gpu, &want, HYDRA_PROBE_BUSY, "every session");
    hy_gpu_release(sessions[1]);
    sessions[1] = acquire(gpu, 0, -1, 1);
    assert_int_equal(hy_gpu_session_device(sessions[1]), 1);
    want.excluded = 3;
    assert_refused(gpu, &want, HYDRA_PROBE_NO_GPU, "no other GPU");
    want.excluded = 0;
    want.device = 1;
    assert_refused(gpu, &want, HYDRA_PROBE_BUSY, "gpu_sessions");
    for (int i = 0; i < 4; i++) {
        hy_gpu_release(sessions[i]);
    }
    hy_gpu_release(NULL);
    hy_gpu_unref(gpu);
}

typedef struct turn {
    hy_gpu *gpu;
    pthread_t thread;
    atomic_int *order;
    atomic_bool *may_end;
    int place;
} turn;

static void *take_turn(void *user)
{
    turn *t = user;
    hy_gpu_session *session = acquire(t->gpu, 60000000, -1, 0);
    t->place = atomic_fetch_add(t->order, 1);
    while (!atomic_load(t->may_end)) {
        (void)usleep(1000);
    }
    hy_gpu_release(session);
    return NULL;
}

/* Until so many wait for a session. */
static void wait_for_queue(hy_gpu *gpu, int expected)
{
    int length = -1;
    while (length != expected) {
        length = 0;
        (void)usleep(1000);
        (void)pthread_mutex_lock(&gpu->mutex);
        for (const hy_gpu_waiter *w = gpu->locked.first; w; w = w->next) {
            length++;
        }
        (void)pthread_mutex_unlock(&gpu->mutex);
    }
}

static void who_waits_is_served_in_order(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 1);
    hy_gpu_session *first = acquire(gpu, 0, -1, 0);
    atomic_int order;
    atomic_bool may_end;
    atomic_init(&order, 0);
    atomic_init(&may_end, false);
    turn turns[5];
    for (int i = 0; i < 5; i++) {
        turns[i] = (turn){.gpu = gpu, .order = &order, .may_end = &may_end};
        assert_int_equal(pthread_create(&turns[i].thread, NULL, take_turn, &turns[i]), 0);
        wait_for_queue(gpu, i + 1);
    }
    const hy_gpu_want hasty = {HYDRA_CODEC_H264, -1, 0, 0, NULL};
    hy_gpu_release(first);
    assert_refused(gpu, &hasty, HYDRA_PROBE_BUSY, "in use"); /* not before those who wait */
    atomic_store(&may_end, true);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(pthread_join(turns[i].thread, NULL), 0);
        assert_int_equal(turns[i].place, i);
    }
    hy_gpu_unref(gpu);
}

static void a_wait_ends_in_time(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 1);
    hy_gpu_session *first = acquire(gpu, 0, -1, 0);
    hy_gpu_want want = {HYDRA_CODEC_H264, -1, 0, 120000, NULL};
    double start = seconds();
    assert_refused(gpu, &want, HYDRA_PROBE_BUSY, "in use");
    assert_true(seconds() - start >= 0.12 && seconds() - start < 5);
    hy_cancel cancel;
    hy_cancel_init(&cancel, 50000);
    want.cancel = &cancel;
    want.wait_us = INT64_MAX;
    assert_refused(gpu, &want, HYDRA_PROBE_BUSY, "in use");
    assert_true(seconds() - start < 10);
    hy_gpu_release(first);
    hy_gpu_unref(gpu);
}

static void what_sessions_met_is_known(void **state)
{
    (void)state;
    assert_int_equal(control(TWO_GPUS), 0);
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_gpu_session *session = acquire(gpu, 0, 0, 0);
    hy_gpu_fault fault;
    static const int32_t passing[] = {HYDRA_PROBE_OK, HYDRA_PROBE_NOT_SUPPORTED, HYDRA_PROBE_BUSY,
                                      HYDRA_PROBE_NO_MEMORY};
    const hy_gpu_want want = {HYDRA_CODEC_H264, 0, 0, 0, NULL};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        hy_gpu_report(session, HYDRA_CODEC_H264, &(hy_gpu_fault){passing[i], "passes"});
        hy_gpu_release(acquire(gpu, 0, 0, 0));
    }
    hy_gpu_report(session, HYDRA_CODEC_H264, &(hy_gpu_fault){HYDRA_PROBE_NO_ENCODER, "has none"});
    assert_refused(gpu, &want, HYDRA_PROBE_NO_ENCODER, "has none");
    hy_gpu_session *other = acquire(gpu, 0, -1, 0);
    assert_int_equal(hy_gpu_session_device(other), 1);
    assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_H264, &fault), HYDRA_PROBE_OK);
    hy_gpu_report(other, HYDRA_CODEC_H264, &(hy_gpu_fault){HYDRA_PROBE_FAILED, "a bug"});
    assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_H264, &fault), HYDRA_PROBE_NO_ENCODER);
    assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_HEVC, &fault), HYDRA_PROBE_OK);
    gpu->locked.slots[1].codecs[HYDRA_CODEC_H264].until_s = hy_clock_s(); /* five minutes later */
    assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_H264, &fault), HYDRA_PROBE_OK);
    hy_gpu_report(other, HYDRA_CODEC_HEVC, &(hy_gpu_fault){HYDRA_PROBE_STALLED, "no answer"});
    hy_gpu_report(session, HYDRA_CODEC_HEVC, &(hy_gpu_fault){HYDRA_PROBE_LOST, "it fell off"});
    assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_HEVC, &fault), HYDRA_PROBE_LOST);
    assert_fault(&fault, HYDRA_PROBE_LOST, "not used any more by this context: it fell off");
    hy_gpu_release(session);
    hy_gpu_release(other);
    hy_gpu_unref(gpu);
}

static void a_device_has_one_context(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new(NULL, 3);
    hy_gpu_session *a = acquire(gpu, 0, -1, 0);
    hy_gpu_session *b = acquire(gpu, 0, -1, 0);
    AVBufferRef *first;
    AVBufferRef *second;
    hy_gpu_fault fault;
    assert_int_equal(hy_gpu_session_cuda(a, &first, &fault), HYDRA_PROBE_OK);
    assert_int_equal(hy_gpu_session_cuda(b, &second, &fault), HYDRA_PROBE_OK);
    assert_ptr_equal(first->data, second->data);
    assert_int_equal(count("contexts"), 1);
    av_buffer_unref(&first);
    av_buffer_unref(&second);
    hy_gpu_release(a);
    hy_gpu_release(b);
    assert_int_equal(count("contexts"), 1); /* for the next job */
    hy_gpu_unref(gpu);
    assert_nothing_left();
}

static void contexts_that_fail_have_a_class(void **state)
{
    static const struct {
        const char *fault;
        int32_t finding;
        const char *part;
    } cases[] = {
        {"fault cuCtxCreate_v2=CUDA_OOM", HYDRA_PROBE_NO_MEMORY, "no video memory left"},
        {"fault cuCtxCreate_v2=46", HYDRA_PROBE_BUSY, "set the compute mode"},
        {"fault cuCtxCreate_v2=808", HYDRA_PROBE_BUSY, "(MPS)"},
        {"fault cuCtxCreate_v2=CUDA_ECC", HYDRA_PROBE_LOST, "CUDA_ERROR_ECC_UNCORRECTABLE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(standin_reset(state), 0);
        hy_gpu *gpu = gpu_new(NULL, 3);
        hy_gpu_session *session = acquire(gpu, 0, -1, 0);
        AVBufferRef *cuda;
        hy_gpu_fault fault;
        assert_int_equal(control("%s", cases[i].fault), 0);
        assert_int_equal(hy_gpu_session_cuda(session, &cuda, &fault), cases[i].finding);
        assert_fault(&fault, cases[i].finding, cases[i].part);
        assert_null(cuda);
        hy_gpu_release(session);
        hy_gpu_unref(gpu);
        assert_nothing_left();
    }
}

static void the_end_does_not_hang(void **state)
{
    (void)state;
    hy_gpu *gpu = gpu_new_for(HYDRA_PROBE_STALLED);
    hy_gpu_session *session = acquire(gpu, 0, -1, 0);
    AVBufferRef *cuda;
    hy_gpu_fault fault;
    assert_int_equal(hy_gpu_session_cuda(session, &cuda, &fault), HYDRA_PROBE_OK);
    av_buffer_unref(&cuda);
    hy_gpu_release(session);
    assert_int_equal(control("fault cuCtxDestroy_v2=hang"), 0);
    double start = seconds();
    hy_gpu_unref(gpu);
    assert_true(seconds() - start < 10);
    assert_int_equal(control("release"), 0);
    assert_nothing_left();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_wrong_with_a_driver_has_a_class, standin_reset),
        cmocka_unit_test_setup(a_failure_is_kept_for_a_while, standin_reset),
        cmocka_unit_test_setup(a_driver_that_is_slow_is_asked_again, standin_reset),
        cmocka_unit_test_setup(many_threads_list_once, standin_reset),
        cmocka_unit_test_setup(a_device_that_tells_nothing_is_used, standin_reset),
        cmocka_unit_test_setup(devices_have_their_names, standin_reset),
        cmocka_unit_test_setup(a_device_is_chosen_by_index_or_uuid, standin_reset),
        cmocka_unit_test_setup(sessions_spread_over_devices, standin_reset),
        cmocka_unit_test_setup(who_waits_is_served_in_order, standin_reset),
        cmocka_unit_test_setup(a_wait_ends_in_time, standin_reset),
        cmocka_unit_test_setup(what_sessions_met_is_known, standin_reset),
        cmocka_unit_test_setup(a_device_has_one_context, standin_reset),
        cmocka_unit_test_setup(contexts_that_fail_have_a_class, standin_reset),
        cmocka_unit_test_setup(the_end_does_not_hang, standin_reset),
    };
    return cmocka_run_group_tests(tests, standin_open, NULL);
}
