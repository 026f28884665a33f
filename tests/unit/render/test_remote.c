/* SPDX-License-Identifier: MIT */
/* Remote sources with a network of the test's own: what is fetched when, how often, how much of it
 * is held, and how it ends. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "media/media.h"
#include "render/estimate.h"
#include "render/remote.h"
#include "sink/sink.h"

#include "compose.h"
#include "frail.h"

#define MOST       64
#define SIDE_PX    64
#define FOREVER_US 60000000

/* One URL: "https://host/N?secret". */
typedef struct page {
    uint8_t *data;
    size_t size;
    int64_t delay_us;
    int after;            /* requests, of all pages, that it waits for */
    int64_t early;        /* bytes that are there before the delay */
    hydra_status status;  /* of load */
    hydra_status refusal; /* of check */
    int requests;
} page;

typedef struct network {
    hy_fetcher base;
    hydra_compose *c; /* of the project; its images are added by the tests */
    hy_job job;
    hy_cancel cancel;
    page pages[MOST];
    int cancel_at; /* request that cancels the job; 0 = none */
    pthread_mutex_t mutex;
    int requests;
    int under_way;
    int most_under_way;
    bool signals_open;
    double ended_s; /* when the last transfer ended */
} network;

static page *page_of(const network *net, const char *url)
{
    int number = -1;
    assert_int_equal(sscanf(url, "https://host/%d?secret", &number), 1);
    assert_in_range(number, 0, MOST - 1);
    return (page *)(uintptr_t)&net->pages[number];
}

static hydra_status check(const hy_fetcher *fetcher, const char *url, const char *name,
                          hy_diag *diag)
{
    const page *p = page_of((const network *)fetcher, url);
    return p->refusal == HYDRA_OK ? HYDRA_OK : hy_fail(diag, p->refusal, "%s: refused", name);
}

static void sleep_us(int64_t us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    (void)nanosleep(&time, NULL);
}

static int requests(network *net)
{
    (void)pthread_mutex_lock(&net->mutex);
    int count = net->requests;
    (void)pthread_mutex_unlock(&net->mutex);
    return count;
}

static hydra_status answer(const page *p, const hy_load *what, hy_buffer *out, hy_diag *diag)
{
    hydra_status status = hy_cancel_check(what->cancel, diag);
    if (p->early > 0 && what->received) {
        what->received(what->user, p->early, -1);
    }
    for (int64_t slept = 0; status == HYDRA_OK && slept < p->delay_us; slept += 1000) {
        sleep_us(1000);
        status = hy_cancel_check(what->cancel, diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    if (p->status != HYDRA_OK) {
        return hy_fail(diag, p->status, "%s: broken", what->name);
    }
    if ((int64_t)p->size > what->max_bytes) {
        return hy_fail(diag, HYDRA_ERR_LIMIT, "%s: more than %lld bytes", what->name,
                       (long long)what->max_bytes);
    }
    out->limit = p->size;
    return p->size == 0 || hy_buffer_append(out, p->data, p->size) ? HYDRA_OK
                                                                   : hy_fail_memory(diag);
}

static hydra_status load(const hy_fetcher *fetcher, const hy_load *what, hy_buffer *out,
                         hy_diag *diag)
{
    network *net = (network *)(uintptr_t)fetcher;
    page *p = page_of(net, what->url);
    sigset_t blocked;
    (void)pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    (void)pthread_mutex_lock(&net->mutex);
    net->signals_open = net->signals_open || !sigismember(&blocked, SIGTERM);
    net->requests++;
    p->requests++;
    net->under_way++;
    net->most_under_way =
        net->under_way > net->most_under_way ? net->under_way : net->most_under_way;
    if (net->requests == net->cancel_at) {
        hy_cancel_request(&net->cancel);
    }
    (void)pthread_mutex_unlock(&net->mutex);
    while (requests(net) < p->after) {
        sleep_us(1000);
    }
    hydra_status status = answer(p, what, out, diag);
    (void)pthread_mutex_lock(&net->mutex);
    net->under_way--;
    net->ended_s = hy_clock_s();
    (void)pthread_mutex_unlock(&net->mutex);
    return status;
}

/* Every page is a small picture of its own. */
static int setup(void **state)
{
    static network net;
    static hydra_render_options options;
    memset(&net, 0, sizeof net);
    net.base = (hy_fetcher){check, load};
    net.c = test_compose(2, 128, 128, 10, 1);
    (void)pthread_mutex_init(&net.mutex, NULL);
    hy_cancel_init(&net.cancel, 0);
    hydra_render_options_init(&options);
    options.encoder = HYDRA_ENCODER_RAW;
    for (uint32_t i = 0; i < MOST; i++) {
        net.pages[i].data = test_bmp(SIDE_PX, SIDE_PX, test_pixel_natural, &i, &net.pages[i].size);
    }
    net.job = (hy_job){
        .project = &net.c->project,
        .policy = &net.c->context->policy,
        .pool = net.c->context->pool,
        .options = &options,
        .cancel = &net.cancel,
        .fetcher = &net.base,
    };
    *state = &net;
    return 0;
}

static int teardown(void **state)
{
    network *net = *state;
    assert_int_equal(net->under_way, 0);
    for (int i = 0; i < MOST; i++) {
        free(net->pages[i].data);
    }
    (void)pthread_mutex_destroy(&net->mutex);
    hydra_compose_free(net->c);
    return 0;
}

static void add(network *net, int number)
{
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.duration_us = 200000; /* two frames */
    char url[64];
    (void)snprintf(url, sizeof url, "https://host/%d?secret", number);
    assert_compose_ok(net->c, hydra_compose_add_image(net->c, url, &options));
}

static void add_range(network *net, int count)
{
    for (int i = 0; i < count; i++) {
        add(net, i);
    }
}

static hydra_status render(network *net, hy_diag *diag, uint8_t **data, size_t *size)
{
    hy_sink *sink = NULL;
    hydra_result result;
    assert_ok(hy_sink_memory_new((int64_t)1 << 30, &sink, diag), diag);
    net->job.sink = sink;
    hy_attempts attempts;
    hydra_status status = hy_render_run(&net->job, &result, &attempts, diag);
    if (status == HYDRA_OK && data) {
        hy_sink_memory_take(sink, data, size);
    }
    hy_sink_free(sink);
    return status;
}

static void render_ok(network *net)
{
    hy_diag diag = {0};
    assert_ok(render(net, &diag, NULL, NULL), &diag);
}

static void render_fails(network *net, hydra_status expected, const char *part)
{
    hy_diag diag = {0};
    assert_failed(render(net, &diag, NULL, NULL), expected, &diag, part);
    assert_null(strstr(diag.text, "secret"));
}

/* ---- What comes out ---- */

static void test_same_video_as_from_memory(void **state)
{
    network *net = *state;
    hy_diag diag = {0};
    uint8_t *remote = NULL;
    size_t remote_size = 0;
    for (int i = 0; i < 7; i++) {
        net->pages[i].delay_us = 20000 * (7 - i); /* the later, the sooner */
    }
    add_range(net, 7);
    assert_ok(render(net, &diag, &remote, &remote_size), &diag);
    assert_false(net->signals_open);
    assert_int_equal(net->requests, 7);
    assert_in_range(net->most_under_way, 2, HY_REMOTE_PARALLEL);

    hydra_image_options options;
    hydra_image_options_init(&options);
    options.duration_us = 200000;
    hydra_compose *here = test_compose(2, 128, 128, 10, 1);
    for (uint32_t i = 0; i < 7; i++) {
        test_add_picture(here, SIDE_PX, SIDE_PX, test_pixel_natural, &i, &options);
    }
    assert_compose_ok(here, hydra_compose_render_memory(here, net->job.options));
    const void *local = NULL;
    size_t local_size = 0;
    assert_int_equal(hydra_compose_output(here, &local, &local_size), HYDRA_OK);
    assert_int_equal(remote_size, local_size);
    assert_memory_equal(remote, local, local_size);
    hydra_compose_free(here);
    hy_free(remote);
}

/* All is fetched again for the next encoder, whatever the first attempt held. */
static void test_made_again(void **state)
{
    network *net = *state;
    hy_diag diag = {0};
    uint8_t *expected = NULL;
    uint8_t *again = NULL;
    size_t expected_size = 0;
    size_t again_size = 0;
    add_range(net, 7);
    assert_ok(render(net, &diag, &expected, &expected_size), &diag);
    assert_int_equal(net->requests, 7);
    const hy_encoder_route route = test_frail_route(HYDRA_ENCODER_RAW);
    test_frail = (test_frail_plan){
        .at = TEST_FRAIL_DRAIN, .finding = HYDRA_PROBE_LOST, .status = HYDRA_ERR_ENCODER};
    net->job.route = &route;
    assert_ok(render(net, &diag, &again, &again_size), &diag);
    assert_int_equal(net->requests, 3 * 7);
    assert_int_equal(again_size, expected_size);
    assert_memory_equal(again, expected, again_size);
    hy_free(expected);
    hy_free(again);
    /* Cancelled while it fetches for the second time. */
    net->cancel_at = net->requests + 7 + 3;
    assert_failed(render(net, &diag, NULL, NULL), HYDRA_ERR_CANCELLED, &diag, "cancelled");
}

static void test_frame_fetches_what_it_shows(void **state)
{
    network *net = *state;
    hy_diag diag = {0};
    hy_plan plan;
    hy_picture *picture = NULL;
    add_range(net, 9);
    assert_ok(hy_plan_build(net->job.project, net->job.policy, &plan, &diag), &diag);
    assert_ok(hy_render_frame(&net->job, &plan, 8, &picture, &diag), &diag);
    assert_int_equal(net->pages[4].requests, 1);
    assert_int_equal(net->requests, 1);
    hy_picture_free(picture);
    hy_plan_free(&plan);
}

static void test_estimate_fetches_nothing(void **state)
{
    network *net = *state;
    hy_diag diag = {0};
    hy_plan plan;
    hydra_estimate one;
    hydra_estimate many;
    add(net, 0);
    hy_encoder_route route;
    assert_ok(hy_job_plan_encoders(&net->job, &route, &diag), &diag);
    net->job.route = &route;
    assert_ok(hy_plan_build(net->job.project, net->job.policy, &plan, &diag), &diag);
    assert_ok(hy_estimate(&net->job, &plan, &one, &diag), &diag);
    hy_plan_free(&plan);
    add_range(net, 40);
    assert_ok(hy_plan_build(net->job.project, net->job.policy, &plan, &diag), &diag);
    assert_ok(hy_estimate(&net->job, &plan, &many, &diag), &diag);
    hy_plan_free(&plan);
    net->job.route = NULL;
    assert_int_equal(net->requests, 0);
    assert_true(one.memory_bytes > HY_REMOTE_IMAGE_BYTES);
    assert_true(many.memory_bytes - one.memory_bytes >=
                HY_REMOTE_WINDOW_BYTES - 2 * HY_REMOTE_IMAGE_BYTES);
}

/* ---- How often, how far ahead ---- */

static void test_same_url_is_fetched_once_while_alive(void **state)
{
    network *net = *state;
    add(net, 0);
    add(net, 1);
    add(net, 0);
    add(net, 1);
    add(net, 0);
    render_ok(net);
    assert_int_equal(net->pages[0].requests, 1);
    assert_int_equal(net->pages[1].requests, 1);
    for (int i = 2; i < 30; i++) {
        add(net, i);
    }
    add(net, 0); /* by then it was let go of */
    render_ok(net);
    assert_int_equal(net->pages[0].requests, 3);
    assert_int_equal(net->pages[1].requests, 2);
    assert_int_equal(net->pages[29].requests, 1);
}

/* So many are asked for, and then no more. */
static void assert_requests_settle(network *net, int expected)
{
    for (int i = 0; i < 30000 && requests(net) < expected; i++) {
        sleep_us(1000);
    }
    sleep_us(50000);
    assert_int_equal(requests(net), expected);
}

static void test_window(void **state)
{
    network *net = *state;
    hy_diag diag = {0};
    hy_meter meter = {0};
    hy_remote *remote = NULL;
    add_range(net, MOST);
    const hy_remote_want want = {.end = MOST};
    assert_ok(hy_remote_new(&net->job, &want, &meter, &remote, &diag), &diag);
    assert_requests_settle(net, HY_REMOTE_WINDOW_IMAGES);
    for (int i = 0; i < MOST; i++) {
        assert_ok(hy_remote_wait(remote, i, &diag), &diag);
        assert_true(hy_remote_is_there(remote, i));
        assert_true(requests(net) <= i + HY_REMOTE_WINDOW_IMAGES);
        hy_remote_done(remote, i);
    }
    assert_int_equal(requests(net), MOST);
    assert_int_equal(atomic_load(&meter.current_bytes), 0);
    assert_in_range(atomic_load(&meter.peak_bytes), 1,
                    HY_REMOTE_WINDOW_IMAGES * net->pages[0].size);
    hy_remote_free(remote);
}

/* Large ones: not so many. */
static void test_window_of_bytes(void **state)
{
    network *net = *state;
    hy_diag diag = {0};
    hy_meter meter = {0};
    hy_remote *remote = NULL;
    const size_t size = (size_t)30 << 20;
    uint8_t *large = calloc(size, 1);
    for (int i = 0; i < 12; i++) {
        free(net->pages[i].data);
        net->pages[i].data = large;
        net->pages[i].size = size;
        net->pages[i].delay_us = i == 0 ? 0 : 20000;
    }
    net->pages[0].after = HY_REMOTE_PARALLEL; /* the others began before it was known */
    add_range(net, 12);
    const hy_remote_want want = {.end = 12};
    assert_ok(hy_remote_new(&net->job, &want, &meter, &remote, &diag), &diag);
    assert_requests_settle(net, HY_REMOTE_PARALLEL);
    for (int i = 0; i < 12; i++) {
        assert_ok(hy_remote_wait(remote, i, &diag), &diag);
        hy_remote_done(remote, i);
        if (i > 4) {          /* those that began before any was known are gone */
            sleep_us(100000); /* for what is asked for then */
            assert_true(atomic_load(&meter.current_bytes) <= HY_REMOTE_WINDOW_BYTES);
        }
    }
    assert_true(atomic_load(&meter.peak_bytes) <= HY_REMOTE_PARALLEL * (int64_t)size);
    hy_remote_free(remote);
    assert_int_equal(atomic_load(&meter.current_bytes), 0);
    for (int i = 0; i < 12; i++) {
        net->pages[i].data = NULL;
    }
    free(large);
}

/* ---- How it ends ---- */

static void test_one_that_fails_ends_all(void **state)
{
    network *net = *state;
    add_range(net, 16);
    for (int broken = 0; broken < 16; broken++) {
        for (int i = 0; i < 16; i++) {
            bool first = i / HY_REMOTE_PARALLEL == broken / HY_REMOTE_PARALLEL;
            net->pages[i].status = i == broken ? HYDRA_ERR_NETWORK : HYDRA_OK;
            net->pages[i].delay_us = first && i != broken ? FOREVER_US : 0;
        }
        char text[64];
        (void)snprintf(text, sizeof text, "https://host/%d: broken", broken);
        double start = hy_clock_s();
        render_fails(net, HYDRA_ERR_NETWORK, text);
        assert_true(hy_clock_s() - start < 5);
        assert_int_equal(net->under_way, 0);
    }
}

static void test_cancel_and_deadline(void **state)
{
    network *net = *state;
    add_range(net, 20);
    for (int i = 0; i < 20; i++) {
        net->pages[i].delay_us = FOREVER_US;
    }
    net->cancel_at = 3;
    double start = hy_clock_s();
    render_fails(net, HYDRA_ERR_CANCELLED, "cancelled");
    assert_true(hy_clock_s() - start < 5);
    net->cancel_at = 0;
    hy_cancel_init(&net->cancel, 50000);
    render_fails(net, HYDRA_ERR_DEADLINE, "deadline");
    assert_true(hy_clock_s() - start < 10);
}

static void test_limits(void **state)
{
    network *net = *state;
    hydra_policy *policy = &net->c->context->policy;
    int64_t size = (int64_t)net->pages[0].size;
    add_range(net, 5);
    policy->max_fetch_bytes = 5 * size;
    render_ok(net);
    policy->max_fetch_bytes = 5 * size - 1;
    render_fails(net, HYDRA_ERR_LIMIT, "max_fetch_bytes");
    policy->max_fetch_bytes = 5 * size;
    policy->max_image_bytes = size;
    render_ok(net);
    policy->max_image_bytes = size - 1;
    render_fails(net, HYDRA_ERR_LIMIT, "https://host/");
}

static void test_memory_of_the_job(void **state)
{
    network *net = *state;
    hy_diag diag = {0};
    hy_meter meter = {.limit_bytes = 3 * (int64_t)net->pages[0].size};
    hy_remote *remote = NULL;
    add_range(net, 5);
    const hy_remote_want want = {.end = 5};
    assert_ok(hy_remote_new(&net->job, &want, &meter, &remote, &diag), &diag);
    hydra_status status = HYDRA_OK;
    for (int i = 0; status == HYDRA_OK && i < 5; i++) {
        status = hy_remote_wait(remote, i, &diag);
    }
    assert_failed(status, HYDRA_ERR_LIMIT, &diag, "max_memory_bytes");
    diag = (hy_diag){0};
    assert_int_equal(hy_remote_check(remote, &diag), HYDRA_ERR_LIMIT);
    hy_remote_free(remote);
    assert_int_equal(atomic_load(&meter.current_bytes), 0);
}

/* What is under way counts, and is given back when it fails. */
static void test_memory_of_what_is_under_way(void **state)
{
    network *net = *state;
    const int64_t most = 1000000;
    hy_meter meter = {.limit_bytes = most};
    const hy_remote_want want = {.end = 2};
    add_range(net, 2);
    for (int i = 0; i < 2; i++) {
        net->pages[i].delay_us = FOREVER_US;
        net->pages[i].early = most / 2 + 1;
    }
    double start = hy_clock_s();
    hy_remote *remote = NULL;
    hy_diag diag = {0};
    assert_ok(hy_remote_new(&net->job, &want, &meter, &remote, &diag), &diag);
    hydra_status status = hy_remote_wait(remote, 0, &diag);
    assert_failed(status, HYDRA_ERR_LIMIT, &diag, "max_memory_bytes");
    assert_true(hy_clock_s() - start < 5);
    hy_remote_free(remote);
    assert_int_equal(atomic_load(&meter.current_bytes), 0);

    net->pages[0] = (page){.data = net->pages[0].data, .size = net->pages[0].size};
    net->pages[0].early = most / 2;
    net->pages[0].status = HYDRA_ERR_NETWORK;
    const hy_remote_want one = {.end = 1};
    meter = (hy_meter){.limit_bytes = most};
    hy_diag_clear(&diag);
    assert_ok(hy_remote_new(&net->job, &one, &meter, &remote, &diag), &diag);
    assert_int_equal(hy_remote_wait(remote, 0, &diag), HYDRA_ERR_NETWORK);
    hy_remote_free(remote);
    assert_int_equal(atomic_load(&meter.current_bytes), 0);
    assert_int_equal(atomic_load(&meter.peak_bytes), most / 2);
}

static void test_what_is_no_picture(void **state)
{
    network *net = *state;
    static const char html[] = "<!DOCTYPE html><html><title>Sign in</title></html>";
    uint8_t *picture = net->pages[2].data;
    size_t size = net->pages[2].size;
    add_range(net, 4);
    net->pages[2].data = (uint8_t *)(uintptr_t)html;
    net->pages[2].size = sizeof html - 1;
    render_fails(net, HYDRA_ERR_FORMAT, "https://host/2: ");
    net->pages[2].size = 0;
    render_fails(net, HYDRA_ERR_FORMAT, "https://host/2: the file is empty");
    net->pages[2].data = picture;
    net->pages[2].size = size / 2;
    render_fails(net, HYDRA_ERR_FORMAT, "https://host/2: ");
    net->pages[2].size = size;
    render_ok(net);
}

/* ---- Before anything is sent ---- */

static void test_refused_before_anything_is_fetched(void **state)
{
    network *net = *state;
    hydra_policy *policy = &net->c->context->policy;
    add_range(net, 40);
    net->pages[39].refusal = HYDRA_ERR_PERMISSION;
    render_fails(net, HYDRA_ERR_PERMISSION, "https://host/39: refused");
    policy->schemes = HYDRA_SCHEME_HTTP | HYDRA_SCHEME_S3 | HYDRA_SCHEME_FILE;
    render_fails(net, HYDRA_ERR_PERMISSION, "https://host/0: the policy does not allow https:");
    hy_diag diag = {0};
    assert_failed(hy_inputs_check(net->job.project, policy, NULL, &diag), HYDRA_ERR_PERMISSION,
                  &diag, "https://host/0: the policy");
    policy->schemes |= HYDRA_SCHEME_HTTPS;
    diag = (hy_diag){0};
    assert_ok(hy_inputs_check(net->job.project, policy, NULL, &diag), &diag);
    net->job.fetcher = NULL;
    render_fails(net, HYDRA_ERR_UNSUPPORTED, "https://host/0: remote sources");
    assert_int_equal(net->requests, 0);
}

/* ---- Checks ---- */

static void test_check_finds_all(void **state)
{
    network *net = *state;
    hy_diag diag = {0};
    hy_issues issues = {0};
    add_range(net, 30);
    add(net, 3);
    assert_compose_ok(net->c, hydra_compose_set_audio(net->c, "https://host/50?secret", NULL));
    net->pages[3].status = HYDRA_ERR_NOT_FOUND;
    net->pages[20].refusal = HYDRA_ERR_PERMISSION;
    net->pages[25].size = 20;
    assert_failed(hy_render_check(&net->job, &issues, &diag), HYDRA_ERR_NOT_FOUND, &diag,
                  "https://host/3: broken");
    static const struct {
        hydra_status status;
        const char *pointer;
    } expected[] = {
        {HYDRA_ERR_NOT_FOUND, "/images/3"}, {HYDRA_ERR_PERMISSION, "/images/20"},
        {HYDRA_ERR_FORMAT, "/images/25"},   {HYDRA_ERR_NOT_FOUND, "/images/30"},
        {HYDRA_ERR_FORMAT, "/audio"}, /* a picture */
    };
    assert_int_equal(issues.count, sizeof expected / sizeof *expected);
    for (int32_t i = 0; i < issues.count; i++) {
        assert_int_equal(issues.items[i].status, expected[i].status);
        assert_string_equal(issues.items[i].pointer, expected[i].pointer);
        assert_null(strstr(issues.items[i].text, "secret"));
    }
    assert_int_equal(net->requests, 30);
    hy_issues_free(&issues);
    net->cancel_at = net->requests + 3;
    diag = (hy_diag){0};
    assert_failed(hy_render_check(&net->job, &issues, &diag), HYDRA_ERR_CANCELLED, &diag, "");
    hy_issues_free(&issues);
}

/* ---- Music ---- */

static void test_music(void **state)
{
    network *net = *state;
    hy_diag diag = {0};
    add_range(net, 3);
    assert_compose_ok(net->c, hydra_compose_set_audio(net->c, "https://host/50?secret", NULL));
    render_ok(net); /* raw video has no sound */
    assert_int_equal(net->pages[50].requests, 0);
    free(net->pages[50].data);
    net->pages[50].data = test_mono_wav(48000, 48000, test_sample_tone, NULL, &net->pages[50].size);
    const hy_remote_want want = {.end = 3, .audio = true};
    hy_job job = net->job;
    hy_reader *reader = NULL;
    assert_ok(hy_remote_new(&job, &want, NULL, &job.remote, &diag), &diag);
    assert_ok(hy_job_open_audio(&job, &reader, &diag), &diag);
    hy_remote_free(job.remote);
    assert_int_equal(reader->size, net->pages[50].size); /* the reader has its share */
    uint8_t *data = NULL;
    size_t size = 0;
    assert_ok(hy_reader_load(reader, &data, &size, &diag), &diag);
    assert_memory_equal(data, net->pages[50].data, size);
    hy_free(data);
    hy_reader_close(reader);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_same_video_as_from_memory),
        TEST(test_made_again),
        TEST(test_frame_fetches_what_it_shows),
        TEST(test_estimate_fetches_nothing),
        TEST(test_same_url_is_fetched_once_while_alive),
        TEST(test_window),
        TEST(test_window_of_bytes),
        TEST(test_one_that_fails_ends_all),
        TEST(test_cancel_and_deadline),
        TEST(test_limits),
        TEST(test_memory_of_the_job),
        TEST(test_memory_of_what_is_under_way),
        TEST(test_what_is_no_picture),
        TEST(test_refused_before_anything_is_fetched),
        TEST(test_check_finds_all),
        TEST(test_music),
    };
    hydra_silence_ffmpeg();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
