/* SPDX-License-Identifier: MIT */
/* Where a cancelled job stops: within a photo, in the encoder's lookahead, while it reads back. */
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "render/scene.h"
#include "sink/sink.h"

#include "compose.h"
#include "media.h"

#define PHOTO_W 640
#define PHOTO_H 480

/* ---- Photos ---- */

/* A project of one photo in a job that was cancelled. */
static hydra_status prepare_cancelled(const test_file *photo, hy_diag *diag)
{
    hydra_compose *c = test_compose(1, 128, 128, 30, 1);
    assert_compose_ok(c,
                      hydra_compose_add_image_memory(c, photo->data, photo->size, "photo", NULL));
    hy_cancel cancel;
    hy_cancel_init(&cancel, 0);
    hy_cancel_request(&cancel);
    hy_job job = {.project = &c->project, .policy = &c->context->policy, .cancel = &cancel};
    hy_meter meter = {0};
    hy_shot shot;
    hy_picture *picture = NULL;
    hydra_status status = hy_prepare_image(&job, 0, &meter, &shot, &picture, diag);
    assert_null(picture);
    assert_int_equal(atomic_load(&meter.current_bytes), 0);
    hydra_compose_free(c);
    return status;
}

/* The photo is damaged behind its middle: who reads on finds that out. */
static void check_stops_early(const uint8_t *rgb, const test_jpeg *how)
{
    hy_diag diag = {0};
    test_file photo = test_make_jpeg(rgb, PHOTO_W, PHOTO_H, how);
    memset(photo.data + photo.size * 2 / 3, 0, photo.size - photo.size * 2 / 3);
    assert_failed(prepare_cancelled(&photo, &diag), HYDRA_ERR_CANCELLED, &diag, "cancelled");
    test_file_free(&photo);
}

static void test_within_a_photo(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(PHOTO_W, PHOTO_H);
    const test_jpeg baseline = {.kind = TEST_JPEG_YCBCR};
    const test_jpeg progressive = {.kind = TEST_JPEG_YCBCR, .progressive = true};
    check_stops_early(rgb, &baseline);
    check_stops_early(rgb, &progressive);
    free(rgb);
}

static void test_after_the_decoder(void **state)
{
    (void)state;
    hy_diag diag = {0};
    uint8_t *rgb = test_gradient(PHOTO_W, PHOTO_H);
    test_file png = test_make_picture("png", "rgb24", rgb, PHOTO_W, PHOTO_H, NULL);
    assert_failed(prepare_cancelled(&png, &diag), HYDRA_ERR_CANCELLED, &diag, "cancelled");
    test_file_free(&png);
    free(rgb);
}

/* ---- The end of a render ---- */

typedef struct host {
    hy_cancel cancel;
    int32_t cancel_at; /* a stage; or -1: when the head is written, the last write of all */
    uint8_t *data;
    size_t size;
    int calls_after;
} host;

static void note_call(host *h)
{
    h->calls_after += hy_cancel_requested(&h->cancel);
}

static int32_t store(void *user, int64_t offset, const void *data, size_t size)
{
    host *h = user;
    size_t end = (size_t)offset + size;
    note_call(h);
    if (end > h->size) {
        h->data = realloc(h->data, end);
        h->size = end;
    }
    memcpy(h->data + offset, data, size);
    if (offset == 0 && h->cancel_at < 0) {
        hy_cancel_request(&h->cancel);
    }
    return 0;
}

static int32_t load(void *user, int64_t offset, void *data, size_t size)
{
    host *h = user;
    note_call(h);
    memcpy(data, h->data + offset, size);
    return 0;
}

static void on_stage(void *user, int32_t stage)
{
    host *h = user;
    if (stage == h->cancel_at) {
        hy_cancel_request(&h->cancel);
    }
}

static void on_frame(void *user, int64_t done, int64_t total)
{
    (void)user;
    (void)done;
    (void)total;
}

static void on_message(void *user, int32_t kind, const char *text)
{
    (void)user;
    (void)kind;
    (void)text;
}

/* How often the sink is called after the job was cancelled. */
static int calls_after_cancel(int32_t cancel_at)
{
    hydra_compose *c = test_compose(2, 128, 128, 30, 1);
    uint32_t seed = 1;
    test_add_picture(c, 160, 120, test_pixel_natural, &seed, NULL);
    host h = {.cancel_at = cancel_at};
    hy_cancel_init(&h.cancel, 0);
    hydra_writer writer = {sizeof writer, 0, &h, store, load};
    hy_observer observer = {on_stage, on_frame, on_message, &h};
    hydra_render_options options;
    hydra_render_options_init(&options);
    hy_diag diag = {0};
    hydra_result result;
    hy_sink *sink = NULL;
    assert_ok(hy_sink_writer_new(&writer, &sink, &diag), &diag);
    hy_job job = {
        .project = &c->project,
        .policy = &c->context->policy,
        .pool = c->context->pool,
        .sink = sink,
        .options = &options,
        .cancel = &h.cancel,
        .observer = &observer,
    };
    hy_attempts attempts;
    assert_failed(hy_render_run(&job, &result, &attempts, &diag), HYDRA_ERR_CANCELLED, &diag,
                  "cancelled");
    hy_sink_free(sink);
    free(h.data);
    hydra_compose_free(c);
    return h.calls_after;
}

static void test_lookahead_is_dropped(void **state)
{
    (void)state;
    assert_int_equal(calls_after_cancel(HYDRA_STAGE_FINISHING), 0);
}

static void test_nothing_is_read_back(void **state)
{
    (void)state;
    assert_int_equal(calls_after_cancel(-1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_within_a_photo),
        cmocka_unit_test(test_after_the_decoder),
        cmocka_unit_test(test_lookahead_is_dropped),
        cmocka_unit_test(test_nothing_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
