/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at every allocation of ours while a project of files goes through the public
 * calls: JSON in, plan, estimate, dry run, JSON out, a file, a host's functions, and jobs to every
 * kind of destination. The call says HYDRA_ERR_MEMORY, nothing is left behind in memory, in folders
 * or of descriptors and threads, and the compose is as it was and does what it could not.
 */
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc_faults.h"
#include "compose.h"
#include "media.h"

/* MP4 where it can be made. */
#define ENCODER (HY_HAVE_X264 ? "auto" : "raw")

/* ---- Inputs: every key of the schema, in two projects ---- */

static const char rich_json[] =
    "{\"$schema\": \"project.schema.json\", \"hydra\": 1,"
    " \"canvas\": {\"width\": 64, \"height\": 66}, \"fps\": \"25/2\","
    " \"background\": \"#102030\", \"duration\": 0.8, \"images\": ["
    "{\"src\": \"FOLDER/a.jpg\", \"duration\": \"auto\", \"fit\": \"contain\","
    " \"position\": {\"x\": 0.25, \"y\": 1}, \"backdrop\": \"blur\","
    " \"motion\": {\"type\": \"zoom-out\", \"amount\": 0.125, \"easing\": \"ease-in\"},"
    " \"transition\": {\"type\": \"crossfade\", \"duration\": 0.16, \"mode\": \"hold\"}},"
    "{\"src\": \"file://FOLDER/b%20c.png\", \"duration\": 0.4, \"motion\": {\"type\": \"rect\","
    " \"start\": {\"x\": 0.1, \"y\": 0.1, \"width\": 0.5, \"height\": 0.5}, \"end\": {}}}],"
    " \"transition\": \"crossfade\", \"audio\": {\"src\": \"FOLDER/tone.wav\", \"start\": 0.05,"
    " \"duration\": 0.2, \"gain_db\": -3.5, \"fade_in\": 0.1, \"fade_out\": 0.1,"
    " \"when_short\": \"loop\"}, \"output\": {\"encoder\": \"ENCODER\", \"codec\": \"h264\", "
    "\"profile\": \"draft\","
    " \"crf\": 30, \"preset\": \"ultrafast\", \"audio_bitrate_kbps\": 64, \"threads\": 1,"
    " \"deadline\": 600, \"when_busy\": \"wait\", \"in_order\": \"ORDER\","
    " \"when_exists\": \"replace\"}}";

static const char preset_json[] =
    "{\"hydra\": 1, \"canvas\": {\"preset\": \"1:1\"}, \"output\": {\"bitrate_kbps\": 500}}";

static const char wrong_json[] =
    "{\"hydra\": 2, \"images\": [{\"src\": \"FOLDER/a.jpg\", \"fit\": \"covr\"}, {}],"
    " \"output\": {\"preset\": \"fast\", \"crf\": 99}, \"x/y\": 1}";

static char *inputs;
static char *outputs;
static char *target;
static char *fifo;
static char *rich;     /* fragments in order */
static char *buffered; /* the usual file in order */
static char *raw;      /* Y4M */
static char *wrong;

/* A copy of `json` with every `word` replaced; takes `json`. */
static char *replaced(char *json, const char *word, const char *by)
{
    for (char *at = strstr(json, word); at; at = strstr(json, word)) {
        char *longer = NULL;
        assert_true(asprintf(&longer, "%.*s%s%s", (int)(at - json), json, by, at + strlen(word)) >
                    0);
        free(json);
        json = longer;
    }
    return json;
}

static char *project_text(const char *json, const char *encoder, const char *order)
{
    char *text = replaced(strdup(json), "FOLDER", inputs);
    return replaced(replaced(text, "ENCODER", encoder), "ORDER", order);
}

static void write_input(const char *name, const test_file *file)
{
    char *path = test_path(inputs, name);
    test_write_file(path, file->data, file->size);
    free(path);
}

static void write_inputs(void)
{
    uint8_t *rgb = test_gradient(40, 4 * 28);
    test_file jpeg = test_make_jpeg(rgb, 40, 28, &(test_jpeg){.orientation = 6});
    test_file png = test_make_picture("png", "rgb24", rgb, 40, 28, NULL);
    test_file tone = {0};
    tone.data = test_mono_wav(44100, 22050, test_sample_tone, NULL, &tone.size);
    write_input("a.jpg", &jpeg);
    write_input("b c.png", &png);
    write_input("tone.wav", &tone);
    test_file_free(&jpeg);
    test_file_free(&png);
    test_file_free(&tone);
    free(rgb);
}

static int make_place(void **state)
{
    (void)state;
    hydra_silence_ffmpeg();
    inputs = test_folder_new();
    outputs = test_folder_new();
    target = test_path(outputs, "out.mp4");
    fifo = test_path(inputs, "fifo");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    write_inputs();
    rich = project_text(rich_json, ENCODER, "fragmented");
    buffered = project_text(rich_json, ENCODER, "buffered");
    raw = project_text(rich_json, "raw", "fragmented");
    wrong = project_text(wrong_json, "", "");
    return 0;
}

static int free_place(void **state)
{
    (void)state;
    test_folder_free(inputs);
    test_folder_free(outputs);
    free(target);
    free(fifo);
    free(rich);
    free(buffered);
    free(raw);
    free(wrong);
    return 0;
}

/* ---- One life ---- */

typedef hydra_status act_fn(hydra_compose *c);

static const char *project; /* that lives go through */

/* The error's text of a job that failed; of other calls the compose knows it. */
static char job_error[HY_DIAG_BYTES];

static hydra_status load(hydra_compose *c)
{
    return hydra_compose_load_json(c, project, strlen(project));
}

static char *json_of(hydra_compose *c)
{
    const char *json = NULL;
    assert_compose_ok(c, hydra_compose_to_json(c, &json));
    char *copy = hy_strdup(json); /* counted, as free is */
    assert_non_null(copy);
    return copy;
}

/* What a call that failed must have said. */
static void check_error(const hydra_compose *c, hydra_status status)
{
    const char *text = job_error[0] ? job_error : hydra_compose_error(c);
    if (status != HYDRA_ERR_MEMORY || !strstr(text, "memory")) {
        fail_msg("%s: \"%s\"", hydra_status_name(status), text);
    }
    job_error[0] = '\0';
}

/* Load and act; a call that finds no memory is made again. */
static hydra_status load_and_act(hydra_compose *c, act_fn *act)
{
    hydra_status status = load(c);
    if (status != HYDRA_OK) {
        check_error(c, status);
        assert_int_equal(hydra_compose_image_count(c), 0);
        test_fail_allocation(0);
        assert_compose_ok(c, load(c));
        return status;
    }
    status = act(c);
    if (status != HYDRA_OK) {
        check_error(c, status);
        test_fail_allocation(0);
        assert_compose_ok(c, act(c));
        char *again = json_of(c);
        assert_compose_ok(c, hydra_compose_load_json(c, again, strlen(again)));
        char *unchanged = json_of(c);
        assert_string_equal(again, unchanged);
        free(unchanged);
        free(again);
    }
    return status;
}

static hydra_status whole_life(act_fn *act)
{
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.threads = 2;
    hydra_context *context;
    hydra_compose *c;
    hydra_status status = hydra_context_new(&options, &context);
    if (status != HYDRA_OK) {
        return status;
    }
    status = hydra_compose_new(context, &c);
    hydra_context_free(context);
    if (status == HYDRA_OK) {
        status = load_and_act(c, act);
        hydra_compose_free(c);
    }
    return status;
}

static int count_descriptors(void)
{
    return test_count_entries("/proc/self/fd");
}

/* What may fail without the call: giving slack of an output back; keeping a short loop of music,
 * which otherwise is decoded again; noting a file for an upload, which otherwise renders again. */
#define UNHEARD_SLACK 1
#define UNHEARD_NOTE  1
#define UNHEARD_LOOP  12
/* Also messages of a job: it tells that they were not kept. */
#define UNHEARD_EVENTS 6

/* Looking for a GPU: then there is none. */
#define UNHEARD_GPU (HY_HAVE_NVENC ? 5 : 1)

/* Let each allocation fail in turn, at most `unheard` of them in vain. */
static void starve(const char *name, const char *text, act_fn *act, int unheard)
{
    int in_vain = 0;
    int nth = 0;
    bool failed = true;
    project = text;
    while (failed) {
        int blocks = test_live_blocks();
        int descriptors = count_descriptors();
        test_fail_allocation(++nth);
        hydra_status status = whole_life(act);
        failed = status != HYDRA_OK || test_allocation_failed();
        test_fail_allocation(0);
        assert_int_equal(test_live_blocks(), blocks);
        assert_int_equal(test_live_maps(), 0);
        assert_int_equal(count_descriptors(), descriptors);
        assert_true(test_only_own_threads());
        assert_int_equal(test_count_entries(outputs), 0);
        in_vain += failed && status == HYDRA_OK;
        assert_true(status == HYDRA_ERR_MEMORY || status == HYDRA_OK);
    }
    print_message("%s: %d allocations, %d of them optional\n", name, nth - 1, in_vain);
    assert_true(nth > 5);
    assert_true(in_vain <= unheard);
}

/* ---- What is asked for ---- */

static hydra_status plan(hydra_compose *c)
{
    const char *text;
    return hydra_compose_plan_text(c, &text);
}

static hydra_status estimate(hydra_compose *c)
{
    hydra_estimate out = {.struct_size = sizeof out};
    hydra_status status = hydra_compose_estimate(c, NULL, &out);
    assert_int_equal(out.frames, status == HYDRA_OK ? 10 : 0);
    return status;
}

static hydra_status check(hydra_compose *c)
{
    return hydra_compose_check(c);
}

static hydra_status save(hydra_compose *c)
{
    const char *json;
    hydra_status status = hydra_compose_to_json(c, &json);
    assert_int_equal(status == HYDRA_OK, json != NULL);
    return status;
}

static hydra_status set_output(hydra_compose *c)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.preset = "slow";
    return hydra_compose_set_output(c, &options);
}

/* The text is wrong either way; without memory it says so, and the project stays. */
static hydra_status load_wrong(hydra_compose *c)
{
    hydra_status status = hydra_compose_load_json(c, wrong, strlen(wrong));
    assert_int_equal(hydra_compose_image_count(c), 2);
    if (status != HYDRA_ERR_ARGUMENT) {
        return status;
    }
    assert_int_equal(hydra_compose_issue_count(c), 5);
    return HYDRA_OK;
}

static hydra_status output_is_there(hydra_status status)
{
    assert_int_equal(test_count_entries(outputs), status == HYDRA_OK);
    if (status == HYDRA_OK) {
        assert_int_equal(remove(target), 0);
    }
    return status;
}

static hydra_status render_file(hydra_compose *c)
{
    return output_is_there(hydra_compose_render(c, target, NULL));
}

static int32_t take_bytes(void *user, int64_t offset, const void *data, size_t size)
{
    (void)offset;
    (void)data;
    *(size_t *)user += size;
    return 0;
}

static hydra_status render_writer(hydra_compose *c)
{
    size_t written = 0;
    hydra_writer writer = {.struct_size = sizeof writer, .user = &written, .write = take_bytes};
    hydra_status status = hydra_compose_render_writer(c, &writer, NULL);
    assert_true(status != HYDRA_OK || written > 0);
    return status;
}

/* ---- Jobs ---- */

/* Returns how many bytes were there. */
static size_t pull_all(hydra_render *render)
{
    uint8_t bite[1000];
    size_t all = 0;
    size_t got;
    do {
        assert_int_equal(hydra_render_read(render, bite, sizeof bite, NULL, &got), HYDRA_OK);
        all += got;
    } while (got > 0);
    return all;
}

/* As a host's loop does it: sleep on the descriptor, take events, take bytes. */
static hydra_status follow(hydra_render *render, bool pulls, size_t *taken)
{
    hydra_event event = {.struct_size = sizeof event};
    while (event.kind != HYDRA_EVENT_DONE) {
        struct pollfd news = {.fd = hydra_render_fd(render), .events = POLLIN};
        assert_int_equal(poll(&news, 1, 60000), 1);
        do {
            assert_int_equal(hydra_render_next_event(render, &event), HYDRA_OK);
            if (pulls && event.kind == HYDRA_EVENT_OUTPUT) {
                *taken += pull_all(render);
            }
        } while (event.kind != HYDRA_EVENT_NONE && event.kind != HYDRA_EVENT_DONE);
    }
    (void)snprintf(job_error, sizeof job_error, "%s", hydra_render_error(render));
    return event.status;
}

/* Start and follow. `taken`: bytes of a "pull:" job; NULL = it is none. */
static hydra_status run_job(hydra_compose *c, const char *destination, size_t *taken)
{
    hydra_render *render;
    hydra_status status = hydra_render_start(c, destination, NULL, &render);
    assert_int_equal(status == HYDRA_OK, render != NULL);
    if (render) {
        status = follow(render, taken != NULL, taken);
        assert_int_equal(hydra_render_wait(render, 0), status);
    }
    hydra_render_free(render);
    return status;
}

static hydra_status job_file(hydra_compose *c)
{
    return output_is_there(run_job(c, target, NULL));
}

static hydra_status job_pull(hydra_compose *c)
{
    size_t taken = 0;
    hydra_status status = run_job(c, "pull:", &taken);
    assert_true(status != HYDRA_OK || taken > 1000);
    return status;
}

/* The kernel keeps the whole video. */
static hydra_status job_into(hydra_compose *c, const char *destination, int in)
{
    static uint8_t data[1 << 16];
    hydra_status status = run_job(c, destination, NULL);
    ssize_t count = read(in, data, sizeof data);
    assert_true(status != HYDRA_OK || count > 1000);
    return status;
}

static hydra_status job_pipe(hydra_compose *c)
{
    int ends[2];
    char destination[32];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) >= 1 << 20);
    (void)snprintf(destination, sizeof destination, "fd:%d", ends[1]);
    hydra_status status = job_into(c, destination, ends[0]);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return status;
}

static hydra_status job_fifo(hydra_compose *c)
{
    int in = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(in >= 0);
    assert_true(fcntl(in, F_SETPIPE_SZ, 1 << 20) >= 1 << 20);
    hydra_status status = job_into(c, fifo, in);
    (void)close(in);
    return status;
}

/* ---- Tests ---- */

/* Both texts together have every key that there is. */
static void check_keys(json_t *schema)
{
    const char *name;
    json_t *part;
    json_object_foreach(schema, name, part)
    {
        check_keys(part);
        for (void *i = strcmp(name, "properties") == 0 ? json_object_iter(part) : NULL; i;
             i = json_object_iter_next(part, i)) {
            char key[64];
            (void)snprintf(key, sizeof key, "\"%s\":", json_object_iter_key(i));
            if (!strstr(rich_json, key) && !strstr(preset_json, key)) {
                fail_msg("no project has the key %s", key);
            }
        }
    }
}

static void test_projects_have_every_key(void **state)
{
    (void)state;
    json_t *schema = json_loads(hydra_project_schema(), 0, NULL);
    assert_non_null(schema);
    check_keys(schema);
    json_decref(schema);
}

static void test_load_and_save(void **state)
{
    (void)state;
    starve("load, save", rich, save, 0);
    starve("load, save a preset", preset_json, save, 0);
    starve("load, set output", rich, set_output, 0);
    starve("load a wrong one", rich, load_wrong, 0);
}

static void test_plan_and_estimate(void **state)
{
    (void)state;
    starve("plan", rich, plan, 0);
    starve("estimate", rich, estimate, UNHEARD_GPU);
    starve("check", rich, check, UNHEARD_LOOP);
}

static void test_raw_video(void **state)
{
    (void)state;
    starve("Y4M to a file", raw, render_file, UNHEARD_GPU + UNHEARD_NOTE);
    starve("Y4M to a pipe, job", raw, job_pipe, UNHEARD_GPU + UNHEARD_EVENTS);
}

static void test_calls_that_block(void **state)
{
    (void)state;
    starve("file", rich, render_file, UNHEARD_GPU + UNHEARD_LOOP + UNHEARD_NOTE);
    starve("writer", rich, render_writer, UNHEARD_GPU + UNHEARD_LOOP);
}

static void test_jobs(void **state)
{
    (void)state;
    starve("file, job", rich, job_file, UNHEARD_GPU + UNHEARD_LOOP + UNHEARD_EVENTS);
    starve("pull, job", rich, job_pull, UNHEARD_GPU + UNHEARD_LOOP + UNHEARD_EVENTS);
    starve("pipe, job", rich, job_pipe, UNHEARD_GPU + UNHEARD_LOOP + UNHEARD_EVENTS);
    starve("FIFO, job", rich, job_fifo, UNHEARD_GPU + UNHEARD_LOOP + UNHEARD_EVENTS);
    starve("pull, buffered, job", buffered, job_pull,
           UNHEARD_GPU + UNHEARD_LOOP + UNHEARD_EVENTS + UNHEARD_SLACK);
    starve("pipe, buffered, job", buffered, job_pipe,
           UNHEARD_GPU + UNHEARD_LOOP + UNHEARD_EVENTS + UNHEARD_SLACK);
}

/* A private context, pictures, an encoder. */
static void test_bench(void **state)
{
    (void)state;
    hydra_bench_options options;
    hydra_bench_options_init(&options);
    options.encoder = HYDRA_ENCODER_RAW;
    options.width_px = 64;
    options.height_px = 64;
    options.duration_us = 1;
    int nth = 0;
    for (bool failed = true; failed;) {
        hydra_bench_result result = {.struct_size = sizeof result};
        int blocks = test_live_blocks();
        test_fail_allocation(++nth);
        hydra_status status = hydra_encoder_bench(NULL, &options, &result);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_int_equal(status, failed ? HYDRA_ERR_MEMORY : HYDRA_OK);
        assert_int_equal(test_live_blocks(), blocks);
        assert_int_equal(test_live_maps(), 0);
    }
    assert_true(nth > 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_projects_have_every_key),
        cmocka_unit_test(test_load_and_save),
        cmocka_unit_test(test_plan_and_estimate),
        cmocka_unit_test(test_raw_video),
        cmocka_unit_test(test_calls_that_block),
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_bench),
    };
    return cmocka_run_group_tests(tests, make_place, free_place);
}
