/* SPDX-License-Identifier: MIT */
/* Milliseconds per frame and per asset: the best of several runs, since other load only adds. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "compositor/compositor.h"
#include "support.h"

#define RUNS 12

static hy_picture *noise_picture(int32_t width, int32_t height)
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

static double milliseconds(double since_s)
{
    return (hy_clock_s() - since_s) * 1000.0;
}

static void bench_frames(const char *what, const hy_display_list *list)
{
    hy_diag diag = {0};
    hy_compositor *compositor = NULL;
    hy_picture *frame = noise_picture(1080, 1920);
    hy_picture *asset = noise_picture(1134, 2016);
    const hy_picture *assets[2] = {asset, asset};
    double best = 1e9;
    if (hy_compositor_cpu_new(1080, 1920, NULL, &compositor, &diag) != HYDRA_OK) {
        abort();
    }
    for (int run = 0; run < RUNS; run++) {
        double start = hy_clock_s();
        compositor->ops->draw(compositor, list, assets, frame);
        double took = milliseconds(start);
        best = took < best ? took : best;
    }
    printf("frame 1080x1920, %-28s %7.2f ms\n", what, best);
    hy_compositor_free(compositor);
    hy_picture_free(frame);
    hy_picture_free(asset);
}

static hy_op image(int32_t asset, int32_t alpha, double scale, double offset)
{
    hy_axis axis = {.scale = (int64_t)(scale * (double)HY_FIXED_ONE),
                    .offset = (int64_t)(offset * (double)HY_FIXED_ONE)};
    return (hy_op){.kind = HY_OP_IMAGE, .asset = asset, .alpha = alpha, .x = axis, .y = axis};
}

static void bench_asset(const char *what, int32_t photo_w, int32_t photo_h, int32_t orientation,
                        bool blur)
{
    hy_diag diag = {0};
    size_t row_bytes = (size_t)photo_w * 3;
    uint8_t *rows = malloc(row_bytes * 16);
    uint64_t state = 9;
    for (size_t i = 0; rows && i < row_bytes * 16; i++) {
        rows[i] = (uint8_t)test_random(&state);
    }
    hy_asset_spec spec = {
        .width = blur ? 1080 : 1134,
        .height = blur ? 1920 : 2016,
        .photo_width = photo_w,
        .photo_height = photo_h,
        .rows = {.channels = 3, .bits = 8},
        .orientation = orientation,
        .source = {.w = orientation < 5 ? photo_w : photo_h,
                   .h = orientation < 5 ? photo_h : photo_w},
        .target = {.w = 1134, .h = 2016},
        .blur = blur,
    };
    if (blur) {
        spec.target = (hy_rect){0, 600, 1080, 720};
    }
    double best = 1e9;
    long long peak = 0;
    for (int run = 0; rows && run < 3; run++) {
        hy_meter meter = {0};
        hy_asset_builder *builder = NULL;
        hy_picture *picture = NULL;
        double start = hy_clock_s();
        if (hy_asset_builder_new(&spec, &meter, &builder, &diag) != HYDRA_OK) {
            abort();
        }
        for (int32_t y = 0; y < photo_h; y += 16) {
            hy_asset_builder_rows(builder, rows, (ptrdiff_t)row_bytes, 16);
        }
        if (hy_asset_builder_finish(builder, &picture, &diag) != HYDRA_OK) {
            abort();
        }
        double took = milliseconds(start);
        best = took < best ? took : best;
        peak = atomic_load(&meter.peak_bytes) - (long long)picture->bytes;
        hy_asset_builder_free(builder);
        hy_picture_free(picture);
    }
    printf("asset of %-36s %7.1f ms, %lld KiB beside it\n", what, best, peak / 1024);
    free(rows);
}

int bench_run(void)
{
    hy_display_list moving = {1, {image(0, HY_ALPHA_ONE, 1.0312, 3.7)}};
    hy_display_list still = {1, {image(0, HY_ALPHA_ONE, 1.0, 8.0)}};
    hy_display_list pan = {1, {image(0, HY_ALPHA_ONE, 1.0, 8.3)}};
    hy_display_list fade = {2, {image(0, HY_ALPHA_ONE, 1.0312, 3.7), image(1, 30000, 1.01, 5.1)}};
    hy_display_list shrunk = {1, {image(0, HY_ALPHA_ONE, 1.8, -200.0)}};
    bench_frames("still", &still);
    bench_frames("panning", &pan);
    bench_frames("zooming", &moving);
    bench_frames("crossfade of two zooming", &fade);
    bench_frames("shrunk by 1.8", &shrunk);
    bench_asset("3456x5184 (18 MP)", 3456, 5184, 1, false);
    bench_asset("5184x3456 (18 MP), turned", 5184, 3456, 6, false);
    bench_asset("5184x3456 (18 MP), blurred backdrop", 5184, 3456, 1, true);
    bench_asset("12288x8192 (100 MP)", 12288, 8192, 1, false);
    return 0;
}
