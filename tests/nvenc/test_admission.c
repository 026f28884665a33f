/* SPDX-License-Identifier: MIT */
/* Who may encode on which GPU, and who waits for it: whole renders. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "render_case.h"

#define FRAMES 30
#define JOBS   4

/* A GPU that takes ten seconds for a job, until it is told to go on. */
#define SLOW "fps 3"
#define FAST "fps 1000"

static void set(const char *setting)
{
    assert_int_equal(control("%s", setting), 0);
}

static void moment(void)
{
    const struct timespec time = {.tv_nsec = 500000};
    (void)nanosleep(&time, NULL);
}

/* ---- Jobs on threads of their own ---- */

typedef struct job {
    hydra_context *context;
    int32_t encoder;
    int64_t wait_us; /* HYDRA_AUTO = the usual */
    int32_t when_busy;
    int64_t deadline_us;
    case_outcome outcome;
    pthread_t thread;
    atomic_bool done;
} job;

static void *run(void *user)
{
    job *j = user;
    hydra_render_options options = case_options(j->encoder, HYDRA_CODEC_H264, HYDRA_PROFILE_DRAFT);
    options.gpu_wait_us = j->wait_us;
    options.when_busy = j->when_busy;
    options.deadline_us = j->deadline_us;
    hydra_compose *c = case_compose(j->context, FRAMES);
    if (c) {
        case_outcome_take(c, hydra_compose_render_memory(c, &options), &j->outcome);
    }
    hydra_compose_free(c);
    atomic_store(&j->done, true);
    return NULL;
}

static void start(job *j)
{
    assert_int_equal(pthread_create(&j->thread, NULL, run, j), 0);
}

static void assert_made_by(const case_outcome *o, const char *encoder, const char *part)
{
    if (o->status != HYDRA_OK || strcmp(o->result.encoder, encoder) != 0 ||
        !strstr(o->reason, part)) {
        fail_msg("%s \"%s\", \"%s\": not by %s with \"%s\"", hydra_status_name(o->status), o->text,
                 o->reason, encoder, part);
    }
}

static void finish(job *j)
{
    assert_int_equal(pthread_join(j->thread, NULL), 0);
    assert_made_by(&j->outcome, "nvenc", "");
}

static void assert_fails(const case_outcome *o, hydra_status status, const char *part)
{
    if (o->status != status || !strstr(o->text, part)) {
        fail_msg("%s \"%s\" is not %s with \"%s\"", hydra_status_name(o->status), o->text,
                 hydra_status_name(status), part);
    }
}

static case_outcome run_here(hydra_context *context, int32_t encoder)
{
    job j = {.context = context, .encoder = encoder};
    (void)run(&j);
    return j.outcome;
}

static void wait_for_sessions(int wanted)
{
    double end = seconds() + 20;
    while (count("sessions") < wanted && seconds() < end) {
        moment();
    }
    assert_int_equal(count("sessions"), wanted);
}

/* ---- Tests ---- */

static void jobs_take_turns(void **state)
{
    (void)state;
    hydra_context *context = case_context_new(&(case_context){.sessions = 1});
    job jobs[JOBS] = {0};
    long long most = 0;
    set("encoder null");
    set("fps 200");
    for (int i = 0; i < JOBS; i++) {
        jobs[i].context = context;
        jobs[i].encoder = i % 2 ? HYDRA_ENCODER_NVENC : HYDRA_ENCODER_AUTO;
        jobs[i].wait_us = 20000000;
        start(&jobs[i]);
    }
    for (int i = 0; i < JOBS; i++) {
        while (!atomic_load(&jobs[i].done)) {
            long long now = count("sessions");
            most = now > most ? now : most;
            moment();
        }
        finish(&jobs[i]);
    }
    assert_int_equal(most, 1);
    assert_int_equal(count("nvEncOpenEncodeSessionEx"), JOBS);
    hydra_context_free(context);
    assert_int_equal(count("leaks"), 0);
}

static void who_does_not_wait_is_told(void **state)
{
    (void)state;
    hydra_context *context = case_context_new(&(case_context){.sessions = 1});
    job first = {.context = context, .encoder = HYDRA_ENCODER_NVENC};
    set("encoder null");
    set(SLOW);
    start(&first);
    wait_for_sessions(1);
    case_outcome strict = run_here(context, HYDRA_ENCODER_NVENC);
    case_outcome any = run_here(context, HYDRA_ENCODER_AUTO);
    assert_false(atomic_load(&first.done));
    assert_fails(&strict, HYDRA_ERR_BUSY, "gpu_sessions: 1");
    assert_int_equal(strict.attempts[0].finding, HYDRA_PROBE_BUSY);
    assert_made_by(&any, "x264", "every session that this context may have on a GPU is in use");
    assert_int_equal(any.attempts[0].finding, HYDRA_PROBE_BUSY);
    set(FAST);
    finish(&first);
    hydra_context_free(context);
    assert_int_equal(count("leaks"), 0);
}

/* With what a job finds that says nothing of a wait: two seconds with encoder auto, the time up to
 * its deadline with encoder nvenc, none when it is not to wait. */
static void the_usual_wait(void **state)
{
    (void)state;
    hydra_context *context = case_context_new(&(case_context){.sessions = 1});
    job first = {.context = context, .encoder = HYDRA_ENCODER_NVENC};
    job jobs[] = {
        {.encoder = HYDRA_ENCODER_AUTO},
        {.encoder = HYDRA_ENCODER_NVENC, .deadline_us = 1000000},
        {.encoder = HYDRA_ENCODER_NVENC, .when_busy = HYDRA_BUSY_FAIL},
    };
    double took[3];
    set("encoder null");
    set("fps 1");
    start(&first);
    wait_for_sessions(1);
    for (int i = 2; i >= 0; i--) {
        double begin = seconds();
        jobs[i].context = context;
        jobs[i].wait_us = HYDRA_AUTO;
        (void)run(&jobs[i]);
        took[i] = seconds() - begin;
    }
    assert_false(atomic_load(&first.done));
    assert_made_by(&jobs[0].outcome, "x264", "is in use");
    assert_true(took[0] >= 1.9);
    assert_fails(&jobs[1].outcome, HYDRA_ERR_DEADLINE, "waited: every session");
    assert_true(took[1] >= 0.9);
    assert_fails(&jobs[2].outcome, HYDRA_ERR_BUSY, "is in use");
    set("fps 0");
    finish(&first);
    hydra_context_free(context);
    assert_int_equal(count("leaks"), 0);
}

static void jobs_spread_over_gpus(void **state)
{
    (void)state;
    set("gpus Tesla T4:7.5;NVIDIA A100:8.0:nonvenc;Tesla T4:7.5");
    set("max_sessions_per_gpu 1");
    set("encoder null");
    set(SLOW);
    hydra_context *context = case_context_new(&(case_context){.sessions = 1});
    job jobs[2] = {0};
    for (int i = 0; i < 2; i++) {
        jobs[i].context = context;
        jobs[i].encoder = HYDRA_ENCODER_NVENC;
        start(&jobs[i]);
        wait_for_sessions(i + 1);
    }
    set(FAST);
    finish(&jobs[0]);
    finish(&jobs[1]);
    hydra_context_free(context);
    assert_int_equal(count("leaks"), 0);
}

static void a_gpu_is_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *gpu;
        hydra_status status; /* with encoder nvenc */
        const char *part;
    } cases[] = {
        {"1", HYDRA_OK, ""},
        {"GPU-2222", HYDRA_OK, ""},
        {"GPU-22222222-0000-0000-0000-000000000001", HYDRA_OK, ""},
        {"0", HYDRA_ERR_UNSUPPORTED, "GPU 0 (NVIDIA A100) has no encoder"},
        {"GPU-1111", HYDRA_ERR_UNSUPPORTED, "GPU 0 (NVIDIA A100) has no encoder"},
        {"2", HYDRA_ERR_UNSUPPORTED, "there is no GPU \"2\""},
        {"none", HYDRA_ERR_UNSUPPORTED, "to use no GPU"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set("gpus NVIDIA A100:8.0:nonvenc,uuid=GPU-11111111-0000-0000-0000-000000000001;"
            "Tesla T4:7.5:uuid=GPU-22222222-0000-0000-0000-000000000001");
        hydra_context *context = case_context_new(&(case_context){.gpu = cases[i].gpu});
        case_outcome strict = run_here(context, HYDRA_ENCODER_NVENC);
        case_outcome any = run_here(context, HYDRA_ENCODER_AUTO);
        if (cases[i].status == HYDRA_OK) {
            assert_made_by(&strict, "nvenc", "asked for");
            assert_made_by(&any, "nvenc", "");
        } else {
            assert_fails(&strict, cases[i].status, cases[i].part);
            assert_made_by(&any, "x264", cases[i].part);
        }
        hydra_context_free(context);
        assert_int_equal(count("leaks"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(jobs_take_turns, standin_reset),
        cmocka_unit_test_setup(who_does_not_wait_is_told, standin_reset),
        cmocka_unit_test_setup(the_usual_wait, standin_reset),
        cmocka_unit_test_setup(jobs_spread_over_gpus, standin_reset),
        cmocka_unit_test_setup(a_gpu_is_chosen, standin_reset),
    };
    return cmocka_run_group_tests(tests, standin_open, NULL);
}
