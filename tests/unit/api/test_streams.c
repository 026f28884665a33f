/* SPDX-License-Identifier: MIT */
/* Jobs into destinations that take bytes in order: the right bytes, all of them, and their end. */
#include "streams.h"

/* ---- What a fragmented MP4 looks like ---- */

static size_t box_at(const bytes *b, size_t at, char name[5])
{
    assert_true(at + 8 <= b->size);
    const uint8_t *p = b->data + at;
    memcpy(name, p + 4, 4);
    name[4] = '\0';
    size_t size = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
    assert_true(size >= 8 && size <= b->size - at);
    return size;
}

/* Boxes tile it: ftyp, moov, then pairs of moof and mdat. */
static void assert_is_fragmented(const bytes *b, int least_fragments)
{
    static const char *const names[] = {"ftyp", "moov", "moof", "mdat"};
    int boxes = 0;
    for (size_t at = 0; at < b->size; boxes++) {
        char name[5];
        at += box_at(b, at, name);
        assert_string_equal(name, names[boxes < 2 ? boxes : 2 + boxes % 2]);
    }
    assert_true(boxes % 2 == 0 && boxes / 2 - 1 >= least_fragments);
}

static void assert_plays(const bytes *b, int64_t frames)
{
    test_video video;
    test_decode_video(b->data, b->size, NULL, NULL, &video);
    assert_int_equal(video.frames, frames);
    assert_int_equal(video.width, SIDE_PX);
    assert_true(video.samples >= frames * 1600);
    test_video_free(&video);
}

static void assert_same_bytes(const bytes *a, const bytes *b)
{
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, a->size);
}

/* ---- One job, all the ways ---- */

typedef enum way {
    PULL,
    PIPE,
    FIFO,
    OPEN_FILE,
    PATH,
    WAYS
} way;

/* A render on a thread of its own, with all that its host does. */
typedef struct client {
    pthread_t thread;
    hydra_compose *c;
    way way;
    int32_t in_order;
    size_t bite;
    char path[32];
    hydra_status status;
    hydra_result result;
    bytes output;
    bool ok;
} client;

/* Descriptor to write to, and to read from, or -1. */
static void open_ends(client *me, int ends[2])
{
    ends[0] = ends[1] = -1;
    if (me->way == PIPE) {
        me->ok = pipe2(ends, O_CLOEXEC) == 0;
    } else if (me->way == OPEN_FILE) {
        ends[1] = open(me->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        me->ok = ends[1] >= 0;
    } else if (me->way == FIFO) {
        me->ok = mkfifo(me->path, 0600) == 0;
    }
}

static void name_destination(const client *me, int fd, char text[48])
{
    if (me->way == PULL) {
        (void)snprintf(text, 48, "pull:");
    } else if (fd >= 0) {
        (void)snprintf(text, 48, "fd:%d", fd);
    } else {
        (void)snprintf(text, 48, "%s", me->path);
    }
}

static void take_all(client *me, hydra_render *render, int ends[2])
{
    if (me->way == PULL) {
        me->status = pull_all(render, me->bite, &me->output, &me->ok);
    } else if (me->way == FIFO) {
        ends[0] = open(me->path, O_RDONLY | O_CLOEXEC);
    }
    if (ends[0] >= 0) {
        read_to_end(ends[0], &me->output);
        (void)close(ends[0]);
    }
    me->status = hydra_render_wait(render, HYDRA_AUTO);
}

static void *serve(void *argument)
{
    client *me = argument;
    int ends[2];
    char destination[48];
    hydra_render *render = NULL;
    hydra_render_options options = streams_options(me->in_order);
    me->ok = true;
    open_ends(me, ends);
    name_destination(me, ends[1], destination);
    me->status = hydra_render_start(me->c, destination, &options, &render);
    if (ends[1] >= 0) {
        (void)close(ends[1]); /* the job has its own */
    }
    hydra_compose_free(me->c);
    if (render) {
        take_all(me, render, ends);
        me->result.struct_size = sizeof me->result;
        me->ok = me->ok && hydra_render_result(render, &me->result) == HYDRA_OK;
    }
    hydra_render_free(render);
    return NULL;
}

static void start_client(client *me, hydra_context *context, int number)
{
    me->way = (way)(number % WAYS);
    me->in_order = number >= WAYS ? HYDRA_IN_ORDER_BUFFERED : HYDRA_IN_ORDER_FRAGMENTED;
    me->bite = number >= WAYS ? 4096 : 777;
    me->c = streams_project(context, 3);
    (void)snprintf(me->path, sizeof me->path, "out%d", number);
    assert_int_equal(pthread_create(&me->thread, NULL, serve, me), 0);
}

static void finish_client(client *me)
{
    assert_int_equal(pthread_join(me->thread, NULL), 0);
    assert_int_equal(me->status, HYDRA_OK);
    assert_true(me->ok);
    if (me->way == OPEN_FILE || me->way == PATH) {
        me->output.data = test_read_file(me->path, &me->output.size);
    }
    if (me->way != PULL && me->way != PIPE) {
        assert_int_equal(unlink(me->path), 0);
    }
    assert_int_equal(me->result.frames, 90);
    assert_int_equal(me->result.bytes, me->output.size);
}

static hydra_context *two_workers(void)
{
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.threads = 2;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    return context;
}

/* The usual file, as it comes out of memory. */
static bytes whole_file(hydra_context *context)
{
    size_t size;
    hydra_compose *c = streams_project(context, 3);
    const void *data = test_render(c, &size);
    bytes b = {0};
    bytes_add(&b, data, size);
    hydra_compose_free(c);
    return b;
}

enum {
    CLIENTS = 2 * WAYS - 1 /* PATH does not come twice */
};

/* Each way alone, then all at once: the same bytes. */
static void test_every_way_gives_the_same(void **state)
{
    (void)state;
    hydra_context *context = two_workers();
    bytes file = whole_file(context);
    bytes stream = {0};
    for (int i = 0; i < CLIENTS; i++) {
        client alone = {0};
        start_client(&alone, context, i);
        finish_client(&alone);
        if (i == 0) {
            stream = alone.output;
            assert_is_fragmented(&stream, 2);
            assert_plays(&stream, 90);
            continue;
        }
        bool whole = alone.way == PATH || alone.in_order == HYDRA_IN_ORDER_BUFFERED;
        assert_same_bytes(&alone.output, whole ? &file : &stream);
        bytes_free(&alone.output);
    }
    client together[CLIENTS] = {{0}};
    for (int i = 0; i < CLIENTS; i++) {
        start_client(&together[i], context, i);
    }
    for (int i = 0; i < CLIENTS; i++) {
        finish_client(&together[i]);
        bool whole = together[i].way == PATH || together[i].in_order == HYDRA_IN_ORDER_BUFFERED;
        assert_same_bytes(&together[i].output, whole ? &file : &stream);
        bytes_free(&together[i].output);
    }
    bytes_free(&file);
    bytes_free(&stream);
    hydra_context_free(context);
}

/* ---- Details ---- */

/* Output of more than the job keeps for its host. */
static void test_pull_of_many_bytes(void **state)
{
    (void)state;
    hydra_compose *c = test_compose(2, 640, 480, 30, 1);
    uint32_t seed = 3;
    test_add_picture(c, 700, 500, test_pixel_natural, &seed, NULL);
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    options.video_bitrate_kbps = 20000;
    options.crf = HYDRA_AUTO;
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, "pull:", &options, &render));
    bytes b = {0};
    bool ok;
    assert_int_equal(pull_all(render, 4096, &b, &ok), HYDRA_OK);
    assert_true(ok);
    assert_true(b.size > (size_t)2 << 20);
    assert_is_fragmented(&b, 2);
    hydra_render_free(render);
    hydra_compose_free(c);
    bytes_free(&b);
}

/* The job's descriptor is closed before the job has ended, and the host's stays its own. */
static void test_the_end_is_seen_at_the_end(void **state)
{
    (void)state;
    hydra_compose *c = streams_project(NULL, 1);
    int ends[2];
    char destination[16];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) >= 1 << 20);
    (void)snprintf(destination, sizeof destination, "fd:%d", ends[1]);
    hydra_render *render = streams_start(c, destination);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_OK);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    bytes b = {0};
    read_to_end(ends[0], &b);
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 0); /* the end, not EAGAIN */
    assert_plays(&b, 30);
    assert_int_equal(close(ends[0]), 0);
    hydra_render_free(render);
    hydra_compose_free(c);
    bytes_free(&b);
}

/* From where it stands, without closing it. */
static void test_an_open_file(void **state)
{
    (void)state;
    hydra_compose *c = streams_project(NULL, 1);
    char destination[16];
    int fd = open("out.bin", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "head", 4), 4);
    (void)snprintf(destination, sizeof destination, "fd:%d", fd);
    hydra_render *render = streams_start(c, destination);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_OK);
    hydra_render_free(render);
    hydra_compose_free(c);
    assert_int_equal(write(fd, "tail", 4), 4);
    assert_int_equal(close(fd), 0);
    bytes b;
    b.data = test_read_file("out.bin", &b.size);
    assert_memory_equal(b.data, "head", 4);
    assert_memory_equal(b.data + b.size - 4, "tail", 4);
    memmove(b.data, b.data + 4, b.size - 8);
    b.size -= 8;
    assert_is_fragmented(&b, 1);
    assert_plays(&b, 30);
    bytes_free(&b);
    assert_int_equal(unlink("out.bin"), 0);
}

/* Tests print on standard output too: it is another file only while the job starts. */
static void test_standard_output(void **state)
{
    (void)state;
    hydra_compose *c = streams_project(NULL, 1);
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    hydra_render *render = NULL;
    int fd = open("out.bin", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    (void)fflush(stdout);
    int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_true(saved >= 0 && dup2(fd, STDOUT_FILENO) == STDOUT_FILENO);
    hydra_status status = hydra_render_start(c, "-", &options, &render);
    assert_int_equal(dup2(saved, STDOUT_FILENO), STDOUT_FILENO);
    assert_compose_ok(c, status);
    assert_int_equal(close(saved), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_OK);
    bytes b;
    b.data = test_read_file("out.bin", &b.size);
    assert_plays(&b, 30);
    bytes_free(&b);
    hydra_render_free(render);
    hydra_compose_free(c);
    assert_int_equal(unlink("out.bin"), 0);
}

static void test_too_large_for_the_buffer(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_output_bytes = 20000;
    hydra_context_options context_options;
    hydra_context_options_init(&context_options);
    context_options.policy = &policy;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&context_options, &context), HYDRA_OK);
    hydra_compose *c = streams_project(context, 3);
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_BUFFERED);
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, "pull:", &options, &render));
    bytes b = {0};
    bool ok;
    assert_int_equal(pull_all(render, 4096, &b, &ok), HYDRA_ERR_SPACE);
    assert_true(ok);
    assert_int_equal(b.size, 0);
    assert_non_null(strstr(hydra_render_error(render), "max_output_bytes"));
    bytes_free(&b);
    hydra_render_free(render);
    hydra_compose_free(c);
    hydra_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAMS_TEST(test_every_way_gives_the_same),
        STREAMS_TEST(test_pull_of_many_bytes),
        STREAMS_TEST(test_the_end_is_seen_at_the_end),
        STREAMS_TEST(test_an_open_file),
        STREAMS_TEST(test_standard_output),
        STREAMS_TEST(test_too_large_for_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
