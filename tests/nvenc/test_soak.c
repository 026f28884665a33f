/* SPDX-License-Identifier: MIT */
/*
 * Two hundred jobs in one process, three at once, while the driver fails at random: each ends with
 * a correct video or with an error that says why, and nothing piles up: test_soak [SEED]. Faults
 * and jobs follow from the seed; which job a fault strikes is up to the threads.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render_case.h"

#define ROUNDS  20
#define JOBS    10 /* of a round, which has a context of its own */
#define THREADS 3
#define FRAMES  20

#define PATIENCE_S 1

/* Hangs end by themselves, after the GPU was given up. */
#define STALL_US INT64_C(400000)
#define HANG     "hang_ms 900"

/* Rounds before the memory counts, and what it may grow by in all the others: a lost GPU costs what
 * libavcodec has of three sessions. */
#define WARM_ROUNDS 3
#define GROWTH_KB   (ROUNDS * 512)

static char *folder;
static uint64_t seed;
static atomic_int made_on_gpu, made_again, refused;

static uint32_t pick(uint64_t *random, uint32_t count)
{
    return (uint32_t)((test_random(random) >> 33) % count);
}

/* ---- Faults ---- */

/* Up to three, of any call. */
static void choose_faults(void)
{
    static const char *const functions[] = {
        "nvEncOpenEncodeSessionEx", "nvEncInitializeEncoder",    "nvEncCreateInputBuffer",
        "nvEncLockInputBuffer",     "nvEncEncodePicture",        "nvEncLockBitstream",
        "nvEncUnlockBitstream",     "nvEncDestroyEncoder",       "cuCtxPushCurrent_v2",
        "nvEncGetEncodeCaps",       "nvEncDestroyInputBuffer",   "*",
        "cuCtxCreate_v2",           "nvEncCreateBitstreamBuffer"};
    static const char *const results[] = {
        "GENERIC",           "OUT_OF_MEMORY", "INVALID_PARAM", "ENCODER_BUSY", "DEVICE_NOT_EXIST",
        "NOT_ENOUGH_BUFFER", "sleep:30",      "lost",          "hang"};
    char faults[256] = "fault ";
    size_t used = strlen(faults);
    for (uint32_t i = 0, wanted = pick(&seed, 4); i < wanted; i++) {
        const char *function = functions[pick(&seed, sizeof functions / sizeof *functions)];
        const char *result = results[pick(&seed, sizeof results / sizeof *results)];
        used += (size_t)snprintf(faults + used, sizeof faults - used, "%s%s@%u=%s", i ? ";" : "",
                                 function, 1 + pick(&seed, 120), result);
    }
    assert_int_equal(control("%s", faults), 0);
}

/* ---- Jobs ---- */

enum {
    TO_MEMORY,
    TO_FILE,
    TO_WRITER,
    WAYS
};

/* A host that keeps what it is given. */
typedef struct host {
    uint8_t data[1 << 20];
    size_t size;
} host;

static int32_t keep(void *user, int64_t offset, const void *data, size_t size)
{
    host *h = user;
    if (offset < 0 || size > sizeof h->data || (size_t)offset > sizeof h->data - size) {
        return 1;
    }
    memcpy(h->data + offset, data, size);
    h->size = (size_t)offset + size > h->size ? (size_t)offset + size : h->size;
    return 0;
}

typedef struct job {
    hydra_context *context;
    uint64_t random;
    int32_t encoder;
    int way;
    char *path;
    host *host;
    hydra_compose *c;
    case_outcome outcome;
} job;

static hydra_status render(job *j)
{
    hydra_render_options options =
        case_options(j->encoder, pick(&j->random, 3) ? HYDRA_CODEC_H264 : HYDRA_CODEC_HEVC,
                     pick(&j->random, 2) ? HYDRA_PROFILE_DRAFT : HYDRA_PROFILE_DEFAULT);
    const hydra_writer writer = {.struct_size = sizeof writer, .user = j->host, .write = keep};
    switch (j->way) {
    case TO_MEMORY:
        return hydra_compose_render_memory(j->c, &options);
    case TO_FILE:
        return hydra_compose_render(j->c, j->path, &options);
    default:
        return hydra_compose_render_writer(j->c, &writer, &options);
    }
}

static const char *video_fault(const job *j)
{
    const void *data = j->host->data;
    size_t size = j->host->size;
    if (j->way == TO_MEMORY && hydra_compose_output(j->c, &data, &size) != HYDRA_OK) {
        return "there is no output";
    }
    if (j->way != TO_FILE) {
        return case_video_fault(data, size, FRAMES);
    }
    uint8_t *file = test_read_file(j->path, &size);
    const char *fault = case_video_fault(file, size, FRAMES);
    free(file);
    return fault;
}

/* An error that a GPU can be the cause of. With encoder auto there is only one: bytes have left. */
static bool may_fail_so(const job *j)
{
    hydra_status status = j->outcome.status;
    if (j->encoder == HYDRA_ENCODER_AUTO) {
        return j->way == TO_WRITER && status == HYDRA_ERR_ENCODER &&
               strstr(j->outcome.text, "the host has got");
    }
    return (status == HYDRA_ERR_ENCODER || status == HYDRA_ERR_BUSY ||
            status == HYDRA_ERR_UNSUPPORTED) &&
           j->outcome.text[0] != '\0';
}

static void judge(const job *j)
{
    const case_outcome *o = &j->outcome;
    const char *fault = NULL;
    if (o->status == HYDRA_OK) {
        fault = video_fault(j);
        atomic_int *sum = o->attempt_count > 1 ? &made_again : &made_on_gpu;
        atomic_fetch_add(sum, 1);
    } else {
        fault = may_fail_so(j) ? NULL : "this must not end so";
        atomic_fetch_add(&refused, 1);
    }
    if (fault) {
        fail_msg("to %d with encoder %d: %s \"%s\": %s", j->way, (int)j->encoder,
                 hydra_status_name(o->status), o->text, fault);
    }
}

static void run_job(hydra_context *context, uint64_t random)
{
    char name[32];
    job j = {.context = context, .random = random};
    j.encoder = pick(&j.random, 2) ? HYDRA_ENCODER_AUTO : HYDRA_ENCODER_NVENC;
    j.way = (int)pick(&j.random, WAYS);
    (void)snprintf(name, sizeof name, "%llx.mp4", (unsigned long long)random);
    j.path = test_path(folder, name);
    j.host = calloc(1, sizeof *j.host);
    j.c = case_compose(context, FRAMES);
    assert_true(j.host && j.c);
    case_outcome_take(j.c, render(&j), &j.outcome);
    judge(&j);
    bool is_there = unlink(j.path) == 0;
    assert_int_equal(is_there, j.way == TO_FILE && j.outcome.status == HYDRA_OK);
    hydra_compose_free(j.c);
    free(j.host);
    free(j.path);
}

typedef struct queue {
    hydra_context *context;
    uint64_t seeds[JOBS];
    atomic_int next;
} queue;

static void *work(void *user)
{
    queue *q = user;
    for (int i = atomic_fetch_add(&q->next, 1); i < JOBS; i = atomic_fetch_add(&q->next, 1)) {
        run_job(q->context, q->seeds[i]);
    }
    return NULL;
}

/* ---- Rounds ---- */

static void run_round(void)
{
    pthread_t threads[THREADS];
    queue q = {.context = NULL};
    assert_int_equal(standin_reset(NULL), 0);
    assert_int_equal(control(HANG), 0);
    assert_int_equal(control("seed %u", 1 + pick(&seed, 1000)), 0);
    choose_faults();
    q.context = case_context_new(&(case_context){.sessions = 2, .stall_us = STALL_US});
    assert_non_null(q.context);
    for (int i = 0; i < JOBS; i++) {
        q.seeds[i] = test_random(&seed);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work, &q), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    hydra_context_free(q.context);
}

/* Calls that hung have come back, and what was lost is cleared away. */
static void settle(const case_census *before)
{
    double end = seconds() + 10;
    assert_int_equal(control("release"), 0);
    while (count("hanging") > 0 && seconds() < end) {
        (void)usleep(1000);
    }
    /* Lanes clear up; threads of what codes in a session that is lost stay until it is purged. */
    end = seconds() + PATIENCE_S;
    while (test_count_threads(INT32_MAX) > before->threads && seconds() < end) {
        (void)usleep(1000);
    }
    assert_int_equal(control("purge"), 0);
    assert_int_equal(count("leaks"), 0);
    assert_true(case_census_holds(before, 0));
    assert_int_equal(test_count_entries(folder), 0);
}

static long memory_kb(void)
{
    (void)malloc_trim(0);
    return (long)(mallinfo2().uordblks / 1024);
}

static void nothing_piles_up(void **state)
{
    (void)state;
    long base_kb = 0;
    case_census before = case_census_take();
    for (int round = 0; round < ROUNDS; round++) {
        run_round();
        settle(&before);
        base_kb = round == WARM_ROUNDS ? memory_kb() : base_kb;
    }
    long grown_kb = memory_kb() - base_kb;
    print_message("%d on the first encoder, %d made again, %d refused; memory %+ld KB\n",
                  atomic_load(&made_on_gpu), atomic_load(&made_again), atomic_load(&refused),
                  grown_kb);
    assert_true(grown_kb < GROWTH_KB);
    assert_true(atomic_load(&made_on_gpu) > 0 && atomic_load(&made_again) > 0 &&
                atomic_load(&refused) > 0);
}

static int open_all(void **state)
{
    folder = test_folder_new();
    return standin_open(state);
}

static int close_all(void **state)
{
    (void)state;
    test_folder_free(folder);
    return 0;
}

int main(int argc, char **argv)
{
    seed = argc == 2 ? strtoull(argv[1], NULL, 10) : 20240917;
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_piles_up)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
