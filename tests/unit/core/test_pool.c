/* SPDX-License-Identifier: MIT */
/* The worker pool: every task once, in order, on no more threads than asked; failing to start. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* Starting threads fails: calls `from` .. `to` - 1, counted from 1. Through the linker's --wrap. */
static struct {
    int calls;
    int from;
    int to;
} fault;

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *user);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *user);

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *user)
{
    fault.calls++;
    if (fault.calls >= fault.from && fault.calls < fault.to) {
        return EAGAIN;
    }
    return __real_pthread_create(thread, attributes, start, user);
}

static int setup(void **state)
{
    (void)state;
    memset(&fault, 0, sizeof fault);
    return 0;
}

static hy_pool *new_pool(int threads)
{
    hy_diag diag = {0};
    hy_pool *pool = NULL;
    assert_ok(hy_pool_new(threads, &pool, &diag), &diag);
    return pool;
}

static void submit(hy_pool *pool, hy_task *task)
{
    hy_diag diag = {0};
    assert_ok(hy_pool_submit(pool, task, &diag), &diag);
}

typedef struct job {
    hy_task task;
    int runs; /* not atomic on purpose: hy_task_wait must make it visible */
    int number;
    atomic_int *counter; /* shared by all */
} job;

static void run_job(hy_task *task)
{
    job *j = (job *)task;
    j->runs++;
    j->number = atomic_fetch_add(j->counter, 1);
}

static job *new_jobs(int count, atomic_int *counter)
{
    job *jobs = calloc((size_t)count, sizeof *jobs);
    assert_non_null(jobs);
    for (int i = 0; i < count; i++) {
        jobs[i].task.run = run_job;
        jobs[i].counter = counter;
    }
    return jobs;
}

enum {
    MANY = 10000,
    ROUNDS = 150, /* of each submitter, */
    WINDOW = 17,  /* with this many tasks */
};

static void test_every_task_runs_once(void **state)
{
    (void)state;
    const int threads[] = {1, 2, 8};
    for (int i = 0; i < 3; i++) {
        atomic_int counter = 0;
        job *jobs = new_jobs(MANY, &counter);
        hy_pool *pool = new_pool(threads[i]);
        assert_int_equal(hy_pool_threads(pool), threads[i]);
        fault.calls = 0;
        for (int n = 0; n < MANY; n++) {
            submit(pool, &jobs[n].task);
        }
        for (int n = 0; n < MANY; n++) {
            hy_task_wait(&jobs[n].task, NULL);
            assert_int_equal(jobs[n].runs, 1);
        }
        assert_int_equal(counter, MANY);
        assert_in_range(fault.calls, 1, threads[i]);
        hy_task_wait(&jobs[0].task, NULL); /* again, long after */
        hy_pool_free(pool);
        free(jobs);
    }
}

static void test_first_in_first_out(void **state)
{
    (void)state;
    atomic_int counter = 0;
    job *jobs = new_jobs(MANY, &counter);
    hy_pool *pool = new_pool(1);
    for (int n = 0; n < MANY; n++) {
        submit(pool, &jobs[n].task);
    }
    for (int n = MANY - 1; n >= 0; n--) {
        hy_task_wait(&jobs[n].task, NULL);
        assert_int_equal(jobs[n].number, n);
    }
    hy_pool_free(pool);
    free(jobs);
}

/* Waiting at once, so that the queue is mostly empty and workers mostly asleep. */
static void test_one_at_a_time(void **state)
{
    (void)state;
    atomic_int counter = 0;
    job *jobs = new_jobs(1, &counter);
    hy_pool *pool = new_pool(3);
    for (int n = 0; n < 2000; n++) {
        submit(pool, &jobs->task);
        hy_task_wait(&jobs->task, NULL);
        assert_int_equal(jobs->runs, n + 1); /* a task may be used again */
    }
    hy_pool_free(pool);
    free(jobs);
}

typedef struct submitter {
    hy_pool *pool;
    atomic_int *counter;
    int failures;
    pthread_t thread;
} submitter;

/* A few at a time, so that the queues of all submitters mix. */
static void *submit_and_wait(void *user)
{
    submitter *s = user;
    for (int round = 0; round < ROUNDS; round++) {
        job jobs[WINDOW] = {0};
        for (int i = 0; i < WINDOW; i++) {
            hy_diag diag = {0};
            jobs[i] = (job){.task.run = run_job, .counter = s->counter};
            s->failures += hy_pool_submit(s->pool, &jobs[i].task, &diag) != HYDRA_OK;
        }
        for (int i = 0; i < WINDOW; i++) {
            hy_task_wait(&jobs[i].task, NULL);
            s->failures += jobs[i].runs != 1;
        }
    }
    return NULL;
}

static void test_many_submitters(void **state)
{
    (void)state;
    const int threads[] = {1, 2, 8};
    for (int i = 0; i < 3; i++) {
        atomic_int counter = 0;
        hy_pool *pool = new_pool(threads[i]);
        submitter submitters[4];
        for (int n = 0; n < 4; n++) {
            submitters[n] = (submitter){.pool = pool, .counter = &counter};
            assert_int_equal(
                __real_pthread_create(&submitters[n].thread, NULL, submit_and_wait, &submitters[n]),
                0);
        }
        for (int n = 0; n < 4; n++) {
            assert_int_equal(pthread_join(submitters[n].thread, NULL), 0);
            assert_int_equal(submitters[n].failures, 0);
        }
        assert_int_equal(counter, 4 * ROUNDS * WINDOW);
        hy_pool_free(pool);
    }
}

/* One task per thread, none ends before all have begun: takes as many threads as promised. */
typedef struct meeting {
    hy_task task;
    pthread_barrier_t *barrier;
} meeting;

static void meet(hy_task *task)
{
    (void)pthread_barrier_wait(((meeting *)task)->barrier);
}

static void test_threads_work_side_by_side(void **state)
{
    (void)state;
    enum {
        THREADS = 8
    };
    hy_pool *pool = new_pool(THREADS);
    pthread_barrier_t barrier;
    assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
    for (int round = 0; round < 200; round++) {
        meeting meetings[THREADS];
        for (int i = 0; i < THREADS; i++) {
            meetings[i] = (meeting){.task.run = meet, .barrier = &barrier};
            submit(pool, &meetings[i].task);
        }
        for (int i = 0; i < THREADS; i++) {
            hy_task_wait(&meetings[i].task, NULL);
        }
    }
    assert_int_equal(fault.calls, THREADS);
    (void)pthread_barrier_destroy(&barrier);
    hy_pool_free(pool);
}

/* A task that queues the next one. */
typedef struct relay {
    hy_task task;
    hy_pool *owner;
    struct relay *next;
    hydra_status status;
} relay;

static void pass_on(hy_task *task)
{
    relay *r = (relay *)task;
    hy_diag diag = {0};
    if (r->next) {
        r->status = hy_pool_submit(r->owner, &r->next->task, &diag);
    }
}

static void test_tasks_submit_tasks(void **state)
{
    (void)state;
    enum {
        LENGTH = 1000
    };
    hy_pool *pool = new_pool(2);
    relay *relays = calloc(LENGTH, sizeof *relays);
    assert_non_null(relays);
    for (int i = 0; i < LENGTH; i++) {
        relays[i] = (relay){.task.run = pass_on, .owner = pool, .status = HYDRA_OK};
        relays[i].next = i + 1 < LENGTH ? &relays[i + 1] : NULL;
    }
    submit(pool, &relays[0].task);
    /* In this order each was submitted before the wait for it begins. */
    for (int i = 0; i < LENGTH; i++) {
        hy_task_wait(&relays[i].task, NULL);
        assert_int_equal(relays[i].status, HYDRA_OK);
    }
    hy_pool_free(pool);
    free(relays);
}

static void test_threads_start_with_work(void **state)
{
    (void)state;
    hy_pool *pool = new_pool(8);
    assert_int_equal(fault.calls, 0);
    atomic_int counter = 0;
    job *jobs = new_jobs(1, &counter);
    submit(pool, &jobs->task);
    hy_task_wait(&jobs->task, NULL);
    assert_int_equal(fault.calls, 1);
    hy_pool_free(pool);
    free(jobs);
    hy_pool_free(NULL);
    hy_pool_free(new_pool(4)); /* never used */
}

/* Which thread ran a task. */
typedef struct who {
    hy_task task;
    pid_t thread;
} who;

static void note_thread(hy_task *task)
{
    ((who *)task)->thread = gettid();
}

static bool is_asleep(pid_t thread)
{
    char path[64];
    char line[200] = "";
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)thread);
    FILE *file = fopen(path, "re");
    if (file) {
        (void)fgets(line, sizeof line, file);
        (void)fclose(file);
    }
    const char *name_end = strrchr(line, ')');
    return name_end && name_end[2] == 'S';
}

/* A few times in a row: a thread may also sleep for a moment on its way there. */
static void await_sleep(pid_t thread)
{
    for (int seen = 0; seen < 10; seen = is_asleep(thread) ? seen + 1 : 0) {
        (void)sched_yield();
    }
}

/* A pool whose only worker has run a task and waits for the next. */
static hy_pool *new_sleeping_pool(int threads, pid_t *worker)
{
    hy_pool *pool = new_pool(threads);
    who w = {.task.run = note_thread};
    submit(pool, &w.task);
    hy_task_wait(&w.task, NULL);
    await_sleep(w.thread);
    *worker = w.thread;
    return pool;
}

static void test_sleeping_thread_is_used_first(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        pid_t worker;
        hy_pool *pool = new_sleeping_pool(8, &worker);
        fault.calls = 0;
        who w = {.task.run = note_thread};
        submit(pool, &w.task);
        hy_task_wait(&w.task, NULL);
        assert_int_equal(fault.calls, 0);
        assert_int_equal(w.thread, worker);
        hy_pool_free(pool);
    }
}

/* Two tasks for one sleeper that has not had the time to wake: a second thread is needed. */
static void test_one_sleeper_is_not_counted_twice(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        pid_t worker;
        hy_pool *pool = new_sleeping_pool(2, &worker);
        pthread_barrier_t barrier;
        assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
        meeting one = {.task.run = meet, .barrier = &barrier};
        meeting two = one;
        submit(pool, &one.task);
        submit(pool, &two.task);
        hy_task_wait(&one.task, NULL);
        hy_task_wait(&two.task, NULL);
        hy_pool_free(pool);
        (void)pthread_barrier_destroy(&barrier);
    }
}

/* A task that ends when a thread sleeps, or when it is told to. */
typedef struct gate {
    hy_task task;
    pid_t sleeper; /* 0 = wait for `open` */
    atomic_bool open;
    atomic_bool entered;
    bool passed; /* not atomic: as in job */
} gate;

static void pass_gate(hy_task *task)
{
    gate *g = (gate *)task;
    atomic_store(&g->entered, true);
    if (g->sleeper) {
        await_sleep(g->sleeper);
    }
    while (!g->sleeper && !atomic_load(&g->open)) {
        (void)sched_yield();
    }
    g->passed = true;
}

typedef struct waiter {
    hy_task *task;
    atomic_int thread;
} waiter;

static void *wait_for_task(void *user)
{
    waiter *w = user;
    atomic_store(&w->thread, gettid());
    hy_task_wait(w->task, NULL);
    return NULL;
}

/* The second of two tasks ends first: its owner must wake although another waits longer. */
static void test_each_owner_is_woken(void **state)
{
    (void)state;
    hy_pool *pool = new_pool(2);
    gate first = {.task.run = pass_gate};
    gate second = {.task.run = pass_gate, .sleeper = gettid()};
    waiter other = {.task = &first.task};
    pthread_t thread;
    submit(pool, &first.task);
    assert_int_equal(__real_pthread_create(&thread, NULL, wait_for_task, &other), 0);
    while (atomic_load(&other.thread) == 0) {
        (void)sched_yield();
    }
    await_sleep(atomic_load(&other.thread));
    submit(pool, &second.task);
    hy_task_wait(&second.task, NULL);
    atomic_store(&first.open, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    hy_pool_free(pool);
}

static void test_asking_without_waiting(void **state)
{
    (void)state;
    hy_pool *pool = new_pool(1);
    gate g = {.task.run = pass_gate};
    assert_true(hy_task_is_done(&g.task)); /* never submitted */
    submit(pool, &g.task);
    assert_false(hy_task_is_done(&g.task));
    atomic_store(&g.open, true);
    hy_task_wait(&g.task, NULL);
    assert_true(hy_task_is_done(&g.task));
    hy_pool_free(pool);
}

/* Of three tasks behind a running one, each in turn leaves the queue; the others run. */
static void test_queued_tasks_can_be_cancelled(void **state)
{
    (void)state;
    hy_cancel cancel;
    hy_cancel_init(&cancel, 0);
    hy_cancel_request(&cancel);
    for (int dropped = 0; dropped < 3; dropped++) {
        hy_pool *pool = new_pool(1);
        gate g = {.task.run = pass_gate};
        atomic_int counter = 0;
        job *jobs = new_jobs(3, &counter);
        submit(pool, &g.task);
        for (int i = 0; i < 3; i++) {
            submit(pool, &jobs[i].task);
        }
        hy_task_wait(&jobs[dropped].task, &cancel);
        assert_true(hy_task_is_done(&jobs[dropped].task));
        atomic_store(&g.open, true);
        for (int i = 0; i < 3; i++) {
            hy_task_wait(&jobs[i].task, NULL);
            assert_int_equal(jobs[i].runs, i != dropped);
        }
        submit(pool, &jobs[dropped].task); /* it can be used again */
        hy_task_wait(&jobs[dropped].task, NULL);
        assert_int_equal(jobs[dropped].runs, 1);
        hy_task_wait(&g.task, &cancel);
        hy_pool_free(pool);
        free(jobs);
    }
}

/* A task that has begun is waited for, cancelled or not. */
static void test_running_tasks_are_waited_for(void **state)
{
    (void)state;
    hy_cancel cancel;
    hy_cancel_init(&cancel, 0);
    hy_pool *pool = new_pool(1);
    gate g = {.task.run = pass_gate, .sleeper = gettid()};
    submit(pool, &g.task);
    while (!atomic_load(&g.entered)) {
        (void)sched_yield();
    }
    hy_cancel_request(&cancel);
    hy_task_wait(&g.task, &cancel);
    assert_true(g.passed);
    hy_pool_free(pool);
}

static void test_default_is_the_cpus(void **state)
{
    (void)state;
    hy_pool *pool = new_pool(0);
    assert_int_equal(hy_pool_threads(pool), hy_cpu_count());
    hy_pool_free(pool);
}

static void test_wait_without_submit(void **state)
{
    (void)state;
    hy_task task = {.run = run_job};
    hy_task_wait(&task, NULL);
}

typedef struct look {
    hy_task task;
    sigset_t blocked;
} look;

static void look_at_signals(hy_task *task)
{
    (void)pthread_sigmask(SIG_BLOCK, NULL, &((look *)task)->blocked);
}

/* A signal to the process must reach a thread of the host. */
static void test_signals_stay_with_the_host(void **state)
{
    (void)state;
    sigset_t before;
    sigset_t after;
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &before), 0);
    hy_pool *pool = new_pool(1);
    look l = {.task.run = look_at_signals};
    submit(pool, &l.task);
    hy_task_wait(&l.task, NULL);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &after), 0);
    for (int number = 1; number <= SIGRTMAX; number++) {
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
        /* The C library keeps a few for itself; those two cannot be blocked. */
        bool exempt = number == SIGKILL || number == SIGSTOP || (number >= 32 && number < SIGRTMIN);
        bool let_through = number == SIGSEGV || number == SIGBUS || number == SIGFPE ||
                           number == SIGILL || number == SIGTRAP || number == SIGSYS ||
                           number == SIGPROF;
        assert_true(exempt || sigismember(&l.blocked, number) == !let_through);
    }
    hy_pool_free(pool);
}

static void test_no_thread_can_be_started(void **state)
{
    (void)state;
    hy_diag diag = {0};
    atomic_int counter = 0;
    job *jobs = new_jobs(1, &counter);
    hy_pool *pool = new_pool(4);
    fault.from = 1;
    fault.to = 3;
    for (int i = 0; i < 2; i++) {
        hy_diag_clear(&diag);
        assert_failed(hy_pool_submit(pool, &jobs->task, &diag), HYDRA_ERR_IO, &diag,
                      "worker pool: starting a thread failed: Resource temporarily unavailable");
        hy_task_wait(&jobs->task, NULL);
        assert_int_equal(jobs->runs, 0);
    }
    submit(pool, &jobs->task); /* better times */
    hy_task_wait(&jobs->task, NULL);
    assert_int_equal(jobs->runs, 1);
    hy_pool_free(pool);
    free(jobs);
}

/* One thread is enough, however many more cannot be had. */
static void test_fewer_threads_than_wanted(void **state)
{
    (void)state;
    for (int started = 1; started <= 3; started++) {
        atomic_int counter = 0;
        job *jobs = new_jobs(MANY, &counter);
        hy_pool *pool = new_pool(8);
        fault.calls = 0;
        fault.from = started + 1;
        fault.to = INT32_MAX;
        for (int n = 0; n < MANY; n++) {
            submit(pool, &jobs[n].task);
        }
        for (int n = 0; n < MANY; n++) {
            hy_task_wait(&jobs[n].task, NULL);
            assert_int_equal(jobs[n].runs, 1);
        }
        hy_pool_free(pool);
        free(jobs);
    }
}

#define reset(test) cmocka_unit_test_setup(test, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        reset(test_every_task_runs_once),
        reset(test_first_in_first_out),
        reset(test_one_at_a_time),
        reset(test_many_submitters),
        reset(test_threads_work_side_by_side),
        reset(test_tasks_submit_tasks),
        reset(test_threads_start_with_work),
        reset(test_sleeping_thread_is_used_first),
        reset(test_one_sleeper_is_not_counted_twice),
        reset(test_each_owner_is_woken),
        reset(test_asking_without_waiting),
        reset(test_queued_tasks_can_be_cancelled),
        reset(test_running_tasks_are_waited_for),
        reset(test_default_is_the_cpus),
        reset(test_wait_without_submit),
        reset(test_signals_stay_with_the_host),
        reset(test_no_thread_can_be_started),
        reset(test_fewer_threads_than_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
