/* SPDX-License-Identifier: MIT */
/*
 * The reference executor of display lists. Operation by operation and plane by plane: source rows
 * are filtered horizontally once, into a ring that holds no more of them than the vertical filter
 * has taps, and every output row is made from the ring. No picture is ever written in between.
 */
#include <string.h>

#include "compositor.h"
#include "kernels/kernels.h"
#include "sampler.h"
#include "scratch.h"

/* Widest and highest canvas; keeps positions within 64 bits. */
#define MAX_SIDE 32768

typedef struct cpu {
    hy_compositor base;
    const hy_kernels *kernels;
    int32_t width;
    int32_t height;
    ptrdiff_t ring_stride;            /* samples from row to row of the ring */
    int16_t *ring;                    /* horizontally filtered rows; row r is in slot r % taps */
    int16_t *coef;                    /* horizontal filter of every column */
    int32_t *first;                   /* its first source sample */
    uint8_t *line;                    /* two rows: shifted; of a see-through operation */
    const int16_t *rows[HY_MAX_TAPS]; /* the ring's rows in the order of the taps */
    int16_t row_coef[HY_MAX_TAPS];
} cpu;

/* One plane of one image operation. */
typedef struct pass {
    const uint8_t *src;
    ptrdiff_t src_stride;
    hy_sampler x;
    hy_sampler y;
    int32_t width; /* of the output */
    int32_t shift_x;
    int32_t shift_y;
    bool is_shift_x;
    bool is_shift_y;
    int32_t next; /* the first source row that is not in the ring yet */
} pass;

static int32_t clamp(int32_t value, int32_t max)
{
    return value < 0 ? 0 : value > max ? max : value;
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

static const uint8_t *source_row(const pass *p, int32_t y)
{
    return p->src + y * p->src_stride;
}

/* Horizontal pass of source row y into the ring. */
static void filter_row(cpu *c, const pass *p, int32_t y)
{
    int16_t *dst = c->ring + (y % p->y.taps) * c->ring_stride;
    const uint8_t *src = source_row(p, y);
    if (!p->is_shift_x) {
        c->kernels->filter_h8(dst, src, c->first, c->coef, p->x.taps, p->width);
        return;
    }
    copy_shifted(c->line, src, p->x.size, p->shift_x, p->width);
    c->kernels->widen8(dst, c->line, p->width);
}

/* The fast paths give what the filters would: a lone coefficient of 1 passes samples through. */
static void draw_row(cpu *c, pass *p, int32_t y, uint8_t *dst)
{
    if (p->is_shift_x && p->is_shift_y) {
        const uint8_t *src = source_row(p, clamp(p->shift_y + y, p->y.size - 1));
        copy_shifted(dst, src, p->x.size, p->shift_x, p->width);
        return;
    }
    int32_t first = clamp(p->shift_y + y, p->y.size - 1);
    int32_t taps = 1;
    if (!p->is_shift_y) {
        first = hy_sampler_at(&p->y, y, c->row_coef);
        taps = p->y.taps;
    }
    for (int32_t r = p->next > first ? p->next : first; r < first + taps; r++) {
        filter_row(c, p, r);
        p->next = r + 1;
    }
    for (int32_t k = 0; k < taps; k++) {
        c->rows[k] = c->ring + ((first + k) % p->y.taps) * c->ring_stride;
    }
    if (p->is_shift_y) {
        c->kernels->narrow8(dst, c->rows[0], p->width);
    } else {
        c->kernels->filter_v8(dst, c->rows, c->row_coef, taps, p->width);
    }
}

static void prepare_pass(cpu *c, const hy_op *op, const hy_picture *asset, int plane, pass *p)
{
    *p = (pass){
        .src = asset->plane[plane],
        .src_stride = asset->stride[plane],
        .width = plane ? c->width / 2 : c->width,
    };
    hy_line x = hy_line_of(op->x, plane ? HY_SITING_CHROMA_X : HY_SITING_LUMA);
    hy_line y = hy_line_of(op->y, plane ? HY_SITING_CHROMA_Y : HY_SITING_LUMA);
    hy_sampler_frame(&p->x, x, hy_plane_width(asset, plane));
    hy_sampler_frame(&p->y, y, hy_plane_height(asset, plane));
    p->is_shift_x = hy_sampler_is_shift(&p->x, &p->shift_x);
    p->is_shift_y = hy_sampler_is_shift(&p->y, &p->shift_y);
    if (plane == 2 || p->is_shift_x) {
        return; /* V lies where U does: the table is there */
    }
    for (int32_t i = 0; i < p->width; i++) {
        c->first[i] = hy_sampler_at(&p->x, i, c->coef + (ptrdiff_t)i * p->x.taps);
    }
}

static void draw_image(cpu *c, const hy_op *op, const hy_picture *asset, hy_picture *dst)
{
    bool opaque = op->alpha >= HY_ALPHA_ONE;
    for (int plane = 0; plane < 3; plane++) {
        pass p;
        prepare_pass(c, op, asset, plane, &p);
        for (int32_t y = 0; y < hy_plane_height(dst, plane); y++) {
            uint8_t *row = dst->plane[plane] + y * dst->stride[plane];
            if (opaque) {
                draw_row(c, &p, y, row);
            } else {
                uint8_t *line = c->line + c->ring_stride;
                draw_row(c, &p, y, line);
                c->kernels->blend8(row, line, op->alpha, p.width);
            }
        }
    }
}

static void draw_fill(cpu *c, const uint8_t yuv[3], int32_t alpha, hy_picture *dst)
{
    for (int plane = 0; plane < 3; plane++) {
        int32_t width = hy_plane_width(dst, plane);
        memset(c->line, yuv[plane], (size_t)width);
        for (int32_t y = 0; y < hy_plane_height(dst, plane); y++) {
            uint8_t *row = dst->plane[plane] + y * dst->stride[plane];
            if (alpha >= HY_ALPHA_ONE) {
                memset(row, yuv[plane], (size_t)width);
            } else {
                c->kernels->blend8(row, c->line, alpha, width);
            }
        }
    }
}

static void draw(hy_compositor *compositor, const hy_display_list *list,
                 const hy_picture *const *assets, hy_picture *dst)
{
    static const uint8_t black[3] = {16, 128, 128};
    cpu *c = (cpu *)compositor;
    int32_t from = list->count - 1; /* the last operation that hides all before it */
    while (from >= 0 && list->ops[from].alpha < HY_ALPHA_ONE) {
        from--;
    }
    if (from < 0) {
        draw_fill(c, black, HY_ALPHA_ONE, dst);
        from = 0;
    }
    for (int32_t i = from; i < list->count; i++) {
        const hy_op *op = &list->ops[i];
        if (op->alpha <= 0) {
            continue;
        }
        if (op->kind == HY_OP_FILL) {
            draw_fill(c, op->yuv, op->alpha, dst);
        } else {
            draw_image(c, op, assets[op->asset], dst);
        }
    }
}

static void cpu_free(hy_compositor *compositor)
{
    cpu *c = (cpu *)compositor;
    hy_scratch_free(c->ring);
    hy_scratch_free(c->coef);
    hy_scratch_free(c->first);
    hy_scratch_free(c->line);
    hy_free(c);
}

static size_t padded_columns(int32_t width)
{
    return ((size_t)width + HY_ALIGN - 1) & ~(size_t)(HY_ALIGN - 1);
}

int64_t hy_compositor_cpu_bytes(int32_t width, int32_t height)
{
    (void)height; /* rows pass through the ring */
    size_t column = 2 * HY_MAX_FRAME_TAPS * sizeof(int16_t) + sizeof(int32_t) + 2;
    return (int64_t)(padded_columns(width) * column);
}

hydra_status hy_compositor_cpu_new(int32_t width, int32_t height, hy_meter *meter,
                                   hy_compositor **out, hy_diag *diag)
{
    static const hy_compositor_ops ops = {.draw = draw, .free = cpu_free};
    *out = NULL;
    if (width <= 0 || height <= 0 || width % 2 || height % 2 || width > MAX_SIDE ||
        height > MAX_SIDE) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "canvas of %d x %d", (int)width, (int)height);
    }
    cpu *c = hy_calloc(1, sizeof *c);
    if (!c) {
        return hy_fail_memory(diag);
    }
    size_t columns = padded_columns(width);
    c->base.ops = &ops;
    c->kernels = &hy_kernels_c;
    c->width = width;
    c->height = height;
    c->ring_stride = (ptrdiff_t)columns;
    c->ring = hy_scratch_new(meter, columns * HY_MAX_FRAME_TAPS, sizeof *c->ring);
    c->coef = hy_scratch_new(meter, columns * HY_MAX_FRAME_TAPS, sizeof *c->coef);
    c->first = hy_scratch_new(meter, columns, sizeof *c->first);
    c->line = hy_scratch_new(meter, columns * 2, sizeof *c->line);
    if (!c->ring || !c->coef || !c->first || !c->line) {
        cpu_free(&c->base);
        return hy_meter_fail(meter, diag);
    }
    *out = &c->base;
    return HYDRA_OK;
}

void hy_compositor_free(hy_compositor *compositor)
{
    if (compositor) {
        compositor->ops->free(compositor);
    }
}
