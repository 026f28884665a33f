/* SPDX-License-Identifier: MIT */
/* Renders that end up in a store, or at a URL: the bytes, what is told of them, and what is there
 * after failures. The encoder is `raw`: the same project makes the same bytes. */
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hydra/hydra.h>

#include "render/render.h"

#include "../s3/store.h"
#include "compose.h"
#include "frail.h"

#define URI "s3://bucket/renders/1.y4m"

typedef struct bench {
    store *server;
    hydra_context *context;
    hydra_compose *c;
    store_kind failing; /* requests of this kind get `plan` */
    store_plan plan;
    atomic_bool held;          /* and wait until this is false */
    bool cancelling;           /* and a wish to stop */
    _Atomic int64_t seen_sent; /* of the progress, at that request */
    _Atomic int64_t seen_total;
} bench;

static void follow(void *user, store_kind kind, int nth, int part, store_plan *plan)
{
    bench *b = user;
    (void)nth;
    (void)part;
    if (kind == b->failing) {
        *plan = b->plan;
        int64_t sent;
        int64_t total;
        hydra_compose_upload_progress(b->c, &sent, &total);
        atomic_store(&b->seen_sent, sent);
        atomic_store(&b->seen_total, total);
        if (b->cancelling) {
            hydra_compose_cancel(b->c);
        }
        while (atomic_load(&b->held)) {
            (void)usleep(1000);
        }
    }
}

static void open_bench(bench *b, int32_t schemes, int32_t width, int32_t height, int frames)
{
    hydra_store_options reach;
    hydra_context_options options;
    hydra_policy policy;
    *b = (bench){.failing = STORE_KINDS};
    b->server = store_new(follow, b);
    hydra_store_options_init(&reach);
    reach.access_key = "AKIDEXAMPLE";
    reach.secret_key = "wJalrXUtnFEMIsecretEXAMPLEKEY";
    reach.region = "us-east-1";
    reach.endpoint = store_url(b->server);
    reach.proxy = "";
    reach.max_tries = 1;
    hydra_policy_init(&policy);
    policy.schemes = schemes;
    hydra_context_options_init(&options);
    options.threads = 1;
    options.store = &reach;
    options.policy = &policy;
    assert_int_equal(hydra_context_new(&options, &b->context), HYDRA_OK);
    assert_int_equal(hydra_compose_new(b->context, &b->c), HYDRA_OK);
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = width;
    canvas.height_px = height;
    canvas.fps_num = 10;
    assert_compose_ok(b->c, hydra_compose_set_canvas(b->c, &canvas));
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = frames * INT64_C(100000);
    uint32_t seed = 3;
    test_add_picture(b->c, 64, 48, test_pixel_natural, &seed, &image);
    hydra_render_options raw;
    hydra_render_options_init(&raw);
    raw.encoder = HYDRA_ENCODER_RAW;
    assert_compose_ok(b->c, hydra_compose_set_output(b->c, &raw));
}

/* Twelve megabytes, in parts. */
static void large_bench(bench *b)
{
    hydra_transfer_options transfer;
    open_bench(b, HYDRA_SCHEME_S3, 1024, 1024, 8);
    hydra_transfer_options_init(&transfer);
    transfer.part_bytes = 5 << 20;
    transfer.threshold_bytes = 5 << 20;
    assert_compose_ok(b->c, hydra_compose_set_transfer(b->c, &transfer));
}

static void small_bench(bench *b)
{
    open_bench(b, HYDRA_SCHEME_FILE | HYDRA_SCHEME_HTTP | HYDRA_SCHEME_HTTPS | HYDRA_SCHEME_S3, 64,
               64, 3);
}

static void close_bench(bench *b)
{
    assert_int_equal(store_open_uploads(b->server), 0);
    hydra_compose_free(b->c);
    hydra_context_free(b->context);
    store_free(b->server);
}

static void assert_stored(bench *b, const void *data, size_t size)
{
    const uint8_t *there;
    size_t there_size;
    assert_true(store_object(b->server, &there, &there_size));
    assert_int_equal(there_size, size);
    assert_memory_equal(there, data, size);
}

static void assert_nothing_stored(bench *b)
{
    const uint8_t *there;
    size_t size;
    assert_false(store_object(b->server, &there, &size));
}

static hydra_object object_of(const bench *b)
{
    hydra_object object = {.struct_size = sizeof object};
    assert_int_equal(hydra_compose_object(b->c, &object), HYDRA_OK);
    return object;
}

static void test_after_a_render_to_memory(void **state)
{
    (void)state;
    bench b;
    const void *data;
    size_t size;
    hydra_object object = {.struct_size = sizeof object};
    small_bench(&b);
    assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
    assert_int_equal(hydra_compose_object(b.c, &object), HYDRA_ERR_STATE);
    assert_compose_ok(b.c, hydra_compose_upload(b.c, URI, NULL));
    assert_int_equal(hydra_compose_output(b.c, &data, &size), HYDRA_OK);
    assert_stored(&b, data, size);
    object = object_of(&b);
    assert_int_equal(object.bytes, size);
    assert_int_equal(object.parts, 0);
    assert_int_equal(object.url_ready_us, -1);
    assert_string_equal(object.bucket, "bucket");
    assert_string_equal(object.key, "renders/1.y4m");
    assert_string_equal(object.presigned_url, "");
    assert_non_null(strstr(object.url, "/bucket/renders/1.y4m"));
    assert_int_equal(strncmp(object.url, store_url(b.server), strlen(store_url(b.server))), 0);
    char *type = store_header(b.server, STORE_PUT, "content-type");
    assert_string_equal(type, "video/x-yuv4mpeg2");
    free(type);
    close_bench(&b);
}

static void test_after_a_render_to_a_file(void **state)
{
    (void)state;
    bench b;
    size_t size;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.y4m");
    small_bench(&b);
    assert_compose_ok(b.c, hydra_compose_render(b.c, path, NULL));
    assert_compose_ok(b.c, hydra_compose_upload(b.c, URI, NULL));
    uint8_t *data = test_read_file(path, &size);
    assert_stored(&b, data, size);
    assert_int_equal(object_of(&b).bytes, size);
    free(data);
    close_bench(&b);
    free(path);
    test_folder_free(folder);
}

static void test_a_file_that_was_changed(void **state)
{
    (void)state;
    bench b;
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.y4m");
    hydra_object object = {.struct_size = sizeof object};
    small_bench(&b);
    assert_compose_ok(b.c, hydra_compose_render(b.c, path, NULL));
    test_write_file(path, "something else", 14);
    assert_compose_fails(b.c, hydra_compose_upload(b.c, URI, NULL), HYDRA_ERR_VERIFY, "changed");
    assert_int_equal(hydra_compose_object(b.c, &object), HYDRA_ERR_STATE);
    assert_nothing_stored(&b);
    assert_int_equal(unlink(path), 0);
    assert_compose_fails(b.c, hydra_compose_upload(b.c, URI, NULL), HYDRA_ERR_NOT_FOUND, "out.y4m");
    assert_int_equal(store_count(b.server, STORE_PUT), 0);
    close_bench(&b);
    free(path);
    test_folder_free(folder);
}

/* What was rendered before a change is not what the compose is now. */
static void test_changed_after_the_render(void **state)
{
    (void)state;
    bench b;
    const void *data;
    size_t size;
    small_bench(&b);
    assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
    assert_compose_fails(b.c, hydra_compose_set_duration(b.c, -5), HYDRA_ERR_ARGUMENT, "");
    assert_int_equal(hydra_compose_output(b.c, &data, &size), HYDRA_OK);
    assert_compose_ok(b.c, hydra_compose_upload(b.c, URI, NULL));
    assert_stored(&b, data, size); /* the change had failed */
    uint32_t seed = 4;
    test_add_picture(b.c, 64, 48, test_pixel_natural, &seed, NULL);
    assert_compose_ok(b.c, hydra_compose_upload(b.c, URI, NULL));
    assert_true(object_of(&b).bytes > (int64_t)size);
    assert_true(object_of(&b).url_ready_us >= 0);
    assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
    assert_int_equal(hydra_compose_output(b.c, &data, &size), HYDRA_OK);
    assert_stored(&b, data, size);
    close_bench(&b);
}

/* 20 frames of 1280 x 720 are 27 MB: parts leave while frames come. */
static void test_straight_into_the_store(void **state)
{
    (void)state;
    bench b;
    const void *data;
    size_t size;
    open_bench(&b, HYDRA_SCHEME_S3, 1280, 720, 20);
    hydra_transfer_options transfer;
    hydra_transfer_options_init(&transfer);
    transfer.part_bytes = 5 << 20;
    transfer.threshold_bytes = 5 << 20;
    transfer.presign_s = 60;
    transfer.cache_control = "no-store";
    assert_compose_ok(b.c, hydra_compose_upload(b.c, URI, &transfer));
    hydra_object object = object_of(&b);
    assert_int_equal(object.parts, 6);
    assert_int_equal(object.verified, 1);
    assert_true(object.url_ready_us >= 0);
    assert_non_null(strstr(object.presigned_url, "X-Amz-Expires=60"));
    char *header = store_header(b.server, STORE_CREATE, "cache-control");
    assert_string_equal(header, "no-store");
    free(header);
    assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
    assert_int_equal(hydra_compose_output(b.c, &data, &size), HYDRA_OK);
    assert_stored(&b, data, size);
    close_bench(&b);
}

static void test_a_job(void **state)
{
    (void)state;
    bench b;
    hydra_render *job = NULL;
    hydra_event event = {.struct_size = sizeof event};
    hydra_object object = {.struct_size = sizeof object};
    bool uploading = false;
    int64_t sent = 0;
    small_bench(&b);
    b.failing = STORE_PUT;
    b.held = true; /* until the stage was seen */
    assert_compose_ok(b.c, hydra_render_start(b.c, URI, NULL, &job));
    struct pollfd fd = {.fd = hydra_render_fd(job), .events = POLLIN};
    do {
        (void)poll(&fd, 1, 1000);
        assert_int_equal(hydra_render_next_event(job, &event), HYDRA_OK);
        uploading = uploading || event.stage == HYDRA_STAGE_UPLOADING;
        atomic_store(&b.held, !uploading && event.kind != HYDRA_EVENT_DONE);
        assert_true(event.bytes_sent >= sent);
        sent = event.bytes_sent;
    } while (event.kind != HYDRA_EVENT_DONE);
    assert_int_equal(event.status, HYDRA_OK);
    assert_true(uploading);
    assert_int_equal(hydra_render_object(job, &object), HYDRA_OK);
    assert_int_equal(object.bytes, event.bytes_sent);
    assert_int_equal(object.bytes, event.bytes_total);
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_render_result(job, &result), HYDRA_OK);
    assert_int_equal(object.url_ready_us, result.ready_us);
    hydra_render_free(job);
    close_bench(&b);
}

/* Whether an encoder that fails comes first. */
static bool is_frail;

hydra_status __real_hy_job_plan_encoders(const hy_job *job, hy_encoder_route *route, hy_diag *diag);
hydra_status __wrap_hy_job_plan_encoders(const hy_job *job, hy_encoder_route *route, hy_diag *diag);
hydra_status __wrap_hy_job_plan_encoders(const hy_job *job, hy_encoder_route *route, hy_diag *diag)
{
    if (!is_frail) {
        return __real_hy_job_plan_encoders(job, route, diag);
    }
    *route = test_frail_route(HYDRA_ENCODER_RAW);
    return HYDRA_OK;
}

/* There is an upload with a part. */
static void wait_for_part(void *user)
{
    const bench *b = user;
    while (store_count(b->server, STORE_PART) == 0) {
        (void)usleep(1000);
    }
}

/* The parts of a first attempt stay in the bucket when the server does not drop them. All is well
 * with the object, and yet the host is told. */
static void test_made_again(void **state)
{
    (void)state;
    bench b;
    hydra_render *job = NULL;
    hydra_event event = {.struct_size = sizeof event};
    hydra_object object = {.struct_size = sizeof object};
    int64_t sent = 0;
    int notes = 0;
    open_bench(&b, HYDRA_SCHEME_S3, 1280, 960, 16); /* 29 MB: more than a part */
    b.failing = STORE_ABORT;
    b.plan = (store_plan){.fault = STORE_REPLIES, .status = 403, .code = "AccessDenied"};
    is_frail = true;
    test_frail = (test_frail_plan){.at = TEST_FRAIL_DRAIN,
                                   .finding = HYDRA_PROBE_LOST,
                                   .status = HYDRA_ERR_ENCODER,
                                   .hook = wait_for_part,
                                   .user = &b};
    assert_compose_ok(b.c, hydra_render_start(b.c, URI, NULL, &job));
    struct pollfd fd = {.fd = hydra_render_fd(job), .events = POLLIN};
    do {
        (void)poll(&fd, 1, 1000);
        assert_int_equal(hydra_render_next_event(job, &event), HYDRA_OK);
        notes += event.kind == HYDRA_EVENT_WARNING && strstr(event.text, "could not be aborted");
        assert_true(event.bytes_sent >= sent);
        assert_true(event.bytes_total == -1 || event.bytes_sent <= event.bytes_total);
        sent = event.bytes_sent;
    } while (event.kind != HYDRA_EVENT_DONE);
    is_frail = false;
    assert_int_equal(event.status, HYDRA_OK);
    assert_int_equal(notes, 1);
    assert_int_equal(hydra_render_object(job, &object), HYDRA_OK);
    assert_true(object.bytes <= event.bytes_sent); /* in both attempts */
    assert_int_equal(event.bytes_sent, event.bytes_total);
    assert_int_equal(store_count(b.server, STORE_CREATE), 2);
    hydra_render_free(job);
    assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
    const void *data;
    size_t size;
    assert_int_equal(hydra_compose_output(b.c, &data, &size), HYDRA_OK);
    assert_stored(&b, data, size);
    close_bench(&b);
}

static void test_an_object_that_is_there(void **state)
{
    (void)state;
    bench b;
    hydra_render_options raw;
    small_bench(&b);
    hydra_render_options_init(&raw);
    raw.encoder = HYDRA_ENCODER_RAW;
    raw.when_exists = HYDRA_EXISTS_FAIL;
    assert_compose_ok(b.c, hydra_compose_render(b.c, URI, &raw));
    char *header = store_header(b.server, STORE_PUT, "if-none-match");
    assert_string_equal(header, "*");
    free(header);
    assert_compose_fails(b.c, hydra_compose_render(b.c, URI, &raw), HYDRA_ERR_EXISTS,
                         "exists already");
    assert_int_equal(store_count(b.server, STORE_PUT), 1); /* nothing was rendered */
    store_set_object(b.server, "old", 3);
    hydra_transfer_options transfer;
    hydra_transfer_options_init(&transfer);
    transfer.when_exists = HYDRA_EXISTS_FAIL;
    assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
    assert_compose_fails(b.c, hydra_compose_upload(b.c, URI, &transfer), HYDRA_ERR_EXISTS,
                         URI ": exists already");
    assert_int_equal(store_count(b.server, STORE_PUT), 1); /* nothing was sent */
    b.failing = STORE_HEAD;
    b.plan = (store_plan){.fault = STORE_REPLIES, .status = 403};
    assert_compose_fails(b.c, hydra_compose_upload(b.c, URI, &transfer), HYDRA_ERR_EXISTS,
                         URI ": put");
    assert_int_equal(store_count(b.server, STORE_PUT), 2);
    assert_stored(&b, "old", 3);
    close_bench(&b);
}

static void test_failures_leave_nothing(void **state)
{
    (void)state;
    bench b;
    hydra_object object = {.struct_size = sizeof object};
    small_bench(&b);
    b.failing = STORE_PUT;
    b.plan = (store_plan){.fault = STORE_REPLIES, .status = 403, .code = "AccessDenied"};
    assert_compose_fails(b.c, hydra_compose_upload(b.c, URI, NULL), HYDRA_ERR_PERMISSION,
                         "AccessDenied");
    assert_int_equal(hydra_compose_object(b.c, &object), HYDRA_ERR_STATE);
    assert_nothing_stored(&b);
    b.plan.fault = STORE_WORKS;
    assert_compose_ok(b.c, hydra_compose_upload(b.c, URI, NULL));
    close_bench(&b);
}

static char *put_url(const bench *b)
{
    char *url = NULL;
    assert_true(asprintf(&url, "%s/bucket/put.y4m?sig=HUSHHUSH", store_url(b->server)) > 0);
    return url;
}

static void test_a_url_that_takes_a_put(void **state)
{
    (void)state;
    bench b;
    const void *data;
    size_t size;
    small_bench(&b);
    char *url = put_url(&b);
    assert_compose_ok(b.c, hydra_compose_render(b.c, url, NULL));
    hydra_object object = {.struct_size = sizeof object};
    assert_int_equal(hydra_compose_object(b.c, &object), HYDRA_ERR_STATE); /* not a store */
    assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
    assert_int_equal(hydra_compose_output(b.c, &data, &size), HYDRA_OK);
    assert_stored(&b, data, size);
    assert_int_equal(store_count(b.server, STORE_PUT), 1);
    b.failing = STORE_PUT;
    b.plan = (store_plan){.fault = STORE_REPLIES, .status = 403, .code = "AccessDenied"};
    assert_compose_fails(b.c, hydra_compose_render(b.c, url, NULL), HYDRA_ERR_PERMISSION, "403");
    assert_null(strstr(hydra_compose_error(b.c), "HUSH"));
    hydra_render *job = NULL;
    assert_compose_ok(b.c, hydra_render_start(b.c, url, NULL, &job));
    assert_int_equal(hydra_render_wait(job, HYDRA_AUTO), HYDRA_ERR_PERMISSION);
    assert_null(strstr(hydra_render_error(job), "HUSH"));
    object.key = "gone";
    assert_int_equal(hydra_render_object(job, &object), HYDRA_ERR_STATE);
    assert_string_equal(object.key, "");
    hydra_render_free(job);
    free(url);
    close_bench(&b);
}

static hydra_status upload(hydra_compose *c)
{
    return hydra_compose_upload(c, URI, NULL);
}

static hydra_status render(hydra_compose *c)
{
    return hydra_compose_render(c, URI, NULL);
}

/* The bytes that are there, a render straight into the store, and parts of a large one: each stops
 * at the request that waits, and the next call works. */
static void test_cancel(void **state)
{
    (void)state;
    static const struct {
        bool rendered;
        void (*open)(bench *b);
        store_kind at;
        hydra_status (*call)(hydra_compose *c);
    } cases[] = {
        {true, small_bench, STORE_PUT, upload},     {false, small_bench, STORE_PUT, upload},
        {false, small_bench, STORE_PUT, render},    {true, large_bench, STORE_CREATE, upload},
        {true, large_bench, STORE_PART, upload},    {false, large_bench, STORE_PART, render},
        {true, large_bench, STORE_COMPLETE, upload}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        cases[i].open(&b);
        if (cases[i].rendered) {
            assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
        }
        b.failing = cases[i].at;
        b.cancelling = true;
        b.plan = (store_plan){.delay_ms = 60000};
        assert_compose_fails(b.c, cases[i].call(b.c), HYDRA_ERR_CANCELLED, "cancelled");
        assert_int_equal(store_open_uploads(b.server), 0);
        assert_nothing_stored(&b);
        b.failing = STORE_KINDS;
        assert_compose_ok(b.c, cases[i].call(b.c));
        close_bench(&b);
    }
}

static int32_t write_and_cancel(void *user, int64_t offset, const void *data, size_t size)
{
    (void)offset;
    (void)data;
    (void)size;
    hydra_compose_cancel(user);
    /* Refused, and nothing of the wish is lost by it. */
    return hydra_compose_render_memory(user, NULL) == HYDRA_ERR_STATE ? 0 : 1;
}

/* A wish is for the running call or the next one, and for no other. */
static void test_cancel_is_for_one_call(void **state)
{
    (void)state;
    bench b;
    small_bench(&b);
    hydra_compose_cancel(NULL);
    hydra_compose_cancel(b.c);
    assert_compose_fails(b.c, hydra_compose_render_memory(b.c, NULL), HYDRA_ERR_CANCELLED,
                         "cancelled");
    assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
    hydra_compose_cancel(b.c);
    assert_compose_fails(b.c, upload(b.c), HYDRA_ERR_CANCELLED, "cancelled");
    assert_int_equal(store_count(b.server, STORE_PUT), 0);
    const hydra_writer writer = {
        .struct_size = sizeof writer,
        .user = b.c,
        .write = write_and_cancel,
    };
    assert_compose_fails(b.c, hydra_compose_render_writer(b.c, &writer, NULL), HYDRA_ERR_CANCELLED,
                         "cancelled");
    assert_compose_ok(b.c, upload(b.c));
    close_bench(&b);
}

static void test_progress(void **state)
{
    (void)state;
    bench b;
    const void *data;
    size_t size;
    int64_t done = -5;
    int64_t total = -5;
    hydra_compose_upload_progress(NULL, &done, &total);
    assert_int_equal(done, 0);
    assert_int_equal(total, -1);
    large_bench(&b);
    hydra_compose_upload_progress(b.c, &done, &total);
    assert_int_equal(done, 0);
    assert_int_equal(total, -1);
    b.failing = STORE_COMPLETE;
    assert_compose_ok(b.c, render(b.c)); /* straight */
    hydra_compose_upload_progress(b.c, &done, &total);
    assert_int_equal(total, object_of(&b).bytes);
    assert_int_equal(done, total);
    assert_int_equal(b.seen_sent, total);
    assert_compose_ok(b.c, hydra_compose_render_memory(b.c, NULL));
    assert_int_equal(hydra_compose_output(b.c, &data, &size), HYDRA_OK);
    b.failing = STORE_CREATE;
    assert_compose_ok(b.c, upload(b.c)); /* known from the start */
    assert_int_equal(b.seen_sent, 0);
    assert_int_equal(b.seen_total, size);
    hydra_compose_upload_progress(b.c, &done, NULL);
    assert_int_equal(done, size);
    hydra_compose_upload_progress(b.c, NULL, &total);
    assert_int_equal(total, size);
    close_bench(&b);
}

static void test_schemes_of_the_policy(void **state)
{
    (void)state;
    bench b;
    hydra_render *job = NULL;
    open_bench(&b, HYDRA_SCHEME_HTTPS, 64, 64, 1);
    char *url = put_url(&b);
    assert_compose_fails(b.c, hydra_compose_render(b.c, url, NULL), HYDRA_ERR_PERMISSION, "http:");
    assert_compose_fails(b.c, hydra_compose_render(b.c, URI, NULL), HYDRA_ERR_PERMISSION, "s3:");
    assert_compose_fails(b.c, hydra_compose_upload(b.c, URI, NULL), HYDRA_ERR_PERMISSION, "s3:");
    assert_compose_fails(b.c, hydra_render_start(b.c, URI, NULL, &job), HYDRA_ERR_PERMISSION,
                         "s3:");
    assert_compose_fails(b.c, hydra_compose_render(b.c, "a.y4m", NULL), HYDRA_ERR_PERMISSION,
                         "file:");
    assert_int_equal(store_count(b.server, STORE_PUT), 0);
    free(url);
    close_bench(&b);
}

static void test_destinations_of_an_upload(void **state)
{
    (void)state;
    bench b;
    small_bench(&b);
    static const char *const wrong[] = {NULL,       "",      "out.mp4",         "s3://bucket",
                                        "s3://b/k", "pull:", "https://host/key"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_compose_fails(b.c, hydra_compose_upload(b.c, wrong[i], NULL), HYDRA_ERR_ARGUMENT,
                             "");
    }
    hydra_transfer_options transfer;
    hydra_transfer_options_init(&transfer);
    transfer.content_type = "video/mp4\r\nx: y";
    assert_compose_fails(b.c, hydra_compose_set_transfer(b.c, &transfer), HYDRA_ERR_ARGUMENT,
                         "content_type");
    assert_compose_fails(b.c, hydra_compose_upload(b.c, URI, &transfer), HYDRA_ERR_ARGUMENT,
                         "content_type");
    close_bench(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_after_a_render_to_memory),
        cmocka_unit_test(test_after_a_render_to_a_file),
        cmocka_unit_test(test_a_file_that_was_changed),
        cmocka_unit_test(test_changed_after_the_render),
        cmocka_unit_test(test_straight_into_the_store),
        cmocka_unit_test(test_a_job),
        cmocka_unit_test(test_made_again),
        cmocka_unit_test(test_an_object_that_is_there),
        cmocka_unit_test(test_failures_leave_nothing),
        cmocka_unit_test(test_a_url_that_takes_a_put),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_cancel_is_for_one_call),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_schemes_of_the_policy),
        cmocka_unit_test(test_destinations_of_an_upload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
