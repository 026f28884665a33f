/* SPDX-License-Identifier: MIT */
/* hydra_frame: one composed picture in the form that the caller wants. */
#include <string.h>

#include "api/fetcher.h"
#include "compositor/compositor.h"
#include "media/media.h"
#include "render/render.h"

struct hydra_frame {
    int32_t width;
    int32_t height;
    int64_t number;
    uint8_t *data;
    size_t size;
};

static hydra_status pack_i420(const hy_picture *picture, hydra_frame *frame, hy_diag *diag)
{
    frame->size = (size_t)picture->width * (size_t)picture->height * 3 / 2;
    frame->data = hy_calloc(frame->size, 1);
    if (!frame->data) {
        return hy_fail_memory(diag);
    }
    uint8_t *to = frame->data;
    for (int plane = 0; plane < 3; plane++) {
        size_t width = (size_t)hy_plane_width(picture, plane);
        for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
            memcpy(to, picture->plane[plane] + y * picture->stride[plane], width);
            to += width;
        }
    }
    return HYDRA_OK;
}

static hydra_status pack_rgb(const hy_picture *picture, hydra_frame *frame, hy_diag *diag)
{
    ptrdiff_t stride = (ptrdiff_t)picture->width * 3;
    frame->size = (size_t)stride * (size_t)picture->height;
    frame->data = hy_calloc(frame->size, 1);
    if (!frame->data) {
        return hy_fail_memory(diag);
    }
    hy_picture_to_rgb24(picture, frame->data, stride);
    return HYDRA_OK;
}

static hydra_status pack(const hy_picture *picture, int32_t format, hydra_frame *frame,
                         hy_diag *diag)
{
    if (format == HYDRA_FRAME_I420) {
        return pack_i420(picture, frame, diag);
    }
    hydra_status status = pack_rgb(picture, frame, diag);
    if (status != HYDRA_OK || format == HYDRA_FRAME_RGB24) {
        return status;
    }
    uint8_t *rgb = frame->data;
    frame->data = NULL;
    status = hy_png_encode(rgb, picture->width, picture->height, &frame->data, &frame->size, diag);
    hy_free(rgb);
    return status;
}

/* The frame on screen at a time; the plan is built for it. */
static hydra_status draw(hydra_compose *c, int64_t time_us, int64_t *number, hy_picture **picture)
{
    hy_plan plan;
    hydra_status status = hy_plan_build(&c->project, &c->context->policy, &plan, &c->diag);
    if (status != HYDRA_OK) {
        return status;
    }
    *number = hy_rescale_floor(time_us, plan.rate.num, (int64_t)plan.rate.den * 1000000);
    if (*number < 0 || *number >= plan.frames) {
        status =
            hy_fail(&c->diag, HYDRA_ERR_ARGUMENT, "frame at %lld us: the video is %lld us long",
                    (long long)time_us, (long long)hy_us_from_frame(plan.frames, plan.rate));
    } else {
        const hy_context_fetcher fetcher = hy_context_fetcher_of(c->context);
        hy_cancel cancel;
        hy_cancel_init(&cancel, c->context->policy.max_render_us);
        hy_job job = {
            .project = &c->project,
            .policy = &c->context->policy,
            .pool = c->context->pool,
            .simd = c->context->simd,
            .cancel = &cancel,
            .fetcher = &fetcher.base,
        };
        status = hy_render_frame(&job, &plan, *number, picture, &c->diag);
    }
    hy_plan_free(&plan);
    return status;
}

hydra_status hydra_compose_frame(hydra_compose *c, int64_t time_us, int32_t format,
                                 hydra_frame **out)
{
    if (out) {
        *out = NULL;
    }
    hydra_status status = hy_compose_begin(c);
    if (status != HYDRA_OK) {
        return status;
    }
    if (!out || format < HYDRA_FRAME_RGB24 || format > HYDRA_FRAME_PNG) {
        return hy_fail(&c->diag, HYDRA_ERR_ARGUMENT, "frame: %s",
                       out ? "format is not a HYDRA_FRAME_ value" : "the out-parameter is NULL");
    }
    hydra_frame *frame = hy_calloc(1, sizeof *frame);
    if (!frame) {
        return hy_fail_memory(&c->diag);
    }
    hy_picture *picture = NULL;
    status = draw(c, time_us, &frame->number, &picture);
    if (status == HYDRA_OK) {
        frame->width = picture->width;
        frame->height = picture->height;
        status = pack(picture, format, frame, &c->diag);
    }
    hy_picture_free(picture);
    if (status != HYDRA_OK) {
        hydra_frame_free(frame);
        return status;
    }
    *out = frame;
    return HYDRA_OK;
}

void hydra_frame_free(hydra_frame *frame)
{
    if (frame) {
        hy_free(frame->data);
        hy_free(frame);
    }
}

int32_t hydra_frame_width(const hydra_frame *frame)
{
    return frame ? frame->width : 0;
}

int32_t hydra_frame_height(const hydra_frame *frame)
{
    return frame ? frame->height : 0;
}

int64_t hydra_frame_number(const hydra_frame *frame)
{
    return frame ? frame->number : -1;
}

const void *hydra_frame_data(const hydra_frame *frame, size_t *size)
{
    if (size) {
        *size = frame ? frame->size : 0;
    }
    return frame ? frame->data : NULL;
}
