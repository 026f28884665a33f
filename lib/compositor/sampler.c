/* SPDX-License-Identifier: MIT */
/* Sample positions and filter coefficients. See docs/compositor.md for the derivation. */
#include "sampler.h"

#include "kernels/kernels.h"

#define ONE16 65536
/* Positions beyond this are far outside any picture; holding them there keeps sums in range. */
#define FAR_PX ((int64_t)1 << 28)

static int64_t clamp64(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

hy_line hy_line_of(hy_axis axis, hy_siting siting)
{
    int64_t scale = clamp64(axis.scale, 0, (int64_t)1 << 46);
    int64_t offset = clamp64(axis.offset, -((int64_t)1 << 60), (int64_t)1 << 60);
    hy_line line = {.step = scale};
    switch (siting) {
    case HY_SITING_LUMA:
        line.start = (scale >> 1) + offset - HY_FIXED_ONE / 2;
        break;
    case HY_SITING_CHROMA_X:
        line.start = (scale >> 2) + (offset >> 1) - HY_FIXED_ONE / 4;
        break;
    case HY_SITING_CHROMA_Y:
        line.start = (scale >> 1) + (offset >> 1) - HY_FIXED_ONE / 2;
        break;
    }
    return line;
}

/* width: filter width factor, 16 fractional bits. */
static void init(hy_sampler *sampler, hy_line line, int32_t size, int64_t width)
{
    width = width > ONE16 ? width : ONE16;
    sampler->line = line;
    sampler->inverse = (((int64_t)1 << 48) + width / 2) / width;
    sampler->size = size;
    sampler->span = 2 * (int32_t)((2 * width + ONE16 - 1) / ONE16);
    sampler->taps = sampler->span < size ? sampler->span : size;
}

static int64_t limited_step(hy_line line)
{
    return clamp64(line.step, 0, HY_MAX_SCALE * HY_FIXED_ONE);
}

void hy_sampler_frame(hy_sampler *sampler, hy_line line, int32_t size)
{
    init(sampler, line, size, (limited_step(line) * 4 / 5) >> 16);
}

void hy_sampler_asset(hy_sampler *sampler, hy_line line, int32_t size)
{
    init(sampler, line, size, limited_step(line) >> 16);
}

/* Catmull-Rom at distance u (16 fractional bits, 0..), 49 fractional bits, exact. */
static int64_t cubic(int64_t u)
{
    if (u >= 2 * ONE16) {
        return 0;
    }
    int64_t u2 = u * u;
    int64_t u3 = u2 * u;
    if (u <= ONE16) {
        return 3 * u3 - 5 * u2 * ONE16 + ((int64_t)2 << 48);
    }
    return 5 * u2 * ONE16 - u3 - (8 * u << 32) + ((int64_t)4 << 48);
}

/* What rounding left over goes to the largest coefficient, the first one if there are several. */
static void settle(int16_t *coef, int32_t taps)
{
    int32_t sum = 0;
    int32_t largest = 0;
    for (int32_t k = 0; k < taps; k++) {
        sum += coef[k];
        largest = coef[k] > coef[largest] ? k : largest;
    }
    coef[largest] = (int16_t)(coef[largest] + HY_COEF_ONE - sum);
}

/* The four weights at once: cubic() at 1 + t, t, 1 - t and 2 - t multiplied out, 49 fractional
 * bits. The largest coefficient is one of the middle ones, so the rest goes there. */
static void weigh_narrow(int64_t phase, int16_t *coef)
{
    const int64_t t = phase << 32;
    const int64_t t2 = phase * phase * ONE16;
    const int64_t t3 = phase * phase * phase;
    const int64_t half = (int64_t)1 << 34;
    int32_t c0 = (int32_t)((2 * t2 - t3 - t + half) >> 35);
    int32_t c1 = (int32_t)((3 * t3 - 5 * t2 + ((int64_t)2 << 48) + half) >> 35);
    int32_t c2 = (int32_t)((4 * t2 - 3 * t3 + t + half) >> 35);
    int32_t c3 = (int32_t)((t3 - t2 + half) >> 35);
    int32_t rest = HY_COEF_ONE - (c0 + c1 + c2 + c3);
    coef[0] = (int16_t)c0;
    coef[1] = (int16_t)(c1 + (c1 >= c2 ? rest : 0));
    coef[2] = (int16_t)(c2 + (c1 >= c2 ? 0 : rest));
    coef[3] = (int16_t)c3;
}

static void weigh_wide(const hy_sampler *sampler, int64_t phase, int16_t *coef)
{
    int64_t weight[HY_MAX_TAPS];
    int64_t sum = 0;
    for (int32_t k = 0; k < sampler->span; k++) {
        int64_t distance = ((int64_t)k - (sampler->span / 2 - 1)) * ONE16 - phase;
        distance = distance < 0 ? -distance : distance;
        int64_t u = (distance * sampler->inverse + ((int64_t)1 << 31)) >> 32;
        weight[k] = cubic(u) >> 17;
        sum += weight[k];
    }
    for (int32_t k = 0; k < sampler->span; k++) {
        int64_t half = weight[k] < 0 ? -(sum / 2) : sum / 2;
        coef[k] = (int16_t)((weight[k] * HY_COEF_ONE + half) / sum);
    }
    settle(coef, sampler->span);
}

static void weigh(const hy_sampler *sampler, int64_t phase, int16_t *coef)
{
    if (sampler->span == 4) {
        weigh_narrow(phase, coef);
    } else {
        weigh_wide(sampler, phase, coef);
    }
}

/* Move what lies beyond the plane's borders onto the border samples. */
static int32_t fold(const hy_sampler *sampler, int64_t first, const int16_t *full, int16_t *coef)
{
    int32_t start = (int32_t)clamp64(first, 0, sampler->size - sampler->taps);
    for (int32_t k = 0; k < sampler->taps; k++) {
        coef[k] = 0;
    }
    for (int32_t k = 0; k < sampler->span; k++) {
        int32_t at = (int32_t)clamp64(first + k, 0, sampler->size - 1) - start;
        coef[at] = (int16_t)(coef[at] + full[k]);
    }
    return start;
}

/* Position of sample i with 16 fractional bits. */
static int64_t position(const hy_sampler *sampler, int32_t i)
{
    int64_t at = (sampler->line.start + sampler->line.step * i) >> 16;
    return clamp64(at, -FAR_PX * ONE16, FAR_PX * ONE16);
}

int32_t hy_sampler_at(const hy_sampler *sampler, int32_t i, int16_t *coef)
{
    int64_t at = position(sampler, i);
    int64_t first = (at >> 16) - (sampler->span / 2 - 1);
    if (first >= 0 && first + sampler->span <= sampler->size) {
        weigh(sampler, at & (ONE16 - 1), coef);
        return (int32_t)first;
    }
    int16_t full[HY_MAX_TAPS];
    weigh(sampler, at & (ONE16 - 1), full);
    return fold(sampler, first, full, coef);
}

bool hy_sampler_is_shift(const hy_sampler *sampler, int32_t *shift)
{
    int64_t at = position(sampler, 0);
    *shift = (int32_t)(at >> 16);
    return sampler->line.step == HY_FIXED_ONE && (at & (ONE16 - 1)) == 0;
}
