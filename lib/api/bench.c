/* SPDX-License-Identifier: MIT */
/* hydra_encoder_bench: options checked, an encoder chosen, its figures. */
#include "media/encoder_bench.h"

#include <stdio.h>

#include "api/api.h"

/* The longest run. */
#define MOST_US INT64_C(600000000)

void hydra_bench_options_init(hydra_bench_options *options)
{
    *options = (hydra_bench_options){
        .struct_size = sizeof *options,
        .encoder = HYDRA_ENCODER_AUTO,
        .codec = HYDRA_CODEC_H264,
        .profile = HYDRA_PROFILE_DEFAULT,
        .width_px = 1080,
        .height_px = 1920,
        .fps_num = 30,
        .fps_den = 1,
        .duration_us = 3000000,
    };
}

/* Size and rate are those of a canvas. */
static hydra_status check_canvas(hydra_bench_options *options, hy_diag *diag)
{
    hydra_canvas_options canvas;
    hydra_canvas_options checked;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = options->width_px;
    canvas.height_px = options->height_px;
    canvas.fps_num = options->fps_num;
    canvas.fps_den = options->fps_den;
    hydra_status status = hy_canvas_options_check(&canvas, &checked, diag);
    options->width_px = checked.width_px;
    options->height_px = checked.height_px;
    return status;
}

static hydra_status take_options(const hydra_bench_options *given, hydra_bench_options *options,
                                 hy_diag *diag)
{
    hydra_bench_options_init(options);
    const char *bad = NULL;
    if (given && !hy_sized_take(options, sizeof *options, given,
                                HY_SIZE_THROUGH(hydra_bench_options, reserved))) {
        bad = "struct_size is not set; call hydra_bench_options_init first";
    } else if (options->profile < HYDRA_PROFILE_DRAFT || options->profile > HYDRA_PROFILE_BEST) {
        bad = "profile is not a HYDRA_PROFILE_ value";
    } else if (options->duration_us < 1 || options->duration_us > MOST_US) {
        bad = "duration_us must be 1..600000000";
    } else if (options->deadline_us < 0) {
        bad = "deadline_us must be 0 or more";
    } else if (options->threads < 0 || options->threads > 128) {
        bad = "threads must be 0..128";
    }
    return bad ? hy_fail(diag, HYDRA_ERR_ARGUMENT, "bench: %s", bad) : check_canvas(options, diag);
}

static int32_t encoder_threads(const hydra_context *context, const hydra_bench_options *options)
{
    int32_t threads = options->threads ? options->threads : hy_pool_threads(context->pool);
    return threads < context->policy.max_threads ? threads : context->policy.max_threads;
}

/* The nearer one of the caller's and the policy's. */
static int64_t deadline_us(const hydra_context *context, const hydra_bench_options *options)
{
    int64_t most = context->policy.max_render_us;
    return options->deadline_us > 0 && options->deadline_us < most ? options->deadline_us : most;
}

static void fill(const hy_bench *bench, hydra_bench_result *own)
{
    own->frames = bench->frames;
    own->bytes = bench->bytes;
    own->encode_s = bench->encode_s;
    own->frames_per_s = bench->encode_s > 0 ? (double)bench->frames / bench->encode_s : 0;
    own->first_packet_s = bench->first_packet_s;
    own->cpu_ms_per_frame = bench->cpu_s * 1e3 / (double)bench->frames;
}

/* The encoders of the route, until one opens. */
static hydra_status measure(hydra_context *context, const hydra_bench_options *options,
                            const hy_encoder_route *route, hydra_bench_result *own, hy_diag *diag)
{
    hy_cancel cancel;
    hy_bench bench = {.opened = false};
    hydra_status status = HYDRA_OK;
    hy_cancel_init(&cancel, deadline_us(context, options));
    const hy_encoder_config config = {
        .codec = options->codec,
        .width = options->width_px,
        .height = options->height_px,
        .rate = {options->fps_num, options->fps_den},
        .profile = options->profile,
        .crf = HYDRA_AUTO,
        .threads = encoder_threads(context, options),
        .gpu = hy_context_gpu(context),
        .gpu_wait_us = options->encoder == HYDRA_ENCODER_AUTO ? 0 : INT64_MAX,
        .cancel = &cancel,
        .finding = &own->finding,
    };
    for (int32_t i = 0; i < route->count && !bench.opened; i++) {
        hy_diag_clear(diag);
        own->finding = HYDRA_PROBE_OK;
        own->encoder = route->list[i]->id;
        status = hy_encoder_bench(route->list[i], &config, options->duration_us, &bench, diag);
    }
    if (status == HYDRA_OK) {
        fill(&bench, own);
    }
    return status;
}

static hydra_status run(hydra_context *context, const hydra_bench_options *options,
                        hydra_bench_result *own, hy_diag *diag)
{
    hy_encoder_route route;
    hy_gpu *gpu = hy_context_gpu(context);
    if (!gpu) {
        return hy_fail_memory(diag);
    }
    hydra_status status = hy_encoder_plan(options->encoder, options->codec, gpu, &route, diag);
    if (status != HYDRA_OK) {
        own->finding = route.finding;
        return status;
    }
    return measure(context, options, &route, own, diag);
}

hydra_status hydra_encoder_bench(hydra_context *context, const hydra_bench_options *options,
                                 hydra_bench_result *result)
{
    hydra_bench_options checked;
    hydra_bench_result own = {.struct_size = sizeof own};
    hydra_context *used = NULL;
    hy_diag diag = {0};
    if (!hy_sized_is_set(result, HY_SIZE_THROUGH(hydra_bench_result, reason))) {
        return HYDRA_ERR_ARGUMENT;
    }
    hydra_status status = take_options(options, &checked, &diag);
    if (status == HYDRA_OK) {
        status = hy_context_or_private(context, &used);
    }
    if (status == HYDRA_OK) {
        status = run(used, &checked, &own, &diag);
    }
    hydra_context_free(used);
    if (status != HYDRA_OK) {
        (void)snprintf(own.reason, sizeof own.reason, "%s", diag.text);
    }
    hy_sized_give(result, &own, sizeof own);
    return status;
}
