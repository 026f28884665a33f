/* SPDX-License-Identifier: MIT */
/*
 * What the tests of kernels share: the tables of this CPU, references' integer arithmetic, wild
 * input, and memory that ends where reading or writing on is a crash.
 */
#ifndef HY_CHECKASM_H
#define HY_CHECKASM_H

#include "compositor/kernels/kernels.h"
#include "support.h"

#define MAX_COUNT 700
#define MAX_TAPS  64
#define GUARD     64 /* bytes of 0x55 in front of what a kernel writes */

typedef struct table {
    const char *name;
    const hy_kernels *kernels;
} table;

/* C first, then what this build and this CPU have. */
int tables(table out[4]);

extern const int32_t counts[];
extern const int count_total;

/* Memory of some kind of use; `place` gives `bytes` of it that end right before a page that cannot
 * be touched, filled with 0x55, as are the GUARD bytes in front. */
typedef enum place_of {
    PLACE_SRC,
    PLACE_DST,
    PLACE_ROWS,
    PLACE_BEFORE,
    PLACES
} place_of;
void *place(place_of which, size_t bytes);
/* Fails if something in front of the last place was written. */
void assert_guarded(place_of which, size_t bytes);

int64_t floor_shift(int64_t value, int bits);
int64_t cut(int64_t value, int64_t max);
/* Coefficients that sum to one, as wild as a cubic can be. */
void random_coef(uint64_t *state, int16_t *coef, int32_t taps);
/* Random, or one of the ends only: where sums are largest. */
int32_t random_sample(uint64_t *state, int32_t low, int32_t high, bool extreme);
/* `taps` rows of `count` samples, in any order, as a ring has them. */
void random_rows(uint64_t *state, const int16_t **rows, int32_t taps, int32_t count, bool extreme);

void test_filter_h8(void **unused);
void test_filter_v8(void **unused);
void test_widen_narrow(void **unused);
void test_blend8(void **unused);
void test_split_rgb8(void **unused);
void test_yuv_of(void **unused);
void test_filter_h14(void **unused);
void test_filter_v14(void **unused);

#endif
