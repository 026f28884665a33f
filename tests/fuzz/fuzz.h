/* SPDX-License-Identifier: MIT */
/*
 * What fuzz targets share. A target is one file "fuzz_NAME.c" with the entry point of libFuzzer; it
 * aborts where a promise is broken. The same object runs under libFuzzer (script/fuzz) and, over
 * kept files, under the plain replayer that the tests use.
 */
#ifndef HY_FUZZ_H
#define HY_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define fuzz_check(condition)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition);        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A failure comes with its status and a text, success with neither. */
static inline void fuzz_check_outcome(hydra_status status, const hy_diag *diag)
{
    fuzz_check(status != HYDRA_ERR_INTERNAL);
    fuzz_check(status == diag->status);
    fuzz_check((status == HYDRA_OK) == (diag->text[0] == '\0'));
}

/* The input of a structured target: a row of small decisions; zeros behind its end. */
typedef struct fuzz_input {
    const uint8_t *data;
    size_t size;
} fuzz_input;

static inline uint64_t fuzz_take(fuzz_input *in, int bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) {
        value = value << 8 | (in->size > 0 ? *in->data : 0U);
        in->data += in->size > 0;
        in->size -= in->size > 0;
    }
    return value;
}

/* low..high, of as many bytes as the range needs. */
static inline int64_t fuzz_pick(fuzz_input *in, int64_t low, int64_t high)
{
    uint64_t range = (uint64_t)high - (uint64_t)low;
    int bytes = range < 0x100 ? 1 : range < 0x10000 ? 2 : range <= UINT32_MAX ? 4 : 8;
    uint64_t value = fuzz_take(in, bytes);
    return (int64_t)((uint64_t)low + (range == UINT64_MAX ? value : value % (range + 1)));
}

/* Any bits at all: NaN, infinity, denormal. */
static inline double fuzz_take_double(fuzz_input *in)
{
    uint64_t bits = fuzz_take(in, 8);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
