/* SPDX-License-Identifier: MIT */
/* The streaming resizer: block averages, then the filter across into a ring, then the filter down.
 */
#include "resize.h"

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "sampler.h"
#include "scratch.h"

/* From this shrink factor on, blocks are averaged until less than twice BLOCK_LEFT remains. */
#define BLOCK_FROM 16.0
#define BLOCK_LEFT 8.0

/* One direction. Positions, sizes and ranges count blocks. */
typedef struct axis {
    hy_sampler sampler;
    hy_range range;  /* needed blocks */
    int32_t block;   /* source samples per block; the last block may have fewer */
    int32_t samples; /* of the source */
} axis;

struct hy_resizer {
    hy_resize_spec spec;
    const hy_kernels *kernels;
    axis x;
    axis y;
    int32_t taps_x;     /* as filter_h14 wants it */
    int32_t *first;     /* per output column, from x.range.first */
    int16_t *coef;      /* taps_x per output column */
    ptrdiff_t row_size; /* samples of a filtered row: channels * width */
    int16_t *ring;      /* filtered rows; block row r is in slot r % y.sampler.taps */
    int16_t *out;       /* one finished row */
    int32_t next;       /* the next row to finish */
    int32_t next_first; /* its first block row */
    int16_t next_coef[HY_MAX_TAPS];
    ptrdiff_t box_pitch; /* samples per channel of the two below */
    int32_t *box_sums;   /* rows of a block, added up; only where there are blocks */
    int16_t *box;        /* their average */
};

static int64_t to_fixed(double value)
{
    return llrint(value * (double)HY_FIXED_ONE);
}

static int32_t block_start(const axis *a, int32_t block)
{
    int64_t at = (int64_t)block * a->block;
    return at < a->samples ? (int32_t)at : a->samples;
}

static void axis_init(axis *a, int32_t samples, double origin, double length, int32_t count)
{
    double shrink = length / count;
    int16_t coef[HY_MAX_TAPS];
    a->samples = samples;
    a->block = shrink >= BLOCK_FROM ? (int32_t)(shrink / BLOCK_LEFT) : 1;
    int32_t blocks = (samples - 1) / a->block + 1;
    hy_line line = {.step = to_fixed(shrink / a->block)};
    line.start = (line.step >> 1) + to_fixed(origin / a->block) - HY_FIXED_ONE / 2;
    hy_sampler_asset(&a->sampler, line, blocks);
    a->range.first = hy_sampler_at(&a->sampler, 0, coef);
    a->range.end = hy_sampler_at(&a->sampler, count - 1, coef) + a->sampler.taps;
}

static int32_t padded_taps(int32_t taps)
{
    return taps == 4 ? 4 : (taps + HY_TAPS_STEP - 1) / HY_TAPS_STEP * HY_TAPS_STEP;
}

static void prepare_next(hy_resizer *r)
{
    if (r->next < r->spec.height) {
        r->next_first = hy_sampler_at(&r->y.sampler, r->next, r->next_coef);
    }
}

static bool has_blocks(const hy_resizer *r)
{
    return r->x.block > 1 || r->y.block > 1;
}

static bool allocate(hy_resizer *r, hy_meter *meter)
{
    size_t columns = (size_t)r->spec.width;
    r->first = hy_scratch_new(meter, columns, sizeof *r->first);
    r->coef = hy_scratch_new(meter, columns * (size_t)r->taps_x, sizeof *r->coef);
    r->ring =
        hy_scratch_new(meter, (size_t)r->row_size * (size_t)r->y.sampler.taps, sizeof *r->ring);
    r->out = hy_scratch_new(meter, (size_t)r->row_size, sizeof *r->out);
    if (!r->first || !r->coef || !r->ring || !r->out) {
        return false;
    }
    if (has_blocks(r)) {
        size_t samples = (size_t)r->box_pitch * (size_t)r->spec.channels;
        r->box_sums = hy_scratch_new(meter, samples, sizeof *r->box_sums);
        r->box = hy_scratch_new(meter, samples, sizeof *r->box);
        return r->box_sums && r->box;
    }
    return true;
}

hydra_status hy_resizer_new(const hy_resize_spec *spec, hy_meter *meter, hy_resizer **out,
                            hy_diag *diag)
{
    *out = NULL;
    hy_resizer *r = hy_calloc(1, sizeof *r);
    if (!r) {
        return hy_fail_memory(diag);
    }
    r->spec = *spec;
    r->kernels = hy_kernels_choose(spec->simd);
    axis_init(&r->x, spec->src_width, spec->source.x, spec->source.w, spec->width);
    axis_init(&r->y, spec->src_height, spec->source.y, spec->source.h, spec->height);
    r->taps_x = padded_taps(r->x.sampler.taps);
    r->row_size = (ptrdiff_t)spec->channels * spec->width;
    r->box_pitch = r->x.range.end - r->x.range.first + HY_TAPS_STEP;
    if (!allocate(r, meter)) {
        hy_resizer_free(r);
        return hy_meter_fail(meter, diag);
    }
    for (int32_t i = 0; i < spec->width; i++) {
        int16_t *coef = r->coef + (ptrdiff_t)i * r->taps_x;
        r->first[i] = hy_sampler_at(&r->x.sampler, i, coef) - r->x.range.first;
    }
    prepare_next(r);
    *out = r;
    return HYDRA_OK;
}

void hy_resizer_free(hy_resizer *resizer)
{
    if (!resizer) {
        return;
    }
    hy_scratch_free(resizer->first);
    hy_scratch_free(resizer->coef);
    hy_scratch_free(resizer->ring);
    hy_scratch_free(resizer->out);
    hy_scratch_free(resizer->box_sums);
    hy_scratch_free(resizer->box);
    hy_free(resizer);
}

/* Taps of the filter: at most those of the largest shrink factor that is not done in blocks. */
static int64_t most_taps(double length, int32_t count)
{
    double shrink = length / count;
    return shrink >= BLOCK_FROM ? 4 * (int64_t)(2 * BLOCK_LEFT)
                                : 4 * (int64_t)ceil(fmax(shrink, 1));
}

int64_t hy_resizer_bytes(const hy_resize_spec *spec)
{
    int64_t row = (int64_t)spec->channels * spec->width * (int64_t)sizeof(int16_t);
    int64_t table = (most_taps(spec->source.w, spec->width) + HY_TAPS_STEP) * spec->width *
                    (int64_t)sizeof(int16_t);
    int64_t ring = row * most_taps(spec->source.h, spec->height);
    int64_t blocks = 6 * (int64_t)spec->channels * spec->src_width;
    return ring + row + table + blocks + 4 * (int64_t)spec->width;
}

static hy_range needed(const axis *a)
{
    return (hy_range){block_start(a, a->range.first), block_start(a, a->range.end)};
}

hy_range hy_resizer_columns(const hy_resizer *resizer)
{
    return needed(&resizer->x);
}

hy_range hy_resizer_rows(const hy_resizer *resizer)
{
    return needed(&resizer->y);
}

static void finish_row(hy_resizer *r)
{
    const int16_t *rows[HY_MAX_TAPS];
    int32_t taps = r->y.sampler.taps;
    for (int32_t k = 0; k < taps; k++) {
        rows[k] = r->ring + (r->next_first + k) % taps * r->row_size;
    }
    r->kernels->filter_v14(r->out, rows, r->next_coef, taps, (int32_t)r->row_size);
    r->spec.emit(r->spec.user, r->out, r->next);
    r->next++;
    prepare_next(r);
}

/* samples: those of block row y, from the first needed block column. */
static void push_blocks(hy_resizer *r, const int16_t *samples, ptrdiff_t pitch, int32_t y)
{
    int32_t taps = r->y.sampler.taps;
    int16_t *slot = r->ring + y % taps * r->row_size;
    for (int32_t c = 0; c < r->spec.channels; c++) {
        r->kernels->filter_h14(slot + (ptrdiff_t)c * r->spec.width, samples + c * pitch, r->first,
                               r->coef, r->taps_x, r->spec.width);
    }
    while (r->next < r->spec.height && r->next_first + taps <= y + 1) {
        finish_row(r);
    }
}

/* sums[i] += average of `size` samples, rounded to nearest. */
static inline __attribute__((always_inline)) void
add_averages(const int16_t *restrict samples, int32_t size, int32_t blocks, int32_t *restrict sums)
{
    for (int32_t i = 0; i < blocks; i++) {
        int32_t sum = 0;
        for (int32_t k = 0; k < size; k++) {
            sum += samples[k];
        }
        sums[i] += (sum + size / 2) / size;
        samples += size;
    }
}

/* Sizes as of a backdrop's miniature get loops of their own: unrolled, and without divisions. */
static void add_averages_of(const int16_t *samples, int32_t size, int32_t blocks, int32_t *sums)
{
    switch (size) {
    case 4:
        add_averages(samples, 4, blocks, sums);
        break;
    case 5:
        add_averages(samples, 5, blocks, sums);
        break;
    case 6:
        add_averages(samples, 6, blocks, sums);
        break;
    case 7:
        add_averages(samples, 7, blocks, sums);
        break;
    case 8:
        add_averages(samples, 8, blocks, sums);
        break;
    case 9:
        add_averages(samples, 9, blocks, sums);
        break;
    default:
        add_averages(samples, size, blocks, sums);
        break;
    }
}

/* The blocks of a row. The source's last one may be smaller. */
static void add_block_averages(const hy_resizer *r, const int16_t *samples, int32_t *sums)
{
    const axis *a = &r->x;
    int32_t whole = a->samples / a->block;
    whole = (whole < a->range.end ? whole : a->range.end) - a->range.first;
    add_averages_of(samples, a->block, whole, sums);
    int32_t rest = block_start(a, a->range.end) - block_start(a, a->range.first + whole);
    if (rest > 0) {
        add_averages(samples + (ptrdiff_t)whole * a->block, rest, 1, sums + whole);
    }
}

static void average_rows(hy_resizer *r, int32_t rows)
{
    size_t samples = (size_t)r->box_pitch * (size_t)r->spec.channels;
    for (size_t i = 0; i < samples; i++) {
        r->box[i] = (int16_t)((r->box_sums[i] + rows / 2) / rows);
    }
    memset(r->box_sums, 0, samples * sizeof *r->box_sums);
}

void hy_resizer_push(hy_resizer *resizer, hy_source_row row, int32_t y)
{
    hy_resizer *r = resizer;
    int32_t block = y / r->y.block;
    if (block < r->y.range.first || block >= r->y.range.end) {
        return;
    }
    const int16_t *samples = row.samples + (block_start(&r->x, r->x.range.first) - row.column);
    if (!has_blocks(r)) {
        push_blocks(r, samples, row.pitch, y);
        return;
    }
    for (int32_t c = 0; c < r->spec.channels; c++) {
        add_block_averages(r, samples + c * row.pitch, r->box_sums + c * r->box_pitch);
    }
    int32_t end = block_start(&r->y, block + 1);
    if (y + 1 == end) {
        average_rows(r, end - block_start(&r->y, block));
        push_blocks(r, r->box, r->box_pitch, block);
    }
}
