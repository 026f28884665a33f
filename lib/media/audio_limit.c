/* SPDX-License-Identifier: MIT */
/*
 * A look-ahead peak limiter. Each sample asks for the gain that would bring it to the ceiling. The
 * gain that is applied is
 *
 *   the smallest one asked for from 25 ms ago to 5 ms ahead   (half a period of 20 Hz: a steady
 *                                                              tone gets a steady gain)
 *   then let up again over some 200 ms                        (never above the first)
 *   then averaged over the 5 ms ahead                         (no corners: a smooth attack)
 *
 * Every value in that average covers the sample, so none exceeds what it asked for: no overshoot,
 * and nothing is ever clipped. Gains are whole numbers of 2^-30, which keeps the running average
 * exact, so a gain of 1 is 1 again after any amount of limiting.
 */
#include "audio.h"

enum {
    AHEAD = HY_LIMIT_LOOKAHEAD,
    BEHIND = HY_SAMPLE_HZ * 25 / 1000,
    WINDOW = AHEAD + BEHIND + 1,
    AVERAGE = AHEAD + 1,
    RELEASE = HY_SAMPLE_HZ * 200 / 1000,
    UNITY = 1 << 30
};

struct hy_limiter {
    int64_t n; /* samples so far */

    /* Candidates for the smallest gain of the window: gains rising, times rising; a ring. */
    int64_t time[WINDOW];
    int32_t asked[WINDOW];
    int32_t first;
    int32_t count;

    int32_t released;
    int32_t recent[AVERAGE]; /* what is averaged; a ring */
    int64_t sum;
    float delay[2 * AHEAD];
};

hydra_status hy_limiter_new(hy_limiter **out, hy_diag *diag)
{
    *out = NULL;
    hy_limiter *limiter = hy_calloc(1, sizeof *limiter);
    if (!limiter) {
        return hy_fail_memory(diag);
    }
    limiter->released = UNITY;
    for (int i = 0; i < AVERAGE; i++) {
        limiter->recent[i] = UNITY;
    }
    limiter->sum = (int64_t)AVERAGE * UNITY;
    *out = limiter;
    return HYDRA_OK;
}

static int32_t gain_for(float left, float right)
{
    float peak = fmaxf(fabsf(left), fabsf(right));
    if (peak <= HY_LIMIT_CEILING) {
        return UNITY;
    }
    return (int32_t)floor((double)HY_LIMIT_CEILING / peak * UNITY);
}

/* The smallest gain of the last WINDOW ones, `gain` being the newest. */
static int32_t window_minimum(hy_limiter *l, int32_t gain)
{
    if (l->count > 0 && l->time[l->first] <= l->n - WINDOW) {
        l->first = (l->first + 1) % WINDOW;
        l->count--;
    }
    while (l->count > 0 && l->asked[(l->first + l->count - 1) % WINDOW] >= gain) {
        l->count--;
    }
    int32_t last = (l->first + l->count) % WINDOW;
    l->time[last] = l->n;
    l->asked[last] = gain;
    l->count++;
    return l->asked[l->first];
}

static int32_t release(hy_limiter *l, int32_t minimum)
{
    int32_t step = (UNITY - l->released) / RELEASE;
    int32_t up = l->released < UNITY ? l->released + step + 1 : UNITY;
    l->released = up < minimum ? up : minimum;
    return l->released;
}

/* Exactly 1 while all of the average is. */
static float average(hy_limiter *l, int32_t gain)
{
    int32_t at = (int32_t)(l->n % AVERAGE);
    l->sum += gain - l->recent[at];
    l->recent[at] = gain;
    return (float)((double)l->sum / ((double)AVERAGE * UNITY));
}

void hy_limiter_run(hy_limiter *l, float *stereo, int32_t count)
{
    for (int32_t i = 0; i < count; i++) {
        float *now = stereo + (ptrdiff_t)2 * i;
        float *old = l->delay + (ptrdiff_t)2 * (l->n % AHEAD);
        float gain = average(l, release(l, window_minimum(l, gain_for(now[0], now[1]))));
        float left = old[0] * gain;
        float right = old[1] * gain;
        old[0] = now[0];
        old[1] = now[1];
        now[0] = left;
        now[1] = right;
        l->n++;
    }
}

void hy_limiter_free(hy_limiter *limiter)
{
    hy_free(limiter);
}
