/* SPDX-License-Identifier: MIT */
/* Nanoseconds per call of every kernel of every table, on rows as a 1080 x 1920 video has them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "checkasm.h"

#define COLUMNS   1080
#define SAMPLES   4096 /* of a source row */
#define ROWS      16
#define MAX_CALLS 2000
#define RUNS      7

/* Everything that kernels read and write. */
typedef struct buffers {
    uint8_t bytes[2][SAMPLES * 3];
    int16_t rows[ROWS][SAMPLES];
    int16_t words[3][SAMPLES];
    int16_t coef[SAMPLES * ROWS];
    int32_t first[SAMPLES];
    hy_rgba64 pixels[SAMPLES];
    const int16_t *row[ROWS];
    hy_h8 across;
    _Alignas(64) uint8_t work[SAMPLES * 32];
} buffers;

typedef void call_fn(const hy_kernels *kernels, buffers *b);

static void prepare_across(const hy_kernels *kernels, buffers *b, int32_t taps, int32_t step)
{
    for (int32_t i = 0; i < COLUMNS; i++) {
        b->first[i] = (int32_t)((int64_t)i * step >> 8);
    }
    b->across = (hy_h8){.first = b->first,
                        .coef = b->coef,
                        .taps = taps,
                        .count = COLUMNS,
                        .size = SAMPLES,
                        .work = b->work};
    kernels->prepare_h8(&b->across);
}

static void call_prepare(const hy_kernels *kernels, buffers *b)
{
    prepare_across(kernels, b, 4, 264);
}

static void call_prepare8(const hy_kernels *kernels, buffers *b)
{
    prepare_across(kernels, b, 8, 460);
}

static void call_across(const hy_kernels *kernels, buffers *b)
{
    (void)kernels;
    b->across.run(&b->across, b->words[0], b->bytes[0]);
}

static void call_down(const hy_kernels *kernels, buffers *b)
{
    kernels->filter_v8(b->bytes[1], b->row, b->coef, 4, 65536, COLUMNS);
}

static void call_down_laid(const hy_kernels *kernels, buffers *b)
{
    kernels->filter_v8(b->bytes[1], b->row, b->coef, 4, 30000, COLUMNS);
}

static void call_down8(const hy_kernels *kernels, buffers *b)
{
    kernels->filter_v8(b->bytes[1], b->row, b->coef, 8, 65536, COLUMNS);
}

static void call_widen(const hy_kernels *kernels, buffers *b)
{
    kernels->widen8(b->words[0], b->bytes[0], COLUMNS);
}

static void call_narrow(const hy_kernels *kernels, buffers *b)
{
    kernels->narrow8(b->bytes[1], b->rows[0], COLUMNS);
}

static void call_blend(const hy_kernels *kernels, buffers *b)
{
    kernels->blend8(b->bytes[1], b->bytes[0], 30000, COLUMNS);
}

static void call_split(const hy_kernels *kernels, buffers *b)
{
    kernels->split_rgb8(b->rows[8], SAMPLES, b->bytes[0], 3456);
}

static void call_yuv(const hy_kernels *kernels, buffers *b)
{
    kernels->yuv_of(b->bytes[1], b->words[0], b->words[1], b->pixels, COLUMNS);
}

static void call_asset_across(const hy_kernels *kernels, buffers *b)
{
    kernels->filter_h14(b->words[0], b->rows[0], b->first, b->coef, 16, COLUMNS);
}

static void call_asset_down(const hy_kernels *kernels, buffers *b)
{
    kernels->filter_v14(b->words[0], b->row, b->coef, 14, COLUMNS);
}

static const struct kernel_case {
    const char *name;
    call_fn *before; /* once; NULL = nothing */
    call_fn *call;
} cases[] = {
    {"prepare_h8, 4 taps", NULL, call_prepare},
    {"filter_h8, 4 taps", call_prepare, call_across},
    {"filter_h8, 8 taps", call_prepare8, call_across},
    {"filter_v8, 4 taps", NULL, call_down},
    {"filter_v8, 4 taps, laid over", NULL, call_down_laid},
    {"filter_v8, 8 taps", NULL, call_down8},
    {"widen8", NULL, call_widen},
    {"narrow8", NULL, call_narrow},
    {"blend8", NULL, call_blend},
    {"split_rgb8, 3456 pixels", NULL, call_split},
    {"yuv_of", NULL, call_yuv},
    {"filter_h14, 16 taps", call_prepare, call_asset_across},
    {"filter_v14, 14 taps", NULL, call_asset_down},
};

static void fill(buffers *b)
{
    uint64_t state = 3;
    for (size_t i = 0; i < sizeof b->bytes; i++) {
        b->bytes[i / sizeof b->bytes[0]][i % sizeof b->bytes[0]] = (uint8_t)test_random(&state);
    }
    for (int32_t k = 0; k < ROWS; k++) {
        b->row[k] = b->rows[k];
        for (int32_t i = 0; i < SAMPLES; i++) {
            b->rows[k][i] = (int16_t)random_sample(&state, 0, HY_WHITE14, false);
            b->pixels[i].g = (uint16_t)test_random(&state);
        }
    }
    for (int32_t i = 0; i < SAMPLES * ROWS; i += 4) {
        random_coef(&state, b->coef + i, 4);
    }
}

static double nanoseconds(const struct kernel_case *c, const hy_kernels *kernels, buffers *b)
{
    double best = 0;
    if (c->before) {
        c->before(kernels, b);
    }
    for (int run = 0; run < RUNS; run++) {
        double start = bench_ms();
        for (int i = 0; i < MAX_CALLS; i++) {
            c->call(kernels, b);
        }
        double took = (bench_ms() - start) * 1e6 / MAX_CALLS;
        best = run == 0 || took < best ? took : best;
    }
    return best;
}

void bench_kernels(void)
{
    table all[4];
    int total = tables(all);
    buffers *b = hy_alloc_aligned(sizeof *b);
    if (!b) {
        abort();
    }
    memset(b, 0, sizeof *b);
    fill(b);
    printf("%-40s", "row of 1080 samples, CPU ns");
    for (int t = 0; t < total; t++) {
        printf(" %9s", all[t].name);
    }
    printf("\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        printf("%-40s", cases[i].name);
        for (int t = 0; t < total; t++) {
            printf(" %9.0f", nanoseconds(&cases[i], all[t].kernels, b));
        }
        printf("\n");
    }
    hy_free(b);
}
