/* SPDX-License-Identifier: MIT */
/* A sink in memory with faults to order: fails at the nth write, keeps nothing, cannot be read. */
#ifndef TEST_SINK_DOUBLE_H
#define TEST_SINK_DOUBLE_H

#include <stdlib.h>
#include <string.h>

#include "support.h"

typedef struct sink_double {
    hy_sink base;
    uint8_t *data;
    size_t size;
    int64_t end;      /* one past the last byte ever written */
    int writes;       /* calls of write */
    int fail_at;      /* this call fails, counted from 1; 0 = none */
    bool fail_silent; /* without a text */
    bool discard;     /* keep nothing */
    int64_t unread;   /* bytes at the end that cannot be read back */
    int64_t reserved; /* at the front, announced as written last */
} sink_double;

static inline hydra_status sink_double_reserve(hy_sink *sink, int64_t bytes, hy_diag *diag)
{
    sink_double *s = (sink_double *)sink;
    (void)diag;
    assert_int_equal(s->writes, 0);
    assert_true(bytes > 0);
    s->reserved = bytes;
    return HYDRA_OK;
}

static inline hydra_status sink_double_write(hy_sink *sink, int64_t offset, const void *data,
                                             size_t size, hy_diag *diag)
{
    sink_double *s = (sink_double *)sink;
    assert_true(offset >= 0 && size > 0);
    /* The media are written without gaps; only the head, at 0, comes late. */
    assert_true(offset == s->end || (!sink->in_order && (offset == 0 || s->end == 0)));
    /* What was announced comes in one piece, and nothing else lies there. */
    assert_true(s->reserved == 0 || offset >= s->reserved ||
                (offset == 0 && (int64_t)size == s->reserved));
    s->writes++;
    if (s->fail_at) {
        assert_true(s->writes <= s->fail_at); /* nothing after a failure */
    }
    if (s->writes == s->fail_at) {
        return s->fail_silent
                   ? HYDRA_ERR_IO
                   : hy_fail(diag, HYDRA_ERR_SPACE, "double: no room at write %d", s->writes);
    }
    if (offset + (int64_t)size > s->end) {
        s->end = offset + (int64_t)size;
    }
    if (s->discard) {
        return HYDRA_OK;
    }
    size_t end = (size_t)offset + size;
    if (end > s->size) {
        s->data = realloc(s->data, end);
        assert_non_null(s->data);
        memset(s->data + s->size, 0xee, end - s->size);
        s->size = end;
    }
    memcpy(s->data + offset, data, size);
    return HYDRA_OK;
}

static inline hydra_status sink_double_read(hy_sink *sink, int64_t offset, void *data, size_t size,
                                            hy_diag *diag)
{
    sink_double *s = (sink_double *)sink;
    if (offset < 0 || offset + (int64_t)size > (int64_t)s->size - s->unread) {
        return hy_fail(diag, HYDRA_ERR_IO, "double: it ends early");
    }
    memcpy(data, s->data + offset, size);
    return HYDRA_OK;
}

static const hy_sink_ops sink_double_ops = {
    .write = sink_double_write,
    .read = sink_double_read,
    .reserve = sink_double_reserve,
};
static const hy_sink_ops sink_double_blind_ops = {.write = sink_double_write};

static inline void sink_double_init(sink_double *s, bool readable)
{
    *s = (sink_double){0};
    s->base.ops = readable ? &sink_double_ops : &sink_double_blind_ops;
    s->base.name = "double";
}

static inline void sink_double_free(sink_double *s)
{
    free(s->data);
    s->data = NULL;
    s->size = 0;
}

#endif
