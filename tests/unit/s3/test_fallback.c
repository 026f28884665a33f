/* SPDX-License-Identifier: MIT */
/* Renders into a store whose encoder's GPU fails while parts have left: they are dropped, and the
 * object is the video of the next encoder. */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "render/render.h"

#include "bench.h"
#include "compose.h"
#include "frail.h"

#define FRAMES 40 /* of 12 KiB */

static hydra_compose *project(void)
{
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 4000000;
    image.motion = HYDRA_MOTION_ZOOM_IN;
    uint32_t seed = 9;
    hydra_compose *c = test_compose(2, 96, 96, FRAMES / 4, 1);
    test_add_picture(c, 100, 80, test_pixel_natural, &seed, &image);
    return c;
}

static hydra_status render(bench *b, const hydra_compose *c, hy_sink *sink, hy_attempts *attempts,
                           hy_diag *diag)
{
    hydra_render_options options;
    hydra_result result;
    hydra_render_options_init(&options);
    const hy_encoder_route route = test_frail_route(HYDRA_ENCODER_RAW);
    const hy_job job = {
        .project = &c->project,
        .policy = &c->context->policy,
        .pool = c->context->pool,
        .route = &route,
        .sink = sink,
        .options = &options,
        .cancel = &b->cancel,
    };
    *diag = (hy_diag){0};
    return hy_render_run(&job, &result, attempts, diag);
}

/* What raw makes alone; the caller frees it with the compose. */
static const void *expected_video(hydra_compose *c, size_t *size)
{
    hydra_render_options raw;
    const void *data = NULL;
    hydra_render_options_init(&raw);
    raw.encoder = HYDRA_ENCODER_RAW;
    assert_compose_ok(c, hydra_compose_render_memory(c, &raw));
    assert_int_equal(hydra_compose_output(c, &data, size), HYDRA_OK);
    return data;
}

static void fail_at(int64_t frame)
{
    test_frail =
        (test_frail_plan){.at = frame, .finding = HYDRA_PROBE_LOST, .status = HYDRA_ERR_ENCODER};
}

static hy_sink *open_sink(bench *b)
{
    hy_sink *sink = NULL;
    hy_diag diag = {0};
    const hy_s3_sink_options options = bench_options_of(b);
    assert_ok(hy_s3_sink_new(b->s3, &options, &sink, &diag), &diag);
    return sink;
}

static void check_object(bench *b, hydra_compose *c)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    size_t expected_size = 0;
    const void *expected = expected_video(c, &expected_size);
    assert_true(store_object(b->store, &data, &size));
    assert_int_equal(size, expected_size);
    assert_memory_equal(data, expected, size);
}

static void test_made_again(void **state)
{
    (void)state;
    static const struct {
        int64_t at;
        int uploads;
    } cases[] = {{TEST_FRAIL_OPEN, 1}, {1, 1}, {FRAMES / 2 + 10, 2}, {TEST_FRAIL_DRAIN, 2}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bench b;
        hy_diag diag;
        hy_attempts attempts;
        hydra_compose *c = project();
        bench_set_up(&b, NULL, 0);
        fail_at(cases[i].at);
        b.transfer.parallel = 2;
        hy_sink *sink = open_sink(&b);
        assert_ok(render(&b, c, sink, &attempts, &diag), &diag);
        assert_int_equal(attempts.count, 2);
        assert_null(hy_s3_sink_leftover(sink));
        hy_sink_free(sink);
        check_object(&b, c);
        assert_int_equal(store_count(b.store, STORE_CREATE), cases[i].uploads);
        assert_int_equal(store_count(b.store, STORE_ABORT), cases[i].uploads - 1);
        assert_int_equal(store_count(b.store, STORE_COMPLETE), 1);
        hydra_compose_free(c);
        bench_tear_down(&b);
    }
}

static void cancel_it(void *user)
{
    hy_cancel_request(user);
}

/* Nothing is there, and nothing is begun again. */
static void test_cancelled(void **state)
{
    (void)state;
    bench b;
    hy_diag diag;
    hy_attempts attempts;
    hydra_compose *c = project();
    bench_set_up(&b, NULL, 0);
    fail_at(FRAMES - 1);
    b.transfer.parallel = 2;
    test_frail.hook = cancel_it;
    test_frail.user = &b.cancel;
    hy_sink *sink = open_sink(&b);
    assert_failed(render(&b, c, sink, &attempts, &diag), HYDRA_ERR_CANCELLED, &diag, "cancelled");
    assert_int_equal(attempts.count, 1);
    hy_sink_free(sink);
    assert_false(bench_has_object(&b));
    assert_int_equal(store_count(b.store, STORE_CREATE), 1);
    assert_int_equal(store_count(b.store, STORE_ABORT), 1);
    hydra_compose_free(c);
    bench_tear_down(&b);
}

/* The store fails in the second attempt: that is what the job ends with. */
static void test_store_fails_in_the_second(void **state)
{
    (void)state;
    static const rule rules[] = {{STORE_CREATE, 2, 99, ANY, REPLY(403, "AccessDenied"), false}};
    bench b;
    hy_diag diag;
    hy_attempts attempts;
    hydra_compose *c = project();
    bench_set_up(&b, rules, 1);
    fail_at(FRAMES - 1);
    b.transfer.parallel = 2;
    hy_sink *sink = open_sink(&b);
    assert_failed(render(&b, c, sink, &attempts, &diag), HYDRA_ERR_PERMISSION, &diag,
                  "create upload");
    assert_int_equal(attempts.count, 2);
    hy_sink_free(sink);
    assert_false(bench_has_object(&b));
    hydra_compose_free(c);
    bench_tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_again),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_store_fails_in_the_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
