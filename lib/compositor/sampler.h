/* SPDX-License-Identifier: MIT */
/*
 * Where samples lie and how they are weighted: the one resampling filter of the compositor.
 * Catmull-Rom (cubic, a = -1/2), widened when the picture is shrunk, in integers only.
 * docs/compositor.md is the specification.
 */
#ifndef HY_COMPOSITOR_SAMPLER_H
#define HY_COMPOSITOR_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/core.h"

/* Shrinking by more than this does not widen the filter any further. */
#define HY_MAX_SCALE 64
/* Taps at HY_MAX_SCALE where the filter is as wide as the shrink factor. */
#define HY_MAX_TAPS (4 * HY_MAX_SCALE)
/* Taps of a frame's filter at HY_MAX_SCALE: 2 * ceil(2 * 64 / 1.25). */
#define HY_MAX_FRAME_TAPS 206

/* Sample i is at start + i * step: sample numbers of the source plane, 32.32. */
typedef struct hy_line {
    int64_t start;
    int64_t step;
} hy_line;

/* Positions of a canvas plane's samples, from an operation's axis: the formulas of display.h. */
typedef enum hy_siting {
    HY_SITING_LUMA,
    HY_SITING_CHROMA_X,
    HY_SITING_CHROMA_Y
} hy_siting;
hy_line hy_line_of(hy_axis axis, hy_siting siting);

typedef struct hy_sampler {
    hy_line line;
    int64_t inverse; /* 1 / width factor, 32 fractional bits */
    int32_t size;    /* samples of the source plane */
    int32_t span;    /* taps of the filter */
    int32_t taps;    /* taps in use: span, or size when the plane is smaller */
} hy_sampler;

/* Filter for frames: its width factor is max(1, step / 1.25), so exactly 4 taps up to 1.25. */
void hy_sampler_frame(hy_sampler *sampler, hy_line line, int32_t size);
/* Filter for assets: its width factor is max(1, step): nothing folds back, lines keep their mean */
void hy_sampler_asset(hy_sampler *sampler, hy_line line, int32_t size);

/* Write sampler->taps coefficients for sample i and return the first source sample they apply to.
 * That is inside the plane, as are all taps: the part of the filter beyond a border has been added
 * to the border sample's coefficient. */
int32_t hy_sampler_at(const hy_sampler *sampler, int32_t i, int16_t *coef);

/* True when the samples are source samples, one by one: sample i is source sample *shift + i. */
bool hy_sampler_is_shift(const hy_sampler *sampler, int32_t *shift);

#endif
