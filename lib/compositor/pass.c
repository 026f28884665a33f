/* SPDX-License-Identifier: MIT */
/* Rows of one operation. The fast paths give what the filters would: a lone coefficient of 1 passes
 * samples through. */
#include "pass.h"

#include <string.h>

static int32_t clamp(int32_t value, int32_t max)
{
    return value < 0 ? 0 : value > max ? max : value;
}

/* NULL = no room. */
static void *take(hy_arena *arena, size_t bytes)
{
    size_t start = arena->used;
    bytes = (bytes + HY_ALIGN - 1) & ~(size_t)(HY_ALIGN - 1);
    if (bytes > arena->size - start) {
        return NULL;
    }
    arena->used += bytes;
    return arena->memory + start;
}

/* Samples of a ring's slot: one row of luma, or one of U and one of V. */
static size_t slot_samples(int32_t width, int planes)
{
    return (size_t)hy_padded(width) * (size_t)planes;
}

/* Chroma's slots are the wider ones, luma's filters the larger ones: the sum covers both. */
size_t hy_pass_bytes(int32_t canvas_width)
{
    size_t columns = slot_samples(canvas_width / 2, 2);
    columns = columns > slot_samples(canvas_width, 1) ? columns : slot_samples(canvas_width, 1);
    return columns * (2 * HY_MAX_FRAME_TAPS * sizeof(int16_t) + sizeof(int32_t) + 2);
}

static bool take_memory(hy_pass *p, hy_arena *arena)
{
    const size_t before = arena->used;
    const size_t columns = (size_t)p->width;
    p->line = take(arena, 2 * (size_t)hy_padded(p->width));
    bool has_room = p->line;
    if (has_room && p->asset && !(p->is_shift_x && p->is_shift_y)) {
        size_t slots = p->is_shift_y ? 1 : (size_t)p->y.taps;
        p->ring = take(arena, slots * (size_t)p->ring_stride * sizeof(int16_t));
        has_room = p->ring;
    }
    if (has_room && p->asset && !p->is_shift_x) {
        int32_t *first = take(arena, columns * sizeof *first);
        int16_t *coef = take(arena, columns * (size_t)p->x.taps * sizeof *coef);
        p->across.work = take(arena, (size_t)hy_h8_work_bytes(p->x.taps, p->width));
        p->across.first = first;
        p->across.coef = coef;
        has_room = first && coef && p->across.work;
        for (int32_t i = 0; has_room && i < p->width; i++) {
            first[i] = hy_sampler_at(&p->x, i, coef + (ptrdiff_t)i * p->x.taps);
        }
    }
    if (!has_room) {
        arena->used = before;
    }
    return has_room;
}

static void place_image(hy_pass *p)
{
    const bool chroma = p->first_plane > 0;
    hy_line x = hy_line_of(p->op->x, chroma ? HY_SITING_CHROMA_X : HY_SITING_LUMA);
    hy_line y = hy_line_of(p->op->y, chroma ? HY_SITING_CHROMA_Y : HY_SITING_LUMA);
    hy_sampler_frame(&p->x, x, hy_plane_width(p->asset, p->first_plane));
    hy_sampler_frame(&p->y, y, hy_plane_height(p->asset, p->first_plane));
    p->is_shift_x = hy_sampler_is_shift(&p->x, &p->shift_x);
    p->is_shift_y = hy_sampler_is_shift(&p->y, &p->shift_y);
}

bool hy_pass_init(hy_pass *pass, hy_arena *arena, const hy_kernels *kernels, const hy_op *op,
                  const hy_picture *asset, hy_picture *dst, int first_plane)
{
    *pass = (hy_pass){
        .kernels = kernels,
        .op = op,
        .asset = asset,
        .dst = dst,
        .first_plane = first_plane,
        .planes = first_plane ? 2 : 1,
        .width = hy_plane_width(dst, first_plane),
        .height = hy_plane_height(dst, first_plane),
    };
    pass->ring_stride = (ptrdiff_t)slot_samples(pass->width, pass->planes);
    if (asset) {
        place_image(pass);
    }
    if (!take_memory(pass, arena)) {
        return false;
    }
    if (asset && !pass->is_shift_x) {
        pass->across.taps = pass->x.taps;
        pass->across.count = pass->width;
        pass->across.size = pass->x.size;
        kernels->prepare_h8(&pass->across);
    }
    return true;
}

/* dst[i] = row[shift + i], border samples repeated. */
static void copy_shifted(uint8_t *dst, const uint8_t *row, int32_t size, int32_t shift,
                         int32_t count)
{
    int32_t before = clamp(-shift, count);
    int32_t until = clamp(size - shift, count);
    if (before > 0) {
        memset(dst, row[0], (size_t)before);
    }
    if (until > before) {
        memcpy(dst + before, row + shift + before, (size_t)(until - before));
    }
    if (count > until) {
        memset(dst + until, row[size - 1], (size_t)(count - until));
    }
}

static const uint8_t *source_row(const hy_pass *p, int plane, int32_t y)
{
    return p->asset->plane[plane] + y * p->asset->stride[plane];
}

/* Row r of plane number `index` of the pass. */
static int16_t *ring_row(const hy_pass *p, int index, int32_t r)
{
    int32_t slot = p->is_shift_y ? 0 : r % p->y.taps;
    return p->ring + slot * p->ring_stride + (ptrdiff_t)index * hy_padded(p->width);
}

/* Across: source row r of each plane into the ring. */
static void filter_row(const hy_pass *p, int32_t r)
{
    for (int i = 0; i < p->planes; i++) {
        const uint8_t *src = source_row(p, p->first_plane + i, r);
        if (p->is_shift_x) {
            copy_shifted(p->line, src, p->x.size, p->shift_x, p->width);
            p->kernels->widen8(ring_row(p, i, r), p->line, p->width);
        } else {
            p->across.run(&p->across, ring_row(p, i, r), src);
        }
    }
}

/* Source rows up to `end` are in the ring afterwards; those below `first` are not needed. */
static void fill_ring(hy_pass *p, int32_t first, int32_t end)
{
    for (int32_t r = p->next > first ? p->next : first; r < end; r++) {
        filter_row(p, r);
        p->next = r + 1;
    }
}

static uint8_t *dst_row(const hy_pass *p, int index, int32_t y)
{
    int plane = p->first_plane + index;
    return p->dst->plane[plane] + y * p->dst->stride[plane];
}

/* Where a row of the operation is made: in place, or beside it if something shines through. */
static uint8_t *target_row(const hy_pass *p, int index, int32_t y)
{
    bool opaque = p->op->alpha >= HY_ALPHA_ONE;
    return opaque ? dst_row(p, index, y) : p->line + hy_padded(p->width);
}

static void lay_over(const hy_pass *p, int index, int32_t y)
{
    if (p->op->alpha < HY_ALPHA_ONE) {
        p->kernels->blend8(dst_row(p, index, y), target_row(p, index, y), p->op->alpha, p->width);
    }
}

static void filtered_row(hy_pass *p, int32_t y)
{
    int16_t coef[HY_MAX_FRAME_TAPS];
    const int16_t *rows[HY_MAX_FRAME_TAPS];
    int32_t first = hy_sampler_at(&p->y, y, coef);
    fill_ring(p, first, first + p->y.taps);
    for (int i = 0; i < p->planes; i++) {
        for (int32_t k = 0; k < p->y.taps; k++) {
            rows[k] = ring_row(p, i, first + k);
        }
        p->kernels->filter_v8(dst_row(p, i, y), rows, coef, p->y.taps, p->op->alpha, p->width);
    }
}

/* Source rows are taken one by one, the border rows again and again. */
static void shifted_row(hy_pass *p, int32_t y)
{
    int32_t r = clamp(p->shift_y + y, p->y.size - 1);
    if (!p->is_shift_x) {
        fill_ring(p, r, r + 1);
    }
    for (int i = 0; i < p->planes; i++) {
        uint8_t *target = target_row(p, i, y);
        if (p->is_shift_x) {
            const uint8_t *src = source_row(p, p->first_plane + i, r);
            copy_shifted(target, src, p->x.size, p->shift_x, p->width);
        } else {
            p->kernels->narrow8(target, ring_row(p, i, r), p->width);
        }
        lay_over(p, i, y);
    }
}

static void fill_row(const hy_pass *p, int32_t y)
{
    for (int i = 0; i < p->planes; i++) {
        memset(target_row(p, i, y), p->op->yuv[p->first_plane + i], (size_t)p->width);
        lay_over(p, i, y);
    }
}

void hy_pass_row(hy_pass *pass, int32_t y)
{
    if (!pass->asset) {
        fill_row(pass, y);
    } else if (pass->is_shift_y) {
        shifted_row(pass, y);
    } else {
        filtered_row(pass, y);
    }
}
