/* SPDX-License-Identifier: MIT */
/*
 * Speed of kernels, frames and assets for every level of instructions, in CPU time of one thread:
 * the best of several runs in alternation, since other load only adds. Beside them what a copy of
 * the picture and, where it is installed, swscale's bicubic scaling of it take.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compositor/compositor.h"
#include "support.h"

#define RUNS       40
#define C_EVERY    5 /* runs; plain C is slow */
#define ASSET_RUNS 3
#define MAX_CASES  8
#define MAX_LEVELS 4

static const struct level {
    int32_t simd;
    const char *name;
} all_levels[MAX_LEVELS] = {{HYDRA_SIMD_NONE, "C"},
                            {HYDRA_SIMD_AVX2, "AVX2"},
                            {HYDRA_SIMD_AVX512, "AVX-512"},
                            {HYDRA_SIMD_NEON, "NEON"}};

double bench_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

hy_picture *bench_picture(int32_t width, int32_t height)
{
    hy_diag diag = {0};
    hy_picture *picture = NULL;
    uint64_t state = 7;
    if (hy_picture_new(width, height, NULL, &picture, &diag) != HYDRA_OK) {
        abort();
    }
    for (size_t i = 0; i < picture->bytes; i++) {
        picture->plane[0][i] = (uint8_t)test_random(&state);
    }
    return picture;
}

static void keep_best(double *best, double since_ms)
{
    double took = bench_ms() - since_ms;
    *best = *best == 0 || took < *best ? took : *best;
}

typedef struct frame_case {
    const char *name;
    hy_display_list list;
    double best[MAX_LEVELS];
} frame_case;

static hy_op image(int32_t asset, int32_t alpha, double scale, double offset)
{
    hy_axis axis = {.scale = (int64_t)(scale * (double)HY_FIXED_ONE),
                    .offset = (int64_t)(offset * (double)HY_FIXED_ONE)};
    return (hy_op){.kind = HY_OP_IMAGE, .asset = asset, .alpha = alpha, .x = axis, .y = axis};
}

typedef struct stage {
    hy_picture *asset;
    hy_picture *other;
    hy_picture *frame;
    hy_compositor *compositors[MAX_LEVELS];
    int levels[MAX_LEVELS]; /* numbers of all_levels */
    int count;
} stage;

static void stage_init(stage *s)
{
    hy_diag diag = {0};
    *s = (stage){.asset = bench_picture(1134, 2016),
                 .other = bench_picture(1134, 2016),
                 .frame = bench_picture(1080, 1920)};
    for (int i = 0; i < MAX_LEVELS; i++) {
        int32_t simd = all_levels[i].simd;
        if (hy_simd_level(simd) != simd) {
            continue;
        }
        if (hy_compositor_cpu_new(1080, 1920, simd, NULL, &s->compositors[s->count], &diag) !=
            HYDRA_OK) {
            abort();
        }
        s->levels[s->count++] = i;
    }
}

static void stage_free(stage *s)
{
    for (int i = 0; i < s->count; i++) {
        hy_compositor_free(s->compositors[i]);
    }
    hy_picture_free(s->asset);
    hy_picture_free(s->other);
    hy_picture_free(s->frame);
}

static void print_header(const stage *s, const char *title)
{
    printf("%-40s", title);
    for (int i = 0; i < s->count; i++) {
        printf(" %9s", all_levels[s->levels[i]].name);
    }
    printf("\n");
}

/* The rivals run in between, so that they meet the same load. */
static void bench_frames(stage *s, frame_case *cases, int count)
{
    double copy = 0;
    double rival = 0;
    hy_picture *frame = s->frame;
    const hy_picture *const assets[2] = {s->asset, s->other};
    for (int run = 0; run < RUNS; run++) {
        for (int c = 0; c < count; c++) {
            for (int i = run % C_EVERY ? 1 : 0; i < s->count; i++) {
                double start = bench_ms();
                s->compositors[i]->ops->draw(s->compositors[i], &cases[c].list, assets, frame);
                keep_best(&cases[c].best[i], start);
            }
        }
        double start = bench_ms();
        memcpy(frame->plane[0], s->asset->plane[0], frame->bytes);
        keep_best(&copy, start);
        start = bench_ms();
        if (bench_swscale(s->asset, frame)) {
            keep_best(&rival, start);
        }
    }
    print_header(s, "frame 1080x1920, CPU ms");
    for (int c = 0; c < count; c++) {
        printf("%-40s", cases[c].name);
        for (int i = 0; i < s->count; i++) {
            printf(" %9.2f", cases[c].best[i]);
        }
        printf("\n");
    }
    printf("%-40s %9.2f\n", "copy of the picture", copy);
    if (rival == 0) {
        printf("swscale: not built in\n");
        return;
    }
    printf("%-40s %9.2f\n", "swscale bicubic", rival);
    printf("%-40s", "zooming / swscale");
    for (int i = 0; i < s->count; i++) {
        printf(" %9.3f", cases[0].best[i] / rival);
    }
    printf("\n%-40s", "crossfade / zooming");
    for (int i = 0; i < s->count; i++) {
        printf(" %9.3f", cases[1].best[i] / cases[0].best[i]);
    }
    printf("\n");
}

typedef struct asset_case {
    const char *name;
    int32_t photo_w;
    int32_t photo_h;
    int32_t orientation;
    bool blur;
} asset_case;

static hy_asset_spec spec_of(const asset_case *c, int32_t simd)
{
    bool turned = c->orientation > 4;
    hy_asset_spec spec = {
        .width = c->blur ? 1080 : 1134,
        .height = c->blur ? 1920 : 2016,
        .photo_width = c->photo_w,
        .photo_height = c->photo_h,
        .rows = {.channels = 3, .bits = 8},
        .orientation = c->orientation,
        .source = {.w = turned ? c->photo_h : c->photo_w, .h = turned ? c->photo_w : c->photo_h},
        .target = {.w = 1134, .h = 2016},
        .blur = c->blur,
        .simd = simd,
    };
    if (c->blur) {
        spec.target = (hy_rect){0, 600, 1080, 720};
    }
    return spec;
}

static long long build(const hy_asset_spec *spec, const uint8_t *rows)
{
    hy_diag diag = {0};
    hy_meter meter = {0};
    hy_asset_builder *builder = NULL;
    hy_picture *picture = NULL;
    if (hy_asset_builder_new(spec, &meter, &builder, &diag) != HYDRA_OK) {
        abort();
    }
    for (int32_t y = 0; y < spec->photo_height; y += 16) {
        hy_asset_builder_rows(builder, rows, (ptrdiff_t)3 * spec->photo_width, 16);
    }
    if (hy_asset_builder_finish(builder, &picture, &diag) != HYDRA_OK) {
        abort();
    }
    long long beside = atomic_load(&meter.peak_bytes) - (long long)picture->bytes;
    hy_asset_builder_free(builder);
    hy_picture_free(picture);
    return beside;
}

static void bench_asset(const stage *s, const asset_case *c)
{
    double best[MAX_LEVELS] = {0};
    long long beside = 0;
    size_t bytes = (size_t)c->photo_w * 3 * 16;
    uint8_t *rows = malloc(bytes);
    uint64_t state = 9;
    for (size_t i = 0; rows && i < bytes; i++) {
        rows[i] = (uint8_t)test_random(&state);
    }
    for (int run = 0; rows && run < ASSET_RUNS; run++) {
        for (int i = 0; i < s->count; i++) {
            hy_asset_spec spec = spec_of(c, all_levels[s->levels[i]].simd);
            double start = bench_ms();
            beside = build(&spec, rows);
            keep_best(&best[i], start);
        }
    }
    free(rows);
    printf("%-40s", c->name);
    for (int i = 0; i < s->count; i++) {
        printf(" %9.1f", best[i]);
    }
    printf("   and %lld KiB\n", beside / 1024);
}

int bench_run(void)
{
    static const asset_case assets[] = {
        {"3456x5184 (18 MP)", 3456, 5184, 1, false},
        {"5184x3456 (18 MP), turned", 5184, 3456, 6, false},
        {"5184x3456 (18 MP), blurred backdrop", 5184, 3456, 1, true},
        {"12288x8192 (100 MP)", 12288, 8192, 1, false},
    };
    frame_case frames[] = {
        {"zooming", {1, {image(0, HY_ALPHA_ONE, 1.0312, 3.7)}}, {0}},
        {"crossfade of two zooming",
         {2, {image(0, HY_ALPHA_ONE, 1.0312, 3.7), image(1, 30000, 1.01, 5.1)}},
         {0}},
        {"panning", {1, {image(0, HY_ALPHA_ONE, 1.0, 8.3)}}, {0}},
        {"still", {1, {image(0, HY_ALPHA_ONE, 1.0, 8.0)}}, {0}},
        {"enlarged by 1.5", {1, {image(0, HY_ALPHA_ONE, 0.667, 8.0)}}, {0}},
        {"shrunk by 1.4", {1, {image(0, HY_ALPHA_ONE, 1.4, -200.0)}}, {0}},
        {"shrunk by 1.8", {1, {image(0, HY_ALPHA_ONE, 1.8, -200.0)}}, {0}},
    };
    bench_kernels();
    stage s;
    stage_init(&s);
    bench_frames(&s, frames, (int)(sizeof frames / sizeof *frames));
    print_header(&s, "asset of a photo, CPU ms");
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++) {
        bench_asset(&s, &assets[i]);
    }
    stage_free(&s);
    return 0;
}
