/* SPDX-License-Identifier: MIT */
/* Jobs that put out their bytes in order: what their tests share. */
#ifndef TEST_STREAMS_H
#define TEST_STREAMS_H

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compose.h"

#define SIDE_PX 96
/* Long enough for a machine that is busy with something else. */
#define PATIENCE_MS 120000

/* ---- Projects ---- */

/* `photos` seconds of moving pictures with music. */
static inline hydra_compose *streams_project(hydra_context *context, int32_t photos)
{
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(context, &c), HYDRA_OK);
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = SIDE_PX;
    canvas.height_px = SIDE_PX;
    assert_compose_ok(c, hydra_compose_set_canvas(c, &canvas));
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 1000000;
    for (uint32_t i = 0; i < (uint32_t)photos; i++) {
        test_add_picture(c, 160, 120, test_pixel_natural, &i, &image);
    }
    test_add_tone(c, photos, NULL);
    return c;
}

static inline hydra_render_options streams_options(int32_t in_order)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = HYDRA_PROFILE_DRAFT;
    options.in_order = in_order;
    return options;
}

static inline hydra_render *streams_start(hydra_compose *c, const char *destination)
{
    hydra_render_options options = streams_options(HYDRA_IN_ORDER_FRAGMENTED);
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, destination, &options, &render));
    assert_non_null(render);
    return render;
}

/* ---- The host's side. No assertions: it may run on threads of the test ---- */

typedef struct bytes {
    uint8_t *data;
    size_t size;
} bytes;

static inline void bytes_add(bytes *b, const void *data, size_t size)
{
    uint8_t *more = realloc(b->data, b->size + size + 1);
    if (more) {
        memcpy(more + b->size, data, size);
        b->data = more;
        b->size += size;
    }
}

static inline void bytes_free(bytes *b)
{
    free(b->data);
    *b = (bytes){0};
}

/* All that waits, `bite` bytes at a time. False: out of order. */
static inline bool take_output(hydra_render *render, size_t bite, bytes *b)
{
    uint8_t buffer[4096];
    size_t got;
    do {
        int64_t offset = -1;
        got = 0;
        if (hydra_render_read(render, buffer, bite, &offset, &got) != HYDRA_OK ||
            offset != (int64_t)b->size) {
            return false;
        }
        bytes_add(b, buffer, got);
    } while (got > 0);
    return true;
}

/* Up to the end of the job. `*ok`: every byte came once, in order, and was announced. */
static inline hydra_status pull_all(hydra_render *render, size_t bite, bytes *b, bool *ok)
{
    struct pollfd fd = {.fd = hydra_render_fd(render), .events = POLLIN};
    hydra_event event = {.struct_size = sizeof event};
    *ok = true;
    do {
        *ok = *ok && poll(&fd, 1, PATIENCE_MS) == 1 &&
              hydra_render_next_event(render, &event) == HYDRA_OK;
        if (!*ok) {
            return HYDRA_ERR_INTERNAL;
        }
        if (event.kind == HYDRA_EVENT_OUTPUT) {
            *ok = take_output(render, bite, b);
        }
    } while (event.kind != HYDRA_EVENT_DONE);
    size_t before = b->size;
    *ok = *ok && take_output(render, bite, b) && b->size == before;
    return event.status;
}

/* Until the other end is closed. */
static inline void read_to_end(int fd, bytes *b)
{
    uint8_t buffer[10000];
    ssize_t count;
    while ((count = read(fd, buffer, sizeof buffer)) > 0) {
        bytes_add(b, buffer, (size_t)count);
    }
}

/* ---- What is left behind ---- */

typedef struct leftovers {
    int descriptors;
    char *folder; /* the current one: a new one for each test */
    char before[4096];
} leftovers;

static inline int streams_setup(void **state)
{
    leftovers *l = calloc(1, sizeof *l);
    assert_non_null(l);
    assert_non_null(getcwd(l->before, sizeof l->before));
    l->folder = test_folder_new();
    assert_int_equal(chdir(l->folder), 0);
    l->descriptors = test_count_entries("/proc/self/fd");
    *state = l;
    return 0;
}

/* A test removes the files that it made. */
static inline int streams_teardown(void **state)
{
    leftovers *l = *state;
    assert_true(test_only_own_threads());
    assert_int_equal(test_count_entries("/proc/self/fd"), l->descriptors);
    assert_int_equal(test_count_entries("."), 0);
    assert_int_equal(chdir(l->before), 0);
    test_folder_free(l->folder);
    free(l);
    return 0;
}

#define STREAMS_TEST(test) cmocka_unit_test_setup_teardown(test, streams_setup, streams_teardown)

#endif
