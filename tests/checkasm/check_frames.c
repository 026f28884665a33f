/* SPDX-License-Identifier: MIT */
/* The kernels of frames. */
#include <stdlib.h>
#include <string.h>

#include "checkasm.h"

/* Steps of source samples per output in 1/16: none, enlarged, the limits of packed filters, more.
 */
static const int32_t steps[] = {0, 3, 16, 17, 20, 21, 28, 32, 40, 70};
#define STEPS ((int)(sizeof steps / sizeof *steps))

typedef struct h8_case {
    int32_t taps;
    int32_t count;
    int32_t step;
    int32_t slack; /* source samples behind the last one used */
    bool extreme;
    bool ordered; /* false: places jump about, as no picture's do */
} h8_case;

static void fill_h8(uint64_t *state, const h8_case *c, hy_h8 *h, int32_t *first, int16_t *coef)
{
    int32_t end = c->taps;
    int32_t phase = (int32_t)(test_random(state) % 16);
    for (int32_t i = 0; i < c->count; i++) {
        first[i] =
            c->ordered ? (phase + i * c->step) >> 4 : i + (int32_t)(test_random(state) % MAX_COUNT);
        end = first[i] + c->taps > end ? first[i] + c->taps : end;
        random_coef(state, coef + (ptrdiff_t)i * c->taps, c->taps);
    }
    *h = (hy_h8){
        .first = first, .coef = coef, .taps = c->taps, .count = c->count, .size = end + c->slack};
}

static void check_h8(const hy_kernels *kernels, uint64_t *state, const h8_case *c)
{
    static int32_t first[MAX_COUNT];
    static int16_t coef[MAX_COUNT * MAX_TAPS];
    hy_h8 h;
    fill_h8(state, c, &h, first, coef);
    size_t work_bytes = (size_t)hy_h8_work_bytes(c->taps, c->count);
    h.work = hy_alloc_aligned(work_bytes + HY_ALIGN);
    assert_non_null(h.work);
    kernels->prepare_h8(&h);
    for (int run = 0; run < 2; run++) { /* prepared once, run often */
        uint8_t *src = place(PLACE_SRC, (size_t)h.size);
        for (int32_t i = 0; i < h.size; i++) {
            src[i] = (uint8_t)random_sample(state, 0, 255, c->extreme);
        }
        size_t bytes = (size_t)hy_padded(c->count) * sizeof(int16_t);
        int16_t *dst = place(PLACE_DST, bytes);
        h.run(&h, dst, src);
        for (int32_t i = 0; i < c->count; i++) {
            int64_t sum = 128;
            for (int32_t k = 0; k < c->taps; k++) {
                sum += (int64_t)src[first[i] + k] * coef[i * c->taps + k];
            }
            assert_int_equal(dst[i], floor_shift(sum, 8));
        }
        assert_guarded(PLACE_DST, bytes);
    }
    hy_free(h.work);
}

void test_filter_h8(void **unused)
{
    static const int32_t all_taps[] = {1, 2, 3, 4, 4, 5, 6, 7, 8, 10, 14, 64};
    const int taps_total = (int)(sizeof all_taps / sizeof *all_taps);
    (void)unused;
    uint64_t state = 1;
    table all[4];
    int total = tables(all);
    for (int t = 0; t < total; t++) {
        for (int run = 0; run < taps_total * count_total * STEPS; run++) {
            h8_case c = {
                .taps = all_taps[run % taps_total],
                .count = counts[run / taps_total % count_total],
                .step = steps[run / taps_total / count_total],
                .slack = run % 5 ? (int32_t)(test_random(&state) % 80) : 0,
                .extreme = run % 2,
                .ordered = run % 7,
            };
            check_h8(all[t].kernels, &state, &c);
        }
    }
}

static const int32_t alphas[] = {65536, 65536, 0,     1,     2,     255,  32767,
                                 32768, 32769, 40000, 65534, 65535, 65535};
#define ALPHAS ((int)(sizeof alphas / sizeof *alphas))

static int64_t blended(int64_t below, int64_t src, int32_t alpha)
{
    return (below * (65536 - alpha) + src * alpha + 32768) / 65536;
}

static void check_v8(const hy_kernels *kernels, uint64_t *state, int32_t taps, int32_t count,
                     int32_t alpha, bool extreme)
{
    const int16_t *rows[MAX_TAPS];
    int16_t coef[MAX_TAPS];
    random_rows(state, rows, taps, count, extreme);
    random_coef(state, coef, taps);
    uint8_t *before = place(PLACE_BEFORE, (size_t)count);
    uint8_t *dst = place(PLACE_DST, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        before[i] = (uint8_t)random_sample(state, 0, 255, extreme);
        dst[i] = before[i];
    }
    kernels->filter_v8(dst, rows, coef, taps, alpha, count);
    for (int32_t i = 0; i < count; i++) {
        int64_t sum = 1 << 19;
        for (int32_t k = 0; k < taps; k++) {
            sum += (int64_t)rows[k][i] * coef[k];
        }
        assert_int_equal(dst[i], blended(before[i], cut(floor_shift(sum, 20), 255), alpha));
    }
    assert_guarded(PLACE_DST, (size_t)count);
}

void test_filter_v8(void **unused)
{
    static const int32_t all_taps[] = {1, 2, 3, 4, 6, 8, 11, 64};
    (void)unused;
    uint64_t state = 3;
    table all[4];
    int total = tables(all);
    const int cases = 8 * count_total * ALPHAS;
    for (int run = 0; run < cases * total; run++) {
        check_v8(all[run / cases].kernels, &state, all_taps[run % 8], counts[run / 8 % count_total],
                 alphas[run / 8 / count_total % ALPHAS], run / 2 % 2);
    }
}

void test_widen_narrow(void **unused)
{
    (void)unused;
    uint64_t state = 5;
    table all[4];
    int total = tables(all);
    for (int run = 0; run < 2 * count_total * total; run++) {
        const hy_kernels *kernels = all[run / 2 / count_total].kernels;
        size_t count = (size_t)counts[run / 2 % count_total];
        uint8_t *bytes = place(PLACE_SRC, count);
        for (size_t i = 0; i < count; i++) {
            bytes[i] = (uint8_t)test_random(&state);
        }
        int16_t *wide = place(PLACE_DST, count * sizeof *wide);
        kernels->widen8(wide, bytes, (int32_t)count);
        assert_guarded(PLACE_DST, count * sizeof *wide);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(wide[i], bytes[i] * 64);
        }
        int16_t *samples = place(PLACE_SRC, count * sizeof *samples);
        for (size_t i = 0; i < count; i++) {
            samples[i] = (int16_t)random_sample(&state, -2600, 20400, run % 2);
        }
        uint8_t *back = place(PLACE_DST, count);
        kernels->narrow8(back, samples, (int32_t)count);
        assert_guarded(PLACE_DST, count);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(back[i], cut(floor_shift(samples[i] + 32, 6), 255));
        }
    }
}

static void check_blend8(const hy_kernels *kernels, uint64_t *state, int32_t alpha, size_t count,
                         bool extreme)
{
    uint8_t *src = place(PLACE_SRC, count);
    uint8_t *before = place(PLACE_BEFORE, count);
    uint8_t *dst = place(PLACE_DST, count);
    for (size_t i = 0; i < count; i++) {
        src[i] = (uint8_t)random_sample(state, 0, 255, extreme);
        before[i] = (uint8_t)random_sample(state, 0, 255, extreme);
        dst[i] = before[i];
    }
    kernels->blend8(dst, src, alpha, (int32_t)count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(dst[i], blended(before[i], src[i], alpha));
    }
    assert_guarded(PLACE_DST, count);
}

void test_blend8(void **unused)
{
    (void)unused;
    uint64_t state = 6;
    table all[4];
    int total = tables(all);
    for (int run = 0; run < 4 * ALPHAS * count_total * total; run++) {
        int32_t alpha = run % 2 ? alphas[run / 4 % ALPHAS] : (int32_t)(test_random(&state) % 65537);
        check_blend8(all[run / 4 / ALPHAS / count_total].kernels, &state, alpha,
                     (size_t)counts[run / 4 / ALPHAS % count_total], run / 2 % 2);
    }
}
