/* SPDX-License-Identifier: MIT */
/* No thread of a render takes a signal that is the host's, and none hides its own faults. */
#include <dirent.h>
#include <signal.h>

#include "streams.h"

#define MOST_THREADS 64

typedef struct threads {
    long ids[MOST_THREADS];
    int count;
} threads;

static threads list_threads(void)
{
    threads list = {0};
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        if (entry->d_name[0] != '.') {
            assert_true(list.count < MOST_THREADS);
            list.ids[list.count++] = strtol(entry->d_name, NULL, 10);
        }
    }
    (void)closedir(folder);
    return list;
}

static bool holds(const threads *list, long id)
{
    for (int i = 0; i < list->count; i++) {
        if (list->ids[i] == id) {
            return true;
        }
    }
    return false;
}

/* The mask of blocked signals, bit 0 is signal 1. False: the thread has ended. */
static bool read_mask(long id, uint64_t *mask)
{
    char path[64];
    char line[256];
    (void)snprintf(path, sizeof path, "/proc/self/task/%ld/status", id);
    FILE *file = fopen(path, "re");
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        found = strncmp(line, "SigBlk:", 7) == 0;
    }
    *mask = found ? strtoull(line + 7, NULL, 16) : 0;
    if (file) {
        (void)fclose(file);
    }
    return found;
}

static bool blocks_any(uint64_t mask, const int *numbers, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any = any || (mask >> (numbers[i] - 1) & 1);
    }
    return any;
}

/* A thread that begins or ends blocks everything for a moment. */
static bool lets_faults_through(long id)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF};
    uint64_t mask;
    for (int i = 0; i < 10000 && read_mask(id, &mask); i++) {
        if (!blocks_any(mask, faults, sizeof faults / sizeof *faults)) {
            return true;
        }
        (void)usleep(1000);
    }
    return !read_mask(id, &mask);
}

/* Look at all that are not in `before`; returns how many. */
static int check_new_threads(const threads *before)
{
    static const int of_the_host[] = {SIGHUP,  SIGINT,  SIGTERM, SIGQUIT, SIGALRM,
                                      SIGUSR1, SIGCHLD, SIGTSTP, SIGWINCH};
    int checked = 0;
    threads now = list_threads();
    for (int i = 0; i < now.count; i++) {
        uint64_t mask;
        if (!holds(before, now.ids[i]) && read_mask(now.ids[i], &mask)) {
            checked++;
            for (size_t j = 0; j < sizeof of_the_host / sizeof *of_the_host; j++) {
                assert_true(blocks_any(mask, &of_the_host[j], 1));
            }
            assert_true(lets_faults_through(now.ids[i]));
        }
    }
    return checked;
}

/* Two workers at most, and at least one thread of the encoder. */
static hydra_compose *project_of_two_workers(void)
{
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.threads = 2;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    hydra_compose *c = streams_project(context, 10);
    hydra_context_free(context);
    return c;
}

typedef struct watch {
    threads before;
    int most;
} watch;

static int32_t look_around(void *user, int64_t offset, const void *data, size_t size)
{
    watch *w = user;
    (void)offset;
    (void)data;
    (void)size;
    int count = check_new_threads(&w->before);
    w->most = count > w->most ? count : w->most;
    return 0;
}

static void test_a_render_that_blocks(void **state)
{
    (void)state;
    hydra_compose *c = project_of_two_workers();
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    options.threads = 2;
    sigset_t mask;
    sigset_t after;
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
    watch w = {.before = list_threads()};
    hydra_writer writer = {.struct_size = sizeof writer, .user = &w, .write = look_around};
    assert_compose_ok(c, hydra_compose_render_writer(c, &writer, &options));
    assert_true(w.most >= 3);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    for (int number = 1; number <= SIGRTMAX; number++) {
        assert_int_equal(sigismember(&mask, number), sigismember(&after, number));
    }
    hydra_compose_free(c);
}

static void test_a_job(void **state)
{
    (void)state;
    hydra_compose *c = project_of_two_workers();
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    options.threads = 2;
    threads before = list_threads();
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, "pull:", &options, &render));
    int most = 0;
    while (hydra_render_wait(render, 1000) == HYDRA_ERR_TIMEOUT && most < 3) {
        int count = check_new_threads(&before);
        most = count > most ? count : most;
    }
    assert_true(most >= 3);
    hydra_render_free(render);
    hydra_compose_free(c);
}

static void *nothing(void *user)
{
    return user;
}

/* ThreadSanitizer starts one of its own with the first thread: it is there before we look. */
static int start_a_thread(void **state)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, nothing, state) || pthread_join(thread, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_render_that_blocks),
        cmocka_unit_test(test_a_job),
    };
    return cmocka_run_group_tests(tests, start_a_thread, NULL);
}
