/* SPDX-License-Identifier: MIT */
/* Drives an encoder of libavcodec as an application does, and tells where and how it failed. */
#ifndef ENCODE_JOB_H
#define ENCODE_JOB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakenv.h"

enum job_device {
    DEVICE_OF_ENCODER, /* libavcodec looks for a GPU by itself */
    DEVICE_SHARED,     /* a CUDA device of the application, frames in system memory */
    DEVICE_FRAMES,     /* the same, frames in device memory */
};

enum job_stage {
    STAGE_DEVICE,
    STAGE_OPEN,
    STAGE_UPLOAD,
    STAGE_SEND,
    STAGE_RECEIVE,
    STAGE_DONE
};

/* Zeros: h264_nvenc, 320 x 240, 30 frames. */
struct encode_job {
    const char *encoder;
    int width, height, frames;
    enum job_device device;
    const char *options; /* "NAME=VALUE:NAME=VALUE" */
    bool global_header;
    bool nv12;
};

struct encode_result {
    enum job_stage stage;
    int error; /* AVERROR, 0: none */
    int sent, received, keys, extradata_bytes;
    bool dts_wrong; /* does not rise, or is above the PTS */
    bool reordered;
    uint8_t *stream; /* of all packets; free with encode_result_free */
    size_t size;
};

struct encode_result encode_run(const struct encode_job *job);
void encode_result_free(struct encode_result *result);

/* Whether all frames came out in order of DTS, without an error. */
void assert_encoded(const struct encode_result *result, int frames);

/*
 * Decodes the stream; the count of pictures. `difference` (may be NULL): the largest mean
 * difference of a picture's luma to that of the source, or to grey.
 */
int decode_count(const struct encode_job *job, const struct encode_result *result, bool grey,
                 double *difference);

/* libcuda.so.1, held open. cmocka group setup and test setup (a fresh state). */
int standin_open(void **state);
int standin_reset(void **state);
int control(const char *format, ...) __attribute__((format(printf, 1, 2)));
long long count(const char *what);
/* A function of libcuda.so.1. */
void *standin_symbol(const char *name);

double seconds(void);

#endif
