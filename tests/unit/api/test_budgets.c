/* SPDX-License-Identifier: MIT */
/* What jobs may take: memory, by estimate and by the pools, threads, time and folders. */
#include <sys/stat.h>

#include "api/api.h"
#include "streams.h"

static hydra_context *make_context(const hydra_policy *policy, int64_t budget_bytes)
{
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.threads = 2;
    options.policy = policy;
    options.memory_budget_bytes = budget_bytes;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    return context;
}

static int64_t estimated_bytes(hydra_context *context, int32_t threads)
{
    hydra_compose *c = streams_project(context, 1);
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    options.threads = threads;
    hydra_estimate estimate = {.struct_size = sizeof estimate};
    assert_compose_ok(c, hydra_compose_estimate(c, &options, &estimate));
    assert_int_equal(estimate.frames, 30);
    assert_int_equal(estimate.duration_us, 1000000);
    assert_true(estimate.memory_bytes > 0 && estimate.output_bytes > 0 && estimate.seconds > 0);
    hydra_compose_free(c);
    return estimate.memory_bytes;
}

static void assert_ends(hydra_render *render, hydra_status expected, const char *part)
{
    assert_int_equal(hydra_render_wait(render, (int64_t)PATIENCE_MS * 1000), expected);
    if (!strstr(hydra_render_error(render), part)) {
        fail_msg("error text \"%s\" lacks \"%s\"", hydra_render_error(render), part);
    }
    hydra_render_free(render);
}

/* ---- Memory ---- */

/* Room for the second job and half of the first. The first puts out more than is kept for its host,
 * and holds its share until somebody takes that. */
typedef struct pair {
    hydra_context *context;
    hydra_compose *c;
    hydra_render *first;
} pair;

/* Until the first bytes wait: its share is taken before they come. */
static void await_output(hydra_render *render)
{
    struct pollfd fd = {.fd = hydra_render_fd(render), .events = POLLIN};
    hydra_event event = {.struct_size = sizeof event};
    do {
        assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
        assert_int_equal(hydra_render_next_event(render, &event), HYDRA_OK);
        assert_int_not_equal(event.kind, HYDRA_EVENT_DONE);
    } while (event.kind != HYDRA_EVENT_OUTPUT);
}

static pair start_first(void)
{
    pair p;
    hydra_render_options raw = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    raw.encoder = HYDRA_ENCODER_RAW;
    hydra_context *free_of_limits = make_context(NULL, 0);
    hydra_estimate first = {.struct_size = sizeof first};
    int64_t second = estimated_bytes(free_of_limits, 0);
    hydra_compose *large = streams_project(free_of_limits, 4);
    assert_compose_ok(large, hydra_compose_estimate(large, &raw, &first));
    assert_true(first.output_bytes > 3 << 19);
    assert_true(first.memory_bytes < second);
    hydra_compose_free(large);
    hydra_context_free(free_of_limits);
    p.context = make_context(NULL, second + first.memory_bytes / 2);
    p.c = streams_project(p.context, 1);
    large = streams_project(p.context, 4);
    assert_compose_ok(large, hydra_render_start(large, "pull:", &raw, &p.first));
    hydra_compose_free(large);
    await_output(p.first);
    return p;
}

static void end_pair(pair *p)
{
    hydra_render_free(p->first);
    hydra_compose_free(p->c);
    hydra_context_free(p->context);
}

static hydra_render *start_second(const pair *p, int32_t when_busy, int64_t deadline_us)
{
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    options.when_busy = when_busy;
    options.deadline_us = deadline_us;
    hydra_render *render = NULL;
    assert_compose_ok(p->c, hydra_render_start(p->c, "pull:", &options, &render));
    return render;
}

static void test_a_job_waits_for_its_share(void **state)
{
    (void)state;
    pair p = start_first();
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    char name[32];
    (void)snprintf(name, sizeof name, "fd:%d", null);
    hydra_render *second = streams_start(p.c, name);
    hydra_event event = {.struct_size = sizeof event};
    assert_int_equal(hydra_render_wait(second, 50000), HYDRA_ERR_TIMEOUT);
    assert_int_equal(hydra_render_next_event(second, &event), HYDRA_OK);
    assert_int_equal(event.stage, HYDRA_STAGE_WAITING);
    /* The first gives its share back. */
    hydra_render_cancel(p.first);
    assert_ends(second, HYDRA_OK, "");
    (void)close(null);
    end_pair(&p);
}

static void test_a_job_fails_when_there_is_no_room(void **state)
{
    (void)state;
    pair p = start_first();
    assert_ends(start_second(&p, HYDRA_BUSY_FAIL, 0), HYDRA_ERR_BUSY, "other jobs hold");
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    options.when_busy = HYDRA_BUSY_FAIL;
    assert_compose_fails(p.c, hydra_compose_render_memory(p.c, &options), HYDRA_ERR_BUSY,
                         "other jobs hold");
    end_pair(&p);
}

static void test_a_waiting_job_can_be_stopped(void **state)
{
    (void)state;
    pair p = start_first();
    hydra_render *second = start_second(&p, HYDRA_BUSY_WAIT, 0);
    assert_int_equal(hydra_render_wait(second, 20000), HYDRA_ERR_TIMEOUT);
    hydra_render_cancel(second);
    assert_ends(second, HYDRA_ERR_CANCELLED, "cancelled");
    assert_ends(start_second(&p, HYDRA_BUSY_WAIT, 30000), HYDRA_ERR_DEADLINE, "deadline");
    /* Who frees a job that waits, cancels it. */
    hydra_render_free(start_second(&p, HYDRA_BUSY_WAIT, 0));
    end_pair(&p);
}

static void test_a_job_that_never_fits(void **state)
{
    (void)state;
    hydra_context *context = make_context(NULL, 1000000);
    hydra_compose *c = streams_project(context, 1);
    assert_ends(streams_start(c, "pull:"), HYDRA_ERR_LIMIT, "memory_budget_bytes");
    /* Renders that block are jobs too. */
    assert_compose_fails(c, hydra_compose_render_memory(c, NULL), HYDRA_ERR_LIMIT, "1000000");
    hydra_compose_free(c);
    hydra_context_free(context);
}

static void test_memory_of_one_job(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_memory_bytes = 2000000;
    hydra_context *context = make_context(&policy, 0);
    hydra_compose *c = streams_project(context, 1);
    assert_ends(streams_start(c, "pull:"), HYDRA_ERR_LIMIT, "max_memory_bytes");
    /* A single frame is not estimated: its pictures are counted as they are made. */
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    assert_compose_ok(c, hydra_compose_set_canvas(c, &canvas));
    hydra_frame *frame = NULL;
    assert_compose_fails(c, hydra_compose_frame(c, 0, HYDRA_FRAME_RGB24, &frame), HYDRA_ERR_LIMIT,
                         "max_memory_bytes");
    assert_null(frame);
    hydra_compose_free(c);
    hydra_context_free(context);
}

/* Room for one job and a half, and nobody reads the first. */
static void test_a_complete_job_needs_no_share(void **state)
{
    (void)state;
    hydra_context *free_of_limits = make_context(NULL, 0);
    int64_t share = estimated_bytes(free_of_limits, 0);
    hydra_context_free(free_of_limits);
    hydra_context *context = make_context(NULL, share * 3 / 2);
    hydra_compose *c = streams_project(context, 1);
    const int32_t ways[] = {HYDRA_IN_ORDER_FRAGMENTED, HYDRA_IN_ORDER_BUFFERED};
    for (int i = 0; i < 2; i++) {
        hydra_render_options options = streams_options(ways[i]);
        hydra_render *first = NULL;
        assert_compose_ok(c, hydra_render_start(c, "pull:", &options, &first));
        await_output(first);
        options.deadline_us = (int64_t)PATIENCE_MS * 1000;
        assert_compose_ok(c, hydra_compose_render_memory(c, &options)); /* waits for its share */
        int64_t taken = hy_budget_taken(&context->budget);
        bytes all = {0};
        bool ok;
        assert_true(take_output(first, 4096, &all)); /* was announced */
        assert_int_equal(pull_all(first, 4096, &all, &ok), HYDRA_OK);
        assert_true(ok);
        /* Of the buffered one its bytes. */
        assert_int_equal(taken, i == 0 ? 0 : all.size);
        assert_int_equal(hy_budget_taken(&context->budget), 0);
        bytes_free(&all);
        hydra_render_free(first);
    }
    hydra_compose_free(c);
    hydra_context_free(context);
}

/* Every job gives back exactly what it took: many in turn fit where one does. */
static void test_shares_come_back(void **state)
{
    (void)state;
    hydra_context *free_of_limits = make_context(NULL, 0);
    int64_t share = estimated_bytes(free_of_limits, 0);
    hydra_context_free(free_of_limits);
    hydra_context *context = make_context(NULL, share * 3 / 2);
    hydra_compose *c = streams_project(context, 1);
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    hydra_render *jobs[6];
    for (int i = 0; i < 6; i++) {
        assert_compose_ok(c, hydra_render_start(c, "pull:", &options, &jobs[i]));
    }
    for (int i = 0; i < 6; i++) { /* in any order: each waits for those before it at most */
        hydra_render_free(jobs[i]);
    }
    /* Broken projects too. */
    assert_compose_ok(c, hydra_compose_add_image(c, "/nowhere.jpg", NULL));
    assert_ends(streams_start(c, "pull:"), HYDRA_ERR_NOT_FOUND, "/nowhere.jpg");
    hydra_compose_free(c);
    c = streams_project(context, 1);
    options.when_busy = HYDRA_BUSY_FAIL;
    assert_compose_ok(c, hydra_compose_render_memory(c, &options));
    hydra_compose_free(c);
    hydra_context_free(context);
}

static void test_music_is_held_against_its_limit(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_audio_bytes = 10000;
    hydra_context *context = make_context(&policy, 0);
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(context, &c), HYDRA_OK);
    uint32_t seed = 1;
    test_add_picture(c, 64, 48, test_pixel_natural, &seed, NULL);
    size_t size;
    uint8_t *wav = test_mono_wav(8000, 8000, test_sample_tone, NULL, &size);
    assert_true(size > 10000);
    char *folder = test_folder_new();
    char *path = test_path(folder, "song.wav");
    test_write_file(path, wav, size);
    assert_compose_fails(c, hydra_compose_set_audio_memory(c, wav, size, "song", NULL),
                         HYDRA_ERR_LIMIT, "song: 16044 bytes, the policy allows 10000");
    assert_compose_ok(c, hydra_compose_set_audio(c, path, NULL));
    assert_compose_fails(c, hydra_compose_render_memory(c, NULL), HYDRA_ERR_LIMIT, "song.wav");
    assert_compose_fails(c, hydra_compose_check(c), HYDRA_ERR_LIMIT, "song.wav");
    assert_ends(streams_start(c, "pull:"), HYDRA_ERR_LIMIT, "song.wav");
    hydra_compose_free(c);
    hydra_context_free(context);
    free(wav);
    free(path);
    test_folder_free(folder);
}

/* ---- Threads and time ---- */

/* One for each job, and the workers that all of them share. Nobody reads, so none of them ends. */
static void test_many_jobs_share_the_workers(void **state)
{
    (void)state;
    enum {
        JOBS = 8,
        WORKERS = 2 /* see make_context */
    };
    int before = test_count_settled_threads();
    hydra_context *context = make_context(NULL, 0);
    hydra_compose *c = streams_project(context, 1);
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    options.threads = 1; /* x264 then works on the job's thread */
    hydra_render *jobs[JOBS];
    int most = 0;
    for (int i = 0; i < JOBS; i++) {
        assert_compose_ok(c, hydra_render_start(c, "pull:", &options, &jobs[i]));
    }
    for (int i = 0; i < JOBS; i++) {
        struct pollfd fd = {.fd = hydra_render_fd(jobs[i]), .events = POLLIN};
        hydra_event event = {.struct_size = sizeof event};
        while (event.kind != HYDRA_EVENT_OUTPUT) {
            assert_int_equal(poll(&fd, 1, PATIENCE_MS), 1);
            assert_int_equal(hydra_render_next_event(jobs[i], &event), HYDRA_OK);
            int count = test_count_threads(INT32_MAX);
            most = count > most ? count : most;
        }
    }
    assert_in_range(most - before, JOBS + 1, JOBS + WORKERS);
    for (int i = 0; i < JOBS; i++) {
        hydra_render_free(jobs[i]);
    }
    hydra_compose_free(c);
    hydra_context_free(context);
    assert_int_equal(test_count_threads(before), before);
}

static void test_encoder_threads(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_threads = 1;
    hydra_context *narrow = make_context(&policy, 0);
    hydra_context *wide = make_context(NULL, 0);
    int64_t one = estimated_bytes(wide, 1);
    assert_true(estimated_bytes(wide, 16) > one);
    assert_int_equal(estimated_bytes(narrow, 16), one);
    hydra_context_free(narrow);
    hydra_context_free(wide);
}

static void test_the_policys_deadline(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_render_us = 1000;
    hydra_context *context = make_context(&policy, 0);
    hydra_compose *c = streams_project(context, 2);
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    options.deadline_us = 100000000;
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, "pull:", &options, &render)); /* nobody reads */
    assert_ends(render, HYDRA_ERR_DEADLINE, "deadline");
    hydra_compose_free(c);
    hydra_context_free(context);
}

/* ---- Folders ---- */

typedef struct places {
    char *folder; /* holds both */
    char *inside;
    char *outside;
    hydra_context *context;
} places;

static void write_photo(const char *folder, const char *name)
{
    uint32_t seed = 5;
    size_t size;
    uint8_t *photo = test_bmp(64, 48, test_pixel_natural, &seed, &size);
    char *path = test_path(folder, name);
    test_write_file(path, photo, size);
    free(path);
    free(photo);
}

static void make_link(const char *to, const char *folder, const char *name)
{
    char *path = test_path(folder, name);
    assert_int_equal(symlink(to, path), 0);
    free(path);
}

static places make_places(void)
{
    places p = {.folder = test_folder_new()};
    p.inside = test_path(p.folder, "in");
    p.outside = test_path(p.folder, "inner"); /* begins alike */
    assert_int_equal(mkdir(p.inside, 0700) | mkdir(p.outside, 0700), 0);
    write_photo(p.inside, "a.bmp");
    write_photo(p.outside, "b.bmp");
    make_link("../inner/b.bmp", p.inside, "link.bmp");
    make_link("../inner", p.inside, "away");
    make_link("../inner/missing.bmp", p.inside, "lost.bmp");
    make_link("lost.bmp", p.inside, "twice.bmp");
    make_link("/nowhere/at/all", p.inside, "lost");
    make_link("missing.bmp", p.inside, "here.bmp");
    make_link("loop.bmp", p.inside, "loop.bmp");
    const char *roots[] = {p.inside};
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.file_roots = roots;
    policy.file_root_count = 1;
    p.context = make_context(&policy, 0);
    return p;
}

static void free_places(places *p)
{
    hydra_context_free(p->context);
    free(p->inside);
    free(p->outside);
    test_folder_free(p->folder);
}

static hydra_compose *project_of(const places *p, const char *base, const char *photo)
{
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(p->context, &c), HYDRA_OK);
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = SIDE_PX;
    canvas.height_px = SIDE_PX;
    assert_compose_ok(c, hydra_compose_set_canvas(c, &canvas));
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 200000;
    char *path = test_path(base, photo);
    assert_compose_ok(c, hydra_compose_add_image(c, path, &image));
    free(path);
    return c;
}

static void test_inputs_lie_in_allowed_folders(void **state)
{
    (void)state;
    places p = make_places();
    const struct {
        const char *base;
        const char *photo;
        hydra_status expected;
    } cases[] = {
        {p.inside, "a.bmp", HYDRA_OK},
        {p.inside, "../in/a.bmp", HYDRA_OK},
        {p.inside, "missing.bmp", HYDRA_ERR_NOT_FOUND},
        {p.inside, "link.bmp", HYDRA_ERR_PERMISSION},
        {p.inside, "away/b.bmp", HYDRA_ERR_PERMISSION},
        /* Links that lead nowhere tell no more than those that lead somewhere. */
        {p.inside, "lost.bmp", HYDRA_ERR_PERMISSION},
        {p.inside, "twice.bmp", HYDRA_ERR_PERMISSION},
        {p.inside, "lost/b.bmp", HYDRA_ERR_PERMISSION},
        {p.inside, "away/missing/b.bmp", HYDRA_ERR_PERMISSION},
        {p.inside, "here.bmp", HYDRA_ERR_NOT_FOUND},
        {p.inside, "loop.bmp", HYDRA_ERR_ARGUMENT},
        {p.inside, "../inner/b.bmp", HYDRA_ERR_PERMISSION},
        {p.inside, "../inner/missing.bmp", HYDRA_ERR_PERMISSION},
        {p.outside, "b.bmp", HYDRA_ERR_PERMISSION},
        {p.outside, "missing.bmp", HYDRA_ERR_PERMISSION},
        {p.outside, "missing/too.bmp", HYDRA_ERR_PERMISSION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hydra_compose *c = project_of(&p, cases[i].base, cases[i].photo);
        hydra_status status = hydra_compose_render_memory(c, NULL);
        if (status != cases[i].expected ||
            (status != HYDRA_OK && !strstr(hydra_compose_error(c), cases[i].photo)) ||
            (status == HYDRA_ERR_PERMISSION && !strstr(hydra_compose_error(c), "lies outside"))) {
            fail_msg("%s: %s", cases[i].photo, hydra_compose_error(c));
        }
        hydra_estimate estimate = {.struct_size = sizeof estimate};
        assert_int_equal(hydra_compose_estimate(c, NULL, &estimate), cases[i].expected);
        hydra_frame *frame = NULL;
        assert_int_equal(hydra_compose_frame(c, 0, HYDRA_FRAME_I420, &frame), cases[i].expected);
        hydra_frame_free(frame);
        hydra_compose_free(c);
    }
    hydra_compose *c = project_of(&p, p.inside, "a.bmp");
    char *song = test_path(p.outside, "song.wav");
    assert_compose_ok(c, hydra_compose_set_audio(c, song, NULL));
    assert_compose_fails(c, hydra_compose_render_memory(c, NULL), HYDRA_ERR_PERMISSION, "song.wav");
    hydra_compose_free(c);
    free(song);
    free_places(&p);
}

static void test_outputs_lie_in_allowed_folders(void **state)
{
    (void)state;
    places p = make_places();
    const struct {
        const char *base;
        const char *name;
        hydra_status expected;
    } cases[] = {
        {p.inside, "out.mp4", HYDRA_OK},
        {p.inside, "../in/out.mp4", HYDRA_OK},
        {p.inside, "away/out.mp4", HYDRA_ERR_PERMISSION},
        {p.inside, "lost.bmp", HYDRA_ERR_PERMISSION},
        {p.inside, "twice.bmp", HYDRA_ERR_PERMISSION},
        {p.inside, "lost/out.mp4", HYDRA_ERR_PERMISSION},
        {p.inside, "here.bmp", HYDRA_OK}, /* makes the file that the link names */
        {p.inside, "../inner/out.mp4", HYDRA_ERR_PERMISSION},
        {p.outside, "out.mp4", HYDRA_ERR_PERMISSION},
        {p.outside, "b.bmp", HYDRA_ERR_PERMISSION},
        {p.outside, "missing/out.mp4", HYDRA_ERR_PERMISSION},
    };
    hydra_compose *c = project_of(&p, p.inside, "a.bmp");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *path = test_path(cases[i].base, cases[i].name);
        hydra_status status = hydra_compose_render(c, path, NULL);
        if (status != cases[i].expected) {
            fail_msg("%s: %s", cases[i].name, hydra_compose_error(c));
        }
        assert_ends(streams_start(c, path), cases[i].expected,
                    cases[i].expected == HYDRA_OK ? "" : cases[i].name);
        free(path);
    }
    char *made = test_path(p.inside, "missing.bmp");
    struct stat info;
    assert_int_equal(lstat(made, &info), 0);
    assert_true(S_ISREG(info.st_mode) && info.st_size > 0);
    free(made);
    /* A FIFO is a path like any other. */
    char *fifo = test_path(p.outside, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    hydra_render *render = NULL;
    assert_compose_fails(c, hydra_render_start(c, fifo, NULL, &render), HYDRA_ERR_PERMISSION,
                         "fifo");
    assert_null(render);
    assert_int_equal(test_count_entries(p.outside), 2);
    free(fifo);
    hydra_compose_free(c);
    free_places(&p);
}

static void test_roots_that_make_no_sense(void **state)
{
    (void)state;
    const char *const wrong[] = {"relative", "/nowhere/at/all", "/etc/passwd", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        hydra_policy policy;
        hydra_policy_init(&policy);
        policy.file_roots = &wrong[i];
        policy.file_root_count = 1;
        hydra_context_options options;
        hydra_context_options_init(&options);
        options.policy = &policy;
        hydra_context *context = NULL;
        assert_int_equal(hydra_context_new(&options, &context), HYDRA_ERR_ARGUMENT);
        assert_null(context);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_job_waits_for_its_share),
        cmocka_unit_test(test_a_job_fails_when_there_is_no_room),
        cmocka_unit_test(test_a_waiting_job_can_be_stopped),
        cmocka_unit_test(test_a_job_that_never_fits),
        cmocka_unit_test(test_memory_of_one_job),
        cmocka_unit_test(test_a_complete_job_needs_no_share),
        cmocka_unit_test(test_shares_come_back),
        cmocka_unit_test(test_music_is_held_against_its_limit),
        cmocka_unit_test(test_many_jobs_share_the_workers),
        cmocka_unit_test(test_encoder_threads),
        cmocka_unit_test(test_the_policys_deadline),
        cmocka_unit_test(test_inputs_lie_in_allowed_folders),
        cmocka_unit_test(test_outputs_lie_in_allowed_folders),
        cmocka_unit_test(test_roots_that_make_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
