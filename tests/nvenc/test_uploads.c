/* SPDX-License-Identifier: MIT */
/* A GPU that fails while its video is being sent to a store: the upload that was begun is aborted,
 * and another one has the video of the next encoder. */
#include <string.h>

#include "render_case.h"

#include "../unit/s3/store.h"

#define URI    "s3://bucket/video.mp4"
#define FRAMES 200
/* 15 MB of packets are made when it fails, in three quarters of a second. */
#define FAULT   "fault nvEncEncodePicture@150="
#define PACKETS "packet_bytes 100000"
#define RATE    "fps 200"
#define PART    (INT64_C(5) << 20)

#define STALL_US INT64_C(600000)

typedef struct bench {
    store *server;
    hydra_context *context;
    hydra_compose *c;
} bench;

static void no_fault(void *user, store_kind kind, int nth, int part, store_plan *plan)
{
    (void)user;
    (void)kind;
    (void)nth;
    (void)part;
    (void)plan;
}

static void open_bench(bench *b, int64_t stall_us)
{
    hydra_store_options reach;
    b->server = store_new(no_fault, NULL);
    hydra_store_options_init(&reach);
    reach.access_key = STORE_ACCESS_KEY;
    reach.secret_key = "wJalrXUtnFEMIsecretEXAMPLEKEY";
    reach.region = "us-east-1";
    reach.endpoint = store_url(b->server);
    reach.proxy = "";
    b->context = case_context_new(&(case_context){.stall_us = stall_us, .store = &reach});
    assert_non_null(b->context);
    b->c = case_compose(b->context, FRAMES);
    assert_non_null(b->c);
}

static case_outcome upload(bench *b, int32_t encoder)
{
    case_outcome outcome;
    hydra_transfer_options transfer;
    hydra_render_options options = case_options(encoder, HYDRA_CODEC_H264, HYDRA_PROFILE_DRAFT);
    hydra_transfer_options_init(&transfer);
    transfer.part_bytes = PART;
    transfer.threshold_bytes = PART;
    assert_compose_ok(b->c, hydra_compose_set_output(b->c, &options));
    case_outcome_take(b->c, hydra_compose_upload(b->c, URI, &transfer), &outcome);
    return outcome;
}

/* The upload of the first attempt was begun, had parts, and is gone. */
static void assert_first_upload_aborted(bench *b)
{
    assert_int_equal(store_count(b->server, STORE_CREATE), 1);
    assert_true(store_count(b->server, STORE_PART) > 0);
    assert_int_equal(store_count(b->server, STORE_ABORT), 1);
    assert_int_equal(store_open_uploads(b->server), 0);
}

static void assert_video_of_x264(bench *b, const case_outcome *o)
{
    const uint8_t *object;
    size_t size;
    if (o->status != HYDRA_OK) {
        fail_msg("%s: %s", hydra_status_name(o->status), o->text);
    }
    assert_string_equal(o->result.encoder, "x264");
    assert_int_equal(o->attempt_count, 2);
    assert_int_equal(o->attempts[0].frames, 149);
    assert_int_equal(o->attempts[1].frames, FRAMES);
    assert_true(store_object(b->server, &object, &size));
    assert_int_equal(size, o->result.bytes);
    assert_null(case_video_fault(object, size, FRAMES));
}

static void assert_nothing_stored(bench *b, const case_outcome *o)
{
    const uint8_t *object;
    size_t size;
    assert_int_equal(o->status, HYDRA_ERR_ENCODER);
    assert_non_null(strstr(o->text, "nvenc failed at frame 149: GPU 0 (Tesla T4) "));
    assert_false(store_object(b->server, &object, &size));
}

static void an_upload_begins_anew(void **state)
{
    static const char *const faults[] = {"lost", "GENERIC", "hang"};
    for (size_t i = 0; i < 6; i++) {
        bench b;
        bool is_strict = i % 2;
        const char *fault = faults[i / 2];
        assert_int_equal(standin_reset(state), 0);
        assert_int_equal(control("encoder null") + control(PACKETS) + control(RATE), 0);
        assert_int_equal(control(FAULT "%s", fault), 0);
        case_census before = case_census_take();
        open_bench(&b, strcmp(fault, "hang") == 0 ? STALL_US : 0);
        case_outcome o = upload(&b, is_strict ? HYDRA_ENCODER_NVENC : HYDRA_ENCODER_AUTO);
        if (is_strict) {
            assert_nothing_stored(&b, &o);
        } else {
            assert_video_of_x264(&b, &o);
        }
        assert_first_upload_aborted(&b);
        hydra_compose_free(b.c);
        hydra_context_free(b.context);
        store_free(b.server);
        assert_int_equal(control("release"), 0);
        assert_true(case_census_holds(&before, 0));
        assert_int_equal(control("purge"), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_upload_begins_anew)};
    return cmocka_run_group_tests(tests, standin_open, NULL);
}
