/* SPDX-License-Identifier: MIT */
/*
 * The executor of display lists. Luma first, then chroma; band by band, in which the operations
 * follow one another, so that a row is still in the cache when the next operation goes over it. No
 * picture is ever written in between.
 */
#include <string.h>

#include "compositor.h"
#include "pass.h"
#include "scratch.h"

/* Widest and highest canvas; keeps positions within 64 bits. */
#define MAX_SIDE 32768
/* Rows that one operation draws before the next one goes over them: few enough to be in a near
 * cache still, many enough that an operation's filters stay there meanwhile. */
#define BAND_ROWS 32

typedef struct cpu {
    hy_compositor base;
    const hy_kernels *kernels;
    hy_arena arena;
} cpu;

static int32_t smaller(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static void draw_passes(hy_pass *passes, int32_t count)
{
    for (int32_t top = 0; top < passes[0].height; top += BAND_ROWS) {
        int32_t bottom = smaller(top + BAND_ROWS, passes[0].height);
        for (int32_t i = 0; i < count; i++) {
            for (int32_t y = top; y < bottom; y++) {
                hy_pass_row(&passes[i], y);
            }
        }
    }
}

/* Operations [from, until) on luma or chroma: as many at a time as the work memory holds, which is
 * all but a few of the widest filters. */
static void draw_planes(cpu *c, const hy_op *const *ops, int32_t count,
                        const hy_picture *const *assets, hy_picture *dst, int first_plane)
{
    hy_pass passes[HY_MAX_OPS + 1] = {{0}};
    for (int32_t done = 0; done < count;) {
        int32_t n = 0;
        c->arena.used = 0;
        for (; done + n < count; n++) {
            const hy_op *op = ops[done + n];
            const hy_picture *asset = op->kind == HY_OP_FILL ? NULL : assets[op->asset];
            if (!hy_pass_init(&passes[n], &c->arena, c->kernels, op, asset, dst, first_plane)) {
                break;
            }
        }
        draw_passes(passes, n);
        done += n;
    }
}

static void draw(hy_compositor *compositor, const hy_display_list *list,
                 const hy_picture *const *assets, hy_picture *dst)
{
    static const hy_op black = {.kind = HY_OP_FILL, .alpha = HY_ALPHA_ONE, .yuv = {16, 128, 128}};
    cpu *c = (cpu *)compositor;
    const hy_op *ops[HY_MAX_OPS + 1] = {&black};
    int32_t count = 1;
    for (int32_t i = 0; i < list->count; i++) {
        const hy_op *op = &list->ops[i];
        if (op->alpha >= HY_ALPHA_ONE) {
            count = 0; /* it hides all before it */
        }
        if (op->alpha > 0) {
            ops[count++] = op;
        }
    }
    draw_planes(c, ops, count, assets, dst, 0);
    draw_planes(c, ops, count, assets, dst, 1);
}

static void cpu_free(hy_compositor *compositor)
{
    cpu *c = (cpu *)compositor;
    hy_scratch_free(c->arena.memory);
    hy_free(c);
}

const char *hy_compositor_cpu_name(int32_t simd)
{
    return hy_kernels_choose(simd)->name;
}

int64_t hy_compositor_cpu_bytes(int32_t width, int32_t height)
{
    (void)height; /* rows pass through rings */
    return (int64_t)hy_pass_bytes(width);
}

hydra_status hy_compositor_cpu_new(int32_t width, int32_t height, int32_t simd, hy_meter *meter,
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
    c->base.ops = &ops;
    c->kernels = hy_kernels_choose(simd);
    c->arena.size = hy_pass_bytes(width);
    c->arena.memory = hy_scratch_new(meter, 1, c->arena.size);
    if (!c->arena.memory) {
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
